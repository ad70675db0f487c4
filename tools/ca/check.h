/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ends soon: certificates and documents. */
#ifndef TOOLS_CA_CHECK_H
#define TOOLS_CA_CHECK_H

#include <glib.h>
#include <stdint.h>

/* Tells of one file that needs attention: a line with its remedy. */
typedef void (*CaWarning)(void *data, const char *line);

typedef struct {
	unsigned checked; /* files looked at */
	unsigned warned;
} CaCheckResult;

/* Looks at a certificate, an overlay document, or all of these in a directory and below it. What
 * ends before now + days (or cannot be read) is told to warn. */
void ca_check_path(const char *path, int64_t now, int days, CaWarning warn, void *data,
		   CaCheckResult *result);

#endif
