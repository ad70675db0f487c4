# SPDX-License-Identifier: GPL-2.0-or-later
"""Starts servers, follows what they log, waits for events in it, and ends them all in the end."""
import atexit
import os
import re
import signal
import subprocess
import sys
import threading
import time

_running = []


class Unexpected(Exception):
    """What was waited for did not come; the text says what did."""


class Process:
    """One program whose output goes to DIRECTORY/NAME.log and can be waited on line by line.

    A brief one (a phone) holds no state worth a clean end: stop_all() just kills it. keep: descriptors that it inherits.
    """

    def __init__(self, name, argv, directory, env=None, cwd=None, stdin=False, brief=False, keep=()):
        os.makedirs(directory, exist_ok=True)
        self.name = name
        self.brief = brief
        self.log = os.path.join(directory, name + ".log")
        self._file = open(self.log, "ab", buffering=0)
        self._lines = []
        self._changed = threading.Condition()
        self._ended = False
        # Should this Python be killed, the program goes with it.
        argv = ["setpriv", "--pdeathsig", "TERM", "--"] + [str(a) for a in argv]
        self._file.write(("$ " + " ".join(argv[4:]) + "\n").encode())
        self._popen = subprocess.Popen(
            argv, cwd=cwd, env=dict(os.environ, **(env or {})), start_new_session=True, pass_fds=keep,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.pid = self._popen.pid
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        _running.append(self)

    def _read(self):
        for line in self._popen.stdout:
            self._file.write(line)
            with self._changed:
                self._lines.append(line.decode(errors="replace").rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def mark(self):
        """A place in the log, for expect(since=...)."""
        with self._changed:
            return len(self._lines)

    def lines(self, since=0):
        with self._changed:
            return self._lines[since:]

    def expect(self, pattern, timeout=10, since=0):
        """Waits for a line that matches pattern; returns the match."""
        seek = re.compile(pattern)
        end = time.monotonic() + timeout
        with self._changed:
            at = since
            while True:
                while at < len(self._lines):
                    found = seek.search(self._lines[at])
                    at += 1
                    if found:
                        return found
                left = end - time.monotonic()
                if self._ended or left <= 0:
                    raise Unexpected("%s: no line matches '%s' %s; its last lines (%s):\n%s" % (
                        self.name, pattern,
                        "and it has ended" if self._ended else "within %g s" % timeout,
                        self.log, "\n".join(self._lines[-12:])))
                self._changed.wait(left)

    def write(self, text):
        self._popen.stdin.write(text.encode())
        self._popen.stdin.flush()

    def alive(self):
        return self._popen.poll() is None

    def wait(self, timeout):
        """Waits for the end and returns the exit code (negative: signal)."""
        try:
            code = self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Unexpected("%s is still running after %g s; its last lines:\n%s" % (
                self.name, timeout, "\n".join(self.lines()[-12:]))) from None
        self._reader.join(2)
        self._forget()
        return code

    def _forget(self):
        if self in _running:
            _running.remove(self)
            if not self._reader.is_alive():
                self._file.close()

    def send_signal(self, number):
        if self.alive():
            os.kill(self.pid, number)

    def stop(self, timeout=10, number=signal.SIGTERM):
        """Ends it politely, with force after timeout; returns the exit code."""
        self.send_signal(number)
        try:
            return self.wait(timeout)
        except Unexpected:
            self.kill()
            raise

    def kill(self):
        """Kills it and every process of its session, at once."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        return self.wait(10)


def stop_all():
    """Ends every process that is still there, the latest first; returns a line for each that would not."""
    left = []
    for one in [one for one in _running if one.brief]:
        one.kill()
    stopping = list(reversed(_running))
    for one in stopping:
        one.send_signal(signal.SIGTERM)
    for one in stopping:
        try:
            one.wait(8)
        except Unexpected:
            left.append("%s (%s) did not end on SIGTERM" % (one.name, one.log))
            one.kill()
    return left


def command(argv, timeout=60, env=None, cwd=None, check=True):
    """Runs a command to its end; returns (exit code, its output and errors)."""
    try:
        done = subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL, timeout=timeout, cwd=cwd,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=dict(os.environ, **(env or {})), check=False)
    except subprocess.TimeoutExpired:
        raise Unexpected("not done within %g s: %s" % (timeout, " ".join(map(str, argv)))) from None
    text = done.stdout.decode(errors="replace")
    if check and done.returncode != 0:
        raise Unexpected("exit code %d of: %s\n%s" % (done.returncode, " ".join(map(str, argv)), text))
    return done.returncode, text


def until(condition, timeout, what):
    """Asks condition until it returns something true, which is returned. For states that log no line."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise Unexpected("not within %g s: %s" % (timeout, what))
        time.sleep(0.02)


def _leave(number, _frame):
    sys.exit(128 + number)


for _number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(_number, _leave)
atexit.register(stop_all)
