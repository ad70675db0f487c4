/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registering an AOR in the overlay (RFC 7904, 3): a Store of Kind SIP-REGISTRATION, signed as the
 * user. */
#ifndef RELOAD_USAGES_SIP_REGISTRATION_H
#define RELOAD_USAGES_SIP_REGISTRATION_H

#include "reload_core/peer/node.h"
#include "reload_core/usages/sip/aor.h"

/* Longer contact preferences are refused. */
#define RELOAD_SIP_PREFS_MAX 1024

/* What to say about an AOR. Everything is copied. */
typedef struct {
	uint32_t lifetime; /* seconds */
	/* One of the two: another AOR that stands for this one, or NULL and then the route: */
	const ReloadAor *forward_to;
	ReloadSpan destination_list; /* empty: the node's own Node-ID */
	const char *contact_prefs;   /* feature parameters (RFC 3840), or NULL */
} ReloadSipRegister;

/* A Store under way; it frees itself when done was called. */
typedef struct ReloadSipTask ReloadSipTask;

/* Called exactly once, unless cancelled. RELOAD_OK: stored. RELOAD_E_REMOTE: refused with
 * error_code (constants.h), else error_code is 0. RELOAD_E_TOO_OLD: a newer Store of the same entry
 * came first. */
typedef void (*ReloadSipStoredFunc)(void *data, ReloadStatus status, uint16_t error_code,
				    int64_t now);

/* Stores aor's registration, signed as user, whose Node-ID is the dictionary key. done is never
 * called before this returns. *task (may be NULL) is for cancelling. A storing peer that has this
 * entry with a later time (our clock was set back) gets it once more with a time after that.
 * RELOAD_E_FORBIDDEN: the domain is none of the overlay's (3.4), or the AOR is not the user's;
 * RELOAD_E_TOO_LARGE; RELOAD_E_STATE: not joined, or another error of reload_node_request: done is
 * not called then. */
ReloadStatus reload_sip_register(ReloadNode *node, ReloadIdentity *user, const ReloadAor *aor,
				 const ReloadSipRegister *what, ReloadSipStoredFunc done,
				 void *data, int64_t now, ReloadSipTask **task);

/* Removes it (7.4.1.3 of RFC 6940): stores "does not exist" for lifetime seconds, which should be
 * no less than what is left of the registration's. Otherwise as above. */
ReloadStatus reload_sip_withdraw(ReloadNode *node, ReloadIdentity *user, const ReloadAor *aor,
				 uint32_t lifetime, ReloadSipStoredFunc done, void *data,
				 int64_t now, ReloadSipTask **task);

/* Stops a Store: done is not called. It may have been carried out all the same. */
void reload_sip_cancel(ReloadSipTask *task);

#endif
