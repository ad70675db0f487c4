/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What control.c and control_socket.c share; nobody else's business. */
#ifndef RELOAD_LINK_CONTROL_PRIVATE_H
#define RELOAD_LINK_CONTROL_PRIVATE_H

#include "reload_core/link/control.h"

#include <sys/types.h>

struct ReloadControlCall {
	ReloadControl *control; /* NULL: it is gone */
	GString *text;
	void (*done)(void *data, const char *text, const char *reason);
	void *data;
};

struct ReloadControl {
	GMainContext *context;
	GPtrArray *commands;
	GHashTable *calls; /* the set of those under way */

	/* the socket */
	int fd; /* -1: none */
	char *path;
	dev_t device;
	ino_t inode;
	GSource *source;
	GQueue clients; /* oldest first */
};

/* Listens on a UNIX socket; false with error set. */
bool reload_control_listen(ReloadControl *control, const char *path, GError **error);
/* Closes it and all clients. Calls must have been ended. */
void reload_control_close(ReloadControl *control);

#endif
