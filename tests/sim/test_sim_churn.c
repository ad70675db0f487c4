/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stories of failure: nodes die, links break, the network splits, everything restarts. */
#include "reload_core/peer/node_private.h"
#include "reload_core/wire/chord.h"
#include "reload_core/wire/message.h"
#include "reload_core/wire/ping.h"
#include "tests/sim/sim.h"

static void form(Sim *sim)
{
	sim_start(sim, 0, true);
	for (unsigned i = 1; i < sim_count(sim); i++)
		sim_start(sim, i, false);
	sim_run_until(sim, sim_ring_is_right, NULL, 120 * SIM_SECOND, "a ring of all");
}

/* Half of the nodes die at once: the links are reset. */
static void test_kill_half(void)
{
	Sim *sim = sim_new("kill-half", 20, 3);

	form(sim);
	for (unsigned i = 1; i < sim_count(sim); i += 2)
		sim_crash(sim, i, false);
	sim_run_until(sim, sim_ring_is_right, NULL, 60 * SIM_SECOND, "a ring of those left");
	for (unsigned i = 1; i < sim_count(sim); i += 2)
		sim_start(sim, i, false);
	sim_run_until(sim, sim_ring_is_right, NULL, 120 * SIM_SECOND, "a ring of all again");
	sim_free(sim);
}

/* A machine loses its power: nobody is told, its neighbors find out. */
static void test_silent_death(void)
{
	Sim *sim = sim_new("silent-death", 8, 2);

	form(sim);
	sim_crash(sim, 5, true);
	sim_run_until(sim, sim_ring_is_right, NULL, 90 * SIM_SECOND, "a ring without the dead one");
	sim_free(sim);
}

/* Everything loses its power, and all come back in any order: one ring. */
static void restart_all(const char *name, bool first_is_last)
{
	Sim *sim = sim_new(name, 10, 3);

	form(sim);
	sim_run(sim, 20 * SIM_SECOND);
	for (unsigned i = 0; i < sim_count(sim); i++)
		sim_crash(sim, i, sim_random(sim, 2) == 0);
	for (unsigned i = 0; i < sim_count(sim); i++) {
		unsigned index = first_is_last ? sim_count(sim) - 1 - i : i;

		sim_start(sim, index, index == 0);
		sim_run(sim, sim_random(sim, 3000));
	}
	sim_run_until(sim, sim_ring_is_right, NULL, 180 * SIM_SECOND, "one ring again");
	sim_free(sim);
}

static void test_restart_all(void)
{
	restart_all("restart-all", false);
}

static void test_restart_all_first_last(void)
{
	restart_all("restart-all-first-last", true);
}

/* The first node alone is restarted, with its switch: it must find the others, not begin anew. */
static void test_restart_first(void)
{
	Sim *sim = sim_new("restart-first", 6, 3);

	form(sim);
	sim_crash(sim, 0, false);
	sim_run(sim, 5 * SIM_SECOND);
	sim_start(sim, 0, true);
	sim_run_until(sim, sim_ring_is_right, NULL, 60 * SIM_SECOND,
		      "the first node in the old ring");
	sim_free(sim);
}

/* The only bootstrap node is restarted, with the first node's switch; it knows nobody else's
 * address. */
static void test_restart_only_bootstrap(void)
{
	Sim *sim = sim_new("restart-only-bootstrap", 5, 1);

	form(sim);
	sim_crash(sim, 0, false);
	sim_run(sim, 5 * SIM_SECOND);
	sim_start(sim, 0, true);
	sim_run_until(sim, sim_ring_is_right, NULL, 60 * SIM_SECOND,
		      "one ring by the search for it");
	sim_free(sim);
}

static void test_restart_quickly(void)
{
	Sim *sim = sim_new("restart-quickly", 8, 2);

	form(sim);
	for (unsigned i = 0; i < 6; i++) {
		unsigned index = 1 + sim_random(sim, sim_count(sim) - 1);

		sim_crash(sim, index, true); /* its old links are still there for the others */
		sim_start(sim, index, false);
		sim_run(sim, 3 * SIM_SECOND);
	}
	sim_run_until(sim, sim_ring_is_right, NULL, 90 * SIM_SECOND, "a ring of all");
	sim_free(sim);
}

static void test_links_break(void)
{
	Sim *sim = sim_new("links-break", 12, 2);

	form(sim);
	for (unsigned i = 0; i < 60; i++) {
		sim_break_link(sim, sim_random(sim, 12), sim_random(sim, 12));
		sim_run(sim, 500);
	}
	sim_run_until(sim, sim_ring_is_right, NULL, 90 * SIM_SECOND, "a ring of all");
	sim_free(sim);
}

static void test_partition(void)
{
	Sim *sim = sim_new("partition", 12, 4);

	form(sim);
	for (unsigned i = 0; i < sim_count(sim); i++)
		sim_node(sim, i)->group = i % 2;
	sim_run(sim, 120 * SIM_SECOND);
	g_assert_true(sim_all_joined(sim, NULL)); /* each side goes on */
	for (unsigned i = 0; i < sim_count(sim); i++)
		sim_node(sim, i)->group = 0;
	sim_run_until(sim, sim_ring_is_right, NULL, 600 * SIM_SECOND,
		      "one ring after the partition");
	sim_free(sim);
}

static gint compare_ids(gconstpointer a, gconstpointer b)
{
	return memcmp((*(SimNode *const *)a)->id.id, (*(SimNode *const *)b)->id.id, 16);
}

/* Each part is one half of the ring: who answers for the place behind a node is farther away than its successor, but for
 * one node of each part (RFC 6940, 10.7.4.4). */
static void test_partition_halves(void)
{
	Sim *sim = sim_new("partition-halves", 24, 4);
	GPtrArray *all = g_ptr_array_new();

	form(sim);
	for (unsigned i = 0; i < sim_count(sim); i++)
		g_ptr_array_add(all, sim_node(sim, i));
	g_ptr_array_sort(all, compare_ids);
	for (guint i = 0; i < all->len; i++)
		((SimNode *)all->pdata[i])->group = i < all->len / 2;
	sim_run(sim, 120 * SIM_SECOND);
	for (guint i = 0; i < all->len; i++)
		((SimNode *)all->pdata[i])->group = 0;
	sim_run_until(sim, sim_ring_is_right, NULL, 40 * SIM_SECOND, "one ring after the partition");
	g_ptr_array_unref(all);
	sim_free(sim);
}

#define USERS 12

/* Every user's value is the text, whomever one asks. */
static bool all_have(Sim *sim, const char *text)
{
	for (unsigned i = 0; i < USERS; i++) {
		g_autofree char *user = g_strdup_printf("user%u", i);
		g_autofree char *found = sim_fetch(sim, sim_random(sim, sim_count(sim)), user);

		if (g_strcmp0(found, text) != 0)
			return false;
	}
	return true;
}

/* One side goes on storing; when both are one again, the other side's older values must not come
 * back, neither from who was responsible there nor from its replicas (RFC 6940, 7.4.1.1). */
static void test_partition_data(void)
{
	Sim *sim = sim_new("partition-data", 10, 4);

	form(sim);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < USERS; i++) {
			g_autofree char *user = g_strdup_printf("user%u", i);

			g_assert_cmpint(sim_store(sim, 0, user, round == 0 ? "old" : "new", NULL),
					==, RELOAD_OK);
		}
		sim_run(sim, 30 * SIM_SECOND);
		for (unsigned i = 0; i < sim_count(sim); i++)
			sim_node(sim, i)->group = round == 0 ? i % 2 : 0;
		sim_run(sim, 60 * SIM_SECOND);
	}
	sim_run_until(sim, sim_ring_is_right, NULL, 600 * SIM_SECOND,
		      "one ring after the partition");
	sim_run(sim, 60 * SIM_SECOND);
	g_assert_true(all_have(sim, "new;"));
	/* Those who were on the other side are now left to answer from what they hold. */
	for (unsigned i = 0; i < sim_count(sim); i += 4) {
		sim_crash(sim, i, false);
		sim_run(sim, 30 * SIM_SECOND);
		sim_start(sim, i, false);
		sim_run_until(sim, sim_ring_is_right, NULL, 90 * SIM_SECOND, "a ring of all");
		g_assert_true(all_have(sim, "new;"));
	}
	sim_free(sim);
}

static void store_all(Sim *sim, unsigned from, unsigned users)
{
	for (unsigned i = 0; i < users; i++) {
		g_autofree char *user = g_strdup_printf("user%u", i);

		g_assert_cmpint(sim_store(sim, from, user, "here", NULL), ==, RELOAD_OK);
	}
}

/* How many of them are found, each asked for at some node. */
static unsigned count_found(Sim *sim, unsigned users)
{
	unsigned count = 0;

	for (unsigned i = 0; i < users; i++) {
		g_autofree char *user = g_strdup_printf("user%u", i);
		g_autofree char *found = sim_fetch(sim, sim_random(sim, sim_count(sim)), user);

		count += g_strcmp0(found, "here;") == 0;
	}
	return count;
}

/* A small part of the overlay stored values while it was cut off. Those that it is not responsible for afterwards go to
 * peers of which it is no neighbor, and none is lost (RFC 6940, 6.4.2.3). */
static void test_merge_data(void)
{
	enum { STORED = 40 };
	Sim *sim = sim_new("merge-data", 27, 6);

	form(sim);
	for (unsigned i = 0; i < 3; i++)
		sim_node(sim, i)->group = 1;
	sim_run(sim, 90 * SIM_SECOND);
	store_all(sim, 0, STORED);
	sim_run(sim, 5 * SIM_SECOND);
	for (unsigned i = 0; i < 3; i++)
		sim_node(sim, i)->group = 0;
	sim_run_until(sim, sim_ring_is_right, NULL, 900 * SIM_SECOND, "one ring after the partition");
	sim_run(sim, 10 * SIM_SECOND);
	g_assert_cmpuint(count_found(sim, STORED), ==, STORED);
	/* Nor does the sweep that follows drop any. */
	sim_run(sim, 120 * SIM_SECOND);
	g_assert_cmpuint(count_found(sim, STORED), ==, STORED);
	sim_free(sim);
}

/* A node is back with nothing, while its old links still stand at the others: its admitting peer hands its data over
 * (RFC 6940, 10.5), and its predecessors their replicas (10.7.3). */
static void test_restart_data(void)
{
	enum { STORED = 60 };
	Sim *sim = sim_new("restart-data", 12, 3);

	form(sim);
	store_all(sim, 1, STORED);
	sim_run(sim, 15 * SIM_SECOND);
	for (unsigned i = 2; i < 5; i++) {
		sim_crash(sim, i, true);
		sim_start(sim, i, false);
		sim_run_until(sim, sim_ring_is_right, NULL, 90 * SIM_SECOND, "a ring of all");
		sim_run(sim, 5 * SIM_SECOND);
		g_assert_cmpuint(count_found(sim, STORED), ==, STORED);
		sim_run(sim, 60 * SIM_SECOND);
		for (unsigned u = 0; u < STORED; u++) {
			g_autofree char *user = g_strdup_printf("user%u", u);
			ReloadResourceId id;

			sim_resource(sim, user, &id);
			g_assert_cmpuint(sim_copies(sim, &id), >=, 3);
		}
	}
	sim_free(sim);
}

static void ignore_reply(void *data, ReloadStatus status, const ReloadMessage *answer, const ReloadNodeId *from,
			 int64_t now)
{
	(void)data;
	(void)status;
	(void)answer;
	(void)from;
	(void)now;
}

/* The link of two nodes fails for a while, and only one of them notices, since only it sends: it is not alone for longer
 * than that (RFC 6940, 10.7.1). */
static void test_one_sided(void)
{
	Sim *sim = sim_new("one-sided", 2, 1);
	ReloadDestination other;
	GByteArray *body = g_byte_array_new();

	form(sim);
	sim_run(sim, 16 * SIM_SECOND);
	reload_write_ping_req(body, &(ReloadPingReq){0});
	other = reload_destination_node(&sim_node(sim, 1)->id);
	sim_node(sim, 1)->group = 1;
	g_assert_cmpint(reload_node_originate(sim_node(sim, 0)->node, &other, 1, RELOAD_PING_REQ,
					      reload_span(body->data, body->len), NULL, 0, ignore_reply, NULL,
					      sim_now(sim), NULL),
			==, RELOAD_OK);
	sim_run(sim, 5 * SIM_SECOND);
	g_assert_false(sim_ring_is_right(sim, NULL));
	sim_node(sim, 1)->group = 0;
	sim_run_until(sim, sim_ring_is_right, NULL, 10 * SIM_SECOND, "a ring of both");
	g_byte_array_unref(body);
	sim_free(sim);
}

static void test_alone_and_back(void)
{
	Sim *sim = sim_new("alone-and-back", 2, 2);

	form(sim);
	sim_node(sim, 1)->group = 1;
	sim_run(sim, 60 * SIM_SECOND);
	sim_node(sim, 1)->group = 0;
	sim_run_until(sim, sim_ring_is_right, NULL, 120 * SIM_SECOND,
		      "two that find each other again");
	sim_free(sim);
}

static void check_leave(void *data, SimNode *from, SimNode *to, ReloadSpan bytes)
{
	ReloadChordLeaveData leave;
	ReloadMessage message;
	ReloadLeaveReq req;

	(void)to;
	g_assert_cmpint(reload_message_decode(bytes, 16, &message), ==, RELOAD_OK);
	if (message.code != RELOAD_LEAVE_REQ)
		return;
	(*(unsigned *)data)++;
	g_assert_cmpint(reload_leave_req_decode(message.body, 16, &req), ==, RELOAD_OK);
	g_assert_true(reload_node_id_equal(&req.leaving_peer_id, &from->id));
	g_assert_cmpint(reload_chord_leave_data_decode(req.overlay_specific_data, 16, &leave), ==, RELOAD_OK);
	g_assert_cmpuint(leave.nodes.len, >=, 3 * 16);
}

static void test_leave(void)
{
	unsigned leaves = 0;
	Sim *sim = sim_new("leave", 12, 2);

	form(sim);
	sim_watch(sim, check_leave, &leaves);
	for (unsigned i = 0; i < 5; i++) {
		sim_leave(sim, 2 * i + 1);
		sim_run_until(sim, sim_ring_is_right, NULL, 10 * SIM_SECOND,
			      "a ring without who left");
	}
	g_assert_cmpuint(leaves, >=, 5 * 6);
	sim_leave(sim, 0); /* the first node may go too */
	sim_run_until(sim, sim_ring_is_right, NULL, 10 * SIM_SECOND, "a ring without the first");
	sim_free(sim);
}

static void test_lossy(void)
{
	Sim *sim = sim_new("lossy", 10, 2);

	sim_network(sim)->loss_percent = 5;
	sim_network(sim)->duplicate_percent = 20;
	form(sim);
	sim_free(sim);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sim/churn/kill-half", test_kill_half);
	g_test_add_func("/sim/churn/silent-death", test_silent_death);
	g_test_add_func("/sim/churn/restart-all", test_restart_all);
	g_test_add_func("/sim/churn/restart-all-first-last", test_restart_all_first_last);
	g_test_add_func("/sim/churn/restart-first", test_restart_first);
	g_test_add_func("/sim/churn/restart-only-bootstrap", test_restart_only_bootstrap);
	g_test_add_func("/sim/churn/restart-quickly", test_restart_quickly);
	g_test_add_func("/sim/churn/links-break", test_links_break);
	g_test_add_func("/sim/churn/partition", test_partition);
	g_test_add_func("/sim/churn/partition-halves", test_partition_halves);
	g_test_add_func("/sim/churn/partition-data", test_partition_data);
	g_test_add_func("/sim/churn/merge-data", test_merge_data);
	g_test_add_func("/sim/churn/restart-data", test_restart_data);
	g_test_add_func("/sim/churn/one-sided", test_one_sided);
	g_test_add_func("/sim/churn/alone-and-back", test_alone_and_back);
	g_test_add_func("/sim/churn/leave", test_leave);
	g_test_add_func("/sim/churn/lossy", test_lossy);
	return g_test_run();
}
