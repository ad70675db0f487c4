/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands that a daemon answers, and the control socket by which reloadctl gives them: a UNIX
 * stream socket, mode 0600, whose clients must be the same user or root. A client sends lines, each
 * a command and its arguments separated by spaces, which are performed one after the other; the
 * answer to each is text lines, then a line "." for success or "! reason"; lines of text that begin
 * with one of these have a space put before them. */
#ifndef RELOAD_LINK_CONTROL_H
#define RELOAD_LINK_CONTROL_H

#include "reload_core/link/driver.h"

/* Bytes of a line; who sends a longer one is disconnected. */
#define RELOAD_CONTROL_LINE_MAX 1024
#define RELOAD_CONTROL_CLIENTS_MAX 16

typedef struct ReloadControl ReloadControl;
/* One command under way. */
typedef struct ReloadControlCall ReloadControlCall;

/* Performs a command: prints any number of lines and then ends the call, at once or later
 * (ReloadControlCall stays valid until it is ended). argv[0] is the command; a view for the time of
 * the call. */
typedef void (*ReloadControlFunc)(void *user, ReloadControlCall *call, unsigned argc, char **argv);

/* Listens on path (a stale socket there is replaced, anything else is not); NULL: on none, commands
 * come by reload_control_run only. NULL with error set to one line. */
ReloadControl *reload_control_new(const char *path, GMainContext *context, GError **error);
/* Ends all calls and removes the socket. What a command does to a call that is ended so is ignored,
 * but it has to end it all the same. */
void reload_control_free(ReloadControl *control);

/* Adds a command; usage: its arguments and what it does, one line, for `help`. Strings are not
 * copied. */
void reload_control_add(ReloadControl *control, const char *name, const char *usage,
			ReloadControlFunc func, void *user);

/* Adds one line, or several, to the answer. */
void reload_control_print(ReloadControlCall *call, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Ends the call: well if reason is NULL. */
void reload_control_end(ReloadControlCall *call, const char *reason);

/* Has a command line performed for somebody in this process. done is called exactly once, maybe
 * before this returns: text is the answer's lines, reason NULL or why it failed; views for the time
 * of the call. */
void reload_control_run(ReloadControl *control, const char *line,
			void (*done)(void *data, const char *text, const char *reason), void *data);

/* The daemon's own; never NULL. For adding commands and for running them. */
ReloadControl *reload_driver_control(ReloadDriver *driver);

#endif
