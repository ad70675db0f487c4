/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The X.509 part of trust.c: chains to a root-cert and self-signed certificates. Not for other
 * rooms. */
#ifndef RELOAD_SECURITY_CHAIN_H
#define RELOAD_SECURITY_CHAIN_H

#include "reload_core/security/certificate.h"

typedef struct ReloadRoots ReloadRoots;

/* Takes the root-certs (GBytes, DER; may be NULL or empty). NULL with error set if one is
 * malformed, no CA's, or its key weak. */
ReloadRoots *reload_roots_new(const GPtrArray *ders, GError **error);
void reload_roots_free(ReloadRoots *roots);

/* What every end entity certificate must fulfil besides: key usage, no unknown critical extension.
 */
ReloadStatus reload_check_end_entity(const ReloadCertificate *certificate, GError **error);

/* Is its issuer the same name as its subject? */
bool reload_is_self_issued(const ReloadCertificate *certificate);

/* Signed by its own key, with Node-IDs that are digests of that key (RFC 6940, 11.3.1)? */
ReloadStatus reload_verify_self_signed(const ReloadCertificate *certificate, ReloadDigest digest,
				       GError **error);

/* Does it chain to one of roots at now (ms)? Narrows *not_before and *not_after to the dates of the
 * whole chain, and gives the certificate the CA certificates in between, to travel with it. */
ReloadStatus reload_verify_chain(const ReloadRoots *roots, ReloadCertificate *certificate,
				 const ReloadSpan *others, size_t count, int64_t now,
				 int64_t *not_before, int64_t *not_after, GError **error);

#endif
