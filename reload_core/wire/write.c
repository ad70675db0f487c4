/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing the basic encodings. */
#include "reload_core/wire/buffer.h"
#include "reload_core/wire/list.h"

/* Appends the low-order bytes of value, most significant first. */
static void write_uint(GByteArray *buf, uint64_t value, unsigned bytes)
{
	uint8_t data[8];

	for (unsigned i = 0; i < bytes; i++)
		data[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
	g_byte_array_append(buf, data, bytes);
}

void reload_write_u8(GByteArray *buf, uint8_t value)
{
	write_uint(buf, value, 1);
}

void reload_write_u16(GByteArray *buf, uint16_t value)
{
	write_uint(buf, value, 2);
}

void reload_write_u32(GByteArray *buf, uint32_t value)
{
	write_uint(buf, value, 4);
}

void reload_write_u64(GByteArray *buf, uint64_t value)
{
	write_uint(buf, value, 8);
}

void reload_write_bytes(GByteArray *buf, ReloadSpan span)
{
	if (span.len > 0)
		g_byte_array_append(buf, span.data, (guint)span.len);
}

/* The most that a length of so many bytes can say. */
static uint64_t length_max(unsigned bytes)
{
	return (UINT64_C(1) << 8 * bytes) - 1;
}

static bool write_vector(GByteArray *buf, ReloadSpan span, unsigned bytes)
{
	if (span.len > length_max(bytes))
		return false;
	write_uint(buf, span.len, bytes);
	reload_write_bytes(buf, span);
	return true;
}

bool reload_write_vector8(GByteArray *buf, ReloadSpan span)
{
	return write_vector(buf, span, 1);
}

bool reload_write_vector16(GByteArray *buf, ReloadSpan span)
{
	return write_vector(buf, span, 2);
}

bool reload_write_vector24(GByteArray *buf, ReloadSpan span)
{
	return write_vector(buf, span, 3);
}

bool reload_write_vector32(GByteArray *buf, ReloadSpan span)
{
	return write_vector(buf, span, 4);
}

static size_t begin_vector(GByteArray *buf, unsigned bytes)
{
	size_t mark = buf->len;

	write_uint(buf, 0, bytes);
	return mark;
}

static bool end_vector(GByteArray *buf, size_t mark, unsigned bytes)
{
	uint64_t len = buf->len - mark - bytes;

	if (len > length_max(bytes))
		return reload_write_commit(buf, mark, false);
	for (unsigned i = 0; i < bytes; i++)
		buf->data[mark + i] = (uint8_t)(len >> 8 * (bytes - 1 - i));
	return true;
}

size_t reload_begin_vector8(GByteArray *buf)
{
	return begin_vector(buf, 1);
}

size_t reload_begin_vector16(GByteArray *buf)
{
	return begin_vector(buf, 2);
}

size_t reload_begin_vector32(GByteArray *buf)
{
	return begin_vector(buf, 4);
}

bool reload_end_vector8(GByteArray *buf, size_t mark)
{
	return end_vector(buf, mark, 1);
}

bool reload_end_vector16(GByteArray *buf, size_t mark)
{
	return end_vector(buf, mark, 2);
}

bool reload_end_vector32(GByteArray *buf, size_t mark)
{
	return end_vector(buf, mark, 4);
}

void reload_write_node_id(GByteArray *buf, const ReloadNodeId *id)
{
	g_byte_array_append(buf, id->id, id->len);
}

void reload_write_resource_id(GByteArray *buf, const ReloadResourceId *id)
{
	reload_write_vector8(buf, reload_resource_id_span(id));
}

bool reload_write_node_id_list(GByteArray *buf, const ReloadNodeId *ids, size_t count)
{
	size_t mark = reload_begin_vector16(buf);

	for (size_t i = 0; i < count; i++)
		reload_write_node_id(buf, &ids[i]);
	return reload_end_vector16(buf, mark);
}
