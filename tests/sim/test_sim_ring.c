/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stories of a ring: it forms, grows, loses nodes, and comes back. */
#include "tests/sim/sim.h"

/* One after the other: node 0 starts the overlay, the others join. */
static void form(Sim *sim)
{
	sim_start(sim, 0, true);
	sim_run_until(sim, sim_all_joined, NULL, 10 * SIM_SECOND,
		      "the first node starts the overlay");
	for (unsigned i = 1; i < sim_count(sim); i++)
		sim_start(sim, i, false);
	sim_run_until(sim, sim_ring_is_right, NULL, 120 * SIM_SECOND, "a ring of all");
}

static void test_three(void)
{
	Sim *sim = sim_new("three", 3, 1);

	form(sim);
	sim_free(sim);
}

static void test_sixteen(void)
{
	Sim *sim = sim_new("sixteen", 16, 2);

	form(sim);
	/* It stays right. */
	sim_run(sim, 120 * SIM_SECOND);
	g_assert_true(sim_ring_is_right(sim, NULL));
	sim_free(sim);
}

static void test_fifty_at_once(void)
{
	Sim *sim = sim_new("fifty", 50, 3);

	form(sim);
	sim_free(sim);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sim/ring/three", test_three);
	g_test_add_func("/sim/ring/sixteen", test_sixteen);
	g_test_add_func("/sim/ring/fifty-at-once", test_fifty_at_once);
	return g_test_run();
}
