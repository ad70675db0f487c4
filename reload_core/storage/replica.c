/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes from one storing peer to another: replicas (RFC 6940, 10.4, 10.7.3), and the way back
 * when the other has newer data (7.4.1.1). */
#include "reload_core/security/sign.h"
#include "reload_core/storage/access.h"
#include "reload_core/storage/check.h"
#include "reload_core/storage/plan.h"
#include "reload_core/wire/fetch.h"
#include "reload_core/wire/store.h"

/* One replica StoreReq under construction. */
typedef struct {
	ReloadStorage *storage;
	int64_t now;
	size_t max_bytes;
	const Entry *next; /* does not fit: another request has to begin with it */
	unsigned written;
	size_t certificate_bytes;
	GHashTable *chain; /* set of GBytes: the certificates that go along with those of the signers */
	GByteArray *body;
	size_t start;
	GPtrArray *certificates;
} Replica;

static size_t replica_size(const Replica *replica)
{
	return replica->body->len - replica->start + replica->certificate_bytes;
}

/* The bytes that the chain of the certificate added last takes in the security block, which holds
 * each certificate once. */
static size_t add_chain(Replica *replica)
{
	const GPtrArray *list = replica->certificates;
	const GPtrArray *chain = reload_certificate_chain(list->pdata[list->len - 1]);
	size_t size = 0;

	for (guint i = 0; chain && i < chain->len; i++) {
		if (g_hash_table_add(replica->chain, chain->pdata[i]))
			size += g_bytes_get_size(chain->pdata[i]) + RELOAD_GENERIC_CERTIFICATE_HEAD;
	}
	return size;
}

/* Appends an entry; false: it does not fit, and another request has to hold it. At least one value
 * goes into each request, however large it is. */
static bool put_entry(Replica *replica, const Entry *entry)
{
	GByteArray *body = replica->body;
	guint before = body->len;
	guint certificates_before = replica->certificates->len;
	gssize size;

	if (!entry_lifetime(entry, replica->now))
		return true;
	size = certificate_add(replica->storage, entry->certificate, replica->certificates,
			       replica->now);
	if (size < 0) /* nobody would take it */
		return true;
	if (size > 0)
		size += (gssize)add_chain(replica);
	entry_write(entry, replica->now, body);
	if (replica->written && replica_size(replica) + (size_t)size > replica->max_bytes) {
		g_byte_array_set_size(body, before);
		g_ptr_array_set_size(replica->certificates, (gint)certificates_before);
		return false;
	}
	replica->certificate_bytes += (size_t)size;
	replica->written++;
	return true;
}

/* The place on the shelf to begin at. */
static guint place_of(const ReloadReplicaCursor *cursor, const Shelf *shelf)
{
	ReloadSpan key = {0};
	bool found;

	if (shelf->kind != cursor->kind)
		return 0;
	if (cursor->key)
		key.data = g_bytes_get_data(cursor->key, &key.len);
	return shelf_search(shelf, cursor->index, key, &found);
}

static void put_shelf(Replica *replica, const Shelf *shelf, const ReloadReplicaCursor *cursor)
{
	GByteArray *body = replica->body;
	guint before = body->len;
	unsigned written = replica->written;
	size_t mark;

	reload_write_u32(body, shelf->kind);
	reload_write_u64(body, shelf->generation);
	mark = reload_begin_vector32(body);
	for (guint i = place_of(cursor, shelf); i < shelf->entries->len && !replica->next; i++) {
		if (!put_entry(replica, shelf_entry(shelf, i)))
			replica->next = shelf_entry(shelf, i);
	}
	reload_end_vector32(body, mark);
	if (replica->written == written) /* none of its values: leave the Kind out */
		g_byte_array_set_size(body, before);
}

void reload_replica_cursor_clear(ReloadReplicaCursor *cursor)
{
	g_clear_pointer(&cursor->key, g_bytes_unref);
	*cursor = (ReloadReplicaCursor){0};
}

void reload_replica_cursor_set(ReloadReplicaCursor *to, const ReloadReplicaCursor *from)
{
	reload_replica_cursor_clear(to);
	*to = *from;
	if (to->key)
		g_bytes_ref(to->key);
}

/* next NULL: there is none. */
static void set_cursor(ReloadReplicaCursor *cursor, const Entry *next)
{
	reload_replica_cursor_clear(cursor);
	cursor->done = !next;
	if (!next)
		return;
	cursor->kind = next->shelf->kind;
	cursor->index = next->index;
	if (next->shelf->model == RELOAD_MODEL_DICTIONARY)
		cursor->key = g_bytes_new(entry_key(next).data, entry_key(next).len);
}

bool reload_storage_replica_request(ReloadStorage *storage, const ReloadResourceId *id,
				    uint8_t number, size_t max_bytes, ReloadReplicaCursor *cursor,
				    int64_t now, GByteArray *body, GPtrArray *certificates)
{
	const Resource *resource = storage_resource(storage, id);
	Replica replica = {
	    .storage = storage,
	    .now = now,
	    .max_bytes = max_bytes,
	    .chain = g_hash_table_new(g_bytes_hash, g_bytes_equal),
	    .body = body,
	    .start = body->len,
	    .certificates = certificates,
	};
	size_t mark;

	certificate_new_stamp(storage);
	reload_write_resource_id(body, id);
	reload_write_u8(body, number);
	mark = reload_begin_vector32(body);
	for (const Shelf *shelf = resource ? resource->shelves : NULL; shelf && !replica.next;
	     shelf = shelf->next) {
		if (shelf->kind >= cursor->kind)
			put_shelf(&replica, shelf, cursor);
	}
	reload_end_vector32(body, mark);
	g_hash_table_unref(replica.chain);
	set_cursor(cursor, replica.next);
	if (!replica.written)
		g_byte_array_set_size(body, (guint)replica.start);
	return replica.written > 0;
}

bool reload_storage_fetch_request(ReloadStorage *storage, const ReloadResourceId *id,
				  GByteArray *body)
{
	const Resource *resource = storage_resource(storage, id);
	size_t mark;

	if (!resource)
		return false;
	reload_write_resource_id(body, id);
	mark = reload_begin_vector16(body);
	for (const Shelf *shelf = resource->shelves; shelf; shelf = shelf->next) {
		ReloadStoredDataSpecifier specifier = {.kind = shelf->kind, .model = shelf->model};
		GByteArray *items = g_byte_array_new();

		if (shelf->model == RELOAD_MODEL_ARRAY)
			reload_write_array_range(items, (ReloadArrayRange){0, RELOAD_ARRAY_END});
		specifier.items = reload_span(items->data, items->len);
		reload_write_specifier(body, &specifier);
		g_byte_array_free(items, TRUE);
	}
	return reload_end_vector16(body, mark);
}

void reload_storage_kinds(ReloadStorage *storage, const ReloadResourceId *id, GArray *kinds)
{
	const Resource *resource = storage_resource(storage, id);

	for (const Shelf *shelf = resource ? resource->shelves : NULL; shelf; shelf = shelf->next)
		g_array_append_val(kinds, shelf->kind);
}

static void add_range(GPtrArray *items, uint32_t first, uint32_t last)
{
	GByteArray *item = g_byte_array_new();

	reload_write_array_range(item, (ReloadArrayRange){first, last});
	g_ptr_array_add(items, g_byte_array_free_to_bytes(item));
}

void reload_storage_items(ReloadStorage *storage, const ReloadResourceId *id, uint32_t kind,
			  GPtrArray *items)
{
	const Shelf *shelf = storage_shelf(storage, id, kind);
	uint32_t next = 0;

	for (guint i = 0; shelf && i < shelf->entries->len; i++) {
		const Entry *entry = shelf_entry(shelf, i);

		if (shelf->model == RELOAD_MODEL_ARRAY) {
			add_range(items, entry->index, entry->index);
			next = entry->index + 1;
		} else if (shelf->model == RELOAD_MODEL_DICTIONARY) {
			GByteArray *item = g_byte_array_new();

			reload_write_dictionary_key(item, entry_key(entry));
			g_ptr_array_add(items, g_byte_array_free_to_bytes(item));
		}
	}
	if (shelf && shelf->model == RELOAD_MODEL_ARRAY && next < RELOAD_ARRAY_END)
		add_range(items, next, RELOAD_ARRAY_END);
}

/* Plans a fetched value if it is good and newer than ours. */
static void merge_value(Plan *plan, KindPlan *kind_plan, ReloadCertificateSet *certificates,
			const ReloadStoredData *data)
{
	ReloadCertificate *signer = NULL;
	ReloadNodeId node_id;
	ValueCheck check;

	if (value_check(kind_plan, data, true, &check) || check.held)
		return;
	if (reload_verify_stored_data(certificates, plan->id, kind_plan->kind->id, data, plan->now,
				      &signer, &node_id))
		return;
	if (reload_access_permits(plan->storage->document, kind_plan->kind, plan->id, &data->value,
				  signer, &node_id)) {
		Entry *entry =
		    entry_new(plan->storage, data, check.index, signer, &node_id, plan->now);

		/* over a limit: the rest is merged nonetheless */
		if (plan_add_entry(plan, kind_plan, entry, check.replaced) ||
		    plan_check_last(plan, entry, check.replaced))
			plan_take_back(plan, kind_plan, check.replaced);
	}
	reload_certificate_unref(signer);
}

static void merge_kind(Plan *plan, ReloadCertificateSet *certificates,
		       ReloadFetchKindResponse *response)
{
	const ReloadKind *kind = reload_document_kind(plan->storage->document, response->kind);
	KindPlan *kind_plan;
	ReloadStoredData data;

	if (!kind)
		return;
	/* The counter never goes back for those who fetched from us. */
	kind_plan = plan_add_kind(plan, kind, MAX(response->generation, 1));
	if (kind_plan->shelf) /* but it wraps, and is never 0: as of an original store */
		kind_plan->generation = kind_plan->shelf->generation == UINT64_MAX
					    ? 1
					    : MAX(kind_plan->generation,
						  kind_plan->shelf->generation + 1);
	while (reload_stored_data_next(&response->values, kind->model, &data))
		merge_value(plan, kind_plan, certificates, &data);
	/* Nothing new: nor is the counter. */
	if (!kind_plan->entries->len && kind_plan->shelf)
		kind_plan->generation = kind_plan->shelf->generation;
}

ReloadStatus reload_storage_merge(ReloadStorage *storage, const ReloadResourceId *id,
				  ReloadSpan body, const ReloadMessage *message, int64_t now,
				  bool *changed)
{
	ReloadCertificateSet *certificates;
	ReloadFetchKindResponse response;
	ReloadFetchAns ans;
	ReloadStatus status;
	Plan plan;

	*changed = false;
	status = reload_fetch_ans_decode(body, storage_model_of, storage, &ans);
	if (status)
		return status;
	reload_storage_expire(storage, now);
	plan_init(&plan, storage, id, true, now);
	certificates = reload_certificate_set_new(storage->trust);
	reload_certificate_set_add_block(certificates, &message->security);
	while (reload_fetch_kind_response_next(&ans.kind_responses, &response))
		merge_kind(&plan, certificates, &response);
	*changed = plan_commit(&plan);
	reload_certificate_set_free(certificates);
	plan_clear(&plan);
	return RELOAD_OK;
}
