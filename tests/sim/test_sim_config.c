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
static uint16_t update_now(Sim *sim, GBytes *document)
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

/* The same when none was sent for a while. */
static uint16_t update(Sim *sim, GBytes *document)
{
	sim_run(sim, 10 * SIM_SECOND);
	return update_now(sim, document);
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
	g_assert_cmpuint(update(sim, next), ==, RELOAD_ERROR_FORBIDDEN);
	g_bytes_unref(next);
	/* Another one with the sequence of ours, though signed; ours is no error. */
	next = signed_document(sim, lists_other, signer, 1);
	g_assert_cmpuint(update(sim, next), ==, RELOAD_ERROR_FORBIDDEN);
	g_bytes_unref(next);
	g_assert_cmpuint(update(sim, reload_node_document(sim_node(sim, 0)->node)->bytes), ==, 0);
	g_assert_cmpuint(sequence_of(sim, 0), ==, 1);
	reload_identity_unref(other);
	reload_identity_unref(signer);
	sim_free(sim);
}

/* bytes, which are freed, with one thing replaced. */
static GBytes *replaced(GBytes *bytes, const char *old, const char *new)
{
	gsize length;
	const char *data = g_bytes_get_data(bytes, &length);
	GString *text = g_string_new_len(data, (gssize)length);

	g_assert_cmpuint(g_string_replace(text, old, new, 1), ==, 1);
	g_bytes_unref(bytes);
	return g_string_free_to_bytes(text);
}

/* Node 0 does not take it, and stays. Drops the reference. */
static void assert_not_taken(Sim *sim, GBytes *document)
{
	g_assert_cmpuint(update(sim, document), ==, RELOAD_ERROR_INVALID_MESSAGE);
	g_bytes_unref(document);
	sim_run(sim, 10 * SIM_SECOND);
	g_assert_cmpint(reload_node_state(sim_node(sim, 0)->node), ==, RELOAD_NODE_JOINED);
	g_assert_cmpuint(sequence_of(sim, 0), ==, 1);
}

/* A document that is signed for us, but no good as it comes: whoever hands it on may have changed what stands
 * around the signed bytes, or the operator has made a mistake. Nobody leaves, and the good one is taken. */
static void test_spoilt(void)
{
	static const char twice[] = "<initial-ttl>9</initial-ttl><initial-ttl>9</initial-ttl>",
			  chord[] = "<chord:chord-reactive>false</chord:chord-reactive>",
			  secret[] = "<configuration instance-name=\"x\"><shared-secret>aaaaaaaaaaaaaaaaaaaaaaaa"
				     "</shared-secret></configuration></overlay>",
			  uri[] = "urn:ietf:params:xml:ns:p2p:config-chord";
	ReloadIdentity *signer;
	Sim *sim = signed_sim("config-spoilt", &signer);
	char *inside = g_strconcat(lists_signer, chord, NULL), *wrong = g_strconcat(lists_signer, twice, NULL);
	char *junk = g_strnfill(2000, 'x'), *comment = g_strdup_printf("<!-- %s --></overlay>", junk);
	GBytes *good = signed_document(sim, inside, signer, 2), *padded;
	const ReloadDocument *taken;

	assert_not_taken(sim, replaced(g_bytes_ref(good), "</overlay>", secret));
	assert_not_taken(sim, replaced(g_bytes_ref(good), uri, "urn:ietf:params:xml:ns:p2p:config-base"));
	assert_not_taken(sim, replaced(g_bytes_ref(good), uri, "urn:x"));
	assert_not_taken(sim, signed_document(sim, wrong, signer, 2));
	/* Junk around it does no harm, and is not handed on. */
	padded = replaced(g_bytes_ref(good), "</overlay>", comment);
	g_assert_cmpuint(update(sim, padded), ==, 0);
	taken = reload_node_document(sim_node(sim, 0)->node);
	g_assert_cmpuint(taken->sequence, ==, 2);
	g_assert_false(taken->chord_reactive);
	g_assert_cmpuint(g_bytes_get_size(taken->handed_on), <, g_bytes_get_size(padded) - 1500);
	g_bytes_unref(padded);
	g_bytes_unref(good);
	g_free(comment);
	g_free(junk);
	g_free(wrong);
	g_free(inside);
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
	g_assert_cmpuint(update(sim, next), ==, RELOAD_ERROR_FORBIDDEN);
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

/* 6.5.4.2, 11.1: whom the new document calls a bad-node is not listened to any more. */
static void test_bad_node(void)
{
	ReloadIdentity *signer;
	Sim *sim = signed_sim("config-bad-node", &signer);
	char hex[RELOAD_NODE_ID_TEXT];
	char *inside = g_strdup_printf("%s<bad-node>%s</bad-node>", lists_signer,
				       reload_node_id_to_text(&sim_node(sim, 2)->id, hex));
	GBytes *next = signed_document(sim, inside, signer, 2);
	ReloadDestination destination = reload_destination_node(&sim_node(sim, 0)->id);
	ReloadNodeStatistics before, after;
	SimAnswer answer;

	g_assert_cmpuint(update(sim, next), ==, 0);
	reload_node_statistics(sim_node(sim, 0)->node, &before);
	sim_request(sim, 2, &destination, 1, RELOAD_PING_REQ, reload_span("\0\0", 2), &answer);
	reload_node_statistics(sim_node(sim, 0)->node, &after);
	g_assert_cmpint(answer.status, ==, RELOAD_E_TIMEOUT);
	g_assert_cmpuint(after.dropped_signature, >, before.dropped_signature);
	sim_answer_clear(&answer);
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

	sim_run(sim, 5 * SIM_SECOND); /* no message of the ring's forming is under way */
	g_assert_cmpuint(update(sim, next), ==, 0);
	g_assert_cmpuint(sequence_of(sim, 0), ==, 2);
	g_assert_cmpuint(update_now(sim, next), ==,
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
	g_test_add_func("/sim/config/spoilt", test_spoilt);
	g_test_add_func("/sim/config/cannot-follow", test_cannot_follow);
	g_test_add_func("/sim/config/shared-secret", test_shared_secret);
	g_test_add_func("/sim/config/spreads", test_spreads);
	g_test_add_func("/sim/config/bad-node", test_bad_node);
	return g_test_run();
}
