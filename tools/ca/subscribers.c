/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading subscribers. */
#include "tools/ca/subscribers.h"

#include "reload_core/security/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void pass_on(char *name, const char *default_domain, CaSubscriber each, void *data)
{
	char *whole;

	g_strstrip(name);
	if (*name == 0 || *name == '#')
		return;
	if (strchr(name, '@')) {
		each(data, name);
		return;
	}
	whole = g_strdup_printf("%s@%s", name, default_domain);
	each(data, whole);
	g_free(whole);
}

bool ca_subscribers_from_lines(const char *path, const char *default_domain, CaSubscriber each,
			       void *data, GError **error)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	bool good;

	if (!file) {
		reload_fail(error, RELOAD_E_CONFIG,
			    "%s: subscribers cannot be read (%s): correct the path", path,
			    g_strerror(errno));
		return false;
	}
	while (getline(&line, &size, file) >= 0)
		pass_on(line, default_domain, each, data);
	good = !ferror(file);
	if (!good)
		reload_fail(error, RELOAD_E_CONFIG,
			    "%s: subscribers cannot be read (%s): correct the path", path,
			    g_strerror(errno));
	free(line);
	if (file != stdin)
		fclose(file);
	return good;
}

bool ca_is_sqlite(const char *path)
{
	static const char magic[] = "SQLite format 3";
	char start[sizeof(magic)] = {0};
	FILE *file = strcmp(path, "-") == 0 ? NULL : fopen(path, "re");
	bool same = file && fread(start, 1, sizeof(start), file) == sizeof(start) &&
		    memcmp(start, magic, sizeof(magic)) == 0;

	if (file)
		fclose(file);
	return same;
}

/* Text from its hex digits; NULL if it is none or holds a NUL. */
static char *from_hex(const char *hex)
{
	size_t length = strlen(hex) / 2;
	char *text = g_malloc(length + 1);

	for (size_t i = 0; i < length; i++) {
		int high = g_ascii_xdigit_value(hex[2 * i]),
		    low = g_ascii_xdigit_value(hex[2 * i + 1]);

		if (high < 0 || low < 0 || (high == 0 && low == 0)) {
			g_free(text);
			return NULL;
		}
		text[i] = (char)(high << 4 | low);
	}
	text[length] = 0;
	return text;
}

static void pass_on_row(const char *row, const char *default_domain, CaSubscriber each, void *data)
{
	char **columns = g_strsplit(row, "|", 2);
	char *user = columns[0] ? from_hex(columns[0]) : NULL;
	char *domain = user && columns[1] ? from_hex(columns[1]) : NULL;

	if (user && domain && *user) {
		char *aor = g_strdup_printf("%s@%s", user, *domain ? domain : default_domain);

		each(data, aor);
		g_free(aor);
	}
	g_free(user);
	g_free(domain);
	g_strfreev(columns);
}

bool ca_subscribers_from_sqlite(const char *path, const char *default_domain, CaSubscriber each,
				void *data, GError **error)
{
	/* As hex, so that nothing in a name is taken for a separator. */
	char *arguments[] = {
	    "sqlite3",
	    "-readonly",
	    "-batch",
	    "-noheader",
	    "-list",
	    "-separator",
	    "|",
	    NULL,
	    "select hex(username), hex(coalesce(domain,'')) from subscriber order by id;",
	    NULL};
	char *absolute = g_canonicalize_filename(path, NULL);
	char *output = NULL, *messages = NULL, **rows;
	GError *reason = NULL;
	int status = 0;
	bool good;

	arguments[7] = absolute; /* never looks like an option */
	good = g_spawn_sync(NULL, arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output,
			    &messages, &status, &reason);
	if (!good) {
		reload_fail(error, RELOAD_E_CONFIG,
			    "%s: the sqlite3 program cannot be run (%s): install sqlite3, or give "
			    "the names a "
			    "line each",
			    path, reason->message);
		g_error_free(reason);
	} else if (!g_spawn_check_wait_status(status, NULL)) {
		good = false;
		reload_fail(error, RELOAD_E_CONFIG,
			    "%s: subscriber table cannot be read (%s): correct the path", path,
			    g_strstrip(messages));
	}
	if (good) {
		rows = g_strsplit(output, "\n", 0);
		for (char **row = rows; *row; row++)
			pass_on_row(*row, default_domain, each, data);
		g_strfreev(rows);
	}
	g_free(absolute);
	g_free(output);
	g_free(messages);
	return good;
}
