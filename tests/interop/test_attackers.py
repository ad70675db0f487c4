#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A member gone bad on real TLS links against a running reload-peer: what it does is refused, memory and open files of
the peer stay bounded, and another member is served all the time."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import BUILD, memory, net, overlay, process, tap  # noqa: E402

ATTACKER = os.path.join(BUILD, "interop", "attacker")


class Stage:
    def __init__(self, t):
        self.t = t
        self.block = net.Block()
        self.over = overlay.Overlay(os.path.join(BUILD, "attackers"), self.block)
        self.peers = []
        for number in (1, 2):
            directory, _ = self.over.node("peer%d" % number)
            self.peers.append(overlay.Peer(self.over, number, directory))
        self.rogue, _ = self.over.node("rogue")
        self.honest, _ = self.over.node("honest")
        self.victim = self.peers[0]

    def start(self):
        self.peers[0].start(first=True)
        self.peers[1].start()
        for one in self.peers:
            one.joined()
        self.least = self.files()

    def argv(self, who, case, number=1):
        return [ATTACKER, self.victim.listen, self.over.ca, who, case, str(number)]

    def files(self):
        return len(os.listdir("/proc/%d/fd" % self.pid()))

    def pid(self):
        """setpriv becomes the program itself."""
        return self.victim.process.pid

    def figures(self):
        return memory.resident(self.pid()), self.files()

    def served(self, what, worst=1500):
        """An honest member's Pings are answered, each within worst ms."""
        with self.t.fact("%s: another member is served" % what):
            code, text = process.command(self.argv(self.honest, "ping", 20), timeout=30, check=False)
            tap.require(code == 0, text)
            self.t.note(text.strip())
            tap.require(float(re.search(r"slowest after ([0-9.]+) ms", text).group(1)) < worst, text)

    def refused(self, what, case, number=1):
        before = self.figures()
        with self.t.fact(what):
            code, text = process.command(self.argv(self.rogue, case, number), timeout=40, check=False)
            tap.require(code == 0, text)
            if text.strip():
                self.t.note(text.strip())
        self.bounded(what, before)

    def settled(self, before):
        """Descriptors of the attacker's connections are given back once it is gone, those too that were still being
        closed when `before` was taken; one link of the two peers to each other may come and go."""
        self.least = min(self.least, before[1])
        process.until(lambda: self.files() <= self.least + 1, 10, "the peer gives its descriptors back")

    def bounded(self, what, before, grown=24 * 1024):
        with self.t.fact("%s: memory and open files are bounded" % what):
            self.settled(before)
            after = self.figures()
            self.t.note("memory %d -> %d kB, open files %d -> %d" % (before[0], after[0], before[1], after[1]))
            tap.require(after[0] < before[0] + grown, "it has grown by %d kB" % (after[0] - before[0]))

    def while_running(self, what, case, number, line, files, grown=24 * 1024):
        self.settled(self.figures())
        before = self.figures()
        attack = process.Process(case, self.argv(self.rogue, case, number), self.over.directory, stdin=True)
        attack.expect(line, 20)
        self.served(what)
        now = self.figures()
        with self.t.fact("%s: it goes on all the while" % what):
            tap.require(attack.alive() and now[1] > before[1], "its connections are gone: %s -> %s" % (before, now))
        with self.t.fact("%s: meanwhile at most %d more open files" % (what, files)):
            self.t.note("memory %d -> %d kB, open files %d -> %d" % (before[0], now[0], before[1], now[1]))
            tap.require(now[1] <= before[1] + files and now[0] < before[0] + grown, str(now))
        attack.write("end\n")
        attack.wait(20)
        self.bounded(what, before, grown)


def main():
    with tap.run(150) as t:
        stage = Stage(t)
        stage.start()
        stage.served("at first")
        stage.refused("forged and stripped signatures, and certificates that are no good", "signatures")
        stage.refused("links with certificates that are no good, or too many", "certificates")
        stage.refused("frames that are none, or claim 2^24 bytes", "frames")
        stage.refused("messages and headers larger than max-message-size", "too-large")
        stage.refused("fragments that overlap, gap and never end", "fragments", 3000)
        stage.refused("a handshake of one byte at a time is ended", "slow")
        stage.refused("many links of one node", "links", 40)
        stage.while_running("200 connections that say nothing", "half-open", 200, "holding", 140)
        stage.while_running("a flood over one link, never read", "flood", 1, "flooding", 4)
        stage.while_running("a flood over eight links, never read", "flood", 8, "flooding", 12)
        stage.served("in the end")
        with t.fact("the peers still are each other's neighbors"):
            tap.require(stage.peers[1].id in stage.victim.successors(), "they are not")


if __name__ == "__main__":
    main()
