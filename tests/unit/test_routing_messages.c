/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of the forwarding header (RFC 6940, 6.1, 6.3): via lists and opaque IDs, destination lists, options,
 * extensions, TTL, sequence numbers, who may answer. */
#include "reload_core/routing/via_store.h"
#include "reload_core/wire/error.h"
#include "tests/unit/routing_row.h"

/* ---- list compression ---- */

typedef struct {
	size_t longest_via, opaques;
	GByteArray *answer; /* the first answer from 5 to 4 */
} Wire;

static bool watch(void *data, unsigned from, unsigned to, GByteArray *message)
{
	Wire *wire = data;
	ReloadDestination entry;
	ReloadHeader header;
	ReloadSpan rest;

	g_assert_cmpint(reload_header_decode(reload_span(message->data, message->len), 16, &header, &rest),
			==, RELOAD_OK);
	wire->longest_via = MAX(wire->longest_via, reload_destination_list_count(header.via_list));
	for (ReloadSpan list = header.via_list; reload_destination_next(&list, &entry);)
		wire->opaques += entry.type == RELOAD_DESTINATION_OPAQUE;
	if (from == 5 && to == 4 && wire->answer == NULL) {
		wire->answer = g_byte_array_new();
		g_byte_array_append(wire->answer, message->data, message->len);
	}
	return true;
}

static void test_compression(void)
{
	Row row;
	Wire wire = {0};
	RowReply reply = {0};
	unsigned kept = 0;

	row_init(&row, 6, "");
	for (unsigned i = 0; i < 6; i++)
		reload_router_set_via_entries(row.nodes[i].router, 1);
	row.watch = watch;
	row.watch_data = &wire;
	row_request(&row, 0, 5, RELOAD_STORE_REQ, 100, &reply);
	g_assert_cmpuint(reply.replies, ==, 1);
	g_assert_cmpint(reply.status, ==, RELOAD_OK);
	g_assert_cmpuint(wire.longest_via, ==, 1);
	g_assert_cmpuint(wire.opaques, >, 0);
	for (unsigned i = 0; i < 6; i++) {
		g_assert_cmpuint(row_count(&row, i).compressed, ==, row_count(&row, i).restored);
		kept += row_count(&row, i).compressed > 0;
	}
	g_assert_cmpuint(kept, ==, 3);
	/* Kept as long as its request may be sent again (five times 3 s). */
	row_pass(&row, 14900);
	row_inject(&row, 5, 4, reload_span(wire.answer->data, wire.answer->len));
	row_run(&row);
	for (unsigned i = 0; i < 6; i++)
		g_assert_cmpuint(row_count(&row, i).dropped_opaque, ==, 0);
	/* Only ours, and only in time: the same answer later goes nowhere. */
	row_pass(&row, 1100);
	row_inject(&row, 5, 4, reload_span(wire.answer->data, wire.answer->len));
	row_run(&row);
	g_assert_cmpuint(row_count(&row, 4).dropped_opaque + row_count(&row, 3).dropped_opaque +
				 row_count(&row, 2).dropped_opaque,
			 ==, 1);
	g_assert_cmpuint(reply.replies, ==, 1);
	g_byte_array_unref(wire.answer);
	row_reply_clear(&reply);
	row_clear(&row);
}

/* The answer to a request comes after so long, and finds its way by what was kept. */
static void assert_kept(const char *more, int64_t ms)
{
	Row row;
	Wire wire = {0};
	RowReply reply = {0};
	uint64_t restored[2] = {0};

	row_init(&row, 6, more);
	for (unsigned i = 0; i < 6; i++)
		reload_router_set_via_entries(row.nodes[i].router, 1);
	row.watch = watch;
	row.watch_data = &wire;
	row_request(&row, 0, 5, RELOAD_STORE_REQ, 100, &reply);
	for (unsigned late = 0; late < 2; late++) {
		for (unsigned i = 0; i < 6; i++) {
			restored[late] += row_count(&row, i).restored;
			g_assert_cmpuint(row_count(&row, i).dropped_opaque, ==, 0);
		}
		if (late)
			break;
		row.now += ms;
		row_inject(&row, 5, 4, reload_span(wire.answer->data, wire.answer->len));
		row_run(&row);
	}
	g_assert_cmpuint(restored[0], ==, 3);
	g_assert_cmpuint(restored[1], ==, 6);
	g_byte_array_unref(wire.answer);
	row_reply_clear(&reply);
	row_clear(&row);
}

/* 6.1.2: for as long as the request may still be answered. */
static void test_compression_lifetime(void)
{
	assert_kept("", 14999);
	assert_kept("<overlay-reliability-timer>10000</overlay-reliability-timer>", 49999);
}

/* A message that the next via entry would make too large for the overlay. */
static void test_compression_by_size(void)
{
	Row row;
	Wire wire = {0};
	RowReply reply = {0};
	size_t body = 5000 - 700;

	row_init(&row, 6, "");
	row.watch = watch;
	row.watch_data = &wire;
	/* As long as it goes: the signature's length varies by a few bytes. */
	for (; body < 5000 && wire.opaques == 0; body += 10) {
		GByteArray *list = g_byte_array_new(), *bytes = g_byte_array_new();
		ReloadOrigination origination = {.code = RELOAD_STORE_REQ};
		ReloadStatus status;

		row.nodes[5].answer = row.nodes[5].answer != NULL ? row.nodes[5].answer : g_byte_array_new();
		g_byte_array_set_size(bytes, (guint)body);
		memset(bytes->data, 0, bytes->len);
		reload_write_destination_node(list, &row.nodes[5].id);
		origination.destination_list = reload_span(list->data, list->len);
		origination.body = reload_span(bytes->data, bytes->len);
		status = reload_router_request(row.nodes[0].router, &origination, row_reply, &reply,
					       row.now, NULL);
		row_run(&row);
		g_byte_array_unref(bytes);
		g_byte_array_unref(list);
		if (status != RELOAD_OK)
			break;
		g_assert_cmpint(reply.status, ==, RELOAD_OK);
	}
	g_assert_cmpuint(wire.opaques, >, 0);
	g_clear_pointer(&wire.answer, g_byte_array_unref);
	row_reply_clear(&reply);
	row_clear(&row);
}

static void seeded(void *user, uint8_t *out, size_t len)
{
	uint32_t *state = user;

	for (size_t i = 0; i < len; i++) {
		*state = *state * 1664525 + 1013904223;
		out[i] = (uint8_t)(*state >> 24);
	}
}

static void always_five(void *user, uint8_t *out, size_t len)
{
	(void)user;
	memset(out, 5, len);
}

static void test_via_generations(void)
{
	ReloadViaStore *store = reload_via_store_new(always_five, NULL);
	ReloadNodeId hop = pki_node_id(9);
	GByteArray *first = g_byte_array_new(), *other = g_byte_array_new();
	ReloadDestination opaque;
	ReloadSpan span, via;

	g_assert_true(reload_via_store_put(store, (ReloadSpan){0}, &hop, 0, 1000, first));
	/* 6.3.2.2: the generation was random at first, and has been raised. */
	g_assert_cmpuint(first->data[0] >> 4 & 7, ==, 6);
	for (uint32_t i = 0; i < 4096; i++) {
		memcpy(hop.id, &i, sizeof(i));
		g_byte_array_set_size(other, 0);
		g_assert_true(reload_via_store_put(store, (ReloadSpan){0}, &hop, 2000, 5000, other));
	}
	/* Its index is another list's now. */
	span = reload_span(first->data, first->len);
	g_assert_true(reload_destination_next(&span, &opaque));
	g_assert_false(reload_via_store_get(store, &opaque, 2000, &via));
	first->data[0] = (guint8)(0x80 | 7 << 4 | (first->data[0] & 0x0f));
	span = reload_span(first->data, first->len);
	g_assert_true(reload_destination_next(&span, &opaque));
	g_assert_true(reload_via_store_get(store, &opaque, 2000, &via));
	g_byte_array_unref(first);
	g_byte_array_unref(other);
	reload_via_store_free(store);
}

static void test_via_store(void)
{
	uint32_t state = 7;
	ReloadViaStore *store = reload_via_store_new(seeded, &state);
	ReloadNodeId hop = pki_node_id(9);
	GByteArray *list = g_byte_array_new(), *bare = g_byte_array_new(), *tlv = g_byte_array_new(),
		   *again = g_byte_array_new(), *other = g_byte_array_new();
	ReloadDestination opaque;
	ReloadSpan span, via;
	unsigned count = 0;

	reload_write_destination_node(list, &hop);
	g_assert_true(reload_via_store_put(store, reload_span(list->data, list->len), &hop, 0, 1000, bare));
	g_assert_cmpuint(bare->len, ==, 2);
	g_assert_true(reload_via_store_put(store, reload_span(list->data, list->len), &hop, 0, 1500, again));
	g_assert_cmpmem(bare->data, bare->len, again->data, again->len);
	span = reload_span(bare->data, bare->len);
	g_assert_true(reload_destination_next(&span, &opaque));
	g_assert_true(reload_via_store_get(store, &opaque, 1499, &via));
	g_assert_cmpuint(via.len, ==, 36);
	g_assert_false(reload_via_store_get(store, &opaque, 1500, &via));
	/* Another generation of the same slot is another ID. */
	bare->data[0] ^= 0x10;
	g_assert_false(reload_via_store_get(store, &opaque, 100, &via));
	bare->data[0] ^= 0x10;
	/* 16-bit IDs end; long ones follow; then nothing is kept. */
	for (uint32_t i = 0;; i++) {
		hop = pki_node_id(9);
		memcpy(hop.id, &i, sizeof(i));
		g_byte_array_set_size(tlv, 0);
		if (!reload_via_store_put(store, reload_span(list->data, list->len), &hop, 100, 5000, tlv))
			break;
		count++;
		if (tlv->len > 2 && other->len == 0)
			g_byte_array_append(other, tlv->data, tlv->len);
	}
	g_assert_cmpuint(count + 1, ==, RELOAD_VIA_STORE_ENTRIES);
	g_assert_cmpuint(other->len, ==, 11);
	span = reload_span(other->data, other->len);
	g_assert_true(reload_destination_next(&span, &opaque));
	g_assert_true(reload_via_store_get(store, &opaque, 200, &via));
	other->data[10] ^= 1;
	g_assert_false(reload_via_store_get(store, &opaque, 200, &via));
	/* Later there is room again. */
	g_assert_true(reload_via_store_put(store, reload_span(list->data, list->len), &hop, 6000, 7000, tlv));
	g_assert_cmpuint(reload_via_store_count(store), ==, 1);
	g_byte_array_unref(other);
	g_byte_array_unref(again);
	g_byte_array_unref(tlv);
	g_byte_array_unref(bare);
	g_byte_array_unref(list);
	reload_via_store_free(store);
}

/* ---- messages that a test makes ---- */

typedef struct {
	Row row;
	GByteArray *list, *options, *extensions, *via;
	ReloadHeader header;
	uint16_t error_code; /* of the last Error that went back to node 0 */
	size_t error_text;
	unsigned errors, answers;
	GByteArray *answer_options;
	uint32_t answer_size;
} Case;

static bool see_answers(void *data, unsigned from, unsigned to, GByteArray *message)
{
	Case *c = data;
	ReloadErrorResponse error;
	ReloadMessage decoded;

	(void)from;
	if (to != 0)
		return true;
	g_assert_cmpint(reload_message_decode(reload_span(message->data, message->len), 16, &decoded), ==,
			RELOAD_OK);
	g_byte_array_set_size(c->answer_options, 0);
	reload_write_bytes(c->answer_options, decoded.header.options);
	c->answer_size = message->len;
	if (decoded.code != RELOAD_ERROR) {
		c->answers++;
		return false;
	}
	g_assert_cmpint(reload_error_decode(decoded.body, &error), ==, RELOAD_OK);
	c->error_code = error.error_code;
	c->error_text = error.error_info.len;
	c->errors++;
	return false;
}

static void case_init(Case *c)
{
	memset(c, 0, sizeof(*c));
	row_init(&c->row, 4, "");
	c->row.watch = see_answers;
	c->row.watch_data = c;
	c->list = g_byte_array_new();
	c->options = g_byte_array_new();
	c->extensions = g_byte_array_new();
	c->via = g_byte_array_new();
	c->answer_options = g_byte_array_new();
	c->header = row_header(&c->row, 1, (ReloadSpan){0});
}

static void case_clear(Case *c)
{
	g_byte_array_unref(c->answer_options);
	g_byte_array_unref(c->via);
	g_byte_array_unref(c->extensions);
	g_byte_array_unref(c->options);
	g_byte_array_unref(c->list);
	row_clear(&c->row);
}

/* Node 0 sends it to node 1. */
static void deliver(Case *c, uint16_t code)
{
	GByteArray *message;

	c->header.transaction_id++;
	c->header.destination_list = reload_span(c->list->data, c->list->len);
	c->header.options = reload_span(c->options->data, c->options->len);
	c->header.via_list = reload_span(c->via->data, c->via->len);
	message = row_message(&c->row, 0, &c->header, code, reload_span("body", 4),
			      reload_span(c->extensions->data, c->extensions->len));
	c->error_code = 0;
	c->errors = c->answers = 0;
	row_inject(&c->row, 0, 1, reload_span(message->data, message->len));
	row_run(&c->row);
	g_byte_array_unref(message);
}

static void to_node(Case *c, unsigned node)
{
	reload_write_destination_node(c->list, &c->row.nodes[node].id);
}

static void test_destinations(void)
{
	Case c;
	ReloadNodeId wildcard = pki_node_id(0xff);
	ReloadResourceId resource = {.len = 16, .id = {0x20}};

	case_init(&c);
	/* A source route, through us and another. */
	to_node(&c, 1);
	to_node(&c, 2);
	to_node(&c, 3);
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.row.nodes[3].handled, ==, 1);
	g_assert_cmpuint(c.answers, ==, 1);
	/* There and back again. */
	to_node(&c, 2);
	to_node(&c, 3);
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.error_code, ==, RELOAD_ERROR_INVALID_MESSAGE);
	g_assert_cmpuint(c.row.nodes[3].handled, ==, 1);
	/* The way of an answer may have a node three times, and no more. */
	for (unsigned i = 0; i < 2; i++) {
		g_byte_array_set_size(c.list, 0);
		for (unsigned k = 0; k < 3 + i; k++) {
			to_node(&c, 1);
			to_node(&c, 2);
		}
		to_node(&c, 3);
		deliver(&c, RELOAD_FETCH_ANS);
		g_assert_cmpuint(row_count(&c.row, 1).dropped_limit, ==, 1 + i);
		g_assert_cmpuint(row_count(&c.row, 3).received, ==, 2);
	}
	/* Too deep. */
	g_byte_array_set_size(c.list, 0);
	for (unsigned i = 0; i < 200; i++) {
		ReloadNodeId id = pki_node_id((uint8_t)i);

		reload_write_destination_node(c.list, &id);
	}
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.error_code, ==, RELOAD_ERROR_INVALID_MESSAGE);
	/* The wildcard is whoever gets it. */
	g_byte_array_set_size(c.list, 0);
	reload_write_destination_node(c.list, &wildcard);
	to_node(&c, 3);
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.row.nodes[1].handled, ==, 1);
	/* A Resource-ID behind our own Node-ID is reached; alone of course, too. */
	g_byte_array_set_size(c.list, 0);
	to_node(&c, 1);
	reload_write_destination_resource(c.list, &resource);
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.row.nodes[1].handled, ==, 2);
	/* A Node-ID that nobody has, in our range: silence. */
	g_byte_array_set_size(c.list, 0);
	wildcard = pki_node_id(0x20);
	wildcard.id[5] = 1;
	reload_write_destination_node(c.list, &wildcard);
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.errors + c.answers, ==, 0);
	/* An opaque ID that is nobody's. */
	g_byte_array_set_size(c.list, 0);
	reload_write_u16(c.list, 0x8123);
	to_node(&c, 3);
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.errors + c.answers, ==, 0);
	g_assert_cmpuint(row_count(&c.row, 1).dropped_opaque, ==, 1);
	case_clear(&c);
}

static void test_ttl(void)
{
	Case c;

	case_init(&c);
	to_node(&c, 3);
	c.header.ttl = 0; /* not for us */
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.error_code, ==, RELOAD_ERROR_TTL_EXCEEDED);
	c.header.ttl = 1; /* one hop more, then it ends */
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.error_code, ==, RELOAD_ERROR_TTL_EXCEEDED);
	g_assert_cmpuint(row_count(&c.row, 2).dropped_ttl, ==, 1);
	c.header.ttl = 2;
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.answers, ==, 1);
	c.header.ttl = 101;
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.error_code, ==, RELOAD_ERROR_TTL_EXCEEDED);
	/* For us: 0 is enough. */
	g_byte_array_set_size(c.list, 0);
	to_node(&c, 1);
	c.header.ttl = 0;
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.answers, ==, 1);
	/* Never an Error for an answer. */
	g_byte_array_set_size(c.list, 0);
	to_node(&c, 3);
	deliver(&c, RELOAD_FETCH_ANS);
	g_assert_cmpuint(c.errors, ==, 0);
	case_clear(&c);
}

static void set_option(Case *c, uint8_t flags)
{
	ReloadForwardingOption option = {.type = 77, .flags = flags, .value = reload_span("val", 3)};

	g_byte_array_set_size(c->options, 0);
	g_assert_true(reload_write_forwarding_option(c->options, &option));
}

static void test_options(void)
{
	Case c;
	ReloadForwardingOption copy;
	ReloadSpan span;

	case_init(&c);
	to_node(&c, 2);
	set_option(&c, RELOAD_FLAG_FORWARD_CRITICAL);
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.error_code, ==, RELOAD_ERROR_UNSUPPORTED_FORWARDING_OPTION);
	g_assert_cmpuint(c.row.nodes[2].handled, ==, 0);
	set_option(&c, RELOAD_FLAG_DESTINATION_CRITICAL);
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.error_code, ==, RELOAD_ERROR_UNSUPPORTED_FORWARDING_OPTION);
	g_assert_cmpuint(row_count(&c.row, 1).forwarded, >, 0);
	set_option(&c, RELOAD_FLAG_RESPONSE_COPY);
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.answers, ==, 1);
	span = reload_span(c.answer_options->data, c.answer_options->len);
	g_assert_true(reload_forwarding_option_next(&span, &copy));
	g_assert_cmpuint(copy.type, ==, 77);
	g_assert_cmpuint(copy.flags, ==, 0);
	g_assert_cmpmem(copy.value.data, copy.value.len, "val", 3);
	/* In an Error as well. */
	set_option(&c, RELOAD_FLAG_RESPONSE_COPY | RELOAD_FLAG_DESTINATION_CRITICAL);
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.errors, ==, 1);
	g_assert_cmpuint(c.answer_options->len, ==, 7);
	set_option(&c, 0);
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.answers, ==, 1);
	g_assert_cmpuint(c.answer_options->len, ==, 0);
	/* FORWARD_CRITICAL is not for who is at the end. */
	g_byte_array_set_size(c.list, 0);
	to_node(&c, 1);
	set_option(&c, RELOAD_FLAG_FORWARD_CRITICAL);
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.answers, ==, 1);
	case_clear(&c);
}

static void test_extensions(void)
{
	Case c;
	ReloadExtension extension = {.type = 9, .critical = true, .contents = reload_span("e", 1)};

	case_init(&c);
	to_node(&c, 1);
	reload_write_extension(c.extensions, &extension);
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.error_code, ==, RELOAD_ERROR_UNKNOWN_EXTENSION);
	g_byte_array_set_size(c.extensions, 0);
	extension.critical = false;
	reload_write_extension(c.extensions, &extension);
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.answers, ==, 1);
	case_clear(&c);
}

static void test_response_length(void)
{
	Case c;

	case_init(&c);
	to_node(&c, 1);
	c.row.nodes[1].answer = g_byte_array_new();
	g_byte_array_set_size(c.row.nodes[1].answer, 1500);
	c.header.max_response_length = 2500;
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.answers, ==, 1);
	c.header.max_response_length = c.answer_size + 8;
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.answers, ==, 1);
	/* The signature's length varies by some bytes. */
	c.header.max_response_length = c.answer_size - 8;
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.error_code, ==, RELOAD_ERROR_RESPONSE_TOO_LARGE);
	c.header.max_response_length = 1500;
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.error_code, ==, RELOAD_ERROR_RESPONSE_TOO_LARGE);
	/* Without a limit of the sender's, the overlay's. */
	c.header.max_response_length = 0;
	g_byte_array_set_size(c.row.nodes[1].answer, 6000);
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.error_code, ==, RELOAD_ERROR_RESPONSE_TOO_LARGE);
	/* The way back is a part of it. */
	for (unsigned i = 0; i < 100; i++)
		reload_write_destination_node(c.via, &c.row.nodes[3].id);
	g_byte_array_set_size(c.row.nodes[1].answer, 3000);
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.error_code, ==, RELOAD_ERROR_RESPONSE_TOO_LARGE);
	g_byte_array_set_size(c.row.nodes[1].answer, 2000);
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.answers, ==, 1);
	g_assert_cmpuint(c.answer_size, <=, 5000);
	case_clear(&c);
}

/* An Error is a response, too: it goes without its text rather than be too large. */
static void test_error_length(void)
{
	Case c;

	case_init(&c);
	to_node(&c, 1);
	c.header.ttl = 101;
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.error_code, ==, RELOAD_ERROR_TTL_EXCEEDED);
	g_assert_cmpuint(c.error_text, >, 16);
	/* The signature's length varies by some bytes. */
	c.header.max_response_length = c.answer_size - 8;
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.error_code, ==, RELOAD_ERROR_TTL_EXCEEDED);
	g_assert_cmpuint(c.error_text, ==, 0);
	g_assert_cmpuint(c.answer_size, <=, c.header.max_response_length);
	/* So does the Error in place of an answer. */
	c.header.ttl = 20;
	c.row.nodes[1].answer = g_byte_array_new();
	g_byte_array_set_size(c.row.nodes[1].answer, 1500);
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.error_code, ==, RELOAD_ERROR_RESPONSE_TOO_LARGE);
	g_assert_cmpuint(c.error_text, ==, 0);
	case_clear(&c);
}

static void test_sequence(void)
{
	Case c;

	case_init(&c);
	to_node(&c, 1);
	c.header.config_sequence = 2;
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.error_code, ==, RELOAD_ERROR_CONFIG_TOO_NEW);
	g_assert_cmpuint(c.row.nodes[1].outdated, ==, 0);
	c.header.config_sequence = 0;
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.error_code, ==, RELOAD_ERROR_CONFIG_TOO_OLD);
	g_assert_cmpuint(c.row.nodes[1].outdated, ==, 1);
	/* 65534 comes before 0 and 1: numbers grow modulo 65535. */
	c.header.config_sequence = 65534;
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.error_code, ==, RELOAD_ERROR_CONFIG_TOO_OLD);
	g_assert_cmpuint(c.row.nodes[1].outdated, ==, 2);
	c.header.config_sequence = RELOAD_CONFIG_SEQUENCE_ANY;
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.errors, ==, 1);
	deliver(&c, RELOAD_CONFIG_UPDATE_REQ);
	g_assert_cmpuint(c.answers, ==, 1);
	g_assert_true(reload_document_sequence_is_newer(0, 65534));
	g_assert_true(reload_document_sequence_is_newer(1, 65534));
	g_assert_false(reload_document_sequence_is_newer(65534, 0));
	g_assert_false(reload_document_sequence_is_newer(5, 5));
	case_clear(&c);
}

static void test_admission(void)
{
	Case c;

	case_init(&c);
	c.row.nodes[1].admission = RELOAD_REFUSE;
	to_node(&c, 3);
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.error_code, ==, RELOAD_ERROR_FORBIDDEN);
	deliver(&c, RELOAD_PING_REQ);
	g_assert_cmpuint(c.answers, ==, 1);
	c.row.nodes[1].admission = RELOAD_IGNORE;
	deliver(&c, RELOAD_FETCH_REQ);
	g_assert_cmpuint(c.answers + c.errors, ==, 0);
	g_assert_cmpuint(row_count(&c.row, 1).dropped_refused, ==, 2);
	g_assert_cmpuint(c.row.nodes[3].handled, ==, 1);
	case_clear(&c);
}

/* 6.2.1: the same answer, the request is performed once. */
static void test_repetition(void)
{
	Case c;

	case_init(&c);
	to_node(&c, 1);
	deliver(&c, RELOAD_STORE_REQ);
	g_assert_cmpuint(c.row.nodes[1].handled, ==, 1);
	{
		/* ECDSA signs anew each time: the very bytes come again. */
		GByteArray *message = row_message(&c.row, 0, &c.header, RELOAD_STORE_REQ,
						  reload_span("x", 1), (ReloadSpan){0});

		c.answers = 0;
		for (unsigned i = 0; i < 3; i++) {
			row_inject(&c.row, 0, 1, reload_span(message->data, message->len));
			row_run(&c.row);
		}
		g_assert_cmpuint(c.answers, ==, 3);
		g_assert_cmpuint(c.row.nodes[1].handled, ==, 2);
		c.row.now += 15001;
		row_inject(&c.row, 0, 1, reload_span(message->data, message->len));
		g_assert_cmpuint(c.row.nodes[1].handled, ==, 3);
		row_run(&c.row);
		g_byte_array_unref(message);
	}
	case_clear(&c);
}

/* ---- who may answer (6.3.4) ---- */

/* Node 1 answers, maybe in place of who is asked, with that transaction ID and sequence number. */
static void answer_with(Row *row, uint64_t id, uint16_t code, uint16_t error_code, bool extension, uint16_t sequence)
{
	GByteArray *list = g_byte_array_new(), *body = g_byte_array_new(), *extensions = g_byte_array_new();
	ReloadErrorResponse error = {error_code, {0}};
	ReloadExtension critical = {.type = 5, .critical = true};
	ReloadHeader header;
	GByteArray *message;

	reload_write_destination_node(list, &row->nodes[0].id);
	header = row_header(row, id, reload_span(list->data, list->len));
	header.config_sequence = sequence;
	if (code == RELOAD_ERROR)
		reload_write_error(body, &error);
	if (extension)
		reload_write_extension(extensions, &critical);
	message = row_message(row, 1, &header, code, reload_span(body->data, body->len),
			      reload_span(extensions->data, extensions->len));
	row_inject(row, 1, 0, reload_span(message->data, message->len));
	g_byte_array_unref(message);
	g_byte_array_unref(extensions);
	g_byte_array_unref(body);
	g_byte_array_unref(list);
}

static void fake(Row *row, uint64_t id, uint16_t code, uint16_t error_code, bool extension)
{
	answer_with(row, id, code, error_code, extension, row->document->sequence);
}

static uint64_t ask(Row *row, const ReloadDestination *destination, uint16_t code, RowReply *reply)
{
	GByteArray *list = g_byte_array_new();
	ReloadOrigination origination = {.code = code};
	uint64_t id;

	reload_write_destination(list, destination);
	origination.destination_list = reload_span(list->data, list->len);
	g_assert_cmpint(reload_router_request(row->nodes[0].router, &origination, row_reply, reply, row->now,
					      &id),
			==, RELOAD_OK);
	g_byte_array_unref(list);
	return id;
}

static void test_origin(void)
{
	Row row;
	RowReply reply = {0};
	ReloadResourceId far = {.len = 16, .id = {0x40}}, near = {.len = 16, .id = {0x20}};
	ReloadDestination node, there, here;
	ReloadNodeId wildcard = pki_node_id(0xff);
	uint64_t id;

	row_init(&row, 4, "");
	node = reload_destination_node(&row.nodes[3].id);
	there = reload_destination_resource(&far);
	here = reload_destination_resource(&near);
	id = ask(&row, &node, RELOAD_FETCH_REQ, &reply);
	fake(&row, id, RELOAD_FETCH_ANS, 0, false);
	fake(&row, id, RELOAD_ERROR, RELOAD_ERROR_NOT_FOUND, false);
	fake(&row, id, RELOAD_ERROR, RELOAD_ERROR_DATA_TOO_OLD, false);
	fake(&row, id + 1, RELOAD_FETCH_ANS, 0, false);
	g_assert_cmpuint(reply.replies, ==, 0);
	g_assert_cmpuint(row_count(&row, 0).dropped_origin, ==, 3);
	g_assert_cmpuint(row_count(&row, 0).dropped_duplicate, ==, 1);
	/* What only a hop can say. */
	fake(&row, id, RELOAD_ERROR, RELOAD_ERROR_TTL_EXCEEDED, false);
	g_assert_cmpuint(reply.replies, ==, 1);
	g_assert_cmpuint(reply.error_code, ==, RELOAD_ERROR_TTL_EXCEEDED);
	/* A Resource-ID: who may be responsible for it. */
	id = ask(&row, &there, RELOAD_FETCH_REQ, &reply);
	fake(&row, id, RELOAD_FETCH_ANS, 0, false);
	g_assert_cmpuint(reply.replies, ==, 1);
	id = ask(&row, &here, RELOAD_FETCH_REQ, &reply);
	fake(&row, id, RELOAD_STORE_ANS, 0, false); /* the answer to something else */
	g_assert_cmpuint(reply.replies, ==, 1);
	fake(&row, id, RELOAD_FETCH_ANS, 0, false);
	g_assert_cmpuint(reply.replies, ==, 2);
	g_assert_cmpint(reply.status, ==, RELOAD_OK);
	/* An answer with an extension that we had to understand. */
	id = ask(&row, &here, RELOAD_FETCH_REQ, &reply);
	fake(&row, id, RELOAD_FETCH_ANS, 0, true);
	g_assert_cmpint(reply.status, ==, RELOAD_E_UNSUPPORTED);
	/* To the wildcard anybody may answer; ours is answered by ourselves. */
	node = reload_destination_node(&wildcard);
	ask(&row, &node, RELOAD_PING_REQ, &reply);
	reload_router_run(row.nodes[0].router, row.now);
	g_assert_cmpint(reply.status, ==, RELOAD_OK);
	row_reply_clear(&reply);
	row_clear(&row);
}

/* 6.5.4: who answers with an older number, or finds ours too new, is told. */
static void test_outdated(void)
{
	static const struct {
		uint16_t code, error_code, sequence;
		bool told;
	} cases[] = {
		{RELOAD_FETCH_ANS, 0, 1, false},
		{RELOAD_FETCH_ANS, 0, 0, true},
		{RELOAD_FETCH_ANS, 0, 65534, true},
		{RELOAD_FETCH_ANS, 0, 2, false},
		{RELOAD_FETCH_ANS, 0, RELOAD_CONFIG_SEQUENCE_ANY, false},
		{RELOAD_ERROR, RELOAD_ERROR_NOT_FOUND, 1, false},
		{RELOAD_ERROR, RELOAD_ERROR_CONFIG_TOO_NEW, 1, true},
		{RELOAD_ERROR, RELOAD_ERROR_CONFIG_TOO_OLD, 1, false},
	};
	RowReply reply = {0};
	ReloadDestination node;
	Row row;

	row_init(&row, 2, "");
	node = reload_destination_node(&row.nodes[1].id);
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		uint64_t id = ask(&row, &node, RELOAD_FETCH_REQ, &reply);

		row.nodes[0].outdated = 0;
		answer_with(&row, id, cases[i].code, cases[i].error_code, false, cases[i].sequence);
		g_assert_cmpuint(reply.replies, ==, i + 1);
		g_assert_cmpuint(row.nodes[0].outdated, ==, cases[i].told);
	}
	row_reply_clear(&reply);
	row_clear(&row);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/routing/compression", test_compression);
	g_test_add_func("/routing/compression/by-size", test_compression_by_size);
	g_test_add_func("/routing/compression/lifetime", test_compression_lifetime);
	g_test_add_func("/routing/via-store", test_via_store);
	g_test_add_func("/routing/via-generations", test_via_generations);
	g_test_add_func("/routing/destinations", test_destinations);
	g_test_add_func("/routing/ttl", test_ttl);
	g_test_add_func("/routing/options", test_options);
	g_test_add_func("/routing/extensions", test_extensions);
	g_test_add_func("/routing/response-length", test_response_length);
	g_test_add_func("/routing/error-length", test_error_length);
	g_test_add_func("/routing/sequence", test_sequence);
	g_test_add_func("/routing/admission", test_admission);
	g_test_add_func("/routing/repetition", test_repetition);
	g_test_add_func("/routing/origin", test_origin);
	g_test_add_func("/routing/outdated", test_outdated);
	return g_test_run();
}
