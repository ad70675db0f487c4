/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which certificates are read, which are trusted, and which are refused. */
#include "reload_core/security/error.h"
#include "tests/unit/pki.h"

#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#define URI "URI:reload://011011111111111111111111111111111111@" PKI_OVERLAY "/"
#define EMAIL "email:alice@example.org"

static Pki pki;

typedef struct {
	const char *names;     /* subjectAltName; NULL: none */
	const char *key_usage; /* NULL: none */
	const EVP_MD *digest;
	EVP_PKEY *key;	  /* NULL: a new P-256 one */
	EVP_PKEY *signer; /* NULL: the CA's */
	bool self_issued; /* issuer as the (empty) subject */
	bool bare_key;	  /* RSA without the parameters NULL, as other software writes it */
	int from, to;	  /* days around PKI_NOW */
	X509 *issuer;	  /* NULL: the CA */
	bool is_ca;
} Recipe;

static void extend(X509 *x509, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	g_assert_nonnull(extension);
	X509_add_ext(x509, extension, -1);
	X509_EXTENSION_free(extension);
}

static X509 *read_der(GBytes *der)
{
	gsize length;
	const unsigned char *data = g_bytes_get_data(der, &length);

	return d2i_X509(NULL, &data, (long)length);
}

/* RFC 3279, 2.3.1 wants the parameters to be there, and NULL; readers take keys without them. */
static void drop_parameters(X509_PUBKEY *info)
{
	X509_ALGOR *algorithm;

	g_assert_cmpint(X509_PUBKEY_get0_param(NULL, NULL, NULL, &algorithm, info), ==, 1);
	g_assert_cmpint(X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_rsaEncryption), V_ASN1_UNDEF, NULL), ==, 1);
}

/* Certificates that our own issuer would not make. */
static GBytes *cook(const Recipe *recipe)
{
	EVP_PKEY *key = recipe->key ? recipe->key : reload_key_generate(RELOAD_KEY_P256, NULL);
	X509 *x509 = X509_new(), *ca = read_der(pki.ca);
	unsigned char *der = NULL;
	GBytes *bytes;
	int length;

	X509_set_version(x509, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
	ASN1_TIME_set(X509_getm_notBefore(x509),
		      (time_t)((PKI_NOW + recipe->from * PKI_DAY) / 1000));
	ASN1_TIME_set(X509_getm_notAfter(x509), (time_t)((PKI_NOW + recipe->to * PKI_DAY) / 1000));
	X509_set_pubkey(x509, key);
	if (recipe->bare_key)
		drop_parameters(X509_get_X509_PUBKEY(x509));
	if (recipe->is_ca) {
		X509_NAME_add_entry_by_NID(X509_get_subject_name(x509), NID_commonName,
					   MBSTRING_UTF8, (const unsigned char *)"between", -1, -1,
					   0);
		extend(x509, NID_basic_constraints, "critical,CA:TRUE");
	}
	if (!recipe->self_issued)
		X509_set_issuer_name(x509,
				     X509_get_subject_name(recipe->issuer ? recipe->issuer : ca));
	if (recipe->names)
		extend(x509, NID_subject_alt_name, recipe->names);
	if (recipe->key_usage)
		extend(x509, NID_key_usage, recipe->key_usage);
	g_assert_cmpint(X509_sign(x509, recipe->signer ? recipe->signer : pki.ca_key,
				  recipe->digest ? recipe->digest : EVP_sha256()),
			>, 0);
	length = i2d_X509(x509, &der);
	bytes = g_bytes_new(der, (gsize)length);
	OPENSSL_free(der);
	X509_free(x509);
	X509_free(ca);
	if (!recipe->key)
		EVP_PKEY_free(key);
	return bytes;
}

static ReloadStatus parse(GBytes *der, const char *overlay)
{
	ReloadCertificate *certificate;
	GError *error = NULL;
	ReloadStatus status =
	    reload_certificate_parse(pki_span(der), overlay, 16, &certificate, &error);

	g_assert_true((status == RELOAD_OK) == (certificate != NULL));
	g_assert_true((status == RELOAD_OK) == (error == NULL));
	if (error) {
		g_assert_cmpint(error->code, ==, status);
		g_assert_null(strchr(error->message, '\n'));
	}
	g_clear_error(&error);
	reload_certificate_unref(certificate);
	return status;
}

static ReloadStatus parse_names(const char *names)
{
	Recipe recipe = {.names = names, .from = -1, .to = 1};
	GBytes *der = cook(&recipe);
	ReloadStatus status = parse(der, PKI_OVERLAY);

	g_bytes_unref(der);
	return status;
}

static void test_names(void)
{
	g_assert_cmpint(parse_names(URI "," EMAIL), ==, RELOAD_OK);
	/* What others emit. */
	g_assert_cmpint(
	    parse_names("URI:reload://011011111111111111111111111111111111@" PKI_OVERLAY "," EMAIL),
	    ==, RELOAD_OK);
	g_assert_cmpint(
	    parse_names("URI:reload://11111111111111111111111111111111@" PKI_OVERLAY "/," EMAIL),
	    ==, RELOAD_OK);
	g_assert_cmpint(parse_names(URI), ==, RELOAD_E_CERTIFICATE);
	g_assert_cmpint(parse_names(EMAIL), ==, RELOAD_E_CERTIFICATE);
	g_assert_cmpint(parse_names(NULL), ==, RELOAD_E_CERTIFICATE);
	g_assert_cmpint(parse_names(URI "," EMAIL ",email:bob@example.org"), ==,
			RELOAD_E_CERTIFICATE);
	g_assert_cmpint(parse_names(URI "," EMAIL ",DNS:example.org"), ==, RELOAD_E_CERTIFICATE);
	g_assert_cmpint(parse_names(URI "," EMAIL ",URI:https://example.org/"), ==,
			RELOAD_E_CERTIFICATE);
	g_assert_cmpint(
	    parse_names("URI:reload://011011111111111111111111111111111111@other.example/," EMAIL),
	    ==, RELOAD_E_OVERLAY);
	g_assert_cmpint(
	    parse_names("URI:reload://0110111111111111111111111111111111@" PKI_OVERLAY "/," EMAIL),
	    ==, RELOAD_E_CERTIFICATE);
	g_assert_cmpint(
	    parse_names("URI:reload://02111011111111111111111111111111@" PKI_OVERLAY "/," EMAIL),
	    ==, RELOAD_OK); /* a bare Node-ID, whatever its bytes look like */
	g_assert_cmpint(
	    parse_names("URI:reload://0210111111111111111111111111111111111@" PKI_OVERLAY
			"/," EMAIL),
	    ==, RELOAD_E_CERTIFICATE);
	g_assert_cmpint(
	    parse_names("URI:reload://zz111111111111111111111111111111@" PKI_OVERLAY "/," EMAIL),
	    ==, RELOAD_E_CERTIFICATE);
	/* The wildcard is nobody's. */
	g_assert_cmpint(parse_names("URI:reload://0110ffffffffffffffffffffffffffffffff@" PKI_OVERLAY
				    "/," EMAIL),
			==, RELOAD_E_CERTIFICATE);
	g_assert_cmpint(parse_names("URI:reload://011011111111111111111111111111111111," EMAIL), ==,
			RELOAD_E_CERTIFICATE);
	g_assert_cmpint(parse_names(URI ",email:al ice@example.org"), ==, RELOAD_E_CERTIFICATE);
}

static void test_keys(void)
{
	EVP_PKEY *weak = EVP_RSA_gen(1024u), *curve = EVP_EC_gen("P-384");
	Recipe recipe = {.names = URI "," EMAIL, .from = -1, .to = 1, .key = weak};
	GBytes *der = cook(&recipe);

	g_assert_cmpint(parse(der, PKI_OVERLAY), ==, RELOAD_E_CERTIFICATE);
	g_bytes_unref(der);
	recipe.key = curve;
	der = cook(&recipe);
	g_assert_cmpint(parse(der, PKI_OVERLAY), ==, RELOAD_E_CERTIFICATE);
	g_bytes_unref(der);
	EVP_PKEY_free(weak);
	EVP_PKEY_free(curve);
}

/* Cut off anywhere, or with any byte changed, it is refused or read, but never more than that. */
static void test_mutations(void)
{
	Recipe recipe = {.names = URI "," EMAIL, .from = -1, .to = 1};
	GBytes *der = cook(&recipe);
	ReloadSpan span = pki_span(der);
	ReloadTrust *trust = pki_trust(&pki);

	for (size_t i = 0; i < span.len; i++) {
		uint8_t *copy = g_memdup2(span.data, span.len);
		GBytes *cut = g_bytes_new(copy, i), *changed;
		ReloadCertificate *certificate;

		copy[i] ^= 0x04;
		changed = g_bytes_new_take(copy, span.len);
		g_assert_cmpint(parse(cut, PKI_OVERLAY), !=, RELOAD_OK);
		g_assert_cmpint(reload_trust_verify(trust, pki_span(changed), NULL, 0, PKI_NOW,
						    &certificate, NULL),
				!=, RELOAD_OK);
		g_bytes_unref(cut);
		g_bytes_unref(changed);
	}
	reload_trust_unref(trust);
	g_bytes_unref(der);
}

static ReloadStatus verify_at(ReloadTrust *trust, GBytes *der, int64_t now)
{
	ReloadCertificate *certificate;
	ReloadStatus status =
	    reload_trust_verify(trust, pki_span(der), NULL, 0, now, &certificate, NULL);

	reload_certificate_unref(certificate);
	return status;
}

static ReloadStatus verify_recipe(const Recipe *recipe)
{
	ReloadTrust *trust = pki_trust(&pki);
	GBytes *der = cook(recipe);
	ReloadStatus status = verify_at(trust, der, PKI_NOW);

	g_bytes_unref(der);
	reload_trust_unref(trust);
	return status;
}

static void test_trust(void)
{
	EVP_PKEY *stranger = reload_key_generate(RELOAD_KEY_P256, NULL);
	Recipe good = {.names = URI "," EMAIL, .from = -1, .to = 1};
	Recipe recipe = good;

	g_assert_cmpint(verify_recipe(&recipe), ==, RELOAD_OK);
	recipe.signer = stranger; /* says it is of our CA */
	g_assert_cmpint(verify_recipe(&recipe), ==, RELOAD_E_CERTIFICATE);
	recipe = good;
	recipe.self_issued = true; /* self-signed ones are not permitted here */
	recipe.key = recipe.signer = stranger;
	g_assert_cmpint(verify_recipe(&recipe), ==, RELOAD_E_CERTIFICATE);
	recipe = good;
	recipe.from = 1, recipe.to = 2;
	g_assert_cmpint(verify_recipe(&recipe), ==, RELOAD_E_EXPIRED);
	recipe.from = -2, recipe.to = -1;
	g_assert_cmpint(verify_recipe(&recipe), ==, RELOAD_E_EXPIRED);
	recipe = good;
	recipe.key_usage = "critical,keyAgreement";
	g_assert_cmpint(verify_recipe(&recipe), ==, RELOAD_E_CERTIFICATE);
	recipe.key_usage = "critical,digitalSignature";
	g_assert_cmpint(verify_recipe(&recipe), ==, RELOAD_OK);
	recipe = good;
	recipe.digest = EVP_sha1();
	g_assert_cmpint(verify_recipe(&recipe), ==, RELOAD_E_CERTIFICATE);
	EVP_PKEY_free(stranger);
}

/* The CA ends after 100 days; a longer-lived certificate ends with it, in the cache too. */
static void test_chain_dates(void)
{
	Recipe recipe = {.names = URI "," EMAIL, .from = -1, .to = 300};
	ReloadTrust *trust = pki_trust(&pki);
	GBytes *der = cook(&recipe);
	ReloadCertificate *certificate;

	g_assert_cmpint(verify_at(trust, der, PKI_NOW), ==, RELOAD_OK);
	g_assert_cmpint(verify_at(trust, der, PKI_NOW + 101 * PKI_DAY), ==, RELOAD_E_EXPIRED);
	g_assert_cmpint(
	    reload_trust_verify(trust, pki_span(der), NULL, 0, PKI_NOW, &certificate, NULL), ==,
	    RELOAD_OK);
	g_assert_cmpint(reload_trust_recheck(trust, certificate, PKI_NOW), ==, RELOAD_OK);
	g_assert_cmpint(reload_trust_recheck(trust, certificate, PKI_NOW + 101 * PKI_DAY), ==,
			RELOAD_E_EXPIRED);
	reload_certificate_unref(certificate);
	g_bytes_unref(der);
	reload_trust_unref(trust);
}

/* An intermediate CA is believed, an end entity that plays one is not. */
static void check_between(bool is_ca)
{
	EVP_PKEY *key = reload_key_generate(RELOAD_KEY_P256, NULL);
	Recipe above = {
	    .names = is_ca ? NULL : URI "," EMAIL, .from = -5, .to = 5, .key = key, .is_ca = is_ca};
	GBytes *between = cook(&above);
	X509 *issuer = read_der(between);
	Recipe below = {
	    .names = URI "," EMAIL, .from = -1, .to = 1, .signer = key, .issuer = issuer};
	GBytes *der = cook(&below);
	ReloadTrust *trust = pki_trust(&pki);
	ReloadSpan chain[2] = {{(const uint8_t *)"rubbish", 7}, pki_span(between)};
	ReloadCertificate *certificate;

	g_assert_cmpint(verify_at(trust, der, PKI_NOW), ==, RELOAD_E_CERTIFICATE);
	g_assert_cmpint(
	    reload_trust_verify(trust, pki_span(der), chain, 2, PKI_NOW, &certificate, NULL), ==,
	    is_ca ? RELOAD_OK : RELOAD_E_CERTIFICATE);
	if (is_ca) {
		const GPtrArray *kept = reload_certificate_chain(certificate);

		g_assert_nonnull(kept);
		g_assert_cmpuint(kept->len, ==, 1);
		g_assert_true(g_bytes_equal(kept->pdata[0], between));
		/* It ends with the one above. */
		g_assert_cmpint(reload_trust_recheck(trust, certificate, PKI_NOW + 6 * PKI_DAY), ==,
				RELOAD_E_EXPIRED);
	}
	reload_certificate_unref(certificate);
	reload_trust_unref(trust);
	X509_free(issuer);
	g_bytes_unref(between);
	g_bytes_unref(der);
	EVP_PKEY_free(key);
}

static void test_between(void)
{
	check_between(true);
	check_between(false);
}

static void test_self_signed(void)
{
	EVP_PKEY *key = reload_key_generate(RELOAD_KEY_P256, NULL);
	EVP_PKEY *other = reload_key_generate(RELOAD_KEY_P256, NULL);
	ReloadTrustOptions options = {.overlay = PKI_OVERLAY,
				      .node_id_length = 16,
				      .self_signed_permitted = true,
				      .self_signed_digest = RELOAD_DIGEST_SHA256};
	ReloadCertificateRequest request = {
	    PKI_OVERLAY, NULL, 1, "alice@example.org", PKI_NOW - PKI_DAY, PKI_NOW + PKI_DAY};
	ReloadTrust *trust = reload_trust_new(&options, NULL);
	Recipe stolen = {.names = URI "," EMAIL,
			 .self_issued = true,
			 .key = key,
			 .signer = key,
			 .from = -1,
			 .to = 1};
	GBytes *der = reload_issue_self_signed(key, RELOAD_DIGEST_SHA256, 16, &request, NULL);
	unsigned char *info = NULL;
	int length = i2d_PUBKEY(key, &info);
	char *hash = g_compute_checksum_for_data(G_CHECKSUM_SHA256, info, (gsize)length);
	char hex[RELOAD_NODE_ID_TEXT];
	ReloadCertificate *certificate;

	g_assert_cmpint(
	    reload_trust_verify(trust, pki_span(der), NULL, 0, PKI_NOW, &certificate, NULL), ==,
	    RELOAD_OK);
	{
		ReloadTrust *fresh = reload_trust_new(&options, NULL);

		g_assert_cmpint(verify_at(fresh, der, PKI_NOW - 2 * PKI_DAY), ==, RELOAD_E_EXPIRED);
		g_assert_cmpint(verify_at(fresh, der, PKI_NOW + 2 * PKI_DAY), ==, RELOAD_E_EXPIRED);
		reload_trust_unref(fresh);
	}
	{
		X509 *x509 = read_der(der);
		GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, 0);
		char text[RELOAD_NODE_ID_TEXT];
		char *uri = g_strdup_printf("reload://0110%s@" PKI_OVERLAY "/",
					    reload_node_id_to_text(reload_certificate_node_id(certificate), text));

		/* 11.3: a Destination List with one entry; the subject is empty. */
		g_assert_cmpint(name->type, ==, GEN_URI);
		g_assert_cmpmem(ASN1_STRING_get0_data(name->d.ia5), ASN1_STRING_length(name->d.ia5), uri,
				strlen(uri));
		g_assert_cmpint(X509_NAME_entry_count(X509_get_subject_name(x509)), ==, 0);
		g_free(uri);
		GENERAL_NAMES_free(names);
		X509_free(x509);
	}
	/* Computed another way: the first 128 bits of GLib's SHA-256 over the SubjectPublicKeyInfo.
	 */
	hash[32] = 0;
	g_assert_cmpstr(reload_node_id_to_text(reload_certificate_node_id(certificate), hex), ==,
			hash);
	g_free(hash);
	OPENSSL_free(info);
	reload_certificate_unref(certificate);
	g_bytes_unref(der);

	/* The other digest, or a Node-ID of one's choice: theft. */
	der = reload_issue_self_signed(key, RELOAD_DIGEST_SHA1, 16, &request, NULL);
	g_assert_cmpint(verify_at(trust, der, PKI_NOW), ==, RELOAD_E_CERTIFICATE);
	g_bytes_unref(der);
	der = cook(&stolen);
	g_assert_cmpint(verify_at(trust, der, PKI_NOW), ==, RELOAD_E_CERTIFICATE);
	g_bytes_unref(der);
	stolen.signer = other; /* nor somebody else's key */
	der = cook(&stolen);
	g_assert_cmpint(verify_at(trust, der, PKI_NOW), ==, RELOAD_E_CERTIFICATE);
	g_bytes_unref(der);

	/* Several Node-IDs: each with its index before the key. */
	request.node_id_count = 3;
	der = reload_issue_self_signed(key, RELOAD_DIGEST_SHA256, 16, &request, NULL);
	g_assert_cmpint(verify_at(trust, der, PKI_NOW), ==, RELOAD_OK);
	g_bytes_unref(der);
	reload_trust_unref(trust);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

/* The digest is over the key as it stands in the certificate, not as OpenSSL would write it. */
static void test_self_signed_as_it_stands(void)
{
	EVP_PKEY *key = reload_key_generate(RELOAD_KEY_RSA2048, NULL);
	ReloadTrustOptions options = {.overlay = PKI_OVERLAY,
				      .node_id_length = 16,
				      .self_signed_permitted = true,
				      .self_signed_digest = RELOAD_DIGEST_SHA256};
	ReloadTrust *trust = reload_trust_new(&options, NULL);
	X509_PUBKEY *bare = NULL;
	unsigned char *info = NULL;
	char *hash, *names;
	Recipe recipe = {.self_issued = true, .bare_key = true, .key = key, .signer = key, .from = -1, .to = 1};
	GBytes *der;
	int length;

	g_assert_cmpint(X509_PUBKEY_set(&bare, key), ==, 1);
	drop_parameters(bare);
	length = i2d_X509_PUBKEY(bare, &info);
	g_assert_cmpint(length, ==, i2d_PUBKEY(key, NULL) - 2);
	hash = g_compute_checksum_for_data(G_CHECKSUM_SHA256, info, (gsize)length);
	names = g_strdup_printf("URI:reload://0110%.32s@" PKI_OVERLAY "/," EMAIL, hash);
	recipe.names = names;
	der = cook(&recipe);
	g_assert_cmpint(verify_at(trust, der, PKI_NOW), ==, RELOAD_OK);
	g_bytes_unref(der);
	g_free(names);
	g_free(hash);
	OPENSSL_free(info);
	X509_PUBKEY_free(bare);
	reload_trust_unref(trust);
	EVP_PKEY_free(key);
}

static void test_bad_node(void)
{
	Recipe recipe = {.names = URI "," EMAIL, .from = -1, .to = 1};
	GBytes *der = cook(&recipe);
	ReloadDocument *document =
	    pki_document(&pki, "<bad-node>11111111111111111111111111111111</bad-node>");
	ReloadTrust *trust = reload_document_trust(document, NULL), *before = pki_trust(&pki);
	ReloadCertificate *certificate;

	g_assert_cmpint(verify_at(trust, der, PKI_NOW), ==, RELOAD_E_FORBIDDEN);
	/* One that was good by an older document is not any longer. */
	g_assert_cmpint(
	    reload_trust_verify(before, pki_span(der), NULL, 0, PKI_NOW, &certificate, NULL), ==,
	    RELOAD_OK);
	g_assert_cmpint(reload_trust_recheck(trust, certificate, PKI_NOW), ==, RELOAD_E_FORBIDDEN);
	reload_certificate_unref(certificate);
	reload_trust_unref(before);
	reload_trust_unref(trust);
	reload_document_unref(document);
	g_bytes_unref(der);
}

static void test_cache_is_bounded(void)
{
	GPtrArray *roots = g_ptr_array_new();
	ReloadTrustOptions options = {
	    .overlay = PKI_OVERLAY, .node_id_length = 16, .root_certs = roots, .cache_size = 2};
	ReloadTrustStatistics statistics;
	ReloadTrust *trust;

	g_ptr_array_add(roots, pki.ca);
	trust = reload_trust_new(&options, NULL);
	for (int i = 0; i < 5; i++) {
		Recipe recipe = {.names = URI "," EMAIL, .from = -1, .to = 1};
		GBytes *der = cook(&recipe);

		g_assert_cmpint(verify_at(trust, der, PKI_NOW), ==, RELOAD_OK);
		g_bytes_unref(der);
	}
	reload_trust_statistics(trust, &statistics);
	g_assert_cmpuint(statistics.cached, ==, 2);
	reload_trust_unref(trust);
	g_ptr_array_unref(roots);
}

static void test_x509(void)
{
	Recipe recipe = {.names = URI "," EMAIL, .from = -1, .to = 1};
	GBytes *der = cook(&recipe);
	X509 *leaf = read_der(der);
	STACK_OF(X509) *chain = sk_X509_new_null();
	ReloadTrust *trust = pki_trust(&pki);
	ReloadCertificate *certificate;

	sk_X509_push(chain, leaf);
	g_assert_cmpint(reload_trust_verify_x509(trust, leaf, chain, PKI_NOW, &certificate, NULL),
			==, RELOAD_OK);
	reload_certificate_unref(certificate);
	g_assert_cmpint(reload_trust_verify_x509(trust, leaf, NULL, PKI_NOW, &certificate, NULL),
			==, RELOAD_OK);
	reload_certificate_unref(certificate);
	g_assert_cmpint(reload_trust_verify_x509(trust, NULL, NULL, PKI_NOW, &certificate, NULL),
			==, RELOAD_E_CERTIFICATE);
	sk_X509_free(chain);
	X509_free(leaf);
	g_bytes_unref(der);
	reload_trust_unref(trust);
}

int main(int argc, char **argv)
{
	int result;

	g_test_init(&argc, &argv, NULL);
	pki_init(&pki);
	g_test_add_func("/security/certificate/names", test_names);
	g_test_add_func("/security/certificate/keys", test_keys);
	g_test_add_func("/security/certificate/mutations", test_mutations);
	g_test_add_func("/security/trust/chain", test_trust);
	g_test_add_func("/security/trust/dates-of-the-chain", test_chain_dates);
	g_test_add_func("/security/trust/between", test_between);
	g_test_add_func("/security/trust/self-signed", test_self_signed);
	g_test_add_func("/security/trust/self-signed-as-it-stands", test_self_signed_as_it_stands);
	g_test_add_func("/security/trust/bad-node", test_bad_node);
	g_test_add_func("/security/trust/cache", test_cache_is_bounded);
	g_test_add_func("/security/trust/x509", test_x509);
	result = g_test_run();
	pki_clear(&pki);
	return result;
}
