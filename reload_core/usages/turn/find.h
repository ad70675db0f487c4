/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding some TURN server (RFC 6940, 9): a Find at a random Resource-ID, and if the peer there knows
 * none, at another. */
#ifndef RELOAD_USAGES_TURN_FIND_H
#define RELOAD_USAGES_TURN_FIND_H

#include "reload_core/peer/node.h"

/* So many random places are asked. */
#define RELOAD_TURN_TRIES_MAX 10

typedef struct {
	ReloadAddress address; /* fits, as record.h says */
	ReloadNodeId node_id;  /* who recorded it, verified */
	uint32_t lifetime;     /* of the record, seconds left */
} ReloadTurnFound;

typedef struct ReloadTurnTask ReloadTurnTask;

/* Called exactly once, unless cancelled. RELOAD_OK: found is there for the time of the call;
 * RELOAD_E_NOT_FOUND: none was found in all tries; RELOAD_E_TIMEOUT: nor within the time. found is
 * NULL then. */
typedef void (*ReloadTurnFoundFunc)(void *data, ReloadStatus status, const ReloadTurnFound *found,
				    int64_t now);

/* Looks for a TURN server; done is never called before this returns. timeout in ms for all tries
 * together. *out (may be NULL) is for cancelling. RELOAD_E_NOT_FOUND: the document says that there
 * are none; RELOAD_E_STATE: not joined, or too many requests: done is not called then. */
ReloadStatus reload_turn_find(ReloadNode *node, int64_t timeout, ReloadTurnFoundFunc done,
			      void *data, int64_t now, ReloadTurnTask **out);
void reload_turn_cancel(ReloadTurnTask *task);

#endif
