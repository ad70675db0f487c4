/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making and checking signatures. */
#include "reload_core/security/sign.h"

#include <openssl/err.h>

/* overlay (4) and transaction_id (8) */
#define MESSAGE_PREFIX 12
/* Kind (4) and storage_time (8) */
#define STORED_PREFIX 12

static void put_number(uint8_t *out, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		out[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
}

/* RFC 6940, 6.3.4: cert_hash for a certificate with one Node-ID, cert_hash_node_id for one with
 * several. hash is the room for what out->hash views. */
static bool signer_identity(const ReloadIdentity *identity, uint8_t hash[RELOAD_DIGEST_MAX],
			    ReloadSignerIdentity *out)
{
	const ReloadCertificate *certificate = reload_identity_certificate(identity);
	const ReloadNodeId *node_id = reload_identity_node_id(identity);
	ReloadSpan parts[2] = {{node_id->id, node_id->len}, reload_certificate_der(certificate)};
	size_t count;

	reload_certificate_node_ids(certificate, &count);
	memset(out, 0, sizeof(*out));
	out->hash_alg = RELOAD_HASH_SHA256;
	out->hash = (ReloadSpan){hash, RELOAD_SHA256_LEN};
	if (count == 1) {
		out->type = RELOAD_SIGNER_CERT_HASH;
		memcpy(hash, reload_certificate_sha256(certificate), RELOAD_SHA256_LEN);
		return true;
	}
	out->type = RELOAD_SIGNER_CERT_HASH_NODE_ID;
	return reload_digest(RELOAD_DIGEST_SHA256, parts, 2, hash) == RELOAD_SHA256_LEN;
}

static uint8_t algorithm_of(EVP_PKEY *key)
{
	return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA ? RELOAD_SIGNATURE_RSA
							 : RELOAD_SIGNATURE_ECDSA;
}

/* Signs parts and then the encoded SignerIdentity; *value is to be freed with g_free. */
static bool make_value(EVP_PKEY *key, const ReloadSpan *parts, size_t count, ReloadSpan last,
		       uint8_t **value, size_t *length)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1;

	for (size_t i = 0; good && i < count; i++)
		good = EVP_DigestSignUpdate(context, parts[i].data, parts[i].len) == 1;
	good = good && EVP_DigestSignUpdate(context, last.data, last.len) == 1;
	*length = (size_t)EVP_PKEY_get_size(key);
	*value = g_malloc(*length);
	good = good && EVP_DigestSignFinal(context, *value, length) == 1;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return good;
}

/* Signs; the views of *out are valid until *value and hash go. */
static ReloadStatus sign(const ReloadIdentity *identity, const ReloadSpan *parts, size_t count,
			 uint8_t hash[RELOAD_DIGEST_MAX], uint8_t **value, ReloadSignature *out)
{
	EVP_PKEY *key = reload_identity_key(identity);
	GByteArray *encoded = g_byte_array_sized_new(64);
	size_t length = 0;
	bool good;

	*value = NULL;
	memset(out, 0, sizeof(*out));
	out->hash_alg = RELOAD_HASH_SHA256;
	out->signature_alg = algorithm_of(key);
	good = signer_identity(identity, hash, &out->identity) &&
	       reload_write_signer_identity(encoded, &out->identity) &&
	       make_value(key, parts, count, (ReloadSpan){encoded->data, encoded->len}, value,
			  &length);
	out->value = (ReloadSpan){*value, length};
	g_byte_array_unref(encoded);
	return good ? RELOAD_OK : RELOAD_E_INTERNAL;
}

ReloadStatus reload_sign_stored_data(const ReloadIdentity *identity,
				     const ReloadResourceId *resource_id, uint32_t kind,
				     const ReloadStoredData *data, GByteArray *out)
{
	uint8_t prefix[STORED_PREFIX], hash[RELOAD_DIGEST_MAX];
	uint8_t *value = NULL;
	GByteArray *encoded = g_byte_array_new();
	ReloadStoredData signed_data = *data;
	ReloadStatus status = RELOAD_E_TOO_LARGE;

	put_number(prefix, kind, 4);
	put_number(prefix + 4, data->storage_time, 8);
	if (reload_write_signed_value(encoded, &data->value)) {
		ReloadSpan parts[3] = {{resource_id->id, resource_id->len},
				       {prefix, sizeof(prefix)},
				       {encoded->data, encoded->len}};

		status = sign(identity, parts, 3, hash, &value, &signed_data.signature);
		if (status == RELOAD_OK && !reload_write_stored_data(out, &signed_data))
			status = RELOAD_E_TOO_LARGE;
	}
	g_free(value);
	g_byte_array_unref(encoded);
	return status;
}

/* Appends a certificate to the list unless it is there already. */
static bool add_certificate(GByteArray *list, GHashTable *seen, const uint8_t *data, gsize length)
{
	GBytes *bytes = g_bytes_new_static(data, length);

	if (!g_hash_table_add(seen, bytes))
		return true;
	return reload_write_generic_certificate(list, RELOAD_CERTIFICATE_X509,
						(ReloadSpan){data, length});
}

static bool add_chain(GByteArray *list, GHashTable *seen, const GPtrArray *chain)
{
	bool good = true;

	for (guint i = 0; good && chain && i < chain->len; i++) {
		gsize length;
		const uint8_t *data = g_bytes_get_data(chain->pdata[i], &length);

		good = add_certificate(list, seen, data, length);
	}
	return good;
}

static bool add_all(GByteArray *list, const ReloadIdentity *identity, const GPtrArray *certificates)
{
	GHashTable *seen =
	    g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
	ReloadSpan own = reload_certificate_der(reload_identity_certificate(identity));
	bool good = add_certificate(list, seen, own.data, own.len) &&
		    add_chain(list, seen, reload_identity_chain(identity));

	for (guint i = 0; good && certificates && i < certificates->len; i++) {
		const ReloadCertificate *certificate = certificates->pdata[i];
		ReloadSpan der = reload_certificate_der(certificate);

		good = add_certificate(list, seen, der.data, der.len) &&
		       add_chain(list, seen, reload_certificate_chain(certificate));
	}
	g_hash_table_destroy(seen);
	return good;
}

ReloadStatus reload_sign_block(const ReloadIdentity *identity, const ReloadSpan *parts,
			       size_t count, const GPtrArray *certificates, GByteArray *out)
{
	uint8_t hash[RELOAD_DIGEST_MAX];
	uint8_t *value;
	GByteArray *list = g_byte_array_new();
	ReloadSignature signature;
	ReloadStatus status = sign(identity, parts, count, hash, &value, &signature);

	if (status == RELOAD_OK &&
	    (!add_all(list, identity, certificates) ||
	     !reload_write_security_block(out, (ReloadSpan){list->data, list->len}, &signature)))
		status = RELOAD_E_TOO_LARGE;
	g_free(value);
	g_byte_array_unref(list);
	return status;
}

ReloadStatus reload_sign_message(const ReloadIdentity *identity, uint32_t overlay,
				 uint64_t transaction_id, ReloadSpan contents,
				 const GPtrArray *certificates, GByteArray *out)
{
	uint8_t prefix[MESSAGE_PREFIX];
	ReloadSpan parts[2] = {{prefix, sizeof(prefix)}, contents};

	put_number(prefix, overlay, 4);
	put_number(prefix + 4, transaction_id, 8);
	return reload_sign_block(identity, parts, 2, certificates, out);
}

static bool value_is_good(EVP_PKEY *key, const ReloadSpan *parts, size_t count,
			  const ReloadSignature *signature)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	ReloadSpan last = signature->identity.raw;
	bool good = context && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1;

	for (size_t i = 0; good && i < count; i++)
		good = EVP_DigestVerifyUpdate(context, parts[i].data, parts[i].len) == 1;
	good = good && EVP_DigestVerifyUpdate(context, last.data, last.len) == 1 &&
	       EVP_DigestVerifyFinal(context, signature->value.data, signature->value.len) == 1;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return good;
}

ReloadStatus reload_verify_parts(ReloadCertificateSet *set, const ReloadSpan *parts, size_t count,
				 const ReloadSignature *signature, int64_t now,
				 ReloadCertificate **signer, ReloadNodeId *node_id)
{
	ReloadCertificate *certificate;
	ReloadNodeId id;
	ReloadStatus status;

	if (signer)
		*signer = NULL;
	if (signature->hash_alg != RELOAD_HASH_SHA256 || signature->value.len == 0)
		return RELOAD_E_SIGNATURE;
	status = reload_certificate_set_find(set, &signature->identity, now, &certificate, &id);
	if (status != RELOAD_OK)
		return status;
	if (signature->signature_alg != algorithm_of(reload_certificate_key(certificate)) ||
	    !value_is_good(reload_certificate_key(certificate), parts, count, signature)) {
		reload_certificate_unref(certificate);
		return RELOAD_E_SIGNATURE;
	}
	if (node_id)
		*node_id = id;
	if (signer)
		*signer = certificate;
	else
		reload_certificate_unref(certificate);
	return RELOAD_OK;
}

ReloadStatus reload_verify_message(ReloadTrust *trust, const ReloadMessage *message, int64_t now,
				   ReloadCertificate **signer, ReloadNodeId *node_id)
{
	uint8_t prefix[MESSAGE_PREFIX];
	ReloadSpan parts[2] = {{prefix, sizeof(prefix)}, message->contents};
	ReloadCertificateSet *set;
	ReloadStatus status;

	if (signer)
		*signer = NULL;
	if (message->header.overlay != reload_trust_overlay_hash(trust))
		return RELOAD_E_OVERLAY;
	put_number(prefix, message->header.overlay, 4);
	put_number(prefix + 4, message->header.transaction_id, 8);
	set = reload_certificate_set_new(trust);
	reload_certificate_set_add_block(set, &message->security);
	status =
	    reload_verify_parts(set, parts, 2, &message->security.signature, now, signer, node_id);
	reload_certificate_set_free(set);
	return status;
}

ReloadStatus reload_verify_stored_data(ReloadCertificateSet *set,
				       const ReloadResourceId *resource_id, uint32_t kind,
				       const ReloadStoredData *data, int64_t now,
				       ReloadCertificate **signer, ReloadNodeId *node_id)
{
	uint8_t prefix[STORED_PREFIX];
	GByteArray *encoded = g_byte_array_new();
	ReloadStatus status = RELOAD_E_MALFORMED;

	if (signer)
		*signer = NULL;
	put_number(prefix, kind, 4);
	put_number(prefix + 4, data->storage_time, 8);
	if (reload_write_signed_value(encoded, &data->value)) {
		ReloadSpan parts[3] = {{resource_id->id, resource_id->len},
				       {prefix, sizeof(prefix)},
				       {encoded->data, encoded->len}};

		status = reload_verify_parts(set, parts, 3, &data->signature, now, signer, node_id);
	}
	g_byte_array_unref(encoded);
	return status;
}
