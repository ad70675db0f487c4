#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Breaks rules of RFC 6940 one after the other (mutants.txt), in a copy of the tree, and sees whether the test that
docs/rfc6940.md names for each notices. TAP. usage: ./run soak rules [RULE ...]
"""
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPY = ROOT / "build" / "mutants"


def read_mutants():
    """(rule, file, program, case, old, new)"""
    text = (Path(__file__).parent / "mutants.txt").read_text(encoding="utf-8")
    for block in re.split(r"\n\n+", text.strip()):
        lines = [line for line in block.split("\n") if not line.startswith("#")]
        if lines:
            head, old, new = lines
            yield (*head.split(), old[2:], new[2:])


def make_copy():
    """The sources and what is built of them, with their times, so that only what changes is built again."""
    shutil.rmtree(COPY, ignore_errors=True)
    COPY.mkdir(parents=True)
    for name in ("Makefile", "reload_core", "modules", "tools", "tests"):
        subprocess.run(["cp", "-a", ROOT / name, COPY], check=True)
    (COPY / "build").mkdir()
    for item in (ROOT / "build").iterdir():
        if item.name in ("obj", "tests") or item.suffix in (".a", ".h") or item.is_symlink() \
                or item.name.startswith("kamailio"):
            subprocess.run(["cp", "-a", item, COPY / "build"], check=True)


def build(program):
    return subprocess.run(["make", "-s", f"build/tests/{program}"], cwd=COPY, capture_output=True, text=True,
                          timeout=600, check=False)


def passes(program, case):
    """A test that hangs has noticed, too."""
    try:
        return subprocess.run([COPY / "build" / "tests" / program, "-p", case], cwd=COPY, capture_output=True,
                              timeout=120, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def try_mutant(path, program, case, old, new):
    """Why it was not noticed; None: it was."""
    file = COPY / "reload_core" / path
    text = file.read_text(encoding="utf-8")
    if text.count(old) != 1:
        return f"the text is there {text.count(old)} times, not once"
    file.write_text(text.replace(old, new), encoding="utf-8")
    try:
        built = build(program)
        if built.returncode != 0:
            return "does not build: " + built.stderr.strip().split("\n")[0]
        return "still passes" if passes(program, case) else None
    finally:
        file.write_text(text, encoding="utf-8")


def main():
    wanted = sys.argv[1:]
    mutants = [mutant for mutant in read_mutants() if not wanted or mutant[0] in wanted]
    make_copy()
    good = True
    for number, (rule, path, program, case, old, new) in enumerate(mutants, 1):
        why = try_mutant(path, program, case, old, new)
        if why:
            print(f"# {path}: {old.strip()}\n# {why}")
        print(f"{'not ' if why else ''}ok {number} - {rule}: broken, {program} {case} notices", flush=True)
        good = good and not why
    print(f"1..{len(mutants)}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
