/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stories of TURN servers: recorded, found, renewed, removed; and records that should not be. */
#include "reload_core/usages/data_request.h"
#include "reload_core/usages/turn/find.h"
#include "reload_core/usages/turn/record.h"
#include "reload_core/usages/turn/server.h"
#include "reload_core/wire/turn_server.h"
#include "reload_core/wire/error.h"
#include "tests/sim/rogue.h"

#define NODES 10
#define DENSITY 3
#define ELEMENTS "<turn-density>3</turn-density>"

static ReloadAddress address_of(unsigned index)
{
	char *ip = g_strdup_printf("192.0.2.%u", index + 1);
	ReloadAddress address;

	g_assert_true(reload_address_from_text(ip, 3478, &address));
	g_free(ip);
	return address;
}

static void publish(Sim *sim, unsigned index)
{
	ReloadAddress address = address_of(index);

	reload_turn_publish(sim_node(sim, index)->node, &address);
}

static void place_of(Sim *sim, unsigned index, uint8_t iteration, ReloadResourceId *out)
{
	reload_turn_place(sim_document(sim), &sim_node(sim, index)->id, iteration, out);
}

/* ---- finding ---- */

typedef struct {
	bool done;
	ReloadStatus status;
	ReloadTurnFound found;
} Search;

static void on_found(void *data, ReloadStatus status, const ReloadTurnFound *found, int64_t now)
{
	Search *search = data;

	(void)now;
	g_assert_false(search->done);
	search->done = true;
	search->status = status;
	g_assert_true((found != NULL) == (status == RELOAD_OK));
	if (found != NULL)
		search->found = *found;
}

static bool is_done(Sim *sim, void *data)
{
	(void)sim;
	return ((Search *)data)->done;
}

static Search find(Sim *sim, unsigned from)
{
	Search search = {0};

	g_assert_cmpint(reload_turn_find(sim_node(sim, from)->node, 15 * SIM_SECOND, on_found,
					 &search, sim_now(sim), NULL),
			==, RELOAD_OK);
	g_assert_false(search.done);
	sim_run_until(sim, is_done, &search, 15 * SIM_SECOND + 100, "a TURN server, or none");
	return search;
}

/* A search asks at ten random places, and one record on the whole ring may be at none of them: again, if it was not
 * found. */
static bool is_found(Sim *sim, unsigned from)
{
	for (unsigned i = 0; i < 6; i++) {
		if (find(sim, from).status == RELOAD_OK)
			return true;
	}
	return false;
}

/* ---- what stands at a place ---- */

typedef struct {
	bool done, exists;
	uint64_t storage_time; /* 0: nothing there */
	SimNode *node;
	ReloadResourceId place;
	uint16_t error;
	ReloadStatus status;
} Look;

static void look_at(void *data, const ReloadFetched *fetched)
{
	Look *look = data;

	look->exists = fetched->data->value.exists;
	look->storage_time = fetched->data->storage_time;
}

static void on_look(void *data, ReloadStatus status, const ReloadMessage *answer,
		    const ReloadNodeId *from, int64_t now)
{
	Look *look = data;
	ReloadFetchedSummary summary;

	(void)from;
	look->done = true;
	g_assert_cmpint(status, ==, RELOAD_OK);
	g_assert_cmpint(reload_usage_fetched(look->node->node, &look->place,
					     RELOAD_KIND_TURN_SERVICE, answer, now, look_at, look,
					     &summary),
			==, RELOAD_OK);
}

static bool has_looked(Sim *sim, void *data)
{
	(void)sim;
	return ((Look *)data)->done;
}

/* By the last machine of all, which runs in every test. */
static Look look(Sim *sim, unsigned index, uint8_t iteration)
{
	Look look = {.node = sim_node(sim, sim_count(sim) - 1)};
	ReloadRequestId request;

	place_of(sim, index, iteration, &look.place);
	g_assert_cmpint(reload_usage_fetch(look.node->node, &look.place, RELOAD_KIND_TURN_SERVICE,
					   (ReloadSpan){0}, 0, on_look, &look, sim_now(sim),
					   &request),
			==, RELOAD_OK);
	sim_run_until(sim, has_looked, &look, 20 * SIM_SECOND, "the answer to a Fetch");
	return look;
}

/* ---- storing by hand ---- */

static void on_stored(void *data, ReloadStatus status, const ReloadMessage *answer,
		      const ReloadNodeId *from, int64_t now)
{
	Look *look = data;

	(void)from;
	(void)now;
	look->done = true;
	look->status = status;
	look->error = reload_message_error_code(answer);
}

/* Node `from` stores a record of iteration `says` at the place that is i-th of `whose`. Returns the
 * error code; 0: it was stored. */
static uint16_t store(Sim *sim, unsigned from, unsigned whose, uint8_t i, uint8_t says,
		      const char *ip, uint64_t storage_time)
{
	SimNode *node = sim_node(sim, from);
	GByteArray *value = g_byte_array_new();
	ReloadTurnServer server = {.iteration = says};
	ReloadStoredData data = {
	    .storage_time = storage_time,
	    .lifetime = 3600,
	    .value = {.model = RELOAD_MODEL_SINGLE, .exists = true},
	};
	Look look = {0};
	ReloadRequestId request;

	g_assert_true(reload_address_from_text(ip, 3478, &server.server_address));
	g_assert_true(reload_write_turn_server(value, &server));
	data.value.value = reload_span(value->data, value->len);
	place_of(sim, whose, i, &look.place);
	g_assert_cmpint(reload_usage_store(node->node, node->identity, &look.place,
					   RELOAD_KIND_TURN_SERVICE, &data, on_stored, &look,
					   sim_now(sim), &request),
			==, RELOAD_OK);
	g_byte_array_unref(value);
	sim_run_until(sim, has_looked, &look, 20 * SIM_SECOND, "the answer to a Store");
	g_assert_true((look.status == RELOAD_OK) == (look.error == 0));
	return look.error;
}

/* ---- the stories ---- */

static void test_found(void)
{
	Sim *sim = sim_new_with("turn-found", NODES, 2, ELEMENTS);
	bool seen[2] = {false, false};

	rogue_form(sim);
	g_assert_cmpint(find(sim, 4).status, ==, RELOAD_E_NOT_FOUND);
	publish(sim, 0);
	publish(sim, 1);
	sim_run(sim, 10 * SIM_SECOND);
	for (uint8_t i = 1; i <= DENSITY; i++) {
		ReloadResourceId place;

		place_of(sim, 1, i, &place);
		g_assert_cmpuint(sim_copies(sim, &place), ==, 3);
		g_assert_true(look(sim, 1, i).exists);
	}
	g_assert_cmpuint(look(sim, 1, DENSITY + 1).storage_time, ==, 0);
	for (unsigned i = 0; i < 3 * NODES; i++) {
		Search search = find(sim, i % NODES);
		ReloadAddress address;
		unsigned index;

		g_assert_cmpint(search.status, ==, RELOAD_OK);
		index = reload_node_id_equal(&search.found.node_id, &sim_node(sim, 1)->id);
		g_assert_true(reload_node_id_equal(&search.found.node_id, &sim_node(sim, index)->id));
		address = address_of(index);
		g_assert_true(reload_address_equal(&search.found.address, &address));
		g_assert_cmpuint(search.found.lifetime, <=, RELOAD_TURN_LIFETIME);
		seen[index] = true;
	}
	/* The random places lead to both. */
	g_assert_true(seen[0] && seen[1]);
	sim_free(sim);
}

/* The records are renewed for as long as the node is there, and not longer. */
static void test_renewed(void)
{
	Sim *sim = sim_new_with("turn-renewed", NODES, 2, ELEMENTS);
	uint64_t first;

	rogue_form(sim);
	publish(sim, 3);
	sim_run(sim, 10 * SIM_SECOND);
	first = look(sim, 3, 1).storage_time;
	g_assert_cmpuint(first, >, 0);
	sim_run(sim, (RELOAD_TURN_LIFETIME + 600) * SIM_SECOND);
	for (uint8_t i = 1; i <= DENSITY; i++)
		g_assert_cmpuint(look(sim, 3, i).storage_time, >, first);
	g_assert_true(is_found(sim, 7));
	sim_crash(sim, 3, false);
	sim_run(sim, (RELOAD_TURN_LIFETIME + 60) * SIM_SECOND);
	g_assert_cmpint(find(sim, 7).status, ==, RELOAD_E_NOT_FOUND);
	sim_free(sim);
}

static void test_removed(void)
{
	Sim *sim = sim_new_with("turn-removed", NODES, 2, ELEMENTS);

	rogue_form(sim);
	publish(sim, 3);
	sim_run(sim, 10 * SIM_SECOND);
	g_assert_true(is_found(sim, 7));
	sim_leave(sim, 3);
	for (uint8_t i = 1; i <= DENSITY; i++) {
		Look gone = look(sim, 3, i);

		/* removed with a signature, not merely lost */
		g_assert_cmpuint(gone.storage_time, >, 0);
		g_assert_false(gone.exists);
	}
	g_assert_cmpint(find(sim, 7).status, ==, RELOAD_E_NOT_FOUND);
	/* Back again: what is there of the removed records is in nobody's way. */
	sim_start(sim, 3, false);
	publish(sim, 3);
	sim_run_until(sim, sim_ring_is_right, NULL, 60 * SIM_SECOND, "a ring of all");
	sim_run(sim, 10 * SIM_SECOND);
	g_assert_true(look(sim, 3, 1).exists);
	g_assert_true(is_found(sim, 7));
	sim_free(sim);
}

/* As many records as there may be: some stand at the node itself, and are removed like the others. */
static void test_removed_own(void)
{
	Sim *sim = sim_new_with("turn-removed-own", 4, 2, "<turn-density>20</turn-density>");
	unsigned own = 0;

	rogue_form(sim);
	publish(sim, 1);
	sim_run(sim, 10 * SIM_SECOND);
	for (uint8_t i = 1; i <= 20; i++) {
		ReloadResourceId place;

		place_of(sim, 1, i, &place);
		own += sim_responsible(sim, &place) == sim_node(sim, 1);
		g_assert_true(look(sim, 1, i).exists);
	}
	g_assert_cmpuint(own, >, 0);
	sim_leave(sim, 1);
	for (uint8_t i = 1; i <= 20; i++) {
		Look gone = look(sim, 1, i);

		g_assert_true(gone.storage_time > 0 && !gone.exists);
	}
	sim_free(sim);
}

/* An earlier process of the node had a clock that ran ahead by an hour. */
static void test_clock_back(void)
{
	Sim *sim = sim_new_with("turn-clock-back", NODES, 2, ELEMENTS);
	uint64_t future;

	rogue_form(sim);
	future = (uint64_t)sim_now(sim) + 3600000;
	g_assert_cmpuint(store(sim, 3, 3, 1, 1, "198.51.100.1", future), ==, 0);
	publish(sim, 3);
	sim_run(sim, 10 * SIM_SECOND);
	g_assert_cmpuint(look(sim, 3, 1).storage_time, ==, future + 1);
	/* Somebody with the same key has stored since: the next renewal gets past that as well. */
	g_assert_cmpuint(store(sim, 3, 3, 1, 1, "198.51.100.1", future + 5000000), ==, 0);
	sim_run(sim, 2000 * SIM_SECOND);
	g_assert_cmpuint(look(sim, 3, 1).storage_time, ==, future + 5000001);
	sim_free(sim);
}

/* RFC 6940, 7.3.4: nobody stores at another's place, nor at a multiple that the Kind has not. */
static void test_refused(void)
{
	Sim *sim = sim_new_with("turn-refused", NODES, 2, ELEMENTS);
	uint64_t now;

	rogue_form(sim);
	now = (uint64_t)sim_now(sim);
	g_assert_cmpuint(store(sim, 2, 3, 1, 1, "192.0.2.66", now), ==, RELOAD_ERROR_FORBIDDEN);
	g_assert_cmpuint(store(sim, 2, 2, 21, 21, "192.0.2.66", now), ==, RELOAD_ERROR_FORBIDDEN);
	g_assert_cmpuint(store(sim, 2, 2, 0, 0, "192.0.2.66", now), ==, RELOAD_ERROR_FORBIDDEN);
	g_assert_cmpint(find(sim, 7).status, ==, RELOAD_E_NOT_FOUND);
	g_assert_cmpuint(store(sim, 2, 2, 20, 20, "192.0.2.3", now), ==, 0); /* the control */
	g_assert_true(is_found(sim, 7));
	sim_free(sim);
}

/* At its own place a node may store what it likes: who finds it takes only what is a record. */
static void test_lies(void)
{
	Sim *sim = sim_new_with("turn-lies", NODES, 2, ELEMENTS);
	uint64_t now;

	rogue_form(sim);
	now = (uint64_t)sim_now(sim);
	g_assert_cmpuint(store(sim, 2, 2, 1, 2, "192.0.2.66", now), ==, 0);
	g_assert_cmpint(find(sim, 7).status, ==, RELOAD_E_NOT_FOUND);
	g_assert_cmpuint(store(sim, 2, 2, 1, 1, "127.0.0.1", now + 1), ==, 0);
	g_assert_cmpint(find(sim, 7).status, ==, RELOAD_E_NOT_FOUND);
	g_assert_cmpuint(store(sim, 2, 2, 1, 1, "192.0.2.3", now + 2), ==, 0);
	g_assert_true(is_found(sim, 7));
	sim_free(sim);
}

/* Nobody answers: it ends in its time. Cancelled: nobody is told. */
static void test_ends(void)
{
	Sim *sim = sim_new_with("turn-ends", NODES, 2, ELEMENTS);
	Search search = {0};
	ReloadTurnTask *task;

	rogue_form(sim);
	g_assert_cmpint(reload_turn_find(sim_node(sim, 7)->node, 15 * SIM_SECOND, on_found, &search,
					 sim_now(sim), &task),
			==, RELOAD_OK);
	reload_turn_cancel(task);
	sim_run(sim, 20 * SIM_SECOND);
	g_assert_false(search.done);
	sim_network(sim)->loss_percent = 100;
	g_assert_cmpint(find(sim, 7).status, !=, RELOAD_OK);
	sim_free(sim);
	sim = sim_new_with("turn-none", 1, 1, "<turn-density>0</turn-density>");
	rogue_form(sim);
	publish(sim, 0);
	sim_run(sim, 10 * SIM_SECOND);
	g_assert_cmpint(reload_turn_find(sim_node(sim, 0)->node, 15 * SIM_SECOND, on_found, &search,
					 sim_now(sim), NULL),
			==, RELOAD_E_NOT_FOUND);
	g_assert_false(search.done);
	sim_free(sim);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sim/turn/found", test_found);
	g_test_add_func("/sim/turn/renewed", test_renewed);
	g_test_add_func("/sim/turn/removed", test_removed);
	g_test_add_func("/sim/turn/removed-own", test_removed_own);
	g_test_add_func("/sim/turn/clock-back", test_clock_back);
	g_test_add_func("/sim/turn/refused", test_refused);
	g_test_add_func("/sim/turn/lies", test_lies);
	g_test_add_func("/sim/turn/ends", test_ends);
	return g_test_run();
}
