# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory in use: resident, by process; and Kamailio's own shared and private memory."""
import os
import re


def processes(session):
    """Pids of all processes in the session that pid `session` leads, with their command names."""
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % name, encoding="ascii", errors="replace") as file:
                text = file.read()
        except OSError:
            continue
        command, rest = text[text.index("(") + 1:text.rindex(")")], text[text.rindex(")") + 2:].split()
        if int(rest[3]) == session:
            found[int(name)] = command
    return found


def resident(pid):
    """kB, without pages of files and of memory shared between processes."""
    try:
        with open("/proc/%d/status" % pid, encoding="ascii", errors="replace") as file:
            return int(re.search(r"^RssAnon:\s+(\d+) kB", file.read(), re.M).group(1))
    except (OSError, AttributeError):
        return 0


def cpu_seconds(pid):
    """User and system time that a process has used."""
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def shared(server):
    """Bytes of shared memory in use in a Kamailio."""
    return int(re.search(r"real_used: (\d+)", server.rpc("core.shmmem")[1]).group(1))


def private(server):
    """Bytes of private memory in use, by process number, in a Kamailio."""
    text = server.rpc("pkg.stats")[1]
    return {int(entry): int(used) for entry, used in
            re.findall(r"entry: (\d+).*?used: (\d+)", text, re.S)}
