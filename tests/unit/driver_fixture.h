/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An overlay in files, and whole nodes of it with real sockets, in one main loop. */
#ifndef TESTS_UNIT_DRIVER_FIXTURE_H
#define TESTS_UNIT_DRIVER_FIXTURE_H

#include "reload_core/link/driver.h"

#define DRIVER_OVERLAY "driver.example.org"

typedef struct {
	char *directory, *ca, *document;
	char *nodes[3]; /* directories */
	char *address;	/* of the bootstrap node */
} DriverFixture;

/* Make and remove the files: for g_test_add. */
void driver_fixture_set_up(DriverFixture *fixture, gconstpointer data);
void driver_fixture_tear_down(DriverFixture *fixture, gconstpointer data);

/* Writes a new certificate, and a key if there is none, into the directory of a node. */
void driver_make_node(DriverFixture *fixture, const char *directory);
/* The same with a certificate that ends in so many days. */
void driver_make_node_for(DriverFixture *fixture, const char *directory, int days);

/* Options of node n; the first one starts the overlay. */
ReloadDriverOptions driver_options_for(const DriverFixture *fixture, unsigned n,
				       const char *const *listen);
/* A log sink that only --verbose shows. */
void driver_log_quietly(void *user, ReloadLogLevel level, const char *text);

/* Starts a node; it must succeed. */
ReloadDriver *driver_start(const ReloadDriverOptions *options);
bool driver_joined(ReloadDriver *driver);
/* Leaves the overlay, in time, and frees the node. */
void driver_leave(ReloadDriver *driver);

/* What became of a command. */
typedef struct {
	char *text, *reason; /* reason NULL: it succeeded */
	bool done;
} DriverAnswer;
void driver_answered(void *data, const char *text, const char *reason);

/* Returns the text of a command that succeeds; free with g_free. */
char *driver_command(ReloadDriver *driver, const char *line);
/* Runs a command that succeeds with part in its text, or one that is refused with such a reason. */
void driver_assert_command(ReloadDriver *driver, const char *line, const char *part);
void driver_assert_command_refused(ReloadDriver *driver, const char *line, const char *why);

#endif
