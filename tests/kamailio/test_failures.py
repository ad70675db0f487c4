#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What phones see while edges, peers and peer processes are killed, cut off and restarted."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import fixture, process, rawphone, sipp, tap  # noqa: E402

DOMAIN = fixture.DOMAIN


def call(f, caller, phone, at, callee, callee_phone, seconds=10):
    sipp.pair(f.callee("uas_call", callee_phone, seconds=seconds),
              f.caller("uac_call", caller, phone, at, callee, seconds=seconds))


def options(f, name, phone, at, callee):
    """The final answer to an OPTIONS from name to callee."""
    one = rawphone.RawPhone(name, DOMAIN, f.users[name], f.phone(phone), 5070, f.proxy(at))
    answer = one.request("OPTIONS", "sip:%s@%s" % (callee, DOMAIN), timeout=8)
    one.close()
    return answer


def cut_off(t, f):
    f.edges[1].start()
    with t.fact("an edge that has not joined: its phones register and call each other"):
        f.register("alice", 1, 1)
        f.register("erin", 6, 1)
        call(f, "alice", 1, 1, "erin", 6)
    with t.fact("what needs the overlay gets 503 with Retry-After"):
        answer = options(f, "alice", 1, 1, "bob")
        tap.require(answer and answer.code == 503 and answer.get("retry-after"),
                    "the answer was:\n%s" % (answer.text if answer else "none"))
    with t.fact("everybody starts, and makes one ring"):
        for number, one in f.peers.items():
            one.start(first=number == 1)
        f.edges[2].start()
        f.edges[3].start()
        for one in f.nodes():
            one.joined(40)
    with t.fact("what was registered before joining is found from another edge"):
        f.register("bob", 2, 2)
        found(f, "bob", 2, 2, "alice", 1)


def found(f, caller, phone, at, callee, callee_phone, seconds=15):
    """callee can be called, in the end: its record may still be under way into the overlay."""
    def answered():
        answer = options(f, caller, phone, at, callee)
        return answer and answer.code == 200
    phone_of = f.callee("uas_options", callee_phone, seconds=seconds + 10, calls=None)
    try:
        process.until(answered, seconds, "%s is found from edge %d" % (callee, at))
    finally:
        phone_of.stop()
    call(f, caller, phone, at, callee, callee_phone)


def held_call(f, caller, phone, at, callee, callee_phone, hold):
    """A call that is up, for hold milliseconds: (callee, caller)."""
    one = f.callee("uas_call", callee_phone, seconds=30)
    other = f.caller("uac_call", caller, phone, at, callee, seconds=30, hold=hold)
    process.until(lambda: "ACK sip:" in one.messages(), 10, "the call is up")
    return one, other


def during_calls(t, f):
    f.register("bob", 2, 2)
    local = held_call(f, "alice", 1, 1, "erin", 6, 3000)
    across = held_call(f, "alice", 8, 1, "bob", 2, 9000)
    with t.fact("a peer process killed during calls: the one between phones of its edge ends as ever"):
        os.kill(f.edges[1].peer_pid(), signal.SIGKILL)
        sipp.pair(*local)
    with t.fact("a call across the overlay that outlives it is hung up when the peer is back"):
        sipp.pair(*across)
        f.edges[1].joined(30)


def while_ringing(t, f):
    for at, who in ((1, "the caller"), (2, "the callee")):
        with t.fact("a peer process of %s's edge killed while the callee's phone rings: within 5 s both are told" % who):
            callee = f.callee("uas_cancelled", 2, seconds=20)
            caller = f.caller("uac_refused", "alice", 1, 1, "bob", seconds=20, values={"final": 480})
            process.until(lambda: "180 Ringing" in caller.messages(), 10, "it rings")
            began = time.monotonic()
            os.kill(f.edges[at].peer_pid(), signal.SIGKILL)
            sipp.pair(callee, caller)
            tap.require(time.monotonic() - began < 5, "it took %.1f s" % (time.monotonic() - began))
        f.edges[at].joined(30)


def peer_process(t, f):
    with t.fact("a peer process killed: within 5 s phones of that edge register and call each other"):
        began = time.monotonic()
        os.kill(f.edges[1].peer_pid(), signal.SIGKILL)
        f.register("alice", 1, 1, seconds=5)
        call(f, "alice", 1, 1, "erin", 6, seconds=5)
        tap.require(time.monotonic() - began < 5, "it took %.1f s" % (time.monotonic() - began))
    with t.fact("the peer process is started again, joins, and its phones are found"):
        f.edges[1].joined(30)
        found(f, "bob", 2, 2, "alice", 1)


def edge_killed(t, f):
    f.register("dave", 4, 2)
    f.register("dave", 5, 3)
    f.register("carol", 3, 3)
    process.until(lambda: f.edges[2].saved_contacts() >= 2, 15, "usrloc of edge 2 writes its contacts")
    with t.fact("an edge killed: phones of the others register and call each other within 5 s"):
        began = time.monotonic()
        f.edges[2].kill()
        f.register("alice", 1, 1, seconds=5)
        call(f, "alice", 1, 1, "carol", 3, seconds=5)
        tap.require(time.monotonic() - began < 5, "it took %.1f s" % (time.monotonic() - began))
    with t.fact("an AOR whose only edge is gone: 480 within 5 s"):
        f.refused("alice", 1, 1, "bob", 480, seconds=5)
    with t.fact("an AOR at a dead and at a living edge: the living one is reached"):
        call(f, "alice", 1, 1, "dave", 5, seconds=8)
    with t.fact("the edge is started again and its phones are found without registering anew"):
        f.edges[2].start()
        f.edges[2].joined(40)
        found(f, "alice", 1, 1, "bob", 2)


def peer_killed(t, f):
    with t.fact("a storing peer killed: records are served by their replicas"):
        f.register("erin", 6, 1)
        f.peers[2].kill()
        call(f, "carol", 3, 3, "erin", 6)
        call(f, "bob", 2, 2, "alice", 1)
    with t.fact("it is started again and rejoins"):
        f.peers[2].start()
        f.peers[2].joined(40)


def restarted(t, f):
    with t.fact("a Kamailio stopped and started: its contacts come back from SQLite, and into the overlay"):
        f.edges[1].stop(2)
        f.edges[1].start()
        f.edges[1].joined(40)
        tap.require(f.edges[1].contacts() >= 2, "usrloc holds %d contacts" % f.edges[1].contacts())
        found(f, "bob", 2, 2, "alice", 1)
    with t.fact("all killed and started again: one ring, and everybody is found"):
        for one in f.edges.values():
            process.until(lambda: one.saved_contacts() == one.contacts(), 15, "usrloc writes its contacts")
        for one in f.nodes():
            one.kill()
        for number, one in f.peers.items():
            one.start(first=number == 1)
        for one in f.edges.values():
            one.start()
        for one in f.nodes():
            one.joined(60)
        found(f, "bob", 2, 2, "alice", 1, seconds=30)
        found(f, "alice", 1, 1, "carol", 3, seconds=30)


def main():
    with tap.run(420) as t:
        f = fixture.Small("failures", {1: ("alice", "erin"), 2: ("bob", "dave"), 3: ("carol", "dave")})
        cut_off(t, f)
        during_calls(t, f)
        while_ringing(t, f)
        peer_process(t, f)
        edge_killed(t, f)
        peer_killed(t, f)
        restarted(t, f)


if __name__ == "__main__":
    main()
