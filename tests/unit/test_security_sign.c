/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signatures over messages and stored data: made, verified, and refused when anything changes. */
#include "reload_core/security/sign.h"
#include "tests/unit/pki.h"

#include <glib/gstdio.h>
#include <openssl/pem.h>

#define TRANSACTION UINT64_C(0x0123456789abcdef)

static Pki pki;

/* A whole signed Ping request. */
static GByteArray *make_message(const ReloadIdentity *identity, const GPtrArray *certificates)
{
	GByteArray *destinations = g_byte_array_new(), *message = g_byte_array_new();
	ReloadNodeId id = pki_node_id(0x55);
	ReloadDestination destination = reload_destination_node(&id);
	ReloadHeader header = {.overlay = reload_overlay_hash(PKI_OVERLAY),
			       .config_sequence = 1,
			       .version = RELOAD_VERSION_1_0,
			       .ttl = 100,
			       .last_fragment = true,
			       .transaction_id = TRANSACTION};
	size_t start;

	g_assert_true(reload_write_destination(destinations, &destination));
	header.destination_list = (ReloadSpan){destinations->data, destinations->len};
	g_assert_cmpint(reload_write_header(message, &header), ==, RELOAD_OK);
	start = message->len;
	g_assert_true(reload_write_contents(
	    message, RELOAD_PING_REQ, (ReloadSpan){(uint8_t *)"\0\0", 2}, (ReloadSpan){NULL, 0}));
	{
		GByteArray *contents = g_byte_array_new();

		g_byte_array_append(contents, message->data + start, message->len - start);
		g_assert_cmpint(reload_sign_message(identity, header.overlay, TRANSACTION,
						    (ReloadSpan){contents->data, contents->len},
						    certificates, message),
				==, RELOAD_OK);
		g_byte_array_unref(contents);
	}
	reload_finish_length(message, 0);
	g_byte_array_unref(destinations);
	return message;
}

static ReloadStatus verify(ReloadTrust *trust, const GByteArray *bytes, int64_t now,
			   ReloadCertificate **signer, ReloadNodeId *node_id)
{
	ReloadMessage message;
	ReloadStatus status;

	status = reload_message_decode((ReloadSpan){bytes->data, bytes->len}, 16, &message);
	if (status != RELOAD_OK)
		return status;
	return reload_verify_message(trust, &message, now, signer, node_id);
}

static void check_message(ReloadKeyType type)
{
	ReloadIdentity *identity = pki_identity(&pki, type, 0x11, "alice@example.org");
	ReloadTrust *trust = pki_trust(&pki);
	GByteArray *message = make_message(identity, NULL);
	ReloadCertificate *signer;
	ReloadNodeId node_id, expected = pki_node_id(0x11);
	size_t header = 38 + 18;

	g_assert_cmpint(verify(trust, message, PKI_NOW, &signer, &node_id), ==, RELOAD_OK);
	g_assert_true(reload_node_id_equal(&node_id, &expected));
	g_assert_cmpstr(reload_certificate_user_name(signer), ==, "alice@example.org");
	reload_certificate_unref(signer);

	/* Out of the cache, but not after its dates. */
	g_assert_cmpint(verify(trust, message, PKI_NOW, NULL, NULL), ==, RELOAD_OK);
	g_assert_cmpint(verify(trust, message, PKI_NOW + 11 * PKI_DAY, NULL, NULL), ==,
			RELOAD_E_EXPIRED);
	g_assert_cmpint(verify(trust, message, PKI_NOW - 11 * PKI_DAY, NULL, NULL), ==,
			RELOAD_E_EXPIRED);

	/* Every byte behind the header, and the transaction ID, is covered or makes the message
	 * malformed. (With an empty cache each time: a certificate that is known need not even be
	 * there.) */
	for (size_t i = header; i < message->len; i++) {
		ReloadTrust *fresh = pki_trust(&pki);

		message->data[i] ^= 0x01;
		signer = NULL;
		g_assert_cmpint(verify(fresh, message, PKI_NOW, &signer, NULL), !=, RELOAD_OK);
		g_assert_null(signer);
		message->data[i] ^= 0x01;
		reload_trust_unref(fresh);
	}
	message->data[20] ^= 0x01;
	g_assert_cmpint(verify(trust, message, PKI_NOW, NULL, NULL), ==, RELOAD_E_SIGNATURE);
	message->data[20] ^= 0x01;
	/* TTL changes on the way. */
	message->data[11] ^= 0x01;
	g_assert_cmpint(verify(trust, message, PKI_NOW, NULL, NULL), ==, RELOAD_OK);
	/* Another overlay's. */
	message->data[4] ^= 0x01;
	g_assert_cmpint(verify(trust, message, PKI_NOW, NULL, NULL), ==, RELOAD_E_OVERLAY);
	g_byte_array_unref(message);
	reload_identity_unref(identity);
	reload_trust_unref(trust);
}

static void test_message_p256(void)
{
	check_message(RELOAD_KEY_P256);
}

static void test_message_rsa(void)
{
	check_message(RELOAD_KEY_RSA2048);
}

static void test_cache(void)
{
	ReloadIdentity *identity = pki_identity(&pki, RELOAD_KEY_P256, 0x11, "alice@example.org");
	ReloadTrust *trust = pki_trust(&pki);
	GByteArray *message = make_message(identity, NULL);
	ReloadTrustStatistics statistics;

	for (int i = 0; i < 3; i++)
		g_assert_cmpint(verify(trust, message, PKI_NOW, NULL, NULL), ==, RELOAD_OK);
	reload_trust_statistics(trust, &statistics);
	g_assert_cmpuint(statistics.misses, ==, 1);
	g_assert_cmpuint(statistics.hits, ==, 2);
	g_assert_cmpuint(statistics.cached, ==, 1);
	g_byte_array_unref(message);
	reload_identity_unref(identity);
	reload_trust_unref(trust);
}

/* Runs the openssl program over an input put together here, byte by byte, from the RFC's text. */
static void check_with_openssl(const ReloadIdentity *identity, const uint8_t *data, size_t length,
			       ReloadSpan signature)
{
	GError *error = NULL;
	char *directory = g_dir_make_tmp("reload-sign-XXXXXX", &error);
	char *key = g_build_filename(directory, "key.pem", NULL);
	char *input = g_build_filename(directory, "input", NULL);
	char *value = g_build_filename(directory, "signature", NULL);
	char *arguments[] = {"openssl",	   "dgst", "-sha256", "-verify", key,
			     "-signature", value,  input,     NULL};
	char *output = NULL;
	FILE *file = fopen(key, "w");
	int status = -1;

	g_assert_no_error(error);
	g_assert_true(PEM_write_PUBKEY(file, reload_identity_key(identity)));
	fclose(file);
	g_assert_true(g_file_set_contents(input, (const char *)data, (gssize)length, NULL));
	g_assert_true(
	    g_file_set_contents(value, (const char *)signature.data, (gssize)signature.len, NULL));
	g_spawn_sync(NULL, arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, NULL, &status,
		     &error);
	g_assert_no_error(error);
	g_assert_cmpint(status, ==, 0);
	g_assert_cmpstr(output, ==, "Verified OK\n");
	g_remove(key);
	g_remove(input);
	g_remove(value);
	g_rmdir(directory);
	g_free(output);
	g_free(key);
	g_free(input);
	g_free(value);
	g_free(directory);
}

static void append_number(GByteArray *out, uint64_t value, int bytes)
{
	while (bytes-- > 0) {
		uint8_t byte = (uint8_t)(value >> (8 * bytes));

		g_byte_array_append(out, &byte, 1);
	}
}

/* SignerIdentity: cert_hash(1), its length, sha256(4), the hash with its length; by GLib's SHA-256.
 */
static void append_signer(GByteArray *out, const ReloadIdentity *identity)
{
	ReloadSpan der = reload_certificate_der(reload_identity_certificate(identity));
	GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
	uint8_t hash[32];
	gsize length = sizeof(hash);

	g_checksum_update(checksum, der.data, (gssize)der.len);
	g_checksum_get_digest(checksum, hash, &length);
	g_checksum_free(checksum);
	append_number(out, 1, 1);
	append_number(out, 34, 2);
	append_number(out, 4, 1);
	append_number(out, 32, 1);
	g_byte_array_append(out, hash, 32);
}

static void check_message_with_openssl(gconstpointer data)
{
	ReloadIdentity *identity =
	    pki_identity(&pki, (ReloadKeyType)GPOINTER_TO_INT(data), 0x11, "alice@example.org");
	GByteArray *message = make_message(identity, NULL);
	GByteArray *input = g_byte_array_new();
	GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA1);
	ReloadMessage decoded;
	uint8_t sha1[20];
	gsize length = sizeof(sha1);

	g_assert_cmpint(
	    reload_message_decode((ReloadSpan){message->data, message->len}, 16, &decoded), ==,
	    RELOAD_OK);
	g_checksum_update(checksum, (const guchar *)PKI_OVERLAY, -1);
	g_checksum_get_digest(checksum, sha1, &length);
	g_checksum_free(checksum);
	g_byte_array_append(input, sha1 + 16, 4);
	append_number(input, TRANSACTION, 8);
	append_number(input, 0x17, 2); /* ping_req */
	append_number(input, 2, 4);
	append_number(input, 0, 2); /* its body: no padding */
	append_number(input, 0, 4); /* no extensions */
	append_signer(input, identity);
	check_with_openssl(identity, input->data, input->len, decoded.security.signature.value);
	g_byte_array_unref(input);
	g_byte_array_unref(message);
	reload_identity_unref(identity);
}

static void check_stored_with_openssl(gconstpointer type)
{
	ReloadIdentity *identity =
	    pki_identity(&pki, (ReloadKeyType)GPOINTER_TO_INT(type), 0x11, "alice@example.org");
	ReloadResourceId resource = {.len = 16};
	ReloadStoredData data = {.storage_time = PKI_NOW, .lifetime = 600}, decoded;
	GByteArray *out = g_byte_array_new(), *input = g_byte_array_new();

	memset(resource.id, 0xab, 16);
	data.value.model = RELOAD_MODEL_ARRAY;
	data.value.index = 7;
	data.value.exists = true;
	data.value.value = (ReloadSpan){(const uint8_t *)"value", 5};
	g_assert_cmpint(reload_sign_stored_data(identity, &resource, 0x10, &data, out), ==,
			RELOAD_OK);
	g_assert_cmpint(reload_stored_data_decode((ReloadSpan){out->data, out->len},
						  RELOAD_MODEL_ARRAY, &decoded),
			==, RELOAD_OK);
	g_assert_cmpuint(decoded.value.index, ==, 7);
	g_byte_array_append(input, resource.id, 16);
	append_number(input, 0x10, 4);
	append_number(input, (uint64_t)PKI_NOW, 8);
	append_number(input, 0, 4); /* index 0, whatever it is stored at */
	append_number(input, 1, 1);
	append_number(input, 5, 4);
	g_byte_array_append(input, (const guint8 *)"value", 5);
	append_signer(input, identity);
	check_with_openssl(identity, input->data, input->len, decoded.signature.value);
	g_byte_array_unref(out);
	g_byte_array_unref(input);
	reload_identity_unref(identity);
}

/* Verifies encoded data for resource and kind with only the certificates of message (NULL: none).
 */
static ReloadStatus verify_stored(ReloadTrust *trust, const GByteArray *message,
				  const GByteArray *encoded, uint8_t resource_fill, uint32_t kind,
				  uint64_t add_time, ReloadNodeId *node_id)
{
	ReloadCertificateSet *set = reload_certificate_set_new(trust);
	ReloadResourceId resource = {.len = 16};
	ReloadCertificate *signer = NULL;
	ReloadMessage decoded;
	ReloadStoredData data;
	ReloadStatus status;

	memset(resource.id, resource_fill, 16);
	if (message) {
		g_assert_cmpint(
		    reload_message_decode((ReloadSpan){message->data, message->len}, 16, &decoded),
		    ==, RELOAD_OK);
		reload_certificate_set_add_block(set, &decoded.security);
	}
	g_assert_cmpint(reload_stored_data_decode((ReloadSpan){encoded->data, encoded->len},
						  RELOAD_MODEL_DICTIONARY, &data),
			==, RELOAD_OK);
	data.storage_time += add_time;
	status = reload_verify_stored_data(set, &resource, kind, &data, PKI_NOW, &signer, node_id);
	reload_certificate_unref(signer);
	reload_certificate_set_free(set);
	return status;
}

static void test_stored_data(void)
{
	ReloadIdentity *alice = pki_identity(&pki, RELOAD_KEY_P256, 0x11, "alice@example.org");
	ReloadIdentity *other = pki_identity(&pki, RELOAD_KEY_RSA2048, 0x22, "node@example.org");
	ReloadTrust *trust = pki_trust(&pki);
	GPtrArray *certificates = g_ptr_array_new();
	GByteArray *message, *encoded = g_byte_array_new(), *bare;
	ReloadStoredData data = {.storage_time = PKI_NOW, .lifetime = 600};
	ReloadResourceId resource = {.len = 16};
	ReloadNodeId node_id, expected = pki_node_id(0x11);

	memset(resource.id, 0xab, 16);
	data.value.model = RELOAD_MODEL_DICTIONARY;
	data.value.key = (ReloadSpan){expected.id, 16};
	data.value.exists = true;
	data.value.value = (ReloadSpan){(const uint8_t *)"value", 5};
	g_assert_cmpint(reload_sign_stored_data(alice, &resource, 1, &data, encoded), ==,
			RELOAD_OK);

	/* Twice the same certificate travels once. */
	g_ptr_array_add(certificates, reload_identity_certificate(alice));
	g_ptr_array_add(certificates, reload_identity_certificate(alice));
	message = make_message(other, certificates);
	bare = make_message(other, NULL);
	{
		ReloadSpan der = reload_certificate_der(reload_identity_certificate(alice));

		g_assert_cmpuint(message->len - bare->len, ==, der.len + 3);
	}
	g_assert_cmpint(verify_stored(trust, bare, encoded, 0xab, 1, 0, &node_id), ==,
			RELOAD_E_CERTIFICATE);
	g_assert_cmpint(verify_stored(trust, message, encoded, 0xab, 1, 0, &node_id), ==,
			RELOAD_OK);
	g_assert_true(reload_node_id_equal(&node_id, &expected));
	/* Now the trust's cache knows alice. */
	g_assert_cmpint(verify_stored(trust, NULL, encoded, 0xab, 1, 0, &node_id), ==, RELOAD_OK);
	g_assert_cmpint(verify_stored(trust, message, encoded, 0xac, 1, 0, &node_id), ==,
			RELOAD_E_SIGNATURE);
	g_assert_cmpint(verify_stored(trust, message, encoded, 0xab, 2, 0, &node_id), ==,
			RELOAD_E_SIGNATURE);
	g_assert_cmpint(verify_stored(trust, message, encoded, 0xab, 1, 1, &node_id), ==,
			RELOAD_E_SIGNATURE);
	g_ptr_array_unref(certificates);
	g_byte_array_unref(encoded);
	g_byte_array_unref(message);
	g_byte_array_unref(bare);
	reload_identity_unref(alice);
	reload_identity_unref(other);
	reload_trust_unref(trust);
}

static void test_none_is_refused(void)
{
	ReloadTrust *trust = pki_trust(&pki);
	ReloadCertificateSet *set = reload_certificate_set_new(trust);
	ReloadResourceId resource = {.len = 16};
	ReloadStoredData data = {.storage_time = 1, .signature = reload_signature_none()};

	data.value.model = RELOAD_MODEL_SINGLE;
	g_assert_cmpint(reload_verify_stored_data(set, &resource, 1, &data, PKI_NOW, NULL, NULL),
			==, RELOAD_E_SIGNATURE);
	reload_certificate_set_free(set);
	reload_trust_unref(trust);
}

/* A certificate with two Node-IDs signs with cert_hash_node_id, and the verifier learns which one.
 */
static void test_several_node_ids(void)
{
	EVP_PKEY *key = reload_key_generate(RELOAD_KEY_P256, NULL);
	ReloadNodeId ids[2] = {pki_node_id(0x31), pki_node_id(0x32)}, got;
	ReloadCertificateRequest request = {
	    PKI_OVERLAY, ids, 2, "two@example.org", PKI_NOW - PKI_DAY, PKI_NOW + PKI_DAY};
	GBytes *der = reload_issue_certificate(pki.ca, pki.ca_key, key, &request, NULL);
	ReloadTrust *trust = pki_trust(&pki);
	ReloadCertificate *certificate;

	g_assert_cmpint(
	    reload_certificate_parse(pki_span(der), PKI_OVERLAY, 16, &certificate, NULL), ==,
	    RELOAD_OK);
	for (int i = 0; i < 2; i++) {
		ReloadIdentity *identity =
		    reload_identity_new(certificate, NULL, key, &ids[i], NULL);
		GByteArray *message = make_message(identity, NULL);
		ReloadMessage decoded;

		g_assert_cmpint(
		    reload_message_decode((ReloadSpan){message->data, message->len}, 16, &decoded),
		    ==, RELOAD_OK);
		g_assert_cmpint(decoded.security.signature.identity.type, ==,
				RELOAD_SIGNER_CERT_HASH_NODE_ID);
		g_assert_cmpint(verify(trust, message, PKI_NOW, NULL, &got), ==, RELOAD_OK);
		g_assert_true(reload_node_id_equal(&got, &ids[i]));
		g_byte_array_unref(message);
		reload_identity_unref(identity);
	}
	/* cert_hash alone does not say which of the two signed. */
	{
		ReloadCertificateSet *set = reload_certificate_set_new(trust);
		ReloadSignerIdentity signer = {
		    .type = RELOAD_SIGNER_CERT_HASH,
		    .hash_alg = RELOAD_HASH_SHA256,
		    .hash = {reload_certificate_sha256(certificate), RELOAD_SHA256_LEN},
		};
		ReloadCertificate *found;

		reload_certificate_set_add(set, certificate);
		g_assert_cmpint(reload_certificate_set_find(set, &signer, PKI_NOW, &found, &got), ==,
				RELOAD_E_SIGNATURE);
		g_assert_null(found);
		reload_certificate_set_free(set);
	}
	reload_certificate_unref(certificate);
	reload_trust_unref(trust);
	g_bytes_unref(der);
	EVP_PKEY_free(key);
}

int main(int argc, char **argv)
{
	int result;

	g_test_init(&argc, &argv, NULL);
	pki_init(&pki);
	g_test_add_func("/security/sign/message/p256", test_message_p256);
	g_test_add_func("/security/sign/message/rsa", test_message_rsa);
	g_test_add_func("/security/sign/cache", test_cache);
	g_test_add_data_func("/security/sign/openssl/message/p256",
			     GINT_TO_POINTER(RELOAD_KEY_P256), check_message_with_openssl);
	g_test_add_data_func("/security/sign/openssl/message/rsa",
			     GINT_TO_POINTER(RELOAD_KEY_RSA2048), check_message_with_openssl);
	g_test_add_data_func("/security/sign/openssl/stored/p256", GINT_TO_POINTER(RELOAD_KEY_P256),
			     check_stored_with_openssl);
	g_test_add_data_func("/security/sign/openssl/stored/rsa",
			     GINT_TO_POINTER(RELOAD_KEY_RSA2048), check_stored_with_openssl);
	g_test_add_func("/security/sign/stored", test_stored_data);
	g_test_add_func("/security/sign/stored/none", test_none_is_refused);
	g_test_add_func("/security/sign/several-node-ids", test_several_node_ids);
	result = g_test_run();
	pki_clear(&pki);
	return result;
}
