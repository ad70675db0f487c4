#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""valgrind's memcheck finds nothing of ours in a Kamailio that registers phones, calls, is called and shuts down."""
import glob
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import edge, fixture, sipp, tap  # noqa: E402


def errors(directory):
    """(errors in which the module takes part, all errors) in valgrind's reports."""
    ours, every = [], 0
    for path in glob.glob(os.path.join(directory, "memcheck.*")):
        with open(path, encoding="utf-8", errors="replace") as file:
            text = re.sub(r"(?m)^==\d+== ?", "", file.read())
        for block in text.split("\n\n"):
            if re.match(r"(Invalid|Conditional|Use of|Syscall|Source and|Mismatched|Process terminating|Jump)",
                        block.strip()):
                every += 1
                if "p2psip" in block:
                    ours.append(block)
    return ours, every


def main():
    if not shutil.which("valgrind"):
        raise SystemExit("1..0 # SKIP valgrind is not installed")
    with tap.run(240) as t:
        f = fixture.Small("valgrind", {1: ("alice",), 2: ("bob",)})
        reports = os.path.join(f.directory, "edge1")
        f.edges[1] = edge.Edge(f.over, 1, f.edges[1].node_directory, f.users, ready=90, wrapper=[
            "valgrind", "--trace-children=yes", "--trace-children-skip=*p2psip-peer", "--num-callers=20",
            "--log-file=" + os.path.join(reports, "memcheck.%p")])
        with t.fact("a Kamailio under memcheck joins the overlay"):
            f.start(joined=60)
        with t.fact("its phones register and call"):
            f.register("alice", 1, 1)
            f.register("bob", 2, 2)
            sipp.pair(f.callee("uas_call", 2), f.caller("uac_call", "alice", 1, 1, "bob"))
            sipp.pair(f.callee("uas_cancelled", 2), f.caller("uac_cancels", "alice", 1, 1, "bob"))
            f.refused("alice", 1, 1, "nobody", 404)
        with t.fact("its phones are called"):
            sipp.pair(f.callee("uas_hangs_up", 1), f.caller("uac_waits", "bob", 2, 2, "alice"))
            sipp.pair(f.callee("uas_message", 1), f.caller("uac_message", "bob", 2, 2, "alice"))
        with t.fact("a phone unregisters, and RPC answers"):
            f.register("alice", 1, 1, values={"expires": 0})
            for command in ("status", "neighbors", "flows"):
                f.edges[1].rpc("p2psip." + command)
        with t.fact("it shuts down"):
            f.edges[1].stop(30)
        with t.fact("memcheck found nothing of ours"):
            ours, every = errors(reports)
            t.note("%d reports of processes, %d errors in all, %d with the module in the stack" % (
                len(glob.glob(os.path.join(reports, "memcheck.*"))), every, len(ours)))
            tap.require(glob.glob(os.path.join(reports, "memcheck.*")), "valgrind wrote no report")
            tap.require(not ours, "\n\n".join(ours[:5]))


if __name__ == "__main__":
    main()
