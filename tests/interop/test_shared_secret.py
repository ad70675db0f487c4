#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Shared-secret mode (RFC 6940, 13.4) between reload-peers: those who know the secret join, store and fetch; those with
another one, or with none, get no link; and the secret turns up nowhere but in the document."""
import glob
import hashlib
import os
import re
import shutil
import ssl
import stat
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import BUILD, capture, net, overlay, process, reload_capture, tap  # noqa: E402

DIRECTORY = os.path.join(BUILD, "shared-secret")
SECRET = re.compile(r"<shared-secret>(.*?)</shared-secret>")


class Variant:
    """The same overlay with its document changed and signed anew, as a node may have got hold of it."""

    def __init__(self, over, name, change):
        self.directory = os.path.join(over.directory, name)
        self.listen = over.listen
        ca = os.path.join(self.directory, "overlay")
        shutil.copytree(over.ca, ca)
        self.document = os.path.join(ca, "overlay.xml")
        with open(self.document, encoding="utf-8") as file:
            text = change(file.read())
        with open(self.document, "w", encoding="utf-8") as file:
            file.write(text)
        overlay.reloadctl("document", "sign", "--dir", ca)
        self.block = over.block


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


class Stage:
    def __init__(self, t):
        self.t = t
        self.block = net.Block()
        self.over = overlay.Overlay(DIRECTORY, self.block, create=["--self-signed", "--shared-secret"])
        with open(self.over.document, encoding="utf-8") as file:
            self.secret = SECRET.search(file.read()).group(1)
        self.nodes = [self.over.node("peer%d" % number)[0] for number in range(1, 6)]
        self.peers = [overlay.Peer(self.over, number, self.nodes[number - 1]) for number in (1, 2, 3)]

    def document(self):
        with self.t.fact("the document is for its owner only, and is shown without the secret"):
            tap.require(len(self.secret) >= 40, "the secret is short")
            tap.require(mode(self.over.document) == 0o600, "mode %o" % mode(self.over.document))
            code, text = overlay.reloadctl("document", "check", self.over.document)
            tap.require(code == 0 and "shared-secret set" in text and self.secret not in text, text)
        with self.t.fact("signed anew it still is"):
            overlay.reloadctl("document", "sign", "--dir", self.over.ca)
            tap.require(mode(self.over.document) == 0o600, "mode %o" % mode(self.over.document))
        with self.t.fact("a peer refuses a document that others may read, and says what to do"):
            os.chmod(self.over.document, 0o640)
            peer = overlay.Peer(self.over, 1, self.nodes[0]).start()
            peer.process.expect("overlay.xml: .*chmod 0600", 10)
            tap.require(peer.process.wait(10) != 0, "it started")
            os.chmod(self.over.document, 0o600)

    def members(self):
        with self.t.fact("three peers that know the secret form a ring"):
            for peer in self.peers:
                peer.start(first=peer is self.peers[0])
            for peer in self.peers:
                peer.joined()
            process.until(lambda: all(peer.links() == 2 for peer in self.peers), 20, "all are linked")
        with self.t.fact("they store, and fetch what others stored"):
            for peer in self.peers:
                for other in self.peers:
                    process.until(lambda: self.fetched(peer, other), 20, "%s fetches" % peer.name)

    @staticmethod
    def fetched(peer, other):
        """Has peer fetched the certificate that other has stored for its Node-ID?"""
        resource = hashlib.sha1(other.id.to_bytes(16, "big")).hexdigest()[:32]
        answer = "\n".join(peer.ask("lookup =%s CERTIFICATE_BY_NODE" % resource))
        with open(os.path.join(other.node_directory, "node.crt"), encoding="ascii") as file:
            certificate = ssl.PEM_cert_to_DER_cert(file.read())
        return certificate.hex()[:120] in re.sub(r"\s+", "", answer)

    def outsider(self, what, number, change, says, others_say):
        """A node with a certificate like all others and a document that is not quite theirs."""
        variant = Variant(self.over, "variant%d" % number, change)
        peer = overlay.Peer(variant, number, self.nodes[number - 1])
        marks = [one.process.mark() for one in self.peers]
        with self.t.fact("%s: no link, and both logs say why" % what):
            peer.start()
            peer.process.expect("connection to .* failed: " + says, 20)
            bootstraps = list(zip(self.peers, marks))[:2]
            process.until(lambda: any(re.search("connection from .* failed: " + others_say, line) for one, mark in bootstraps
                                      for line in one.process.lines(mark)), 10, "a bootstrap node says so too")
            tap.require(not peer.is_joined() and peer.links() == 0, "it has joined")
            tap.require(not any("%032x" % peer.id in line for one in self.peers for line in one.ask("links")),
                        "it is linked")
        with self.t.fact("%s: nor as a client for one question" % what):
            code, text = overlay.reloadctl(
                "client", "--document", variant.document, "--dir", self.nodes[number - 1], "ping", "%032x" %
                self.peers[0].id, check=False, timeout=40)
            tap.require(code != 0 and "no bootstrap node of the document can be reached" in text, text)
        peer.stop()

    def outsiders(self):
        self.outsider("another secret", 4, lambda text: SECRET.sub(
            "<shared-secret>%s</shared-secret>" % self.secret.swapcase(), text),
                      "the two sides' shared secrets differ", "the two sides' shared secrets differ")
        self.outsider("no secret, but certificates", 5, lambda text: SECRET.sub("", text),
                      "sslv3 alert handshake failure", "only one of the two sides is in shared-secret mode")

    def client(self):
        with self.t.fact("a client that knows it asks its question"):
            code, text = overlay.reloadctl("client", "--document", self.over.document, "--dir", self.nodes[3],
                                           "ping", "%032x" % self.peers[2].id, check=False, timeout=40)
            tap.require(code == 0, text)

    def changed(self):
        with self.t.fact("another secret is not taken over without a restart"):
            with open(self.over.document, encoding="utf-8") as file:
                text = file.read()
            with open(self.over.document, "w", encoding="utf-8") as file:
                file.write(SECRET.sub("<shared-secret>%s</shared-secret>" % self.secret[::-1], text))
            overlay.reloadctl("document", "sign", "--dir", self.over.ca)
            try:
                self.peers[0].ask("reload")
            except process.Unexpected as refused:
                tap.require("restart this peer" in str(refused), refused)
            else:
                raise tap.Failed("it was taken over")
            tap.require(self.peers[0].links() == 2, "its links are gone")

    def traces(self, pcap):
        keys = os.path.join(DIRECTORY, "keys.log")
        self.over.keys(keys)
        with self.t.fact("tshark reads the RELOAD messages with the nodes' key logs"):
            found = reload_capture.flaws(pcap, keys) + reload_capture.undecoded(pcap, keys)
            tap.require(not found, "\n".join(found[:10]))
            seen = reload_capture.messages(pcap, keys)
            self.t.note("%d messages" % len(seen))
            codes = {one.code for one in seen}
            missing = [name for name in ("join", "store", "fetch", "update")
                       if reload_capture.CODES[name] not in codes]
            tap.require(not missing, "none of these: %s" % missing)
        with self.t.fact("every TLS handshake is TLS 1.2 with SRP and RSA"):
            rows = capture.fields(pcap, "tls.handshake.type == 2", ["tls.handshake.ciphersuite"],
                                  capture.reload_options(keys))
            found = {int(row[0], 0) for row in rows}
            tap.require(found == {0xc021}, found)  # TLS_SRP_SHA_RSA_WITH_AES_256_CBC_SHA
        with self.t.fact("the secret is in no log, key log or capture"):
            for path in glob.glob(os.path.join(DIRECTORY, "**", "*.log"), recursive=True) + [pcap]:
                with open(path, "rb") as file:
                    tap.require(self.secret.encode() not in file.read(), path)


def main():
    with tap.run(150) as t:
        stage = Stage(t)
        stage.document()
        pcap = os.path.join(DIRECTORY, "links.pcapng")
        wire = capture.Capture(pcap, "tcp and net " + stage.block.network, DIRECTORY)
        stage.members()
        stage.client()
        stage.outsiders()
        stage.changed()
        for peer in stage.peers:
            peer.stop()
        wire.stop()
        stage.traces(pcap)


if __name__ == "__main__":
    main()
