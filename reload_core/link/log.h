/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log of a daemon: one line each, to standard error in syslog's style, with a level and a limit
 * on the rate of lines that say the same. */
#ifndef RELOAD_LINK_LOG_H
#define RELOAD_LINK_LOG_H

#include "reload_core/peer/io.h"

typedef struct ReloadLog ReloadLog;

/* Where lines go instead of standard error: the text has no line end. */
typedef void (*ReloadLogSink)(void *user, ReloadLogLevel level, const char *text);

/* A new log that lets through `level` and what is more severe. program: the first word of each
 * line. sink may be NULL. Free with reload_log_free. */
ReloadLog *reload_log_new(const char *program, ReloadLogLevel level, ReloadLogSink sink,
			  void *user);
void reload_log_free(ReloadLog *log);

/* "error", "warning", "notice", "info" or "debug"; false: none of them. */
bool reload_log_level_parse(const char *text, ReloadLogLevel *out);
void reload_log_set_level(ReloadLog *log, ReloadLogLevel level);
bool reload_log_wants(const ReloadLog *log, ReloadLogLevel level);

/* Writes one line; control characters in it become '?'. log may be NULL. */
void reload_log_write(ReloadLog *log, ReloadLogLevel level, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* The same at most once a second for each place that has a ReloadLogLimit of its own; the next line
 * says how many were left out. */
typedef struct {
	int64_t last; /* monotonic, us */
	unsigned left_out;
} ReloadLogLimit;
void reload_log_limited(ReloadLog *log, ReloadLogLimit *limit, ReloadLogLevel level,
			const char *format, ...) G_GNUC_PRINTF(4, 5);

#endif
