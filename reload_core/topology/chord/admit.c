/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The admitting peer's side of a Join (RFC 6940, 10.5 steps 5 to 8, and 6.4.2.1). */
#include "reload_core/topology/chord/chord.h"

static int find(ReloadTopology *t, const ReloadNodeId *id)
{
	for (guint i = 0; i < t->admissions->len; i++)
		if (reload_node_id_equal(&g_array_index(t->admissions, ChordAdmission, i).id, id))
			return (int)i;
	return -1;
}

/* Is id in our range, or our predecessor already (it rejoins after it was alone)? */
static bool admits(ReloadTopology *t, const ReloadNodeId *id)
{
	return chord_responsible(t, (ReloadSpan){id->id, id->len}) ||
	       reload_neighbors_predecessor_index(&t->neighbors, id) == 0;
}

/* RFC 6940, 10.5 steps 7 and 8. */
static void admit(ReloadTopology *t, const ReloadNodeId *id, int64_t now)
{
	ChordPeer *peer = chord_peer(t, id);

	if (peer == NULL || peer->left)
		return;
	if (admits(t, id)) {
		peer->fresh = false;
		peer->started = now;
		peer->update_at = now + chord_around(t, t->document->chord_update_interval);
		chord_peer_set_ready(t, peer, true);
		chord_rebuild(t, false, now);
	}
	/* It labels the node as our predecessor; or, where another was quicker and is nearer to it,
	 * it says at whom to join. */
	chord_send_update(t, peer, RELOAD_CHORD_NEIGHBORS, now);
}

void chord_handed_over(ReloadTopology *t, const ReloadNodeId *id, uint64_t serial,
		       ReloadStatus status, int64_t now)
{
	int i = find(t, id);

	if (i < 0 || g_array_index(t->admissions, ChordAdmission, i).serial != serial)
		return;
	g_array_remove_index_fast(t->admissions, (guint)i);
	/* What could not be stored there now is stored when the change of our range is told. */
	if (status != RELOAD_OK)
		chord_log(t, CHORD_LOG_NOTICE, "data for a joining node not handed over: %s",
			  reload_strerror(status));
	admit(t, id, now);
}

int64_t chord_admissions_tick(ReloadTopology *t, int64_t now)
{
	int64_t next = INT64_MAX;

	for (guint i = t->admissions->len; i-- > 0;) {
		ChordAdmission a = g_array_index(t->admissions, ChordAdmission, i);

		if (a.deadline <= now) {
			g_array_remove_index_fast(t->admissions, i);
			admit(t, &a.id, now);
		} else {
			next = MIN(next, a.deadline);
		}
	}
	return next;
}

static void done(void *data, ReloadStatus status, int64_t now)
{
	ChordCall *call = data;
	ReloadTopology *t = call->chord;

	chord_handed_over(t, &call->to, call->serial, status, now);
	chord_call_free(call);
	chord_settle(t, now);
}

static void refuse(ReloadTopologyAnswer *answer, uint16_t code, const char *info)
{
	answer->error_code = code;
	answer->error_info = info;
}

static void begin(ReloadTopology *t, const ReloadNodeId *id, int64_t now)
{
	ChordCall *call = chord_call_new(t, CHORD_CALL_HAND_OVER, id);

	g_array_append_val(t->admissions, ((ChordAdmission){
					      .id = *id,
					      .serial = call->serial,
					      .deadline = now + CHORD_HAND_OVER_TIME,
					  }));
	t->host.hand_over(t->host.user, id, done, call);
}

void chord_on_join(ReloadTopology *t, const ReloadMessage *message, const ReloadNodeId *signer,
		   const ReloadNodeId *previous_hop, ReloadTopologyAnswer *answer, int64_t now)
{
	ReloadJoinAns ans = {.overlay_specific_data = {NULL, 0}};
	ReloadJoinReq req;
	ChordPeer *peer;
	int under_way;

	if (reload_join_req_decode(message->body, RELOAD_RING_BYTES, &req) != RELOAD_OK) {
		refuse(answer, RELOAD_ERROR_INVALID_MESSAGE, "malformed Join");
		return;
	}
	/* RFC 6940, 6.4.2.1: signed by, and come over the link of, the node that it names. */
	if (previous_hop == NULL || !reload_node_id_equal(&req.joining_peer_id, signer) ||
	    !reload_node_id_equal(signer, previous_hop) ||
	    (peer = chord_peer_add(t, signer)) == NULL) {
		refuse(answer, RELOAD_ERROR_FORBIDDEN, "Join is not for the signer's own link");
		return;
	}
	if (!t->serving || t->leaving) {
		refuse(answer, RELOAD_ERROR_NOT_FOUND, "not a part of the ring");
		return;
	}
	peer->left = false;
	if (!admits(t, signer)) {
		refuse(answer, RELOAD_ERROR_NOT_FOUND, "not the admitting peer of this node");
		chord_send_update(t, peer, RELOAD_CHORD_NEIGHBORS, now);
		return;
	}
	under_way = find(t, signer);
	/* What it was handed before it was restarted is gone. */
	if (under_way >= 0 && g_array_index(t->admissions, ChordAdmission, under_way).deadline -
				      CHORD_HAND_OVER_TIME < peer->since) {
		g_array_remove_index_fast(t->admissions, (guint)under_way);
		under_way = -1;
	}
	if (under_way < 0) {
		if (t->admissions->len >= CHORD_ADMISSIONS_MAX) {
			refuse(answer, RELOAD_ERROR_IN_PROGRESS, "too many nodes are joining here");
			return;
		}
		/* Each begins with all data of its range. */
		if (!reload_quota_take(t->joins, signer, now)) {
			refuse(answer, RELOAD_ERROR_IN_PROGRESS,
			       "this node has joined too often lately: later");
			return;
		}
		/* Who joins has nothing, also where no new link tells that it was restarted: until it is
		 * admitted, its range is its successor's, which has it to hand over. */
		if (peer->ready) {
			chord_peer_set_ready(t, peer, false);
			chord_rebuild(t, false, now);
		}
		begin(t, signer, now);
	}
	reload_write_join_ans(answer->body, &ans);
}
