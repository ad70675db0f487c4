/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chains to a root-cert, and certificates that are self-signed. */
#include "reload_core/security/chain.h"

#include "reload_core/security/certificate_private.h"
#include "reload_core/security/error.h"
#include "reload_core/security/issue.h"
#include "reload_core/security/trust.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

/* CA certificates between an end entity's and a root-cert. */
#define CHAIN_DEPTH_MAX 4
/* OpenSSL's level 2: 112 bits of security; RSA from 2048 bits on, no SHA-1. */
#define AUTH_LEVEL 2
#define SECURITY_BITS_MIN 112

struct ReloadRoots {
	X509_STORE *store;
};

static X509 *parse_x509(const unsigned char *data, size_t length)
{
	const unsigned char *position = data;
	X509 *x509 =
	    length <= RELOAD_CERTIFICATE_MAX_BYTES ? d2i_X509(NULL, &position, (long)length) : NULL;

	if (x509 && position != data + length) {
		X509_free(x509);
		x509 = NULL;
	}
	return x509;
}

static bool add_root(ReloadRoots *roots, GBytes *der, guint number, GError **error)
{
	gsize length;
	const unsigned char *data = g_bytes_get_data(der, &length);
	X509 *x509 = parse_x509(data, length);
	EVP_PKEY *key = x509 ? X509_get0_pubkey(x509) : NULL;
	const char *wrong = NULL;

	if (!x509)
		wrong = "is not a DER X.509 certificate: put the CA's certificate there, base64";
	else if (X509_check_ca(x509) != 1)
		wrong = "is not a CA's (basicConstraints CA:TRUE is missing): put the CA's "
			"certificate there";
	else if (!key || EVP_PKEY_get_security_bits(key) < SECURITY_BITS_MIN)
		wrong = "has a weak key: use RSA of 2048 bits or more, or P-256";
	else if (X509_STORE_add_cert(roots->store, x509) != 1)
		wrong = "is not usable by OpenSSL";
	if (wrong)
		reload_fail(error, RELOAD_E_CONFIG, "root-cert %u %s", number, wrong);
	X509_free(x509);
	ERR_clear_error();
	return !wrong;
}

ReloadRoots *reload_roots_new(const GPtrArray *ders, GError **error)
{
	ReloadRoots *roots = g_new0(ReloadRoots, 1);

	roots->store = X509_STORE_new();
	if (!roots->store) {
		reload_fail(error, RELOAD_E_INTERNAL,
			    "OpenSSL cannot make a store of certificates");
		reload_roots_free(roots);
		return NULL;
	}
	for (guint i = 0; ders && i < ders->len; i++) {
		if (!add_root(roots, ders->pdata[i], i + 1, error)) {
			reload_roots_free(roots);
			return NULL;
		}
	}
	return roots;
}

void reload_roots_free(ReloadRoots *roots)
{
	X509_STORE_free(roots->store);
	g_free(roots);
}

ReloadStatus reload_check_end_entity(const ReloadCertificate *certificate, GError **error)
{
	X509 *x509 = reload_certificate_x509(certificate);

	if (X509_get_extension_flags(x509) & (EXFLAG_INVALID | EXFLAG_CRITICAL))
		return reload_fail(error, RELOAD_E_CERTIFICATE,
				   "certificate has a malformed or an unknown critical extension");
	/* All bits are set where the extension is absent. */
	if (!(X509_get_key_usage(x509) & KU_DIGITAL_SIGNATURE))
		return reload_fail(error, RELOAD_E_CERTIFICATE,
				   "certificate's keyUsage lacks digitalSignature");
	return RELOAD_OK;
}

bool reload_is_self_issued(const ReloadCertificate *certificate)
{
	X509 *x509 = reload_certificate_x509(certificate);

	return X509_NAME_cmp(X509_get_issuer_name(x509), X509_get_subject_name(x509)) == 0;
}

/* RFC 6940, 11.3.1: of the subjectPublicKeyInfo as it stands in the certificate. The key written
 * anew may have another one: other software leaves out parameters, say, that we write. */
static bool node_ids_follow_from(const ReloadCertificate *certificate, ReloadSpan info,
				 ReloadDigest digest)
{
	size_t count;
	const ReloadNodeId *ids = reload_certificate_node_ids(certificate, &count);

	for (size_t i = 0; i < count; i++) {
		ReloadNodeId expected;

		if (reload_node_id_from_key_info(info, digest, count == 1 ? 0 : (uint32_t)i + 1,
						 ids[i].len, &expected) != RELOAD_OK ||
		    !reload_node_id_equal(&expected, &ids[i]))
			return false;
	}
	return true;
}

ReloadStatus reload_verify_self_signed(const ReloadCertificate *certificate, ReloadDigest digest,
				       GError **error)
{
	X509 *x509 = reload_certificate_x509(certificate);
	unsigned char *info = NULL;
	int length;
	bool good;

	if (X509_verify(x509, reload_certificate_key(certificate)) != 1)
		return reload_fail(error, RELOAD_E_CERTIFICATE,
				   "self-signed certificate is not signed by its own key");
	length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &info);
	good = length > 0 &&
	       node_ids_follow_from(certificate, (ReloadSpan){info, (size_t)length}, digest);
	OPENSSL_free(info);
	if (!good)
		return reload_fail(
		    error, RELOAD_E_CERTIFICATE,
		    "Node-ID of a self-signed certificate is not the digest of its key");
	return RELOAD_OK;
}

static STACK_OF(X509) * parse_others(const ReloadSpan *others, size_t count)
{
	STACK_OF(X509) *stack = sk_X509_new_null();

	for (size_t i = 0; stack && i < count && sk_X509_num(stack) < RELOAD_TRUST_CHAIN_MAX; i++) {
		X509 *x509 = parse_x509(others[i].data, others[i].len);

		/* Users' certificates come along in the same list: only CAs' are of use here. */
		if (x509 && (X509_check_ca(x509) != 1 || sk_X509_push(stack, x509) <= 0))
			X509_free(x509);
	}
	return stack;
}

/* RFC 6940, 11.3: "including PKIX BasicConstraints checks". OpenSSL alone lets old CA certificates
 * without the extension pass. */
static ReloadStatus check_issuers(STACK_OF(X509) * found, GError **error)
{
	for (int i = 1; i < sk_X509_num(found); i++) {
		if (X509_check_ca(sk_X509_value(found, i)) != 1)
			return reload_fail(
			    error, RELOAD_E_CERTIFICATE,
			    "certificate was issued by a certificate that is not a CA's");
	}
	return RELOAD_OK;
}

static void take_chain(ReloadCertificate *certificate, STACK_OF(X509) * found, int64_t *not_before,
		       int64_t *not_after)
{
	GPtrArray *between = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	int count = sk_X509_num(found);

	for (int i = 1; i < count; i++) {
		X509 *x509 = sk_X509_value(found, i);
		int64_t from, to;
		unsigned char *der = NULL;
		int length;

		if (reload_asn1_time_to_ms(X509_get0_notBefore(x509), &from))
			*not_before = MAX(*not_before, from);
		if (reload_asn1_time_to_ms(X509_get0_notAfter(x509), &to))
			*not_after = MIN(*not_after, to + 999);
		/* The last one is the root-cert; everybody has it. */
		length = i + 1 < count ? i2d_X509(x509, &der) : 0;
		if (length > 0)
			g_ptr_array_add(between, g_bytes_new(der, (gsize)length));
		OPENSSL_free(der);
	}
	if (between->len > 0)
		reload_certificate_take_chain(certificate, between);
	else
		g_ptr_array_unref(between);
}

static ReloadStatus fail_chain(int reason, GError **error)
{
	bool dates =
	    reason == X509_V_ERR_CERT_HAS_EXPIRED || reason == X509_V_ERR_CERT_NOT_YET_VALID;

	return reload_fail(error, dates ? RELOAD_E_EXPIRED : RELOAD_E_CERTIFICATE,
			   "certificate does not chain to a root-cert of the document: %s",
			   X509_verify_cert_error_string(reason));
}

ReloadStatus reload_verify_chain(const ReloadRoots *roots, ReloadCertificate *certificate,
				 const ReloadSpan *others, size_t count, int64_t now,
				 int64_t *not_before, int64_t *not_after, GError **error)
{
	STACK_OF(X509) *untrusted = parse_others(others, count);
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	ReloadStatus status = RELOAD_E_INTERNAL;
	X509_VERIFY_PARAM *parameters;

	if (!context || !untrusted ||
	    X509_STORE_CTX_init(context, roots->store, reload_certificate_x509(certificate),
				untrusted) != 1) {
		reload_fail(error, status, "OpenSSL cannot verify certificates");
		goto out;
	}
	parameters = X509_STORE_CTX_get0_param(context);
	X509_VERIFY_PARAM_set_time(parameters, (time_t)(now / 1000));
	X509_VERIFY_PARAM_set_depth(parameters, CHAIN_DEPTH_MAX);
	X509_VERIFY_PARAM_set_auth_level(parameters, AUTH_LEVEL);
	/* A root-cert is trusted as it is, though another CA may have issued it. */
	X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
	if (X509_verify_cert(context) == 1)
		status = check_issuers(X509_STORE_CTX_get0_chain(context), error);
	else
		status = fail_chain(X509_STORE_CTX_get_error(context), error);
	if (status == RELOAD_OK)
		take_chain(certificate, X509_STORE_CTX_get0_chain(context), not_before, not_after);
out:
	X509_STORE_CTX_free(context);
	sk_X509_pop_free(untrusted, X509_free);
	ERR_clear_error();
	return status;
}
