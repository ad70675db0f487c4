/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The framing header of overlay links (RFC 6940, 6.6.2): frames, ACKs, and frames out of a byte
 * stream. */
#ifndef RELOAD_WIRE_FRAMING_H
#define RELOAD_WIRE_FRAMING_H

#include "reload_core/wire/buffer.h"

typedef enum {
	RELOAD_FRAME_DATA = 128,
	RELOAD_FRAME_ACK = 129,
} ReloadFrameType;

/* Bytes before the message in a data frame, and bytes of an ACK frame. */
#define RELOAD_FRAME_DATA_HEADER 8
#define RELOAD_FRAME_ACK_SIZE 9
/* The length has 24 bits. */
#define RELOAD_FRAME_MESSAGE_MAX 0xffffffU

typedef struct {
	uint8_t type;	    /* ReloadFrameType */
	uint32_t sequence;  /* data: its number; ack: the number that is acknowledged */
	uint32_t received;  /* ack: which of the 32 before it were received; least significant bit:
			       sequence - 1 */
	ReloadSpan message; /* data */
} ReloadFrame;

/* Appends a data frame; false, and nothing appended, if message is longer than
 * RELOAD_FRAME_MESSAGE_MAX. */
bool reload_write_data_frame(GByteArray *buf, uint32_t sequence, ReloadSpan message);

/* Appends an ACK frame. */
void reload_write_ack_frame(GByteArray *buf, uint32_t sequence, uint32_t received);

/*
 * Decodes a frame that fills a datagram exactly. RELOAD_E_TOO_LARGE: its message is longer than
 * max_message bytes; RELOAD_E_MALFORMED: anything else that is no frame.
 */
ReloadStatus reload_frame_decode(ReloadSpan datagram, size_t max_message, ReloadFrame *out);

/* Takes frames out of a byte stream that comes in pieces of any size. Its memory is bounded by
 * max_message and one piece. */
typedef struct ReloadFrameParser ReloadFrameParser;

/* Makes a parser that refuses messages longer than max_message bytes; free with
 * reload_frame_parser_free. */
ReloadFrameParser *reload_frame_parser_new(size_t max_message);
void reload_frame_parser_free(ReloadFrameParser *parser);

/* Changes the limit, when the configuration does; frames that are complete already are not
 * affected. */
void reload_frame_parser_set_max(ReloadFrameParser *parser, size_t max_message);

/*
 * Hands the next piece of the stream to the parser, which copies it. Take all frames out before the
 * next piece. RELOAD_E_LIMIT: that was not done, and too much has gathered.
 */
ReloadStatus reload_frame_parser_feed(ReloadFrameParser *parser, ReloadSpan piece);

/*
 * Takes the next frame out: RELOAD_OK and *out, whose view is valid until the next call on the
 * parser; RELOAD_E_NOT_FOUND: no whole frame yet; RELOAD_E_MALFORMED or RELOAD_E_TOO_LARGE: the
 * stream is broken, close the link.
 */
ReloadStatus reload_frame_parser_next(ReloadFrameParser *parser, ReloadFrame *out);

/* After RELOAD_E_TOO_LARGE: what has come of the message that is too large; a view, valid until the next call on
 * the parser. More of it may be fed, as far as max_message. */
ReloadSpan reload_frame_parser_refused(const ReloadFrameParser *parser);

/* The sequence numbers received most recently, from which ACKs are made. Starts as zeroes. */
typedef struct {
	uint32_t numbers[32];
	unsigned count; /* of numbers that are in use */
	unsigned next;	/* where the next one goes */
} ReloadAckWindow;

/*
 * Notes that the frame with that number came and returns the `received` field of its ACK.
 * *duplicate (NULL: not wanted) tells whether the number is among the 32 received before it.
 */
uint32_t reload_ack_window_add(ReloadAckWindow *window, uint32_t sequence, bool *duplicate);

#endif
