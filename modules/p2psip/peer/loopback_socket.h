/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The UDP socket on the loopback device behind which remote nodes stand: each has an address of the flow
 * network, all have one port. Kamailio's overlay-side socket is the only one it talks with. */
#ifndef P2PSIP_PEER_LOOPBACK_SOCKET_H
#define P2PSIP_PEER_LOOPBACK_SOCKET_H

#include "reload_core/wire/types.h"

#include <netinet/in.h>

typedef struct LoopbackSocket LoopbackSocket;

/* Called for each datagram from Kamailio: address is where it was sent to (network byte order). */
typedef void (*LoopbackReceiveFunc)(void *data, uint32_t address, ReloadSpan message);

/* Opens the socket on port; kamailio: where Kamailio's overlay-side socket is. NULL with error: the port
 * is taken, or the host forbids it. */
LoopbackSocket *loopback_socket_new(uint16_t port, const struct sockaddr_in *kamailio, GError **error);
/* Serves it from the default main context. */
void loopback_socket_serve(LoopbackSocket *socket, LoopbackReceiveFunc receive, void *data);
void loopback_socket_free(LoopbackSocket *socket);

/* Sends message to Kamailio from the loopback address; false if the kernel refused it. */
bool loopback_socket_send(LoopbackSocket *socket, uint32_t address, ReloadSpan message);

/* Datagrams that came from elsewhere than from Kamailio, and were dropped. */
uint64_t loopback_socket_refused(const LoopbackSocket *socket);

#endif
