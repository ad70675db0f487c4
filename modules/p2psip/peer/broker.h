/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The peer's end of the socketpair to the broker in Kamailio. */
#ifndef P2PSIP_PEER_BROKER_H
#define P2PSIP_PEER_BROKER_H

#include "modules/p2psip/proto/protocol.h"

typedef struct Broker Broker;

typedef struct {
	void *user;
	void (*frame)(void *user, const struct p2psip_frame *frame);
	/* The broker is gone, or says what is no frame: there is nobody to work for. Called once. */
	void (*closed)(void *user, const char *why);
} BrokerHandler;

/* Serves fd, which it then owns, from the default main context. */
Broker *broker_new(int fd, const BrokerHandler *handler);
void broker_free(Broker *self);

/* Seals and sends frame; queued (bounded) while the broker is slow. self may be NULL: nobody is there. */
void broker_send(Broker *self, struct p2psip_frame *frame, enum p2psip_type type, uint32_t id);

#endif
