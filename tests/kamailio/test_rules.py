#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may do what: what phones must not write into requests, and what reaches others all the same."""
import os
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import fixture, overlay, rawphone, sipp, tap  # noqa: E402

DOMAIN = fixture.DOMAIN


class Phones:
    def __init__(self, f):
        self.f = f

    def ask(self, method, uri, headers=(), name="alice", sender=None, password=None):
        one = rawphone.RawPhone(name, DOMAIN, password or self.f.users[name], self.f.phone(1), 5070, self.f.proxy(1))
        try:
            return one.request(method, uri, headers, sender=sender, timeout=8)
        finally:
            one.close()

    def refused(self, t, what, code, *arguments, **options):
        with t.fact(what):
            answer = self.ask(*arguments, **options)
            tap.require(answer and answer.code == code, "the answer was: %s" % (answer.first if answer else "none"))


def addresses(t, f, phones):
    flow = f.edges[1].flow_address(f.edges[2])
    bob = "sip:bob@" + DOMAIN
    phones.refused(t, "a flow's loopback address as Request-URI: 403", 403, "INVITE", "sip:bob@%s:%d" % flow)
    phones.refused(t, "the same in MESSAGE: 403", 403, "MESSAGE", "sip:bob@%s:%d" % flow)
    phones.refused(t, "a flow's loopback address in Route: 403", 403, "INVITE", bob,
                   ["Route: <sip:%s:%d;lr>" % flow])
    phones.refused(t, "another edge's name in a preloaded Route: 403", 403, "INVITE", bob,
                   ["Route: <sip:%032x.%s;lr>" % (f.edges[2].id, overlay.NAME)])
    phones.refused(t, "a flow's loopback address as Contact of a REGISTER: 403", 403, "REGISTER", "sip:" + DOMAIN,
                   ["Contact: <sip:alice@%s:%d>" % flow, "Expires: 600"])
    phones.refused(t, "another's AOR in From: 403", 403, "INVITE", bob, sender="sip:erin@" + DOMAIN)
    phones.refused(t, "a wrong password: 403 or 407", 407, "INVITE", bob, password="wrong")


def socket_of_the_overlay(t, f):
    with t.fact("what another local process sends to the overlay socket gets no answer"):
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.bind((f.phone(9), 5060))
        text = ("OPTIONS sip:alice@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bKlocal\r\nFrom: <sip:x@y>;tag=1\r\n"
                "To: <sip:alice@%s>\r\nCall-ID: local\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
                % (DOMAIN, f.phone(9), DOMAIN))
        one.sendto(text.encode(), f.edges[1].overlay_socket)
        one.settimeout(1.5)
        try:
            answer = one.recv(4096)
        except socket.timeout:
            answer = b""
        one.close()
        tap.require(not answer, "it was answered:\n" + answer.decode(errors="replace"))


def outside(t, f):
    with t.fact("a domain outside the overlay is relayed for an authenticated phone"):
        sipp.pair(f.callee("uas_options", 20),
                  sipp.Sipp("uac_options_elsewhere", f.phone(1), 5060, f.phones, proxy=f.proxy(1), seconds=10,
                            users=[f.user("alice") + ("somebody", f.phone(20))]))


def identity(t, f):
    with t.fact("a call across the overlay: the caller's identity is asserted to the callee"):
        callee = f.callee("uas_call", 2)
        sipp.pair(callee, f.caller("uac_call", "alice", 1, 1, "bob"))
        tap.require("P-Asserted-Identity: <sip:alice@%s>" % DOMAIN in callee.messages(),
                    "no P-Asserted-Identity of alice in what bob's phone received")


def asserted_by_a_phone(t, f, phones):
    with t.fact("who a phone says that it is, beside From, does not reach the callee"):
        callee = f.callee("uas_options", 2)
        answer = phones.ask("OPTIONS", "sip:bob@" + DOMAIN,
                            ["P-Asserted-Identity: <sip:boss@%s>" % DOMAIN, "P-Preferred-Identity: <sip:boss@%s>" % DOMAIN,
                             "Remote-Party-ID: <sip:boss@%s>;party=calling" % DOMAIN])
        callee.wait(10)
        tap.require(answer and answer.code == 200, "no 200 to OPTIONS")
        tap.require("boss" not in callee.messages(), "bob's phone was told of the boss")


def hops(t, phones):
    bob = "sip:bob@" + DOMAIN
    phones.refused(t, "no hop left at the first edge: 483", 483, "OPTIONS", bob, ["Max-Forwards: 0"])
    phones.refused(t, "no hop left at the second edge, as in a loop: 483", 483, "OPTIONS", bob, ["Max-Forwards: 1"])


def main():
    with tap.run(120) as t:
        f = fixture.Small("rules", {1: ("alice", "erin"), 2: ("bob",)})
        f.start()
        f.register("alice", 1, 1)
        f.register("bob", 2, 2)
        identity(t, f)
        asserted_by_a_phone(t, f, Phones(f))
        hops(t, Phones(f))
        addresses(t, f, Phones(f))
        socket_of_the_overlay(t, f)
        outside(t, f)


if __name__ == "__main__":
    main()
