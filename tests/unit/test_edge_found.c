/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the broker is told of a lookup: which edges, who of them may speak for the AOR, and for how long. */
#include "modules/p2psip/peer/found_edges.h"

typedef struct {
	FlowAddresses *addresses;
	Flows *flows;
	ReloadNodeId self;
	ReloadAor bob, mallory;
	ReloadSipRoute routes[RELOAD_SIP_ROUTES_MAX];
	ReloadSipFound found;
	struct p2psip_edges edges;
} World;

static void set_up(World *world, gconstpointer data)
{
	const FlowLimits limits = {.max_flows = 24, .max_requests = 1};
	const FlowHooks hooks = {0};
	uint32_t network;
	unsigned prefix;

	(void)data;
	g_assert_true(flow_network_parse("127.64.0.0/10", &network, &prefix));
	world->addresses = flow_addresses_new(network, prefix, 1000);
	world->flows = flows_new(world->addresses, NULL, &limits, &hooks);
	world->self = (ReloadNodeId){.len = 16, .id = {1}};
	world->found.routes = world->routes;
	g_assert_cmpint(reload_aor_from_uri("bob@x.example", 13, &world->bob), ==, RELOAD_OK);
	g_assert_cmpint(reload_aor_from_uri("mallory@x.example", 17, &world->mallory), ==, RELOAD_OK);
}

static void tear_down(World *world, gconstpointer data)
{
	(void)data;
	/* all down: nobody is to be told */
	flows_free(world->flows, 0);
	flow_addresses_free(world->addresses);
}

static void add_route(World *world, uint8_t node, const ReloadAor *aor, uint32_t lifetime)
{
	world->routes[world->found.route_count++] =
		(ReloadSipRoute){.node_id = {.len = 16, .id = {node}}, .aor = *aor, .lifetime = lifetime};
}

static ReloadStatus find_bob(World *world, const ReloadSipFound *found)
{
	memset(&world->edges, 0, sizeof(world->edges));
	return found_edges(&world->edges, &world->bob, found, &world->self, world->flows, 5090, 0);
}

/* Who is forwarded to takes bob's calls and is not bob: unless bob's record names the same edge. */
static void test_own(World *world, gconstpointer data)
{
	(void)data;
	add_route(world, 7, &world->mallory, 500);
	add_route(world, 8, &world->bob, 500);
	add_route(world, 9, &world->mallory, 500);
	add_route(world, 9, &world->bob, 500);
	add_route(world, 1, &world->bob, 500);
	g_assert_cmpint(find_bob(world, &world->found), ==, RELOAD_OK);
	g_assert_cmpuint(world->edges.count, ==, 4);
	g_assert_cmpuint(world->edges.edge[0].node[0], ==, 7);
	g_assert_false(world->edges.edge[0].own);
	g_assert_cmpuint(world->edges.edge[0].address, !=, 0);
	g_assert_cmpuint(world->edges.edge[0].port, ==, 5090);
	g_assert_true(world->edges.edge[1].own);
	g_assert_true(world->edges.edge[2].own);
	g_assert_true(world->edges.edge[3].self);
	g_assert_cmpuint(world->edges.edge[3].address, ==, 0);
}

/* No longer than the shortest of the records, nor than addresses are sure to stand for their nodes. */
static void test_validity(World *world, gconstpointer data)
{
	(void)data;
	add_route(world, 7, &world->bob, 86400);
	g_assert_cmpint(find_bob(world, &world->found), ==, RELOAD_OK);
	g_assert_cmpuint(world->edges.valid_ms, ==, 600000);
	add_route(world, 8, &world->bob, 40);
	g_assert_cmpint(find_bob(world, &world->found), ==, RELOAD_OK);
	g_assert_cmpuint(world->edges.valid_ms, ==, 40000);
	g_assert_cmpint(find_bob(world, NULL), ==, RELOAD_E_NOT_FOUND);
	g_assert_cmpuint(world->edges.valid_ms, ==, 600000);
}

/* More edges than fit are left out; where no address is left there is an edge all the same. */
static void test_bounds(World *world, gconstpointer data)
{
	(void)data;
	for (unsigned i = 0; i < 17; i++)
		add_route(world, (uint8_t)(100 + i), &world->bob, 500);
	g_assert_cmpint(find_bob(world, &world->found), ==, RELOAD_OK);
	g_assert_cmpuint(world->edges.count, ==, P2PSIP_EDGES_MAX);
	for (unsigned i = 0; i < 8; i++) {
		world->found.route_count = 0;
		add_route(world, (uint8_t)(200 + i), &world->bob, 500);
		g_assert_cmpint(find_bob(world, &world->found), ==, RELOAD_OK);
	}
	world->found.route_count = 0;
	add_route(world, 50, &world->bob, 500);
	g_assert_cmpint(find_bob(world, &world->found), ==, RELOAD_E_LIMIT);
	add_route(world, 100, &world->bob, 500);
	g_assert_cmpint(find_bob(world, &world->found), ==, RELOAD_OK);
	g_assert_cmpuint(world->edges.count, ==, 1);
	world->found.route_count = 0;
	g_assert_cmpint(find_bob(world, &world->found), ==, RELOAD_E_NOT_FOUND);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add("/edge/found/own", World, NULL, set_up, test_own, tear_down);
	g_test_add("/edge/found/validity", World, NULL, set_up, test_validity, tear_down);
	g_test_add("/edge/found/bounds", World, NULL, set_up, test_bounds, tear_down);
	return g_test_run();
}
