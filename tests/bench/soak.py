#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""./run soak [MINUTES]: a call load across the overlay, as long as asked (10 minutes if not), and what memory does.

Shared and private memory in use are the same before and after; resident memory of every process of edges and peers
grows by less than 100 kB a minute after the third.
"""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import fixture, memory, process, sipp, tap  # noqa: E402

RATE = 40  # calls a second, half of them in each direction
WARM_UP = 3  # minutes after which nothing may grow any more
KB_PER_MINUTE = 100
LEEWAY = 64 * 1024  # bytes that shared memory in use may differ by: timers, locks and caches of the moment


def resident(f):
    """kB of every process: {(node, pid, command): kB}"""
    found = {}
    for one in f.nodes():
        for pid, command in memory.processes(one.process.pid).items():
            found[one.name, pid, command] = memory.resident(pid)
    # p2psip-peer may lead a session of its own
    for one in f.edges.values():
        found[one.name, one.peer_pid(), "p2psip-peer"] = memory.resident(one.peer_pid())
    return found


def in_use(f):
    return {one.name: (memory.shared(one.server), sum(memory.private(one.server).values()))
            for one in f.edges.values()}


def load(f, calls, seconds):
    """The sipps of both directions: (callees, callers)."""
    callees, callers = [], []
    for caller, phone, at, callee, other in (("alice", 1, 1, "bob", 2), ("bob", 4, 2, "alice", 3)):
        callees.append(f.callee("uas_answers", other, calls=None, trace=False, seconds=seconds + 60))
        callers.append(f.caller("uac_call", caller, phone, at, callee, seconds=seconds + 60, calls=calls, rate=RATE // 2,
                                limit=400, hold=500, trace=False))
    return callees, callers


def idle(f, t):
    """Waits until no transaction is left in the edges, so that what is in use can be compared."""
    def none_left():
        return all("current: 0" in one.rpc("tm.stats")[1] for one in f.edges.values())
    process.until(none_left, 60, "all transactions end")


def main():
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 10
    with tap.run(int(minutes * 60) + 400) as t:
        f = fixture.Small("soak", {1: ("alice",), 2: ("bob",)}, shm=256,
                          defines={"WITHOUT_ANTIFLOOD": None, "P2P_FLOW_RATE": 10000})
        f.start()
        f.register("bob", 2, 2, values={"expires": 3600})
        f.register("alice", 3, 1, values={"expires": 3600})
        with t.fact("a first round of calls, so that caches and pools are there"):
            callees, callers = load(f, 200, 20)
            for one in callers:
                one.wait()
            for one in callees:
                one.stop()
            idle(f, t)
        before = in_use(f)
        with t.fact("%g minutes of %d calls a second across the overlay" % (minutes, RATE)):
            callees, callers = load(f, int(minutes * 60 * RATE / 2), int(minutes * 60))
            began, third = time.monotonic(), None
            while any(one.alive() for one in callers):
                process.until(lambda: time.monotonic() - began >= WARM_UP * 60 or
                              not any(one.alive() for one in callers), WARM_UP * 60 + 5, "the warm-up")
                third = third or (time.monotonic(), resident(f))
                for one in callers:
                    one.wait(minutes * 60 + 60)
            for one in callers:
                good, failed = one.counts()
                t.note("%s: %d calls, %d failed" % (one.name, good, failed))
                tap.require(good and failed <= good / 1000, one.errors())
            after_resident, ended = resident(f), time.monotonic()
            for one in callees:
                one.stop()
            idle(f, t)
        after = in_use(f)
        for name in before:
            t.note("%s: shared %d -> %d bytes, private %d -> %d bytes" % (name, before[name][0], after[name][0],
                                                                       before[name][1], after[name][1]))
            t.ok(after[name][0] - before[name][0] <= LEEWAY, name + ": shared memory in use is what it was")
            t.ok(after[name][1] - before[name][1] <= LEEWAY, name + ": private memory in use is what it was")
        if third and ended - third[0] >= 60:
            for key, value in sorted(after_resident.items()):
                growth = (value - third[1].get(key, value)) / ((ended - third[0]) / 60)
                t.ok(growth < KB_PER_MINUTE, "%s, %s: %.0f kB resident, %+.1f kB a minute" % (key[0], key[2], value,
                                                                                            growth))
        else:
            t.skip("growth of resident memory", "a load of %g minutes tells nothing" % minutes)


if __name__ == "__main__":
    main()
