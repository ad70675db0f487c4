/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is responsible, who may store, and where a message goes next (RFC 6940, 10.3, 10.4, 10.8). */
#include "reload_core/topology/chord/chord.h"
#include "reload_core/wire/route_query.h"

static const ChordPeer *ring_peer(const ReloadTopology *t, guint i)
{
	return g_ptr_array_index(t->ring, i);
}

static ReloadRingPoint node_point(const ReloadNodeId *id)
{
	return reload_ring_point_from_node_id(id);
}

/* RFC 6940, 10.1: (predecessor, self]; alone, everything. */
static bool responsible_for(const ReloadTopology *t, ReloadRingPoint k)
{
	if (!t->serving)
		return false;
	if (t->neighbors.predecessor_count == 0)
		return true;
	return reload_ring_in(k, node_point(&t->neighbors.predecessors[0]), t->point);
}

bool chord_responsible(ReloadTopology *t, ReloadSpan resource_id)
{
	ReloadRingPoint k;

	return reload_ring_point_from_span(resource_id, &k) && responsible_for(t, k);
}

/* The number of ready peers in (self, k]: they come first in the ring. */
static guint peers_until(const ReloadTopology *t, ReloadRingPoint distance)
{
	guint low = 0, high = t->ring->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (reload_ring_compare(ring_peer(t, middle)->distance, distance) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* RFC 6940, 10.3: the largest Node-ID between us and k, else the smallest one that is greater than
 * k. */
static const ReloadNodeId *greedy(const ReloadTopology *t, ReloadRingPoint k,
				  const ReloadNodeId *except)
{
	ReloadRingPoint distance = reload_ring_distance(t->point, k);
	const ChordPeer *from = except == NULL ? NULL : g_hash_table_lookup(t->peers, except);
	guint before = peers_until(t, distance);
	const ReloadNodeId *best = NULL;

	/* For our own place the interval is the whole ring (only while we are not a part of it). */
	if (reload_ring_finger_of(distance) == 0)
		before = t->ring->len;
	if (before > 0)
		best = &ring_peer(t, before - 1)->id;
	else if (t->ring->len > 0)
		best = &ring_peer(t, 0)->id;
	if (best == NULL || from == NULL || !from->ready || before == 0)
		return best;
	/*
	 * A peer that is as near to k as our best sent it: it takes us for the one that follows k,
	 * and to send it back would make a loop. We know a node nearer behind k; it is that one's.
	 */
	if (reload_ring_compare(reload_ring_distance(node_point(best), k),
				reload_ring_distance(node_point(&from->id), k)) < 0)
		return best;
	return before < t->ring->len ? &ring_peer(t, before)->id : NULL;
}

/* RFC 6940, 10.3: k is the Node-ID of somebody linked; but not whoever sent the message here, who knows that it
 * is not responsible. */
static bool is_linked_node(const ReloadTopology *t, ReloadRingPoint k, const ReloadNodeId *except,
			   ReloadNodeId *hop)
{
	ReloadNodeId id;

	reload_ring_point_to_node_id(k, &id);
	if ((except != NULL && reload_node_id_equal(&id, except)) || !t->host.linked(t->host.user, &id))
		return false;
	*hop = id;
	return true;
}

ReloadRoute chord_next_hop(ReloadTopology *t, ReloadSpan id, bool is_resource,
			   const ReloadNodeId *except, ReloadNodeId *hop)
{
	const ReloadNodeId *best;
	ReloadRingPoint k;

	if (!reload_ring_point_from_span(id, &k))
		return RELOAD_ROUTE_NONE;
	if (!is_resource && reload_ring_compare(k, t->point) == 0)
		return RELOAD_ROUTE_SELF;
	/* A Node-ID in our range that is not linked to us is nobody. */
	if (responsible_for(t, k))
		return is_resource ? RELOAD_ROUTE_SELF : RELOAD_ROUTE_NONE;
	/* Others do not route through us before they had an Update from us (6.1.2). What comes all
	 * the same, from peers of the time before a restart, would circle between them and us. */
	if (!t->serving && except != NULL)
		return RELOAD_ROUTE_NONE;
	if (is_resource && is_linked_node(t, k, except, hop))
		return RELOAD_ROUTE_HOP;
	best = greedy(t, k, except);
	/* RFC 6940, 6.1.2 and 11.4: until we have joined, the bootstrap node carries what we send.
	 */
	if (best == NULL && !t->serving && t->join.phase != CHORD_JOIN_IDLE)
		best = &t->join.bootstrap;
	/* Back to where it came from goes only what greedy() sends there: that node then sees from
	 * whom it comes, and takes the nearer one behind k. */
	if (best == NULL)
		return RELOAD_ROUTE_NONE;
	*hop = *best;
	return RELOAD_ROUTE_HOP;
}

bool chord_routes_through(ReloadTopology *t, const ReloadNodeId *id)
{
	const ChordPeer *peer = chord_peer(t, id);

	if (peer != NULL && peer->ready)
		return true;
	return !t->serving && t->join.phase != CHORD_JOIN_IDLE &&
	       reload_node_id_equal(id, &t->join.bootstrap);
}

/* Nobody whom we know lies in [k, node), so node may be the first at or behind k. */
bool chord_plausible_responsible(ReloadTopology *t, ReloadSpan resource_id,
				 const ReloadNodeId *node)
{
	ReloadRingPoint k, width;

	if (!reload_ring_point_from_span(resource_id, &k) || node->len != RELOAD_RING_BYTES)
		return false;
	width = reload_ring_distance(k, node_point(node));
	if (t->serving && !reload_node_id_equal(node, &t->self) &&
	    reload_ring_compare(reload_ring_distance(k, t->point), width) < 0)
		return false;
	for (guint i = 0; i < t->ring->len; i++)
		if (reload_ring_compare(reload_ring_distance(k, node_point(&ring_peer(t, i)->id)),
					width) < 0)
			return false;
	return true;
}

/* Is k in the range of our predecessor number i, as far as we know it? */
static bool in_range_of_predecessor(const ReloadTopology *t, unsigned i, ReloadRingPoint k)
{
	const ReloadNeighbors *n = &t->neighbors;
	ReloadRingPoint after = t->point;

	/* Where we see no further, the one before it is not known: anything up to us. */
	if (i + 1 < n->predecessor_count)
		after = node_point(&n->predecessors[i + 1]);
	return reload_ring_in(k, after, node_point(&n->predecessors[i]));
}

bool chord_plausible_replica_source(ReloadTopology *t, ReloadSpan resource_id,
				    const ReloadNodeId *node)
{
	const ReloadNeighbors *n = &t->neighbors;
	ReloadRingPoint k;
	int i;

	if (!reload_ring_point_from_span(resource_id, &k))
		return false;
	/* RFC 6940, 10.5 step 6: the admitting peer hands over what is to be ours. */
	if (t->join.phase >= CHORD_JOIN_REQUESTED && reload_node_id_equal(node, &t->join.admitting))
		return true;
	/* RFC 6940, 10.4: an appropriate predecessor, of data in its own range. Our table may be
	 * ahead of its one or behind it by a peer, so all of the entries count. */
	i = reload_neighbors_predecessor_index(n, node);
	if (i >= 0 && in_range_of_predecessor(t, (unsigned)i, k))
		return true;
	/* RFC 6940, 6.4.2.3: a neighbor that held it brings what has become ours. */
	return responsible_for(t, k) && reload_neighbors_have(n, node);
}

unsigned chord_replica_set(ReloadTopology *t, ReloadNodeId *out, unsigned max)
{
	unsigned count = MIN(MIN(t->neighbors.successor_count, RELOAD_REPLICAS), max);

	for (unsigned i = 0; i < count; i++)
		out[i] = t->neighbors.successors[i];
	return count;
}

/* RFC 6940, 10.7.3: no longer, when three predecessors are between. */
bool chord_keeps(ReloadTopology *t, ReloadSpan resource_id)
{
	const ReloadNeighbors *n = &t->neighbors;
	ReloadRingPoint k;

	if (!reload_ring_point_from_span(resource_id, &k))
		return false;
	if (n->predecessor_count <= RELOAD_REPLICAS)
		return true;
	return reload_ring_in(k, node_point(&n->predecessors[RELOAD_REPLICAS]), t->point);
}

uint32_t chord_responsible_ppb(ReloadTopology *t)
{
	ReloadRingPoint width;

	if (!t->serving)
		return 0;
	if (t->neighbors.predecessor_count == 0)
		return 1000000000;
	width = reload_ring_distance(node_point(&t->neighbors.predecessors[0]), t->point);
	return (uint32_t)((double)width.hi / 18446744073709551616.0 * 1e9);
}

void chord_on_route_query(ReloadTopology *t, const ReloadMessage *message,
			  const ReloadNodeId *signer, ReloadTopologyAnswer *answer)
{
	ReloadRouteQueryReq query;
	ReloadChordRouteQueryAns ans = {.next_peer = t->self};
	ReloadRoute route = RELOAD_ROUTE_NONE;
	ReloadNodeId hop;

	if (reload_route_query_req_decode(message->body, RELOAD_RING_BYTES, &query) != RELOAD_OK) {
		answer->error_code = RELOAD_ERROR_INVALID_MESSAGE;
		answer->error_info = "malformed RouteQuery";
		return;
	}
	if (query.send_update)
		chord_owe_full(t, signer);
	if (query.destination.type == RELOAD_DESTINATION_NODE) {
		const ReloadNodeId *id = &query.destination.node_id;

		if (t->host.linked(t->host.user, id)) {
			hop = *id;
			route = RELOAD_ROUTE_HOP;
		} else {
			route = chord_next_hop(t, (ReloadSpan){id->id, id->len}, false, NULL, &hop);
		}
	} else if (query.destination.type == RELOAD_DESTINATION_RESOURCE) {
		route = chord_next_hop(t,
				       (ReloadSpan){query.destination.resource_id.id,
						    query.destination.resource_id.len},
				       true, NULL, &hop);
	}
	if (route == RELOAD_ROUTE_NONE) {
		/* RFC 6940, 6.4.2.4.1: opaque IDs are not translated. */
		answer->error_code = RELOAD_ERROR_NOT_FOUND;
		answer->error_info = "no route";
		return;
	}
	if (route == RELOAD_ROUTE_HOP)
		ans.next_peer = hop;
	reload_write_chord_route_query_ans(answer->body, &ans);
}
