/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of wire_rewrite for Store, Fetch, Stat and Find. */
#ifndef TESTS_UNIT_WIRE_REWRITE_STORAGE_H
#define TESTS_UNIT_WIRE_REWRITE_STORAGE_H

#include "reload_core/wire/buffer.h"

/* As wire_rewrite_body; RELOAD_E_UNSUPPORTED for other codes. */
ReloadStatus wire_rewrite_storage_body(uint16_t code, ReloadSpan body, GByteArray *out);

#endif
