# SPDX-License-Identifier: GPL-2.0-or-later
"""baresip as a phone with audio: sends a sine, keeps and counts what it hears, and is led over its control port."""
import array
import glob
import json
import math
import os
import queue
import re
import socket
import threading
import time
import wave

from . import process

MODULES = "/usr/lib/baresip/modules"
CONTROL_PORT = 4444
TONES = (440, 660, 880, 1100)

CONFIG = """\
poll_method epoll
sip_listen {address}:{port}
net_interface {address}
audio_source ausine,{tone}
audio_player aubridge,nobody
audio_alert aubridge,nobody
ausrc_srate 48000
ausrc_channels 2
snd_path {directory}
rtp_ports 20000-30000
rtp_stats yes
call_max_calls 4
module_path {modules}
module g711.so
module ausine.so
module aubridge.so
module sndfile.so
module ctrl_tcp.so
module_app account.so
module_app menu.so
ctrl_tcp_listen {address}:{control}
"""


class Baresip:
    """A phone of user@domain at address:port whose registrar and proxy is proxy ("host:port")."""

    def __init__(self, user, domain, password, address, proxy, directory, port=5060, tone=440, expires=600):
        self.aor = "sip:%s@%s" % (user, domain)
        self.name = "baresip-" + user
        self.address = address
        self.played = tone
        self.directory = os.path.join(directory, self.name)
        os.makedirs(self.directory, exist_ok=True)
        with open(os.path.join(self.directory, "config"), "w", encoding="utf-8") as file:
            file.write(CONFIG.format(address=address, port=port, tone=tone, directory=self.directory,
                                     modules=MODULES, control=CONTROL_PORT))
        with open(os.path.join(self.directory, "accounts"), "w", encoding="utf-8") as file:
            file.write('<%s>;auth_user=%s;auth_pass=%s;outbound="sip:%s;transport=udp";regint=%d;'
                       "answermode=auto;audio_codecs=pcmu\n" % (self.aor, user, password, proxy, expires))
        self._events = []
        self._counted = 0
        self._changed = threading.Condition()
        self._answers = queue.Queue()
        self.process = process.Process(self.name, ["baresip", "-f", self.directory], directory,
                                       stdin=True, brief=True)
        self.process.expect("baresip is ready", 10)
        self.process.expect("%s@.*200 OK" % user, 10)  # before the control port can be asked
        self._socket = socket.create_connection((address, CONTROL_PORT), 5)
        self._socket.settimeout(None)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        data = b""
        while True:
            try:
                more = self._socket.recv(65536)
            except OSError:
                more = b""
            if not more:
                return
            data += more
            while True:  # netstrings: LENGTH:JSON,
                found = re.match(rb"(\d+):", data)
                if not found or len(data) < found.end() + int(found.group(1)) + 1:
                    break
                end = found.end() + int(found.group(1))
                message = json.loads(data[found.end():end])
                data = data[end + 1:]
                if message.get("event"):
                    with self._changed:
                        self._events.append(message)
                        self._changed.notify_all()
                else:
                    self._answers.put(message)

    def command(self, name, params=""):
        text = json.dumps({"command": name, "params": params, "token": "t"}).encode()
        self._socket.sendall(b"%d:%s," % (len(text), text))
        try:
            answer = self._answers.get(timeout=5)
        except queue.Empty:
            raise process.Unexpected("%s does not answer to %s" % (self.name, name)) from None
        return answer.get("data", "")

    def mark(self):
        with self._changed:
            return len(self._events)

    def event(self, kind, timeout=10, since=0):
        """Waits for an event such as CALL_ESTABLISHED, CALL_CLOSED; returns it."""
        end = time.monotonic() + timeout
        with self._changed:
            while True:
                for one in self._events[since:]:
                    if one["type"] == kind:
                        return one
                left = end - time.monotonic()
                if left <= 0 or not self.process.alive():
                    raise process.Unexpected("%s: no %s within %g s; it saw: %s" % (
                        self.name, kind, timeout,
                        ", ".join("%s %s" % (e["type"], e.get("param", "")) for e in self._events) or "nothing"))
                self._changed.wait(min(left, 0.5))

    def dial(self, uri):
        self.command("dial", uri)

    def hang_up(self):
        self.command("hangup")

    def _heard(self):
        files = glob.glob(os.path.join(self.directory, "dump-*-dec.wav"))
        return max(files, key=os.path.getmtime) if files else None

    def listen(self, seconds=0.6, timeout=10):
        """Waits until it has heard that much audio of the call that is up."""
        def enough():
            path = self._heard()
            return path and os.path.getsize(path) >= 44 + int(seconds * 16000)
        process.until(enough, timeout, "%s hears %g s of audio" % (self.name, seconds))

    def packets(self):
        """RTP packets (sent, received) of the call that ended last, as it counted them itself."""
        found = self.process.expect(r"^packets:\s+(\d+)\s+(\d+)", 5, self._counted)
        self._counted = self.process.mark()
        return int(found.group(1)), int(found.group(2))

    def tone(self):
        """The strongest of the tones 440, 660, 880 and 1100 Hz in what it heard last, or 0 for silence."""
        with wave.open(self._heard()) as file:
            rate = file.getframerate()
            samples = array.array("h", file.readframes(rate))
        powers = {}
        for hertz in TONES:
            angle = 2 * math.pi * hertz / rate
            real = sum(s * math.cos(angle * i) for i, s in enumerate(samples))
            imaginary = sum(s * math.sin(angle * i) for i, s in enumerate(samples))
            powers[hertz] = math.hypot(real, imaginary) / max(1, len(samples))
        best = max(powers, key=powers.get)
        return best if powers[best] > 100 else 0

    def stop(self):
        self.process.kill()
