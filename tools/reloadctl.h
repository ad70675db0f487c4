/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of reloadctl: each file of them gives a table, reloadctl.c finds the one that is
 * asked for. */
#ifndef TOOLS_RELOADCTL_H
#define TOOLS_RELOADCTL_H

#include "reload_core/wire/types.h"

/* Exit codes. */
#define RELOADCTL_OK 0
#define RELOADCTL_FAILED 1 /* with one line on standard error */
#define RELOADCTL_USAGE 2

typedef struct {
	const char *name;      /* one or two words: "ping", "cert node" */
	const char *arguments; /* for the usage line: "--dir DIR NAME" */
	const char *summary;   /* one line */
	/* argv[0] is "reloadctl NAME", the rest the command's own arguments; returns the exit code.
	 * --help is the command's to answer (GOptionContext does). */
	int (*run)(int argc, char **argv);
} ReloadctlCommand;

/* Tables that end with a NULL name. */
extern const ReloadctlCommand reloadctl_ca_commands[]; /* reloadctl_ca.c: works on files only */
extern const ReloadctlCommand
    reloadctl_runtime_commands[]; /* reloadctl_runtime.c: talks to a running peer */

extern const ReloadctlCommand
    reloadctl_client_commands[]; /* reloadctl_client.c: asks the overlay as a client */

/* Prints "reloadctl: TEXT" to standard error and returns RELOADCTL_FAILED; frees *error. */
int reloadctl_fail(GError **error);

/* Parses options from argv (GOptionEntry table) for the command; usage: behind its name. False: an
 * error was printed, *exit_code is set. */
bool reloadctl_parse(int *argc, char ***argv, const GOptionEntry *entries, const char *usage,
		     const char *summary, int *exit_code);

#endif
