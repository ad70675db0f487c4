/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The round-trip time of a link, measured by its ACKs, and the time-out that follows from it (RFC
 * 6298, 2; RFC 6940, 6.6.5). Nothing is retransmitted: the time-out only says that a link may be
 * failing. */
#ifndef RELOAD_LINK_RTT_H
#define RELOAD_LINK_RTT_H

#include <stdbool.h>
#include <stdint.h>

/* Messages whose time of sending is remembered; of more that are under way, the oldest count. */
#define RELOAD_RTT_TRACKED 64

/* ms (RFC 6298, 2.1 and 2.4). The upper bound is ours: failure is to be noticed soon. */
#define RELOAD_RTO_INITIAL 1000.0
#define RELOAD_RTO_MIN 1000.0
#define RELOAD_RTO_MAX 5000.0

/* Starts as zeroes. */
typedef struct {
	bool measured;
	double srtt, rttvar; /* ms */
	struct {
		uint32_t sequence;
		int64_t sent;
	} waiting[RELOAD_RTT_TRACKED]; /* a ring, oldest first */
	unsigned first, count;
	uint32_t next;	  /* the sequence number after the last one sent */
	int64_t last_ack; /* when an ACK for something sent last came */
	uint64_t acks;
} ReloadRtt;

/* Notes that the data frame with that number is sent at now (ms). */
void reload_rtt_sent(ReloadRtt *rtt, uint32_t sequence, int64_t now);

/* Notes an ACK. TCP keeps the order, so it covers all that was sent before, too. False: it
 * acknowledges nothing that was sent and not yet acknowledged; the remote is odd, and it is
 * ignored. */
bool reload_rtt_acked(ReloadRtt *rtt, uint32_t sequence, int64_t now);

/* The retransmission time-out in ms. */
double reload_rtt_rto(const ReloadRtt *rtt);

/* Has a whole RTO passed without an ACK, though one is due? */
bool reload_rtt_overdue(const ReloadRtt *rtt, int64_t now);

#endif
