#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""p2psip.so with a peer that can be made to fail: cut off, silent, killed; and what becomes of registrations."""
import os
import re
import signal
import time

from fake_edges import DOMAIN, Edges
from harness import process, rawphone, sipp, tap

QUICK = [('modparam("p2psip", "overlay_socket", "overlay")',
          'modparam("p2psip", "overlay_socket", "overlay")\nmodparam("p2psip", "request_timeout", 1000)\n'
          'modparam("p2psip", "rpc_timeout", 500)\nmodparam("p2psip", "restart_min", 100)\n'
          'modparam("p2psip", "restart_max", 500)'),
         ('"timer_interval", 5', '"timer_interval", 1'),
         ('"max_expires", 3600)', '"max_expires", 3600)\nmodparam("registrar", "min_expires", 1)')]


def phone(f, name, number, at=1, port=5070):
    return rawphone.RawPhone(name, DOMAIN, f.users[name], f.block.phone(number), port, f.edge[at].proxy)


def ask(f, method, callee, name="alice", number=8, at=1):
    one = phone(f, name, number, at)
    try:
        return one.request(method, "sip:%s@%s" % (callee, DOMAIN), timeout=5)
    finally:
        one.close()


def register(f, name, number, at=1, port=5070, **options):
    one = phone(f, name, number, at, port)
    try:
        return one.register(**options)
    finally:
        one.close()


def stored(f, name, count, seconds=5):
    process.until(lambda: f.stored(name) == count, seconds, "%s is stored at %d edges" % (name, count))


def registrations(t, f):
    with t.fact("a REGISTER is answered once the overlay has stored it"):
        f.register("bob", 2, 2)
        tap.require(f.stored("bob") == 1, "it is not stored")
    with t.fact("unregistering the last contact removes the record, not before"):
        f.register("bob", 3, 2)
        f.register("bob", 2, 2, values={"expires": 0})
        f.register("carol", 4, 2)
        f.register("carol", 4, 2, values={"expires": 0})
        stored(f, "carol", 0)  # the peer is told of removals in their order
        tap.require(f.stored("bob") == 1, "it is gone with a contact left")
        f.register("bob", 3, 2, values={"expires": 0})
        stored(f, "bob", 0)
    with t.fact("a registration that expires is removed"):
        answer = register(f, "bob", 2, at=2, expires=2)
        tap.require(answer.code == 200 and f.stored("bob") == 1, answer.first)
        stored(f, "bob", 0, seconds=8)
    with t.fact("what save() refuses is withdrawn"):
        contacts = ["Contact: " + ", ".join("<sip:bob@192.0.2.%d>" % n for n in range(1, 13))]
        answer = register(f, "bob", 2, at=2, headers=contacts)
        tap.require(answer.code >= 400, answer.first)
        stored(f, "bob", 0, seconds=2)
    with t.fact("contacts kept in SQLite come back into the overlay when Kamailio is started again"):
        f.register("bob", 2, 2)
        process.until(lambda: f.edge[2].saved_contacts() == 1, 10, "the contact is in the database")
        f.edge[2].stop(2)
        tap.require(f.stored("bob") == 0, "the peer has not left")
        f.edge[2].start()
        stored(f, "bob", 1, seconds=10)


def cut_off(t, f):
    f.fault(1, "cutoff")
    process.until(lambda: not f.edge[1].is_joined(), 5, "edge 1 is cut off")
    with t.fact("cut off: phones of the edge register and call each other"):
        f.register("alice", 1, 1)
        f.register("carol", 3, 1)
        f.call("alice", 1, 1, "carol", 3)
    with t.fact("cut off: what needs the overlay gets 503 with Retry-After"):
        answer = ask(f, "INVITE", "bob")
        tap.require(answer and answer.code == 503 and answer.get("retry-after"), answer and answer.text)
    with t.fact("cut off: a user without a certificate gets 403 all the same"):
        f.fault(1, "nocert-dave@" + DOMAIN)
        f.register("dave", 9, 1, final=403)
    with t.fact("joined again: what was registered meanwhile is stored"):
        tap.require(f.stored("alice") == 0, "it was stored before")
        f.fault(1, "cutoff", False)
        stored(f, "alice", 1)
        stored(f, "carol", 1)
        process.until(f.edge[1].is_joined, 5, "edge 1 knows that it has joined")


def silent(t, f):
    pid = f.edge[1].peer_pid()
    f.fault(1, "mute")
    with t.fact("a peer that does not answer: 480 in the end, and calls inside the edge go on meanwhile"):
        began = time.monotonic()
        one = phone(f, "alice", 8)
        one.send("\n".join(["OPTIONS sip:nobody@%s SIP/2.0" % DOMAIN]))  # nonsense must not matter either
        f.call("alice", 1, 1, "carol", 3)
        one.close()
        answer = ask(f, "INVITE", "bob")
        tap.require(answer and answer.code == 480, answer and answer.first)
        tap.require(time.monotonic() - began < 6, "it took too long")
    with t.fact("an RPC command ends after its time limit"):
        began = time.monotonic()
        code, text = f.edge[1].rpc("p2psip.neighbors", check=False)
        tap.require(time.monotonic() - began < 3 and re.search("timed_out|not_joined", text), "%s %s" % (code, text))
    with t.fact("a peer that has stopped answering is killed and replaced"):
        process.until(lambda: f.edge[1].peer_pid() not in (0, pid), 8, "another peer runs")
    f.fault(1, "mute", False)
    process.until(f.edge[1].is_joined, 8, "edge 1 has joined")


def stopped(t, f):
    """So much is under way that the peer's socket is full: the broker reads nothing from it then."""
    pid = f.edge[1].peer_pid()
    one = phone(f, "alice", 8)
    os.kill(pid, signal.SIGSTOP)
    with t.fact("a peer that has stopped under load is killed and replaced"):
        one.flood("OPTIONS", ["sip:nobody%d@%s" % (n, DOMAIN) for n in range(600)])
        try:
            process.until(lambda: f.edge[1].peer_pid() not in (0, pid), 8, "another peer runs")
        finally:
            if f.edge[1].peer_pid() == pid:
                os.kill(pid, signal.SIGCONT)
    one.close()
    process.until(f.edge[1].is_joined, 8, "edge 1 has joined")


def forgotten(t, f):
    with t.fact("what the peer forgets the module forgets, and calls find their way again"):
        f.call("alice", 1, 1, "bob", 2)
        tap.require(f.edge[1].status("known_nodes") == "1", "the other edge is not known")
        f.fault(1, "forget")
        process.until(lambda: f.edge[1].status("known_nodes") == "0", 5, "no node is known")
        f.register("dave", 9, 2)  # no lookup of whom is cached
        f.call("alice", 1, 1, "dave", 9)
        tap.require(f.edge[1].status("known_nodes") == "1", "the other edge is not known again")


def killed(t, f):
    pid = f.edge[1].peer_pid()
    with t.fact("a peer killed: registering and calling inside the edge go on"):
        os.kill(pid, signal.SIGKILL)
        f.register("alice", 1, 1)
        f.call("alice", 1, 1, "carol", 3)
    process.until(lambda: f.edge[1].peer_pid() not in (0, pid) and f.edge[1].is_joined(), 8, "another peer runs")
    with t.fact("the next peer is told all that is registered"):
        pid = f.edge[1].peer_pid()
        os.kill(pid, signal.SIGSTOP)
        for name in ("alice", "carol"):
            os.remove(os.path.join(f.store, "%s@%s" % (name, DOMAIN), "%032x" % f.edge[1].id))
        os.kill(pid, signal.SIGKILL)
        stored(f, "alice", 1, seconds=8)
        stored(f, "carol", 1)
    process.until(lambda: f.edge[1].peer_pid() not in (0, pid) and f.edge[1].is_joined(), 8, "another peer runs")
    with t.fact("calls to another edge go on as well"):
        f.call("alice", 1, 1, "bob", 2)


def forks(t, f):
    f.register("erin", 4, 1)
    f.register("erin", 5, 2)
    for what in ("the other edge is asked while the phone rings", "the other edge is known"):
        with t.fact("a callee at this edge and at another: both ring, one answers; " + what):
            loses = f.callee("uas_cancelled", 4)
            wins = f.callee("uas_call", 5, values={"ringing": 300})
            sipp.pair(wins, f.caller("uac_call", "alice", 1, 1, "erin"))
            loses.wait(10)
    with t.fact("the same, and the phone at this edge answers"):
        loses = f.callee("uas_cancelled", 5)
        wins = f.callee("uas_call", 4, values={"ringing": 300})
        sipp.pair(wins, f.caller("uac_call", "alice", 1, 1, "erin"))
        loses.wait(10)
    with t.fact("a callee at this edge only: no other edge is asked for what is known"):
        sipp.pair(f.callee("uas_call", 3), f.caller("uac_call", "alice", 1, 1, "carol"))
        sipp.pair(f.callee("uas_call", 3), f.caller("uac_call", "alice", 1, 1, "carol"))


def operators(t, f):
    with t.fact("RPC p2psip.neighbors gives all pieces of the peer's answer"):
        _, text = f.edge[1].rpc("p2psip.neighbors")
        tap.require("first piece of neighbors" in text and "last piece" in text, text)
    with t.fact("RPC p2psip.lookup wants an AOR"):
        code, text = f.edge[1].rpc("p2psip.lookup", check=False)
        tap.require(code != 0 and "AOR" in text, text)
    with t.fact("the peer is told for how long it may take to leave, with time left to end"):
        with open(os.path.join(f.edge[1].node_directory, "arguments"), encoding="utf-8") as file:
            tap.require("--leave-timeout 1500 " in file.read(), "it is not")
    with t.fact("statistics are there"):
        _, text = f.edge[1].rpc("stats.get_statistics", "p2psip:")
        tap.require("p2psip:restarts" in text and "p2psip:cache_hits" in text, text)


def strict(t):
    f = Edges("module-strict", defines={"P2P_STRICT": None})
    f.start()
    f.fault(1, "cutoff")
    process.until(lambda: not f.edge[1].is_joined(), 5, "edge 1 is cut off")
    with t.fact("register_strict: cut off, a phone that registers gets 503 with Retry-After"):
        answer = register(f, "alice", 1)
        tap.require(answer.code == 503 and answer.get("retry-after"), answer.text)
    f.fault(1, "cutoff", False)
    process.until(f.edge[1].is_joined, 5, "edge 1 has joined")
    with t.fact("register_strict: joined, it registers and is stored"):
        tap.require(register(f, "alice", 1).code == 200 and f.stored("alice") == 1, "it is not")
    f.edge[1].stop()


def main():
    with tap.run(180) as t:
        f = Edges("module", 2, users=("alice", "bob", "carol", "dave", "erin"), change=QUICK)
        f.start()
        registrations(t, f)
        cut_off(t, f)
        silent(t, f)
        stopped(t, f)
        killed(t, f)
        forgotten(t, f)
        forks(t, f)
        operators(t, f)
        with t.fact("Kamailio ends within 2 s, and its peer with it"):
            pid = f.edge[1].peer_pid()
            f.edge[1].stop(2)
            tap.require(not os.path.exists("/proc/%d" % pid), "the peer is still there")
        strict(t)


if __name__ == "__main__":
    main()
