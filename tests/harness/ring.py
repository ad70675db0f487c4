# SPDX-License-Identifier: GPL-2.0-or-later
"""Arithmetic on the ring of CHORD-RELOAD (RFC 6940, 10), to say beforehand who will know whom."""
BITS = 128
SIZE = 1 << BITS
NEIGHBORS = 3  # on each side (10.7.3)
FINGERS = 16  # at least (10.7.4)


def successor(ids, key):
    """Who is responsible for key: the first of the sorted ids at or behind it."""
    for one in ids:
        if one >= key % SIZE:
            return one
    return ids[0]


def links(ids):
    """The pairs of nodes that a settled ring has links between."""
    ids = sorted(ids)
    pairs = set()
    for at, one in enumerate(ids):
        for step in range(1, NEIGHBORS + 1):
            pairs.add(frozenset((one, ids[(at + step) % len(ids)])))
        for number in range(1, FINGERS + 1):
            pairs.add(frozenset((one, successor(ids, one + (SIZE >> number)))))
    return {pair for pair in pairs if len(pair) == 2}


def strangers(ids, count):
    """Chooses count of ids so that as few pairs of them as can be have a link; returns (chosen, unlinked pairs)."""
    known = links(ids)
    best, best_pairs = None, None

    def extend(chosen, rest):
        nonlocal best, best_pairs
        if len(chosen) == count:
            pairs = [(a, b) for i, a in enumerate(chosen) for b in chosen[i + 1:]
                     if frozenset((a, b)) not in known]
            if best is None or len(pairs) > len(best_pairs):
                best, best_pairs = list(chosen), pairs
            return
        for at, one in enumerate(rest):
            extend(chosen + [one], rest[at + 1:])

    extend([], sorted(ids))
    return best, best_pairs
