# SPDX-License-Identifier: GPL-2.0-or-later
"""The RELOAD messages of a capture, as tshark reads them, and the ways that they took."""
import collections

from . import capture

# Message codes (RFC 6940, 14.8): of requests; an answer is one more.
CODES = {"probe": 1, "attach": 3, "store": 7, "fetch": 9, "find": 13, "join": 15, "leave": 17, "update": 19,
         "route_query": 21, "ping": 23, "stat": 25, "config_update": 33, "app_attach": 29}
ERROR = 0xffff

Message = collections.namedtuple("Message", "frame stream source target transaction code via ttl")


def messages(path, keys):
    """All RELOAD messages in order; raises ValueError where tshark's fields do not fit together."""
    names = ["frame.number", "tcp.stream", "ip.src", "tcp.srcport", "ip.dst", "tcp.dstport",
             "reload.forwarding.trans_id", "reload.message.code", "reload.forwarding.via_list.length",
             "reload.forwarding.ttl"]
    found = []
    for row in capture.fields(path, "reload", names, capture.reload_options(keys) + ["-E", "occurrence=a"]):
        lists = [field.split(",") for field in row[6:10]]
        if len({len(one) for one in lists}) != 1:
            raise ValueError("frame %s: fields of RELOAD messages differ in number: %s" % (row[0], row[6:10]))
        for transaction, code, via, ttl in zip(*lists):
            found.append(Message(int(row[0]), int(row[1]), row[2] + ":" + row[3], row[4] + ":" + row[5],
                                 transaction, int(code, 0), int(via, 0), int(ttl, 0)))
    return found


def flaws(path, keys):
    """Frames that tshark calls malformed or has an expert error for, with what it says."""
    rows = capture.fields(path, "_ws.malformed || _ws.expert.severity == error",
                          ["frame.number", "_ws.col.Info", "_ws.expert.message"], capture.reload_options(keys))
    return ["frame %s: %s (%s)" % tuple((row + ["", "", ""])[:3]) for row in rows]


def undecoded(path, keys):
    """Frames of RELOAD links with TLS application data in which no RELOAD frame was found."""
    rows = capture.fields(
        path, "tcp.port == 6084 && tls.record.opaque_type == 23 && !tls.handshake && !tls.alert_message && "
        "!reload-framing && !tls.segment && !tcp.reassembled_in",
        ["frame.number", "_ws.col.Info"], capture.reload_options(keys))
    return ["frame %s: %s" % (row[0], row[-1]) for row in rows]


class Way:
    """One transaction: the links that its request crossed, in order, and those of its answer."""

    def __init__(self):
        self.request, self.answer, self.request_via, self.answer_code = [], [], 0, None

    def crossed(self):
        return len(self.request)

    def returned(self):
        """The answer went back over the very links of the request."""
        back = [(one.stream, one.target, one.source) for one in reversed(self.answer)]
        there = [(one.stream, one.source, one.target) for one in self.request]
        return bool(back) and back == there


def ways(all_messages, name):
    """The ways of all transactions of a kind ("store" ...) whose request and answer both went once each."""
    code = CODES[name]
    found = {}
    for one in all_messages:
        if one.code == code:
            way = found.setdefault(one.transaction, Way())
            way.request.append(one)
            way.request_via = max(way.request_via, one.via)
    for one in all_messages:
        if one.transaction in found and one.code != code:
            way = found[one.transaction]
            way.answer.append(one)
            way.answer_code = one.code
    return list(found.values())
