/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The security block and the signature element (RFC 6940, 6.3.4): their encoding, no cryptography.
 */
#ifndef RELOAD_WIRE_SECURITY_BLOCK_H
#define RELOAD_WIRE_SECURITY_BLOCK_H

#include "reload_core/wire/buffer.h"
#include "reload_core/wire/constants.h"

typedef struct {
	uint8_t type;	  /* ReloadSignerIdentityType; others are kept in raw */
	uint8_t hash_alg; /* ReloadHashAlgorithm; 0 for none */
	ReloadSpan hash;  /* of the certificate, or of Node-ID || certificate; empty for none */
	ReloadSpan raw; /* when decoded: the encoded SignerIdentity, type and length included, as it
			   is signed */
} ReloadSignerIdentity;

typedef struct {
	uint8_t hash_alg;      /* ReloadHashAlgorithm */
	uint8_t signature_alg; /* ReloadSignatureAlgorithm */
	ReloadSignerIdentity identity;
	ReloadSpan value;
} ReloadSignature;

typedef struct {
	uint8_t type;		/* ReloadCertificateType */
	ReloadSpan certificate; /* DER, for X.509 */
} ReloadGenericCertificate;
/* Its type and length, bytes. */
#define RELOAD_GENERIC_CERTIFICATE_HEAD 3

typedef struct {
	ReloadSpan certificates; /* walked with reload_generic_certificate_next */
	ReloadSignature signature;
} ReloadSecurityBlock;

/* Reads a SignerIdentity. Identity types that are not defined are kept raw; a verifier refuses
 * them. */
bool reload_read_signer_identity(ReloadReader *r, ReloadSignerIdentity *out);

/* Reads a Signature. */
bool reload_read_signature(ReloadReader *r, ReloadSignature *out);

/* Reads a SecurityBlock and validates its list of certificates. */
bool reload_read_security_block(ReloadReader *r, ReloadSecurityBlock *out);

/* Decodes a SecurityBlock that fills span exactly; RELOAD_E_MALFORMED otherwise. */
ReloadStatus reload_security_block_decode(ReloadSpan span, ReloadSecurityBlock *out);

/* Takes the first certificate off *certificates into *out; false when none is left. */
bool reload_generic_certificate_next(ReloadSpan *certificates, ReloadGenericCertificate *out);

/* Tells whether s is the empty signature of a synthesized value: identity none, {0, 0}, no value
 * (7.4.2.2). */
bool reload_signature_is_none(const ReloadSignature *s);

/* Returns the empty signature of a synthesized value (RFC 6940, 7.4.2.2). */
ReloadSignature reload_signature_none(void);

/*
 * Append the encodings. False, and nothing appended, if a part is too long for its length. A
 * SignerIdentity of a defined type is written from its fields, another one from raw.
 */
bool reload_write_signer_identity(GByteArray *buf, const ReloadSignerIdentity *identity);
bool reload_write_signature(GByteArray *buf, const ReloadSignature *signature);
bool reload_write_generic_certificate(GByteArray *buf, uint8_t type, ReloadSpan certificate);

/* Appends a SecurityBlock; certificates is a list that reload_write_generic_certificate made. */
bool reload_write_security_block(GByteArray *buf, ReloadSpan certificates,
				 const ReloadSignature *signature);

#endif
