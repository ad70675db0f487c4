/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A listening TCP socket on the main loop. */
#ifndef RELOAD_LINK_LISTENER_H
#define RELOAD_LINK_LISTENER_H

#include "reload_core/wire/address.h"

typedef struct ReloadListener ReloadListener;

/* A connection was accepted; fd is non-blocking, close-on-exec, and the callee's. */
typedef void (*ReloadAcceptFunc)(void *user, int fd, const ReloadAddress *from);

/* Listens; *bound is the address that it got. NULL with error set to one line. */
ReloadListener *reload_listener_new(GMainContext *context, const ReloadAddress *address,
				    ReloadAddress *bound, ReloadAcceptFunc accepted, void *user,
				    GError **error);
void reload_listener_free(ReloadListener *listener);

#endif
