#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which lines of reload_core the tests run, file by file: ./run soak coverage

"units": the unit tests (tests/unit) and the kept inputs of the fuzz targets (tests/fuzz/corpus); "all": those and the
simulation (tests/sim). Fails if a test fails, or if "units" is below 90 % of the lines. docs/coverage.md says what the
lines are that nothing runs; --lines prints them.
"""
import json
import os
import subprocess
import sys
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "cover"
GOAL = 90.0
JOBS = str(os.cpu_count() or 1)


def make(*targets, **options):
    return subprocess.run(["make", "-s", "-j" + JOBS, "COVER=1", *targets], cwd=ROOT, check=True, **options)


def tests(simulation):
    """The test programs, of the simulation or all others."""
    listed = make("list-tests", capture_output=True, text=True).stdout.split()
    return [test for test in listed if Path(test).name.startswith("test_sim_") == simulation]


def run_tests(programs):
    environment = dict(os.environ, G_MESSAGES_DEBUG="", LC_ALL="C.UTF-8", TZ="UTC")
    if subprocess.run(["prove", "-Q", "-j" + JOBS, "-e", "", *programs], cwd=ROOT, check=False,
                      env=environment).returncode != 0:
        sys.exit("not ok - a test failed")


def run_corpora():
    for corpus in sorted((ROOT / "tests" / "fuzz" / "corpus").iterdir()):
        subprocess.run([BUILD / "replay" / f"fuzz_{corpus.name}", corpus], check=True, timeout=600,
                       stdout=subprocess.DEVNULL)


def read_counts():
    """{file: {line: how often it ran}}, of reload_core's sources."""
    report = subprocess.run(["gcovr", "--root", ROOT, "--filter", "reload_core/", "--json", "-",
                             BUILD / "obj" / "reload_core"], cwd=ROOT, check=True, capture_output=True, text=True)
    return {file["file"]: {line["line_number"]: line["count"] for line in file["lines"]
                           if not line.get("gcovr/noncode")} for file in json.loads(report.stdout)["files"]}


def share(lines):
    return 100.0 * sum(count > 0 for count in lines) / len(lines)


def ranges(numbers):
    """3 4 5 9 to 3-5, 9"""
    for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        run = [number for _, number in run]
        yield str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}"


def show(units, everything, with_lines):
    print(f"{'lines':>6} {'units':>6} {'all':>6}")
    for file, lines in sorted(everything.items()):
        print(f"{len(lines):6} {share(units[file].values()):5.0f}% {share(lines.values()):5.0f}%  {file}")
        never = [number for number, count in sorted(lines.items()) if count == 0]
        if with_lines and never:
            print(f"{'':22}{', '.join(ranges(never))}")


def main():
    make("unit", "replay")
    for counts in BUILD.rglob("*.gcda"):
        counts.unlink()
    run_tests(tests(simulation=False))
    run_corpora()
    units = read_counts()
    run_tests(tests(simulation=True))
    everything = read_counts()
    show(units, everything, "--lines" in sys.argv[1:])
    totals = [[count for lines in counts.values() for count in lines.values()] for counts in (units, everything)]
    reached = share(totals[0])
    print(f"{len(totals[0]):6} {reached:5.1f}% {share(totals[1]):5.1f}%  reload_core")
    print(f"{'ok' if reached >= GOAL else 'not ok'} - unit tests and kept inputs run {reached:.1f} % of the lines "
          f"(goal: {GOAL:.0f} %)")
    return 0 if reached >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
