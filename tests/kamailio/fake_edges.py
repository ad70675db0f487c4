# SPDX-License-Identifier: GPL-2.0-or-later
"""Edges whose p2psip-peer is fake_peer.py: tests of p2psip.so alone, and of what a peer cannot be made to do."""
import os
import shutil
import sys
import types
import zlib

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import BUILD, edge, net, overlay, sipp  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
DOMAIN = overlay.NAME


def _identity(certificate):
    """Instead of overlay.node_id: a fake node has no certificate but a file that says who it is."""
    with open(os.path.join(os.path.dirname(certificate), "identity"), encoding="ascii") as file:
        return int(file.read().split()[0], 16)


overlay.node_id = _identity


class Edges:
    """count edges; change: [(text, replacement)] in their configuration; defines: for all of them."""

    def __init__(self, name, count=1, users=("alice", "bob", "carol"), change=(), defines=(), directory=None):
        self.block = net.Block()
        self.directory = directory or os.path.join(BUILD, name)
        shutil.rmtree(self.directory, ignore_errors=True)
        self.phones = os.path.join(self.directory, "phones")
        self.store = os.path.join(self.directory, "store")
        os.makedirs(self.store)
        document = os.path.join(self.directory, "overlay.xml")
        open(document, "w", encoding="ascii").close()
        self.over = types.SimpleNamespace(block=self.block, name=DOMAIN, directory=self.directory,
                                          document=document, listen=lambda host, port: "%s:%d" % (host, port))
        self.users = {user: user + "-secret" for user in users}
        self.config = self._config(change)
        self.edge = {n: self._edge(n, defines) for n in range(1, count + 1)}

    def _config(self, change):
        with open(edge.CONFIG, encoding="utf-8") as file:
            text = file.read()
        for old, new in change:
            if old not in text:
                raise ValueError("the configuration has no %s" % old)
            text = text.replace(old, new)
        path = os.path.join(self.directory, "kamailio.cfg")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def _edge(self, number, defines):
        node = os.path.join(self.directory, "edge%d" % number, "node")
        os.makedirs(node)
        with open(os.path.join(node, "identity"), "w", encoding="ascii") as file:
            file.write("%s %s\n" % ("%08x" % zlib.crc32(b"edge%d" % number) * 4, DOMAIN))
        # Fake peers listen on every loopback address: test runs side by side need ports of their own.
        values = {"P2P_FLOW_PORT": 20000 + 20 * self.block.second + number,
                  "P2P_PEER_PATH": '"%s"' % os.path.join(HERE, "fake_peer.py")}
        values.update(dict(defines))
        return edge.Edge(self.over, number, node, self.users, defines=values, config=self.config,
                         env={"FAKE_OVERLAY": self.store})

    def start(self):
        for one in self.edge.values():
            one.start()
        for one in self.edge.values():
            one.joined(10)
        return self

    def fault(self, number, name, on=True):
        """Makes or mends a fault of edge number's peer; see fake_peer.py."""
        path = os.path.join(self.edge[number].node_directory, name)
        if on:
            open(path, "w", encoding="ascii").close()
        elif os.path.exists(path):
            os.remove(path)

    def stored(self, user):
        """At how many edges the overlay has user."""
        try:
            return len(os.listdir(os.path.join(self.store, "%s@%s" % (user, DOMAIN))))
        except FileNotFoundError:
            return 0

    def register(self, user, phone, at, **options):
        return sipp.register((user, DOMAIN, self.users[user]), self.block.phone(phone), 5060, self.edge[at].proxy,
                             self.phones, **options)

    def caller(self, scenario, name, phone, at, callee, seconds=15, **options):
        return sipp.Sipp(scenario, self.block.phone(phone), 5060, self.phones, proxy=self.edge[at].proxy,
                         seconds=seconds, users=[(name, DOMAIN, self.users[name], callee)], **options)

    def callee(self, scenario, phone, seconds=15, **options):
        return sipp.Sipp(scenario, self.block.phone(phone), 5060, self.phones, seconds=seconds, **options)

    def call(self, caller, caller_phone, at, callee, callee_phone):
        sipp.pair(self.callee("uas_call", callee_phone, values={"ringing": 150}),
                  self.caller("uac_call", caller, caller_phone, at, callee))
