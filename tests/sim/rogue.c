/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes what an honest node never would. */
#include "tests/sim/rogue.h"

#include "reload_core/security/digest.h"
#include "reload_core/wire/error.h"
#include "tests/sim/sim_private.h"

#include <openssl/x509v3.h>
#include <stdio.h>

/* ---- certificates ---- */

static void add_extension(X509 *x509, int nid, const char *text)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, text);

	g_assert_nonnull(extension);
	g_assert_cmpint(X509_add_ext(x509, extension, -1), ==, 1);
	X509_EXTENSION_free(extension);
}

static char *alternative_names(const RogueCertificate *want)
{
	GString *names = g_string_new(NULL);

	g_string_printf(names, "email:%s", want->user != NULL ? want->user : "mallory@" PKI_OVERLAY);
	if (want->second_user != NULL)
		g_string_append_printf(names, ",email:%s", want->second_user);
	for (unsigned i = 0; i < want->id_count; i++) {
		char hex[RELOAD_NODE_ID_TEXT];

		g_string_append_printf(names, ",URI:reload://0110%s@%s/",
				       reload_node_id_to_text(&want->ids[i], hex),
				       want->overlay != NULL ? want->overlay : PKI_OVERLAY);
	}
	return g_string_free(names, FALSE);
}

static void sign_certificate(Sim *sim, X509 *x509, EVP_PKEY *key, bool self_issued)
{
	ReloadSpan der = pki_span(sim->pki.ca);
	const unsigned char *p = der.data;
	X509 *ca = d2i_X509(NULL, &p, (long)der.len);

	g_assert_nonnull(ca);
	if (!self_issued)
		X509_set_issuer_name(x509, X509_get_subject_name(ca));
	g_assert_cmpint(X509_sign(x509, self_issued ? key : sim->pki.ca_key, EVP_sha256()), >, 0);
	X509_free(ca);
}

void rogue_signer_init(Sim *sim, RogueSigner *signer, const RogueCertificate *want)
{
	RogueCertificate certificate = *want;
	ReloadNodeId random = {.len = 16};
	unsigned char *der = NULL;
	X509 *x509 = X509_new();
	char *names;
	int length;

	for (unsigned i = 0; i < 16; i++)
		random.id[i] = (uint8_t)sim_random(sim, 256);
	if (certificate.id_count == 0) {
		certificate.ids = &random;
		certificate.id_count = 1;
	}
	*signer = (RogueSigner){.key = reload_key_generate(RELOAD_KEY_P256, NULL),
				.id = certificate.ids[0],
				.by_node_id = certificate.id_count > 1};
	names = alternative_names(&certificate);
	X509_set_version(x509, X509_VERSION_3);
	ASN1_INTEGER_set_int64(X509_get_serialNumber(x509), 1 + sim_random(sim, 1u << 30));
	ASN1_TIME_set(X509_getm_notBefore(x509),
		      (certificate.not_before != 0 ? certificate.not_before : PKI_NOW - PKI_DAY) / 1000);
	ASN1_TIME_set(X509_getm_notAfter(x509),
		      (certificate.not_after != 0 ? certificate.not_after : PKI_NOW + PKI_DAY) / 1000);
	X509_set_pubkey(x509, signer->key);
	add_extension(x509, NID_subject_alt_name, names);
	add_extension(x509, NID_key_usage,
		      certificate.key_usage != NULL ? certificate.key_usage : "critical,digitalSignature");
	sign_certificate(sim, x509, signer->key, certificate.self_issued);
	length = i2d_X509(x509, &der);
	g_assert_cmpint(length, >, 0);
	signer->der = g_bytes_new(der, (gsize)length);
	OPENSSL_free(der);
	X509_free(x509);
	g_free(names);
}

void rogue_signer_of(SimNode *node, RogueSigner *signer)
{
	ReloadSpan der = reload_certificate_der(reload_identity_certificate(node->identity));

	*signer = (RogueSigner){.key = reload_identity_key(node->identity), .id = node->id};
	EVP_PKEY_up_ref(signer->key);
	signer->der = g_bytes_new(der.data, der.len);
}

void rogue_signer_clear(RogueSigner *signer)
{
	EVP_PKEY_free(signer->key);
	g_bytes_unref(signer->der);
}

/* ---- messages ---- */

/* The signature over overlay || transaction || contents || identity. */
static void write_block(const RogueMessage *message, ReloadSpan prefix, ReloadSpan contents, GByteArray *out)
{
	const RogueSigner *signer = message->signer;
	ReloadSpan der = pki_span(signer->der);
	ReloadSpan hashed[2] = {{signer->id.id, signer->id.len}, der};
	uint8_t hash[RELOAD_DIGEST_MAX], value[512];
	size_t value_length = sizeof(value);
	GByteArray *identity = g_byte_array_new(), *certificates = g_byte_array_new();
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	ReloadSignature signature = {
		.hash_alg = RELOAD_HASH_SHA256,
		.signature_alg = RELOAD_SIGNATURE_ECDSA,
		.identity = {.type = signer->by_node_id ? RELOAD_SIGNER_CERT_HASH_NODE_ID
							: RELOAD_SIGNER_CERT_HASH,
			     .hash_alg = RELOAD_HASH_SHA256},
	};

	reload_digest(RELOAD_DIGEST_SHA256, signer->by_node_id ? hashed : hashed + 1,
		      signer->by_node_id ? 2 : 1, hash);
	signature.identity.hash = reload_span(hash, RELOAD_SHA256_LEN);
	g_assert_true(reload_write_signer_identity(identity, &signature.identity));
	g_assert_cmpint(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, signer->key), ==, 1);
	EVP_DigestSignUpdate(context, prefix.data, prefix.len);
	EVP_DigestSignUpdate(context, contents.data, contents.len);
	EVP_DigestSignUpdate(context, identity->data, identity->len);
	g_assert_cmpint(EVP_DigestSignFinal(context, value, &value_length), ==, 1);
	EVP_MD_CTX_free(context);
	if (message->trick == ROGUE_FLIPPED)
		value[value_length / 2] ^= 1;
	signature.value = reload_span(value, message->trick == ROGUE_NO_VALUE ? 0 : value_length);
	if (message->trick == ROGUE_NONE)
		signature = reload_signature_none();
	if (message->trick != ROGUE_NO_CERTIFICATE)
		reload_write_generic_certificate(certificates, RELOAD_CERTIFICATE_X509, der);
	reload_write_bytes(certificates, message->certificates);
	g_assert_true(reload_write_security_block(
		out, reload_span(certificates->data, certificates->len), &signature));
	g_byte_array_unref(certificates);
	g_byte_array_unref(identity);
}

GByteArray *rogue_write(Sim *sim, RogueMessage *message, const ReloadNodeId *victim)
{
	GByteArray *frame = g_byte_array_new(), *contents = g_byte_array_new(), *list = g_byte_array_new(),
		   *prefix = g_byte_array_new();
	ReloadHeader header = {
		.overlay = message->overlay != 0 ? message->overlay : sim->document->overlay_hash,
		.config_sequence = message->sequence_set ? message->sequence : sim->document->sequence,
		.version = RELOAD_VERSION_1_0,
		.ttl = message->ttl != 0 ? message->ttl : sim->document->initial_ttl,
		.last_fragment = true,
		.destination_list = message->destinations,
		.via_list = message->via,
	};

	while (message->transaction == 0)
		message->transaction = (uint64_t)sim_random(sim, UINT32_MAX) << 32 |
				       sim_random(sim, UINT32_MAX);
	header.transaction_id = message->transaction;
	if (header.destination_list.len == 0) {
		reload_write_destination_node(list, victim);
		header.destination_list = reload_span(list->data, list->len);
	}
	g_assert_cmpint(reload_write_header(frame, &header), ==, RELOAD_OK);
	g_assert_true(reload_write_contents(contents, message->code, message->body, (ReloadSpan){0}));
	g_byte_array_append(frame, contents->data, contents->len);
	reload_write_u32(prefix, header.overlay);
	reload_write_u64(prefix, message->transaction ^ (message->trick == ROGUE_OTHER_CONTENTS));
	write_block(message, reload_span(prefix->data, prefix->len),
		    reload_span(contents->data, contents->len), frame);
	reload_finish_length(frame, 0);
	if (message->fragment != 0) {
		for (unsigned i = 0; i < 4; i++)
			frame->data[12 + i] = (uint8_t)(message->fragment >> (24 - 8 * i));
	}
	g_byte_array_unref(prefix);
	g_byte_array_unref(list);
	g_byte_array_unref(contents);
	return frame;
}

typedef struct {
	SimNode *victim;
	uint64_t transaction;
	RogueOutcome *outcome;
} Seen;

static void see(void *data, SimNode *from, SimNode *to, ReloadSpan bytes)
{
	Seen *seen = data;
	ReloadErrorResponse error;
	ReloadMessage message;

	(void)to;
	if (from != seen->victim)
		return;
	seen->outcome->frames++;
	seen->outcome->bytes += bytes.len;
	if (reload_message_decode(bytes, 16, &message) != RELOAD_OK ||
	    message.header.transaction_id != seen->transaction ||
	    (message.code != RELOAD_ERROR && (message.code & 1) == 1))
		return;
	seen->outcome->code = message.code;
	seen->outcome->answered = true;
	if (reload_error_decode(message.body, &error) == RELOAD_OK)
		seen->outcome->error = error.error_code;
}

/* Gives it to node `to` over its link of that number, or, where that is 0, of node `from`. */
static RogueOutcome give(Sim *sim, ReloadLinkId link, unsigned from, unsigned to, ReloadSpan bytes,
			 uint64_t transaction)
{
	SimNode *victim = sim_node(sim, to);
	ReloadNodeStatistics before, after;
	RogueOutcome outcome = {0};
	Seen seen = {victim, transaction, &outcome};

	sim_watch(sim, see, &seen);
	reload_node_statistics(victim->node, &before);
	outcome.linked = link != 0 ? sim_end(sim, link) != NULL : sim_inject(sim, from, to, bytes);
	if (link != 0)
		reload_node_receive(victim->node, link, bytes, sim_now(sim));
	reload_node_statistics(victim->node, &after);
	sim_watch(sim, NULL, NULL);
#define MORE(member) outcome.member = after.member - before.member
	MORE(requests);
	MORE(dropped_signature);
	MORE(dropped_malformed);
	MORE(dropped_limit);
	MORE(dropped_ttl);
	MORE(dropped_unroutable);
	MORE(dropped_duplicate);
	MORE(dropped_overlay);
#undef MORE
	return outcome;
}

RogueOutcome rogue_send_bytes(Sim *sim, unsigned from, unsigned to, ReloadSpan bytes, uint64_t transaction)
{
	return give(sim, 0, from, to, bytes, transaction);
}

RogueOutcome rogue_send(Sim *sim, unsigned from, unsigned to, RogueMessage *message)
{
	GByteArray *frame = rogue_write(sim, message, &sim_node(sim, to)->id);
	RogueOutcome outcome =
		rogue_send_bytes(sim, from, to, reload_span(frame->data, frame->len), message->transaction);

	g_assert_true(outcome.linked);
	g_byte_array_unref(frame);
	return outcome;
}

static SimLinkEnd *new_end(Sim *sim, unsigned owner)
{
	SimLinkEnd *end = g_new0(SimLinkEnd, 1);

	end->id = ++sim->next_link;
	end->owner = sim_node(sim, owner);
	end->run = end->owner->run;
	end->up = true;
	g_hash_table_insert(sim->ends, &end->id, end);
	return end;
}

ReloadLinkId rogue_link(Sim *sim, const RogueSigner *signer, unsigned from, unsigned to)
{
	SimLinkEnd *ours = new_end(sim, from), *theirs = new_end(sim, to);
	ReloadCertificate *certificate;

	ours->peer = theirs->id;
	theirs->peer = ours->id;
	g_assert_cmpint(reload_certificate_parse(pki_span(signer->der), PKI_OVERLAY, 16, &certificate, NULL), ==,
			RELOAD_OK);
	reload_node_link_up(theirs->owner->node, theirs->id, certificate, false, sim_now(sim));
	reload_certificate_unref(certificate);
	return theirs->id;
}

RogueOutcome rogue_send_over(Sim *sim, ReloadLinkId link, unsigned to, RogueMessage *message)
{
	GByteArray *frame = rogue_write(sim, message, &sim_node(sim, to)->id);
	RogueOutcome outcome =
		give(sim, link, 0, to, reload_span(frame->data, frame->len), message->transaction);

	g_byte_array_unref(frame);
	return outcome;
}

/* ---- the others ---- */

void rogue_form(Sim *sim)
{
	sim_start(sim, 0, true);
	for (unsigned i = 1; i < sim_count(sim); i++)
		sim_start(sim, i, false);
	sim_run_until(sim, sim_ring_is_right, NULL, 120 * SIM_SECOND, "a ring of all");
}

void rogue_assert_served(Sim *sim, unsigned from, const char *user)
{
	sim_run(sim, 10);
	g_assert_cmpint(sim_store(sim, from, user, "served", NULL), ==, RELOAD_OK);
	for (unsigned i = 0; i < sim_count(sim); i++) {
		char *found;

		if (i == from || sim_node(sim, i)->node == NULL)
			continue;
		found = sim_fetch(sim, i, user);
		g_assert_cmpstr(found, ==, "served;");
		g_free(found);
	}
}

size_t rogue_memory(void)
{
	char line[256];
	FILE *file = fopen("/proc/self/status", "r");
	size_t kilobytes = 0;

	g_assert_nonnull(file);
	while (fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "RssAnon: %zu", &kilobytes) == 1)
			break;
	fclose(file);
	return kilobytes;
}

unsigned rogue_files(void)
{
	GDir *directory = g_dir_open("/proc/self/fd", 0, NULL);
	unsigned count = 0;

	g_assert_nonnull(directory);
	while (g_dir_read_name(directory) != NULL)
		count++;
	g_dir_close(directory);
	return count - 1; /* but the directory itself */
}
