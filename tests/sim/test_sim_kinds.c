/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kinds beside the document: who does not know one is told by who uses it, if a kind-signer signed
 * it, and by nobody else (RFC 6940, 6.5.4.2 and 7.4.1.2). */
#include "reload_core/config/kind_update.h"
#include "reload_core/security/digest.h"
#include "reload_core/usages/data_request.h"
#include "reload_core/wire/config_update.h"
#include "reload_core/wire/error.h"
#include "reload_core/wire/fetch.h"
#include "tests/sim/sim_private.h"
#include "tests/unit/kind_blocks.h"

#define SIGNER 0x77
#define OTHER 0x79
#define KIND KIND_BLOCKS_ID

static const char *const signers[] = {"77", "78", NULL};
static const char *const nobody[] = {NULL};
static const char bootstrap[] = "<bootstrap-node address=\"10.0.0.1\" port=\"6084\"/>";

typedef struct {
	Sim *sim;
	ReloadIdentity *signer, *other;
	ReloadNodeId user; /* of which machine Errors and ConfigUpdates are counted */
	unsigned updates, unknown;
} World;

static ReloadDocument *document_of(World *w, unsigned i)
{
	return reload_node_document(sim_node(w->sim, i)->node);
}

static bool knows(World *w, unsigned i, uint32_t kind)
{
	return reload_document_kind(document_of(w, i), kind) != NULL;
}

static void set_document(World *w, ReloadDocument *document)
{
	reload_document_unref(w->sim->document);
	w->sim->document = document;
}

/* A ring; its document names kind-signers, and has none of their Kinds. */
static World make(const char *name, unsigned count, const char *const *kind_signers)
{
	World w = {.sim = sim_new(name, count, 1)};

	w.signer = pki_identity(&w.sim->pki, RELOAD_KEY_P256, SIGNER, "signer@example.org");
	w.other = pki_identity(&w.sim->pki, RELOAD_KEY_P256, OTHER, "other@example.org");
	set_document(&w, kind_document(&w.sim->pki, 1, kind_signers, bootstrap));
	sim_start(w.sim, 0, true);
	sim_run_until(w.sim, sim_all_joined, NULL, 10 * SIM_SECOND, "the overlay starts");
	for (unsigned i = 1; i < count; i++)
		sim_start(w.sim, i, false);
	sim_run_until(w.sim, sim_ring_is_right, NULL, 60 * SIM_SECOND, "a ring of all");
	return w;
}

static void end(World *w)
{
	sim_watch(w->sim, NULL, NULL);
	reload_identity_unref(w->other);
	reload_identity_unref(w->signer);
	sim_free(w->sim);
}

/* The operator gives machine i a Kind. */
static void give(World *w, unsigned i, uint32_t kind)
{
	GBytes *block = kind_block(w->signer, kind, 64, "");
	GError *error = NULL;

	g_assert_cmpint(reload_node_add_kinds(sim_node(w->sim, i)->node, pki_span(block),
					      "kinds.xml", sim_now(w->sim), &error),
			==, RELOAD_OK);
	g_assert_no_error(error);
	g_assert_true(knows(w, i, kind));
	g_bytes_unref(block);
}

/* NODE-MATCH: where machine i may write. */
static void resource_of(World *w, unsigned i, ReloadResourceId *out)
{
	reload_hash_resource_name(reload_node_id_span(&sim_node(w->sim, i)->id), out);
}

static unsigned storing_peer(World *w, unsigned i)
{
	ReloadResourceId id;

	resource_of(w, i, &id);
	return sim_responsible(w->sim, &id)->index;
}

/* A machine whose own resource is another's business. */
static unsigned choose(World *w)
{
	for (unsigned i = 0; i < sim_count(w->sim); i++) {
		if (storing_peer(w, i) != i)
			return i;
	}
	g_assert_not_reached();
}

/* Counts the ConfigUpdates of `user`, and the Errors Unknown_Kind to it, at its own links. */
static void count(void *data, SimNode *from, SimNode *to, ReloadSpan bytes)
{
	World *w = data;
	ReloadErrorResponse error;
	ReloadMessage message;

	if (reload_message_decode(bytes, 16, &message) != RELOAD_OK)
		return;
	if (message.code == RELOAD_CONFIG_UPDATE_REQ && reload_node_id_equal(&from->id, &w->user))
		w->updates++;
	if (message.code == RELOAD_ERROR && reload_node_id_equal(&to->id, &w->user) &&
	    reload_error_decode(message.body, &error) == RELOAD_OK &&
	    error.error_code == RELOAD_ERROR_UNKNOWN_KIND)
		w->unknown++;
}

static void watch(World *w, unsigned user)
{
	w->user = sim_node(w->sim, user)->id;
	w->updates = w->unknown = 0;
	sim_watch(w->sim, count, w);
}

typedef struct {
	unsigned count;
	ReloadStatus status;
	uint16_t error;
	unsigned values;
	Sim *sim;
	SimNode *user;
	ReloadResourceId id;
} Reply;

static void each_value(void *data, const ReloadFetched *fetched)
{
	Reply *reply = data;

	reply->values += fetched->data->value.exists;
}

static void on_reply(void *data, ReloadStatus status, const ReloadMessage *answer,
		     const ReloadNodeId *from, int64_t now)
{
	Reply *reply = data;
	ReloadFetchedSummary summary;

	(void)from;
	reply->count++;
	reply->status = status;
	reply->error = reload_message_error_code(answer);
	if (status == RELOAD_OK && answer->code == RELOAD_FETCH_ANS)
		g_assert_cmpint(reload_usage_fetched(reply->user->node, &reply->id, KIND, answer,
						     now, each_value, reply, &summary),
				==, RELOAD_OK);
}

static bool is_answered(Sim *sim, void *data)
{
	(void)sim;
	return ((Reply *)data)->count > 0;
}

static void begin_store(World *w, unsigned user, uint32_t kind, Reply *reply)
{
	SimNode *node = sim_node(w->sim, user);
	ReloadStoredData data = {
	    .storage_time = (uint64_t)sim_now(w->sim),
	    .lifetime = 3600,
	    .value = {.model = RELOAD_MODEL_SINGLE,
		      .exists = true,
		      .value = reload_span_text("anything")},
	};
	ReloadResourceId id;
	ReloadRequestId request;

	memset(reply, 0, sizeof(*reply));
	resource_of(w, user, &id);
	g_assert_cmpint(reload_usage_store(node->node, node->identity, &id, kind, &data, on_reply,
					   reply, sim_now(w->sim), &request),
			==, RELOAD_OK);
}

static Reply store(World *w, unsigned user, uint32_t kind)
{
	Reply reply;

	begin_store(w, user, kind, &reply);
	sim_run_until(w->sim, is_answered, &reply, 20 * SIM_SECOND, "the end of a Store");
	return reply;
}

static Reply fetch(World *w, unsigned user)
{
	Reply reply = {.user = sim_node(w->sim, user)};
	ReloadRequestId request;

	resource_of(w, user, &reply.id);
	g_assert_cmpint(reload_usage_fetch(reply.user->node, &reply.id, KIND, (ReloadSpan){0}, 0,
					   on_reply, &reply, sim_now(w->sim), &request),
			==, RELOAD_OK);
	sim_run_until(w->sim, is_answered, &reply, 20 * SIM_SECOND, "the end of a Fetch");
	return reply;
}

typedef struct {
	World *w;
	ReloadResourceId id;
	unsigned copies;
} Copies;

static bool has_copies(Sim *sim, void *data)
{
	Copies *copies = data;

	return sim_copies(sim, &copies->id) == copies->copies;
}

/* 7.4.1.2: Store, Error_Unknown_Kind, ConfigUpdate, Store; and so on from the storing peer to its
 * replicas, which do not know the Kind either. */
static void test_store(void)
{
	World w = make("kinds-store", 8, signers);
	unsigned user = choose(&w), storing = storing_peer(&w, user), told = 0;
	Copies copies = {.w = &w, .copies = 3};
	Reply reply;

	give(&w, user, KIND);
	watch(&w, user);
	g_assert_false(knows(&w, storing, KIND));
	reply = store(&w, user, KIND);
	g_assert_cmpint(reply.status, ==, RELOAD_OK);
	g_assert_cmpuint(reply.count, ==, 1);
	g_assert_cmpuint(w.unknown, ==, 1);
	g_assert_cmpuint(w.updates, ==, 1);
	g_assert_true(knows(&w, storing, KIND));
	g_assert_cmpuint(fetch(&w, user).values, ==, 1);
	resource_of(&w, user, &copies.id);
	sim_run_until(w.sim, has_copies, &copies, 60 * SIM_SECOND, "two replicas");
	/* again: it is known now */
	g_assert_cmpint(store(&w, user, KIND).status, ==, RELOAD_OK);
	g_assert_cmpuint(w.updates, ==, 1);
	/* and who has nothing to do with it was not told */
	for (unsigned i = 0; i < sim_count(w.sim); i++)
		told += knows(&w, i, KIND);
	g_assert_cmpuint(told, <=, 4); /* user, storing peer, two replicas */
	end(&w);
}

/* A Fetch and a Stat from a storing peer that has just started and knows nothing. */
static void test_fetch_and_stat(void)
{
	World w = make("kinds-fetch", 6, signers);
	unsigned user = choose(&w), storing = storing_peer(&w, user);
	Reply reply;
	ReloadRequestId request;

	give(&w, user, KIND);
	watch(&w, user);
	reply = fetch(&w, user);
	g_assert_cmpint(reply.status, ==, RELOAD_OK);
	g_assert_cmpuint(reply.values, ==, 0);
	g_assert_cmpuint(w.updates, ==, 1);
	sim_crash(w.sim, storing, false);
	sim_run(w.sim, 10 * SIM_SECOND);
	sim_start(w.sim, storing, storing == 0);
	sim_run_until(w.sim, sim_ring_is_right, NULL, 120 * SIM_SECOND, "it is back");
	g_assert_false(knows(&w, storing, KIND));
	memset(&reply, 0, sizeof(reply));
	resource_of(&w, user, &reply.id);
	g_assert_cmpint(reload_usage_stat(sim_node(w.sim, user)->node, &reply.id, KIND,
					  (ReloadSpan){0}, 0, on_reply, &reply, sim_now(w.sim),
					  &request),
			==, RELOAD_OK);
	sim_run_until(w.sim, is_answered, &reply, 20 * SIM_SECOND, "the end of a Stat");
	g_assert_cmpint(reply.status, ==, RELOAD_OK);
	g_assert_true(knows(&w, storing, KIND));
	g_assert_cmpuint(w.updates, ==, 2);
	end(&w);
}

/* Several at once cost one ConfigUpdate. */
static void test_at_once(void)
{
	World w = make("kinds-at-once", 6, signers);
	unsigned user = choose(&w);
	Reply replies[20];

	give(&w, user, KIND);
	watch(&w, user);
	for (unsigned i = 0; i < G_N_ELEMENTS(replies); i++)
		begin_store(&w, user, KIND, &replies[i]);
	sim_run(w.sim, 5 * SIM_SECOND);
	for (unsigned i = 0; i < G_N_ELEMENTS(replies); i++) {
		g_assert_cmpuint(replies[i].count, ==, 1);
		/* of the same storage_time, the first one wins */
		g_assert_cmpint(replies[i].status != RELOAD_OK, ==,
				replies[i].error == RELOAD_ERROR_DATA_TOO_OLD);
	}
	/* those that overtook others came when it was known */
	g_assert_cmpuint(w.unknown, >, 0);
	g_assert_cmpuint(w.unknown, <=, G_N_ELEMENTS(replies));
	g_assert_cmpuint(w.updates, <=, 2);
	end(&w);
}

/* A storing peer whose document names no kind-signer refuses what it is told: each request ends,
 * and it is not told without end. */
static void test_no_loop(void)
{
	World w = make("kinds-no-loop", 6, signers);
	unsigned user = choose(&w), storing = storing_peer(&w, user);
	int64_t begun;

	sim_crash(w.sim, storing, false);
	sim_run(w.sim, 10 * SIM_SECOND);
	set_document(&w, kind_document(&w.sim->pki, 1, nobody, bootstrap));
	sim_start(w.sim, storing, storing == 0);
	sim_run_until(w.sim, sim_ring_is_right, NULL, 120 * SIM_SECOND, "it is back");
	give(&w, user, KIND);
	watch(&w, user);
	g_assert_cmpint(store(&w, user, KIND).status, ==, RELOAD_E_UNKNOWN_KIND);
	g_assert_cmpuint(w.updates, ==, 1);
	g_assert_cmpuint(w.unknown, ==, 1);
	begun = sim_now(w.sim);
	for (unsigned i = 0; i < 40; i++)
		g_assert_cmpint(store(&w, user, KIND).status, !=, RELOAD_OK);
	g_assert_cmpint(sim_now(w.sim) - begun, <, 10 * SIM_SECOND);
	g_assert_cmpuint(w.updates, <=, 8 + 2);
	g_assert_cmpuint(w.unknown, ==, 41);
	g_assert_false(knows(&w, storing, KIND));
	end(&w);
}

/* ---- what comes in ---- */

static ReloadSpan span_of(const GByteArray *array)
{
	return reload_span(array->data, array->len);
}

/* Machine 1 sends them to machine 0; the code of the Error, 0: taken. Frees the blocks. */
static uint16_t send_kinds(World *w, GBytes **blocks, unsigned block_count)
{
	ReloadDestination destination = reload_destination_node(&sim_node(w->sim, 0)->id);
	ReloadConfigUpdateReq request = {.type = RELOAD_CONFIG_UPDATE_KIND};
	GByteArray *body = g_byte_array_new(), *list = g_byte_array_new();
	SimAnswer answer;
	uint16_t code;

	for (unsigned i = 0; i < block_count; i++) {
		g_assert_true(reload_write_kind_description(list, pki_span(blocks[i])));
		g_bytes_unref(blocks[i]);
	}
	request.data = span_of(list);
	g_assert_true(reload_write_config_update_req(body, &request));
	sim_request(w->sim, 1, &destination, 1, RELOAD_CONFIG_UPDATE_REQ, span_of(body), &answer);
	g_assert_true(answer.status == RELOAD_OK || answer.status == RELOAD_E_REMOTE);
	if (answer.status == RELOAD_OK) /* 6.5.4.2: "The response for ConfigUpdate is empty" */
		g_assert_cmpuint(answer.message->len, ==, 0);
	code = answer.error_code;
	sim_answer_clear(&answer);
	g_byte_array_unref(list);
	g_byte_array_unref(body);
	return code;
}

static uint16_t send_kind(World *w, GBytes *block)
{
	return send_kinds(w, &block, 1);
}

static void test_refused(void)
{
	World w = make("kinds-refused", 3, signers);
	ReloadDocument *before = document_of(&w, 0);
	GBytes *mixed[2], *many[65];

	g_assert_cmpuint(send_kind(&w, kind_block(NULL, KIND, 64, "")), ==, RELOAD_ERROR_FORBIDDEN);
	g_assert_cmpuint(send_kind(&w, kind_block(w.other, KIND, 64, "")), ==,
			 RELOAD_ERROR_FORBIDDEN);
	g_assert_cmpuint(send_kind(&w, kind_block(w.signer, RELOAD_KIND_SIP_REGISTRATION, 64, "")),
			 ==, RELOAD_ERROR_FORBIDDEN);
	g_assert_cmpuint(send_kind(&w, g_bytes_new_static("<kind-block", 11)), ==,
			 RELOAD_ERROR_INVALID_MESSAGE);
	g_assert_cmpuint(send_kind(&w, g_bytes_new_static("", 0)), ==,
			 RELOAD_ERROR_INVALID_MESSAGE);
	g_assert_cmpuint(send_kinds(&w, NULL, 0), ==, RELOAD_ERROR_INVALID_MESSAGE);
	mixed[0] = kind_block(w.signer, KIND, 64, "");
	mixed[1] = kind_block(w.other, KIND + 1, 64, "");
	g_assert_cmpuint(send_kinds(&w, mixed, 2), ==, RELOAD_ERROR_FORBIDDEN);
	for (unsigned i = 0; i < G_N_ELEMENTS(many); i++)
		many[i] = g_bytes_new_static("<kind-block/>", 13);
	g_assert_cmpuint(send_kinds(&w, many, G_N_ELEMENTS(many)), ==,
			 RELOAD_ERROR_INVALID_MESSAGE);
	g_assert_true(document_of(&w, 0) == before); /* nothing was taken */
	end(&w);
}

/* The document names nobody who may sign Kinds. */
static void test_nobody_signs(void)
{
	World w = make("kinds-nobody-signs", 3, nobody);

	g_assert_cmpuint(send_kind(&w, kind_block(w.signer, KIND, 64, "")), ==,
			 RELOAD_ERROR_FORBIDDEN);
	g_assert_false(knows(&w, 0, KIND));
	end(&w);
}

/* What was taken is not changed by an old block or a second signer's, and repetitions cost nothing.
 */
static void test_replay(void)
{
	World w = make("kinds-replay", 3, signers);
	ReloadIdentity *second =
	    pki_identity(&w.sim->pki, RELOAD_KEY_P256, 0x78, "second@example.org");
	GBytes *block = kind_block(w.signer, KIND, 64, "");
	ReloadDocument *taken;

	g_assert_cmpuint(send_kind(&w, g_bytes_ref(block)), ==, 0);
	taken = document_of(&w, 0);
	g_assert_true(knows(&w, 0, KIND));
	for (unsigned i = 0; i < 50; i++)
		g_assert_cmpuint(send_kind(&w, g_bytes_ref(block)), ==, 0);
	g_assert_true(document_of(&w, 0) == taken);
	g_assert_cmpuint(send_kind(&w, kind_block(w.signer, KIND, 63, "")), ==,
			 RELOAD_ERROR_FORBIDDEN);
	g_assert_cmpuint(send_kind(&w, kind_block(second, KIND, 64, "")), ==,
			 RELOAD_ERROR_FORBIDDEN);
	g_assert_true(document_of(&w, 0) == taken);
	g_bytes_unref(block);
	reload_identity_unref(second);
	end(&w);
}

/* A kind-signer who defines Kinds without end. */
static void test_bounded(void)
{
	World w = make("kinds-bounded", 3, signers);
	unsigned refused = 0;

	for (unsigned i = 0; i < RELOAD_LEARNED_KINDS_MAX + 10; i++) {
		uint16_t code = send_kind(&w, kind_block(w.signer, KIND + i, 64, ""));

		g_assert_true(code == 0 || code == RELOAD_ERROR_FORBIDDEN);
		refused += code != 0;
	}
	g_assert_cmpuint(refused, ==, 10);
	g_assert_cmpuint(g_hash_table_size(document_of(&w, 0)->kinds), <=,
			 RELOAD_LEARNED_KINDS_MAX + 4);
	g_assert_cmpint(sim_store(w.sim, 2, "alice", "there", NULL), ==, RELOAD_OK);
	end(&w);
}

/* ---- newer documents ---- */

static size_t stored_values(World *w, unsigned i)
{
	ReloadStorageUsage usage;

	reload_storage_usage(reload_node_storage(sim_node(w->sim, i)->node), &usage);
	return usage.values;
}

/* 11.1: it stays while its signer is a kind-signer; else it goes, and all that is stored of it. */
static void test_newer_document(void)
{
	World w = make("kinds-newer-document", 4, signers);
	unsigned user = choose(&w), storing = storing_peer(&w, user);
	ReloadDocument *next = kind_document(&w.sim->pki, 2, signers, bootstrap);
	ReloadNode *node;

	give(&w, user, KIND);
	g_assert_cmpint(store(&w, user, KIND).status, ==, RELOAD_OK);
	node = sim_node(w.sim, storing)->node;
	g_assert_cmpuint(stored_values(&w, storing), ==, 1);
	g_assert_cmpint(reload_node_set_document(node, next, sim_now(w.sim)), ==, RELOAD_OK);
	g_assert_cmpuint(document_of(&w, storing)->sequence, ==, 2);
	g_assert_true(knows(&w, storing, KIND));
	g_assert_cmpuint(stored_values(&w, storing), ==, 1);
	reload_document_unref(next);
	next = kind_document(&w.sim->pki, 3, (const char *const[]){"78", NULL}, bootstrap);
	g_assert_cmpint(reload_node_set_document(node, next, sim_now(w.sim)), ==, RELOAD_OK);
	g_assert_false(knows(&w, storing, KIND));
	g_assert_cmpuint(stored_values(&w, storing), ==, 0);
	reload_document_unref(next);
	end(&w);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sim/kinds/store", test_store);
	g_test_add_func("/sim/kinds/fetch-and-stat", test_fetch_and_stat);
	g_test_add_func("/sim/kinds/at-once", test_at_once);
	g_test_add_func("/sim/kinds/no-loop", test_no_loop);
	g_test_add_func("/sim/kinds/refused", test_refused);
	g_test_add_func("/sim/kinds/nobody-signs", test_nobody_signs);
	g_test_add_func("/sim/kinds/replay", test_replay);
	g_test_add_func("/sim/kinds/bounded", test_bounded);
	g_test_add_func("/sim/kinds/newer-document", test_newer_document);
	return g_test_run();
}
