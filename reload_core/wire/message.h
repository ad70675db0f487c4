/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A whole message: forwarding header, message contents (RFC 6940, 6.3.3) and security block. */
#ifndef RELOAD_WIRE_MESSAGE_H
#define RELOAD_WIRE_MESSAGE_H

#include "reload_core/wire/constants.h"
#include "reload_core/wire/header.h"
#include "reload_core/wire/security_block.h"

typedef struct {
	ReloadHeader header;
	uint16_t code;	       /* ReloadMessageCode; others are possible */
	ReloadSpan body;       /* decoded by the functions of the message's own file */
	ReloadSpan extensions; /* walked with reload_extension_next */
	ReloadSpan contents;   /* the encoded MessageContents, as it is signed */
	ReloadSecurityBlock security;
} ReloadMessage;

/* One message extension (RFC 6940, 6.3.3). */
typedef struct {
	uint16_t type; /* ReloadMessageExtensionType */
	bool critical; /* not understood: Error_Unknown_Extension */
	ReloadSpan contents;
} ReloadExtension;

/*
 * Decodes a whole message, without its body. Nothing is allocated; the views point into message.
 * Errors as for reload_header_decode; RELOAD_E_MALFORMED also for a fragment, for the codes 0x0 and
 * 0x8000..0xfffe (refused by 6.3.3), and for bytes after the security block.
 */
ReloadStatus reload_message_decode(ReloadSpan message, unsigned node_id_len, ReloadMessage *out);

/* Decodes what follows the header, for a message that was put together from fragments; out->header
 * is left alone. */
ReloadStatus reload_message_decode_rest(ReloadSpan rest, ReloadMessage *out);

/* Takes the first extension off *extensions into *out; false when none is left. */
bool reload_extension_next(ReloadSpan *extensions, ReloadExtension *out);

/* Appends an extension. */
bool reload_write_extension(GByteArray *buf, const ReloadExtension *extension);

/*
 * Appends MessageContents: the code, the body and the extensions (a list that
 * reload_write_extension made, or empty).
 *
 * A message is put together like this: reload_write_header; reload_write_contents; sign
 * overlay || transaction_id || MessageContents || SignerIdentity; reload_write_security_block;
 * reload_finish_length.
 */
bool reload_write_contents(GByteArray *buf, uint16_t code, ReloadSpan body, ReloadSpan extensions);

/*
 * The same with a body that is written in place: begin appends the code and room for the body's
 * length, and returns a mark; end fills the length in and appends the extensions. False from end:
 * too long; throw buf away.
 */
size_t reload_begin_contents(GByteArray *buf, uint16_t code);
bool reload_end_contents(GByteArray *buf, size_t mark, ReloadSpan extensions);

#endif
