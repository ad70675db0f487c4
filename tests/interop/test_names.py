#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An overlay of self-signed certificates: a reload-peer whose user name another has leaves, with one line that says why,
and ends with 1; the other stays."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import BUILD, net, overlay, process, tap  # noqa: E402

NAME = "one@" + overlay.NAME


def peer(over, number, name):
    directory = os.path.join(over.directory, "peer%d" % number, "node")
    os.makedirs(os.path.dirname(directory))
    overlay.reloadctl("cert", "node", "--dir", over.ca, "--out", directory, "--name", name)
    return overlay.Peer(over, number, directory)


def main(t):
    over = overlay.Overlay(os.path.join(BUILD, "names"), net.Block(), create=["--self-signed"])
    first, second, third = peer(over, 1, NAME), peer(over, 2, "two@" + overlay.NAME), peer(over, 3, NAME)
    first.start(first=True)
    second.start()
    for one in (first, second):
        one.joined()

    def is_stored():
        return any(line.strip() == "exists: true" for line in second.ask("lookup %s CERTIFICATE_BY_USER" % NAME))

    process.until(is_stored, 20, "the first certificate is stored under its name")
    with t.fact("the second node of a name leaves and ends with 1; its log names the name and the remedy"):
        third.start()
        third.process.expect("user name %s is another node's in this overlay.*--name" % NAME, 30)
        tap.require(third.process.wait(10) == 1, "it ended otherwise")
    with t.fact("the first node of it stays"):
        tap.require(first.is_joined() and second.is_joined(), "it has left")
    for one in (first, second):
        one.stop()


if __name__ == "__main__":
    with tap.run(120) as run:
        main(run)
