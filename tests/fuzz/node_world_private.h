/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the made-up world around a node share. */
#ifndef TESTS_FUZZ_NODE_WORLD_PRIVATE_H
#define TESTS_FUZZ_NODE_WORLD_PRIVATE_H

#include "reload_core/peer/node.h"
#include "tests/fuzz/node_world.h"
#include "tests/unit/pki.h"

/* Bounds of the world: links at once, messages of the node that are kept, ticks for one piece of
 * time. */
#define WORLD_LINKS_MAX 128
#define WORLD_SENT_MAX 32
#define WORLD_TICKS_MAX 16
#define WORLD_APPLICATION 5061

typedef struct {
	ReloadLinkId id;
	bool app, up;
	unsigned who; /* neighbor at the other end, when up */
} WorldLink;

typedef struct WorldUse WorldUse;

struct NodeWorld {
	ReloadNode *node;
	ReloadDocument *document;
	GBytes *newer;
	ReloadDocument *newer_document;
	ReloadIdentity *self;
	int64_t now, wakeup;
	uint32_t random;
	ReloadLinkId next_link;
	GArray *links;	 /* WorldLink */
	GPtrArray *sent; /* GBytes: the node's latest messages */
	unsigned replies;
	uint16_t messages; /* of neighbors, so far */
	GPtrArray *uses;   /* WorldUse, under way */
	bool publishes;
	const char *signature; /* of kinds.h */
};

/* A signed document with that sequence number. */
GBytes *node_world_document(const Pki *pki, const char *extra, const ReloadIdentity *signer,
			    int sequence);
ReloadCertificate *node_world_certificate(unsigned who);
ReloadIdentity *node_world_identity(unsigned who);
WorldLink *node_world_link(NodeWorld *world, ReloadLinkId id);
void node_world_forget_link(NodeWorld *world, ReloadLinkId id);
void node_world_pass(NodeWorld *world, int64_t ms);
/* A link to the neighbor comes up: one that the node is opening, or a new one. */
void node_world_up(NodeWorld *world, unsigned who);
/* The sample bodies, once a process; the one of that number (or the last) for a code, as that
 * signer (0: the node itself) would write it. Empty: there is none. */
void node_world_init_samples(ReloadDocument *document, GBytes *newer, const char *signature,
			     ReloadIdentity *const *identities);
ReloadSpan node_world_sample(uint16_t code, unsigned signer, unsigned number);

/* A usage is asked for something (NodeWorldUsage), for the neighbor's user or Node-ID. */
void node_world_use(NodeWorld *world, unsigned who, uint8_t what);
void node_world_cancel_uses(NodeWorld *world);

#endif
