/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Overlay links against those who do not belong there, and against those who misbehave on them. */
#include "reload_core/link/socket.h"
#include "reload_core/wire/buffer.h"
#include "reload_core/wire/framing.h"
#include "tests/unit/link_fixture.h"

#include <errno.h>
#include <unistd.h>

typedef struct {
	LinkCa *ca;
	LinkNode *node;
	ReloadIdentity *identity; /* of the client, good */
} Fixture;

static void set_up(Fixture *fixture, gconstpointer limits)
{
	fixture->ca = link_ca_new();
	fixture->node = link_node_new(fixture->ca, "127.0.0.1", limits);
	fixture->identity = link_ca_issue(fixture->ca, 60000);
}

static void tear_down(Fixture *fixture, gconstpointer limits)
{
	(void)limits;
	reload_identity_unref(fixture->identity);
	link_node_free(fixture->node);
	link_ca_free(fixture->ca);
}

/* A client that is up as a link of the node. */
static RawClient *admitted(Fixture *fixture)
{
	RawClient *client = raw_client_new(&fixture->node->address, fixture->identity, 0);
	unsigned ups = fixture->node->ups;

	g_assert_true(raw_client_handshake(client));
	LINK_WAIT(fixture->node->ups == ups + 1);
	return client;
}

/* A client with that certificate (or none) gets no link. In TLS 1.3 it learns that only when it
 * reads. */
static void assert_not_admitted(Fixture *fixture, ReloadIdentity *identity, int version)
{
	RawClient *client = raw_client_new(&fixture->node->address, identity, version);
	uint64_t before = link_node_statistics(fixture->node).bad_certificate +
			  link_node_statistics(fixture->node).bad_tls;
	uint8_t byte;

	if (raw_client_handshake(client))
		g_assert_cmpuint(raw_client_read(client, &byte, 1), ==, 0);
	LINK_WAIT(link_node_statistics(fixture->node).bad_certificate +
		      link_node_statistics(fixture->node).bad_tls ==
		  before + 1);
	g_assert_cmpuint(fixture->node->ups, ==, 0);
	g_assert_cmpuint(fixture->node->downs, ==, 0);
	g_assert_cmpuint(link_node_statistics(fixture->node).handshakes, ==, 0);
	raw_client_free(client);
}

static void test_no_certificate(Fixture *fixture, gconstpointer data)
{
	(void)data;
	assert_not_admitted(fixture, NULL, 0);
	assert_not_admitted(fixture, NULL, TLS1_2_VERSION);
	g_assert_cmpuint(link_node_statistics(fixture->node).bad_certificate, ==, 2);
}

static void test_other_overlay(Fixture *fixture, gconstpointer data)
{
	LinkCa *other = link_ca_new();
	ReloadIdentity *identity = link_ca_issue(other, 60000);
	LinkNode *stranger = link_node_new(other, "127.0.0.1", NULL);

	(void)data;
	assert_not_admitted(fixture, identity, 0);
	assert_not_admitted(fixture, identity, TLS1_2_VERSION);
	/* and the other way round: our node finds a stranger */
	g_assert_cmpuint(
	    fixture->node->io.link_connect(fixture->node->io.user, &stranger->address, NULL), !=,
	    0);
	LINK_WAIT(fixture->node->downs == 1 && link_node_statistics(stranger).handshakes == 0);
	g_assert_cmpint(fixture->node->why, ==, RELOAD_E_CERTIFICATE);
	g_assert_cmpuint(fixture->node->ups + stranger->ups, ==, 0);
	link_node_free(stranger);
	reload_identity_unref(identity);
	link_ca_free(other);
}

static void test_expired(Fixture *fixture, gconstpointer data)
{
	ReloadIdentity *identity = link_ca_issue(fixture->ca, -60000);

	(void)data;
	assert_not_admitted(fixture, identity, 0);
	reload_identity_unref(identity);
}

static void test_old_tls(Fixture *fixture, gconstpointer data)
{
	(void)data;
	assert_not_admitted(fixture, fixture->identity, TLS1_1_VERSION);
}

static void test_wrong_node_id(Fixture *fixture, gconstpointer data)
{
	LinkNode *other = link_node_new(fixture->ca, "127.0.0.1", NULL);
	LinkNode *node = fixture->node;

	(void)data;
	g_assert_cmpuint(node->io.link_connect(node->io.user, &other->address,
					       reload_identity_node_id(fixture->identity)),
			 !=, 0);
	LINK_WAIT(node->downs == 1);
	g_assert_cmpint(node->why, ==, RELOAD_E_CERTIFICATE);
	LINK_WAIT(link_node_statistics(other).handshakes == 0);
	g_assert_cmpuint(node->ups + other->ups, ==, 0);
	link_node_free(other);
}

static const ReloadLinkLimits hasty = {.handshake_timeout = 300};

static void test_half_open(Fixture *fixture, gconstpointer data)
{
	int fd = reload_socket_connect(&fixture->node->address);
	RawClient *slow = raw_client_new(&fixture->node->address, fixture->identity, 0);
	ReloadLinksStatistics statistics;

	(void)data;
	/* one says nothing at all, one stops in the middle */
	LINK_WAIT(SSL_do_handshake(slow->ssl) != 1 &&
		  link_node_statistics(fixture->node).handshakes == 2);
	LINK_WAIT(link_node_statistics(fixture->node).handshakes == 0);
	statistics = link_node_statistics(fixture->node);
	g_assert_cmpuint(statistics.timeouts, ==, 2);
	g_assert_cmpuint(statistics.accepted, ==, 2);
	close(fd);
	raw_client_free(slow);
}

/* Connects to something that listens and never answers. */
static void test_silent_server(Fixture *fixture, gconstpointer data)
{
	ReloadAddress any, bound;
	int fd;

	(void)data;
	g_assert_true(reload_address_parse("127.0.0.1", 0, &any));
	fd = reload_socket_listen(&any, &bound, NULL);
	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpuint(fixture->node->io.link_connect(fixture->node->io.user, &bound, NULL), !=,
			 0);
	LINK_WAIT(fixture->node->downs == 1);
	g_assert_cmpint(fixture->node->why, ==, RELOAD_E_TIMEOUT);
	close(fd);
}

static const ReloadLinkLimits few = {
    .max_handshakes = 6, .max_handshakes_source = 4, .handshake_timeout = 60000};

static bool is_closed(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) == 0 || (errno != EAGAIN && errno != EINTR);
}

static void test_many_handshakes_of_one_source(Fixture *fixture, gconstpointer data)
{
	int fds[6];

	(void)data;
	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++)
		fds[i] = reload_socket_connect(&fixture->node->address);
	LINK_WAIT(link_node_statistics(fixture->node).accepted == 6);
	g_assert_cmpuint(link_node_statistics(fixture->node).handshakes, ==, 4);
	g_assert_cmpuint(link_node_statistics(fixture->node).refused_handshakes, ==, 2);
	LINK_WAIT(is_closed(fds[0]) && is_closed(fds[1])); /* the oldest give way */
	g_assert_false(is_closed(fds[2]));
	g_assert_false(is_closed(fds[5]));
	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++)
		close(fds[i]);
}

static const ReloadLinkLimits crowded = {
    .max_handshakes = 6, .max_handshakes_source = 100, .handshake_timeout = 60000};

/* Many half-open ones do not keep an honest node out. */
static void test_many_handshakes(Fixture *fixture, gconstpointer data)
{
	RawClient *client;
	int fds[20];

	(void)data;
	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++)
		fds[i] = reload_socket_connect(&fixture->node->address);
	LINK_WAIT(link_node_statistics(fixture->node).accepted == G_N_ELEMENTS(fds));
	g_assert_cmpuint(link_node_statistics(fixture->node).handshakes, ==, 6);
	client = admitted(fixture);
	raw_client_free(client);
	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++)
		close(fds[i]);
}

/* Sends bytes on an admitted link; the node takes the link down for that reason. */
static void assert_down(Fixture *fixture, const void *bytes, size_t length, ReloadStatus why)
{
	RawClient *client = admitted(fixture);
	unsigned downs = fixture->node->downs;

	g_assert_true(raw_client_write(client, bytes, length));
	LINK_WAIT(fixture->node->downs == downs + 1);
	g_assert_cmpint(fixture->node->why, ==, why);
	g_assert_cmpuint(fixture->node->messages->len, ==, 0);
	raw_client_free(client);
}

static const ReloadLinkLimits brisk = {.close_timeout = 300};

static void test_bad_frames(Fixture *fixture, gconstpointer data)
{
	static const uint8_t oversize[] = {128, 0, 0, 0, 0, 0x00, 0x13, 0x89}; /* 5001 of 5000 */
	static const uint8_t huge[] = {128, 0, 0, 0, 0, 0xff, 0xff, 0xff};
	static const uint8_t unknown[] = {130, 0, 0, 0, 0, 0, 0, 1, 'x'};

	(void)data;
	/* closed after close_timeout: no more of them comes */
	assert_down(fixture, oversize, sizeof(oversize), RELOAD_E_TOO_LARGE);
	assert_down(fixture, huge, sizeof(huge), RELOAD_E_TOO_LARGE);
	g_assert_cmpuint(fixture->node->refused->len, ==, 0);
	assert_down(fixture, unknown, sizeof(unknown), RELOAD_E_MALFORMED);
	assert_down(fixture, "GET / HTTP/1.1\r\n\r\n", 18, RELOAD_E_MALFORMED);
	g_assert_cmpuint(link_node_statistics(fixture->node).bad_frame, ==, 4);
}

/* 6.6: who sends it is told, and then the link is closed, before all of it has come. */
static void test_too_large(Fixture *fixture, gconstpointer data)
{
	RawClient *client = admitted(fixture);
	LinkNode *node = fixture->node;
	uint8_t bytes[RELOAD_FRAME_DATA_HEADER + LINK_ENOUGH] = {128, 0, 0, 0, 0, 0x00, 0x13, 0x89};
	size_t got = 0, more;

	(void)data;
	memset(bytes + RELOAD_FRAME_DATA_HEADER, 'x', LINK_ENOUGH);
	g_assert_true(raw_client_write(client, bytes, sizeof(bytes) - 1));
	for (unsigned i = 0; i < 5; i++)
		link_iterate();
	g_assert_cmpuint(node->downs, ==, 0); /* not enough to tell whose it is */
	g_assert_true(raw_client_write(client, "x", 1));
	LINK_WAIT(node->downs == 1);
	g_assert_cmpint(node->why, ==, RELOAD_E_TOO_LARGE);
	g_assert_cmpuint(node->refused->len, ==, 1);
	g_assert_cmpmem(g_bytes_get_data(node->refused->pdata[0], NULL),
			g_bytes_get_size(node->refused->pdata[0]), bytes + RELOAD_FRAME_DATA_HEADER,
			LINK_ENOUGH);
	while ((more = raw_client_read(client, bytes + got, sizeof(bytes) - got)) > 0)
		got += more;
	g_assert_cmpmem(bytes + RELOAD_FRAME_DATA_HEADER, got - RELOAD_FRAME_DATA_HEADER, "too large", 9);
	raw_client_free(client);
}

/* Bytes that are no TLS record, after the handshake and instead of it. */
static void test_garbage(Fixture *fixture, gconstpointer data)
{
	RawClient *client = admitted(fixture);
	static const char garbage[] =
	    "this is no TLS record, but it is long enough to look like one";
	int fd;

	(void)data;
	g_assert_cmpint(write(client->fd, garbage, sizeof(garbage)), ==, sizeof(garbage));
	LINK_WAIT(fixture->node->downs == 1);
	g_assert_cmpint(fixture->node->why, ==, RELOAD_E_MALFORMED);
	raw_client_free(client);

	fd = reload_socket_connect(&fixture->node->address);
	LINK_WAIT(link_node_statistics(fixture->node).handshakes == 1);
	g_assert_cmpint(write(fd, garbage, sizeof(garbage)), ==, sizeof(garbage));
	LINK_WAIT(link_node_statistics(fixture->node).handshakes == 0);
	g_assert_cmpuint(link_node_statistics(fixture->node).bad_tls, ==, 1);
	close(fd);
}

/* The other process dies: no close_notify, only the end, or a reset. */
static void test_killed(Fixture *fixture, gconstpointer data)
{
	RawClient *client = admitted(fixture);
	struct linger reset = {1, 0};
	int64_t start;

	(void)data;
	start = g_get_monotonic_time();
	close(client->fd);
	client->fd = -1;
	LINK_WAIT(fixture->node->downs == 1);
	g_assert_cmpint(fixture->node->why, ==, RELOAD_E_UNREACHABLE);
	g_assert_cmpint(g_get_monotonic_time() - start, <, G_USEC_PER_SEC);
	raw_client_free(client);

	client = admitted(fixture);
	g_assert_cmpint(setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), ==,
			0);
	close(client->fd);
	client->fd = -1;
	LINK_WAIT(fixture->node->downs == 2);
	g_assert_cmpint(fixture->node->why, ==, RELOAD_E_UNREACHABLE);
	raw_client_free(client);
}

static const ReloadLinkLimits small = {.max_queue_bytes = 100000, .max_queue_messages = 50};

static void test_queue_overflow(Fixture *fixture, gconstpointer data)
{
	RawClient *client = admitted(fixture);
	LinkNode *node = fixture->node;
	char *large = g_strnfill(LINK_MAX_MESSAGE + 1, 'x');
	unsigned sent = 0;
	ReloadLinkView view;

	(void)data;
	g_assert_cmpint(link_node_send(node, large), ==, RELOAD_E_TOO_LARGE);
	large[LINK_MAX_MESSAGE] = '\0';
	while (link_node_send(node, large) == RELOAD_OK)
		sent++;
	g_assert_cmpuint(sent, ==, 19); /* by bytes */
	g_assert_cmpint(link_node_send(node, large), ==, RELOAD_E_LIMIT);
	LINK_WAIT(reload_links_view(node->links, node->link, &view) && view.queued_bytes == 0);
	for (sent = 0; link_node_send(node, "x") == RELOAD_OK;)
		sent++;
	g_assert_cmpuint(sent, ==, 50); /* by messages */
	LINK_WAIT(reload_links_view(node->links, node->link, &view) && view.queued_bytes == 0);
	g_assert_cmpint(link_node_send(node, "x"), ==, RELOAD_OK);
	g_assert_cmpuint(link_node_statistics(node).queue_full, ==, 3);
	g_free(large);
	raw_client_free(client);
}

/* One that sends messages without end and never reads: what waits for it stays bounded, all others
 * are served. */
static void test_flood(Fixture *fixture, gconstpointer data)
{
	RawClient *client = admitted(fixture);
	ReloadLinkId flooded = fixture->node->link;
	LinkNode *other = link_node_new(fixture->ca, "127.0.0.1", NULL);
	GByteArray *frames = g_byte_array_new();
	ReloadLinkView view;
	uint32_t sequence = 0;

	(void)data;
	link_node_connect(other, fixture->node);
	for (unsigned round = 0; round < 400; round++) {
		g_byte_array_set_size(frames, 0);
		while (frames->len < 16000)
			reload_write_data_frame(frames, sequence++, reload_span_text(""));
		if (!raw_client_write(client, frames->data, frames->len))
			break;
		g_assert_true(reload_links_view(fixture->node->links, flooded, &view));
		g_assert_cmpuint(view.queued_bytes, <=,
				 small.max_queue_bytes + RELOAD_FRAME_ACK_SIZE);
		g_ptr_array_set_size(fixture->node->messages, 0);
	}
	g_assert_cmpint(link_node_send(other, "still here?"), ==, RELOAD_OK);
	LINK_WAIT(reload_links_view(other->links, other->link, &view) && view.acks_in == 1);
	g_byte_array_unref(frames);
	link_node_free(other);
	raw_client_free(client);
}

static const ReloadLinkLimits narrow = {
    .max_links_per_node = 2, .max_links = 3, .max_connecting = 2};

static void test_many_links(Fixture *fixture, gconstpointer data)
{
	RawClient *first = admitted(fixture), *second = admitted(fixture), *third, *other;
	ReloadIdentity *identity = link_ca_issue(fixture->ca, 60000);
	LinkNode *node = fixture->node;
	uint8_t byte;

	(void)data;
	third = raw_client_new(&node->address, fixture->identity, 0); /* of the same Node-ID */
	g_assert_true(raw_client_handshake(third));
	g_assert_cmpuint(raw_client_read(third, &byte, 1), ==, 0);
	g_assert_cmpuint(node->ups, ==, 2);
	other = raw_client_new(&node->address, identity, 0);
	g_assert_true(raw_client_handshake(other));
	LINK_WAIT(node->ups == 3);
	g_assert_cmpuint(node->io.link_connect(node->io.user, &node->address, NULL), ==, 0);
	g_assert_cmpuint(link_node_statistics(node).refused_links, ==, 2);
	raw_client_free(first);
	LINK_WAIT(node->downs == 1);
	g_assert_cmpuint(link_node_statistics(node).links, ==, 2);
	raw_client_free(second);
	raw_client_free(third);
	raw_client_free(other);
	reload_identity_unref(identity);
}

/* Connects from that address of the loopback device. */
static int connect_from(const LinkNode *node, const char *source)
{
	ReloadAddress from;
	struct sockaddr_storage sockaddr;
	socklen_t length;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	g_assert_true(reload_address_parse(source, 0, &from));
	length = reload_address_to_sockaddr(&from, &sockaddr);
	g_assert_cmpint(bind(fd, (struct sockaddr *)&sockaddr, length), ==, 0);
	length = reload_address_to_sockaddr(&node->address, &sockaddr);
	g_assert_true(connect(fd, (struct sockaddr *)&sockaddr, length) == 0 || errno == EINPROGRESS);
	return fd;
}

/* A client with an identity of its own; false: its link was closed at once. */
static bool link_from(Fixture *fixture, const char *source, RawClient **client)
{
	ReloadIdentity *identity = link_ca_issue(fixture->ca, 60000);
	LinkNode *node = fixture->node;
	unsigned ups = node->ups;
	uint64_t refused = link_node_statistics(node).refused_links;

	*client = raw_client_new_on(connect_from(node, source), identity, 0);
	g_assert_true(raw_client_handshake(*client));
	LINK_WAIT(node->ups > ups || link_node_statistics(node).refused_links > refused);
	reload_identity_unref(identity);
	return node->ups > ups;
}

static const ReloadLinkLimits guarded = {.max_links_source = 3, .settled_time = 100};

/* With one address there are so many links, whatever Node-IDs it shows, and whoever began them: then one more from
 * there is refused. Others still get theirs, and so does this node, to whomever it likes. */
static void test_many_links_of_one_source(Fixture *fixture, gconstpointer data)
{
	LinkNode *other = link_node_new(fixture->ca, "127.0.0.1", NULL), *node = fixture->node;
	RawClient *clients[7];
	int64_t began;

	(void)data;
	link_node_connect(node, other);
	g_assert_true(link_from(fixture, "127.0.0.1", &clients[0]));
	g_assert_true(link_from(fixture, "127.0.0.1", &clients[1]));
	g_assert_false(link_from(fixture, "127.0.0.1", &clients[2]));
	g_assert_true(link_from(fixture, "127.0.0.2", &clients[3]));
	/* one that goes makes room */
	raw_client_free(clients[0]);
	LINK_WAIT(node->downs == 1);
	g_assert_true(link_from(fixture, "127.0.0.1", &clients[4]));
	/* and so does one that nobody here would miss, once it is settled, but only for one from the same address */
	node->useless_link = node->link;
	began = g_get_monotonic_time();
	LINK_WAIT(g_get_monotonic_time() - began > 200 * 1000);
	g_assert_true(link_from(fixture, "127.0.0.2", &clients[5]));
	g_assert_cmpuint(node->downs, ==, 1);
	g_assert_true(link_from(fixture, "127.0.0.1", &clients[6]));
	g_assert_cmpuint(node->downs, ==, 2);
	g_assert_cmpuint(node->down_link, ==, node->useless_link);
	link_node_connect(node, other);
	for (unsigned i = 1; i < G_N_ELEMENTS(clients); i++)
		raw_client_free(clients[i]);
	link_node_free(other);
}

/* A node with two Node-IDs is counted as the one that was expected, be it the second of its certificate. */
static void test_many_links_to_second_id(Fixture *fixture, gconstpointer data)
{
	ReloadIdentity *identity = link_ca_issue_ids(fixture->ca, RELOAD_KEY_P256, 2, 60000);
	LinkNode *other = link_node_new_with(fixture->ca->trust, identity, "127.0.0.1", NULL, NULL);
	LinkNode *node = fixture->node;
	size_t count;
	const ReloadNodeId *ids =
	    reload_certificate_node_ids(reload_identity_certificate(identity), &count);

	(void)data;
	g_assert_cmpuint(count, ==, 2);
	for (unsigned i = 1; i <= 2; i++) {
		g_assert_cmpuint(node->io.link_connect(node->io.user, &other->address, &ids[1]), !=, 0);
		LINK_WAIT(node->ups == i);
	}
	g_assert_cmpuint(node->io.link_connect(node->io.user, &other->address, &ids[1]), !=, 0);
	LINK_WAIT(node->ups + node->downs == 3);
	g_assert_cmpuint(node->downs, ==, 1);
	g_assert_cmpint(node->why, ==, RELOAD_E_LIMIT);
	link_node_free(other);
	reload_identity_unref(identity);
}

/* No tickets, no resumption, no renegotiation. */
static void test_no_second_chances(Fixture *fixture, gconstpointer data)
{
	RawClient *client =
	    raw_client_new(&fixture->node->address, fixture->identity, TLS1_2_VERSION);
	uint8_t byte;

	(void)data;
	g_assert_true(raw_client_handshake(client));
	LINK_WAIT(fixture->node->ups == 1);
	g_assert_false(SSL_SESSION_is_resumable(SSL_get_session(client->ssl)) &&
		       SSL_SESSION_has_ticket(SSL_get_session(client->ssl)));
	g_assert_cmpint(SSL_renegotiate(client->ssl), ==, 1);
	(void)raw_client_handshake(client);
	g_assert_cmpuint(raw_client_read(client, &byte, 1), ==, 0);
	g_assert_cmpuint(fixture->node->ups, ==, 1);
	raw_client_free(client);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, limits, test)                                                                    \
	g_test_add("/link/hostile/" name, Fixture, limits, set_up, test, tear_down)
	ADD("no_certificate", NULL, test_no_certificate);
	ADD("other_overlay", NULL, test_other_overlay);
	ADD("expired", NULL, test_expired);
	ADD("old_tls", NULL, test_old_tls);
	ADD("wrong_node_id", NULL, test_wrong_node_id);
	ADD("half_open", &hasty, test_half_open);
	ADD("silent_server", &hasty, test_silent_server);
	ADD("many_handshakes_of_one_source", &few, test_many_handshakes_of_one_source);
	ADD("many_handshakes", &crowded, test_many_handshakes);
	ADD("bad_frames", &brisk, test_bad_frames);
	ADD("too_large", NULL, test_too_large);
	ADD("garbage", NULL, test_garbage);
	ADD("killed", NULL, test_killed);
	ADD("queue_overflow", &small, test_queue_overflow);
	ADD("flood", &small, test_flood);
	ADD("many_links", &narrow, test_many_links);
	ADD("many_links_of_one_source", &guarded, test_many_links_of_one_source);
	ADD("many_links_to_second_id", &narrow, test_many_links_to_second_id);
	ADD("no_second_chances", NULL, test_no_second_chances);
#undef ADD
	return g_test_run();
}
