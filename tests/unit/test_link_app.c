/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Application connections: expected, opened, used, idle, and those that nobody asked for. */
#include "reload_core/link/socket.h"
#include "reload_core/wire/buffer.h"
#include "tests/unit/link_fixture.h"

typedef struct {
	LinkCa *ca;
	LinkNode *a, *b;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer limits)
{
	fixture->ca = link_ca_new();
	fixture->a = link_node_new(fixture->ca, "127.0.0.1", limits);
	fixture->b = link_node_new(fixture->ca, "::1", limits);
}

static void tear_down(Fixture *fixture, gconstpointer limits)
{
	(void)limits;
	link_node_free(fixture->a);
	link_node_free(fixture->b);
	link_ca_free(fixture->ca);
}

static ReloadStatus send_text(LinkNode *node, const char *text)
{
	return reload_app_send(node->links, node->app, reload_span_text(text));
}

static void test_both_ways(Fixture *fixture, gconstpointer data)
{
	LinkNode *a = fixture->a, *b = fixture->b;
	ReloadLinkView view;

	(void)data;
	link_node_connect_app(a, b);
	g_assert_cmpint(send_text(a, "from a, "), ==, RELOAD_OK);
	g_assert_cmpint(send_text(a, "in two pieces"), ==, RELOAD_OK);
	g_assert_cmpint(send_text(b, "from b"), ==, RELOAD_OK);
	LINK_WAIT(a->stream->len == 6 && b->stream->len == 21);
	g_assert_cmpstr(b->stream->str, ==, "from a, in two pieces");
	g_assert_true(reload_links_view(a->links, a->app, &view));
	g_assert_true(view.application && !view.outgoing && view.app == 5060);
	g_assert_true(reload_node_id_equal(&view.remote, link_node_id(b)));
	g_assert_true(reload_certificate_has_node_id(reload_app_certificate(a->links, a->app),
						     link_node_id(b)));
	/* what is queued when it is closed still arrives */
	g_assert_cmpint(send_text(b, "; bye"), ==, RELOAD_OK);
	b->io.app_close(b->io.user, b->app);
	LINK_WAIT(a->app_downs == 1);
	g_assert_cmpstr(a->stream->str, ==, "from b; bye");
	g_assert_cmpuint(b->app_downs, ==, 0);
	g_assert_cmpint(send_text(b, "late"), ==, RELOAD_E_NOT_FOUND);
}

/* Bytes that come before anybody listens wait. */
static void test_early_bytes(Fixture *fixture, gconstpointer data)
{
	LinkNode *a = fixture->a, *b = fixture->b;

	(void)data;
	g_assert_cmpuint(
	    a->io.app_expect(a->io.user, 5060, link_node_id(b), reload_links_now(a->links) + 5000),
	    !=, 0);
	g_assert_cmpuint(b->io.app_connect(b->io.user, 5060, &a->app_address, link_node_id(a)), !=,
			 0);
	LINK_WAIT(b->app_ups == 1);
	g_assert_cmpint(send_text(b, "early"), ==, RELOAD_OK);
	LINK_WAIT(a->app_ups == 1);
	for (unsigned i = 0; i < 5; i++)
		link_iterate();
	link_node_record(a);
	LINK_WAIT(a->stream->len == 5);
}

static void test_unexpected(Fixture *fixture, gconstpointer data)
{
	LinkNode *a = fixture->a, *b = fixture->b;
	ReloadIdentity *third = link_ca_issue(fixture->ca, 60000);
	RawClient *client = raw_client_new(&a->app_address, third, 0);
	uint8_t byte;

	(void)data;
	/* b is expected; the third, whose certificate is good as well, is not */
	g_assert_cmpuint(
	    a->io.app_expect(a->io.user, 5060, link_node_id(b), reload_links_now(a->links) + 600),
	    !=, 0);
	g_assert_true(raw_client_handshake(client));
	g_assert_cmpuint(raw_client_read(client, &byte, 1), ==, 0);
	g_assert_cmpuint(link_node_statistics(a).unexpected_app, ==, 1);
	g_assert_cmpuint(a->app_ups, ==, 0);
	/* and b does not come in time */
	LINK_WAIT(a->app_downs == 1);
	g_assert_cmpint(a->why, ==, RELOAD_E_TIMEOUT);
	g_assert_cmpuint(link_node_statistics(a).app_expected, ==, 0);
	g_assert_cmpuint(b->io.app_connect(b->io.user, 5060, &a->app_address, link_node_id(a)), !=,
			 0);
	LINK_WAIT(b->app_ups ==
		  1); /* for b its handshake is done; it has asked for nothing wrong */
	link_node_record(b);
	LINK_WAIT(b->app_downs == 1);
	g_assert_cmpuint(link_node_statistics(a).unexpected_app, ==, 2);
	raw_client_free(client);
	reload_identity_unref(third);
}

/* The other one's certificate does not hold the Node-ID at the end of the destination list. */
static void test_wrong_node_id(Fixture *fixture, gconstpointer data)
{
	LinkNode *a = fixture->a, *b = fixture->b;
	ReloadIdentity *third = link_ca_issue(fixture->ca, 60000);

	(void)data;
	g_assert_cmpuint(
	    b->io.app_connect(b->io.user, 5060, &a->app_address, reload_identity_node_id(third)),
	    !=, 0);
	LINK_WAIT(b->app_downs == 1);
	g_assert_cmpint(b->why, ==, RELOAD_E_CERTIFICATE);
	g_assert_cmpuint(a->app_ups + b->app_ups, ==, 0);
	reload_identity_unref(third);
}

/* One application connection is no overlay link, though the certificate is good for both. */
static void test_listeners_are_apart(Fixture *fixture, gconstpointer data)
{
	LinkNode *a = fixture->a, *b = fixture->b;

	(void)data;
	g_assert_cmpuint(
	    a->io.app_expect(a->io.user, 5060, link_node_id(b), reload_links_now(a->links) + 60000),
	    !=, 0);
	g_assert_cmpuint(b->io.link_connect(b->io.user, &a->address, link_node_id(a)), !=, 0);
	LINK_WAIT(a->ups == 1);
	g_assert_cmpuint(a->app_ups, ==, 0);
	g_assert_cmpuint(link_node_statistics(a).app_expected, ==, 1);
	/* functions for one kind do nothing to the other */
	a->io.app_close(a->io.user, a->link);
	g_assert_cmpint(reload_app_send(a->links, a->link, reload_span_text("x")), ==,
			RELOAD_E_NOT_FOUND);
	g_assert_cmpuint(link_node_statistics(a).links, ==, 1);
}

static const ReloadLinkLimits small = {.max_queue_bytes = 1000, .max_app_connections = 1};

static unsigned writable_count, idle_count;

static void writable(void *user, ReloadLinkId link, int64_t now)
{
	(void)user;
	(void)link;
	(void)now;
	writable_count++;
}

static void idle(void *user, ReloadLinkId link, int64_t now)
{
	(void)user;
	(void)link;
	(void)now;
	idle_count++;
}

static void ignore(void *user, ReloadLinkId link, ReloadSpan bytes, int64_t now)
{
	(void)user;
	(void)link;
	(void)bytes;
	(void)now;
}

static void test_limits_and_idle(Fixture *fixture, gconstpointer data)
{
	LinkNode *a = fixture->a, *b = fixture->b;
	ReloadAppHandler handler = {
	    .received = ignore, .writable = writable, .idle = idle, .idle_timeout = 300};
	char *text = g_strnfill(1001, 'x');

	(void)data;
	link_node_connect_app(a, b);
	g_assert_cmpuint(a->io.app_expect(a->io.user, 5060, link_node_id(b), INT64_MAX), ==, 0);
	g_assert_cmpint(reload_app_set_handler(a->links, a->app, &handler), ==, RELOAD_OK);
	g_assert_cmpint(send_text(a, text), ==, RELOAD_E_LIMIT);
	g_assert_cmpint(send_text(a, text + 1), ==, RELOAD_OK);
	g_assert_cmpint(send_text(a, "y"), ==, RELOAD_E_LIMIT);
	LINK_WAIT(writable_count == 1);
	LINK_WAIT(b->stream->len == 1000);
	LINK_WAIT(idle_count == 1);
	for (unsigned i = 0; i < 30; i++) /* once for each such time */
		link_iterate();
	g_assert_cmpuint(idle_count, ==, 1);
	g_assert_cmpint(send_text(a, "y"), ==, RELOAD_OK);
	LINK_WAIT(idle_count == 2);
	g_free(text);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, limits, test)                                                                    \
	g_test_add("/link/app/" name, Fixture, limits, set_up, test, tear_down)
	ADD("both_ways", NULL, test_both_ways);
	ADD("early_bytes", NULL, test_early_bytes);
	ADD("unexpected", NULL, test_unexpected);
	ADD("wrong_node_id", NULL, test_wrong_node_id);
	ADD("listeners_are_apart", NULL, test_listeners_are_apart);
	ADD("limits_and_idle", &small, test_limits_and_idle);
#undef ADD
	return g_test_run();
}
