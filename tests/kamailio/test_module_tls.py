#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The proxy configuration with tls.so and TCP: phones on TLS register and reach phones at another edge."""
import os

from fake_edges import DOMAIN, Edges
from harness import process, rawphone, sipp, tap


def certificate(directory):
    """A self-signed certificate and a tls.cfg for it; its path."""
    key, crt, cfg = (os.path.join(directory, name) for name in ("tls.key", "tls.crt", "tls.cfg"))
    process.command(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=" + DOMAIN, "-days",
                     "2", "-keyout", key, "-out", crt], timeout=20)
    with open(cfg, "w", encoding="ascii") as file:
        file.write("[server:default]\nmethod = TLSv1.2+\nprivate_key = %s\ncertificate = %s\n"
                   "[client:default]\nmethod = TLSv1.2+\nverify_certificate = no\n" % (key, crt))
    return cfg


def main():
    with tap.run(90) as t:
        f = Edges("module-tls", 2)
        cfg = certificate(f.directory)
        for one in f.edge.values():
            one.server._defines.update({"WITH_TLS": None, "TLS_CONFIG": '"%s"' % cfg,
                                        "LISTEN_TLS": "tls:%s:5061" % one.address})
        f.start()
        f.register("bob", 2, 2)
        alice = rawphone.TlsPhone("alice", DOMAIN, f.users["alice"], f.block.phone(1), 0, f.edge[1].address + ":5061")
        with t.fact("a phone on TLS registers, and the overlay knows it"):
            tap.require(alice.register().code == 200 and f.stored("alice") == 1, "it does not")
        with t.fact("it calls a phone at another edge"):
            callee = f.callee("uas_call", 2)
            alice.call("bob", acked=lambda: process.until(lambda: "ACK sip:" in callee.messages(), 4, "bob has the ACK"))
            callee.wait(5)
        with t.fact("it is reached from another edge, on the connection that it made"):
            caller = f.caller("uac_options", "bob", 2, 2, "alice")
            tap.require(alice.answer_options(), "no OPTIONS came")
            caller.wait(10)
        with t.fact("phones on UDP go on beside it"):
            f.register("carol", 3, 1)
            sipp.pair(f.callee("uas_call", 2), f.caller("uac_call", "carol", 3, 1, "bob"))
        with t.fact("the edges end within 2 s each"):
            for one in f.edge.values():
                one.stop(2)


if __name__ == "__main__":
    main()
