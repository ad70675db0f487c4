/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The certificates at hand for one message: its security block's, and the trust's cache behind
 * them; found by the hashes of a SignerIdentity (RFC 6940, 6.3.4). A certificate is verified when
 * it is first asked for. */
#ifndef RELOAD_SECURITY_CERTIFICATE_SET_H
#define RELOAD_SECURITY_CERTIFICATE_SET_H

#include "reload_core/security/trust.h"
#include "reload_core/wire/message.h"

typedef struct ReloadCertificateSet ReloadCertificateSet;

/* More certificates in one message are not looked at. */
#define RELOAD_CERTIFICATE_SET_MAX 256

/* A new set that verifies with trust (a reference is taken). Free with reload_certificate_set_free.
 */
ReloadCertificateSet *reload_certificate_set_new(ReloadTrust *trust);
void reload_certificate_set_free(ReloadCertificateSet *set);

/* Adds the certificates of a security block; the bytes must outlive the set. */
void reload_certificate_set_add_block(ReloadCertificateSet *set, const ReloadSecurityBlock *block);
/* Adds a certificate that was verified earlier (it is rechecked when asked for). */
void reload_certificate_set_add(ReloadCertificateSet *set, ReloadCertificate *certificate);

/* Finds and verifies at now (ms) the certificate that identity names. *out: a new reference;
 * *node_id: the Node-ID that it is used with. RELOAD_E_SIGNATURE: identity is `none`, malformed or
 * by an unknown digest; RELOAD_E_CERTIFICATE: not here or refused; RELOAD_E_EXPIRED,
 * RELOAD_E_OVERLAY, RELOAD_E_FORBIDDEN; RELOAD_E_LIMIT as of reload_trust_verify. */
ReloadStatus reload_certificate_set_find(ReloadCertificateSet *set,
					 const ReloadSignerIdentity *identity, int64_t now,
					 ReloadCertificate **out, ReloadNodeId *node_id);

#endif
