/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making keys and certificates, in memory (RFC 6940, 11.3): the operator's tool, enrollment and
 * tests use it; a running peer does not. Keys come from OpenSSL's random generator. */
#ifndef RELOAD_SECURITY_ISSUE_H
#define RELOAD_SECURITY_ISSUE_H

#include "reload_core/security/certificate.h"

typedef enum {
	RELOAD_KEY_P256,
	RELOAD_KEY_RSA2048,
} ReloadKeyType;

/* What a certificate shall say. Node-IDs are the caller's to draw at random. */
typedef struct {
	const char *overlay;
	const ReloadNodeId *node_ids;
	size_t node_id_count;
	const char *user_name; /* printable ASCII, no spaces */
	int64_t not_before;    /* ms since the Unix epoch, rounded down to seconds */
	int64_t not_after;
} ReloadCertificateRequest;

/* Each returns something new, or NULL with error set. Free keys with EVP_PKEY_free. */
EVP_PKEY *reload_key_generate(ReloadKeyType type, GError **error);

/* A CA certificate (DER) for key, signed by itself. */
GBytes *reload_issue_ca(EVP_PKEY *key, const char *common_name, int64_t not_before,
			int64_t not_after, GError **error);

/* A certificate (DER) for subject_key, signed by the CA. */
GBytes *reload_issue_certificate(GBytes *ca_certificate, EVP_PKEY *ca_key, EVP_PKEY *subject_key,
				 const ReloadCertificateRequest *request, GError **error);

/* A self-signed certificate (11.3.1): request's Node-IDs are ignored, its node_id_count of them (0:
 * one) of node_id_length bytes are computed from the key with digest. */
GBytes *reload_issue_self_signed(EVP_PKEY *key, ReloadDigest digest, uint8_t node_id_length,
				 const ReloadCertificateRequest *request, GError **error);

/* The Node-ID that belongs to a key in a self-signed certificate: the digest of its
 * subjectPublicKeyInfo (info, DER, as it stands in the certificate). index 0 for the only one of
 * its certificate, else from 1 (11.3.1). RELOAD_E_INTERNAL: no digest of such a length. */
ReloadStatus reload_node_id_from_key_info(ReloadSpan info, ReloadDigest digest, uint32_t index,
					  uint8_t node_id_length, ReloadNodeId *out);
/* The same of a key whose certificate is not there yet: of the subjectPublicKeyInfo that we shall
 * write. */
ReloadStatus reload_node_id_from_key(EVP_PKEY *key, ReloadDigest digest, uint32_t index,
				     uint8_t node_id_length, ReloadNodeId *out);

/* PEM text of a certificate (DER) or a private key; free with g_free. */
char *reload_certificate_to_pem(GBytes *der);
char *reload_key_to_pem(EVP_PKEY *key);

#endif
