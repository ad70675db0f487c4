/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flows between a Kamailio and remote nodes that the test plays. */
#include "modules/p2psip/peer/flows.h"
#include "modules/p2psip/peer/open_requests.h"

#include <arpa/inet.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
	FlowAddresses *addresses;
	Flows *flows;
	ReloadNodeId node;
	ReloadStatus open_status, send_status;
	unsigned opens;
	GPtrArray *sent;      /* char *: to the flow */
	GPtrArray *delivered; /* char *: to Kamailio */
	GArray *closed;       /* ReloadLinkId */
	FlowState state; /* the last that was told, of changed */
	ReloadNodeId changed;
	unsigned changes;
	bool resolve_when_closed;
	int journal_fd;
	Journal *journal;
} World;

static ReloadStatus world_open(void *user, const ReloadNodeId *node, int64_t timeout, int64_t now)
{
	World *world = user;

	(void)now;
	g_assert_true(reload_node_id_equal(node, &world->node));
	g_assert_cmpint(timeout, ==, 4000);
	world->opens++;
	return world->open_status;
}

static ReloadStatus world_send(void *user, ReloadLinkId link, ReloadSpan message)
{
	World *world = user;

	g_assert_cmpuint(link, !=, 0);
	if (world->send_status == RELOAD_OK)
		g_ptr_array_add(world->sent, g_strndup((const char *)message.data, message.len));
	return world->send_status;
}

static void world_close(void *user, ReloadLinkId link, int64_t now)
{
	World *world = user;
	ReloadNodeId other = world->node;
	FlowState state;

	g_array_append_val(world->closed, link);
	other.id[0]++;
	if (world->resolve_when_closed)
		g_assert_cmpuint(flows_resolve(world->flows, &other, &state, now), !=, 0);
}

static bool world_deliver(void *user, uint32_t address, ReloadSpan message)
{
	World *world = user;
	ReloadNodeId node;

	g_assert_true(flow_addresses_find(world->addresses, address, &node));
	g_ptr_array_add(world->delivered, g_strndup((const char *)message.data, message.len));
	return true;
}

static void world_changed(void *user, const ReloadNodeId *node, uint32_t address, FlowState state)
{
	World *world = user;

	(void)address;
	world->state = state;
	world->changed = *node;
	world->changes++;
}

static void world_log(void *user, ReloadLogLevel level, const char *text)
{
	(void)user;
	(void)level;
	(void)text;
}

static const FlowLimits limits = {
	.connect_timeout = 4000, .idle_timeout = 60000, .max_flows = 4, .max_requests = 8,
	.max_received = 8, .rate = 10};

static void world_set_up(World *world, gconstpointer data)
{
	FlowHooks hooks = {world,	world_open,    world_send, world_close,
			   world_deliver, world_changed, world_log};
	uint32_t network;
	unsigned prefix;

	(void)data;
	if (world->journal_fd <= 0)
		world->journal_fd = memfd_create("journal", MFD_CLOEXEC);
	world->journal = journal_open(world->journal_fd, NULL);
	g_assert_nonnull(world->journal);
	g_assert_true(flow_network_parse("127.64.0.0/10", &network, &prefix));
	world->addresses = flow_addresses_new(network, prefix, 1000);
	world->flows = flows_new(world->addresses, world->journal, &limits, &hooks);
	g_assert_true(reload_node_id_from_text("00112233445566778899aabbccddeeff", &world->node));
	world->sent = g_ptr_array_new_with_free_func(g_free);
	world->delivered = g_ptr_array_new_with_free_func(g_free);
	world->closed = g_array_new(FALSE, FALSE, sizeof(ReloadLinkId));
}

static void world_tear_down(World *world, gconstpointer data)
{
	(void)data;
	flows_free(world->flows, 0);
	flow_addresses_free(world->addresses);
	journal_free(world->journal);
	close(world->journal_fd);
	g_ptr_array_unref(world->sent);
	g_ptr_array_unref(world->delivered);
	g_array_unref(world->closed);
}

#define TAIL                                                                                       \
	"From: <sip:b@x>;tag=1\r\nTo: <sip:a@x>\r\nCall-ID: c\r\nContent-Length: 0\r\n"

static char *request(const char *method, const char *branch, const char *transport)
{
	return g_strdup_printf("%s sip:a@x SIP/2.0\r\nVia: SIP/2.0/%s h;branch=%s\r\n" TAIL
			       "CSeq: 1 %s\r\n\r\n",
			       method, transport, branch, method);
}

static char *reply(unsigned status, const char *method, const char *branch, const char *via)
{
	return g_strdup_printf("SIP/2.0 %u Text\r\nVia: SIP/2.0/%s;branch=%s\r\n" TAIL
			       "CSeq: 1 %s\r\n\r\n",
			       status, via, branch, method);
}

static ReloadSpan span_of(const char *text)
{
	return (ReloadSpan){(const uint8_t *)text, strlen(text)};
}

static uint32_t address_of(World *world)
{
	FlowState state;

	return flows_resolve(world->flows, &world->node, &state, 0);
}

static void kamailio_sends(World *world, char *text, int64_t now)
{
	flows_from_kamailio(world->flows, address_of(world), span_of(text), now);
	g_free(text);
}

static void link_sends(World *world, ReloadLinkId link, char *text, int64_t now)
{
	flows_from_link(world->flows, link, span_of(text), now);
	g_free(text);
}

static void assert_last(GPtrArray *messages, guint count, const char *start, const char *part)
{
	const char *last;

	g_assert_cmpuint(messages->len, ==, count);
	last = g_ptr_array_index(messages, count - 1);
	g_assert_true(g_str_has_prefix(last, start));
	g_assert_nonnull(strstr(last, part));
}

/* The first message opens the flow and waits for it; what goes out says TLS in its Via. */
static void test_open(World *world, gconstpointer data)
{
	(void)data;
	kamailio_sends(world, request("INVITE", "z1", "UDP"), 10);
	kamailio_sends(world, request("INVITE", "z1", "UDP"), 510); /* retransmitted */
	kamailio_sends(world, request("OPTIONS", "z2", "UDP"), 520);
	g_assert_cmpuint(world->opens, ==, 1);
	g_assert_cmpint(world->state, ==, FLOW_OPENING);
	assert_last(world->delivered, 1, "SIP/2.0 100 ", "branch=z1");
	g_assert_true(flows_connected(world->flows, &world->node, 5, 600));
	g_assert_cmpint(world->state, ==, FLOW_UP);
	assert_last(world->sent, 2, "OPTIONS ", "Via: SIP/2.0/TLS h;branch=z2");
}

/* Nothing is delivered before Kamailio knows the flow, then everything in order, as if by UDP. */
static void test_known(World *world, gconstpointer data)
{
	(void)data;
	g_assert_true(flows_connected(world->flows, &world->node, 5, 0));
	link_sends(world, 5, request("INVITE", "z1", "TLS"), 1);
	link_sends(world, 5, request("ACK", "z3", "TLS"), 2);
	g_assert_cmpuint(world->delivered->len, ==, 0);
	flows_known(world->flows, &world->node, true, 3);
	assert_last(world->delivered, 2, "ACK ", "Via: SIP/2.0/UDP h;branch=z3");
	kamailio_sends(world, reply(200, "INVITE", "z1", "UDP h;received=127.64.0.1;rport=5"), 4);
	assert_last(world->sent, 1, "SIP/2.0 200 ", "Via: SIP/2.0/TLS h;branch=z1\r\n");
}

/* A dead flow: 480 for what we sent, CANCEL for what rings here, nothing for what is over. */
static void test_died(World *world, gconstpointer data)
{
	FlowStatistics statistics;

	(void)data;
	g_assert_true(flows_connected(world->flows, &world->node, 5, 0));
	flows_known(world->flows, &world->node, true, 0);
	kamailio_sends(world, request("INVITE", "z1", "UDP"), 1);
	kamailio_sends(world, request("OPTIONS", "z2", "UDP"), 1);
	link_sends(world, 5, reply(180, "INVITE", "z1", "TLS h"), 2);
	link_sends(world, 5, reply(200, "OPTIONS", "z2", "TLS h"), 2);
	g_assert_cmpuint(world->delivered->len, ==, 2);
	flows_disconnected(world->flows, &world->node, 5, 3);
	assert_last(world->delivered, 3, "SIP/2.0 480 ", "branch=z1");

	g_assert_true(flows_connected(world->flows, &world->node, 6, 4));
	flows_known(world->flows, &world->node, true, 4);
	link_sends(world, 6, request("INVITE", "y1", "TLS"), 5);
	link_sends(world, 6, request("BYE", "y2", "TLS"), 5);
	flows_disconnected(world->flows, &world->node, 6, 6);
	assert_last(world->delivered, 6, "CANCEL ", "Via: SIP/2.0/UDP h;branch=y1");
	/* Its reply has nowhere to go and opens no flow. */
	kamailio_sends(world, reply(487, "INVITE", "y1", "UDP h"), 7);
	g_assert_cmpuint(world->opens, ==, 0);
	flows_statistics(world->flows, &statistics);
	g_assert_cmpuint(statistics.died, ==, 2);
	g_assert_cmpuint(statistics.up, ==, 0);
}

static void test_unreachable(World *world, gconstpointer data)
{
	(void)data;
	kamailio_sends(world, request("MESSAGE", "z1", "UDP"), 0);
	flows_tick(world->flows, 3999);
	g_assert_cmpuint(world->delivered->len, ==, 0);
	flows_tick(world->flows, 4000);
	assert_last(world->delivered, 1, "SIP/2.0 480 ", "branch=z1");
	g_assert_cmpint(world->state, ==, FLOW_DOWN);
	/* The next one tries anew; where it fails at once, so does the request. */
	kamailio_sends(world, request("MESSAGE", "z2", "UDP"), 5000);
	flows_disconnected(world->flows, &world->node, 0, 5100);
	assert_last(world->delivered, 2, "SIP/2.0 480 ", "branch=z2");
	world->open_status = RELOAD_E_STATE;
	kamailio_sends(world, request("MESSAGE", "z3", "UDP"), 6000);
	assert_last(world->delivered, 3, "SIP/2.0 480 ", "branch=z3");
	g_assert_cmpuint(world->opens, ==, 3);
}

static void test_cancel_held(World *world, gconstpointer data)
{
	(void)data;
	kamailio_sends(world, request("INVITE", "z1", "UDP"), 0);
	kamailio_sends(world, request("CANCEL", "z1", "UDP"), 1);
	g_assert_cmpuint(world->delivered->len, ==, 3); /* 100, 200 to the CANCEL, 487 */
	assert_last(world->delivered, 3, "SIP/2.0 487 ", "CSeq: 1 INVITE");
	g_assert_true(flows_connected(world->flows, &world->node, 5, 2));
	g_assert_cmpuint(world->sent->len, ==, 0);
}

static void test_bounds(World *world, gconstpointer data)
{
	FlowStatistics statistics;
	ReloadNodeId node = world->node;
	char branch[16];

	(void)data;
	/* max_requests open at once, the next is refused */
	for (int i = 0; i < 9; i++) {
		g_snprintf(branch, sizeof(branch), "z%d", i);
		kamailio_sends(world, request("OPTIONS", branch, "UDP"), i);
	}
	assert_last(world->delivered, 1, "SIP/2.0 480 ", "branch=z8");
	for (unsigned i = 0; i < 6; i++) {
		node.id[15] = (uint8_t)i;
		g_assert_cmpint(flows_connected(world->flows, &node, 10 + i, 0), ==, i < 3);
	}
	/* a full connection: the request is answered, not lost */
	g_assert_true(flows_connected(world->flows, &world->node, 5, 10));
	flows_known(world->flows, &world->node, true, 10);
	link_sends(world, 5, reply(200, "OPTIONS", "z0", "TLS h"), 11);
	world->send_status = RELOAD_E_LIMIT;
	kamailio_sends(world, request("OPTIONS", "full", "UDP"), 12);
	assert_last(world->delivered, 3, "SIP/2.0 480 ", "branch=full");
	/* rubbish from either side */
	flows_from_kamailio(world->flows, address_of(world), span_of("rubbish"), 13);
	flows_from_kamailio(world->flows, htonl(0x7f400099), span_of("rubbish"), 13);
	flows_from_link(world->flows, 99, span_of("rubbish"), 13);
	flows_statistics(world->flows, &statistics);
	g_assert_cmpuint(statistics.refused, ==, 5);
}

/* A request inside a dialog, which holds as much as another. */
static char *inside(const char *method, const char *branch)
{
	return g_strdup_printf("%s sip:a@x SIP/2.0\r\nVia: SIP/2.0/TLS h;branch=%s\r\nFrom: <sip:b@x>;tag=1\r\n"
			       "To: <sip:a@x>;tag=2\r\nCall-ID: c\r\nContent-Length: 0\r\nCSeq: 1 %s\r\n\r\n",
			       method, branch, method);
}

/* Where nothing more of Kamailio's is taken, what goes on has no final reply, with which a BYE would never come again:
 * where too much is open, */
static void test_sent_inside(World *world, gconstpointer data)
{
	char branch[16];

	(void)data;
	g_assert_true(flows_connected(world->flows, &world->node, 5, 0));
	flows_known(world->flows, &world->node, true, 0);
	for (int i = 0; i < 8; i++) {
		g_snprintf(branch, sizeof(branch), "z%d", i);
		kamailio_sends(world, request("OPTIONS", branch, "UDP"), 1);
	}
	kamailio_sends(world, inside("BYE", "z8"), 1);
	kamailio_sends(world, inside("BYE", "z9"), 1);
	assert_last(world->sent, 10, "BYE ", "branch=z9");
	kamailio_sends(world, inside("BYE", "z10"), 2);
	kamailio_sends(world, request("CANCEL", "z0", "UDP"), 2);
	g_assert_cmpuint(world->sent->len, ==, 10);
	g_assert_cmpuint(world->delivered->len, ==, 0);
	link_sends(world, 5, reply(200, "BYE", "z8", "TLS h"), 3);
	kamailio_sends(world, inside("BYE", "z10"), 502);
	assert_last(world->sent, 11, "BYE ", "branch=z10");
}

/* where too much waits for the flow, */
static void test_held_inside(World *world, gconstpointer data)
{
	char branch[16];

	(void)data;
	for (int i = 0; i < 64; i++) {
		g_snprintf(branch, sizeof(branch), "z%d", i);
		kamailio_sends(world, inside("ACK", branch), 0);
	}
	kamailio_sends(world, inside("BYE", "full"), 1);
	g_assert_cmpuint(world->delivered->len, ==, 0);
	kamailio_sends(world, request("OPTIONS", "full", "UDP"), 1);
	assert_last(world->delivered, 1, "SIP/2.0 480 ", "CSeq: 1 OPTIONS");
	flows_disconnected(world->flows, &world->node, 0, 2);
	g_assert_cmpuint(world->delivered->len, ==, 1); /* nor now: it was not open */
	g_assert_true(flows_connected(world->flows, &world->node, 5, 500));
	kamailio_sends(world, inside("BYE", "full"), 501);
	assert_last(world->sent, 1, "BYE ", "branch=full");
}

/* and where the connection is full. */
static void test_full_inside(World *world, gconstpointer data)
{
	(void)data;
	g_assert_true(flows_connected(world->flows, &world->node, 5, 0));
	world->send_status = RELOAD_E_LIMIT;
	kamailio_sends(world, inside("BYE", "full"), 1);
	flows_disconnected(world->flows, &world->node, 5, 2);
	g_assert_cmpuint(world->delivered->len, ==, 0);
	g_assert_true(flows_connected(world->flows, &world->node, 6, 3));
	world->send_status = RELOAD_OK;
	kamailio_sends(world, inside("BYE", "full"), 501);
	assert_last(world->sent, 1, "BYE ", "branch=full");
}

/* Sends count OPTIONS over a link, their branches numbered from first. */
static void link_sends_options(World *world, ReloadLinkId link, int first, int count, int64_t now)
{
	char branch[16];

	for (int i = first; i < first + count; i++) {
		g_snprintf(branch, sizeof(branch), "y%d", i);
		link_sends(world, link, request("OPTIONS", branch, "TLS"), now);
	}
}

/* A second node, with link 6 beside the first one's link 5. */
static void two_nodes(World *world)
{
	ReloadNodeId other = world->node;

	other.id[0] ^= 1;
	g_assert_true(flows_connected(world->flows, &world->node, 5, 0));
	g_assert_true(flows_connected(world->flows, &other, 6, 0));
	flows_known(world->flows, &world->node, true, 0);
	flows_known(world->flows, &other, true, 0);
}

/* One node has max_received requests open here, another one's are taken; 503 says so, and a CANCEL gets through. */
static void test_received(World *world, gconstpointer data)
{
	(void)data;
	two_nodes(world);
	link_sends(world, 5, request("INVITE", "y0", "TLS"), 1);
	link_sends_options(world, 5, 1, 8, 1);
	g_assert_cmpuint(world->delivered->len, ==, 8);
	assert_last(world->sent, 1, "SIP/2.0 503 ", "SIP/2.0/TLS h;branch=y8");
	link_sends(world, 5, request("CANCEL", "y0", "TLS"), 2);
	assert_last(world->delivered, 9, "CANCEL ", "branch=y0");
	link_sends_options(world, 6, 100, 1, 2);
	assert_last(world->delivered, 10, "OPTIONS ", "branch=y100");
	kamailio_sends(world, reply(200, "OPTIONS", "y3", "UDP h"), 3);
	link_sends_options(world, 5, 9, 2, 4);
	assert_last(world->delivered, 11, "OPTIONS ", "branch=y9");
	assert_last(world->sent, 3, "SIP/2.0 503 ", "branch=y10");
}

/* Where new requests have taken all places, calls can end: a quarter more, then nothing until it comes again. */
static void test_received_inside(World *world, gconstpointer data)
{
	(void)data;
	two_nodes(world);
	link_sends_options(world, 5, 1, 8, 1);
	link_sends(world, 5, inside("BYE", "y9"), 1);
	link_sends(world, 5, inside("BYE", "y10"), 1);
	assert_last(world->delivered, 10, "BYE ", "branch=y10");
	link_sends(world, 5, inside("BYE", "y11"), 1);
	g_assert_cmpuint(world->delivered->len, ==, 10);
	g_assert_cmpuint(world->sent->len, ==, 0);
	kamailio_sends(world, reply(200, "BYE", "y9", "UDP h"), 2);
	link_sends(world, 5, inside("BYE", "y11"), 501);
	assert_last(world->delivered, 11, "BYE ", "branch=y11");
	link_sends_options(world, 5, 12, 1, 501);
	assert_last(world->sent, 2, "SIP/2.0 503 ", "branch=y12");
}

/* A request with count bytes more than request() gives it. */
static char *long_request(const char *method, const char *branch, gsize count)
{
	g_autofree char *head = request(method, branch, "TLS");
	g_autofree char *body = g_strnfill(count, 'x');

	return g_strconcat(head, body, NULL);
}

/* What is open may be as long as 4096 bytes each, on average. */
static void test_received_bytes(World *world, gconstpointer data)
{
	(void)data;
	two_nodes(world);
	link_sends(world, 5, long_request("INVITE", "y0", 20000), 1);
	assert_last(world->delivered, 1, "INVITE ", "branch=y0");
	link_sends(world, 5, long_request("INVITE", "y1", 20000), 1);
	assert_last(world->sent, 1, "SIP/2.0 503 ", "branch=y1");
	link_sends(world, 5, long_request("INVITE", "y2", 4000), 1);
	kamailio_sends(world, reply(200, "INVITE", "y0", "UDP h"), 2);
	link_sends(world, 5, long_request("INVITE", "y3", 20000), 3);
	assert_last(world->delivered, 3, "INVITE ", "branch=y3");
}

/* Uses up what a node may send at once: twice its rate of 10. */
static void use_up(World *world)
{
	char branch[16];

	for (int i = 0; i < 20; i++) {
		link_sends_options(world, 5, i, 1, 1);
		g_snprintf(branch, sizeof(branch), "y%d", i);
		if (i < 19)
			kamailio_sends(world, reply(200, "OPTIONS", branch, "UDP h"), 1);
	}
	g_assert_cmpuint(world->delivered->len, ==, 20);
	g_assert_cmpuint(world->sent->len, ==, 19);
}

/* One node's requests come faster than they may: 503, but for what is open already. */
static void test_rate(World *world, gconstpointer data)
{
	(void)data;
	two_nodes(world);
	use_up(world);
	link_sends_options(world, 5, 20, 1, 2);
	assert_last(world->sent, 20, "SIP/2.0 503 ", "SIP/2.0/TLS h;branch=y20");
	link_sends_options(world, 5, 19, 1, 2); /* again: open already */
	g_assert_cmpuint(world->sent->len, ==, 20);
	g_assert_cmpuint(world->delivered->len, ==, 20);
	link_sends_options(world, 6, 100, 1, 2);
	g_assert_cmpuint(world->delivered->len, ==, 21);
	/* one in 100 ms, for as long as twice the rate takes to come */
	link_sends_options(world, 5, 23, 2, 101);
	assert_last(world->delivered, 22, "OPTIONS ", "branch=y23");
	for (int i = 0; i < 30; i++)
		link_sends(world, 5, request("MESSAGE", "y25", "TLS"), 100000);
	g_assert_cmpuint(world->delivered->len, ==, 42);
	/* 5 for 20000 bytes */
	for (int i = 0; i < 6; i++)
		link_sends(world, 5, long_request("MESSAGE", "y25", 20000 - i), 200000);
	g_assert_cmpuint(world->delivered->len, ==, 46);
}

/* What belongs to calls that there are has a quarter more, which new ones do not get, and then no reply: it comes
 * again. */
static void test_rate_inside(World *world, gconstpointer data)
{
	(void)data;
	two_nodes(world);
	use_up(world);
	link_sends(world, 5, inside("BYE", "y20"), 2);
	assert_last(world->delivered, 21, "BYE ", "branch=y20");
	link_sends(world, 5, request("CANCEL", "y19", "TLS"), 2);
	link_sends(world, 5, request("ACK", "y21", "TLS"), 2);
	link_sends(world, 5, inside("ACK", "y22"), 2);
	link_sends(world, 5, inside("UPDATE", "y23"), 2);
	assert_last(world->delivered, 25, "UPDATE ", "branch=y23");
	for (int i = 0; i < 2; i++) {
		link_sends(world, 5, inside("BYE", "y24"), 2);
		link_sends(world, 5, inside("INVITE", "y25"), 2);
		link_sends(world, 5, request("CANCEL", "y19", "TLS"), 2);
		link_sends(world, 5, request("ACK", "y26", "TLS"), 2);
	}
	g_assert_cmpuint(world->delivered->len, ==, 25);
	g_assert_cmpuint(world->sent->len, ==, 19);
	link_sends(world, 5, inside("BYE", "y24"), 502);
	assert_last(world->delivered, 26, "BYE ", "branch=y24");
	link_sends_options(world, 5, 27, 1, 502);
	assert_last(world->sent, 20, "SIP/2.0 503 ", "branch=y27");
}

/* Replies are taken where something is open, however fast requests come, and not without end. */
static void test_replies(World *world, gconstpointer data)
{
	(void)data;
	two_nodes(world);
	use_up(world);
	kamailio_sends(world, request("INVITE", "z1", "UDP"), 2);
	for (int i = 0; i < 70; i++)
		link_sends(world, 5, reply(180, "INVITE", "z1", "TLS h"), 3);
	g_assert_cmpuint(world->delivered->len, ==, 20 + 64);
	link_sends(world, 5, reply(200, "INVITE", "z1", "TLS h"), 4);
	assert_last(world->delivered, 85, "SIP/2.0 200 ", "branch=z1");
	link_sends(world, 5, reply(200, "INVITE", "z1", "TLS h"), 5);
	g_assert_cmpuint(world->delivered->len, ==, 85);
}

static void test_idle(World *world, gconstpointer data)
{
	(void)data;
	g_assert_true(flows_connected(world->flows, &world->node, 5, 0));
	flows_known(world->flows, &world->node, true, 0);
	kamailio_sends(world, request("INVITE", "z1", "UDP"), 1);
	flows_tick(world->flows, 70000); /* a call rings: not idle */
	g_assert_cmpuint(world->closed->len, ==, 0);
	link_sends(world, 5, reply(200, "INVITE", "z1", "TLS h"), 70001);
	flows_tick(world->flows, 130002);
	g_assert_cmpuint(world->closed->len, ==, 1);
	g_assert_cmpint(world->state, ==, FLOW_DOWN);
	g_assert_cmpuint(world->delivered->len, ==, 1);
}

/* A node that nobody could reach is forgotten sooner than one that calls went to, and Kamailio is told: its
 * address is another's then. */
static void test_forgotten(World *world, gconstpointer data)
{
	const int64_t minute = 60 * 1000;
	ReloadNodeId made_up = world->node, node;
	uint32_t address, other;
	FlowState state;

	(void)data;
	made_up.id[0] = 99;
	g_assert_true(flows_connected(world->flows, &world->node, 5, 0));
	flows_disconnected(world->flows, &world->node, 5, 0);
	address = address_of(world);
	other = flows_resolve(world->flows, &made_up, &state, 5 * minute);
	flows_tick(world->flows, 20 * minute - 1);
	g_assert_cmpint(world->state, ==, FLOW_DOWN);
	g_assert_true(flow_addresses_find(world->addresses, other, &node));
	flows_tick(world->flows, 20 * minute);
	g_assert_cmpint(world->state, ==, FLOW_FORGOTTEN);
	g_assert_true(reload_node_id_equal(&world->changed, &made_up));
	g_assert_false(flow_addresses_find(world->addresses, other, &node));
	g_assert_true(flow_addresses_find(world->addresses, address, &node));
	flows_tick(world->flows, 24 * 60 * minute);
	g_assert_true(reload_node_id_equal(&world->changed, &world->node));
	g_assert_false(flow_addresses_find(world->addresses, address, &node));
	g_assert_cmpuint(world->changes, ==, 4); /* up, down, and two forgotten */
}

/* Closing a flow may make another message come to a node that is not known yet. */
static void test_grows_while_closing(World *world, gconstpointer data)
{
	(void)data;
	g_assert_true(flows_connected(world->flows, &world->node, 5, 0));
	world->resolve_when_closed = true;
	flows_tick(world->flows, 60000);
	g_assert_cmpuint(world->closed->len, ==, 1);
	g_assert_cmpint(world->state, ==, FLOW_DOWN);
}

/* Both sides open at once: two connections, and the loss of one harms nobody. */
static void test_two_connections(World *world, gconstpointer data)
{
	(void)data;
	g_assert_true(flows_connected(world->flows, &world->node, 5, 0));
	flows_known(world->flows, &world->node, true, 0);
	g_assert_true(flows_connected(world->flows, &world->node, 6, 0));
	kamailio_sends(world, request("OPTIONS", "z1", "UDP"), 1);
	flows_disconnected(world->flows, &world->node, 6, 2);
	g_assert_cmpint(world->state, ==, FLOW_UP);
	link_sends(world, 5, reply(200, "OPTIONS", "z1", "TLS h"), 3);
	assert_last(world->delivered, 1, "SIP/2.0 200 ", "z1");
	flows_disconnected(world->flows, &world->node, 5, 4);
	g_assert_cmpint(world->state, ==, FLOW_DOWN);
}

/* What a process that dies now leaves to the next one. */
static int copy_of_journal(const World *world)
{
	int fd = memfd_create("copy", MFD_CLOEXEC);
	off_t from = 0;

	while (sendfile(fd, world->journal_fd, &from, 1 << 30) > 0)
		;
	return fd;
}

/* The process before this one died with a request sent and one received: both sides hear of it, once Kamailio
 * knows where that comes from; what was over or too long is not told. */
static void test_recovered(World *world, gconstpointer data)
{
	g_autofree char *longest = g_strnfill(4000, 'x');
	World heir = {0};

	g_assert_true(flows_connected(world->flows, &world->node, 5, 0));
	flows_known(world->flows, &world->node, true, 0);
	kamailio_sends(world, request("INVITE", "z1", "UDP"), 1);
	kamailio_sends(world, request("OPTIONS", "z2", "UDP"), 1);
	kamailio_sends(world, request("OPTIONS", longest, "UDP"), 1);
	link_sends(world, 5, reply(200, "OPTIONS", "z2", "TLS h"), 2);
	link_sends(world, 5, request("INVITE", "y1", "TLS"), 3);

	heir.journal_fd = copy_of_journal(world);
	world_set_up(&heir, data);
	flows_recover(heir.flows, 100);
	g_assert_cmpuint(heir.changes, ==, 1);
	g_assert_cmpint(heir.state, ==, FLOW_DOWN);
	g_assert_cmpuint(heir.delivered->len, ==, 0);
	flows_known(heir.flows, &heir.node, false, 101);
	assert_last(heir.delivered, 2, "CANCEL ", "Via: SIP/2.0/UDP h;branch=y1");
	g_assert_true(g_str_has_prefix(g_ptr_array_index(heir.delivered, 0), "SIP/2.0 480 "));
	/* once */
	flows_known(heir.flows, &heir.node, false, 102);
	flows_recover(heir.flows, 103);
	g_assert_cmpuint(heir.delivered->len, ==, 2);
	world_tear_down(&heir, data);
}

/* A journal that somebody else wrote is no danger: neither lengths nor what should be Node-IDs. */
static void test_journal_rubbish(World *world, gconstpointer data)
{
	uint8_t rubbish[4096];
	World heir = {.journal_fd = copy_of_journal(world)};

	for (unsigned i = 0; i < 64; i++) {
		uint32_t len = i * 1028 + 257; /* some too long, some not */

		memset(rubbish, (int)(i * 4 + 1), sizeof(rubbish));
		g_assert_cmpint(pwrite(heir.journal_fd, &len, sizeof(len), i * sizeof(len)), ==, sizeof(len));
		g_assert_cmpint(pwrite(heir.journal_fd, rubbish, sizeof(rubbish), (4 + i) * 4096), ==, 4096);
	}
	world_set_up(&heir, data);
	flows_recover(heir.flows, 0);
	flows_known(heir.flows, &heir.node, false, 1);
	g_assert_cmpuint(heir.delivered->len, ==, 0);
	world_tear_down(&heir, data);
}

/* Memory holds as much of the journal as was in use, not its 16 MiB. */
static void test_journal_memory(World *world, gconstpointer data)
{
	struct stat status;

	(void)data;
	kamailio_sends(world, request("INVITE", "z1", "UDP"), 0);
	g_assert_cmpint(fstat(world->journal_fd, &status), ==, 0);
	g_assert_cmpint(status.st_size, >=, 16 << 20);
	g_assert_cmpint(status.st_blocks * 512, >, 0);
	g_assert_cmpint(status.st_blocks * 512, <=, 64 << 10);
}

static void count_entry(void *data, const ReloadNodeId *node, bool sent, ReloadSpan head)
{
	unsigned *count = data;

	(void)node;
	(void)head;
	count[sent]++;
}

/* What the next process would find: received, sent. Takes it out. */
static void count_noted(int fd, unsigned count[2])
{
	Journal *journal = journal_open(fd, NULL);

	count[false] = count[true] = 0;
	journal_recover(journal, count_entry, count);
	journal_free(journal);
}

static void add_request(OpenRequests *requests, const char *method, const char *branch)
{
	g_autofree char *text = request(method, branch, "UDP");
	SipView view;

	g_assert_true(sip_view_parse(span_of(text), &view));
	g_assert_true(open_requests_add(requests, &view, 0));
}

/* What one flow leaves open keeps nobody else out of the journal; what is over makes room for its next. */
static void test_journal_shared(void)
{
	int fd = memfd_create("journal", MFD_CLOEXEC);
	Journal *journal = journal_open(fd, NULL);
	ReloadNodeId node = {.len = 16};
	OpenRequests *sent = open_requests_new(4096, journal, &node, true);
	OpenRequests *received = open_requests_new(4096, journal, &node, false);
	unsigned count[2];
	char branch[16];

	for (unsigned i = 0; i < 4096; i++) {
		g_snprintf(branch, sizeof(branch), "z%u", i);
		add_request(sent, "OPTIONS", branch);
		add_request(received, "OPTIONS", branch);
	}
	count_noted(fd, count);
	g_assert_cmpuint(count[true], ==, 512);
	g_assert_cmpuint(count[false], ==, 128);
	open_requests_expire(received, 1 << 30);
	add_request(received, "INVITE", "next");
	count_noted(fd, count);
	g_assert_cmpuint(count[false], ==, 1);
	open_requests_free(sent);
	open_requests_free(received);
	journal_free(journal);
	close(fd);
}

static void test_addresses(void)
{
	uint32_t network, first;
	unsigned prefix;
	FlowAddresses *addresses;
	ReloadNodeId node = {.len = 16}, found;

	g_assert_false(flow_network_parse("127.0.0.0/8", &network, &prefix));
	g_assert_false(flow_network_parse("127.0.0.0/16", &network, &prefix));
	g_assert_false(flow_network_parse("10.0.0.0/16", &network, &prefix));
	g_assert_false(flow_network_parse("127.64.0.0/25", &network, &prefix));
	g_assert_false(flow_network_parse("127.64.0.0", &network, &prefix));
	g_assert_true(flow_network_parse("127.64.3.9/24", &network, &prefix));
	addresses = flow_addresses_new(network, prefix, 1000);
	first = flow_addresses_get(addresses, &node);
	/* half of the network's addresses, all different, none outside */
	for (unsigned i = 1; i < 128; i++) {
		uint32_t address;

		node.id[0] = (uint8_t)i;
		address = flow_addresses_get(addresses, &node);
		g_assert_cmpuint(ntohl(address) >> 8, ==, 0x7f4003);
		g_assert_cmpuint(address, !=, first);
		g_assert_true(flow_addresses_find(addresses, address, &found));
		g_assert_true(reload_node_id_equal(&node, &found));
	}
	node.id[0] = 200;
	g_assert_cmpuint(flow_addresses_get(addresses, &node), ==, 0);
	node.id[0] = 1;
	flow_addresses_drop(addresses, &node);
	node.id[0] = 0;
	g_assert_cmpuint(flow_addresses_get(addresses, &node), ==, first);
	flow_addresses_free(addresses);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*test)(World *, gconstpointer);
	} tests[] = {
		{"open", test_open},	     {"known", test_known},
		{"died", test_died},	     {"unreachable", test_unreachable},
		{"bounds", test_bounds},     {"cancel-held", test_cancel_held},
		{"received", test_received}, {"rate", test_rate},
		{"replies", test_replies}, {"received-bytes", test_received_bytes},
		{"idle", test_idle},	     {"two-connections", test_two_connections},
		{"recovered", test_recovered},	     {"journal-rubbish", test_journal_rubbish},
		{"journal-memory", test_journal_memory}, {"forgotten", test_forgotten},
		{"grows-while-closing", test_grows_while_closing}, {"rate-inside", test_rate_inside},
		{"received-inside", test_received_inside}, {"sent-inside", test_sent_inside},
		{"held-inside", test_held_inside}, {"full-inside", test_full_inside},
	};

	g_test_init(&argc, &argv, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(tests); i++) {
		g_autofree char *path = g_strdup_printf("/edge/flows/%s", tests[i].name);

		g_test_add(path, World, NULL, world_set_up, tests[i].test, world_tear_down);
	}
	g_test_add_func("/edge/journal-shared", test_journal_shared);
	g_test_add_func("/edge/flow-addresses", test_addresses);
	return g_test_run();
}
