/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames of overlay links: as a datagram, as a byte stream in pieces, which must give the same
 * frames as the whole stream at once, and what their numbers do to the ACK window. First byte: how
 * the stream is cut. */
#include "reload_core/wire/framing.h"
#include "tests/fuzz/fuzz.h"

#define MESSAGE_MAX 2000

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_count_allocations();
	return 0;
}

static void datagram(ReloadSpan input)
{
	size_t before = fuzz_allocated();
	ReloadFrame frame;
	ReloadStatus status = reload_frame_decode(input, MESSAGE_MAX, &frame);
	GByteArray *again;

	FUZZ_CHECK(fuzz_allocated() == before);
	if (status != RELOAD_OK)
		return;
	FUZZ_CHECK(frame.message.len <= MESSAGE_MAX);
	again = g_byte_array_new();
	if (frame.type == RELOAD_FRAME_DATA)
		FUZZ_CHECK(reload_write_data_frame(again, frame.sequence, frame.message));
	else
		reload_write_ack_frame(again, frame.sequence, frame.received);
	FUZZ_CHECK(reload_span_equal(input, reload_span(again->data, again->len)));
	g_byte_array_unref(again);
}

/* Feeds the stream in pieces of that size; a hash of all frames and of how it ended. */
static uint32_t stream(ReloadSpan input, size_t piece)
{
	ReloadFrameParser *parser = reload_frame_parser_new(MESSAGE_MAX);
	ReloadAckWindow window = {0};
	uint32_t hash = 0;
	ReloadStatus status = RELOAD_E_NOT_FOUND;
	ReloadFrame frame;

	while (input.len > 0 && status == RELOAD_E_NOT_FOUND) {
		size_t len = MIN(piece, input.len);

		FUZZ_CHECK(reload_frame_parser_feed(parser, reload_span(input.data, len)) ==
			   RELOAD_OK);
		input = reload_span(input.data + len, input.len - len);
		while ((status = reload_frame_parser_next(parser, &frame)) == RELOAD_OK) {
			FUZZ_CHECK(frame.message.len <= MESSAGE_MAX);
			hash = hash * 31 + fuzz_hash(frame.message.data, frame.message.len) +
			       frame.sequence + frame.type;
			if (frame.type == RELOAD_FRAME_DATA)
				hash += reload_ack_window_add(&window, frame.sequence, NULL);
		}
	}
	reload_frame_parser_free(parser);
	return hash * 31 + (uint32_t)status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ReloadSpan input = reload_span(data, size);

	datagram(input);
	if (size < 2)
		return 0;
	input = reload_span(data + 1, size - 1);
	FUZZ_CHECK(stream(input, 1 + data[0] % 64) == stream(input, input.len));
	return 0;
}
