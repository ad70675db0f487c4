/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GErrors whose code is a ReloadStatus and whose text is one line. */
#include "reload_core/security/error.h"

#include <stdarg.h>

GQuark reload_error_quark(void)
{
	return g_quark_from_static_string("reload-error-quark");
}

/* Names come from files and certificates: no line end or escape sequence of theirs reaches a log.
 */
static void make_one_line(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++) {
		if (*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
}

ReloadStatus reload_fail(GError **error, ReloadStatus status, const char *format, ...)
{
	va_list arguments;
	char *text;

	if (!error)
		return status;
	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	make_one_line(text);
	g_set_error_literal(error, RELOAD_STATUS_ERROR, status, text);
	g_free(text);
	return status;
}

void reload_error_prefix(GError **error, const char *prefix)
{
	char *clean;

	if (!error || !*error)
		return;
	clean = g_strdup(prefix);
	make_one_line(clean);
	g_prefix_error(error, "%s: ", clean);
	g_free(clean);
}
