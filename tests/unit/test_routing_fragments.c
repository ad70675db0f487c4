/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fragmentation on any hop and reassembly at the end (RFC 6940, 6.7). */
#include "reload_core/routing/fragment.h"
#include "reload_core/routing/reassembly.h"
#include "tests/unit/routing_row.h"

/* ---- a row of routers whose links take little ---- */

typedef struct {
	size_t largest;
	unsigned lose; /* the n-th fragment between 1 and 2, from 1; 0: none */
	unsigned seen;
} Wire;

static bool watch(void *data, unsigned from, unsigned to, GByteArray *message)
{
	Wire *wire = data;
	ReloadHeader header;
	ReloadSpan rest;

	g_assert_cmpint(reload_header_decode(reload_span(message->data, message->len), 16, &header, &rest),
			==, RELOAD_OK);
	wire->largest = MAX(wire->largest, message->len);
	if (!reload_header_is_whole(&header))
		g_assert_cmpuint(rest.len, >=, RELOAD_FRAGMENT_BODY_MIN);
	return !(from == 1 && to == 2 && ++wire->seen == wire->lose);
}

static void assert_echo(const RowReply *reply, size_t len)
{
	g_assert_cmpuint(reply->replies, ==, 1);
	g_assert_cmpint(reply->status, ==, RELOAD_OK);
	g_assert_cmpuint(reply->body->len, ==, len);
	for (size_t i = 0; i < len; i++)
		g_assert_cmpuint(reply->body->data[i], ==, (uint8_t)(i * 7 + i / 251));
}

static void test_end_to_end(void)
{
	Row row;
	Wire wire = {0};
	RowReply reply = {0};

	row_init(&row, 4, "");
	for (unsigned i = 0; i < 4; i++)
		row.nodes[i].mtu = 1200;
	row.watch = watch;
	row.watch_data = &wire;
	row_request(&row, 0, 3, RELOAD_STORE_REQ, 3500, &reply);
	assert_echo(&reply, 3500);
	g_assert_cmpuint(wire.largest, <=, 1200 - 32);
	g_assert_cmpint(RELOAD_REASSEMBLY_MS, ==, 15000);
	g_assert_cmpuint(row_count(&row, 3).reassembled, ==, 1);
	g_assert_cmpuint(row_count(&row, 0).reassembled, ==, 1);
	/* Nobody between collects. */
	g_assert_cmpuint(row_count(&row, 1).reassembled, ==, 0);
	g_assert_cmpuint(row_count(&row, 0).fragments, >=, 4);
	g_assert_cmpuint(row_count(&row, 1).fragments, ==, 0);
	row_reply_clear(&reply);
	row_clear(&row);
}

/* A hop in the middle has a smaller link: it breaks fragments again. */
static void test_refragment(void)
{
	Row row;
	Wire wire = {0};
	RowReply reply = {0};

	row_init(&row, 4, "");
	row.nodes[0].mtu = 2000;
	row.nodes[1].mtu = 600;
	row.nodes[3].mtu = 900;
	row.watch = watch;
	row.watch_data = &wire;
	row_request(&row, 0, 3, RELOAD_STORE_REQ, 4000, &reply);
	assert_echo(&reply, 4000);
	g_assert_cmpuint(row_count(&row, 1).fragments, >, 2 * row_count(&row, 0).fragments);
	g_assert_cmpuint(row_count(&row, 3).reassembled, ==, 1);
	row_reply_clear(&reply);
	row_clear(&row);
}

/* One lost fragment: the request comes again after the overlay-reliability-timer. */
static void test_loss(void)
{
	Row row;
	Wire wire = {.lose = 2};
	RowReply reply = {0};

	row_init(&row, 4, "");
	for (unsigned i = 0; i < 4; i++)
		row.nodes[i].mtu = 1000;
	row.watch = watch;
	row.watch_data = &wire;
	row_request(&row, 0, 3, RELOAD_STORE_REQ, 3000, &reply);
	g_assert_cmpuint(reply.replies, ==, 0);
	g_assert_cmpuint(row.nodes[3].handled, ==, 0);
	row_pass(&row, 3100);
	assert_echo(&reply, 3000);
	g_assert_cmpuint(row.nodes[3].handled, ==, 1);
	row_reply_clear(&reply);
	/* The rest of the second transmission stays over, and goes in time. */
	row_pass(&row, RELOAD_REASSEMBLY_MS + 100);
	row_clear(&row);
}

/* Larger than the overlay's max-message-size is nothing but a ConfigUpdate. */
static void test_too_large(void)
{
	Row row;
	RowReply reply = {0};
	GByteArray *list = g_byte_array_new(), *body = g_byte_array_new();
	ReloadOrigination origination = {.code = RELOAD_CONFIG_UPDATE_REQ, .any_sequence = true};

	row_init(&row, 3, "");
	g_byte_array_set_size(body, 20000);
	memset(body->data, 7, body->len);
	reload_write_destination_node(list, &row.nodes[2].id);
	origination.destination_list = reload_span(list->data, list->len);
	origination.body = reload_span(body->data, body->len);
	row.nodes[2].answer = g_byte_array_new();
	g_assert_cmpint(reload_router_request(row.nodes[0].router, &origination, row_reply, &reply, row.now,
					      NULL),
			==, RELOAD_OK);
	row_run(&row);
	g_assert_cmpint(reply.status, ==, RELOAD_OK);
	g_assert_cmpuint(row.nodes[2].handled, ==, 1);
	origination.code = RELOAD_STORE_REQ;
	g_assert_cmpint(reload_router_request(row.nodes[0].router, &origination, row_reply, &reply, row.now,
					      NULL),
			==, RELOAD_OK);
	row_run(&row);
	g_assert_cmpint(reply.status, ==, RELOAD_E_REMOTE);
	g_assert_cmpuint(reply.error_code, ==, RELOAD_ERROR_MESSAGE_TOO_LARGE);
	g_assert_cmpuint(row.nodes[2].handled, ==, 1);
	row_reply_clear(&reply);
	g_byte_array_unref(body);
	g_byte_array_unref(list);
	row_clear(&row);
}

static void test_plan(void)
{
	unsigned count = 0;

	g_assert_false(reload_fragment_plan(100, 900, 1000, &count)); /* it fits */
	g_assert_true(reload_fragment_plan(100, 901, 1000, &count));
	g_assert_cmpuint(count, ==, 2);
	/* 6.7: 32 bytes stay free in each. */
	g_assert_true(reload_fragment_plan(100, 2 * 868, 1000, &count));
	g_assert_cmpuint(count, ==, 2);
	g_assert_true(reload_fragment_plan(100, 2 * 868 + 1, 1000, &count));
	g_assert_cmpuint(count, ==, 3);
	/* No room for 256 bytes: not performed. */
	g_assert_false(reload_fragment_plan(800, 3000, 1000, &count));
	/* Two halves of less than 256 bytes: neither. */
	g_assert_false(reload_fragment_plan(200, 400, 500, &count));
}

/* ---- reassembly alone ---- */

typedef struct {
	ReloadReassembly *table;
	ReloadNodeId hop;
	ReloadSpan source;
	int64_t now;
	ReloadAssembled out;
} Bench;

static void bench_init(Bench *bench)
{
	memset(bench, 0, sizeof(*bench));
	bench->table = reload_reassembly_new();
	bench->hop = pki_node_id(1);
	bench->source = reload_span("sender", 6);
	bench->now = PKI_NOW;
}

/* Adds length bytes of text as a fragment at offset. */
static ReloadFragmentResult add(Bench *bench, uint64_t id, uint32_t offset, const void *bytes,
				size_t len, bool last)
{
	uint8_t list[18] = {RELOAD_DESTINATION_NODE, 16};
	ReloadHeader header = {.version = RELOAD_VERSION_1_0,
			       .ttl = 1,
			       .last_fragment = last,
			       .fragment_offset = offset,
			       .transaction_id = id,
			       .destination_list = reload_span(list, sizeof(list))};
	GByteArray *message = g_byte_array_new();
	ReloadFragmentResult result;
	ReloadHeader decoded;
	ReloadSpan rest;

	g_assert_cmpint(reload_write_header(message, &header), ==, RELOAD_OK);
	reload_write_bytes(message, reload_span(bytes, len));
	reload_finish_length(message, 0);
	g_assert_cmpint(reload_header_decode(reload_span(message->data, message->len), 16, &decoded, &rest),
			==, RELOAD_OK);
	result = reload_reassembly_add(bench->table, &bench->hop, bench->source,
				       reload_span(message->data, message->len), &decoded, rest,
				       bench->now, &bench->out);
	g_byte_array_unref(message);
	return result;
}

static void assert_whole(Bench *bench, const char *text)
{
	g_assert_cmpmem(bench->out.rest.data, bench->out.rest.len, text, strlen(text));
	g_assert_true(reload_header_is_whole(&bench->out.header));
	g_assert_cmpuint(bench->out.header.destination_list.len, ==, 18);
	reload_assembled_clear(&bench->out);
}

static void test_orders(void)
{
	Bench bench;

	bench_init(&bench);
	g_assert_cmpint(add(&bench, 1, 6, "ghij", 4, true), ==, RELOAD_FRAGMENT_KEPT);
	g_assert_cmpint(add(&bench, 1, 3, "def", 3, false), ==, RELOAD_FRAGMENT_KEPT);
	g_assert_cmpint(add(&bench, 1, 3, "def", 3, false), ==, RELOAD_FRAGMENT_KEPT);
	g_assert_cmpint(add(&bench, 1, 0, "abc", 3, false), ==, RELOAD_FRAGMENT_COMPLETE);
	assert_whole(&bench, "abcdefghij");
	/* Cut in another way when it was sent again, and overlapping: the same bytes. */
	g_assert_cmpint(add(&bench, 1, 2, "cd", 2, false), ==, RELOAD_FRAGMENT_KEPT);
	g_assert_cmpint(add(&bench, 1, 6, "g", 1, false), ==, RELOAD_FRAGMENT_KEPT);
	g_assert_cmpint(add(&bench, 1, 0, "abcdefgh", 8, false), ==, RELOAD_FRAGMENT_KEPT);
	g_assert_cmpint(add(&bench, 1, 5, "fghij", 5, true), ==, RELOAD_FRAGMENT_COMPLETE);
	assert_whole(&bench, "abcdefghij");
	/* The last alone, as if it began at 0. */
	g_assert_cmpint(add(&bench, 2, 0, "x", 1, true), ==, RELOAD_FRAGMENT_COMPLETE);
	assert_whole(&bench, "x");
	g_assert_cmpuint(reload_reassembly_bytes(bench.table), ==, 0);
	g_assert_cmpuint(reload_reassembly_messages(bench.table), ==, 0);
	reload_reassembly_free(bench.table);
}

/* Other bytes at the same place, or another end: what came before is thrown away. */
static void test_contradictions(void)
{
	Bench bench;

	bench_init(&bench);
	add(&bench, 1, 0, "abc", 3, false);
	add(&bench, 1, 5, "fgh", 3, true);
	g_assert_cmpint(add(&bench, 1, 2, "XYZ", 3, false), ==, RELOAD_FRAGMENT_KEPT);
	g_assert_cmpint(add(&bench, 1, 5, "fgh", 3, true), ==, RELOAD_FRAGMENT_KEPT);
	g_assert_cmpint(add(&bench, 1, 0, "AB", 2, false), ==, RELOAD_FRAGMENT_COMPLETE);
	assert_whole(&bench, "ABXYZfgh");
	/* Bytes behind the end. */
	add(&bench, 2, 4, "ef", 2, true);
	g_assert_cmpint(add(&bench, 2, 5, "fghi", 4, false), ==, RELOAD_FRAGMENT_KEPT);
	g_assert_cmpint(add(&bench, 2, 0, "abcde", 5, false), ==, RELOAD_FRAGMENT_KEPT);
	g_assert_cmpint(add(&bench, 2, 9, "j", 1, true), ==, RELOAD_FRAGMENT_COMPLETE);
	assert_whole(&bench, "abcdefghij");
	/* The end before what we have. */
	add(&bench, 3, 4, "efgh", 4, false);
	g_assert_cmpint(add(&bench, 3, 0, "ab", 2, true), ==, RELOAD_FRAGMENT_COMPLETE);
	assert_whole(&bench, "ab");
	/* Another sender with the same transaction ID is another message. */
	add(&bench, 4, 0, "ab", 2, false);
	bench.source = reload_span("others", 6);
	g_assert_cmpint(add(&bench, 4, 2, "cd", 2, true), ==, RELOAD_FRAGMENT_KEPT);
	g_assert_cmpuint(reload_reassembly_messages(bench.table), ==, 2);
	reload_reassembly_free(bench.table);
}

/* What claims much, never ends, or comes in floods costs little. */
static void test_bounds(void)
{
	Bench bench;
	uint64_t dropped = 0;
	uint8_t *block = g_malloc0(4096);
	unsigned kept = 0;

	bench_init(&bench);
	g_assert_cmpint(add(&bench, 1, 0xfffff0, block, 15, true), ==, RELOAD_FRAGMENT_DROPPED);
	g_assert_cmpint(add(&bench, 1, 5, block, 0, true), ==, RELOAD_FRAGMENT_DROPPED);
	g_assert_cmpuint(reload_reassembly_bytes(bench.table), ==, 0);
	/* Single bytes with gaps. */
	while (add(&bench, 2, 2 * kept, block, 1, false) == RELOAD_FRAGMENT_KEPT)
		kept++;
	g_assert_cmpuint(kept, ==, RELOAD_REASSEMBLY_PIECES_MAX);
	g_assert_cmpuint(reload_reassembly_messages(bench.table), ==, 0);
	/* One link, many messages that never end. */
	for (uint64_t i = 0; i < 1000; i++)
		add(&bench, 10 + i, 4096, block, 4096, true);
	g_assert_cmpuint(reload_reassembly_bytes(bench.table), <=, RELOAD_REASSEMBLY_HOP_BYTES);
	g_assert_cmpuint(reload_reassembly_messages(bench.table), <=, RELOAD_REASSEMBLY_HOP_MESSAGES);
	/* Another link is served all the same. */
	bench.hop = pki_node_id(2);
	g_assert_cmpint(add(&bench, 5000, 0, "ab", 2, false), ==, RELOAD_FRAGMENT_KEPT);
	g_assert_cmpint(add(&bench, 5000, 2, "cd", 2, true), ==, RELOAD_FRAGMENT_COMPLETE);
	assert_whole(&bench, "abcd");
	/* Many links. */
	for (unsigned hop = 3; hop < 250; hop++) {
		bench.hop = pki_node_id((uint8_t)hop);
		for (uint64_t i = 0; i < 120; i++)
			add(&bench, 10000 + hop * 200 + i, 4096, block, 4096, true);
	}
	g_assert_cmpuint(reload_reassembly_bytes(bench.table), <=, RELOAD_REASSEMBLY_BYTES);
	g_assert_cmpuint(reload_reassembly_messages(bench.table), <=, RELOAD_REASSEMBLY_MESSAGES);
	/* 15 s later it is all gone. */
	g_assert_cmpint(reload_reassembly_tick(bench.table, bench.now, &dropped), ==,
			bench.now + RELOAD_REASSEMBLY_MS);
	g_assert_cmpint(reload_reassembly_tick(bench.table, bench.now + RELOAD_REASSEMBLY_MS, &dropped), ==,
			INT64_MAX);
	g_assert_cmpuint(dropped, >, 1000);
	g_assert_cmpuint(reload_reassembly_bytes(bench.table), ==, 0);
	reload_reassembly_free(bench.table);
	g_free(block);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/routing/fragments/end-to-end", test_end_to_end);
	g_test_add_func("/routing/fragments/refragment", test_refragment);
	g_test_add_func("/routing/fragments/loss", test_loss);
	g_test_add_func("/routing/fragments/too-large", test_too_large);
	g_test_add_func("/routing/fragments/plan", test_plan);
	g_test_add_func("/routing/reassembly/orders", test_orders);
	g_test_add_func("/routing/reassembly/contradictions", test_contradictions);
	g_test_add_func("/routing/reassembly/bounds", test_bounds);
	return g_test_run();
}
