#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The configurations of cfg/ are started and used, with and without tls.so beside the module, and by IPv6."""
import glob
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import ROOT, edge, fixture, process, rawphone, sipp, tap  # noqa: E402

DOMAIN = fixture.DOMAIN


def tls_files(directory):
    """A self-signed certificate for Kamailio's own TLS, and the tls.cfg that names it."""
    os.makedirs(directory, exist_ok=True)
    certificate, key, config = (os.path.join(directory, name) for name in ("tls.crt", "tls.key", "tls.cfg"))
    process.command(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=edge",
                     "-keyout", key, "-out", certificate])
    with open(config, "w", encoding="ascii") as file:
        file.write("[server:default]\nmethod = TLSv1.2+\nprivate_key = %s\ncertificate = %s\n" % (key, certificate))
    return config


def proxy(t):
    with t.fact("kamailio-proxy.cfg without and with tls.so: started, joined"):
        f = fixture.Small("configurations", {1: ("alice",), 2: ("bob",)}, others=("late",))
        config = tls_files(f.directory)
        directory = f.edges[1].node_directory
        f.edges[1] = edge.Edge(f.over, 1, directory, f.users, defines={
            "WITH_TLS": None, "LISTEN_TLS": "tls:%s:5061" % f.block.edge(1), "TLS_CONFIG": '"%s"' % config})
        f.start()
    with t.fact("a phone registers by TLS, and is called across the overlay"):
        phone = rawphone.TlsPhone("alice", DOMAIN, f.users["alice"], f.phone(1), 0, f.block.edge(1) + ":5061")
        answer = phone.register()
        tap.require(answer.code == 200, answer.text)
        f.register("bob", 2, 2)
        caller = f.caller("uac_options", "bob", 2, 2, "alice")
        tap.require(phone.answer_options(5), "no OPTIONS came to the phone")
        caller.wait()
        phone.close()
    with t.fact("the other direction: the edge with tls.so calls the one without"):
        f.register("alice", 1, 1)
        sipp.pair(f.callee("uas_call", 2), f.caller("uac_call", "alice", 1, 1, "bob"))
    with t.fact("RPC: status, neighbors, fingers, stored, flows, a lookup, reload"):
        one = f.edges[1]
        for command, expected in (("status", one.status("node")), ("neighbors", "successor"), ("fingers", "finger"),
                                  ("flows", " up,"), ("lookup bob@" + DOMAIN, "%032x" % f.edges[2].id)):
            text = one.rpc("p2psip." + command.split()[0], *command.split()[1:])[1]
            tap.require(expected in text, "p2psip.%s says:\n%s" % (command, text))
        stored = sum(text.count("value") for text in (one.rpc("p2psip.stored")[1] for one in f.edges.values()))
        tap.require(stored >= 1, "no edge of this small overlay stores anything")
        one.rpc("p2psip.reload")
    with t.fact("new users' certificates are taken over by reload, without a restart"):
        f.register("late", 3, 1, final=403)
        f.over.users(f.edges[1].node_directory, "late@" + DOMAIN)
        f.edges[1].rpc("p2psip.reload")
        f.register("late", 3, 1)
    with t.fact("both end within 2 s"):
        for one in f.nodes():
            one.stop(2) if isinstance(one, edge.Edge) else one.stop()


def by_ipv6(t):
    with t.fact("an overlay whose links and flows are all on IPv6: phones register and call each other"):
        f = fixture.Small("ipv6", {1: ("alice",), 2: ("bob",)}, ipv6=True)
        f.start()
        f.register("alice", 1, 1)
        f.register("bob", 2, 2)
        sipp.pair(f.callee("uas_call", 2), f.caller("uac_call", "alice", 1, 1, "bob"))
        sipp.pair(f.callee("uas_call", 1), f.caller("uac_call", "bob", 2, 2, "alice"))


def main():
    with tap.run(120) as t:
        with t.fact("every configuration in cfg/ is known to this test"):
            names = sorted(os.path.basename(path) for path in glob.glob(os.path.join(ROOT, "cfg", "*.cfg")))
            tap.require(names == ["kamailio-proxy.cfg"], "cfg/ holds " + " ".join(names))
        proxy(t)
        by_ipv6(t)


if __name__ == "__main__":
    main()
