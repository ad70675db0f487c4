/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The linked nodes, and the tables that are made from those that can be routed through. */
#include "reload_core/topology/chord/chord.h"

ChordPeer *chord_peer(ReloadTopology *t, const ReloadNodeId *id)
{
	return g_hash_table_lookup(t->peers, id);
}

void chord_peer_free(gpointer data)
{
	ChordPeer *peer = data;

	g_free(peer->listed);
	g_free(peer);
}

ChordPeer *chord_peer_add(ReloadTopology *t, const ReloadNodeId *id)
{
	ChordPeer *peer = chord_peer(t, id);

	if (peer != NULL)
		return peer;
	if (id->len != RELOAD_RING_BYTES || reload_node_id_equal(id, &t->self) ||
	    g_hash_table_size(t->peers) >= CHORD_PEERS_MAX)
		return NULL;
	peer = g_new0(ChordPeer, 1);
	peer->id = *id;
	peer->distance = reload_ring_distance(t->point, reload_ring_point_from_node_id(id));
	peer->update_at = INT64_MAX;
	g_hash_table_insert(t->peers, &peer->id, peer);
	return peer;
}

void chord_peer_remove(ReloadTopology *t, ChordPeer *peer)
{
	chord_peer_set_ready(t, peer, false);
	g_hash_table_remove(t->peers, &peer->id);
}

static guint ring_place(const GPtrArray *ring, ReloadRingPoint distance)
{
	guint low = 0, high = ring->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;
		const ChordPeer *peer = g_ptr_array_index(ring, middle);

		if (reload_ring_compare(peer->distance, distance) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void chord_peer_set_ready(ReloadTopology *t, ChordPeer *peer, bool ready)
{
	if (peer->ready == ready)
		return;
	peer->ready = ready;
	if (ready) {
		g_ptr_array_insert(t->ring, (gint)ring_place(t->ring, peer->distance), peer);
	} else {
		g_ptr_array_remove(t->ring, peer);
		g_free(peer->listed);
		peer->listed = NULL;
		peer->listed_count = 0;
	}
}

static bool in_held_set(const ReloadTopology *t, const ReloadNodeId *id)
{
	for (unsigned i = 0; i < RELOAD_REPLICAS; i++) {
		if (reload_node_id_equal(&t->held_set[i], id))
			return true;
	}
	return false;
}

/* Has a member of the replica set joined, or come back, since then? It stands in for nobody: what it is to keep, it has to
 * be given (10.7.3), and it is asked for it when we die. */
static bool replica_came_since(ReloadTopology *t, int64_t since)
{
	for (unsigned i = 0; i < MIN(t->neighbors.successor_count, RELOAD_REPLICAS); i++) {
		const ChordPeer *peer = chord_peer(t, &t->neighbors.successors[i]);

		if (peer != NULL &&
		    (peer->started > since || (peer->since > since && in_held_set(t, &peer->id))))
			return true;
	}
	return false;
}

/* A member of the replica set has failed: before is the table until then. */
static void hold_replicas(ReloadTopology *t, const ReloadNeighbors *before, int64_t now)
{
	for (unsigned i = 0; t->replicas_hold_until < now && i < RELOAD_REPLICAS; i++)
		t->held_set[i] = i < before->successor_count ? before->successors[i] : (ReloadNodeId){0};
	t->replicas_hold_until = now + CHORD_REPLICA_HOLD;
}

void chord_rebuild(ReloadTopology *t, bool failure, int64_t now)
{
	const ReloadNodeId **ids = g_new(const ReloadNodeId *, t->ring->len + 1);
	ReloadNeighbors before = t->neighbors;
	unsigned flags;

	for (guint i = 0; i < t->ring->len; i++)
		ids[i] = &((ChordPeer *)g_ptr_array_index(t->ring, i))->id;
	reload_neighbors_fit(&t->neighbors, ids, t->ring->len);
	flags = reload_neighbors_rebuild(&t->neighbors, ids, t->ring->len);
	reload_fingers_rebuild(&t->fingers, ids, t->ring->len);
	g_free(ids);
	t->seek = true;
	if (flags == 0)
		return;
	t->version++;
	if (!t->serving)
		return;
	if (flags & RELOAD_NEIGHBORS_RANGE)
		t->range_changed = true;
	if (flags & RELOAD_NEIGHBORS_REPLICAS) {
		/* RFC 6940, 10.7.1: a better match than the stand-in may turn up soon, and what else changes
		 * meanwhile is no reason to take the stand-in. */
		t->replicas_changed = true;
		if (failure)
			hold_replicas(t, &before, now);
		else if (t->replicas_hold_until < now ||
			 replica_came_since(t, t->replicas_hold_until - CHORD_REPLICA_HOLD))
			t->replicas_hold_until = now;
	}
	/* RFC 6940, 10.7.3: a changed range goes out in any case, other changes where Updates are
	 * reactive; that one has failed is told at once (10.7.1). */
	if (t->document->chord_reactive || flags & RELOAD_NEIGHBORS_RANGE)
		chord_schedule_updates(t, failure || flags & RELOAD_NEIGHBORS_RANGE, now);
}
