/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets up OpenSSL for connections between nodes, and has the overlay's trust judge certificates. */
#include "reload_core/link/tls.h"

#include "reload_core/link/srp.h"
#include "reload_core/security/error.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <sys/stat.h>
#include <unistd.h>

/* A chain of a few certificates; the default of 100 KiB is more than anyone needs to hold for a
 * stranger. */
#define MAX_CHAIN_BYTES 32768

struct ReloadTls {
	gatomicrefcount refs;
	SSL_CTX *context;
	ReloadTrust *trust;
	ReloadSrp *srp; /* NULL: the overlay has no shared secret */
	int keylog;
};

static int x509_error(ReloadStatus status)
{
	/* chooses the alert that the other side gets to see */
	switch (status) {
	case RELOAD_E_EXPIRED:
		return X509_V_ERR_CERT_HAS_EXPIRED;
	case RELOAD_E_FORBIDDEN:
		return X509_V_ERR_CERT_REVOKED;
	case RELOAD_E_OVERLAY:
		return X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
	default:
		return X509_V_ERR_CERT_UNTRUSTED;
	}
}

/* Takes the place of OpenSSL's own verification: neither its store nor the system's counts. */
static int verify_peer(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	ReloadTlsPeer *peer = SSL_get_app_data(ssl);
	ReloadTls *tls = arg;
	GError *error = NULL;

	g_clear_pointer(&peer->certificate, reload_certificate_unref);
	g_clear_pointer(&peer->reason, g_free);
	peer->refused = reload_trust_verify_x509(
	    tls->trust, X509_STORE_CTX_get0_cert(store), X509_STORE_CTX_get0_untrusted(store),
	    peer->now(peer->now_user), &peer->certificate, &error);
	if (peer->refused == RELOAD_OK && peer->expect.len != 0 &&
	    !reload_certificate_has_node_id(peer->certificate, &peer->expect)) {
		peer->refused = reload_fail(&error, RELOAD_E_CERTIFICATE,
					    "the certificate holds another Node-ID than expected");
		g_clear_pointer(&peer->certificate, reload_certificate_unref);
	}
	if (peer->refused == RELOAD_OK) {
		X509_STORE_CTX_set_error(store, X509_V_OK);
		return 1;
	}
	peer->reason = g_strdup(error != NULL ? error->message : reload_strerror(peer->refused));
	g_clear_error(&error);
	X509_STORE_CTX_set_error(store, x509_error(peer->refused));
	return 0;
}

static int tls_index(void)
{
	static gsize index;

	/* plus 1: g_once_init_* take 0 for "not yet" */
	if (g_once_init_enter(&index))
		g_once_init_leave(&index,
				  (gsize)SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL) + 1);
	return (int)index - 1;
}

static void log_key(const SSL *ssl, const char *line)
{
	ReloadTls *tls = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), tls_index());
	char *text = g_strconcat(line, "\n", NULL);
	ssize_t written =
	    write(tls->keylog, text, strlen(text)); /* whole lines: others append too */

	(void)written; /* a disk that is full costs the log, not the link */
	g_free(text);
}

static bool use_identity(SSL_CTX *context, const ReloadIdentity *identity)
{
	const GPtrArray *chain = reload_identity_chain(identity);
	ReloadCertificate *certificate = reload_identity_certificate(identity);

	if (SSL_CTX_use_certificate(context, reload_certificate_x509(certificate)) != 1 ||
	    SSL_CTX_use_PrivateKey(context, reload_identity_key(identity)) != 1)
		return false;
	for (guint i = 0; chain != NULL && i < chain->len; i++) {
		gsize length;
		const uint8_t *der = g_bytes_get_data(chain->pdata[i], &length);
		X509 *x509 = d2i_X509(NULL, &der, (long)length);

		if (x509 == NULL || SSL_CTX_add0_chain_cert(context, x509) != 1) {
			X509_free(x509);
			return false;
		}
	}
	return true;
}

static bool configure(ReloadTls *tls)
{
	SSL_CTX *context = tls->context;

	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
					 SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
					 SSL_OP_PRIORITIZE_CHACHA);
	/* every connection shows its certificate anew: a session resumed would escape revocation */
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(context, 1);
	SSL_CTX_set_max_cert_list(context, MAX_CHAIN_BYTES);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(context, verify_peer, tls);
	SSL_CTX_set_ex_data(context, tls_index(), tls);
	if (tls->keylog >= 0)
		SSL_CTX_set_keylog_callback(context, log_key);
	return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_num_tickets(context, 0) == 1 &&
	       SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK") == 1 &&
	       SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1;
}

static bool use_secret(ReloadTls *tls, const char *secret)
{
	const char *overlay = reload_trust_overlay(tls->trust);

	if (secret == NULL)
		return true;
	tls->srp = reload_srp_new(overlay, secret);
	return tls->srp != NULL && reload_srp_use(tls->srp, overlay, secret, tls->context);
}

ReloadTls *reload_tls_new(ReloadTrust *trust, ReloadIdentity *identity, const char *shared_secret,
			  int keylog, GError **error)
{
	ReloadTls *tls;

	if (shared_secret != NULL && reload_srp_check(identity, error) != RELOAD_OK)
		return NULL;
	tls = g_new0(ReloadTls, 1);
	g_atomic_ref_count_init(&tls->refs);
	tls->trust = reload_trust_ref(trust);
	tls->keylog = keylog;
	tls->context = SSL_CTX_new(TLS_method());
	if (tls->context == NULL || !configure(tls) || !use_identity(tls->context, identity) ||
	    !use_secret(tls, shared_secret)) {
		unsigned long code = ERR_peek_last_error();
		const char *reason = ERR_reason_error_string(code);

		reload_fail(
		    error, RELOAD_E_CERTIFICATE,
		    "the node's certificate and key cannot be used for TLS: %s; issue new ones",
		    reason != NULL ? reason : "unknown reason");
		ERR_clear_error();
		reload_tls_unref(tls);
		return NULL;
	}
	return tls;
}

ReloadTls *reload_tls_ref(ReloadTls *tls)
{
	g_atomic_ref_count_inc(&tls->refs);
	return tls;
}

void reload_tls_unref(ReloadTls *tls)
{
	if (tls == NULL || !g_atomic_ref_count_dec(&tls->refs))
		return;
	SSL_CTX_free(tls->context);
	reload_srp_free(tls->srp);
	reload_trust_unref(tls->trust);
	g_free(tls);
}

SSL *reload_tls_connection(ReloadTls *tls, int fd, bool server, ReloadTlsPeer *peer)
{
	SSL *ssl = SSL_new(tls->context);

	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1 || SSL_set_app_data(ssl, peer) != 1) {
		SSL_free(ssl);
		ERR_clear_error();
		return NULL;
	}
	if (server)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	peer->tls = reload_tls_ref(tls);
	return ssl;
}

void reload_tls_peer_clear(ReloadTlsPeer *peer)
{
	g_clear_pointer(&peer->certificate, reload_certificate_unref);
	g_clear_pointer(&peer->reason, g_free);
	g_clear_pointer(&peer->tls, reload_tls_unref);
}

ReloadStatus reload_tls_admits(const ReloadTls *tls, const SSL *ssl, const ReloadTlsPeer *peer,
			       const char **reason)
{
	/* verify_peer has run in every full handshake, and there are no others */
	if (peer->certificate == NULL) {
		*reason = "the other side showed no certificate";
		return RELOAD_E_CERTIFICATE;
	}
	if (tls->srp != NULL && !reload_srp_used(ssl)) {
		*reason = "the other side did not show that it knows the shared secret";
		return RELOAD_E_FORBIDDEN;
	}
	return RELOAD_OK;
}

const char *reload_tls_explain(const ReloadTls *tls, unsigned long code)
{
	const char *text = NULL;

	if (tls->srp != NULL && ERR_GET_LIB(code) == ERR_LIB_SSL)
		text = reload_srp_explain(ERR_GET_REASON(code));
	if (text == NULL)
		text = ERR_reason_error_string(code);
	return text != NULL ? text : "TLS failed";
}

int reload_tls_open_keylog(const char *path, GError **error)
{
	struct stat status;
	int fd =
	    open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);

	if (fd < 0) {
		reload_fail(
		    error, RELOAD_E_CONFIG,
		    "%s: cannot be opened as key log: %s; name a file in a directory of your own",
		    path, g_strerror(errno));
		return -1;
	}
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != geteuid() ||
	    (status.st_mode & 077) != 0) {
		reload_fail(
		    error, RELOAD_E_CONFIG,
		    "%s: is no key log: it must be a regular file of your own with mode 0600",
		    path);
		close(fd);
		return -1;
	}
	return fd;
}
