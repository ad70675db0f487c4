/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of wire_rewrite for Store, Fetch, Stat, Find and what they carry. */
#ifndef TESTS_UNIT_WIRE_REWRITE_STORAGE_H
#define TESTS_UNIT_WIRE_REWRITE_STORAGE_H

#include "reload_core/wire/security_block.h"
#include "tests/unit/wire_arms.h"

/* As wire_rewrite_body; RELOAD_E_UNSUPPORTED for other codes. */
ReloadStatus wire_rewrite_storage_body(uint16_t code, ReloadSpan body, GByteArray *out,
				       GHashTable *arms);

/* A StoreAns, which an error holds too. */
ReloadStatus wire_rewrite_store_ans(ReloadSpan body, GByteArray *out, GHashTable *arms);

/* Add what a signature has. */
void wire_rewrite_note_signature(const ReloadSignature *signature, GHashTable *arms);

#endif
