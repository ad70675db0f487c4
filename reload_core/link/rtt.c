/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Estimates a link's round-trip time and tells when an ACK is overdue. */
#include "reload_core/link/rtt.h"

#include <glib.h>

/* RFC 6298, 2.2 and 2.3; the clock's granularity G. */
#define ALPHA (1.0 / 8)
#define BETA (1.0 / 4)
#define K 4
#define GRANULARITY 1.0

void reload_rtt_sent(ReloadRtt *rtt, uint32_t sequence, int64_t now)
{
	rtt->next = sequence + 1;
	if (rtt->count < RELOAD_RTT_TRACKED) {
		unsigned at = (rtt->first + rtt->count++) % RELOAD_RTT_TRACKED;

		rtt->waiting[at].sequence = sequence;
		rtt->waiting[at].sent = now;
	}
}

static void measure(ReloadRtt *rtt, double sample)
{
	double difference;

	if (!rtt->measured) {
		rtt->srtt = sample;
		rtt->rttvar = sample / 2;
		rtt->measured = true;
		return;
	}
	difference = rtt->srtt > sample ? rtt->srtt - sample : sample - rtt->srtt;
	rtt->rttvar = (1 - BETA) * rtt->rttvar + BETA * difference;
	rtt->srtt = (1 - ALPHA) * rtt->srtt + ALPHA * sample;
}

/* Serial number arithmetic: is a before b? The numbers wrap at 2^32. */
static bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

bool reload_rtt_acked(ReloadRtt *rtt, uint32_t sequence, int64_t now)
{
	if (rtt->count == 0 || before(sequence, rtt->waiting[rtt->first].sequence) ||
	    !before(sequence, rtt->next))
		return false;
	while (rtt->count > 0 && !before(sequence, rtt->waiting[rtt->first].sequence)) {
		if (rtt->waiting[rtt->first].sequence == sequence)
			measure(rtt, (double)(now - rtt->waiting[rtt->first].sent));
		rtt->first = (rtt->first + 1) % RELOAD_RTT_TRACKED;
		rtt->count--;
	}
	rtt->last_ack = now;
	rtt->acks++;
	return true;
}

double reload_rtt_rto(const ReloadRtt *rtt)
{
	if (!rtt->measured)
		return RELOAD_RTO_INITIAL;
	return CLAMP(rtt->srtt + MAX(GRANULARITY, K * rtt->rttvar), RELOAD_RTO_MIN, RELOAD_RTO_MAX);
}

bool reload_rtt_overdue(const ReloadRtt *rtt, int64_t now)
{
	int64_t since;

	if (rtt->count == 0)
		return false;
	/* RFC 6298, 5.3: each ACK starts the timer anew */
	since = MAX(rtt->waiting[rtt->first].sent, rtt->last_ack);
	return (double)(now - since) > reload_rtt_rto(rtt);
}
