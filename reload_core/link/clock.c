/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells the time without ever going backwards. */
#include "reload_core/link/clock.h"

#include <glib.h>

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
	return reload_clock_step(clock, g_get_real_time(), g_get_monotonic_time());
}
