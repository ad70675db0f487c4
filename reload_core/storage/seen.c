/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Remembers the storage_time of values by place and signer, in a table with a bound. */
#include "reload_core/storage/seen.h"

#include "reload_core/security/digest.h"
#include "reload_core/wire/buffer.h"

#define KEY_SIZE 16

typedef struct {
	uint8_t key[KEY_SIZE]; /* of a digest over place and signer */
	uint64_t storage_time;
	uint64_t contents; /* of a digest over the value */
	int64_t until;	   /* ms */
	GList link;	   /* in `used` */
} Seen;

struct ReloadSeen {
	unsigned max;
	GHashTable *by_key; /* Seen.key -> Seen, owned */
	GQueue used;	    /* Seen, the least recently used first */
};

static guint hash_key(gconstpointer key)
{
	guint hash;

	memcpy(&hash, key, sizeof(hash)); /* it is a digest already */
	return hash;
}

static gboolean equal_keys(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, KEY_SIZE) == 0;
}

ReloadSeen *reload_seen_new(unsigned max)
{
	ReloadSeen *seen = g_new0(ReloadSeen, 1);

	seen->max = max;
	seen->by_key = g_hash_table_new_full(hash_key, equal_keys, NULL, g_free);
	g_queue_init(&seen->used);
	return seen;
}

void reload_seen_free(ReloadSeen *seen)
{
	if (!seen)
		return;
	g_hash_table_unref(seen->by_key); /* the links are in its values */
	g_free(seen);
}

unsigned reload_seen_count(const ReloadSeen *seen)
{
	return g_hash_table_size(seen->by_key);
}

static void digest_of(GByteArray *bytes, void *out, size_t size)
{
	ReloadSpan span = reload_span(bytes->data, bytes->len);
	uint8_t digest[RELOAD_DIGEST_MAX] = {0};

	reload_digest(RELOAD_DIGEST_SHA256, &span, 1, digest);
	memcpy(out, digest, size);
	g_byte_array_unref(bytes);
}

static void key_of(const ReloadResourceId *resource, uint32_t kind, const ReloadNodeId *signer,
		   const ReloadStoredValue *value, uint8_t key[KEY_SIZE])
{
	GByteArray *bytes = g_byte_array_new();

	reload_write_resource_id(bytes, resource);
	reload_write_u32(bytes, kind);
	reload_write_u8(bytes, signer->len);
	reload_write_bytes(bytes, reload_node_id_span(signer));
	if (value->model == RELOAD_MODEL_ARRAY)
		reload_write_u32(bytes, value->index);
	if (value->model == RELOAD_MODEL_DICTIONARY)
		reload_write_bytes(bytes, value->key);
	digest_of(bytes, key, KEY_SIZE);
}

static uint64_t contents_of(const ReloadStoredValue *value)
{
	GByteArray *bytes = g_byte_array_new();
	uint64_t contents;

	reload_write_u8(bytes, value->exists);
	reload_write_bytes(bytes, value->value);
	digest_of(bytes, &contents, sizeof(contents));
	return contents;
}

static Seen *add(ReloadSeen *seen, const uint8_t key[KEY_SIZE])
{
	Seen *item = g_new0(Seen, 1);

	if (g_hash_table_size(seen->by_key) >= seen->max) {
		Seen *oldest = seen->used.head->data;

		g_queue_unlink(&seen->used, &oldest->link);
		g_hash_table_remove(seen->by_key, oldest->key);
	}
	memcpy(item->key, key, KEY_SIZE);
	item->link.data = item;
	g_hash_table_insert(seen->by_key, item->key, item);
	g_queue_push_tail_link(&seen->used, &item->link);
	return item;
}

bool reload_seen_note(ReloadSeen *seen, const ReloadResourceId *resource, uint32_t kind,
		      const ReloadNodeId *signer, const ReloadStoredData *data, int64_t now)
{
	uint64_t contents = contents_of(&data->value);
	uint8_t key[KEY_SIZE];
	Seen *item;

	key_of(resource, kind, signer, &data->value, key);
	item = g_hash_table_lookup(seen->by_key, key);
	if (item) {
		g_queue_unlink(&seen->used, &item->link);
		g_queue_push_tail_link(&seen->used, &item->link);
		if (item->until > now && data->storage_time < item->storage_time)
			return contents == item->contents;
	} else {
		item = add(seen, key);
	}
	item->storage_time = data->storage_time;
	item->contents = contents;
	item->until =
	    now + CLAMP(data->lifetime * INT64_C(1000), RELOAD_SEEN_MIN_MS, RELOAD_SEEN_MAX_MS);
	return true;
}
