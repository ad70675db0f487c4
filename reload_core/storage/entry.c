/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One stored value, and its place among the others of its Kind. */
#include "reload_core/storage/internal.h"

/* StoredData after its length: storage_time and lifetime. */
#define STORED_DATA_HEAD 12

/* Lifetime in ms from now, but no longer than the certificate is valid (RFC 6940, 7.1, garbage
 * collection). */
static int64_t expires_at(const ReloadStoredData *data, const ReloadCertificate *certificate,
			  int64_t now)
{
	int64_t expires = now + (int64_t)data->lifetime * 1000;

	return MIN(expires, reload_certificate_not_after(certificate));
}

Entry *entry_new(ReloadStorage *storage, const ReloadStoredData *data, uint32_t index,
		 const ReloadCertificate *certificate, const ReloadNodeId *node_id, int64_t now)
{
	const uint8_t *end = data->raw.data + data->raw.len;
	size_t len = (size_t)(end - data->encoded_value.data); /* the Signature follows the value */
	Entry *entry = g_malloc0(sizeof(Entry) + len);

	entry->certificate = certificate_acquire(storage, certificate);
	entry->owner = owner_acquire(storage, node_id);
	entry->expires = expires_at(data, certificate, now);
	entry->storage_time = data->storage_time;
	entry->value_len = (uint32_t)data->encoded_value.len;
	entry->len = (uint32_t)len;
	entry->exists = data->value.exists;
	memcpy(entry->bytes, data->encoded_value.data, len);
	if (data->value.model == RELOAD_MODEL_ARRAY) {
		/* "The resulting StoredData has the correct index value" (7.4.1.1, append) */
		uint32_t network = GUINT32_TO_BE(index);

		entry->index = index;
		memcpy(entry->bytes, &network, sizeof(network));
	}
	return entry;
}

void entry_free(ReloadStorage *storage, Entry *entry)
{
	certificate_release(storage, entry->certificate);
	owner_release(storage, entry->owner);
	g_free(entry);
}

size_t entry_cost(const Entry *entry)
{
	return sizeof(Entry) + entry->len + ENTRY_OVERHEAD;
}

ReloadSpan entry_key(const Entry *entry)
{
	return reload_span(entry->bytes + 2, (size_t)entry->bytes[0] << 8 | entry->bytes[1]);
}

ReloadSpan entry_signature(const Entry *entry)
{
	return reload_span(entry->bytes + entry->value_len, entry->len - entry->value_len);
}

ReloadSpan entry_content(const Entry *entry)
{
	size_t before = 1; /* exists */

	if (entry->shelf->model == RELOAD_MODEL_ARRAY)
		before += sizeof(uint32_t);
	else if (entry->shelf->model == RELOAD_MODEL_DICTIONARY)
		before += 2 + entry_key(entry).len;
	return reload_span(entry->bytes + before, entry->value_len - before);
}

uint32_t entry_lifetime(const Entry *entry, int64_t now)
{
	int64_t left = (entry->expires - now) / 1000;

	return left < 0 ? 0 : (uint32_t)MIN(left, UINT32_MAX);
}

void entry_write(const Entry *entry, int64_t now, GByteArray *out)
{
	reload_write_u32(out, STORED_DATA_HEAD + entry->len);
	reload_write_u64(out, entry->storage_time);
	reload_write_u32(out, entry_lifetime(entry, now));
	reload_write_bytes(out, reload_span(entry->bytes, entry->len));
}

bool entry_is(const Entry *entry, const ReloadStoredData *data)
{
	size_t head = data->value.model == RELOAD_MODEL_ARRAY ? sizeof(uint32_t) : 0;
	const uint8_t *end = data->raw.data + data->raw.len;
	size_t len = (size_t)(end - data->encoded_value.data);

	return entry->storage_time == data->storage_time && entry->len == len &&
	       memcmp(entry->bytes + head, data->encoded_value.data + head, len - head) == 0;
}

static int compare_keys(ReloadSpan a, ReloadSpan b)
{
	size_t len = MIN(a.len, b.len);
	int order = len ? memcmp(a.data, b.data, len) : 0;

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare(const Entry *entry, ReloadDataModel model, uint32_t index, ReloadSpan key)
{
	switch (model) {
	case RELOAD_MODEL_ARRAY:
		return (entry->index > index) - (entry->index < index);
	case RELOAD_MODEL_DICTIONARY:
		return compare_keys(entry_key(entry), key);
	default: /* single value: there is one place only (7.2.1) */
		return 0;
	}
}

bool entry_is_at(const Entry *entry, const ReloadStoredValue *value)
{
	return compare(entry, value->model, value->index, value->key) == 0;
}

guint shelf_search(const Shelf *shelf, uint32_t index, ReloadSpan key, bool *found)
{
	guint low = 0;
	guint high = shelf->entries->len;

	*found = false;
	while (low < high) {
		guint middle = low + (high - low) / 2;
		int order = compare(shelf_entry(shelf, middle), shelf->model, index, key);

		if (order < 0) {
			low = middle + 1;
		} else {
			*found |= order == 0;
			high = middle;
		}
	}
	return low;
}

Entry *shelf_find(const Shelf *shelf, const ReloadStoredValue *value)
{
	bool found;
	guint i = shelf_search(shelf, value->index, value->key, &found);

	return found ? shelf_entry(shelf, i) : NULL;
}
