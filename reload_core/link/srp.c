/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS-SRP for shared-secret mode. A guess at the secret costs a handshake with a member: what is
 * recorded of handshakes cannot be tried against a dictionary (RFC 6940, 13.4), unlike with
 * TLS-PSK, whose suites with forward secrecy show no certificates either. */

/* OpenSSL 3 calls SRP deprecated, yet has nothing in its place: no RFC 8773, which would join a key
 * and certificates in TLS 1.3. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "reload_core/link/srp.h"

#include "reload_core/security/error.h"

#include <openssl/srp.h>

#ifdef OPENSSL_NO_SRP

ReloadStatus reload_srp_check(const ReloadIdentity *identity, GError **error)
{
	(void)identity;
	return reload_fail(error, RELOAD_E_CONFIG,
			   "shared-secret mode needs an OpenSSL with SRP, and this one was built "
			   "without: use another, or an overlay without <shared-secret>");
}

ReloadSrp *reload_srp_new(const char *overlay, const char *secret)
{
	(void)overlay, (void)secret;
	return NULL;
}

void reload_srp_free(ReloadSrp *srp)
{
	(void)srp;
}

bool reload_srp_use(ReloadSrp *srp, const char *overlay, const char *secret, SSL_CTX *context)
{
	(void)srp, (void)overlay, (void)secret, (void)context;
	return false;
}

#else

#define GROUP "2048" /* of RFC 5054, appendix A */
#define GROUP_BITS 2048
/* Certificates on both sides, RFC 5054, 2.7; those without RSA show none. */
#define SUITES "SRP-RSA-AES-256-CBC-SHA:SRP-RSA-AES-128-CBC-SHA"

struct ReloadSrp {
	char *overlay; /* the user name */
	BIGNUM *salt, *verifier;
};

ReloadStatus reload_srp_check(const ReloadIdentity *identity, GError **error)
{
	if (EVP_PKEY_is_a(reload_identity_key(identity), "RSA"))
		return RELOAD_OK;
	return reload_fail(
	    error, RELOAD_E_CONFIG,
	    "shared-secret mode (TLS-SRP) needs an RSA key: make this node a new key "
	    "and certificate with `reloadctl cert node --rsa`");
}

ReloadSrp *reload_srp_new(const char *overlay, const char *secret)
{
	const SRP_gN *group = SRP_get_default_gN(GROUP);
	ReloadSrp *srp = g_new0(ReloadSrp, 1);

	srp->overlay = g_strdup(overlay);
	/* a salt of our own: what one server's verifier is worth, it is worth for no other */
	if (group == NULL || SRP_create_verifier_BN(overlay, secret, &srp->salt, &srp->verifier,
						    group->N, group->g) != 1) {
		reload_srp_free(srp);
		return NULL;
	}
	return srp;
}

void reload_srp_free(ReloadSrp *srp)
{
	if (srp == NULL)
		return;
	BN_free(srp->salt);
	BN_clear_free(srp->verifier);
	g_free(srp->overlay);
	g_free(srp);
}

/* The server's side: a client has said its user name. */
static int on_user_name(SSL *ssl, int *alert, void *user)
{
	const ReloadSrp *srp = user;
	const SRP_gN *group = SRP_get_default_gN(GROUP);

	if (g_strcmp0(SSL_get_srp_username(ssl), srp->overlay) != 0) {
		*alert = SSL_AD_UNKNOWN_PSK_IDENTITY;
		return SSL3_AL_FATAL;
	}
	if (SSL_set_srp_server_param(ssl, group->N, group->g, srp->salt, srp->verifier, NULL) !=
	    1) {
		*alert = SSL_AD_INTERNAL_ERROR;
		return SSL3_AL_FATAL;
	}
	return SSL_ERROR_NONE;
}

bool reload_srp_use(ReloadSrp *srp, const char *overlay, const char *secret, SSL_CTX *context)
{
	/* TLS 1.3 knows no SRP, and must not be a way around it. OpenSSL copies the strings. */
	return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(context, SUITES) == 1 &&
	       SSL_CTX_set_srp_username(context, (char *)overlay) == 1 &&
	       SSL_CTX_set_srp_password(context, (char *)secret) == 1 &&
	       SSL_CTX_set_srp_strength(context, GROUP_BITS) == 1 &&
	       SSL_CTX_set_srp_username_callback(context, on_user_name) == 1 &&
	       SSL_CTX_set_srp_cb_arg(context, srp) == 1;
}

#endif

bool reload_srp_used(const SSL *ssl)
{
	const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);

	return cipher != NULL && SSL_CIPHER_get_kx_nid(cipher) == NID_kx_srp &&
	       SSL_CIPHER_get_auth_nid(cipher) == NID_auth_rsa;
}

const char *reload_srp_explain(int reason)
{
	switch (reason) {
	case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
	case SSL_R_SSLV3_ALERT_BAD_RECORD_MAC:
		return "the two sides' shared secrets differ";
	case SSL_R_NO_SHARED_CIPHER:
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
	case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
		return "only one of the two sides is in shared-secret mode";
	default:
		return NULL;
	}
}
