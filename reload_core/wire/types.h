/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small value types that every room shares: views, Node-IDs and Resource-IDs. */
#ifndef RELOAD_WIRE_TYPES_H
#define RELOAD_WIRE_TYPES_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that somebody else owns, as a rule a part of a received message. */
typedef struct {
	const uint8_t *data;
	size_t len;
} ReloadSpan;

/* RFC 6940, 6.3.1.1: between 128 and 160 bits, one length for a whole overlay. */
#define RELOAD_NODE_ID_MIN 16
#define RELOAD_NODE_ID_MAX 20
/* RFC 6940, 6.3.1.1: opaque ResourceId<0..2^8-1>. */
#define RELOAD_RESOURCE_ID_MAX 255

typedef struct {
	uint8_t len; /* bytes in use, RELOAD_NODE_ID_MIN..MAX; 0: no Node-ID */
	uint8_t id[RELOAD_NODE_ID_MAX];
} ReloadNodeId;

typedef struct {
	uint8_t len;
	uint8_t id[RELOAD_RESOURCE_ID_MAX];
} ReloadResourceId;

static inline bool reload_node_id_equal(const ReloadNodeId *a, const ReloadNodeId *b)
{
	return a->len == b->len && memcmp(a->id, b->id, a->len) == 0;
}

static inline bool reload_resource_id_equal(const ReloadResourceId *a, const ReloadResourceId *b)
{
	return a->len == b->len && memcmp(a->id, b->id, a->len) == 0;
}

/* Tells whether a is the wildcard Node-ID, all ones (RFC 6940, 6.3.1.1). */
bool reload_node_id_is_wildcard(const ReloadNodeId *a);

/* Writes a as lower-case hex into text (2 * len digits and a NUL) and returns text. */
#define RELOAD_NODE_ID_TEXT (2 * RELOAD_NODE_ID_MAX + 1)
char *reload_node_id_to_text(const ReloadNodeId *a, char text[RELOAD_NODE_ID_TEXT]);

/* Reads exactly 2 * len hex digits, len RELOAD_NODE_ID_MIN..MAX; false if it is anything else. */
bool reload_node_id_from_text(const char *text, ReloadNodeId *out);

/* Hash and equality of ReloadNodeId* for GHashTable keys. */
guint reload_node_id_hash(gconstpointer key);
gboolean reload_node_id_equal_keys(gconstpointer a, gconstpointer b);

/* Hash of a ReloadResourceId* in GHashTable keys. */
guint reload_resource_id_hash(gconstpointer key);

#endif
