/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the basic encodings. */
#include "reload_core/wire/buffer.h"
#include "reload_core/wire/list.h"

ReloadStatus reload_reader_finish(const ReloadReader *r)
{
	return r->failed || r->p != r->end ? RELOAD_E_MALFORMED : RELOAD_OK;
}

/* Reads an integer of so many bytes, at most 8. */
static uint64_t read_uint(ReloadReader *r, size_t bytes)
{
	ReloadSpan span;
	uint64_t value = 0;

	if (!reload_read_span(r, bytes, &span))
		return 0;
	for (size_t i = 0; i < bytes; i++)
		value = value << 8 | span.data[i];
	return value;
}

uint8_t reload_read_u8(ReloadReader *r)
{
	return (uint8_t)read_uint(r, 1);
}

uint16_t reload_read_u16(ReloadReader *r)
{
	return (uint16_t)read_uint(r, 2);
}

uint32_t reload_read_u24(ReloadReader *r)
{
	return (uint32_t)read_uint(r, 3);
}

uint32_t reload_read_u32(ReloadReader *r)
{
	return (uint32_t)read_uint(r, 4);
}

uint64_t reload_read_u64(ReloadReader *r)
{
	return read_uint(r, 8);
}

bool reload_read_bool(ReloadReader *r)
{
	uint8_t value = reload_read_u8(r);

	if (value > 1)
		r->failed = true;
	return value == 1;
}

bool reload_read_span(ReloadReader *r, size_t len, ReloadSpan *out)
{
	*out = (ReloadSpan){NULL, 0};
	if (r->failed || (size_t)(r->end - r->p) < len) {
		r->failed = true;
		return false;
	}
	out->data = r->p;
	out->len = len;
	if (len > 0) /* p may be NULL at the end of an empty span */
		r->p += len;
	return true;
}

bool reload_read_vector8(ReloadReader *r, ReloadSpan *out)
{
	size_t len = reload_read_u8(r);

	return reload_read_span(r, len, out);
}

bool reload_read_vector16(ReloadReader *r, ReloadSpan *out)
{
	size_t len = reload_read_u16(r);

	return reload_read_span(r, len, out);
}

bool reload_read_vector24(ReloadReader *r, ReloadSpan *out)
{
	size_t len = reload_read_u24(r);

	return reload_read_span(r, len, out);
}

bool reload_read_vector32(ReloadReader *r, ReloadSpan *out)
{
	size_t len = reload_read_u32(r);

	return reload_read_span(r, len, out);
}

bool reload_read_node_id(ReloadReader *r, unsigned len, ReloadNodeId *out)
{
	ReloadSpan span;

	*out = (ReloadNodeId){0};
	if (!reload_read_span(r, len, &span))
		return false;
	if (!reload_node_id_from_span(span, out))
		r->failed = true;
	return !r->failed;
}

bool reload_read_resource_id(ReloadReader *r, ReloadResourceId *out)
{
	ReloadSpan span;

	if (!reload_read_vector8(r, &span)) {
		*out = (ReloadResourceId){0};
		return false;
	}
	return reload_resource_id_from_span(span, out);
}

bool reload_resource_id_from_span(ReloadSpan span, ReloadResourceId *out)
{
	*out = (ReloadResourceId){0};
	if (span.len > RELOAD_RESOURCE_ID_MAX)
		return false;
	out->len = (uint8_t)span.len;
	if (span.len > 0)
		memcpy(out->id, span.data, span.len);
	return true;
}

bool reload_node_id_from_span(ReloadSpan span, ReloadNodeId *out)
{
	*out = (ReloadNodeId){0};
	if (span.len < RELOAD_NODE_ID_MIN || span.len > RELOAD_NODE_ID_MAX)
		return false;
	out->len = (uint8_t)span.len;
	memcpy(out->id, span.data, span.len);
	return true;
}

bool reload_node_id_list_valid(ReloadSpan list, unsigned len)
{
	return len >= RELOAD_NODE_ID_MIN && len <= RELOAD_NODE_ID_MAX && list.len % len == 0;
}

bool reload_node_id_next(ReloadSpan *list, unsigned len, ReloadNodeId *out)
{
	ReloadReader r = reload_reader(*list);

	reload_read_node_id(&r, len, out);
	return reload_list_advance(list, &r);
}
