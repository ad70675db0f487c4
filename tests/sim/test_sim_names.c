/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates that nodes keep in the overlay as time goes by, and user names where certificates are
 * self-signed. */
#include "reload_core/security/digest.h"
#include "reload_core/usages/certstore/publish.h"
#include "reload_core/usages/data_request.h"
#include "tests/sim/rogue.h"
#include "tests/sim/sim_private.h"

#define SELF_SIGNED "<self-signed-permitted digest=\"sha1\">true</self-signed-permitted>"
#define HOUR (3600 * SIM_SECOND)

/* ---- what is stored ---- */

typedef struct {
	bool done;
	SimNode *asker;
	ReloadResourceId place;
	uint32_t kind;
	unsigned count;
	uint64_t newest;
} Look;

static void look_at(void *data, const ReloadFetched *fetched)
{
	Look *look = data;

	look->count += fetched->data->value.exists;
	look->newest = MAX(look->newest, fetched->data->storage_time);
}

static void on_look(void *data, ReloadStatus status, const ReloadMessage *answer,
		    const ReloadNodeId *from, int64_t now)
{
	Look *look = data;
	ReloadFetchedSummary summary;

	(void)from;
	look->done = true;
	g_assert_cmpint(status, ==, RELOAD_OK);
	g_assert_cmpint(reload_usage_fetched(look->asker->node, &look->place, look->kind, answer,
					     now, look_at, look, &summary),
			==, RELOAD_OK);
}

static bool has_looked(Sim *sim, void *data)
{
	(void)sim;
	return ((Look *)data)->done;
}

/* The certificates that stand under a name, as machine 0 finds them. */
static Look look(Sim *sim, uint32_t kind, const void *name, size_t length)
{
	Look look = {.asker = sim_node(sim, 0), .kind = kind};
	GByteArray *items = g_byte_array_new();
	ReloadRequestId request;

	reload_resource_id_from_name(sim_document(sim), name, length, &look.place);
	reload_write_array_range(items, (ReloadArrayRange){0, RELOAD_ARRAY_END});
	g_assert_cmpint(reload_usage_fetch(look.asker->node, &look.place, kind,
					   reload_span(items->data, items->len), 0, on_look, &look,
					   sim_now(sim), &request),
			==, RELOAD_OK);
	g_byte_array_unref(items);
	sim_run_until(sim, has_looked, &look, 20 * SIM_SECOND, "the answer to a Fetch");
	return look;
}

static Look by_user(Sim *sim, const char *user)
{
	return look(sim, RELOAD_KIND_CERTIFICATE_BY_USER, user, strlen(user));
}

static Look by_node(Sim *sim, unsigned index)
{
	const ReloadNodeId *id = &sim_node(sim, index)->id;

	return look(sim, RELOAD_KIND_CERTIFICATE_BY_NODE, id->id, id->len);
}

/* ---- renewal ---- */

/* The certificate is stored again before its lifetime ends; one that takes its place is stored at
 * once, and stands beside it until then. */
static void test_renewed(void)
{
	Sim *sim = sim_new("certificates-renewed", 3, 2);
	SimNode *node;
	Look first, second;
	ReloadIdentity *next;

	rogue_form(sim);
	node = sim_node(sim, 1);
	reload_certstore_publish(node->node, NULL, NULL);
	sim_run(sim, 10 * SIM_SECOND);
	first = by_node(sim, 1);
	g_assert_cmpuint(first.count, ==, 1);
	sim_run(sim, 11 * HOUR);
	g_assert_cmpuint(by_node(sim, 1).newest, ==, first.newest);
	sim_run(sim, 2 * HOUR);
	second = by_node(sim, 1);
	g_assert_cmpuint(second.newest, >=, first.newest + RELOAD_CERTSTORE_LIFETIME * 500);
	g_assert_cmpuint(second.count, ==, 1);
	g_assert_cmpuint(by_user(sim, "node1@" PKI_OVERLAY).newest, >,
			 first.newest + RELOAD_CERTSTORE_LIFETIME * 500);
	next = sim_issue(sim, reload_identity_key(node->identity), &node->id, "node1@" PKI_OVERLAY);
	g_assert_cmpint(reload_node_set_identity(node->node, next, sim_now(sim)), ==, RELOAD_OK);
	reload_identity_unref(next); /* the node keeps it */
	sim_run(sim, 30 * SIM_SECOND);
	g_assert_cmpuint(by_node(sim, 1).count, ==, 2);
	g_assert_cmpuint(by_user(sim, "node1@" PKI_OVERLAY).count, ==, 2);
	sim_free(sim);
}

/* ---- names ---- */

/* Gives a stopped machine a self-signed certificate for that user name. */
static void self_sign(Sim *sim, unsigned index, const char *user)
{
	SimNode *node = sim_node(sim, index);
	ReloadCertificateRequest request = {
	    .overlay = PKI_OVERLAY,
	    .user_name = user,
	    .not_before = PKI_NOW - PKI_DAY,
	    .not_after = PKI_NOW + PKI_DAY,
	};
	GError *error = NULL;
	EVP_PKEY *key = reload_key_generate(RELOAD_KEY_P256, NULL);
	GBytes *der = reload_issue_self_signed(key, RELOAD_DIGEST_SHA1, 16, &request, &error);
	ReloadCertificate *certificate = NULL;

	g_assert_no_error(error);
	reload_certificate_parse(pki_span(der), PKI_OVERLAY, 16, &certificate, &error);
	g_assert_no_error(error);
	reload_identity_unref(node->identity);
	node->identity = reload_identity_new(certificate, NULL, key, NULL, &error);
	g_assert_no_error(error);
	node->id = *reload_identity_node_id(node->identity);
	reload_certificate_unref(certificate);
	g_bytes_unref(der);
	EVP_PKEY_free(key);
}

static void on_taken(void *data, const char *user_name, int64_t now)
{
	unsigned *taken = data;

	(void)now;
	g_assert_cmpstr(user_name, ==, "one@" PKI_OVERLAY);
	++*taken;
}

static void add_node(Sim *sim, unsigned index, const char *user, unsigned *taken)
{
	if (user != NULL)
		self_sign(sim, index, user);
	sim_start(sim, index, index == 0);
	reload_certstore_publish(sim_node(sim, index)->node, on_taken, taken);
	sim_run_until(sim, sim_ring_is_right, NULL, 60 * SIM_SECOND, "one more");
	sim_run(sim, 10 * SIM_SECOND);
}

/* RFC 6940, 11.3.1: who comes second under a name is told, and stores nothing under it; who was there
 * stays, also after a restart, whoever has stored under its name meanwhile. */
static void test_taken(void)
{
	Sim *sim = sim_new_with("names-taken", 4, 2, SELF_SIGNED);
	unsigned taken[4] = {0};

	add_node(sim, 0, "zero@" PKI_OVERLAY, &taken[0]);
	add_node(sim, 1, "one@" PKI_OVERLAY, &taken[1]);
	add_node(sim, 2, "one@" PKI_OVERLAY, &taken[2]);
	g_assert_true(taken[0] == 0 && taken[1] == 0 && taken[2] == 1);
	g_assert_cmpuint(by_user(sim, "one@" PKI_OVERLAY).count, ==, 1);
	sim_run(sim, HOUR); /* it does not ask again, nor store */
	g_assert_cmpuint(taken[2], ==, 1);
	g_assert_cmpuint(by_user(sim, "one@" PKI_OVERLAY).count, ==, 1);
	add_node(sim, 3, "three@" PKI_OVERLAY, &taken[3]);
	sim_crash(sim, 1, false);
	sim_run(sim, 60 * SIM_SECOND);
	add_node(sim, 1, NULL, &taken[1]);
	g_assert_true(taken[1] == 0 && taken[3] == 0);
	g_assert_cmpuint(by_user(sim, "one@" PKI_OVERLAY).count, ==, 1);
	sim_free(sim);
}

/* With a CA it is the CA's business: a user has a certificate at each of his nodes. */
static void test_with_ca(void)
{
	Sim *sim = sim_new("names-with-ca", 3, 2);
	unsigned taken[3] = {0};

	for (unsigned i = 0; i < 3; i++) {
		SimNode *node = sim_node(sim, i);
		ReloadIdentity *identity = sim_issue(sim, reload_identity_key(node->identity),
						     &node->id, "one@" PKI_OVERLAY);

		reload_identity_unref(node->identity);
		node->identity = identity;
		add_node(sim, i, NULL, &taken[i]);
	}
	g_assert_cmpuint(taken[0] + taken[1] + taken[2], ==, 0);
	g_assert_cmpuint(by_user(sim, "one@" PKI_OVERLAY).count, ==, 3);
	sim_free(sim);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sim/names/renewed", test_renewed);
	g_test_add_func("/sim/names/taken", test_taken);
	g_test_add_func("/sim/names/with-ca", test_with_ca);
	return g_test_run();
}
