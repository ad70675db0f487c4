#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients (RFC 6940, 4.2) on real TLS links: `reloadctl client` asks an overlay of reload-peers without joining it; a
client that others can connect to is linked to the peer responsible for it and found there; where the document permits
no clients, the client itself and the peers refuse."""
import hashlib
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import BUILD, net, overlay, process, tap  # noqa: E402

PEERS = 3


class Stage:
    """A ring of reload-peers, and a directory for one client."""

    def __init__(self, name, create=()):
        self.block = net.Block()
        self.over = overlay.Overlay(os.path.join(BUILD, name), self.block, create=create)
        self.peers = []
        for number in range(1, PEERS + 1):
            directory, _ = self.over.node("peer%d" % number)
            self.peers.append(overlay.Peer(self.over, number, directory))
        self.directory, self.id = self.over.node("client")
        self.peers[0].start(first=True)
        self.peers[0].joined()
        for one in self.peers[1:]:
            one.start()
        for one in self.peers[1:]:
            one.joined()
        process.until(self.whole, 30, "everybody is everybody's neighbor")

    def whole(self):
        return all(len(one.successors()) == PEERS - 1 for one in self.peers)

    def ask(self, *words):
        """What `reloadctl client` says: (exit code, output with its complaints)."""
        return overlay.reloadctl("client", "--document", self.over.document, "--dir", self.directory, *words,
                                 check=False, timeout=40)

    def certificate_of(self, peer):
        """The Resource-ID where its certificate is stored, once it is."""
        resource = hashlib.sha1(peer.id.to_bytes(16, "big")).hexdigest()[:32]
        process.until(lambda: any(resource in line for one in self.peers for line in one.ask("stored")), 20,
                      "%s stores its certificate" % peer.name)
        return "=" + resource

    def neighbors(self):
        """All that the peers have in their tables."""
        return {one for peer in self.peers for one in peer.successors()}

    def responsible(self):
        """The peer whose Node-ID is the first one behind the client's."""
        order = sorted(self.peers, key=lambda one: one.id)
        return next((one for one in order if one.id > self.id), order[0])


def by_one_link(t, stage):
    """4.2.1, the second way: one link to a bootstrap node."""
    for one in stage.peers:
        with t.fact("a client pings %s" % one.name):
            code, text = stage.ask("ping", "%032x" % one.id)
            tap.require(code == 0 and "%032x" % one.id in text, text)
    with t.fact("it probes a peer"):
        code, text = stage.ask("probe", "%032x" % stage.peers[2].id)
        tap.require(code == 0 and re.search(r"up for +\d+ s", text), text)
    with t.fact("it fetches what a peer has stored, its certificate"):
        code, text = stage.ask("lookup", stage.certificate_of(stage.peers[1]), "CERTIFICATE_BY_NODE")
        tap.require(code == 0 and "CERTIFICATE_BY_NODE" in text, text)
        t.note(text.strip().splitlines()[0])
    with t.fact("it looks up a user; nobody serves this one"):
        code, text = stage.ask("lookup", "nobody@" + overlay.NAME)
        tap.require("nobody" in text, text)
        t.note("%d: %s" % (code, text.strip()))
    with t.fact("a node that is not there does not answer"):
        code, text = stage.ask("ping", "%032x" % (stage.id ^ 1))
        tap.require(code == 1, text)
    with t.fact("it was never in a peer's table"):
        tap.require(stage.neighbors() == {one.id for one in stage.peers}, "%x" % stage.id)
        tap.require(all(one.links() == PEERS - 1 for one in stage.peers), "links are left over")


def by_attach(t, stage):
    """4.2.1, the first way: an Attach to the peer that is responsible for the client's Node-ID."""
    listen = stage.over.listen(stage.block.peer(9), net.RELOAD_PORT)
    client = process.Process(
        "client", [os.path.join(BUILD, "reload-peer"), "--document", stage.over.document, "--dir", stage.directory,
                   "--listen", listen, "--client"], stage.over.directory)
    home = stage.responsible()
    with t.fact("a client that can be connected to is linked to the peer responsible for it"):
        client.expect("^attached$", 20)
        process.until(lambda: any("%032x" % stage.id in line for line in home.ask("links")), 20,
                      "%s has a link to it" % home.name)
    for one in stage.peers:
        with t.fact("%s reaches it by its Node-ID" % one.name):
            text = "\n".join(one.ask("ping %032x" % stage.id))
            tap.require("%032x" % stage.id in text, text)
    with t.fact("and has it in no table"):
        tap.require(stage.neighbors() == {one.id for one in stage.peers}, "%x" % stage.id)
    with t.fact("it ends when told"):
        tap.require(client.stop() == 0, "exit code")


def not_permitted(t):
    stage = Stage("clients-not-permitted", create=["--no-clients"])
    with t.fact("clients-permitted false: the client refuses to be one"):
        code, text = stage.ask("ping", "%032x" % stage.peers[0].id)
        tap.require(code == 1 and "clients-permitted" in text, text)
    # A client whose document says otherwise: the same but for that word, unsigned as an operator's own file may be.
    with open(stage.over.document, encoding="utf-8") as file:
        text = file.read()
    tap.require("<clients-permitted>false</clients-permitted>" in text, text)
    text = text.replace("<clients-permitted>false<", "<clients-permitted>true<")
    text = re.sub(r"<signature.*</signature>", "", text, flags=re.S)
    text = re.sub(r"<configuration-signer>.*?</configuration-signer>", "", text, flags=re.S)
    other = os.path.join(stage.over.directory, "other.xml")
    with open(other, "w", encoding="utf-8") as file:
        file.write(text)
    client = overlay.Peer(stage.over, 9, stage.directory)
    client.process = process.Process(
        "client", [os.path.join(BUILD, "reload-peer"), "--document", other, "--dir", stage.directory, "--client",
                   "--control", client.control], client.directory)
    line = "lookup %s CERTIFICATE_BY_NODE" % stage.certificate_of(stage.peers[1])

    def refused():
        """For some seconds a peer waits: it may be a new peer, whose Update is on its way."""
        try:
            raise tap.Failed("served: %s" % client.ask(line))
        except process.Unexpected as error:
            return "Forbidden" in str(error)

    with t.fact("a client that goes ahead all the same is not served, and told so"):
        client.process.expect("^attached$", 20)
        process.until(refused, 30, "Error_Forbidden")
    with t.fact("and the peers go on"):
        tap.require(stage.whole(), "they are not each other's neighbors")
        tap.require("%032x" % stage.peers[1].id in "\n".join(stage.peers[0].ask("ping %032x" % stage.peers[1].id)),
                    "no answer")


def main():
    with tap.run(150) as t:
        stage = Stage("clients")
        by_one_link(t, stage)
        by_attach(t, stage)
        not_permitted(t)


if __name__ == "__main__":
    main()
