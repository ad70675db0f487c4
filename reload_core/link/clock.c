/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells the time without ever going backwards. */
#include "reload_core/link/clock.h"

#include <glib.h>

/* Who asks again so soon, us, is told the same: the system's clock is not looked at for each message of a burst. */
#define SAME 500

int64_t reload_clock_step(ReloadClock *clock, int64_t wall, int64_t monotonic)
{
	int64_t passed = monotonic - clock->monotonic + clock->rest;

	clock->monotonic = monotonic;
	if (clock->last == 0 || wall / 1000 >= clock->last + passed / 1000) {
		clock->last = wall / 1000;
		clock->rest = 0;
		return clock->last;
	}
	/* ahead of the system's clock: by a hair, since both are read one after the other, or since
	 * somebody has set it back */
	if (clock->last - wall / 1000 > 1000) {
		int64_t told = passed * 9 / 10 / 1000;

		clock->last += told;
		clock->rest = passed - told * 10000 / 9;
	} else {
		clock->last = MAX(clock->last, wall / 1000);
		clock->rest = 0;
	}
	return clock->last;
}

int64_t reload_clock_now(ReloadClock *clock)
{
	int64_t monotonic = g_get_monotonic_time();

	if (clock->last != 0 && monotonic - clock->monotonic < SAME)
		return clock->last;
	return reload_clock_step(clock, g_get_real_time(), monotonic);
}
