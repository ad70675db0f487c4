# SPDX-License-Identifier: GPL-2.0-or-later
"""An overlay on loopback addresses: its CA and document, peers without SIP, and Kamailio edges."""
import glob
import os
import re
import shutil
import socket

from . import BUILD, net, process

NAME = "dht.example.org"


def reloadctl(*arguments, check=True, timeout=30):
    return process.command([os.path.join(BUILD, "reloadctl")] + list(arguments), timeout=timeout, check=check)


class Overlay:
    """Certificates and document of one overlay below directory; nodes are made from it."""

    def __init__(self, directory, block, name=NAME, bootstrap=(1, 2), ipv6=False, create=(), cert=()):
        """bootstrap: numbers of the peers that are bootstrap nodes; ipv6: all links and flows are on ::1;
        create, cert: further options of `reloadctl overlay create` and `reloadctl cert node`"""
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        self.directory = directory
        self.block = block
        self.name = name
        self.ca = os.path.join(directory, "overlay")
        arguments = ["overlay", "create", name, "--dir", self.ca]
        self.ipv6 = ipv6
        self._cert = list(cert)
        for number in bootstrap:
            arguments += ["--bootstrap", self.listen(block.peer(number), net.RELOAD_PORT)]
        reloadctl(*arguments, *create)
        self.document = os.path.join(self.ca, "overlay.xml")

    def listen(self, address, port):
        """ADDRESS:PORT for a listener of the node at address; by IPv6 each node has ports of its own on ::1."""
        if not self.ipv6:
            return "%s:%d" % (address, port)
        _, second, third, number = (int(part) for part in address.split("."))
        return "[::1]:%d" % (port + 1000 + 100 * (second - net.FIRST) + 20 * third + 2 * number)

    def node(self, name):
        """A key and a node certificate in a directory of their own; returns (directory, Node-ID)."""
        directory = os.path.join(self.directory, name, "node")
        os.makedirs(os.path.dirname(directory), exist_ok=True)
        reloadctl("cert", "node", "--dir", self.ca, "--out", directory, *self._cert)
        return directory, node_id(os.path.join(directory, "node.crt"))

    def users(self, node_directory, *aors):
        reloadctl("cert", "user", "--dir", self.ca, "--node", node_directory, *aors)

    def keys(self, path):
        """Puts the TLS keys of all nodes into one key log."""
        with open(path, "w", encoding="ascii") as out:
            for one in sorted(glob.glob(os.path.join(self.directory, "*", "keys.log"))):
                with open(one, encoding="ascii") as file:
                    out.write(file.read())


def node_id(certificate):
    """The Node-ID in a certificate's reload:// URI, as an integer; read by the openssl command."""
    _, text = process.command(["openssl", "x509", "-in", certificate, "-noout", "-ext", "subjectAltName"])
    return int(re.search(r"reload://(?:0110)?([0-9a-fA-F]{32})@", text).group(1), 16)


def successors(lines):
    """The successors in a printed neighbor table, nearest first, as integers."""
    found = [re.match(r"\s*successor\s+(\d+)\s+([0-9a-f]{32})\b", line) for line in lines]
    return [int(one.group(2), 16) for one in sorted((one for one in found if one), key=lambda one: int(one.group(1)))]


class Node:
    """What a peer and an edge have in common."""

    def __init__(self, overlay, name, address, node_directory):
        self.overlay = overlay
        self.name = name
        self.address = address
        self.node_directory = node_directory
        self.id = node_id(os.path.join(node_directory, "node.crt"))
        self.directory = os.path.join(overlay.directory, name)
        self.keylog = os.path.join(self.directory, "keys.log")
        self.listen = overlay.listen(address, net.RELOAD_PORT)


class Peer(Node):
    """A reload-peer."""

    def __init__(self, overlay, number, node_directory):
        super().__init__(overlay, "peer%d" % number, overlay.block.peer(number), node_directory)
        self.control = os.path.join(self.directory, "control")
        self.process = None

    def start(self, first=False, options=()):
        argv = [os.path.join(BUILD, "reload-peer"), "--document", self.overlay.document,
                "--dir", self.node_directory, "--listen", self.listen, "--keylog", self.keylog,
                "--control", self.control, *options]
        self.process = process.Process(self.name, argv + (["--first"] if first else []), self.directory)
        return self

    def ask(self, line):
        """Sends a command to its control socket; returns the lines of the answer."""
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            client.settimeout(10)
            client.connect(self.control)
            client.sendall(line.encode() + b"\n")
            file = client.makefile("r", encoding="utf-8", errors="replace")
            lines = []
            for text in file:
                text = text.rstrip("\n")
                if text == ".":
                    return lines
                if text.startswith("!"):
                    raise process.Unexpected("%s answers to %s: %s" % (self.name, line, text))
                lines.append(text)
        except OSError as error:
            raise process.Unexpected("%s: control socket: %s" % (self.name, error)) from None
        finally:
            client.close()
        raise process.Unexpected("%s closed its control socket" % self.name)

    def is_joined(self):
        if not self.process.alive():
            raise process.Unexpected("%s has ended; its last lines (%s):\n%s" % (
                self.name, self.process.log, "\n".join(self.process.lines()[-8:])))
        try:
            answer = self.ask("status")
        except process.Unexpected:  # not listening yet
            return False
        return any(line.split() == ["state", "joined"] for line in answer)

    def joined(self, timeout=30):
        process.until(self.is_joined, timeout, "%s joins (log: %s)" % (self.name, self.process.log))

    def successors(self):
        return successors(self.ask("neighbors"))

    def links(self):
        """How many nodes it has a link to."""
        return len({line.split()[1] for line in self.ask("links") if line.startswith("link ")})

    def stop(self):
        return self.process.stop()

    def kill(self):
        self.process.kill()
