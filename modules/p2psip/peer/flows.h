/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The flows of an edge: for each remote node one connection that AppAttach set up, and the loopback
 * address behind which Kamailio sees that node. Whole SIP messages move between the two; a dead flow
 * is answered for at once. No I/O: what it needs of the world is in FlowHooks. */
#ifndef P2PSIP_PEER_FLOWS_H
#define P2PSIP_PEER_FLOWS_H

#include "modules/p2psip/peer/flow_addresses.h"
#include "modules/p2psip/peer/journal.h"
#include "modules/p2psip/peer/sip_view.h"
#include "reload_core/peer/io.h"

typedef struct Flows Flows;

typedef enum {
	FLOW_DOWN,
	FLOW_OPENING,
	FLOW_UP,
	FLOW_FORGOTTEN, /* told once, of a node that has no flow any more and whose address is free again */
} FlowState;

typedef struct {
	void *user;
	/* Starts an AppAttach to node; flows_connected or flows_disconnected follows if it returns RELOAD_OK. */
	ReloadStatus (*open)(void *user, const ReloadNodeId *node, int64_t timeout, int64_t now);
	/* Sends on a connection, all or nothing. */
	ReloadStatus (*send)(void *user, ReloadLinkId link, ReloadSpan message);
	/* Closes a connection; flows_disconnected does not follow. */
	void (*close)(void *user, ReloadLinkId link, int64_t now);
	/* Hands a message to Kamailio, from the loopback address. False: it could not be sent. */
	bool (*deliver)(void *user, uint32_t address, ReloadSpan message);
	/* A flow's state changed: after FLOW_UP nothing is delivered before flows_known, which also follows on
	 * FLOW_DOWN, but not on FLOW_FORGOTTEN. */
	void (*changed)(void *user, const ReloadNodeId *node, uint32_t address, FlowState state);
	void (*log)(void *user, ReloadLogLevel level, const char *text);
} FlowHooks;

typedef struct {
	int64_t connect_timeout; /* ms that a message waits for its flow; then 480 (4000) */
	int64_t idle_timeout;    /* ms without a message after which a flow is closed (300000) */
	unsigned max_flows;      /* remote nodes known at once */
	unsigned max_requests;   /* open requests to one node; then 480 */
	unsigned max_received;   /* from one node; then 503 */
	unsigned rate;           /* requests from one node in a second, twice as many at once; then 503. One of N
				    bytes counts as 1 + N / 4096 */
	/* Of the last three a quarter more for what is inside dialogs, and no final reply: it comes again. */
} FlowLimits;

typedef struct {
	uint64_t opened, failures, died;
	uint64_t messages_in, messages_out; /* from flows, to flows */
	uint64_t refused;                   /* not SIP, for nobody, or over a bound */
	uint64_t answered;                  /* replies given in a dead flow's place */
	unsigned up;
} FlowStatistics;

/* addresses and journal (NULL: none) are not owned and must outlive the flows. */
Flows *flows_new(FlowAddresses *addresses, Journal *journal, const FlowLimits *limits,
		 const FlowHooks *hooks);
/* Takes over what the process before this one left in the journal: flows_known, which follows on the change of
 * each flow, answers for it. Once, before anything else. */
void flows_recover(Flows *self, int64_t now);
/* Answers for all that is open, without waiting. */
void flows_free(Flows *self, int64_t now);

/* The loopback address and state of the flow to node; address 0: no room for another node. */
uint32_t flows_resolve(Flows *self, const ReloadNodeId *node, FlowState *state, int64_t now);

/* A message from Kamailio to the remote node behind address. */
void flows_from_kamailio(Flows *self, uint32_t address, ReloadSpan message, int64_t now);
/* A whole message that came over a connection. */
void flows_from_link(Flows *self, ReloadLinkId link, ReloadSpan message, int64_t now);

/* A connection to node is up. False: there are too many, it is to be closed. */
bool flows_connected(Flows *self, const ReloadNodeId *node, ReloadLinkId link, int64_t now);
/* A connection is gone (link), or an AppAttach to node failed (link 0). */
void flows_disconnected(Flows *self, const ReloadNodeId *node, ReloadLinkId link, int64_t now);
/* Kamailio knows of the flow to node, and that it is up, or down. */
void flows_known(Flows *self, const ReloadNodeId *node, bool up, int64_t now);

/* Time-outs and idle flows. True: a flow is being opened, call again in about 100 ms; else half a second will do. */
bool flows_tick(Flows *self, int64_t now);

void flows_statistics(const Flows *self, FlowStatistics *out);
/* Calls each for every flow, for operators. */
void flows_each(const Flows *self,
		void (*each)(void *data, const ReloadNodeId *node, uint32_t address, FlowState state,
			     unsigned requests, int64_t last_used),
		void *data);

#endif
