#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole demo with reload-peer and p2psip-peer built with ASan and UBSan: every fact holds, and nothing is reported,
leaks at the end of a process neither."""
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import ROOT, process, sanitizer, tap  # noqa: E402

ASAN = os.path.join(ROOT, "build", "asan")
REPORTS = os.path.join(ASAN, "reports")
DEMO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "demo.py")


def instrument(t):
    """That a report would be seen: a program of the same build that is told to say that it has begun does say so."""
    with t.fact("the programs are built with the sanitizers, and what they report is found"):
        for name in ("reload-peer", "p2psip-peer"):
            env = sanitizer.environment(REPORTS)
            env["ASAN_OPTIONS"] += ":verbosity=1"
            process.command([os.path.join(ASAN, name), "--help"], env=env)
            tap.require(sanitizer.reports(REPORTS, REPORTS), name + " has no sanitizer in it")


def main():
    with tap.run(400) as t:
        instrument(t)
        env = dict(sanitizer.environment(REPORTS), RELOAD_BUILD=ASAN)
        demo = process.Process("demo", [sys.executable, DEMO], os.path.join(ASAN, "demo-output"), env=env)
        with t.fact("the demo ends well"):
            try:
                code = demo.wait(360)
            except process.Unexpected:
                demo.send_signal(signal.SIGTERM)  # it ends its own processes
                demo.wait(30)
                raise
            tap.require(code == 0, "\n".join(demo.lines()))
        with t.fact("no report of ASan, LSan or UBSan"):
            found = sanitizer.reports(REPORTS, os.path.join(ASAN, "demo"))
            tap.require(not found, "\n".join(found))


if __name__ == "__main__":
    main()
