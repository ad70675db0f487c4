#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls in which something comes late, or from elsewhere: answers to INVITEs that are forgotten, phones that move."""
from fake_edges import Edges
from harness import tap
from raw_call import FORGETS, late_answers, moved_phone, phone


def main():
    with tap.run(60) as t:
        f = Edges("late-calls", 2, change=FORGETS)
        f.start()
        alice, carol, bob = phone(f, "alice", 5, 1), phone(f, "carol", 6, 1), phone(f, "bob", 7, 2)
        late_answers(t, f, alice, (("edge to edge", bob), ("at one edge", carol)))
        moved_phone(t, f, alice, bob, 8)


if __name__ == "__main__":
    main()
