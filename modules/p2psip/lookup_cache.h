/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers to lookups, kept in shared memory for as long as the peer says that they hold: a worker
 * that finds one there need not suspend its transaction. */
#ifndef P2PSIP_LOOKUP_CACHE_H
#define P2PSIP_LOOKUP_CACHE_H

#include <stdint.h>

#include "modules/p2psip/proto/protocol.h"

struct p2psip_target {
	uint8_t node[P2PSIP_NODE_ID_LEN];
	uint32_t address; /* network byte order; 0: this very edge */
	uint16_t port;
	uint8_t self;
	uint8_t own; /* named by the AOR's own record, not by way of an AOR that it is forwarded to */
};

struct p2psip_targets {
	int status; /* P2PSIP_OK or P2PSIP_NOT_FOUND */
	unsigned count;
	int64_t fetched; /* when the answer came */
	struct p2psip_target target[P2PSIP_EDGES_MAX];
};

/* Allocates a cache of at most size answers (0: keeps none). 0 or -1. */
int p2psip_cache_init(unsigned size);
void p2psip_cache_destroy(void);

/* Keeps an answer for valid_ms at most; the modparams lookup_cache_ttl and negative_cache_ttl bound
 * it too. */
void p2psip_cache_put(const char *aor, const struct p2psip_targets *targets, uint32_t valid_ms);

/* Copies the answer kept for aor: 1, or 0 if there is none that still holds. */
int p2psip_cache_get(const char *aor, struct p2psip_targets *targets);

/* Forgets the answer for one AOR, or all of them. */
void p2psip_cache_remove(const char *aor);
void p2psip_cache_clear(void);

/* Frees what has expired in one part in 32 of the cache; the broker calls it twice a second. */
void p2psip_cache_sweep(void);

/* Number of answers kept. */
unsigned p2psip_cache_count(void);

#endif
