# SPDX-License-Identifier: GPL-2.0-or-later
"""A small overlay for one test program: two peers and some edges, phones' addresses, and the calls between them."""
import os

from . import BUILD, edge, net, overlay, sipp
from .process import until  # noqa: F401

DOMAIN = overlay.NAME


class Small:
    """served: edge number -> names of the users that it holds certificates for; the password of each is NAME-secret.
    others: further subscribers, without a certificate; create, cert: as of overlay.Overlay."""

    def __init__(self, name, served, others=(), peers=2, ipv6=False, create=(), cert=(), **edge_options):
        self.block = net.Block()
        self.directory = os.path.join(BUILD, name)
        self.phones = os.path.join(self.directory, "phones")
        self.over = overlay.Overlay(self.directory, self.block, ipv6=ipv6, create=create, cert=cert)
        self.users = {user: user + "-secret" for users in served.values() for user in users}
        self.users.update((user, user + "-secret") for user in others)
        self.peers, self.edges = {}, {}
        for number in range(1, peers + 1):
            directory, _ = self.over.node("peer%d" % number)
            self.peers[number] = overlay.Peer(self.over, number, directory)
        for number, users in served.items():
            directory, _ = self.over.node("edge%d" % number)
            self.over.users(directory, *("%s@%s" % (user, DOMAIN) for user in users))
            self.edges[number] = edge.Edge(self.over, number, directory, self.users, **edge_options)

    def nodes(self):
        return list(self.peers.values()) + list(self.edges.values())

    def start(self, joined=30):
        for number, one in self.peers.items():
            one.start(first=number == 1)
        for one in self.edges.values():
            one.start()
        for one in self.nodes():
            one.joined(joined)
        return self

    def phone(self, number):
        return self.block.phone(number)

    def user(self, name, password=None):
        return (name, DOMAIN, password or self.users[name])

    def proxy(self, number):
        return self.edges[number].proxy

    def register(self, name, phone, at, password=None, port=5060, **options):
        return sipp.register(self.user(name, password), self.phone(phone), port, self.proxy(at), self.phones, **options)

    def caller(self, scenario, name, phone, at, callee, seconds=15, port=5060, **options):
        return sipp.Sipp(scenario, self.phone(phone), port, self.phones, proxy=self.proxy(at), seconds=seconds,
                         users=[self.user(name) + (callee,)], **options)

    def callee(self, scenario, phone, seconds=15, port=5060, **options):
        return sipp.Sipp(scenario, self.phone(phone), port, self.phones, seconds=seconds, **options)

    def refused(self, name, phone, at, callee, code, seconds=10, **options):
        self.caller("uac_refused", name, phone, at, callee, values={"final": code}, seconds=seconds, **options).wait()
