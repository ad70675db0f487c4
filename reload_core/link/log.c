/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the log: one line at a time, never two of the same place within a second. */
#include "reload_core/link/log.h"

#include <errno.h>
#include <unistd.h>

struct ReloadLog {
	char *program;
	ReloadLogLevel level;
	ReloadLogSink sink;
	void *user;
};

static const char *const names[] = {
    [RELOAD_LOG_ERROR] = "error", [RELOAD_LOG_WARNING] = "warning", [RELOAD_LOG_NOTICE] = "notice",
    [RELOAD_LOG_INFO] = "info",	  [RELOAD_LOG_DEBUG] = "debug",
};

ReloadLog *reload_log_new(const char *program, ReloadLogLevel level, ReloadLogSink sink, void *user)
{
	ReloadLog *log = g_new0(ReloadLog, 1);

	log->program = g_strdup(program);
	log->level = level;
	log->sink = sink;
	log->user = user;
	return log;
}

void reload_log_free(ReloadLog *log)
{
	if (log == NULL)
		return;
	g_free(log->program);
	g_free(log);
}

bool reload_log_level_parse(const char *text, ReloadLogLevel *out)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		if (strcmp(text, names[i]) == 0) {
			*out = i;
			return true;
		}
	}
	return false;
}

void reload_log_set_level(ReloadLog *log, ReloadLogLevel level)
{
	log->level = level;
}

bool reload_log_wants(const ReloadLog *log, ReloadLogLevel level)
{
	return log != NULL && level <= log->level;
}

static void write_line(const ReloadLog *log, ReloadLogLevel level, char *text)
{
	GDateTime *time;
	char *stamp, *line;

	for (char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	if (log->sink != NULL) {
		log->sink(log->user, level, text);
		return;
	}
	time = g_date_time_new_now_utc();
	stamp = g_date_time_format(time, "%Y-%m-%dT%H:%M:%S");
	line = g_strdup_printf("%s.%03dZ %s[%ld]: %s: %s\n", stamp,
			       g_date_time_get_microsecond(time) / 1000, log->program,
			       (long)getpid(), names[level], text);
	/* in one piece, for others may write to the same file */
	if (write(STDERR_FILENO, line, strlen(line)) < 0)
		errno = 0; /* nobody reads; there is nobody to tell */
	g_free(line);
	g_free(stamp);
	g_date_time_unref(time);
}

static void write_formatted(ReloadLog *log, ReloadLogLevel level, const char *format, va_list args)
    G_GNUC_PRINTF(3, 0);

static void write_formatted(ReloadLog *log, ReloadLogLevel level, const char *format, va_list args)
{
	char *text = g_strdup_vprintf(format, args);

	write_line(log, level, text);
	g_free(text);
}

void reload_log_write(ReloadLog *log, ReloadLogLevel level, const char *format, ...)
{
	va_list args;

	if (!reload_log_wants(log, level))
		return;
	va_start(args, format);
	write_formatted(log, level, format, args);
	va_end(args);
}

void reload_log_limited(ReloadLog *log, ReloadLogLimit *limit, ReloadLogLevel level,
			const char *format, ...)
{
	int64_t now = g_get_monotonic_time();
	va_list args;

	if (!reload_log_wants(log, level))
		return;
	if (limit->last != 0 && now - limit->last < G_USEC_PER_SEC) {
		limit->left_out++;
		return;
	}
	if (limit->left_out > 0)
		reload_log_write(log, level, "%u more lines like the next one were left out",
				 limit->left_out);
	limit->last = now;
	limit->left_out = 0;
	va_start(args, format);
	write_formatted(log, level, format, args);
	va_end(args);
}
