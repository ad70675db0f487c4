/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answers that are kept for repetitions: for how long, how many, and whose go first. */
#include "reload_core/routing/answer_cache.h"

#include "reload_core/wire/buffer.h"

static ReloadNodeId source(uint8_t byte)
{
	ReloadNodeId id = {.len = RELOAD_NODE_ID_MIN};

	memset(id.id, byte, id.len);
	return id;
}

static ReloadAnswerKey key(uint64_t transaction_id)
{
	ReloadAnswerKey key;

	reload_answer_key(transaction_id, reload_span_text("a request"), &key);
	return key;
}

/* Keeps an answer of that size to the request with that transaction ID. */
static void put(ReloadAnswerCache *cache, uint8_t who, uint64_t transaction_id, size_t size, int64_t now)
{
	ReloadAnswerKey of = key(transaction_id);
	ReloadNodeId id = source(who);
	uint8_t *bytes = g_malloc(size);

	memset(bytes, (int)(transaction_id & 0xff), size);
	reload_answer_cache_put(cache, &of, &id, reload_span(bytes, size), now);
	g_free(bytes);
}

static bool has(ReloadAnswerCache *cache, uint64_t transaction_id, int64_t now)
{
	ReloadAnswerKey of = key(transaction_id);
	GBytes *answer = reload_answer_cache_get(cache, &of, now);

	/* It is the one that was put. */
	g_assert_true(answer == NULL ||
		      *(const uint8_t *)g_bytes_get_data(answer, NULL) == (transaction_id & 0xff));
	return answer != NULL;
}

static void test_lifetime(void)
{
	ReloadAnswerCache *cache = reload_answer_cache_new();

	put(cache, 1, 1, 100, 1000);
	put(cache, 2, 2, 100, 2000);
	put(cache, 1, 1, 100, 3000); /* it has one already */
	g_assert_true(has(cache, 1, 1000 + RELOAD_REQUEST_LIFETIME_MS - 1));
	g_assert_false(has(cache, 1, 1000 + RELOAD_REQUEST_LIFETIME_MS));
	g_assert_true(has(cache, 2, 1000 + RELOAD_REQUEST_LIFETIME_MS));
	g_assert_false(has(cache, 3, 1000));
	g_assert_false(has(cache, 2, 2000 + RELOAD_REQUEST_LIFETIME_MS));
	g_assert_cmpuint(reload_answer_cache_bytes(cache), ==, 0);
	reload_answer_cache_free(cache);
}

/* One that sends more than all of it pushes out its own only; two that do, each its own. */
static void test_shares(void)
{
	enum { SIZE = 1024, FLOOD = 2 * RELOAD_ANSWER_CACHE_BYTES / SIZE };
	ReloadAnswerCache *cache = reload_answer_cache_new();

	put(cache, 1, 1, SIZE, 1000);
	for (uint64_t i = 0; i < FLOOD; i++) {
		put(cache, 2, 1000 + i, SIZE, 1001);
		g_assert_cmpuint(reload_answer_cache_bytes(cache), <=, RELOAD_ANSWER_CACHE_BYTES);
	}
	g_assert_true(has(cache, 1, 1002));
	g_assert_false(has(cache, 1000, 1002));
	g_assert_true(has(cache, 1000 + FLOOD - 1, 1002));
	for (uint64_t i = 0; i < FLOOD; i++)
		put(cache, 3, 1000000 + i, SIZE, 1003);
	g_assert_true(has(cache, 1, 1004));
	/* A third of all is less than either of them has. */
	g_assert_true(has(cache, 1000 + FLOOD - FLOOD / 6, 1004));
	g_assert_true(has(cache, 1000000 + FLOOD - FLOOD / 6, 1004));
	g_assert_false(has(cache, 1000 + FLOOD / 2, 1004));
	g_assert_cmpuint(reload_answer_cache_bytes(cache), <=, RELOAD_ANSWER_CACHE_BYTES);
	/* All of it goes with time. */
	g_assert_false(has(cache, 1, 1003 + RELOAD_REQUEST_LIFETIME_MS));
	g_assert_cmpuint(reload_answer_cache_bytes(cache), ==, 0);
	reload_answer_cache_free(cache);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/routing/answers/lifetime", test_lifetime);
	g_test_add_func("/routing/answers/shares", test_shares);
	return g_test_run();
}
