/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small measures of link/: round-trip times (RFC 6298), the clock, addresses as text, log
 * lines. */
#include "reload_core/link/clock.h"
#include "reload_core/link/log.h"
#include "reload_core/link/rtt.h"
#include "reload_core/link/socket_address.h"

#include <glib.h>

static void test_rto(void)
{
	ReloadRtt rtt = {0};

	g_assert_cmpfloat(reload_rtt_rto(&rtt), ==, RELOAD_RTO_INITIAL);
	reload_rtt_sent(&rtt, 0, 10000);
	g_assert_false(reload_rtt_overdue(&rtt, 11000));
	g_assert_true(reload_rtt_overdue(&rtt, 11001));
	/* RFC 6298, 2.2: SRTT = R, RTTVAR = R/2, RTO = SRTT + 4 RTTVAR = 3 R */
	g_assert_true(reload_rtt_acked(&rtt, 0, 10800));
	g_assert_cmpfloat_with_epsilon(reload_rtt_rto(&rtt), 2400, 0.001);
	g_assert_false(reload_rtt_overdue(&rtt, 1000000)); /* nothing is waiting */
	/* 2.3: RTTVAR = 3/4 * 400 + 1/4 * |800 - 400|, SRTT = 7/8 * 800 + 1/8 * 400 */
	reload_rtt_sent(&rtt, 1, 20000);
	g_assert_true(reload_rtt_acked(&rtt, 1, 20400));
	g_assert_cmpfloat_with_epsilon(reload_rtt_rto(&rtt), 750 + 4 * 400, 0.001);
	/* short ones: never below a second (2.4) */
	for (uint32_t i = 2; i < 100; i++) {
		reload_rtt_sent(&rtt, i, 30000);
		g_assert_true(reload_rtt_acked(&rtt, i, 30001));
	}
	g_assert_cmpfloat(reload_rtt_rto(&rtt), ==, RELOAD_RTO_MIN);
}

static void test_acks(void)
{
	ReloadRtt rtt = {0};

	g_assert_false(reload_rtt_acked(&rtt, 0, 1)); /* nothing was sent */
	for (uint32_t i = 0; i < 200; i++)
		reload_rtt_sent(&rtt, UINT32_MAX - 50 + i,
				1000 + i); /* over the end of the numbers */
	g_assert_false(reload_rtt_acked(&rtt, UINT32_MAX - 51, 2000));
	g_assert_false(reload_rtt_acked(&rtt, 149, 2000)); /* not sent yet */
	g_assert_true(reload_rtt_acked(&rtt, UINT32_MAX - 50 + 9, 2000));
	g_assert_false(reload_rtt_acked(&rtt, UINT32_MAX - 50 + 9, 2000)); /* again */
	g_assert_cmpuint(rtt.count, ==, RELOAD_RTT_TRACKED - 10);
	/* 5.3: the ACK started the timer anew */
	g_assert_false(reload_rtt_overdue(&rtt, 2000 + (int64_t)reload_rtt_rto(&rtt)));
	g_assert_true(reload_rtt_overdue(&rtt, 2001 + (int64_t)reload_rtt_rto(&rtt)));
	/* one beyond those remembered covers all of them */
	g_assert_true(reload_rtt_acked(&rtt, 148, 2100));
	g_assert_cmpuint(rtt.count, ==, 0);
	g_assert_cmpuint(rtt.acks, ==, 2);
}

static void test_clock(void)
{
	ReloadClock clock = {0};
	int64_t wall = 1700000000000000, monotonic = 5000000, last;

	g_assert_cmpint(reload_clock_step(&clock, wall, monotonic), ==, 1700000000000);
	g_assert_cmpint(reload_clock_step(&clock, wall + 1500, monotonic + 1500), ==,
			1700000000001);
	/* set forward: follows */
	g_assert_cmpint(reload_clock_step(&clock, wall + 3600000000, monotonic + 2000), ==,
			1700003600000);
	/* set back by an hour: goes on, a little slower */
	last = reload_clock_step(&clock, wall + 1002000, monotonic + 1002000);
	g_assert_cmpint(last, ==, 1700003600900);
	for (int64_t i = 1; i <= 100000; i++) {
		int64_t now = reload_clock_step(&clock, wall + 1002000 + i * 1000000,
						monotonic + 1002000 + i * 1000000);

		g_assert_cmpint(now, >=, last);
		if (now - (wall / 1000 + 1002 + i * 1000) > 1000)
			g_assert_cmpint(now, >, last);
		last = now;
	}
	/* and has been caught up by then */
	g_assert_cmpint(last, ==, wall / 1000 + 1002 + 100000000);
	/* back by less than a second, as two clocks read one after the other may be: waits */
	g_assert_cmpint(reload_clock_step(&clock, last * 1000 - 500000, clock.monotonic + 1000), ==,
			last);
}

/* Steps of less than a millisecond add up, also while it is ahead. */
static void test_clock_small_steps(void)
{
	ReloadClock clock = {0};
	int64_t wall = 1700000000000000, start;

	start = reload_clock_step(&clock, wall + 60000000, 0);
	for (int64_t i = 1; i <= 10000; i++)
		reload_clock_step(&clock, wall + i * 100, i * 100);
	g_assert_cmpint(clock.last - start, >=, 890);
	g_assert_cmpint(clock.last - start, <=, 900);
}

static void test_addresses(void)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
	    {"192.0.2.1:7000", "192.0.2.1:7000"},
	    {"192.0.2.1", "192.0.2.1:6084"},
	    {"[2001:db8::1]:7000", "[2001:db8::1]:7000"},
	    {"[::1]", "[::1]:6084"},
	    {"2001:db8::1", "[2001:db8::1]:6084"},
	    {"0.0.0.0:0", "0.0.0.0:0"},
	    {"localhost:7000", NULL},
	    {"192.0.2.1:", NULL},
	    {"192.0.2.1:65536", NULL},
	    {"192.0.2.1:-1", NULL},
	    {"192.0.2.1: 7", NULL},
	    {"192.0.2.256:7", NULL},
	    {"[192.0.2.1]:7", NULL},
	    {"[::1", NULL},
	    {"[::1]7", NULL},
	    {"[::1]:", NULL},
	    {"", NULL},
	    {":7", NULL},
	    {"[fe80::1%lo]:7", NULL},
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		ReloadAddress address, back;
		struct sockaddr_storage sockaddr;
		char text[RELOAD_ADDRESS_TEXT];
		bool good = reload_address_parse(cases[i].text, 6084, &address);

		g_test_message("%s", cases[i].text);
		g_assert_true(good == (cases[i].expected != NULL));
		if (!good)
			continue;
		g_assert_cmpstr(reload_address_to_text(&address, text), ==, cases[i].expected);
		g_assert_cmpuint(reload_address_to_sockaddr(&address, &sockaddr), >, 0);
		g_assert_true(reload_address_from_sockaddr(&sockaddr, &back));
		g_assert_true(reload_address_equal(&address, &back));
		g_assert_true(reload_address_same_host(&address, &back));
	}
}

/* What counts as one source of connections. */
static void test_same_host(void)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
	    {"192.0.2.1:7000", "192.0.2.1:7001", true},
	    {"192.0.2.1", "192.0.2.2", false},
	    {"[2001:db8:1:2::1]:7000", "[2001:db8:1:2:ffff::9]:7001", true},
	    {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
	    {"::1", "0.0.0.1", false},
	    {"64:ff9b::192.0.2.1", "64:ff9b::192.0.2.2", false},
	    {"64:ff9b::192.0.2.1", "64:ff9b::192.0.2.1", true},
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		ReloadAddress a, b;

		g_assert_true(reload_address_parse(cases[i].a, 6084, &a));
		g_assert_true(reload_address_parse(cases[i].b, 6084, &b));
		g_assert_true(reload_address_same_host(&a, &b) == cases[i].same);
	}
}

static void sink(void *user, ReloadLogLevel level, const char *text)
{
	g_ptr_array_add(user, g_strdup_printf("%d %s", level, text));
}

static void test_log(void)
{
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
	ReloadLog *log = reload_log_new("test", RELOAD_LOG_NOTICE, sink, lines);
	ReloadLogLimit limit = {0};
	ReloadLogLevel level;

	reload_log_write(log, RELOAD_LOG_INFO, "not wanted");
	reload_log_write(log, RELOAD_LOG_ERROR, "two\nlines %d\033", 1);
	for (unsigned i = 0; i < 5; i++)
		reload_log_limited(log, &limit, RELOAD_LOG_NOTICE, "flood %u", i);
	limit.last -= 2 * G_USEC_PER_SEC;
	reload_log_limited(log, &limit, RELOAD_LOG_NOTICE, "later");
	reload_log_write(NULL, RELOAD_LOG_ERROR, "nowhere");
	g_assert_cmpuint(lines->len, ==, 4);
	g_assert_cmpstr(lines->pdata[0], ==, "0 two?lines 1?");
	g_assert_cmpstr(lines->pdata[1], ==, "2 flood 0");
	g_assert_nonnull(strstr(lines->pdata[2], "4 more"));
	g_assert_cmpstr(lines->pdata[3], ==, "2 later");
	g_assert_true(reload_log_level_parse("debug", &level) && level == RELOAD_LOG_DEBUG);
	g_assert_false(reload_log_level_parse("loud", &level));
	reload_log_free(log);
	g_ptr_array_unref(lines);
}

/* Without a sink lines go to standard error: time, program, process and level before each. */
static void test_log_stderr(void)
{
	if (g_test_subprocess()) {
		ReloadLog *log = reload_log_new("test", RELOAD_LOG_NOTICE, NULL, NULL);

		reload_log_write(log, RELOAD_LOG_DEBUG, "not wanted");
		reload_log_set_level(log, RELOAD_LOG_DEBUG);
		reload_log_write(log, RELOAD_LOG_DEBUG, "wanted\nnow");
		reload_log_free(log);
		return;
	}
	g_test_trap_subprocess(NULL, 0, 0);
	g_test_trap_assert_passed();
	g_test_trap_assert_stderr("20*-*-*T*:*:*.*Z test[*]: debug: wanted?now\n");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/link/rtt/rto", test_rto);
	g_test_add_func("/link/rtt/acks", test_acks);
	g_test_add_func("/link/clock/steps", test_clock);
	g_test_add_func("/link/clock/small_steps", test_clock_small_steps);
	g_test_add_func("/link/addresses", test_addresses);
	g_test_add_func("/link/addresses/same_host", test_same_host);
	g_test_add_func("/link/log", test_log);
	g_test_add_func("/link/log/stderr", test_log_stderr);
	return g_test_run();
}
