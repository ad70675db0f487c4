/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One copy of a resource on its way to another peer: what replica_jobs.c and replica_job.c share. */
#ifndef RELOAD_PEER_REPLICA_JOB_H
#define RELOAD_PEER_REPLICA_JOB_H

#include "reload_core/peer/piecewise.h"
#include "reload_core/peer/replica_jobs.h"

/* Whom copies are for; it is there as long as it has jobs. */
typedef struct {
	ReloadNodeId id;     /* len 0: whoever is responsible, many nodes perhaps */
	unsigned jobs;	     /* that are for it, waiting or not */
	GQueue waiting;	     /* ReloadReplicaJob */
	unsigned under_way;  /* of its jobs */
	unsigned unanswered; /* StoreReqs in a row */
} ReloadReplicaTarget;

typedef struct {
	ReloadReplicaTarget *target;
	ReloadResourceId id;
	uint8_t replica;
	ReloadReplicaDone done;
	void *data;
	ReloadNode *node; /* when under way */

	/* replica_jobs.c: when it is its turn */
	ReloadReplicaJobs *jobs;
	bool under_way;
	unsigned again;
	int64_t due; /* ms, of one that waits to be sent again */

	/* replica_job.c: how far it has come */
	ReloadReplicaCursor cursor;
	bool outdated; /* wanted again since its first piece was made */
	unsigned left_out; /* values that no message holds */
	unsigned tries;
	bool resynchronized, merged; /* the other side was asked for newer values; there were some */
	GArray *kinds;		     /* uint32_t: those that are left to be fetched; NULL: none */
	int64_t until;		     /* ms, when that has to be over */
	ReloadPiecewise *pieces;
	uint64_t request;
} ReloadReplicaJob;

/* Begins with it; reload_replica_job_ended is called once, perhaps before this returns. */
void reload_replica_job_start(ReloadReplicaJob *job, int64_t now);
/* NULL is nothing. Its request must be over, or the router gone. */
void reload_replica_job_free(gpointer job);

/* replica_jobs.c: it is over, and may be gone afterwards. status as of ReloadReplicaDone. */
void reload_replica_job_ended(ReloadReplicaJob *job, ReloadStatus status, int64_t now);

#endif
