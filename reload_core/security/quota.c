/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Token buckets by Node-ID; a full one needs no memory. */
#include "reload_core/security/quota.h"

typedef struct {
	ReloadNodeId id; /* key */
	int64_t full_at; /* ms, when nothing of its share is missing */
} Bucket;

struct ReloadQuota {
	GHashTable *buckets; /* &Bucket.id -> Bucket, owned */
	unsigned burst, max;
	int64_t interval;
	int64_t swept; /* ms, when full ones were last dropped */
};

ReloadQuota *reload_quota_new(unsigned burst, int64_t interval, unsigned max)
{
	ReloadQuota *quota = g_new0(ReloadQuota, 1);

	quota->burst = burst;
	quota->interval = interval;
	quota->max = max;
	quota->swept = INT64_MIN;
	quota->buckets = g_hash_table_new_full(reload_node_id_hash, reload_node_id_equal_keys, NULL, g_free);
	return quota;
}

void reload_quota_free(ReloadQuota *quota)
{
	if (quota == NULL)
		return;
	g_hash_table_unref(quota->buckets);
	g_free(quota);
}

static gboolean is_full(gpointer key, gpointer value, gpointer data)
{
	(void)key;
	return ((Bucket *)value)->full_at <= *(int64_t *)data;
}

/* Room for one more: all are looked at, but not more often than one can become full. */
static bool make_room(ReloadQuota *quota, int64_t now)
{
	if (g_hash_table_size(quota->buckets) < quota->max)
		return true;
	if (quota->swept == now)
		return false;
	quota->swept = now;
	return g_hash_table_foreach_remove(quota->buckets, is_full, &now) > 0;
}

bool reload_quota_take(ReloadQuota *quota, const ReloadNodeId *id, int64_t now)
{
	Bucket *bucket = g_hash_table_lookup(quota->buckets, id);

	if (bucket == NULL) {
		if (!make_room(quota, now))
			return false;
		bucket = g_new0(Bucket, 1);
		bucket->id = *id;
		bucket->full_at = now;
		g_hash_table_insert(quota->buckets, &bucket->id, bucket);
	}
	bucket->full_at = MAX(bucket->full_at, now);
	if (bucket->full_at + quota->interval - now > quota->burst * quota->interval)
		return false;
	bucket->full_at += quota->interval;
	return true;
}

void reload_quota_give(ReloadQuota *quota, const ReloadNodeId *id)
{
	Bucket *bucket = g_hash_table_lookup(quota->buckets, id);

	if (bucket != NULL)
		bucket->full_at -= quota->interval;
}
