/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stories of data: stored and found from everywhere, kept when nodes die, leave and join;
 * connections between applications; what hostile nodes try. */
#include "reload_core/peer/node_private.h"
#include "reload_core/usages/certstore/certstore.h"
#include "reload_core/usages/certstore/publish.h"
#include "reload_core/wire/attach.h"
#include "reload_core/wire/header.h"
#include "reload_core/wire/message.h"
#include "reload_core/wire/ping.h"
#include "reload_core/wire/probe.h"
#include "reload_core/wire/store.h"
#include "tests/sim/sim.h"

static void form(Sim *sim)
{
	sim_start(sim, 0, true);
	for (unsigned i = 1; i < sim_count(sim); i++)
		sim_start(sim, i, false);
	sim_run_until(sim, sim_ring_is_right, NULL, 120 * SIM_SECOND, "a ring of all");
}

static void assert_found(Sim *sim, unsigned from, const char *user, const char *expected)
{
	char *found = sim_fetch(sim, from, user);

	if (g_strcmp0(found, expected) != 0)
		sim_dump(sim);
	g_assert_cmpstr(found, ==, expected);
	g_free(found);
}

/* The longest via list seen in a Fetch or Store, and whether an answer went back along as many
 * nodes. */
typedef struct {
	size_t longest_via, longest_return;
} Paths;

static void watch_paths(void *data, SimNode *from, SimNode *to, ReloadSpan bytes)
{
	Paths *paths = data;
	ReloadMessage message;

	(void)from;
	(void)to;
	g_assert_cmpint(reload_message_decode(bytes, 16, &message), ==, RELOAD_OK);
	if (message.code == RELOAD_FETCH_REQ || message.code == RELOAD_STORE_REQ)
		paths->longest_via =
		    MAX(paths->longest_via, reload_destination_list_count(message.header.via_list));
	if (message.code == RELOAD_FETCH_ANS || message.code == RELOAD_STORE_ANS)
		paths->longest_return =
		    MAX(paths->longest_return,
			reload_destination_list_count(message.header.destination_list));
}

/* The replica numbers seen in Stores that a node sends to another (10.4). */
static void watch_replicas(void *data, SimNode *from, SimNode *to, ReloadSpan bytes)
{
	unsigned *numbers = data;
	ReloadMessage message;

	(void)from;
	(void)to;
	g_assert_cmpint(reload_message_decode(bytes, 16, &message), ==, RELOAD_OK);
	/* Resource-ID with its length, replica number */
	if (message.code == RELOAD_STORE_REQ)
		numbers[MIN(message.body.data[1 + message.body.data[0]], 3)]++;
}

static void count_named(void *data, SimNode *from, SimNode *to, ReloadSpan bytes)
{
	ReloadStoreKindResponse response;
	ReloadMessage message;
	ReloadStoreAns ans;
	ReloadNodeId id;

	(void)from;
	(void)to;
	g_assert_cmpint(reload_message_decode(bytes, 16, &message), ==, RELOAD_OK);
	if (message.code != RELOAD_STORE_ANS || reload_store_ans_decode(message.body, 16, &ans) != RELOAD_OK)
		return;
	while (reload_store_kind_response_next(&ans.kind_responses, &response)) {
		unsigned named = 0;

		while (reload_node_id_next(&response.replicas, 16, &id))
			named++;
		*(unsigned *)data = MAX(*(unsigned *)data, named);
	}
}

/* 7.4.1.2: the answer names where the replicas go. */
static void test_replicas_named(void)
{
	Sim *sim = sim_new("replicas-named", 6, 2);
	unsigned named = 0;

	form(sim);
	sim_watch(sim, count_named, &named);
	for (unsigned i = 0; i < 6; i++)
		g_assert_cmpint(sim_store(sim, i, "alice", "here", NULL), ==, RELOAD_OK);
	g_assert_cmpuint(named, ==, 2);
	sim_free(sim);
}

static void test_replica_numbers(void)
{
	Sim *sim = sim_new("replica-numbers", 12, 3);
	unsigned numbers[4] = {0};
	ReloadResourceId id;

	form(sim);
	sim_run(sim, 10 * SIM_SECOND);
	sim_watch(sim, watch_replicas, numbers);
	g_assert_cmpint(sim_store(sim, 1, "alice", "here", NULL), ==, RELOAD_OK);
	sim_run(sim, SIM_SECOND);
	g_assert_cmpuint(numbers[1], ==, 1);
	g_assert_cmpuint(numbers[2], ==, 1);
	/* The second successor goes: the third one gets number 2. */
	sim_resource(sim, "alice", &id);
	memset(numbers, 0, sizeof(numbers));
	{
		const ReloadTopologyPlugin *plugin;
		ReloadTopology *topology = reload_node_topology(sim_responsible(sim, &id)->node, &plugin);
		ReloadNodeId set[2];

		g_assert_cmpuint(plugin->replica_set(topology, set, 2), ==, 2);
		for (unsigned i = 0; i < 12; i++)
			if (reload_node_id_equal(&sim_node(sim, i)->id, &set[1]))
				sim_crash(sim, i, false);
	}
	sim_run(sim, 50 * SIM_SECOND);
	g_assert_cmpuint(numbers[2], >=, 1);
	g_assert_cmpuint(numbers[1], ==, 0);
	sim_free(sim);
}

static void test_app_unknown(void)
{
	Sim *sim = sim_new("app-unknown", 4, 1);
	ReloadDestination destination;
	ReloadIceCandidate candidate;
	GByteArray *list = g_byte_array_new(), *body = g_byte_array_new();
	ReloadAppAttach attach = {.application = 4711, .role = reload_span_text("passive")};
	SimAnswer answer;

	form(sim);
	candidate = (ReloadIceCandidate){.overlay_link = RELOAD_LINK_TLS_TCP_FH_NO_ICE,
					 .addr_port = sim_node(sim, 1)->app_address,
					 .foundation = reload_span_text("1"),
					 .type = RELOAD_CAND_HOST};
	g_assert_true(reload_write_ice_candidate(list, &candidate));
	attach.candidates = reload_span(list->data, list->len);
	g_assert_true(reload_write_app_attach(body, &attach));
	destination = reload_destination_node(&sim_node(sim, 2)->id);
	sim_request(sim, 1, &destination, 1, RELOAD_APP_ATTACH_REQ, reload_span(body->data, body->len), &answer);
	g_assert_cmpuint(answer.error_code, ==, RELOAD_ERROR_NOT_FOUND);
	sim_answer_clear(&answer);
	g_byte_array_unref(body);
	g_byte_array_unref(list);
	sim_free(sim);
}

static void test_store_and_fetch(void)
{
	Sim *sim = sim_new("store-and-fetch", 40, 3);
	Paths paths = {0};

	form(sim);
	sim_watch(sim, watch_paths, &paths);
	for (unsigned i = 0; i < 12; i++) {
		char *user = g_strdup_printf("user%u", i);
		ReloadResourceId id;

		sim_resource(sim, user, &id);
		g_assert_cmpint(sim_store(sim, i, user, "here", NULL), ==, RELOAD_OK);
		assert_found(sim, (i * 7 + 3) % 40, user, "here;");
		assert_found(sim, sim_responsible(sim, &id)->index, user, "here;");
		sim_run(sim, SIM_SECOND);
		g_assert_cmpuint(sim_copies(sim, &id), ==, 3);
		g_free(user);
	}
	/* Several links and more, and back along them. */
	g_assert_cmpuint(paths.longest_via, >=, 2);
	g_assert_cmpuint(paths.longest_return, >=, 3);
	assert_found(sim, 5, "nobody", "");
	sim_free(sim);
}

static void test_two_edges(void)
{
	Sim *sim = sim_new("two-edges", 8, 2);

	form(sim);
	g_assert_cmpint(sim_store(sim, 1, "alice", "one", NULL), ==, RELOAD_OK);
	g_assert_cmpint(sim_store(sim, 2, "alice", "two", NULL), ==, RELOAD_OK);
	assert_found(sim, 7, "alice", "one;two;");
	sim_free(sim);
}

/* The storing peer dies: its replicas serve at once, and there are three again after a while. */
static void test_storing_peer_dies(void)
{
	Sim *sim = sim_new("storing-peer-dies", 12, 3);
	ReloadResourceId id;

	form(sim);
	g_assert_cmpint(sim_store(sim, 1, "alice", "here", NULL), ==, RELOAD_OK);
	sim_resource(sim, "alice", &id);
	sim_run(sim, SIM_SECOND);
	for (unsigned round = 0; round < 3; round++) {
		unsigned storing = sim_responsible(sim, &id)->index;

		sim_crash(sim, storing, false);
		sim_run(sim, 2 * SIM_SECOND);
		assert_found(sim, sim_responsible(sim, &id)->index, "alice", "here;");
		sim_run(sim, 60 * SIM_SECOND); /* the hold-down time is over */
		g_assert_cmpuint(sim_copies(sim, &id), >=, 3);
		sim_start(sim, storing, false);
		sim_run_until(sim, sim_ring_is_right, NULL, 60 * SIM_SECOND, "a ring of all");
		assert_found(sim, storing, "alice", "here;");
		sim_run(sim, 60 * SIM_SECOND);
	}
	sim_free(sim);
}

/* The node behind that one. */
static unsigned behind(Sim *sim, unsigned node)
{
	ReloadResourceId place;

	reload_resource_id_from_span(reload_node_id_span(&sim_node(sim, node)->id), &place);
	for (int b = 15; b >= 0 && ++place.id[b] == 0; b--)
		continue;
	return sim_responsible(sim, &place)->index;
}

/* 10.7.3: who joins is no stand-in, and gets what it shall keep at once, although a neighbor has failed within the
 * hold-down time: it was itself. When the storing peer dies then, it answers for all of it. */
static void test_back_in_set(void)
{
	Sim *sim = sim_new("back-in-set", 16, 3);
	unsigned storing, next;
	ReloadResourceId id;

	form(sim);
	sim_run(sim, 40 * SIM_SECOND);
	g_assert_cmpint(sim_store(sim, 1, "alice", "here", NULL), ==, RELOAD_OK);
	sim_resource(sim, "alice", &id);
	sim_run(sim, SIM_SECOND);
	storing = sim_responsible(sim, &id)->index;
	next = behind(sim, storing);
	sim_crash(sim, next, false);
	sim_run(sim, 3 * SIM_SECOND);
	sim_start(sim, next, false);
	sim_run_until(sim, sim_ring_is_right, NULL, 10 * SIM_SECOND, "a ring of all");
	sim_run(sim, 2 * SIM_SECOND);
	sim_crash(sim, storing, false);
	sim_run_until(sim, sim_ring_is_right, NULL, 10 * SIM_SECOND, "a ring without the storing peer");
	assert_found(sim, behind(sim, next), "alice", "here;");
	sim_free(sim);
}

/* The storing peer dies, and with it a successor of the next: that one's other successor has a copy at once, who stands in
 * for the dead one only after the hold-down time (RFC 6940, 10.7.1). */
typedef struct {
	SimNode *node, *first; /* node, and who was its first successor */
} Pair;

static bool is_out_of_set(Sim *sim, void *data)
{
	const Pair *pair = data;
	const ReloadTopologyPlugin *plugin;
	ReloadTopology *topology = reload_node_topology(pair->node->node, &plugin);
	ReloadNodeId set[2];

	(void)sim;
	return plugin->replica_set(topology, set, 2) < 1 || !reload_node_id_equal(&set[0], &pair->first->id);
}

/* The same of one that was cut off for a while, and that nothing tells to have been away. */
static void test_back_from_afar(void)
{
	Sim *sim = sim_new("back-from-afar", 16, 3);
	ReloadResourceId id;
	Pair pair;

	form(sim);
	sim_run(sim, 40 * SIM_SECOND);
	g_assert_cmpint(sim_store(sim, 1, "alice", "here", NULL), ==, RELOAD_OK);
	sim_resource(sim, "alice", &id);
	sim_run(sim, SIM_SECOND);
	pair.node = sim_responsible(sim, &id);
	pair.first = sim_node(sim, behind(sim, pair.node->index));
	pair.first->group = 1;
	sim_run_until(sim, is_out_of_set, &pair, 90 * SIM_SECOND, "it is missed");
	g_assert_cmpint(sim_store(sim, pair.node->index, "alice", "new", NULL), ==, RELOAD_OK);
	sim_run(sim, 2 * SIM_SECOND);
	pair.first->group = 0;
	sim_run_until(sim, sim_ring_is_right, NULL, 25 * SIM_SECOND, "a ring of all");
	sim_run(sim, 2 * SIM_SECOND);
	sim_crash(sim, pair.node->index, false);
	sim_run_until(sim, sim_ring_is_right, NULL, 10 * SIM_SECOND, "a ring without the storing peer");
	assert_found(sim, behind(sim, pair.first->index), "alice", "here;new;");
	sim_free(sim);
}

static void test_stand_in(void)
{
	Sim *sim = sim_new("stand-in", 16, 3);
	unsigned storing, third;
	ReloadResourceId id;

	form(sim);
	sim_run(sim, 40 * SIM_SECOND);
	g_assert_cmpint(sim_store(sim, 1, "alice", "here", NULL), ==, RELOAD_OK);
	sim_resource(sim, "alice", &id);
	sim_run(sim, SIM_SECOND);
	storing = sim_responsible(sim, &id)->index;
	third = behind(sim, behind(sim, storing));
	sim_crash(sim, third, false);
	sim_run(sim, SIM_SECOND);
	sim_crash(sim, storing, false);
	sim_run(sim, 25 * SIM_SECOND);
	g_assert_cmpuint(sim_copies(sim, &id), ==, 2);
	sim_run(sim, 35 * SIM_SECOND);
	g_assert_cmpuint(sim_copies(sim, &id), ==, 3);
	sim_free(sim);
}

static void test_two_of_three_die(void)
{
	Sim *sim = sim_new("two-of-three-die", 16, 3);
	ReloadResourceId id;

	form(sim);
	g_assert_cmpint(sim_store(sim, 1, "alice", "here", NULL), ==, RELOAD_OK);
	sim_resource(sim, "alice", &id);
	sim_run(sim, SIM_SECOND);
	sim_crash(sim, sim_responsible(sim, &id)->index, false);
	sim_crash(sim, sim_responsible(sim, &id)->index, false);
	sim_run_until(sim, sim_ring_is_right, NULL, 60 * SIM_SECOND, "a ring of those left");
	assert_found(sim, sim_responsible(sim, &id)->index, "alice", "here;");
	sim_free(sim);
}

/* All that was stored is still found when a ring grows, shrinks, and by whoever asks. */
static void test_growing(void)
{
	Sim *sim = sim_new("growing", 14, 2);

	sim_start(sim, 0, true);
	sim_run_until(sim, sim_all_joined, NULL, 10 * SIM_SECOND,
		      "the first node starts the overlay");
	for (unsigned i = 0; i < 30; i++) {
		char *user = g_strdup_printf("user%u", i);

		g_assert_cmpint(sim_store(sim, 0, user, user, NULL), ==, RELOAD_OK);
		g_free(user);
	}
	for (unsigned i = 1; i < sim_count(sim); i++) {
		sim_start(sim, i, false);
		sim_run_until(sim, sim_ring_is_right, NULL, 60 * SIM_SECOND, "one more");
	}
	for (unsigned i = 0; i < 5; i++) {
		sim_leave(sim, i);
		sim_run_until(sim, sim_ring_is_right, NULL, 60 * SIM_SECOND, "one less");
		sim_run(sim, 40 * SIM_SECOND);
	}
	for (unsigned i = 0; i < 30; i++) {
		char *user = g_strdup_printf("user%u", i),
		     *expected = g_strdup_printf("user%u;", i);
		ReloadResourceId id;

		sim_resource(sim, user, &id);
		assert_found(sim, 5 + i % 9, user, expected);
		g_assert_cmpuint(sim_copies(sim, &id), >=, 3);
		g_free(expected);
		g_free(user);
	}
	/* What nobody has to keep is dropped in time. */
	sim_run(sim, 200 * SIM_SECOND);
	for (unsigned i = 0; i < 30; i++) {
		char *user = g_strdup_printf("user%u", i);
		ReloadResourceId id;

		sim_resource(sim, user, &id);
		g_assert_cmpuint(sim_copies(sim, &id), ==, 3);
		g_free(user);
	}
	sim_free(sim);
}

static void test_duplicates(void)
{
	Sim *sim = sim_new("duplicates", 10, 2);

	form(sim);
	sim_network(sim)->duplicate_percent = 100;
	for (unsigned i = 0; i < 5; i++) {
		g_assert_cmpint(sim_store(sim, i, "alice", "here", NULL), ==, RELOAD_OK);
		sim_run(sim, 1000);
	}
	assert_found(sim, 9, "alice", "here;here;here;here;here;");
	sim_free(sim);
}

static void test_ping_and_probe(void)
{
	Sim *sim = sim_new("ping-and-probe", 20, 2);
	const uint8_t wanted[] = {3, 1, 99, 2};
	GByteArray *body = g_byte_array_new();
	ReloadDestination far;
	ReloadProbeReq request = {.requested_info = {wanted, sizeof(wanted)}};
	ReloadProbeInformation info;
	ReloadPingAns ping;
	ReloadProbeAns probe;
	SimAnswer answer;

	form(sim);
	for (unsigned i = 0; i < 20; i++) {
		far = reload_destination_node(&sim_node(sim, i)->id);
		g_byte_array_set_size(body, 0);
		reload_write_ping_req(body, &(ReloadPingReq){0});
		sim_request(sim, 4, &far, 1, RELOAD_PING_REQ, reload_span(body->data, body->len),
			    &answer);
		g_assert_cmpint(answer.status, ==, RELOAD_OK);
		g_assert_true(reload_node_id_equal(&answer.from, &sim_node(sim, i)->id));
		g_assert_cmpint(reload_ping_ans_decode(
				    reload_span(answer.message->data, answer.message->len), &ping),
				==, RELOAD_OK);
		sim_answer_clear(&answer);
	}
	g_byte_array_set_size(body, 0);
	reload_write_probe_req(body, &request);
	far = reload_destination_node(&sim_node(sim, 17)->id);
	sim_request(sim, 4, &far, 1, RELOAD_PROBE_REQ, reload_span(body->data, body->len), &answer);
	g_assert_cmpint(answer.status, ==, RELOAD_OK);
	g_assert_cmpint(
	    reload_probe_ans_decode(reload_span(answer.message->data, answer.message->len), &probe),
	    ==, RELOAD_OK);
	g_assert_true(reload_probe_information_next(&probe.probe_info, &info));
	g_assert_cmpuint(info.type, ==, 3); /* in the order asked for; the unknown one left out */
	g_assert_true(reload_probe_information_next(&probe.probe_info, &info));
	g_assert_cmpuint(info.type, ==, 1);
	g_assert_cmpuint(info.number, >, 0);
	g_assert_cmpuint(info.number, <, 1000000000);
	g_assert_true(reload_probe_information_next(&probe.probe_info, &info));
	g_assert_cmpuint(info.type, ==, 2);
	g_assert_false(reload_probe_information_next(&probe.probe_info, &info));
	sim_answer_clear(&answer);
	g_byte_array_unref(body);
	sim_free(sim);
}

/* A message to a Node-ID that nobody has is silence (6.1.1). */
static void test_nobody_there(void)
{
	Sim *sim = sim_new("nobody-there", 6, 2);
	ReloadNodeId id = {.len = 16, .id = {0x12, 0x34}};
	ReloadDestination nobody = reload_destination_node(&id);
	uint8_t empty[2] = {0};
	int64_t began;
	ReloadResourceId place = {.len = 16, .id = {0x12, 0x34}};
	SimAnswer answer;
	unsigned asker;

	form(sim);
	asker = (sim_responsible(sim, &place)->index + 1) % 6;
	began = sim_now(sim);
	sim_request(sim, asker, &nobody, 1, RELOAD_PING_REQ, reload_span(empty, 2), &answer);
	g_assert_cmpint(answer.status, ==, RELOAD_E_TIMEOUT);
	/* Five transmissions, three seconds after each. */
	g_assert_cmpint(sim_now(sim) - began, >=, 15 * SIM_SECOND);
	g_assert_cmpint(sim_now(sim) - began, <=, 15 * SIM_SECOND + 100);
	sim_answer_clear(&answer);
	sim_free(sim);
}

static bool app_is_up(Sim *sim, void *data)
{
	SimNode *node = data;

	(void)sim;
	return node->app_ups > 0;
}

static bool app_is_down(Sim *sim, void *data)
{
	SimNode *node = data;

	(void)sim;
	return node->app_downs > 0;
}

static void test_app_attach(void)
{
	Sim *sim = sim_new("app-attach", 24, 2);
	SimNode *from, *to;

	form(sim);
	from = sim_node(sim, 3);
	to = sim_node(sim, 19);
	g_assert_cmpint(reload_node_app_attach(from->node, &to->id, SIM_APPLICATION, 4 * SIM_SECOND,
					       sim_now(sim)),
			==, RELOAD_OK);
	sim_run_until(sim, app_is_up, from, 4 * SIM_SECOND, "the connection at who asked");
	sim_run_until(sim, app_is_up, to, 4 * SIM_SECOND, "the connection at the other end");
	g_assert_true(reload_node_id_equal(&from->last_app_remote, &to->id));
	g_assert_true(reload_node_id_equal(&to->last_app_remote, &from->id));
	/* Closed at one end, it goes at the other. */
	reload_node_app_close(from->node, from->last_app_link, sim_now(sim));
	sim_run_until(sim, app_is_down, to, SIM_SECOND, "the end of the connection");
	/* An application that nobody has there: the error ends it at once. */
	g_assert_cmpint(
	    reload_node_app_attach(from->node, &to->id, 4711, 4 * SIM_SECOND, sim_now(sim)), ==,
	    RELOAD_OK);
	sim_run_until(sim, app_is_down, from, SIM_SECOND, "the refusal");
	/* A node that is gone: silence, until the time given is over. */
	from->app_downs = 0;
	sim_crash(sim, 19, false);
	g_assert_cmpint(reload_node_app_attach(from->node, &to->id, SIM_APPLICATION, 4 * SIM_SECOND,
					       sim_now(sim)),
			==, RELOAD_OK);
	sim_run_until(sim, app_is_down, from, 4 * SIM_SECOND + 100, "giving up");
	sim_free(sim);
}

typedef struct {
	bool done;
	ReloadStatus status;
	unsigned count;
	ReloadNodeId first;
} Found;

static void on_found(void *data, ReloadStatus status, const GPtrArray *certificates, int64_t now)
{
	Found *found = data;

	(void)now;
	found->done = true;
	found->status = status;
	if (certificates == NULL || certificates->len == 0)
		return;
	found->count = certificates->len;
	found->first = *reload_certificate_node_id(g_ptr_array_index(certificates, 0));
}

static bool is_found(Sim *sim, void *data)
{
	(void)sim;
	return ((Found *)data)->done;
}

static void assert_certificate(Sim *sim, unsigned from, unsigned of, bool by_user)
{
	ReloadNode *asker = sim_node(sim, from)->node;
	const ReloadNodeId *id = &sim_node(sim, of)->id;
	char *user = g_strdup_printf("node%u@overlay.example.org", of);
	Found found = {0};
	ReloadStatus status =
	    by_user
		? reload_certstore_fetch_by_user(asker, user, on_found, &found, sim_now(sim), NULL)
		: reload_certstore_fetch_by_node(asker, id, on_found, &found, sim_now(sim), NULL);

	g_assert_cmpint(status, ==, RELOAD_OK);
	sim_run_until(sim, is_found, &found, 20 * SIM_SECOND, "a certificate");
	g_assert_cmpint(found.status, ==, RELOAD_OK);
	g_assert_cmpuint(found.count, ==, 1);
	g_assert_true(reload_node_id_equal(&found.first, id));
	g_free(user);
}

/* Each node's certificate is found by Node-ID and by user name. */
static void test_certificates(void)
{
	Sim *sim = sim_new("certificates", 6, 2);

	for (unsigned i = 0; i < 6; i++) {
		sim_start(sim, i, i == 0);
		reload_certstore_publish(sim_node(sim, i)->node, NULL, NULL);
	}
	sim_run_until(sim, sim_ring_is_right, NULL, 120 * SIM_SECOND, "a ring of all");
	sim_run(sim, 60 * SIM_SECOND);
	for (unsigned i = 0; i < 6; i++) {
		assert_certificate(sim, (i + 1) % 6, i, false);
		assert_certificate(sim, (i + 2) % 6, i, true);
	}
	sim_free(sim);
}

/* ---- hostile ---- */

typedef struct {
	uint16_t code;
	unsigned from, to;
	bool found;
	GByteArray *bytes;
} Catch;

/* Keeps the first message of that code that arrives at its destination. */
static void catch (void *data, SimNode *from, SimNode *to, ReloadSpan bytes)
{
	Catch *catch = data;
	ReloadMessage message;
	ReloadDestination last;

	if (catch->found || reload_message_decode(bytes, 16, &message) != RELOAD_OK ||
	    message.code != catch->code ||
	    !reload_destination_list_last(message.header.destination_list, &last) ||
	    last.type != RELOAD_DESTINATION_RESOURCE ||
	    sim_responsible(to->sim, &last.resource_id) != to)
		return;
	catch->found = true;
	catch->from = from->index;
	catch->to = to->index;
	catch->bytes = g_byte_array_new();
	g_byte_array_append(catch->bytes, bytes.data, (guint)bytes.len);
}

static ReloadNodeStatistics statistics_of(Sim *sim, unsigned index)
{
	ReloadNodeStatistics statistics;

	reload_node_statistics(sim_node(sim, index)->node, &statistics);
	return statistics;
}

static void test_forged(void)
{
	Sim *sim = sim_new("forged", 3, 1);
	Catch caught = {.code = RELOAD_STORE_REQ};
	ReloadNodeStatistics before, after;
	ReloadHeader header;
	ReloadSpan span, rest;
	GByteArray *copy;

	form(sim);
	sim_watch(sim, catch, &caught);
	for (unsigned i = 0; !caught.found && i < 10; i++) {
		char *user = g_strdup_printf("user%u", i);

		g_assert_cmpint(sim_store(sim, 1, user, "here", NULL), ==, RELOAD_OK);
		g_free(user);
	}
	g_assert_true(caught.found);
	sim_run(sim, 20 * SIM_SECOND); /* the answer is not kept any more */
	span = reload_span(caught.bytes->data, caught.bytes->len);
	g_assert_cmpint(reload_header_decode(span, 16, &header, &rest), ==, RELOAD_OK);

	/* A byte of the contents is changed: the signature is wrong. */
	copy = g_byte_array_new();
	g_byte_array_append(copy, span.data, (guint)span.len);
	copy->data[(rest.data - span.data) + 30] ^= 1;
	before = statistics_of(sim, caught.to);
	g_assert_true(sim_inject(sim, caught.from, caught.to, reload_span(copy->data, copy->len)));
	after = statistics_of(sim, caught.to);
	g_assert_cmpuint(after.dropped_signature + after.dropped_malformed, ==,
			 before.dropped_signature + before.dropped_malformed + 1);

	/* Another overlay's. */
	memcpy(copy->data, span.data, span.len);
	copy->data[4] ^= 1;
	sim_inject(sim, caught.from, caught.to, reload_span(copy->data, copy->len));
	g_assert_cmpuint(statistics_of(sim, caught.to).dropped_overlay, ==,
			 after.dropped_overlay + 1);

	/* A TTL above initial-ttl. */
	memcpy(copy->data, span.data, span.len);
	copy->data[11] = 101;
	sim_inject(sim, caught.from, caught.to, reload_span(copy->data, copy->len));
	g_assert_cmpuint(statistics_of(sim, caught.to).dropped_ttl, ==, after.dropped_ttl + 1);

	/* Cut short, at every length. */
	for (size_t len = 0; len < span.len; len++)
		sim_inject(sim, caught.from, caught.to, reload_span(span.data, len));
	g_assert_cmpuint(statistics_of(sim, caught.to).dropped_malformed, >=, span.len);
	g_assert_true(sim_ring_is_right(sim, NULL));
	g_byte_array_unref(copy);
	g_byte_array_unref(caught.bytes);
	sim_free(sim);
}

/* Every bit of a message flipped: nobody dies of it, and nothing is stored that was not signed. */
static void test_garbled(void)
{
	Sim *sim = sim_new("garbled", 4, 1);
	Catch caught = {.code = RELOAD_STORE_REQ};
	GByteArray *copy = g_byte_array_new();

	form(sim);
	sim_watch(sim, catch, &caught);
	for (unsigned i = 0; !caught.found; i++) {
		char *user = g_strdup_printf("user%u", i);

		g_assert_cmpint(sim_store(sim, 1, user, "here", NULL), ==, RELOAD_OK);
		g_free(user);
	}
	sim_watch(sim, NULL, NULL);
	for (guint i = 0; i < caught.bytes->len; i++) {
		g_byte_array_set_size(copy, 0);
		g_byte_array_append(copy, caught.bytes->data, caught.bytes->len);
		copy->data[i] ^= (guint8)(1 << sim_random(sim, 8));
		sim_inject(sim, caught.from, caught.to, reload_span(copy->data, copy->len));
		if (i % 64 == 0)
			sim_run(sim, 200);
	}
	sim_run(sim, 30 * SIM_SECOND);
	g_assert_true(sim_ring_is_right(sim, NULL));
	g_byte_array_unref(copy);
	g_byte_array_unref(caught.bytes);
	sim_free(sim);
}

/* What a peer remembers of resources that were its own does not outlive them by much. */
static void test_remembered(void)
{
	Sim *sim = sim_new("remembered", 1, 1);
	ReloadNode *node;

	form(sim);
	node = sim_node(sim, 0)->node;
	for (unsigned i = 0; i < 1100; i++) {
		char *user = g_strdup_printf("user%u", i);

		g_assert_cmpint(sim_store(sim, 0, user, "here", NULL), ==, RELOAD_OK);
		g_free(user);
	}
	g_assert_cmpuint(reload_replication_remembered(node), ==, 1100);
	sim_run(sim, 3700 * SIM_SECOND); /* all have expired */
	g_assert_cmpint(sim_store(sim, 0, "last", "here", NULL), ==, RELOAD_OK);
	g_assert_cmpuint(reload_replication_remembered(node), ==, 1);
	sim_free(sim);
}

static void note_end(void *data, ReloadStatus status, const ReloadMessage *answer,
		     const ReloadNodeId *from, int64_t now)
{
	int64_t *ended = data;

	(void)answer;
	(void)from;
	g_assert_cmpint(*ended, ==, 0);
	g_assert_cmpint(status, !=, RELOAD_OK);
	*ended = now;
}

/* Who waits for an answer that never comes (there is no such node) is told when his time is over, and
 * not later because the node had something else to do meanwhile. */
static void test_timeouts(void)
{
	Sim *sim = sim_new("timeouts", 10, 2);
	GByteArray *body = g_byte_array_new();
	ReloadPingReq ping = {0};

	form(sim);
	reload_write_ping_req(body, &ping);
	for (unsigned round = 0; round < 300; round++) {
		int64_t ended[10] = {0}, timeout = 1000 + sim_random(sim, 2000);
		ReloadNodeId nobody = {.len = 16};
		ReloadDestination destination;
		ReloadRequest request = {.destinations = &destination,
					 .destination_count = 1,
					 .code = RELOAD_PING_REQ,
					 .body = {body->data, body->len},
					 .timeout = timeout};

		for (unsigned i = 0; i < 16; i++)
			nobody.id[i] = (uint8_t)sim_random(sim, 256);
		destination = reload_destination_node(&nobody);
		for (unsigned i = 0; i < 10; i++)
			g_assert_cmpuint(reload_node_request(sim_node(sim, i)->node, &request,
							     note_end, &ended[i], sim_now(sim)),
					 !=, 0);
		sim_run(sim, timeout);
		for (unsigned i = 0; i < 10; i++)
			g_assert_cmpint(ended[i], ==, sim_now(sim));
	}
	g_byte_array_unref(body);
	sim_free(sim);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sim/data/store-and-fetch", test_store_and_fetch);
	g_test_add_func("/sim/data/replica-numbers", test_replica_numbers);
	g_test_add_func("/sim/data/app-unknown", test_app_unknown);
	g_test_add_func("/sim/data/replicas-named", test_replicas_named);
	g_test_add_func("/sim/data/two-edges", test_two_edges);
	g_test_add_func("/sim/data/storing-peer-dies", test_storing_peer_dies);
	g_test_add_func("/sim/data/stand-in", test_stand_in);
	g_test_add_func("/sim/data/back-in-set", test_back_in_set);
	g_test_add_func("/sim/data/back-from-afar", test_back_from_afar);
	g_test_add_func("/sim/data/two-of-three-die", test_two_of_three_die);
	g_test_add_func("/sim/data/growing", test_growing);
	g_test_add_func("/sim/data/duplicates", test_duplicates);
	g_test_add_func("/sim/data/ping-and-probe", test_ping_and_probe);
	g_test_add_func("/sim/data/nobody-there", test_nobody_there);
	g_test_add_func("/sim/data/app-attach", test_app_attach);
	g_test_add_func("/sim/data/certificates", test_certificates);
	g_test_add_func("/sim/data/timeouts", test_timeouts);
	g_test_add_func("/sim/data/remembered", test_remembered);
	g_test_add_func("/sim/hostile/forged", test_forged);
	g_test_add_func("/sim/hostile/garbled", test_garbled);
	return g_test_run();
}
