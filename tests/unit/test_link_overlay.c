/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Overlay links between well-behaved nodes: up, messages, ACKs, failure, down. */
#include "reload_core/link/socket_address.h"
#include "reload_core/wire/buffer.h"
#include "reload_core/wire/framing.h"
#include "tests/unit/link_fixture.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

static void check_pair(const char *host)
{
	LinkCa *ca = link_ca_new();
	LinkNode *a = link_node_new(ca, host, NULL), *b = link_node_new(ca, host, NULL);
	ReloadLinkId link = link_node_connect(a, b);
	ReloadLinkView view;

	g_assert_cmpuint(a->link, ==, link);
	g_assert_true(a->outgoing && !b->outgoing);
	g_assert_true(reload_node_id_equal(&a->remote, link_node_id(b)));
	g_assert_true(reload_node_id_equal(&b->remote, link_node_id(a)));
	g_assert_cmpint(link_node_send(a, "to b"), ==, RELOAD_OK);
	g_assert_cmpint(link_node_send(b, "to a"), ==, RELOAD_OK);
	g_assert_cmpint(link_node_send(b, "to a again"), ==, RELOAD_OK);
	LINK_WAIT(a->messages->len == 2 && b->messages->len == 1);
	g_assert_cmpmem(g_bytes_get_data(a->messages->pdata[1], NULL), 10, "to a again", 10);
	LINK_WAIT(reload_links_view(b->links, b->link, &view) && view.acks_in == 2);
	g_assert_true(reload_links_view(a->links, a->link, &view));
	g_assert_true(reload_address_equal(&view.address, &b->address));
	g_assert_true(view.established && view.outgoing && !view.failing);
	g_assert_cmpuint(view.messages_out, ==, 1);
	g_assert_cmpuint(view.messages_in, ==, 2);

	/* closing: the other side is told, oneself is not */
	a->io.link_close(a->io.user, a->link);
	LINK_WAIT(b->downs == 1 && reload_links_drained(a->links));
	g_assert_cmpuint(a->downs, ==, 0);
	g_assert_cmpint(b->why, ==, RELOAD_E_UNREACHABLE);
	g_assert_cmpint(link_node_send(a, "late"), ==, RELOAD_E_UNREACHABLE);
	g_assert_false(reload_links_view(b->links, b->link, &view));
	link_node_free(a);
	link_node_free(b);
	link_ca_free(ca);
}

static void test_ipv4(void)
{
	check_pair("127.0.0.1");
}

static void test_ipv6(void)
{
	check_pair("::1");
}

/* What is queued is sent before a link closes, however much. */
static void test_close_sends_what_is_queued(void)
{
	LinkCa *ca = link_ca_new();
	LinkNode *a = link_node_new(ca, "127.0.0.1", NULL),
		 *b = link_node_new(ca, "127.0.0.1", NULL);
	char *text = g_strnfill(LINK_MAX_MESSAGE, 'x');

	link_node_connect(a, b);
	for (unsigned i = 0; i < 200; i++)
		g_assert_cmpint(link_node_send(a, text), ==, RELOAD_OK);
	a->io.link_close(a->io.user, a->link);
	LINK_WAIT(b->downs == 1);
	g_assert_cmpuint(b->messages->len, ==, 200);
	g_free(text);
	link_node_free(a);
	link_node_free(b);
	link_ca_free(ca);
}

/* The consumer of a message closes the link that it came over, with more behind it. */
static void test_close_while_receiving(void)
{
	LinkCa *ca = link_ca_new();
	LinkNode *a = link_node_new(ca, "127.0.0.1", NULL),
		 *b = link_node_new(ca, "127.0.0.1", NULL);

	link_node_connect(a, b);
	b->close_on_receive = true;
	for (unsigned i = 0; i < 10; i++)
		g_assert_cmpint(link_node_send(a, "bye"), ==, RELOAD_OK);
	LINK_WAIT(a->downs == 1);
	g_assert_cmpuint(b->messages->len, ==, 1);
	g_assert_cmpuint(b->downs, ==, 0);
	link_node_free(a);
	link_node_free(b);
	link_ca_free(ca);
}

/* Messages that take so long that each uses up its link's turn: those that came with it are not left behind. */
static void test_slow_receiver(void)
{
	LinkCa *ca = link_ca_new();
	LinkNode *a = link_node_new(ca, "127.0.0.1", NULL), *b = link_node_new(ca, "127.0.0.1", NULL);

	link_node_connect(a, b);
	b->receive_takes = 3000;
	for (unsigned i = 0; i < 10; i++)
		g_assert_cmpint(link_node_send(a, "in one record"), ==, RELOAD_OK);
	LINK_WAIT(b->messages->len == 10);
	link_node_free(a);
	link_node_free(b);
	link_ca_free(ca);
}

static void test_refused_and_unreachable(void)
{
	LinkCa *ca = link_ca_new();
	LinkNode *a = link_node_new(ca, "127.0.0.1", NULL),
		 *b = link_node_new(ca, "127.0.0.1", NULL);
	ReloadAddress nowhere = b->address, odd = {.type = 7};
	ReloadLinkId link;

	link_node_free(b); /* its port is free now */
	link = a->io.link_connect(a->io.user, &nowhere, NULL);
	g_assert_cmpuint(a->downs, ==, 0); /* never from within the call */
	LINK_WAIT(a->downs == 1);
	g_assert_cmpuint(a->down_link, ==, link);
	g_assert_cmpint(a->why, ==, RELOAD_E_UNREACHABLE);
	link = a->io.link_connect(a->io.user, &odd, NULL);
	LINK_WAIT(a->downs == 2);
	g_assert_cmpuint(a->down_link, ==, link);
	g_assert_cmpuint(a->ups, ==, 0);
	link_node_free(a);
	link_ca_free(ca);
}

/* What is queued in one turn of the loop goes out as one record. */
static void test_writes_are_gathered(void)
{
	LinkCa *ca = link_ca_new();
	LinkNode *a = link_node_new(ca, "127.0.0.1", NULL);
	ReloadIdentity *identity = link_ca_issue(ca, 60000);
	RawClient *client = raw_client_new(&a->address, identity, 0);
	uint8_t bytes[1000];

	g_assert_true(raw_client_handshake(client));
	LINK_WAIT(a->ups == 1);
	for (unsigned i = 0; i < 5; i++)
		g_assert_cmpint(link_node_send(a, "0123456789"), ==, RELOAD_OK);
	g_assert_cmpuint(raw_client_read(client, bytes, sizeof(bytes)), ==,
			 5 * (RELOAD_FRAME_DATA_HEADER + 10));
	raw_client_free(client);
	reload_identity_unref(identity);
	link_node_free(a);
	link_ca_free(ca);
}

/* Without ACKs a link is failing; with one it works again; without for longer it is given up
 * (6.6.5). */
static void test_failing(void)
{
	ReloadLinkLimits limits = {.failed_timeout = 1500};
	LinkCa *ca = link_ca_new();
	LinkNode *a = link_node_new(ca, "127.0.0.1", &limits);
	ReloadIdentity *identity = link_ca_issue(ca, 60000);
	RawClient *client = raw_client_new(&a->address, identity, 0);
	GByteArray *ack = g_byte_array_new();

	g_assert_true(raw_client_handshake(client));
	LINK_WAIT(a->ups == 1);
	g_assert_cmpint(link_node_send(a, "hello?"), ==, RELOAD_OK);
	LINK_WAIT(a->failing);
	reload_write_ack_frame(ack, 77, 0); /* of nothing that was sent */
	g_assert_true(raw_client_write(client, ack->data, ack->len));
	g_byte_array_set_size(ack, 0);
	reload_write_ack_frame(ack, 0, 0);
	g_assert_true(raw_client_write(client, ack->data, ack->len));
	LINK_WAIT(!a->failing);
	g_assert_cmpuint(a->failing_changes, ==, 2);
	g_assert_cmpint(link_node_send(a, "hello again?"), ==, RELOAD_OK);
	LINK_WAIT(a->downs == 1);
	g_assert_true(a->failing);
	g_assert_cmpint(a->why, ==, RELOAD_E_TIMEOUT);
	g_assert_cmpuint(link_node_statistics(a).failed, ==, 1);
	g_byte_array_unref(ack);
	raw_client_free(client);
	reload_identity_unref(identity);
	link_node_free(a);
	link_ca_free(ca);
}

static void test_other_trust(void)
{
	LinkCa *ca = link_ca_new(), *other = link_ca_new();
	LinkNode *a = link_node_new(ca, "127.0.0.1", NULL),
		 *b = link_node_new(ca, "127.0.0.1", NULL);
	ReloadIdentity *identity = link_ca_issue(ca, 60000);
	GError *error = NULL;

	link_node_connect(a, b);
	/* another certificate of the same overlay: links stay, and the next shows it */
	g_assert_cmpint(
	    reload_links_set_security(a->links, NULL, identity, LINK_MAX_MESSAGE, &error), ==,
	    RELOAD_OK);
	g_assert_cmpuint(a->io.link_connect(a->io.user, &b->address, link_node_id(b)), !=, 0);
	LINK_WAIT(b->ups == 2);
	g_assert_true(reload_node_id_equal(&b->remote, reload_identity_node_id(identity)));
	/* another CA: they go */
	g_assert_cmpint(
	    reload_links_set_security(a->links, other->trust, NULL, LINK_MAX_MESSAGE, &error), ==,
	    RELOAD_OK);
	g_assert_cmpuint(a->downs, ==, 0);
	LINK_WAIT(a->downs == 2 && b->downs == 2);
	g_assert_cmpint(a->why, ==, RELOAD_E_CERTIFICATE);
	reload_identity_unref(identity);
	link_node_free(a);
	link_node_free(b);
	link_ca_free(ca);
	link_ca_free(other);
}

static void test_timer(void)
{
	LinkCa *ca = link_ca_new();
	LinkNode *a = link_node_new(ca, "127.0.0.1", NULL);
	int64_t now = reload_links_now(a->links);

	a->io.wakeup_at(a->io.user, INT64_MAX);
	a->io.wakeup_at(a->io.user, now + 60000);
	a->io.wakeup_at(a->io.user, now + 30);
	LINK_WAIT(a->ticks == 1);
	g_assert_cmpint(reload_links_now(a->links), >=, now + 30);
	a->io.wakeup_at(a->io.user, 0);
	LINK_WAIT(a->ticks == 2);
	link_iterate();
	g_assert_cmpuint(a->ticks, ==, 2);
	link_node_free(a);
	link_ca_free(ca);
}

static void test_keylog(void)
{
	char *directory = g_dir_make_tmp("reload-link-XXXXXX", NULL);
	char *path = g_build_filename(directory, "keys.log", NULL);
	LinkCa *ca = link_ca_new();
	ReloadIdentity *identity = link_ca_issue(ca, 60000);
	LinkNode *a = link_node_new_with(ca->trust, identity, "127.0.0.1", NULL, path);
	LinkNode *b = link_node_new(ca, "127.0.0.1", NULL);
	ReloadLinksOptions options = {
	    .trust = ca->trust, .identity = identity, .keylog_path = path};
	GError *error = NULL;
	char *text;
	struct stat status;

	link_node_connect(a, b);
	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_assert_nonnull(strstr(text, "CLIENT_TRAFFIC_SECRET_0 "));
	g_assert_cmpint(text[strlen(text) - 1], ==, '\n');
	g_assert_cmpint(g_stat(path, &status), ==, 0);
	g_assert_cmpuint(status.st_mode & 0777, ==, 0600);
	/* one that others may read is refused */
	g_assert_cmpint(g_chmod(path, 0644), ==, 0);
	g_assert_null(reload_links_new(&options, &error));
	g_assert_nonnull(error);
	g_assert_nonnull(strstr(error->message, path));
	g_clear_error(&error);
	g_assert_cmpint(g_unlink(path), ==, 0);
	g_assert_cmpint(g_rmdir(directory), ==, 0);
	g_free(text);
	g_free(path);
	g_free(directory);
	link_node_free(a);
	link_node_free(b);
	reload_identity_unref(identity);
	link_ca_free(ca);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/link/overlay/ipv4", test_ipv4);
	g_test_add_func("/link/overlay/ipv6", test_ipv6);
	g_test_add_func("/link/overlay/close_sends_what_is_queued",
			test_close_sends_what_is_queued);
	g_test_add_func("/link/overlay/close_while_receiving", test_close_while_receiving);
	g_test_add_func("/link/overlay/slow_receiver", test_slow_receiver);
	g_test_add_func("/link/overlay/refused_and_unreachable", test_refused_and_unreachable);
	g_test_add_func("/link/overlay/writes_are_gathered", test_writes_are_gathered);
	g_test_add_func("/link/overlay/failing", test_failing);
	g_test_add_func("/link/overlay/other_trust", test_other_trust);
	g_test_add_func("/link/overlay/timer", test_timer);
	g_test_add_func("/link/overlay/keylog", test_keylog);
	return g_test_run();
}
