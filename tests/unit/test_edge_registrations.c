/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an edge keeps stored in the overlay, and its shared lookups, against an overlay that the test plays. */
#include "modules/p2psip/peer/lookups.h"
#include "modules/p2psip/peer/registrations.h"

typedef struct {
	Registrations *regs;
	enum p2psip_status start_status;
	unsigned stores, removals;
	uint64_t token; /* of the last one */
	GString *answers; /* "id:status " */
} World;

static enum p2psip_status world_store(void *user, const char *aor, bool exists, int64_t lifetime,
				      uint64_t token, const char **why, int64_t now)
{
	World *world = user;

	(void)now;
	g_assert_cmpstr(aor, ==, "alice@x");
	g_assert_cmpint(lifetime, ==, 600000);
	if (world->start_status != P2PSIP_OK) {
		*why = "because";
		return world->start_status;
	}
	world->stores += exists;
	world->removals += !exists;
	world->token = token;
	return P2PSIP_OK;
}

static void world_done(void *user, uint32_t id, enum p2psip_status status, const char *text)
{
	(void)text;
	g_string_append_printf(((World *)user)->answers, "%u:%u ", id, status);
}

static int64_t world_random(void *user, int64_t limit)
{
	(void)user;
	return limit - 1;
}

static void world_set_up(World *world, gconstpointer data)
{
	static const RegistrationLimits limits = {600000, 2, 1};
	RegistrationHooks hooks = {world, world_store, world_done, world_random};

	(void)data;
	world->answers = g_string_new("");
	world->regs = registrations_new(&limits, &hooks);
}

static void world_tear_down(World *world, gconstpointer data)
{
	(void)data;
	registrations_free(world->regs);
	g_string_free(world->answers, TRUE);
}

static void assert_answers(World *world, const char *want)
{
	g_assert_cmpstr(world->answers->str, ==, want);
	g_string_truncate(world->answers, 0);
}

static void test_store_and_refresh(World *world, gconstpointer data)
{
	(void)data;
	registrations_joined(world->regs, true, 0);
	registrations_add(world->regs, "alice@x", 1, 0);
	registrations_add(world->regs, "alice@x", 2, 1);
	g_assert_cmpuint(world->stores, ==, 1);
	assert_answers(world, "");
	registrations_result(world->regs, world->token, P2PSIP_OK, NULL, 100);
	assert_answers(world, "1:0 2:0 ");
	/* A refresh by the phone costs nothing. */
	registrations_add(world->regs, "alice@x", 3, 200);
	assert_answers(world, "3:0 ");
	g_assert_cmpuint(world->stores, ==, 1);
	/* Stored again before it expires. */
	registrations_tick(world->regs, 300000);
	g_assert_cmpuint(world->stores, ==, 1);
	registrations_tick(world->regs, 400100);
	g_assert_cmpuint(world->stores, ==, 2);
	registrations_result(world->regs, world->token, P2PSIP_OK, NULL, 400200);
	/* Withdrawn: removed, then forgotten. */
	registrations_remove(world->regs, "alice@x", 4, 400300);
	g_assert_cmpuint(world->removals, ==, 1);
	registrations_result(world->regs, world->token, P2PSIP_OK, NULL, 400400);
	assert_answers(world, "4:0 ");
	registrations_tick(world->regs, 2000000);
	g_assert_cmpuint(world->stores + world->removals, ==, 3);
	g_assert_false(registrations_has(world->regs, "alice@x"));
}

/* A new registration that fails is not kept, and what may have been stored is removed. */
static void test_failed(World *world, gconstpointer data)
{
	(void)data;
	registrations_joined(world->regs, true, 0);
	world->start_status = P2PSIP_NO_CERTIFICATE;
	registrations_add(world->regs, "alice@x", 1, 0);
	assert_answers(world, "1:2 ");
	g_assert_false(registrations_has(world->regs, "alice@x"));
	world->start_status = P2PSIP_OK;
	registrations_add(world->regs, "alice@x", 2, 10);
	registrations_result(world->regs, world->token, P2PSIP_TIMED_OUT, NULL, 20);
	assert_answers(world, "2:4 ");
	g_assert_false(registrations_has(world->regs, "alice@x"));
	registrations_tick(world->regs, 60000);
	g_assert_cmpuint(world->removals, ==, 1);
}

/* A refresh that fails is tried again, with growing delays, and for ever. */
static void test_retry(World *world, gconstpointer data)
{
	int64_t now = 0;

	(void)data;
	registrations_joined(world->regs, true, 0);
	registrations_add(world->regs, "alice@x", 0, 0);
	for (unsigned i = 1; i <= 20; i++) {
		g_assert_cmpuint(world->stores, ==, i);
		registrations_result(world->regs, world->token, P2PSIP_TIMED_OUT, NULL, now);
		registrations_tick(world->regs, now + 1999);
		g_assert_cmpuint(world->stores, ==, i);
		registrations_tick(world->regs, now += 100000);
	}
	g_assert_true(registrations_has(world->regs, "alice@x"));
	/* Somebody who waits is not kept waiting by it. */
	registrations_result(world->regs, world->token, P2PSIP_REFUSED, NULL, now);
	registrations_add(world->regs, "alice@x", 7, now + 1);
	g_assert_cmpuint(world->stores, ==, 22);
	registrations_result(world->regs, world->token, P2PSIP_OK, NULL, now + 2);
	assert_answers(world, "7:0 ");
}

static void test_cut_off(World *world, gconstpointer data)
{
	(void)data;
	registrations_add(world->regs, "alice@x", 1, 0);
	assert_answers(world, "1:3 ");
	registrations_tick(world->regs, 5000);
	g_assert_cmpuint(world->stores, ==, 0);
	registrations_joined(world->regs, true, 6000);
	g_assert_cmpuint(world->stores, ==, 1);
	registrations_result(world->regs, world->token, P2PSIP_OK, NULL, 6001);
	registrations_joined(world->regs, false, 7000);
	registrations_joined(world->regs, true, 8000); /* another ring, perhaps: stored again */
	g_assert_cmpuint(world->stores, ==, 2);
	registrations_joined(world->regs, false, 9000);
	registrations_result(world->regs, world->token, P2PSIP_TIMED_OUT, NULL, 9001);
	registrations_remove(world->regs, "alice@x", 2, 9100);
	assert_answers(world, "2:3 ");
	registrations_joined(world->regs, true, 9200);
	g_assert_cmpuint(world->removals, ==, 1);
}

/* Whoever waits when the overlay is lost learns that his registration is kept: so it is, although the store
 * under way fails. */
static void test_lost_while_storing(World *world, gconstpointer data)
{
	(void)data;
	registrations_joined(world->regs, true, 0);
	registrations_add(world->regs, "alice@x", 1, 0);
	registrations_joined(world->regs, false, 10);
	assert_answers(world, "1:3 ");
	registrations_result(world->regs, world->token, P2PSIP_TIMED_OUT, NULL, 20);
	g_assert_true(registrations_has(world->regs, "alice@x"));
	registrations_joined(world->regs, true, 30);
	g_assert_cmpuint(world->stores, ==, 2);
	g_assert_cmpuint(world->removals, ==, 0);
}

/* Withdrawn while the store is under way, and registered again while the removal is. */
static void test_overtaken(World *world, gconstpointer data)
{
	(void)data;
	registrations_joined(world->regs, true, 0);
	registrations_add(world->regs, "alice@x", 1, 0);
	registrations_remove(world->regs, "alice@x", 2, 1);
	assert_answers(world, "1:8 ");
	registrations_result(world->regs, world->token, P2PSIP_OK, NULL, 2);
	g_assert_cmpuint(world->removals, ==, 1);
	registrations_add(world->regs, "alice@x", 3, 3);
	assert_answers(world, "2:0 ");
	registrations_result(world->regs, world->token, P2PSIP_OK, NULL, 4);
	g_assert_cmpuint(world->stores, ==, 2);
	registrations_result(world->regs, world->token, P2PSIP_OK, NULL, 5);
	assert_answers(world, "3:0 ");
	g_assert_true(registrations_has(world->regs, "alice@x"));
}

/* A new process does not know what the one before it stored, and removes it all the same. */
static void test_unknown(World *world, gconstpointer data)
{
	(void)data;
	registrations_joined(world->regs, true, 0);
	registrations_remove(world->regs, "alice@x", 1, 10);
	g_assert_cmpuint(world->removals, ==, 1);
	registrations_result(world->regs, world->token, P2PSIP_OK, NULL, 20);
	assert_answers(world, "1:0 ");
	registrations_tick(world->regs, 700000);
	g_assert_cmpuint(world->stores + world->removals, ==, 1);
}

/* A removal that cannot be begun for want of room is begun later. */
static void test_removal_busy(World *world, gconstpointer data)
{
	(void)data;
	registrations_joined(world->regs, true, 0);
	registrations_add(world->regs, "alice@x", 0, 0);
	registrations_result(world->regs, world->token, P2PSIP_OK, NULL, 10);
	world->start_status = P2PSIP_BUSY;
	registrations_remove(world->regs, "alice@x", 1, 20);
	assert_answers(world, "1:6 ");
	world->start_status = P2PSIP_OK;
	registrations_tick(world->regs, 10000);
	g_assert_cmpuint(world->removals, ==, 1);
	registrations_result(world->regs, world->token, P2PSIP_OK, NULL, 10010);
	registrations_tick(world->regs, 700000);
	g_assert_cmpuint(world->stores + world->removals, ==, 2);
}

static uint64_t fetch_token;

static enum p2psip_status fetch(void *user, const char *aor, uint64_t token, int64_t now)
{
	(void)aor;
	(void)now;
	++*(unsigned *)user;
	fetch_token = token;
	return P2PSIP_OK;
}

static GString *found;

static void fetched(void *user, uint32_t id, enum p2psip_status status, const struct p2psip_edges *edges)
{
	(void)user;
	g_string_append_printf(found, "%u:%u:%s:%u ", id, status, edges->aor, edges->count);
}

static void test_lookups(void)
{
	unsigned fetches = 0;
	LookupHooks hooks = {&fetches, fetch, fetched};
	Lookups *lookups = lookups_new(1, &hooks);
	struct p2psip_edges edges = {.count = 2, .aor = "a@x"};

	found = g_string_new("");
	lookups_start(lookups, "a@x", 1, 0);
	lookups_start(lookups, "a@x", 2, 0);
	lookups_start(lookups, "b@x", 3, 0); /* one Fetch at once, by the limit */
	g_assert_cmpuint(fetches, ==, 1);
	lookups_result(lookups, fetch_token, P2PSIP_OK, &edges);
	lookups_result(lookups, fetch_token, P2PSIP_OK, &edges); /* no second answer */
	lookups_start(lookups, "b@x", 4, 0);
	lookups_result(lookups, fetch_token, P2PSIP_TIMED_OUT, NULL);
	g_assert_cmpstr(found->str, ==, "3:6:b@x:0 1:0:a@x:2 2:0:a@x:2 4:4:b@x:0 ");
	lookups_free(lookups);
	g_string_free(found, TRUE);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, func)                                                                            \
	g_test_add("/edge/registrations/" name, World, NULL, world_set_up, func, world_tear_down)
	ADD("store-and-refresh", test_store_and_refresh);
	ADD("failed", test_failed);
	ADD("retry", test_retry);
	ADD("cut-off", test_cut_off);
	ADD("lost-while-storing", test_lost_while_storing);
	ADD("overtaken", test_overtaken);
	ADD("unknown", test_unknown);
	ADD("removal-busy", test_removal_busy);
	g_test_add_func("/edge/lookups", test_lookups);
	return g_test_run();
}
