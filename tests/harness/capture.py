# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures on the loopback device and reads captures with tshark."""
import os
import signal

from . import ROOT, process

LUA = os.path.join(ROOT, "tools", "wireshark", "reload_tls.lua")


class Capture:
    """dumpcap on lo with a capture filter, from construction until stop()."""

    def __init__(self, path, filter_text, directory):
        self.path = path
        self._process = process.Process(
            os.path.basename(path), ["dumpcap", "-q", "-i", "lo", "-B", "64", "-f", filter_text, "-w", path],
            directory)
        self._process.expect(r"^File: ", 10)

    def stop(self):
        self._process.stop(10, signal.SIGINT)


def fields(path, display_filter, names, options=()):
    """One list of strings for each packet that the display filter lets through."""
    argv = ["tshark", "-n", "-r", path, "-Y", display_filter, "-T", "fields", "-E", "separator=/t"]
    for name in names:
        argv += ["-e", name]
    argv += list(options)
    _, text = process.command(argv, timeout=300)
    return [line.split("\t") for line in text.splitlines()
            if not line.startswith("Running as user")]


def reload_options(keys):
    """Options that decrypt RELOAD links on port 6084 with an NSS key log, and dissect what is in them."""
    return ["-X", "lua_script:" + LUA, "-o", "tls.keylog_file:" + keys, "-d", "tcp.port==6084,tls"]
