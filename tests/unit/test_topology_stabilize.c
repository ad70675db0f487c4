/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The traffic of CHORD-RELOAD: how many Updates a ring sends, when and to whom, how fingers are searched for, and what
 * joining and leaving do that the shape of the ring alone does not show (RFC 6940, 10.3 to 10.9). */
#include "tests/unit/chord_net.h"

#include "reload_core/topology/chord/ring.h"
#include "reload_core/wire/chord.h"
#include "reload_core/wire/route_query.h"

/* A request that a plug-in has sent. */
typedef struct {
	int64_t at;
	unsigned from;
	uint16_t code;
	ReloadDestination dest;
	ReloadNodeId via; /* len 0: none */
	ReloadChordUpdateType type; /* of an Update */
	bool ascending;		    /* its fingers are */
	ReloadChordLeaveType leave; /* of a Leave: */
	ReloadNodeId leave_first;   /* the first node that it names */
} Sent;

static bool is_ascending(ReloadSpan list)
{
	ReloadNodeId before = {.len = 0}, id;

	for (; reload_node_id_next(&list, RELOAD_RING_BYTES, &id); before = id)
		if (before.len != 0 && memcmp(before.id, id.id, id.len) >= 0)
			return false;
	return true;
}

static void note_update(Sent *sent, ReloadSpan body)
{
	ReloadChordUpdate update;

	g_assert_cmpint(reload_chord_update_decode(body, RELOAD_RING_BYTES, &update), ==, RELOAD_OK);
	sent->type = update.type;
	sent->ascending = is_ascending(update.fingers);
}

static void note_leave(Sent *sent, ReloadSpan body)
{
	ReloadChordLeaveData leave;
	ReloadLeaveReq req;

	g_assert_cmpint(reload_leave_req_decode(body, RELOAD_RING_BYTES, &req), ==, RELOAD_OK);
	g_assert_cmpint(reload_chord_leave_data_decode(req.overlay_specific_data, RELOAD_RING_BYTES, &leave), ==,
			RELOAD_OK);
	sent->leave = leave.type;
	g_assert_true(reload_node_id_next(&leave.nodes, RELOAD_RING_BYTES, &sent->leave_first));
}

static void note(void *data, const ChordNetRequest *request)
{
	Sent sent = {.at = request->now, .from = request->from, .code = request->code, .dest = *request->dest};

	if (request->via != NULL)
		sent.via = *request->via;
	if (request->code == RELOAD_UPDATE_REQ)
		note_update(&sent, reload_span(request->body->data, request->body->len));
	if (request->code == RELOAD_LEAVE_REQ)
		note_leave(&sent, reload_span(request->body->data, request->body->len));
	g_array_append_val((GArray *)data, sent);
}

/* From here on all requests are kept in the array; free with g_array_unref, after chord_net_free. */
static GArray *watch(ChordNet *net)
{
	GArray *log = g_array_new(FALSE, FALSE, sizeof(Sent));

	chord_net_watch(net, note, log);
	return log;
}

static unsigned count_code(const GArray *log, uint16_t code)
{
	unsigned count = 0;

	for (guint i = 0; i < log->len; i++)
		count += g_array_index(log, Sent, i).code == code;
	return count;
}

static void assert_ring(ChordNet *net, int64_t within)
{
	if (!chord_net_converge(net, within)) {
		char *difference = chord_net_difference(net);

		g_error("no ring: %s", difference);
	}
}

/* A ring of count nodes that has come to rest. */
static ChordNet *ring_of(uint64_t seed, unsigned count, bool reactive)
{
	ChordNet *net = chord_net_new(seed);

	chord_net_document(net)->chord_reactive = reactive;
	for (unsigned i = 0; i < count; i++)
		chord_net_add(net, NULL);
	chord_net_start(net, 0);
	for (unsigned i = 1; i < count; i++)
		chord_net_join(net, i, 0, 200 * i);
	chord_net_run(net, 200 * count);
	assert_ring(net, reactive ? 5000 : 1500000);
	chord_net_run(net, 120000);
	assert_ring(net, 0);
	return net;
}

static unsigned all_links(ChordNet *net)
{
	unsigned links = 0;

	for (unsigned i = 0; i < chord_net_size(net); i++)
		if (chord_net_topology(net, i) != NULL)
			links += chord_net_links(net, i);
	return links;
}

/* The place of node among the running ones, in the order of the ring. */
static guint place_of(const GArray *ring, unsigned node)
{
	for (guint i = 0; i < ring->len; i++)
		if (g_array_index(ring, unsigned, i) == node)
			return i;
	g_assert_not_reached();
}

/* 10.7.4.1: in rest each end of each link sends one Update in each interval, at its own time. */
static void test_periodic_spread(void)
{
	enum { PARTS = 60, INTERVAL = 600000 };
	ChordNet *net = ring_of(201, 32, true);
	GArray *log = watch(net);
	unsigned links = all_links(net), parts[PARTS] = {0}, most = 0, updates;
	int64_t start = chord_net_now(net);

	chord_net_run(net, INTERVAL);
	updates = count_code(log, RELOAD_UPDATE_REQ);
	g_test_message("%u ends of links, %u Updates", links, updates);
	/* The interval is drawn from 80% to 120% of 600 s: between 1/1.2 and 1/0.8 in each. */
	g_assert_cmpuint(updates, >=, links * 3 / 4);
	g_assert_cmpuint(updates, <=, links * 4 / 3);
	for (guint i = 0; i < log->len; i++) {
		const Sent *sent = &g_array_index(log, Sent, i);

		if (sent->code == RELOAD_UPDATE_REQ)
			parts[(sent->at - start) * PARTS / (INTERVAL + 1)]++;
	}
	for (unsigned i = 0; i < PARTS; i++)
		most = MAX(most, parts[i]);
	/* The ring formed within 7 s. Had they no offset, one part in sixty would hold most of them. */
	g_assert_cmpuint(most, <, updates / 8);
	chord_net_free(net);
	g_array_unref(log);
}

/* No storm: what one death costs a ring of 40 is bounded, and soon over. */
static void test_one_death(void)
{
	ChordNet *net = ring_of(202, 40, true);
	GArray *log = watch(net), *ring = chord_net_sorted(net);
	unsigned dead = g_array_index(ring, unsigned, 20), links = chord_net_links(net, dead);
	unsigned at_once = 0, updates;
	int64_t start = chord_net_now(net), first[40];

	for (unsigned i = 0; i < 40; i++)
		first[i] = INT64_MAX;
	chord_net_crash(net, dead, 10);
	chord_net_run(net, 10000);
	assert_ring(net, 0);
	updates = count_code(log, RELOAD_UPDATE_REQ);
	for (guint i = 0; i < log->len; i++) {
		const Sent *sent = &g_array_index(log, Sent, i);
		guint apart = (place_of(ring, sent->from) + 40 - 20) % 40;

		if (sent->code != RELOAD_UPDATE_REQ)
			continue;
		/* Only the Neighbor Tables of three on each side have changed. Others answer the Update of who
		 * became linked to them. */
		if (sent->at - start <= 60)
			g_assert_true(apart <= 3 || apart >= 37);
		at_once += sent->at - start <= 60;
		first[sent->from] = MIN(first[sent->from], sent->at - start);
		/* All is said within three seconds. */
		g_assert_cmpint(sent->at - start, <, 3000);
	}
	g_test_message("links %u of %u: %u Updates at once, %u in all", links, all_links(net), at_once, updates);
	/* 10.7.1: reactive recovery tells at once, from six nodes to all that are linked to them ... */
	g_assert_cmpuint(at_once, >=, 6 * 6);
	/* none of which waits for an Attach to a new neighbor: it is noticed after 10 ms ... */
	for (guint apart = 1; apart <= 3; apart++) {
		g_assert_cmpint(first[g_array_index(ring, unsigned, 20 - apart)], <=, 10 + 16);
		g_assert_cmpint(first[g_array_index(ring, unsigned, 20 + apart)], <=, 10 + 16);
	}
	/* ... and once more when the tables are filled again. */
	g_assert_cmpuint(updates, <=, 3 * 6 * all_links(net) / 39);
	log->len = 0;
	chord_net_run(net, 60000);
	g_assert_cmpuint(count_code(log, RELOAD_UPDATE_REQ), <=, all_links(net) / 4);
	g_array_unref(ring);
	chord_net_free(net);
	g_array_unref(log);
}

/* 10.7.1 and 10.7.3: without reactive recovery only a changed range is told, by the successor. */
static void test_periodic_recovery(void)
{
	ChordNet *net = ring_of(203, 32, false);
	GArray *log = watch(net), *ring = chord_net_sorted(net);
	unsigned dead = g_array_index(ring, unsigned, 10), after = g_array_index(ring, unsigned, 11);
	unsigned told = 0;

	chord_net_crash(net, dead, 10);
	chord_net_run(net, 60);
	for (guint i = 0; i < log->len; i++) {
		const Sent *sent = &g_array_index(log, Sent, i);

		if (sent->code != RELOAD_UPDATE_REQ)
			continue;
		/* Whom it attaches to as its third predecessor answers it. */
		if (sent->from != after)
			g_assert_true(reload_node_id_equal(&sent->dest.node_id, chord_net_id(net, after)));
		told += sent->from == after;
	}
	/* Everybody once; the new third predecessor perhaps twice. */
	g_assert_cmpuint(told, >=, chord_net_links(net, after));
	g_assert_cmpuint(told, <=, chord_net_links(net, after) + 1);
	/* No finger is searched for either (10.7.2). */
	g_assert_cmpuint(count_code(log, RELOAD_PING_REQ), ==, 0);
	/* The periodic Updates mend the rest. */
	assert_ring(net, 2 * 720000);
	g_array_unref(ring);
	chord_net_free(net);
	g_array_unref(log);
}

/* How often a node (-1: any) attached to a name, to n+1, and to n+2^(128-i), which is finger i (10.5); to nothing else.
 * And its Pings. */
typedef struct {
	unsigned by_name, next, fingers, pings, half, routed;
} Attaches;

static Attaches attaches_of(ChordNet *net, const GArray *log, int node)
{
	Attaches count = {0};

	for (guint i = 0; i < log->len; i++) {
		const Sent *sent = &g_array_index(log, Sent, i);
		ReloadRingPoint point;

		if (node >= 0 && sent->from != (unsigned)node)
			continue;
		count.pings += sent->code == RELOAD_PING_REQ;
		if (sent->code != RELOAD_ATTACH_REQ)
			continue;
		if (sent->dest.type == RELOAD_DESTINATION_NODE) {
			count.by_name++;
			count.routed += sent->via.len != 0;
			continue;
		}
		reload_ring_point_from_span(reload_resource_id_span(&sent->dest.resource_id), &point);
		point = reload_ring_distance(reload_ring_point_from_node_id(chord_net_id(net, sent->from)), point);
		if (point.hi == 0 && point.lo == 1) {
			count.next++;
		} else {
			g_assert_true((point.hi & (point.hi - 1)) == 0 && point.lo == 0);
			count.fingers++;
			count.half += point.hi == UINT64_C(1) << 63; /* finger 1 */
		}
	}
	return count;
}

/* A node linked to `node` that is no neighbor of it: one more than three places away. */
static unsigned far_linked(ChordNet *net, const GArray *ring, unsigned node)
{
	guint place = place_of(ring, node);

	for (guint i = 6; i < ring->len - 6; i++) {
		unsigned other = g_array_index(ring, unsigned, (place + i) % ring->len);

		if (chord_net_plugin()->routes_through(chord_net_topology(net, node), chord_net_id(net, other)))
			return other;
	}
	g_assert_not_reached();
}

/* When node sent its first Update to other since; INT64_MAX: never. *count: how many it sent. */
static int64_t first_update(ChordNet *net, const GArray *log, unsigned node, unsigned other, unsigned *count)
{
	int64_t first = INT64_MAX;

	*count = 0;
	for (guint i = 0; i < log->len; i++) {
		const Sent *sent = &g_array_index(log, Sent, i);

		if (sent->from != node || sent->code != RELOAD_UPDATE_REQ ||
		    !reload_node_id_equal(&sent->dest.node_id, chord_net_id(net, other)))
			continue;
		first = MIN(first, sent->at);
		++*count;
	}
	return first;
}

/* 10.7.3: a changed range is told, also without reactive recovery, to whom an Update of before is still under way. */
static void test_range_while_open(void)
{
	ChordNet *net = ring_of(212, 32, false);
	GArray *log, *ring = chord_net_sorted(net);
	unsigned dead = g_array_index(ring, unsigned, 10), after = g_array_index(ring, unsigned, 11);
	unsigned far = far_linked(net, ring, after), count;

	chord_net_crash(net, dead, 10);
	chord_net_run(net, 9);
	chord_net_plugin()->send_update(chord_net_topology(net, after), chord_net_id(net, far), chord_net_now(net));
	log = watch(net);
	chord_net_run(net, 1000);
	/* Behind the one of before the change, which is 9 ms after the death. */
	g_assert_cmpint(first_update(net, log, after, far, &count), !=, INT64_MAX);
	g_assert_cmpuint(count, ==, 1);
	/* Asked again and again, it has one Update under way and owes one. */
	log->len = 0;
	for (unsigned i = 0; i < 50; i++)
		chord_net_plugin()->send_update(chord_net_topology(net, after), chord_net_id(net, far),
						chord_net_now(net));
	chord_net_run(net, 1000);
	first_update(net, log, after, far, &count);
	g_assert_cmpuint(count, ==, 2);
	g_array_unref(ring);
	chord_net_free(net);
	g_array_unref(log);
}

/* 10.7.3: who has refused an Update gets it again; who refuses all, ever more seldom. */
static void test_refused(void)
{
	ChordNet *net = ring_of(213, 32, false);
	GArray *log, *ring = chord_net_sorted(net);
	unsigned after = g_array_index(ring, unsigned, 11), far = far_linked(net, ring, after), count;

	chord_net_refuse(net, far, 1);
	chord_net_crash(net, g_array_index(ring, unsigned, 10), 10);
	chord_net_run(net, 1000);
	log = watch(net);
	chord_net_run(net, 10000);
	first_update(net, log, after, far, &count);
	g_assert_cmpuint(count, ==, 1);
	chord_net_refuse(net, far, 1000);
	chord_net_crash(net, g_array_index(ring, unsigned, 9), 10);
	chord_net_run(net, 3600000);
	first_update(net, log, after, far, &count);
	g_test_message("%u Updates in an hour to who refuses them", count);
	g_assert_cmpuint(count, >=, 10);
	g_assert_cmpuint(count, <=, 35);
	g_array_unref(ring);
	chord_net_free(net);
	g_array_unref(log);
}

/* 10.7.1: that a neighbor has failed is told at once, however many changes were told just before. */
static void test_deaths_in_a_row(void)
{
	ChordNet *net = ring_of(214, 40, true);
	GArray *log = watch(net), *ring = chord_net_sorted(net);
	unsigned after = g_array_index(ring, unsigned, 20);

	for (unsigned i = 0; i < 6; i++) {
		int64_t start = chord_net_now(net), first = INT64_MAX;

		log->len = 0;
		chord_net_crash(net, g_array_index(ring, unsigned, 19 - i), 10);
		chord_net_run(net, 150);
		for (guint n = 0; n < log->len; n++) {
			const Sent *sent = &g_array_index(log, Sent, n);

			if (sent->from == after && sent->code == RELOAD_UPDATE_REQ && sent->at >= start + 10)
				first = MIN(first, sent->at - start);
		}
		/* Noticed after 10 ms, and a moment later told; 40 ms between two rounds. */
		g_assert_cmpint(first, <=, 10 + 40 + 16);
	}
	g_array_unref(ring);
	chord_net_free(net);
	g_array_unref(log);
}

/* 10.7.4.2: a missing finger is searched for once in each interval, each one half as often as the one before it, at
 * points all over its range. Eight nodes stand close together, so that most fingers of the first are missing. */
static void test_finger_weights(void)
{
	enum { SEARCHES = 2000, INTERVAL = 10000 };
	ChordNet *net = chord_net_new(204);
	unsigned by_finger[RELOAD_RING_BITS + 1] = {0}, upper = 0, searches = 0;
	ReloadRingPoint self;
	GArray *log;

	chord_net_document(net)->chord_ping_interval = INTERVAL / 1000;
	chord_net_document(net)->chord_update_interval = 86400;
	for (unsigned i = 0; i < 8; i++) {
		ReloadNodeId id;

		reload_ring_point_to_node_id((ReloadRingPoint){UINT64_C(1000000) * (i + 1), i}, &id);
		chord_net_add(net, &id);
	}
	log = watch(net);
	chord_net_start(net, 0);
	for (unsigned i = 1; i < 8; i++)
		chord_net_join(net, i, 0, 200 * i);
	chord_net_run(net, 60000);
	assert_ring(net, 0);
	/* 10.5: the first finger by an Attach to n+2^127. */
	g_assert_cmpuint(attaches_of(net, log, 0).half, >=, 1);
	log->len = 0;
	chord_net_run(net, (int64_t)SEARCHES * INTERVAL);
	self = reload_ring_point_from_node_id(chord_net_id(net, 0));
	for (guint i = 0; i < log->len; i++) {
		const Sent *sent = &g_array_index(log, Sent, i);
		ReloadRingPoint point;
		unsigned finger;

		if (sent->from != 0 || sent->code != RELOAD_PING_REQ)
			continue;
		g_assert_true(reload_ring_point_from_span(reload_resource_id_span(&sent->dest.resource_id), &point));
		finger = reload_ring_finger_of(reload_ring_distance(self, point));
		by_finger[finger]++;
		searches++;
		/* The upper half of the first range is the last quarter of the ring. */
		upper += finger == 1 && reload_ring_distance(self, point).hi >> 62 == 3;
	}
	g_test_message("%u searches, %u for finger 1 (%u in its upper half), %u for 2, %u for 3", searches, by_finger[1],
		       upper, by_finger[2], by_finger[3]);
	/* At most one for each interval, whose least length is 80%. */
	g_assert_cmpuint(searches, >, SEARCHES * 3 / 4);
	g_assert_cmpuint(searches, <, SEARCHES * 5 / 4);
	g_assert_cmpuint(by_finger[1], >, searches * 45 / 100);
	g_assert_cmpuint(by_finger[1], <, searches * 55 / 100);
	g_assert_cmpuint(by_finger[2], >, searches * 20 / 100);
	g_assert_cmpuint(by_finger[2], <, searches * 30 / 100);
	g_assert_cmpuint(by_finger[3], >, searches * 9 / 100);
	g_assert_cmpuint(by_finger[3], <, searches * 16 / 100);
	g_assert_cmpuint(upper, >, by_finger[1] * 43 / 100);
	g_assert_cmpuint(upper, <, by_finger[1] * 57 / 100);
	chord_net_free(net);
	g_array_unref(log);
}

/* 10.7.4.2: a joining node takes its first fingers from what Updates name, which costs no search; where they name
 * nobody, from places in the ring. Never by Pings. */
static void test_first_fingers(void)
{
	ChordNet *net = ring_of(205, 32, true);
	unsigned node = chord_net_add(net, NULL);
	GArray *log = watch(net);
	Attaches count;

	chord_net_join(net, node, 0, 0);
	chord_net_run(net, 60000);
	assert_ring(net, 0);
	count = attaches_of(net, log, (int)node);
	/* The admitting peer, five more neighbors, and fingers. */
	g_assert_cmpuint(count.next, ==, 1);
	g_assert_cmpuint(count.by_name, >=, 6);
	/* 10.6: the neighbors through who named them. */
	g_test_message("%u routed", count.routed);
	g_assert_cmpuint(count.routed, >=, 5);
	g_assert_cmpuint(count.pings, ==, 0);
	chord_net_free(net);
	g_array_unref(log);

	net = chord_net_new(211);
	log = watch(net);
	for (unsigned i = 0; i < 48; i++)
		chord_net_add(net, NULL);
	chord_net_start(net, 0);
	for (unsigned i = 1; i < 48; i++)
		chord_net_join(net, i, 0, 200 * i);
	chord_net_run(net, 60000);
	assert_ring(net, 0);
	count = attaches_of(net, log, -1);
	g_test_message("%u Attaches by name, %u to places of fingers", count.by_name, count.fingers);
	g_assert_cmpuint(count.next, >=, 47);
	g_assert_cmpuint(count.fingers, >=, 5);
	chord_net_free(net);
	g_array_unref(log);
}

/* 10.5: where no Update comes from the admitting peer, Pings find one successor after the other. */
static void test_join_by_pings(void)
{
	ChordNet *net = ring_of(206, 12, true);
	GArray *log = watch(net), *ring;
	unsigned node = chord_net_add(net, NULL), pings = 0, attached = 0;
	ReloadRingPoint next = reload_ring_point_from_node_id(chord_net_id(net, node));
	guint place;

	ring = chord_net_sorted(net);
	place = place_of(ring, node);
	for (unsigned i = 0; i < 12; i++)
		chord_net_mute(net, i);
	chord_net_join(net, node, 0, 0);
	chord_net_run(net, 20000);
	for (guint i = 0; i < log->len; i++) {
		const Sent *sent = &g_array_index(log, Sent, i);
		ReloadRingPoint point;

		if (sent->from != node || (sent->code != RELOAD_PING_REQ && sent->code != RELOAD_ATTACH_REQ))
			continue;
		if (sent->code == RELOAD_ATTACH_REQ) {
			if (sent->dest.type == RELOAD_DESTINATION_NODE)
				attached += reload_node_id_equal(
				    &sent->dest.node_id,
				    chord_net_id(net, g_array_index(ring, unsigned, (place + 2) % 13)));
			continue;
		}
		/* n+1, p0+1, p1+1. */
		g_assert_cmpuint(pings, <, 3);
		reload_ring_point_from_span(reload_resource_id_span(&sent->dest.resource_id), &point);
		g_assert_cmpint(reload_ring_compare(point, reload_ring_add(next, (ReloadRingPoint){0, 1})), ==, 0);
		pings++;
		next = reload_ring_point_from_node_id(
		    chord_net_id(net, g_array_index(ring, unsigned, (place + pings) % 13)));
	}
	g_assert_cmpuint(pings, ==, 3);
	g_assert_cmpuint(attached, ==, 1);
	/* Its Join made the admitting peer speak. */
	g_assert_true(chord_net_joined(net, node));
	g_array_unref(ring);
	chord_net_free(net);
	g_array_unref(log);
}

static bool is_at(ChordNet *net, const ReloadNodeId *id, const GArray *ring, guint place)
{
	return reload_node_id_equal(id, chord_net_id(net, g_array_index(ring, unsigned, place % ring->len)));
}

static bool is_to(ChordNet *net, const Sent *sent, const GArray *ring, guint place)
{
	return is_at(net, &sent->dest.node_id, ring, place);
}

/* 6.4.2.2: a Leave goes to everybody linked, also to who has not joined. 10.9: with what lies on the other side. */
static void test_leave_everybody(void)
{
	ChordNet *net = ring_of(207, 12, true);
	GArray *log, *ring = chord_net_sorted(net);
	unsigned stranger = chord_net_add(net, NULL), told = 0;
	unsigned links;
	guint place;

	chord_net_link(net, 4, stranger);
	chord_net_run(net, 1000);
	links = chord_net_links(net, 4);
	log = watch(net);
	chord_net_leave(net, 4, false);
	chord_net_run(net, 3000);
	for (guint i = 0; i < log->len; i++) {
		const Sent *sent = &g_array_index(log, Sent, i);

		if (sent->code != RELOAD_LEAVE_REQ)
			continue;
		g_assert_cmpuint(sent->from, ==, 4);
		place = place_of(ring, 4);
		/* Successors get the predecessors, and predecessors the successors. */
		for (guint apart = 1; apart <= 3; apart++) {
			if (is_to(net, sent, ring, place + apart)) {
				g_assert_cmpint(sent->leave, ==, RELOAD_CHORD_FROM_PRED);
				g_assert_true(is_at(net, &sent->leave_first, ring, place + ring->len - 1));
			}
			if (is_to(net, sent, ring, place + ring->len - apart)) {
				g_assert_cmpint(sent->leave, ==, RELOAD_CHORD_FROM_SUCC);
				g_assert_true(is_at(net, &sent->leave_first, ring, place + 1));
			}
		}
		told += reload_node_id_equal(&sent->dest.node_id, chord_net_id(net, stranger));
	}
	g_assert_cmpuint(told, ==, 1);
	g_assert_cmpuint(count_code(log, RELOAD_LEAVE_REQ), ==, links);
	g_array_unref(ring);
	chord_net_free(net);
	g_array_unref(log);
}

/* Whom node attached to by name and not through who named it, since. */
static unsigned count_direct(const GArray *log, int node)
{
	unsigned count = 0;

	for (guint i = 0; i < log->len; i++) {
		const Sent *sent = &g_array_index(log, Sent, i);

		count += sent->code == RELOAD_ATTACH_REQ && sent->dest.type == RELOAD_DESTINATION_NODE &&
			 sent->via.len == 0 && (node < 0 || sent->from == (unsigned)node);
	}
	return count;
}

/* 10.9: what the Leave names is used at once. */
static void test_leave_hints(void)
{
	ChordNet *net = ring_of(215, 40, true);
	GArray *log = watch(net), *ring = chord_net_sorted(net);
	unsigned direct = 0;

	chord_net_leave(net, g_array_index(ring, unsigned, 20), false);
	chord_net_run(net, 30);
	for (guint apart = 1; apart <= 3; apart++)
		direct += count_direct(log, (int)g_array_index(ring, unsigned, 20 + apart)) +
			  count_direct(log, (int)g_array_index(ring, unsigned, 20 - apart));
	g_assert_cmpuint(direct, >=, 2);
	chord_net_run(net, 3000);
	assert_ring(net, 0);
	g_array_unref(ring);
	chord_net_free(net);
	g_array_unref(log);
}

/* 10.5 and 10.6: a joining node attaches to all its neighbors, through who named them, before it sends its Join; and
 * it is a part of the ring only when its data has been handed over. */
static void test_join_order(void)
{
	ChordNet *net = ring_of(216, 32, true);
	unsigned node = chord_net_add(net, NULL), named = 0, joins = 0;
	GArray *log, *ring = chord_net_sorted(net);
	guint place = place_of(ring, node);
	int64_t start = chord_net_now(net);

	/* Its second predecessor and its admitting peer. */
	chord_net_slow(net, g_array_index(ring, unsigned, (place + ring->len - 2) % ring->len), 9000);
	chord_net_slow(net, g_array_index(ring, unsigned, (place + 1) % ring->len), 3000);
	log = watch(net);
	chord_net_join(net, node, g_array_index(ring, unsigned, (place + 16) % ring->len), 0);
	for (unsigned i = 0; i < 400 && count_code(log, RELOAD_JOIN_REQ) == 0; i++)
		chord_net_run(net, 50);
	chord_net_run(net, 2900);
	g_assert_false(chord_net_joined(net, node));
	chord_net_run(net, 1000);
	g_assert_true(chord_net_joined(net, node));
	for (guint i = 0; i < log->len && joins == 0; i++) {
		const Sent *sent = &g_array_index(log, Sent, i);

		if (sent->from != node)
			continue;
		joins += sent->code == RELOAD_JOIN_REQ;
		g_assert_true(sent->code != RELOAD_UPDATE_REQ);
		if (sent->code == RELOAD_JOIN_REQ)
			g_assert_cmpint(sent->at - start, >=, 9000);
		named += sent->code == RELOAD_ATTACH_REQ && sent->dest.type == RELOAD_DESTINATION_NODE;
		if (sent->code == RELOAD_ATTACH_REQ)
			g_assert_cmpuint(sent->via.len, !=, 0);
	}
	g_assert_cmpuint(joins, ==, 1);
	g_assert_cmpuint(named, >=, 4);
	g_array_unref(ring);
	chord_net_free(net);
	g_array_unref(log);
}

/* 10.7.2: with reactive recovery a finger that has failed is searched for at once. */
static void test_finger_fails(void)
{
	ChordNet *net = ring_of(217, 60, true);
	GArray *log = watch(net), *ring = chord_net_sorted(net);
	unsigned searches = 0;

	for (guint i = 5; i < 60; i += 15) {
		log->len = 0;
		chord_net_crash(net, g_array_index(ring, unsigned, i), 10);
		chord_net_run(net, 5000);
		searches += count_code(log, RELOAD_PING_REQ) + count_direct(log, -1);
	}
	g_assert_cmpuint(searches, >=, 4);
	g_array_unref(ring);
	chord_net_free(net);
	g_array_unref(log);
}

/* 10.7: the fingers of an Update of type full are in ascending order. */
static void test_full(void)
{
	ChordNet *net = ring_of(218, 32, true);
	ReloadRouteQueryReq query = {.send_update = true};
	GByteArray *body = g_byte_array_new();
	GArray *log = watch(net);
	unsigned full = 0;

	query.destination = reload_destination_node(chord_net_id(net, 3));
	reload_write_route_query_req(body, &query);
	for (unsigned i = 0; i < 32; i += 4)
		chord_net_inject(net, i, RELOAD_ROUTE_QUERY_REQ, body, chord_net_id(net, i + 1), chord_net_id(net, i + 1));
	chord_net_run(net, 1000);
	for (guint i = 0; i < log->len; i++) {
		const Sent *sent = &g_array_index(log, Sent, i);

		g_assert_true(sent->code != RELOAD_UPDATE_REQ || sent->ascending);
		full += sent->code == RELOAD_UPDATE_REQ && sent->type == RELOAD_CHORD_FULL;
	}
	g_assert_cmpuint(full, ==, 8);
	g_byte_array_unref(body);
	chord_net_free(net);
	g_array_unref(log);
}

/* A neighbor whose Update does not name us has missed one of ours. */
static void test_missed(void)
{
	ChordNet *net = ring_of(219, 32, true);
	GArray *log = watch(net), *ring = chord_net_sorted(net);
	unsigned node = g_array_index(ring, unsigned, 10), next = g_array_index(ring, unsigned, 11), count;
	ReloadChordUpdate update = {.type = RELOAD_CHORD_NEIGHBORS};
	GByteArray *body = g_byte_array_new();

	reload_write_chord_update(body, &update);
	for (unsigned i = 0; i < 5; i++) /* but not to each of them */
		chord_net_inject(net, node, RELOAD_UPDATE_REQ, body, chord_net_id(net, next), chord_net_id(net, next));
	chord_net_run(net, 1000);
	first_update(net, log, node, next, &count);
	g_assert_cmpuint(count, ==, 1);
	g_byte_array_unref(body);
	g_array_unref(ring);
	chord_net_free(net);
	g_array_unref(log);
}

/* 10.3: a Resource-ID that is the Node-ID of somebody linked goes there, except from there. */
static void test_resource_of_linked(void)
{
	ChordNet *net = ring_of(208, 12, true);
	unsigned stranger = chord_net_add(net, NULL);
	const ReloadTopologyPlugin *plugin = chord_net_plugin();
	const ReloadNodeId *id = chord_net_id(net, stranger);
	ReloadResourceId resource;
	ReloadNodeId hop;
	unsigned node = 0;

	reload_resource_id_from_span(reload_node_id_span(id), &resource);
	while (node == chord_net_owner(net, &resource) ||
	       plugin->responsible(chord_net_topology(net, node), reload_node_id_span(id)))
		node++;
	chord_net_link(net, node, stranger);
	g_assert_cmpint(plugin->next_hop(chord_net_topology(net, node), reload_node_id_span(id), true, NULL, &hop), ==,
			RELOAD_ROUTE_HOP);
	g_assert_true(reload_node_id_equal(&hop, id));
	g_assert_false(plugin->routes_through(chord_net_topology(net, node), id));
	g_assert_cmpint(plugin->next_hop(chord_net_topology(net, node), reload_node_id_span(id), true, id, &hop), ==,
			RELOAD_ROUTE_HOP);
	g_assert_false(reload_node_id_equal(&hop, id));
	chord_net_free(net);
}

static void count_successors(void *data, const char *role, unsigned index, const ReloadNodeId *id)
{
	(void)index;
	(void)id;
	*(unsigned *)data += strcmp(role, "successor") == 0;
}

/* 10.7: O(log N) neighbors. Where peers lie as close as in a ring of some thousands, tables are larger, and right. */
static void test_table_grows(void)
{
	ChordNet *net = chord_net_new(209);
	unsigned grown = 0;

	for (unsigned i = 0; i < 40; i++) {
		ReloadNodeId id;

		reload_ring_point_to_node_id((ReloadRingPoint){chord_net_random(net) >> 7, chord_net_random(net)}, &id);
		chord_net_add(net, &id);
	}
	chord_net_start(net, 0);
	for (unsigned i = 1; i < 40; i++)
		chord_net_join(net, i, 0, 200 * i);
	chord_net_run(net, 8000);
	assert_ring(net, 20000);
	chord_net_run(net, 60000);
	assert_ring(net, 0);
	for (unsigned i = 0; i < 40; i++) {
		unsigned successors = 0;

		chord_net_plugin()->each_entry(chord_net_topology(net, i), count_successors, &successors);
		g_assert_cmpuint(successors, >=, 3);
		g_assert_cmpuint(successors, <=, 8);
		grown += successors >= 5;
	}
	/* All but those at the ends of the crowd. */
	g_assert_cmpuint(grown, >=, 30);
	chord_net_free(net);
}

/* 6.3.1.1: an Update of a type that nobody knows is met with silence, a broken one with an Error. */
static void test_unknown_update(void)
{
	ChordNet *net = ring_of(210, 4, true);
	const ReloadNodeId *from = chord_net_id(net, 1);
	GByteArray *body = g_byte_array_new();
	ReloadTopologyAnswer answer = {.body = g_byte_array_new()};
	ReloadMessage message = {.code = RELOAD_UPDATE_REQ};

	g_byte_array_append(body, (const guint8 *)"\0\0\0\1\4\0\0", 7);
	message.body = (ReloadSpan){body->data, body->len};
	chord_net_plugin()->on_request(chord_net_topology(net, 0), &message, from, from, &answer, chord_net_now(net));
	g_assert_true(answer.silent);
	g_assert_cmpuint(answer.error_code, ==, 0);
	answer.silent = false;
	body->data[4] = RELOAD_CHORD_NEIGHBORS;
	chord_net_plugin()->on_request(chord_net_topology(net, 0), &message, from, from, &answer, chord_net_now(net));
	g_assert_false(answer.silent);
	g_assert_cmpuint(answer.error_code, ==, RELOAD_ERROR_INVALID_MESSAGE);
	g_byte_array_unref(answer.body);
	g_byte_array_unref(body);
	chord_net_free(net);
}

/* A node whose Joins are refused, as it has joined too often, waits; it is not asked a thousand times a second whether it
 * is time. */
static void test_refused_joins(void)
{
	ChordNet *net = ring_of(300, 16, true);
	unsigned most = 0;

	for (unsigned i = 0; i < 14; i++) {
		chord_net_crash(net, 5, 10);
		chord_net_run(net, 100);
		chord_net_revive(net, 5);
		chord_net_join(net, 5, 0, 0);
		for (unsigned s = 0; s < (i > 8 ? 32 : 2); s++) {
			unsigned before = chord_net_ticks(net, 5);

			chord_net_run(net, 1000);
			most = MAX(most, chord_net_ticks(net, 5) - before);
		}
	}
	g_test_message("at most %u ticks in a second", most);
	g_assert_cmpuint(most, <, 200);
	chord_net_free(net);
}

/* 10.7.3: two that stand alone and refuse each other's first Update, as their documents differ, come together. */
static void test_refused_alone(void)
{
	ChordNet *net = chord_net_new(302);
	unsigned a = chord_net_add(net, NULL), b = chord_net_add(net, NULL);

	chord_net_start(net, a);
	chord_net_start(net, b);
	chord_net_run(net, 5000);
	chord_net_refuse(net, a, 1);
	chord_net_refuse(net, b, 1);
	chord_net_link(net, a, b);
	chord_net_run(net, 15000);
	assert_ring(net, 0);
	chord_net_free(net);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/topology/stabilize/periodic-spread", test_periodic_spread);
	g_test_add_func("/topology/stabilize/one-death", test_one_death);
	g_test_add_func("/topology/stabilize/periodic-recovery", test_periodic_recovery);
	g_test_add_func("/topology/stabilize/range-while-open", test_range_while_open);
	g_test_add_func("/topology/stabilize/refused", test_refused);
	g_test_add_func("/topology/stabilize/refused-joins", test_refused_joins);
	g_test_add_func("/topology/stabilize/refused-alone", test_refused_alone);
	g_test_add_func("/topology/stabilize/deaths-in-a-row", test_deaths_in_a_row);
	g_test_add_func("/topology/stabilize/finger-weights", test_finger_weights);
	g_test_add_func("/topology/stabilize/first-fingers", test_first_fingers);
	g_test_add_func("/topology/stabilize/join-by-pings", test_join_by_pings);
	g_test_add_func("/topology/stabilize/leave-everybody", test_leave_everybody);
	g_test_add_func("/topology/stabilize/leave-hints", test_leave_hints);
	g_test_add_func("/topology/stabilize/join-order", test_join_order);
	g_test_add_func("/topology/stabilize/finger-fails", test_finger_fails);
	g_test_add_func("/topology/stabilize/full", test_full);
	g_test_add_func("/topology/stabilize/missed", test_missed);
	g_test_add_func("/topology/stabilize/resource-of-linked", test_resource_of_linked);
	g_test_add_func("/topology/stabilize/table-grows", test_table_grows);
	g_test_add_func("/topology/stabilize/unknown-update", test_unknown_update);
	return g_test_run();
}
