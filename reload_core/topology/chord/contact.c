/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reaching other nodes: Attaches under way, nodes to be left alone, requests and their replies; and
 * the search for better neighbors among all that the ready peers have told (RFC 6940, 10.6
 * and 10.7.3). */
#include "reload_core/topology/chord/chord.h"
#include "reload_core/wire/route_query.h"

/* ---- ghosts ---- */

void chord_ghost_set(ReloadTopology *t, const ReloadNodeId *id, int64_t until)
{
	guint oldest = 0;

	for (guint i = 0; i < t->ghosts->len; i++) {
		ChordGhost *ghost = &g_array_index(t->ghosts, ChordGhost, i);

		if (reload_node_id_equal(&ghost->id, id)) {
			ghost->until = until;
			return;
		}
		if (ghost->until < g_array_index(t->ghosts, ChordGhost, oldest).until)
			oldest = i;
	}
	if (until == 0)
		return;
	if (t->ghosts->len >= CHORD_GHOSTS_MAX)
		g_array_remove_index_fast(t->ghosts, oldest);
	g_array_append_val(t->ghosts, ((ChordGhost){*id, until}));
}

bool chord_ghost(ReloadTopology *t, const ReloadNodeId *id, int64_t now)
{
	for (guint i = 0; i < t->ghosts->len; i++) {
		const ChordGhost *ghost = &g_array_index(t->ghosts, ChordGhost, i);

		if (reload_node_id_equal(&ghost->id, id))
			return ghost->until > now;
	}
	return false;
}

int64_t chord_ghosts_tick(ReloadTopology *t, int64_t now)
{
	int64_t next = INT64_MAX;

	for (guint i = t->ghosts->len; i-- > 0;) {
		int64_t until = g_array_index(t->ghosts, ChordGhost, i).until;

		if (until > now) {
			next = MIN(next, until);
			continue;
		}
		g_array_remove_index_fast(t->ghosts, i);
		t->seek = true;
	}
	return next;
}

/* ---- requests ---- */

ChordCall *chord_call_new(ReloadTopology *t, ChordCallKind kind, const ReloadNodeId *to)
{
	ChordCall *call = g_new0(ChordCall, 1);

	call->chord = t;
	call->kind = kind;
	call->serial = ++t->next_serial;
	if (to != NULL)
		call->to = *to;
	g_hash_table_add(t->calls, call);
	return call;
}

void chord_call_free(ChordCall *call)
{
	g_hash_table_remove(call->chord->calls, call);
}

static void reply(void *data, ReloadStatus status, const ReloadMessage *answer,
		  const ReloadNodeId *from, int64_t now)
{
	ChordCall *call = data;
	ReloadTopology *t = call->chord;

	(void)answer;
	if (status == RELOAD_OK && from == NULL)
		status = RELOAD_E_INTERNAL;
	switch (call->kind) {
	case CHORD_CALL_UPDATE:
		chord_update_answered(t, call, status, now);
		break;
	case CHORD_CALL_JOIN:
		chord_join_answered(t, call, status, from, now);
		break;
	case CHORD_CALL_LEAVE:
		chord_leave_answered(t, now);
		break;
	case CHORD_CALL_FINGER:
		if (status == RELOAD_OK)
			chord_finger_found(t, call->finger, from, now);
		break;
	case CHORD_CALL_PARTITION:
		if (status == RELOAD_OK)
			chord_partition_answered(t, &call->to, from, now);
		break;
	case CHORD_CALL_SUCCESSOR:
		if (status == RELOAD_OK)
			chord_join_found(t, from, now);
		break;
	case CHORD_CALL_ASK:
	case CHORD_CALL_HAND_OVER:
		break;
	}
	chord_call_free(call);
	chord_settle(t, now);
}

unsigned chord_calls_open(ReloadTopology *t, ChordCallKind kind)
{
	unsigned open = 0;
	GHashTableIter iter;
	gpointer call;

	g_hash_table_iter_init(&iter, t->calls);
	while (g_hash_table_iter_next(&iter, &call, NULL))
		open += ((const ChordCall *)call)->kind == kind;
	return open;
}

uint64_t chord_request(ReloadTopology *t, const ReloadDestination *dest, const ReloadNodeId *via,
		       uint16_t code, const GByteArray *body, ReloadRequestMode mode, ChordCallKind kind,
		       unsigned finger)
{
	const ReloadNodeId *to = dest->type == RELOAD_DESTINATION_NODE ? &dest->node_id : via;
	ChordCall *call = chord_call_new(t, kind, to);
	uint64_t serial = call->serial;

	call->finger = finger;
	t->host.request(t->host.user, dest, via, code, body, mode, reply, call);
	return serial;
}

void chord_ask_update(ReloadTopology *t, ChordPeer *peer, int64_t now)
{
	ReloadDestination dest = reload_destination_node(&peer->id);
	ReloadRouteQueryReq query = {.send_update = true, .destination = dest};
	GByteArray *body;

	if (peer->asked_at != 0 && now - peer->asked_at < CHORD_ASK_AGAIN)
		return;
	peer->asked_at = now;
	body = g_byte_array_new();
	if (reload_write_route_query_req(body, &query))
		chord_request(t, &dest, NULL, RELOAD_ROUTE_QUERY_REQ, body,
			      RELOAD_REQUEST_LINK_ONLY, CHORD_CALL_ASK, 0);
	g_byte_array_unref(body);
}

/* ---- Attaches ---- */

unsigned chord_contacts_open(ReloadTopology *t, ChordPurpose purpose)
{
	unsigned open = 0;

	for (guint i = 0; i < t->contacts->len; i++) {
		const ChordContact *contact = &g_array_index(t->contacts, ChordContact, i);

		open += contact->purpose == purpose && !contact->abandoned;
	}
	return open;
}

static unsigned contacts_abandoned(const ReloadTopology *t)
{
	unsigned count = 0;

	for (guint i = 0; i < t->contacts->len; i++)
		count += g_array_index(t->contacts, ChordContact, i).abandoned;
	return count;
}

void chord_contacts_lost_via(ReloadTopology *t, const ReloadNodeId *via)
{
	unsigned abandoned = contacts_abandoned(t);

	for (guint i = t->contacts->len; i-- > 0;) {
		ChordContact *contact = &g_array_index(t->contacts, ChordContact, i);

		if (contact->purpose == CHORD_CONTACT_ADMITTING || contact->abandoned ||
		    !reload_node_id_equal(&contact->via, via))
			continue;
		if (abandoned++ < CHORD_CONTACTS_MAX)
			contact->abandoned = true;
		else
			g_array_remove_index_fast(t->contacts, i);
	}
}

/* How many go through one peer: who names nodes that are not there must not keep us from the others. */
static unsigned contacts_via(const ReloadTopology *t, const ReloadNodeId *via)
{
	unsigned count = 0;

	for (guint i = 0; via != NULL && i < t->contacts->len; i++) {
		const ChordContact *contact = &g_array_index(t->contacts, ChordContact, i);

		count += !contact->abandoned && reload_node_id_equal(&contact->via, via);
	}
	return count;
}

static bool attach(ReloadTopology *t, const ReloadDestination *dest, const ReloadNodeId *via,
		   ChordPurpose purpose, int64_t now)
{
	ChordContact contact = {.purpose = purpose, .since = now};

	if (t->contacts->len - contacts_abandoned(t) >= CHORD_CONTACTS_MAX || contacts_via(t, via) >= CHORD_CONTACTS_VIA_MAX)
		return false;
	contact.cookie = ++t->next_serial;
	if (dest->type == RELOAD_DESTINATION_NODE)
		contact.target = dest->node_id;
	if (via != NULL)
		contact.via = *via;
	g_array_append_val(t->contacts, contact);
	t->host.attach(t->host.user, dest, via, true, contact.cookie);
	return true;
}

bool chord_contact_point(ReloadTopology *t, ReloadRingPoint point, const ReloadNodeId *via,
			 ChordPurpose purpose, int64_t now)
{
	ReloadResourceId resource;
	ReloadDestination dest;

	reload_ring_point_to_resource_id(point, &resource);
	dest = reload_destination_resource(&resource);
	return attach(t, &dest, via, purpose, now);
}

void chord_contact(ReloadTopology *t, const ReloadNodeId *id, const ReloadNodeId *via,
		   ChordPurpose purpose, int64_t now)
{
	ReloadDestination dest = reload_destination_node(id);
	ChordPeer *peer = chord_peer(t, id);

	if (peer != NULL) {
		if (peer->ready || peer->left)
			return;
		if (t->serving && peer->sent_version == 0)
			chord_send_update(t, peer, RELOAD_CHORD_NEIGHBORS, now);
		/* As a rule its Update is on its way. */
		if (peer->asked_at == 0)
			peer->asked_at = now - CHORD_ASK_AGAIN + CHORD_ASK_FIRST;
		chord_ask_update(t, peer, now);
		return;
	}
	for (guint i = 0; i < t->contacts->len; i++) {
		const ChordContact *contact = &g_array_index(t->contacts, ChordContact, i);

		if (!contact->abandoned && reload_node_id_equal(&contact->target, id))
			return;
	}
	attach(t, &dest, via, purpose, now);
}

void chord_contact_done(ReloadTopology *t, uint64_t cookie, ReloadStatus status,
			const ReloadNodeId *id, int64_t now)
{
	ChordContact contact = {.cookie = 0};
	ChordPeer *peer;

	for (guint i = 0; i < t->contacts->len; i++) {
		if (g_array_index(t->contacts, ChordContact, i).cookie != cookie)
			continue;
		contact = g_array_index(t->contacts, ChordContact, i);
		g_array_remove_index_fast(t->contacts, i);
		break;
	}
	if (contact.cookie == 0)
		return;
	t->seek = true;
	/* We reach ourselves where others still hold links from before our restart. */
	if (status == RELOAD_OK &&
	    (id == NULL || reload_node_id_equal(id, &t->self) || !t->host.linked(t->host.user, id)))
		status = RELOAD_E_UNREACHABLE;
	if (status == RELOAD_OK) {
		peer = chord_peer_add(t, id);
		if (peer != NULL && peer->since >= contact.since)
			peer->ours = true;
		if (peer != NULL && t->serving && peer->sent_version == 0)
			chord_send_update(t, peer, RELOAD_CHORD_NEIGHBORS, now);
	} else if (!contact.abandoned && contact.target.len != 0 && chord_peer(t, &contact.target) == NULL) {
		/* The other side's Attach may have been quicker (Error_In_Progress). */
		chord_ghost_set(
		    t, &contact.target,
		    now + (status == RELOAD_E_REMOTE ? CHORD_GHOST_RETRY : CHORD_GHOST_FAILED));
	}
	if (contact.purpose == CHORD_CONTACT_ADMITTING)
		chord_join_attached(t, status, id, now);
}

/* ---- better neighbors ---- */

typedef struct {
	ReloadRingPoint distance;
	const ReloadNodeId *id, *via; /* via NULL: ready */
} Candidate;

static gint compare_candidates(gconstpointer a, gconstpointer b)
{
	const Candidate *x = a, *y = b;
	int order = reload_ring_compare(x->distance, y->distance);

	/* The ready one first among equals. */
	return order != 0 ? order : (x->via != NULL) - (y->via != NULL);
}

static GArray *candidates(ReloadTopology *t, int64_t now)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(Candidate));
	guint kept = 0;

	for (guint i = 0; i < t->ring->len; i++) {
		const ChordPeer *peer = g_ptr_array_index(t->ring, i);

		g_array_append_val(all, ((Candidate){peer->distance, &peer->id, NULL}));
		if (!reload_neighbors_have(&t->neighbors, &peer->id))
			continue;
		for (unsigned n = 0; n < peer->listed_count; n++) {
			const ReloadNodeId *id = &peer->listed[n];
			const ChordPeer *known = chord_peer(t, id);

			if (chord_ghost(t, id, now) || (known != NULL && known->left))
				continue;
			g_array_append_val(
			    all, ((Candidate){reload_ring_distance(
						  t->point, reload_ring_point_from_node_id(id)),
					      id, &peer->id}));
		}
	}
	g_array_sort(all, compare_candidates);
	for (guint i = 0; i < all->len; i++) {
		Candidate c = g_array_index(all, Candidate, i);

		if (kept == 0 ||
		    reload_ring_compare(g_array_index(all, Candidate, kept - 1).distance,
					c.distance) != 0)
			g_array_index(all, Candidate, kept++) = c;
	}
	g_array_set_size(all, kept);
	return all;
}

void chord_seek_neighbors(ReloadTopology *t, int64_t now)
{
	GArray *all = candidates(t, now);
	guint bound = t->neighbors.bound;

	t->seek = false;
	t->missing = 0;
	t->seek_at = INT64_MAX;
	for (guint i = 0; i < all->len; i++) {
		Candidate c = g_array_index(all, Candidate, i);

		if (c.via == NULL || (i >= bound && i + bound < all->len))
			continue;
		t->missing++;
		/* RFC 6940, 10.6: through the peer from which we know it. */
		chord_contact(t, c.id, c.via, CHORD_CONTACT_NEIGHBOR, now);
	}
	if (t->missing != 0)
		t->seek_at = now + CHORD_ASK_FIRST;
	g_array_unref(all);
}
