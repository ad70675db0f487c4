/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is remembered of fetched values: older ones are noticed, and nothing grows without end. */
#include "reload_core/storage/seen.h"
#include "tests/unit/pki.h"

#define LIFETIME 3600

static ReloadSeen *seen;
static int64_t now;
static ReloadResourceId at;
static ReloadNodeId signer;

static void setup(unsigned max)
{
	seen = reload_seen_new(max);
	now = PKI_NOW;
	at = (ReloadResourceId){.len = 16, .id = {1}};
	signer = pki_node_id(7);
}

static ReloadStoredData entry(uint64_t storage_time, const char *key, const char *text)
{
	return (ReloadStoredData){.storage_time = storage_time,
				  .lifetime = LIFETIME,
				  .value = {.model = RELOAD_MODEL_DICTIONARY,
					    .key = reload_span_text(key),
					    .exists = text[0] != '\0',
					    .value = reload_span_text(text)}};
}

static bool note(uint64_t storage_time, const char *text)
{
	ReloadStoredData data = entry(storage_time, "key", text);

	return reload_seen_note(seen, &at, 1, &signer, &data, now);
}

static void test_older(void)
{
	setup(8);
	g_assert_true(note(10, "one"));
	g_assert_true(note(10, "one"));
	g_assert_true(note(20, "two"));
	g_assert_false(note(10, "one"));
	g_assert_false(note(19, ""));
	g_assert_true(note(15, "two")); /* older, and says the same */
	g_assert_false(note(19, "one")); /* that did not make it forget */
	g_assert_true(note(30, "")); /* removed */
	g_assert_false(note(20, "two"));
	g_assert_true(note(31, "two"));
	g_assert_cmpuint(reload_seen_count(seen), ==, 1);
	reload_seen_free(seen);
}

/* Place, Kind, signer, and key or index: each has a time of its own. */
static void test_places(void)
{
	ReloadStoredData data = entry(20, "key", "two"), old = entry(10, "key", "one"),
			 other = entry(10, "other", "one"),
			 element = {.storage_time = 20,
				    .value = {.model = RELOAD_MODEL_ARRAY, .index = 1, .exists = true}};
	ReloadResourceId elsewhere = {.len = 16, .id = {2}};
	ReloadNodeId somebody = pki_node_id(8);

	setup(16);
	g_assert_true(reload_seen_note(seen, &at, 1, &signer, &data, now));
	g_assert_true(reload_seen_note(seen, &elsewhere, 1, &signer, &old, now));
	g_assert_true(reload_seen_note(seen, &at, 2, &signer, &old, now));
	g_assert_true(reload_seen_note(seen, &at, 1, &somebody, &old, now));
	g_assert_true(reload_seen_note(seen, &at, 1, &signer, &other, now));
	g_assert_false(reload_seen_note(seen, &at, 1, &signer, &old, now));
	g_assert_true(reload_seen_note(seen, &at, 3, &signer, &element, now));
	element.storage_time = 10;
	element.value.index = 2;
	g_assert_true(reload_seen_note(seen, &at, 3, &signer, &element, now));
	element.value.index = 1;
	element.value.exists = false;
	g_assert_false(reload_seen_note(seen, &at, 3, &signer, &element, now));
	reload_seen_free(seen);
}

/* Once its lifetime has ended, storing peers have forgotten it too. */
static void test_time(void)
{
	ReloadStoredData brief = entry(20, "key", "brief");

	setup(8);
	g_assert_true(note(20, "two"));
	now += LIFETIME * 1000 - 1;
	g_assert_false(note(10, "one"));
	now++;
	g_assert_true(note(10, "one"));
	/* A storing peer does not shorten our memory by saying that it is over at once. */
	brief.lifetime = 1;
	g_assert_true(reload_seen_note(seen, &at, 1, &signer, &brief, now));
	now += RELOAD_SEEN_MIN_MS - 1;
	g_assert_false(note(10, "one"));
	/* Nor does it make it eternal. */
	brief.lifetime = UINT32_MAX;
	brief.storage_time = 30;
	g_assert_true(reload_seen_note(seen, &at, 1, &signer, &brief, now));
	now += RELOAD_SEEN_MAX_MS;
	g_assert_true(note(10, "one"));
	reload_seen_free(seen);
}

static void test_bound(void)
{
	setup(4);
	g_assert_true(note(20, "two"));
	for (unsigned i = 0; i < 100; i++) {
		char *key = g_strdup_printf("%u", i);
		ReloadStoredData data = entry(20, key, "x");

		g_assert_true(reload_seen_note(seen, &at, 1, &signer, &data, now));
		g_assert_cmpuint(reload_seen_count(seen), <=, 4);
		g_assert_false(note(10, "one")); /* in use: others are forgotten first */
		g_free(key);
	}
	for (unsigned i = 0; i < 4; i++) {
		char *key = g_strdup_printf("%u", i);
		ReloadStoredData data = entry(20, key, "x");

		g_assert_true(reload_seen_note(seen, &at, 1, &signer, &data, now));
		g_free(key);
	}
	g_assert_true(note(10, "one"));
	reload_seen_free(seen);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/storage/seen/older", test_older);
	g_test_add_func("/storage/seen/places", test_places);
	g_test_add_func("/storage/seen/time", test_time);
	g_test_add_func("/storage/seen/bound", test_bound);
	return g_test_run();
}
