/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A member of the replica set that keeps its link and answers everything but replica Stores: it neither keeps the
 * others from their copies nor has more sent to it than that (RFC 6940, 10.4, 10.5). */
#include "reload_core/wire/fetch.h"
#include "reload_core/wire/message.h"
#include "tests/sim/rogue.h"
#include "tests/sim/sim_private.h"

#define NODES 8
#define USERS 60

typedef struct {
	Sim *sim;
	SimNode *joining;	  /* stopped; everything is stored in the range that it will have */
	SimNode *storing;	  /* that holds it until then */
	SimNode *silent, *honest; /* its replica set */
	char *users[USERS];
	ReloadResourceId places[USERS];
	GHashTable *sent; /* transaction IDs of replica Stores to `silent` */
	bool lost;	  /* those are */
} Fixture;

/* Whose id would be if all machines ran. */
static SimNode *range_of(Sim *sim, const ReloadResourceId *id)
{
	SimNode *least = NULL, *next = NULL;

	for (unsigned i = 0; i < sim_count(sim); i++) {
		SimNode *node = sim_node(sim, i);

		if (least == NULL || memcmp(node->id.id, least->id.id, 16) < 0)
			least = node;
		if (memcmp(node->id.id, id->id, 16) >= 0 &&
		    (next == NULL || memcmp(node->id.id, next->id.id, 16) < 0))
			next = node;
	}
	return next != NULL ? next : least;
}

static SimNode *next_of(Sim *sim, const SimNode *node)
{
	ReloadResourceId behind = {.len = 16};

	memcpy(behind.id, node->id.id, 16);
	for (int i = 15; i >= 0 && ++behind.id[i] == 0; i--)
		continue;
	return sim_responsible(sim, &behind);
}

/* Is it a StoreReq of a replica? */
static bool is_replica(ReloadSpan bytes, uint64_t *transaction)
{
	ReloadResourceId id;
	ReloadMessage message;
	ReloadReader reader;

	if (reload_message_decode(bytes, 16, &message) != RELOAD_OK || message.code != RELOAD_STORE_REQ)
		return false;
	*transaction = message.header.transaction_id;
	reader = reload_reader(message.body);
	return reload_read_resource_id(&reader, &id) && reload_read_u8(&reader) != 0;
}

static bool lose(void *data, SimNode *from, SimNode *to, ReloadSpan bytes)
{
	Fixture *f = data;
	uint64_t transaction;

	(void)from;
	if (to != f->silent || !is_replica(bytes, &transaction))
		return false;
	g_hash_table_add(f->sent, g_memdup2(&transaction, sizeof(transaction)));
	return f->lost;
}

static void find_users(Fixture *f)
{
	unsigned number = 0;

	for (unsigned i = 0; i < USERS; number++) {
		g_autofree char *user = g_strdup_printf("user%u", number);

		sim_resource(f->sim, user, &f->places[i]);
		if (range_of(f->sim, &f->places[i]) == f->joining)
			f->users[i++] = g_steal_pointer(&user);
	}
}

static void set_up(Fixture *f, gconstpointer name)
{
	f->sim = sim_new(name, NODES, 2);
	f->joining = sim_node(f->sim, NODES - 1);
	sim_start(f->sim, 0, true);
	for (unsigned i = 1; i + 1 < NODES; i++)
		sim_start(f->sim, i, false);
	sim_run_until(f->sim, sim_ring_is_right, NULL, 120 * SIM_SECOND, "a ring of all but one");
	f->storing = next_of(f->sim, f->joining);
	f->silent = next_of(f->sim, f->storing);
	f->honest = next_of(f->sim, f->silent);
	find_users(f);
	f->sent = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	f->lost = true;
	sim_lose(f->sim, lose, f);
}

static void tear_down(Fixture *f, gconstpointer name)
{
	(void)name;
	sim_free(f->sim);
	g_hash_table_unref(f->sent);
	for (unsigned i = 0; i < USERS; i++)
		g_free(f->users[i]);
}

static ReloadDataModel model_of(uint32_t kind, void *data)
{
	(void)kind;
	(void)data;
	return RELOAD_MODEL_DICTIONARY;
}

/* Does that node hold the text under id? */
static bool holds(Fixture *f, SimNode *node, const ReloadResourceId *id, const char *text)
{
	g_autoptr(GByteArray) body = g_byte_array_new();
	ReloadFetchKindResponse response;
	ReloadStorage *storage = reload_node_storage(node->node);
	ReloadStorageAnswer answer;
	ReloadStoredData value;
	ReloadFetchAns ans;
	bool held;

	if (!reload_storage_fetch_request(storage, id, body))
		return false;
	g_assert_cmpint(reload_storage_fetch(storage, reload_span(body->data, body->len), 1u << 20,
					     sim_now(f->sim), &answer),
			==, RELOAD_OK);
	held = reload_fetch_ans_decode(reload_span(answer.body->data, answer.body->len), model_of, NULL,
				       &ans) == RELOAD_OK &&
	       reload_fetch_kind_response_next(&ans.kind_responses, &response) &&
	       reload_stored_data_next(&response.values, RELOAD_MODEL_DICTIONARY, &value) &&
	       reload_span_equal(value.value.value, reload_span_text(text));
	reload_storage_answer_clear(&answer);
	return held;
}

static unsigned held(Fixture *f, SimNode *node)
{
	unsigned count = 0;

	for (unsigned i = 0; i < USERS; i++)
		count += holds(f, node, &f->places[i], f->users[i]);
	return count;
}

static bool all_held(Sim *sim, void *data)
{
	Fixture *f = data;

	(void)sim;
	return held(f, f->silent) == USERS;
}

static void test_silent(Fixture *f, gconstpointer data)
{
	(void)data;
	for (unsigned i = 0; i < USERS; i++)
		g_assert_cmpint(sim_store(f->sim, 0, f->users[i], f->users[i], NULL), ==, RELOAD_OK);
	sim_run(f->sim, SIM_SECOND);
	g_assert_cmpuint(held(f, f->storing), ==, USERS);
	g_assert_cmpuint(held(f, f->honest), ==, USERS);
	/* Who joins has its data before it is admitted. */
	sim_start(f->sim, f->joining->index, false);
	sim_run_until(f->sim, sim_ring_is_right, NULL, 10 * SIM_SECOND, "it has joined");
	g_assert_cmpuint(held(f, f->joining), ==, USERS);
	/* Sixteen at once, each sent twice, then one after the other: from two peers now. */
	sim_run(f->sim, 60 * SIM_SECOND);
	g_assert_cmpuint(held(f, f->silent), ==, 0);
	g_assert_cmpuint(g_hash_table_size(f->sent), <=, 2 * (2 * 16 + 10));
	/* And all of it once it listens. */
	f->lost = false;
	sim_run_until(f->sim, all_held, f, 30 * SIM_SECOND, "a copy of everything");
}

static void test_renewed(Fixture *f, gconstpointer data)
{
	char text[16];

	(void)data;
	for (unsigned i = 0; i < 10; i++) {
		g_snprintf(text, sizeof(text), "%u", i);
		g_assert_cmpint(sim_store(f->sim, 0, f->users[0], text, NULL), ==, RELOAD_OK);
	}
	sim_run(f->sim, SIM_SECOND);
	g_assert_true(holds(f, f->honest, &f->places[0], text));
	/* While one copy is on its way there is no second one; then one of what has changed since. */
	g_assert_cmpuint(g_hash_table_size(f->sent), ==, 1);
	f->lost = false;
	sim_run(f->sim, 20 * SIM_SECOND);
	g_assert_true(holds(f, f->silent, &f->places[0], text));
	g_assert_cmpuint(g_hash_table_size(f->sent), <=, 3);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add("/sim/replicas/silent", Fixture, "replicas-silent", set_up, test_silent, tear_down);
	g_test_add("/sim/replicas/renewed", Fixture, "replicas-renewed", set_up, test_renewed, tear_down);
	return g_test_run();
}
