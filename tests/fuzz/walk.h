/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads every element of a decoded message, without any allocation. */
#ifndef TESTS_FUZZ_WALK_H
#define TESTS_FUZZ_WALK_H

#include "reload_core/wire/message.h"

/* Decodes the body as its code says and walks over all lists in the message; every view is read to
 * its last byte. */
void walk_message(const ReloadMessage *message, unsigned node_id_len);

#endif
