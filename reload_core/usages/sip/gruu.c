/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes and reads the gr parameter of an overlay's GRUUs. */
#include "reload_core/usages/sip/gruu.h"

#define TEXT_MAX (RELOAD_GRUU_LIST_MAX / 3 * 4 + 8)

char *reload_gruu_encode(ReloadSpan destination_list)
{
	char *text = g_base64_encode(destination_list.data, destination_list.len);

	return g_strdelimit(text, "=", '~');
}

/* Takes the escapes off (RFC 3261, 19.1.4: an escaped character equals the plain one) and turns '~'
 * back. What is no character of base64 makes it false: GLib's decoder would skip it. */
static bool unescape(const char *value, size_t len, char text[TEXT_MAX + 1])
{
	size_t n = 0;

	for (size_t i = 0; i < len && n < TEXT_MAX; i++) {
		char c = value[i];

		if (c == '%') {
			if (len - i < 3 || !g_ascii_isxdigit(value[i + 1]) ||
			    !g_ascii_isxdigit(value[i + 2]))
				return false;
			c = (char)(g_ascii_xdigit_value(value[i + 1]) << 4 |
				   g_ascii_xdigit_value(value[i + 2]));
			i += 2;
		}
		if (c == '~')
			c = '=';
		if (!g_ascii_isalnum(c) && c != '+' && c != '/' && c != '=')
			return false;
		text[n++] = c;
	}
	text[n] = '\0';
	return n > 0 && n % 4 == 0 && strcspn(text, "=") + 2 >= n;
}

ReloadStatus reload_gruu_decode(const char *value, size_t len, unsigned node_id_len,
				GByteArray *out)
{
	char text[TEXT_MAX + 1];
	ReloadStatus status = RELOAD_OK;
	guchar *list;
	gsize list_len;

	if (len > 3 * (size_t)TEXT_MAX)
		return RELOAD_E_TOO_LARGE;
	if (!unescape(value, len, text))
		return RELOAD_E_MALFORMED;
	list = g_base64_decode(text, &list_len);
	if (list_len > RELOAD_GRUU_LIST_MAX)
		status = RELOAD_E_TOO_LARGE;
	else if (!reload_destination_list_valid(reload_span(list, list_len), node_id_len,
						RELOAD_LIST_DESTINATION))
		status = RELOAD_E_MALFORMED;
	else
		g_byte_array_append(out, list, (guint)list_len);
	g_free(list);
	return status;
}

bool reload_gruu_find(const char *uri, size_t len, ReloadSpan *value)
{
	const char *end = uri + len;
	const char *p = len ? memchr(uri, '@', len) : NULL; /* a user part may have ';' in it */
	const char *headers = p ? memchr(p, '?', (size_t)(end - p)) : NULL;

	if (headers)
		end = headers;
	for (; p && (p = memchr(p, ';', (size_t)(end - p))); p++) {
		const char *begin = p + 1;
		const char *next = memchr(begin, ';', (size_t)(end - begin));
		size_t n = (size_t)((next ? next : end) - begin);

		if (n > 3 && !g_ascii_strncasecmp(begin, "gr=", 3)) {
			*value = reload_span(begin + 3, n - 3);
			return true;
		}
	}
	return false;
}
