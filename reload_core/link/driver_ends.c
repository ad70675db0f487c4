/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells the operator, day after day, what ends soon and what has ended: the document (RFC
 * 6940, 11.1, expiration) and the node's certificate. A node that runs goes on with a document that
 * has ended: its settings are as good as they were, certificates have dates of their own, and an
 * overlay all of whose nodes fall silent in the same second is worse. It only does not start with
 * one. */
#include "reload_core/link/driver_private.h"

#define DAY 86400000LL
/* Late enough that what ends then has ended. ms. */
#define AFTER 1000

typedef struct {
	const char *path, *what;
	int64_t end;		    /* ms since the Unix epoch; INT64_MAX: never */
	const char *before, *after; /* what to do about it */
} End;

static void tell_one(const End *end, int64_t now, ReloadDriverTell tell, void *user)
{
	bool ended = end->end <= now;
	GDateTime *time;
	char *date, *line;

	if (end->end == INT64_MAX || end->end - now > WARN_BEFORE)
		return;
	time = g_date_time_new_from_unix_utc(end->end / 1000);
	date = time != NULL ? g_date_time_format(time, "%Y-%m-%d %H:%M UTC")
			    : g_strdup("an unknown day");
	line = g_strdup_printf("%s: %s %s on %s; %s", end->path, end->what,
			       ended ? "ended" : "ends", date, ended ? end->after : end->before);
	tell(user, ended ? RELOAD_LOG_ERROR : RELOAD_LOG_WARNING, line);
	g_free(line);
	g_free(date);
	if (time != NULL)
		g_date_time_unref(time);
}

int64_t reload_driver_tell_ends(const DriverFiles *files, const char *document_path,
				const char *node_directory, int64_t now, ReloadDriverTell tell,
				void *user)
{
	char *path = g_build_filename(node_directory, RELOAD_NODE_CERTIFICATE_FILE, NULL);
	const End ends[] = {
	    {path, "certificate",
	     reload_certificate_not_after(reload_identity_certificate(files->identity)),
	     "issue a new one and reload", "others refuse this node: issue a new one and reload"},
	    {document_path, "document", files->document->expiration,
	     "get a newer document and reload",
	     "the node goes on, but does not start with it again: get a newer document and reload"},
	};
	int64_t next = now + DAY;

	for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
		tell_one(&ends[i], now, tell, user);
		if (ends[i].end > now && ends[i].end < next)
			next = ends[i].end + AFTER;
	}
	g_free(path);
	return next;
}

static void log_line(void *user, ReloadLogLevel level, const char *line)
{
	reload_log_write(((ReloadDriver *)user)->log, level, "%s", line);
}

static gboolean look(gpointer data)
{
	ReloadDriver *driver = data;
	int64_t now = reload_driver_now(driver);
	int64_t next = reload_driver_tell_ends(&driver->files, driver->document_path,
					       driver->node_directory, now, log_line, driver);

	reload_driver_watch_ends(driver, next - now);
	return G_SOURCE_CONTINUE; /* it has ended this one */
}

void reload_driver_watch_ends(ReloadDriver *driver, int64_t wait)
{
	reload_driver_unwatch_ends(driver);
	driver->ends_source = g_timeout_source_new((guint)CLAMP(wait, 0, DAY));
	g_source_set_static_name(driver->ends_source, "reload driver ends");
	g_source_set_callback(driver->ends_source, look, driver, NULL);
	g_source_attach(driver->ends_source, driver->context);
}

void reload_driver_unwatch_ends(ReloadDriver *driver)
{
	if (driver->ends_source == NULL)
		return;
	g_source_destroy(driver->ends_source);
	g_source_unref(g_steal_pointer(&driver->ends_source));
}
