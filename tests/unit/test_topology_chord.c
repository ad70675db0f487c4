/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CHORD-RELOAD in a network of plug-ins: rings that form, break and heal, held against the sorted
 * truth, with the messages that it takes (RFC 6940, 10). */
#include "tests/unit/chord_net.h"

#include "reload_core/topology/chord/ring.h"
#include "reload_core/wire/chord.h"
#include "reload_core/wire/route_query.h"

static ChordNet *ring_of(uint64_t seed, unsigned count, int64_t spacing)
{
	ChordNet *net = chord_net_new(seed);

	for (unsigned i = 0; i < count; i++)
		chord_net_add(net, NULL);
	chord_net_start(net, 0);
	for (unsigned i = 1; i < count; i++)
		chord_net_join(net, i, 0, i * spacing);
	chord_net_run(net, (count - 1) * spacing);
	return net;
}

static void assert_ring(ChordNet *net, int64_t within)
{
	if (!chord_net_converge(net, within)) {
		char *difference = chord_net_difference(net);

		g_error("no ring: %s", difference);
	}
}

/* From every node messages reach the one responsible node; returns the greatest number of hops. */
static unsigned assert_routing(ChordNet *net)
{
	unsigned most = 0;

	for (unsigned from = 0; from < chord_net_size(net); from++) {
		if (chord_net_topology(net, from) == NULL)
			continue;
		for (unsigned n = 0; n < 20; n++) {
			ReloadResourceId id;
			unsigned hops;
			int end;

			reload_ring_point_to_resource_id(
			    (ReloadRingPoint){chord_net_random(net), chord_net_random(net)}, &id);
			end = chord_net_route(net, from, &id, &hops);
			g_assert_cmpint(end, ==, (int)chord_net_owner(net, &id));
			most = MAX(most, hops);
		}
	}
	return most;
}

static void test_sizes(void)
{
	static const unsigned sizes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 25, 50};

	for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
		ChordNet *net = ring_of(100 + i, sizes[i], 200);

		assert_ring(net, 3000);
		assert_routing(net);
		g_assert_cmpuint(chord_net_counts(net)->dropped_ttl, ==, 0);
		chord_net_free(net);
	}
}

static void test_joins_at_once(void)
{
	static const unsigned sizes[] = {3, 4, 6, 16, 50};

	for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
		for (uint64_t seed = 1; seed <= 8; seed++) {
			ChordNet *net = ring_of(seed * 1000 + i, sizes[i], 0);

			assert_ring(net, 8000);
			assert_routing(net);
			chord_net_free(net);
		}
	}
}

static void test_sixteen_within_a_second(void)
{
	for (uint64_t seed = 1; seed <= 10; seed++) {
		ChordNet *net = ring_of(seed, 16, 60);

		assert_ring(net, 6000);
		chord_net_free(net);
	}
}

static void test_not_everybody_linked(void)
{
	ChordNet *net = ring_of(7, 50, 200);
	unsigned links = 0, hops;

	assert_ring(net, 3000);
	chord_net_run(net, 120000);
	assert_ring(net, 0);
	for (unsigned i = 0; i < 50; i++)
		links += chord_net_links(net, i);
	hops = assert_routing(net);
	g_test_message("links of a node: %u, hops at most: %u", links / 50, hops);
	g_assert_cmpuint(links / 50, <, 20);
	g_assert_cmpuint(hops, >=, 2);
	g_assert_cmpuint(hops, <=, 9);
	chord_net_free(net);
}

static void test_quiet_when_stable(void)
{
	ChordNet *net = ring_of(11, 16, 200);
	uint64_t updates, pings, attaches;

	assert_ring(net, 3000);
	g_test_message("to form: %" G_GUINT64_FORMAT " Updates, %" G_GUINT64_FORMAT " Attaches",
		       chord_net_counts(net)->requests[RELOAD_UPDATE_REQ],
		       chord_net_counts(net)->requests[RELOAD_ATTACH_REQ]);
	/* About as many as links for each of the neighbors whose table a join changes. */
	g_assert_cmpuint(chord_net_counts(net)->requests[RELOAD_UPDATE_REQ], <, 16 * 120);
	chord_net_run(net, 60000);
	updates = chord_net_counts(net)->requests[RELOAD_UPDATE_REQ];
	attaches = chord_net_counts(net)->requests[RELOAD_ATTACH_REQ];
	pings = chord_net_counts(net)->requests[RELOAD_PING_REQ];
	chord_net_run(net, 600000);
	updates = chord_net_counts(net)->requests[RELOAD_UPDATE_REQ] - updates;
	attaches = chord_net_counts(net)->requests[RELOAD_ATTACH_REQ] - attaches;
	pings = chord_net_counts(net)->requests[RELOAD_PING_REQ] - pings;
	/* chord-update-interval: one to every link on each side, not more; and they do come. */
	g_assert_cmpuint(updates, >=, 16 * 3);
	g_assert_cmpuint(updates, <=, 16 * 15 * 3 / 2);
	g_assert_cmpuint(attaches, ==, 0);
	g_assert_cmpuint(pings, <=, 16);
	chord_net_free(net);
}

static void test_crashes(void)
{
	for (uint64_t seed = 1; seed <= 6; seed++) {
		ChordNet *net = ring_of(seed, 40, 100);

		assert_ring(net, 5000);
		chord_net_run(net, 10000);
		/* One after the other, every second at first, then five at once. */
		for (unsigned i = 5; i < 12; i++) {
			chord_net_crash(net, i, 20);
			chord_net_run(net, 1000);
			assert_ring(net, 4000);
		}
		for (unsigned i = 20; i < 25; i++)
			chord_net_crash(net, i, 20);
		assert_ring(net, 40000);
		assert_routing(net);
		chord_net_free(net);
	}
}

/* Two neighbors of one node at once: each has a third one. */
static void test_adjacent_crashes(void)
{
	ChordNet *net = ring_of(21, 20, 100);
	ReloadResourceId id;
	unsigned first, second;

	assert_ring(net, 5000);
	chord_net_run(net, 10000);
	reload_ring_point_to_resource_id(
	    reload_ring_add(reload_ring_point_from_node_id(chord_net_id(net, 3)),
			    (ReloadRingPoint){0, 1}),
	    &id);
	first = chord_net_owner(net, &id);
	reload_ring_point_to_resource_id(
	    reload_ring_add(reload_ring_point_from_node_id(chord_net_id(net, first)),
			    (ReloadRingPoint){0, 1}),
	    &id);
	second = chord_net_owner(net, &id);
	chord_net_crash(net, first, 10);
	chord_net_crash(net, second, 10);
	/* The rest of the Neighbor Table stands in at once. */
	chord_net_run(net, 11);
	reload_ring_point_to_resource_id(
	    reload_ring_add(reload_ring_point_from_node_id(chord_net_id(net, first)),
			    (ReloadRingPoint){0, 0}),
	    &id);
	g_assert_true(chord_net_plugin()->responsible(
	    chord_net_topology(net, chord_net_owner(net, &id)), reload_resource_id_span(&id)));
	assert_ring(net, 5000);
	chord_net_free(net);
}

static void test_leave(void)
{
	ChordNet *net = ring_of(31, 20, 100);

	assert_ring(net, 5000);
	for (unsigned i = 0; i < 18; i++) {
		chord_net_leave(net, i, false);
		chord_net_run(net, 500);
		g_assert_null(chord_net_topology(net, i));
		assert_ring(net, 3000);
	}
	assert_routing(net);
	g_assert_cmpuint(chord_net_counts(net)->requests[RELOAD_LEAVE_REQ], >, 18);
	chord_net_leave(net, 18, false);
	chord_net_run(net, 3000);
	assert_ring(net, 0);
	g_assert_true(chord_net_joined(net, 19));
	chord_net_free(net);
}

/* Leaves, keeps its links, and joins again over them. */
static void test_leave_and_return(void)
{
	ChordNet *net = ring_of(32, 10, 100);

	assert_ring(net, 5000);
	chord_net_leave(net, 4, true);
	chord_net_run(net, 3000);
	g_assert_false(chord_net_joined(net, 4));
	g_assert_cmpuint(chord_net_plugin()->responsible_ppb(chord_net_topology(net, 4)), ==, 0);
	for (unsigned i = 0; i < 10; i++)
		if (i != 4)
			g_assert_false(chord_net_plugin()->routes_through(
			    chord_net_topology(net, i), chord_net_id(net, 4)));
	chord_net_join(net, 4, 0, 0);
	assert_ring(net, 70000);
	assert_routing(net);
	chord_net_free(net);
}

/* A node is back under its Node-ID before the others see that its links are dead. */
static void test_restart(void)
{
	for (uint64_t seed = 1; seed <= 8; seed++) {
		ChordNet *net = ring_of(seed + 40, 12, 100);

		assert_ring(net, 5000);
		chord_net_crash(net, 5, 40000);
		chord_net_run(net, 500);
		chord_net_revive(net, 5);
		chord_net_join(net, 5, (unsigned)(seed % 4), 0);
		assert_ring(net, 60000);
		chord_net_run(net, 60000);
		assert_ring(net, 0);
		assert_routing(net);
		chord_net_free(net);
	}
}

static void test_restart_quick(void)
{
	ChordNet *net = ring_of(51, 16, 100);

	assert_ring(net, 5000);
	chord_net_crash(net, 5, 5);
	chord_net_run(net, 200);
	chord_net_revive(net, 5);
	chord_net_join(net, 5, 0, 0);
	assert_ring(net, 4000);
	chord_net_free(net);
}

static void test_all_links_lost(void)
{
	ChordNet *net = ring_of(61, 2, 100);

	assert_ring(net, 3000);
	chord_net_cut(net, 0, 1);
	chord_net_run(net, 100);
	/* Each is alone, says so, and goes on serving. */
	g_assert_cmpuint(chord_net_lost(net, 0), ==, 1);
	g_assert_cmpuint(chord_net_lost(net, 1), ==, 1);
	g_assert_cmpuint(chord_net_plugin()->responsible_ppb(chord_net_topology(net, 0)), ==,
			 1000000000);
	assert_ring(net, 30000);
	assert_routing(net);
	chord_net_free(net);
}

static void test_one_link_lost(void)
{
	ChordNet *net = ring_of(62, 10, 100);

	assert_ring(net, 3000);
	for (unsigned i = 1; i < 10; i++)
		chord_net_cut(net, 0, i);
	assert_ring(net, 40000);
	chord_net_free(net);
}

static void test_partition(void)
{
	ChordNet *net = chord_net_new(71);

	for (unsigned i = 0; i < 16; i++)
		chord_net_add(net, NULL);
	chord_net_start(net, 0);
	chord_net_start(net, 8);
	for (unsigned i = 1; i < 8; i++) {
		chord_net_join(net, i, 0, 200 * i);
		chord_net_join(net, i + 8, 8, 200 * i);
	}
	chord_net_run(net, 8000);
	g_assert_false(chord_net_converge(net, 0));
	/* RFC 6940, 10.7.4.4. */
	chord_net_heal(net, 3, 12);
	assert_ring(net, 20000);
	assert_routing(net);
	chord_net_free(net);
}

static void test_periodic_only(void)
{
	ChordNet *net = chord_net_new(81);

	chord_net_document(net)->chord_reactive = false;
	chord_net_document(net)->chord_update_interval = 10;
	for (unsigned i = 0; i < 12; i++)
		chord_net_add(net, NULL);
	chord_net_start(net, 0);
	for (unsigned i = 1; i < 12; i++)
		chord_net_join(net, i, 0, 500 * i);
	chord_net_run(net, 6000);
	assert_ring(net, 60000);
	chord_net_crash(net, 4, 20);
	assert_ring(net, 60000);
	chord_net_free(net);
}

/* Messages that are routed while the ring forms end, and do not circle. */
static void test_no_loops(void)
{
	ChordNet *net = chord_net_new(91);
	unsigned lost = 0, all = 0;

	for (unsigned i = 0; i < 30; i++)
		chord_net_add(net, NULL);
	chord_net_start(net, 0);
	for (unsigned i = 1; i < 30; i++)
		chord_net_join(net, i, 0, 20 * i);
	for (unsigned step = 0; step < 100; step++) {
		chord_net_run(net, 20);
		for (unsigned from = 0; from < 30; from++) {
			ReloadResourceId id;
			unsigned hops;

			if (!chord_net_joined(net, from))
				continue;
			reload_ring_point_to_resource_id(
			    (ReloadRingPoint){chord_net_random(net), 0}, &id);
			all++;
			lost += chord_net_route(net, from, &id, &hops) < 0;
			g_assert_cmpuint(hops, <, 15);
		}
	}
	g_test_message("%u of %u lost", lost, all);
	g_assert_cmpuint(lost * 20, <, all);
	g_assert_cmpuint(chord_net_counts(net)->dropped_ttl, ==, 0);
	chord_net_free(net);
}

static ReloadNodeId id_of(uint64_t hi)
{
	ReloadNodeId id;

	reload_ring_point_to_node_id((ReloadRingPoint){hi, 0}, &id);
	return id;
}

static void test_hostile_requests(void)
{
	ChordNet *net = ring_of(95, 6, 100);
	ReloadNodeId stranger = id_of(77), other = *chord_net_id(net, 2);
	ReloadJoinReq join = {.joining_peer_id = stranger};
	ReloadLeaveReq leave = {.leaving_peer_id = *chord_net_id(net, 1)};
	GByteArray *body = g_byte_array_new();

	assert_ring(net, 3000);
	reload_write_join_req(body, &join);
	/* RFC 6940, 6.4.2.1: signer and link must be those of the node that it names. */
	g_assert_cmpuint(chord_net_inject(net, 0, RELOAD_JOIN_REQ, body, &other, &other), ==,
			 RELOAD_ERROR_FORBIDDEN);
	g_assert_cmpuint(chord_net_inject(net, 0, RELOAD_JOIN_REQ, body, &stranger, &other), ==,
			 RELOAD_ERROR_FORBIDDEN);
	g_assert_cmpuint(chord_net_inject(net, 0, RELOAD_JOIN_REQ, body, &stranger, NULL), ==,
			 RELOAD_ERROR_FORBIDDEN);
	g_byte_array_set_size(body, 0);
	reload_write_leave_req(body, &leave);
	g_assert_cmpuint(chord_net_inject(net, 0, RELOAD_LEAVE_REQ, body, &other, &other), ==,
			 RELOAD_ERROR_FORBIDDEN);
	g_assert_cmpuint(
	    chord_net_inject(net, 0, RELOAD_LEAVE_REQ, body, &leave.leaving_peer_id, &other), ==,
	    RELOAD_ERROR_FORBIDDEN);
	/* Cut short. */
	g_byte_array_set_size(body, body->len - 1);
	g_assert_cmpuint(chord_net_inject(net, 0, RELOAD_LEAVE_REQ, body, &other, &other), ==,
			 RELOAD_ERROR_INVALID_MESSAGE);
	body->data[4] = RELOAD_CHORD_NEIGHBORS;
	g_assert_cmpuint(chord_net_inject(net, 0, RELOAD_UPDATE_REQ, body, &other, &other), ==,
			 RELOAD_ERROR_INVALID_MESSAGE);
	g_assert_cmpuint(chord_net_inject(net, 0, RELOAD_ROUTE_QUERY_REQ, body, &other, &other), ==,
			 RELOAD_ERROR_INVALID_MESSAGE);
	assert_ring(net, 0);
	g_byte_array_unref(body);
	chord_net_free(net);
}

/* A predecessor that joins over and over is handed its data so often, and no more; others are as ever. */
static void test_hostile_joins(void)
{
	ChordNet *net = ring_of(97, 6, 100);
	GArray *ring;
	unsigned us, before, taken = 0;
	ReloadJoinReq join = {0};
	GByteArray *body = g_byte_array_new();

	assert_ring(net, 3000);
	ring = chord_net_sorted(net);
	before = g_array_index(ring, unsigned, 0);
	us = g_array_index(ring, unsigned, 1);
	join.joining_peer_id = *chord_net_id(net, before);
	reload_write_join_req(body, &join);
	for (unsigned i = 0; i < 100; i++) {
		uint16_t error = chord_net_inject(net, us, RELOAD_JOIN_REQ, body, &join.joining_peer_id,
						  &join.joining_peer_id);

		g_assert_true(error == 0 || error == RELOAD_ERROR_IN_PROGRESS);
		taken += error == 0;
		chord_net_run(net, 100); /* it is handed over by then */
	}
	g_assert_cmpuint(taken, ==, 7); /* and one when it joined */
	chord_net_run(net, 15000);
	g_assert_cmpuint(chord_net_inject(net, us, RELOAD_JOIN_REQ, body, &join.joining_peer_id,
					  &join.joining_peer_id),
			 ==, 0);
	chord_net_run(net, 100);
	assert_ring(net, 0);
	before = chord_net_add(net, NULL);
	chord_net_join(net, before, us, 0);
	assert_ring(net, 5000);
	g_array_unref(ring);
	g_byte_array_unref(body);
	chord_net_free(net);
}

/* A neighbor that names thousands of nodes which do not exist makes us try a few, and harms
 * nothing. */
static void test_hostile_update(void)
{
	ChordNet *net = ring_of(96, 6, 100);
	GByteArray *list = g_byte_array_new(), *body = g_byte_array_new();
	ReloadChordUpdate update = {.type = RELOAD_CHORD_FULL};
	uint64_t attaches;

	assert_ring(net, 3000);
	chord_net_run(net, 10000);
	for (unsigned i = 0; i < 4000; i++) {
		ReloadNodeId id = id_of(chord_net_random(net));

		reload_write_node_id(list, &id);
	}
	update.predecessors = update.successors = update.fingers =
	    (ReloadSpan){list->data, list->len};
	g_assert_true(reload_write_chord_update(body, &update));
	attaches = chord_net_counts(net)->requests[RELOAD_ATTACH_REQ];
	for (unsigned i = 0; i < 10; i++)
		g_assert_cmpuint(chord_net_inject(net, 0, RELOAD_UPDATE_REQ, body,
						  chord_net_id(net, 1), chord_net_id(net, 1)),
				 ==, 0);
	chord_net_run(net, 1000);
	g_assert_cmpuint(chord_net_counts(net)->requests[RELOAD_ATTACH_REQ] - attaches, <=, 16);
	assert_ring(net, 0);
	assert_routing(net);
	g_byte_array_unref(list);
	g_byte_array_unref(body);
	chord_net_free(net);
}

static void test_update_through_others(void)
{
	ChordNet *net = ring_of(97, 6, 100);
	ReloadNodeId stranger = id_of(1);
	ReloadChordUpdate update = {.type = RELOAD_CHORD_NEIGHBORS};
	GByteArray *body = g_byte_array_new();

	assert_ring(net, 3000);
	reload_write_chord_update(body, &update);
	g_assert_cmpuint(
	    chord_net_inject(net, 0, RELOAD_UPDATE_REQ, body, &stranger, chord_net_id(net, 1)), ==,
	    0);
	/* RFC 6940, 6.1.2: only an Update over its own link makes a node one to route through. */
	g_assert_false(chord_net_plugin()->routes_through(chord_net_topology(net, 0), &stranger));
	assert_ring(net, 0);
	g_byte_array_unref(body);
	chord_net_free(net);
}

static unsigned at(const GArray *ring, guint i)
{
	return g_array_index(ring, unsigned, i % ring->len);
}

/* RFC 6940, 10.4 and 10.7.3: who owns, who replicates, who may, and who keeps. */
static void test_replicas(void)
{
	ChordNet *net = ring_of(98, 10, 100);
	const ReloadTopologyPlugin *plugin = chord_net_plugin();
	GArray *ring;
	uint64_t ppb = 0;

	assert_ring(net, 3000);
	ring = chord_net_sorted(net);
	for (guint i = 0; i < ring->len; i++) {
		ReloadTopology *t = chord_net_topology(net, at(ring, i));
		ReloadNodeId set[2];
		ReloadSpan mine;

		g_assert_cmpuint(plugin->replica_set(t, set, 2), ==, 2);
		g_assert_true(reload_node_id_equal(&set[0], chord_net_id(net, at(ring, i + 1))));
		g_assert_true(reload_node_id_equal(&set[1], chord_net_id(net, at(ring, i + 2))));
		g_assert_cmpuint(plugin->replica_set(t, set, 1), ==, 1);
		ppb += plugin->responsible_ppb(t);
		mine = reload_node_id_span(chord_net_id(net, at(ring, i)));
		for (guint k = 0; k < ring->len; k++) {
			ReloadTopology *other = chord_net_topology(net, at(ring, i + k));
			const ReloadNodeId *us = chord_net_id(net, at(ring, i));

			g_assert_true(plugin->responsible(other, mine) == (k == 0));
			g_assert_true(plugin->keeps(other, mine) == (k <= 2));
			/* The two successors take replicas of it from us, and nobody far away does.
			 */
			if (k == 1 || k == 2)
				g_assert_true(plugin->plausible_replica_source(other, mine, us));
			if (k >= 4)
				g_assert_false(plugin->plausible_replica_source(other, mine, us));
			/* Our successor is a neighbor of its own successor, but this is not of its range. */
			if (k == 2 || k == 3)
				g_assert_false(plugin->plausible_replica_source(
				    other, mine, chord_net_id(net, at(ring, i + 1))));
			g_assert_true(plugin->plausible_responsible(other, mine, us));
			/* Whoever knows us, does not believe that the next one is responsible. */
			if (k <= 3)
				g_assert_false(plugin->plausible_responsible(
				    other, mine, chord_net_id(net, at(ring, i + 1))));
		}
	}
	{
		ChordNet *small = ring_of(101, 3, 100);

		/* Three are all a replica set. */
		assert_ring(small, 3000);
		for (unsigned i = 0; i < 9; i++)
			g_assert_true(plugin->keeps(chord_net_topology(small, i / 3),
						    reload_node_id_span(chord_net_id(small, i % 3))));
		chord_net_free(small);
	}
	g_assert_cmpuint(ppb, >, 999999980);
	g_assert_cmpuint(ppb, <=, 1000000000);
	g_array_unref(ring);
	chord_net_free(net);
}

/* RFC 6940, 10.7.1: a lost successor changes the replica set after 30 s, a new node at once. */
static void test_hold_down(void)
{
	ChordNet *net = ring_of(99, 10, 100);
	GArray *ring;
	int64_t start;
	unsigned node;

	assert_ring(net, 3000);
	chord_net_run(net, 60000);
	ring = chord_net_sorted(net);
	node = at(ring, 4);
	start = chord_net_now(net);
	chord_net_crash(net, at(ring, 5), 10);
	chord_net_run(net, 25000);
	g_assert_cmpint(chord_net_range_changed(net, at(ring, 6)), ==, start + 10);
	g_assert_cmpint(chord_net_replicas_changed(net, node), <, start);
	chord_net_run(net, 10000);
	g_assert_cmpint(chord_net_replicas_changed(net, node), >=, start + 30000);
	g_assert_cmpint(chord_net_range_changed(net, node), <, start);
	start = chord_net_now(net);
	chord_net_revive(net, at(ring, 5));
	chord_net_join(net, at(ring, 5), at(ring, 0), 0);
	assert_ring(net, 3000);
	chord_net_run(net, 100);
	g_assert_cmpint(chord_net_replicas_changed(net, node), >, start);
	g_array_unref(ring);
	chord_net_free(net);
}

/* Where all successors die, nodes that were unknown take their places one by one. They are stand-ins, too, though they
 * come later. */
static void test_hold_down_adjacent(void)
{
	ChordNet *net = ring_of(101, 40, 100);
	GArray *ring;
	int64_t start;

	assert_ring(net, 5000);
	chord_net_run(net, 60000);
	ring = chord_net_sorted(net);
	start = chord_net_now(net);
	for (guint i = 5; i < 8; i++)
		chord_net_crash(net, at(ring, i), 10);
	chord_net_run(net, 29000);
	assert_ring(net, 0);
	g_assert_cmpint(chord_net_replicas_changed(net, at(ring, 4)), <, start);
	chord_net_run(net, 6000);
	g_assert_cmpint(chord_net_replicas_changed(net, at(ring, 4)), >=, start + 30000);
	g_array_unref(ring);
	chord_net_free(net);
}

/* RFC 6940, 10.8. */
static void test_route_query(void)
{
	ChordNet *net = ring_of(100, 8, 100);
	ReloadRouteQueryReq query = {.send_update = true};
	GByteArray *body = g_byte_array_new();
	ReloadNodeId opaque = *chord_net_id(net, 1);
	uint64_t updates;

	assert_ring(net, 3000);
	chord_net_run(net, 5000);
	query.destination = reload_destination_node(chord_net_id(net, 3));
	reload_write_route_query_req(body, &query);
	updates = chord_net_counts(net)->requests[RELOAD_UPDATE_REQ];
	g_assert_cmpuint(chord_net_inject(net, 0, RELOAD_ROUTE_QUERY_REQ, body,
					  chord_net_id(net, 1), chord_net_id(net, 1)),
			 ==, 0);
	/* send_update: one Update, and that at once. */
	g_assert_cmpuint(chord_net_counts(net)->requests[RELOAD_UPDATE_REQ], ==, updates + 1);
	/* Opaque IDs are not given away. */
	g_byte_array_set_size(body, 0);
	query.send_update = false;
	query.destination = reload_destination_opaque(reload_node_id_span(&opaque));
	reload_write_route_query_req(body, &query);
	g_assert_cmpuint(chord_net_inject(net, 0, RELOAD_ROUTE_QUERY_REQ, body,
					  chord_net_id(net, 1), chord_net_id(net, 1)),
			 ==, RELOAD_ERROR_NOT_FOUND);
	g_byte_array_unref(body);
	chord_net_free(net);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/topology/chord/sizes", test_sizes);
	g_test_add_func("/topology/chord/joins-at-once", test_joins_at_once);
	g_test_add_func("/topology/chord/sixteen-within-a-second", test_sixteen_within_a_second);
	g_test_add_func("/topology/chord/not-everybody-linked", test_not_everybody_linked);
	g_test_add_func("/topology/chord/quiet-when-stable", test_quiet_when_stable);
	g_test_add_func("/topology/chord/crashes", test_crashes);
	g_test_add_func("/topology/chord/adjacent-crashes", test_adjacent_crashes);
	g_test_add_func("/topology/chord/leave", test_leave);
	g_test_add_func("/topology/chord/leave-and-return", test_leave_and_return);
	g_test_add_func("/topology/chord/restart", test_restart);
	g_test_add_func("/topology/chord/restart-quick", test_restart_quick);
	g_test_add_func("/topology/chord/all-links-lost", test_all_links_lost);
	g_test_add_func("/topology/chord/one-link-lost", test_one_link_lost);
	g_test_add_func("/topology/chord/partition", test_partition);
	g_test_add_func("/topology/chord/periodic-only", test_periodic_only);
	g_test_add_func("/topology/chord/no-loops", test_no_loops);
	g_test_add_func("/topology/chord/hostile-requests", test_hostile_requests);
	g_test_add_func("/topology/chord/hostile-joins", test_hostile_joins);
	g_test_add_func("/topology/chord/hostile-update", test_hostile_update);
	g_test_add_func("/topology/chord/update-through-others", test_update_through_others);
	g_test_add_func("/topology/chord/replicas", test_replicas);
	g_test_add_func("/topology/chord/hold-down", test_hold_down);
	g_test_add_func("/topology/chord/hold-down-adjacent", test_hold_down_adjacent);
	g_test_add_func("/topology/chord/route-query", test_route_query);
	return g_test_run();
}
