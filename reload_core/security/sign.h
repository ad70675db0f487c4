/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signatures over messages and over stored data (RFC 6940, 6.3.4 and 7.1): RSASSA-PKCS1-v1_5 and ECDSA P-256, both
 * with SHA-256. */
#ifndef RELOAD_SECURITY_SIGN_H
#define RELOAD_SECURITY_SIGN_H

#include "reload_core/security/certificate_set.h"
#include "reload_core/security/identity.h"
#include "reload_core/security/trust.h"
#include "reload_core/wire/message.h"

/* Appends the security block of a message to out: the certificates (the signer's with its chain, and those of
 * `certificates`, an array of ReloadCertificate* with theirs, each once; may be NULL) and the signature over
 * overlay || transaction_id || contents || SignerIdentity. contents: the encoded MessageContents.
 * RELOAD_E_TOO_LARGE: the certificates do not fit into 2^16-1 bytes; RELOAD_E_INTERNAL. */
ReloadStatus reload_sign_message(const ReloadIdentity *identity, uint32_t overlay,
				 uint64_t transaction_id, ReloadSpan contents,
				 const GPtrArray *certificates, GByteArray *out);

/* Verifies a whole received message at now (ms): the overlay, the signer's certificate, the signature.
 * *signer (a new reference) and *node_id (the Node-ID that it signed as) may be NULL. RELOAD_E_SIGNATURE
 * (wrong, none, or of an unknown algorithm), RELOAD_E_CERTIFICATE (the signer's certificate is not there, or
 * refused), RELOAD_E_OVERLAY, RELOAD_E_EXPIRED, RELOAD_E_FORBIDDEN. */
ReloadStatus reload_verify_message(ReloadTrust *trust, const ReloadMessage *message, int64_t now,
				   ReloadCertificate **signer, ReloadNodeId *node_id);

/* Appends the encoded Signature of a stored value to out: over Resource-ID || kind || storage_time || value ||
 * SignerIdentity. value: the encoded StoredDataValue; of an array entry with its index 0 (7.4.2.2).
 * storage_time in ms. */
ReloadStatus reload_sign_stored_value(const ReloadIdentity *identity, const ReloadResourceId *resource_id,
				      uint32_t kind, uint64_t storage_time, ReloadSpan value,
				      GByteArray *out);

/* Verifies it; the signer's certificate is looked up in set. Results as of reload_verify_message. A signature with
 * identity `none` is RELOAD_E_SIGNATURE: only the storing peer's synthesized values have it. */
ReloadStatus reload_verify_stored_value(ReloadCertificateSet *set, const ReloadResourceId *resource_id,
					uint32_t kind, uint64_t storage_time, ReloadSpan value,
					const ReloadSignature *signature, int64_t now,
					ReloadCertificate **signer, ReloadNodeId *node_id);

/* The same over any other input (documents, Kinds): `input` || SignerIdentity. */
ReloadStatus reload_sign_parts(const ReloadIdentity *identity, const ReloadSpan *parts, size_t count,
			       GByteArray *out);
ReloadStatus reload_verify_parts(ReloadCertificateSet *set, const ReloadSpan *parts, size_t count,
				 const ReloadSignature *signature, int64_t now,
				 ReloadCertificate **signer, ReloadNodeId *node_id);

#endif
