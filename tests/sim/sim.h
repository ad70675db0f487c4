/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many nodes in one process, in virtual time, from a seed: links with latency, failures of links
 * and nodes, partitions. A test says what happens, lets time pass, and looks at the outcome. */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include "reload_core/peer/node.h"

#define SIM_SECOND INT64_C(1000)
#define SIM_APPLICATION 5061

typedef struct Sim Sim;

/* One machine: it keeps identity and address while its node is stopped and started. */
typedef struct {
	Sim *sim;
	unsigned index;
	ReloadIdentity *identity;
	ReloadNodeId id;
	ReloadAddress address, app_address;
	ReloadNode *node; /* NULL: not running */
	unsigned group;	  /* machines of different groups do not reach each other */
	int64_t wakeup;	  /* ms; INT64_MAX: none */
	uint64_t run;	  /* counts its starts */
	unsigned app_ups, app_downs;
	unsigned log_lines; /* above debug */
	char last_notice[160]; /* of them, at level notice */
	unsigned connects;  /* links and application connections that it began to open */
	ReloadNodeId last_app_remote;
	ReloadLinkId last_app_link;
} SimNode;

/* What the network does to messages. */
typedef struct {
	unsigned latency_min, latency_max; /* ms, one way */
	unsigned duplicate_percent; /* of messages, by who has made them */
	unsigned mtu; /* bytes; larger messages go as fragments; 0: no limit */
	unsigned loss_percent; /* of messages: as if a queue had been full */
} SimNetwork;

/* Makes an overlay with count machines, all of them stopped; the first `bootstraps` of them are the
 * document's bootstrap nodes. The seed is RELOAD_SIM_SEED of the environment, or name's hash; it is
 * printed. */
Sim *sim_new(const char *name, unsigned count, unsigned bootstraps);
/* The same with more elements in the document's configuration. */
Sim *sim_new_with(const char *name, unsigned count, unsigned bootstraps, const char *elements);
void sim_free(Sim *sim);
SimNetwork *sim_network(Sim *sim);

int64_t sim_now(const Sim *sim);
uint32_t sim_random(Sim *sim, uint32_t below);
unsigned sim_count(const Sim *sim);
SimNode *sim_node(Sim *sim, unsigned index);
ReloadDocument *sim_document(Sim *sim);

/* Gives a stopped machine another certificate, with these Node-IDs, of which the first is its own. */
void sim_give_ids(Sim *sim, unsigned index, const ReloadNodeId *ids, unsigned count);
/* Starts a stopped machine's node; first: with the first_node switch. */
void sim_start(Sim *sim, unsigned index, bool first);
/* Starts it as a client (RFC 6940, 4.2); reachable: others can connect to it. */
void sim_start_client(Sim *sim, unsigned index, bool reachable);
/* Its process dies. silent: its machine does too, and nobody is told that the links are gone. */
void sim_crash(Sim *sim, unsigned index, bool silent);
/* Leaves gracefully, then stops. */
void sim_leave(Sim *sim, unsigned index);
/* Breaks the link between two nodes, if there is one. */
void sim_break_link(Sim *sim, unsigned a, unsigned b);
/* Gives a message to a node, as if `from` had sent it down its link. False: there is no such link.
 */
bool sim_inject(Sim *sim, unsigned from, unsigned to, ReloadSpan message);
/* Sees every message that is sent; NULL: no more. */
void sim_watch(Sim *sim, void (*watch)(void *data, SimNode *from, SimNode *to, ReloadSpan message),
	       void *data);

/* Loses each message that drop says so of; NULL: none any more. */
void sim_lose(Sim *sim, bool (*drop)(void *data, SimNode *from, SimNode *to, ReloadSpan message), void *data);

/* Lets time pass. */
void sim_run(Sim *sim, int64_t ms);
/* Lets time pass until done says so; fails the test, naming what, if that takes more than limit ms.
 */
void sim_run_until(Sim *sim, bool (*done)(Sim *sim, void *data), void *data, int64_t limit,
		   const char *what);

/* ---- conditions ---- */
/* Every running node has joined, and its three predecessors and successors are the right ones. */
bool sim_ring_is_right(Sim *sim, void *data);
/* Every running node has joined. */
bool sim_all_joined(Sim *sim, void *data);
/* The running node that is responsible for id, by the sorted Node-IDs. */
SimNode *sim_responsible(Sim *sim, const ReloadResourceId *id);
unsigned sim_running(const Sim *sim);
/* For a failing test: prints each node's view. */
void sim_dump(Sim *sim);

/* ---- requests ---- */
typedef struct {
	bool done;
	ReloadStatus status;
	uint16_t code, error_code;
	ReloadNodeId from;
	GByteArray *message; /* the answer, whole contents' body */
} SimAnswer;

/* Sends a request and lets time pass until its answer is there. Free with sim_answer_clear. */
void sim_request(Sim *sim, unsigned from, const ReloadDestination *destinations, unsigned count,
		 uint16_t code, ReloadSpan body, SimAnswer *answer);
void sim_answer_clear(SimAnswer *answer);

/* Stores text as SIP-REGISTRATION of user (a name, without domain) by node `from`, or removes it (NULL);
 * waits for the answer. */
ReloadStatus sim_store(Sim *sim, unsigned from, const char *user, const char *text,
		       uint16_t *error_code);
/* Fetches it from node `from`; the texts found, sorted, each ended by a ';'. Free with g_free.
 * NULL: no answer. */
char *sim_fetch(Sim *sim, unsigned from, const char *user);
/* The Resource-ID of that user. */
void sim_resource(Sim *sim, const char *user, ReloadResourceId *out);
/* How many running nodes hold something under id. */
unsigned sim_copies(Sim *sim, const ReloadResourceId *id);

#endif
