/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends replica Stores, so many at a time, in pieces that fit into a message, and brings both sides
 * to the same state where the other one has newer values (RFC 6940, 7.4.1.1). */
#include "reload_core/peer/replica_jobs.h"

#include "reload_core/peer/piecewise.h"
#include "reload_core/wire/error.h"

/* Requests under way at one time, and jobs that may wait. */
#define UNDER_WAY_MAX 32
#define WAITING_MAX 1000000
/* Jobs that wait to be sent again: a peer that refuses all must not make us keep all. */
#define LATER_MAX 65536
/* A target is given two transmissions. */
#define TIMEOUT_MS 7000
#define TRIES_MAX 2
/* A replica that was refused or lost is sent again after this time, so many times: the other side
 * may not have heard yet that a peer between us is gone, and then we are no plausible source to it.
 */
#define AGAIN_MS 5000
#define AGAIN_MAX 4
/* The other side's newer values: fetched for so long at most, and at most so many of a Kind in pieces. */
#define RESYNCHRONIZE_MS 30000
#define RESYNCHRONIZE_MAX 1024
/* Header with a destination list of two, contents, lengths and signature of a StoreReq, bytes. */
#define OVERHEAD 288

typedef struct {
	ReloadNodeId target; /* len 0: whoever is responsible */
	ReloadResourceId id;
	uint8_t replica;
	uint32_t cursor;
	unsigned tries, again;
	int64_t due; /* ms, of one that waits to be sent again */
	bool resynchronized, merged; /* the other side was asked for newer values; there were some */
	GArray *kinds;		     /* uint32_t: those that are left to be fetched; NULL: none */
	int64_t until;		     /* ms, when that has to be over */
	ReloadPiecewise *pieces;
	ReloadReplicaDone done;
	void *data;
	ReloadNode *node; /* when under way */
	ReloadReplicaJobs *jobs;
	uint64_t request;
} Job;

struct ReloadReplicaJobs {
	GQueue *waiting;      /* Job */
	GHashTable *by_what;  /* Job -> itself: those of waiting that have no done */
	GPtrArray *under_way; /* Job */
	GQueue *later;	      /* Job, by due */
};

static guint what_hash(gconstpointer key)
{
	const Job *job = key;

	return reload_node_id_hash(&job->target) * 31 + reload_resource_id_hash(&job->id);
}

static gboolean what_equal(gconstpointer a, gconstpointer b)
{
	const Job *x = a, *y = b;

	return reload_node_id_equal(&x->target, &y->target) &&
	       reload_resource_id_equal(&x->id, &y->id) && x->replica == y->replica;
}

static void job_free(gpointer data)
{
	Job *job = data;

	reload_piecewise_cancel(job->pieces);
	g_clear_pointer(&job->kinds, g_array_unref);
	g_free(job);
}

ReloadReplicaJobs *reload_replica_jobs_new(void)
{
	ReloadReplicaJobs *jobs = g_new0(ReloadReplicaJobs, 1);

	jobs->waiting = g_queue_new();
	jobs->later = g_queue_new();
	jobs->by_what = g_hash_table_new(what_hash, what_equal);
	jobs->under_way = g_ptr_array_new_with_free_func(job_free);
	return jobs;
}

void reload_replica_jobs_free(ReloadReplicaJobs *jobs)
{
	if (jobs == NULL)
		return;
	g_hash_table_unref(jobs->by_what);
	g_queue_free_full(jobs->waiting, g_free);
	g_queue_free_full(jobs->later, g_free);
	g_ptr_array_unref(jobs->under_way);
	g_free(jobs);
}

/* Queues a job, unless one without anybody to tell is there for the same. */
static void enqueue(ReloadReplicaJobs *jobs, Job *job)
{
	if (job->done == NULL && g_hash_table_contains(jobs->by_what, job)) {
		g_free(job);
		return;
	}
	if (job->done == NULL)
		g_hash_table_add(jobs->by_what, job);
	g_queue_push_tail(jobs->waiting, job);
}

bool reload_replica_jobs_add(ReloadReplicaJobs *jobs, const ReloadNodeId *target,
			     const ReloadResourceId *id, uint8_t replica, ReloadReplicaDone done,
			     void *data)
{
	Job *job;

	if (g_queue_get_length(jobs->waiting) >= WAITING_MAX)
		return false;
	job = g_new0(Job, 1);
	if (target != NULL)
		job->target = *target;
	job->id = *id;
	job->replica = replica;
	job->done = done;
	job->data = data;
	enqueue(jobs, job);
	return true;
}

unsigned reload_replica_jobs_open(const ReloadReplicaJobs *jobs)
{
	return g_queue_get_length(jobs->waiting) + jobs->under_way->len;
}

/* Ends a job that is under way. */
static void end(Job *job, ReloadStatus status, int64_t now)
{
	ReloadReplicaDone done = job->done;
	void *data = job->data;
	ReloadResourceId id = job->id;

	if (status != RELOAD_OK && status != RELOAD_E_NOT_FOUND && done == NULL && job->again < AGAIN_MAX &&
	    g_queue_get_length(job->jobs->later) < LATER_MAX) {
		guint place;

		g_ptr_array_find(job->jobs->under_way, job, &place);
		g_ptr_array_steal_index_fast(job->jobs->under_way, place);
		job->again++;
		job->due = now + AGAIN_MS;
		g_queue_push_tail(job->jobs->later, job);
		return;
	}
	g_ptr_array_remove_fast(job->jobs->under_way, job);
	if (done != NULL)
		done(data, &id, status, now);
}

static void send(Job *job, int64_t now);

static ReloadDestination destination_of(const Job *job)
{
	return job->target.len != 0 ? reload_destination_node(&job->target)
				    : reload_destination_resource(&job->id);
}

/* The other side's values are fetched, as far as they can be: ours may still be the newer ones in part, so once more
 * from the start. */
static void fetched(Job *job, ReloadStatus status, int64_t now)
{
	ReloadNode *node = job->node;

	g_clear_pointer(&job->kinds, g_array_unref);
	/* What we have taken over goes to the other members of the replica set, too. */
	if (job->merged && node->plugin->responsible(node->topology, reload_resource_id_span(&job->id)))
		reload_replication_stored(node, &job->id);
	if (status != RELOAD_OK) {
		end(job, RELOAD_E_TOO_OLD, now);
		return;
	}
	job->cursor = 0;
	send(job, now);
}

static ReloadStatus merge(void *data, const ReloadMessage *answer, int64_t now)
{
	Job *job = data;
	bool changed = false;
	ReloadStatus status = reload_storage_merge(job->node->storage, &job->id, answer->body, answer, now,
						   &changed);

	job->merged |= changed;
	job->node->storage_due = 0; /* something may expire earlier now */
	return status;
}

static void known_items(void *data, GPtrArray *items)
{
	const Job *job = data;

	reload_storage_items(job->node->storage, &job->id,
			     g_array_index(job->kinds, uint32_t, job->kinds->len - 1), items);
}

static void next_kind(Job *job, int64_t now);

static void on_kind(void *data, ReloadStatus status, uint16_t error_code, unsigned left_out, int64_t now)
{
	Job *job = data;

	(void)error_code;
	(void)left_out; /* those that no answer holds stay as they are */
	job->pieces = NULL;
	if (status != RELOAD_OK) {
		fetched(job, status, now);
		return;
	}
	g_array_set_size(job->kinds, job->kinds->len - 1);
	next_kind(job, now);
}

/* Fetches the Kinds that are left one by one, in as many pieces as it takes. */
static void next_kind(Job *job, int64_t now)
{
	ReloadPiecewiseOptions options = {
	    .node = job->node,
	    .destination = destination_of(job),
	    .resource = job->id,
	    .timeout = TIMEOUT_MS,
	    .until = job->until,
	    .max = RESYNCHRONIZE_MAX,
	    .removed_too = true,
	    .take = merge,
	    .known = known_items,
	    .done = on_kind,
	    .data = job,
	};
	ReloadStatus status;

	if (job->kinds->len == 0) {
		fetched(job, RELOAD_OK, now);
		return;
	}
	options.kind = g_array_index(job->kinds, uint32_t, job->kinds->len - 1);
	status = reload_piecewise_fetch(&options, now, &job->pieces);
	if (status != RELOAD_OK)
		fetched(job, status, now);
}

static void on_fetched(void *data, ReloadStatus status, const ReloadMessage *answer,
		       const ReloadNodeId *from, int64_t now)
{
	Job *job = data;

	(void)from;
	if (reload_piecewise_is_too_large(status, answer)) {
		job->kinds = g_array_new(FALSE, FALSE, sizeof(uint32_t));
		reload_storage_kinds(job->node->storage, &job->id, job->kinds);
		next_kind(job, now);
		return;
	}
	fetched(job, status == RELOAD_OK ? merge(job, answer, now) : status, now);
}

/* The other side has newer values than we: fetches them, in one go if they fit. False: it cannot be asked. */
static bool resynchronize(Job *job, int64_t now)
{
	ReloadDestination destination = destination_of(job);
	GByteArray *body;
	bool asked;

	if (job->resynchronized)
		return false;
	job->resynchronized = true;
	job->merged = false;
	job->until = now + RESYNCHRONIZE_MS;
	body = g_byte_array_new();
	asked = reload_storage_fetch_request(job->node->storage, &job->id, body) &&
		reload_node_originate(job->node, &destination, 1, RELOAD_FETCH_REQ,
				      reload_span(body->data, body->len), NULL, TIMEOUT_MS,
				      on_fetched, job, now, &job->request) == RELOAD_OK;
	g_byte_array_unref(body);
	return asked;
}

static void on_stored(void *data, ReloadStatus status, const ReloadMessage *answer,
		      const ReloadNodeId *from, int64_t now)
{
	Job *job = data;
	uint16_t error = status == RELOAD_E_REMOTE ? reload_message_error_code(answer) : 0;

	(void)from;
	if (status == RELOAD_OK) {
		if (job->cursor == UINT32_MAX)
			end(job, RELOAD_OK, now);
		else
			send(job, now); /* the next piece */
		return;
	}
	if (error == RELOAD_ERROR_DATA_TOO_OLD ||
	    error == RELOAD_ERROR_GENERATION_COUNTER_TOO_LOW) {
		if (!resynchronize(job, now))
			end(job, RELOAD_E_TOO_OLD, now);
		return;
	}
	if (status == RELOAD_E_TIMEOUT && ++job->tries < TRIES_MAX) {
		job->cursor = 0;
		send(job, now);
		return;
	}
	end(job, status, now);
}

/* The most that a piece may take, certificates included. */
static size_t piece_size(const ReloadNode *node)
{
	size_t limit = node->document->max_message_size;
	size_t rest =
	    OVERHEAD + reload_certificate_der(reload_identity_certificate(node->identity)).len;
	const GPtrArray *chain = reload_identity_chain(node->identity);

	for (guint i = 0; chain != NULL && i < chain->len; i++)
		rest += g_bytes_get_size(g_ptr_array_index(chain, i)) + 3;
	return limit > rest ? limit - rest : 1;
}

/* Sends the next piece of a job. */
static void send(Job *job, int64_t now)
{
	ReloadNode *node = job->node;
	ReloadDestination destination = destination_of(job);
	GByteArray *body = g_byte_array_new();
	GPtrArray *certificates =
	    g_ptr_array_new_with_free_func((GDestroyNotify)reload_certificate_unref);
	ReloadStatus status = RELOAD_E_NOT_FOUND;

	if (reload_storage_replica_request(node->storage, &job->id, job->replica, piece_size(node),
					   &job->cursor, now, body, certificates))
		status = reload_node_originate(node, &destination, 1, RELOAD_STORE_REQ,
					       reload_span(body->data, body->len), certificates,
					       TIMEOUT_MS, on_stored, job, now, &job->request);
	g_ptr_array_unref(certificates);
	g_byte_array_unref(body);
	if (status != RELOAD_OK)
		end(job, status, now);
}

/* Is it still our business: to replicate what is ours, to bring to its place what is not? */
static bool is_due_still(ReloadNode *node, const Job *job)
{
	return node->plugin->responsible(node->topology, reload_resource_id_span(&job->id)) ==
	       (job->target.len != 0);
}

/* Takes up those whose time has come. */
static void take_up(ReloadNode *node, ReloadReplicaJobs *jobs, int64_t now)
{
	Job *job;

	while ((job = g_queue_peek_head(jobs->later)) != NULL && job->due <= now) {
		g_queue_pop_head(jobs->later);
		job->tries = 0;
		job->cursor = 0;
		job->resynchronized = false;
		if (is_due_still(node, job))
			enqueue(jobs, job);
		else
			g_free(job);
	}
}

int64_t reload_replica_jobs_run(ReloadNode *node, ReloadReplicaJobs *jobs, int64_t now)
{
	const Job *later;

	take_up(node, jobs, now);
	while (jobs->under_way->len < UNDER_WAY_MAX && !g_queue_is_empty(jobs->waiting)) {
		Job *job = g_queue_pop_head(jobs->waiting);

		if (g_hash_table_lookup(jobs->by_what, job) == job)
			g_hash_table_remove(jobs->by_what, job);
		job->node = node;
		job->jobs = jobs;
		g_ptr_array_add(jobs->under_way, job);
		/* Replicas go to neighbors: without a link there is no use in waiting. */
		if (job->target.len != 0 && !reload_links_linked(node, &job->target))
			end(job, RELOAD_E_UNREACHABLE, now);
		else
			send(job, now);
	}
	later = g_queue_peek_head(jobs->later);
	return later != NULL ? later->due : INT64_MAX;
}
