/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Documents that come over the network: who may change the overlay's, and how everybody gets the
 * new one (RFC 6940, 6.3.2.1, 6.5.4 and 11.1). */
#include "reload_core/config/document_sign.h"
#include "reload_core/wire/config_update.h"
#include "tests/sim/sim_private.h"

#define SIGNER 0x77
#define OTHER 0x78
#define NAME "instance-name=\"" PKI_OVERLAY "\" sequence=\"1\""

/* A document of the sim's overlay that lists the signers given, signed by signer. */
static GBytes *signed_document(Sim *sim, const char *signers, const ReloadIdentity *signer,
			       int sequence)
{
	char *inside = g_strdup_printf(
	    "<no-ice>true</no-ice><bootstrap-node address=\"10.0.0.1\" port=\"6084\"/>%s", signers);
	char *text = pki_document_text(sim->pki.ca, NAME, inside);
	GBytes *bytes = g_bytes_new_take(text, strlen(text)), *done;
	GError *error = NULL;

	done = reload_document_sign(bytes, "test", NULL, signer, sequence, -1, &error);
	g_assert_no_error(error);
	g_bytes_unref(bytes);
	g_free(inside);
	return done;
}

static ReloadDocument *parsed(GBytes *bytes)
{
	GError *error = NULL;
	ReloadDocument *document = reload_document_parse(bytes, "test", NULL, PKI_NOW, &error);

	g_assert_no_error(error);
	return document;
}

static const char lists_signer[] =
    "<configuration-signer>77777777777777777777777777777777</configuration-signer>";
static const char lists_other[] =
    "<configuration-signer>78787878787878787878787878787878</configuration-signer>";

static void form(Sim *sim)
{
	sim_start(sim, 0, true);
	sim_run_until(sim, sim_all_joined, NULL, 10 * SIM_SECOND,
		      "the first node starts the overlay");
	for (unsigned i = 1; i < sim_count(sim); i++)
		sim_start(sim, i, false);
	sim_run_until(sim, sim_ring_is_right, NULL, 60 * SIM_SECOND, "a ring of all");
}

static uint16_t sequence_of(Sim *sim, unsigned i)
{
	return reload_node_document(sim_node(sim, i)->node)->sequence;
}

/* Node 1 sends a ConfigUpdate to node 0; returns the error's code, 0: it was taken. */
static uint16_t update(Sim *sim, GBytes *document)
{
	ReloadDestination destination = reload_destination_node(&sim_node(sim, 0)->id);
	ReloadConfigUpdateReq request = {.type = RELOAD_CONFIG_UPDATE_CONFIG,
					 .data = pki_span(document)};
	GByteArray *body = g_byte_array_new();
	SimAnswer answer;
	uint16_t code;

	g_assert_true(reload_write_config_update_req(body, &request));
	sim_request(sim, 1, &destination, 1, RELOAD_CONFIG_UPDATE_REQ,
		    reload_span(body->data, body->len), &answer);
	g_assert_true(answer.status == RELOAD_OK || answer.status == RELOAD_E_REMOTE);
	code = answer.error_code;
	sim_answer_clear(&answer);
	g_byte_array_unref(body);
	return code;
}

/* Nobody is named who may sign: then nobody's document is taken off the network. */
static void test_nobody_signs(void)
{
	Sim *sim = sim_new("nobody-signs", 3, 1);
	ReloadIdentity *signer =
	    pki_identity(&sim->pki, RELOAD_KEY_P256, SIGNER, "signer@example.org");
	GBytes *next = signed_document(sim, lists_signer, signer, 2);

	form(sim);
	g_assert_cmpuint(update(sim, next), ==, RELOAD_ERROR_FORBIDDEN);
	g_assert_cmpuint(sequence_of(sim, 0), ==, 1);
	g_bytes_unref(next);
	reload_identity_unref(signer);
	sim_free(sim);
}

/* A sim whose document names the signer. */
static Sim *signed_sim(const char *name, ReloadIdentity **signer)
{
	Sim *sim = sim_new(name, 4, 1);
	GBytes *bytes;

	*signer = pki_identity(&sim->pki, RELOAD_KEY_P256, SIGNER, "signer@example.org");
	bytes = signed_document(sim, lists_signer, *signer, 1);
	reload_document_unref(sim->document);
	sim->document = parsed(bytes);
	g_bytes_unref(bytes);
	form(sim);
	return sim;
}

static void test_refused(void)
{
	ReloadIdentity *signer, *other;
	Sim *sim = signed_sim("config-refused", &signer);
	GBytes *next;

	other = pki_identity(&sim->pki, RELOAD_KEY_P256, OTHER, "other@example.org");
	/* Good in itself, but by one whom the current document does not name. */
	next = signed_document(sim, lists_other, other, 2);
	g_assert_cmpuint(update(sim, next), ==, RELOAD_ERROR_FORBIDDEN);
	g_bytes_unref(next);
	/* Not newer: 65534 is behind 1, modulo 65535. */
	next = signed_document(sim, lists_signer, signer, 65534);
	g_assert_cmpuint(update(sim, next), ==, RELOAD_ERROR_FORBIDDEN);
	g_bytes_unref(next);
	/* Changed after it was signed. */
	next = signed_document(sim, lists_signer, signer, 2);
	{
		gsize len;
		char *text = g_bytes_unref_to_data(next, &len);

		g_strstr_len(text, (gssize)len, "port=\"6084\"")[6] = '7';
		next = g_bytes_new_take(text, len);
	}
	g_assert_cmpuint(update(sim, next), ==, RELOAD_ERROR_INVALID_MESSAGE);
	g_bytes_unref(next);
	g_assert_cmpuint(sequence_of(sim, 0), ==, 1);
	reload_identity_unref(other);
	reload_identity_unref(signer);
	sim_free(sim);
}

static bool has_left(Sim *sim, void *data)
{
	(void)data;
	return reload_node_state(sim_node(sim, 0)->node) == RELOAD_NODE_LEFT;
}

/* A new document that asks for more than we can do: who is no signer does not make us leave by it.
 */
static void test_cannot_follow(void)
{
	ReloadIdentity *signer, *other;
	Sim *sim = signed_sim("config-cannot-follow", &signer);
	char *inside =
	    g_strconcat(lists_signer, "<mandatory-extension>urn:more</mandatory-extension>", NULL);
	GBytes *next;

	other = pki_identity(&sim->pki, RELOAD_KEY_P256, OTHER, "other@example.org");
	next = signed_document(sim, inside, other, 2);
	g_assert_cmpuint(update(sim, next), ==, RELOAD_ERROR_INVALID_MESSAGE);
	g_bytes_unref(next);
	sim_run(sim, 10 * SIM_SECOND);
	g_assert_cmpint(reload_node_state(sim_node(sim, 0)->node), ==, RELOAD_NODE_JOINED);
	next = signed_document(sim, inside, signer, 2);
	g_assert_cmpuint(update(sim, next), ==, RELOAD_ERROR_INCOMPATIBLE_WITH_OVERLAY);
	sim_run_until(sim, has_left, NULL, 3 * SIM_SECOND, "the node leaves");
	g_bytes_unref(next);
	g_free(inside);
	reload_identity_unref(other);
	reload_identity_unref(signer);
	sim_free(sim);
}

/* RFC 6940, 14.16: the overlay is no way to get a shared secret, nor to lose it. */
static void test_shared_secret(void)
{
	ReloadIdentity *signer;
	Sim *sim = signed_sim("config-shared-secret", &signer);
	char *inside = g_strconcat(lists_signer,
				   "<shared-secret>d2VsY29tZSB0byB0aGUgcmluZw==</shared-secret>", NULL);
	GBytes *next = signed_document(sim, inside, signer, 2);
	ReloadDocument *document = parsed(next);

	g_assert_cmpuint(update(sim, next), ==, RELOAD_ERROR_FORBIDDEN);
	g_assert_cmpuint(sequence_of(sim, 0), ==, 1);
	g_assert_cmpint(reload_node_set_document(sim_node(sim, 0)->node, document, sim->now), ==,
			RELOAD_E_FORBIDDEN);
	g_assert_cmpuint(sequence_of(sim, 0), ==, 1);
	reload_document_unref(document);
	g_bytes_unref(next);
	g_free(inside);
	reload_identity_unref(signer);
	sim_free(sim);
}

static bool all_have_two(Sim *sim, void *data)
{
	(void)data;
	for (unsigned i = 0; i < sim_count(sim); i++)
		if (sequence_of(sim, i) != 2)
			return false;
	return true;
}

/* One node is given the new document; whoever talks to it or is talked to by it gets it. */
static void test_spreads(void)
{
	ReloadIdentity *signer;
	Sim *sim = signed_sim("config-spreads", &signer);
	GBytes *next = signed_document(sim, lists_signer, signer, 2);

	g_assert_cmpuint(update(sim, next), ==, 0);
	g_assert_cmpuint(sequence_of(sim, 0), ==, 2);
	g_assert_cmpuint(update(sim, next), ==,
			 RELOAD_ERROR_CONFIG_TOO_OLD); /* node 1 is old now */
	sim_run_until(sim, all_have_two, NULL, 3600 * SIM_SECOND, "everybody has the new document");
	g_assert_true(sim_ring_is_right(sim, NULL));
	g_bytes_unref(next);
	reload_identity_unref(signer);
	sim_free(sim);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sim/config/nobody-signs", test_nobody_signs);
	g_test_add_func("/sim/config/refused", test_refused);
	g_test_add_func("/sim/config/cannot-follow", test_cannot_follow);
	g_test_add_func("/sim/config/shared-secret", test_shared_secret);
	g_test_add_func("/sim/config/spreads", test_spreads);
	return g_test_run();
}
