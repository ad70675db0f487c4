/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one Node-ID may have done at once and later, and that many of them take no more room. */
#include "reload_core/security/quota.h"

#define BURST 3
#define INTERVAL 100
#define NODES_MAX 4

static ReloadNodeId node_id(uint8_t byte)
{
	ReloadNodeId id = {.len = RELOAD_NODE_ID_MIN};

	memset(id.id, byte, id.len);
	return id;
}

static void test_share(void)
{
	ReloadQuota *quota = reload_quota_new(BURST, INTERVAL, NODES_MAX);
	ReloadNodeId a = node_id(1), b = node_id(2);

	for (unsigned i = 0; i < BURST; i++)
		g_assert_true(reload_quota_take(quota, &a, 1000));
	g_assert_false(reload_quota_take(quota, &a, 1000));
	g_assert_true(reload_quota_take(quota, &b, 1000)); /* has a share of its own */
	g_assert_false(reload_quota_take(quota, &a, 1000 + INTERVAL - 1));
	g_assert_true(reload_quota_take(quota, &a, 1000 + INTERVAL));
	g_assert_false(reload_quota_take(quota, &a, 1000 + INTERVAL));
	/* However long it waits, it has no more than the burst. */
	for (unsigned i = 0; i < BURST; i++)
		g_assert_true(reload_quota_take(quota, &a, 1000000));
	g_assert_false(reload_quota_take(quota, &a, 1000000));
	reload_quota_free(quota);
}

static void test_many(void)
{
	ReloadQuota *quota = reload_quota_new(BURST, INTERVAL, NODES_MAX);

	for (uint8_t i = 0; i < NODES_MAX; i++) {
		ReloadNodeId id = node_id(i);

		g_assert_true(reload_quota_take(quota, &id, 1000));
	}
	for (uint8_t i = NODES_MAX; i < 10; i++) {
		ReloadNodeId id = node_id(i);

		g_assert_false(reload_quota_take(quota, &id, 1000)); /* has to wait */
	}
	/* Those whose share is whole again are forgotten. */
	for (uint8_t i = 10; i < 10 + NODES_MAX; i++) {
		ReloadNodeId id = node_id(i);

		g_assert_true(reload_quota_take(quota, &id, 1000 + INTERVAL));
	}
	reload_quota_free(quota);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/security/quota/share", test_share);
	g_test_add_func("/security/quota/many", test_many);
	return g_test_run();
}
