/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The periodic work (RFC 6940, 10.7.4): Updates to neighbors, the search for fingers, links that
 * nothing needs any more, and the search for a partition. */
#include "reload_core/topology/chord/chord.h"
#include "reload_core/wire/ping.h"

#define FILL_ROUNDS 3
#define FINGER_CONTACTS 3

int64_t chord_around(ReloadTopology *t, uint32_t seconds)
{
	int64_t interval = MAX(seconds, 1);

	return chord_random_time(t, interval * 800, interval * 1200);
}

void chord_stabilize_start(ReloadTopology *t, int64_t now)
{
	t->fill_round = 0;
	t->fill_at = now + chord_random_time(t, 300, 1000);
	t->ping_at = now + chord_around(t, t->document->chord_ping_interval);
	t->sweep_at = now + CHORD_SWEEP_INTERVAL;
}

/* Up to where our successors show us the ring. */
static ReloadRingPoint covered(const ReloadTopology *t)
{
	const ReloadNeighbors *n = &t->neighbors;

	if (n->successor_count < n->bound)
		return reload_ring_distance((ReloadRingPoint){0, 1}, t->point);
	return reload_ring_point_from_node_id(&n->successors[n->successor_count - 1]);
}

void chord_ping_point(ReloadTopology *t, ReloadRingPoint point, const ReloadNodeId *via,
		      ChordCallKind kind, unsigned finger)
{
	ReloadPingReq ping = {.padding = {NULL, 0}};
	GByteArray *body = g_byte_array_new();
	ReloadResourceId resource;
	ReloadDestination dest;

	reload_ring_point_to_resource_id(point, &resource);
	dest = reload_destination_resource(&resource);
	reload_write_ping_req(body, &ping);
	/* RFC 6940, 10.7.4.4: "a peer S', which is not P's successor" may be farther than it. Who it is, the Attach
	 * to it finds out. */
	chord_request(t, &dest, via, RELOAD_PING_REQ, body,
		      kind == CHORD_CALL_PARTITION ? RELOAD_REQUEST_ANY_ORIGIN : RELOAD_REQUEST_ROUTED, kind, finger);
	g_byte_array_unref(body);
}

/* Goes to the candidate that Updates have named (10.7.4.2, alternative 2); false: there is none. */
static bool use_candidate(ReloadTopology *t, unsigned i, int64_t now)
{
	ReloadNodeId id = t->fingers.entry[i].candidate;

	t->fingers.entry[i].candidate.len = 0;
	if (id.len == 0 || chord_ghost(t, &id, now))
		return false;
	chord_contact(t, &id, NULL, CHORD_CONTACT_FINGER, now);
	return true;
}

static void search_finger(ReloadTopology *t, unsigned i, int64_t now)
{
	uint8_t random[RELOAD_RING_BYTES];

	if (use_candidate(t, i, now))
		return;
	t->host.random(t->host.user, random, sizeof(random));
	chord_ping_point(t, reload_fingers_point(&t->fingers, i, random), NULL, CHORD_CALL_FINGER, i);
}

void chord_finger_found(ReloadTopology *t, unsigned i, const ReloadNodeId *id, int64_t now)
{
	if (reload_fingers_index(&t->fingers, id) == i && t->fingers.entry[i].id.len == 0)
		chord_contact(t, id, NULL, CHORD_CONTACT_FINGER, now);
}

/* RFC 6940, 10.5: the first fingers, by Attaches to n+2^(128-i); a few rounds, since those who join
 * together do not find each other in the first. */
static void fill(ReloadTopology *t, int64_t now)
{
	ReloadRingPoint known = covered(t);

	t->fill_at = now + chord_random_time(t, 50, 200);
	if (chord_contacts_open(t, CHORD_CONTACT_FINGER) >= FINGER_CONTACTS)
		return;
	for (unsigned i = 1; i <= RELOAD_FINGERS_MAX; i++) {
		ReloadFinger *f = &t->fingers.entry[i];

		if (f->searched || !reload_fingers_lacks(&t->fingers, i, known))
			continue;
		f->searched = true;
		if (!use_candidate(t, i, now))
			chord_contact_point(t, reload_fingers_start(&t->fingers, i), NULL,
					    CHORD_CONTACT_FINGER, now);
		return;
	}
	for (unsigned i = 1; i <= RELOAD_FINGERS_MAX; i++)
		t->fingers.entry[i].searched = false;
	t->fill_round++;
	t->fill_at = t->fill_round >= FILL_ROUNDS
			 ? INT64_MAX
			 : now + chord_random_time(t, 2000, 4000) * (int64_t)t->fill_round * 2;
}

/* RFC 6940, 10.7.2: one failed finger after the other. */
static void search_failed(ReloadTopology *t, int64_t now)
{
	ReloadRingPoint known = covered(t);

	t->search_at = INT64_MAX;
	for (unsigned i = 1; i <= RELOAD_FINGERS_MAX; i++) {
		if (!t->fingers.entry[i].failed)
			continue;
		if (!reload_fingers_lacks(&t->fingers, i, known)) {
			t->fingers.entry[i].failed = false;
			continue;
		}
		t->fingers.entry[i].failed = false;
		search_finger(t, i, now);
		t->search_at = now + chord_random_time(t, 100, 300);
		return;
	}
}

/* RFC 6940, 10.7.4.2: at most one search in a chord-ping-interval, each entry half as likely as the
 * one before it. */
static void search_periodic(ReloadTopology *t, int64_t now)
{
	ReloadRingPoint known = covered(t);

	t->ping_at = now + chord_around(t, t->document->chord_ping_interval);
	for (unsigned i = 1; i <= RELOAD_FINGERS_MAX; i++) {
		if (!reload_fingers_lacks(&t->fingers, i, known) || chord_random(t) & 1)
			continue;
		search_finger(t, i, now);
		return;
	}
}

static bool needed(ReloadTopology *t, const ChordPeer *peer)
{
	if (!peer->ours || reload_neighbors_have(&t->neighbors, &peer->id) ||
	    reload_fingers_have(&t->fingers, &peer->id))
		return true;
	for (guint i = 0; i < t->admissions->len; i++)
		if (reload_node_id_equal(&g_array_index(t->admissions, ChordAdmission, i).id,
					 &peer->id))
			return true;
	return false;
}

/* Gives back links that we made and that have lost their use, since others came nearer. */
static void sweep(ReloadTopology *t, int64_t now)
{
	GPtrArray *stray = g_ptr_array_new();
	GHashTableIter iter;
	gpointer value;

	t->sweep_at = now + CHORD_SWEEP_INTERVAL;
	g_hash_table_iter_init(&iter, t->peers);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		ChordPeer *peer = value;

		/* Those that are in the ring are seen to by send_periodic. */
		if (!peer->ready && peer->refused > 0 && peer->update_at <= now)
			chord_send_update(t, peer, RELOAD_CHORD_NEIGHBORS, now);
		if (needed(t, peer))
			peer->unneeded_since = 0;
		else if (peer->unneeded_since == 0)
			peer->unneeded_since = now;
		else if (now - peer->unneeded_since >= CHORD_STRAY_TIME)
			g_ptr_array_add(stray, peer);
	}
	for (guint i = 0; i < stray->len; i++) {
		ChordPeer *peer = g_ptr_array_index(stray, i);

		t->host.release(t->host.user, &peer->id);
		chord_peer_remove(t, peer);
	}
	if (stray->len > 0)
		chord_rebuild(t, false, now);
	g_ptr_array_unref(stray);
}

/* RFC 6940, 10.7.4.1; to those that are no neighbors a peer_ready, as a connectivity check (10.7).
 */
static int64_t send_periodic(ReloadTopology *t, int64_t now)
{
	int64_t next = INT64_MAX;

	for (guint i = 0; i < t->ring->len; i++) {
		ChordPeer *peer = g_ptr_array_index(t->ring, i);

		if (peer->update_at <= now)
			chord_send_update(t, peer,
					  peer->refused > 0 || reload_neighbors_have(&t->neighbors, &peer->id)
					      ? RELOAD_CHORD_NEIGHBORS
					      : RELOAD_CHORD_PEER_READY,
					  now);
		next = MIN(next, peer->update_at);
	}
	return next;
}

int64_t chord_stabilize_tick(ReloadTopology *t, int64_t now)
{
	int64_t next;

	if (!t->serving || t->leaving)
		return INT64_MAX;
	if (now >= t->fill_at)
		fill(t, now);
	if (now >= t->search_at)
		search_failed(t, now);
	if (now >= t->ping_at)
		search_periodic(t, now);
	if (now >= t->sweep_at)
		sweep(t, now);
	next = send_periodic(t, now);
	next = MIN(next, t->fill_at);
	next = MIN(next, t->search_at);
	next = MIN(next, t->ping_at);
	return MIN(next, t->sweep_at);
}

void chord_check_partition(ReloadTopology *t, const ReloadNodeId *bootstrap)
{
	chord_ping_point(t, reload_ring_add(t->point, (ReloadRingPoint){0, 1}), bootstrap,
			 CHORD_CALL_PARTITION, 0);
}

void chord_partition_answered(ReloadTopology *t, const ReloadNodeId *via, const ReloadNodeId *from,
			      int64_t now)
{
	/* RFC 6940, 10.7.4.4: another than our successor answers for what is next to us. The Update
	 * follows the Attach. */
	if (t->serving && !t->leaving && !reload_node_id_equal(from, &t->self))
		chord_contact(t, from, via, CHORD_CONTACT_NEIGHBOR, now);
}
