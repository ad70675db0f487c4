#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One node floods an edge over its flow: the phones of that edge, and the other flows, are served on."""
import collections
import os
import re
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import fixture, process, rawphone, sipp, tap  # noqa: E402
from rogue_node import RogueNode  # noqa: E402

DOMAIN = fixture.DOMAIN
RATE = 1500
BODY = "v=0\r\na=x:%s\r\n" % ("y" * 800)


def flood(rogue, callee, stop):
    """Calls and OPTIONS, each from an AOR that nobody has asked for yet, to a phone that never answers."""
    began, sent = time.monotonic(), 0
    while not stop.is_set():
        while sent < (time.monotonic() - began) * RATE:
            sent += 1
            method, body = ("INVITE", BODY) if sent % 2 else ("OPTIONS", "")
            rogue.send(method, "sip:%s@%s" % (callee, DOMAIN), sent, "f%d" % sent, body)
        time.sleep(0.002)


def answers(rogue):
    """How often each final status has come to it so far."""
    count = collections.Counter()
    rogue.sip.settimeout(0)
    while True:
        try:
            count[rogue.sip.recv(65536).split()[1].decode()] += 1
        except OSError:
            return count


def ask(rogue, uri):
    """The status of the answer to an OPTIONS."""
    rogue.send("OPTIONS", uri, 1, "nobody")
    rogue.sip.settimeout(4)
    return rogue.sip.recv(65536).split()[1].decode()


def free_memory(edge):
    """Of its Kamailio's shared memory, as a part of all."""
    text = edge.rpc("core.shmmem")[1]
    free, total = (int(re.search(r"\b%s: (\d+)" % name, text).group(1)) for name in ("free", "total"))
    return free / total


def call(f, caller, phone, callee, callee_phone):
    sipp.pair(f.callee("uas_call", callee_phone), f.caller("uac_call", caller, phone, 1, callee))


def served(t, f, other):
    with t.fact("while one node floods the edge a phone registers for the first time"):
        f.register("carol", 3, 1, seconds=3)
    with t.fact("and phones of the edge call each other"):
        call(f, "alice", 1, "carol", 3)
    with t.fact("and a call goes out over another flow"):
        call(f, "alice", 1, "bob", 2)
    with t.fact("and a request comes in over a third one"):
        callee = f.callee("uas_options", 1)
        status = ask(other, "sip:alice@" + DOMAIN)
        callee.stop()
        tap.require(status == "200", status)
    with t.fact("and there is shared memory left"):
        free = free_memory(f.edges[1])
        tap.require(free > 0.25, "%d %% are free" % (100 * free))


def main():
    with tap.run(150) as t:
        f = fixture.Small("flow-flood", {1: ("alice", "carol", "dave"), 2: ("bob",)})
        f.start()
        rogue, other = (RogueNode(f, number).reach(f.edges[1]) for number in (8, 9))
        f.register("alice", 1, 1)
        f.register("bob", 2, 2)
        silent = rawphone.RawPhone("dave", DOMAIN, f.users["dave"], f.phone(5), 5070, f.proxy(1))
        silent.register()
        with t.fact("who calls nobody of this edge gets 404"):
            status = ask(rogue, "sip:bob@" + DOMAIN)
            tap.require(status == "404", status)
        stop = threading.Event()
        thread = threading.Thread(target=flood, args=(rogue, "dave", stop))
        thread.start()
        came = collections.Counter()

        def refused():
            came.update(answers(rogue))
            return came["503"] > 2 * RATE
        with t.fact("what one node sends beyond its share is refused"):
            process.until(refused, 10, "503 comes")
        served(t, f, other)
        stop.set()
        thread.join()


if __name__ == "__main__":
    main()
