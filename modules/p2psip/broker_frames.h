/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What passes between the broker and its peer: requests of workers become frames, frames become
 * answers and entries in the tables that workers read. */
#ifndef P2PSIP_BROKER_FRAMES_H
#define P2PSIP_BROKER_FRAMES_H

#include <stdint.h>

#include "modules/p2psip/proto/protocol.h"
#include "modules/p2psip/request.h"

#define P2PSIP_BROKER_IDS 1024 /* buckets of the requests sent; a power of two */

struct p2psip_broker {
	int fd; /* to the peer, -1: there is none */
	int64_t now;
	uint32_t last_id;
	struct p2psip_request *waiting, *waiting_last;	/* not sent yet, oldest first */
	struct p2psip_request *sent[P2PSIP_BROKER_IDS]; /* by id */
	unsigned sent_count;
	int64_t suspected; /* since when the peer owes a sign of life, 0: it does not */
	int stalled;	   /* stalled_frame is to be sent before anything else */
	struct p2psip_frame stalled_frame;
};

/* A request from the pipe: queued for the peer, or answered at once where there is none. */
void p2psip_broker_take_request(struct p2psip_broker *broker, struct p2psip_request *request);

/* Sends what is waiting, as far as the socket takes it: 0, or -1 when the peer is gone. */
int p2psip_broker_flush(struct p2psip_broker *broker);

/* A frame from the peer. */
void p2psip_broker_take_frame(struct p2psip_broker *broker, const struct p2psip_frame *frame);

/* Answers requests whose time is up. */
void p2psip_broker_expire(struct p2psip_broker *broker, int64_t now);

/* Answers every request with status: the peer is gone. */
void p2psip_broker_fail_all(struct p2psip_broker *broker, int status);

#endif
