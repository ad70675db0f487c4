/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fragmentation: full copies of the header, and equal pieces of what follows it. */
#include "reload_core/routing/fragment.h"

bool reload_fragment_plan(size_t header_size, size_t len, size_t limit, unsigned *count)
{
	size_t room, pieces;

	if (header_size + len <= limit ||
	    limit < header_size + RELOAD_FRAGMENT_SPARE + RELOAD_FRAGMENT_BODY_MIN)
		return false;
	room = limit - header_size - RELOAD_FRAGMENT_SPARE;
	pieces = (len + room - 1) / room;
	if (len / pieces < RELOAD_FRAGMENT_BODY_MIN)
		return false;
	*count = (unsigned)pieces;
	return true;
}

ReloadStatus reload_fragment(ReloadSpan message, const ReloadHeader *header, size_t limit,
			     ReloadStatus (*emit)(void *data, ReloadSpan fragment), void *data)
{
	size_t header_size = reload_header_size(header);
	ReloadSpan rest = reload_span(message.data + header_size, message.len - header_size);
	ReloadHeader own = *header;
	ReloadStatus status = RELOAD_OK;
	GByteArray *frame;
	unsigned count;
	size_t done = 0;

	if (!reload_fragment_plan(header_size, rest.len, limit, &count))
		return emit(data, message);
	if (header->fragment_offset + rest.len > RELOAD_FRAGMENT_OFFSET_MAX)
		return RELOAD_E_TOO_LARGE;
	frame = g_byte_array_sized_new((guint)limit);
	for (unsigned i = 0; i < count && status == RELOAD_OK; i++) {
		size_t len = rest.len / count + (i < rest.len % count ? 1 : 0);

		own.fragment_offset = header->fragment_offset + (uint32_t)done;
		own.last_fragment = header->last_fragment && i + 1 == count;
		g_byte_array_set_size(frame, 0);
		status = reload_write_header(frame, &own);
		if (status != RELOAD_OK)
			break;
		reload_write_bytes(frame, reload_span(rest.data + done, len));
		reload_finish_length(frame, 0);
		status = emit(data, reload_span(frame->data, frame->len));
		done += len;
	}
	g_byte_array_unref(frame);
	return status;
}
