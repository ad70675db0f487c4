/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lookups under way: requests for the same AOR share one Fetch, and their number is bounded. No I/O. */
#ifndef P2PSIP_PEER_LOOKUPS_H
#define P2PSIP_PEER_LOOKUPS_H

#include "modules/p2psip/proto/protocol.h"

#include <glib.h>

typedef struct Lookups Lookups;

typedef struct {
	void *user;
	/* Starts a lookup; lookups_result with the token follows if it returns P2PSIP_OK. */
	enum p2psip_status (*fetch)(void *user, const char *aor, uint64_t token, int64_t now);
	/* Answers request id of the broker; edges is a view. */
	void (*done)(void *user, uint32_t id, enum p2psip_status status, const struct p2psip_edges *edges);
} LookupHooks;

typedef struct {
	uint64_t lookups, failures; /* Fetches made; those without an answer (NOT_FOUND is one) */
	unsigned under_way;
} LookupStatistics;

/* max: Fetches under way at once. */
Lookups *lookups_new(unsigned max, const LookupHooks *hooks);
void lookups_free(Lookups *self);

/* LOOKUP of the broker: done follows, at once where it is refused. */
void lookups_start(Lookups *self, const char *aor, uint32_t id, int64_t now);
/* The Fetch with that token has ended; edges (a view) may be NULL where there are none. */
void lookups_result(Lookups *self, uint64_t token, enum p2psip_status status,
		    const struct p2psip_edges *edges);
void lookups_statistics(const Lookups *self, LookupStatistics *out);

#endif
