# SPDX-License-Identifier: GPL-2.0-or-later
"""A node of the overlay with a p2psip-peer of its own, whose Kamailio is the test: what it sends over flows is for the
test to say."""
import os
import socket
import struct
import threading

from harness import BUILD, edge, net, overlay, process

# modules/p2psip/proto/protocol.h
HEADER = struct.Struct("=HHHHII")
RESOLVE, FLOW_KNOWN, LEAVE, STATE, FLOW, EDGES = 4, 5, 7, 8, 9, 11
VERSION, NODE_ID_LEN, AOR_MAX = 2, 16, 256


class RogueNode:
    """Number `number` among the edges of fixture f."""

    def __init__(self, f, number):
        self.name = "rogue%d" % number
        directory, node = f.over.node(self.name)
        self.host = "%032x.%s" % (node, overlay.NAME)
        address = f.block.edge(number)
        self.port = edge.LOOPBACK_PORT + 20 * (f.block.second - net.FIRST) + number
        self.sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sip.bind((address, edge.OVERLAY_SOCKET_PORT))
        self.broker, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.is_joined, self.address, self.resolved = threading.Event(), None, threading.Event()
        self.process = process.Process(
            self.name, [os.path.join(BUILD, "p2psip-peer"), "--broker-fd", theirs.fileno(), "--document", f.over.document,
                        "--dir", directory, "--listen", f.over.listen(address, net.RELOAD_PORT),
                        "--flow-listen", f.over.listen(address, edge.FLOW_PORT), "--flow-port", self.port,
                        "--sip-socket", "%s:%d" % self.sip.getsockname()],
            os.path.join(f.directory, self.name), keep=(theirs.fileno(),))
        theirs.close()
        threading.Thread(target=self._frames, daemon=True).start()

    def _tell(self, kind, body=b"", status=0):
        self.broker.send(HEADER.pack(VERSION, kind, status, 0, 1 if kind == RESOLVE else 0, HEADER.size + len(body)) + body)

    def _frames(self):
        while True:
            data = self.broker.recv(65536)
            if not data:
                return
            kind, body = HEADER.unpack_from(data)[1], data[HEADER.size:]
            if kind == STATE and struct.unpack_from("=I", body, NODE_ID_LEN)[0]:
                self.is_joined.set()
            elif kind == FLOW:
                self._tell(FLOW_KNOWN, body[:NODE_ID_LEN], struct.unpack_from("=H", body, NODE_ID_LEN + 6)[0])
            elif kind == EDGES:
                self.address = socket.inet_ntoa(body[8 + AOR_MAX + 2 * NODE_ID_LEN:][:4])
                self.resolved.set()

    def reach(self, at):
        """Waits until it has joined and knows the address of edge at, where send() sends from now on."""
        if not self.is_joined.wait(30):
            raise process.Unexpected("%s has not joined (log: %s)" % (self.name, self.process.log))
        self._tell(RESOLVE, at.id.to_bytes(NODE_ID_LEN, "big"))
        if not self.resolved.wait(5):
            raise process.Unexpected("%s knows no address of %s" % (self.name, at.name))
        return self

    def send(self, method, uri, number, caller, body=""):
        """A request outside dialogs, with branch, Call-ID and tag of that number."""
        text = "\n".join(
            ["%s %s SIP/2.0" % (method, uri), "Via: SIP/2.0/UDP %s;branch=z9hG4bK%s%d" % (self.host, self.name, number),
             "From: <sip:%s@%s>;tag=%d" % (caller, overlay.NAME, number), "To: <%s>" % uri,
             "Call-ID: %s-%d" % (self.name, number), "CSeq: 1 " + method, "Max-Forwards: 20",
             "Contact: <sip:x@%s>" % self.host, "Content-Length: %d" % len(body), "", ""])
        self.sip.sendto(text.replace("\n", "\r\n").encode() + body.encode(), (self.address, self.port))
