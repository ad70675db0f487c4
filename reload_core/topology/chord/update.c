/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Updates, sent and received (RFC 6940, 10.7 and 10.7.3). */
#include "reload_core/topology/chord/chord.h"

/* ---- sending ---- */

static ReloadSpan list_of(GByteArray *store, const ReloadNodeId *ids, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		reload_write_node_id(store, &ids[i]);
	return (ReloadSpan){store->data, store->len};
}

static gint compare_ids(gconstpointer a, gconstpointer b)
{
	return memcmp(((const ReloadNodeId *)a)->id, ((const ReloadNodeId *)b)->id,
		      RELOAD_RING_BYTES);
}

/* RFC 6940, 10.7: fingers in numerically ascending order. */
static ReloadSpan list_of_fingers(GByteArray *store, const ReloadFingers *fingers)
{
	ReloadNodeId ids[RELOAD_FINGERS_MAX];
	unsigned count = 0;

	for (unsigned i = 1; i <= RELOAD_FINGERS_MAX; i++)
		if (fingers->entry[i].id.len != 0)
			ids[count++] = fingers->entry[i].id;
	qsort(ids, count, sizeof(*ids), compare_ids);
	return list_of(store, ids, count);
}

static GByteArray *update_body(ReloadTopology *t, ReloadChordUpdateType type, int64_t now)
{
	GByteArray *body = g_byte_array_new();
	GByteArray *predecessors = g_byte_array_new();
	GByteArray *successors = g_byte_array_new();
	GByteArray *fingers = g_byte_array_new();
	ReloadChordUpdate update = {
	    .uptime = (uint32_t)((now - t->created) / 1000),
	    .type = (uint8_t)type,
	};

	if (type != RELOAD_CHORD_PEER_READY) {
		const ReloadNeighbors *n = &t->neighbors;

		update.predecessors = list_of(predecessors, n->predecessors, n->predecessor_count);
		update.successors = list_of(successors, n->successors, n->successor_count);
	}
	if (type == RELOAD_CHORD_FULL)
		update.fingers = list_of_fingers(fingers, &t->fingers);
	reload_write_chord_update(body, &update);
	g_byte_array_unref(predecessors);
	g_byte_array_unref(successors);
	g_byte_array_unref(fingers);
	return body;
}

void chord_send_update(ReloadTopology *t, ChordPeer *peer, ReloadChordUpdateType type, int64_t now)
{
	ReloadDestination dest = reload_destination_node(&peer->id);
	GByteArray *body;

	/* RFC 6940, 10.5: none before we are a part of the ring. */
	if (!t->serving || t->leaving || peer->left)
		return;
	peer->update_at = now + chord_around(t, t->document->chord_update_interval);
	if (peer->update_open) {
		/* Their numbers are in the order of what they hold. */
		peer->update_owed = MAX(peer->update_owed, type);
		return;
	}
	body = update_body(t, type, now);
	if (type != RELOAD_CHORD_PEER_READY)
		peer->sent_version = t->version;
	peer->sent_at = now;
	peer->update_open = true;
	peer->update_owed = 0;
	peer->update_serial =
	    chord_request(t, &dest, NULL, RELOAD_UPDATE_REQ, body, RELOAD_REQUEST_LINK_ONLY, CHORD_CALL_UPDATE, 0);
	g_byte_array_unref(body);
}

/* An Update that was refused, perhaps since our documents differ (6.3.2.1), is sent again: ever more seldom, for some
 * refuse each. */
static void again_later(ReloadTopology *t, ChordPeer *peer, int64_t now)
{
	int64_t delay = (int64_t)CHORD_REFUSED_AGAIN << MIN(peer->refused, CHORD_REFUSED_DOUBLINGS);

	peer->refused = MIN(peer->refused + 1, CHORD_REFUSED_DOUBLINGS);
	peer->update_at = MIN(peer->update_at, now + chord_random_time(t, delay / 2, delay));
}

void chord_update_answered(ReloadTopology *t, const ChordCall *call, ReloadStatus status, int64_t now)
{
	ChordPeer *peer = chord_peer(t, &call->to);

	/* After a new link another one may be under way, and this one be of the old link. */
	if (peer == NULL || call->serial != peer->update_serial)
		return;
	peer->update_open = false;
	if (status == RELOAD_E_TIMEOUT) {
		/* RFC 6940, 10.7.1: the failure of a request counts as a lost connection. */
		chord_log(t, CHORD_LOG_INFO, "a neighbor does not answer Updates: link given up");
		t->host.release(t->host.user, &call->to);
		chord_peer_failed(t, &call->to, CHORD_GHOST_FAILED, now);
		return;
	}
	if (status == RELOAD_OK)
		peer->refused = 0;
	else
		again_later(t, peer, now);
	if (peer->update_owed != 0)
		chord_send_update(t, peer, peer->update_owed, now);
}

void chord_schedule_updates(ReloadTopology *t, bool urgent, int64_t now)
{
	int64_t at = now + chord_random_time(t, 2, 15);

	at = MAX(at, t->broadcast_last + (urgent ? CHORD_HOLD_MIN : t->hold));
	if (!t->serving)
		return;
	if (t->broadcast_at == INT64_MAX) {
		t->broadcast_since = now;
		t->broadcast_urgent = false;
		t->broadcast_at = at;
	}
	if (urgent && !t->broadcast_urgent) {
		t->broadcast_urgent = true;
		t->broadcast_at = MIN(at, t->broadcast_at);
	}
}

/* RFC 6940, 10.7.3: an Update to every member of the Connection Table; each state of our table
 * once. */
static void broadcast(ReloadTopology *t, int64_t now)
{
	GHashTableIter iter;
	gpointer value;

	/* Changes that follow on each other's heels are told ever more seldom, so that churn makes
	 * no storm. */
	if (now - t->broadcast_last > 4 * t->hold)
		t->hold = CHORD_HOLD_MIN;
	else
		t->hold = MIN(t->hold * 2, CHORD_HOLD_MAX);
	t->broadcast_last = now;
	t->broadcast_at = INT64_MAX;
	g_hash_table_iter_init(&iter, t->peers);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		ChordPeer *peer = value;

		if (peer->sent_version != t->version)
			chord_send_update(t, peer, RELOAD_CHORD_NEIGHBORS, now);
	}
}

void chord_owe_full(ReloadTopology *t, const ReloadNodeId *id)
{
	for (guint i = 0; i < t->full_owed->len; i++)
		if (reload_node_id_equal(&g_array_index(t->full_owed, ReloadNodeId, i), id))
			return;
	if (t->full_owed->len < CHORD_FULL_MAX)
		g_array_append_val(t->full_owed, *id);
}

static void pay_full(ReloadTopology *t, int64_t now)
{
	for (guint i = 0; i < t->full_owed->len; i++) {
		const ReloadNodeId *id = &g_array_index(t->full_owed, ReloadNodeId, i);
		ReloadDestination dest = reload_destination_node(id);
		ChordPeer *peer = chord_peer(t, id);
		GByteArray *body;

		if (peer != NULL) {
			chord_send_update(t, peer, RELOAD_CHORD_FULL, now);
		} else if (t->serving && !t->leaving && !reload_node_id_equal(id, &t->self) &&
			   chord_calls_open(t, CHORD_CALL_ASK) < CHORD_FULL_MAX) {
			/* Who asks and does not answer must not fill the table of requests. */
			body = update_body(t, RELOAD_CHORD_FULL, now);
			chord_request(t, &dest, NULL, RELOAD_UPDATE_REQ, body, RELOAD_REQUEST_ROUTED,
				      CHORD_CALL_ASK, 0);
			g_byte_array_unref(body);
		}
	}
	g_array_set_size(t->full_owed, 0);
}

int64_t chord_updates_tick(ReloadTopology *t, int64_t now)
{
	pay_full(t, now);
	if (t->broadcast_at > now)
		return t->broadcast_at;
	/* RFC 6940, 10.7.3: after any Attaches are done; but not for long. A failed neighbor is told
	 * of at once (10.7.1), and so is a changed range, since messages go astray until then. */
	if (!t->broadcast_urgent && chord_contacts_open(t, CHORD_CONTACT_NEIGHBOR) > 0 &&
	    now - t->broadcast_since < CHORD_ATTACHING_MAX) {
		t->broadcast_at = now + 25;
		return t->broadcast_at;
	}
	broadcast(t, now);
	return t->broadcast_at;
}

/* ---- receiving ---- */

static unsigned take_list(ReloadSpan list, const ReloadNodeId *self, ReloadNodeId *out,
			  unsigned count, bool *names_us)
{
	unsigned limit = count + CHORD_LISTED_MAX / 2;
	ReloadNodeId id;

	while (count < limit && reload_node_id_next(&list, RELOAD_RING_BYTES, &id)) {
		if (reload_node_id_equal(&id, self))
			*names_us = true;
		else if (!reload_node_id_is_wildcard(&id))
			out[count++] = id;
	}
	return count;
}

static void take_fingers(ReloadTopology *t, const ReloadChordUpdate *update,
			 const ReloadNodeId *listed, unsigned count)
{
	ReloadSpan list = update->fingers;
	ReloadNodeId id;

	for (unsigned i = 0; i < count; i++)
		reload_fingers_suggest(&t->fingers, &listed[i]);
	for (unsigned i = 0; i < RELOAD_FINGERS_MAX; i++)
		if (reload_node_id_next(&list, RELOAD_RING_BYTES, &id) &&
		    !reload_node_id_is_wildcard(&id))
			reload_fingers_suggest(&t->fingers, &id);
}

/* A neighbor that does not know us as one has missed an Update of ours. */
static bool has_missed_us(ReloadTopology *t, const ChordPeer *peer, bool names_us, int64_t now)
{
	return !names_us && !peer->update_open && now - peer->sent_at > CHORD_ASK_AGAIN &&
	       reload_neighbors_have(&t->neighbors, &peer->id);
}

static void update_over_link(ReloadTopology *t, ChordPeer *peer, const ReloadChordUpdate *update,
			     int64_t now)
{
	bool ready = peer->ready, labeled = false, named = false;
	ReloadNodeId listed[CHORD_LISTED_MAX];
	unsigned count;

	count = take_list(update->predecessors, &t->self, listed, 0, &labeled);
	count = take_list(update->successors, &t->self, listed, count, &named);
	peer->fresh = false;
	peer->asked_at = 0;
	peer->started = now - (int64_t)update->uptime * 1000;
	if (update->type != RELOAD_CHORD_PEER_READY) {
		g_free(peer->listed);
		peer->listed = g_memdup2(listed, count * sizeof(*listed));
		peer->listed_count = count;
		t->seek = true;
		take_fingers(t, update, listed, count);
	}
	if (!ready) {
		chord_ghost_set(t, &peer->id, 0);
		if (peer->refused == 0)
			peer->update_at = now + chord_around(t, t->document->chord_update_interval);
		chord_peer_set_ready(t, peer, true);
		chord_rebuild(t, false, now);
	}
	if (t->join.phase != CHORD_JOIN_IDLE && labeled)
		chord_join_labeled(t, &peer->id, now);
	if (update->type == RELOAD_CHORD_PEER_READY)
		named = true;
	if ((!ready && peer->sent_version == 0) || has_missed_us(t, peer, labeled || named, now))
		chord_send_update(t, peer, RELOAD_CHORD_NEIGHBORS, now);
}

void chord_on_update(ReloadTopology *t, const ReloadMessage *message, const ReloadNodeId *signer,
		     const ReloadNodeId *previous_hop, ReloadTopologyAnswer *answer, int64_t now)
{
	ReloadChordUpdate update;
	ReloadStatus status = reload_chord_update_decode(message->body, RELOAD_RING_BYTES, &update);
	ChordPeer *peer;

	if (status == RELOAD_E_UNSUPPORTED) {
		answer->silent = true; /* RFC 6940, 6.3.1.1 */
		return;
	}
	if (status != RELOAD_OK) {
		answer->error_code = RELOAD_ERROR_INVALID_MESSAGE;
		answer->error_info = "malformed Update";
		return;
	}
	if (t->leaving || reload_node_id_equal(signer, &t->self))
		return;
	/* RFC 6940, 12: one that came through others tells of nodes, but does not make its sender
	 * one that can be routed through. Only fingers are taken from it: neighbors are attached to
	 * through the peer that named them (10.6), and to that one there is no link. */
	if (previous_hop == NULL || !reload_node_id_equal(signer, previous_hop) ||
	    !t->host.linked(t->host.user, signer)) {
		if (update.type == RELOAD_CHORD_FULL)
			take_fingers(t, &update, NULL, 0);
		return;
	}
	peer = chord_peer_add(t, signer);
	if (peer == NULL || (peer->left && now - peer->since < CHORD_RETURN_TIME))
		return;
	peer->left = false;
	update_over_link(t, peer, &update, now);
}
