/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decodes a body down to its last element and writes it anew: what comes out must be what went in.
 */
#ifndef TESTS_UNIT_WIRE_REWRITE_H
#define TESTS_UNIT_WIRE_REWRITE_H

#include "reload_core/wire/message.h"
#include "tests/unit/wire_arms.h"

/*
 * Decodes the body of a message with that code, as CHORD-RELOAD, with Node-IDs of 16 bytes and
 * IANA's Kinds, and appends it to out as encoded from the decoded structures; adds what it met to
 * arms (NULL: not wanted). The bodies of exp_a and exp_b have no form and are copied.
 */
ReloadStatus wire_rewrite_body(uint16_t code, ReloadSpan body, GByteArray *out, GHashTable *arms);

/* The same for a whole message. */
ReloadStatus wire_rewrite_message(ReloadSpan message, GByteArray *out, GHashTable *arms);

/* The same for one fragment of a message: its header, and what follows it as it is. */
ReloadStatus wire_rewrite_fragment(ReloadSpan fragment, GByteArray *out, GHashTable *arms);

#endif
