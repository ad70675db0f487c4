#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What phones at different edges see: registering, calling each other, and all that they do in calls."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import fixture, rawphone, sipp, tap  # noqa: E402
from pairs import PAIRS  # noqa: E402

DOMAIN = fixture.DOMAIN


def registering(t, f):
    with t.fact("a wrong password is refused"):
        f.register("bob", 2, 2, password="wrong", final=401)
    with t.fact("a user without a certificate gets 403, and the log names the remedy"):
        since = f.edges[1].process.mark()
        f.register("nocert", 9, 1, final=403)
        f.edges[1].process.expect(r"nocert@.*reloadctl cert user", 5, since)
    with t.fact("phones register at three edges"):
        for name, phone, at in (("alice", 1, 1), ("bob", 2, 2), ("carol", 3, 3)):
            f.register(name, phone, at)
    with t.fact("a refresh is answered as before"):
        f.register("bob", 2, 2)
    with t.fact("a second contact of the same user is kept beside the first"):
        f.register("bob", 5, 2)
        tap.require(f.edges[2].contacts() == 2, "usrloc of edge 2 holds %d contacts" % f.edges[2].contacts())
    with t.fact("with two contacts both phones ring, one answers and the other is cancelled"):
        loses = f.callee("uas_cancelled", 5)
        wins = f.callee("uas_call", 2, values={"ringing": 300})
        sipp.pair(wins, f.caller("uac_call", "alice", 1, 1, "bob"))
        loses.wait(10)
    with t.fact("the second contact unregisters; the first goes on being called"):
        f.register("bob", 5, 2, values={"expires": 0})
        sipp.pair(f.callee("uas_call", 2), f.caller("uac_call", "alice", 1, 1, "bob"))


def dialogs(t, f):
    for what, uac, uac_values, uas, uas_values in PAIRS:
        with t.fact("across the overlay: " + what):
            sipp.pair(f.callee(uas, 2, values=uas_values),
                      f.caller(uac, "alice", 1, 1, "bob", values=uac_values))
    for what, uac, uac_values, uas, uas_values in PAIRS[:2]:
        with t.fact("the other direction: " + what):
            sipp.pair(f.callee(uas, 1, values=uas_values),
                      f.caller(uac, "bob", 2, 2, "alice", values=uac_values))
    with t.fact("phones on TCP at both ends"):
        f.register("carol", 3, 3, values={"expires": 0})
        f.register("carol", 3, 3, transport="t1", port=5062)
        sipp.pair(f.callee("uas_call", 3, transport="t1", port=5062),
                  f.caller("uac_call", "alice", 1, 1, "carol", transport="t1", port=5062))


def unusual(t, f):
    with t.fact("nobody registered that AOR: 404"):
        f.refused("alice", 1, 1, "nobody", 404)
    with t.fact("a caller that gives up as soon as its proxy has answered 100 gets 487"):
        f.register("dave", 4, 3)
        callee = f.callee("uas_cancelled", 4)  # which the INVITE reaches, or not
        try:
            one = rawphone.RawPhone("alice", DOMAIN, f.users["alice"], f.phone(8), 5060, f.proxy(1))
            codes = one.give_up("dave")
            one.close()
            tap.require(codes == (200, 487), "CANCEL and INVITE were answered with %s and %s" % codes)
        finally:
            callee.stop()
    with t.fact("a user registered at two edges: both ring, and the losing branch is cancelled"):
        f.register("erin", 6, 1)
        f.register("erin", 7, 3)
        loses = f.callee("uas_cancelled", 6)
        wins = f.callee("uas_call", 7, values={"ringing": 300})
        sipp.pair(wins, f.caller("uac_call", "bob", 2, 2, "erin"))
        loses.wait(10)
    with t.fact("an AOR that unregistered is not found any more"):
        f.register("dave", 4, 3, values={"expires": 0})

        def gone():
            phone = rawphone.RawPhone("alice", DOMAIN, f.users["alice"], f.phone(8), 5060, f.proxy(1))
            answer = phone.request("OPTIONS", "sip:dave@" + DOMAIN)
            phone.close()
            return answer and answer.code == 404
        fixture.until(gone, 10, "dave is not found any more")


def moving(t, f):
    with t.fact("a callee who moved to another edge is found there, though the caller's edge has looked him up before"):
        f.register("frank", 7, 2)
        sipp.pair(f.callee("uas_call", 7), f.caller("uac_call", "alice", 1, 1, "frank"))
        f.register("frank", 7, 2, values={"expires": 0})
        f.register("frank", 9, 3)
        sipp.pair(f.callee("uas_call", 9), f.caller("uac_call", "alice", 1, 1, "frank"))
    with t.fact("and where he is at no other edge either, the caller gets 404"):
        f.register("frank", 9, 3, values={"expires": 0})
        f.refused("alice", 1, 1, "frank", 404)


def main():
    with tap.run(240) as t:
        f = fixture.Small("phones", {1: ("alice", "erin"), 2: ("bob", "frank"), 3: ("carol", "dave", "erin", "frank")},
                          others=("nocert",))
        f.start()
        registering(t, f)
        dialogs(t, f)
        unusual(t, f)
        moving(t, f)
        with t.fact("the edges end within 2 s each"):
            for one in f.edges.values():
                one.stop(2)


if __name__ == "__main__":
    main()
