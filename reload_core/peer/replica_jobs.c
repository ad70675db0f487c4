/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which copies are sent when: so many at a time, and again those that failed. */
#include "reload_core/peer/replica_job.h"

/* Requests under way at one time, and jobs that may wait. */
#define UNDER_WAY_MAX 32
#define WAITING_MAX 1000000
/* Jobs that wait to be sent again: a peer that refuses all must not make us keep all. */
#define LATER_MAX 65536
/* A replica that was refused or lost is sent again after this time, so many times: the other side
 * may not have heard yet that a peer between us is gone, and then we are no plausible source to it.
 */
#define AGAIN_MS 5000
#define AGAIN_MAX 4

typedef ReloadReplicaJob Job;

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

ReloadReplicaJobs *reload_replica_jobs_new(void)
{
	ReloadReplicaJobs *jobs = g_new0(ReloadReplicaJobs, 1);

	jobs->waiting = g_queue_new();
	jobs->later = g_queue_new();
	jobs->by_what = g_hash_table_new(what_hash, what_equal);
	jobs->under_way = g_ptr_array_new_with_free_func(reload_replica_job_free);
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

void reload_replica_job_ended(Job *job, ReloadStatus status, int64_t now)
{
	ReloadReplicaDone done = job->done;
	void *data = job->data;
	ReloadResourceId id = job->id;

	if (status != RELOAD_OK && status != RELOAD_E_NOT_FOUND && done == NULL &&
	    job->target.len != 0 && job->again < AGAIN_MAX &&
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

/* Takes up those whose time has come, if it is still our business to replicate them. */
static void take_up(ReloadNode *node, ReloadReplicaJobs *jobs, int64_t now)
{
	Job *job;

	while ((job = g_queue_peek_head(jobs->later)) != NULL && job->due <= now) {
		g_queue_pop_head(jobs->later);
		if (node->plugin->responsible(node->topology, reload_resource_id_span(&job->id)))
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
			reload_replica_job_ended(job, RELOAD_E_UNREACHABLE, now);
		else
			reload_replica_job_start(job, now);
	}
	later = g_queue_peek_head(jobs->later);
	return later != NULL ? later->due : INT64_MAX;
}
