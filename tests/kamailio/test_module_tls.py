#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The proxy configuration with tls.so and TCP: phones on TLS register and reach phones at another edge."""
import os
import socket
import ssl
import time

from fake_edges import DOMAIN, Edges
from harness import process, rawphone, sipp, tap


class TlsPhone(rawphone.RawPhone):
    """A RawPhone on one TLS connection."""

    def __init__(self, user, password, address, port, proxy):
        self.user, self.domain, self.password = user, DOMAIN, password
        self.address, self.port = address, port
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        plain = socket.create_connection(proxy, timeout=5, source_address=(address, port))
        self.socket = context.wrap_socket(plain)
        self.buffer = b""

    def send(self, text, to=None):
        if text.startswith("BYE"):
            time.sleep(0.2)  # Kamailio's workers do not keep the order of ACK and BYE
        self.socket.sendall(text.replace("SIP/2.0/UDP", "SIP/2.0/TLS").replace("\n", "\r\n").encode())

    def contact(self):
        return "<sip:%s@%s:%d;transport=tls>" % (self.user, self.address, self.port)

    def receive(self, timeout=5):
        self.socket.settimeout(timeout)
        try:
            while True:
                head, found, rest = self.buffer.partition(b"\r\n\r\n")
                if found:
                    length = int(rawphone.Message(head, None).get("content-length", "0"))
                    while len(rest) < length:
                        rest += self.socket.recv(4096)
                    self.buffer = rest[length:]
                    return rawphone.Message(head + b"\r\n\r\n" + rest[:length], None)
                data = self.socket.recv(4096)
                if not data:
                    return None
                self.buffer += data
        except socket.timeout:
            return None


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
        alice = TlsPhone("alice", f.users["alice"], f.block.phone(1), 5061, (f.edge[1].address, 5061))
        with t.fact("a phone on TLS registers, and the overlay knows it"):
            tap.require(alice.register().code == 200 and f.stored("alice") == 1, "it does not")
        with t.fact("it calls a phone at another edge"):
            callee = f.callee("uas_call", 2)
            alice.call("bob")
            callee.wait(5)
        with t.fact("it is reached from another edge, on the connection that it made"):
            caller = f.caller("uac_options", "bob", 2, 2, "alice")
            request = alice.receive(5)
            tap.require(request and request.method == "OPTIONS", "no OPTIONS came")
            lines = [line for line in request.text.split("\r\n")[1:]
                     if line.split(":")[0].lower() in ("via", "from", "call-id", "cseq")]
            alice.send("\n".join(["SIP/2.0 200 OK"] + lines +
                                 ["To: " + request.get("to") + ";tag=tls", "Content-Length: 0", "", ""]))
            caller.wait(10)
        with t.fact("phones on UDP go on beside it"):
            f.register("carol", 3, 1)
            sipp.pair(f.callee("uas_call", 2), f.caller("uac_call", "carol", 3, 1, "bob"))
        with t.fact("the edges end within 2 s each"):
            for one in f.edge.values():
                one.stop(2)


if __name__ == "__main__":
    main()
