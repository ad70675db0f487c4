/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making keys and certificates. */
#include "reload_core/security/issue.h"

#include "reload_core/security/certificate_private.h"
#include "reload_core/security/error.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define SERIAL_BITS 127

static ReloadStatus fail_openssl(GError **error, const char *what)
{
	char reason[160] = "no reason given";
	unsigned long code = ERR_get_error();

	if (code != 0)
		ERR_error_string_n(code, reason, sizeof(reason));
	ERR_clear_error();
	return reload_fail(error, RELOAD_E_INTERNAL, "OpenSSL cannot %s: %s", what, reason);
}

EVP_PKEY *reload_key_generate(ReloadKeyType type, GError **error)
{
	EVP_PKEY *key =
	    type == RELOAD_KEY_P256 ? EVP_EC_gen("P-256") : EVP_RSA_gen((unsigned int)2048);

	if (!key)
		fail_openssl(error, "make a key");
	return key;
}

static bool set_serial(X509 *x509)
{
	BIGNUM *number = BN_new();
	bool good = number &&
		    BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
		    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) != NULL;

	BN_free(number);
	return good;
}

/* A certificate of version 3 with serial, dates and key, and with an empty subject. */
static X509 *new_certificate(EVP_PKEY *key, int64_t not_before, int64_t not_after)
{
	X509 *x509 = X509_new();

	if (x509 && X509_set_version(x509, X509_VERSION_3) == 1 && set_serial(x509) &&
	    ASN1_TIME_set(X509_getm_notBefore(x509), not_before / 1000) &&
	    ASN1_TIME_set(X509_getm_notAfter(x509), not_after / 1000) &&
	    X509_set_pubkey(x509, key) == 1)
		return x509;
	X509_free(x509);
	return NULL;
}

/* Adds an extension by OpenSSL's text form; value is ours alone, nothing of a user's goes in here.
 */
static bool add_extension(X509 *x509, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX context;
	bool good;

	X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	good = extension && X509_add_ext(x509, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return good;
}

static bool add_name(GENERAL_NAMES *names, int type, const char *text)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *string = ASN1_IA5STRING_new();

	if (!name || !string || ASN1_STRING_set(string, text, -1) != 1) {
		GENERAL_NAME_free(name);
		ASN1_IA5STRING_free(string);
		return false;
	}
	GENERAL_NAME_set0_value(name, type, string);
	if (sk_GENERAL_NAME_push(names, name) > 0)
		return true;
	GENERAL_NAME_free(name);
	return false;
}

/* RFC 6940, 11.3: the Node-IDs as reload URIs (14.15), one rfc822Name, nothing else; critical,
 * since the subject is empty (RFC 5280, 4.2.1.6). */
static bool add_alternative_names(X509 *x509, const ReloadCertificateRequest *request,
				  const ReloadNodeId *node_ids, size_t count)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	bool good = names != NULL;

	for (size_t i = 0; good && i < count; i++) {
		char hex[RELOAD_NODE_ID_TEXT];
		char *uri =
		    g_strdup_printf("reload://01%02x%s@%s/", node_ids[i].len,
				    reload_node_id_to_text(&node_ids[i], hex), request->overlay);

		good = add_name(names, GEN_URI, uri);
		g_free(uri);
	}
	good = good && add_name(names, GEN_EMAIL, request->user_name) &&
	       X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 1, X509V3_ADD_DEFAULT) == 1;
	GENERAL_NAMES_free(names);
	return good;
}

static GBytes *to_der(X509 *x509)
{
	unsigned char *der = NULL;
	int length = i2d_X509(x509, &der);
	GBytes *bytes = length > 0 ? g_bytes_new(der, (gsize)length) : NULL;

	OPENSSL_free(der);
	return bytes;
}

static X509 *from_der(GBytes *der)
{
	gsize length;
	const unsigned char *position = g_bytes_get_data(der, &length);

	return d2i_X509(NULL, &position, (long)length);
}

GBytes *reload_issue_ca(EVP_PKEY *key, const char *common_name, int64_t not_before,
			int64_t not_after, GError **error)
{
	X509 *x509 = new_certificate(key, not_before, not_after);
	X509_NAME *subject = x509 ? X509_get_subject_name(x509) : NULL;
	GBytes *der = NULL;

	if (x509 &&
	    X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
				       (const unsigned char *)common_name, -1, -1, 0) == 1 &&
	    X509_set_issuer_name(x509, subject) == 1 &&
	    add_extension(x509, x509, NID_basic_constraints, "critical,CA:TRUE") &&
	    add_extension(x509, x509, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	    add_extension(x509, x509, NID_subject_key_identifier, "hash") &&
	    X509_sign(x509, key, EVP_sha256()) > 0)
		der = to_der(x509);
	X509_free(x509);
	if (!der)
		fail_openssl(error, "make a CA certificate");
	return der;
}

/* What is wrong in a request would make a certificate that every peer refuses: say so now. */
static bool check_request(const ReloadCertificateRequest *request, GError **error)
{
	size_t length = strlen(request->user_name);

	if (length == 0 || length > RELOAD_USER_NAME_MAX) {
		reload_fail(error, RELOAD_E_CONFIG, "user name is empty or longer than %d bytes",
			    RELOAD_USER_NAME_MAX);
		return false;
	}
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)request->user_name[i];

		if (c <= 0x20 || c >= 0x7f) {
			reload_fail(error, RELOAD_E_CONFIG,
				    "user name \"%s\" has a character that is not printable ASCII: "
				    "a certificate cannot hold it",
				    request->user_name);
			return false;
		}
	}
	if (request->not_after <= request->not_before) {
		reload_fail(error, RELOAD_E_CONFIG, "certificate would end before it begins");
		return false;
	}
	return true;
}

static bool add_end_entity_extensions(X509 *x509, X509 *issuer,
				      const ReloadCertificateRequest *request,
				      const ReloadNodeId *node_ids, size_t count)
{
	return add_extension(x509, issuer, NID_key_usage, "critical,digitalSignature") &&
	       add_alternative_names(x509, request, node_ids, count) &&
	       (issuer == x509 || X509_get_ext_by_NID(issuer, NID_subject_key_identifier, -1) < 0 ||
		add_extension(x509, issuer, NID_authority_key_identifier, "keyid:always"));
}

GBytes *reload_issue_certificate(GBytes *ca_certificate, EVP_PKEY *ca_key, EVP_PKEY *subject_key,
				 const ReloadCertificateRequest *request, GError **error)
{
	X509 *issuer, *x509;
	GBytes *der = NULL;

	if (!check_request(request, error))
		return NULL;
	if (request->node_id_count == 0 ||
	    request->node_id_count > RELOAD_CERTIFICATE_MAX_NODE_IDS) {
		reload_fail(error, RELOAD_E_CONFIG, "a certificate holds 1 to %d Node-IDs",
			    RELOAD_CERTIFICATE_MAX_NODE_IDS);
		return NULL;
	}
	issuer = from_der(ca_certificate);
	x509 = new_certificate(subject_key, request->not_before, request->not_after);
	if (issuer && x509 && X509_check_private_key(issuer, ca_key) != 1) {
		reload_fail(error, RELOAD_E_CONFIG, "the CA's key is not its certificate's");
	} else if (issuer && x509 &&
		   X509_set_issuer_name(x509, X509_get_subject_name(issuer)) == 1 &&
		   add_end_entity_extensions(x509, issuer, request, request->node_ids,
					     request->node_id_count) &&
		   X509_sign(x509, ca_key, EVP_sha256()) > 0) {
		der = to_der(x509);
	} else {
		fail_openssl(error, "make a certificate");
	}
	ERR_clear_error();
	X509_free(issuer);
	X509_free(x509);
	return der;
}

GBytes *reload_issue_self_signed(EVP_PKEY *key, ReloadDigest digest, uint8_t node_id_length,
				 const ReloadCertificateRequest *request, GError **error)
{
	ReloadNodeId node_ids[RELOAD_CERTIFICATE_MAX_NODE_IDS];
	size_t count = MAX(request->node_id_count, 1);
	GBytes *der = NULL;
	X509 *x509;

	if (!check_request(request, error))
		return NULL;
	if (count > RELOAD_CERTIFICATE_MAX_NODE_IDS) {
		reload_fail(error, RELOAD_E_CONFIG, "a certificate holds 1 to %d Node-IDs",
			    RELOAD_CERTIFICATE_MAX_NODE_IDS);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		if (reload_node_id_from_key(key, digest, count == 1 ? 0 : (uint32_t)i + 1,
					    node_id_length, &node_ids[i]) != RELOAD_OK) {
			fail_openssl(error, "compute a Node-ID");
			return NULL;
		}
	}
	x509 = new_certificate(key, request->not_before, request->not_after);
	if (x509 && add_end_entity_extensions(x509, x509, request, node_ids, count) &&
	    X509_sign(x509, key, EVP_sha256()) > 0)
		der = to_der(x509);
	X509_free(x509);
	if (!der)
		fail_openssl(error, "make a certificate");
	return der;
}

ReloadStatus reload_node_id_from_key_info(ReloadSpan info, ReloadDigest digest, uint32_t index,
					  uint8_t node_id_length, ReloadNodeId *out)
{
	const uint8_t prefix[4] = {index >> 24, index >> 16, index >> 8, index};
	const ReloadSpan parts[2] = {{prefix, index == 0 ? 0 : sizeof(prefix)}, info};
	uint8_t hash[RELOAD_DIGEST_MAX];
	size_t hash_length = reload_digest(digest, parts, 2, hash);

	if (hash_length < node_id_length || node_id_length < RELOAD_NODE_ID_MIN ||
	    node_id_length > RELOAD_NODE_ID_MAX)
		return RELOAD_E_INTERNAL;
	memset(out, 0, sizeof(*out));
	out->len = node_id_length;
	memcpy(out->id, hash, node_id_length);
	return RELOAD_OK;
}

ReloadStatus reload_node_id_from_key(EVP_PKEY *key, ReloadDigest digest, uint32_t index,
				     uint8_t node_id_length, ReloadNodeId *out)
{
	unsigned char *info = NULL;
	int length = i2d_PUBKEY(key, &info);
	ReloadStatus status = RELOAD_E_INTERNAL;

	if (length > 0)
		status = reload_node_id_from_key_info((ReloadSpan){info, (size_t)length}, digest,
						      index, node_id_length, out);
	OPENSSL_free(info);
	return status;
}

static char *take_text(BIO *bio, bool good)
{
	char *text = NULL;
	char *data;
	long length = good ? BIO_get_mem_data(bio, &data) : 0;

	if (length > 0)
		text = g_strndup(data, (gsize)length);
	BIO_free(bio);
	return text;
}

char *reload_certificate_to_pem(GBytes *der)
{
	BIO *bio = BIO_new(BIO_s_mem());
	X509 *x509 = from_der(der);
	bool good = bio && x509 && PEM_write_bio_X509(bio, x509) == 1;

	X509_free(x509);
	return take_text(bio, good);
}

char *reload_key_to_pem(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_secmem());

	return take_text(
	    bio, bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
}
