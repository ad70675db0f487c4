/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared-secret mode (RFC 6940, 13.4): TLS-SRP (RFC 5054) with the overlay's secret, in the suites
 * that show certificates as well, so that a link's Node-ID is proven as in every other overlay. */
#ifndef RELOAD_LINK_SRP_H
#define RELOAD_LINK_SRP_H

#include "reload_core/security/identity.h"

#include <openssl/ssl.h>

typedef struct ReloadSrp ReloadSrp;

/* Can a node with that identity take part in shared-secret mode here? RELOAD_E_CONFIG with error
 * set: its key is not RSA, which the suites ask for, or OpenSSL was built without SRP. */
ReloadStatus reload_srp_check(const ReloadIdentity *identity, GError **error);

/* The secret of an overlay made ready for both sides of handshakes; NULL: out of memory, or
 * OpenSSL was built without SRP. Holds nothing of the secret itself. */
ReloadSrp *reload_srp_new(const char *overlay, const char *secret);
void reload_srp_free(ReloadSrp *srp);

/* Leaves a context nothing but TLS 1.2 keyed by the secret. srp stays the caller's and must outlive
 * the context. False: OpenSSL refused. */
bool reload_srp_use(ReloadSrp *srp, const char *overlay, const char *secret, SSL_CTX *context);

/* Was this handshake keyed by the secret? */
bool reload_srp_used(const SSL *ssl);

/* What a failed handshake in this mode most likely means, for the log; NULL: nothing special.
 * reason: ERR_GET_REASON of OpenSSL's error. */
const char *reload_srp_explain(int reason);

#endif
