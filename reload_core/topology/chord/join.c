/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How we become a part of the ring (RFC 6940, 10.5; the flow of section 12). */
#include "reload_core/topology/chord/chord.h"

/* Refusals by admitting peers until we give up; each tells us of a nearer one. */
#define JOIN_ATTEMPTS 10

static void finish(ReloadTopology *t, ReloadStatus status, int64_t now)
{
	t->join.phase = CHORD_JOIN_IDLE;
	if (status == RELOAD_OK) {
		t->serving = true;
		t->version++;
		t->range_changed = true;
		t->replicas_changed = true;
		t->replicas_hold_until = now;
		chord_stabilize_start(t, now);
		/* RFC 6940, 10.5 step 9. */
		chord_schedule_updates(t, true, now);
	}
	t->host.joined(t->host.user, status, now);
}

/* A node that has left may begin anew; not while it is leaving. */
static bool may_begin(ReloadTopology *t)
{
	if (t->leaving && t->leave_done == NULL)
		t->leaving = false;
	return !t->leaving;
}

void chord_start_overlay(ReloadTopology *t, int64_t now)
{
	if (may_begin(t))
		finish(t, RELOAD_OK, now);
}

void chord_join(ReloadTopology *t, const ReloadNodeId *bootstrap, int64_t now)
{
	ReloadRingPoint next = reload_ring_add(t->point, (ReloadRingPoint){0, 1});
	ChordPeer *peer = chord_peer(t, bootstrap);

	if (!may_begin(t))
		return;
	/* The node made this link for us: it is given back when it is of no use in the ring. */
	if (peer != NULL && !peer->ready)
		peer->ours = true;
	if (t->serving && t->ring->len > 0) {
		chord_check_partition(t, bootstrap);
		return;
	}
	t->join = (ChordJoin){
	    .phase = CHORD_JOIN_ATTACHING,
	    .bootstrap = *bootstrap,
	    .deadline = now + CHORD_JOIN_TIME,
	    .phase_deadline = now + CHORD_JOIN_TIME,
	};
	/* RFC 6940, 10.5 step 2 and 11.4. */
	if (!chord_contact_point(t, next, bootstrap, CHORD_CONTACT_ADMITTING, now))
		finish(t, RELOAD_E_LIMIT, now);
}

void chord_join_attached(ReloadTopology *t, ReloadStatus status, const ReloadNodeId *id,
			 int64_t now)
{
	if (t->join.phase != CHORD_JOIN_ATTACHING)
		return;
	if (status != RELOAD_OK) {
		finish(t, status, now);
		return;
	}
	t->join.admitting = *id;
	t->join.phase = CHORD_JOIN_LEARNING;
	t->join.phase_deadline = now + CHORD_LEARN_TIME;
}

static void connect_neighbors(ReloadTopology *t, int64_t now)
{
	t->join.phase = CHORD_JOIN_CONNECTING;
	t->join.phase_deadline = now + CHORD_CONNECT_TIME;
	chord_seek_neighbors(t, now);
}

/* RFC 6940, 10.5: a Ping for what is directly behind point finds the next successor. */
static void ping_behind(ReloadTopology *t, ReloadRingPoint point)
{
	chord_ping_point(t, reload_ring_add(point, (ReloadRingPoint){0, 1}), &t->join.bootstrap,
			 CHORD_CALL_SUCCESSOR, 0);
}

void chord_join_found(ReloadTopology *t, const ReloadNodeId *id, int64_t now)
{
	ChordJoin *join = &t->join;
	bool again = reload_node_id_equal(id, &t->self);

	if (join->phase != CHORD_JOIN_DISCOVERING)
		return;
	for (unsigned i = 0; i < join->found_count; i++)
		again = again || reload_node_id_equal(id, &join->found[i]);
	if (!again) {
		join->found[join->found_count++] = *id;
		chord_contact(t, id, &join->bootstrap, CHORD_CONTACT_NEIGHBOR, now);
	}
	if (again || join->found_count == G_N_ELEMENTS(join->found))
		connect_neighbors(t, now);
	else
		ping_behind(t, reload_ring_point_from_node_id(id));
}

/* RFC 6940, 10.5 step 4: who was found by Pings and contacted is entered into the Routing Table, though no Update of it
 * has come. It answered for a place behind us: it is a part of the ring. */
static void enter_found(ReloadTopology *t, int64_t now)
{
	bool entered = false;

	for (unsigned i = 0; i < t->join.found_count; i++) {
		ChordPeer *peer = chord_peer(t, &t->join.found[i]);

		if (peer == NULL || peer->ready || peer->left)
			continue;
		chord_peer_set_ready(t, peer, true);
		entered = true;
	}
	if (entered)
		chord_rebuild(t, false, now);
}

/* The admitting peer's Update is to come by itself, since the Attach asked for it. */
static void learn(ReloadTopology *t, int64_t now)
{
	ChordPeer *peer = chord_peer(t, &t->join.admitting);

	if (peer == NULL) {
		finish(t, RELOAD_E_UNREACHABLE, now);
	} else if (peer->ready) {
		connect_neighbors(t, now);
	} else if (now >= t->join.phase_deadline) {
		if (peer->asked_at == 0) {
			chord_ask_update(t, peer, now);
			t->join.phase_deadline = now + CHORD_LEARN_TIME;
		} else {
			t->join.phase = CHORD_JOIN_DISCOVERING;
			t->join.phase_deadline = now + CHORD_CONNECT_TIME;
			ping_behind(t, t->point);
		}
	}
}

/* RFC 6940, 10.5 step 5: to the nearest successor, which by now may be another than the one that
 * the Attach reached. */
static void send_join(ReloadTopology *t, int64_t now)
{
	const ChordPeer *successor = g_ptr_array_index(t->ring, 0);
	ReloadDestination dest = reload_destination_node(&successor->id);
	ReloadJoinReq req = {.joining_peer_id = t->self};
	GByteArray *body = g_byte_array_new();

	reload_write_join_req(body, &req);
	t->join.admitting = successor->id;
	t->join.phase = CHORD_JOIN_REQUESTED;
	t->join.phase_deadline = now + CHORD_LABEL_TIME;
	t->join.serial =
	    chord_request(t, &dest, NULL, RELOAD_JOIN_REQ, body, RELOAD_REQUEST_LINK_ONLY,
			  CHORD_CALL_JOIN, 0);
	g_byte_array_unref(body);
}

/* The admitting peer has refused or was silent. It, or our new neighbors, tell of a nearer one. */
static void try_again(ReloadTopology *t, ReloadStatus status, int64_t now)
{
	if (++t->join.attempts >= JOIN_ATTEMPTS) {
		finish(t, status, now);
		return;
	}
	connect_neighbors(t, now);
	t->join.not_before = now + chord_random_time(t, 20, INT64_C(50) << t->join.attempts);
}

void chord_join_answered(ReloadTopology *t, const ChordCall *call, ReloadStatus status,
			 const ReloadNodeId *from, int64_t now)
{
	if (t->join.phase != CHORD_JOIN_REQUESTED || call->serial != t->join.serial)
		return;
	/* RFC 6940, 6.4.2.1: signed by the adjacency over which we join, else discarded. */
	if (status == RELOAD_OK && reload_node_id_equal(from, &t->join.admitting)) {
		t->join.phase = CHORD_JOIN_ADMITTED;
		t->join.phase_deadline = now + CHORD_LABEL_TIME;
	} else if (status != RELOAD_OK) {
		try_again(t, status, now);
	}
}

void chord_join_labeled(ReloadTopology *t, const ReloadNodeId *sender, int64_t now)
{
	/* RFC 6940, 10.5 step 7. The Update may be quicker than the JoinAns. */
	if (t->join.phase >= CHORD_JOIN_REQUESTED &&
	    reload_node_id_equal(sender, &t->join.admitting))
		finish(t, RELOAD_OK, now);
}

/* RFC 6940, 10.5: not before every neighbor is attached to. */
static bool still_connecting(ReloadTopology *t)
{
	return t->ring->len > 0 && t->join.found_count == 0
		   ? t->missing != 0
		   : chord_contacts_open(t, CHORD_CONTACT_NEIGHBOR) > 0;
}

/* Attaches that are still under way are waited for, until they have failed: who does not answer is no neighbor. */
static int64_t connect_deadline(ReloadTopology *t)
{
	if (chord_contacts_open(t, CHORD_CONTACT_NEIGHBOR) == 0)
		return t->join.phase_deadline;
	return t->join.phase_deadline + CHORD_ATTACH_TIME - CHORD_CONNECT_TIME;
}

static void advance_phase(ReloadTopology *t, int64_t now)
{
	const ChordPeer *successor;

	if (t->join.phase == CHORD_JOIN_CONNECTING)
		enter_found(t, now);
	successor = t->ring->len > 0 ? g_ptr_array_index(t->ring, 0) : NULL;
	switch (t->join.phase) {
	case CHORD_JOIN_IDLE:
	case CHORD_JOIN_ATTACHING:
		break;
	case CHORD_JOIN_LEARNING:
		learn(t, now);
		break;
	case CHORD_JOIN_DISCOVERING:
		if (now >= t->join.phase_deadline)
			connect_neighbors(t, now);
		break;
	case CHORD_JOIN_CONNECTING:
		if (still_connecting(t) && now < connect_deadline(t))
			break;
		if (successor == NULL)
			finish(t, RELOAD_E_UNREACHABLE, now);
		else if (now >= t->join.not_before)
			send_join(t, now);
		break;
	case CHORD_JOIN_REQUESTED:
	case CHORD_JOIN_ADMITTED:
		if (successor == NULL)
			finish(t, RELOAD_E_UNREACHABLE, now);
		else if (!reload_node_id_equal(&successor->id, &t->join.admitting))
			connect_neighbors(t,
					  now); /* somebody nearer has joined, or it has failed */
		else if (now >= t->join.phase_deadline)
			try_again(t, RELOAD_E_TIMEOUT, now);
		break;
	}
}

void chord_join_advance(ReloadTopology *t, int64_t now)
{
	ChordJoinPhase before;

	if (t->join.phase == CHORD_JOIN_IDLE)
		return;
	if (now >= t->join.deadline) {
		finish(t, RELOAD_E_TIMEOUT, now);
		return;
	}
	do {
		before = t->join.phase;
		advance_phase(t, now);
	} while (t->join.phase != before && t->join.phase != CHORD_JOIN_IDLE);
}

int64_t chord_join_due(ReloadTopology *t)
{
	bool connecting = t->join.phase == CHORD_JOIN_CONNECTING;
	int64_t due = MIN(t->join.deadline, connecting ? connect_deadline(t) : t->join.phase_deadline);

	if (t->join.phase == CHORD_JOIN_IDLE)
		return INT64_MAX;
	if (connecting)
		due = MIN(t->join.deadline, still_connecting(t) ? MAX(connect_deadline(t), t->join.not_before)
								 : t->join.not_before);
	return due;
}
