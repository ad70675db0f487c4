/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fetch and Stat (RFC 6940, 7.4.2 and 7.4.3): they choose the same values and differ in what they
 * write of each. */
#include "reload_core/security/digest.h"
#include "reload_core/storage/internal.h"
#include "reload_core/wire/fetch.h"
#include "reload_core/wire/stat.h"

/* Values in a row that do not exist, of which who asks for a whole array is told. */
#define GAP_MAX 16

typedef struct Query Query;

struct Query {
	ReloadStorage *storage;
	ReloadStorageAnswer *answer;
	int64_t now;
	size_t room; /* bytes that body and certificates may take */
	size_t certificate_bytes;
	bool with_certificates;
	void (*write)(Query *query, const Entry *entry);
	/* A value that is not there: "synthetic", unsigned (7.4.2.2). */
	void (*write_missing)(Query *query, const ReloadStoredValue *where);
};

static void write_stored(Query *query, const Entry *entry)
{
	entry_write(entry, query->now, query->answer->body);
}

static void write_missing_stored(Query *query, const ReloadStoredValue *where)
{
	ReloadStoredData data = {.value = *where, .signature = reload_signature_none()};

	reload_write_stored_data(query->answer->body, &data);
}

/* 7.4.3.2: the digest is over the value with its 4 leading length bytes. */
static void set_digest(ReloadStoredMetaData *meta, ReloadSpan content,
		       uint8_t digest[RELOAD_DIGEST_MAX])
{
	size_t len = reload_digest(RELOAD_DIGEST_SHA256, &content, 1, digest);

	meta->hash_algorithm = len ? RELOAD_HASH_SHA256 : RELOAD_HASH_NONE;
	meta->hash_value = reload_span(digest, len);
}

static void write_metadata(Query *query, const Entry *entry)
{
	uint8_t digest[RELOAD_DIGEST_MAX];
	ReloadSpan content = entry_content(entry);
	ReloadStoredMetaData meta = {
	    .storage_time = entry->storage_time,
	    .lifetime = entry_lifetime(entry, query->now),
	    .model = entry->shelf->model,
	    .index = entry->index,
	    .exists = entry->exists,
	    .value_length = (uint32_t)(content.len - sizeof(uint32_t)),
	};

	if (meta.model == RELOAD_MODEL_DICTIONARY)
		meta.key = entry_key(entry);
	set_digest(&meta, content, digest);
	reload_write_stored_metadata(query->answer->body, &meta);
}

static void write_missing_metadata(Query *query, const ReloadStoredValue *where)
{
	static const uint8_t empty[4];
	uint8_t digest[RELOAD_DIGEST_MAX];
	ReloadStoredMetaData meta = {
	    .model = where->model,
	    .index = where->index,
	    .key = where->key,
	};

	set_digest(&meta, reload_span(empty, sizeof(empty)), digest);
	reload_write_stored_metadata(query->answer->body, &meta);
}

/* Stops a query as soon as its answer has grown too large. */
static bool fits(const Query *query)
{
	return query->answer->body->len + query->certificate_bytes <= query->room;
}

static bool put(Query *query, Entry *entry)
{
	if (entry->expires <= query->now)
		return true;
	if (query->with_certificates) {
		gssize size = certificate_add(query->storage, entry->certificate,
					      query->answer->certificates, query->now);

		if (size < 0) /* not to be trusted any more: the asker would discard it */
			return true;
		query->certificate_bytes += (size_t)size;
	}
	query->write(query, entry);
	return fits(query);
}

static bool put_missing(Query *query, const ReloadStoredValue *where)
{
	query->write_missing(query, where);
	return fits(query);
}

static Entry *live_entry(const Query *query, Shelf *shelf, const ReloadStoredValue *where)
{
	Entry *entry = shelf ? shelf_find(shelf, where) : NULL;

	return entry && entry->expires > query->now ? entry : NULL;
}

static bool put_at(Query *query, Shelf *shelf, const ReloadStoredValue *where)
{
	Entry *entry = live_entry(query, shelf, where);

	return entry ? put(query, entry) : put_missing(query, where);
}

/* Index of the final element; false: the array is empty. */
static bool last_index(const Query *query, const Shelf *shelf, uint32_t *index)
{
	for (guint i = shelf ? shelf->entries->len : 0; i > 0; i--) {
		if (shelf_entry(shelf, i - 1)->expires > query->now) {
			*index = shelf_entry(shelf, i - 1)->index;
			return true;
		}
	}
	return false;
}

/* The first index from `from` on that is taken; one is, before the array's end. */
static uint32_t next_index(const Query *query, const Shelf *shelf, uint32_t from)
{
	for (guint i = 0; i < shelf->entries->len; i++) {
		const Entry *entry = shelf_entry(shelf, i);

		if (entry->index >= from && entry->expires > query->now)
			return entry->index;
	}
	return from;
}

/* 7.4.2.1: a range of indices, 0xffffffff for the final element; gaps come as values that do not
 * exist. The work is bounded by the room for the answer. Who asks for all up to the end is spared
 * large gaps: one value far out must not keep the others from being fetched. */
static bool put_range(Query *query, Shelf *shelf, ReloadArrayRange range)
{
	ReloadStoredValue where = {.model = RELOAD_MODEL_ARRAY};
	bool to_the_end = range.last == RELOAD_ARRAY_END;
	uint32_t end = 0;
	bool any = last_index(query, shelf, &end);

	if (range.last == RELOAD_ARRAY_END) {
		if (!any)
			return true;
		range.last = end;
		if (range.first == RELOAD_ARRAY_END)
			range.first = end;
	}
	for (uint64_t i = range.first; i <= range.last; i++) {
		where.index = (uint32_t)i;
		if (to_the_end && !live_entry(query, shelf, &where) &&
		    next_index(query, shelf, where.index) - where.index > GAP_MAX)
			i = where.index = next_index(query, shelf, where.index);
		if (!put_at(query, shelf, &where))
			return false;
	}
	return true;
}

static bool put_keys(Query *query, Shelf *shelf, ReloadSpan keys)
{
	ReloadStoredValue where = {.model = RELOAD_MODEL_DICTIONARY};

	if (keys.len) {
		while (reload_dictionary_key_next(&keys, &where.key)) {
			if (!put_at(query, shelf, &where))
				return false;
		}
		return true;
	}
	/* "If no keys are specified, then this is a wildcard fetch" (7.4.2.1) */
	for (guint i = 0; shelf && i < shelf->entries->len; i++) {
		if (!put(query, shelf_entry(shelf, i)))
			return false;
	}
	return true;
}

static bool put_values(Query *query, Shelf *shelf, const ReloadStoredDataSpecifier *specifier)
{
	ReloadSpan items = specifier->items;
	ReloadStoredValue where = {.model = RELOAD_MODEL_SINGLE};
	ReloadArrayRange range;

	switch (specifier->model) {
	case RELOAD_MODEL_ARRAY:
		while (reload_array_range_next(&items, &range)) {
			if (!put_range(query, shelf, range))
				return false;
		}
		return true;
	case RELOAD_MODEL_DICTIONARY:
		return put_keys(query, shelf, items);
	default:
		return put_at(query, shelf, &where);
	}
}

/* One FetchKindResponse or StatKindResponse: they begin alike. */
static bool put_kind(Query *query, const ReloadResourceId *id,
		     const ReloadStoredDataSpecifier *specifier)
{
	GByteArray *body = query->answer->body;
	Shelf *shelf = storage_shelf(query->storage, id, specifier->kind);
	uint64_t generation = shelf ? shelf->generation : 0;
	bool done = true;
	size_t mark;

	reload_write_u32(body, specifier->kind);
	reload_write_u64(body, generation);
	mark = reload_begin_vector32(body);
	/* 7.4.2.1: the counter that the asker has seen: "no StoredData values" */
	if (!specifier->generation || specifier->generation != generation)
		done = put_values(query, shelf, specifier);
	return reload_end_vector32(body, mark) && done && fits(query);
}

static ReloadStatus check_specifiers(Query *query, ReloadSpan specifiers)
{
	GArray *unknown = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	ReloadStatus status = RELOAD_OK;
	ReloadStoredDataSpecifier item;
	bool overlap = false;

	while (reload_specifier_next(&specifiers, storage_model_of, query->storage, &item)) {
		if (item.model == RELOAD_MODEL_UNKNOWN)
			g_array_append_val(unknown, item.kind);
		overlap |=
		    item.model == RELOAD_MODEL_ARRAY && reload_array_ranges_overlap(item.items);
	}
	if (unknown->len)
		status = answer_unknown_kinds(query->answer, unknown);
	else if (overlap) /* 7.4.2.1: they MUST NOT overlap */
		status = answer_error(query->answer, RELOAD_E_MALFORMED,
				      RELOAD_ERROR_INVALID_MESSAGE, "array ranges overlap");
	g_array_free(unknown, TRUE);
	return status;
}

static ReloadStatus run(Query *query, ReloadSpan body, size_t max_bytes)
{
	ReloadStoredDataSpecifier item;
	ReloadFetchReq req;
	ReloadStatus status;
	size_t mark;

	answer_init(query->answer);
	query->room = max_bytes ? max_bytes : query->storage->document->max_message_size;
	status = reload_fetch_req_decode(body, storage_model_of, query->storage, &req);
	if (status)
		return answer_malformed(query->answer, status);
	status = check_specifiers(query, req.specifiers);
	if (status)
		return status;
	certificate_new_stamp(query->storage);
	mark = reload_begin_vector32(query->answer->body);
	while (reload_specifier_next(&req.specifiers, storage_model_of, query->storage, &item)) {
		if (!put_kind(query, &req.resource, &item))
			return answer_error(query->answer, RELOAD_E_TOO_LARGE,
					    RELOAD_ERROR_RESPONSE_TOO_LARGE,
					    "the values do not fit into the answer");
	}
	reload_end_vector32(query->answer->body, mark);
	return RELOAD_OK;
}

ReloadStatus reload_storage_fetch(ReloadStorage *storage, ReloadSpan body, size_t max_bytes,
				  int64_t now, ReloadStorageAnswer *answer)
{
	Query query = {
	    .storage = storage,
	    .answer = answer,
	    .now = now,
	    .with_certificates = true,
	    .write = write_stored,
	    .write_missing = write_missing_stored,
	};

	return run(&query, body, max_bytes);
}

ReloadStatus reload_storage_stat(ReloadStorage *storage, ReloadSpan body, size_t max_bytes,
				 int64_t now, ReloadStorageAnswer *answer)
{
	Query query = {
	    .storage = storage,
	    .answer = answer,
	    .now = now,
	    .write = write_metadata,
	    .write_missing = write_missing_metadata,
	};

	return run(&query, body, max_bytes);
}
