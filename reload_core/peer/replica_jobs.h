/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of stored resources on their way to other peers: a queue of jobs, some of them under way, so many of each
 * peer that none keeps the others from theirs. */
#ifndef RELOAD_PEER_REPLICA_JOBS_H
#define RELOAD_PEER_REPLICA_JOBS_H

#include "reload_core/peer/node_private.h"

typedef struct ReloadReplicaJobs ReloadReplicaJobs;

/* Called when a job has ended; status: RELOAD_OK, RELOAD_E_NOT_FOUND (nothing is stored under id
 * any more), or why it failed. */
typedef void (*ReloadReplicaDone)(void *data, const ReloadResourceId *id, ReloadStatus status,
				  int64_t now);

ReloadReplicaJobs *reload_replica_jobs_new(void);
void reload_replica_jobs_free(ReloadReplicaJobs *jobs);

/* Has everything under id stored at target, as replica of that number; target NULL: at whoever is
 * responsible. done may be NULL; without it, a job that waits already for the same is enough,
 * and one under way for it is sent once more when it is over. False: the queue is full. */
bool reload_replica_jobs_add(ReloadReplicaJobs *jobs, const ReloadNodeId *target,
			     const ReloadResourceId *id, uint8_t replica, ReloadReplicaDone done,
			     void *data);
/* Starts jobs as far as is allowed; called when time or something else has moved on. Returns when
 * to call again for the sake of time (ms; INT64_MAX: never). */
int64_t reload_replica_jobs_run(ReloadNode *node, ReloadReplicaJobs *jobs, int64_t now);
/* Jobs not ended yet, but for those that wait to be tried again. */
unsigned reload_replica_jobs_open(const ReloadReplicaJobs *jobs);
/* Those, too. */
unsigned reload_replica_jobs_all(const ReloadReplicaJobs *jobs);

#endif
