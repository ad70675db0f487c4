/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One end entity certificate of an overlay, read once: key, Node-IDs, user name, dates, hashes
 * (RFC 6940, 11.3). Immutable and reference-counted. That it parses says nothing about whether it
 * is to be trusted: see trust.h. */
#ifndef RELOAD_SECURITY_CERTIFICATE_H
#define RELOAD_SECURITY_CERTIFICATE_H

#include "reload_core/security/digest.h"
#include "reload_core/wire/status.h"
#include "reload_core/wire/types.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

typedef struct ReloadCertificate ReloadCertificate;

/* Larger certificates are refused (a message holds 5000 bytes as a rule). */
#define RELOAD_CERTIFICATE_MAX_BYTES 16384
#define RELOAD_CERTIFICATE_MAX_NODE_IDS 16
#define RELOAD_USER_NAME_MAX 255

/* Reads a DER certificate of the overlay of that name, whose Node-IDs have node_id_length bytes.
 * *out is a new reference (unref it). error may be NULL. RELOAD_E_CERTIFICATE: malformed, no
 * Node-ID, not exactly one rfc822Name, other identities, a key that is weak or of another kind than
 * RSA (2048 bits and more) and P-256; RELOAD_E_OVERLAY: names another overlay; RELOAD_E_TOO_LARGE
 * (RFC 6940, 11.3 and 14.15). */
ReloadStatus reload_certificate_parse(ReloadSpan der, const char *overlay, uint8_t node_id_length,
				      ReloadCertificate **out, GError **error);

ReloadCertificate *reload_certificate_ref(ReloadCertificate *certificate);
/* NULL is allowed. */
void reload_certificate_unref(ReloadCertificate *certificate);

/* All of the following return views that live as long as the certificate. */
ReloadSpan reload_certificate_der(const ReloadCertificate *certificate);
X509 *reload_certificate_x509(const ReloadCertificate *certificate);
EVP_PKEY *reload_certificate_key(const ReloadCertificate *certificate);
/* The one rfc822Name as it stands in the certificate: printable ASCII without spaces. */
const char *reload_certificate_user_name(const ReloadCertificate *certificate);
/* All its Node-IDs, at least one, in the order of the certificate. */
const ReloadNodeId *reload_certificate_node_ids(const ReloadCertificate *certificate,
						size_t *count);
/* The first of them. */
const ReloadNodeId *reload_certificate_node_id(const ReloadCertificate *certificate);
bool reload_certificate_has_node_id(const ReloadCertificate *certificate, const ReloadNodeId *id);
const uint8_t *reload_certificate_sha256(const ReloadCertificate *certificate);
const uint8_t *reload_certificate_sha1(const ReloadCertificate *certificate);
/* Validity in ms since the Unix epoch, both ends included. */
int64_t reload_certificate_not_before(const ReloadCertificate *certificate);
int64_t reload_certificate_not_after(const ReloadCertificate *certificate);
/* RELOAD_OK, or RELOAD_E_EXPIRED if now is outside of the dates. */
ReloadStatus reload_certificate_check_dates(const ReloadCertificate *certificate, int64_t now);
/* Does the hash (in the overlay's way) of the user name equal id (USER-MATCH, 7.3.1)? */
bool reload_certificate_user_matches(const ReloadCertificate *certificate,
				     const ReloadResourceId *id);

/* The intermediate CA certificates (GBytes, DER) with which it was found to chain to a root-cert;
 * may be NULL. They have to travel with it. */
const GPtrArray *reload_certificate_chain(const ReloadCertificate *certificate);

#endif
