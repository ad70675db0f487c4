#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What another edge, or a phone, cannot make an edge do: a node of the overlay that writes its SIP by hand sends through
its flow what an honest edge would not."""
import os
import re
import socket
import threading
import time

from fake_edges import DOMAIN, Edges
from harness import process, rawphone, sipp, tap

NODE = "5e" * 16


class RogueEdge:
    """A node with a flow to an edge: datagrams of its Node-ID and one SIP message."""

    def __init__(self, f, at, node=NODE):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((f.block.edge(9), 0))
        self.node = node
        self.to = (f.edge[at].address, 6085)
        with open(os.path.join(f.store, ".nodes", node), "w", encoding="ascii") as file:
            file.write("%s:%d" % self.socket.getsockname())
        self.count = 0

    def send(self, text):
        self.socket.sendto(bytes.fromhex(self.node) + text.replace("\n", "\r\n").encode(), self.to)

    def receive(self, timeout=3):
        self.socket.settimeout(timeout)
        try:
            data, source = self.socket.recvfrom(65536)
        except socket.timeout:
            return None
        return rawphone.Message(data[16:], source)

    def receive_request(self, method, timeout=5):
        """The next request of this method, or None."""
        end = time.monotonic() + timeout
        while True:
            message = self.receive(max(0.01, end - time.monotonic()))
            if message is None or message.method == method:
                return message

    def answer(self, request, status, headers=()):
        lines = ["SIP/2.0 " + status]
        lines += ["%s: %s" % (name.title(), value) for name, value in request.headers
                  if name in ("via", "record-route", "from", "call-id", "cseq")]
        lines.append("To: %s%s" % (request.get("to"), "" if ";tag=" in request.get("to") else ";tag=rogue"))
        self.send("\n".join(lines + list(headers) + ["Content-Length: 0", "", ""]))

    def ask(self, method, uri, headers=(), to_tag="", caller="mallory", timeout=3):
        """Sends a request and returns its final answer, or None."""
        self.count += 1
        branch = "z9hG4bKrogue%s%d" % (self.node[:4], self.count)
        self.send("\n".join(
            ["%s %s SIP/2.0" % (method, uri), "Via: SIP/2.0/TLS %s.%s;branch=%s" % (self.node, DOMAIN, branch),
             "From: <sip:%s@%s>;tag=r" % (caller, DOMAIN), "To: <%s>%s" % (uri, to_tag),
             "Call-ID: rogue-%s-%d" % (self.node[:4], self.count), "CSeq: 1 " + method, "Max-Forwards: 20",
             "Contact: <sip:x@192.0.2.7>"] + list(headers) + ["Content-Length: 0", "", ""]))
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            answer = self.receive(max(0.01, end - time.monotonic()))
            if answer and answer.code and answer.code >= 200 and branch in answer.get("via"):
                return answer
        return None


def refused(t, what, answer, *codes):
    with t.fact(what):
        tap.require(answer is not None and answer.code in codes, answer.first if answer else "no answer")


def no_way_through(t, f, rogue):
    other = "%032x.%s" % (f.edge[2].id, DOMAIN)
    own = "%032x.%s" % (f.edge[1].id, DOMAIN)
    cached = f.edge[1].status("cached_lookups")
    refused(t, "an AOR that is not registered at this edge: 404", rogue.ask("OPTIONS", "sip:bob@" + DOMAIN), 404)
    with t.fact("and the overlay has not been asked for the caller"):
        tap.require(f.edge[1].status("cached_lookups") == cached, "it was")
    refused(t, "a domain outside the overlay: 403", rogue.ask("OPTIONS", "sip:bob@example.com"), 403)
    refused(t, "an address: 403", rogue.ask("OPTIONS", "sip:bob@192.0.2.1"), 403)
    refused(t, "REGISTER: 403", rogue.ask("REGISTER", "sip:" + DOMAIN), 403)
    refused(t, "a Route to another edge is not followed",
            rogue.ask("OPTIONS", "sip:nobody@" + DOMAIN, ["Route: <sip:%s;lr>" % other]), 404)
    tag = ";tag=made-up"
    for what, uri, route in (
            ("to an address", "sip:x@192.0.2.1", "<sip:%s;lr>" % own),
            ("to another edge by Route", "sip:x@192.0.2.1", "<sip:%s;lr>, <sip:%s;lr>" % (own, other)),
            ("to another edge's flow", "sip:x@127.64.0.1:5091", "<sip:%s;lr>" % own),
            ("to a flow by alias", "sip:x@192.0.2.1;alias=127.64.0.1~5091~1", "<sip:%s;lr>" % own),
            ("by DNS", "sip:x@example.com", "<sip:%s;lr>" % own)):
        refused(t, "a dialog that is none, %s: 403" % what,
                rogue.ask("BYE", uri, ["Route: " + route], to_tag=tag), 403)
    refused(t, "a dialog that is none, without Route: 481", rogue.ask("BYE", "sip:x@192.0.2.1", to_tag=tag), 481)


class Dialog:
    """A call of the rogue, which thus knows the Record-Route of its dialog."""

    def __init__(self, rogue, call_id):
        self.rogue = rogue
        self.cseq = 0
        self.common = ["From: <sip:mallory@%s>;tag=r" % DOMAIN, "Call-ID: " + call_id, "Max-Forwards: 20"]
        self.contact = self.to = self.route = self.via = None

    def request(self, method, uri, to, extra=()):
        self.cseq += method != "ACK"
        self.rogue.send("\n".join(
            ["%s %s SIP/2.0" % (method, uri),
             "Via: SIP/2.0/TLS %s.%s;branch=z9hG4bK%s%s%d" % (NODE, DOMAIN, self.common[1][-4:], method, self.cseq)] +
            self.common + ["To: " + to, "CSeq: %d %s" % (self.cseq, method), "Contact: <sip:x@192.0.2.7>"] +
            list(extra) + ["Content-Length: 0", "", ""]))

    def final(self, method):
        while True:
            message = self.rogue.receive(4)
            if message is None or (message.code and message.code >= 200 and method in message.get("cseq")):
                return message

    def invite(self, user):
        self.request("INVITE", "sip:%s@%s" % (user, DOMAIN), "<sip:%s@%s>" % (user, DOMAIN))

    def accepted(self, answer=None):
        answer = answer or self.final("INVITE")
        tap.require(answer and answer.code == 200, answer.first if answer else "no answer to the rogue's INVITE")
        self.via = answer.get("via")
        self.route = "Route: " + ", ".join(reversed([r.strip() for line in answer.all("record-route")
                                                     for r in line.split(",")]))
        self.to = answer.get("to")
        self.contact = re.search(r"<([^>]+)>", answer.get("contact")).group(1)
        self.request("ACK", self.contact, self.to, [self.route])

    def inside(self, method, uri, route=None):
        self.request(method, uri, self.to, [route or self.route])
        return self.final(method)


def from_a_dialog(t, f, rogue):
    callee = f.callee("uas_call", 1, seconds=20, values={"ringing": 10})
    dialog = Dialog(rogue, "rogue-dialog")
    dialog.invite("alice")
    dialog.accepted()
    contact = dialog.contact
    process.until(lambda: "ACK sip:" in callee.messages(), 4, "the phone has its ACK")
    for what, uri, route in (
            ("to another edge by Route", contact, dialog.route + ", <sip:%032x.%s;lr>" % (f.edge[2].id, DOMAIN)),
            ("to a flow", "sip:x@127.64.0.1:5091", None),
            ("to a flow by alias", contact + ";alias=127.64.0.1~5091~1", None),
            ("to a flow by alias beside user=phone", contact + ";alias=127.64.0.1~5091~1;user=phone", None),
            ("to a flow by the second of two aliases",
             contact + ";Alias=192.0.2.1~5091~1;alias=127.64.0.1~5091~1", None),
            ("to an address where no phone is", "sip:x@%s:5060" % f.block.phone(8), None),
            ("to such an address by alias", contact + ";alias=%s~5060~1" % f.block.phone(8), None),
            ("by DNS", "sip:x@example.com", None)):
        refused(t, "a request in a dialog of its own, %s: 403" % what, dialog.inside("INFO", uri, route), 403)
    with t.fact("an answer to nothing, in the dialog, is not sent on to a flow"):
        rogue.send("\n".join(
            ["SIP/2.0 200 OK", "Via: SIP/2.0/TLS %032x.%s:5060;branch=z9hG4bKstray" % (f.edge[1].id, DOMAIN),
             "Via: " + dialog.via.replace("TLS", "UDP"), "Record-" + dialog.route, "To: " + dialog.to, "CSeq: 1 INVITE"] + dialog.common +
            ["Content-Length: 0", "", ""]))
        stray = rogue.receive(1)
        tap.require(not stray, stray and stray.text)
    with t.fact("the same dialog works for what it is meant for"):
        answer = dialog.inside("BYE", contact)
        tap.require(answer and answer.code == 200, answer.first if answer else "no answer")
        callee.wait(5)


def elsewhere(t, f, rogue):
    """A phone whose contact in the call is at another address than the one that it has registered."""
    phone = rawphone.RawPhone("carol", DOMAIN, f.users["carol"], f.block.phone(5), 5070, f.edge[1].proxy)
    line = rawphone.RawPhone("carol", DOMAIN, "", f.block.phone(6), 5070, f.edge[1].proxy)
    phone.register()
    dialog = Dialog(rogue, "elsewhere")
    dialog.invite("carol")
    with t.fact("requests in a dialog reach the contact that the phone has answered with"):
        phone.answer(phone.receive_request("INVITE"), "200 OK", ["Contact: " + line.contact()])
        dialog.accepted()
        tap.require(line.receive_request("ACK"), "the ACK has not come")
        dialog.request("BYE", dialog.contact, dialog.to, [dialog.route])
        line.answer(line.receive_request("BYE"), "200 OK")
        answer = dialog.final("BYE")
        tap.require(answer and answer.code == 200, answer.first if answer else "no answer")
    phone.close()
    line.close()


def nothing_comes(receiver):
    receiver.settimeout(1)
    try:
        data = receiver.recv(65536)
    except socket.timeout:
        return
    raise process.Unexpected("this came: " + data.decode(errors="replace"))


def stray_answer(t, f, rogue):
    """An answer to no request of the edge, which names in its second Via where it would like to go."""
    stranger = rawphone.RawPhone("stranger", DOMAIN, "", f.block.phone(9), 5070, f.edge[1].proxy)
    for what, send, via in (("over a flow", rogue.send, "TLS %032x.%s:5060" % (f.edge[1].id, DOMAIN)),
                            ("from anybody to the phones' socket", stranger.send, "UDP " + f.edge[1].proxy)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as target:
            target.bind((f.block.phone(8), 0))
            send("\n".join(
                ["SIP/2.0 200 OK", "Via: SIP/2.0/%s;branch=z9hG4bKstray" % via,
                 "Via: SIP/2.0/UDP %s:%d;branch=z9hG4bKtarget" % target.getsockname(),
                 "From: <sip:mallory@%s>;tag=r" % DOMAIN, "To: <sip:alice@%s>;tag=s" % DOMAIN, "Call-ID: stray",
                 "CSeq: 1 INVITE", "Content-Length: 0", "", ""]))
            with t.fact("an answer to nothing, %s, is not sent on to where its second Via says" % what):
                nothing_comes(target)
    stranger.close()


def stranger_in_a_dialog(t, f, rogue):
    """A host that is no phone, to which somebody who took part in a call has told that call's Route: it reaches a phone
    with it, as another server does in a call of ours with it, and nobody else."""
    phone = rawphone.RawPhone("carol", DOMAIN, f.users["carol"], f.block.phone(5), 5070, f.edge[1].proxy)
    stranger = rawphone.RawPhone("stranger", DOMAIN, "", f.block.phone(9), 5070, f.edge[1].proxy)
    phone.register()
    dialog = Dialog(rogue, "told-to-a-stranger")
    dialog.invite("carol")
    phone.answer(phone.receive_request("INVITE"), "200 OK", ["Contact: " + phone.contact()])
    dialog.accepted()
    phone.receive_request("ACK")

    def inside(method, uri, route=dialog.route, timeout=2):
        return stranger.request(method, uri, [route], to=uri + ">;tag=raw;x=<x", call_id="told-to-a-stranger",
                                timeout=timeout)

    def reaches_the_phone(method):
        inside(method, phone.contact()[1:-1], timeout=0.1)
        phone.answer(phone.receive_request(method), "200 OK")
        answer = stranger.receive()
        tap.require(answer and answer.code == 200, answer.first if answer else "no answer")

    with t.fact("a stranger in another's dialog reaches its phone"):
        reaches_the_phone("NOTIFY")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as target:
        target.bind((f.block.phone(9), 0))
        uri = "sip:x@%s:%d" % target.getsockname()
        refused(t, "a stranger in another's dialog, to an address where no phone is: 407", inside("INFO", uri), 407)
        with t.fact("nothing comes there"):
            nothing_comes(target)
        refused(t, "and the address is not taken for a phone's from then on", dialog.inside("INFO", uri), 403)
    refused(t, "a stranger in another's dialog, by DNS: 407", inside("INFO", "sip:x@example.com"), 407)
    known = f.edge[1].status("known_nodes")
    refused(t, "the same to a node: 407",
            inside("INFO", phone.contact()[1:-1], dialog.route + ", <sip:%s.%s;lr>" % ("7d" * 16, DOMAIN)), 407)
    stranger.domain = "example.com"
    refused(t, "and where From is of another domain: 403", inside("INFO", "sip:x@example.com"), 403)
    stranger.domain = DOMAIN
    with t.fact("and that node is not asked for"):
        tap.require(f.edge[1].status("known_nodes") == known, "it was")
    with t.fact("the phone can be hung up on all the same"):
        reaches_the_phone("BYE")
    phone.close()
    stranger.close()


def identity(t, f, rogue):
    for what, caller, asserted in (("a From AOR of another edge", "bob", False),
                                   ("a From AOR that nobody registered", "nobody", False)):
        with t.fact(what + ": no asserted identity"):
            callee = f.callee("uas_options", 1)
            answer = rogue.ask("OPTIONS", "sip:alice@" + DOMAIN, ["P-Asserted-Identity: <sip:bob@%s>" % DOMAIN],
                               caller=caller)
            tap.require(answer and answer.code == 200, answer.first if answer else "no answer")
            callee.wait(5)
            tap.require(("P-Asserted-Identity" in callee.messages()) == asserted, "the phone was told an identity")
    with t.fact("where the record names the sending node the phone is told who calls"):
        os.makedirs(os.path.join(f.store, "mallory@" + DOMAIN))
        open(os.path.join(f.store, "mallory@" + DOMAIN, NODE), "w", encoding="ascii").close()
        callee = f.callee("uas_options", 1)
        rogue.ask("OPTIONS", "sip:alice@" + DOMAIN, caller="mallory")
        callee.wait(5)
        tap.require("P-Asserted-Identity: <sip:mallory@%s>" % DOMAIN in callee.messages(), "it was not")
    with t.fact("where it names that node only by way of another AOR, to which it forwards: no asserted identity"):
        os.makedirs(os.path.join(f.store, "forwarder@" + DOMAIN))
        with open(os.path.join(f.store, "forwarder@" + DOMAIN, NODE), "w", encoding="ascii") as file:
            file.write("forwarded")
        callee = f.callee("uas_options", 1)
        rogue.ask("OPTIONS", "sip:alice@" + DOMAIN, caller="forwarder")
        callee.wait(5)
        tap.require("P-Asserted-Identity" not in callee.messages(), "the phone was told an identity")


ASSERTED = ["%s: <sip:bob@%s>" % (name, DOMAIN)
            for name in ("P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID")]


def unasserted(message):
    tap.require(message, "it has not come")
    tap.require("sip:bob@" not in message.text, "it came with an identity:\n" + message.text)


def identity_inside(t, f, rogue):
    phone = rawphone.RawPhone("carol", DOMAIN, f.users["carol"], f.block.phone(5), 5070, f.edge[1].proxy)
    phone.register()
    dialog = Dialog(rogue, "asserting")
    dialog.invite("carol")
    invite = phone.receive_request("INVITE")
    phone.answer(invite, "200 OK", ["Contact: " + phone.contact()] + ASSERTED)
    with t.fact("an identity that a phone's answer asserts is not passed on"):
        answer = dialog.final("INVITE")
        unasserted(answer)
    dialog.accepted(answer)
    phone.receive_request("ACK")
    with t.fact("one that another edge asserts in a dialog neither"):
        dialog.request("INFO", dialog.contact, dialog.to, [dialog.route] + ASSERTED)
        info = phone.receive_request("INFO")
        phone.answer(info, "200 OK")
        unasserted(info)
    with t.fact("nor one that a phone asserts in a dialog"):
        phone.send("\n".join(
            ["BYE sip:x@192.0.2.7 SIP/2.0", "Via: SIP/2.0/UDP %s:5070;branch=z9hG4bKasserting" % f.block.phone(5)] +
            ["Route: " + route for route in invite.all("record-route")] +
            ["Route: <sip:%s.%s;lr>" % (NODE, DOMAIN)] + ASSERTED +
            ["From: " + dialog.to, "To: " + invite.get("from"), "Call-ID: asserting", "CSeq: 1 BYE", "Max-Forwards: 70",
             "Content-Length: 0", "", ""]))
        bye = rogue.receive_request("BYE")
        unasserted(bye)
        rogue.answer(bye, "200 OK")
    for method, status in (("OPTIONS", "200 OK"), ("INVITE", "486 Busy Here")):
        with t.fact("nor one that another edge's answer asserts: %s" % status):
            node = threading.Thread(target=lambda: rogue.answer(rogue.receive_request(method), status, ASSERTED))
            node.start()
            answer = phone.request(method, "sip:mallory@" + DOMAIN)
            node.join()
            unasserted(answer)
            tap.require(answer.first == "SIP/2.0 " + status, answer.first)
    phone.close()


def many_identities(t, f, rogue):
    """The overlay is slow to say who may speak for whom, and another edge has a new one each time."""
    phone = rawphone.RawPhone("carol", DOMAIN, f.users["carol"], f.block.phone(5), 5070, f.edge[1].proxy)
    phone.register()
    f.fault(1, "mute")
    for number in range(300):
        rogue.send("\n".join(
            ["OPTIONS sip:carol@%s SIP/2.0" % DOMAIN, "Via: SIP/2.0/TLS %s.%s;branch=z9hG4bKmany%d" % (NODE, DOMAIN, number),
             "From: <sip:many%d@%s>;tag=r" % (number, DOMAIN), "To: <sip:carol@%s>" % DOMAIN, "Call-ID: many-%d" % number,
             "CSeq: 1 OPTIONS", "Max-Forwards: 20", "Content-Length: 0", "", ""]))
        if number % 20 == 19:
            time.sleep(0.02)
    with t.fact("a quarter of the lookups is for who calls from elsewhere; the others of them ring with no name"):
        process.until(lambda: f.edge[1].status("requests") == "256", 3, "256 are asked for")
        for _ in range(300 - 256):
            tap.require(phone.receive_request("OPTIONS", 2), "it has not come")
        tap.require(f.edge[1].status("requests") == "256", f.edge[1].status("requests"))
    f.fault(1, "mute", False)
    phone.close()


def phone_in_a_dialog(t, f):
    """A phone that makes up a dialog, to reach what it may not reach outside of one."""
    other = "%032x.%s" % (f.edge[2].id, DOMAIN)
    for what, route in (("another edge's name", "<sip:%s;lr>" % other),
                        ("this edge's and another edge's name",
                         "<sip:%s;lr;r2=on>, <sip:%032x.%s;lr;r2=on>, <sip:%s;lr>" % (
                             f.edge[1].proxy, f.edge[1].id, DOMAIN, other)),
                        ("a server elsewhere", "<sip:192.0.2.1;lr>")):
        with t.fact("a phone's made-up dialog with a Route to %s: 403" % what):
            one = rawphone.RawPhone("alice", DOMAIN, f.users["alice"], f.block.phone(7), 5070, f.edge[1].proxy)
            uri = "sip:bob@192.0.2.1"
            answer = one.request("BYE", uri, ["Route: " + route], to=uri + ">;tag=made-up;x=<x", timeout=4)
            one.close()
            tap.require(answer and answer.code == 403, answer.first if answer else "no answer")


def main():
    with tap.run(100) as t:
        f = Edges("module-rogue", 2)
        f.start()
        f.register("alice", 1, 1)
        f.register("bob", 2, 2)
        sipp.pair(f.callee("uas_call", 2), f.caller("uac_call", "alice", 1, 1, "bob"))
        rogue = RogueEdge(f, 1)
        no_way_through(t, f, rogue)
        from_a_dialog(t, f, rogue)
        elsewhere(t, f, rogue)
        stranger_in_a_dialog(t, f, rogue)
        stray_answer(t, f, rogue)
        identity(t, f, rogue)
        identity_inside(t, f, rogue)
        phone_in_a_dialog(t, f)
        many_identities(t, f, rogue)


if __name__ == "__main__":
    main()
