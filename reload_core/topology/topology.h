/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The topology plug-in interface (RFC 6940, 3.2, 6.4.2 and 10): who is responsible, where to send,
 * and how the overlay keeps its shape. chord/ is behind it. A topology owns the Routing Table
 * (neighbors, fingers); the node owns the Connection Table (links) and carries messages. */
#ifndef RELOAD_TOPOLOGY_TOPOLOGY_H
#define RELOAD_TOPOLOGY_TOPOLOGY_H

#include "reload_core/config/document.h"
#include "reload_core/routing/route.h"
#include "reload_core/wire/header.h"
#include "reload_core/wire/message.h"
#include "reload_core/wire/status.h"
#include "reload_core/wire/types.h"

/* The earlier of two times. A function, for its arguments have effects (a macro has them twice). */
static inline int64_t reload_sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

typedef struct ReloadTopology ReloadTopology;

/* How a plug-in's request is sent, and whose answer is heard. */
typedef enum {
	RELOAD_REQUEST_ROUTED,
	RELOAD_REQUEST_LINK_ONLY,  /* only if its destination is linked, down that link */
	RELOAD_REQUEST_ANY_ORIGIN, /* also from who cannot be responsible by all that we know: of another partition */
} ReloadRequestMode;

/* What the node does for its topology plug-in. None of these calls back before returning. */
typedef struct {
	void *user;
	/* Is there an established link to id (Connection Table)? */
	bool (*linked)(void *user, const ReloadNodeId *id);
	/* Makes a link to whoever answers for dest, source-routed through via if via is not NULL (10.6).
	 * Ends in the plug-in's attach_done, also at once-known failures (through the timer). */
	void (*attach)(void *user, const ReloadDestination *dest, const ReloadNodeId *via,
		       bool send_update, uint64_t cookie);
	/* Sends a request to dest (through via if not NULL), signed by the node. reply may be NULL.
	 * body is read, not kept. */
	void (*request)(void *user, const ReloadDestination *dest, const ReloadNodeId *via, uint16_t code,
			const GByteArray *body, ReloadRequestMode mode, ReloadReplyFunc reply, void *data);
	/* Closes the link to id when nothing else needs it. */
	void (*release)(void *user, const ReloadNodeId *id);
	/* Has all data for which next will be responsible stored at it (10.5 step 6), then calls done. */
	void (*hand_over)(void *user, const ReloadNodeId *next,
			  void (*done)(void *data, ReloadStatus status, int64_t now), void *data);
	/* The Routing Table has changed: responsible range and/or replica set (10.7.3); the node
	 * moves replicas and drops what is no longer its own. */
	void (*changed)(void *user, bool range_changed, bool replicas_changed, int64_t now);
	/* Joining has ended: RELOAD_OK, or why not (the node tries again with back-off). */
	void (*joined)(void *user, ReloadStatus status, int64_t now);
	/* All neighbors are gone (10.7.1). The topology goes on alone and stays responsible for everything;
	 * the node looks for a bootstrap node with back-off and calls join again when it has a link. */
	void (*lost)(void *user, int64_t now);
	void (*random)(void *user, uint8_t *out, size_t len);
	void (*log)(void *user, int level, const char *text);
} ReloadTopologyHost;

/* One answer to a request that came for the plug-in: body or error. */
typedef struct {
	GByteArray *body;    /* appended to by the plug-in; the answer's body */
	uint16_t error_code; /* not 0: send this Error instead (error.h), with error_info */
	const char *error_info;
	bool silent; /* no answer at all */
} ReloadTopologyAnswer;

typedef struct {
	const char *name; /* topology-plugin of the document, "CHORD-RELOAD" */

	/* host and document must outlive the topology. After destroy no reply or done may be called. */
	ReloadTopology *(*create)(const ReloadDocument *document, const ReloadNodeId *self,
				  const ReloadTopologyHost *host, int64_t now);
	void (*destroy)(ReloadTopology *topology);

	/* Becomes the first node of a new overlay (6.4.2.1); joined follows. */
	void (*start_overlay)(ReloadTopology *topology, int64_t now);
	/* Joins through the bootstrap node, which is linked (10.5). joined follows within bounded time.
	 * For a node that already has neighbors it is the search for a partition (10.7.4.4) instead: it is
	 * called now and then with a link to a bootstrap node, and joined does not follow. */
	void (*join)(ReloadTopology *topology, const ReloadNodeId *bootstrap, int64_t now);
	/* Sends Leave to the neighbors (10.9); done is called when they answered or at the deadline. */
	void (*leave)(ReloadTopology *topology, int64_t deadline,
		      void (*done)(void *data, int64_t now), void *data, int64_t now);

	/* Time has passed; returns the time in ms at which it wants to be called next (INT64_MAX: never).
	 * To be called also after every other call that takes now, and after every reply and done: these
	 * only change what is due. */
	int64_t (*tick)(ReloadTopology *topology, int64_t now);
	/* The document was replaced by a newer one. */
	void (*document_changed)(ReloadTopology *topology, const ReloadDocument *document, int64_t now);

	/* link_up: a link to id was established, also if it takes the place of an older one. link_down: the
	 * last link to id is gone; it need not be called after release. */
	void (*link_up)(ReloadTopology *topology, const ReloadNodeId *id, int64_t now);
	void (*link_down)(ReloadTopology *topology, const ReloadNodeId *id, int64_t now);
	void (*attach_done)(ReloadTopology *topology, uint64_t cookie, ReloadStatus status,
			    const ReloadNodeId *id, int64_t now);

	/* Where a message to a Node-ID or Resource-ID goes next. Direct links to a Node-ID are looked at by
	 * the caller first. except: the Node-ID it came from, or NULL. */
	ReloadRoute (*next_hop)(ReloadTopology *topology, ReloadSpan id, bool is_resource,
				const ReloadNodeId *except, ReloadNodeId *hop);
	bool (*responsible)(ReloadTopology *topology, ReloadSpan resource_id);
	/* Could node be responsible for resource_id, by all that we know (6.3.4)? */
	bool (*plausible_responsible)(ReloadTopology *topology, ReloadSpan resource_id,
				      const ReloadNodeId *node);
	/* May node store a replica of resource_id here (7.4.1.1, 10.4)? */
	bool (*plausible_replica_source)(ReloadTopology *topology, ReloadSpan resource_id,
					 const ReloadNodeId *node);
	/* The nodes that hold replicas of what we are responsible for (two successors); returns how many. */
	unsigned (*replica_set)(ReloadTopology *topology, ReloadNodeId *out, unsigned max);
	/* Are we responsible for, or in the replica set of, resource_id (10.7.3, last paragraphs)? */
	bool (*keeps)(ReloadTopology *topology, ReloadSpan resource_id);
	/* The part of the overlay for which we are responsible, in parts of 10^9 (Probe, 6.4.2.5). */
	uint32_t (*responsible_ppb)(ReloadTopology *topology);
	/* Is id in the Routing Table, that is: may others' messages be routed through it? */
	bool (*routes_through)(ReloadTopology *topology, const ReloadNodeId *id);

	/* A request of code Join, Leave, Update or RouteQuery; signer signed it, previous_hop is the link it
	 * came over. Fills answer. */
	void (*on_request)(ReloadTopology *topology, const ReloadMessage *message,
			   const ReloadNodeId *signer, const ReloadNodeId *previous_hop,
			   ReloadTopologyAnswer *answer, int64_t now);
	/* The Attach with send_update from id has been completed: send it an Update (6.5.1). */
	void (*send_update)(ReloadTopology *topology, const ReloadNodeId *id, int64_t now);

	/* Calls each for every entry, for operators: role is "predecessor", "successor" or "finger",
	 * index from 1 in the order of the tables. */
	void (*each_entry)(ReloadTopology *topology,
			   void (*each)(void *data, const char *role, unsigned index,
					const ReloadNodeId *id),
			   void *data);
} ReloadTopologyPlugin;

/* Returns the plug-in with that name, or NULL. */
const ReloadTopologyPlugin *reload_topology_find(const char *name);

#endif
