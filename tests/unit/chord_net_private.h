/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two files of the test network share: nodes, requests under way, events. */
#ifndef TESTS_UNIT_CHORD_NET_PRIVATE_H
#define TESTS_UNIT_CHORD_NET_PRIVATE_H

#include "tests/unit/chord_net.h"

/* Links that a message may take. */
#define TTL 30

typedef struct Node Node;

/* A request under way, an Attach included. */
typedef struct {
	gatomicrefcount refs;
	unsigned origin, life;
	ReloadDestination dest;
	ReloadNodeId via;
	uint16_t code;
	GByteArray *body;
	bool link_only, done, muted, attached;
	unsigned sent;
	uint64_t cookie; /* of an Attach */
	bool send_update;
	ReloadReplyFunc reply;
	void *data;
	int handler; /* the node that has answered, -1: none */
	uint16_t error;
} Request;

typedef struct {
	Request *request;
	bool answer, past_via;
	unsigned ttl;
	GArray *path; /* unsigned: the nodes it came by */
} Packet;

typedef enum {
	EVENT_PACKET,
	EVENT_RETRANSMIT,
	EVENT_WAKE,
	EVENT_LINK_DOWN,
	EVENT_ATTACHED,
	EVENT_HANDED_OVER,
	EVENT_JOIN,
} EventKind;

typedef struct {
	int64_t at;
	uint64_t order;
	EventKind kind;
	unsigned node, life, other, other_life;
	Packet *packet;
	Request *request;
	void (*done)(void *data, ReloadStatus status, int64_t now);
	void *data;
} Event;

struct Node {
	ChordNet *net;
	unsigned number, life, ticks;
	ReloadNodeId id;
	bool alive, joined, leaving, stay, mute;
	unsigned lost, refuse;
	int64_t range_changed, replicas_changed, slow;
	ReloadTopology *topology;
	ReloadTopologyHost host;
	GHashTable *links; /* number of the other + 1 -> its life when the link was made */
	int64_t wake;
};

struct ChordNet {
	int64_t now;
	uint64_t seed, order;
	ReloadDocument document;
	GPtrArray *nodes;
	GHashTable *by_id;
	GSequence *events;
	ChordNetCounts counts;
	ChordNetWatch watch;
	void *watch_data;
};

extern const ReloadTopologyPlugin *net_plugin;

static inline Node *node_of(ChordNet *net, unsigned number)
{
	return g_ptr_array_index(net->nodes, number);
}

static inline Node *find(ChordNet *net, const ReloadNodeId *id)
{
	return g_hash_table_lookup(net->by_id, id);
}

static inline gpointer key_of(const Node *node)
{
	return GUINT_TO_POINTER(node->number + 1);
}

static inline bool has_link(const Node *node, const Node *other)
{
	return other != NULL && g_hash_table_contains(node->links, key_of(other));
}

/* A link works if both ends are still who they were when it was made. */
static inline bool link_works(const Node *node, const Node *other)
{
	return other->alive &&
	       GPOINTER_TO_UINT(g_hash_table_lookup(node->links, key_of(other))) == other->life &&
	       GPOINTER_TO_UINT(g_hash_table_lookup(other->links, key_of(node))) == node->life;
}

static inline void request_unref(Request *request)
{
	if (!g_atomic_ref_count_dec(&request->refs))
		return;
	if (request->body != NULL)
		g_byte_array_unref(request->body);
	g_free(request);
}

static inline Request *request_ref(Request *request)
{
	g_atomic_ref_count_inc(&request->refs);
	return request;
}

static inline void packet_free(Packet *packet)
{
	if (packet == NULL)
		return;
	request_unref(packet->request);
	g_array_unref(packet->path);
	g_free(packet);
}

/* Lets the plug-in do what is due, and remembers when it wants to be called again. */
void net_touch(Node *node);

#endif
