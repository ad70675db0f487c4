/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The framing header of overlay links (RFC 6940, 6.6.2). */
#include "reload_core/wire/framing.h"

#include "reload_core/wire/list.h"

/* RFC 6940, 6.6.2: "the 32 most recent sequence numbers". */
#define ACK_WINDOW 32

struct ReloadFrameParser {
	GByteArray *buf;
	size_t taken; /* bytes of buf that were given out as frames */
	size_t max_message;
	ReloadStatus broken; /* what made the stream unusable, or RELOAD_OK */
};

static void put_u32(uint8_t *out, uint32_t value)
{
	value = GUINT32_TO_BE(value);
	memcpy(out, &value, sizeof(value));
}

bool reload_write_data_frame(GByteArray *buf, uint32_t sequence, ReloadSpan message)
{
	uint8_t head[RELOAD_FRAME_DATA_HEADER] = {RELOAD_FRAME_DATA};

	if (message.len > RELOAD_FRAME_MESSAGE_MAX)
		return false;
	put_u32(head + 4, (uint32_t)message.len); /* it has 24 bits: the first byte is written over */
	put_u32(head + 1, sequence);
	g_byte_array_append(buf, head, sizeof(head));
	reload_write_bytes(buf, message);
	return true;
}

void reload_write_ack_frame(GByteArray *buf, uint32_t sequence, uint32_t received)
{
	uint8_t frame[RELOAD_FRAME_ACK_SIZE] = {RELOAD_FRAME_ACK};

	put_u32(frame + 1, sequence);
	put_u32(frame + 5, received);
	g_byte_array_append(buf, frame, sizeof(frame));
}

/*
 * Reads the frame at the start of bytes and sets *size to its size. RELOAD_E_NOT_FOUND: it is not
 * all there yet. What can be judged is judged before the rest has come.
 */
static ReloadStatus read_frame(ReloadSpan bytes, size_t max_message, ReloadFrame *out, size_t *size)
{
	ReloadReader r = reload_reader(bytes);
	size_t len;

	memset(out, 0, sizeof(*out));
	if (bytes.len == 0)
		return RELOAD_E_NOT_FOUND;
	out->type = reload_read_u8(&r);
	out->sequence = reload_read_u32(&r);
	switch (out->type) {
	case RELOAD_FRAME_DATA:
		len = reload_read_u24(&r);
		if (!r.failed && len > max_message)
			return RELOAD_E_TOO_LARGE;
		reload_read_span(&r, len, &out->message);
		break;
	case RELOAD_FRAME_ACK:
		out->received = reload_read_u32(&r);
		break;
	default:
		return RELOAD_E_MALFORMED;
	}
	*size = (size_t)(r.p - bytes.data);
	return r.failed ? RELOAD_E_NOT_FOUND : RELOAD_OK;
}

ReloadStatus reload_frame_decode(ReloadSpan datagram, size_t max_message, ReloadFrame *out)
{
	size_t size = 0;
	ReloadStatus status = read_frame(datagram, max_message, out, &size);

	if (status == RELOAD_E_NOT_FOUND || (status == RELOAD_OK && size != datagram.len))
		return RELOAD_E_MALFORMED;
	return status;
}

ReloadFrameParser *reload_frame_parser_new(size_t max_message)
{
	ReloadFrameParser *parser = g_new0(ReloadFrameParser, 1);

	parser->buf = g_byte_array_new();
	parser->max_message = max_message;
	return parser;
}

void reload_frame_parser_free(ReloadFrameParser *parser)
{
	if (parser == NULL)
		return;
	g_byte_array_unref(parser->buf);
	g_free(parser);
}

void reload_frame_parser_set_max(ReloadFrameParser *parser, size_t max_message)
{
	parser->max_message = max_message;
}

ReloadStatus reload_frame_parser_feed(ReloadFrameParser *parser, ReloadSpan piece)
{
	if (parser->taken > 0) {
		g_byte_array_remove_range(parser->buf, 0, (guint)parser->taken);
		parser->taken = 0;
	}
	/* An unfinished frame is always shorter than the longest whole one. */
	if (parser->buf->len >= RELOAD_FRAME_DATA_HEADER + parser->max_message + 1)
		return RELOAD_E_LIMIT;
	reload_write_bytes(parser->buf, piece);
	return RELOAD_OK;
}

ReloadStatus reload_frame_parser_next(ReloadFrameParser *parser, ReloadFrame *out)
{
	ReloadSpan rest = {NULL, 0};
	size_t size = 0;
	ReloadStatus status = parser->broken;

	memset(out, 0, sizeof(*out));
	if (parser->buf->len > parser->taken)
		rest = reload_span(parser->buf->data + parser->taken,
				   parser->buf->len - parser->taken);
	if (status == RELOAD_OK)
		status = read_frame(rest, parser->max_message, out, &size);
	if (status == RELOAD_OK)
		parser->taken += size;
	else if (status != RELOAD_E_NOT_FOUND)
		parser->broken = status;
	return status;
}

ReloadSpan reload_frame_parser_refused(const ReloadFrameParser *parser)
{
	size_t from = parser->taken + RELOAD_FRAME_DATA_HEADER;

	if (parser->broken != RELOAD_E_TOO_LARGE || parser->buf->len <= from)
		return (ReloadSpan){NULL, 0};
	return reload_span(parser->buf->data + from, parser->buf->len - from);
}

uint32_t reload_ack_window_add(ReloadAckWindow *window, uint32_t sequence, bool *duplicate)
{
	uint32_t received = 0;
	bool seen = false;

	for (unsigned i = 0; i < window->count; i++) {
		/* Modulo 2^32, as the numbers wrap. */
		uint32_t before = sequence - window->numbers[i];

		if (before == 0)
			seen = true;
		else if (before < ACK_WINDOW) /* "greater than N-32" */
			received |= 1U << (before - 1);
	}
	window->numbers[window->next] = sequence;
	window->next = (window->next + 1) % ACK_WINDOW;
	if (window->count < ACK_WINDOW)
		window->count++;
	if (duplicate != NULL)
		*duplicate = seen;
	return received;
}
