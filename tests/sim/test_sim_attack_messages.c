/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a member gone bad puts into messages: signatures, certificates, names, lists, documents. Each case says
 * how it is refused, and each ends with the others still served. */
#include "reload_core/config/document_sign.h"
#include "reload_core/peer/node_private.h"
#include "reload_core/wire/chord.h"
#include "reload_core/wire/config_update.h"
#include "reload_core/wire/ping.h"
#include "tests/sim/rogue.h"
#include "tests/sim/sim_private.h"

#define NODES 5
#define ROGUE 4
#define VICTIM 0

typedef struct {
	Sim *sim;
	RogueSigner member; /* the rogue's own, good */
	GByteArray *ping;
} Fixture;

/* The overlay's document names who may send a new one, else none is even read. */
static void use_signed_document(Sim *sim)
{
	ReloadIdentity *signer = pki_identity(&sim->pki, RELOAD_KEY_P256, 0x77, "signer@example.org");
	char *text = pki_document_text(
		sim->pki.ca, "instance-name=\"" PKI_OVERLAY "\" sequence=\"1\"",
		"<no-ice>true</no-ice><bootstrap-node address=\"10.0.0.1\" port=\"6084\"/>"
		"<configuration-signer>77777777777777777777777777777777</configuration-signer>");
	GBytes *bytes = g_bytes_new_take(text, strlen(text)), *done;
	GError *error = NULL;

	done = reload_document_sign(bytes, "test", NULL, signer, 1, -1, &error);
	g_assert_no_error(error);
	reload_document_unref(sim->document);
	sim->document = reload_document_parse(done, "test", NULL, PKI_NOW, &error);
	g_assert_no_error(error);
	g_bytes_unref(done);
	g_bytes_unref(bytes);
	reload_identity_unref(signer);
}

static void set_up(Fixture *f, gconstpointer name)
{
	f->sim = sim_new(name, NODES, 1);
	use_signed_document(f->sim);
	rogue_form(f->sim);
	rogue_signer_of(sim_node(f->sim, ROGUE), &f->member);
	f->ping = g_byte_array_new();
	reload_write_ping_req(f->ping, &(ReloadPingReq){0});
}

static void tear_down(Fixture *f, gconstpointer name)
{
	(void)name;
	rogue_assert_served(f->sim, 1, "afterwards");
	sim_run(f->sim, 20 * SIM_SECOND);
	g_assert_true(sim_ring_is_right(f->sim, NULL));
	g_byte_array_unref(f->ping);
	rogue_signer_clear(&f->member);
	sim_free(f->sim);
}

static ReloadSpan span_of(const GByteArray *array)
{
	return reload_span(array->data, array->len);
}

static RogueMessage ping_of(const Fixture *f, const RogueSigner *signer)
{
	return (RogueMessage){.code = RELOAD_PING_REQ, .body = span_of(f->ping), .signer = signer};
}

/* Silence, and counted as a bad signature. */
static void assert_signature_refused(Fixture *f, RogueMessage message)
{
	RogueOutcome outcome = rogue_send(f->sim, ROGUE, VICTIM, &message);

	g_assert_false(outcome.answered);
	g_assert_cmpuint(outcome.frames, ==, 0);
	g_assert_cmpuint(outcome.dropped_signature, ==, 1);
}

static void test_signatures(Fixture *f, gconstpointer data)
{
	static const RogueTrick tricks[] = {ROGUE_FLIPPED, ROGUE_NO_VALUE, ROGUE_NONE, ROGUE_OTHER_CONTENTS};
	RogueMessage message = ping_of(f, &f->member);

	(void)data;
	/* The control: what is right is answered. */
	g_assert_cmpuint(rogue_send(f->sim, ROGUE, VICTIM, &message).code, ==, RELOAD_PING_ANS);
	for (unsigned i = 0; i < G_N_ELEMENTS(tricks); i++) {
		message = ping_of(f, &f->member);
		message.trick = tricks[i];
		assert_signature_refused(f, message);
	}
	/* A known certificate may be left out; an unknown one may not. */
	{
		RogueSigner stranger;

		rogue_signer_init(f->sim, &stranger, &(RogueCertificate){0});
		message = ping_of(f, &stranger);
		message.trick = ROGUE_NO_CERTIFICATE;
		assert_signature_refused(f, message);
		rogue_signer_clear(&stranger);
	}
	/* The victim's own certificate with another key. */
	{
		RogueSigner thief = f->member;

		thief.der = g_bytes_ref(f->member.der);
		thief.key = reload_key_generate(RELOAD_KEY_P256, NULL);
		assert_signature_refused(f, ping_of(f, &thief));
		EVP_PKEY_free(thief.key);
		g_bytes_unref(thief.der);
	}
}

static void assert_certificate_refused(Fixture *f, RogueCertificate certificate)
{
	RogueSigner signer;

	rogue_signer_init(f->sim, &signer, &certificate);
	assert_signature_refused(f, ping_of(f, &signer));
	rogue_signer_clear(&signer);
}

static void test_certificates(Fixture *f, gconstpointer data)
{
	ReloadNodeId two[2] = {pki_node_id(0x21), pki_node_id(0x22)};
	RogueSigner signer;
	RogueMessage message;

	(void)data;
	rogue_signer_init(f->sim, &signer, &(RogueCertificate){0}); /* the control */
	message = ping_of(f, &signer);
	g_assert_cmpuint(rogue_send(f->sim, ROGUE, VICTIM, &message).code, ==, RELOAD_PING_ANS);
	rogue_signer_clear(&signer);
	assert_certificate_refused(f, (RogueCertificate){.overlay = "other.example.org"});
	assert_certificate_refused(f, (RogueCertificate){.not_before = PKI_NOW - 2 * PKI_DAY,
							 .not_after = PKI_NOW - PKI_DAY});
	assert_certificate_refused(f, (RogueCertificate){.not_before = PKI_NOW + PKI_DAY,
							 .not_after = PKI_NOW + 2 * PKI_DAY});
	assert_certificate_refused(f, (RogueCertificate){.key_usage = "critical,keyEncipherment"});
	assert_certificate_refused(f, (RogueCertificate){.second_user = "alice@" PKI_OVERLAY});
	assert_certificate_refused(f, (RogueCertificate){.self_issued = true});
	/* Several Node-IDs: one of them signs, none of them by its certificate alone, and no other. */
	rogue_signer_init(f->sim, &signer, &(RogueCertificate){.ids = two, .id_count = 2});
	message = ping_of(f, &signer);
	g_assert_cmpuint(rogue_send(f->sim, ROGUE, VICTIM, &message).code, ==, RELOAD_PING_ANS);
	signer.by_node_id = false;
	assert_signature_refused(f, ping_of(f, &signer));
	signer.by_node_id = true;
	signer.id = sim_node(f->sim, 1)->id;
	assert_signature_refused(f, ping_of(f, &signer));
	rogue_signer_clear(&signer);
}

/* All certificates that a message of the largest size can hold: none is any good, and the signer's own still
 * counts; one that is larger than any may be. */
static void test_many_certificates(Fixture *f, gconstpointer data)
{
	GByteArray *list = g_byte_array_new();
	RogueSigner signer;
	RogueMessage message;
	RogueOutcome outcome;

	(void)data;
	rogue_signer_init(f->sim, &signer, &(RogueCertificate){.self_issued = true});
	while (list->len < 3800)
		reload_write_generic_certificate(list, RELOAD_CERTIFICATE_X509, pki_span(signer.der));
	message = ping_of(f, &signer);
	message.certificates = span_of(list);
	assert_signature_refused(f, message);
	message = ping_of(f, &f->member);
	message.certificates = span_of(list);
	outcome = rogue_send(f->sim, ROGUE, VICTIM, &message);
	g_assert_cmpuint(outcome.code, ==, RELOAD_PING_ANS);
	g_assert_cmpuint(outcome.bytes, <, 1500); /* they do not come back */
	g_byte_array_set_size(list, 0);
	while (list->len < 3800)
		reload_write_generic_certificate(list, RELOAD_CERTIFICATE_X509, (ReloadSpan){0});
	message = ping_of(f, &signer);
	message.certificates = span_of(list);
	assert_signature_refused(f, message);
	/* Too large for any message. */
	g_byte_array_set_size(list, 0);
	{
		uint8_t *large = g_malloc0(16385);

		reload_write_generic_certificate(list, RELOAD_CERTIFICATE_X509, reload_span(large, 16385));
		g_free(large);
	}
	message = ping_of(f, &f->member);
	message.certificates = span_of(list);
	outcome = rogue_send(f->sim, ROGUE, VICTIM, &message);
	g_assert_cmpuint(outcome.error, ==, RELOAD_ERROR_MESSAGE_TOO_LARGE);
	g_assert_cmpuint(outcome.dropped_limit, ==, 1);
	g_byte_array_unref(list);
	rogue_signer_clear(&signer);
}

/* The document names the rogue as a bad node: what it signs counts for nothing any more. */
static void test_bad_node(Fixture *f, gconstpointer data)
{
	char hex[RELOAD_NODE_ID_TEXT];
	char *more = g_strdup_printf("<no-ice>true</no-ice><bad-node>%s</bad-node>",
				     reload_node_id_to_text(&f->member.id, hex));
	char *text = pki_document_text(f->sim->pki.ca, "instance-name=\"" PKI_OVERLAY "\" sequence=\"2\"", more);
	GBytes *bytes = g_bytes_new_take(text, strlen(text));
	GError *error = NULL;
	ReloadDocument *document = reload_document_parse(bytes, "test", NULL, PKI_NOW, &error);
	RogueMessage message = ping_of(f, &f->member);

	(void)data;
	g_assert_no_error(error);
	for (unsigned i = 0; i < NODES; i++)
		g_assert_cmpint(
			reload_node_set_document(sim_node(f->sim, i)->node, document, sim_now(f->sim)), ==,
			RELOAD_OK);
	reload_document_unref(f->sim->document);
	f->sim->document = document;
	assert_signature_refused(f, message);
	g_bytes_unref(bytes);
	g_free(more);
	/* The others turn away from it; the ring of the others is right. */
	sim_crash(f->sim, ROGUE, false);
	sim_run_until(f->sim, sim_ring_is_right, NULL, 60 * SIM_SECOND, "a ring without it");
}

/* A link whose certificate leaves open which Node-ID it is, and a message signed by somebody else. */
static void test_claimed_link(Fixture *f, gconstpointer data)
{
	ReloadNodeId two[2] = {pki_node_id(0x31), pki_node_id(0x32)};
	SimNode *victim = sim_node(f->sim, VICTIM);
	const ReloadLinkId link = UINT64_C(1) << 60;
	ReloadNodeStatistics before, after;
	ReloadCertificate *certificate;
	RogueSigner signer;
	GByteArray *frame;
	RogueMessage message = ping_of(f, &f->member);

	(void)data;
	rogue_signer_init(f->sim, &signer, &(RogueCertificate){.ids = two, .id_count = 2});
	g_assert_cmpint(reload_certificate_parse(pki_span(signer.der), PKI_OVERLAY, 16, &certificate, NULL),
			==, RELOAD_OK);
	reload_node_link_up(victim->node, link, certificate, false, sim_now(f->sim));
	reload_node_statistics(victim->node, &before);
	frame = rogue_write(f->sim, &message, &victim->id);
	reload_node_receive(victim->node, link, span_of(frame), sim_now(f->sim));
	g_byte_array_unref(frame);
	reload_node_statistics(victim->node, &after);
	g_assert_cmpuint(after.received, ==, before.received);
	/* Its own names it. */
	message = ping_of(f, &signer);
	frame = rogue_write(f->sim, &message, &victim->id);
	reload_node_receive(victim->node, link, span_of(frame), sim_now(f->sim));
	g_byte_array_unref(frame);
	reload_node_statistics(victim->node, &after);
	g_assert_cmpuint(after.received, ==, before.received + 1);
	reload_node_link_down(victim->node, link, RELOAD_E_UNREACHABLE, sim_now(f->sim));
	reload_certificate_unref(certificate);
	rogue_signer_clear(&signer);
}

/* Join, Leave and Update that name another, or come over another's link. */
static void test_in_anothers_name(Fixture *f, gconstpointer data)
{
	ReloadNodeId other = sim_node(f->sim, 2)->id;
	ReloadJoinReq join = {.joining_peer_id = other};
	ReloadLeaveReq leave = {.leaving_peer_id = other};
	GByteArray *body = g_byte_array_new(), *lies = g_byte_array_new();
	RogueMessage message = {.code = RELOAD_JOIN_REQ, .signer = &f->member};
	ReloadChordUpdate update = {.type = RELOAD_CHORD_NEIGHBORS};

	(void)data;
	reload_write_join_req(body, &join);
	message.body = span_of(body);
	g_assert_cmpuint(rogue_send(f->sim, ROGUE, VICTIM, &message).error, ==, RELOAD_ERROR_FORBIDDEN);
	g_byte_array_set_size(body, 0);
	reload_write_leave_req(body, &leave);
	message = (RogueMessage){.code = RELOAD_LEAVE_REQ, .signer = &f->member, .body = span_of(body)};
	g_assert_cmpuint(rogue_send(f->sim, ROGUE, VICTIM, &message).error, ==, RELOAD_ERROR_FORBIDDEN);
	/* Its own Leave, but over another's link: a replay through somebody else. */
	leave.leaving_peer_id = f->member.id;
	g_byte_array_set_size(body, 0);
	reload_write_leave_req(body, &leave);
	message = (RogueMessage){.code = RELOAD_LEAVE_REQ, .signer = &f->member, .body = span_of(body)};
	g_assert_cmpuint(rogue_send(f->sim, 2, VICTIM, &message).error, ==, RELOAD_ERROR_FORBIDDEN);
	g_assert_true(sim_ring_is_right(f->sim, NULL));
	/* An Update of a node that has no link here: it becomes nobody's neighbor. */
	{
		RogueSigner stranger;
		ReloadNodeId fake = pki_node_id(0x77);

		rogue_signer_init(f->sim, &stranger, &(RogueCertificate){0});
		reload_write_node_id(lies, &fake);
		update.predecessors = update.successors = span_of(lies);
		g_byte_array_set_size(body, 0);
		reload_write_chord_update(body, &update);
		message = (RogueMessage){
			.code = RELOAD_UPDATE_REQ, .signer = &stranger, .body = span_of(body)};
		rogue_send(f->sim, ROGUE, VICTIM, &message);
		rogue_signer_clear(&stranger);
	}
	g_assert_true(sim_ring_is_right(f->sim, NULL));
	g_byte_array_unref(lies);
	g_byte_array_unref(body);
}

static void append_node(GByteArray *list, Sim *sim, unsigned index)
{
	reload_write_destination_node(list, &sim_node(sim, index)->id);
}

typedef struct {
	uint64_t transaction;
	unsigned count; /* of its messages on all links together */
} Noise;

static void listen(void *data, SimNode *from, SimNode *to, ReloadSpan bytes)
{
	Noise *noise = data;
	ReloadHeader header;
	ReloadSpan rest;

	(void)from, (void)to;
	g_assert_cmpint(reload_header_decode(bytes, 16, &header, &rest), ==, RELOAD_OK);
	noise->count += header.transaction_id == noise->transaction;
}

/* What becomes of a message of the rogue's with that field `fragment` (0: whole) and that destination list. */
static unsigned noise_of(Fixture *f, uint16_t code, uint32_t fragment, const GByteArray *list)
{
	RogueMessage message = ping_of(f, &f->member);
	Noise noise = {0};
	GByteArray *frame;

	message.code = code;
	message.fragment = fragment;
	message.destinations = span_of(list);
	frame = rogue_write(f->sim, &message, NULL);
	noise.transaction = message.transaction;
	sim_watch(f->sim, listen, &noise);
	g_assert_true(sim_inject(f->sim, ROGUE, VICTIM, span_of(frame)));
	sim_run(f->sim, 6 * SIM_SECOND);
	sim_watch(f->sim, NULL, NULL);
	g_byte_array_unref(frame);
	return noise.count;
}

/* A source route that goes back and forth, and one that names the victim over and over: as a request, an answer and a
 * fragment that does not say what it is of. Refused at once: else it would be passed on until its TTL is used up. */
static void test_loops(Fixture *f, gconstpointer data)
{
	static const unsigned lengths[] = {4, 60, 120};
	GByteArray *list = g_byte_array_new();

	(void)data;
	for (unsigned k = 0; k < G_N_ELEMENTS(lengths); k++) {
		g_byte_array_set_size(list, 0);
		for (unsigned i = 0; i < lengths[k]; i++) {
			append_node(list, f->sim, VICTIM);
			append_node(list, f->sim, 1);
		}
		g_assert_cmpuint(noise_of(f, RELOAD_PING_REQ, 0, list), ==, 1); /* the Error */
		g_assert_cmpuint(noise_of(f, RELOAD_PING_ANS, 0, list), ==, 0);
		g_assert_cmpuint(noise_of(f, RELOAD_PING_REQ, 0xc0000100u, list), ==, 0);
	}
	g_byte_array_set_size(list, 0);
	for (unsigned i = 0; i < 240; i++)
		append_node(list, f->sim, VICTIM);
	g_assert_cmpuint(noise_of(f, RELOAD_PING_REQ, 0, list), ==, 1);
	g_assert_cmpuint(noise_of(f, RELOAD_PING_ANS, 0, list), ==, 0);
	g_byte_array_unref(list);
}

static bool are_linked(Sim *sim, void *data)
{
	(void)data;
	return reload_links_linked(sim_node(sim, VICTIM)->node, &sim_node(sim, ROGUE)->id);
}

/* 6.6: its link is closed; it makes another one. */
static void assert_hung_up(Fixture *f)
{
	RogueMessage message = ping_of(f, &f->member);
	GByteArray *frame = rogue_write(f->sim, &message, &sim_node(f->sim, VICTIM)->id);

	g_assert_false(rogue_send_bytes(f->sim, ROGUE, VICTIM, span_of(frame), message.transaction).linked);
	g_byte_array_unref(frame);
	sim_run_until(f->sim, sim_ring_is_right, NULL, 60 * SIM_SECOND, "the ring with a new link");
	sim_run_until(f->sim, are_linked, NULL, 60 * SIM_SECOND, "a new link");
}

/* Lists that are too long, too deep or not what they say. */
static void test_oversize(Fixture *f, gconstpointer data)
{
	GByteArray *list = g_byte_array_new(), *frame, *body = g_byte_array_new();
	RogueMessage message = ping_of(f, &f->member);
	RogueOutcome outcome;

	(void)data;
	g_byte_array_set_size(body, 5000);
	memset(body->data, 0, body->len);
	message.body = span_of(body);
	outcome = rogue_send(f->sim, ROGUE, VICTIM, &message);
	g_assert_cmpuint(outcome.error, ==, RELOAD_ERROR_MESSAGE_TOO_LARGE);
	g_assert_cmpuint(outcome.dropped_limit, ==, 1);
	assert_hung_up(f);
	/* A via list of 64 kB: an answer along it would be as long. 6.6: not even an Error, then. */
	while (list->len + 18 < 60000)
		append_node(list, f->sim, 1 + list->len % 3);
	message = ping_of(f, &f->member);
	message.via = span_of(list);
	outcome = rogue_send(f->sim, ROGUE, VICTIM, &message);
	g_test_message("a via list of %u bytes: %u messages of %zu bytes", list->len, outcome.frames,
		       outcome.bytes);
	g_assert_false(outcome.answered);
	g_assert_cmpuint(outcome.dropped_limit, ==, 1);
	assert_hung_up(f);
	/* Lengths that reach beyond the message, everywhere in it. */
	message = ping_of(f, &f->member);
	frame = rogue_write(f->sim, &message, &sim_node(f->sim, VICTIM)->id);
	for (guint i = 0; i + 2 < frame->len; i++) {
		guint8 saved[2];

		memcpy(saved, frame->data + i, 2);
		memset(frame->data + i, 0xff, 2);
		outcome = rogue_send_bytes(f->sim, ROGUE, VICTIM, span_of(frame), message.transaction);
		g_assert_cmpuint(outcome.bytes, <, 2000);
		memcpy(frame->data + i, saved, 2);
	}
	sim_run(f->sim, 20 * SIM_SECOND);
	g_byte_array_unref(frame);
	g_byte_array_unref(body);
	g_byte_array_unref(list);
}

typedef struct {
	ReloadNodeId to;
	uint64_t transaction;
} Catch;

static void catch_ping(void *data, SimNode *from, SimNode *to, ReloadSpan bytes)
{
	Catch *caught = data;
	ReloadMessage message;
	ReloadDestination last;

	(void)to;
	if (from->index == VICTIM && reload_message_decode(bytes, 16, &message) == RELOAD_OK &&
	    message.code == RELOAD_PING_REQ &&
	    reload_destination_list_last(message.header.destination_list, &last) &&
	    last.type == RELOAD_DESTINATION_NODE && reload_node_id_equal(&last.node_id, &caught->to))
		caught->transaction = message.header.transaction_id;
}

static void on_reply(void *data, ReloadStatus status, const ReloadMessage *answer, const ReloadNodeId *from,
		     int64_t now)
{
	(void)answer, (void)from, (void)now;
	*(ReloadStatus *)data = status;
}

/* Answers in the place of who was asked. */
static void test_wrong_answers(Fixture *f, gconstpointer data)
{
	SimNode *asked = sim_node(f->sim, 3);
	ReloadDestination destination = reload_destination_node(&asked->id);
	ReloadRequest request = {.destinations = &destination,
				 .destination_count = 1,
				 .code = RELOAD_PING_REQ,
				 .body = span_of(f->ping)};
	Catch caught = {.to = asked->id};
	ReloadStatus status = RELOAD_E_STATE;
	GByteArray *body = g_byte_array_new();
	RogueMessage message;
	RogueSigner right;
	RogueOutcome outcome;

	(void)data;
	asked->group = 1; /* it is silent */
	rogue_signer_of(asked, &right);
	asked->group = 0;
	sim_watch(f->sim, catch_ping, &caught);
	g_assert_cmpuint(reload_node_request(sim_node(f->sim, VICTIM)->node, &request, on_reply, &status,
					     sim_now(f->sim)),
			 !=, 0);
	g_assert_cmpuint(caught.transaction, !=, 0);
	reload_write_ping_ans(body, &(ReloadPingAns){.response_id = 1});
	message = (RogueMessage){.code = RELOAD_PING_ANS,
				 .body = span_of(body),
				 .signer = &f->member,
				 .transaction = caught.transaction};
	outcome = rogue_send(f->sim, ROGUE, VICTIM, &message);
	g_assert_cmpuint(outcome.dropped_signature, ==, 1); /* with those of a wrong origin */
	message.signer = &right;
	message.trick = ROGUE_FLIPPED;
	outcome = rogue_send(f->sim, ROGUE, VICTIM, &message);
	g_assert_cmpuint(outcome.dropped_signature, ==, 1);
	message.trick = ROGUE_HONEST;
	message.code = RELOAD_STORE_ANS; /* not what was asked */
	outcome = rogue_send(f->sim, ROGUE, VICTIM, &message);
	g_assert_cmpuint(outcome.dropped_malformed, ==, 1);
	message.code = RELOAD_PING_ANS;
	message.transaction++; /* nobody asked */
	outcome = rogue_send(f->sim, ROGUE, VICTIM, &message);
	g_assert_cmpuint(outcome.dropped_duplicate, ==, 1);
	g_assert_cmpint(status, ==, RELOAD_E_STATE);
	sim_run(f->sim, SIM_SECOND);
	g_assert_cmpint(status, ==, RELOAD_OK); /* by the right one */
	rogue_signer_clear(&right);
	g_byte_array_unref(body);
}

/* ---- documents ---- */

static RogueOutcome send_document_now(Fixture *f, const char *text)
{
	GByteArray *body = g_byte_array_new();
	ReloadConfigUpdateReq update = {.type = RELOAD_CONFIG_UPDATE_CONFIG, .data = reload_span_text(text)};
	RogueMessage message = {.code = RELOAD_CONFIG_UPDATE_REQ,
				.signer = &f->member,
				.sequence_set = true,
				.sequence = RELOAD_CONFIG_SEQUENCE_ANY};
	RogueOutcome outcome;

	reload_write_config_update_req(body, &update);
	message.body = span_of(body);
	outcome = rogue_send(f->sim, ROGUE, VICTIM, &message);
	g_assert_cmpuint(reload_node_document(sim_node(f->sim, VICTIM)->node)->sequence, ==, 1);
	g_byte_array_unref(body);
	return outcome;
}

/* When there was none for a while. */
static RogueOutcome send_document(Fixture *f, const char *text)
{
	RogueOutcome outcome;

	sim_run(f->sim, 10 * SIM_SECOND);
	outcome = send_document_now(f, text);
	g_assert_cmpuint(outcome.frames, ==, 1);
	return outcome;
}

static char *document_with(Fixture *f, const char *more)
{
	return pki_document_text(f->sim->pki.ca, "instance-name=\"" PKI_OVERLAY "\" sequence=\"2\"", more);
}

static void test_documents(Fixture *f, gconstpointer data)
{
	static const char *const prologs[] = {
		"<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">"
		"<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;\">]>",
		"<!DOCTYPE x SYSTEM \"http://127.0.0.1:1/x.dtd\">",
		"<!DOCTYPE x [<!ENTITY file SYSTEM \"file:///etc/passwd\">]>",
		"<!DOCTYPE x [<!ENTITY % p SYSTEM \"file:///dev/zero\"> %p;]>",
	};
	GString *deep = g_string_new("<overlay>");
	size_t before = rogue_memory();
	unsigned files = rogue_files();
	char *text;

	(void)data;
	for (unsigned i = 0; i < G_N_ELEMENTS(prologs); i++) {
		text = g_strdup_printf("<?xml version=\"1.0\"?>%s<overlay>&d;&file;</overlay>", prologs[i]);
		g_assert_cmpuint(send_document(f, text).error, ==, RELOAD_ERROR_INVALID_MESSAGE);
		g_free(text);
	}
	while (deep->len < 3900)
		g_string_append(deep, "<a>");
	g_assert_cmpuint(send_document(f, deep->str).error, ==, RELOAD_ERROR_INVALID_MESSAGE);
	g_assert_cmpuint(send_document(f, "").error, ==, RELOAD_ERROR_INVALID_MESSAGE);
	/* Newer, but signed by nobody; another overlay's. */
	text = document_with(f, "<no-ice>true</no-ice>");
	g_assert_cmpuint(send_document(f, text).error, ==, RELOAD_ERROR_FORBIDDEN);
	g_free(text);
	text = pki_document_text(f->sim->pki.ca, "instance-name=\"other.example.org\" sequence=\"2\"", "");
	g_assert_cmpuint(send_document(f, text).error, ==, RELOAD_ERROR_INVALID_MESSAGE);
	g_free(text);
	g_test_message("memory %zu kB before, %zu kB after; open files %u, %u", before, rogue_memory(), files,
		       rogue_files());
	g_assert_cmpuint(rogue_memory(), <, before + 65536);
	g_assert_cmpuint(rogue_files(), ==, files);
	g_string_free(deep, TRUE);
}

/* Documents one after the other: each is parsed, so that those of one link are looked at so often; Kinds likewise. */
static void test_document_flood(Fixture *f, gconstpointer data)
{
	char *text = document_with(f, "<no-ice>true</no-ice>");
	unsigned looked_at = 0;

	(void)data;
	for (unsigned i = 0; i < 100; i++)
		looked_at += send_document_now(f, text).answered;
	g_assert_cmpuint(looked_at, ==, 8);
	/* What others have sent by the same link does not count for its own node. */
	{
		RogueSigner stranger, member = f->member;

		rogue_signer_init(f->sim, &stranger, &(RogueCertificate){0});
		sim_run(f->sim, 60 * SIM_SECOND);
		f->member = stranger;
		for (unsigned i = 0; i < 100; i++)
			send_document_now(f, text);
		f->member = member;
		g_assert_true(send_document_now(f, text).answered);
		rogue_signer_clear(&stranger);
	}
	g_assert_cmpuint(send_document(f, text).error, ==, RELOAD_ERROR_FORBIDDEN);
	g_free(text);
}

/* Patterns of a domain restriction that cost a gigabyte, or an age: not looked at, as nobody has signed them. */
static void test_patterns(Fixture *f, gconstpointer data)
{
	static const char *const patterns[] = {
		"((a{1,100}){1,100}){1,100}",
		"(((a{1,255}){1,255}){1,255}){1,255}",
		"((((((((((((((((((((((((((((((a)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+",
		"(.*)\\1(.*)\\2(.*)\\3",
	};
	size_t before = rogue_memory();
	int64_t began = g_get_monotonic_time();

	(void)data;
	for (unsigned i = 0; i < G_N_ELEMENTS(patterns); i++) {
		char *more = g_strdup_printf("<no-ice>true</no-ice><sip:domain-restriction enable=\"true\">"
					     "<sip:pattern>%s</sip:pattern></sip:domain-restriction>",
					     patterns[i]);
		char *text = document_with(f, more);

		g_assert_cmpuint(send_document(f, text).error, ==, RELOAD_ERROR_FORBIDDEN);
		g_free(text);
		g_free(more);
	}
	g_test_message("memory %zu kB before, %zu kB after", before, rogue_memory());
	g_assert_cmpuint(rogue_memory(), <, before + 65536);
	g_assert_cmpint(g_get_monotonic_time() - began, <, 5 * G_USEC_PER_SEC);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, test) \
	g_test_add("/sim/attack/" name, Fixture, "attack-" name, set_up, test, tear_down)
	ADD("signatures", test_signatures);
	ADD("certificates", test_certificates);
	ADD("many-certificates", test_many_certificates);
	ADD("bad-node", test_bad_node);
	ADD("claimed-link", test_claimed_link);
	ADD("in-anothers-name", test_in_anothers_name);
	ADD("loops", test_loops);
	ADD("oversize", test_oversize);
	ADD("wrong-answers", test_wrong_answers);
	ADD("documents", test_documents);
	ADD("document-flood", test_document_flood);
	ADD("patterns", test_patterns);
#undef ADD
	return g_test_run();
}
