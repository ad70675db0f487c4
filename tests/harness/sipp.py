# SPDX-License-Identifier: GPL-2.0-or-later
"""Phones played by sipp from the scenarios in tests/kamailio/sipp/.

A scenario may hold {{name|default}}, which the caller can set: sipp itself cannot vary, say, the
response code that it expects.
"""
import csv
import glob
import itertools
import os
import re

from . import net, process

SCENARIOS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "kamailio", "sipp")
RTT = ("-trace_rtt", "-rtt_freq", "1")
_numbers = itertools.count(1)


def scenario_text(scenario, values):
    with open(os.path.join(SCENARIOS, scenario + ".xml"), encoding="utf-8") as file:
        text = file.read()
    unused = set(values) - set(re.findall(r"\{\{(\w+)\|", text))
    if unused:
        raise ValueError("scenario %s has no {{%s|...}}" % (scenario, unused.pop()))
    return re.sub(r"\{\{(\w+)\|([^}]*)\}\}", lambda m: str(values.get(m.group(1), m.group(2))), text)


def _row(user):
    """sipp takes no field inside [authentication ...]: the whole keyword is the field."""
    user = list(user)
    if len(user) > 2:
        user[2] = "[authentication username=%s password=%s]" % (user[0], user[2])
    return user


class Sipp:
    """One sipp, from construction until wait() or stop().

    address, port: its own; proxy: "host:port" that it sends to; users: rows of user, domain, password and what else the
    scenario says, for [field0], [field1] ...;
    calls: how many it makes or takes before it ends by itself (None: until stopped); values: for {{name|default}};
    hold: milliseconds of the scenario's open pause; seconds: its time limit.
    """

    def __init__(self, scenario, address, port, directory, proxy=None, users=(), calls=1, values=None,
                 transport="u1", hold=100, seconds=30, rate=None, limit=None, options=(), trace=True):
        self.name = "%s-%d" % (scenario, next(_numbers))
        os.makedirs(directory, exist_ok=True)
        self._base = os.path.join(directory, self.name)
        self._seconds = seconds
        with open(self._base + ".xml", "w", encoding="utf-8") as file:
            file.write(scenario_text(scenario, values or {}))
        argv = ["sipp", "-sf", self._base + ".xml", "-i", address, "-p", port, "-t", transport, "-d", hold, "-nostdin", "-timeout", "%ds" % seconds, "-timeout_error", "-trace_err",
                "-error_file", self._base + ".err", "-max_retrans", "5", "-cid_str", "%u-" + self.name + "-%p@%s"]
        if calls:
            argv += ["-m", calls]
        if trace:
            argv += ["-trace_msg", "-message_file", self._base + ".msg"]
        if users:
            with open(self._base + ".csv", "w", encoding="utf-8", newline="") as file:
                file.write("SEQUENTIAL\n")
                csv.writer(file, delimiter=";", lineterminator="\n", quoting=csv.QUOTE_NONE).writerows(
                    [_row(user) for user in users])
            argv += ["-inf", self._base + ".csv"]
        if rate:
            argv += ["-r", rate]
        if limit:
            argv += ["-l", limit]
        argv += list(options)
        if proxy:
            argv.append(proxy)
        self._process = process.Process(self.name, argv, directory, env={"TERM": "dumb"}, cwd=directory,
                                        brief=True)
        if not proxy:
            kind = "tcp" if transport[0] in "tl" else "udp"
            process.until(lambda: net.bound(kind, address, port) or not self._process.alive(), 5,
                          "%s listens at %s:%s" % (self.name, address, port))

    def wait(self, timeout=None):
        """Waits until all its calls are done; raises process.Unexpected with sipp's reason if one failed."""
        code = self._process.wait(timeout or self._seconds + 5)
        if code != 0:
            raise process.Unexpected("sipp %s: exit code %d\n%s" % (self.name, code, self.errors()))

    def errors(self):
        text = ""
        for path in sorted(glob.glob(self._base + ".err*")):
            with open(path, encoding="utf-8", errors="replace") as file:
                text += file.read()
        return text[:3000] or "\n".join(self._process.lines()[-30:])

    def counts(self):
        """(successful, failed) calls, from its last statistics screen."""
        text = "\n".join(self._process.lines())
        return tuple(int((re.findall(kind + r" call\s+\|\s+\d+\s+\|\s+(\d+)", text) or ["0"])[-1])
                     for kind in ("Successful", "Failed"))

    def response_times(self):
        """Milliseconds from start_rtd to rtd of each call; needs options=sipp.RTT."""
        times = []
        for path in glob.glob(os.path.join(os.path.dirname(self._base), self.name + "_*_rtt.csv")):
            with open(path, encoding="ascii") as file:
                times += [float(line.split(";")[1]) for line in file if line[:1].isdigit()]
        return times

    def messages(self):
        """All that it sent and received, as sipp logged it; there is no file before the first message."""
        if not os.path.exists(self._base + ".msg"):
            return ""
        with open(self._base + ".msg", encoding="utf-8", errors="replace") as file:
            return file.read()

    def alive(self):
        return self._process.alive()

    def stop(self):
        self._process.kill()


def run(scenario, *args, **options):
    """A sipp from its start to its end."""
    one = Sipp(scenario, *args, **options)
    one.wait()
    return one


def pair(callee, caller):
    """Waits for both ends of a call; should one fail, the other is ended."""
    try:
        caller.wait()
        callee.wait()
    finally:
        for one in (caller, callee):
            if one.alive():
                one.stop()


def register(user, address, port, proxy, directory, final=200, **options):
    """user: (name, domain, password)"""
    values = dict(options.pop("values", {}), final=final)
    return run("register", address, port, directory, proxy=proxy, users=[user], values=values, **options)
