/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decodes a body down to its last element and writes it anew: what comes out must be what went in.
 */
#ifndef TESTS_UNIT_WIRE_REWRITE_H
#define TESTS_UNIT_WIRE_REWRITE_H

#include "reload_core/wire/message.h"

/*
 * Decodes the body of a message with that code, as CHORD-RELOAD, with Node-IDs of 16 bytes and
 * IANA's Kinds, and appends it to out as encoded from the decoded structures.
 */
ReloadStatus wire_rewrite_body(uint16_t code, ReloadSpan body, GByteArray *out);

/* The same for a whole message. */
ReloadStatus wire_rewrite_message(ReloadSpan message, GByteArray *out);

#endif
