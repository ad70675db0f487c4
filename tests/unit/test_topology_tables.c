/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arithmetic of the ring, the Neighbor Table and the Finger Table, each alone (RFC 6940, 10).
 */
#include "reload_core/topology/chord/fingers.h"
#include "reload_core/topology/chord/neighbors.h"
#include "reload_core/topology/chord/ring.h"

static ReloadNodeId id_of(uint64_t hi, uint64_t lo)
{
	ReloadNodeId id;

	reload_ring_point_to_node_id((ReloadRingPoint){hi, lo}, &id);
	return id;
}

static void assert_point(ReloadRingPoint p, uint64_t hi, uint64_t lo)
{
	g_assert_cmphex(p.hi, ==, hi);
	g_assert_cmphex(p.lo, ==, lo);
}

static void test_arithmetic(void)
{
	ReloadRingPoint top = {UINT64_MAX, UINT64_MAX}, one = {0, 1}, carry = {0, UINT64_MAX};

	assert_point(reload_ring_add(top, one), 0, 0);
	assert_point(reload_ring_add(carry, one), 1, 0);
	assert_point(reload_ring_distance(one, (ReloadRingPoint){0, 0}), UINT64_MAX, UINT64_MAX);
	assert_point(reload_ring_distance((ReloadRingPoint){0, 2}, (ReloadRingPoint){1, 1}), 0,
		     UINT64_MAX);
	assert_point(reload_ring_power(0), 0, 1);
	assert_point(reload_ring_power(63), 0, UINT64_C(1) << 63);
	assert_point(reload_ring_power(64), 1, 0);
	assert_point(reload_ring_power(127), UINT64_C(1) << 63, 0);
	g_assert_cmpint(reload_ring_compare(top, one), >, 0);
	g_assert_cmpint(reload_ring_compare(one, top), <, 0);
	g_assert_cmpint(reload_ring_compare(one, one), ==, 0);
}

static void test_bytes(void)
{
	ReloadNodeId id;
	ReloadRingPoint p;

	g_assert_true(reload_node_id_from_text("0123456789abcdeffedcba9876543210", &id));
	assert_point(reload_ring_point_from_node_id(&id), 0x0123456789abcdefU, 0xfedcba9876543210U);
	reload_ring_point_to_node_id(reload_ring_point_from_node_id(&id), &id);
	g_assert_cmpuint(id.id[0], ==, 0x01);
	g_assert_cmpuint(id.id[15], ==, 0x10);
	g_assert_false(reload_ring_point_from_span((ReloadSpan){id.id, 15}, &p));
	g_assert_false(reload_ring_point_from_span((ReloadSpan){id.id, 17}, &p));
	g_assert_false(reload_ring_point_from_span((ReloadSpan){NULL, 0}, &p));
}

static void test_intervals(void)
{
	ReloadRingPoint a = {10, 0}, b = {20, 0}, middle = {15, 5}, outside = {25, 0};

	/* Open at its beginning, closed at its end. */
	g_assert_false(reload_ring_in(a, a, b));
	g_assert_true(reload_ring_in(b, a, b));
	g_assert_true(reload_ring_in(middle, a, b));
	g_assert_false(reload_ring_in(outside, a, b));
	/* Over the top. */
	g_assert_true(reload_ring_in(outside, b, a));
	g_assert_true(reload_ring_in((ReloadRingPoint){0, 0}, b, a));
	g_assert_false(reload_ring_in(middle, b, a));
	/* The whole ring. */
	g_assert_true(reload_ring_in(middle, a, a));
	g_assert_true(reload_ring_in(a, a, a));
}

static void test_neighbors(void)
{
	ReloadNodeId ids[10];
	const ReloadNodeId *sorted[10];
	ReloadNeighbors n;

	for (unsigned i = 0; i < 10; i++) {
		ids[i] = id_of(i + 1, 0);
		sorted[i] = &ids[i];
	}
	reload_neighbors_init(&n, 1);
	g_assert_cmpuint(n.bound, ==, RELOAD_NEIGHBORS_MIN);
	g_assert_cmpuint(reload_neighbors_rebuild(&n, sorted, 0), ==, 0);
	/* One peer is neighbor on both sides. */
	g_assert_cmpuint(reload_neighbors_rebuild(&n, sorted, 1), ==,
			 RELOAD_NEIGHBORS_CHANGED | RELOAD_NEIGHBORS_RANGE |
			     RELOAD_NEIGHBORS_REPLICAS);
	g_assert_cmpuint(n.predecessor_count, ==, 1);
	g_assert_cmpuint(n.successor_count, ==, 1);
	g_assert_cmpuint(reload_neighbors_rebuild(&n, sorted, 1), ==, 0);
	reload_neighbors_rebuild(&n, sorted, 10);
	g_assert_cmpint(reload_neighbors_successor_index(&n, &ids[0]), ==, 0);
	g_assert_cmpint(reload_neighbors_successor_index(&n, &ids[2]), ==, 2);
	g_assert_cmpint(reload_neighbors_successor_index(&n, &ids[3]), ==, -1);
	g_assert_cmpint(reload_neighbors_predecessor_index(&n, &ids[9]), ==, 0);
	g_assert_cmpint(reload_neighbors_predecessor_index(&n, &ids[7]), ==, 2);
	g_assert_false(reload_neighbors_have(&n, &ids[5]));
	/* Without the last one, the predecessor: the range, not the replicas. */
	g_assert_cmpuint(reload_neighbors_rebuild(&n, sorted, 9), ==,
			 RELOAD_NEIGHBORS_CHANGED | RELOAD_NEIGHBORS_RANGE);
	/* Without the first one, the successor. */
	g_assert_cmpuint(reload_neighbors_rebuild(&n, sorted + 1, 8), ==,
			 RELOAD_NEIGHBORS_CHANGED | RELOAD_NEIGHBORS_REPLICAS);
	/* One in the middle is nobody's neighbor. */
	sorted[5] = sorted[4];
	g_assert_cmpuint(reload_neighbors_rebuild(&n, sorted + 1, 8), ==, 0);
}

/* RFC 6940, 10.7: about half of log2(N) on each side; it does not swing. */
static void test_neighbors_fit(void)
{
	/* Peers so far apart that N would be 2^bits; and how many are wanted then. */
	static const struct {
		unsigned bits, wanted;
	} rows[] = {{4, 3}, {6, 3}, {8, 4}, {10, 5}, {12, 6}, {16, 8}, {20, 8}, {14, 8}, {13, 6}, {9, 4}, {10, 5}, {9, 5}};
	ReloadNodeId ids[7];
	const ReloadNodeId *sorted[7];
	ReloadNeighbors n;

	reload_neighbors_init(&n, RELOAD_NEIGHBORS_MIN);
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		uint64_t apart = UINT64_MAX >> rows[i].bits;

		/* Three behind us, one far away, three before us. */
		for (unsigned k = 0; k < 7; k++) {
			ids[k] = k < 3	  ? id_of(apart * (k + 1), 0)
				 : k == 3 ? id_of(UINT64_C(1) << 63, 0)
					  : id_of(0 - apart * (7 - k), 0);
			sorted[k] = &ids[k];
		}
		reload_neighbors_fit(&n, sorted, 7);
		g_assert_cmpuint(n.bound, ==, rows[i].wanted);
	}
	/* So few that both sides share them tell nothing: back to the least. */
	reload_neighbors_fit(&n, sorted, 6);
	g_assert_cmpuint(n.bound, ==, RELOAD_NEIGHBORS_MIN);
}

static void test_fingers(void)
{
	ReloadRingPoint self = {UINT64_C(0xf000000000000000), 5};
	uint8_t ones[16], zeroes[16] = {0};
	ReloadFingers f;

	memset(ones, 0xff, sizeof(ones));
	reload_fingers_init(&f, self);
	/* RFC 6940, 10.1: the first one is half way round. */
	assert_point(reload_fingers_start(&f, 1), UINT64_C(0x7000000000000000), 5);
	assert_point(reload_fingers_start(&f, 2), UINT64_C(0x3000000000000000), 5);
	assert_point(reload_fingers_start(&f, 128), UINT64_C(0xf000000000000000), 6);
	for (unsigned i = 1; i <= RELOAD_FINGERS_MAX; i++) {
		ReloadNodeId low, high;

		/* RFC 6940, 10.7.4.2: [x+2^(128-i), x+2^(129-i)-1]. */
		reload_ring_point_to_node_id(reload_fingers_point(&f, i, zeroes), &low);
		reload_ring_point_to_node_id(reload_fingers_point(&f, i, ones), &high);
		g_assert_cmpuint(reload_fingers_index(&f, &low), ==, i);
		g_assert_cmpuint(reload_fingers_index(&f, &high), ==, i);
		reload_ring_point_to_node_id(
		    reload_ring_add(reload_fingers_point(&f, i, ones), (ReloadRingPoint){0, 1}),
		    &high);
		g_assert_cmpuint(reload_fingers_index(&f, &high), ==, i - 1);
	}
}

static void test_finger_entries(void)
{
	ReloadNodeId near_id = id_of(UINT64_C(0x1000000000000000), 0);
	ReloadNodeId half = id_of(UINT64_C(0x9000000000000000), 0);
	ReloadNodeId far_id = id_of(UINT64_C(0xa000000000000000), 0);
	const ReloadNodeId *ids[] = {&near_id, &half, &far_id};
	ReloadFingers f;

	reload_fingers_init(&f, (ReloadRingPoint){0, 0});
	reload_fingers_suggest(&f, &far_id);
	g_assert_cmpuint(f.entry[1].candidate.len, ==, 16);
	reload_fingers_rebuild(&f, ids, 3);
	g_assert_true(reload_fingers_have(&f, &half));
	g_assert_false(reload_fingers_have(&f, &far_id));
	g_assert_true(reload_fingers_have(&f, &near_id));
	g_assert_cmpuint(f.entry[1].candidate.len, ==, 0);
	/* RFC 6940, 10.7.2: replaced where another is known, else to be searched. */
	ids[1] = &far_id;
	reload_fingers_rebuild(&f, ids, 2);
	g_assert_true(reload_fingers_have(&f, &far_id));
	g_assert_false(f.entry[1].failed);
	reload_fingers_rebuild(&f, ids, 1);
	g_assert_true(f.entry[1].failed);
	/* It stays where a better one comes. */
	reload_fingers_rebuild(&f, ids, 2);
	ids[0] = &half;
	reload_fingers_rebuild(&f, ids, 2);
	g_assert_true(reload_fingers_have(&f, &far_id));
}

/* 10.7.4.3: up to 128. */
static void test_finger_last(void)
{
	ReloadNodeId ids[2] = {id_of(0, 1), id_of(0, 2)};
	const ReloadNodeId *sorted[2] = {&ids[0], &ids[1]};
	ReloadFingers f;

	reload_fingers_init(&f, (ReloadRingPoint){0, 0});
	reload_fingers_rebuild(&f, sorted, 2);
	g_assert_true(reload_node_id_equal(&f.entry[128].id, &ids[0]));
	g_assert_true(reload_node_id_equal(&f.entry[127].id, &ids[1]));
}

static void test_finger_lacks(void)
{
	ReloadFingers f;

	reload_fingers_init(&f, (ReloadRingPoint){0, 0});
	/* The successors reach to 0x20...: range 4 is [0x10.., 0x1f..], range 3 [0x20.., 0x3f..].
	 */
	g_assert_true(reload_fingers_lacks(&f, 1, reload_ring_power(125)));
	g_assert_true(reload_fingers_lacks(&f, 3, reload_ring_power(125)));
	g_assert_false(reload_fingers_lacks(&f, 4, reload_ring_power(125)));
	g_assert_false(reload_fingers_lacks(&f, 1, (ReloadRingPoint){UINT64_MAX, UINT64_MAX}));
	/* RFC 6940, 10.7.4.3: 16 are wanted, more only where there was one. */
	g_assert_true(reload_fingers_lacks(&f, 16, (ReloadRingPoint){0, 1}));
	g_assert_false(reload_fingers_lacks(&f, 17, (ReloadRingPoint){0, 1}));
	f.entry[17].failed = true;
	g_assert_true(reload_fingers_lacks(&f, 17, (ReloadRingPoint){0, 1}));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/topology/ring/arithmetic", test_arithmetic);
	g_test_add_func("/topology/ring/bytes", test_bytes);
	g_test_add_func("/topology/ring/intervals", test_intervals);
	g_test_add_func("/topology/neighbors", test_neighbors);
	g_test_add_func("/topology/neighbors-fit", test_neighbors_fit);
	g_test_add_func("/topology/fingers", test_fingers);
	g_test_add_func("/topology/fingers/entries", test_finger_entries);
	g_test_add_func("/topology/fingers/lacks", test_finger_lacks);
	g_test_add_func("/topology/fingers/last", test_finger_last);
	return g_test_run();
}
