/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which copies are sent when: so many at a time, fairly between those they are for, and again those that failed. */
#include "reload_core/peer/replica_job.h"

/* Jobs under way at one time, and jobs that may wait. */
#define UNDER_WAY_MAX 64
#define WAITING_MAX 1000000
/* A target that is slow, or silent though linked, must not hold all of them: so many under way for each, and one for
 * a target that has left so many StoreReqs in a row without an answer. */
#define TARGET_MAX 16
#define UNANSWERED_MAX 2
/* Jobs that wait to be sent again: a peer that refuses all must not make us keep all. */
#define LATER_MAX 65536
/* A replica that was refused or lost is sent again after this time, so many times: the other side
 * may not have heard yet that a peer between us is gone, and then we are no plausible source to it.
 */
#define AGAIN_MS 5000
#define AGAIN_MAX 4

typedef ReloadReplicaJob Job;

struct ReloadReplicaJobs {
	GHashTable *targets;  /* ReloadReplicaTarget.id -> it */
	GQueue *turns;	      /* ReloadReplicaTarget: those with jobs that wait, the next one first */
	unsigned waiting;     /* jobs, of all targets */
	GHashTable *by_what;  /* Job -> itself: those that wait or are under way and have no done */
	GPtrArray *under_way; /* Job */
	GQueue *later;	      /* Job, by due */
};

static guint what_hash(gconstpointer key)
{
	const Job *job = key;

	return g_direct_hash(job->target) * 31 + reload_resource_id_hash(&job->id);
}

static gboolean what_equal(gconstpointer a, gconstpointer b)
{
	const Job *x = a, *y = b;

	return x->target == y->target && reload_resource_id_equal(&x->id, &y->id) &&
	       x->replica == y->replica;
}

/* ---- targets ---- */

/* NULL: whoever is responsible. */
static ReloadReplicaTarget *target_of(ReloadReplicaJobs *jobs, const ReloadNodeId *id)
{
	static const ReloadNodeId responsible;
	const ReloadNodeId *key = id != NULL ? id : &responsible;
	ReloadReplicaTarget *target = g_hash_table_lookup(jobs->targets, key);

	if (target == NULL) {
		target = g_new0(ReloadReplicaTarget, 1);
		target->id = *key;
		g_queue_init(&target->waiting);
		g_hash_table_insert(jobs->targets, &target->id, target);
	}
	return target;
}

/* Of many nodes one that is silent says nothing about the others. */
static bool has_room(const ReloadReplicaTarget *target)
{
	bool silent = target->id.len != 0 && target->unanswered >= UNANSWERED_MAX;

	return target->under_way < (silent ? 1 : TARGET_MAX);
}

/* ---- the queue ---- */

ReloadReplicaJobs *reload_replica_jobs_new(void)
{
	ReloadReplicaJobs *jobs = g_new0(ReloadReplicaJobs, 1);

	jobs->targets = g_hash_table_new_full(reload_node_id_hash, reload_node_id_equal_keys, NULL, g_free);
	jobs->turns = g_queue_new();
	jobs->later = g_queue_new();
	jobs->by_what = g_hash_table_new(what_hash, what_equal);
	jobs->under_way = g_ptr_array_new_with_free_func(reload_replica_job_free);
	return jobs;
}

void reload_replica_jobs_free(ReloadReplicaJobs *jobs)
{
	ReloadReplicaTarget *target;

	if (jobs == NULL)
		return;
	while ((target = g_queue_pop_head(jobs->turns)) != NULL)
		g_queue_clear_full(&target->waiting, reload_replica_job_free);
	g_queue_free(jobs->turns);
	g_queue_free_full(jobs->later, reload_replica_job_free);
	g_ptr_array_unref(jobs->under_way);
	g_hash_table_unref(jobs->by_what);
	g_hash_table_unref(jobs->targets);
	g_free(jobs);
}

/* Frees a job that is in no queue. */
static void drop(Job *job)
{
	ReloadReplicaJobs *jobs = job->jobs;
	ReloadReplicaTarget *target = job->target;

	reload_replica_job_free(job);
	if (--target->jobs == 0)
		g_hash_table_remove(jobs->targets, &target->id);
}

/* Queues a job, unless one without anybody to tell is there for the same: one under way is sent once more then, and
 * no more than that, however often the resource changes meanwhile. */
static void enqueue(Job *job)
{
	ReloadReplicaJobs *jobs = job->jobs;
	Job *same = job->done == NULL ? g_hash_table_lookup(jobs->by_what, job) : NULL;

	if (same != NULL) {
		same->outdated = same->under_way;
		drop(job);
		return;
	}
	if (job->done == NULL)
		g_hash_table_add(jobs->by_what, job);
	if (g_queue_is_empty(&job->target->waiting))
		g_queue_push_tail(jobs->turns, job->target);
	g_queue_push_tail(&job->target->waiting, job);
	jobs->waiting++;
}

/* Takes the next one whose target has room out of the queue, one target after the other; NULL: there is none. */
static Job *next_job(ReloadReplicaJobs *jobs)
{
	Job *job = NULL;

	for (guint i = g_queue_get_length(jobs->turns); job == NULL && i > 0; i--) {
		ReloadReplicaTarget *target = g_queue_pop_head(jobs->turns);

		if (has_room(target))
			job = g_queue_pop_head(&target->waiting);
		if (!g_queue_is_empty(&target->waiting))
			g_queue_push_tail(jobs->turns, target);
	}
	if (job != NULL)
		jobs->waiting--;
	return job;
}

bool reload_replica_jobs_add(ReloadReplicaJobs *jobs, const ReloadNodeId *target,
			     const ReloadResourceId *id, uint8_t replica, ReloadReplicaDone done,
			     void *data)
{
	Job *job;

	if (jobs->waiting >= WAITING_MAX)
		return false;
	job = g_new0(Job, 1);
	job->jobs = jobs;
	job->target = target_of(jobs, target);
	job->target->jobs++;
	job->id = *id;
	job->replica = replica;
	job->done = done;
	job->data = data;
	enqueue(job);
	return true;
}

unsigned reload_replica_jobs_open(const ReloadReplicaJobs *jobs)
{
	return jobs->waiting + jobs->under_way->len;
}

unsigned reload_replica_jobs_all(const ReloadReplicaJobs *jobs)
{
	return reload_replica_jobs_open(jobs) + g_queue_get_length(jobs->later);
}

/* ---- under way ---- */

static void start(ReloadNode *node, Job *job, int64_t now)
{
	const ReloadNodeId *id = &job->target->id;

	job->node = node;
	job->under_way = true;
	job->target->under_way++;
	g_ptr_array_add(job->jobs->under_way, job);
	/* Replicas go to neighbors: without a link there is no use in waiting. */
	if (id->len != 0 && !reload_links_linked(node, id))
		reload_replica_job_ended(job, RELOAD_E_UNREACHABLE, now);
	else
		reload_replica_job_start(job, now);
}

static void stop(Job *job)
{
	GPtrArray *under_way = job->jobs->under_way;
	guint place;

	g_ptr_array_find(under_way, job, &place);
	g_ptr_array_steal_index_fast(under_way, place);
	job->under_way = false;
	job->target->under_way--;
	if (job->done == NULL)
		g_hash_table_remove(job->jobs->by_what, job);
}

static void later(Job *job, int64_t now)
{
	job->again++;
	job->due = now + AGAIN_MS;
	g_queue_push_tail(job->jobs->later, job);
}

/* Shall a job that has failed be sent again? */
static bool has_another_try(const Job *job)
{
	return job->done == NULL && job->again < AGAIN_MAX &&
	       g_queue_get_length(job->jobs->later) < LATER_MAX;
}

void reload_replica_job_ended(Job *job, ReloadStatus status, int64_t now)
{
	ReloadReplicaDone done = job->done;
	void *data = job->data;
	ReloadResourceId id = job->id;
	bool outdated = job->outdated;
	/* What is too large for a message stays so. */
	bool over = status == RELOAD_OK || status == RELOAD_E_NOT_FOUND || status == RELOAD_E_TOO_LARGE;

	stop(job);
	job->outdated = false;
	if (outdated) /* as if it were new, this once */
		job->again = 0;
	if (over && outdated) {
		enqueue(job);
	} else if (!over && has_another_try(job)) {
		later(job, now);
	} else {
		drop(job);
		if (done != NULL)
			done(data, &id, status, now);
	}
}

/* Is it still our business: to replicate what is ours, to bring to its place what is not? */
static bool is_due_still(ReloadNode *node, const Job *job)
{
	return node->plugin->responsible(node->topology, reload_resource_id_span(&job->id)) ==
	       (job->target->id.len != 0);
}

/* Takes up those whose time has come, if it is still our business and nothing has had them sent meanwhile. */
static void take_up(ReloadNode *node, ReloadReplicaJobs *jobs, int64_t now)
{
	Job *job;

	while ((job = g_queue_peek_head(jobs->later)) != NULL && job->due <= now) {
		g_queue_pop_head(jobs->later);
		if (is_due_still(node, job) && !g_hash_table_contains(jobs->by_what, job))
			enqueue(job);
		else
			drop(job);
	}
}

int64_t reload_replica_jobs_run(ReloadNode *node, ReloadReplicaJobs *jobs, int64_t now)
{
	const Job *first;
	Job *job;

	take_up(node, jobs, now);
	while (jobs->under_way->len < UNDER_WAY_MAX && (job = next_job(jobs)) != NULL)
		start(node, job, now);
	first = g_queue_peek_head(jobs->later);
	return first != NULL ? first->due : INT64_MAX;
}
