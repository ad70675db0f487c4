/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state that all Kamailio processes share: what the peer last said of itself, and the clock. */
#ifndef P2PSIP_SHARED_H
#define P2PSIP_SHARED_H

#include <stdint.h>

#include "modules/p2psip/compat.h"
#include "modules/p2psip/proto/protocol.h"

struct p2psip_shared {
	gen_lock_t lock; /* guards text, statistics and the times */
	int joined;	 /* read without the lock */
	int running;	 /* a p2psip-peer is connected; read without the lock */
	uint32_t
	    generation; /* counts the peers started: what one was told, the next does not know */
	uint32_t restarts;
	int64_t started; /* when the running peer was started */
	int peer_pid;
	char text[64];
	struct p2psip_statistics statistics;
};

extern struct p2psip_shared *p2psip_shared;

/* Milliseconds of the monotonic clock. */
int64_t p2psip_now(void);

/* Allocates the shared state. 0, or -1 without memory. */
int p2psip_shared_init(void);
void p2psip_shared_destroy(void);

/* Takes over a STATE frame of the peer. */
void p2psip_shared_set_state(const struct p2psip_state *state);

/* Notes that a peer runs as pid, or (0) that none does any more. */
void p2psip_shared_set_running(int pid);

/* Copies the text of the state, or the statistics. */
void p2psip_shared_text(char *text, size_t size);
void p2psip_shared_statistics(struct p2psip_statistics *statistics);

/* A name for a status, as $p2psip(status) shows it. */
const char *p2psip_status_name(unsigned status);

#endif
