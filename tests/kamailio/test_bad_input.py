#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A document, certificate or key that is wrong: Kamailio and reload-peer refuse to start, with one line that names the
file."""
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import BUILD, certificate, edge, net, overlay, process, tap  # noqa: E402


class Case:
    def __init__(self, t, block):
        self.t = t
        self.block = block
        self.over = overlay.Overlay(os.path.join(BUILD, "bad_input"), block)
        self.good, _ = self.over.node("good")
        self.other, _ = self.over.node("other")
        foreign = overlay.Overlay(os.path.join(BUILD, "bad_input_foreign"), block, name="elsewhere.example.org")
        self.foreign, _ = foreign.node("foreign")
        self.document = self.over.document
        with open(self.document, encoding="utf-8") as file:
            self.text = file.read()
        self.count = 0

    def run(self, what, prepare, names):
        """prepare(node directory, document) spoils copies; names: what the one line has to name, any of them."""
        self.count += 1
        directory = os.path.join(self.over.directory, "case%d" % self.count)
        node, document = os.path.join(directory, "node"), os.path.join(directory, "overlay.xml")
        shutil.copytree(self.good, node)
        shutil.copy(self.document, document)
        prepare(node, document)
        self.over.document = document
        one = edge.Edge(self.over, 1, self.good, {}, defines={"P2P_NODE_DIR": '"%s"' % node})
        listen = "%s:%d" % (self.block.peer(1), net.RELOAD_PORT)
        for tool, argv in (
                ("reload-peer", [os.path.join(BUILD, "reload-peer"), "--document", document, "--dir", node,
                                 "--listen", listen, "--first"]),
                ("Kamailio", one.server.argv())):
            with self.t.fact("%s refuses: %s" % (tool, what)):
                code, text = process.command(argv, timeout=15, check=False)
                tap.require(code != 0, "it started:\n" + text[-600:])
                lines = [line for line in text.splitlines() if any(name in line for name in names)
                         and directory in line]
                tap.require(lines, "no line names the file and %s:\n%s" % (" or ".join(names), text[-1500:]))
                self.t.note(lines[0][-300:])


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    with tap.run(120) as t:
        case = Case(t, net.Block())
        case.run("no document", lambda node, document: os.remove(document), ["overlay.xml"])
        case.run("a document cut in half", lambda node, document: write(document, case.text[:len(case.text) // 2]),
                 ["overlay.xml"])
        case.run("a document that was changed after it was signed",
                 lambda node, document: write(document, case.text.replace('sequence="1"', 'sequence="2"')),
                 ["signature", "Signature", "sign"])
        case.run("no certificate", lambda node, document: os.remove(os.path.join(node, "node.crt")), ["node.crt"])
        case.run("a certificate that is none", lambda node, document: write(os.path.join(node, "node.crt"), "hello\n"),
                 ["node.crt"])
        case.run("no key", lambda node, document: os.remove(os.path.join(node, "node.key")), ["node.key"])
        case.run("another node's key",
                 lambda node, document: shutil.copy(os.path.join(case.other, "node.key"), node), ["node.key", "key"])
        case.run("a key that everybody may read",
                 lambda node, document: os.chmod(os.path.join(node, "node.key"), 0o644), ["node.key"])
        case.run("a certificate of another overlay",
                 lambda node, document: [shutil.copy(os.path.join(case.foreign, name), node)
                                         for name in ("node.crt", "node.key")], ["node.crt", "overlay"])
        case.run("an expired certificate", lambda node, document: certificate.dated(case.over, node, "20200101000000Z", "20200102000000Z"),
                 ["expired", "valid", "ended"])


if __name__ == "__main__":
    main()
