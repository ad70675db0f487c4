/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Neighbor Table is always the nearest of the peers that can be routed through: it is made anew
 * from them, so that a failed entry has its best replacement at once (RFC 6940, 10.7.1). */
#include "reload_core/topology/chord/neighbors.h"

void reload_neighbors_init(ReloadNeighbors *table, unsigned bound)
{
	memset(table, 0, sizeof(*table));
	table->bound = CLAMP(bound, RELOAD_NEIGHBORS_MIN, RELOAD_NEIGHBORS_MAX);
}

void reload_neighbors_fit(ReloadNeighbors *table, const ReloadNodeId *const *ids, size_t count)
{
	enum { SAMPLE = RELOAD_NEIGHBORS_MIN };
	unsigned wanted = RELOAD_NEIGHBORS_MIN;

	/* In a ring so small that both sides share peers, they tell nothing of its size. */
	if (count > 2 * SAMPLE) {
		ReloadRingPoint from = reload_ring_point_from_node_id(ids[count - SAMPLE]);
		ReloadRingPoint to = reload_ring_point_from_node_id(ids[SAMPLE - 1]);
		/* 2 * SAMPLE peers on a part of 2^-i of the ring: N is about 2 * SAMPLE * 2^i. */
		unsigned bits = reload_ring_finger_of(reload_ring_distance(from, to)) + 2;

		wanted = CLAMP(bits / 2, RELOAD_NEIGHBORS_MIN, RELOAD_NEIGHBORS_MAX);
	}
	/* The estimate is rough. So that a table does not swing with each peer that comes and goes, it
	 * shrinks only when N has fallen to a quarter. */
	if (wanted > table->bound || wanted + 1 < table->bound)
		table->bound = wanted;
}

static bool same_prefix(const ReloadNodeId *a, unsigned a_count, const ReloadNodeId *b,
			unsigned b_count, unsigned prefix)
{
	unsigned n = MIN(a_count, prefix);

	if (n != MIN(b_count, prefix))
		return false;
	for (unsigned i = 0; i < n; i++)
		if (!reload_node_id_equal(&a[i], &b[i]))
			return false;
	return true;
}

unsigned reload_neighbors_rebuild(ReloadNeighbors *table, const ReloadNodeId *const *ids,
				  size_t count)
{
	ReloadNeighbors old = *table;
	unsigned n = (unsigned)MIN(count, table->bound);
	unsigned flags = 0;

	table->predecessor_count = table->successor_count = n;
	for (unsigned i = 0; i < n; i++) {
		table->successors[i] = *ids[i];
		table->predecessors[i] = *ids[count - 1 - i];
	}
	if (!same_prefix(old.predecessors, old.predecessor_count, table->predecessors, n, n + 1) ||
	    !same_prefix(old.successors, old.successor_count, table->successors, n, n + 1))
		flags |= RELOAD_NEIGHBORS_CHANGED;
	if (!same_prefix(old.predecessors, old.predecessor_count, table->predecessors, n, 1))
		flags |= RELOAD_NEIGHBORS_RANGE;
	if (!same_prefix(old.successors, old.successor_count, table->successors, n,
			 RELOAD_REPLICAS))
		flags |= RELOAD_NEIGHBORS_REPLICAS;
	return flags;
}

static int index_of(const ReloadNodeId *ids, unsigned count, const ReloadNodeId *id)
{
	for (unsigned i = 0; i < count; i++)
		if (reload_node_id_equal(&ids[i], id))
			return (int)i;
	return -1;
}

int reload_neighbors_predecessor_index(const ReloadNeighbors *table, const ReloadNodeId *id)
{
	return index_of(table->predecessors, table->predecessor_count, id);
}

int reload_neighbors_successor_index(const ReloadNeighbors *table, const ReloadNodeId *id)
{
	return index_of(table->successors, table->successor_count, id);
}

bool reload_neighbors_have(const ReloadNeighbors *table, const ReloadNodeId *id)
{
	return reload_neighbors_predecessor_index(table, id) >= 0 ||
	       reload_neighbors_successor_index(table, id) >= 0;
}
