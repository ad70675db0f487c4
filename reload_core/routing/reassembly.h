/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts messages together from their fragments, at the node that they are for, in bounded memory
 * (RFC 6940, 6.7). */
#ifndef RELOAD_ROUTING_REASSEMBLY_H
#define RELOAD_ROUTING_REASSEMBLY_H

#include "reload_core/wire/header.h"

/* RFC 6940, 6.7: the maximum request lifetime; what is not whole by then goes. */
#define RELOAD_REASSEMBLY_MS 15000
/* A fragment that ends behind this is refused: ConfigUpdates are the largest messages there are. */
#define RELOAD_REASSEMBLY_MESSAGE_MAX (256 * 1024)
/* Fragments of one message. */
#define RELOAD_REASSEMBLY_PIECES_MAX 1024
/* Held for one previous hop, and in all, bytes and messages. */
#define RELOAD_REASSEMBLY_HOP_BYTES (512 * 1024)
#define RELOAD_REASSEMBLY_HOP_MESSAGES 128
#define RELOAD_REASSEMBLY_BYTES (8 * 1024 * 1024)
#define RELOAD_REASSEMBLY_MESSAGES 2048

typedef struct ReloadReassembly ReloadReassembly;

typedef enum {
	RELOAD_FRAGMENT_KEPT,	  /* more are missing, or we had it */
	RELOAD_FRAGMENT_COMPLETE, /* the message is whole */
	RELOAD_FRAGMENT_DROPPED,  /* no room for it, or it makes no sense */
} ReloadFragmentResult;

/* A whole message; clear it with reload_assembled_clear. */
typedef struct {
	ReloadHeader header;		   /* of the first fragment, as of a whole message */
	ReloadNodeId previous_hop;	   /* whose link the first fragment came over */
	ReloadSpan rest;		   /* what follows the header */
	GBytes *header_bytes, *rest_bytes; /* what the views view */
} ReloadAssembled;

ReloadReassembly *reload_reassembly_new(void);
void reload_reassembly_free(ReloadReassembly *reassembly);

/* A fragment that came over the link of previous_hop: message, its decoded header, and what follows
 * the header. source: where the message began, as bytes; together with the transaction ID it names
 * the message. Bytes that contradict those of an earlier fragment begin the message anew: it was
 * sent again. */
ReloadFragmentResult reload_reassembly_add(ReloadReassembly *reassembly,
					   const ReloadNodeId *previous_hop, ReloadSpan source,
					   ReloadSpan message, const ReloadHeader *header,
					   ReloadSpan rest, int64_t now, ReloadAssembled *out);
void reload_assembled_clear(ReloadAssembled *assembled);

/* Drops what is too old; returns when to call again, ms (INT64_MAX: never). *dropped is raised by
 * each. */
int64_t reload_reassembly_tick(ReloadReassembly *reassembly, int64_t now, uint64_t *dropped);

/* Bytes and messages held. */
size_t reload_reassembly_bytes(const ReloadReassembly *reassembly);
unsigned reload_reassembly_messages(const ReloadReassembly *reassembly);

#endif
