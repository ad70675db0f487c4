/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bounded table of via lists. A bare ID is 12 bits of slot number and 3 bits of the slot's
 * generation; slots are used in turn, so that an ID comes back as late as possible (RFC
 * 6940, 6.3.2.2). */
#include "reload_core/routing/via_store.h"

#define SLOTS 4096
#define GENERATIONS 8
#define LONG_ID 8 /* bytes of an ID that is not bare */

typedef struct {
	GBytes *list;
	int64_t until; /* ms */
	uint8_t id[LONG_ID];
	uint8_t id_len; /* 2: bare */
	GList *place;	/* in by_age */
} Entry;

struct ReloadViaStore {
	void (*random)(void *user, uint8_t *out, size_t len);
	void *user;
	GHashTable *by_list;  /* GBytes* -> Entry, owned */
	GHashTable *by_long;  /* Entry.id -> Entry */
	Entry **slots;	      /* SLOTS; made with the first entry */
	uint8_t *generations; /* SLOTS */
	unsigned next_slot, slots_used;
	GQueue by_age; /* Entry; what ends first is in front */
	size_t bytes;
};

static guint long_hash(gconstpointer key)
{
	guint hash;

	memcpy(&hash, key, sizeof(hash)); /* random bytes */
	return hash;
}

static gboolean long_equal(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, LONG_ID) == 0;
}

static void entry_free(gpointer data)
{
	Entry *entry = data;

	g_bytes_unref(entry->list);
	g_free(entry);
}

ReloadViaStore *reload_via_store_new(void (*random)(void *user, uint8_t *out, size_t len),
				     void *user)
{
	ReloadViaStore *store = g_new0(ReloadViaStore, 1);

	store->random = random;
	store->user = user;
	store->by_list = g_hash_table_new_full(g_bytes_hash, g_bytes_equal, NULL, entry_free);
	store->by_long = g_hash_table_new(long_hash, long_equal);
	g_queue_init(&store->by_age);
	return store;
}

void reload_via_store_free(ReloadViaStore *store)
{
	if (store == NULL)
		return;
	g_queue_clear(&store->by_age);
	g_hash_table_unref(store->by_long);
	g_hash_table_unref(store->by_list);
	g_free(store->generations);
	g_free(store->slots);
	g_free(store);
}

static unsigned slot_of(const uint8_t id[2])
{
	return (unsigned)(id[0] & 0x0f) << 8 | id[1];
}

static unsigned generation_of(const uint8_t id[2])
{
	return id[0] >> 4 & (GENERATIONS - 1);
}

static void forget(ReloadViaStore *store, Entry *entry)
{
	g_queue_delete_link(&store->by_age, entry->place);
	store->bytes -= g_bytes_get_size(entry->list);
	if (entry->id_len == 2) {
		store->slots[slot_of(entry->id)] = NULL;
		store->slots_used--;
	} else {
		g_hash_table_remove(store->by_long, entry->id);
	}
	g_hash_table_remove(store->by_list, entry->list);
}

static void purge(ReloadViaStore *store, int64_t now)
{
	Entry *oldest;

	while ((oldest = g_queue_peek_head(&store->by_age)) != NULL && oldest->until <= now)
		forget(store, oldest);
}

/* Gives entry the next free slot. */
static void take_slot(ReloadViaStore *store, Entry *entry)
{
	unsigned slot;

	while (store->slots[store->next_slot] != NULL)
		store->next_slot = (store->next_slot + 1) % SLOTS;
	slot = store->next_slot;
	store->next_slot = (slot + 1) % SLOTS;
	store->generations[slot] = (uint8_t)((store->generations[slot] + 1) % GENERATIONS);
	store->slots[slot] = entry;
	store->slots_used++;
	entry->id_len = 2;
	entry->id[0] = (uint8_t)(0x80 | store->generations[slot] << 4 | slot >> 8);
	entry->id[1] = (uint8_t)slot;
}

static void give_id(ReloadViaStore *store, Entry *entry)
{
	if (store->slots == NULL) {
		store->slots = g_new0(Entry *, SLOTS);
		store->generations = g_new0(uint8_t, SLOTS);
		store->random(store->user, store->generations, SLOTS);
		store->random(store->user, (uint8_t *)&store->next_slot, sizeof(store->next_slot));
		store->next_slot %= SLOTS;
	}
	if (store->slots_used < SLOTS) {
		take_slot(store, entry);
		return;
	}
	entry->id_len = LONG_ID;
	do {
		store->random(store->user, entry->id, LONG_ID);
	} while (g_hash_table_contains(store->by_long, entry->id));
	g_hash_table_insert(store->by_long, entry->id, entry);
}

static Entry *add(ReloadViaStore *store, GBytes *list)
{
	Entry *entry;

	if (g_hash_table_size(store->by_list) >= RELOAD_VIA_STORE_ENTRIES ||
	    store->bytes + g_bytes_get_size(list) > RELOAD_VIA_STORE_BYTES)
		return NULL;
	entry = g_new0(Entry, 1);
	entry->list = g_bytes_ref(list);
	give_id(store, entry);
	store->bytes += g_bytes_get_size(list);
	g_hash_table_insert(store->by_list, entry->list, entry);
	g_queue_push_tail(&store->by_age, entry);
	entry->place = g_queue_peek_tail_link(&store->by_age);
	return entry;
}

static void write_id(const Entry *entry, GByteArray *out)
{
	ReloadDestination destination = {.type = RELOAD_DESTINATION_OPAQUE,
					 .bare = entry->id_len == 2};

	destination.opaque = reload_span(entry->id, entry->id_len);
	reload_write_destination(out, &destination);
}

bool reload_via_store_put(ReloadViaStore *store, ReloadSpan via_list,
			  const ReloadNodeId *previous_hop, int64_t now, int64_t until,
			  GByteArray *out)
{
	GByteArray *whole;
	GBytes *list;
	Entry *entry;

	purge(store, now);
	if (via_list.len > RELOAD_VIA_STORE_LIST_MAX)
		return false;
	whole = g_byte_array_sized_new((guint)via_list.len + 2 + RELOAD_NODE_ID_MAX);
	reload_write_bytes(whole, via_list);
	reload_write_destination_node(whole, previous_hop);
	list = g_byte_array_free_to_bytes(whole);
	entry = g_hash_table_lookup(store->by_list, list);
	if (entry == NULL)
		entry = add(store, list);
	g_bytes_unref(list);
	if (entry == NULL)
		return false;
	/* The queue stays in order: until only grows. */
	entry->until = MAX(entry->until, until);
	g_queue_unlink(&store->by_age, entry->place);
	g_queue_push_tail_link(&store->by_age, entry->place);
	write_id(entry, out);
	return true;
}

bool reload_via_store_get(const ReloadViaStore *store, const ReloadDestination *opaque, int64_t now,
			  ReloadSpan *via_list)
{
	const uint8_t *id = opaque->opaque.data;
	Entry *entry = NULL;

	if (store->slots == NULL)
		return false;
	/* A bare ID is the same as a TLV with those two bytes (6.3.2.2). */
	if (opaque->opaque.len == 2 && (id[0] & 0x80) != 0) {
		entry = store->slots[slot_of(id)];
		if (entry != NULL && generation_of(entry->id) != generation_of(id))
			entry = NULL;
	} else if (opaque->opaque.len == LONG_ID) {
		entry = g_hash_table_lookup(store->by_long, id);
	}
	if (entry == NULL || entry->until <= now)
		return false;
	via_list->data = g_bytes_get_data(entry->list, &via_list->len);
	return true;
}

unsigned reload_via_store_count(const ReloadViaStore *store)
{
	return g_hash_table_size(store->by_list);
}
