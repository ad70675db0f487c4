/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A storing peer: a list of data requests, as storage_world.h says. */
#include "reload_core/storage/storage.h"
#include "reload_core/wire/buffer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/storage_world.h"

#define REQUESTS_MAX 64
#define BYTES_MAX (32 * 1024)
#define RESOURCES_MAX 8

static StorageWorld world;
static ReloadStorage *storage;
static int64_t now;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	storage_world_init(&world);
	return 0;
}

static void count_values(void *data, const ReloadResourceId *id, size_t values)
{
	FUZZ_CHECK(id->len > 0 && values > 0);
	*(size_t *)data += values;
}

/* What is left of the resources can be handed on, and takes no more room than was said. */
static void check(void)
{
	ReloadStorageUsage usage;
	size_t values = 0;

	reload_storage_usage(storage, &usage);
	FUZZ_CHECK(usage.bytes <= BYTES_MAX && usage.resources <= RESOURCES_MAX);
	reload_storage_each(storage, count_values, &values);
	FUZZ_CHECK(values == usage.values);
}

static void replicate(ReloadSpan body)
{
	ReloadReader reader = reload_reader(body);
	GByteArray *request = g_byte_array_new();
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)reload_certificate_unref);
	ReloadReplicaCursor cursor = {0};
	ReloadResourceId id;

	if (reload_read_resource_id(&reader, &id)) {
		for (unsigned i = 0; i < 16 && !cursor.done; i++) {
			g_byte_array_set_size(request, 0);
			if (!reload_storage_replica_request(storage, &id, 1, 300, &cursor, now,
							    request, list))
				break;
		}
		reload_replica_cursor_clear(&cursor);
		reload_storage_fetch_request(storage, &id, request);
		if (reload_reader_left(&reader) == 1)
			reload_storage_drop(storage, &id);
	}
	g_ptr_array_unref(list);
	g_byte_array_unref(request);
}

static void store(uint8_t how, unsigned sender, ReloadSpan body, ReloadStorageAnswer *answer)
{
	ReloadMessage message = {0};
	bool changed = false;
	ReloadNodeId replicas[2] = {*reload_identity_node_id(world.senders[0]),
				    *reload_identity_node_id(world.senders[1])};
	ReloadStoreContext context = {
	    .sender = reload_identity_node_id(world.senders[sender]),
	    .sender_certificate = world.certificates[sender],
	    .message = &message,
	    .responsible = how & 0x10,
	    .plausible_replica = how & 0x20,
	    .replicas = replicas,
	    .replica_count = how >> 6 & 2,
	};
	ReloadStatus status = reload_storage_store(storage, &context, body, now, answer, &changed);

	FUZZ_CHECK((status == RELOAD_OK) == (answer->error_code == 0));
	FUZZ_CHECK(status == RELOAD_OK || !changed);
}

static void merge(ReloadSpan body)
{
	ReloadReader reader = reload_reader(body);
	ReloadMessage message = {0};
	ReloadResourceId id;
	ReloadSpan rest;
	bool changed;

	if (!reload_read_resource_id(&reader, &id))
		return;
	reload_read_span(&reader, reload_reader_left(&reader), &rest);
	reload_storage_merge(storage, &id, rest, &message, now, &changed);
}

static void perform(uint8_t what, unsigned sender, ReloadSpan body)
{
	ReloadStorageAnswer answer = {0};

	switch ((StorageWorldEvent)(what & 7)) {
	case STORAGE_WORLD_STORE:
	case STORAGE_WORLD_ALSO_STORE:
		store(what, sender, body, &answer);
		break;
	case STORAGE_WORLD_FETCH:
		reload_storage_fetch(storage, body, what & 0x10 ? 200 : 0, now, &answer);
		break;
	case STORAGE_WORLD_STAT:
		reload_storage_stat(storage, body, what & 0x10 ? 200 : 0, now, &answer);
		break;
	case STORAGE_WORLD_FIND:
		reload_storage_find(storage, body, what & 0x10, now, &answer);
		break;
	case STORAGE_WORLD_MERGE:
		merge(body);
		break;
	case STORAGE_WORLD_REPLICATE:
		replicate(body);
		break;
	case STORAGE_WORLD_DOCUMENT:
		if (what & 0x10)
			reload_storage_set_document(storage, world.other_document,
						    world.other_trust, now);
		else
			reload_storage_set_document(storage, world.kit.ca->document,
						    world.kit.ca->trust, now);
		break;
	}
	reload_storage_answer_clear(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ReloadReader input = reload_reader(reload_span(data, size));
	ReloadStorageLimits limits = {BYTES_MAX, RESOURCES_MAX, BYTES_MAX / 2};

	storage = reload_storage_new(world.kit.ca->document, world.kit.ca->trust, &limits);
	now = world.kit.ca->now;
	for (unsigned i = 0; i < REQUESTS_MAX; i++) {
		uint8_t what = reload_read_u8(&input), sender = reload_read_u8(&input);
		uint8_t passed = reload_read_u8(&input);
		ReloadSpan body;

		if (!reload_read_vector16(&input, &body))
			break;
		now += passed < 200 ? passed : INT64_C(1) << (passed - 200);
		reload_storage_expire(storage, now);
		perform(what, sender % STORAGE_WORLD_SENDERS, body);
		check();
	}
	reload_storage_free(storage);
	return 0;
}
