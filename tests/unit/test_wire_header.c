/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forwarding header: exact bytes, lists, what a forwarding node makes of it, what is refused.
 */
#include "reload_core/wire/constants.h"
#include "reload_core/wire/header.h"

#define ID_A "AAAAAAAAAAAAAAAA"
#define ID_B "BBBBBBBBBBBBBBBB"
#define ID_R "RRRRRRRRRRRRRRRR"

/* A header with one via entry, two destinations, one option; and four bytes after it. */
static const uint8_t sample[] =
    "\xd2\x45\x4c\x4f" /* relo_token */
    "\x9a\xa3\x2b\x8d" /* overlay */
    "\x00\x16"	       /* configuration_sequence 22 */
    "\x0a"	       /* version */
    "\x64"	       /* ttl 100 */
    "\xc0\x00\x00\x00" /* fragment */
    "\x00\x00\x00\x66" /* length 102 */
    "\x01\x02\x03\x04\x05\x06\x07\x08"
    "\x00\x00\x13\x88"	/* max_response_length 5000 */
    "\x00\x12"		/* via_list_length */
    "\x00\x25"		/* destination_list_length */
    "\x00\x05"		/* options_length */
    "\x01\x10" ID_A	/* via list: a Node-ID */
    "\x01\x10" ID_B	/* destination list: a Node-ID ... */
    "\x02\x11\x10" ID_R /* ... and a Resource-ID, with its two lengths */
    "\x01\x02\x00\x01x" /* option 1, DESTINATION_CRITICAL */
    "body";
#define SAMPLE_LEN (sizeof(sample) - 1)
#define VIA_AT 38
#define DESTINATION_AT (VIA_AT + 18)

static ReloadSpan sample_span(void)
{
	return reload_span(sample, SAMPLE_LEN);
}

static ReloadNodeId node_id(const char *bytes)
{
	ReloadNodeId id = {.len = 16};

	memcpy(id.id, bytes, 16);
	return id;
}

static void test_decode(void)
{
	g_autoptr(GByteArray) again = g_byte_array_new();
	ReloadHeader h;
	ReloadSpan rest;

	g_assert_cmpuint(SAMPLE_LEN, ==, 102);
	g_assert_cmpint(reload_header_decode(sample_span(), 16, &h, &rest), ==, RELOAD_OK);
	g_assert_cmphex(h.overlay, ==, reload_overlay_hash("overlay.example.org"));
	g_assert_cmpuint(h.config_sequence, ==, 22);
	g_assert_cmpuint(h.ttl, ==, 100);
	g_assert_true(reload_header_is_whole(&h));
	g_assert_cmphex(h.transaction_id, ==, 0x0102030405060708);
	g_assert_cmpuint(h.max_response_length, ==, 5000);
	g_assert_cmpuint(h.via_list.len, ==, 18);
	g_assert_cmpuint(reload_destination_list_count(h.destination_list), ==, 2);
	g_assert_true(reload_span_equal(rest, reload_span_text("body")));
	g_assert_cmpint(reload_write_header(again, &h), ==, RELOAD_OK);
	g_assert_cmpmem(again->data, again->len, sample, SAMPLE_LEN - rest.len);
	g_assert_cmpuint(reload_header_size(&h), ==, again->len);
}

static void test_overlay_hash(void)
{
	/* printf overlay.example.org | sha1sum, the last 8 digits */
	g_assert_cmphex(reload_overlay_hash("overlay.example.org"), ==, 0x9aa32b8d);
}

static void test_lists(void)
{
	ReloadNodeId a = node_id(ID_A), b = node_id(ID_B);
	ReloadDestination d;
	ReloadHeader h;

	g_assert_cmpint(reload_header_decode(sample_span(), 16, &h, NULL), ==, RELOAD_OK);
	g_assert_true(reload_destination_list_last(h.via_list, &d));
	g_assert_cmpint(d.type, ==, RELOAD_DESTINATION_NODE);
	g_assert_true(reload_node_id_equal(&d.node_id, &a));
	g_assert_true(reload_destination_next(&h.destination_list, &d));
	g_assert_true(reload_node_id_equal(&d.node_id, &b));
	g_assert_true(reload_destination_next(&h.destination_list, &d));
	g_assert_cmpint(d.type, ==, RELOAD_DESTINATION_RESOURCE);
	g_assert_true(
	    reload_span_equal(reload_resource_id_span(&d.resource_id), reload_span_text(ID_R)));
	g_assert_false(reload_destination_next(&h.destination_list, &d));
}

/* Checks that the sample with one byte changed is refused with that status. */
static void check_changed(size_t at, uint8_t value, ReloadStatus status)
{
	uint8_t *copy = g_memdup2(sample, SAMPLE_LEN);
	ReloadHeader h;

	copy[at] = value;
	g_assert_cmpint(reload_header_decode(reload_span(copy, SAMPLE_LEN), 16, &h, NULL), ==,
			status);
	g_free(copy);
}

static void test_refused(void)
{
	ReloadHeader h;

	check_changed(0, 0x52, RELOAD_E_MALFORMED);
	check_changed(10, 0x01, RELOAD_E_VERSION);
	check_changed(12, 0x40, RELOAD_E_MALFORMED); /* the high bit of `fragment` */
	check_changed(19, 0x67, RELOAD_E_MALFORMED); /* length */
	check_changed(VIA_AT, 0x02, RELOAD_E_MALFORMED);
	check_changed(VIA_AT, 0x00, RELOAD_E_MALFORMED);
	check_changed(VIA_AT + 1, 0x11, RELOAD_E_MALFORMED);
	check_changed(DESTINATION_AT + 18 + 2, 0x0f, RELOAD_E_MALFORMED); /* inner length */
	check_changed(SAMPLE_LEN - 9, 0x00, RELOAD_E_MALFORMED);	  /* option type 0 */
	g_assert_cmpint(reload_header_decode(sample_span(), 17, &h, NULL), ==, RELOAD_E_MALFORMED);
	for (size_t len = 0; len < SAMPLE_LEN; len++) {
		uint8_t *copy = g_memdup2(sample, MAX(len, 1));

		g_assert_cmpint(reload_header_decode(reload_span(copy, len), 16, &h, NULL), ==,
				RELOAD_E_MALFORMED);
		g_free(copy);
	}
}

/* A Resource-ID may stand only last in the destination list; the list may not be empty. */
static void test_resource_position(void)
{
	ReloadSpan resource = reload_span("\x02\x03\x02xy", 5);
	ReloadSpan not_last = reload_span("\x02\x03\x02xy\x80\x01", 7);

	g_assert_true(reload_destination_list_valid(resource, 16, RELOAD_LIST_DESTINATION));
	g_assert_false(reload_destination_list_valid(resource, 16, RELOAD_LIST_VIA));
	g_assert_false(reload_destination_list_valid(not_last, 16, RELOAD_LIST_DESTINATION));
	g_assert_false(
	    reload_destination_list_valid(reload_span(NULL, 0), 16, RELOAD_LIST_DESTINATION));
	g_assert_true(reload_destination_list_valid(reload_span(NULL, 0), 16, RELOAD_LIST_VIA));
}

static void test_opaque_forms(void)
{
	/* TLV with two lengths; bare; an undefined type, which is skipped over. */
	static const uint8_t list[] = "\x03\x04\x03xyz\x81\x23\x7f\x02qq";
	ReloadSpan rest = reload_span(list, sizeof(list) - 1);
	g_autoptr(GByteArray) again = g_byte_array_new();
	ReloadDestination d;

	g_assert_true(reload_destination_list_valid(rest, 16, RELOAD_LIST_DESTINATION));
	g_assert_true(reload_destination_next(&rest, &d));
	g_assert_true(d.type == RELOAD_DESTINATION_OPAQUE && !d.bare);
	g_assert_true(reload_span_equal(d.opaque, reload_span_text("xyz")));
	g_assert_true(reload_write_destination(again, &d));
	g_assert_true(reload_destination_next(&rest, &d));
	g_assert_true(d.type == RELOAD_DESTINATION_OPAQUE && d.bare);
	g_assert_true(reload_span_equal(d.opaque, reload_span("\x81\x23", 2)));
	g_assert_true(reload_write_destination(again, &d));
	g_assert_true(reload_destination_next(&rest, &d));
	g_assert_cmpint(d.type, ==, 0x7f);
	g_assert_true(reload_write_destination(again, &d));
	g_assert_false(reload_destination_next(&rest, &d));
	g_assert_cmpmem(again->data, again->len, list, sizeof(list) - 1);
	g_assert_false(reload_destination_list_valid(reload_span("\x81", 1), 16, RELOAD_LIST_VIA));
}

static void test_reverse(void)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	static const uint8_t list[] = "\x03\x04\x03xyz\x81\x23\x01\x10" ID_A;
	static const uint8_t reversed[] = "\x01\x10" ID_A "\x81\x23\x03\x04\x03xyz";

	reload_write_u8(out, 0x55);
	reload_write_reversed_list(out, reload_span(list, sizeof(list) - 1));
	g_assert_cmpmem(out->data + 1, out->len - 1, reversed, sizeof(reversed) - 1);
}

static void test_forward(void)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	ReloadNodeId b = node_id(ID_B);
	ReloadHeader h, forwarded;
	ReloadDestination d;
	ReloadSpan rest, message;

	g_assert_cmpint(reload_header_decode(sample_span(), 16, &h, NULL), ==, RELOAD_OK);
	g_assert_true(reload_destination_next(&h.destination_list, &d));
	/* h itself must stay as it was decoded; only the list that is passed on is shorter. */
	rest = h.destination_list;
	g_assert_cmpint(reload_header_decode(sample_span(), 16, &h, NULL), ==, RELOAD_OK);
	g_assert_cmpint(reload_header_forward(sample_span(), &h, rest, &b, out), ==, RELOAD_OK);
	message = reload_span(out->data, out->len);
	g_assert_cmpuint(message.len, ==, SAMPLE_LEN); /* an entry went, another of its size came */
	g_assert_cmpint(reload_header_decode(message, 16, &forwarded, &rest), ==, RELOAD_OK);
	g_assert_cmpuint(forwarded.ttl, ==, 99);
	g_assert_cmpuint(forwarded.transaction_id, ==, h.transaction_id);
	g_assert_cmpuint(forwarded.config_sequence, ==, h.config_sequence);
	g_assert_cmpuint(forwarded.max_response_length, ==, h.max_response_length);
	g_assert_cmpmem(forwarded.via_list.data, forwarded.via_list.len,
			"\x01\x10" ID_A "\x01\x10" ID_B, 36);
	g_assert_cmpmem(forwarded.destination_list.data, forwarded.destination_list.len,
			"\x02\x11\x10" ID_R, 19);
	g_assert_true(reload_span_equal(forwarded.options, h.options));
	g_assert_true(reload_span_equal(rest, reload_span_text("body")));
}

static void test_forward_limits(void)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	ReloadNodeId b = node_id(ID_B);
	ReloadHeader h;
	g_autofree uint8_t *list = g_malloc0(RELOAD_LIST_MAX);

	g_assert_cmpint(reload_header_decode(sample_span(), 16, &h, NULL), ==, RELOAD_OK);
	h.ttl = 0;
	g_assert_cmpint(reload_header_forward(sample_span(), &h, h.destination_list, &b, out), ==,
			RELOAD_E_TTL);
	h.ttl = 1;
	h.via_list = reload_span(list, RELOAD_LIST_MAX - 17);
	g_assert_cmpint(reload_header_forward(sample_span(), &h, h.destination_list, &b, out), ==,
			RELOAD_E_TOO_LARGE);
	g_assert_cmpuint(out->len, ==, 0);
}

static void test_response_options(void)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	/* Only the second one asks to be copied; its critical flag goes. */
	static const uint8_t options[] = "\x01\x02\x00\x01x\x80\x05\x00\x02yz\x81\x00\x00\x00";

	reload_write_response_options(out, reload_span(options, sizeof(options) - 1));
	g_assert_cmpmem(out->data, out->len, "\x80\x00\x00\x02yz", 6);
}

static void test_fragment(void)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	ReloadHeader h;

	g_assert_cmpint(reload_header_decode(sample_span(), 16, &h, NULL), ==, RELOAD_OK);
	h.last_fragment = false;
	h.fragment_offset = 0x012345;
	g_assert_cmpint(reload_write_header(out, &h), ==, RELOAD_OK);
	reload_finish_length(out, 0);
	g_assert_cmpmem(out->data + 12, 4, "\x80\x01\x23\x45", 4);
	g_assert_cmpint(reload_header_decode(reload_span(out->data, out->len), 16, &h, NULL), ==,
			RELOAD_OK);
	g_assert_cmpuint(h.fragment_offset, ==, 0x012345);
	g_assert_false(reload_header_is_whole(&h));
	h.fragment_offset = 0x1000000;
	g_assert_cmpint(reload_write_header(out, &h), ==, RELOAD_E_TOO_LARGE);
}

/* A header is read as soon as it is there; before that, more of it is wanted, unless it is wrong already. */
static void test_start(void)
{
	g_autofree uint8_t *copy = g_memdup2(sample, SAMPLE_LEN);
	const size_t header = SAMPLE_LEN - 4;
	ReloadHeader h;
	ReloadSpan rest;

	for (size_t len = 0; len < header; len++)
		g_assert_cmpint(reload_header_decode_start(reload_span(sample, len), 16, &h, &rest), ==,
				RELOAD_E_NOT_FOUND);
	g_assert_cmpint(reload_header_decode_start(reload_span(sample, header + 1), 16, &h, &rest), ==,
			RELOAD_OK);
	g_assert_cmpuint(h.length, ==, SAMPLE_LEN);
	g_assert_cmpuint(rest.len, ==, 1);
	copy[10] = 0x0b; /* version */
	g_assert_cmpint(reload_header_decode_start(reload_span(copy, 11), 16, &h, &rest), ==, RELOAD_E_VERSION);
	copy[0] = 0;
	g_assert_cmpint(reload_header_decode_start(reload_span(copy, 4), 16, &h, &rest), ==,
			RELOAD_E_MALFORMED);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/wire/header/decode", test_decode);
	g_test_add_func("/wire/header/start", test_start);
	g_test_add_func("/wire/header/overlay-hash", test_overlay_hash);
	g_test_add_func("/wire/header/lists", test_lists);
	g_test_add_func("/wire/header/refused", test_refused);
	g_test_add_func("/wire/header/resource-position", test_resource_position);
	g_test_add_func("/wire/header/opaque-forms", test_opaque_forms);
	g_test_add_func("/wire/header/reverse", test_reverse);
	g_test_add_func("/wire/header/forward", test_forward);
	g_test_add_func("/wire/header/forward-limits", test_forward_limits);
	g_test_add_func("/wire/header/response-options", test_response_options);
	g_test_add_func("/wire/header/fragment", test_fragment);
	return g_test_run();
}
