/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kamailio statistics of the group "p2psip": what workers count themselves, and what the peer
 * counts. */
#ifndef P2PSIP_STATISTICS_H
#define P2PSIP_STATISTICS_H

enum p2psip_counted {
	P2PSIP_COUNT_REFRESHES, /* REGISTERs that needed no answer from the overlay */
	P2PSIP_COUNT_CACHE_HITS,
	P2PSIP_COUNT_CACHE_MISSES,
	P2PSIP_COUNT_REFUSED, /* messages that p2psip_sane() and others refused */
	P2PSIP_COUNT_MAX,
};

/* Makes the statistics known to Kamailio, in mod_init. 0 or -1. */
int p2psip_statistics_init(void);

/* Counts one. */
void p2psip_count(enum p2psip_counted what);

#endif
