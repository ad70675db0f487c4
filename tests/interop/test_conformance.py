#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/rfc6940.md against the tree: every rule has its row, what a row names is there, and the changes that break rules
(tests/conformance/mutants.txt) are changes of what the rows name.

A row names rules (6.1.1-3, or 6.1.1-3..4), their level, what they say, files with functions, tests, and a status.
usage: test_conformance.py [--list STATUS]
"""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "conformance"))
from mutate import read_mutants  # noqa: E402

TABLE = ROOT / "docs" / "rfc6940.md"
STATES = ("yes", "partly", "differs", "open", "other", "n/a")
# How often each section says MUST, SHALL, SHOULD, REQUIRED or RECOMMENDED (with or without NOT).
RULES = """
2:8 6.1:2 6.1.1:6 6.1.2:9 6.1.3:1 6.2:1 6.2.1:8 6.2.2:1 6.3:1 6.3.1.1:2 6.3.2:14 6.3.2.1:8 6.3.2.2:10 6.3.2.3:5
6.3.3:1 6.3.3.1:8 6.3.4:14 6.4.1:2 6.4.2.1:9 6.4.2.2:5 6.4.2.3:2 6.4.2.4.1:1 6.4.2.5.2:3 6.5.1:1 6.5.1.1:4
6.5.1.2:9 6.5.1.3:1 6.5.1.4:4 6.5.1.5:1 6.5.1.6:1 6.5.1.8:1 6.5.1.9:1 6.5.1.10.2:1 6.5.1.10.3:1 6.5.1.11:2
6.5.1.12:2 6.5.1.13:4 6.5.1.14:1 6.5.2.2:3 6.5.4:1 6.5.4.1:1 6.5.4.2:4 6.6:4 6.6.1:6 6.6.2:2 6.6.3:1 6.6.3.1:10
6.6.5:4 6.7:12 7:2 7.1:1 7.3:4 7.3.1:1 7.3.2:1 7.3.3:3 7.3.4:3 7.4.1.1:23 7.4.1.2:7 7.4.1.3:2 7.4.2.1:3 7.4.2.2:5
7.4.4.1:2 7.4.4.2:4 7.4.5:1 8:1 9:4 10.2:2 10.3:3 10.4:4 10.5:16 10.6:1 10.7:3 10.7.1:9 10.7.2:2 10.7.3:9
10.7.4.1:3 10.7.4.2:5 10.7.4.3:2 10.7.4.4:3 10.8:1 10.9:3 11.1:37 11.2:9 11.3:27 11.3.1:6 11.4:4 13.2:2 13.3:5
13.4:1 13.5.1:2 13.5.2:1 13.5.3:2 13.6.2:1 13.6.5:2 14.3:1 14.4:2 14.5:2 14.6:2 14.7:2 14.8:2 14.9:2 14.10:2
14.11:2 14.12:3 14.13:2 14.14:2 14.16:3
"""


class Row:
    """One line of the table."""

    def __init__(self, line):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) != 6:
            raise ValueError(f"{len(cells)} cells, not 6: {line.strip()}")
        rules, self.level, self.what, self.where, self.tests, status = cells
        match = re.fullmatch(r"([\d.]+)-(\d+)(?:\.\.(\d+))?", rules)
        if not match:
            raise ValueError(f"no rule number: {rules}")
        self.name, self.section = rules, match[1]
        self.numbers = range(int(match[2]), int(match[3] or match[2]) + 1)
        self.state, _, self.why = status.partition(":")

    def places(self):
        """(file, [functions])"""
        for item in re.findall(r"`([^`]+)`", self.where):
            path, _, functions = item.partition(": ")
            known = ("modules/", "tools/", "tests/", "reload_core/")
            yield (path if path.startswith(known) else "reload_core/" + path), functions.split(", ") if functions else []

    def shown_by(self):
        """(program or script, case or text, or "")"""
        for item in re.findall(r"`([^`]+)`", self.tests):
            program, _, case = item.partition(" ")
            yield program, case


def read_rows():
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return [Row(line) for line in lines if re.match(r"\| *\d", line)]


def wrong_numbers(rows):
    """Rules that have no row, or several."""
    counts = {}
    for row in rows:
        for number in row.numbers:
            rule = f"{row.section}-{number}"
            counts[rule] = counts.get(rule, 0) + 1
    wanted = {f"{section}-{number}" for section, count in
              (pair.split(":") for pair in RULES.split()) for number in range(1, int(count) + 1)}
    yield from (f"{rule} has no row" for rule in sorted(wanted - set(counts)))
    yield from (f"{rule} is no rule" for rule in sorted(set(counts) - wanted))
    yield from (f"{rule} has {count} rows" for rule, count in counts.items() if count > 1)


def wrong_places(rows):
    """Files and functions that are not there."""
    texts = {}
    for row in rows:
        for path, functions in row.places():
            if path not in texts:
                file = ROOT / path
                texts[path] = file.read_text(encoding="utf-8") if file.is_file() else None
            if texts[path] is None:
                yield f"{row.name}: no file {path}"
                continue
            for name in functions:
                if not re.search(rf"^[A-Za-z].*\b{re.escape(name)}\(", texts[path], re.M):
                    yield f"{row.name}: no function {name} in {path}"


def cases_of(program):
    """The cases of a unit test or a simulation; the text of a script; None: there is no such program."""
    if "/" in program:
        file = ROOT / program
        return file.read_text(encoding="utf-8") if file.is_file() else None
    file = ROOT / "build" / "tests" / program
    if not file.is_file():
        return None
    listed = subprocess.run([file, "-l"], capture_output=True, text=True, timeout=60, check=True).stdout
    return set(listed.split())


def wrong_tests(rows):
    known = {}
    for row in rows:
        for program, case in row.shown_by():
            if program not in known:
                known[program] = cases_of(program)
            if known[program] is None:
                yield f"{row.name}: no test {program}"
            elif case and case not in known[program]:
                yield f"{row.name}: no case {case} in {program}"


class Attack:
    """One line of the table of docs/attackers.md."""

    def __init__(self, line):
        self.name, self.refusal, self.tests = (cell.strip() for cell in line.strip().strip("|").split("|"))

    shown_by = Row.shown_by


def wrong_attacks(_rows):
    lines = (ROOT / "docs" / "attackers.md").read_text(encoding="utf-8").splitlines()
    attacks = [Attack(line) for line in lines if line.startswith("| ") and not line.startswith("| Behaviour")]
    yield from (f"{attack.name}: no test" for attack in attacks if not list(attack.shown_by()))
    yield from wrong_tests(attacks)


def wrong_mutant(row, path, program, case, old):
    """What is wrong with a change that breaks a row's rule."""
    file = ROOT / "reload_core" / path
    if not file.is_file():
        return f"no file {path}"
    if file.read_text(encoding="utf-8").count(old) != 1:
        return f"not once in {path}: {old.strip()}"
    if (program, case) not in row.shown_by():
        return f"the row does not name {program} {case}"
    if file.resolve() not in {(ROOT / place).resolve() for place, _ in row.places()}:
        return f"the row does not name {path}"
    return None


def wrong_mutants(rows):
    by_rule = {f"{row.section}-{number}": row for row in rows for number in row.numbers}
    mutants = list(read_mutants())
    for rule, path, program, case, old, _ in mutants:
        wrong = wrong_mutant(by_rule[rule], path, program, case, old) if rule in by_rule else "no such rule"
        if wrong:
            yield f"mutant of {rule}: {wrong}"
    page = TABLE.read_text(encoding="utf-8")
    listed = re.findall(r"[\d.]+-\d+", page.split("## Broken on purpose")[1].split("named here notices:")[1].split("##")[0])
    broken = {mutant[0] for mutant in mutants}
    yield from (f"{rule} is broken, but not listed" for rule in sorted(broken - set(listed)))
    yield from (f"{rule} is listed, but not broken" for rule in sorted(set(listed) - broken))
    if f"breaks {len(broken)} of these rules" not in page:
        yield f"the page does not say that {len(broken)} rules are broken"


def wrong_states(rows):
    """A row that no test shows says why; one that says it is not all there says what is missing."""
    for row in rows:
        tests, places = list(row.shown_by()), list(row.places())
        if row.state not in STATES:
            yield f"{row.name}: no status {row.state}"
        elif row.state == "yes" and not (tests and places):
            yield f"{row.name}: yes, but no place or no test is named"
        elif row.state != "yes" and not row.why.strip():
            yield f"{row.name}: {row.state}, but not why"


def main():
    rows = read_rows()
    if sys.argv[1:2] == ["--list"]:
        print(*(f"{row.name} {row.what}:{row.why}" for row in rows if row.state == sys.argv[2]), sep="\n")
        return 0
    checks = (("each rule of RFC 6940 has one row", wrong_numbers),
              ("each file and function of a row is there", wrong_places),
              ("each test of a row is there", wrong_tests),
              ("a row without a test says why", wrong_states),
              ("each test of docs/attackers.md is there", wrong_attacks),
              ("each rule broken on purpose is broken where its row says, and noticed by a test of its row", wrong_mutants))
    good = True
    for number, (what, check) in enumerate(checks, 1):
        wrong = list(check(rows))
        print("\n".join(f"# {line}" for line in wrong), end="\n" if wrong else "")
        print(f"{'not ' if wrong else ''}ok {number} - {what}")
        good = good and not wrong
    for state in STATES:
        print(f"# {state}: {sum(len(row.numbers) for row in rows if row.state == state)} rules")
    print(f"1..{len(checks)}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
