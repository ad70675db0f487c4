/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bounded table of answers, emptied from its old end. */
#include "reload_core/routing/answer_cache.h"

#include "reload_core/security/digest.h"

typedef struct {
	ReloadAnswerKey key;
	GBytes *answer;
	int64_t until; /* ms */
} Entry;

struct ReloadAnswerCache {
	GHashTable *entries; /* ReloadAnswerKey* -> Entry, owned */
	GQueue *by_age;	     /* Entry, the oldest first */
	size_t bytes;
};

static guint key_hash(gconstpointer data)
{
	const ReloadAnswerKey *key = data;
	guint hash;

	memcpy(&hash, key->digest, sizeof(hash));
	return hash;
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
	const ReloadAnswerKey *x = a, *y = b;

	return x->transaction_id == y->transaction_id &&
	       memcmp(x->digest, y->digest, sizeof(x->digest)) == 0;
}

static void entry_free(gpointer data)
{
	Entry *entry = data;

	g_bytes_unref(entry->answer);
	g_free(entry);
}

ReloadAnswerCache *reload_answer_cache_new(void)
{
	ReloadAnswerCache *cache = g_new0(ReloadAnswerCache, 1);

	cache->entries = g_hash_table_new_full(key_hash, key_equal, NULL, entry_free);
	cache->by_age = g_queue_new();
	return cache;
}

void reload_answer_cache_free(ReloadAnswerCache *cache)
{
	if (cache == NULL)
		return;
	g_queue_free(cache->by_age);
	g_hash_table_unref(cache->entries);
	g_free(cache);
}

void reload_answer_key(uint64_t transaction_id, ReloadSpan signed_part, ReloadAnswerKey *out)
{
	uint8_t digest[RELOAD_DIGEST_MAX] = {0};

	memset(out, 0, sizeof(*out));
	out->transaction_id = transaction_id;
	reload_digest(RELOAD_DIGEST_SHA256, &signed_part, 1, digest);
	memcpy(out->digest, digest, sizeof(out->digest));
}

/* Drops what is too old, and the oldest while there is too much. */
static void trim(ReloadAnswerCache *cache, int64_t now)
{
	Entry *oldest;

	while ((oldest = g_queue_peek_head(cache->by_age)) != NULL) {
		if (oldest->until > now && cache->bytes <= RELOAD_ANSWER_CACHE_BYTES &&
		    g_queue_get_length(cache->by_age) <= RELOAD_ANSWER_CACHE_ENTRIES)
			return;
		g_queue_pop_head(cache->by_age);
		cache->bytes -= g_bytes_get_size(oldest->answer);
		g_hash_table_remove(cache->entries, &oldest->key);
	}
}

void reload_answer_cache_put(ReloadAnswerCache *cache, const ReloadAnswerKey *key,
			     ReloadSpan answer, int64_t now)
{
	Entry *entry;

	if (g_hash_table_contains(cache->entries, key))
		return;
	entry = g_new0(Entry, 1);
	entry->key = *key;
	entry->answer = g_bytes_new(answer.data, answer.len);
	entry->until = now + RELOAD_REQUEST_LIFETIME_MS;
	cache->bytes += answer.len;
	g_hash_table_insert(cache->entries, &entry->key, entry);
	g_queue_push_tail(cache->by_age, entry);
	trim(cache, now);
}

GBytes *reload_answer_cache_get(ReloadAnswerCache *cache, const ReloadAnswerKey *key, int64_t now)
{
	Entry *entry;

	trim(cache, now);
	entry = g_hash_table_lookup(cache->entries, key);
	return entry != NULL ? entry->answer : NULL;
}
