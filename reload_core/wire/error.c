/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The error response (RFC 6940, 6.3.3.1). */
#include "reload_core/wire/error.h"

#include "reload_core/wire/list.h"

/* As much of a remote's text as goes into one of our log lines. */
#define TEXT_MAX 200

ReloadStatus reload_error_decode(ReloadSpan body, ReloadErrorResponse *out)
{
	ReloadReader r = reload_reader(body);

	out->error_code = reload_read_u16(&r);
	reload_read_vector16(&r, &out->error_info);
	return reload_reader_finish(&r);
}

uint16_t reload_message_error_code(const ReloadMessage *message)
{
	ReloadErrorResponse error;

	if (message == NULL || message->code != RELOAD_ERROR ||
	    reload_error_decode(message->body, &error) != RELOAD_OK)
		return 0;
	return error.error_code;
}

bool reload_write_error(GByteArray *buf, const ReloadErrorResponse *error)
{
	size_t start = buf->len;

	reload_write_u16(buf, error->error_code);
	return reload_write_commit(buf, start, reload_write_vector16(buf, error->error_info));
}

ReloadStatus reload_unknown_kinds_decode(ReloadSpan error_info, ReloadSpan *kinds)
{
	ReloadReader r = reload_reader(error_info);

	reload_read_vector8(&r, kinds);
	if (kinds->len % sizeof(uint32_t) != 0)
		return RELOAD_E_MALFORMED;
	return reload_reader_finish(&r);
}

bool reload_write_unknown_kinds(GByteArray *buf, const uint32_t *kinds, size_t count)
{
	size_t mark;

	if (count > UINT8_MAX / sizeof(*kinds))
		return false;
	mark = reload_begin_vector8(buf);
	for (size_t i = 0; i < count; i++)
		reload_write_u32(buf, kinds[i]);
	return reload_end_vector8(buf, mark);
}

/* Tells whether error_info of that code is a structure rather than a text. */
static bool is_structured(uint16_t code)
{
	return code == RELOAD_ERROR_GENERATION_COUNTER_TOO_LOW || code == RELOAD_ERROR_UNKNOWN_KIND;
}

char *reload_error_text(const ReloadErrorResponse *error)
{
	const char *name = reload_error_code_name(error->error_code);
	GString *text = g_string_new(NULL);

	if (strcmp(name, "unknown") == 0)
		g_string_append_printf(text, "error 0x%x", error->error_code);
	else
		g_string_append(text, name);
	if (error->error_info.len > 0 && !is_structured(error->error_code))
		g_string_append(text, ": ");
	else
		return g_string_free(text, FALSE);
	for (size_t i = 0; i < error->error_info.len && text->len < TEXT_MAX; i++) {
		char c = (char)error->error_info.data[i];

		g_string_append_c(text, g_ascii_isprint(c) ? c : '?');
	}
	return g_string_free(text, FALSE);
}
