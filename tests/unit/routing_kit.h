/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One router between made-up neighbors: messages are built by hand, and what it sends is kept. */
#ifndef TESTS_UNIT_ROUTING_KIT_H
#define TESTS_UNIT_ROUTING_KIT_H

#include "reload_core/routing/router.h"
#include "tests/unit/pki.h"

/* Node-IDs are one byte, 16 times. The router is responsible for whatever begins with 0x10. */
#define KIT_SELF 0x10
#define KIT_NEAR 0x20	  /* linked; the next hop for all else */
#define KIT_LINKED 0x30	  /* linked too */
#define KIT_FAR 0x40	  /* who asks */
#define KIT_NOWHERE 0xee  /* nothing leads there */

typedef struct {
	ReloadNodeId hop;
	GBytes *bytes;
} KitSent;

typedef struct {
	Pki pki;
	ReloadDocument *document;
	ReloadTrust *trust;
	ReloadIdentity *self, *far;
	ReloadRouter *router;
	int64_t now;
	GArray *sent; /* KitSent */
	unsigned handled, outdated;
	uint8_t random[8]; /* what was last given as 8 random bytes */
	unsigned unknown_kinds; /* how often it was asked to tell somebody of Kinds */
	bool tells_kinds;	/* what it says to that */
	uint64_t untold;	/* the request that waits for it */
	GArray *kinds;		/* uint32_t: of the last time */
	bool plausible;
	size_t body_size; /* of what is answered */
} RoutingKit;

void routing_kit_setup(RoutingKit *kit);
void routing_kit_teardown(RoutingKit *kit);
void routing_kit_forget_sent(RoutingKit *kit);

/* A message that is to come in; kit_message() fills in what all have. */
typedef struct {
	ReloadHeader header;
	GByteArray *destinations, *via, *options, *extensions;
	uint16_t code;
	ReloadSpan body;
	ReloadIdentity *signer;
	bool forged;
} KitMessage;

/* A Ping by KIT_FAR, TTL 50, our sequence, transaction ID id, with empty lists. */
KitMessage kit_message_new(RoutingKit *kit, uint64_t id);
void kit_to_node(GByteArray *list, uint8_t fill);
void kit_to_resource(GByteArray *list, uint8_t first);
void kit_option(KitMessage *message, uint8_t flags);
void kit_extension(KitMessage *message, bool critical);
/* Gives it to the router as if KIT_NEAR had sent it, and frees its lists. */
void kit_receive(RoutingKit *kit, KitMessage *message);

/* The only message sent since: decoded; its hop in *hop. */
ReloadMessage kit_only_sent(RoutingKit *kit, ReloadNodeId *hop);
/* It is an Error to KIT_NEAR with that code. */
void kit_assert_error(RoutingKit *kit, uint16_t code);

#endif
