/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A root, a CA below it, and certificates of all sorts to begin with. */
#include "tests/fuzz/certificate_world.h"

#include "tests/fuzz/fuzz.h"

#define ROOT "Root"
#define MIDDLE "Middle"

void certificate_world_init(CertificateWorld *world)
{
	GError *error = NULL;

	fuzz_fix_world();
	world->root_key = fuzz_key(ROOT);
	world->middle_key = fuzz_key(MIDDLE);
	world->user_key = fuzz_key("User");
	world->root = reload_issue_ca(world->root_key, ROOT, PKI_NOW - 100 * PKI_DAY,
				      PKI_NOW + 100 * PKI_DAY, &error);
	g_assert_no_error(error);
}

ReloadTrust *certificate_world_trust(const CertificateWorld *world, bool self_signed)
{
	GPtrArray *roots = g_ptr_array_new();
	const ReloadNodeId bad = pki_node_id(0xbb);
	ReloadTrustOptions options = {.overlay = PKI_OVERLAY,
				      .node_id_length = 16,
				      .root_certs = roots,
				      .self_signed_permitted = self_signed,
				      .self_signed_digest = RELOAD_DIGEST_SHA256,
				      .bad_nodes = &bad,
				      .bad_node_count = 1};
	ReloadTrust *trust;

	g_ptr_array_add(roots, world->root);
	trust = reload_trust_new(&options, NULL);
	g_ptr_array_unref(roots);
	FUZZ_CHECK(trust != NULL);
	return trust;
}

EVP_PKEY *certificate_world_signer(const CertificateWorld *world, ReloadSpan der, uint32_t random)
{
	EVP_PKEY *const keys[] = {world->root_key, world->middle_key, world->user_key};
	const unsigned char *position = der.data;
	X509 *x509 = d2i_X509(NULL, &position, (long)der.len);
	char issuer[64] = "";
	EVP_PKEY *key = world->user_key;

	if (x509 != NULL)
		X509_NAME_get_text_by_NID(X509_get_issuer_name(x509), NID_commonName, issuer,
					  sizeof(issuer));
	X509_free(x509);
	if (random % 8 == 0)
		key = keys[random / 8 % 3];
	else if (strcmp(issuer, ROOT) == 0)
		key = world->root_key;
	else if (strcmp(issuer, MIDDLE) == 0)
		key = world->middle_key;
	return key;
}

/* ---- the seeds ---- */

static void append(GByteArray *out, GBytes *der)
{
	FUZZ_CHECK(der != NULL);
	reload_write_bytes(out, pki_span(der));
	g_bytes_unref(der);
}

/* The CA below the root. */
static GBytes *middle(const CertificateWorld *world)
{
	GBytes *own = reload_issue_ca(world->middle_key, MIDDLE, PKI_NOW - 50 * PKI_DAY,
				      PKI_NOW + 50 * PKI_DAY, NULL);
	ReloadSpan span = pki_span(own), root = pki_span(world->root);
	const unsigned char *position = span.data, *root_position = root.data;
	X509 *x509 = d2i_X509(NULL, &position, (long)span.len);
	X509 *issuer = d2i_X509(NULL, &root_position, (long)root.len);
	unsigned char *der = NULL;
	int len;
	GBytes *done;

	X509_set_issuer_name(x509, X509_get_subject_name(issuer));
	FUZZ_CHECK(X509_sign(x509, world->root_key, EVP_sha256()) > 0);
	len = i2d_X509(x509, &der);
	FUZZ_CHECK(len > 0);
	done = g_bytes_new(der, (gsize)len);
	OPENSSL_free(der);
	X509_free(issuer);
	X509_free(x509);
	g_bytes_unref(own);
	return done;
}

GByteArray *certificate_world_seed(const CertificateWorld *world, unsigned number)
{
	ReloadNodeId ids[] = {pki_node_id(0x20), pki_node_id(0x30), pki_node_id(0x40)};
	ReloadCertificateRequest request = {.overlay = PKI_OVERLAY,
					    .node_ids = ids,
					    .node_id_count = 1,
					    .user_name = "user@" PKI_OVERLAY,
					    .not_before = PKI_NOW - 10 * PKI_DAY,
					    .not_after = PKI_NOW + 10 * PKI_DAY};
	GByteArray *out = g_byte_array_new();
	GBytes *ca;

	switch (number) {
	case 1:
		request.node_id_count = G_N_ELEMENTS(ids);
		G_GNUC_FALLTHROUGH;
	case 0:
		append(out, reload_issue_certificate(world->root, world->root_key, world->user_key,
						     &request, NULL));
		return out;
	case 2:
		ca = middle(world);
		append(out, reload_issue_certificate(ca, world->middle_key, world->user_key,
						     &request, NULL));
		append(out, ca);
		return out;
	case 4:
		request.node_id_count = 2;
		G_GNUC_FALLTHROUGH;
	case 3:
		append(out, reload_issue_self_signed(world->user_key, RELOAD_DIGEST_SHA256, 16,
						     &request, NULL));
		return out;
	case 5: /* of a node that is shut out */
		ids[0] = pki_node_id(0xbb);
		append(out, reload_issue_certificate(world->root, world->root_key, world->user_key,
						     &request, NULL));
		return out;
	case 6: /* a CA's, as nobody's end entity */
		append(out, middle(world));
		return out;
	default:
		g_byte_array_unref(out);
		return NULL;
	}
}
