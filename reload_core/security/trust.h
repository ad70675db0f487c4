/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom we believe: root-certs, self-signed mode with the Node-ID check, bad nodes (RFC
 * 6940, 11.1, 11.3 and 13.3), and a bounded cache of certificates found good, so that the second
 * message under a certificate costs one signature check only. Not thread-safe. */
#ifndef RELOAD_SECURITY_TRUST_H
#define RELOAD_SECURITY_TRUST_H

#include "reload_core/security/certificate.h"

typedef struct ReloadTrust ReloadTrust;

/* What a trust is made from; everything is copied. config/document.h makes one from a document. */
typedef struct {
	const char *overlay;	     /* overlay name */
	uint8_t node_id_length;	     /* bytes */
	const GPtrArray *root_certs; /* GBytes, DER; may be NULL or empty in self-signed mode */
	bool self_signed_permitted;
	ReloadDigest self_signed_digest;
	const ReloadNodeId *bad_nodes;
	size_t bad_node_count;
	size_t cache_size; /* certificates kept; 0: RELOAD_TRUST_CACHE_DEFAULT */
} ReloadTrustOptions;

#define RELOAD_TRUST_CACHE_DEFAULT 2048
/* Untrusted CA certificates looked at for one certificate. */
#define RELOAD_TRUST_CHAIN_MAX 16

/* Certificates that messages of one link may bring and that are no good: so many at once, and then
 * one each so many ms. Each costs a look at its chain, and there is no remembering them: who makes
 * them has another one each time. */
#define RELOAD_TRUST_REFUSED_BURST 100
#define RELOAD_TRUST_REFUSED_INTERVAL_MS 2
#define RELOAD_TRUST_REFUSED_LINKS_MAX 4096

/* Returns a new trust, or NULL with error set (a root-cert that is malformed or no CA's). */
ReloadTrust *reload_trust_new(const ReloadTrustOptions *options, GError **error);
ReloadTrust *reload_trust_ref(ReloadTrust *trust);
void reload_trust_unref(ReloadTrust *trust);

/* Verifies an end entity certificate at the time now (ms): chain to a root-cert (chain: other
 * certificates that came along, DER, in any order; at most RELOAD_TRUST_CHAIN_MAX are used), or,
 * where permitted, self-signed with Node-IDs that match its key; dates of all of them, basic
 * constraints, key usage, bad nodes. *out is a new reference. error may be NULL.
 * RELOAD_E_CERTIFICATE, RELOAD_E_OVERLAY, RELOAD_E_EXPIRED (also: not yet valid),
 * RELOAD_E_FORBIDDEN (bad node), RELOAD_E_TOO_LARGE; RELOAD_E_LIMIT: it is not in the cache, and the
 * account (reload_trust_set_account) has used up its share of those that are no good. */
ReloadStatus reload_trust_verify(ReloadTrust *trust, ReloadSpan der, const ReloadSpan *chain,
				 size_t chain_count, int64_t now, ReloadCertificate **out,
				 GError **error);

/* The same for what a TLS peer presented (chain may be NULL and may hold the leaf too): for use in
 * SSL_CTX_set_cert_verify_callback with X509_STORE_CTX_get0_cert and X509_STORE_CTX_get0_untrusted.
 */
ReloadStatus reload_trust_verify_x509(ReloadTrust *trust, X509 *leaf, const STACK_OF(X509) * chain,
				      int64_t now, ReloadCertificate **out, GError **error);

/* Whose share is used up by certificates that are no good: the Node-ID of the link whose message is
 * being looked at; NULL: nobody's. What is in the cache is good whatever the share. */
void reload_trust_set_account(ReloadTrust *trust, const ReloadNodeId *link);
/* Takes one from the account's share, for reading a certificate that is not in the cache and may be no good;
 * false: it has none left. */
bool reload_trust_take(ReloadTrust *trust, int64_t now);
/* Gives it back: the certificate is good, or is verified next, on the same account. */
void reload_trust_give_back(ReloadTrust *trust);

/* Verifies once more one that was verified earlier, maybe by the trust of an older document, and kept with stored
 * data: from the cache, or from the ground up with the chain (GBytes, DER; or NULL) that was kept with it. sha256: of
 * der. *out is a new reference, or NULL. On nobody's account, so never RELOAD_E_LIMIT; else as reload_trust_verify. */
ReloadStatus reload_trust_reverify(ReloadTrust *trust, const uint8_t sha256[RELOAD_SHA256_LEN],
				   ReloadSpan der, const GPtrArray *chain, int64_t now,
				   ReloadCertificate **out);
/* The same for a certificate that carries its chain itself. */
ReloadStatus reload_trust_recheck(ReloadTrust *trust, const ReloadCertificate *certificate,
				  int64_t now);

/* The certificate with that SHA-256 if it is in the cache and good at now, else NULL; a new
 * reference. */
ReloadCertificate *reload_trust_lookup(ReloadTrust *trust, const uint8_t sha256[RELOAD_SHA256_LEN],
				       int64_t now);

const char *reload_trust_overlay(const ReloadTrust *trust);
uint8_t reload_trust_node_id_length(const ReloadTrust *trust);
/* reload_overlay_hash of its name. */
uint32_t reload_trust_overlay_hash(const ReloadTrust *trust);

typedef struct {
	uint64_t hits, misses, refused, put_off; /* put_off: not looked at, the account being used up */
	size_t cached;
} ReloadTrustStatistics;
void reload_trust_statistics(const ReloadTrust *trust, ReloadTrustStatistics *out);

#endif
