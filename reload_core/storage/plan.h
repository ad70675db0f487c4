/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For storage/ alone: what a Store is about to do. Everything is checked and made first; carrying
 * it out cannot fail, so a Store is done whole or not at all (RFC 6940, 7.4.1.1). */
#ifndef RELOAD_STORAGE_PLAN_H
#define RELOAD_STORAGE_PLAN_H

#include "reload_core/storage/internal.h"

typedef struct {
	const ReloadKind *kind;
	Shelf *shelf;	     /* what is there, or NULL */
	uint64_t generation; /* of the request */
	GPtrArray *entries;  /* Entry, in the order of the request */
	uint64_t live;	     /* values of this Kind that will exist */
	uint64_t total;	     /* with removed ones */
} KindPlan;

typedef struct {
	ReloadStorage *storage;
	const ReloadResourceId *id;
	int64_t now;
	bool replica;
	bool sets_generation; /* the counter becomes that of the request; else it only goes up */
	GPtrArray *kinds;     /* KindPlan */
	gssize added;	      /* bytes that the store will grow by, or shrink */
	gssize last_added;    /* those of the entry that was planned last */
	unsigned others;      /* entries that do more than remove a value */
	GHashTable *leaving;  /* StoredCertificate -> how many of its uses are entries that are replaced */
} Plan;

void plan_init(Plan *plan, ReloadStorage *storage, const ReloadResourceId *id, bool replica,
	       int64_t now);
/* Frees what was planned and not carried out. */
void plan_clear(Plan *plan);
KindPlan *plan_add_kind(Plan *plan, const ReloadKind *kind, uint64_t generation);
/* The entry that data would replace, planned or stored; NULL: none. */
const Entry *plan_replaced(const KindPlan *kind_plan, const ReloadStoredValue *value);
/* The index behind the last one; false: no index is left. */
bool plan_append_index(const KindPlan *kind_plan, uint32_t *index);
/* Does the Kind hold that very signature already? (A replayed append replaces nothing.) */
bool plan_has_signature(const KindPlan *kind_plan, ReloadSpan signature);
/* Does the Kind hold a newer value of that signer, or a newer removal by whomever? */
bool plan_has_newer(const KindPlan *kind_plan, const ReloadNodeId *signer, uint64_t storage_time);
/* Plans entry (taken over in any case) in the place of replaced (or NULL) and checks counts; max-count of an original
 * store only. RELOAD_E_LIMIT: too many. */
ReloadStatus plan_add_entry(Plan *plan, KindPlan *kind_plan, Entry *entry, const Entry *replaced);
/* Is there room, by the quotas, for all that is planned? Of a renewal the new certificate comes with the first value, and
 * the old one goes with the last. RELOAD_E_LIMIT: there is none. */
ReloadStatus plan_check_all(const Plan *plan);
/* The same for the entry that was planned last, where each is taken or not for itself. */
ReloadStatus plan_check_last(const Plan *plan, const Entry *entry, const Entry *replaced);
/* Takes the entry that was planned last, and refused, out of the plan and frees it. */
void plan_take_back(Plan *plan, KindPlan *kind_plan, const Entry *replaced);
/* Carries it out; true if anything new was stored. */
bool plan_commit(Plan *plan);

#endif
