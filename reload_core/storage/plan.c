/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collects what a Store is about to do, within counts and quotas, and carries it out at the end. */
#include "reload_core/storage/plan.h"

/* Removed values stay until they expire (7.4.1.3) and do not count in max-count; so that nobody
 * fills a peer with them, a Kind holds at most this many values of all sorts. */
#define TOTAL_MAX(max_count) (4ull * (max_count) + 16)
/* Removals may go beyond limits by this part of them. */
#define RESERVE 8

static void kind_plan_free(gpointer data)
{
	KindPlan *kind_plan = data;

	g_ptr_array_free(kind_plan->entries, TRUE);
	g_free(kind_plan);
}

void plan_init(Plan *plan, ReloadStorage *storage, const ReloadResourceId *id, bool replica,
	       int64_t now)
{
	*plan = (Plan){
	    .storage = storage, .id = id, .replica = replica, .sets_generation = replica, .now = now};
	plan->kinds = g_ptr_array_new_with_free_func(kind_plan_free);
	plan->leaving = g_hash_table_new(NULL, NULL);
}

void plan_clear(Plan *plan)
{
	for (guint i = 0; i < plan->kinds->len; i++) {
		KindPlan *kind_plan = g_ptr_array_index(plan->kinds, i);

		for (guint j = 0; j < kind_plan->entries->len; j++) {
			Entry *entry = g_ptr_array_index(kind_plan->entries, j);

			entry->owner->planned = 0;
			entry_free(plan->storage, entry);
		}
	}
	g_ptr_array_free(plan->kinds, TRUE);
	g_hash_table_unref(plan->leaving);
}

KindPlan *plan_add_kind(Plan *plan, const ReloadKind *kind, uint64_t generation)
{
	KindPlan *kind_plan = g_new0(KindPlan, 1);

	kind_plan->kind = kind;
	kind_plan->shelf = storage_shelf(plan->storage, plan->id, kind->id);
	kind_plan->generation = generation;
	kind_plan->entries = g_ptr_array_new();
	if (kind_plan->shelf) {
		kind_plan->live = kind_plan->shelf->live;
		kind_plan->total = kind_plan->shelf->entries->len;
	}
	g_ptr_array_add(plan->kinds, kind_plan);
	return kind_plan;
}

static Entry *planned(const KindPlan *kind_plan, guint i)
{
	return g_ptr_array_index(kind_plan->entries, i);
}

const Entry *plan_replaced(const KindPlan *kind_plan, const ReloadStoredValue *value)
{
	/* "Each value is then processed in turn": an earlier one of the same request counts as
	 * stored. */
	for (guint i = kind_plan->entries->len; i > 0; i--) {
		if (entry_is_at(planned(kind_plan, i - 1), value))
			return planned(kind_plan, i - 1);
	}
	return kind_plan->shelf ? shelf_find(kind_plan->shelf, value) : NULL;
}

bool plan_append_index(const KindPlan *kind_plan, uint32_t *index)
{
	uint64_t next = 0;

	if (kind_plan->shelf)
		next = (uint64_t)shelf_entry(kind_plan->shelf, kind_plan->shelf->entries->len - 1)
			   ->index +
		       1;
	for (guint i = 0; i < kind_plan->entries->len; i++)
		next = MAX(next, (uint64_t)planned(kind_plan, i)->index + 1);
	*index = (uint32_t)next;
	return next < RELOAD_ARRAY_END;
}

bool plan_has_signature(const KindPlan *kind_plan, ReloadSpan signature)
{
	for (guint i = 0; kind_plan->shelf && i < kind_plan->shelf->entries->len; i++) {
		if (reload_span_equal(entry_signature(shelf_entry(kind_plan->shelf, i)), signature))
			return true;
	}
	for (guint i = 0; i < kind_plan->entries->len; i++) {
		if (reload_span_equal(entry_signature(planned(kind_plan, i)), signature))
			return true;
	}
	return false;
}

static bool is_newer(const Entry *entry, const ReloadNodeId *signer, uint64_t storage_time)
{
	return entry->storage_time > storage_time &&
	       (!entry->exists || reload_node_id_equal(&entry->owner->id, signer));
}

bool plan_has_newer(const KindPlan *kind_plan, const ReloadNodeId *signer, uint64_t storage_time)
{
	for (guint i = 0; kind_plan->shelf && i < kind_plan->shelf->entries->len; i++) {
		if (is_newer(shelf_entry(kind_plan->shelf, i), signer, storage_time))
			return true;
	}
	for (guint i = 0; i < kind_plan->entries->len; i++) {
		if (is_newer(planned(kind_plan, i), signer, storage_time))
			return true;
	}
	return false;
}

/* ---- room ---- */

static bool removes(const Entry *entry, const Entry *replaced)
{
	return !entry->exists && replaced && replaced->exists;
}

static bool is_over(size_t held, gssize added, size_t limit, bool removal)
{
	return added > 0 && held + (size_t)added > limit + (removal ? limit / RESERVE : 0);
}

/* Would the store, or the owner's share of it, grow over its limit? What shrinks is always admitted, so that values
 * can be removed from a full store; and where the signer's certificate is a new one a removal does not shrink, so there
 * is a reserve for those. */
static bool over_quota(const Plan *plan, const Owner *owner, bool removal)
{
	const ReloadStorage *storage = plan->storage;
	const ReloadStorageLimits *limits = &storage->limits;

	return is_over(storage->bytes, plan->added, limits->max_bytes, removal) ||
	       is_over(owner->bytes, owner->planned, limits->max_bytes_per_node, removal) ||
	       (!storage_resource(storage, plan->id) &&
		(size_t)g_tree_nnodes(storage->resources) >= limits->max_resources);
}

static unsigned leaving(const Plan *plan, const StoredCertificate *certificate)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(plan->leaving, certificate));
}

static void set_leaving(Plan *plan, StoredCertificate *certificate, unsigned uses)
{
	if (uses > 0)
		g_hash_table_insert(plan->leaving, certificate, GUINT_TO_POINTER(uses));
	else
		g_hash_table_remove(plan->leaving, certificate);
}

/* What an entry brings: itself, and its certificate if no other use of that is there and stays. */
static size_t brought(const Plan *plan, const Entry *entry)
{
	StoredCertificate *certificate = entry->certificate;
	bool is_new = certificate->uses - leaving(plan, certificate) == 1;

	return entry_cost(entry) + (is_new ? certificate_cost(certificate) : 0);
}

/* What goes with an entry of the same signer, with its certificate if that was the last use of it. */
static size_t freed(Plan *plan, const Entry *replaced, const Owner *owner)
{
	StoredCertificate *certificate = replaced->certificate;
	size_t size = entry_cost(replaced);
	unsigned uses = leaving(plan, certificate) + 1;

	set_leaving(plan, certificate, uses);
	if (replaced->owner != owner)
		return 0;
	if (certificate->uses > uses || (certificate->payer && certificate->payer != owner))
		return size;
	return size + certificate_cost(certificate);
}

/* ---- entries ---- */

ReloadStatus plan_add_entry(Plan *plan, KindPlan *kind_plan, Entry *entry, const Entry *replaced)
{
	gssize growth = (gssize)brought(plan, entry);

	if (replaced)
		growth -= (gssize)freed(plan, replaced, entry->owner);
	plan->last_added = growth;
	plan->added += growth;
	plan->others += !removes(entry, replaced);
	entry->owner->planned += growth;
	g_ptr_array_add(kind_plan->entries, entry);
	kind_plan->live += entry->exists;
	kind_plan->live -= replaced && replaced->exists;
	kind_plan->total += !replaced;
	/* Checked only where it grows: a document may have lowered the limit below what is held. And
	 * not in a replica of a plausible source, whose values come in any order: one that is new may
	 * come before the removal that made room for it at the responsible peer. */
	if (!plan->sets_generation && entry->exists && !(replaced && replaced->exists) &&
	    kind_plan->live > kind_plan->kind->max_count)
		return RELOAD_E_LIMIT;
	if (!replaced && kind_plan->total > TOTAL_MAX(kind_plan->kind->max_count))
		return RELOAD_E_LIMIT;
	return RELOAD_OK;
}

ReloadStatus plan_check_last(const Plan *plan, const Entry *entry, const Entry *replaced)
{
	if (plan->last_added > 0 && over_quota(plan, entry->owner, removes(entry, replaced)))
		return RELOAD_E_LIMIT;
	return RELOAD_OK;
}

ReloadStatus plan_check_all(const Plan *plan)
{
	for (guint i = 0; i < plan->kinds->len; i++) {
		const KindPlan *kind_plan = g_ptr_array_index(plan->kinds, i);

		for (guint j = 0; j < kind_plan->entries->len; j++) {
			/* A replica comes in pieces: what goes may be in the next one. */
			if (over_quota(plan, planned(kind_plan, j)->owner, plan->others == 0 || plan->replica))
				return RELOAD_E_LIMIT;
		}
	}
	return RELOAD_OK;
}

void plan_take_back(Plan *plan, KindPlan *kind_plan, const Entry *replaced)
{
	Entry *entry = g_ptr_array_steal_index(kind_plan->entries, kind_plan->entries->len - 1);

	if (replaced)
		set_leaving(plan, replaced->certificate, leaving(plan, replaced->certificate) - 1);
	kind_plan->live -= entry->exists;
	kind_plan->live += replaced && replaced->exists;
	kind_plan->total -= !replaced;
	plan->added -= plan->last_added;
	plan->others -= !removes(entry, replaced);
	entry->owner->planned -= plan->last_added;
	entry_free(plan->storage, entry);
}

/* RFC 6940, 7.4.1.1: an original store that changes data increases the counter, and so does what a
 * stranger brings; a replica store of a plausible source sets it, to any number; 0 means "not known"
 * in requests, so it is left out when the counter wraps. */
static void set_generation(const Plan *plan, const KindPlan *kind_plan, Shelf *shelf, bool is_new)
{
	if (plan->sets_generation)
		shelf->generation = kind_plan->generation;
	else if (!is_new)
		shelf->generation = MAX(shelf->generation + 1, 1);
}

bool plan_commit(Plan *plan)
{
	bool changed = false;

	for (guint i = 0; i < plan->kinds->len; i++) {
		KindPlan *kind_plan = g_ptr_array_index(plan->kinds, i);
		Shelf *shelf = kind_plan->shelf;

		for (guint j = 0; j < kind_plan->entries->len; j++) {
			Entry *entry = planned(kind_plan, j);

			entry->owner->planned = 0;
			shelf =
			    storage_put(plan->storage, plan->id, kind_plan->kind, entry, plan->now);
		}
		if (!kind_plan->entries->len) {
			/* a replica store of what is held already still tells the counter */
			if (plan->sets_generation && shelf)
				set_generation(plan, kind_plan, shelf, false);
			continue;
		}
		set_generation(plan, kind_plan, shelf, !kind_plan->shelf);
		g_ptr_array_set_size(kind_plan->entries, 0);
		kind_plan->shelf = shelf;
		changed = true;
	}
	return changed;
}
