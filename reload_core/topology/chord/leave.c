/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaving the ring, ourselves and others (RFC 6940, 10.9 and 6.4.2.2). */
#include "reload_core/topology/chord/chord.h"

/* Do we stand before peer, as its predecessor, rather than behind it? In small rings both are true;
 * the nearer way round decides. */
static bool we_precede(const ReloadTopology *t, const ChordPeer *peer)
{
	int s = reload_neighbors_successor_index(&t->neighbors, &peer->id);
	int p = reload_neighbors_predecessor_index(&t->neighbors, &peer->id);

	if (s >= 0 && p >= 0)
		return s < p;
	if (s >= 0 || p >= 0)
		return s >= 0;
	return peer->distance.hi >> 63 == 0;
}

static void send_leave(ReloadTopology *t, const ChordPeer *peer)
{
	const ReloadNeighbors *n = &t->neighbors;
	bool from_pred = we_precede(t, peer);
	const ReloadNodeId *ids = from_pred ? n->predecessors : n->successors;
	unsigned count = from_pred ? n->predecessor_count : n->successor_count;
	GByteArray *list = g_byte_array_new(), *data = g_byte_array_new(),
		   *body = g_byte_array_new();
	ReloadDestination dest = reload_destination_node(&peer->id);
	ReloadChordLeaveData leave = {.type = from_pred ? RELOAD_CHORD_FROM_PRED
							: RELOAD_CHORD_FROM_SUCC};
	ReloadLeaveReq req = {.leaving_peer_id = t->self};

	for (unsigned i = 0; i < count; i++)
		reload_write_node_id(list, &ids[i]);
	leave.nodes = (ReloadSpan){list->data, list->len};
	reload_write_chord_leave_data(data, &leave);
	req.overlay_specific_data = (ReloadSpan){data->data, data->len};
	reload_write_leave_req(body, &req);
	t->leave_open++;
	chord_request(t, &dest, NULL, RELOAD_LEAVE_REQ, body, RELOAD_REQUEST_LINK_ONLY,
		      CHORD_CALL_LEAVE, 0);
	g_byte_array_unref(list);
	g_byte_array_unref(data);
	g_byte_array_unref(body);
}

static void finish(ReloadTopology *t, int64_t now)
{
	void (*done)(void *data, int64_t now) = t->leave_done;

	t->leave_done = NULL;
	t->serving = false;
	if (done != NULL)
		done(t->leave_data, now);
}

void chord_leave(ReloadTopology *t, int64_t deadline, void (*done)(void *data, int64_t now),
		 void *data, int64_t now)
{
	GHashTableIter iter;
	gpointer peer;

	t->leaving = true;
	t->join.phase = CHORD_JOIN_IDLE;
	t->leave_done = done;
	t->leave_data = data;
	t->leave_deadline = MAX(deadline, now);
	t->leave_open = 0;
	if (!t->serving)
		return;
	/* RFC 6940, 10.9 says the neighbors, 6.4.2.2 everybody linked. */
	g_hash_table_iter_init(&iter, t->peers);
	while (g_hash_table_iter_next(&iter, NULL, &peer))
		if (!((const ChordPeer *)peer)->left)
			send_leave(t, peer);
}

void chord_leave_answered(ReloadTopology *t, int64_t now)
{
	(void)now;
	if (t->leave_open > 0)
		t->leave_open--;
}

int64_t chord_leave_tick(ReloadTopology *t, int64_t now)
{
	if (t->leave_done == NULL)
		return INT64_MAX;
	if (t->leave_open > 0 && now < t->leave_deadline)
		return t->leave_deadline;
	finish(t, now);
	return INT64_MAX;
}

/* What the leaving peer tells of the nodes on its other side is what we need to fill the gap. */
static void take_hint(ReloadTopology *t, ReloadSpan nodes, unsigned wanted,
		      const ReloadNodeId *leaver, int64_t now)
{
	ReloadNodeId id;

	while (wanted-- > 0 && reload_node_id_next(&nodes, RELOAD_RING_BYTES, &id)) {
		if (reload_node_id_equal(&id, &t->self) || reload_node_id_equal(&id, leaver) ||
		    reload_node_id_is_wildcard(&id) || chord_ghost(t, &id, now))
			continue;
		chord_contact(t, &id, NULL, CHORD_CONTACT_NEIGHBOR, now);
	}
}

void chord_on_leave(ReloadTopology *t, const ReloadMessage *message, const ReloadNodeId *signer,
		    const ReloadNodeId *previous_hop, ReloadTopologyAnswer *answer, int64_t now)
{
	ReloadChordLeaveData leave;
	ReloadLeaveReq req;
	ChordPeer *peer;
	unsigned wanted = 0;
	int place;

	if (reload_leave_req_decode(message->body, RELOAD_RING_BYTES, &req) != RELOAD_OK) {
		answer->error_code = RELOAD_ERROR_INVALID_MESSAGE;
		answer->error_info = "malformed Leave";
		return;
	}
	if (previous_hop == NULL || !reload_node_id_equal(&req.leaving_peer_id, signer) ||
	    !reload_node_id_equal(signer, previous_hop)) {
		answer->error_code = RELOAD_ERROR_FORBIDDEN;
		answer->error_info = "Leave is not for the signer's own link";
		return;
	}
	peer = chord_peer(t, signer);
	if (peer == NULL || t->leaving)
		return;
	place = MAX(reload_neighbors_predecessor_index(&t->neighbors, signer),
		    reload_neighbors_successor_index(&t->neighbors, signer));
	if (place >= 0) /* now: without it the table may be smaller */
		wanted = t->neighbors.bound - (unsigned)place;
	/* RFC 6940, 10.9: as if it had failed. Its link stays until it closes it. */
	chord_peer_failed(t, signer, CHORD_GHOST_LEFT, now);
	peer = chord_peer_add(t, signer);
	if (peer != NULL) {
		peer->left = true;
		peer->since = now;
	}
	if (wanted > 0 && t->serving &&
	    reload_chord_leave_data_decode(req.overlay_specific_data, RELOAD_RING_BYTES, &leave) ==
		RELOAD_OK)
		take_hint(t, leave.nodes, wanted, signer, now);
}
