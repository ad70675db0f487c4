#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The samples of ./run vectors show every message, every error and every arm: tests/vectors/checklist.txt, which is read
off the RFCs, and every value of every enumeration of reload_core/wire/*.h.

The manifest that it reads says what our decoder met in each file; the vectors program writes a file only if what was
decoded is encoded to the same bytes.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHECKLIST = ROOT / "tests" / "vectors" / "checklist.txt"
# Enumerations that are not of what is on the wire.
OURS = ("Status", "ListUse")


def spread(words):
    """Code=1..3 to Code=1 Code=2 Code=3"""
    for word in words.split():
        match = re.fullmatch(r"(.*=)(\d+)\.\.(\d+)", word)
        if match:
            yield from (f"{match[1]}{number}" for number in range(int(match[2]), int(match[3]) + 1))
        else:
            yield word


def read_checklist():
    """({what the manifest has to say: row}, {what it need not say: why})"""
    wanted, without = {}, {}
    for line in CHECKLIST.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if not line or line.startswith("#"):
            continue
        if cells[0] == "without" and len(cells) == 3 and cells[2]:
            without[cells[1]] = cells[2]
        elif len(cells) == 4:
            wanted.update((word, line) for word in spread(cells[3]))
        else:
            raise ValueError(f"no row: {line}")
    return wanted, without


def known_values():
    """{what the manifest says of a value: the value's name in our headers}"""
    values = {}
    for header in sorted((ROOT / "reload_core" / "wire").glob("*.h")):
        text = re.sub(r"/\*.*?\*/", "", header.read_text(encoding="utf-8"), flags=re.S)
        for body, name in re.findall(r"typedef enum \{(.*?)\} Reload(\w+);", text, re.S):
            number = -1
            for item in filter(None, (part.strip() for part in body.split(","))):
                label, _, value = (part.strip() for part in item.partition("="))
                number = int(value, 0) if value else number + 1
                if name not in OURS:
                    values[f"{name}={number}"] = label
        for label, value in re.findall(r"#define (RELOAD_FLAG_\w+) (\w+)", text):
            values[f"ForwardingOption.flags={int(value, 0)}"] = label
    return values


def read_manifest(folder):
    """{file: set of what it shows}"""
    lines = (folder / "manifest.txt").read_text(encoding="utf-8").splitlines()
    return {name: set(arms) for name, *arms in (line.split() for line in lines)}


def main():
    wanted, without = read_checklist()
    values = known_values()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([ROOT / "build" / "vectors", folder], check=True, timeout=60)
        manifest = read_manifest(folder)
        files = {str(file.relative_to(folder)) for file in folder.rglob("*.bin")}
    shown = set().union(*manifest.values())
    checks = (
        (f"the manifest has a line for each of {len(files)} samples", sorted(files ^ set(manifest))),
        (f"{len(wanted)} arms of the RFCs each have a sample",
         [f"{word}: {row}" for word, row in wanted.items() if word not in shown]),
        (f"{len(values)} values of our enumerations each have a sample, or a reason why not",
         [f"{word}: {label}" for word, label in values.items() if word not in shown and word not in without]),
        ("no reason is given for what has a sample, or is not known",
         [word for word in without if word in shown or word not in values]),
        ("no value is malformed", [file for file, arms in manifest.items() if "StoredDataValue=malformed" in arms]),
    )
    for number, (what, wrong) in enumerate(checks, 1):
        print(*(f"# {line}" for line in wrong), sep="\n", end="\n" if wrong else "")
        print(f"{'not ' if wrong else ''}ok {number} - {what}")
    print(f"1..{len(checks)}")
    return 1 if any(wrong for _, wrong in checks) else 0


if __name__ == "__main__":
    sys.exit(main())
