/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts header, contents and security block together. */
#include "tests/unit/message_kit.h"

#include "reload_core/security/sign.h"
#include "reload_core/wire/chord.h"

GByteArray *message_kit_write(const ReloadDocument *document, ReloadIdentity *signer, uint16_t code,
			      uint64_t transaction_id, const GByteArray *destinations, const GByteArray *body,
			      size_t zeroes)
{
	GByteArray *message = g_byte_array_new(), *contents = g_byte_array_new();
	ReloadHeader header = {.overlay = document->overlay_hash,
			       .config_sequence = document->sequence,
			       .version = RELOAD_VERSION_1_0,
			       .ttl = document->initial_ttl,
			       .last_fragment = true,
			       .transaction_id = transaction_id,
			       .destination_list = reload_span(destinations->data, destinations->len)};
	size_t mark = reload_begin_contents(contents, code);

	g_byte_array_append(contents, body->data, body->len);
	g_byte_array_set_size(contents, contents->len + (guint)zeroes);
	memset(contents->data + contents->len - zeroes, 0, zeroes);
	g_assert_true(reload_end_contents(contents, mark, (ReloadSpan){0}));
	g_assert_cmpint(reload_write_header(message, &header), ==, RELOAD_OK);
	g_byte_array_append(message, contents->data, contents->len);
	g_assert_cmpint(reload_sign_message(signer, document->overlay_hash, transaction_id,
					    reload_span(contents->data, contents->len), NULL, message),
			==, RELOAD_OK);
	reload_finish_length(message, 0);
	g_byte_array_unref(contents);
	return message;
}

GByteArray *message_kit_ready(void)
{
	ReloadChordUpdate update = {.uptime = 1, .type = RELOAD_CHORD_PEER_READY};
	GByteArray *body = g_byte_array_new();

	g_assert_true(reload_write_chord_update(body, &update));
	return body;
}
