/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of data requests that are carried out: the signers may write where they write. */
#include "reload_core/wire/fetch.h"
#include "reload_core/wire/find.h"
#include "reload_core/wire/store.h"
#include "tests/fuzz/storage_world.h"

#define LIFETIME 3600
#define REPLICAS 0x80
#define PLAUSIBLE 0x20
#define RESPONSIBLE 0x10
#define SMALL 0x10
#define OTHER 0x10
/* 2^23 ms: longer than LIFETIME. */
#define LONG (200 + 23)

static const uint32_t kinds[] = {KIT_SINGLE,
				 KIT_ARRAY,
				 KIT_DICT,
				 KIT_USERS,
				 KIT_NODES,
				 RELOAD_KIND_SIP_REGISTRATION,
				 RELOAD_KIND_CERTIFICATE_BY_NODE,
				 RELOAD_KIND_CERTIFICATE_BY_USER,
				 RELOAD_KIND_TURN_SERVICE};

typedef struct {
	StorageWorld *world;
	const ReloadKind *kind;
	unsigned sender;
	ReloadResourceId resource;
	GByteArray *events;
} Seed;

static ReloadSpan view(const GByteArray *bytes)
{
	return reload_span(bytes->data, bytes->len);
}

/* Where the sender may write values of the Kind. */
static void choose_resource(Seed *seed)
{
	const ReloadNodeId *id = reload_identity_node_id(seed->world->senders[seed->sender]);
	uint8_t name[RELOAD_NODE_ID_MAX + 1];

	switch (seed->kind->access) {
	case RELOAD_ACCESS_NODE_MATCH:
		seed->resource = kit_node_resource(id);
		break;
	case RELOAD_ACCESS_NODE_MULTIPLE:
		memcpy(name, id->id, id->len);
		name[id->len] = 1;
		reload_hash_resource_name(reload_span(name, id->len + 1u), &seed->resource);
		break;
	default:
		seed->resource = kit_user_resource(
		    &seed->world->kit,
		    reload_identity_user_name(seed->world->senders[seed->sender]));
	}
}

static void event(Seed *seed, uint8_t what, uint8_t passed, const GByteArray *body)
{
	reload_write_u8(seed->events, what);
	reload_write_u8(seed->events, (uint8_t)seed->sender);
	reload_write_u8(seed->events, passed);
	g_assert_true(reload_write_vector16(seed->events, view(body)));
}

static ReloadStoredValue value_of(const Seed *seed, uint32_t index, const char *text)
{
	switch (seed->kind->model) {
	case RELOAD_MODEL_ARRAY:
		return kit_element(index, text);
	case RELOAD_MODEL_DICTIONARY:
		return kit_entry(reload_identity_node_id(seed->world->senders[seed->sender]), text);
	default:
		return kit_single(text);
	}
}

/* Appends a value as signed by the sender (signatures.c). */
static void add_value(const Seed *seed, GByteArray *values, ReloadStoredValue value, unsigned later)
{
	const uint8_t signer[2] = {(uint8_t)seed->sender, 1}, hash[32] = {1};
	ReloadStoredData data = {
	    .storage_time = (uint64_t)seed->world->kit.now + later,
	    .lifetime = LIFETIME,
	    .value = value,
	    .signature = {.hash_alg = RELOAD_HASH_SHA256,
			  .signature_alg = RELOAD_SIGNATURE_ECDSA,
			  .identity = {.type = RELOAD_SIGNER_CERT_HASH,
				       .hash_alg = RELOAD_HASH_SHA256,
				       .hash = reload_span(hash, sizeof(hash))},
			  .value = reload_span(signer, sizeof(signer))},
	};

	g_assert_true(reload_write_stored_data(values, &data));
}

static void store(Seed *seed, uint8_t how, uint64_t generation, const GByteArray *values)
{
	GByteArray *kind_data = g_byte_array_new(), *body = g_byte_array_new();
	ReloadStoreKindData data = {
	    .kind = seed->kind->id, .generation_counter = generation, .values = view(values)};
	ReloadStoreReq req = {.resource = seed->resource,
			      .replica_number = how & PLAUSIBLE ? 1 : 0};

	g_assert_true(reload_write_store_kind_data(kind_data, &data));
	req.kind_data = view(kind_data);
	g_assert_true(reload_write_store_req(body, &req));
	event(seed, STORAGE_WORLD_STORE | how, 1, body);
	g_byte_array_unref(body);
	g_byte_array_unref(kind_data);
}

static void store_one(Seed *seed, uint8_t how, uint64_t generation, ReloadStoredValue value,
		      unsigned later)
{
	GByteArray *values = g_byte_array_new();

	add_value(seed, values, value, later);
	store(seed, how, generation, values);
	g_byte_array_unref(values);
}

/* Fetch and Stat of everything, as whole and into a small answer; Find. */
static void look(Seed *seed, uint64_t generation)
{
	GByteArray *items = g_byte_array_new(), *list = g_byte_array_new(),
		   *body = g_byte_array_new();
	ReloadStoredDataSpecifier specifier = {
	    .kind = seed->kind->id, .generation = generation, .model = seed->kind->model};
	ReloadFetchReq req = {.resource = seed->resource};
	ReloadFindReq find = {.resource = seed->resource};

	if (seed->kind->model == RELOAD_MODEL_ARRAY) {
		reload_write_array_range(items, (ReloadArrayRange){0, 1});
		reload_write_array_range(items, (ReloadArrayRange){2, RELOAD_ARRAY_END});
	}
	specifier.items = view(items);
	g_assert_true(reload_write_specifier(list, &specifier));
	req.specifiers = view(list);
	g_assert_true(reload_write_fetch_req(body, &req));
	event(seed, STORAGE_WORLD_FETCH, 1, body);
	event(seed, STORAGE_WORLD_FETCH | SMALL, 1, body);
	event(seed, STORAGE_WORLD_STAT, 1, body);
	g_byte_array_set_size(body, 0);
	g_byte_array_set_size(list, 0);
	reload_write_u32(list, seed->kind->id);
	find.kinds = view(list);
	g_assert_true(reload_write_find_req(body, &find));
	event(seed, STORAGE_WORLD_FIND | RESPONSIBLE, 1, body);
	g_byte_array_unref(body);
	g_byte_array_unref(list);
	g_byte_array_unref(items);
}

/* As replicas, and (drop) then away with it. */
static void replicate(Seed *seed, bool drop)
{
	GByteArray *body = g_byte_array_new();

	reload_write_resource_id(body, &seed->resource);
	if (drop)
		reload_write_u8(body, 0);
	event(seed, STORAGE_WORLD_REPLICATE, 1, body);
	g_byte_array_unref(body);
}

/* What another peer holds of it. */
static void merge(Seed *seed)
{
	GByteArray *values = g_byte_array_new(), *list = g_byte_array_new(),
		   *answer = g_byte_array_new(), *body = g_byte_array_new();
	ReloadFetchKindResponse response = {.kind = seed->kind->id, .generation = 9};
	ReloadFetchAns ans;

	add_value(seed, values, value_of(seed, 1, "merged"), 500);
	response.values = view(values);
	g_assert_true(reload_write_fetch_kind_response(list, &response));
	ans.kind_responses = view(list);
	g_assert_true(reload_write_fetch_ans(answer, &ans));
	reload_write_resource_id(body, &seed->resource);
	reload_write_bytes(body, view(answer));
	event(seed, STORAGE_WORLD_MERGE, 1, body);
	g_byte_array_unref(body);
	g_byte_array_unref(answer);
	g_byte_array_unref(list);
	g_byte_array_unref(values);
}

/* An event without a body. */
static void plain(Seed *seed, uint8_t what, uint8_t passed)
{
	GByteArray *nothing = g_byte_array_new();

	event(seed, what, passed, nothing);
	g_byte_array_unref(nothing);
}

/* Stored, replaced, looked at, removed, looked at, expired. */
static void life(Seed *seed)
{
	store_one(seed, RESPONSIBLE | REPLICAS, 0, value_of(seed, 0, "one"), 0);
	store_one(seed, RESPONSIBLE, 1, value_of(seed, 0, "two"), 1);
	look(seed, 0);
	replicate(seed, false);
	store_one(seed, RESPONSIBLE, 0, kit_removed(value_of(seed, 0, "")), 2);
	look(seed, 2);
	replicate(seed, true);
	store_one(seed, RESPONSIBLE, 0, value_of(seed, 0, "three"), 3);
	plain(seed, STORAGE_WORLD_FIND, LONG);
	look(seed, 0);
}

/* As a replica, resynchronized, under another document. */
static void replica(Seed *seed)
{
	store_one(seed, PLAUSIBLE, 5, value_of(seed, 1, "one"), 0);
	store_one(seed, PLAUSIBLE, 4, value_of(seed, 1, "one"), 0);
	merge(seed);
	look(seed, 5);
	plain(seed, STORAGE_WORLD_DOCUMENT | OTHER, 1);
	look(seed, 0);
	store_one(seed, PLAUSIBLE, 7, value_of(seed, 1, "later"), 900);
	plain(seed, STORAGE_WORLD_DOCUMENT, 1);
	replicate(seed, false);
}

/* Many at once: until counts and quotas are full. */
static void many(Seed *seed)
{
	GByteArray *values = g_byte_array_new();

	for (unsigned i = 0; i < seed->kind->max_count && i < 4; i++)
		add_value(seed, values, value_of(seed, i == 1 ? RELOAD_ARRAY_END : 2 * i, "many"),
			  i);
	store(seed, RESPONSIBLE, 0, values);
	look(seed, 0);
	for (unsigned i = 0; i < 3; i++) {
		seed->sender = (seed->sender + 1) % STORAGE_WORLD_SENDERS;
		choose_resource(seed);
		store_one(seed, RESPONSIBLE, 0, value_of(seed, RELOAD_ARRAY_END, "more"), 10 + i);
	}
	replicate(seed, false);
	g_byte_array_unref(values);
}

GByteArray *storage_world_seed(StorageWorld *world, unsigned number)
{
	static void (*const stories[])(Seed * seed) = {life, replica, many};
	Seed seed = {.world = world, .sender = number % STORAGE_WORLD_SENDERS};

	if (number >= G_N_ELEMENTS(kinds) * G_N_ELEMENTS(stories))
		return NULL;
	seed.kind =
	    reload_document_kind(world->kit.ca->document, kinds[number / G_N_ELEMENTS(stories)]);
	seed.events = g_byte_array_new();
	choose_resource(&seed);
	stories[number % G_N_ELEMENTS(stories)](&seed);
	return seed.events;
}
