/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The other end of a peer's control socket (reload_core/link/control.h). */
#ifndef TOOLS_RELOADCTL_CONTROL_H
#define TOOLS_RELOADCTL_CONTROL_H

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

/* Sends one command line and writes the lines of its answer to out. False, with error set: no such
 * socket, no answer within 30 s, or the reason why the peer did not do it. */
bool reloadctl_control(const char *path, const char *line, FILE *out, GError **error);

#endif
