# SPDX-License-Identifier: GPL-2.0-or-later
"""A call between two raw phones, of which a test sends each message when it likes; and what such calls show, whatever
the script of the edges is written in."""
import re
import socket

from fake_edges import DOMAIN
from harness import process, rawphone, tap

# For Edges' change: tm forgets an answered INVITE after 200 ms in place of 5 s.
FORGETS = [('modparam("tm", "fr_timer", 30000)',
            'modparam("tm", "fr_timer", 30000)\nmodparam("tm", "wt_timer", 200)')]


def phone(f, user, number, at):
    """A phone that has registered."""
    one = rawphone.RawPhone(user, DOMAIN, f.users[user], f.block.phone(number), 5070, f.edge[at].proxy)
    tap.require(one.register().code == 200, "%s is not registered" % user)
    return one


class RawCall:
    """An INVITE of caller, with credentials, that has come to callee."""

    def __init__(self, name, caller, callee):
        self.name, self.caller, self.callee = name, caller, callee
        self.uri = "sip:%s@%s" % (callee.user, DOMAIN)
        self.ok, self.count = None, 0
        challenge = self._invite(1, [])
        self._send("ACK", self.uri, 1, "1", ["To: " + challenge.get("to")], caller)
        self._invite(2, [caller._answer_to(challenge, "INVITE", self.uri)], wait=False)
        self.invite = callee.receive_request("INVITE")

    def _send(self, method, uri, cseq, branch, headers, sender):
        sender.send("\n".join(
            ["%s %s SIP/2.0" % (method, uri),
             "Via: SIP/2.0/UDP %s:%d;branch=z9hG4bK%s%s;rport" % (sender.address, sender.port, self.name, branch),
             "From: <sip:%s@%s>;tag=%s" % (self.caller.user, DOMAIN, self.name), "Call-ID: " + self.name,
             "CSeq: %d %s" % (cseq, method), "Max-Forwards: 70", "Contact: " + sender.contact()] + headers +
            ["Content-Length: 0", "", ""]))

    def _invite(self, cseq, headers, wait=True):
        self._send("INVITE", self.uri, cseq, str(cseq), ["To: <%s>" % self.uri] + headers, self.caller)
        return self.caller._final("z9hG4bK%s%d" % (self.name, cseq), 5) if wait else None

    def answer(self):
        """Sends the callee's 200, once more if it has been sent, and returns what of it comes to the caller, whose NAT
        would let in nothing from elsewhere than the proxy."""
        self.callee.answer(self.invite, "200 OK", ["Contact: " + self.callee.contact()])
        came = self.caller._final("z9hG4bK%s2" % self.name, 2)
        tap.require(not came or came.source == self.caller.proxy, "it comes from %s:%d" % came.source if came else "")
        self.ok = self.ok or came
        return came

    def inside(self, method, sender=None, extra=()):
        """Sends a request of the caller inside the dialog, from another phone where sender says so, and returns how its
        Via can be told."""
        self.count += 1
        routes = [one.strip() for line in self.ok.all("record-route") for one in line.split(",")]
        branch = method + str(self.count)
        self._send(method, self.target(), 2 if method == "ACK" else 2 + self.count, branch,
                   ["Route: " + one for one in reversed(routes)] + ["To: " + self.ok.get("to")] + list(extra),
                   sender or self.caller)
        return "z9hG4bK%s%s" % (self.name, branch)

    def target(self):
        return re.search(r"<([^>]+)>", self.ok.get("contact")).group(1)

    def hang_up(self):
        branch = self.inside("BYE")
        self.callee.answer(self.callee.receive_request("BYE"), "200 OK")
        final = self.caller._final(branch, 3)
        tap.require(final and final.code == 200, final.first if final else "no answer to BYE")


def forgotten(f):
    """Waits until no edge has a transaction."""
    for one in f.edge.values():
        process.until(lambda one=one: "current: 0" in one.rpc("tm.stats")[1], 10, "tm has forgotten")


def late_answers(t, f, caller, callees):
    """A 200 that comes again when tm has forgotten its INVITE."""
    for what, callee in callees:
        call = RawCall("late" + callee.user, caller, callee)
        tap.require(call.answer(), "no 200 has come")
        forgotten(f)
        with t.fact("%s: a 200 that comes again when its INVITE is forgotten gets to the caller" % what):
            tap.require(call.answer(), "it does not")
        with t.fact("%s: and its ACK and BYE to the callee" % what):
            call.inside("ACK")
            tap.require(callee.receive_request("ACK", 3), "the ACK does not")
            call.hang_up()
    stray_answers(t, f, call)


def stray_answers(t, f, call):
    """Like them, but without this edge's token, to somebody who is no phone, and no 2xx."""
    record = call.invite.all("record-route")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as target:
        target.bind((f.block.phone(9), 0))
        target.settimeout(0.5)
        phone_via, other_via = ("SIP/2.0/UDP %s:%d;branch=z9hG4bKstray" % one
                                for one in ((call.caller.address, call.caller.port), target.getsockname()))
        cases = [("without a token", "200 OK", phone_via, [one.split(";p2p=")[0] + ">" for one in record], call.name),
                 ("with another call's token", "200 OK", phone_via, record, "another"),
                 ("that is no 2xx", "486 Busy Here", phone_via, record, call.name),
                 ("that leads to no phone", "200 OK", other_via, record, call.name),
                 ("with a token, to a phone", "200 OK", phone_via, record, call.name)]
        while call.caller.receive(0.1):
            pass
        for what, status, via, records, call_id in cases:
            call.callee.send("\n".join(
                ["SIP/2.0 " + status, "Via: SIP/2.0/UDP %s;branch=z9hG4bKforgotten" % call.callee.address, "Via: " + via] +
                ["Record-Route: " + one for one in records] +
                ["From: <sip:x@%s>;tag=1" % DOMAIN, "To: <sip:y@%s>;tag=2" % DOMAIN, "Call-ID: " + call_id,
                 "CSeq: 2 INVITE", "Content-Length: 0", "", ""]))
            came = call.caller.receive(1)
            if (status, via, records, call_id) == cases[-1][1:]:
                with t.fact("the answer to nothing " + what + ", gets there"):
                    tap.require(came, "it does not")
                    tap.require(came.source == call.caller.proxy, "it comes from %s:%d" % came.source)
                continue
            with t.fact("an answer to nothing %s is dropped" % what):
                tap.require(not came, "it is not")
                try:
                    raise process.Unexpected("this came: %r" % target.recv(65536))
                except socket.timeout:
                    pass


def moved_phone(t, f, caller, callee, number):
    """A phone whose address changes in a call with a phone at another edge."""
    call = RawCall("moved" + callee.user, caller, callee)
    tap.require(call.answer(), "no 200 has come")
    call.inside("ACK")
    tap.require(callee.receive_request("ACK", 3), "no ACK has come")
    moved = rawphone.RawPhone(caller.user, DOMAIN, f.users[caller.user], f.block.phone(number), 5070, f.edge[1].proxy)
    with t.fact("a phone whose address has changed in a call is asked for its password"):
        challenge = moved._final(call.inside("BYE", moved), 3)
        tap.require(challenge and challenge.code == 407, challenge.first if challenge else "no answer")
    with t.fact("with a wrong one it is asked again"):
        moved.password = "wrong"
        wrong = moved._final(call.inside("BYE", moved, [moved._answer_to(challenge, "BYE", call.target())]), 3)
        tap.require(wrong and wrong.code == 407, wrong.first if wrong else "no answer")
        tap.require(not callee.receive_request("BYE", 0.3), "the call has ended")
    with t.fact("with the right one it hangs up, and the callee is not told the credentials"):
        moved.password = f.users[caller.user]
        branch = call.inside("BYE", moved, [moved._answer_to(wrong, "BYE", call.target())])
        bye = callee.receive_request("BYE")
        tap.require(bye and not bye.all("proxy-authorization"), bye.text if bye else "no BYE has come")
        callee.answer(bye, "200 OK")
        final = moved._final(branch, 3)
        tap.require(final and final.code == 200, final.first if final else "no answer")
    moved.close()
