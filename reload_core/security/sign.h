/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signatures over messages and over stored data (RFC 6940, 6.3.4 and 7.1): RSASSA-PKCS1-v1_5 and
 * ECDSA P-256, both with SHA-256. */
#ifndef RELOAD_SECURITY_SIGN_H
#define RELOAD_SECURITY_SIGN_H

#include "reload_core/security/certificate_set.h"
#include "reload_core/security/identity.h"
#include "reload_core/security/trust.h"
#include "reload_core/wire/message.h"
#include "reload_core/wire/stored_data.h"

/* Appends the security block of a message to out: the certificates (the signer's with its chain,
 * and those of `certificates`, an array of ReloadCertificate* with theirs, each once; may be NULL)
 * and the signature over overlay || transaction_id || contents || SignerIdentity. contents: the
 * encoded MessageContents. RELOAD_E_TOO_LARGE: the certificates do not fit into 2^16-1 bytes;
 * RELOAD_E_INTERNAL. */
ReloadStatus reload_sign_message(const ReloadIdentity *identity, uint32_t overlay,
				 uint64_t transaction_id, ReloadSpan contents,
				 const GPtrArray *certificates, GByteArray *out);

/* Verifies a whole received message at now (ms): the overlay, the signer's certificate, the
 * signature. *signer (a new reference) and *node_id (the Node-ID that it signed as) may be NULL.
 * RELOAD_E_SIGNATURE (wrong, none, or of an unknown algorithm), RELOAD_E_CERTIFICATE (the signer's
 * certificate is not there, or refused), RELOAD_E_OVERLAY, RELOAD_E_EXPIRED, RELOAD_E_FORBIDDEN. */
ReloadStatus reload_verify_message(ReloadTrust *trust, const ReloadMessage *message, int64_t now,
				   ReloadCertificate **signer, ReloadNodeId *node_id);

/* Appends data to out as an encoded StoredData, signed over Resource-ID || kind || storage_time ||
 * StoredDataValue || SignerIdentity; the index of an array entry is signed as 0 (7.4.2.2).
 * data->signature, encoded_value and raw are not looked at. RELOAD_E_TOO_LARGE: a part of data is;
 * RELOAD_E_INTERNAL. */
ReloadStatus reload_sign_stored_data(const ReloadIdentity *identity,
				     const ReloadResourceId *resource_id, uint32_t kind,
				     const ReloadStoredData *data, GByteArray *out);

/* Verifies a decoded StoredData; the signer's certificate is looked up in set. Results as of
 * reload_verify_message. A signature with identity `none` is RELOAD_E_SIGNATURE: only values that a
 * storing peer synthesizes have it (ask reload_signature_is_none before). */
ReloadStatus reload_verify_stored_data(ReloadCertificateSet *set,
				       const ReloadResourceId *resource_id, uint32_t kind,
				       const ReloadStoredData *data, int64_t now,
				       ReloadCertificate **signer, ReloadNodeId *node_id);

/* The same over any other input (documents, Kinds): parts || SignerIdentity. reload_sign_block
 * appends a SecurityBlock as of reload_sign_message. */
ReloadStatus reload_sign_block(const ReloadIdentity *identity, const ReloadSpan *parts,
			       size_t count, const GPtrArray *certificates, GByteArray *out);
ReloadStatus reload_verify_parts(ReloadCertificateSet *set, const ReloadSpan *parts, size_t count,
				 const ReloadSignature *signature, int64_t now,
				 ReloadCertificate **signer, ReloadNodeId *node_id);

#endif
