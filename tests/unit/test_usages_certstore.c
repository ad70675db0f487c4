/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates kept in the overlay, against one storing peer. */
#include "reload_core/usages/certstore/certstore.h"
#include "tests/unit/fake/node.c"

static ReloadNode *node;
static int64_t now;
static unsigned calls;
static ReloadStatus last_status;
static unsigned found_count;
static ReloadSpan wanted; /* DER that is to be among what is found, or empty */
static bool wanted_found;

static void on_stored(void *data, ReloadStatus status, int64_t at)
{
	(void)data;
	(void)at;
	calls++;
	last_status = status;
}

static void on_found(void *data, ReloadStatus status, const GPtrArray *certificates, int64_t at)
{
	(void)data;
	(void)at;
	calls++;
	last_status = status;
	found_count = certificates ? certificates->len : 0;
	wanted_found = false;
	for (unsigned i = 0; i < found_count; i++)
		wanted_found |= reload_span_equal(
		    wanted, reload_certificate_der(g_ptr_array_index(certificates, i)));
}

static ReloadStatus store(ReloadIdentity *identity, uint32_t lifetime)
{
	calls = 0;
	g_assert_cmpint(
	    reload_certstore_store(node, identity, lifetime, on_stored, NULL, now, NULL), ==, 0);
	g_assert_cmpuint(calls, ==, 0);
	fake_node_run(node, now);
	g_assert_cmpuint(calls, ==, 1);
	return last_status;
}

static ReloadStatus fetch(const char *user_name, const ReloadNodeId *id)
{
	calls = 0;
	if (user_name)
		g_assert_cmpint(
		    reload_certstore_fetch_by_user(node, user_name, on_found, NULL, now, NULL), ==,
		    0);
	else
		g_assert_cmpint(reload_certstore_fetch_by_node(node, id, on_found, NULL, now, NULL),
				==, 0);
	g_assert_cmpuint(calls, ==, 0);
	fake_node_run(node, now);
	g_assert_cmpuint(calls, ==, 1);
	return last_status;
}

static void setup(void)
{
	node = fake_node_new(NULL);
	now = fake_node_ca(node)->now;
}

static void teardown(void)
{
	g_assert_cmpuint(fake_node_pending(node), ==, 0);
	fake_node_free(node);
}

static void test_store(void)
{
	ReloadIdentity *old, *renewed;

	setup();
	old = ca_fixture_identity(fake_node_ca(node), "alice@example.org", NULL);
	renewed = ca_fixture_identity(fake_node_ca(node), "alice@example.org",
				      reload_identity_node_id(old));
	wanted = reload_certificate_der(reload_identity_certificate(old));
	g_assert_cmpint(fetch("alice@example.org", NULL), ==, RELOAD_E_NOT_FOUND);
	g_assert_cmpint(store(old, 600), ==, 0);
	g_assert_cmpint(fetch("alice@example.org", NULL), ==, 0);
	g_assert_true(found_count == 1 && wanted_found);
	g_assert_cmpint(fetch(NULL, reload_identity_node_id(old)), ==, 0);
	g_assert_true(found_count == 1 && wanted_found);
	/* stored again: it stays where it is */
	g_assert_cmpint(store(old, 600), ==, 0);
	g_assert_cmpint(fetch("alice@example.org", NULL), ==, 0);
	g_assert_cmpuint(found_count, ==, 1);
	/* "allows users to store an old and a new certificate that both have the same Node-ID" (8)
	 */
	now += 1000;
	g_assert_cmpint(store(renewed, 3600), ==, 0);
	g_assert_cmpint(fetch(NULL, reload_identity_node_id(old)), ==, 0);
	g_assert_true(found_count == 2 && wanted_found);
	now += 600 * 1000;
	g_assert_cmpint(fetch(NULL, reload_identity_node_id(old)), ==, 0);
	g_assert_true(found_count == 1 && !wanted_found);
	teardown();
}

static void test_failures(void)
{
	ReloadIdentity *alice;
	ReloadCertstoreTask *task;

	setup();
	alice = ca_fixture_identity(fake_node_ca(node), "alice@example.org", NULL);
	fake_node_faults(node)->fail = RELOAD_E_TIMEOUT;
	g_assert_cmpint(store(alice, 600), ==, RELOAD_E_TIMEOUT);
	fake_node_faults(node)->fail_after = 5; /* two were answered: its Fetches, then one Store */
	g_assert_cmpint(store(alice, 600), ==, RELOAD_E_TIMEOUT);
	g_assert_cmpint(fetch("alice@example.org", NULL), ==, RELOAD_E_TIMEOUT);
	fake_node_faults(node)->refuse = true;
	g_assert_cmpint(reload_certstore_store(node, alice, 600, on_stored, NULL, now, NULL), ==,
			RELOAD_E_STATE);
	g_assert_cmpint(reload_certstore_fetch_by_user(node, "x@y", on_found, NULL, now, NULL), ==,
			RELOAD_E_STATE);
	fake_node_faults(node)->refuse = false;
	calls = 0;
	g_assert_cmpint(reload_certstore_store(node, alice, 600, on_stored, NULL, now, &task), ==,
			0);
	reload_certstore_cancel(task);
	g_assert_cmpuint(fake_node_run(node, now) + calls, ==, 0);
	teardown();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/usages/certstore/store", test_store);
	g_test_add_func("/usages/certstore/failures", test_failures);
	return g_test_run();
}
