/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading an end entity certificate. */
#include "reload_core/security/certificate.h"

#include "reload_core/security/certificate_private.h"
#include "reload_core/security/error.h"

#include <openssl/x509v3.h>
#include <time.h>

/* Above the upper bound a remote would only make us compute longer. */
#define RSA_MIN_BITS 2048
#define RSA_MAX_BITS 8192

struct ReloadCertificate {
	gint references;
	X509 *x509;
	GBytes *der;
	EVP_PKEY *key;
	char *user_name;
	ReloadNodeId node_ids[RELOAD_CERTIFICATE_MAX_NODE_IDS];
	size_t node_id_count;
	int64_t not_before;
	int64_t not_after;
	uint8_t sha256[RELOAD_DIGEST_MAX];
	uint8_t sha1[RELOAD_DIGEST_MAX];
	ReloadResourceId user_resource;
	GPtrArray *chain;
};

bool reload_asn1_time_to_ms(const ASN1_TIME *time, int64_t *ms)
{
	struct tm broken_down;

	if (!time || ASN1_TIME_to_tm(time, &broken_down) != 1)
		return false;
	*ms = (int64_t)timegm(&broken_down) * 1000;
	return true;
}

ReloadStatus reload_key_check(EVP_PKEY *key, GError **error)
{
	char group[64] = "";
	int bits;

	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
		bits = EVP_PKEY_get_bits(key);
		if (bits < RSA_MIN_BITS || bits > RSA_MAX_BITS)
			return reload_fail(error, RELOAD_E_CERTIFICATE,
					   "RSA key of %d bits: use one of %d to %d bits", bits,
					   RSA_MIN_BITS, RSA_MAX_BITS);
		return RELOAD_OK;
	case EVP_PKEY_EC:
		EVP_PKEY_get_group_name(key, group, sizeof(group), NULL);
		if (strcmp(group, "prime256v1") != 0 && strcmp(group, "P-256") != 0)
			return reload_fail(error, RELOAD_E_CERTIFICATE,
					   "elliptic curve %s: use P-256 (prime256v1)", group);
		return RELOAD_OK;
	default:
		return reload_fail(error, RELOAD_E_CERTIFICATE,
				   "key is neither RSA nor P-256: make one of these");
	}
}

static int hex_byte(const char *digits)
{
	int high = g_ascii_xdigit_value(digits[0]);
	int low = high < 0 ? -1 : g_ascii_xdigit_value(digits[1]);

	return low < 0 ? -1 : high << 4 | low;
}

/* The destination part of a reload URI: a destination list with one node_id entry (type 1, its
 * length, the Node-ID), or, as others write it, the Node-ID alone (RFC 6940, 14.15 and 6.3.2.2). */
static bool parse_destination(const char *hex, size_t digits, uint8_t node_id_length,
			      ReloadNodeId *out)
{
	size_t bytes = digits / 2;

	if (digits % 2 != 0)
		return false;
	if (bytes == (size_t)node_id_length + 2) {
		if (hex_byte(hex) != 1 || hex_byte(hex + 2) != node_id_length)
			return false;
		hex += 4;
	} else if (bytes != node_id_length) {
		return false;
	}
	memset(out, 0, sizeof(*out));
	out->len = node_id_length;
	for (size_t i = 0; i < node_id_length; i++) {
		int value = hex_byte(hex + 2 * i);

		if (value < 0)
			return false;
		out->id[i] = (uint8_t)value;
	}
	return !reload_node_id_is_wildcard(out);
}

static ReloadStatus read_uri(ReloadCertificate *certificate, const char *uri, size_t length,
			     const char *overlay, uint8_t node_id_length, GError **error)
{
	static const char scheme[] = "reload://";
	size_t scheme_length = sizeof(scheme) - 1;
	const char *at;
	size_t name_length;

	if (length < scheme_length || g_ascii_strncasecmp(uri, scheme, scheme_length) != 0)
		return reload_fail(error, RELOAD_E_CERTIFICATE,
				   "subjectAltName has a URI that is not reload://");
	uri += scheme_length;
	length -= scheme_length;
	at = memchr(uri, '@', length);
	if (!at)
		return reload_fail(error, RELOAD_E_CERTIFICATE,
				   "reload URI in subjectAltName names no overlay");
	name_length = length - (size_t)(at + 1 - uri);
	if (name_length > 0 && at[name_length] == '/')
		name_length--;
	if (name_length != strlen(overlay) ||
	    g_ascii_strncasecmp(at + 1, overlay, name_length) != 0)
		return reload_fail(error, RELOAD_E_OVERLAY,
				   "certificate is of overlay \"%.*s\", not of \"%s\"",
				   (int)MIN(name_length, 255), at + 1, overlay);
	if (certificate->node_id_count == RELOAD_CERTIFICATE_MAX_NODE_IDS)
		return reload_fail(error, RELOAD_E_CERTIFICATE, "more than %d Node-IDs",
				   RELOAD_CERTIFICATE_MAX_NODE_IDS);
	if (!parse_destination(uri, (size_t)(at - uri), node_id_length,
			       &certificate->node_ids[certificate->node_id_count]))
		return reload_fail(error, RELOAD_E_CERTIFICATE,
				   "reload URI in subjectAltName holds no Node-ID of %u bytes",
				   node_id_length);
	certificate->node_id_count++;
	return RELOAD_OK;
}

static ReloadStatus read_user_name(ReloadCertificate *certificate, const char *name, size_t length,
				   GError **error)
{
	if (certificate->user_name)
		return reload_fail(
		    error, RELOAD_E_CERTIFICATE,
		    "subjectAltName has more than one rfc822Name: issue it with exactly one");
	if (length == 0 || length > RELOAD_USER_NAME_MAX)
		return reload_fail(error, RELOAD_E_CERTIFICATE,
				   "rfc822Name is empty or longer than %d bytes",
				   RELOAD_USER_NAME_MAX);
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)name[i] <= 0x20 || (unsigned char)name[i] >= 0x7f)
			return reload_fail(
			    error, RELOAD_E_CERTIFICATE,
			    "rfc822Name has a character that is not printable ASCII");
	}
	certificate->user_name = g_strndup(name, length);
	return RELOAD_OK;
}

static ReloadStatus read_names(ReloadCertificate *certificate, const GENERAL_NAMES *names,
			       const char *overlay, uint8_t node_id_length, GError **error)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		ReloadStatus status;
		const ASN1_STRING *text = NULL;

		if (name->type == GEN_URI || name->type == GEN_EMAIL)
			text = name->d.ia5;
		if (name->type == GEN_URI)
			status = read_uri(certificate, (const char *)ASN1_STRING_get0_data(text),
					  (size_t)ASN1_STRING_length(text), overlay, node_id_length,
					  error);
		else if (name->type == GEN_EMAIL)
			status =
			    read_user_name(certificate, (const char *)ASN1_STRING_get0_data(text),
					   (size_t)ASN1_STRING_length(text), error);
		else
			status = reload_fail(
			    error, RELOAD_E_CERTIFICATE,
			    "subjectAltName holds more than reload URIs and one rfc822Name");
		if (status != RELOAD_OK)
			return status;
	}
	if (certificate->node_id_count == 0)
		return reload_fail(
		    error, RELOAD_E_CERTIFICATE,
		    "no Node-ID (reload URI) in subjectAltName: issue it with `reloadctl cert`");
	if (!certificate->user_name)
		return reload_fail(error, RELOAD_E_CERTIFICATE,
				   "no rfc822Name in subjectAltName: issue it with exactly one");
	return RELOAD_OK;
}

static ReloadStatus read_alternative_names(ReloadCertificate *certificate, const char *overlay,
					   uint8_t node_id_length, GError **error)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(certificate->x509, NID_subject_alt_name, NULL, NULL);
	ReloadStatus status;

	if (!names)
		return reload_fail(
		    error, RELOAD_E_CERTIFICATE,
		    "no subjectAltName, or a malformed one: issue it with `reloadctl cert`");
	status = read_names(certificate, names, overlay, node_id_length, error);
	GENERAL_NAMES_free(names);
	return status;
}

static ReloadStatus read_key_and_dates(ReloadCertificate *certificate, GError **error)
{
	certificate->key = X509_get_pubkey(certificate->x509);
	if (!certificate->key)
		return reload_fail(error, RELOAD_E_CERTIFICATE, "public key cannot be read");
	if (!reload_asn1_time_to_ms(X509_get0_notBefore(certificate->x509),
				    &certificate->not_before) ||
	    !reload_asn1_time_to_ms(X509_get0_notAfter(certificate->x509), &certificate->not_after))
		return reload_fail(error, RELOAD_E_CERTIFICATE, "validity dates cannot be read");
	certificate->not_after += 999; /* the whole of its last second */
	return reload_key_check(certificate->key, error);
}

static ReloadStatus hash(ReloadCertificate *certificate, GError **error)
{
	ReloadSpan der = reload_certificate_der(certificate);
	ReloadSpan user = {(const uint8_t *)certificate->user_name, strlen(certificate->user_name)};

	if (reload_digest(RELOAD_DIGEST_SHA256, &der, 1, certificate->sha256) == 0 ||
	    reload_digest(RELOAD_DIGEST_SHA1, &der, 1, certificate->sha1) == 0)
		return reload_fail(error, RELOAD_E_INTERNAL,
				   "OpenSSL cannot compute SHA-1 or SHA-256");
	reload_hash_resource_name(user, &certificate->user_resource);
	return RELOAD_OK;
}

ReloadStatus reload_certificate_parse(ReloadSpan der, const char *overlay, uint8_t node_id_length,
				      ReloadCertificate **out, GError **error)
{
	const unsigned char *position = der.data;
	ReloadCertificate *certificate;
	ReloadStatus status;
	X509 *x509;

	*out = NULL;
	if (der.len > RELOAD_CERTIFICATE_MAX_BYTES)
		return reload_fail(error, RELOAD_E_TOO_LARGE, "certificate larger than %d bytes",
				   RELOAD_CERTIFICATE_MAX_BYTES);
	x509 = d2i_X509(NULL, &position, (long)der.len);
	if (!x509 || position != der.data + der.len) {
		X509_free(x509);
		return reload_fail(error, RELOAD_E_CERTIFICATE, "not a DER X.509 certificate");
	}
	certificate = g_new0(ReloadCertificate, 1);
	certificate->references = 1;
	certificate->x509 = x509;
	certificate->der = g_bytes_new(der.data, der.len);
	status = read_alternative_names(certificate, overlay, node_id_length, error);
	if (status == RELOAD_OK)
		status = read_key_and_dates(certificate, error);
	if (status == RELOAD_OK)
		status = hash(certificate, error);
	if (status != RELOAD_OK) {
		reload_certificate_unref(certificate);
		return status;
	}
	*out = certificate;
	return RELOAD_OK;
}

ReloadCertificate *reload_certificate_ref(ReloadCertificate *certificate)
{
	g_atomic_int_inc(&certificate->references);
	return certificate;
}

void reload_certificate_unref(ReloadCertificate *certificate)
{
	if (!certificate || !g_atomic_int_dec_and_test(&certificate->references))
		return;
	X509_free(certificate->x509);
	EVP_PKEY_free(certificate->key);
	g_bytes_unref(certificate->der);
	g_free(certificate->user_name);
	if (certificate->chain)
		g_ptr_array_unref(certificate->chain);
	g_free(certificate);
}

ReloadSpan reload_certificate_der(const ReloadCertificate *certificate)
{
	ReloadSpan span;

	span.data = g_bytes_get_data(certificate->der, &span.len);
	return span;
}

X509 *reload_certificate_x509(const ReloadCertificate *certificate)
{
	return certificate->x509;
}

EVP_PKEY *reload_certificate_key(const ReloadCertificate *certificate)
{
	return certificate->key;
}

const char *reload_certificate_user_name(const ReloadCertificate *certificate)
{
	return certificate->user_name;
}

const ReloadNodeId *reload_certificate_node_ids(const ReloadCertificate *certificate, size_t *count)
{
	*count = certificate->node_id_count;
	return certificate->node_ids;
}

const ReloadNodeId *reload_certificate_node_id(const ReloadCertificate *certificate)
{
	return &certificate->node_ids[0];
}

bool reload_certificate_has_node_id(const ReloadCertificate *certificate, const ReloadNodeId *id)
{
	for (size_t i = 0; i < certificate->node_id_count; i++) {
		if (reload_node_id_equal(&certificate->node_ids[i], id))
			return true;
	}
	return false;
}

const uint8_t *reload_certificate_sha256(const ReloadCertificate *certificate)
{
	return certificate->sha256;
}

const uint8_t *reload_certificate_sha1(const ReloadCertificate *certificate)
{
	return certificate->sha1;
}

int64_t reload_certificate_not_before(const ReloadCertificate *certificate)
{
	return certificate->not_before;
}

int64_t reload_certificate_not_after(const ReloadCertificate *certificate)
{
	return certificate->not_after;
}

ReloadStatus reload_certificate_check_dates(const ReloadCertificate *certificate, int64_t now)
{
	if (now < certificate->not_before || now > certificate->not_after)
		return RELOAD_E_EXPIRED;
	return RELOAD_OK;
}

bool reload_certificate_user_matches(const ReloadCertificate *certificate,
				     const ReloadResourceId *id)
{
	return reload_resource_id_equal(&certificate->user_resource, id);
}

const GPtrArray *reload_certificate_chain(const ReloadCertificate *certificate)
{
	return certificate->chain;
}

void reload_certificate_take_chain(ReloadCertificate *certificate, GPtrArray *chain)
{
	if (certificate->chain)
		g_ptr_array_unref(certificate->chain);
	certificate->chain = chain;
}
