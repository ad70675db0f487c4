/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fetches all values of one Kind at one resource, however many: where they do not fit into one answer
 * (max-message-size), a Stat (RFC 6940, 7.4.3) says which there are, and they are fetched in pieces. */
#ifndef RELOAD_PEER_PIECEWISE_H
#define RELOAD_PEER_PIECEWISE_H

#include "reload_core/peer/node.h"

typedef struct ReloadPiecewise ReloadPiecewise;

typedef struct {
	ReloadNode *node;
	ReloadDestination destination; /* a Resource-ID, or the peer that is asked */
	ReloadResourceId resource;
	uint32_t kind;
	int64_t timeout;  /* ms of each request, 0: as reload_node_request */
	int64_t until;    /* ms: nothing is asked for after that; INT64_MAX: no limit */
	unsigned max;	  /* values that are asked for in pieces */
	bool removed_too; /* also those that do not exist any more */
	/* Takes an answer, whole or of a piece; other than RELOAD_OK ends it all. */
	ReloadStatus (*take)(void *data, const ReloadMessage *answer, int64_t now);
	/* May be NULL: appends (GBytes) a key or range for each value that it knows of, encoded, where not even the
	 * Stat fits into an answer. */
	void (*known)(void *data, GPtrArray *items);
	/* Called once at the end, unless cancelled; it has freed itself. error_code: of the Error with
	 * RELOAD_E_REMOTE. left_out: values that no answer holds, or that are over max. */
	void (*done)(void *data, ReloadStatus status, uint16_t error_code, unsigned left_out, int64_t now);
	void *data;
} ReloadPiecewiseOptions;

/* Nothing is called before this returns. RELOAD_E_STATE: the node makes no requests; RELOAD_E_UNKNOWN_KIND: in both
 * cases nothing is called at all. */
ReloadStatus reload_piecewise_fetch(const ReloadPiecewiseOptions *options, int64_t now,
				    ReloadPiecewise **out);
/* NULL is nothing. */
void reload_piecewise_cancel(ReloadPiecewise *piecewise);

/* Does the Error say that an answer would be too large? */
bool reload_piecewise_is_too_large(ReloadStatus status, const ReloadMessage *answer);

#endif
