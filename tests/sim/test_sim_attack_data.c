/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a member gone bad tries with stored data: replays, rollback, others' places, replicas that are none. */
#include "reload_core/config/kind.h"
#include "reload_core/security/sign.h"
#include "reload_core/usages/data_request.h"
#include "reload_core/wire/fetch.h"
#include "reload_core/wire/store.h"
#include "tests/sim/rogue.h"
#include "tests/sim/sim_private.h"

#define NODES 12

typedef struct {
	Sim *sim;
	ReloadResourceId place; /* alice's */
	SimNode *storing, *link; /* who is responsible, and whose link the rogue's messages come over */
	SimNode *rogue; /* no neighbor of storing */
	ReloadIdentity *alice, *mallory; /* of the same machine, the rogue's */
} Fixture;

static SimNode *next_of(Sim *sim, const SimNode *node)
{
	ReloadResourceId behind = {.len = 16};

	memcpy(behind.id, node->id.id, 16);
	for (int i = 15; i >= 0 && ++behind.id[i] == 0; i--)
		continue;
	return sim_responsible(sim, &behind);
}

static void set_up(Fixture *f, gconstpointer name)
{
	EVP_PKEY *key;

	f->sim = sim_new(name, NODES, 2);
	rogue_form(f->sim);
	sim_resource(f->sim, "alice", &f->place);
	f->storing = sim_responsible(f->sim, &f->place);
	f->link = next_of(f->sim, f->storing);
	f->rogue = f->link;
	for (unsigned i = 0; i < 5; i++) /* half way round */
		f->rogue = next_of(f->sim, f->rogue);
	key = reload_identity_key(f->rogue->identity);
	f->alice = sim_issue(f->sim, key, &f->rogue->id, "alice@" PKI_OVERLAY);
	f->mallory = sim_issue(f->sim, key, &f->rogue->id, "mallory@" PKI_OVERLAY);
}

static void tear_down(Fixture *f, gconstpointer name)
{
	(void)name;
	rogue_assert_served(f->sim, f->link->index, "afterwards");
	reload_identity_unref(f->alice);
	reload_identity_unref(f->mallory);
	sim_free(f->sim);
}

typedef struct {
	const ReloadIdentity *value, *request; /* who signs which */
	uint64_t time, generation;
	const char *text;
	uint8_t replica;
} StoreCase;

static void signer_of(const ReloadIdentity *identity, RogueSigner *out)
{
	ReloadSpan der = reload_certificate_der(reload_identity_certificate(identity));

	*out = (RogueSigner){.key = reload_identity_key(identity),
			     .id = *reload_identity_node_id(identity),
			     .der = g_bytes_new(der.data, der.len)};
}

/* Sends a Store for alice's place, with the certificates of both signers. */
static RogueOutcome store(Fixture *f, StoreCase c, uint64_t *transaction)
{
	ReloadStoredData data = {.storage_time = c.time,
				 .lifetime = 3600,
				 .value = {.model = RELOAD_MODEL_DICTIONARY,
					   .key = reload_node_id_span(&f->rogue->id),
					   .exists = true,
					   .value = reload_span_text(c.text)}};
	GByteArray *values = g_byte_array_new(), *kinds = g_byte_array_new(), *body = g_byte_array_new(),
		   *list = g_byte_array_new(), *certificates = g_byte_array_new();
	ReloadStoreKindData kind = {.kind = RELOAD_KIND_SIP_REGISTRATION, .generation_counter = c.generation};
	ReloadStoreReq req = {.resource = f->place, .replica_number = c.replica};
	ReloadDestination destination = reload_destination_resource(&f->place);
	RogueMessage message = {.code = RELOAD_STORE_REQ, .transaction = *transaction};
	RogueSigner signer;
	RogueOutcome outcome;

	g_assert_cmpint(reload_sign_stored_data(c.value, &f->place, kind.kind, &data, values), ==, RELOAD_OK);
	kind.values = reload_span(values->data, values->len);
	reload_write_store_kind_data(kinds, &kind);
	req.kind_data = reload_span(kinds->data, kinds->len);
	reload_write_store_req(body, &req);
	if (c.replica != 0)
		destination = reload_destination_node(&f->storing->id);
	reload_write_destination(list, &destination);
	reload_write_generic_certificate(certificates, RELOAD_CERTIFICATE_X509,
					 reload_certificate_der(reload_identity_certificate(c.value)));
	signer_of(c.request, &signer);
	message.signer = &signer;
	message.body = reload_span(body->data, body->len);
	message.destinations = reload_span(list->data, list->len);
	message.certificates = reload_span(certificates->data, certificates->len);
	outcome = rogue_send(f->sim, f->link->index, f->storing->index, &message);
	*transaction = message.transaction;
	g_bytes_unref(signer.der);
	g_byte_array_unref(certificates);
	g_byte_array_unref(list);
	g_byte_array_unref(body);
	g_byte_array_unref(kinds);
	g_byte_array_unref(values);
	return outcome;
}

static RogueOutcome store_once(Fixture *f, StoreCase c)
{
	uint64_t transaction = 0;

	return store(f, c, &transaction);
}

static void assert_stored(Fixture *f, const char *expected)
{
	char *found;

	sim_run(f->sim, 500);
	found = sim_fetch(f->sim, f->link->index, "alice");
	g_assert_cmpstr(found, ==, expected);
	g_free(found);
}

static void test_others_places(Fixture *f, gconstpointer data)
{
	uint64_t now = (uint64_t)sim_now(f->sim);

	(void)data;
	/* The value is mallory's, at alice's place. */
	g_assert_cmpuint(store_once(f, (StoreCase){f->mallory, f->mallory, now, 0, "evil", 0}).error, ==,
			 RELOAD_ERROR_FORBIDDEN);
	/* The value is alice's, heard somewhere; the request is mallory's. */
	g_assert_cmpuint(store_once(f, (StoreCase){f->alice, f->mallory, now, 0, "evil", 0}).error, ==,
			 RELOAD_ERROR_FORBIDDEN);
	/* The request is alice's, with mallory's value in it. */
	g_assert_cmpuint(store_once(f, (StoreCase){f->mallory, f->alice, now, 0, "evil", 0}).error, ==,
			 RELOAD_ERROR_FORBIDDEN);
	assert_stored(f, "");
	g_assert_cmpuint(store_once(f, (StoreCase){f->alice, f->alice, now, 0, "good", 0}).code, ==,
			 RELOAD_STORE_ANS); /* the control */
	assert_stored(f, "good;");
}

static void test_replay_and_rollback(Fixture *f, gconstpointer data)
{
	uint64_t now = (uint64_t)sim_now(f->sim), transaction = 0;
	StoreCase first = {f->alice, f->alice, now, 0, "first", 0};
	RogueOutcome outcome = store(f, first, &transaction);

	(void)data;
	g_assert_cmpuint(outcome.code, ==, RELOAD_STORE_ANS);
	/* After the time in which a repetition gets its old answer: an old value is an old value. */
	sim_run(f->sim, 20 * SIM_SECOND);
	g_assert_cmpuint(store(f, first, &transaction).error, ==, RELOAD_ERROR_DATA_TOO_OLD);
	g_assert_cmpuint(store_once(f, (StoreCase){f->alice, f->alice, now + 1000, 0, "second", 0}).code, ==,
			 RELOAD_STORE_ANS);
	g_assert_cmpuint(store(f, first, &transaction).error, ==, RELOAD_ERROR_DATA_TOO_OLD);
	g_assert_cmpuint(store_once(f, (StoreCase){f->alice, f->alice, now + 999, 0, "older", 0}).error, ==,
			 RELOAD_ERROR_DATA_TOO_OLD);
	g_assert_cmpuint(store_once(f, (StoreCase){f->alice, f->alice, now + 2000, 77, "counter", 0}).error, ==,
			 RELOAD_ERROR_GENERATION_COUNTER_TOO_LOW);
	assert_stored(f, "second;");
}

/* Replicas from a node that is no plausible source of them, and with a counter that none has. */
static void test_replicas(Fixture *f, gconstpointer data)
{
	uint64_t now = (uint64_t)sim_now(f->sim);
	SimNode *responsible = f->storing;

	(void)data;
	f->storing = f->link;
	for (unsigned i = 0; i < 3; i++) /* neither responsible nor a replica */
		f->storing = next_of(f->sim, f->storing);
	g_assert_cmpuint(store_once(f, (StoreCase){f->alice, f->mallory, now, 5, "evil", 1}).error, ==,
			 RELOAD_ERROR_FORBIDDEN);
	f->storing = responsible;
	g_assert_cmpuint(store_once(f, (StoreCase){f->alice, f->storing->identity, now, 0, "evil", 1}).code,
			 !=, RELOAD_STORE_ANS);
	/* Any node may bring replicas where they belong, but not values whose signer may not write there. */
	g_assert_cmpuint(store_once(f, (StoreCase){f->mallory, f->mallory, now, 5, "evil", 1}).error, ==,
			 RELOAD_ERROR_FORBIDDEN);
	g_assert_cmpuint(
		store_once(f, (StoreCase){f->mallory, f->link->identity, now, 5, "evil", 1}).error, ==,
		RELOAD_ERROR_FORBIDDEN);
	assert_stored(f, "");
}

/* After a partition anybody may hold what belongs here (6.4.2.3). It gets in as if its owner had stored it, and so
 * changes nothing that the owner has stored since. */
static void test_strangers_replicas(Fixture *f, gconstpointer data)
{
	uint64_t now = (uint64_t)sim_now(f->sim);

	(void)data;
	g_assert_cmpuint(store_once(f, (StoreCase){f->alice, f->mallory, now, 77, "good", 1}).code, ==,
			 RELOAD_STORE_ANS);
	assert_stored(f, "good;");
	/* The counter is not what it was said to be. */
	g_assert_cmpuint(store_once(f, (StoreCase){f->alice, f->alice, now + 10, 77, "counter", 0}).error, ==,
			 RELOAD_ERROR_GENERATION_COUNTER_TOO_LOW);
	g_assert_cmpuint(store_once(f, (StoreCase){f->alice, f->alice, now + 10, 0, "newer", 0}).code, ==,
			 RELOAD_STORE_ANS);
	g_assert_cmpuint(store_once(f, (StoreCase){f->alice, f->mallory, now + 9, 1, "older", 1}).error, ==,
			 RELOAD_ERROR_DATA_TOO_OLD);
	assert_stored(f, "newer;");
}

/* ---- a storing peer that serves what was replaced ---- */

typedef struct {
	Fixture *f;
	SimNode *asker;
	uint64_t transaction; /* of its FetchReq */
	bool done;
	unsigned discarded;
	char *found;
} Asking;

static void see_fetch(void *data, SimNode *from, SimNode *to, ReloadSpan bytes)
{
	Asking *asking = data;
	ReloadMessage message;

	(void)to;
	if (from == asking->asker && reload_message_decode(bytes, 16, &message) == RELOAD_OK &&
	    message.code == RELOAD_FETCH_REQ)
		asking->transaction = message.header.transaction_id;
}

static void take_text(void *data, const ReloadFetched *fetched)
{
	Asking *asking = data;
	ReloadSpan value = fetched->data->value.value;

	g_assert_null(asking->found);
	asking->found = g_strndup((const char *)value.data, value.len);
}

static void on_answer(void *data, ReloadStatus status, const ReloadMessage *answer,
		      const ReloadNodeId *from, int64_t now)
{
	Asking *asking = data;
	ReloadFetchedSummary summary;

	g_assert_cmpint(status, ==, RELOAD_OK);
	g_assert_true(reload_node_id_equal(from, &asking->f->storing->id));
	g_assert_cmpint(reload_usage_fetched(asking->asker->node, &asking->f->place,
					     RELOAD_KIND_SIP_REGISTRATION, answer, now, take_text,
					     asking, &summary),
			==, RELOAD_OK);
	asking->discarded = summary.discarded;
	asking->done = true;
}

/* The FetchAns of the storing peer: alice's value of another time. */
static void serve(Asking *asking, uint64_t time, const char *text)
{
	Fixture *f = asking->f;
	ReloadStoredData data = {.storage_time = time,
				 .lifetime = 3600,
				 .value = {.model = RELOAD_MODEL_DICTIONARY,
					   .key = reload_node_id_span(&f->rogue->id),
					   .exists = true,
					   .value = reload_span_text(text)}};
	GByteArray *values = g_byte_array_new(), *kinds = g_byte_array_new(), *body = g_byte_array_new(),
		   *certificates = g_byte_array_new();
	ReloadFetchKindResponse kind = {.kind = RELOAD_KIND_SIP_REGISTRATION, .generation = time};
	ReloadFetchAns answer;
	RogueMessage message = {.code = RELOAD_FETCH_ANS, .transaction = asking->transaction};
	RogueSigner signer;

	g_assert_cmpint(reload_sign_stored_data(f->alice, &f->place, kind.kind, &data, values), ==, RELOAD_OK);
	kind.values = reload_span(values->data, values->len);
	reload_write_fetch_kind_response(kinds, &kind);
	answer.kind_responses = reload_span(kinds->data, kinds->len);
	reload_write_fetch_ans(body, &answer);
	reload_write_generic_certificate(certificates, RELOAD_CERTIFICATE_X509,
					 reload_certificate_der(reload_identity_certificate(f->alice)));
	signer_of(f->storing->identity, &signer);
	message.signer = &signer;
	message.body = reload_span(body->data, body->len);
	message.certificates = reload_span(certificates->data, certificates->len);
	rogue_send(f->sim, next_of(f->sim, asking->asker)->index, asking->asker->index, &message);
	g_bytes_unref(signer.der);
	g_byte_array_unref(certificates);
	g_byte_array_unref(body);
	g_byte_array_unref(kinds);
	g_byte_array_unref(values);
}

/* asker fetches; text: what the rogue says, of that time, before anybody else can (NULL: it is honest).
 * Returns what was found, or NULL. */
static char *ask(Fixture *f, SimNode *asker, uint64_t time, const char *text, unsigned *discarded)
{
	Asking asking = {.f = f, .asker = asker};
	ReloadRequestId request;

	sim_watch(f->sim, see_fetch, &asking);
	g_assert_cmpint(reload_usage_fetch(asker->node, &f->place, RELOAD_KIND_SIP_REGISTRATION,
					   (ReloadSpan){0}, 0, on_answer, &asking, sim_now(f->sim),
					   &request),
			==, RELOAD_OK);
	sim_watch(f->sim, NULL, NULL);
	g_assert_cmpuint(asking.transaction, !=, 0);
	if (text != NULL)
		serve(&asking, time, text);
	else
		sim_run(f->sim, 2 * SIM_SECOND);
	g_assert_true(asking.done);
	sim_run(f->sim, 2 * SIM_SECOND); /* the honest answer comes too late */
	*discarded = asking.discarded;
	return asking.found;
}

static void assert_asked(Fixture *f, SimNode *asker, uint64_t time, const char *text, const char *expected)
{
	unsigned discarded;
	char *found = ask(f, asker, time, text, &discarded);

	g_assert_cmpstr(found, ==, expected);
	g_assert_cmpuint(discarded, ==, expected == NULL);
	g_free(found);
}

static uint64_t rollbacks(const SimNode *node)
{
	ReloadNodeStatistics statistics;

	reload_node_statistics(node->node, &statistics);
	return statistics.rollbacks;
}

/* 13.5.3: who has fetched before notices that a value is older than it was, and does not use it. */
static void test_rollback_served(Fixture *f, gconstpointer data)
{
	SimNode *asker = next_of(f->sim, f->rogue), *stranger = next_of(f->sim, asker);
	uint64_t now = (uint64_t)sim_now(f->sim);
	unsigned lines;

	(void)data;
	g_assert_cmpuint(store_once(f, (StoreCase){f->alice, f->alice, now + 1000, 0, "new", 0}).code, ==,
			 RELOAD_STORE_ANS);
	assert_asked(f, asker, 0, NULL, "new");
	g_assert_cmpuint(rollbacks(asker), ==, 0);
	lines = asker->log_lines;
	assert_asked(f, asker, now, "old", NULL);
	g_assert_cmpuint(rollbacks(asker), ==, 1);
	g_assert_cmpuint(asker->log_lines, ==, lines + 1);
	/* It is no matter of this once, and it is counted. */
	assert_asked(f, asker, now, "old", NULL);
	g_assert_cmpuint(rollbacks(asker), ==, 2);
	/* A replica that missed a renewal says the same with an older time: that does no harm. */
	assert_asked(f, asker, now, "new", "new");
	g_assert_cmpuint(rollbacks(asker), ==, 2);
	/* Who never saw the newer one cannot know. */
	assert_asked(f, stranger, now, "old", "old");
	g_assert_cmpuint(rollbacks(stranger), ==, 0);
	/* Nor does it hinder what is newer. */
	assert_asked(f, asker, now + 2000, "newest", "newest");
	assert_asked(f, asker, now + 1000, "new", NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, test) \
	g_test_add("/sim/attack/data/" name, Fixture, "attack-" name, set_up, test, tear_down)
	ADD("others-places", test_others_places);
	ADD("replay-and-rollback", test_replay_and_rollback);
	ADD("replicas", test_replicas);
	ADD("strangers-replicas", test_strangers_replicas);
	ADD("rollback-served", test_rollback_served);
#undef ADD
	return g_test_run();
}
