/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who we are: a certificate, the chain above it and the private key. Reference-counted, immutable.
 */
#ifndef RELOAD_SECURITY_IDENTITY_H
#define RELOAD_SECURITY_IDENTITY_H

#include "reload_core/security/certificate.h"

typedef struct ReloadIdentity ReloadIdentity;

/* Puts an identity together (it takes references). chain: GBytes (DER) of the CA certificates
 * between it and a root-cert, or NULL. node_id: which of the certificate's Node-IDs it uses; NULL:
 * the first. Returns NULL and sets error if the key is not the certificate's. */
ReloadIdentity *reload_identity_new(ReloadCertificate *certificate, GPtrArray *chain, EVP_PKEY *key,
				    const ReloadNodeId *node_id, GError **error);

/* Loads an identity from PEM files: certificate_file holds the certificate and then its chain,
 * key_file the private key without passphrase. Refused with one line that names file, element and
 * remedy: a file missing, malformed, of another overlay, outside its dates at now (ms), a key that
 * is not the certificate's, and a key file that anyone but its owner may read or write. */
ReloadIdentity *reload_identity_load(const char *certificate_file, const char *key_file,
				     const char *overlay, uint8_t node_id_length, int64_t now,
				     GError **error);

/* The same for a certificate file whose key is in memory already (user certificates of an edge). */
ReloadIdentity *reload_identity_load_certificate(const char *certificate_file, EVP_PKEY *key,
						 const char *overlay, uint8_t node_id_length,
						 int64_t now, GError **error);

ReloadIdentity *reload_identity_ref(ReloadIdentity *identity);
void reload_identity_unref(ReloadIdentity *identity);

/* Views that live as long as the identity. */
ReloadCertificate *reload_identity_certificate(const ReloadIdentity *identity);
const GPtrArray *reload_identity_chain(const ReloadIdentity *identity); /* GBytes, may be empty */
EVP_PKEY *reload_identity_key(const ReloadIdentity *identity);
const ReloadNodeId *reload_identity_node_id(const ReloadIdentity *identity);
const char *reload_identity_user_name(const ReloadIdentity *identity);

/* Reads a private key file as above; the caller frees the key with EVP_PKEY_free. NULL on error. */
EVP_PKEY *reload_key_load(const char *key_file, GError **error);

#endif
