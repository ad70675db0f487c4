/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Neighbor Table: the nearest peers on either side (RFC 6940, 10.1 and 10.7). */
#ifndef RELOAD_TOPOLOGY_CHORD_NEIGHBORS_H
#define RELOAD_TOPOLOGY_CHORD_NEIGHBORS_H

#include "reload_core/topology/chord/ring.h"

/* RFC 6940, 10.1: at least three on each side. */
#define RELOAD_NEIGHBORS_MIN 3
#define RELOAD_NEIGHBORS_MAX 8
/* RFC 6940, 10.4: replicas are at the next two successors. */
#define RELOAD_REPLICAS 2

typedef struct {
	unsigned bound; /* entries wanted on each side, RELOAD_NEIGHBORS_MIN..MAX */
	unsigned predecessor_count, successor_count;
	ReloadNodeId predecessors[RELOAD_NEIGHBORS_MAX]; /* the nearest first */
	ReloadNodeId successors[RELOAD_NEIGHBORS_MAX];
} ReloadNeighbors;

/* What a rebuild changed; flags. */
enum {
	RELOAD_NEIGHBORS_CHANGED = 1,  /* an entry or its place */
	RELOAD_NEIGHBORS_RANGE = 2,    /* the first predecessor, so our range of Resource-IDs */
	RELOAD_NEIGHBORS_REPLICAS = 4, /* the first two successors */
};

/* Starts empty. bound is brought into its limits. */
void reload_neighbors_init(ReloadNeighbors *table, unsigned bound);

/* Sets how many entries are wanted (RFC 6940, 10.7: O(log N)) by how densely ids lie around us, sorted as below. In an
 * overlay of less than some 200 peers that is RELOAD_NEIGHBORS_MIN. */
void reload_neighbors_fit(ReloadNeighbors *table, const ReloadNodeId *const *ids, size_t count);

/* Fills both sides from ids, which are sorted by their distance clockwise from us, without us and
 * without doubles. In a small ring a peer stands on both sides. Returns flags of what changed. */
unsigned reload_neighbors_rebuild(ReloadNeighbors *table, const ReloadNodeId *const *ids,
				  size_t count);

/* Tells whether id is in the table. */
bool reload_neighbors_have(const ReloadNeighbors *table, const ReloadNodeId *id);

/* The place of id among the predecessors (or successors), from 0; -1 if it is not there. */
int reload_neighbors_predecessor_index(const ReloadNeighbors *table, const ReloadNodeId *id);
int reload_neighbors_successor_index(const ReloadNeighbors *table, const ReloadNodeId *id);

#endif
