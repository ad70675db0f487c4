/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A question to the overlay on its way through the processes: a SIP worker (or an RPC process)
 * makes it in shared memory and hands it to the broker through a pipe; the broker gets the answer
 * and hands it to the async workers, which resume the transaction. Nobody waits but RPC processes,
 * and those with a time limit. */
#ifndef P2PSIP_REQUEST_H
#define P2PSIP_REQUEST_H

#include <semaphore.h>
#include <stdint.h>

#include "modules/p2psip/compat.h"
#include "modules/p2psip/lookup_cache.h"
#include "modules/p2psip/proto/protocol.h"

#define P2PSIP_ROUTE_MAX 64

/* Status values of this half of the module, beside enum p2psip_status. */
enum {
	P2PSIP_ONLY_HERE =
	    P2PSIP_FAILED + 1, /* the AOR is registered, at no other edge than this one */
	P2PSIP_DEFERRED,       /* not joined: will be stored on joining */
	P2PSIP_SUSPENDED,      /* asked: the route given goes on when the answer is there */
	P2PSIP_ABSORBED,       /* a retransmission, or cancelled: nothing is left to do */
};

enum p2psip_purpose {
	P2PSIP_FOR_REGISTER, /* STORE, then resume */
	P2PSIP_FOR_LOOKUP,   /* LOOKUP, then resume with a branch for each edge */
	P2PSIP_FOR_ANOTHER,  /* LOOKUP, then resume with a branch for each edge not tried yet */
	P2PSIP_FOR_IDENTITY, /* LOOKUP, then resume knowing whether the sender may speak for the
				From AOR */
	P2PSIP_FOR_FORK,     /* LOOKUP, then add branches to a transaction that is running */
	P2PSIP_FOR_DIALOG,   /* RESOLVE, then resume with the flow as destination */
	P2PSIP_FOR_NOBODY,   /* RESOLVE, to know it the next time */
	P2PSIP_FOR_RPC,	     /* COMMAND, waited for */
};

struct p2psip_request {
	struct p2psip_request *next; /* in the one list that it is in */
	struct p2psip_request *next_by_id;
	enum p2psip_purpose purpose;
	uint32_t id;
	int64_t deadline;
	int status;
	unsigned tindex, tlabel;      /* the transaction */
	char route[P2PSIP_ROUTE_MAX]; /* to resume it in */
	char aor[P2PSIP_AOR_MAX];
	uint8_t node[P2PSIP_NODE_ID_LEN]; /* RESOLVE; IDENTITY: the sender */
	struct p2psip_targets targets;
	/* RPC only */
	char *text; /* the command, then the answer; shared memory */
	size_t text_len;
	int state; /* of enum below, changed by compare and exchange */
	sem_t answered;
};

enum { P2PSIP_WAITED_FOR, P2PSIP_ANSWERED, P2PSIP_ABANDONED };

/* Makes the pipe and the list of answers, before the first fork. 0 or -1. */
int p2psip_requests_init(void);
void p2psip_requests_destroy(void);

/* A new request, or NULL when modparam queue_size of them are under way or memory is short. Of those that other edges
 * cause (P2PSIP_FOR_IDENTITY) a quarter of that, and of the lookups that the peer makes at a time, is all. */
struct p2psip_request *p2psip_request_new(enum p2psip_purpose purpose);
void p2psip_request_free(struct p2psip_request *request);

/* Hands a request to the broker, which owns it from then on: 0, or -1 when the pipe is full. */
int p2psip_request_send(struct p2psip_request *request);

/* Wakes the broker up: there is something new in shared memory. Never blocks. */
void p2psip_broker_poke(void);

/* For the broker. The read end of the pipe, and the next request in it (NULL: none; pokes are left
 * out). */
int p2psip_requests_fd(void);
struct p2psip_request *p2psip_requests_receive(void);

/* For the broker. Hands an answered request to the async workers. */
void p2psip_request_answered(struct p2psip_request *request);

/* For the broker. Pushes a task again where that failed before. */
void p2psip_requests_kick(void);

/* Number of requests under way. */
unsigned p2psip_requests_count(void);

/* Resumes the transaction of an answered request, and frees the request (resume.c). */
void p2psip_resume(struct p2psip_request *request);

#endif
