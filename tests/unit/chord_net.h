/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small network of topology plug-ins in virtual time, with a node around each that routes,
 * attaches and retransmits just well enough; for tests of the topology alone. Everything follows
 * from the seed. */
#ifndef TESTS_UNIT_CHORD_NET_H
#define TESTS_UNIT_CHORD_NET_H

#include "reload_core/topology/topology.h"

typedef struct ChordNet ChordNet;

/* What was counted so far. */
typedef struct {
	uint64_t
	    requests[0x40]; /* sent by plug-ins, by message code; not counting retransmissions */
	uint64_t hops;	    /* messages over links */
	uint64_t dropped_ttl, dropped_no_route, dropped_link;
} ChordNetCounts;

ChordNet *chord_net_new(uint64_t seed);
void chord_net_free(ChordNet *net);

/* The document that all nodes run with; may be changed before nodes are added. */
ReloadDocument *chord_net_document(ChordNet *net);
int64_t chord_net_now(ChordNet *net);
ChordNetCounts *chord_net_counts(ChordNet *net);

/* A request that a plug-in sends; body NULL: an Attach. */
typedef struct {
	unsigned from;
	const ReloadDestination *dest;
	const ReloadNodeId *via; /* NULL: none */
	uint16_t code;
	const GByteArray *body;
	int64_t now;
} ChordNetRequest;

/* Sees every one of them; NULL: no more. */
typedef void (*ChordNetWatch)(void *data, const ChordNetRequest *request);
void chord_net_watch(ChordNet *net, ChordNetWatch watch, void *data);

/* Adds a node with a random Node-ID (or id); returns its number. It does nothing yet. */
unsigned chord_net_add(ChordNet *net, const ReloadNodeId *id);
unsigned chord_net_size(ChordNet *net);
const ReloadNodeId *chord_net_id(ChordNet *net, unsigned node);
ReloadTopology *chord_net_topology(ChordNet *net, unsigned node);
const ReloadTopologyPlugin *chord_net_plugin(void);
unsigned chord_net_links(ChordNet *net, unsigned node);
/* How often the node's tick was called so far. */
unsigned chord_net_ticks(ChordNet *net, unsigned node);

/* Starts the overlay, or joins through bootstrap after delay ms; a join that fails is tried again.
 */
void chord_net_start(ChordNet *net, unsigned node);
void chord_net_join(ChordNet *net, unsigned node, unsigned bootstrap, int64_t delay);
/* Ends a node without a word; its links are seen to fail after detect ms. */
void chord_net_crash(ChordNet *net, unsigned node, int64_t detect);
/* The node, crashed before, is there again under its Node-ID, knowing nothing. */
void chord_net_revive(ChordNet *net, unsigned node);
/* Leaves, and ends when it has; with stay it keeps the plug-in and its links. */
void chord_net_leave(ChordNet *net, unsigned node, bool stay);
/* Breaks the link between a and b, on both sides. */
void chord_net_cut(ChordNet *net, unsigned a, unsigned b);
/* Makes a link between a and b, which neither has asked for. */
void chord_net_link(ChordNet *net, unsigned a, unsigned b);
/* The Updates of node go astray until it gets a Join, as if it ignored send_update; it is told that they are
 * answered. */
void chord_net_mute(ChordNet *net, unsigned node);
/* node answers the next count Updates with an Error, and does not look at them. */
void chord_net_refuse(ChordNet *net, unsigned node, unsigned count);
/* node takes so many ms to answer an Attach, and to hand data over. */
void chord_net_slow(ChordNet *net, unsigned node, int64_t ms);
/* Calls join of a node that is part of a ring already (10.7.4.4). */
void chord_net_heal(ChordNet *net, unsigned node, unsigned bootstrap);
bool chord_net_joined(ChordNet *net, unsigned node);
unsigned chord_net_lost(ChordNet *net, unsigned node);
/* When the node was last told of a change of its range, or of its replica set; 0: never. */
int64_t chord_net_range_changed(ChordNet *net, unsigned node);
int64_t chord_net_replicas_changed(ChordNet *net, unsigned node);
/* The running nodes in the order of their Node-IDs, as numbers. Free with g_array_unref. */
GArray *chord_net_sorted(ChordNet *net);

/* Lets time pass. */
void chord_net_run(ChordNet *net, int64_t ms);
/* Lets time pass until every running node has joined and all neighbor tables are those of one ring;
 * false: not within ms. */
bool chord_net_converge(ChordNet *net, int64_t ms);
/* Describes the first difference from the one ring, or NULL. Free with g_free. */
char *chord_net_difference(ChordNet *net);
/* Follows next_hop from a node to a Resource-ID; returns the number of the node where it ends, -1
 * if it is lost. */
int chord_net_route(ChordNet *net, unsigned from, const ReloadResourceId *id, unsigned *hops);
/* The number of the running node that is to be responsible. */
unsigned chord_net_owner(ChordNet *net, const ReloadResourceId *id);

uint64_t chord_net_random(ChordNet *net);
/* Gives node a request as if it came over the link of previous_hop; error_code of the answer. */
uint16_t chord_net_inject(ChordNet *net, unsigned node, uint16_t code, const GByteArray *body,
			  const ReloadNodeId *signer, const ReloadNodeId *previous_hop);

#endif
