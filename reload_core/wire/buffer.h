/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading and writing the basic encodings: integers in network byte order, bytes, length-prefixed
 * vectors. */
#ifndef RELOAD_WIRE_BUFFER_H
#define RELOAD_WIRE_BUFFER_H

#include "reload_core/wire/status.h"
#include "reload_core/wire/types.h"

/*
 * A cursor over bytes that somebody else owns. Each read either succeeds whole, or sets `failed`
 * and yields zeroes and empty spans from then on; a decoder may therefore read all of its fields
 * and ask once at the end.
 */
typedef struct {
	const uint8_t *p;
	const uint8_t *end;
	bool failed;
} ReloadReader;

/* Starts a cursor at the beginning of span. */
static inline ReloadReader reload_reader(ReloadSpan span)
{
	return (ReloadReader){span.data, span.data == NULL ? span.data : span.data + span.len,
			      false};
}

/* Returns the view of len bytes at data; the bytes stay the caller's. */
static inline ReloadSpan reload_span(const void *data, size_t len)
{
	return (ReloadSpan){data, len};
}

/* Returns the view of the NUL-terminated text, without its NUL. */
static inline ReloadSpan reload_span_text(const char *text)
{
	return (ReloadSpan){(const uint8_t *)text, strlen(text)};
}

/* Tells whether a and b hold the same bytes. */
static inline bool reload_span_equal(ReloadSpan a, ReloadSpan b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Returns how many bytes r has left. */
static inline size_t reload_reader_left(const ReloadReader *r)
{
	return r->failed ? 0 : (size_t)(r->end - r->p);
}

/* Returns RELOAD_OK if nothing failed and every byte was read, else RELOAD_E_MALFORMED: trailing
 * bytes are refused. */
ReloadStatus reload_reader_finish(const ReloadReader *r);

/* Read an unsigned integer in network byte order; 0 and r->failed if the bytes are not there. */
uint8_t reload_read_u8(ReloadReader *r);
uint16_t reload_read_u16(ReloadReader *r);
uint32_t reload_read_u24(ReloadReader *r);
uint32_t reload_read_u32(ReloadReader *r);
uint64_t reload_read_u64(ReloadReader *r);

/* Reads a Boolean: 0 or 1, anything else fails (RFC 6940, 6.3.1.1). */
bool reload_read_bool(ReloadReader *r);

/* Views the next len bytes in *out; false, r->failed and an empty *out if they are not there. */
bool reload_read_span(ReloadReader *r, size_t len, ReloadSpan *out);

/* View the contents of a vector with a length of 8, 16, 24 or 32 bits before it; fail like
 * reload_read_span. */
bool reload_read_vector8(ReloadReader *r, ReloadSpan *out);
bool reload_read_vector16(ReloadReader *r, ReloadSpan *out);
bool reload_read_vector24(ReloadReader *r, ReloadSpan *out);
bool reload_read_vector32(ReloadReader *r, ReloadSpan *out);

/* Copies a Node-ID of exactly len bytes (16..20, else it fails) into *out. */
bool reload_read_node_id(ReloadReader *r, unsigned len, ReloadNodeId *out);

/* Copies a ResourceId (a length byte and its bytes) into *out. RFC 6940, 6.3.1.1. */
bool reload_read_resource_id(ReloadReader *r, ReloadResourceId *out);

/*
 * A list of Node-IDs, `NodeId list<0..2^16-1>`: reload_node_id_list_valid tells whether list is
 * made of whole Node-IDs of len bytes; reload_node_id_next takes the first one off *list, false
 * when there is none left.
 */
bool reload_node_id_list_valid(ReloadSpan list, unsigned len);
bool reload_node_id_next(ReloadSpan *list, unsigned len, ReloadNodeId *out);

/* Append an integer in network byte order to buf. */
void reload_write_u8(GByteArray *buf, uint8_t value);
void reload_write_u16(GByteArray *buf, uint16_t value);
void reload_write_u32(GByteArray *buf, uint32_t value);
void reload_write_u64(GByteArray *buf, uint64_t value);

/* Appends the bytes of span as they are. span may be a part of buf itself only if buf does not grow
 * by it. */
void reload_write_bytes(GByteArray *buf, ReloadSpan span);

/*
 * Append span with a length of 8, 16, 24 or 32 bits before it. False, and buf left as it was, if
 * span is longer than that length can say.
 */
bool reload_write_vector8(GByteArray *buf, ReloadSpan span);
bool reload_write_vector16(GByteArray *buf, ReloadSpan span);
bool reload_write_vector24(GByteArray *buf, ReloadSpan span);
bool reload_write_vector32(GByteArray *buf, ReloadSpan span);

/*
 * Vectors whose length is known only when they are written: begin appends room for the length and
 * returns a mark; what is then appended becomes the contents; end fills in the length. end returns
 * false, and cuts buf off at the mark, if the contents are longer than the length can say. Vectors
 * nest; end them in reverse order.
 */
size_t reload_begin_vector8(GByteArray *buf);
size_t reload_begin_vector16(GByteArray *buf);
size_t reload_begin_vector32(GByteArray *buf);
bool reload_end_vector8(GByteArray *buf, size_t mark);
bool reload_end_vector16(GByteArray *buf, size_t mark);
bool reload_end_vector32(GByteArray *buf, size_t mark);

/* Appends the bytes of id, without a length. */
void reload_write_node_id(GByteArray *buf, const ReloadNodeId *id);

/* Appends id with its length byte. */
void reload_write_resource_id(GByteArray *buf, const ReloadResourceId *id);

/* Appends count Node-IDs as a vector with a length of 16 bits; false if that is too long for it. */
bool reload_write_node_id_list(GByteArray *buf, const ReloadNodeId *ids, size_t count);

/* Copies span into *out; false if span is longer than a Resource-ID may be. */
bool reload_resource_id_from_span(ReloadSpan span, ReloadResourceId *out);

/* Copies span into *out; false if its length is none of a Node-ID (16..20). */
bool reload_node_id_from_span(ReloadSpan span, ReloadNodeId *out);

/* View the bytes of *id, without a length; valid while *id lives. */
static inline ReloadSpan reload_node_id_span(const ReloadNodeId *id)
{
	return (ReloadSpan){id->id, id->len};
}

static inline ReloadSpan reload_resource_id_span(const ReloadResourceId *id)
{
	return (ReloadSpan){id->id, id->len};
}

#endif
