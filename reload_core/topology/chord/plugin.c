/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CHORD-RELOAD as a topology plug-in: its instances, and how events and time reach the other files.
 */
#include "reload_core/topology/chord/chord.h"

#include <stdarg.h>

uint64_t chord_random(ReloadTopology *t)
{
	uint64_t value = 0;

	t->host.random(t->host.user, (uint8_t *)&value, sizeof(value));
	return value;
}

int64_t chord_random_time(ReloadTopology *t, int64_t from, int64_t to)
{
	return from + (int64_t)(chord_random(t) % (uint64_t)(to - from + 1));
}

void chord_log(ReloadTopology *t, int level, const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	text = g_strdup_vprintf(format, ap);
	va_end(ap);
	t->host.log(t->host.user, level, text);
	g_free(text);
}

static void tell_host(ReloadTopology *t, int64_t now)
{
	bool range = t->range_changed;
	bool replicas = t->replicas_changed && now >= t->replicas_hold_until;

	if (!t->serving || t->leaving)
		return;
	if (range || replicas) {
		t->range_changed = false;
		t->replicas_changed = t->replicas_changed && !replicas;
		t->host.changed(t->host.user, range, replicas, now);
	}
	if (t->lost) {
		t->lost = false;
		if (t->ring->len == 0 && t->join.phase == CHORD_JOIN_IDLE)
			t->host.lost(t->host.user, now);
	}
}

void chord_settle(ReloadTopology *t, int64_t now)
{
	if (t->in_settle)
		return;
	t->in_settle = true;
	if (!t->leaving) {
		if (t->seek && (t->serving || t->join.phase >= CHORD_JOIN_CONNECTING))
			chord_seek_neighbors(t, now);
		chord_join_advance(t, now);
	}
	tell_host(t, now);
	t->in_settle = false;
}

static ReloadTopology *create(const ReloadDocument *document, const ReloadNodeId *self,
			      const ReloadTopologyHost *host, int64_t now)
{
	ReloadTopology *t;

	if (self->len != RELOAD_RING_BYTES)
		return NULL;
	t = g_new0(ReloadTopology, 1);
	t->document = document;
	t->host = *host;
	t->self = *self;
	t->point = reload_ring_point_from_node_id(self);
	t->created = now;
	t->peers = g_hash_table_new_full(reload_node_id_hash, reload_node_id_equal_keys, NULL,
					 chord_peer_free);
	t->ring = g_ptr_array_new();
	reload_neighbors_init(&t->neighbors, RELOAD_NEIGHBORS_MIN);
	reload_fingers_init(&t->fingers, t->point);
	t->version = 1;
	t->contacts = g_array_new(FALSE, FALSE, sizeof(ChordContact));
	t->ghosts = g_array_new(FALSE, FALSE, sizeof(ChordGhost));
	t->admissions = g_array_new(FALSE, FALSE, sizeof(ChordAdmission));
	t->joins = reload_quota_new(CHORD_JOINS_BURST, CHORD_JOINS_INTERVAL, CHORD_PEERS_MAX);
	t->full_owed = g_array_new(FALSE, FALSE, sizeof(ReloadNodeId));
	t->calls = g_hash_table_new_full(g_direct_hash, g_direct_equal, g_free, NULL);
	t->hold = CHORD_HOLD_MIN;
	t->broadcast_at = t->seek_at = INT64_MAX;
	t->fill_at = t->ping_at = t->sweep_at = t->search_at = INT64_MAX;
	return t;
}

static void destroy(ReloadTopology *t)
{
	if (t == NULL)
		return;
	g_ptr_array_unref(t->ring);
	g_hash_table_unref(t->peers);
	g_hash_table_unref(t->calls);
	g_array_unref(t->contacts);
	g_array_unref(t->ghosts);
	g_array_unref(t->admissions);
	reload_quota_free(t->joins);
	g_array_unref(t->full_owed);
	g_free(t);
}

static int64_t tick(ReloadTopology *t, int64_t now)
{
	int64_t next;

	if (now >= t->seek_at) {
		t->seek_at = INT64_MAX;
		t->seek = true;
	}
	chord_ghosts_tick(t, now);
	chord_admissions_tick(t, now);
	chord_settle(t, now);
	next = chord_stabilize_tick(t, now);
	next = reload_sooner(next, chord_updates_tick(t, now));
	next = reload_sooner(next, chord_leave_tick(t, now));
	next = reload_sooner(next, chord_ghosts_tick(t, now));
	next = reload_sooner(next, chord_admissions_tick(t, now));
	next = reload_sooner(next, chord_join_due(t));
	next = MIN(next, t->seek_at);
	if (t->seek || t->range_changed)
		next = now;
	if (t->replicas_changed)
		next = MIN(next, t->replicas_hold_until);
	return MAX(next, now + 1);
}

/* ---- events ---- */

static void start_overlay(ReloadTopology *t, int64_t now)
{
	chord_start_overlay(t, now);
	chord_settle(t, now);
}

static void join(ReloadTopology *t, const ReloadNodeId *bootstrap, int64_t now)
{
	chord_join(t, bootstrap, now);
	chord_settle(t, now);
}

static void document_changed(ReloadTopology *t, const ReloadDocument *document, int64_t now)
{
	(void)now;
	t->document = document;
}

static void link_up(ReloadTopology *t, const ReloadNodeId *id, int64_t now)
{
	chord_link_up(t, id, now);
	chord_settle(t, now);
}

static void link_down(ReloadTopology *t, const ReloadNodeId *id, int64_t now)
{
	chord_link_down(t, id, now);
	chord_settle(t, now);
}

static void attach_done(ReloadTopology *t, uint64_t cookie, ReloadStatus status,
			const ReloadNodeId *id, int64_t now)
{
	chord_contact_done(t, cookie, status, id, now);
	chord_settle(t, now);
}

static void on_request(ReloadTopology *t, const ReloadMessage *message, const ReloadNodeId *signer,
		       const ReloadNodeId *previous_hop, ReloadTopologyAnswer *answer, int64_t now)
{
	switch (message->code) {
	case RELOAD_JOIN_REQ:
		chord_on_join(t, message, signer, previous_hop, answer, now);
		break;
	case RELOAD_LEAVE_REQ:
		chord_on_leave(t, message, signer, previous_hop, answer, now);
		break;
	case RELOAD_UPDATE_REQ:
		chord_on_update(t, message, signer, previous_hop, answer, now);
		break;
	case RELOAD_ROUTE_QUERY_REQ:
		chord_on_route_query(t, message, signer, answer);
		break;
	default:
		answer->error_code = RELOAD_ERROR_INVALID_MESSAGE;
		answer->error_info = "no request of this topology";
		break;
	}
	chord_settle(t, now);
}

static void send_update(ReloadTopology *t, const ReloadNodeId *id, int64_t now)
{
	ChordPeer *peer = t->host.linked(t->host.user, id) ? chord_peer_add(t, id) : NULL;

	if (peer != NULL)
		chord_send_update(t, peer, RELOAD_CHORD_NEIGHBORS, now);
	chord_settle(t, now);
}

static void each_entry(ReloadTopology *t,
		       void (*each)(void *data, const char *role, unsigned index,
				    const ReloadNodeId *id),
		       void *data)
{
	for (unsigned i = 0; i < t->neighbors.predecessor_count; i++)
		each(data, "predecessor", i + 1, &t->neighbors.predecessors[i]);
	for (unsigned i = 0; i < t->neighbors.successor_count; i++)
		each(data, "successor", i + 1, &t->neighbors.successors[i]);
	for (unsigned i = 1; i <= RELOAD_FINGERS_MAX; i++)
		if (t->fingers.entry[i].id.len != 0)
			each(data, "finger", i, &t->fingers.entry[i].id);
}

static const ReloadTopologyPlugin chord_plugin = {
    .name = "CHORD-RELOAD",
    .create = create,
    .destroy = destroy,
    .start_overlay = start_overlay,
    .join = join,
    .leave = chord_leave,
    .tick = tick,
    .document_changed = document_changed,
    .link_up = link_up,
    .link_down = link_down,
    .attach_done = attach_done,
    .next_hop = chord_next_hop,
    .responsible = chord_responsible,
    .plausible_responsible = chord_plausible_responsible,
    .plausible_replica_source = chord_plausible_replica_source,
    .replica_set = chord_replica_set,
    .keeps = chord_keeps,
    .responsible_ppb = chord_responsible_ppb,
    .routes_through = chord_routes_through,
    .on_request = on_request,
    .send_update = send_update,
    .each_entry = each_entry,
};

const ReloadTopologyPlugin *reload_topology_find(const char *name)
{
	return g_strcmp0(name, chord_plugin.name) == 0 ? &chord_plugin : NULL;
}
