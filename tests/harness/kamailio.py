# SPDX-License-Identifier: GPL-2.0-or-later
"""Starts Kamailio servers and asks them by RPC."""
import os
import sqlite3

from . import process

SCHEMA = "/usr/share/kamailio/db_sqlite"


def database(path, users, domain):
    """Makes an SQLite database with Kamailio's own tables and these subscribers: (name, password)."""
    if os.path.exists(path):
        os.remove(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")  # as cfg/kamailio-proxy.cfg says
    for part in ("standard", "auth_db", "usrloc"):
        with open(os.path.join(SCHEMA, part + "-create.sql"), encoding="utf-8") as file:
            connection.executescript(file.read())
    connection.executemany("INSERT INTO subscriber (username, domain, password, ha1, ha1b) VALUES (?, ?, ?, '', '')",
                           [(name, domain, password) for name, password in users])
    connection.commit()
    connection.close()
    return "sqlite:///" + path  # one slash more: the path is absolute


class Kamailio:
    """One server; defines: what the configuration wants to be told, as -A does."""

    def __init__(self, name, config, directory, defines, shm=64, options=(), env=None, ready=15, wrapper=()):
        self.name = name
        self.directory = directory
        os.makedirs(directory, exist_ok=True)
        self.ctl = os.path.join(directory, "ctl")
        self._config = config
        self._defines = dict(defines)
        self._shm = shm
        self._options = list(options)
        self._env = env
        self._wrapper = list(wrapper)  # a program that runs it, such as valgrind
        self._ready = ready
        self.process = None

    def argv(self):
        argv = self._wrapper + ["kamailio", "-f", self._config, "-DD", "-E", "-m", self._shm, "-M", 8, "-Y", self.directory,
                "-P", os.path.join(self.directory, "pid"), "-w", self.directory]
        for key, value in self._defines.items():
            argv += ["-A", key if value is None else "%s=%s" % (key, value)]
        return argv + self._options

    def start(self):
        self.process = process.Process(self.name, self.argv(), self.directory, env=self._env)
        process.until(self._answers, self._ready, "%s answers RPC (log: %s):\n%s" % (
            self.name, self.process.log, "\n".join(self.process.lines()[-5:])))
        return self

    def _answers(self):
        if not self.process.alive():
            raise process.Unexpected("%s ended at its start; its last lines (%s):\n%s" % (
                self.name, self.process.log, "\n".join(self.process.lines()[-12:])))
        try:
            return os.path.exists(self.ctl) and self.rpc("core.uptime", check=False)[0] == 0
        except process.Unexpected:  # it takes its time
            return False

    def rpc(self, *words, check=True):
        """Asks by kamcmd; returns (exit code, text)."""
        code, text = process.command(["kamcmd", "-s", "unixs:" + self.ctl] + list(words), timeout=10, check=check)
        if text.startswith("error:"):
            code = code or 1
            if check:
                raise process.Unexpected("%s: RPC %s: %s" % (self.name, " ".join(words), text))
        return code, text

    def contacts(self):
        """How many contacts its usrloc holds."""
        return self.rpc("ul.dump")[1].count("Address: ")

    def stop(self, timeout=10):
        return self.process.stop(timeout)

    def kill(self):
        """Kills all its processes at once, as a power cut would."""
        self.process.kill()
