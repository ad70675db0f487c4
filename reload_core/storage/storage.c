/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store as a whole: resources, their shelves, and what they hold in all. */
#include "reload_core/storage/internal.h"

/* Orders Resource-IDs as numbers; keys are a length byte and the bytes. */
static gint compare_ids(gconstpointer a, gconstpointer b, gpointer unused)
{
	const uint8_t *x = a;
	const uint8_t *y = b;
	int order = memcmp(x + 1, y + 1, MIN(x[0], y[0]));

	(void)unused;
	return order ? order : x[0] - y[0];
}

static guint hash_owner(gconstpointer key)
{
	return reload_node_id_hash(key); /* the Node-ID stands first in an Owner */
}

ReloadStorage *reload_storage_new(const ReloadDocument *document, ReloadTrust *trust,
				  const ReloadStorageLimits *limits)
{
	ReloadStorage *storage = g_new0(ReloadStorage, 1);

	storage->document = document;
	storage->trust = trust;
	if (limits)
		storage->limits = *limits;
	if (!storage->limits.max_bytes)
		storage->limits.max_bytes = DEFAULT_MAX_BYTES;
	if (!storage->limits.max_resources)
		storage->limits.max_resources = DEFAULT_MAX_RESOURCES;
	if (!storage->limits.max_bytes_per_node)
		storage->limits.max_bytes_per_node = storage->limits.max_bytes / 10;
	storage->resources = g_tree_new_full(compare_ids, NULL, NULL, NULL);
	storage->kinds = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_tree_unref);
	storage->certificates = g_hash_table_new(certificate_hash_key, certificate_equal_keys);
	storage->owners = g_hash_table_new(hash_owner, reload_node_id_equal_keys);
	storage->heap = g_ptr_array_new();
	return storage;
}

void reload_storage_free(ReloadStorage *storage)
{
	if (!storage)
		return;
	while (storage->heap->len)
		storage_remove(storage, g_ptr_array_index(storage->heap, storage->heap->len - 1));
	g_tree_destroy(storage->resources);
	g_hash_table_destroy(storage->kinds);
	g_hash_table_destroy(storage->certificates);
	g_hash_table_destroy(storage->owners);
	g_ptr_array_free(storage->heap, TRUE);
	g_free(storage);
}

ReloadDataModel storage_model_of(uint32_t kind, void *user_data)
{
	const ReloadStorage *storage = user_data;
	const ReloadKind *known = reload_document_kind(storage->document, kind);

	return known ? known->model : RELOAD_MODEL_UNKNOWN;
}

void resource_get_id(const Resource *resource, ReloadResourceId *out)
{
	out->len = resource->id[0];
	memcpy(out->id, resource->id + 1, out->len);
}

Resource *storage_resource(const ReloadStorage *storage, const ReloadResourceId *id)
{
	return g_tree_lookup(storage->resources, resource_key(id));
}

static Shelf *find_shelf(const Resource *resource, uint32_t kind)
{
	Shelf *shelf = resource ? resource->shelves : NULL;

	while (shelf && shelf->kind != kind)
		shelf = shelf->next;
	return shelf;
}

Shelf *storage_shelf(const ReloadStorage *storage, const ReloadResourceId *id, uint32_t kind)
{
	return find_shelf(storage_resource(storage, id), kind);
}

static void add_to_kind(ReloadStorage *storage, uint32_t kind, Resource *resource)
{
	GTree *tree = g_hash_table_lookup(storage->kinds, GUINT_TO_POINTER(kind));

	if (!tree) {
		tree = g_tree_new_full(compare_ids, NULL, NULL, NULL);
		g_hash_table_insert(storage->kinds, GUINT_TO_POINTER(kind), tree);
	}
	g_tree_insert(tree, resource->id, resource);
}

static void remove_from_kind(ReloadStorage *storage, uint32_t kind, const Resource *resource)
{
	GTree *tree = g_hash_table_lookup(storage->kinds, GUINT_TO_POINTER(kind));

	g_tree_remove(tree, resource->id);
	if (!g_tree_nnodes(tree))
		g_hash_table_remove(storage->kinds, GUINT_TO_POINTER(kind));
}

static Resource *make_resource(ReloadStorage *storage, const ReloadResourceId *id)
{
	Resource *resource = storage_resource(storage, id);

	if (resource)
		return resource;
	resource = g_malloc0(sizeof(Resource) + 1u + id->len);
	resource->id[0] = id->len;
	memcpy(resource->id + 1, id->id, id->len);
	g_tree_insert(storage->resources, resource->id, resource);
	return resource;
}

/* A new shelf's generation counter starts with the time: so it never repeats one that a client has
 * seen before everything expired here, which would answer its Fetch with "nothing has changed"
 * (7.4.2.2). */
static Shelf *make_shelf(ReloadStorage *storage, Resource *resource, const ReloadKind *kind,
			 int64_t now)
{
	Shelf *shelf = find_shelf(resource, kind->id);
	Shelf **link = &resource->shelves;

	if (shelf)
		return shelf;
	while (*link && (*link)->kind < kind->id)
		link = &(*link)->next;
	shelf = g_new0(Shelf, 1);
	shelf->resource = resource;
	shelf->kind = kind->id;
	shelf->model = kind->model;
	shelf->generation = (uint64_t)MAX(now, 1);
	shelf->entries = g_array_sized_new(FALSE, FALSE, sizeof(Entry *), 1);
	shelf->next = *link;
	*link = shelf;
	add_to_kind(storage, kind->id, resource);
	return shelf;
}

/* Takes an entry off its shelf and out of all accounts; shelf and resource stay. */
static void unlink_entry(ReloadStorage *storage, Entry *entry)
{
	Shelf *shelf = entry->shelf;
	ReloadSpan key = {0};
	bool found;
	guint i;

	if (shelf->model == RELOAD_MODEL_DICTIONARY)
		key = entry_key(entry);
	i = shelf_search(shelf, entry->index, key, &found);
	g_array_remove_index(shelf->entries, i);
	shelf->live -= entry->exists;
	expiry_remove(storage, entry);
	storage->bytes -= entry_cost(entry);
	entry->owner->bytes -= entry_cost(entry);
	certificate_removed(storage, entry->certificate);
	entry_free(storage, entry);
}

Shelf *storage_put(ReloadStorage *storage, const ReloadResourceId *id, const ReloadKind *kind,
		   Entry *entry, int64_t now)
{
	Shelf *shelf = make_shelf(storage, make_resource(storage, id), kind, now);
	ReloadSpan key = {0};
	bool found;
	guint i;

	entry->shelf = shelf;
	if (shelf->model == RELOAD_MODEL_DICTIONARY)
		key = entry_key(entry);
	i = shelf_search(shelf, entry->index, key, &found);
	if (found)
		unlink_entry(storage, shelf_entry(shelf, i));
	g_array_insert_val(shelf->entries, i, entry);
	shelf->live += entry->exists;
	expiry_add(storage, entry);
	storage->bytes += entry_cost(entry);
	entry->owner->bytes += entry_cost(entry);
	certificate_stored(storage, entry->certificate, entry->owner);
	return shelf;
}

static void remove_shelf(ReloadStorage *storage, Shelf *shelf)
{
	Resource *resource = shelf->resource;
	Shelf **link = &resource->shelves;

	while (*link != shelf)
		link = &(*link)->next;
	*link = shelf->next;
	remove_from_kind(storage, shelf->kind, resource);
	g_array_free(shelf->entries, TRUE);
	g_free(shelf);
	if (!resource->shelves) {
		g_tree_remove(storage->resources, resource->id);
		g_free(resource);
	}
}

void storage_remove(ReloadStorage *storage, Entry *entry)
{
	Shelf *shelf = entry->shelf;

	unlink_entry(storage, entry);
	if (!shelf->entries->len)
		remove_shelf(storage, shelf);
}

void reload_storage_drop(ReloadStorage *storage, const ReloadResourceId *id)
{
	Resource *resource;

	while ((resource = storage_resource(storage, id)))
		storage_remove(storage,
			       shelf_entry(resource->shelves, resource->shelves->entries->len - 1));
}

int64_t reload_storage_expire(ReloadStorage *storage, int64_t now)
{
	Entry *first;

	while ((first = expiry_first(storage)) && first->expires <= now)
		storage_remove(storage, first);
	return first ? first->expires : INT64_MAX;
}

void reload_storage_each(ReloadStorage *storage,
			 void (*each)(void *data, const ReloadResourceId *id, size_t values),
			 void *data)
{
	GTreeNode *node = g_tree_node_first(storage->resources);

	for (; node; node = g_tree_node_next(node)) {
		const Resource *resource = g_tree_node_value(node);
		ReloadResourceId id;
		size_t values = 0;

		for (const Shelf *shelf = resource->shelves; shelf; shelf = shelf->next)
			values += shelf->entries->len;
		resource_get_id(resource, &id);
		each(data, &id, values);
	}
}

void reload_storage_usage(const ReloadStorage *storage, ReloadStorageUsage *out)
{
	out->resources = (size_t)g_tree_nnodes(storage->resources);
	out->values = storage->heap->len;
	out->bytes = storage->bytes;
	out->certificates = g_hash_table_size(storage->certificates);
}
