#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Other kinds of overlays, with RSA keys, self-signed, with a shared secret; and who gets no link: nodes of another overlay, and those whose
certificate has expired, also while they run."""
import datetime
import os
import re
import socket
import ssl
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import certificate, edge, fixture, net, overlay, process, sipp, tap  # noqa: E402

LIFE = 25  # seconds of a certificate that ends while its node runs
RECHECK = 30  # seconds between two looks at the dates of a link that is up


def calls(f):
    f.start()
    f.register("alice", 1, 1)
    f.register("bob", 2, 2)
    sipp.pair(f.callee("uas_call", 2), f.caller("uac_call", "alice", 1, 1, "bob"))
    sipp.pair(f.callee("uas_call", 1), f.caller("uac_call", "bob", 2, 2, "alice"))


def stop(f):
    for one in f.edges.values():
        one.stop(5)
    for one in f.peers.values():
        one.stop()


def kinds(t):
    with t.fact("RSA keys for CA, nodes and users: phones at two edges register and call each other"):
        f = fixture.Small("rsa", {1: ("alice",), 2: ("bob",)}, create=["--rsa"], cert=["--rsa"])
        text = process.command(["openssl", "x509", "-noout", "-text", "-in",
                                os.path.join(f.edges[1].node_directory, "node.crt")])[1]
        tap.require("rsaEncryption" in text and "sha256WithRSAEncryption" in text, text)
        calls(f)
        stop(f)
    with t.fact("self-signed certificates: phones at two edges register and call each other"):
        f = fixture.Small("selfsigned", {1: ("alice",), 2: ("bob",)}, create=["--self-signed"])
        tap.require(not os.path.exists(os.path.join(f.over.ca, "ca.key")), "a self-signed overlay has a CA")
        calls(f)
        stop(f)
    with t.fact("a shared secret besides: phones at two edges register and call each other"):
        f = fixture.Small("sharedsecret", {1: ("alice",), 2: ("bob",)}, create=["--self-signed", "--shared-secret"])
        calls(f)
        stop(f)


def statistic(one, name):
    return int([line for line in one.ask("statistics") if line.split()[0] == name][0].split()[1])


def linked(one, other):
    """Whether one has a link to other."""
    return any(re.match("link +%032x " % other.id, line) for line in one.ask("links"))


def descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def scanner(address, port, count):
    """Connections that are no RELOAD: closed at once, no TLS at all, TLS without a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for number in range(count):
        with socket.create_connection((address, port), 5) as one:
            one.settimeout(5)
            try:
                if number % 3 == 1:
                    one.sendall(b"OPTIONS / HTTP/1.0\r\n\r\n")
                    one.recv(100)
                elif number % 3 == 2:
                    with context.wrap_socket(one) as secure:
                        secure.recv(100)
            except OSError:  # refused, as it is to be
                pass


def document(t, f):
    """f: an overlay that is up."""
    with t.fact("a newer document that one node reads reaches all others"):
        overlay.reloadctl("document", "sign", "--dir", f.over.ca)
        f.peers[1].ask("reload")

        def taken_over():
            for one in f.edges.values():
                # who asks a node with a newer document is told that it is, and then what is in it
                one.rpc("p2psip.lookup", "nobody@" + fixture.DOMAIN, check=False)
            told = [" ".join(line.split()) for line in f.peers[2].ask("status")]
            return "document-sequence 2 (signed)" in told and \
                any("sequence 2, is in use" in line for line in f.edges[1].process.lines())
        process.until(taken_over, 60, "peer2 and edge1 have document 2")


def strangers(t):
    f = fixture.Small("strangers", {1: ("alice",)})
    f.start()
    with t.fact("200 connections to each port that are no RELOAD: refused, and no descriptor is left behind"):
        watched = {f.peers[1].process.pid: "reload-peer", f.edges[1].peer_pid(): "p2psip-peer"}
        before = {pid: descriptors(pid) for pid in watched}
        for address, port in ((f.peers[1].address, net.RELOAD_PORT), (f.edges[1].address, net.RELOAD_PORT),
                              (f.edges[1].address, edge.FLOW_PORT)):
            scanner(address, port, 200)
        for pid, name in watched.items():
            process.until(lambda: descriptors(pid) <= before[pid], 10, "%s has %d descriptors again" % (
                name, before[pid]))
        tap.require(all(one.is_joined() for one in f.nodes()), "not everybody is joined any more")
    document(t, f)
    bad_node(t, f)
    with t.fact("a node of another overlay of the same name gets no link, and does not join"):
        foreign = overlay.Overlay(os.path.join(f.directory, "foreign"), f.block)
        directory, _ = foreign.node("peer3")
        before = statistic(f.peers[1], "bad-certificate") + statistic(f.peers[1], "bad-tls")
        one = overlay.Peer(foreign, 3, directory)
        one.start()
        process.until(lambda: statistic(f.peers[1], "bad-certificate") + statistic(f.peers[1], "bad-tls") > before, 15,
                      "peer1 refuses it")
        tap.require(not one.is_joined(), "it has joined")
        for peer in f.peers.values():
            tap.require(not linked(peer, one), peer.name + " has a link to it")
        one.stop()
    with t.fact("a node with a certificate that lasts for %d s joins" % LIFE):
        directory, _ = f.over.node("peer4")
        now = datetime.datetime.utcnow()
        certificate.dated(f.over, directory, *("%s" % (now + datetime.timedelta(seconds=s)).strftime("%Y%m%d%H%M%SZ")
                                               for s in (-60, LIFE)))
        short = overlay.Peer(f.over, 4, directory)
        short.start()
        short.joined(20)
        process.until(lambda: all(linked(peer, short) for peer in f.peers.values()), 10, "both have a link to it")
    certificate_ends(t, f, short)


def certificate_ends(t, f, short):
    with t.fact("the certificate has ended: within %d s the others close their links and let it in no more" % RECHECK):
        process.until(lambda: not any(linked(peer, short) for peer in f.peers.values()), LIFE + RECHECK + 10,
                      "nobody has a link to it")
        refused = statistic(f.peers[1], "bad-certificate")
        process.until(lambda: statistic(f.peers[1], "bad-certificate") + statistic(f.peers[2], "bad-certificate") >
                      refused, 40, "it tries again and is refused")
        tap.require(not any(linked(peer, short) for peer in f.peers.values()), "it is let in")
        short.stop()


def bad_node(t, f):
    with t.fact("a node that a newer document calls bad loses its links"):
        directory, _ = f.over.node("peer5")
        bad = overlay.Peer(f.over, 5, directory)
        bad.start()
        process.until(lambda: linked(f.peers[1], bad) and linked(f.peers[2], bad), 20, "both have a link to it")
        with open(f.over.document, encoding="utf-8") as file:
            text = file.read()
        with open(f.over.document, "w", encoding="utf-8") as file:
            file.write(text.replace("<no-ice>", "<bad-node>%032x</bad-node><no-ice>" % bad.id, 1))
        overlay.reloadctl("document", "sign", "--dir", f.over.ca)
        for peer in f.peers.values():
            peer.ask("reload")
        process.until(lambda: not any(linked(peer, bad) for peer in f.peers.values()), 10, "nobody has a link to it")
        bad.stop()


def main():
    with tap.run(240) as t:
        kinds(t)
        strangers(t)


if __name__ == "__main__":
    main()
