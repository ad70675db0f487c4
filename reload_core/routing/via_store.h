/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Via lists that were replaced by an opaque ID (list compression, RFC 6940, 6.1.2, 6.1.3
 * and 6.3.2.2), for as long as an answer may come back. */
#ifndef RELOAD_ROUTING_VIA_STORE_H
#define RELOAD_ROUTING_VIA_STORE_H

#include "reload_core/wire/destination.h"

/* Kept at most; what comes then is not compressed. */
#define RELOAD_VIA_STORE_ENTRIES 8192
#define RELOAD_VIA_STORE_BYTES (2 * 1024 * 1024)
/* A longer list is not kept: a path of 100 hops with Node-IDs has 2200 bytes. */
#define RELOAD_VIA_STORE_LIST_MAX 4096

typedef struct ReloadViaStore ReloadViaStore;

/* random fills out with unpredictable bytes; user is its first argument. Free with
 * reload_via_store_free. */
ReloadViaStore *reload_via_store_new(void (*random)(void *user, uint8_t *out, size_t len),
				     void *user);
void reload_via_store_free(ReloadViaStore *store);

/* Keeps via_list with previous_hop behind it until `until` (ms), and appends the destination that
 * stands for it to out: a bare 16-bit opaque ID while there are some, else one of 8 bytes. The same
 * list gets the same ID as long as it is kept. False, and nothing appended: the store is full, or
 * the list too long. */
bool reload_via_store_put(ReloadViaStore *store, ReloadSpan via_list,
			  const ReloadNodeId *previous_hop, int64_t now, int64_t until,
			  GByteArray *out);

/* The list that opaque stands for; a view, valid until the next put. False: it is none of ours, or
 * too old. */
bool reload_via_store_get(const ReloadViaStore *store, const ReloadDestination *opaque, int64_t now,
			  ReloadSpan *via_list);

/* How many are kept. */
unsigned reload_via_store_count(const ReloadViaStore *store);

#endif
