/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates that came in a message: one DER behind the other, the end entity's first. Read,
 * asked for all they say, verified with real signatures: the mutator signs what it has changed, by
 * keys that every process has. */
#include <openssl/err.h>

#include "reload_core/security/certificate_set.h"
#include "tests/fuzz/certificate_world.h"
#include "tests/fuzz/der.h"
#include "tests/fuzz/fuzz.h"

#define CERTIFICATES_MAX 8

static CertificateWorld world;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	certificate_world_init(&world);
	return 0;
}

static void ask(ReloadCertificate *certificate)
{
	const char *user = reload_certificate_user_name(certificate);
	size_t count;
	const ReloadNodeId *ids = reload_certificate_node_ids(certificate, &count);

	FUZZ_CHECK(count >= 1 && count <= RELOAD_CERTIFICATE_MAX_NODE_IDS);
	for (size_t i = 0; i < count; i++)
		FUZZ_CHECK(ids[i].len == 16 &&
			   reload_certificate_has_node_id(certificate, &ids[i]));
	FUZZ_CHECK(strlen(user) <= RELOAD_USER_NAME_MAX);
	for (const char *c = user; *c != '\0'; c++)
		FUZZ_CHECK(*c > ' ' && *c < 0x7f);
	FUZZ_CHECK(reload_certificate_key(certificate) != NULL);
	reload_certificate_check_dates(certificate, PKI_NOW);
}

/* Found by its hash as the signer of a message in which all of them came, and looked at anew by a
 * trust that has never seen it. */
static void use(ReloadTrust *trust, ReloadTrust *fresh, const ReloadSpan *ders, size_t count,
		ReloadCertificate *verified)
{
	ReloadCertificateSet *set = reload_certificate_set_new(fresh);
	GByteArray *list = g_byte_array_new();
	ReloadSecurityBlock block = {0};
	ReloadSignerIdentity signer = {
	    .type = RELOAD_SIGNER_CERT_HASH,
	    .hash_alg = RELOAD_HASH_SHA256,
	    .hash = reload_span(reload_certificate_sha256(verified), RELOAD_SHA256_LEN)};
	ReloadCertificate *found = NULL;
	ReloadNodeId id;
	size_t ids;

	for (size_t i = 0; i < count; i++)
		FUZZ_CHECK(
		    reload_write_generic_certificate(list, RELOAD_CERTIFICATE_X509, ders[i]));
	block.certificates = reload_span(list->data, list->len);
	reload_certificate_set_add_block(set, &block);
	reload_certificate_node_ids(verified, &ids);
	FUZZ_CHECK((reload_certificate_set_find(set, &signer, PKI_NOW, &found, &id) == RELOAD_OK) ==
		   (ids == 1));
	FUZZ_CHECK((found != NULL) == (ids == 1));
	reload_certificate_unref(found);
	reload_certificate_set_free(set);
	FUZZ_CHECK(reload_trust_recheck(trust, verified, PKI_NOW) == RELOAD_OK);
	g_byte_array_unref(list);
}

static void verify(const ReloadSpan *ders, size_t count, bool self_signed)
{
	ReloadTrust *trust = certificate_world_trust(&world, self_signed);
	ReloadCertificate *verified = NULL;
	GError *error = NULL;
	ReloadStatus status =
	    reload_trust_verify(trust, ders[0], ders + 1, count - 1, PKI_NOW, &verified, &error);

	FUZZ_CHECK((status == RELOAD_OK) == (verified != NULL));
	FUZZ_CHECK((error == NULL) == (verified != NULL));
	FUZZ_CHECK(error == NULL || strchr(error->message, '\n') == NULL);
	if (verified != NULL) {
		ReloadTrust *fresh = certificate_world_trust(&world, self_signed);

		ask(verified);
		use(trust, fresh, ders, count, verified);
		reload_trust_unref(fresh);
	}
	reload_certificate_unref(verified);
	g_clear_error(&error);
	FUZZ_CHECK(ERR_peek_error() == 0);
	reload_trust_unref(trust);
}

/* What is no DER, and what is too many, is the last one. */
static size_t split(ReloadSpan input, ReloadSpan out[CERTIFICATES_MAX])
{
	size_t count = 0;
	Der der;

	while (count < CERTIFICATES_MAX - 1 && der_next(&input, &der))
		out[count++] = der.whole;
	if (input.len > 0 || count == 0)
		out[count++] = input;
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ReloadSpan ders[CERTIFICATES_MAX];
	size_t count = split(reload_span(data, size), ders);
	ReloadCertificate *certificate = NULL;
	GError *error = NULL;

	if (reload_certificate_parse(ders[0], PKI_OVERLAY, 16, &certificate, &error) == RELOAD_OK) {
		ask(certificate);
		reload_certificate_unref(certificate);
		verify(ders, count, true);
		if (count == 1)
			verify(ders, count, false);
	} else {
		FUZZ_CHECK(certificate == NULL && error != NULL);
		FUZZ_CHECK(strchr(error->message, '\n') == NULL);
	}
	g_clear_error(&error);
	ERR_clear_error();
	return 0;
}

/* ---- the mutator ---- */

/* Known to the linker only: the one that signatures.c has not replaced. */
int __real_EVP_DigestSignInit(EVP_MD_CTX *context, EVP_PKEY_CTX **key_context, const EVP_MD *digest,
			      ENGINE *engine, EVP_PKEY *key);

/* TBSCertificate and algorithm as they are, with a signature by the key. */
static void sign_anew(GByteArray *out, ReloadSpan der, EVP_PKEY *key)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	GByteArray *inside = g_byte_array_new();
	uint8_t signature[1 + 80] = {0}; /* no unused bits */
	size_t len = sizeof(signature) - 1;
	Der certificate, tbs, algorithm;
	ReloadSpan rest = der;

	if (der_next(&rest, &certificate) && der_next(&certificate.content, &tbs) &&
	    der_next(&certificate.content, &algorithm) &&
	    __real_EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
	    EVP_DigestSign(context, signature + 1, &len, tbs.whole.data, tbs.whole.len) == 1) {
		reload_write_bytes(inside, tbs.whole);
		reload_write_bytes(inside, algorithm.whole);
		der_write(inside, 0x03, reload_span(signature, len + 1));
		der_write(out, certificate.tag, reload_span(inside->data, inside->len));
	} else {
		reload_write_bytes(out, der);
	}
	g_byte_array_unref(inside);
	EVP_MD_CTX_free(context);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	ReloadSpan ders[CERTIFICATES_MAX];
	size_t count = split(reload_span(data, size), ders), which;
	uint32_t random = fuzz_hash((const uint8_t *)&seed, sizeof(seed));
	GByteArray *edited, *out;

	if (random % 16 == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	which = random / 16 % 4 == 0 ? random / 64 % count : 0;
	edited = g_byte_array_new();
	out = g_byte_array_new();
	der_edit(edited, ders[which], fuzz_hash((const uint8_t *)&random, sizeof(random)),
		 LLVMFuzzerMutate);
	for (size_t i = 0; i < count; i++) {
		if (i != which)
			reload_write_bytes(out, ders[i]);
		else if (random / 1024 % 8 == 0)
			reload_write_bytes(out, reload_span(edited->data, edited->len));
		else
			sign_anew(out, reload_span(edited->data, edited->len),
				  certificate_world_signer(&world, ders[which], random / 8192));
	}
	size = MIN(out->len, max_size);
	if (size > 0)
		memcpy(data, out->data, size);
	g_byte_array_unref(edited);
	g_byte_array_unref(out);
	ERR_clear_error();
	return size;
}
