/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A node between made-up neighbors, for fuzzing: the input says what they do. */
#ifndef TESTS_FUZZ_NODE_WORLD_H
#define TESTS_FUZZ_NODE_WORLD_H

#include "reload_core/wire/buffer.h"

/* Neighbors there are: their Node-IDs are one byte, 16 times, 0x20, 0x30 ...; the node's own is
 * 0x10, 16 times. */
#define NODE_WORLD_OTHERS 6

/* Events: the low half of the first byte of each. Behind it a byte `who` (a neighbor, modulo), then
 * what is said here. */
typedef enum {
	NODE_WORLD_MESSAGE, /* u8 destination, u8 signer, u8 code, u16 length, body: a good message
			       around it; without a body, a sample's (node_samples.c) */
	NODE_WORLD_FRAME,   /* u16 length, bytes: a message as it is, but for the overlay and the
			       length */
	NODE_WORLD_ANSWER,  /* u8 which, u8 signer, u8 code, u16 length, body: answers a request of
			       the node */
	NODE_WORLD_ECHO,    /* u8 which: a message that the node sent comes back */
	NODE_WORLD_UP,	    /* the neighbor connects, or lets itself be connected to */
	NODE_WORLD_DOWN,
	NODE_WORLD_FAILING,
	NODE_WORLD_TIME,    /* u8 amount */
	NODE_WORLD_APP,	    /* u8 what: application connections come up, go down, are asked for */
	NODE_WORLD_REQUEST, /* u8 destination, u8 code, u16 length, body: the node asks something */
	NODE_WORLD_LEAVE,
	NODE_WORLD_CONFIG, /* u8 signer: the neighbor sends a newer document, which is good */
	NODE_WORLD_KIND, /* u8 signer, u16 length, kind-blocks with $ (kinds.h): the neighbor sends
			    them */
	NODE_WORLD_USE,	 /* u8 what */
	NODE_WORLD_DOCUMENT, /* the operator's: the newer document, or (0x10) a Kind */
	NODE_WORLD_CLIENT,   /* as the first byte of an input: the node is a client; else nothing */
} NodeWorldEvent;

/* What usages are asked, for the neighbor's user or Node-ID. */
typedef enum {
	NODE_WORLD_SIP_LOOKUP,
	NODE_WORLD_SIP_REGISTER,
	NODE_WORLD_SIP_WITHDRAW,
	NODE_WORLD_CERTIFICATE_BY_USER,
	NODE_WORLD_CERTIFICATE_BY_NODE,
	NODE_WORLD_CERTIFICATE_STORE,
	NODE_WORLD_TURN_FIND,
	NODE_WORLD_PUBLISH, /* from now on: the node's certificate and a TURN server */
	NODE_WORLD_USAGES,
} NodeWorldUsage;

typedef struct NodeWorld NodeWorld;

/* Once a process: keys, certificates, the document. */
void node_world_init(void);

/* A node that has joined, with links to the first two neighbors; or a client with one to the first.
 */
NodeWorld *node_world_new(bool client);
/* Looks whether all bounds hold, and frees it. */
void node_world_free(NodeWorld *world);

/* Takes one event off input and carries it out. */
void node_world_event(NodeWorld *world, ReloadReader *input);

#endif
