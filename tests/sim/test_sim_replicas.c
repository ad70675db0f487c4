/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies that are hard to get to the replica set (RFC 6940, 10.4, 10.5): a member of it keeps its link and answers
 * everything but replica Stores, and neither keeps the others from their copies nor has more sent to it than that;
 * values do not fit into one message, or into none; the link to a neighbor comes and goes. */
#include "reload_core/peer/node_private.h"
#include "reload_core/security/certificate_private.h"
#include "reload_core/wire/fetch.h"
#include "reload_core/wire/message.h"
#include "tests/sim/rogue.h"
#include "tests/sim/sim_private.h"

#define NODES 8
#define USERS 60

typedef struct {
	const char *name, *elements; /* of the document */
} Case;

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

static void set_up(Fixture *f, gconstpointer data)
{
	const Case *what = data;

	f->sim = sim_new_with(what->name, NODES, 3, what->elements);
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

static void tear_down(Fixture *f, gconstpointer data)
{
	(void)data;
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

/* All that node has under id; false: nothing. */
static bool fetch(Fixture *f, SimNode *node, const ReloadResourceId *id, ReloadStorageAnswer *answer)
{
	g_autoptr(GByteArray) body = g_byte_array_new();
	ReloadStorage *storage = reload_node_storage(node->node);

	if (!reload_storage_fetch_request(storage, id, body))
		return false;
	g_assert_cmpint(reload_storage_fetch(storage, reload_span(body->data, body->len), 1u << 20,
					     sim_now(f->sim), answer),
			==, RELOAD_OK);
	return true;
}

/* Does that node hold the text under id? */
static bool holds(Fixture *f, SimNode *node, const ReloadResourceId *id, const char *text)
{
	ReloadFetchKindResponse response;
	ReloadStorageAnswer answer;
	ReloadStoredData value;
	ReloadFetchAns ans;
	bool held = false;

	if (!fetch(f, node, id, &answer))
		return false;
	g_assert_cmpint(reload_fetch_ans_decode(reload_span(answer.body->data, answer.body->len), model_of,
						NULL, &ans),
			==, RELOAD_OK);
	if (reload_fetch_kind_response_next(&ans.kind_responses, &response))
		while (reload_stored_data_next(&response.values, RELOAD_MODEL_DICTIONARY, &value))
			held |= reload_span_equal(value.value.value, reload_span_text(text));
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

/* Certificates between that of a signer and the root, to go with it from now on. */
static void add_chain(ReloadCertificate *certificate)
{
	GPtrArray *chain = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);

	for (unsigned i = 0; i < 2; i++) {
		EVP_PKEY *key = reload_key_generate(RELOAD_KEY_P256, NULL);

		g_ptr_array_add(chain,
				reload_issue_ca(key, "between", PKI_NOW - PKI_DAY, PKI_NOW + PKI_DAY, NULL));
		EVP_PKEY_free(key);
	}
	reload_certificate_take_chain(certificate, chain);
}

static void test_chains(Fixture *f, gconstpointer data)
{
	ReloadStorageAnswer answer;

	(void)data;
	f->lost = false;
	for (unsigned i = 0; i + 1 < NODES; i++)
		g_assert_cmpint(sim_store(f->sim, i, f->users[0], "before", NULL), ==, RELOAD_OK);
	g_assert_true(fetch(f, f->storing, &f->places[0], &answer));
	g_assert_cmpuint(answer.certificates->len, ==, NODES - 1);
	for (guint i = 0; i < answer.certificates->len; i++)
		add_chain(answer.certificates->pdata[i]);
	reload_storage_answer_clear(&answer);
	for (unsigned i = 0; i + 1 < NODES; i++) {
		g_autofree char *text = g_strdup_printf("%u", i);

		g_assert_cmpint(sim_store(f->sim, i, f->users[0], text, NULL), ==, RELOAD_OK);
		sim_run(f->sim, SIM_SECOND);
		g_assert_true(holds(f, f->honest, &f->places[0], text));
	}
}

/* It came with the certificate of its signer only; a replica needs that of the storing peer, too. */
static void test_too_large(Fixture *f, gconstpointer data)
{
	g_autofree char *large = g_strnfill(900, 'x');
	unsigned first = 0;

	(void)data;
	for (unsigned i = 1; i + 1 < NODES; i++)
		if (memcmp(sim_node(f->sim, i)->id.id, sim_node(f->sim, first)->id.id, 16) < 0)
			first = i;
	f->lost = false;
	g_assert_cmpint(sim_store(f->sim, first, f->users[0], large, NULL), ==, RELOAD_OK);
	for (unsigned i = 0; i + 1 < NODES; i++)
		if (i != first)
			g_assert_cmpint(sim_store(f->sim, i, f->users[0], "small", NULL), ==, RELOAD_OK);
	sim_run(f->sim, SIM_SECOND);
	g_assert_true(holds(f, f->storing, &f->places[0], large));
	g_assert_false(holds(f, f->honest, &f->places[0], large));
	g_assert_true(holds(f, f->honest, &f->places[0], "small"));
	g_assert_true(holds(f, f->silent, &f->places[0], "small"));
}

/* Counts replicas of all peers. */
static void count(void *data, SimNode *from, SimNode *to, ReloadSpan bytes)
{
	Fixture *f = data;
	uint64_t transaction;

	(void)from;
	(void)to;
	if (is_replica(bytes, &transaction))
		g_hash_table_add(f->sent, g_memdup2(&transaction, sizeof(transaction)));
}

/* A link between neighbors comes and goes: what is sent for that is sent so often, and then no more. */
static void test_flapping(Fixture *f, gconstpointer data)
{
	unsigned before = 0;

	(void)data;
	f->lost = false;
	sim_start(f->sim, f->joining->index, false);
	sim_run_until(f->sim, sim_ring_is_right, NULL, 60 * SIM_SECOND, "a ring of all");
	for (unsigned i = 0; i < USERS; i++)
		g_assert_cmpint(sim_store(f->sim, 0, f->users[i], f->users[i], NULL), ==, RELOAD_OK);
	sim_run(f->sim, 200 * SIM_SECOND);
	sim_watch(f->sim, count, f);
	g_hash_table_remove_all(f->sent);
	for (unsigned i = 0; i < 100; i++) {
		if (i == 50)
			before = g_hash_table_size(f->sent);
		sim_break_link(f->sim, f->joining->index, f->storing->index);
		sim_run(f->sim, 3 * SIM_SECOND);
	}
	/* In 150 s: once in 15 s, to two peers. */
	g_assert_cmpuint(g_hash_table_size(f->sent) - before, <=, 11 * 2 * USERS);
	/* Nothing is lost by it, and what does change is seen to: by who leaves, before. */
	sim_run_until(f->sim, sim_ring_is_right, NULL, 30 * SIM_SECOND, "a ring of all again");
	g_assert_cmpuint(held(f, f->joining), ==, USERS);
	g_assert_cmpuint(held(f, f->storing), ==, USERS);
	for (unsigned i = 0; i < USERS; i++)
		g_assert_cmpint(sim_store(f->sim, 0, f->users[i], "new", NULL), ==, RELOAD_OK);
	sim_crash(f->sim, f->joining->index, false);
	sim_run(f->sim, SIM_SECOND);
	sim_leave(f->sim, f->storing->index);
	for (unsigned i = 0; i < USERS; i++) {
		g_assert_true(holds(f, f->silent, &f->places[i], "new"));
		g_assert_true(holds(f, f->honest, &f->places[i], "new"));
	}
}

static bool any_sent(Sim *sim, void *data)
{
	(void)sim;
	return g_hash_table_size(((Fixture *)data)->sent) > 0;
}

static bool has_second(Sim *sim, void *data)
{
	Fixture *f = data;

	(void)sim;
	return holds(f, f->joining, &f->places[0], "second");
}

/* A value stored while its resource is under way to the peer that joins gets there, too. */
static void test_hand_over(Fixture *f, gconstpointer data)
{
	g_autofree char *text = NULL;

	(void)data;
	g_assert_cmpint(sim_store(f->sim, 0, f->users[0], "first", NULL), ==, RELOAD_OK);
	f->silent = f->joining;
	f->lost = false;
	sim_start(f->sim, f->joining->index, false);
	g_hash_table_remove_all(f->sent);
	sim_run_until(f->sim, any_sent, f, 100 * SIM_SECOND, "a resource is being handed over");
	g_assert_cmpint(sim_store(f->sim, f->storing->index, f->users[0], "second", NULL), ==, RELOAD_OK);
	sim_run_until(f->sim, sim_ring_is_right, NULL, 100 * SIM_SECOND, "it has joined");
	sim_run_until(f->sim, has_second, f, 30 * SIM_SECOND, "what was stored meanwhile");
	text = sim_fetch(f->sim, 2, f->users[0]);
	g_assert_nonnull(strstr(text, "second;"));
}

/* A copy is wanted again while it is under way, and whom it is for goes away: it is given up like any other. */
static void test_gone(Fixture *f, gconstpointer data)
{
	ReloadNode *node = f->storing->node;

	(void)data;
	g_assert_cmpint(sim_store(f->sim, 0, f->users[0], "a", NULL), ==, RELOAD_OK);
	sim_run(f->sim, 8 * SIM_SECOND); /* its last try */
	g_assert_cmpint(sim_store(f->sim, 0, f->users[0], "b", NULL), ==, RELOAD_OK);
	g_assert_cmpuint(reload_replication_jobs(node), >, 0);
	sim_crash(f->sim, f->silent->index, false);
	sim_run(f->sim, 120 * SIM_SECOND);
	g_assert_cmpuint(reload_replication_jobs(node), ==, 0);
	g_assert_true(holds(f, f->honest, &f->places[0], "b"));
}

static bool sweeps(Sim *sim, void *data)
{
	(void)sim;
	return reload_replication_jobs(((SimNode *)data)->node) >= USERS;
}

/* Makes `far` hold what it has not to keep, and whose it is hear no replica Stores. */
static void leave_behind(Fixture *f, const SimNode *far)
{
	f->lost = false;
	sim_crash(f->sim, f->storing->index, false);
	sim_crash(f->sim, f->silent->index, false);
	sim_run_until(f->sim, sim_ring_is_right, NULL, 120 * SIM_SECOND, "a ring without two");
	for (unsigned i = 0; i < USERS; i++)
		g_assert_cmpint(sim_store(f->sim, far->index, f->users[i], f->users[i], NULL), ==, RELOAD_OK);
	sim_start(f->sim, f->storing->index, false);
	sim_start(f->sim, f->silent->index, false);
	sim_start(f->sim, f->joining->index, false);
	sim_run_until(f->sim, sim_ring_is_right, NULL, 120 * SIM_SECOND, "a ring of all");
	f->silent = f->joining;
	f->lost = true;
}

/* What is not ours to keep is offered to whose it is once at a time, however often the ring changes meanwhile. */
static void test_sweeps(Fixture *f, gconstpointer data)
{
	SimNode *far = next_of(f->sim, f->honest);

	(void)data;
	leave_behind(f, far);
	sim_run_until(f->sim, sweeps, far, 120 * SIM_SECOND, "all of it is offered");
	for (unsigned i = 0; i < 3; i++) {
		reload_replication_changed(far->node, false, false, sim_now(f->sim) - 60 * SIM_SECOND);
		sim_run(f->sim, SIM_SECOND);
		g_assert_cmpuint(reload_replication_jobs(far->node), <=, USERS);
	}
	g_assert_cmpuint(held(f, far), ==, USERS);
	f->lost = false;
	sim_run(f->sim, 900 * SIM_SECOND);
	g_assert_cmpuint(held(f, far), ==, 0);
	g_assert_cmpuint(held(f, f->joining), ==, USERS);
}

static bool has_three(Sim *sim, void *data)
{
	Fixture *f = data;

	(void)sim;
	return held(f, f->joining) == 3;
}

/* Who joins hears nothing of what is handed over, nor of what is brought afterwards: that is tried again, before anybody
 * sweeps. */
static void test_deaf(Fixture *f, gconstpointer data)
{
	(void)data;
	f->lost = false;
	for (unsigned i = 0; i < 3; i++)
		g_assert_cmpint(sim_store(f->sim, 0, f->users[i], f->users[i], NULL), ==, RELOAD_OK);
	f->silent = f->joining;
	f->lost = true;
	sim_start(f->sim, f->joining->index, false);
	sim_run_until(f->sim, sim_ring_is_right, NULL, 60 * SIM_SECOND, "it has joined");
	sim_run(f->sim, 15 * SIM_SECOND); /* two tries of seven seconds */
	g_assert_cmpuint(held(f, f->joining), ==, 0);
	f->lost = false;
	sim_run_until(f->sim, has_three, f, 10 * SIM_SECOND, "all of it");
}

/* Lets so many replica Stores to the joining peer through, and then no more. */
static bool lose_later(void *data, SimNode *from, SimNode *to, ReloadSpan bytes)
{
	Fixture *f = data;
	uint64_t transaction;

	(void)from;
	if (!f->lost || to != f->joining || !is_replica(bytes, &transaction))
		return false;
	if (g_hash_table_size(f->sent) >= USERS / 3 && !g_hash_table_contains(f->sent, &transaction))
		return true;
	g_hash_table_add(f->sent, g_memdup2(&transaction, sizeof(transaction)));
	return false;
}

static bool has_a_part(Sim *sim, void *data)
{
	Fixture *f = data;

	(void)sim;
	return held(f, f->joining) >= USERS / 4;
}

/* A joining peer loses its power in the middle of the hand-over, and joins anew before anybody has noticed: it is handed
 * all of it, also what it had before. */
static void test_restarted(Fixture *f, gconstpointer data)
{
	(void)data;
	f->lost = false;
	for (unsigned i = 0; i < USERS; i++)
		g_assert_cmpint(sim_store(f->sim, 0, f->users[i], f->users[i], NULL), ==, RELOAD_OK);
	sim_run(f->sim, 5 * SIM_SECOND);
	g_hash_table_remove_all(f->sent);
	f->lost = true;
	sim_lose(f->sim, lose_later, f);
	sim_start(f->sim, f->joining->index, false);
	sim_run_until(f->sim, has_a_part, f, 60 * SIM_SECOND, "a part is handed over");
	sim_run(f->sim, SIM_SECOND / 2);
	sim_crash(f->sim, f->joining->index, true);
	f->lost = false;
	sim_start(f->sim, f->joining->index, false);
	sim_run_until(f->sim, sim_ring_is_right, NULL, 100 * SIM_SECOND, "it has joined");
	g_assert_cmpuint(held(f, f->joining), ==, USERS);
}

int main(int argc, char **argv)
{
	static const Case silent = {"replicas-silent", ""}, restarted = {"replicas-restarted", ""}, renewed = {"replicas-renewed", ""},
			  chains = {"replicas-chains", ""}, flapping = {"replicas-flapping", ""},
			  hand_over = {"replicas-hand-over", ""},
			  gone = {"replicas-gone", ""},
			  sweeping = {"replicas-sweeps", ""},
			  deaf = {"replicas-deaf", ""},
			  large = {"replicas-too-large", "<max-message-size>2000</max-message-size>"};

	g_test_init(&argc, &argv, NULL);
	g_test_add("/sim/replicas/silent", Fixture, &silent, set_up, test_silent, tear_down);
	g_test_add("/sim/replicas/renewed", Fixture, &renewed, set_up, test_renewed, tear_down);
	g_test_add("/sim/replicas/chains", Fixture, &chains, set_up, test_chains, tear_down);
	g_test_add("/sim/replicas/too-large", Fixture, &large, set_up, test_too_large, tear_down);
	g_test_add("/sim/replicas/flapping", Fixture, &flapping, set_up, test_flapping, tear_down);
	g_test_add("/sim/replicas/hand-over", Fixture, &hand_over, set_up, test_hand_over, tear_down);
	g_test_add("/sim/replicas/gone", Fixture, &gone, set_up, test_gone, tear_down);
	g_test_add("/sim/replicas/sweeps", Fixture, &sweeping, set_up, test_sweeps, tear_down);
	g_test_add("/sim/replicas/restarted", Fixture, &restarted, set_up, test_restarted, tear_down);
	g_test_add("/sim/replicas/deaf", Fixture, &deaf, set_up, test_deaf, tear_down);
	return g_test_run();
}
