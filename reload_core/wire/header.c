/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forwarding header (RFC 6940, 6.3.2). */
#include "reload_core/wire/header.h"

#include "reload_core/wire/constants.h"
#include "reload_core/wire/list.h"

/* RFC 6940, 6.3.2: bits of `fragment`. */
#define FRAGMENT_ALWAYS 0x80000000U
#define FRAGMENT_LAST 0x40000000U

/* Where fields stand in the header. */
#define OFFSET_TTL 11
#define OFFSET_LENGTH 16

uint32_t reload_overlay_hash(const char *overlay_name)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA1);
	uint8_t digest[20];
	gsize len = sizeof(digest);
	ReloadReader r;

	g_checksum_update(sum, (const guchar *)overlay_name, -1);
	g_checksum_get_digest(sum, digest, &len);
	r = reload_reader(reload_span(digest + len - 4, 4));
	return reload_read_u32(&r);
}

/* Tells whether options is made of whole forwarding options. */
static bool options_valid(ReloadSpan options)
{
	ReloadForwardingOption option;

	while (options.len > 0) {
		if (!reload_forwarding_option_next(&options, &option) || option.type == 0)
			return false;
	}
	return true;
}

/* Reads `fragment`: false if its high bit is 0, as it was in old drafts. */
static bool read_fragment(ReloadReader *r, ReloadHeader *out)
{
	uint32_t fragment = reload_read_u32(r);

	out->last_fragment = (fragment & FRAGMENT_LAST) != 0;
	out->fragment_offset = fragment & RELOAD_FRAGMENT_OFFSET_MAX;
	return (fragment & FRAGMENT_ALWAYS) != 0;
}

ReloadStatus reload_header_decode_start(ReloadSpan start, unsigned node_id_len, ReloadHeader *out,
					ReloadSpan *rest)
{
	ReloadReader r = reload_reader(start);
	size_t via_len, destination_len, options_len;

	memset(out, 0, sizeof(*out));
	*rest = (ReloadSpan){NULL, 0};
	if (reload_read_u32(&r) != RELOAD_TOKEN)
		return r.failed ? RELOAD_E_NOT_FOUND : RELOAD_E_MALFORMED;
	out->overlay = reload_read_u32(&r);
	out->config_sequence = reload_read_u16(&r);
	out->version = reload_read_u8(&r);
	if (!r.failed && out->version != RELOAD_VERSION_1_0)
		return RELOAD_E_VERSION;
	out->ttl = reload_read_u8(&r);
	if (!read_fragment(&r, out) && !r.failed)
		return RELOAD_E_MALFORMED;
	out->length = reload_read_u32(&r);
	out->transaction_id = reload_read_u64(&r);
	out->max_response_length = reload_read_u32(&r);
	via_len = reload_read_u16(&r);
	destination_len = reload_read_u16(&r);
	options_len = reload_read_u16(&r);
	reload_read_span(&r, via_len, &out->via_list);
	reload_read_span(&r, destination_len, &out->destination_list);
	reload_read_span(&r, options_len, &out->options);
	if (r.failed)
		return RELOAD_E_NOT_FOUND;
	if (!reload_destination_list_valid(out->via_list, node_id_len, RELOAD_LIST_VIA) ||
	    !reload_destination_list_valid(out->destination_list, node_id_len,
					   RELOAD_LIST_DESTINATION) ||
	    !options_valid(out->options))
		return RELOAD_E_MALFORMED;
	reload_read_span(&r, reload_reader_left(&r), rest);
	return RELOAD_OK;
}

ReloadStatus reload_header_decode(ReloadSpan message, unsigned node_id_len, ReloadHeader *out,
				  ReloadSpan *rest)
{
	ReloadSpan tail;
	ReloadStatus status =
	    reload_header_decode_start(message, node_id_len, out, rest != NULL ? rest : &tail);

	if (status == RELOAD_E_NOT_FOUND || (status == RELOAD_OK && out->length != message.len))
		return RELOAD_E_MALFORMED;
	return status;
}

/* Tells whether the lists and the offset fit their fields. */
static bool header_fits(const ReloadHeader *h)
{
	return h->via_list.len <= RELOAD_LIST_MAX && h->destination_list.len <= RELOAD_LIST_MAX &&
	       h->options.len <= RELOAD_LIST_MAX &&
	       h->fragment_offset <= RELOAD_FRAGMENT_OFFSET_MAX;
}

ReloadStatus reload_write_header(GByteArray *buf, const ReloadHeader *h)
{
	if (!header_fits(h))
		return RELOAD_E_TOO_LARGE;
	reload_write_u32(buf, RELOAD_TOKEN);
	reload_write_u32(buf, h->overlay);
	reload_write_u16(buf, h->config_sequence);
	reload_write_u8(buf, h->version);
	reload_write_u8(buf, h->ttl);
	reload_write_u32(buf, FRAGMENT_ALWAYS | (h->last_fragment ? FRAGMENT_LAST : 0) |
				  h->fragment_offset);
	reload_write_u32(buf, h->length);
	reload_write_u64(buf, h->transaction_id);
	reload_write_u32(buf, h->max_response_length);
	reload_write_u16(buf, (uint16_t)h->via_list.len);
	reload_write_u16(buf, (uint16_t)h->destination_list.len);
	reload_write_u16(buf, (uint16_t)h->options.len);
	reload_write_bytes(buf, h->via_list);
	reload_write_bytes(buf, h->destination_list);
	reload_write_bytes(buf, h->options);
	return RELOAD_OK;
}

/* Puts the length into the header at p. */
static void set_length(uint8_t *p, uint32_t length)
{
	uint32_t big_endian = GUINT32_TO_BE(length);

	memcpy(p + OFFSET_LENGTH, &big_endian, sizeof(big_endian));
}

void reload_finish_length(GByteArray *buf, size_t start)
{
	set_length(buf->data + start, (uint32_t)(buf->len - start));
}

bool reload_forwarding_option_next(ReloadSpan *options, ReloadForwardingOption *out)
{
	ReloadReader r = reload_reader(*options);

	out->type = reload_read_u8(&r);
	out->flags = reload_read_u8(&r);
	reload_read_vector16(&r, &out->value);
	return reload_list_advance(options, &r);
}

bool reload_write_forwarding_option(GByteArray *buf, const ReloadForwardingOption *option)
{
	size_t start = buf->len;

	reload_write_u8(buf, option->type);
	reload_write_u8(buf, option->flags);
	return reload_write_commit(buf, start, reload_write_vector16(buf, option->value));
}

void reload_write_response_options(GByteArray *buf, ReloadSpan request_options)
{
	ReloadForwardingOption option;

	while (reload_forwarding_option_next(&request_options, &option)) {
		if ((option.flags & RELOAD_FLAG_RESPONSE_COPY) == 0)
			continue;
		option.flags &=
		    (uint8_t) ~(RELOAD_FLAG_RESPONSE_COPY | RELOAD_FLAG_FORWARD_CRITICAL |
				RELOAD_FLAG_DESTINATION_CRITICAL);
		reload_write_forwarding_option(buf, &option);
	}
}

/* Copies span to p and returns where it ends. */
static uint8_t *put(uint8_t *p, ReloadSpan span)
{
	if (span.len > 0)
		memcpy(p, span.data, span.len);
	return p + span.len;
}

/* The message with TTL, via list (one, and behind it another) and destination list replaced. */
static ReloadStatus rewrite(ReloadSpan message, const ReloadHeader *header, ReloadSpan via,
			    ReloadSpan via_entry, ReloadSpan destination_list, GByteArray *out)
{
	size_t via_len = via.len + via_entry.len;
	size_t old_size = reload_header_size(header);
	ReloadSpan rest = reload_span(message.data + old_size, message.len - old_size);
	size_t size =
	    RELOAD_HEADER_FIXED + via_len + destination_list.len + header->options.len + rest.len;
	uint8_t *p;

	if (header->ttl == 0)
		return RELOAD_E_TTL;
	if (via_len > RELOAD_LIST_MAX || destination_list.len > RELOAD_LIST_MAX ||
	    size > UINT32_MAX)
		return RELOAD_E_TOO_LARGE;
	g_byte_array_set_size(out, (guint)size);
	p = put(out->data, reload_span(message.data, RELOAD_HEADER_FIXED - 6));
	out->data[OFFSET_TTL] = (uint8_t)(header->ttl - 1);
	set_length(out->data, (uint32_t)size);
	*p++ = (uint8_t)(via_len >> 8);
	*p++ = (uint8_t)via_len;
	*p++ = (uint8_t)(destination_list.len >> 8);
	*p++ = (uint8_t)destination_list.len;
	*p++ = (uint8_t)(header->options.len >> 8);
	*p++ = (uint8_t)header->options.len;
	p = put(p, via);
	p = put(p, via_entry);
	p = put(p, destination_list);
	p = put(p, header->options);
	put(p, rest);
	return RELOAD_OK;
}

ReloadStatus reload_header_forward(ReloadSpan message, const ReloadHeader *header,
				   ReloadSpan destination_list, const ReloadNodeId *via,
				   GByteArray *out)
{
	uint8_t entry[2 + RELOAD_NODE_ID_MAX];
	ReloadSpan added = {entry, 0};

	if (via != NULL) {
		entry[0] = RELOAD_DESTINATION_NODE;
		entry[1] = via->len;
		memcpy(entry + 2, via->id, via->len);
		added.len = 2 + (size_t)via->len;
	}
	return rewrite(message, header, header->via_list, added, destination_list, out);
}

ReloadStatus reload_header_forward_compressed(ReloadSpan message, const ReloadHeader *header,
					      ReloadSpan destination_list, ReloadSpan via_list,
					      GByteArray *out)
{
	return rewrite(message, header, via_list, (ReloadSpan){NULL, 0}, destination_list, out);
}
