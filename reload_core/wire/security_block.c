/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The encoding of the security block and the signature element (RFC 6940, 6.3.4). */
#include "reload_core/wire/security_block.h"

#include "reload_core/wire/list.h"

/* Reads what stands in the SignerIdentityValue of a defined type; it must fill value exactly. */
static bool read_identity_value(ReloadSpan value, ReloadSignerIdentity *out)
{
	ReloadReader r = reload_reader(value);

	switch (out->type) {
	case 0:
		return false;
	case RELOAD_SIGNER_CERT_HASH:
	case RELOAD_SIGNER_CERT_HASH_NODE_ID:
		out->hash_alg = reload_read_u8(&r);
		reload_read_vector8(&r, &out->hash);
		return reload_reader_finish(&r) == RELOAD_OK;
	case RELOAD_SIGNER_NONE:
		return value.len == 0;
	default: /* "may be extended with new types" */
		return true;
	}
}

bool reload_read_signer_identity(ReloadReader *r, ReloadSignerIdentity *out)
{
	const uint8_t *start = r->p;
	ReloadSpan value;

	memset(out, 0, sizeof(*out));
	out->type = reload_read_u8(r);
	reload_read_vector16(r, &value);
	if (!r->failed && !read_identity_value(value, out))
		r->failed = true;
	if (!r->failed)
		out->raw = reload_span(start, (size_t)(r->p - start));
	return !r->failed;
}

bool reload_read_signature(ReloadReader *r, ReloadSignature *out)
{
	out->hash_alg = reload_read_u8(r);
	out->signature_alg = reload_read_u8(r);
	reload_read_signer_identity(r, &out->identity);
	return reload_read_vector16(r, &out->value);
}

/* Tells whether list is made of whole GenericCertificates. */
static bool certificates_valid(ReloadSpan list)
{
	ReloadGenericCertificate certificate;

	while (list.len > 0) {
		if (!reload_generic_certificate_next(&list, &certificate))
			return false;
	}
	return true;
}

bool reload_read_security_block(ReloadReader *r, ReloadSecurityBlock *out)
{
	memset(out, 0, sizeof(*out));
	if (reload_read_vector16(r, &out->certificates) && !certificates_valid(out->certificates))
		r->failed = true;
	return reload_read_signature(r, &out->signature);
}

ReloadStatus reload_security_block_decode(ReloadSpan span, ReloadSecurityBlock *out)
{
	ReloadReader r = reload_reader(span);

	reload_read_security_block(&r, out);
	return reload_reader_finish(&r);
}

bool reload_generic_certificate_next(ReloadSpan *certificates, ReloadGenericCertificate *out)
{
	ReloadReader r = reload_reader(*certificates);

	out->type = reload_read_u8(&r);
	reload_read_vector16(&r, &out->certificate);
	return reload_list_advance(certificates, &r);
}

bool reload_signature_is_none(const ReloadSignature *s)
{
	return s->hash_alg == RELOAD_HASH_NONE && s->signature_alg == RELOAD_SIGNATURE_ANONYMOUS &&
	       s->identity.type == RELOAD_SIGNER_NONE && s->value.len == 0;
}

ReloadSignature reload_signature_none(void)
{
	return (ReloadSignature){.identity = {.type = RELOAD_SIGNER_NONE}};
}

bool reload_write_signer_identity(GByteArray *buf, const ReloadSignerIdentity *identity)
{
	size_t start = buf->len, mark;
	bool ok;

	switch (identity->type) {
	case RELOAD_SIGNER_CERT_HASH:
	case RELOAD_SIGNER_CERT_HASH_NODE_ID:
		reload_write_u8(buf, identity->type);
		mark = reload_begin_vector16(buf);
		reload_write_u8(buf, identity->hash_alg);
		ok = reload_write_vector8(buf, identity->hash) && reload_end_vector16(buf, mark);
		return reload_write_commit(buf, start, ok);
	case RELOAD_SIGNER_NONE:
		reload_write_u8(buf, identity->type);
		reload_write_u16(buf, 0);
		return true;
	default:
		reload_write_bytes(buf, identity->raw);
		return identity->raw.len > 0;
	}
}

bool reload_write_signature(GByteArray *buf, const ReloadSignature *signature)
{
	size_t start = buf->len;

	reload_write_u8(buf, signature->hash_alg);
	reload_write_u8(buf, signature->signature_alg);
	return reload_write_commit(buf, start,
				   reload_write_signer_identity(buf, &signature->identity) &&
				       reload_write_vector16(buf, signature->value));
}

bool reload_write_generic_certificate(GByteArray *buf, uint8_t type, ReloadSpan certificate)
{
	size_t start = buf->len;

	reload_write_u8(buf, type);
	return reload_write_commit(buf, start, reload_write_vector16(buf, certificate));
}

bool reload_write_security_block(GByteArray *buf, ReloadSpan certificates,
				 const ReloadSignature *signature)
{
	size_t start = buf->len;

	return reload_write_commit(buf, start,
				   reload_write_vector16(buf, certificates) &&
				       reload_write_signature(buf, signature));
}
