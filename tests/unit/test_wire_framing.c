/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames in datagrams and out of a stream, and the bit mask of ACKs. */
#include "reload_core/wire/framing.h"

#define MAX_MESSAGE 100

static void test_bytes(void)
{
	g_autoptr(GByteArray) out = g_byte_array_new();

	g_assert_true(reload_write_data_frame(out, 0x01020304, reload_span_text("hey")));
	reload_write_ack_frame(out, 0x01020304, 0x80000001);
	g_assert_cmpmem(out->data, out->len,
			"\x80\x01\x02\x03\x04\x00\x00\x03hey"
			"\x81\x01\x02\x03\x04\x80\x00\x00\x01",
			20);
}

static void test_datagram(void)
{
	ReloadFrame frame;
	static const uint8_t data[] = "\x80\x00\x00\x00\x07\x00\x00\x03hey";
	static const uint8_t ack[] = "\x81\x00\x00\x00\x07\x00\x00\x00\x03";

	g_assert_cmpint(reload_frame_decode(reload_span(data, 11), MAX_MESSAGE, &frame), ==,
			RELOAD_OK);
	g_assert_cmpuint(frame.sequence, ==, 7);
	g_assert_true(reload_span_equal(frame.message, reload_span_text("hey")));
	g_assert_cmpint(reload_frame_decode(reload_span(data, 11), 2, &frame), ==,
			RELOAD_E_TOO_LARGE);
	g_assert_cmpint(reload_frame_decode(reload_span(data, 12), MAX_MESSAGE, &frame), ==,
			RELOAD_E_MALFORMED);
	for (size_t len = 0; len < 11; len++)
		g_assert_cmpint(reload_frame_decode(reload_span(data, len), MAX_MESSAGE, &frame),
				==, RELOAD_E_MALFORMED);
	g_assert_cmpint(reload_frame_decode(reload_span(ack, 9), MAX_MESSAGE, &frame), ==,
			RELOAD_OK);
	g_assert_cmpuint(frame.type, ==, RELOAD_FRAME_ACK);
	g_assert_cmpuint(frame.received, ==, 3);
	g_assert_cmpint(reload_frame_decode(reload_span("\x42xxxxxxxx", 9), MAX_MESSAGE, &frame),
			==, RELOAD_E_MALFORMED);
}

/* Makes a stream of frames, alternately data of growing length and ACKs. */
static void write_stream(GByteArray *out, uint32_t frames)
{
	static const uint8_t bytes[MAX_MESSAGE] = {0x33};

	for (uint32_t i = 0; i < frames; i++) {
		if (i % 2 == 0)
			g_assert_true(reload_write_data_frame(
			    out, i, reload_span(bytes, i % (MAX_MESSAGE + 1))));
		else
			reload_write_ack_frame(out, i, i);
	}
}

/* Feeds the stream in pieces of that size and checks the frames that come out. */
static void check_pieces(size_t piece)
{
	g_autoptr(GByteArray) stream = g_byte_array_new();
	ReloadFrameParser *parser = reload_frame_parser_new(MAX_MESSAGE);
	ReloadFrame frame;
	uint32_t count = 0;

	write_stream(stream, 250);
	for (size_t at = 0; at < stream->len; at += piece) {
		size_t len = MIN(piece, stream->len - at);

		g_assert_cmpint(
		    reload_frame_parser_feed(parser, reload_span(stream->data + at, len)), ==,
		    RELOAD_OK);
		while (reload_frame_parser_next(parser, &frame) == RELOAD_OK) {
			g_assert_cmpuint(frame.sequence, ==, count);
			if (count % 2 == 0)
				g_assert_cmpuint(frame.message.len, ==, count % (MAX_MESSAGE + 1));
			else
				g_assert_cmpuint(frame.received, ==, count);
			count++;
		}
	}
	g_assert_cmpuint(count, ==, 250);
	g_assert_cmpint(reload_frame_parser_next(parser, &frame), ==, RELOAD_E_NOT_FOUND);
	reload_frame_parser_free(parser);
}

static void test_stream(void)
{
	for (size_t piece = 1; piece <= 400; piece += 7)
		check_pieces(piece);
	check_pieces(100000);
}

static void test_stream_broken(void)
{
	ReloadFrameParser *parser = reload_frame_parser_new(MAX_MESSAGE);
	ReloadFrame frame;

	g_assert_cmpint(reload_frame_parser_next(parser, &frame), ==, RELOAD_E_NOT_FOUND);
	/* Refused on its header alone, and for good. */
	reload_frame_parser_feed(parser, reload_span("\x80\x00\x00\x00\x00\xff\xff\xff", 8));
	g_assert_cmpint(reload_frame_parser_next(parser, &frame), ==, RELOAD_E_TOO_LARGE);
	reload_frame_parser_feed(parser, reload_span("\x81\x00\x00\x00\x00\x00\x00\x00\x00", 9));
	g_assert_cmpint(reload_frame_parser_next(parser, &frame), ==, RELOAD_E_TOO_LARGE);
	reload_frame_parser_free(parser);
	parser = reload_frame_parser_new(MAX_MESSAGE);
	reload_frame_parser_feed(parser, reload_span("\x16", 1));
	g_assert_cmpint(reload_frame_parser_next(parser, &frame), ==, RELOAD_E_MALFORMED);
	reload_frame_parser_free(parser);
}

/* Whoever feeds without taking frames out cannot make the parser grow without bound. */
static void test_stream_bound(void)
{
	ReloadFrameParser *parser = reload_frame_parser_new(MAX_MESSAGE);
	ReloadStatus status = RELOAD_OK;
	unsigned fed = 0;

	while (status == RELOAD_OK && fed < 1000) {
		status = reload_frame_parser_feed(
		    parser, reload_span("\x81\x00\x00\x00\x00\x00\x00\x00\x00", 9));
		fed++;
	}
	g_assert_cmpint(status, ==, RELOAD_E_LIMIT);
	g_assert_cmpuint(fed, <, 20);
	reload_frame_parser_free(parser);
}

static void test_ack_window(void)
{
	ReloadAckWindow window = {0};
	bool duplicate;

	g_assert_cmphex(reload_ack_window_add(&window, 0, &duplicate), ==, 0);
	g_assert_false(duplicate);
	g_assert_cmphex(reload_ack_window_add(&window, 1, NULL), ==, 0x1);
	g_assert_cmphex(reload_ack_window_add(&window, 2, NULL), ==, 0x3);
	g_assert_cmphex(reload_ack_window_add(&window, 4, NULL), ==, 0xe);	 /* 3 is missing */
	g_assert_cmphex(reload_ack_window_add(&window, 3, &duplicate), ==, 0x7); /* late */
	g_assert_false(duplicate);
	g_assert_cmphex(reload_ack_window_add(&window, 3, &duplicate), ==, 0x7);
	g_assert_true(duplicate);
	/* "greater than N-32": of 0 to 4, only 4 is still in reach of 35. */
	g_assert_cmphex(reload_ack_window_add(&window, 35, NULL), ==, 0x40000000);
}

static void test_ack_window_wrap(void)
{
	ReloadAckWindow window = {0};

	reload_ack_window_add(&window, 0xfffffffe, NULL);
	reload_ack_window_add(&window, 0xffffffff, NULL);
	g_assert_cmphex(reload_ack_window_add(&window, 0, NULL), ==, 0x3);
	for (uint32_t i = 1; i < 100; i++)
		reload_ack_window_add(&window, i, NULL);
	g_assert_cmphex(reload_ack_window_add(&window, 100, NULL), ==, 0x7fffffff);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/wire/framing/bytes", test_bytes);
	g_test_add_func("/wire/framing/datagram", test_datagram);
	g_test_add_func("/wire/framing/stream", test_stream);
	g_test_add_func("/wire/framing/stream-broken", test_stream_broken);
	g_test_add_func("/wire/framing/stream-bound", test_stream_bound);
	g_test_add_func("/wire/framing/ack-window", test_ack_window);
	g_test_add_func("/wire/framing/ack-window-wrap", test_ack_window_wrap);
	return g_test_run();
}
