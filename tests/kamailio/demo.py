#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""./run demo: three Kamailios and thirteen peers make an overlay; phones register and call each other across it.

Leaves build/demo/: logs of everything, overlay.pcap and keys.log.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import BUILD, baresip, capture, edge, net, overlay, process, reload_capture, ring, sipp, tap  # noqa: E402

PEERS, EDGES = 13, 3
USERS = {"alice": "a-secret", "bob": "b-secret", "carol": "c-secret", "dave": "d-secret", "erin": "e-secret"}
# Who is served where; dave is served at two edges.
SERVED = {1: ("alice", "dave", "erin"), 2: ("bob",), 3: ("carol", "dave")}


class Demo:
    def __init__(self, t):
        self.t = t
        self.block = net.Block()
        self.directory = os.path.join(BUILD, "demo")
        self.pcap = os.path.join(self.directory, "overlay.pcap")
        self.keys = os.path.join(self.directory, "keys.log")
        self.phones = os.path.join(self.directory, "phones")
        self.nodes = {}
        self.edges = {}

    def user(self, name):
        return (name, overlay.NAME, USERS[name])

    def make(self):
        """Certificates: of sixteen nodes, those become edges that will have the fewest links among them."""
        over = self.over = overlay.Overlay(self.directory, self.block)
        made = {}
        for number in range(1, PEERS + EDGES + 1):
            directory, one = over.node("node%d" % number)
            made[one] = directory
        chosen, self.unlinked = ring.strangers(made, EDGES)
        for number, one in enumerate(chosen, 1):
            directory = made.pop(one)
            over.users(directory, *("%s@%s" % (user, overlay.NAME) for user in SERVED[number]))
            self.edges[number] = edge.Edge(over, number, directory, USERS)
        for number, one in enumerate(sorted(made), 1):
            self.nodes[number] = overlay.Peer(over, number, made[one])

    def form(self):
        # One after the other: who starts together with others meets more of them than the ring asks for.
        for number, peer in self.nodes.items():
            peer.start(first=number == 1)
            peer.joined(30)
        for one in self.edges.values():
            one.start()
            one.joined(30)
        everybody = list(self.nodes.values()) + list(self.edges.values())
        order = sorted(one.id for one in everybody)
        for one in everybody:
            at = order.index(one.id)
            after = [order[(at + step) % len(order)] for step in range(1, ring.NEIGHBORS + 1)]
            process.until(lambda: one.successors()[:ring.NEIGHBORS] == after, 60,
                          "%s knows its %d successors" % (one.name, ring.NEIGHBORS))
        counts = [one.links() for one in self.nodes.values()]
        self.t.note("links of each peer: " + " ".join(map(str, sorted(counts))))
        tap.require(min(counts) < len(everybody) - 1, "every peer has a link to every other node")
        tap.require(self.unlinked, "all edges are neighbors or fingers of each other")

    def phone(self, number):
        return self.block.phone(number)

    def register(self):
        """alice and bob are baresips, the others sipps; dave has a phone at two edges."""
        self.alice = baresip.Baresip(*self.user("alice"), self.phone(1), self.edges[1].proxy, self.phones, tone=440)
        self.bob = baresip.Baresip(*self.user("bob"), self.phone(2), self.edges[2].proxy, self.phones, tone=880)
        for user, number, at in (("carol", 3, 3), ("dave", 4, 1), ("dave", 5, 3), ("erin", 6, 1)):
            sipp.register(self.user(user), self.phone(number), 5060, self.edges[at].proxy, self.phones)

    def call(self, caller, callee, name):
        """Two baresips: audio both ways, heard for what the other one plays; the caller hangs up."""
        before, dialled = callee.mark(), caller.mark()
        caller.dial("sip:%s@%s" % (name, overlay.NAME))
        caller.event("CALL_ESTABLISHED", 10, dialled)
        callee.event("CALL_ESTABLISHED", 10, before)
        for one in (caller, callee):
            one.listen()
        caller.hang_up()
        callee.event("CALL_CLOSED", 5, before)
        for one, other in ((caller, callee), (callee, caller)):
            _, received = one.packets()
            self.t.note("%s received %d RTP packets and heard %d Hz" % (one.name, received, one.tone()))
            tap.require(received >= 20, "%s received only %d RTP packets" % (one.name, received))
            tap.require(one.tone() == other.played, "%s heard %d Hz" % (one.name, one.tone()))

    def sipp_call(self, caller, caller_phone, at, callee, callee_phone, uac="uac_call", uas="uas_call", **values):
        sipp.pair(sipp.Sipp(uas, self.phone(callee_phone), 5060, self.phones),
                  sipp.Sipp(uac, self.phone(caller_phone), 5060, self.phones, proxy=self.edges[at].proxy,
                            users=[self.user(caller) + (callee,)], values=values))

    def fork(self):
        """erin calls dave: both phones ring, the one at edge 3 answers, the other's branch is cancelled."""
        loses = sipp.Sipp("uas_cancelled", self.phone(4), 5060, self.phones)
        wins = sipp.Sipp("uas_call", self.phone(5), 5060, self.phones, values={"ringing": 300})
        sipp.pair(wins, sipp.Sipp("uac_call", self.phone(6), 5060, self.phones, proxy=self.edges[1].proxy,
                                  users=[self.user("erin") + ("dave",)]))
        loses.wait(10)

    def refused(self, caller, phone, at, callee, code, seconds=10):
        sipp.run("uac_refused", self.phone(phone), 5060, self.phones, proxy=self.edges[at].proxy,
                 users=[self.user(caller) + (callee,)], values={"final": code}, seconds=seconds)


def show_capture(t, demo):
    pcap, keys = demo.pcap, demo.keys
    with t.fact("tshark decodes every RELOAD message of the capture: none malformed, no expert error"):
        found = reload_capture.flaws(pcap, keys)
        tap.require(not found, "\n".join(found[:10]))
        found = reload_capture.undecoded(pcap, keys)
        tap.require(not found, "not decoded:\n" + "\n".join(found[:10]))
    all_messages = reload_capture.messages(pcap, keys)
    t.note("%d RELOAD messages in the capture" % len(all_messages))
    for name, text in (("store", "Stores"), ("fetch", "Fetches"), ("app_attach", "AppAttaches")):
        with t.fact("%s crossed two links and more with via lists, and their answers came back along them" % text):
            ways = [one for one in reload_capture.ways(all_messages, name)
                    if one.crossed() >= 2 and one.request_via > 0 and one.returned()]
            t.note("%d of them, up to %d links" % (len(ways), max([one.crossed() for one in ways], default=0)))
            tap.require(ways, "none did")


def main():
    with tap.run(600) as t:
        demo = Demo(t)
        with t.fact("an overlay document and certificates for %d nodes and their users" % (PEERS + EDGES)):
            demo.make()
        wire = capture.Capture(demo.pcap, "tcp and net " + demo.block.network, demo.directory)
        with t.fact("%d Kamailio edges and %d peers formed one ring, and not everybody knows everybody"
                    % (EDGES, PEERS)):
            demo.form()
        with t.fact("phones registered at three edges: 2 baresip, 4 sipp"):
            demo.register()
        with t.fact("alice called bob at another edge: audio both ways"):
            demo.call(demo.alice, demo.bob, "bob")
        with t.fact("bob called alice: audio both ways"):
            demo.call(demo.bob, demo.alice, "alice")
        with t.fact("carol called erin at another edge, and carol hung up"):
            demo.sipp_call("carol", 3, 3, "erin", 6)
        with t.fact("erin called carol at another edge, and carol hung up"):
            demo.sipp_call("erin", 6, 1, "carol", 3, "uac_waits", "uas_hangs_up")
        with t.fact("erin called dave, who has phones at two edges: both rang, one answered, the other was cancelled"):
            demo.fork()
        with t.fact("a call to somebody who is registered nowhere was answered with 404"):
            demo.refused("erin", 6, 1, "nobody", 404)
        with t.fact("edge 2 was killed; phones of edges 1 and 3 registered and called each other within 5 s"):
            demo.edges[2].kill()
            for user, number, at in (("carol", 3, 3), ("erin", 6, 1)):
                sipp.register(demo.user(user), demo.phone(number), 5060, demo.edges[at].proxy, demo.phones, seconds=5)
            demo.sipp_call("carol", 3, 3, "erin", 6)
            demo.sipp_call("erin", 6, 1, "carol", 3)
        with t.fact("a call to bob, whose edge is gone, was answered with 480 within 5 s"):
            demo.refused("erin", 6, 1, "bob", 480, seconds=5)
        with t.fact("edge 2 came back by itself when started again, and bob can be called"):
            demo.bob.stop()
            demo.edges[2].start()
            demo.edges[2].joined(30)
            demo.bob = baresip.Baresip(*demo.user("bob"), demo.phone(2), demo.edges[2].proxy, demo.phones, tone=880)
            demo.call(demo.alice, demo.bob, "bob")
        with t.fact("the edges left the overlay and ended within 2 s each"):
            for one in demo.edges.values():
                one.stop(2)
        with t.fact("the peers left the overlay and ended"):
            for one in demo.nodes.values():
                tap.require(one.stop() == 0, "%s ended with an error" % one.name)
        wire.stop()
        demo.over.keys(demo.keys)
        show_capture(t, demo)


if __name__ == "__main__":
    main()
