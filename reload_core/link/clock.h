/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The time that a node is told: ms since the Unix epoch, as certificates and storage times need it,
 * but never going backwards and never standing still for more than a second, as timers need it. */
#ifndef RELOAD_LINK_CLOCK_H
#define RELOAD_LINK_CLOCK_H

#include <stdint.h>

typedef struct {
	int64_t last;	   /* ms, what was told last */
	int64_t monotonic; /* us, when that was */
	int64_t rest;	   /* us of monotonic time not yet told, below 1 ms */
} ReloadClock;

/* The time now. A clock starts as zeroes. Where the system's clock is set forward this follows at
 * once; where it is set back this goes on at nine tenths of its speed until the system's has caught
 * up. */
int64_t reload_clock_now(ReloadClock *clock);

/* The same for given system times, both in us: wall since the epoch, monotonic since whenever. */
int64_t reload_clock_step(ReloadClock *clock, int64_t wall, int64_t monotonic);

#endif
