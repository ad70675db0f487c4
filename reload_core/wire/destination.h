/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Destinations, and the lists of them: destination lists and via lists (RFC 6940, 6.3.2.2). */
#ifndef RELOAD_WIRE_DESTINATION_H
#define RELOAD_WIRE_DESTINATION_H

#include "reload_core/wire/buffer.h"

typedef enum {
	RELOAD_DESTINATION_NODE = 1,
	RELOAD_DESTINATION_RESOURCE = 2,
	RELOAD_DESTINATION_OPAQUE = 3,
	/* 4..127: types that are not defined; a node skips over them and cannot route to them */
} ReloadDestinationType;

typedef struct {
	uint8_t type; /* ReloadDestinationType, or an undefined one */
	bool bare; /* opaque as a bare 16-bit number; opaque then views its 2 bytes, the first bit 1
		    */
	ReloadSpan raw; /* the whole entry, when it was read from a list */
	union {
		ReloadNodeId node_id;
		ReloadResourceId resource_id;
		ReloadSpan opaque; /* without its lengths; for an undefined type the DestinationData
				      as it is */
	};
} ReloadDestination;

/* Returns a destination that is the Node-ID id. */
ReloadDestination reload_destination_node(const ReloadNodeId *id);

/* Returns a destination that is the Resource-ID id. */
ReloadDestination reload_destination_resource(const ReloadResourceId *id);

/* Returns an opaque destination; bytes (at most 254) stay the caller's. */
ReloadDestination reload_destination_opaque(ReloadSpan bytes);

/*
 * Reads one destination at the cursor. A Node-ID must have node_id_len bytes (0: any of 16..20).
 * Fails on type 0, on types above 127 other than the bare form, and on lengths that do not fit.
 */
bool reload_read_destination(ReloadReader *r, unsigned node_id_len, ReloadDestination *out);

/*
 * Takes the first destination off *list into *out; false when *list is empty, or does not start
 * with a destination (*list is then made empty; does not happen in a list of a decoded header).
 */
bool reload_destination_next(ReloadSpan *list, ReloadDestination *out);

/* What a list may hold. */
typedef enum {
	RELOAD_LIST_VIA,	 /* no Resource-ID */
	RELOAD_LIST_DESTINATION, /* a Resource-ID only as the last entry; at least one entry */
} ReloadListUse;

/* Tells whether list is made of whole destinations that are allowed in a list of such use;
 * node_id_len as above. */
bool reload_destination_list_valid(ReloadSpan list, unsigned node_id_len, ReloadListUse use);

/* Counts the entries of a valid list. */
size_t reload_destination_list_count(ReloadSpan list);

/* Reads the last entry of a valid list into *out; false if the list is empty. */
bool reload_destination_list_last(ReloadSpan list, ReloadDestination *out);

/* Appends d; false, and nothing appended, if a part of it is longer than its length can say. */
bool reload_write_destination(GByteArray *buf, const ReloadDestination *d);

/* Appends the destination that is the Node-ID id: 01, its length, its bytes. */
void reload_write_destination_node(GByteArray *buf, const ReloadNodeId *id);

/*
 * Appends the destination that is the Resource-ID id: 02, and two lengths. False, and nothing
 * appended, if id is longer than 254 bytes, for which the outer length has no room.
 */
bool reload_write_destination_resource(GByteArray *buf, const ReloadResourceId *id);

/* Appends the entries of a valid list in reverse order: how a via list becomes a destination list
 * (RFC 6940, 6.2.2). */
void reload_write_reversed_list(GByteArray *buf, ReloadSpan list);

#endif
