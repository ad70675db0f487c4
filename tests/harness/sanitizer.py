# SPDX-License-Identifier: GPL-2.0-or-later
"""Reports of ASan, LSan and UBSan: each process writes its own to a file, wherever its output goes."""
import glob
import os
import re

MARKS = re.compile(r"(Address|Leak|Thread|UndefinedBehavior)Sanitizer|: runtime error: ")


def environment(directory):
    """Variables for all processes that are started; reports go to files in directory, which is emptied."""
    os.makedirs(directory, exist_ok=True)
    for path in glob.glob(os.path.join(directory, "*")):
        os.remove(path)
    path = "log_path=" + os.path.join(os.path.abspath(directory), "report")
    return {"ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1:" + path,
            "UBSAN_OPTIONS": "print_stacktrace=1:" + path}


def reports(directory, logs):
    """Texts of all reports in directory and in the *.log files below logs."""
    found = []
    for path in sorted(glob.glob(os.path.join(directory, "*"))):
        with open(path, encoding="utf-8", errors="replace") as file:
            found.append(path + ":\n" + file.read()[:3000])
    for path in sorted(glob.glob(os.path.join(logs, "**", "*.log"), recursive=True)):
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
        for at, line in enumerate(lines):
            if MARKS.search(line):
                found.append("%s:\n%s" % (path, "\n".join(lines[at:at + 20])))
                break
    return found
