#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Stands in for p2psip-peer in tests of p2psip.so alone.

It speaks the broker's protocol (modules/p2psip/proto/protocol.h), keeps the "overlay" in files of the
directory FAKE_OVERLAY (one per AOR and node), and moves SIP messages to other fake peers over UDP. The node's
directory says who it is: a file `identity` with "NODE-ID OVERLAY". Faults are made by files in it:
  cutoff   not joined      mute   no answers      nocert-AOR   no user certificate
  forget   forgets all nodes, once
Its command line is written into the file `arguments`.
"""
import argparse, os, selectors, socket, struct, sys, time

HEADER = struct.Struct("=HHHHII")
(STORE, WITHDRAW, LOOKUP, RESOLVE, FLOW_KNOWN, COMMAND, LEAVE, STATE, FLOW, DONE, EDGES, TEXT,
 STATISTICS) = range(1, 14)
OK, NOT_FOUND, NO_CERTIFICATE, NOT_JOINED = range(4)
DOWN, OPENING, UP, FORGOTTEN = range(4)


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--check", action="store_true")
    p.add_argument("--broker-fd", type=int)
    p.add_argument("--listen", action="append")
    for name in ("document", "dir", "advertise", "flow-listen", "flow-advertise", "sip-socket",
                 "flow-port", "flow-network", "connect-timeout", "flow-idle", "flow-rate", "leave-timeout", "keylog",
                 "journal-fd"):
        p.add_argument("--" + name)
    p.add_argument("--first", action="store_true")
    return p.parse_args()


class Peer:
    def __init__(self, args):
        self.args = args
        self.node, self.overlay = open(os.path.join(args.dir, "identity")).read().split()
        self.store = os.environ.get("FAKE_OVERLAY") or os.path.join(args.dir, "..", "overlay")
        host, port = args.sip_socket.rsplit(":", 1)
        self.sip = (host, int(port))
        self.addresses, self.nodes, self.held, self.known = {}, {}, {}, set()
        self.mine = set()
        self.later = []
        self.joined = None

    def fault(self, name):
        return os.path.exists(os.path.join(self.args.dir, name))

    def send(self, kind, ident=0, body=b"", status=0, flags=0):
        self.broker.send(HEADER.pack(2, kind, status, flags, ident, HEADER.size + len(body)) + body)

    def state(self):
        joined = not self.fault("cutoff")
        if joined == self.joined:
            return
        self.joined = joined
        text = b"joined" if joined else b"connecting"
        self.send(STATE, body=bytes.fromhex(self.node) + struct.pack("=I", joined) +
                  self.overlay.encode().ljust(256, b"\0") + text.ljust(64, b"\0"))
        if joined:
            for aor in self.mine:
                self.put(aor)

    def put(self, aor):
        os.makedirs(os.path.join(self.store, aor), exist_ok=True)
        open(os.path.join(self.store, aor, self.node), "w").write(self.args.flow_listen)

    def drop(self, aor):
        self.mine.discard(aor)
        try:
            os.unlink(os.path.join(self.store, aor, self.node))
        except OSError:
            pass

    def address(self, node):
        if node not in self.addresses:
            address = "127.64.%d.%d" % (len(self.addresses) // 250, len(self.addresses) % 250 + 1)
            self.addresses[node], self.nodes[address] = address, node
        return self.addresses[node]

    def flow(self, node, state):
        self.send(FLOW, body=bytes.fromhex(node) + socket.inet_aton(self.address(node)) +
                  struct.pack("=HH", int(self.args.flow_port), state))

    def flow_up(self, node):
        if node not in self.known:
            self.known.add(node)
            self.flow(node, UP)

    def forget(self):
        if not self.fault("forget"):
            return
        os.unlink(os.path.join(self.args.dir, "forget"))
        for node in list(self.addresses):
            self.flow(node, FORGOTTEN)
        self.addresses, self.nodes, self.known = {}, {}, set()

    def edge(self, aor, node):
        """A record that is empty, or says where the node is, is the AOR's own; `forwarded`: another AOR's."""
        path = os.path.join(self.store, aor, node)
        own = node == self.node
        named = not (os.path.exists(path) and open(path).read() == "forwarded")
        address = b"\0" * 4 if own else socket.inet_aton(self.address(node))
        return (bytes.fromhex(node) * 2 + address +
                struct.pack("=HBBB3xI", int(self.args.flow_port), own, UP, named, 3600) + b"\0" * 256)

    def edges(self, ident, aor, nodes, status=OK):
        self.send(EDGES, ident, struct.pack("=II", 5000, len(nodes)) + aor.encode().ljust(256, b"\0") +
                  b"".join(self.edge(aor, n) for n in nodes), status)

    def lookup(self, ident, aor):
        try:
            nodes = sorted(os.listdir(os.path.join(self.store, aor)))
        except OSError:
            nodes = []
        if not self.joined:
            self.edges(ident, aor, [], NOT_JOINED)
        else:
            self.edges(ident, aor, nodes, OK if nodes else NOT_FOUND)

    def frame(self, data):
        _, kind, _, flags, ident, _ = HEADER.unpack(data[:HEADER.size])
        body = data[HEADER.size:]
        text = body.rstrip(b"\0").decode(errors="replace")
        if self.fault("mute"):
            return
        if kind == STORE:
            if self.fault("nocert-" + text):
                return ident and self.send(DONE, ident, b"no certificate\0", NO_CERTIFICATE)
            self.mine.add(text)
            if self.joined:
                self.put(text)
            if ident:
                self.send(DONE, ident, b"\0", OK if self.joined else NOT_JOINED)
        elif kind == WITHDRAW:
            self.drop(text)
            if ident:
                self.send(DONE, ident, b"\0")
        elif kind == LOOKUP:
            self.lookup(ident, text)
        elif kind == RESOLVE:
            self.edges(ident, "", [body.hex()])
        elif kind == COMMAND:
            self.send(TEXT, ident, b"first piece of " + body.rstrip(b"\0") + b"\n\0", flags=1)
            self.send(TEXT, ident, b"last piece\n\0")
        elif kind == LEAVE:
            for aor in list(self.mine):
                self.drop(aor)
            sys.exit(0)

    def from_sip(self):
        data, ancillary, _, source = self.local.recvmsg(65536, 256)
        if source != self.sip:
            return
        for level, kind, value in ancillary:
            if level == socket.IPPROTO_IP and kind == 8:  # IP_PKTINFO
                node = self.nodes.get(socket.inet_ntoa(value[8:12]))
                if node:
                    self.to_node(node, data)

    def to_node(self, node, data):
        try:
            where = open(os.path.join(self.store, ".nodes", node)).read()
        except OSError:
            return
        host, port = where.rsplit(":", 1)
        self.flow_up(node)
        self.wire.sendto(bytes.fromhex(self.node) + data, (host, int(port)))

    def from_wire(self):
        data, _ = self.wire.recvfrom(65536)
        node = data[:16].hex()
        self.flow_up(node)
        address = socket.inet_aton(self.address(node))
        info = struct.pack("=I", 0) + address + address
        # The broker must have taken note of the flow before its first message arrives.
        self.later.append((time.monotonic() + 0.002, data[16:], info))

    def deliver(self):
        now = time.monotonic()
        while self.later and self.later[0][0] <= now:
            _, data, info = self.later.pop(0)
            self.local.sendmsg([data], [(socket.IPPROTO_IP, 8, info)], 0, self.sip)

    def run(self):
        self.broker = socket.socket(fileno=self.args.broker_fd)
        self.local = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.local.setsockopt(socket.IPPROTO_IP, 8, 1)
        self.local.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.local.bind(("0.0.0.0", int(self.args.flow_port)))
        self.wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        host, port = self.args.flow_listen.rsplit(":", 1)
        self.wire.bind((host, int(port)))
        os.makedirs(os.path.join(self.store, ".nodes"), exist_ok=True)
        open(os.path.join(self.store, ".nodes", self.node), "w").write(self.args.flow_listen)
        ready = selectors.DefaultSelector()
        ready.register(self.broker, selectors.EVENT_READ, self.from_broker)
        ready.register(self.local, selectors.EVENT_READ, self.from_sip)
        ready.register(self.wire, selectors.EVENT_READ, self.from_wire)
        while True:
            self.state()
            self.forget()
            for key, _ in ready.select(0.002 if self.later else 0.05):
                key.data()
            self.deliver()

    def from_broker(self):
        data = self.broker.recv(65536)
        if not data:
            sys.exit(0)
        self.frame(data)


def main():
    args = arguments()
    if args.check:
        try:
            print(*open(os.path.join(args.dir, "identity")).read().split())
        except OSError as e:
            print("%s: %s: make it" % (e.filename, e.strerror), file=sys.stderr)
            sys.exit(1)
        return
    with open(os.path.join(args.dir, "arguments"), "w", encoding="utf-8") as file:
        file.write(" ".join(sys.argv[1:]))
    Peer(args).run()


main()
