/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding who serves an AOR (RFC 7904, 4.2): Fetch, verification of each entry, following of
 * entries that name other AORs. */
#ifndef RELOAD_USAGES_SIP_LOOKUP_H
#define RELOAD_USAGES_SIP_LOOKUP_H

#include "reload_core/peer/node.h"
#include "reload_core/usages/sip/aor.h"

/* Bounds of one lookup: Fetches in all, AORs one behind the other, routes, AORs outside of the
 * overlay (RFC 7904, 8.2.1: the calling party can throttle). */
#define RELOAD_SIP_FETCHES_MAX 16
#define RELOAD_SIP_DEPTH_MAX 5
#define RELOAD_SIP_ROUTES_MAX 32
#define RELOAD_SIP_EXTERNAL_MAX 8

/* One way to reach the user. */
typedef struct {
	ReloadNodeId
	    node_id; /* the end of the destination list: whose certificate has to be there */
	GBytes *destination_list; /* for the AppAttach */
	char *contact_prefs;	  /* feature parameters (RFC 3840), may be empty */
	ReloadNodeId signer;	  /* the entry's signer, also its dictionary key */
	ReloadAor aor;	       /* the AOR that it is registered for: another one after following */
	uint32_t lifetime;     /* seconds left: of the entry, and of those that led to it */
	uint64_t storage_time; /* of the entry, ms */
} ReloadSipRoute;

typedef struct {
	const ReloadSipRoute *routes; /* without duplicates; valid during the call */
	unsigned route_count;
	const ReloadAor *external; /* AORs of other domains that the user is forwarded to */
	unsigned external_count;
	bool partial; /* entries were discarded as bad, or a bound or an error cut the search */
	uint64_t generation; /* of the AOR itself */
} ReloadSipFound;

typedef struct ReloadSipLookup ReloadSipLookup;

/* Called exactly once, unless cancelled. RELOAD_OK: there is a route or an external AOR;
 * RELOAD_E_NOT_FOUND: nobody has registered the AOR (found is then empty, but valid); else the
 * error of the Fetch (RELOAD_E_REMOTE, RELOAD_E_TIMEOUT ...) and found is NULL. */
typedef void (*ReloadSipFoundFunc)(void *data, ReloadStatus status, const ReloadSipFound *found,
				   int64_t now);

/* Looks aor up. reply is never called before this returns. timeout in ms of each Fetch, 0: as
 * reload_node_request. *lookup (may be NULL) is for cancelling. RELOAD_E_FORBIDDEN: the domain is
 * none of the overlay's; RELOAD_E_STATE: not joined, or too many requests: reply is not called
 * then. */
ReloadStatus reload_sip_lookup(ReloadNode *node, const ReloadAor *aor, int64_t timeout,
			       ReloadSipFoundFunc reply, void *data, int64_t now,
			       ReloadSipLookup **lookup);

/* Stops a lookup: reply is not called. */
void reload_sip_lookup_cancel(ReloadSipLookup *lookup);

#endif
