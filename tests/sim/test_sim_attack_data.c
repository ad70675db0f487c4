/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a member gone bad tries with stored data: replays, rollback, others' places, replicas that are none. */
#include "reload_core/config/kind.h"
#include "reload_core/security/sign.h"
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

	(void)data;
	g_assert_cmpuint(store_once(f, (StoreCase){f->alice, f->mallory, now, 5, "evil", 1}).error, ==,
			 RELOAD_ERROR_FORBIDDEN);
	g_assert_cmpuint(store_once(f, (StoreCase){f->alice, f->storing->identity, now, 0, "evil", 1}).code,
			 !=, RELOAD_STORE_ANS);
	/* A neighbor may bring replicas, but not values whose signer may not write there. */
	g_assert_cmpuint(
		store_once(f, (StoreCase){f->mallory, f->link->identity, now, 5, "evil", 1}).error, ==,
		RELOAD_ERROR_FORBIDDEN);
	assert_stored(f, "");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, test) \
	g_test_add("/sim/attack/data/" name, Fixture, "attack-" name, set_up, test, tear_down)
	ADD("others-places", test_others_places);
	ADD("replay-and-rollback", test_replay_and_rollback);
	ADD("replicas", test_replicas);
#undef ADD
	return g_test_run();
}
