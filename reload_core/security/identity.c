/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An identity in memory; identity_file.c reads one from files. */
#include "reload_core/security/identity.h"

#include "reload_core/security/certificate_private.h"
#include "reload_core/security/error.h"

#include <openssl/err.h>

struct ReloadIdentity {
	gint references;
	ReloadCertificate *certificate;
	GPtrArray *chain;
	EVP_PKEY *key;
	ReloadNodeId node_id;
};

ReloadIdentity *reload_identity_new(ReloadCertificate *certificate, GPtrArray *chain, EVP_PKEY *key,
				    const ReloadNodeId *node_id, GError **error)
{
	ReloadIdentity *identity;

	if (X509_check_private_key(reload_certificate_x509(certificate), key) != 1) {
		ERR_clear_error();
		reload_fail(
		    error, RELOAD_E_CERTIFICATE,
		    "the certificate is for another key: use the key that it was issued for");
		return NULL;
	}
	if (node_id && !reload_certificate_has_node_id(certificate, node_id)) {
		reload_fail(error, RELOAD_E_CERTIFICATE,
			    "the certificate does not hold that Node-ID");
		return NULL;
	}
	identity = g_new0(ReloadIdentity, 1);
	identity->references = 1;
	identity->certificate = reload_certificate_ref(certificate);
	identity->chain = chain ? g_ptr_array_ref(chain)
				: g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	EVP_PKEY_up_ref(key);
	identity->key = key;
	identity->node_id = node_id ? *node_id : *reload_certificate_node_id(certificate);
	return identity;
}

ReloadIdentity *reload_identity_ref(ReloadIdentity *identity)
{
	g_atomic_int_inc(&identity->references);
	return identity;
}

void reload_identity_unref(ReloadIdentity *identity)
{
	if (!identity || !g_atomic_int_dec_and_test(&identity->references))
		return;
	reload_certificate_unref(identity->certificate);
	g_ptr_array_unref(identity->chain);
	EVP_PKEY_free(identity->key);
	g_free(identity);
}

ReloadCertificate *reload_identity_certificate(const ReloadIdentity *identity)
{
	return identity->certificate;
}

const GPtrArray *reload_identity_chain(const ReloadIdentity *identity)
{
	return identity->chain;
}

EVP_PKEY *reload_identity_key(const ReloadIdentity *identity)
{
	return identity->key;
}

const ReloadNodeId *reload_identity_node_id(const ReloadIdentity *identity)
{
	return &identity->node_id;
}

const char *reload_identity_user_name(const ReloadIdentity *identity)
{
	return reload_certificate_user_name(identity->certificate);
}
