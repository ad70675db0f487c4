/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames between the broker and p2psip-peer, and the names that both spell: what is accepted and
 * what is not. */
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "modules/p2psip/proto/names.h"
#include "modules/p2psip/proto/protocol.h"

static void open_pair(int fds[2])
{
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), ==, 0);
}

static void close_pair(int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static void make_edges(struct p2psip_frame *frame, unsigned count)
{
	memset(frame, 0, sizeof(*frame));
	strcpy(frame->u.edges.aor, "alice@example.org");
	frame->u.edges.count = count;
	for (unsigned i = 0; i < count; i++) {
		frame->u.edges.edge[i].node[0] = (uint8_t)i;
		strcpy(frame->u.edges.edge[i].preferences, "(audio)");
	}
	p2psip_frame_seal(frame, P2PSIP_EDGES, 7);
}

static void test_round_trip(void)
{
	struct p2psip_frame sent, got;
	int fds[2];

	open_pair(fds);
	for (unsigned count = 0; count <= P2PSIP_EDGES_MAX; count++) {
		make_edges(&sent, count);
		g_assert_cmpint(p2psip_frame_send(fds[0], &sent), ==, 0);
		memset(&got, 0xaa, sizeof(got));
		g_assert_cmpint(p2psip_frame_receive(fds[1], &got), ==, 1);
		g_assert_cmpuint(got.header.id, ==, 7);
		g_assert_cmpmem(&sent, sent.header.length, &got, got.header.length);
	}
	g_assert_cmpint(p2psip_frame_receive(fds[1], &got), ==, 0);
	close(fds[0]);
	g_assert_cmpint(p2psip_frame_receive(fds[1], &got), ==, -1);
	g_assert_cmpint(errno, ==, ECONNRESET);
	close(fds[1]);
}

/* A slow reader is told apart from a dead one. */
static void test_full_socket(void)
{
	struct p2psip_frame frame;
	int fds[2], sent = 0;

	open_pair(fds);
	make_edges(&frame, P2PSIP_EDGES_MAX);
	while (sent < 100000 && p2psip_frame_send(fds[0], &frame) == 0)
		sent++;
	g_assert_cmpint(sent, <, 100000);
	g_assert_cmpint(errno, ==, EAGAIN);
	close(fds[1]);
	g_assert_cmpint(p2psip_frame_send(fds[0], &frame), ==, -1);
	g_assert_cmpint(errno, !=, EAGAIN);
	close(fds[0]);
}

/* Every cut and every lengthening of every type of frame is refused. */
static void test_lengths(void)
{
	for (unsigned type = 0; type < 20; type++) {
		struct p2psip_frame frame;
		size_t length;
		int good;

		memset(&frame, 0, sizeof(frame));
		if (type == P2PSIP_TEXT || type == P2PSIP_STORE || type == P2PSIP_DONE)
			strcpy(frame.u.text, "text");
		length = p2psip_frame_seal(&frame, (enum p2psip_type)type, 1);
		good = p2psip_frame_check(&frame, length) == 0;
		g_assert_cmpint(good, ==, type >= P2PSIP_STORE && type <= P2PSIP_STATISTICS);
		for (size_t other = 0; other <= sizeof(frame); other++) {
			if (other == length)
				continue;
			g_assert_cmpint(p2psip_frame_check(&frame, other), !=, 0);
			frame.header.length = (uint32_t)other;
			g_assert_cmpint(p2psip_frame_check(&frame, other), !=, 0);
			frame.header.length = (uint32_t)length;
		}
	}
}

static void test_bad_contents(void)
{
	struct p2psip_frame frame;
	size_t length;

	make_edges(&frame, 1);
	frame.u.edges.count = P2PSIP_EDGES_MAX + 1;
	g_assert_cmpint(p2psip_frame_check(&frame, frame.header.length), !=, 0);
	make_edges(&frame, 1);
	memset(frame.u.edges.aor, 'a', sizeof(frame.u.edges.aor));
	g_assert_cmpint(p2psip_frame_check(&frame, frame.header.length), !=, 0);
	make_edges(&frame, 2);
	memset(frame.u.edges.edge[1].preferences, 'a', sizeof(frame.u.edges.edge[1].preferences));
	g_assert_cmpint(p2psip_frame_check(&frame, frame.header.length), !=, 0);

	memset(&frame, 0, sizeof(frame));
	memset(frame.u.text, 'a', sizeof(frame.u.text));
	length = p2psip_frame_seal(&frame, P2PSIP_TEXT, 1);
	g_assert_cmpint(p2psip_frame_check(&frame, length), !=, 0);
	strcpy(frame.u.text, "ab");
	length = p2psip_frame_seal(&frame, P2PSIP_TEXT, 1);
	frame.u.text[1] = '\0';
	g_assert_cmpint(p2psip_frame_check(&frame, length), !=, 0);
	frame.u.text[1] = 'b';
	g_assert_cmpint(p2psip_frame_check(&frame, length), ==, 0);
	frame.header.version++;
	g_assert_cmpint(p2psip_frame_check(&frame, length), !=, 0);
}

static void test_garbage_received(void)
{
	struct p2psip_frame frame;
	int fds[2];

	open_pair(fds);
	g_assert_cmpint(send(fds[0], "garbage", 7, 0), ==, 7);
	g_assert_cmpint(p2psip_frame_receive(fds[1], &frame), ==, -1);
	g_assert_cmpint(errno, ==, EPROTO);
	close_pair(fds);
}

static const char *aor(const char *user, int escaped, const char *host)
{
	static char out[P2PSIP_AOR_MAX];

	if (p2psip_aor_write(out, sizeof(out), user, strlen(user), escaped, host, strlen(host)) < 0)
		return NULL;
	return out;
}

/* RFC 3261, 19.1.4 */
static void test_aor(void)
{
	char *user;

	g_assert_cmpstr(aor("alice", 1, "Example.ORG"), ==, "alice@example.org");
	g_assert_cmpstr(aor("Alice", 1, "example.org"), ==, "Alice@example.org");
	g_assert_cmpstr(aor("%61lice%2b1", 1, "example.org"), ==, "alice+1@example.org");
	g_assert_cmpstr(aor("100%25", 1, "example.org"), ==, "100%@example.org");
	g_assert_cmpstr(aor("100%25", 0, "example.org"), ==, "100%25@example.org");
	g_assert_null(aor("", 1, "example.org"));
	g_assert_null(aor("alice", 1, ""));
	g_assert_null(aor("a%", 1, "example.org"));
	g_assert_null(aor("a%4", 1, "example.org"));
	g_assert_null(aor("a%4g", 1, "example.org"));
	g_assert_null(aor("a%00b", 1, "example.org"));
	g_assert_null(aor("a%0ab", 1, "example.org"));
	g_assert_null(aor("a b", 0, "example.org"));
	g_assert_null(aor("alice", 1, "b@example.org"));
	user = g_strnfill(P2PSIP_AOR_MAX - 1 - strlen("@example.org"), 'u');
	g_assert_nonnull(aor(user, 1, "example.org"));
	g_assert_cmpuint(strlen(aor(user, 1, "example.org")), ==, P2PSIP_AOR_MAX - 1);
	g_assert_null(aor(user, 1, "1example.org"));
	g_free(user);
}

#define HEX "00112233445566778899aabbccddeeff"

static int node_of(const char *host, uint8_t *node)
{
	return p2psip_node_from_host(host, strlen(host), "dht.example.org", node);
}

static void test_names(void)
{
	uint8_t node[P2PSIP_NODE_ID_LEN];
	char hex[P2PSIP_HEX_SIZE];

	g_assert_cmpint(node_of(HEX ".dht.example.org", node), ==, 0);
	g_assert_cmpuint(node[1], ==, 0x11);
	p2psip_node_to_hex(node, hex);
	g_assert_cmpstr(hex, ==, HEX);
	g_assert_cmpint(node_of("00112233445566778899AABBCCDDEEFF.DHT.example.org", node), ==, 0);
	g_assert_cmpuint(node[15], ==, 0xff);
	g_assert_cmpint(node_of(HEX ".example.org", node), ==, -1);
	g_assert_cmpint(node_of(HEX "dht.example.org.", node), ==, -1);
	g_assert_cmpint(node_of("0" HEX ".dht.example.org", node), ==, -1);
	g_assert_cmpint(node_of("g0112233445566778899aabbccddeeff.dht.example.org", node), ==, -1);
	g_assert_cmpint(node_of("dht.example.org", node), ==, -1);
	g_assert_cmpint(p2psip_node_from_host(HEX ".", 33, "", node), ==, -1);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/module/protocol/round-trip", test_round_trip);
	g_test_add_func("/module/protocol/full-socket", test_full_socket);
	g_test_add_func("/module/protocol/lengths", test_lengths);
	g_test_add_func("/module/protocol/bad-contents", test_bad_contents);
	g_test_add_func("/module/protocol/garbage", test_garbage_received);
	g_test_add_func("/module/names/aor", test_aor);
	g_test_add_func("/module/names/nodes", test_names);
	return g_test_run();
}
