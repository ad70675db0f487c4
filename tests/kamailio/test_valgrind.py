#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""valgrind's memcheck finds nothing of ours in a Kamailio that registers phones, calls, is called, reloads and shuts
down.

memcheck does not see into Kamailio's pools. There Kamailio's own debugging allocator (qm) watches: it aborts on what is
freed twice or written beyond its end, and tells how much of each pool the module holds.
"""
import glob
import os
import re
import shutil
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import edge, fixture, process, rawphone, sipp, tap  # noqa: E402


def errors(directory):
    """(errors in which the module takes part, all errors) in valgrind's reports."""
    ours, every = [], 0
    for path in glob.glob(os.path.join(directory, "memcheck.*")):
        with open(path, encoding="utf-8", errors="replace") as file:
            text = re.sub(r"(?m)^==\d+== ?", "", file.read())
        for block in text.split("\n\n"):
            if re.match(r"(Invalid|Conditional|Use of|Syscall|Source and|Mismatched|Process terminating|Jump|.*definitely lost)",
                        block.strip()):
                every += 1
                if "p2psip" in block:
                    ours.append(block)
    return ours, every


def held(one):
    """Bytes of shared memory that the module has allocated."""
    text = one.rpc("mod.stats", "p2psip", "shm")[1]
    return int(re.search(r"Total: (\d+)", text).group(1))


def requests(f, count):
    for _ in range(count):
        f.edges[1].rpc("p2psip.lookup", "bob@" + fixture.DOMAIN)
        f.edges[1].rpc("p2psip.lookup", "nobody@" + fixture.DOMAIN, check=False)
        f.refused("alice", 1, 1, "nobody", 404)


def main():
    if not shutil.which("valgrind"):
        raise SystemExit("1..0 # SKIP valgrind is not installed")
    with tap.run(240) as t:
        f = fixture.Small("valgrind", {1: ("alice",), 2: ("bob",)})
        reports = os.path.join(f.directory, "edge1")
        f.edges[1] = edge.Edge(f.over, 1, f.edges[1].node_directory, f.users, ready=90, defines={"CHILDREN": 1}, wrapper=[
            "valgrind", "--trace-children=yes", "--trace-children-skip=*p2psip-peer", "--num-callers=20",
            # source files with their folders, also of modules that are unloaded by then: how ours are told from others
            "--fullpath-after=", "--keep-debuginfo=yes", "--leak-check=full", "--show-leak-kinds=definite",
            "--log-file=" + os.path.join(reports, "memcheck.%p")], options=["-x", "qm", "-X", "qm"])
        with t.fact("a Kamailio under memcheck joins the overlay"):
            f.start(joined=60)
        with t.fact("it has gone once through what is slow the first time, so that phones need not send twice"):
            warm = rawphone.RawPhone("alice", fixture.DOMAIN, f.users["alice"], f.phone(9), 5060, f.proxy(1))
            for expires in (600, 0):
                tap.require(warm.register(expires, timeout=20).code == 200, "a REGISTER is refused")
            for callee in ("nobody", "noone"):
                answer = warm.request("INVITE", "sip:%s@%s" % (callee, fixture.DOMAIN), timeout=20)
                tap.require(answer and answer.code == 404, "INVITE: %s" % (answer.first if answer else "no answer"))
            warm.close()
        with t.fact("its phones register and call"):
            f.register("alice", 1, 1)
            f.register("bob", 2, 2)
            sipp.pair(f.callee("uas_call", 2), f.caller("uac_call", "alice", 1, 1, "bob"))
            sipp.pair(f.callee("uas_cancelled", 2), f.caller("uac_cancels", "alice", 1, 1, "bob"))
            f.refused("alice", 1, 1, "nobody", 404)
        with t.fact("its phones are called"):
            sipp.pair(f.callee("uas_hangs_up", 1), f.caller("uac_waits", "bob", 2, 2, "alice"))
            sipp.pair(f.callee("uas_message", 1), f.caller("uac_message", "bob", 2, 2, "alice"))
        with t.fact("RPC answers, and reloads certificates and document"):
            for command in ("status", "neighbors", "fingers", "stored", "flows", "reload"):
                f.edges[1].rpc("p2psip." + command)
            tap.require("%032x" % f.edges[2].id in f.edges[1].rpc("p2psip.lookup", "bob@" + fixture.DOMAIN)[1],
                        "the lookup does not tell where bob is")
        with t.fact("its peer process is killed, is started again, joins, and its phones are called"):
            pid = f.edges[1].peer_pid()
            os.kill(pid, signal.SIGKILL)
            process.until(lambda: f.edges[1].peer_pid() not in (0, pid), 20, "another peer process")
            f.edges[1].joined(40)
            sipp.pair(f.callee("uas_call", 2), f.caller("uac_call", "alice", 1, 1, "bob"))
        with t.fact("requests leave nothing behind in shared memory"):
            requests(f, 2)  # the caches, which the end of the peer process has emptied, hold what these ask for
            before = held(f.edges[1])
            requests(f, 10)
            process.until(lambda: held(f.edges[1]) <= before, 15, "shared memory of the module is %d bytes again" % before)
        with t.fact("a phone unregisters"):
            f.register("alice", 1, 1, values={"expires": 0})
        with t.fact("it shuts down"):
            code = f.edges[1].stop(30)
            tap.require(code == 0, "Kamailio's exit code is %d" % code)
        with t.fact("memcheck found nothing of ours"):
            ours, every = errors(reports)
            t.note("%d reports of processes, %d errors in all, %d with the module in the stack" % (
                len(glob.glob(os.path.join(reports, "memcheck.*"))), every, len(ours)))
            tap.require(glob.glob(os.path.join(reports, "memcheck.*")), "valgrind wrote no report")
            tap.require(not ours, "\n\n".join(ours[:5]))


if __name__ == "__main__":
    main()
