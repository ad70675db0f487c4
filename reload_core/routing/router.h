/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Message receipt and forwarding (RFC 6940, 6.1), symmetric recursive routing (6.2) and the rules
 * of the forwarding header (6.3.2): everything between a link and the handler of a request. */
#ifndef RELOAD_ROUTING_ROUTER_H
#define RELOAD_ROUTING_ROUTER_H

#include "reload_core/config/document.h"
#include "reload_core/routing/route.h"
#include "reload_core/security/identity.h"
#include "reload_core/security/trust.h"
#include "reload_core/wire/message.h"

typedef struct ReloadRouter ReloadRouter;

/* A request that came for this node: decoded, its signature verified, its sequence number checked.
 */
typedef struct {
	const ReloadMessage *message;
	ReloadCertificate *certificate; /* the signer's */
	ReloadNodeId signer;
	ReloadNodeId previous_hop; /* whose link it came over; len 0: we sent it ourselves */
	ReloadDestination
	    destination; /* the entry that it reached us by: Node-ID, wildcard or Resource-ID */
} ReloadIncoming;

/* What to answer. The handler fills it; it starts out empty. */
typedef struct {
	GByteArray *body; /* of the answer; with error_code: the error_info */
	GPtrArray *
	    certificates; /* more ReloadCertificate* for the security block, or NULL; a reference */
	uint16_t error_code; /* not 0: an Error */
	bool silent;	     /* drop the request */
} ReloadOutcome;

/* Makes outcome an Error with text (NULL: what the code says) as its error_info. */
void reload_outcome_error(ReloadOutcome *outcome, uint16_t code, const char *text);

/* What becomes of a request whose body could not be decoded, status saying why: the Error Invalid_Message with
 * text, or silence where a select has a type that nobody knows (RFC 6940, 6.3.1.1: RELOAD_E_UNSUPPORTED). */
void reload_outcome_unreadable(ReloadOutcome *outcome, ReloadStatus status, const char *text);

/* What the node says of a request that comes over the link of somebody. */
typedef enum {
	RELOAD_ADMIT,
	RELOAD_REFUSE, /* Error_Forbidden */
	RELOAD_IGNORE, /* drop it: a retransmission may fare better */
} ReloadAdmission;

/* What the router asks of the node. None of these calls back into the router, but handle, outdated
 * and unknown_kinds, which may originate requests. */
typedef struct {
	void *user;
	/* Is there a link to id that may be written to (Connection Table)? */
	bool (*linked)(void *user, const ReloadNodeId *id);
	/* The topology's verdict. except: the Node-ID it came from, or NULL. */
	ReloadRoute (*next_hop)(void *user, ReloadSpan id, bool is_resource,
				const ReloadNodeId *except, ReloadNodeId *hop);
	/* 6.3.4: could node be responsible for resource_id? */
	bool (*plausible)(void *user, ReloadSpan resource_id, const ReloadNodeId *node);
	/* Queues a whole message on the link to hop. */
	ReloadStatus (*send)(void *user, const ReloadNodeId *hop, ReloadSpan message);
	/* Performs a request. */
	void (*handle)(void *user, const ReloadIncoming *request, ReloadOutcome *outcome,
		       int64_t now);
	/* The node at the end of destination_list has an older document: push ours (6.3.2.1). */
	void (*outdated)(void *user, const ReloadNodeId *node, ReloadSpan destination_list,
			 int64_t now);
	void (*random)(void *user, uint8_t *out, size_t len);
	/* 6.7: the largest message that the link to hop takes, bytes (a path MTU); larger ones go
	 * as fragments. 0: no limit but max-message-size. NULL: no link has one. */
	size_t (*link_mtu)(void *user, const ReloadNodeId *hop);
	/* 4.2.1, 6.1.2: may the node at the other end of that link send us a request of this code,
	 * for us or for others? NULL: all may. */
	ReloadAdmission (*admit)(void *user, const ReloadNodeId *previous_hop, uint16_t code,
				 int64_t now);
	/* 6.6: close the link that the message came over which is being received, once it has been dealt with, and
	 * after what is queued was sent. NULL: links are kept. */
	void (*hang_up)(void *user);
	/* 7.4.1.2: node has answered a Store, Fetch, Stat or Find of ours that it does not know
	 * these Kinds (walked with reload_kind_next). True: it is being told, and
	 * reload_router_repeat will be called for that request; false: the request ends with this
	 * answer. Once for a request. NULL: nobody is told. */
	bool (*unknown_kinds)(void *user, uint64_t request, const ReloadNodeId *node,
			      ReloadSpan destination_list, ReloadSpan kinds, int64_t now);
} ReloadRouterHost;

/* What the router counted since it was made. */
typedef struct {
	uint64_t received, sent, forwarded, requests, answers, errors, retransmissions, timeouts;
	uint64_t dropped_malformed, dropped_signature, dropped_overlay, dropped_ttl,
	    dropped_unroutable, dropped_duplicate, dropped_limit, dropped_fragment, dropped_origin,
	    dropped_unsent;
	/* Fragments sent; messages put together from them; via lists replaced and restored; opaque
	 * IDs that were not ours or too old; requests that the node did not admit. */
	uint64_t fragments, reassembled, compressed, restored, dropped_opaque, dropped_refused;
} ReloadRouterStatistics;

/* host is copied; document, trust and identity get references. Free with reload_router_free: open
 * requests are forgotten, nobody is told. */
ReloadRouter *reload_router_new(const ReloadRouterHost *host, ReloadDocument *document,
				ReloadTrust *trust, ReloadIdentity *identity);
void reload_router_free(ReloadRouter *router);
void reload_router_set_document(ReloadRouter *router, ReloadDocument *document);
void reload_router_set_trust(ReloadRouter *router, ReloadTrust *trust);
void reload_router_set_identity(ReloadRouter *router, ReloadIdentity *identity);

/* A via list that would get more entries than this is replaced by an opaque ID (6.1.2); 0: only one
 * that would make the message larger than max-message-size. The default is RELOAD_VIA_ENTRIES. */
#define RELOAD_VIA_ENTRIES 32
void reload_router_set_via_entries(ReloadRouter *router, unsigned entries);

/* A message came over the link of previous_hop. It is forwarded, answered, matched to a request or
 * dropped. False: it was not for this node, where nothing has changed: nothing has become due by it.
 */
bool reload_router_receive(ReloadRouter *router, const ReloadNodeId *previous_hop,
			   ReloadSpan message, int64_t now);

/* The first bytes of a message that is larger than max-message-size came over the link of previous_hop, which is
 * closed for it: whose it is is told (6.6). RELOAD_E_NOT_FOUND: more of its bytes are needed for that, and it may
 * have a header of an allowed size; else there is no more to be done. */
ReloadStatus reload_router_receive_too_large(ReloadRouter *router, const ReloadNodeId *previous_hop,
					     ReloadSpan start, int64_t now);

/* A request to originate. */
typedef struct {
	ReloadSpan destination_list; /* encoded */
	/* Who is at the end of a list that ends with an opaque ID, as a way back may (NULL: a list that
	 * does is malformed). */
	const ReloadNodeId *expected;
	uint16_t code;
	ReloadSpan body;
	ReloadIdentity *signer;	       /* NULL: the router's own */
	const GPtrArray *certificates; /* more ReloadCertificate* to send along, or NULL */
	int64_t timeout;	       /* ms in all; 0: five times the overlay-reliability-timer */
	bool link_only;		       /* only if the destination is linked, down that link */
	bool any_origin; /* whoever answers for a Resource-ID is heard, also where we know a node nearer to it (6.3.4) */
	bool any_sequence; /* ConfigUpdate: configuration_sequence 65535; it may be larger than
			    * max-message-size, and goes as fragments then */
	uint32_t max_response_length; /* bytes; 0: no limit */
	ReloadSpan options;	      /* forwarding options, encoded (6.3.2.3) */
	ReloadSpan extensions;	      /* message extensions, encoded (6.3.3) */
} ReloadOrigination;

/* Originates a request (6.2.1): signs it, sends it, and sends it again until it is answered. reply
 * (NULL allowed) is called from reload_router_receive, _run or _tick, never from here. *id (NULL
 * allowed) names it. RELOAD_E_LIMIT: too many open; RELOAD_E_MALFORMED: the destination list;
 * RELOAD_E_TOO_LARGE: larger than the overlay's max-message-size. */
ReloadStatus reload_router_request(ReloadRouter *router, const ReloadOrigination *request,
				   ReloadReplyFunc reply, void *data, int64_t now, uint64_t *id);
/* Stops waiting; reply is not called. */
void reload_router_cancel(ReloadRouter *router, uint64_t id);
/* What unknown_kinds has promised for the request `id`: with `again` it is sent once more, signed
 * anew with another transaction ID, since the answer to the first is kept for repetitions (6.2.1);
 * else, and if its time has passed meanwhile, it ends with RELOAD_E_UNKNOWN_KIND. It keeps its id
 * for reload_router_cancel. A request that has ended is ignored. */
void reload_router_repeat(ReloadRouter *router, uint64_t id, bool again, int64_t now);
/* The link to id is gone: what was sent over it last is sent again another way. */
void reload_router_hop_lost(ReloadRouter *router, const ReloadNodeId *id, int64_t now);

/* Delivers the messages that this node sent to itself. Returns false if some are left (call again).
 */
bool reload_router_run(ReloadRouter *router, int64_t now);
/* Are there any? */
bool reload_router_has_own(const ReloadRouter *router);
/* Retransmits and times out; returns the time in ms at which to call again (INT64_MAX: never). */
int64_t reload_router_tick(ReloadRouter *router, int64_t now);

/* Reads who signed a request, for a link whose Node-ID is not known yet. Errors as of
 * reload_verify_message, and RELOAD_E_FORBIDDEN if it is no request, or one that was forwarded. */
ReloadStatus reload_router_identify(ReloadRouter *router, ReloadSpan message, int64_t now,
				    ReloadNodeId *signer);

unsigned reload_router_open(const ReloadRouter *router);
void reload_router_statistics(const ReloadRouter *router, ReloadRouterStatistics *out);

#endif
