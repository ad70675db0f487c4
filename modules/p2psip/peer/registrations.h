/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The AORs registered at this edge, and their records in the overlay: stored when they come, stored again
 * before they expire and whenever the edge has joined anew, withdrawn when they go. No I/O. */
#ifndef P2PSIP_PEER_REGISTRATIONS_H
#define P2PSIP_PEER_REGISTRATIONS_H

#include "modules/p2psip/proto/protocol.h"
#include "reload_core/wire/status.h"

#include <glib.h>
#include <stdbool.h>

typedef struct Registrations Registrations;

typedef struct {
	void *user;
	/* Starts storing (exists) or removing the record of aor for lifetime ms; registrations_result with the
	 * token follows if it returns P2PSIP_OK. Else *why (static) says what is wrong. */
	enum p2psip_status (*store)(void *user, const char *aor, bool exists, int64_t lifetime,
				    uint64_t token, const char **why, int64_t now);
	/* Answers request id of the broker. */
	void (*done)(void *user, uint32_t id, enum p2psip_status status, const char *text);
	/* Milliseconds from 0 to below limit, evenly random. */
	int64_t (*random)(void *user, int64_t limit);
} RegistrationHooks;

typedef struct {
	int64_t lifetime;      /* ms that a record lives (600000); stored again after two thirds */
	unsigned max_aors;     /* registered at once (1000000) */
	unsigned max_in_flight; /* stores under way at once (64) */
} RegistrationLimits;

Registrations *registrations_new(const RegistrationLimits *limits, const RegistrationHooks *hooks);
void registrations_free(Registrations *self);

/* STORE: aor is registered here from now on; id 0: nobody waits. */
void registrations_add(Registrations *self, const char *aor, uint32_t id, int64_t now);
/* WITHDRAW. */
void registrations_remove(Registrations *self, const char *aor, uint32_t id, int64_t now);
/* A store ended. text says more where status is P2PSIP_REFUSED or P2PSIP_FAILED; may be NULL. */
void registrations_result(Registrations *self, uint64_t token, enum p2psip_status status,
			  const char *text, int64_t now);
/* The node has joined (every record is stored again), or is cut off. */
void registrations_joined(Registrations *self, bool joined, int64_t now);
/* Certificates or document have changed: what failed is tried again now. */
void registrations_retry(Registrations *self, int64_t now);
/* To be called about every 500 ms. */
void registrations_tick(Registrations *self, int64_t now);

typedef struct {
	unsigned aors, stored, in_flight;
	uint64_t stores, failures, withdrawals;
} RegistrationStatistics;
void registrations_statistics(const Registrations *self, RegistrationStatistics *out);
bool registrations_has(const Registrations *self, const char *aor);

#endif
