/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Finger Table: entry i is a peer 2^-i of the ring away, i=1 half way round (RFC 6940, 10.1 and
 * 10.7.4.2). */
#ifndef RELOAD_TOPOLOGY_CHORD_FINGERS_H
#define RELOAD_TOPOLOGY_CHORD_FINGERS_H

#include "reload_core/topology/chord/ring.h"

#define RELOAD_FINGERS_MAX 128
/* RFC 6940, 10.7.4.3: a table with fewer entries is to grow to this. */
#define RELOAD_FINGERS_WANTED 16

typedef struct {
	ReloadNodeId id;	/* len 0: nobody known in the range, the entry is invalid */
	ReloadNodeId candidate; /* an Update named it (10.7.4.2, alternative 2); len 0: none */
	bool searched;		/* in this round of searching */
	bool failed;		/* lost, and to be searched for (10.7.2) */
} ReloadFinger;

typedef struct {
	ReloadRingPoint self;
	ReloadFinger entry[RELOAD_FINGERS_MAX + 1]; /* by i from 1; [0] is not used */
} ReloadFingers;

/* Starts with all entries invalid. */
void reload_fingers_init(ReloadFingers *table, ReloadRingPoint self);

/* The first point of the range of finger i: n + 2^(128-i) (RFC 6940, 10.5). */
ReloadRingPoint reload_fingers_start(const ReloadFingers *table, unsigned i);

/* A point in the range of finger i, picked by the 16 random bytes. */
ReloadRingPoint reload_fingers_point(const ReloadFingers *table, unsigned i,
				     const uint8_t random[RELOAD_RING_BYTES]);

/* The i in whose range id lies; 0 for our own Node-ID. */
unsigned reload_fingers_index(const ReloadFingers *table, const ReloadNodeId *id);

/* Sets the entries from ids, the peers that can be routed through, sorted by distance: an entry
 * stays as long as its peer is there. */
void reload_fingers_rebuild(ReloadFingers *table, const ReloadNodeId *const *ids, size_t count);

/* Tells whether id is an entry. */
bool reload_fingers_have(const ReloadFingers *table, const ReloadNodeId *id);

/* Remembers id as a candidate if its range has neither entry nor candidate. */
void reload_fingers_suggest(ReloadFingers *table, const ReloadNodeId *id);

/* Tells whether finger i is worth a search: invalid, among the wanted or already used, and not
 * wholly in (self, covered], where the successors are known; covered is the last of them. */
bool reload_fingers_lacks(const ReloadFingers *table, unsigned i, ReloadRingPoint covered);

#endif
