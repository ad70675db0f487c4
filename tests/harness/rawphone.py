# SPDX-License-Identifier: GPL-2.0-or-later
"""A phone that writes its SIP by hand, for what well-behaved phones do not send."""
import hashlib
import itertools
import re
import socket
import ssl
import time

from . import process

_numbers = itertools.count(1)


class Message:
    """A received SIP message."""

    def __init__(self, data, source):
        head, _, self.body = data.decode(errors="replace").partition("\r\n\r\n")
        self.text = head
        self.source = source
        lines = head.split("\r\n")
        self.first = lines[0]
        self.headers = [(name.strip().lower(), value.strip())
                        for name, _, value in (line.partition(":") for line in lines[1:])]
        self.code = int(self.first.split()[1]) if self.first.startswith("SIP/2.0 ") else None
        self.method = None if self.code else self.first.split()[0]

    def all(self, name):
        return [value for key, value in self.headers if key == name.lower()]

    def get(self, name, default=""):
        return (self.all(name) or [default])[0]


class RawPhone:
    """user@domain on a UDP socket of its own."""

    def __init__(self, user, domain, password, address, port, proxy):
        self.user, self.domain, self.password = user, domain, password
        self.address, self.port = address, port
        host, _, number = proxy.partition(":")
        self.proxy = (host, int(number or 5060))
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, port))

    def close(self):
        self.socket.close()

    def send(self, text, to=None):
        self.socket.sendto(text.replace("\n", "\r\n").encode(), to or self.proxy)

    def receive(self, timeout=5):
        self.socket.settimeout(timeout)
        try:
            return Message(*self.socket.recvfrom(65536))
        except socket.timeout:
            return None

    def receive_request(self, method, timeout=5):
        """The next request of this method, or None."""
        end = time.monotonic() + timeout
        while True:
            message = self.receive(max(0.01, end - time.monotonic()))
            if message is None or message.method == method:
                return message

    def answer(self, request, status, headers=()):
        """Answers a request where it came from."""
        if request is None:
            raise process.Unexpected("no request to answer")
        lines = ["SIP/2.0 " + status]
        for name, value in request.headers:
            if name in ("via", "record-route", "from", "call-id", "cseq"):
                lines.append("%s: %s" % (name.title(), value))
        lines.append("To: %s%s" % (request.get("to"), "" if ";tag=" in request.get("to") else ";tag=raw"))
        self.send("\n".join(lines + list(headers) + ["Content-Length: 0", "", ""]), request.source)

    def contact(self):
        return "<sip:%s@%s:%d>" % (self.user, self.address, self.port)

    def request(self, method, uri, headers=(), body="", to=None, sender=None, timeout=5, call_id=None, dest=None):
        """Sends a request outside dialogs, answers one challenge, ACKs a negative final answer to an INVITE, and
        returns the final answer, or None if none came. headers: further lines, Contact and Max-Forwards in place of
        its own; to, sender: URIs other than uri and its own."""
        own = "sip:%s@%s" % (self.user, self.domain)
        call_id = call_id or "raw-%d-%s@%s" % (next(_numbers), self.port, self.address)
        lines = list(headers)
        authorization = []
        for cseq in (1, 2):
            branch = "z9hG4bKraw%d" % next(_numbers)
            common = ["Via: SIP/2.0/UDP %s:%d;branch=%s;rport" % (self.address, self.port, branch),
                      "From: <%s>;tag=raw%s" % (sender or own, self.port), "To: <%s>" % (to or uri),
                      "Call-ID: " + call_id, "CSeq: %d %s" % (cseq, method)]
            if not any(line.lower().startswith("max-forwards:") for line in lines):
                common.append("Max-Forwards: 70")
            text = ["%s %s SIP/2.0" % (method, uri)] + common + ["Contact: " + self.contact()] \
                if not any(line.lower().startswith("contact:") for line in lines) else \
                ["%s %s SIP/2.0" % (method, uri)] + common
            self.send("\n".join(text + lines + authorization + ["Content-Length: %d" % len(body), "", body]), dest)
            answer = self._final(branch, timeout)
            if answer and method == "INVITE" and answer.code >= 300:
                ack = ["ACK %s SIP/2.0" % uri, common[0], common[1], "To: " + answer.get("to"), common[3],
                       "CSeq: %d ACK" % cseq, "Max-Forwards: 70", "Content-Length: 0", "", ""]
                self.send("\n".join(ack), dest)
            if not answer or answer.code not in (401, 407) or cseq == 2:
                return answer
            authorization = [self._answer_to(answer, method, uri)]
        return None

    def flood(self, method, uris):
        """Sends a request to each URI, with credentials, and waits for no answer."""
        def send(uri, number, extra):
            self.send("\n".join(
                ["%s %s SIP/2.0" % (method, uri),
                 "Via: SIP/2.0/UDP %s:%d;branch=z9hG4bKraw%d;rport" % (self.address, self.port, number),
                 "From: <sip:%s@%s>;tag=raw%s" % (self.user, self.domain, self.port), "To: <%s>" % uri,
                 "Call-ID: raw-%d-%s@%s" % (number, self.port, self.address), "CSeq: 1 " + method, "Max-Forwards: 70",
                 "Contact: " + self.contact()] + extra + ["Content-Length: 0", "", ""]))

        first = next(_numbers)
        send(uris[0], first, [])
        challenge = self._final("z9hG4bKraw%d" % first, 5)
        for uri in uris:
            send(uri, next(_numbers), [self._answer_to(challenge, method, uri)])

    def call(self, callee, acked, timeout=10):
        """Calls sip:callee@domain and hangs up once acked(), which waits until the callee has the ACK, returns:
        Kamailio's workers do not keep the order of ACK and BYE. Returns the seconds from the INVITE with credentials
        to the 200."""
        uri = "sip:%s@%s" % (callee, self.domain)
        call_id = "raw-%d-%s@%s" % (next(_numbers), self.port, self.address)
        authorization, answer, began = [], None, 0
        for cseq in (1, 2):
            branch = "z9hG4bKraw%d" % next(_numbers)
            common = ["Via: SIP/2.0/UDP %s:%d;branch=%s;rport" % (self.address, self.port, branch),
                      "From: <sip:%s@%s>;tag=raw%s" % (self.user, self.domain, self.port)]
            common_end = ["Call-ID: " + call_id, "Max-Forwards: 70", "Contact: " + self.contact()]
            began = time.monotonic()
            self.send("\n".join(["INVITE %s SIP/2.0" % uri] + common + ["To: <%s>" % uri, "CSeq: %d INVITE" % cseq] +
                                common_end + authorization + ["Content-Length: 0", "", ""]))
            answer = self._final(branch, timeout)
            took = time.monotonic() - began
            if answer is None or answer.code != 200:
                if answer is not None:
                    self.send("\n".join(["ACK %s SIP/2.0" % uri] + common + ["To: " + answer.get("to"), "CSeq: %d ACK"
                                        % cseq] + common_end + ["Content-Length: 0", "", ""]))
                if cseq == 1 and answer is not None and answer.code == 407:
                    authorization = [self._answer_to(answer, "INVITE", uri)]
                    continue
                raise process.Unexpected("INVITE: %s" % (answer.first if answer else "no answer"))
            break
        target = re.search(r"<([^>]+)>", answer.get("contact")).group(1)
        routes = [one for line in answer.all("record-route") for one in line.split(",")]
        dialog = ["To: " + answer.get("to"), "Call-ID: " + call_id, "Max-Forwards: 70"] + \
            ["Route: " + one.strip() for one in reversed(routes)]
        for method, number in (("ACK", 2), ("BYE", 3)):
            branch = "z9hG4bKraw%d" % next(_numbers)
            if method == "BYE":
                acked()
            self.send("\n".join(["%s %s SIP/2.0" % (method, target),
                                 "Via: SIP/2.0/UDP %s:%d;branch=%s;rport" % (self.address, self.port, branch),
                                 common[1]] + dialog + ["CSeq: %d %s" % (number, method), "Content-Length: 0", "", ""]))
        answer = self._final(branch, timeout)
        if answer is None or answer.code != 200:
            raise process.Unexpected("BYE: %s" % (answer.first if answer else "no answer"))
        return took

    def give_up(self, callee, timeout=10):
        """Calls sip:callee@domain and sends CANCEL as soon as its proxy has answered 100 to the INVITE with
        credentials; returns the final answers: (to CANCEL, to INVITE), in whatever order they come."""
        uri = "sip:%s@%s" % (callee, self.domain)
        call_id = "raw-%d-%s@%s" % (next(_numbers), self.port, self.address)
        authorization = []
        for cseq in (1, 2):
            branch = "z9hG4bKraw%d" % next(_numbers)
            common = ["Via: SIP/2.0/UDP %s:%d;branch=%s;rport" % (self.address, self.port, branch),
                      "From: <sip:%s@%s>;tag=raw%s" % (self.user, self.domain, self.port), "Call-ID: " + call_id,
                      "Max-Forwards: 70"]
            self.send("\n".join(["INVITE %s SIP/2.0" % uri] + common + [
                "To: <%s>" % uri, "CSeq: %d INVITE" % cseq, "Contact: " + self.contact()] + authorization +
                ["Content-Length: 0", "", ""]))
            finals, cancelled = {}, False
            end = time.monotonic() + timeout
            while len(finals) < 2 and time.monotonic() < end:
                message = self.receive(max(0.01, end - time.monotonic()))
                if message is None or branch not in message.get("via") or message.code is None:
                    continue
                method = message.get("cseq").split()[-1]
                if message.code >= 200:
                    finals[method] = message
                    if method == "INVITE":
                        self.send("\n".join(["ACK %s SIP/2.0" % uri] + common + [
                            "To: " + message.get("to"), "CSeq: %d ACK" % cseq, "Content-Length: 0", "", ""]))
                        if cseq == 1:
                            authorization = [self._answer_to(message, "INVITE", uri)]
                            break
                elif cseq == 2 and not cancelled:
                    cancelled = True
                    self.send("\n".join(["CANCEL %s SIP/2.0" % uri] + common + [
                        "To: <%s>" % uri, "CSeq: 2 CANCEL", "Content-Length: 0", "", ""]))
        return tuple(finals[one].code if one in finals else None for one in ("CANCEL", "INVITE"))

    def _final(self, branch, timeout):
        end = time.monotonic() + timeout
        while True:
            message = self.receive(max(0.01, end - time.monotonic()))
            if message is None:
                return None
            if message.code and message.code >= 200 and branch in message.get("via"):
                return message

    def _answer_to(self, challenge, method, uri):
        name, header = ("WWW-Authenticate", "Authorization") if challenge.code == 401 else \
            ("Proxy-Authenticate", "Proxy-Authorization")
        fields = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge.get(name)))

        def md5(text):
            return hashlib.md5(text.encode()).hexdigest()
        ha1 = md5("%s:%s:%s" % (self.user, fields["realm"], self.password))
        ha2 = md5("%s:%s" % (method, uri))
        tail = ""
        if "qop" in fields:
            response = md5("%s:%s:00000001:raw:auth:%s" % (ha1, fields["nonce"], ha2))
            tail = ', qop=auth, nc=00000001, cnonce="raw"'
        else:
            response = md5("%s:%s:%s" % (ha1, fields["nonce"], ha2))
        return '%s: Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s", algorithm=MD5%s' % (
            header, self.user, fields["realm"], fields["nonce"], uri, response, tail)

    def register(self, expires=600, headers=(), timeout=5):
        answer = self.request("REGISTER", "sip:" + self.domain, ["Expires: %d" % expires] + list(headers),
                              to="sip:%s@%s" % (self.user, self.domain), timeout=timeout)
        if answer is None:
            raise process.Unexpected("no answer to REGISTER of " + self.user)
        return answer


class TlsPhone(RawPhone):
    """The same over one TLS connection to its proxy, on which requests come in, too."""

    def __init__(self, user, domain, password, address, port, proxy):
        super().__init__(user, domain, password, address, port, proxy)
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.socket.close()
        plain = socket.create_connection(self.proxy, 5, (address, 0))
        self.port = plain.getsockname()[1]
        self.socket = context.wrap_socket(plain)
        self._data = b""

    def contact(self):
        return "<sip:%s@%s:%d;transport=tls>" % (self.user, self.address, self.port)

    def send(self, text, to=None):
        self.socket.sendall(text.replace("SIP/2.0/UDP", "SIP/2.0/TLS").replace("\n", "\r\n").encode())

    def receive(self, timeout=5):
        self.socket.settimeout(timeout)
        while True:
            head, end, rest = self._data.lstrip(b"\r\n").partition(b"\r\n\r\n")
            if end:
                length = int(re.search(rb"(?i)\r\nContent-Length:\s*(\d+)", head).group(1))
                if len(rest) >= length:
                    self._data = rest[length:]
                    return Message(head + end + rest[:length], self.proxy)
            try:
                more = self.socket.recv(65536)
            except (socket.timeout, ssl.SSLWantReadError):
                return None
            if not more:
                return None
            self._data += more

    def answer_options(self, timeout=5):
        """Waits for an OPTIONS and answers it with 200; tells whether one came."""
        end = time.monotonic() + timeout
        while True:
            message = self.receive(max(0.01, end - time.monotonic()))
            if message is None:
                return False
            if message.method == "OPTIONS" and "@" in message.first:
                self.answer(message, "200 OK")
                return True
