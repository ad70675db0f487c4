/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links that come and go, and peers that fail (RFC 6940, 10.7.1 and 10.7.2). */
#include "reload_core/topology/chord/chord.h"

void chord_link_up(ReloadTopology *t, const ReloadNodeId *id, int64_t now)
{
	ChordPeer *peer = chord_peer_add(t, id);

	if (peer == NULL)
		return;
	chord_ghost_set(t, id, 0);
	peer->left = false;
	peer->fresh = true;
	peer->update_open = false;
	peer->update_owed = 0;
	peer->update_serial = 0;
	peer->refused = 0;
	peer->sent_version = 0;
	peer->asked_at = 0;
	peer->since = now;
	t->seek = true;
	/* A new link to a peer may mean that it was restarted and knows nothing of us. */
	if (peer->ready)
		chord_send_update(t, peer, RELOAD_CHORD_NEIGHBORS, now);
	/* Where the link failed at our end only, the other one has no reason to send one, and alone we have
	 * nobody else to tell us of it. */
	else if (t->serving && t->ring->len == 0)
		chord_ask_update(t, peer, now);
}

void chord_peer_failed(ReloadTopology *t, const ReloadNodeId *id, int64_t leave_alone, int64_t now)
{
	ChordPeer *peer = chord_peer(t, id);
	bool ready;

	if (peer == NULL)
		return;
	ready = peer->ready;
	chord_ghost_set(t, id, now + leave_alone);
	chord_contacts_lost_via(t, id);
	chord_peer_remove(t, peer);
	t->seek = true;
	if (!ready)
		return;
	chord_rebuild(t, true, now);
	/* RFC 6940, 10.7.2: search at once for what the finger did. */
	if (t->document->chord_reactive)
		t->search_at =
		    reload_sooner(t->search_at, now + chord_random_time(t, 200, 1000));
	if (t->serving && t->ring->len == 0)
		t->lost = true;
}

void chord_link_down(ReloadTopology *t, const ReloadNodeId *id, int64_t now)
{
	ChordPeer *peer = chord_peer(t, id);

	if (peer == NULL)
		return;
	/* RFC 6940, 10.7.1: if others still name it after a while, it is attached to again. */
	chord_peer_failed(t, id,
			  peer->left
			      ? CHORD_GHOST_LEFT
			      : chord_random_time(t, CHORD_GHOST_RETRY / 2, CHORD_GHOST_RETRY),
			  now);
}
