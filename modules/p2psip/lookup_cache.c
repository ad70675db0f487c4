/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bounded hash table of answers. Each bucket has a lock and is ordered by last use; when the
 * table is full, the least recently used answer of a bucket makes room for the next one in it. */
#include "modules/p2psip/lookup_cache.h"

#include <string.h>

#include "core/hashes.h"
#include "modules/p2psip/compat.h"
#include "modules/p2psip/config.h"
#include "modules/p2psip/shared.h"

struct lookup {
	struct lookup *next;
	int64_t until;
	int64_t fetched;
	unsigned count;
	int status;
	char *aor; /* behind the last target */
	struct p2psip_target target[];
};

struct bucket {
	gen_lock_t lock;
	struct lookup *first; /* most recently used */
};

struct cache {
	unsigned size;
	unsigned count;
	unsigned buckets; /* a power of two */
	struct bucket bucket[];
};

static struct cache *cache;

int p2psip_cache_init(unsigned size)
{
	unsigned buckets = 16;

	while (buckets < size / 4 && buckets < 1u << 16)
		buckets *= 2;
	cache = shm_malloc(sizeof(*cache) + buckets * sizeof(cache->bucket[0]));
	if (cache == NULL) {
		SHM_MEM_ERROR;
		return -1;
	}
	cache->size = size;
	cache->count = 0;
	cache->buckets = buckets;
	for (unsigned i = 0; i < buckets; i++) {
		cache->bucket[i].first = NULL;
		if (lock_init(&cache->bucket[i].lock) == NULL)
			return -1;
	}
	return 0;
}

void p2psip_cache_destroy(void)
{
	if (cache == NULL)
		return;
	p2psip_cache_clear();
	shm_free(cache);
	cache = NULL;
}

static struct bucket *bucket_of(const char *aor)
{
	str key = {(char *)aor, strlen(aor)};

	return &cache->bucket[get_hash1_raw(key.s, key.len) & (cache->buckets - 1)];
}

/* Takes the entry for aor out of its bucket, whose lock is held. */
static struct lookup *take(struct bucket *bucket, const char *aor)
{
	struct lookup **at = &bucket->first;
	struct lookup *e;

	while (*at != NULL && strcmp((*at)->aor, aor) != 0)
		at = &(*at)->next;
	e = *at;
	if (e != NULL)
		*at = e->next;
	return e;
}

static void push_first(struct bucket *bucket, struct lookup *e)
{
	e->next = bucket->first;
	bucket->first = e;
}

static void drop(struct lookup *e)
{
	if (e == NULL)
		return;
	shm_free(e);
	__atomic_sub_fetch(&cache->count, 1, __ATOMIC_RELAXED);
}

static void drop_last(struct bucket *bucket)
{
	struct lookup **at = &bucket->first;
	struct lookup *e;

	if (*at == NULL)
		return;
	while ((*at)->next != NULL)
		at = &(*at)->next;
	e = *at;
	*at = NULL;
	drop(e);
}

static struct lookup *make(const char *aor, const struct p2psip_targets *targets, int64_t until)
{
	size_t list = targets->count * sizeof(targets->target[0]);
	struct lookup *e = shm_malloc(sizeof(*e) + list + strlen(aor) + 1);

	if (e == NULL) {
		SHM_MEM_ERROR;
		return NULL;
	}
	e->until = until;
	e->fetched = targets->fetched;
	e->status = targets->status;
	e->count = targets->count;
	memcpy(e->target, targets->target, list);
	e->aor = (char *)e->target + list;
	strcpy(e->aor, aor);
	return e;
}

void p2psip_cache_put(const char *aor, const struct p2psip_targets *targets, uint32_t valid_ms)
{
	int64_t bound = targets->status == P2PSIP_OK ? p2psip_config.lookup_cache_ttl
						     : p2psip_config.negative_cache_ttl;
	struct bucket *bucket = bucket_of(aor);
	struct lookup *e = NULL;

	bound *= 1000;
	if (valid_ms < bound)
		bound = valid_ms;
	if (bound > 0 && cache->size > 0)
		e = make(aor, targets, p2psip_now() + bound);
	lock_get(&bucket->lock);
	drop(take(bucket, aor));
	if (e != NULL) {
		/* Where the bucket itself is empty the table may exceed its size by one per bucket.
		 */
		if (__atomic_load_n(&cache->count, __ATOMIC_RELAXED) >= cache->size)
			drop_last(bucket);
		__atomic_add_fetch(&cache->count, 1, __ATOMIC_RELAXED);
		push_first(bucket, e);
	}
	lock_release(&bucket->lock);
}

int p2psip_cache_get(const char *aor, struct p2psip_targets *targets)
{
	struct bucket *bucket = bucket_of(aor);
	struct lookup *e;

	lock_get(&bucket->lock);
	e = take(bucket, aor);
	if (e != NULL && e->until <= p2psip_now()) {
		drop(e);
		e = NULL;
	}
	if (e != NULL) {
		push_first(bucket, e);
		targets->status = e->status;
		targets->fetched = e->fetched;
		targets->count = e->count;
		memcpy(targets->target, e->target, e->count * sizeof(e->target[0]));
	}
	lock_release(&bucket->lock);
	return e != NULL;
}

void p2psip_cache_remove(const char *aor)
{
	struct bucket *bucket = bucket_of(aor);

	lock_get(&bucket->lock);
	drop(take(bucket, aor));
	lock_release(&bucket->lock);
}

void p2psip_cache_clear(void)
{
	for (unsigned i = 0; i < cache->buckets; i++) {
		struct bucket *bucket = &cache->bucket[i];

		lock_get(&bucket->lock);
		while (bucket->first != NULL) {
			struct lookup *e = bucket->first;

			bucket->first = e->next;
			drop(e);
		}
		lock_release(&bucket->lock);
	}
}

static void sweep_bucket(struct bucket *bucket, int64_t now)
{
	struct lookup **at = &bucket->first;

	lock_get(&bucket->lock);
	while (*at != NULL) {
		struct lookup *e = *at;

		if (e->until <= now) {
			*at = e->next;
			drop(e);
		} else {
			at = &e->next;
		}
	}
	lock_release(&bucket->lock);
}

void p2psip_cache_sweep(void)
{
	static unsigned next;
	unsigned some = cache->buckets / 32 + 1;
	int64_t now = p2psip_now();

	while (some--)
		sweep_bucket(&cache->bucket[next++ & (cache->buckets - 1)], now);
}

unsigned p2psip_cache_count(void)
{
	return __atomic_load_n(&cache->count, __ATOMIC_RELAXED);
}
