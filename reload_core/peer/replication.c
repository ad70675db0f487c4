/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which copies have to go where as data is stored and the ring changes (RFC 6940, 10.4, 10.5 step 6
 * and 10.7.3), and what is no longer ours to keep. */
#include "reload_core/peer/replica_jobs.h"

/* 10.4: the next two peers. */
#define REPLICAS 2
/* A member of the replica set whose link was lost may come back without its data: what is missing
 * at the set is sent after the hold-down time of 10.7.1, in which the topology keeps back its own
 * word of a change. */
#define LOST_MS 35000
/* A change of the ring has all that is stored looked at, and much of it sent: so many times at once, then one each so
 * many ms. A neighbor whose link comes and goes makes changes as often as it likes. */
#define LOOKS_BURST 16
#define LOOKS_INTERVAL_MS INT64_C(15000)
/* After a change the ring is given time to settle before anything is dropped. */
#define SWEEP_MS 60000
/* What could not be brought to its place is offered again after this time. */
#define SWEEP_AGAIN_MS 600000
/* Resource-IDs kept in `ours` beyond twice of what is stored. */
#define OURS_SLACK 1024

struct ReloadReplication {
	ReloadReplicaJobs *jobs;
	ReloadNodeId set[REPLICAS]; /* the replica set that was last looked at */
	unsigned set_count;
	/* GBytes, Resource-IDs that we were responsible for when last looked -> which of `stores` was the last there */
	GHashTable *ours;
	gsize stores; /* told of */
	bool range_changed, set_changed; /* to be looked at */
	int64_t look_at;       /* ms: when that is allowed again; INT64_MAX: it is, or nothing is to be done */
	int64_t looks_used_until; /* ms: what was looked at lately, as time that it takes up */
	int64_t replicate_at;  /* ms: everything to the replica set; INT64_MAX: not */
	int64_t sweep_at;      /* ms; INT64_MAX: not */
	unsigned sweeping;     /* jobs of the last sweep that have not ended */
	GPtrArray *hand_overs; /* HandOver, those that wait for jobs */
};

ReloadReplication *reload_replication_new(void)
{
	ReloadReplication *replication = g_new0(ReloadReplication, 1);

	replication->jobs = reload_replica_jobs_new();
	replication->ours =
	    g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
	replication->hand_overs = g_ptr_array_new_with_free_func(g_free);
	replication->look_at = INT64_MAX;
	replication->replicate_at = INT64_MAX;
	replication->sweep_at = INT64_MAX;
	return replication;
}

/* When was the last Store of what is ours, as number of `stores`; 0: none, or it is not ours. */
static gpointer stored_last(const ReloadReplication *replication, GBytes *id)
{
	return g_hash_table_lookup(replication->ours, id);
}

void reload_replication_free(ReloadReplication *replication)
{
	if (replication == NULL)
		return;
	reload_replica_jobs_free(replication->jobs);
	g_ptr_array_unref(replication->hand_overs);
	g_hash_table_unref(replication->ours);
	g_free(replication);
}

bool reload_replication_idle(const ReloadNode *node)
{
	const ReloadReplication *replication = node->replication;

	return !replication->range_changed && !replication->set_changed &&
	       reload_replica_jobs_open(replication->jobs) == 0;
}

unsigned reload_replication_jobs(const ReloadNode *node)
{
	return reload_replica_jobs_all(node->replication->jobs);
}

static bool in_set(const ReloadNodeId *set, unsigned count, const ReloadNodeId *id)
{
	for (unsigned i = 0; i < count; i++) {
		if (reload_node_id_equal(&set[i], id))
			return true;
	}
	return false;
}

/* Sends one resource to the whole replica set. */
static void replicate(ReloadNode *node, const ReloadResourceId *id)
{
	ReloadNodeId set[REPLICAS];
	unsigned count = node->plugin->replica_set(node->topology, set, REPLICAS);

	for (unsigned i = 0; i < count; i++)
		reload_replica_jobs_add(node->replication->jobs, &set[i], id, (uint8_t)(i + 1),
					NULL, NULL);
}

static void collect(void *data, const ReloadResourceId *id, size_t values)
{
	(void)values;
	g_ptr_array_add(data, g_bytes_new(id->id, id->len));
}

/* The Resource-IDs of everything stored, as GBytes. */
static GPtrArray *everything(ReloadNode *node)
{
	GPtrArray *ids = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);

	reload_storage_each(node->storage, collect, ids);
	return ids;
}

/* Drops from `ours` what has expired meanwhile, once that may be the better part of it. */
static void prune_ours(ReloadNode *node)
{
	GHashTable *ours = node->replication->ours;
	ReloadStorageUsage usage;
	GHashTable *held;
	GPtrArray *ids;

	reload_storage_usage(node->storage, &usage);
	if (g_hash_table_size(ours) <= 2 * usage.resources + OURS_SLACK)
		return;
	held = g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
	ids = everything(node);
	for (guint i = 0; i < ids->len; i++) {
		if (g_hash_table_contains(ours, ids->pdata[i]))
			g_hash_table_insert(held, g_bytes_ref(ids->pdata[i]),
					    stored_last(node->replication, ids->pdata[i]));
	}
	g_ptr_array_unref(ids);
	g_hash_table_unref(ours);
	node->replication->ours = held;
}

unsigned reload_replication_remembered(const ReloadNode *node)
{
	return g_hash_table_size(node->replication->ours);
}

void reload_replication_stored(ReloadNode *node, const ReloadResourceId *id)
{
	g_hash_table_insert(node->replication->ours, g_bytes_new(id->id, id->len),
			    GSIZE_TO_POINTER(++node->replication->stores));
	prune_ours(node);
	replicate(node, id);
}

static void to_id(GBytes *bytes, ReloadResourceId *id)
{
	gsize len;
	const void *data = g_bytes_get_data(bytes, &len);

	id->len = (uint8_t)len;
	memcpy(id->id, data, len);
}

/* The same, to those of the set that hold what is ours: who is new in it gets everything in fill_new_members, after the
 * hold-down time if it stands in for one that failed (10.7.1). */
static void replicate_to_known(ReloadNode *node, const ReloadResourceId *id)
{
	const ReloadReplication *replication = node->replication;
	ReloadNodeId set[REPLICAS];
	unsigned count = node->plugin->replica_set(node->topology, set, REPLICAS);

	for (unsigned i = 0; i < count; i++) {
		if (in_set(replication->set, replication->set_count, &set[i]))
			reload_replica_jobs_add(replication->jobs, &set[i], id, (uint8_t)(i + 1), NULL, NULL);
	}
}

/* The range has changed: what has become ours goes to the replica set, and what was ours and is not
 * any more to whoever is responsible now, unless it was handed over (6.4.2.3). */
static void look_at_range(ReloadNode *node)
{
	ReloadReplication *replication = node->replication;
	GHashTable *ours =
	    g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
	GPtrArray *ids = everything(node);

	for (guint i = 0; i < ids->len; i++) {
		GBytes *bytes = g_ptr_array_index(ids, i);
		bool was_ours = g_hash_table_contains(replication->ours, bytes);
		ReloadResourceId id;

		to_id(bytes, &id);
		if (node->plugin->responsible(node->topology, reload_resource_id_span(&id))) {
			g_hash_table_insert(ours, g_bytes_ref(bytes), stored_last(replication, bytes));
			if (!was_ours)
				replicate_to_known(node, &id);
		} else if (was_ours) {
			reload_replica_jobs_add(replication->jobs, NULL, &id, 1, NULL, NULL);
		}
	}
	g_ptr_array_unref(ids);
	g_hash_table_unref(replication->ours);
	replication->ours = ours;
}

/* Everything that we are responsible for goes to the members of the replica set that are new in it.
 */
static void fill_new_members(ReloadNode *node, const ReloadNodeId *set, unsigned count)
{
	ReloadReplication *replication = node->replication;
	GPtrArray *ids = everything(node);

	for (guint i = 0; i < ids->len; i++) {
		ReloadResourceId id;

		to_id(g_ptr_array_index(ids, i), &id);
		if (!node->plugin->responsible(node->topology, reload_resource_id_span(&id)))
			continue;
		for (unsigned j = 0; j < count; j++) {
			if (!in_set(replication->set, replication->set_count, &set[j]))
				reload_replica_jobs_add(replication->jobs, &set[j], &id,
							(uint8_t)(j + 1), NULL, NULL);
		}
	}
	g_ptr_array_unref(ids);
	memcpy(replication->set, set, count * sizeof(*set));
	replication->set_count = count;
}

/* The link to id is gone, or another has taken its place. */
void reload_replication_lost(ReloadNode *node, const ReloadNodeId *id, int64_t now)
{
	ReloadReplication *replication = node->replication;

	for (unsigned i = 0; i < replication->set_count; i++) {
		if (!reload_node_id_equal(&replication->set[i], id))
			continue;
		replication->set[i] = replication->set[--replication->set_count];
		replication->replicate_at = MIN(replication->replicate_at, now + LOST_MS);
		return;
	}
}

static void look_at_set(ReloadNode *node)
{
	ReloadNodeId set[REPLICAS];
	unsigned count = node->plugin->replica_set(node->topology, set, REPLICAS);

	fill_new_members(node, set, count);
}

/* Takes one look from what is allowed; false: not before look_at. */
static bool may_look(ReloadReplication *replication, int64_t now)
{
	int64_t earliest =
	    replication->looks_used_until - (LOOKS_BURST - 1) * LOOKS_INTERVAL_MS;

	replication->look_at = now < earliest ? earliest : INT64_MAX;
	if (now < earliest)
		return false;
	replication->looks_used_until = MAX(replication->looks_used_until, now) + LOOKS_INTERVAL_MS;
	return true;
}

/* What has changed and changed back meanwhile is no change. Who leaves has no time to wait. */
static void look(ReloadNode *node, int64_t now)
{
	ReloadReplication *replication = node->replication;

	if (!replication->range_changed && !replication->set_changed)
		return;
	if (!may_look(replication, now) && node->state != RELOAD_NODE_LEAVING)
		return;
	if (replication->range_changed)
		look_at_range(node);
	if (replication->set_changed)
		look_at_set(node);
	replication->range_changed = replication->set_changed = false;
	replication->look_at = INT64_MAX;
}

void reload_replication_changed(ReloadNode *node, bool range_changed, bool replicas_changed,
				int64_t now)
{
	node->replication->range_changed |= range_changed;
	node->replication->set_changed |= replicas_changed;
	node->replication->sweep_at = now + SWEEP_MS;
	look(node, now);
}

/* ---- handing over to a joining peer ---- */

typedef struct {
	ReloadNode *node;
	gsize since; /* the last of `stores` before it */
	unsigned open;
	ReloadStatus status;
	void (*done)(void *data, ReloadStatus status, int64_t now);
	void *data;
} HandOver;

static void handed_over(ReloadNode *node, gpointer data, int64_t now)
{
	HandOver *hand_over = data;

	(void)node;
	hand_over->done(hand_over->data, hand_over->status, now);
	g_free(hand_over);
}

static guint index_of(HandOver *hand_over)
{
	guint i = 0;

	g_ptr_array_find(hand_over->node->replication->hand_overs, hand_over, &i);
	return i;
}

static void resource_handed_over(void *data, const ReloadResourceId *id, ReloadStatus status,
				 int64_t now)
{
	HandOver *hand_over = data;
	ReloadReplication *replication = hand_over->node->replication;
	GBytes *key = g_bytes_new(id->id, id->len);
	/* What was stored since may not be in what was sent: it stays ours, to be sent when the range changes. */
	bool changed = GPOINTER_TO_SIZE(stored_last(replication, key)) > hand_over->since;

	(void)now;
	if (status == RELOAD_OK && !changed)
		g_hash_table_remove(replication->ours, key);
	else if (status != RELOAD_OK && status != RELOAD_E_NOT_FOUND)
		hand_over->status = status;
	g_bytes_unref(key);
	if (--hand_over->open == 0) {
		g_ptr_array_steal_index_fast(replication->hand_overs, index_of(hand_over));
		reload_node_defer(hand_over->node, handed_over, hand_over, g_free);
	}
}

void reload_replication_hand_over(ReloadNode *node, const ReloadNodeId *next,
				  void (*done)(void *data, ReloadStatus status, int64_t now),
				  void *data, int64_t now)
{
	HandOver *hand_over = g_new0(HandOver, 1);
	GPtrArray *ids = everything(node);

	(void)now;
	hand_over->node = node;
	hand_over->since = node->replication->stores;
	hand_over->done = done;
	hand_over->data = data;
	for (guint i = 0; i < ids->len; i++) {
		ReloadResourceId id;
		ReloadSpan span;

		to_id(g_ptr_array_index(ids, i), &id);
		span = reload_resource_id_span(&id);
		if (node->plugin->responsible(node->topology, span) &&
		    node->plugin->plausible_responsible(node->topology, span, next) &&
		    reload_replica_jobs_add(node->replication->jobs, next, &id, 1,
					    resource_handed_over, hand_over))
			hand_over->open++;
	}
	g_ptr_array_unref(ids);
	if (hand_over->open == 0)
		reload_node_defer(node, handed_over, hand_over, g_free);
	else
		g_ptr_array_add(node->replication->hand_overs, hand_over);
}

/* ---- dropping ---- */

static void copied_away(void *data, const ReloadResourceId *id, ReloadStatus status, int64_t now)
{
	ReloadNode *node = data;

	node->replication->sweeping--;
	if (node->plugin->keeps(node->topology, reload_resource_id_span(id)))
		return;
	/* Ours may be the last copy: whatever the reason of a refusal, it stays until it expires or is
	 * taken. */
	if (status == RELOAD_OK)
		reload_storage_drop(node->storage, id);
	else
		node->replication->sweep_at =
		    reload_sooner(node->replication->sweep_at, now + SWEEP_AGAIN_MS);
}

/* What is neither ours nor a replica that we should hold is offered to its responsible peer and
 * dropped. */
static void sweep(ReloadNode *node, int64_t now)
{
	GPtrArray *ids = everything(node);

	for (guint i = 0; i < ids->len; i++) {
		ReloadResourceId id;

		to_id(g_ptr_array_index(ids, i), &id);
		if (node->plugin->keeps(node->topology, reload_resource_id_span(&id)))
			continue;
		if (reload_replica_jobs_add(node->replication->jobs, NULL, &id, 1, copied_away, node))
			node->replication->sweeping++;
		else
			node->replication->sweep_at = now + SWEEP_AGAIN_MS;
	}
	g_ptr_array_unref(ids);
}

/* One sweep at a time: its jobs have somebody to tell, so the queue takes any number for the same resource. */
static void sweep_if_due(ReloadNode *node, int64_t now)
{
	ReloadReplication *replication = node->replication;

	if (now < replication->sweep_at)
		return;
	replication->sweep_at = replication->sweeping > 0 ? now + SWEEP_MS : INT64_MAX;
	if (replication->sweeping == 0 && node->state == RELOAD_NODE_JOINED)
		sweep(node, now);
}

int64_t reload_replication_tick(ReloadNode *node, int64_t now)
{
	ReloadReplication *replication = node->replication;

	if (replication->replicate_at <= now) {
		replication->replicate_at = INT64_MAX;
		replication->set_changed = true;
	}
	look(node, now);
	sweep_if_due(node, now);
	return reload_sooner(MIN(MIN(replication->replicate_at, replication->sweep_at), replication->look_at),
			     reload_replica_jobs_run(node, replication->jobs, now));
}
