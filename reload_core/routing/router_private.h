/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of routing/ share; nobody else includes it. */
#ifndef RELOAD_ROUTING_ROUTER_PRIVATE_H
#define RELOAD_ROUTING_ROUTER_PRIVATE_H

#include "reload_core/routing/answer_cache.h"
#include "reload_core/security/quota.h"
#include "reload_core/routing/reassembly.h"
#include "reload_core/routing/router.h"
#include "reload_core/routing/transaction.h"
#include "reload_core/routing/via_store.h"

/* Errors that we make for messages passing by, of each link at once, and then one each so many ms: each costs a
 * signature. No link can use up those of another. */
#define RELOAD_ERRORS_BURST 50
#define RELOAD_ERRORS_INTERVAL_MS 20
#define RELOAD_ERRORS_LINKS_MAX 4096
/* Messages to ourselves that wait for reload_router_run. */
#define RELOAD_LOOPBACK_MAX 4096
/* Entries in a destination list: more than a message has hops are of no use. */
#define RELOAD_DESTINATIONS_MAX 128

struct ReloadRouter {
	ReloadRouterHost host;
	ReloadDocument *document;
	ReloadTrust *trust;
	ReloadIdentity *identity;
	ReloadNodeId self;
	ReloadTransactionTable *transactions;
	ReloadAnswerCache *answers;
	GQueue *loopback; /* GBytes */
	ReloadReassembly *reassembly;
	ReloadViaStore *via_store;
	unsigned via_entries;
	GByteArray *frame; /* the message that is sent at the moment; its memory is used again */
	bool touched;	   /* what came last was for this node: see reload_router_receive */
	ReloadRouterStatistics count;
	ReloadQuota *errors; /* by previous hop */
};

/* A message on its way through this node. */
typedef struct {
	ReloadSpan bytes;
	ReloadHeader header;
	ReloadSpan rest;		  /* what follows the header */
	const ReloadNodeId *previous_hop; /* NULL: ourselves */
	ReloadSpan
	    destinations; /* the destination list without the entries that were consumed here */
} ReloadTransit;

/* Is it a request, as far as one can tell (the first fragment has the code)? */
bool reload_transit_is_request(const ReloadTransit *transit);

/* Its message code; 0 where that is not known. */
uint16_t reload_transit_code(const ReloadTransit *transit);

/* Takes a message off the link, or from ourselves (previous_hop NULL). */
void reload_router_accept(ReloadRouter *router, const ReloadNodeId *previous_hop,
			  ReloadSpan message, int64_t now);
/* Sends a message on toward hop (6.1.2). */
void reload_router_forward(ReloadRouter *router, const ReloadTransit *transit,
			   const ReloadNodeId *hop, int64_t now);
/* The message is for us (6.1.1); destination: the entry by which it reached us. */
void reload_router_deliver(ReloadRouter *router, const ReloadTransit *transit,
			   const ReloadDestination *destination, int64_t now);
/* A fragment of a message for us: delivers the message when it is whole. */
void reload_router_collect(ReloadRouter *router, const ReloadTransit *transit,
			   const ReloadDestination *destination, int64_t now);
/* We know no extension: one that is critical cannot be obeyed (6.3.3). */
bool reload_message_has_critical_extension(const ReloadMessage *message);
/* Verifies a message for us (6.3.4); false: dropped, and counted. certificate may be NULL. */
bool reload_router_verify(ReloadRouter *router, const ReloadMessage *message, int64_t now,
			  ReloadCertificate **certificate, ReloadNodeId *signer);
/* Ends a transaction that message answers. */
void reload_router_answered(ReloadRouter *router, const ReloadMessage *message, int64_t now);

/* Sends a frame whose first destination is not us: decrements its TTL and finds the hop, which is
 * put into *hop (len 0: it went to ourselves). RELOAD_E_UNREACHABLE: nobody to send it to. */
ReloadStatus reload_router_dispatch(ReloadRouter *router, ReloadSpan frame, bool link_only,
				    ReloadNodeId *hop);

/* A request whose answer is kept for its repetitions, and who signed it. */
typedef struct {
	ReloadAnswerKey key;
	ReloadNodeId signer;
} ReloadKept;

/* Answers the request (6.2.2) with what a handler made, and keeps the answer if kept is not
 * NULL. */
void reload_router_respond(ReloadRouter *router, const ReloadTransit *transit, uint16_t code,
			   ReloadOutcome *outcome, const ReloadKept *kept, int64_t now);
/* Sends once more what was answered before. */
void reload_router_respond_again(ReloadRouter *router, const ReloadTransit *transit,
				 GBytes *answer);
/* Answers with an Error, if it is a request and not too many were made for its link. */
void reload_router_respond_error(ReloadRouter *router, const ReloadTransit *transit,
				 uint16_t error_code, const char *text, int64_t now);
/* Makes the destination list of the answer: the via list and the previous hop, reversed. */
void reload_router_return_path(const ReloadTransit *transit, GByteArray *out);

#endif
