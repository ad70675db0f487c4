/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads every element of the bodies of the storage methods, without any allocation. */
#ifndef TESTS_FUZZ_WALK_STORAGE_H
#define TESTS_FUZZ_WALK_STORAGE_H

#include "reload_core/wire/message.h"

/* Decodes the body as its code says (IANA's Kinds) and walks over all lists in it. */
void walk_storage_body(uint16_t code, ReloadSpan body, unsigned node_id_len);

/* Reads the first and the last byte of a view. */
void walk_touch(ReloadSpan view);

#endif
