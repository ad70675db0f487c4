/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A message as readable text, for `reloadctl decode` and debug logs. */
#ifndef RELOAD_WIRE_PRINT_H
#define RELOAD_WIRE_PRINT_H

#include "reload_core/wire/message.h"

/*
 * Appends the message as lines of text, one field a line, nested ones indented by two spaces; bytes
 * as hex, texts with what is not printable escaped. node_id_len: bytes of a Node-ID in this
 * overlay, 16..20 (0: 16 where the bytes do not tell). model_of: as in store.h, NULL for
 * reload_iana_data_model. Verifies no signature. What cannot be decoded is said so, followed by its
 * hex; the status is that of the first such part, else RELOAD_OK.
 */
ReloadStatus reload_print_message(GString *out, ReloadSpan message, unsigned node_id_len,
				  reload_data_model_fn model_of, void *user_data);

/* Appends just the body of a message with that code. */
ReloadStatus reload_print_body(GString *out, uint16_t code, ReloadSpan body, unsigned node_id_len,
			       reload_data_model_fn model_of, void *user_data);

#endif
