/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One RELOAD node put together: its life cycle, its requests, and the events that a driver feeds
 * it. A state machine without I/O: time comes in as `now` (ms since the Unix epoch, never going
 * backwards), bytes leave through ReloadIo. Not thread-safe: one driver, one thread. */
#ifndef RELOAD_PEER_NODE_H
#define RELOAD_PEER_NODE_H

#include "reload_core/config/document.h"
#include "reload_core/peer/io.h"
#include "reload_core/security/identity.h"
#include "reload_core/security/trust.h"
#include "reload_core/storage/storage.h"
#include "reload_core/topology/topology.h"
#include "reload_core/wire/stored_data.h"

typedef struct ReloadNode ReloadNode;

typedef enum {
	RELOAD_NODE_IDLE,
	RELOAD_NODE_CONNECTING, /* to a bootstrap node */
	RELOAD_NODE_JOINING,
	RELOAD_NODE_JOINED,
	RELOAD_NODE_LEAVING,
	RELOAD_NODE_LEFT,
	RELOAD_NODE_ATTACHED, /* a client, linked to the overlay: it may make requests */
} ReloadNodeState;

/* What a node tells its owner. Any may be NULL. Called from within reload_node_* calls; they may
 * make requests, but not free the node. */
typedef struct {
	void *user;
	void (*state)(void *user, ReloadNodeState state, int64_t now);
	/* A request for application (AppAttach, 6.5.2) from remote, whose certificate chains. True
	 * admits it: the node answers with our candidates and the driver connects. */
	bool (*app_request)(void *user, uint16_t application, const ReloadNodeId *remote,
			    int64_t now);
	/* An application connection is up (its ReloadLinkId goes to the driver's own functions). */
	void (*app_up)(void *user, uint16_t application, const ReloadNodeId *remote,
		       ReloadLinkId link, bool requested_by_us, int64_t now);
	/* It is gone, or (link 0) could not be made. */
	void (*app_down)(void *user, uint16_t application, const ReloadNodeId *remote,
			 ReloadLinkId link, ReloadStatus why, int64_t now);
	/* The document was replaced by a newer one, which came by ConfigUpdate or
	 * reload_node_set_document: the driver's TLS has to go on with trust, made from it. Or by
	 * a copy that knows more Kinds: then trust is the one from before. */
	void (*document)(void *user, ReloadDocument *document, ReloadTrust *trust, int64_t now);
} ReloadNodeEvents;

typedef struct {
	ReloadDocument *document; /* a reference is taken */
	ReloadTrust *trust;
	ReloadIdentity *identity;
	bool client;	 /* never joins (4.2); then addresses may be none */
	bool first_node; /* start a new overlay when no bootstrap node answers (6.4.2.1) */
	const ReloadAddress *addresses; /* where overlay links reach us: our candidates */
	unsigned address_count;
	const ReloadAddress *app_addresses; /* where application connections reach us */
	unsigned app_address_count;
	ReloadStorageLimits storage;
	ReloadIo io;
	ReloadNodeEvents events;
} ReloadNodeOptions;

/* Returns a node in state IDLE, or NULL with error set to one line. Free with reload_node_free. */
ReloadNode *reload_node_new(const ReloadNodeOptions *options, int64_t now, GError **error);
void reload_node_free(ReloadNode *node);

/* Starts joining; it retries with back-off for ever until it joins or leaves. */
void reload_node_start(ReloadNode *node, int64_t now);
/* Leaves gracefully within timeout ms (data handed over, Leave sent); events.state says LEFT. */
void reload_node_leave(ReloadNode *node, int64_t timeout, int64_t now);

/* ---- events from the driver ---- */
void reload_node_tick(ReloadNode *node, int64_t now);
/* certificate: verified by the driver with reload_trust_*; outgoing: we connected. */
void reload_node_link_up(ReloadNode *node, ReloadLinkId link, ReloadCertificate *certificate,
			 bool outgoing, int64_t now);
void reload_node_link_down(ReloadNode *node, ReloadLinkId link, ReloadStatus why, int64_t now);
/* Would the ring, or what this node is doing, miss that link? */
bool reload_node_link_of_use(const ReloadNode *node, ReloadLinkId link);
/* The link's RTO has passed without an ACK (failing), or it works again (6.6.5). */
void reload_node_link_failing(ReloadNode *node, ReloadLinkId link, bool failing, int64_t now);
void reload_node_receive(ReloadNode *node, ReloadLinkId link, ReloadSpan message, int64_t now);
/* The first bytes of a message that is larger than the overlay's max-message-size: whose it is is told, and the
 * driver closes the link (6.6). RELOAD_E_NOT_FOUND: call again when there are more of them. */
ReloadStatus reload_node_receive_too_large(ReloadNode *node, ReloadLinkId link, ReloadSpan start,
					   int64_t now);
void reload_node_app_up(ReloadNode *node, ReloadLinkId link, int64_t now);
void reload_node_app_down(ReloadNode *node, ReloadLinkId link, ReloadStatus why, int64_t now);

/* ---- requests ---- */
/* Names one request under way, for cancelling; 0: it was refused at once and reply is not called.
 */
typedef uint64_t ReloadRequestId;

typedef struct {
	const ReloadDestination *destinations; /* destination list, first hop first */
	unsigned destination_count;
	uint16_t code;
	ReloadSpan body;
	ReloadIdentity *signer;	 /* NULL: the node's own */
	GPtrArray *certificates; /* more ReloadCertificate* to send along, or NULL */
	int64_t timeout;	 /* ms in all; 0: 5 transmissions, 15 s (6.2.1) */
} ReloadRequest;

/* Sends a request; reply is called exactly once, never before this returns. */
ReloadRequestId reload_node_request(ReloadNode *node, const ReloadRequest *request,
				    ReloadReplyFunc reply, void *data, int64_t now);
/* Stops waiting; reply is not called. */
void reload_node_cancel(ReloadNode *node, ReloadRequestId id);

/* Asks remote for a direct connection for application (6.5.2); app_up or app_down follows. timeout
 * in ms. RELOAD_E_STATE: not joined; RELOAD_E_LIMIT. */
ReloadStatus reload_node_app_attach(ReloadNode *node, const ReloadNodeId *remote,
				    uint16_t application, int64_t timeout, int64_t now);
void reload_node_app_close(ReloadNode *node, ReloadLinkId link, int64_t now);

/* ---- usages ---- */
/* Gives a usage a turn after every event: tick returns the time in ms at which it wants the next at
 * the latest (INT64_MAX: none for the sake of time); it may make requests. free_data is called
 * first when the node is freed. */
void reload_node_add_task(ReloadNode *node, int64_t (*tick)(void *data, int64_t now),
			  void (*free_data)(void *data), void *data);

/* While hold is true, a node that leaves waits with its Leave, for half of its time at most, and takes
 * requests meanwhile: for a usage that has to remove something. Every true needs its false. */
void reload_node_hold_leave(ReloadNode *node, bool hold);

/* Fills out with random bytes of the node's source. */
void reload_node_random(ReloadNode *node, uint8_t *out, size_t len);

/* Notes a good value that was fetched, or that we stored: false, counted and logged, if a newer one of
 * that signer at that place was seen before (13.5.3; storage/seen.h). */
bool reload_node_note_value(ReloadNode *node, const ReloadResourceId *resource, uint32_t kind,
			    const ReloadNodeId *signer, const ReloadStoredData *data, int64_t now);

/* ---- views ---- */
ReloadNodeState reload_node_state(const ReloadNode *node);
const ReloadNodeId *reload_node_id(const ReloadNode *node);
ReloadDocument *reload_node_document(ReloadNode *node);
ReloadStorage *reload_node_storage(ReloadNode *node);
ReloadTopology *reload_node_topology(ReloadNode *node, const ReloadTopologyPlugin **plugin);
ReloadTrust *reload_node_trust(ReloadNode *node);
ReloadIdentity *reload_node_identity(ReloadNode *node);
/* Replaces document (newer sequence only), identity or trust without a restart. */
ReloadStatus reload_node_set_document(ReloadNode *node, ReloadDocument *document, int64_t now);
/* Takes Kinds beside the document from one text of kind-blocks, which are to be signed by a
 * kind-signer (reload_document_learn, which see for errors; name for their text); others get them
 * from us when we use them. */
ReloadStatus reload_node_add_kinds(ReloadNode *node, ReloadSpan text, const char *name, int64_t now,
				   GError **error);
ReloadStatus reload_node_set_identity(ReloadNode *node, ReloadIdentity *identity, int64_t now);

typedef struct {
	uint64_t received, sent, forwarded, dropped, requests, retransmissions, timeouts;
	uint64_t dropped_malformed, dropped_signature, dropped_overlay, dropped_ttl,
	    dropped_unroutable, dropped_duplicate, dropped_limit;
	uint64_t rollbacks; /* values that were older than what was seen before (13.5.3) */
	unsigned links, requests_open, app_connections;
} ReloadNodeStatistics;
void reload_node_statistics(const ReloadNode *node, ReloadNodeStatistics *out);

#endif
