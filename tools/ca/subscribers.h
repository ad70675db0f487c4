/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the names of a whole subscriber table come from. */
#ifndef TOOLS_CA_SUBSCRIBERS_H
#define TOOLS_CA_SUBSCRIBERS_H

#include <glib.h>
#include <stdbool.h>

/* Called for each name; a name without a domain has default_domain appended. */
typedef void (*CaSubscriber)(void *data, const char *aor);

/* Reads one name a line from a file ("-": standard input); empty lines and such that begin with #
 * are skipped. */
bool ca_subscribers_from_lines(const char *path, const char *default_domain, CaSubscriber each,
			       void *data, GError **error);

/* Reads username and domain from the subscriber table of Kamailio's SQLite database, by the sqlite3
 * program. */
bool ca_subscribers_from_sqlite(const char *path, const char *default_domain, CaSubscriber each,
				void *data, GError **error);

/* Does the file begin as an SQLite 3 database does? */
bool ca_is_sqlite(const char *path);

#endif
