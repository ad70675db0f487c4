/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bounded table of answers, emptied from its old end, and from that of who has most in it. */
#include "reload_core/routing/answer_cache.h"

#include "reload_core/security/digest.h"

/* Whose requests were answered. */
typedef struct {
	ReloadNodeId id;
	GQueue answers; /* Entry.mine, the oldest first */
	size_t bytes;
	GSequenceIter *rank; /* in by_size */
} Source;

typedef struct {
	ReloadAnswerKey key;
	GBytes *answer;
	int64_t until; /* ms */
	Source *source;
	GList age, mine; /* in by_age and in source->answers; their data is this entry */
} Entry;

struct ReloadAnswerCache {
	GHashTable *entries; /* ReloadAnswerKey* -> Entry, owned */
	GHashTable *sources; /* ReloadNodeId* -> Source, owned; each has an answer */
	GSequence *by_size;  /* Source, who has least first */
	GQueue by_age;	     /* Entry.age, the oldest first */
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

static gint compare_sizes(gconstpointer a, gconstpointer b, gpointer data)
{
	const Source *x = a, *y = b;

	(void)data;
	return (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

ReloadAnswerCache *reload_answer_cache_new(void)
{
	ReloadAnswerCache *cache = g_new0(ReloadAnswerCache, 1);

	cache->entries = g_hash_table_new_full(key_hash, key_equal, NULL, entry_free);
	cache->sources = g_hash_table_new_full(reload_node_id_hash, reload_node_id_equal_keys, NULL, g_free);
	cache->by_size = g_sequence_new(NULL);
	g_queue_init(&cache->by_age);
	return cache;
}

void reload_answer_cache_free(ReloadAnswerCache *cache)
{
	if (cache == NULL)
		return;
	g_hash_table_unref(cache->entries);
	g_sequence_free(cache->by_size);
	g_hash_table_unref(cache->sources);
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

static size_t cost(const Entry *entry)
{
	return g_bytes_get_size(entry->answer) + sizeof(*entry);
}

static Source *source_of(ReloadAnswerCache *cache, const ReloadNodeId *id)
{
	Source *source = g_hash_table_lookup(cache->sources, id);

	if (source != NULL)
		return source;
	source = g_new0(Source, 1);
	source->id = *id;
	g_queue_init(&source->answers);
	g_hash_table_insert(cache->sources, &source->id, source);
	source->rank = g_sequence_insert_sorted(cache->by_size, source, compare_sizes, NULL);
	return source;
}

static void drop(ReloadAnswerCache *cache, Entry *entry)
{
	Source *source = entry->source;

	cache->bytes -= cost(entry);
	source->bytes -= cost(entry);
	g_queue_unlink(&cache->by_age, &entry->age);
	g_queue_unlink(&source->answers, &entry->mine);
	g_hash_table_remove(cache->entries, &entry->key);
	if (source->bytes > 0) {
		g_sequence_sort_changed(source->rank, compare_sizes, NULL);
	} else {
		g_sequence_remove(source->rank);
		g_hash_table_remove(cache->sources, &source->id);
	}
}

/* Drops what is too old, and while there is too much, the oldest of who has most. */
static void trim(ReloadAnswerCache *cache, int64_t now)
{
	Entry *oldest;

	while ((oldest = g_queue_peek_head(&cache->by_age)) != NULL && oldest->until <= now)
		drop(cache, oldest);
	while (cache->bytes > RELOAD_ANSWER_CACHE_BYTES) {
		GSequenceIter *last = g_sequence_iter_prev(g_sequence_get_end_iter(cache->by_size));
		Source *largest = g_sequence_get(last);

		drop(cache, g_queue_peek_head(&largest->answers));
	}
}

void reload_answer_cache_put(ReloadAnswerCache *cache, const ReloadAnswerKey *key,
			     const ReloadNodeId *source, ReloadSpan answer, int64_t now)
{
	Entry *entry;

	if (g_hash_table_contains(cache->entries, key))
		return;
	entry = g_new0(Entry, 1);
	entry->key = *key;
	entry->answer = g_bytes_new(answer.data, answer.len);
	entry->until = now + RELOAD_REQUEST_LIFETIME_MS;
	entry->source = source_of(cache, source);
	entry->age.data = entry->mine.data = entry;
	g_hash_table_insert(cache->entries, &entry->key, entry);
	g_queue_push_tail_link(&cache->by_age, &entry->age);
	g_queue_push_tail_link(&entry->source->answers, &entry->mine);
	cache->bytes += cost(entry);
	entry->source->bytes += cost(entry);
	g_sequence_sort_changed(entry->source->rank, compare_sizes, NULL);
	trim(cache, now);
}

GBytes *reload_answer_cache_get(ReloadAnswerCache *cache, const ReloadAnswerKey *key, int64_t now)
{
	Entry *entry;

	trim(cache, now);
	entry = g_hash_table_lookup(cache->entries, key);
	return entry != NULL ? entry->answer : NULL;
}

size_t reload_answer_cache_bytes(const ReloadAnswerCache *cache)
{
	return cache->bytes;
}
