/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stores that are to succeed: the three data models, generation counters, removal, lifetimes,
 * atomicity. */
#include "reload_core/wire/store.h"
#include "tests/unit/storage_kit.h"

static StorageKit kit;

static void assert_dump(const ReloadResourceId *resource, uint32_t kind, const char *expected)
{
	char *text = kit_dump(&kit, resource, kind);

	g_assert_cmpstr(text, ==, expected);
	g_free(text);
}

static uint64_t stored_generation(void)
{
	ReloadStoreKindResponse response;
	ReloadStoreAns ans;

	g_assert_cmpint(reload_store_ans_decode(
			    reload_span(kit.answer.body->data, kit.answer.body->len), 16, &ans),
			==, 0);
	g_assert_true(reload_store_kind_response_next(&ans.kind_responses, &response));
	return response.generation_counter;
}

static void test_single(void)
{
	ReloadIdentity *alice;
	ReloadResourceId at;

	kit_setup(&kit, NULL);
	alice = ca_fixture_identity(kit.ca, "alice@example.org", NULL);
	at = kit_user_resource(&kit, "alice@example.org");
	assert_dump(&at, KIT_SINGLE, "-"); /* synthesized */
	g_assert_cmpuint(kit_answer_generation(&kit), ==, 0);
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_SINGLE, 10, 60, kit_single("one")), ==,
			0);
	g_assert_true(kit.changed);
	assert_dump(&at, KIT_SINGLE, "one");
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_SINGLE, 11, 60, kit_single("two")), ==,
			0);
	assert_dump(&at, KIT_SINGLE, "two");
	kit_teardown(&kit);
}

static void test_generations(void)
{
	ReloadIdentity *alice;
	ReloadResourceId at;
	uint64_t first, second;
	char *text;

	kit_setup(&kit, NULL);
	alice = ca_fixture_identity(kit.ca, "alice@example.org", NULL);
	at = kit_user_resource(&kit, "alice@example.org");
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_SINGLE, 10, 60, kit_single("one")), ==,
			0);
	first = stored_generation();
	g_assert_cmpuint(first, >=, 1);
	/* the expected counter */
	kit_begin(&kit, &at, 0);
	kit_kind(&kit, KIT_SINGLE, first);
	kit_value(&kit, alice, 11, 60, kit_single("two"));
	g_assert_cmpint(kit_store(&kit, alice), ==, 0);
	second = stored_generation();
	g_assert_cmpuint(second, >, first);
	/* an outdated one: refused, with the current one in a StoreAns */
	kit_begin(&kit, &at, 0);
	kit_kind(&kit, KIT_SINGLE, first);
	kit_value(&kit, alice, 12, 60, kit_single("three"));
	g_assert_cmpint(kit_store(&kit, alice), ==, RELOAD_E_GENERATION);
	g_assert_cmpuint(kit.answer.error_code, ==, RELOAD_ERROR_GENERATION_COUNTER_TOO_LOW);
	g_assert_cmpuint(stored_generation(), ==, second);
	assert_dump(&at, KIT_SINGLE, "two");
	/* Fetch with the current one: no values */
	g_assert_cmpint(kit_fetch(&kit, &at, KIT_SINGLE, second, NULL), ==, 0);
	g_assert_cmpuint(kit_answer_generation(&kit), ==, second);
	text = kit_answer_text(&kit);
	g_assert_cmpstr(text, ==, "");
	g_free(text);
	g_assert_cmpuint(kit.answer.certificates->len, ==, 0);
	kit_teardown(&kit);
}

/* A counter that a client has seen does not come again after everything expired. */
static void test_generation_after_expiry(void)
{
	ReloadIdentity *alice;
	ReloadResourceId at;
	uint64_t first;

	kit_setup(&kit, NULL);
	alice = ca_fixture_identity(kit.ca, "alice@example.org", NULL);
	at = kit_user_resource(&kit, "alice@example.org");
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_SINGLE, 10, 1, kit_single("one")), ==,
			0);
	first = stored_generation();
	kit.now += 1000;
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_SINGLE, 11, 1, kit_single("two")), ==,
			0);
	g_assert_cmpuint(stored_generation(), >, first);
	kit_teardown(&kit);
}

static void test_array(void)
{
	ReloadIdentity *node;
	ReloadResourceId at;
	GByteArray *items = g_byte_array_new();
	char *text;

	kit_setup(&kit, NULL);
	node = ca_fixture_identity(kit.ca, "node@example.org", NULL);
	at = kit_node_resource(reload_identity_node_id(node));
	assert_dump(&at, KIT_ARRAY, "");
	g_assert_cmpint(kit_store_one(&kit, node, &at, KIT_ARRAY, 10, 60, kit_element(2, "X")), ==,
			0);
	assert_dump(&at, KIT_ARRAY, "0:- 1:- 2:X"); /* sparse (7.2.2) */
	g_assert_cmpint(
	    kit_store_one(&kit, node, &at, KIT_ARRAY, 10, 60, kit_element(RELOAD_ARRAY_END, "Y")),
	    ==, 0);
	g_assert_cmpint(kit_store_one(&kit, node, &at, KIT_ARRAY, 10, 60, kit_element(0, "A")), ==,
			0);
	assert_dump(&at, KIT_ARRAY, "0:A 1:- 2:X 3:Y"); /* the appended one verifies, too */
	g_assert_cmpint(kit_store_one(&kit, node, &at, KIT_ARRAY, 11, 60, kit_element(3, "Z")), ==,
			0);
	/* two ranges, one of them from the end */
	reload_write_array_range(items, (ReloadArrayRange){0, 1});
	reload_write_array_range(items, (ReloadArrayRange){RELOAD_ARRAY_END, RELOAD_ARRAY_END});
	g_assert_cmpint(kit_fetch(&kit, &at, KIT_ARRAY, 0, items), ==, 0);
	text = kit_answer_text(&kit);
	g_assert_cmpstr(text, ==, "0:A 1:- 3:Z");
	g_free(text);
	g_byte_array_unref(items);
	kit_teardown(&kit);
}

/* One value at the last index there is: the others are fetched with it all the same. */
static void test_array_gap(void)
{
	ReloadIdentity *node;
	ReloadResourceId at;
	GByteArray *items = g_byte_array_new();
	char *text;

	kit_setup(&kit, NULL);
	node = ca_fixture_identity(kit.ca, "node@example.org", NULL);
	at = kit_node_resource(reload_identity_node_id(node));
	g_assert_cmpint(kit_store_one(&kit, node, &at, KIT_ARRAY, 10, 60, kit_element(1, "A")), ==,
			0);
	g_assert_cmpint(
	    kit_store_one(&kit, node, &at, KIT_ARRAY, 10, 60, kit_element(0xfffffffe, "Z")), ==, 0);
	assert_dump(&at, KIT_ARRAY, "0:- 1:A 4294967294:Z");
	g_assert_cmpint(kit_store_one(&kit, node, &at, KIT_ARRAY, 10, 60, kit_element(12, "B")), ==,
			0);
	assert_dump(&at, KIT_ARRAY,
		    "0:- 1:A 2:- 3:- 4:- 5:- 6:- 7:- 8:- 9:- 10:- 11:- 12:B 4294967294:Z");
	/* There is nothing behind it to append to. */
	g_assert_cmpint(
	    kit_store_one(&kit, node, &at, KIT_ARRAY, 10, 60, kit_element(RELOAD_ARRAY_END, "C")),
	    !=, 0);
	/* From somewhere in the gap. */
	reload_write_array_range(items, (ReloadArrayRange){20, RELOAD_ARRAY_END});
	g_assert_cmpint(kit_fetch(&kit, &at, KIT_ARRAY, 0, items), ==, 0);
	text = kit_answer_text(&kit);
	g_assert_cmpstr(text, ==, "4294967294:Z");
	g_free(text);
	/* Who asks for indices by number is told of each. */
	g_byte_array_set_size(items, 0);
	reload_write_array_range(items, (ReloadArrayRange){12, 15});
	g_assert_cmpint(kit_fetch(&kit, &at, KIT_ARRAY, 0, items), ==, 0);
	text = kit_answer_text(&kit);
	g_assert_cmpstr(text, ==, "12:B 13:- 14:- 15:-");
	g_free(text);
	g_byte_array_unref(items);
	kit_teardown(&kit);
}

/* Two appends in one request, and a replay of one. */
static void test_append(void)
{
	ReloadIdentity *node;
	guint8 *copy;
	ReloadResourceId at;

	kit_setup(&kit, NULL);
	node = ca_fixture_identity(kit.ca, "node@example.org", NULL);
	at = kit_node_resource(reload_identity_node_id(node));
	kit_begin(&kit, &at, 0);
	kit_kind(&kit, KIT_ARRAY, 0);
	kit_value(&kit, node, 10, 60, kit_element(RELOAD_ARRAY_END, "a"));
	kit_value(&kit, node, 10, 60, kit_element(RELOAD_ARRAY_END, "b"));
	g_assert_cmpint(kit_store(&kit, node), ==, 0);
	assert_dump(&at, KIT_ARRAY, "0:a 1:b");
	kit_begin(&kit, &at, 0);
	kit_kind(&kit, KIT_ARRAY, 0);
	kit_value(&kit, node, 12, 60, kit_element(RELOAD_ARRAY_END, "c"));
	/* the same bytes a second time */
	copy = g_memdup2(kit.values->data, kit.values->len);
	g_byte_array_append(kit.values, copy, kit.values->len);
	g_free(copy);
	g_assert_cmpint(kit_store(&kit, node), ==, RELOAD_E_TOO_OLD);
	assert_dump(&at, KIT_ARRAY, "0:a 1:b");
	kit_teardown(&kit);
}

/* Sends a StoredData that was recorded before once more, as if by sender. */
static ReloadStatus replay(const ReloadResourceId *at, uint32_t kind, const GByteArray *recorded,
			   ReloadIdentity *sender)
{
	kit_begin(&kit, at, 0);
	kit_kind(&kit, kind, 0);
	g_byte_array_append(kit.values, recorded->data, recorded->len);
	kit_add_certificate(kit.certificates, reload_identity_certificate(sender));
	return kit_store(&kit, sender);
}

/* Appends a value, which is recorded. */
static GByteArray *append(const ReloadResourceId *at, uint32_t kind, ReloadIdentity *node,
			  uint64_t storage_time)
{
	GByteArray *recorded = g_byte_array_new();

	kit_begin(&kit, at, 0);
	kit_kind(&kit, kind, 0);
	kit_value(&kit, node, storage_time, 60, kit_element(RELOAD_ARRAY_END, "old"));
	g_byte_array_append(recorded, kit.values->data, kit.values->len);
	g_assert_cmpint(kit_store(&kit, node), ==, 0);
	return recorded;
}

/* RFC 6940, 13.5.3: an appended value that was replaced or removed meanwhile does not come back. */
static void test_append_replayed(void)
{
	ReloadIdentity *node;
	ReloadResourceId at;
	GByteArray *recorded;

	kit_setup(&kit, NULL);
	node = ca_fixture_identity(kit.ca, "node@example.org", NULL);
	at = kit_node_resource(reload_identity_node_id(node));
	recorded = append(&at, KIT_ARRAY, node, 10);
	g_assert_cmpint(kit_store_one(&kit, node, &at, KIT_ARRAY, 20, 60, kit_element(0, "new")),
			==, 0);
	g_assert_cmpint(replay(&at, KIT_ARRAY, recorded, node), ==, RELOAD_E_TOO_OLD);
	assert_dump(&at, KIT_ARRAY, "0:new");
	g_assert_cmpint(
	    kit_store_one(&kit, node, &at, KIT_ARRAY, 30, 60, kit_removed(kit_element(0, ""))), ==,
	    0);
	g_assert_cmpint(replay(&at, KIT_ARRAY, recorded, node), ==, RELOAD_E_TOO_OLD);
	assert_dump(&at, KIT_ARRAY, "0:-");
	/* what is as new as the newest may be appended */
	g_byte_array_unref(append(&at, KIT_ARRAY, node, 30));
	assert_dump(&at, KIT_ARRAY, "0:- 1:old");
	/* in one request, too, each value counts as stored for the next */
	kit_begin(&kit, &at, 0);
	kit_kind(&kit, KIT_ARRAY, 0);
	kit_value(&kit, node, 50, 60, kit_element(RELOAD_ARRAY_END, "a"));
	kit_value(&kit, node, 40, 60, kit_element(RELOAD_ARRAY_END, "b"));
	g_assert_cmpint(kit_store(&kit, node), ==, RELOAD_E_TOO_OLD);
	g_byte_array_unref(recorded);
	kit_teardown(&kit);
}

/* The same in an array of a user with two nodes, whose clocks differ. */
static void test_append_by_two(void)
{
	ReloadIdentity *desk, *cell;
	ReloadResourceId at;
	GByteArray *recorded;

	kit_setup(&kit, NULL);
	desk = ca_fixture_identity(kit.ca, "alice@example.org", NULL);
	cell = ca_fixture_identity(kit.ca, "alice@example.org", NULL);
	at = kit_user_resource(&kit, "alice@example.org");
	g_byte_array_unref(append(&at, KIT_LIST, desk, 1000));
	/* one's value does not keep the other from appending ... */
	recorded = append(&at, KIT_LIST, cell, 10);
	assert_dump(&at, KIT_LIST, "0:old 1:old");
	/* ... but what one has removed is gone for the other as well */
	g_assert_cmpint(
	    kit_store_one(&kit, desk, &at, KIT_LIST, 1001, 60, kit_removed(kit_element(1, ""))), ==,
	    0);
	g_assert_cmpint(replay(&at, KIT_LIST, recorded, cell), ==, RELOAD_E_TOO_OLD);
	assert_dump(&at, KIT_LIST, "0:old 1:-");
	g_byte_array_unref(recorded);
	kit_teardown(&kit);
}

static void test_dictionary(void)
{
	ReloadIdentity *desk, *cell;
	ReloadResourceId at;
	GByteArray *items = g_byte_array_new();
	ReloadNodeId nobody = {.len = 16};
	char *text;

	kit_setup(&kit, NULL);
	desk = ca_fixture_identity(kit.ca, "alice@example.org", NULL);
	cell = ca_fixture_identity(kit.ca, "alice@example.org", NULL);
	at = kit_user_resource(&kit, "alice@example.org");
	assert_dump(&at, KIT_DICT, "");
	g_assert_cmpint(kit_store_one(&kit, cell, &at, KIT_DICT, 10, 60,
				      kit_entry(reload_identity_node_id(cell), "cell")),
			==, 0);
	g_assert_cmpint(kit_store_one(&kit, desk, &at, KIT_DICT, 5, 60,
				      kit_entry(reload_identity_node_id(desk), "desk")),
			==, 0);
	assert_dump(&at, KIT_DICT, "desk cell"); /* wildcard, both */
	g_assert_cmpuint(kit.answer.certificates->len, ==, 2);
	reload_write_dictionary_key(items, reload_node_id_span(&nobody));
	reload_write_dictionary_key(items, reload_node_id_span(reload_identity_node_id(cell)));
	g_assert_cmpint(kit_fetch(&kit, &at, KIT_DICT, 0, items), ==, 0);
	text = kit_answer_text(&kit);
	g_assert_cmpstr(text, ==, "- cell");
	g_free(text);
	g_byte_array_unref(items);
	kit_teardown(&kit);
}

static void test_removal(void)
{
	ReloadIdentity *alice;
	ReloadResourceId at;
	ReloadStorageUsage usage;

	kit_setup(&kit, NULL);
	alice = ca_fixture_identity(kit.ca, "alice@example.org", NULL);
	at = kit_user_resource(&kit, "alice@example.org");
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_SINGLE, 10, 60, kit_single("one")), ==,
			0);
	g_assert_cmpint(
	    kit_store_one(&kit, alice, &at, KIT_SINGLE, 20, 60, kit_removed(kit_single(""))), ==,
	    0);
	assert_dump(&at, KIT_SINGLE, "-");
	g_assert_cmpuint(kit.answer.certificates->len, ==,
			 1); /* signed by alice, not synthesized */
	/* the removed value cannot be brought back */
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_SINGLE, 10, 60, kit_single("one")), ==,
			RELOAD_E_TOO_OLD);
	/* and is gone when its lifetime is over */
	g_assert_cmpint(reload_storage_expire(kit.storage, kit.now + 59999), ==, kit.now + 60000);
	reload_storage_usage(kit.storage, &usage);
	g_assert_cmpuint(usage.values, ==, 1);
	g_assert_cmpint(reload_storage_expire(kit.storage, kit.now + 60000), ==, INT64_MAX);
	reload_storage_usage(kit.storage, &usage);
	g_assert_cmpuint(usage.values + usage.resources + usage.bytes + usage.certificates, ==, 0);
	/* "exists" false with a value is malformed */
	kit_begin(&kit, &at, 0);
	kit_kind(&kit, KIT_SINGLE, 0);
	kit_value(
	    &kit, alice, 40, 60,
	    (ReloadStoredValue){.model = RELOAD_MODEL_SINGLE, .value = reload_span_text("x")});
	g_assert_cmpint(kit_store(&kit, alice), ==, RELOAD_E_MALFORMED);
	kit_teardown(&kit);
}

static void test_lifetime(void)
{
	ReloadIdentity *alice, *brief;
	ReloadResourceId at;

	kit_setup(&kit, NULL);
	alice = ca_fixture_identity(kit.ca, "alice@example.org", NULL);
	at = kit_user_resource(&kit, "alice@example.org");
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_SINGLE, 10, 60, kit_single("one")), ==,
			0);
	kit.now += 59999;
	assert_dump(&at, KIT_SINGLE, "one");
	kit.now += 1;
	assert_dump(&at, KIT_SINGLE, "-"); /* also before anyone called expire */
	/* no longer than the certificate is valid */
	brief = ca_fixture_identity_dated(kit.ca, "brief@example.org", NULL, kit.now - 1000,
					  kit.now + 30000);
	at = kit_user_resource(&kit, "brief@example.org");
	g_assert_cmpint(kit_store_one(&kit, brief, &at, KIT_SINGLE, 10, 3600, kit_single("b")), ==,
			0);
	g_assert_cmpint(reload_storage_expire(kit.storage, kit.now), <, kit.now + 31000);
	kit_teardown(&kit);
}

/* Several Kinds in one request: all of them, or none. */
static void test_atomic(void)
{
	ReloadIdentity *alice, *mallory;
	ReloadResourceId at;
	ReloadStorageUsage before, after;

	kit_setup(&kit, NULL);
	alice = ca_fixture_identity(kit.ca, "alice@example.org", NULL);
	mallory = ca_fixture_identity(kit.ca, "mallory@example.org", NULL);
	at = kit_user_resource(&kit, "alice@example.org");
	reload_storage_usage(kit.storage, &before);
	kit_begin(&kit, &at, 0);
	kit_kind(&kit, KIT_SINGLE, 0);
	kit_value(&kit, alice, 10, 60, kit_single("one"));
	kit_kind(&kit, KIT_DICT, 0);
	kit_value(&kit, alice, 10, 60, kit_entry(reload_identity_node_id(alice), "two"));
	kit_value(&kit, mallory, 10, 60, kit_entry(reload_identity_node_id(mallory), "three"));
	g_assert_cmpint(kit_store(&kit, alice), ==, RELOAD_E_FORBIDDEN);
	g_assert_false(kit.changed);
	reload_storage_usage(kit.storage, &after);
	g_assert_cmpmem(&before, sizeof(before), &after, sizeof(after));
	kit_begin(&kit, &at, 0);
	kit_kind(&kit, KIT_SINGLE, 0);
	kit_value(&kit, alice, 10, 60, kit_single("one"));
	kit_kind(&kit, KIT_DICT, 0);
	kit_value(&kit, alice, 10, 60, kit_entry(reload_identity_node_id(alice), "two"));
	g_assert_cmpint(kit_store(&kit, alice), ==, 0);
	assert_dump(&at, KIT_SINGLE, "one");
	assert_dump(&at, KIT_DICT, "two");
	reload_storage_usage(kit.storage, &after);
	g_assert_cmpuint(after.resources, ==, 1);
	g_assert_cmpuint(after.values, ==, 2);
	g_assert_cmpuint(after.certificates, ==, 1); /* shared */
	reload_storage_drop(kit.storage, &at);
	reload_storage_usage(kit.storage, &after);
	g_assert_cmpmem(&before, sizeof(before), &after, sizeof(after));
	kit_teardown(&kit);
}

/* Many values, replaced and expiring in an order of their own. */
static void test_expiry_order(void)
{
	enum { COUNT = 60 };
	ReloadIdentity *users[COUNT];
	ReloadStorageUsage usage;
	int64_t start;

	kit_setup(&kit, NULL);
	start = kit.now;
	for (unsigned i = 0; i < COUNT; i++) {
		char name[32];
		ReloadResourceId at;

		g_snprintf(name, sizeof(name), "u%u@example.org", i);
		users[i] = ca_fixture_identity(kit.ca, name, NULL);
		at = kit_user_resource(&kit, name);
		g_assert_cmpint(kit_store_one(&kit, users[i], &at, KIT_SINGLE, 1,
					      1 + i * 37 % COUNT, kit_single("v")),
				==, 0);
		if (i % 3 == 0) /* refreshed with the lifetime that it has then */
			g_assert_cmpint(kit_store_one(&kit, users[i], &at, KIT_SINGLE, 2,
						      1 + i * 7 % COUNT, kit_single("w")),
					==, 0);
	}
	for (unsigned second = 1; second <= COUNT; second++) {
		unsigned left = 0;
		int64_t next = reload_storage_expire(kit.storage, start + second * 1000);

		for (unsigned i = 0; i < COUNT; i++)
			left += 1 + i * (i % 3 ? 37 : 7) % COUNT > second;
		reload_storage_usage(kit.storage, &usage);
		g_assert_cmpuint(usage.values, ==, left);
		g_assert_true(left ? next > start + second * 1000 : next == INT64_MAX);
	}
	kit_teardown(&kit);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/storage/single", test_single);
	g_test_add_func("/storage/generations", test_generations);
	g_test_add_func("/storage/generation-after-expiry", test_generation_after_expiry);
	g_test_add_func("/storage/array", test_array);
	g_test_add_func("/storage/array-gap", test_array_gap);
	g_test_add_func("/storage/append", test_append);
	g_test_add_func("/storage/append-replayed", test_append_replayed);
	g_test_add_func("/storage/append-by-two", test_append_by_two);
	g_test_add_func("/storage/dictionary", test_dictionary);
	g_test_add_func("/storage/removal", test_removal);
	g_test_add_func("/storage/lifetime", test_lifetime);
	g_test_add_func("/storage/atomic", test_atomic);
	g_test_add_func("/storage/expiry-order", test_expiry_order);
	return g_test_run();
}
