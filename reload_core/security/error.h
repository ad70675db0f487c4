/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors with a line of text for an operator: GErrors whose code is a ReloadStatus. */
#ifndef RELOAD_SECURITY_ERROR_H
#define RELOAD_SECURITY_ERROR_H

#include "reload_core/wire/status.h"

#include <glib.h>

#define RELOAD_STATUS_ERROR reload_error_quark()
GQuark reload_error_quark(void);

/* Sets *error (if error is not NULL) to one line made from format, with status as its code, and
 * returns status, so that a caller can write `return reload_fail(...)`. Line ends and other control
 * characters in what is formatted become '?'. */
ReloadStatus reload_fail(GError **error, ReloadStatus status, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Puts "prefix: " before the text of *error, if there is one. */
void reload_error_prefix(GError **error, const char *prefix);

#endif
