/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forwarding header (RFC 6940, 6.3.2), all that a node reads of a message which it passes on.
 */
#ifndef RELOAD_WIRE_HEADER_H
#define RELOAD_WIRE_HEADER_H

#include "reload_core/wire/destination.h"

/* The header without its three lists. */
#define RELOAD_HEADER_FIXED 38
/* Each list is measured by 16 bits. */
#define RELOAD_LIST_MAX 65535
/* The fragment offset has 24 bits. */
#define RELOAD_FRAGMENT_OFFSET_MAX 0xffffffU

typedef struct {
	uint32_t overlay; /* reload_overlay_hash() of the overlay's name */
	uint16_t config_sequence;
	uint8_t version; /* RELOAD_VERSION_1_0 */
	uint8_t ttl;
	bool last_fragment;	  /* true for a whole message */
	uint32_t fragment_offset; /* bytes between the header's end and this fragment's data; 0 for
				     a whole message */
	uint32_t length;	  /* bytes of this message or fragment, header included */
	uint64_t transaction_id;
	uint32_t max_response_length; /* bytes; 0: no limit */
	ReloadSpan via_list;
	ReloadSpan destination_list;
	ReloadSpan options;
} ReloadHeader;

/* One forwarding option (RFC 6940, 6.3.2.3). */
typedef struct {
	uint8_t type;
	uint8_t flags; /* RELOAD_FLAG_* */
	ReloadSpan value;
} ReloadForwardingOption;

/* Returns the low-order 32 bits of the SHA-1 of the overlay's name: the `overlay` field (RFC
 * 6940, 6.3.2). */
uint32_t reload_overlay_hash(const char *overlay_name);

/*
 * Decodes the header of one whole frame payload and validates its lists and options; *rest (NULL:
 * not wanted) views what follows it. Views point into message; nothing is allocated. Node-IDs must
 * have node_id_len bytes (0: any of 16..20). RELOAD_E_VERSION: another version; RELOAD_E_MALFORMED:
 * anything else, also where the length field is not message.len, the high bit of `fragment` is 0, a
 * Resource-ID stands in the via list or not last in the destination list, or the destination list
 * is empty. Overlay and TTL are left for the caller to judge.
 */
ReloadStatus reload_header_decode(ReloadSpan message, unsigned node_id_len, ReloadHeader *out,
				  ReloadSpan *rest);

/*
 * Decodes the header of a message of which only the first bytes are there, as far as a message of another length
 * lets one; *rest views what of its contents has come. Errors as above, and RELOAD_E_NOT_FOUND: more bytes are
 * needed.
 */
ReloadStatus reload_header_decode_start(ReloadSpan start, unsigned node_id_len, ReloadHeader *out,
					ReloadSpan *rest);

/* Tells whether the message is whole: the last fragment at offset 0. */
static inline bool reload_header_is_whole(const ReloadHeader *h)
{
	return h->last_fragment && h->fragment_offset == 0;
}

/* Returns how many bytes the header takes. */
static inline size_t reload_header_size(const ReloadHeader *h)
{
	return RELOAD_HEADER_FIXED + h->via_list.len + h->destination_list.len + h->options.len;
}

/*
 * Appends the header with its lists, as they are. RELOAD_E_TOO_LARGE, and nothing appended, if a
 * list is longer than RELOAD_LIST_MAX or the offset too large. For a header whose length is not
 * known yet, see reload_finish_length.
 */
ReloadStatus reload_write_header(GByteArray *buf, const ReloadHeader *header);

/* Sets the length field of the message that starts at offset start of buf to all that follows,
 * itself included. */
void reload_finish_length(GByteArray *buf, size_t start);

/* Takes the first option off *options into *out; false when none is left. */
bool reload_forwarding_option_next(ReloadSpan *options, ReloadForwardingOption *out);

/* Appends an option; false if its value is longer than 65535 bytes. */
bool reload_write_forwarding_option(GByteArray *buf, const ReloadForwardingOption *option);

/*
 * Makes the options of a response from those of its request: the ones with RESPONSE_COPY, that flag
 * and the CRITICAL flags cleared (RFC 6940, 6.3.2.3). Appends to buf.
 */
void reload_write_response_options(GByteArray *buf, ReloadSpan request_options);

/*
 * Makes the message that a forwarding node passes on (RFC 6940, 6.1.2), in place of what out holds:
 * as message, whose decoded header is header, with the TTL decremented, destination_list (the rest
 * of the received one, or any valid list) for its destination list, the Node-ID via (NULL: nothing)
 * appended to its via list, and the length made right. Nothing is allocated if out was as large
 * before. RELOAD_E_TTL: the TTL is 0 already; RELOAD_E_TOO_LARGE: a list or the message gets too
 * long; out is left alone.
 */
ReloadStatus reload_header_forward(ReloadSpan message, const ReloadHeader *header,
				   ReloadSpan destination_list, const ReloadNodeId *via,
				   GByteArray *out);

/* The same with via_list in place of the received via list (RFC 6940, 6.1.2: list compression). */
ReloadStatus reload_header_forward_compressed(ReloadSpan message, const ReloadHeader *header,
					      ReloadSpan destination_list, ReloadSpan via_list,
					      GByteArray *out);

#endif
