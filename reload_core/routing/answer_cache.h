/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answers given lately, so that a request which comes again gets the same answer and is not
 * performed twice (RFC 6940, 6.2.1). */
#ifndef RELOAD_ROUTING_ANSWER_CACHE_H
#define RELOAD_ROUTING_ANSWER_CACHE_H

#include "reload_core/wire/types.h"

/* RFC 6940, 6.2.1: the maximum request lifetime. */
#define RELOAD_REQUEST_LIFETIME_MS 15000
/* What is kept at most, in bytes, with what each answer costs besides its own. Where that is not
 * enough, whoever has most of it loses the oldest of its own: no source can push out another's that
 * has less. */
#define RELOAD_ANSWER_CACHE_BYTES (8 * 1024 * 1024)

typedef struct ReloadAnswerCache ReloadAnswerCache;

/* Names a request by all of it that its sender signed, and the signature. */
typedef struct {
	uint64_t transaction_id;
	uint8_t digest[32];
} ReloadAnswerKey;

ReloadAnswerCache *reload_answer_cache_new(void);
void reload_answer_cache_free(ReloadAnswerCache *cache);

/* Makes the key of a request from what follows its forwarding header. */
void reload_answer_key(uint64_t transaction_id, ReloadSpan signed_part, ReloadAnswerKey *out);

/* Keeps what follows the forwarding header of an answer to a request that source signed. */
void reload_answer_cache_put(ReloadAnswerCache *cache, const ReloadAnswerKey *key,
			     const ReloadNodeId *source, ReloadSpan answer, int64_t now);
/* The answer to that request, if it was given in the last 15 s. The bytes belong to the cache;
 * NULL: none. */
GBytes *reload_answer_cache_get(ReloadAnswerCache *cache, const ReloadAnswerKey *key, int64_t now);
/* Bytes kept, as they count against RELOAD_ANSWER_CACHE_BYTES. */
size_t reload_answer_cache_bytes(const ReloadAnswerCache *cache);

#endif
