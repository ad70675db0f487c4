/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host that is gone without a word: an idle link is failing within seconds, works again when the
 * host is back, and is given up when it is not. In a network namespace of its own, whose loopback
 * device is switched off and on. */
#include "reload_core/link/app_connection.h"
#include "tests/unit/link_fixture.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void switch_loopback(bool on)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = on ? IFF_UP | IFF_RUNNING : 0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(ioctl(fd, SIOCSIFFLAGS, &request), ==, 0);
	close(fd);
}

static void test_idle_link(void)
{
	ReloadLinkLimits limits = {.failed_timeout = 6000};
	LinkCa *ca = link_ca_new();
	LinkNode *a = link_node_new(ca, "127.0.0.1", &limits);
	LinkNode *b = link_node_new(ca, "127.0.0.1", &limits);
	int64_t begun;

	link_node_connect(a, b);
	/* idle, but there: for longer than the silence that would make it failing */
	begun = g_get_monotonic_time();
	LINK_WAIT(g_get_monotonic_time() - begun > 4 * G_USEC_PER_SEC);
	g_assert_cmpuint(a->failing_changes + b->failing_changes, ==, 0);

	switch_loopback(false);
	begun = g_get_monotonic_time();
	LINK_WAIT(a->failing && b->failing);
	g_assert_cmpint(g_get_monotonic_time() - begun, <, 5 * G_USEC_PER_SEC);
	switch_loopback(true);
	LINK_WAIT(!a->failing && !b->failing);
	g_assert_cmpint(link_node_send(a, "back"), ==, RELOAD_OK);
	LINK_WAIT(b->messages->len == 1);

	switch_loopback(false);
	LINK_WAIT(a->downs == 1 && b->downs == 1);
	g_assert_true(a->failing && b->failing);
	switch_loopback(true);
	link_node_free(a);
	link_node_free(b);
	link_ca_free(ca);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
		g_print("1..0 # SKIP no network namespaces here\n");
		return 0;
	}
	switch_loopback(true);
	g_test_add_func("/link/silence/idle_link", test_idle_link);
	return g_test_run();
}
