/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Destinations and lists of them (RFC 6940, 6.3.2.2). */
#include "reload_core/wire/destination.h"
#include "reload_core/wire/list.h"

/* First bit 1: no TLV but a bare 16-bit opaque ID. */
#define BARE_BIT 0x80

ReloadDestination reload_destination_node(const ReloadNodeId *id)
{
	return (ReloadDestination){.type = RELOAD_DESTINATION_NODE, .node_id = *id};
}

ReloadDestination reload_destination_resource(const ReloadResourceId *id)
{
	return (ReloadDestination){.type = RELOAD_DESTINATION_RESOURCE, .resource_id = *id};
}

ReloadDestination reload_destination_opaque(ReloadSpan bytes)
{
	return (ReloadDestination){.type = RELOAD_DESTINATION_OPAQUE, .opaque = bytes};
}

/* Reads DestinationData that fills data exactly. */
static bool read_destination_data(ReloadSpan data, unsigned node_id_len, ReloadDestination *out)
{
	ReloadReader r = reload_reader(data);

	switch (out->type) {
	case 0:
		return false;
	case RELOAD_DESTINATION_NODE:
		if (node_id_len != 0 && data.len != node_id_len)
			return false;
		return reload_node_id_from_span(data, &out->node_id);
	case RELOAD_DESTINATION_RESOURCE:
		reload_read_resource_id(&r, &out->resource_id);
		return reload_reader_finish(&r) == RELOAD_OK;
	case RELOAD_DESTINATION_OPAQUE:
		reload_read_vector8(&r, &out->opaque);
		return reload_reader_finish(&r) == RELOAD_OK;
	default: /* "allows an implementation ... to skip over it" */
		out->opaque = data;
		return true;
	}
}

bool reload_read_destination(ReloadReader *r, unsigned node_id_len, ReloadDestination *out)
{
	const uint8_t *start = r->p;
	ReloadSpan data;

	out->type = 0;
	out->bare = false;
	out->raw = (ReloadSpan){NULL, 0};
	if (reload_reader_left(r) > 0 && (*r->p & BARE_BIT) != 0) {
		out->type = RELOAD_DESTINATION_OPAQUE;
		out->bare = true;
		reload_read_span(r, 2, &out->opaque);
	} else {
		out->type = reload_read_u8(r);
		if (reload_read_vector8(r, &data) && !read_destination_data(data, node_id_len, out))
			r->failed = true;
	}
	if (!r->failed)
		out->raw = reload_span(start, (size_t)(r->p - start));
	return !r->failed;
}

bool reload_destination_next(ReloadSpan *list, ReloadDestination *out)
{
	ReloadReader r = reload_reader(*list);

	if (list->len == 0)
		return false;
	reload_read_destination(&r, 0, out);
	return reload_list_advance(list, &r);
}

/*
 * Moves past one entry of a valid list without decoding it; the entry's bytes are *entry. The long
 * lists of hostile messages are walked by this, hence no copying of IDs.
 */
static bool skip_destination(ReloadSpan *list, ReloadSpan *entry)
{
	ReloadReader r = reload_reader(*list);

	if (list->len == 0)
		return false;
	if ((*r.p & BARE_BIT) != 0)
		reload_read_span(&r, 2, entry);
	else
		reload_read_span(&r, list->len > 1 ? 2 + (size_t)r.p[1] : 2, entry);
	return reload_list_advance(list, &r);
}

bool reload_destination_list_valid(ReloadSpan list, unsigned node_id_len, ReloadListUse use)
{
	ReloadReader r = reload_reader(list);
	ReloadDestination d;

	if (use == RELOAD_LIST_DESTINATION && list.len == 0)
		return false;
	while (reload_reader_left(&r) > 0) {
		if (!reload_read_destination(&r, node_id_len, &d))
			return false;
		if (d.type != RELOAD_DESTINATION_RESOURCE)
			continue;
		/* "MUST appear only in the final location of a Destination List and MUST NOT
		 * appear in a Via List" */
		if (use == RELOAD_LIST_VIA || reload_reader_left(&r) > 0)
			return false;
	}
	return true;
}

size_t reload_destination_list_count(ReloadSpan list)
{
	ReloadSpan entry;
	size_t count = 0;

	while (skip_destination(&list, &entry))
		count++;
	return count;
}

bool reload_destination_list_last(ReloadSpan list, ReloadDestination *out)
{
	ReloadSpan entry = {NULL, 0};

	while (skip_destination(&list, &entry))
		;
	return reload_destination_next(&entry, out);
}

/* Appends a TLV whose data is itself a vector with an 8-bit length; false if it is too long. */
static bool write_nested(GByteArray *buf, uint8_t type, ReloadSpan data)
{
	if (data.len > UINT8_MAX - 1)
		return false;
	reload_write_u8(buf, type);
	reload_write_u8(buf, (uint8_t)(data.len + 1));
	return reload_write_vector8(buf, data);
}

/* Appends an opaque destination, bare only if it has the form for it. */
static bool write_opaque(GByteArray *buf, const ReloadDestination *d)
{
	if (!d->bare)
		return write_nested(buf, RELOAD_DESTINATION_OPAQUE, d->opaque);
	if (d->opaque.len != 2 || (d->opaque.data[0] & BARE_BIT) == 0)
		return false;
	reload_write_bytes(buf, d->opaque);
	return true;
}

bool reload_write_destination(GByteArray *buf, const ReloadDestination *d)
{
	size_t start = buf->len;

	switch (d->type) {
	case RELOAD_DESTINATION_NODE:
		reload_write_destination_node(buf, &d->node_id);
		return true;
	case RELOAD_DESTINATION_RESOURCE:
		return reload_write_destination_resource(buf, &d->resource_id);
	case RELOAD_DESTINATION_OPAQUE:
		return write_opaque(buf, d);
	default:
		if (d->type == 0 || d->type >= BARE_BIT)
			return false;
		reload_write_u8(buf, d->type);
		return reload_write_commit(buf, start, reload_write_vector8(buf, d->opaque));
	}
}

void reload_write_destination_node(GByteArray *buf, const ReloadNodeId *id)
{
	reload_write_u8(buf, RELOAD_DESTINATION_NODE);
	reload_write_u8(buf, id->len);
	reload_write_node_id(buf, id);
}

bool reload_write_destination_resource(GByteArray *buf, const ReloadResourceId *id)
{
	return write_nested(buf, RELOAD_DESTINATION_RESOURCE, reload_resource_id_span(id));
}

void reload_write_reversed_list(GByteArray *buf, ReloadSpan list)
{
	size_t start = buf->len, left = list.len;
	ReloadSpan entry;

	g_byte_array_set_size(buf, (guint)(start + list.len));
	while (skip_destination(&list, &entry)) {
		left -= entry.len;
		memcpy(buf->data + start + left, entry.data, entry.len);
	}
	if (left > 0) /* no valid list */
		g_byte_array_set_size(buf, (guint)start);
}
