#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A TURN server beside a reload-peer: found with reloadctl by a running peer and by a client, gone when its peer leaves."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import BUILD, net, overlay, process, tap  # noqa: E402

ADDRESS = "198.51.100.7:3478"


def refused(over, directory, address):
    """reload-peer ends with one line that names the option."""
    code, text = process.command(
        [os.path.join(BUILD, "reload-peer"), "--document", over.document, "--dir", directory, "--listen", "127.0.0.1:0",
         "--check", "--turn", address], check=False)
    tap.require(code == 1 and text.startswith("reload-peer: --turn: %s " % address) and text.count("\n") == 1, text)


def asked(*arguments):
    """What reloadctl prints: the address that was found, or "" """
    code, text = overlay.reloadctl(*arguments, check=False)
    return text.split(" ")[0] if code == 0 else ""


def main(t):
    over = overlay.Overlay(os.path.join(BUILD, "turn"), net.Block(), create=["--turn-density", "2"])
    peers = [overlay.Peer(over, number, over.node("peer%d" % number)[0]) for number in (1, 2, 3)]
    visitor, _ = over.node("visitor")
    with t.fact("addresses that not everybody can reach, and what is none, are refused"):
        for address in ("10.1.2.3", "192.168.1.1:3478", "0.0.0.0", "turn.example.org", "198.51.100.7:x"):
            refused(over, visitor, address)
    peers[0].start(first=True)
    peers[1].start()
    peers[2].start(options=["--turn", ADDRESS.split(":", maxsplit=1)[0]])
    for one in peers:
        one.joined()
    with t.fact("a peer and a client find the TURN server of another peer"):
        process.until(lambda: asked("turn", "--control", peers[0].control) == ADDRESS, 20, "it is recorded and found")
        found = asked("client", "--document", over.document, "--dir", visitor, "turn")
        tap.require(found == ADDRESS, "the client found: " + found)
    with t.fact("its peer leaves: nobody finds it any more"):
        peers[2].stop()
        tap.require(asked("turn", "--control", peers[0].control) == "", "it is still found")
    for one in peers[:2]:
        one.stop()


if __name__ == "__main__":
    with tap.run(120) as run:
        main(run)
