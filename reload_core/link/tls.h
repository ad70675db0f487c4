/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS 1.2 and 1.3 as overlay links and application connections use it: both sides show a
 * certificate, and the overlay's trust alone says whether it is good (RFC 6940, 6.6 and 13.6). */
#ifndef RELOAD_LINK_TLS_H
#define RELOAD_LINK_TLS_H

#include "reload_core/security/identity.h"
#include "reload_core/security/trust.h"

#include <openssl/ssl.h>

/* An identity and a trust made ready for connections. Reference-counted. */
typedef struct ReloadTls ReloadTls;

/* What a handshake found; one for each connection, kept alive by its owner for as long as its SSL.
 */
typedef struct {
	ReloadTls *tls;		    /* a reference */
	ReloadNodeId expect;	    /* the certificate must hold it; len 0: any will do */
	int64_t (*now)(void *user); /* for validity dates */
	void *now_user;
	ReloadCertificate *certificate; /* the other side's, verified; a reference, or NULL */
	ReloadStatus refused;		/* why its certificate was refused, or RELOAD_OK */
	char *reason;			/* the same as text; g_free */
} ReloadTlsPeer;

/* shared_secret: the overlay's, which both sides then have to know as well (13.4); NULL: none.
 * keylog: a descriptor to which lines in NSS key log format are appended, or -1; stays the
 * caller's. Takes references. NULL with error set: the key cannot be used for TLS. */
ReloadTls *reload_tls_new(ReloadTrust *trust, ReloadIdentity *identity, const char *shared_secret,
			  int keylog, GError **error);
ReloadTls *reload_tls_ref(ReloadTls *tls);
void reload_tls_unref(ReloadTls *tls);

/* A new SSL for fd (which stays the caller's) that verifies into peer; NULL: out of memory. */
SSL *reload_tls_connection(ReloadTls *tls, int fd, bool server, ReloadTlsPeer *peer);
void reload_tls_peer_clear(ReloadTlsPeer *peer);

/* After a handshake that OpenSSL has found good: has the other side shown all that the overlay asks
 * for? RELOAD_OK, or an error and its text in *reason (static). */
ReloadStatus reload_tls_admits(const ReloadTls *tls, const SSL *ssl, const ReloadTlsPeer *peer,
			       const char **reason);
/* What OpenSSL's error (ERR_peek_last_error) in a handshake means, for the log; static. */
const char *reload_tls_explain(const ReloadTls *tls, unsigned long code);

/* Opens (and if need be makes) a key log; -1 with error set to one line. A file that others may
 * read or write is refused: whoever reads it reads all traffic. */
int reload_tls_open_keylog(const char *path, GError **error);

#endif
