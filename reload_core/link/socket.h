/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP sockets of links and application connections: non-blocking, closed on exec, tuned to notice a
 * dead host soon. */
#ifndef RELOAD_LINK_SOCKET_H
#define RELOAD_LINK_SOCKET_H

#include "reload_core/link/socket_address.h"

/* Returns a listening socket for a numeric address, or -1 with error set to one line; *bound tells
 * the address that it got (port 0: the system's choice). */
int reload_socket_listen(const ReloadAddress *address, ReloadAddress *bound, GError **error);

/* Starts to connect; returns the socket, which becomes writable when it is done, or -1. */
int reload_socket_connect(const ReloadAddress *address);

/* Makes an accepted or a connecting socket ready for use: the kernel asks an idle peer for a sign
 * of life after idle ms, then each second, and gives the connection up when it hears nothing for
 * give_up ms. */
void reload_socket_tune(int fd, int64_t idle, int64_t give_up);

/* For how many ms has the other host's TCP been silent? 0 if that is not known. With the kernel's
 * signs of life this stays small while the host is there, however idle the link. */
int64_t reload_socket_silence(int fd);

/* The error that a connection attempt ended with, an errno; 0: none. */
int reload_socket_error(int fd);

bool reload_socket_local(int fd, ReloadAddress *out);

#endif
