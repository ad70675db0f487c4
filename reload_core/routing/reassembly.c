/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each message is a sorted list of pieces that do not overlap; nothing is allocated for a claim,
 * only for bytes that came. */
#include "reload_core/routing/reassembly.h"

/* What a piece and a message cost beside their bytes. */
#define PIECE_COST 64
#define MESSAGE_COST 512

typedef struct {
	uint32_t offset;
	uint32_t len;
	uint8_t *data;
} Piece;

/* What is held for one previous hop. */
typedef struct {
	ReloadNodeId id;
	size_t bytes;
	unsigned messages;
} Hop;

typedef struct {
	GBytes *key;
	Hop *hop; /* who pays for it: whose fragment came first */
	GArray *pieces;
	uint32_t have;	/* bytes in the pieces */
	uint32_t total; /* 0: the last fragment has not come */
	size_t cost;
	int64_t until;	/* ms */
	GBytes *header; /* of the first fragment, or NULL */
	ReloadHeader decoded;
	ReloadNodeId previous_hop;
	GList *place;
} Assembly;

struct ReloadReassembly {
	GHashTable *by_key; /* GBytes* -> Assembly */
	GHashTable *hops;   /* ReloadNodeId* -> Hop, owned */
	GQueue by_age;
	size_t bytes;
};

static void free_piece(gpointer data)
{
	g_free(((Piece *)data)->data);
}

static void assembly_free(gpointer data)
{
	Assembly *assembly = data;

	g_array_unref(assembly->pieces);
	g_clear_pointer(&assembly->header, g_bytes_unref);
	g_bytes_unref(assembly->key);
	g_free(assembly);
}

ReloadReassembly *reload_reassembly_new(void)
{
	ReloadReassembly *r = g_new0(ReloadReassembly, 1);

	r->by_key = g_hash_table_new_full(g_bytes_hash, g_bytes_equal, NULL, assembly_free);
	r->hops =
	    g_hash_table_new_full(reload_node_id_hash, reload_node_id_equal_keys, NULL, g_free);
	g_queue_init(&r->by_age);
	return r;
}

void reload_reassembly_free(ReloadReassembly *r)
{
	if (r == NULL)
		return;
	g_queue_clear(&r->by_age);
	g_hash_table_unref(r->by_key);
	g_hash_table_unref(r->hops);
	g_free(r);
}

/* ---- accounts ---- */

static Hop *hop_of(ReloadReassembly *r, const ReloadNodeId *id)
{
	Hop *hop = g_hash_table_lookup(r->hops, id);

	if (hop == NULL) {
		hop = g_new0(Hop, 1);
		hop->id = *id;
		g_hash_table_insert(r->hops, &hop->id, hop);
	}
	return hop;
}

static void drop_unused(ReloadReassembly *r, Hop *hop)
{
	if (hop->messages == 0)
		g_hash_table_remove(r->hops, &hop->id);
}

static bool charge(ReloadReassembly *r, Assembly *assembly, size_t cost)
{
	if (r->bytes + cost > RELOAD_REASSEMBLY_BYTES ||
	    assembly->hop->bytes + cost > RELOAD_REASSEMBLY_HOP_BYTES)
		return false;
	r->bytes += cost;
	assembly->hop->bytes += cost;
	assembly->cost += cost;
	return true;
}

static void refund(ReloadReassembly *r, Assembly *assembly)
{
	r->bytes -= assembly->cost;
	assembly->hop->bytes -= assembly->cost;
	assembly->cost = 0;
}

static void forget(ReloadReassembly *r, Assembly *assembly)
{
	Hop *hop = assembly->hop;

	refund(r, assembly);
	hop->messages--;
	g_queue_delete_link(&r->by_age, assembly->place);
	g_hash_table_remove(r->by_key, assembly->key);
	drop_unused(r, hop);
}

/* Empties it: the message has begun anew. */
static void restart(ReloadReassembly *r, Assembly *assembly)
{
	refund(r, assembly);
	g_array_set_size(assembly->pieces, 0);
	assembly->have = assembly->total = 0;
	g_clear_pointer(&assembly->header, g_bytes_unref);
	charge(r, assembly, MESSAGE_COST);
}

static Assembly *begin(ReloadReassembly *r, GBytes *key, const ReloadNodeId *previous_hop,
		       int64_t now)
{
	Hop *hop = hop_of(r, previous_hop);
	Assembly *assembly;

	if (g_hash_table_size(r->by_key) >= RELOAD_REASSEMBLY_MESSAGES ||
	    hop->messages >= RELOAD_REASSEMBLY_HOP_MESSAGES) {
		drop_unused(r, hop);
		return NULL;
	}
	assembly = g_new0(Assembly, 1);
	assembly->hop = hop;
	if (!charge(r, assembly, MESSAGE_COST)) {
		drop_unused(r, hop);
		g_free(assembly);
		return NULL;
	}
	hop->messages++;
	assembly->key = g_bytes_ref(key);
	assembly->pieces = g_array_new(FALSE, FALSE, sizeof(Piece));
	g_array_set_clear_func(assembly->pieces, free_piece);
	assembly->until = now + RELOAD_REASSEMBLY_MS;
	g_hash_table_insert(r->by_key, assembly->key, assembly);
	g_queue_push_tail(&r->by_age, assembly);
	assembly->place = g_queue_peek_tail_link(&r->by_age);
	return assembly;
}

/* ---- pieces ---- */

/* Do the bytes at [offset, offset + rest.len) agree with all that we have, and with the end? */
static bool agrees(const Assembly *assembly, uint32_t offset, ReloadSpan rest, bool last)
{
	uint32_t end = offset + (uint32_t)rest.len;

	if (assembly->total != 0 && (end > assembly->total || (last && end != assembly->total)))
		return false;
	for (guint i = 0; i < assembly->pieces->len; i++) {
		const Piece *piece = &g_array_index(assembly->pieces, Piece, i);
		uint32_t from = MAX(offset, piece->offset),
			 to = MIN(end, piece->offset + piece->len);

		if (last && piece->offset + piece->len > end)
			return false;
		if (from < to && memcmp(rest.data + (from - offset),
					piece->data + (from - piece->offset), to - from) != 0)
			return false;
	}
	return true;
}

/* Puts in [from, to) of the fragment as the piece with index i; nobody has these bytes yet. */
static bool insert(ReloadReassembly *r, Assembly *assembly, guint i, uint32_t from, uint32_t to,
		   const uint8_t *data)
{
	Piece piece = {.offset = from, .len = to - from};

	if (assembly->pieces->len >= RELOAD_REASSEMBLY_PIECES_MAX ||
	    !charge(r, assembly, PIECE_COST + piece.len))
		return false;
	piece.data = g_memdup2(data, piece.len);
	g_array_insert_val(assembly->pieces, i, piece);
	assembly->have += piece.len;
	return true;
}

/* Takes what is new of [offset, offset + rest.len). False: no room. */
static bool fill(ReloadReassembly *r, Assembly *assembly, uint32_t offset, ReloadSpan rest)
{
	uint32_t at = offset, end = offset + (uint32_t)rest.len;

	for (guint i = 0; at < end; i++) {
		const Piece *piece =
		    i < assembly->pieces->len ? &g_array_index(assembly->pieces, Piece, i) : NULL;
		uint32_t until = piece != NULL ? MIN(end, piece->offset) : end;

		if (at < until) {
			if (!insert(r, assembly, i, at, until, rest.data + (at - offset)))
				return false;
			at = until;
		} else if (piece != NULL) {
			at = MAX(at, piece->offset + piece->len);
		}
	}
	return true;
}

/* ---- the whole ---- */

static ReloadSpan moved(ReloadSpan span, const uint8_t *from, const uint8_t *to)
{
	return span.len > 0 ? reload_span(to + (span.data - from), span.len)
			    : (ReloadSpan){NULL, 0};
}

/* Keeps the header of the first fragment. */
static bool keep_header(ReloadReassembly *r, Assembly *assembly, const ReloadNodeId *previous_hop,
			ReloadSpan message, const ReloadHeader *header)
{
	size_t size = reload_header_size(header);
	const uint8_t *copy;

	if (assembly->header != NULL)
		return true;
	if (!charge(r, assembly, size))
		return false;
	assembly->header = g_bytes_new(message.data, size);
	copy = g_bytes_get_data(assembly->header, NULL);
	assembly->decoded = *header;
	assembly->decoded.via_list = moved(header->via_list, message.data, copy);
	assembly->decoded.destination_list = moved(header->destination_list, message.data, copy);
	assembly->decoded.options = moved(header->options, message.data, copy);
	assembly->previous_hop = *previous_hop;
	return true;
}

static void complete(ReloadReassembly *r, Assembly *assembly, ReloadAssembled *out)
{
	GByteArray *rest = g_byte_array_sized_new(assembly->total);

	for (guint i = 0; i < assembly->pieces->len; i++) {
		const Piece *piece = &g_array_index(assembly->pieces, Piece, i);

		g_byte_array_append(rest, piece->data, piece->len);
	}
	out->header = assembly->decoded;
	out->header.last_fragment = true;
	out->header.fragment_offset = 0;
	out->header_bytes = g_bytes_ref(assembly->header);
	out->header.length = (uint32_t)g_bytes_get_size(out->header_bytes) + rest->len;
	out->previous_hop = assembly->previous_hop;
	out->rest_bytes = g_byte_array_free_to_bytes(rest);
	out->rest.data = g_bytes_get_data(out->rest_bytes, &out->rest.len);
	forget(r, assembly);
}

void reload_assembled_clear(ReloadAssembled *assembled)
{
	g_clear_pointer(&assembled->header_bytes, g_bytes_unref);
	g_clear_pointer(&assembled->rest_bytes, g_bytes_unref);
}

static GBytes *make_key(uint64_t transaction_id, ReloadSpan source)
{
	GByteArray *key = g_byte_array_sized_new(8 + (guint)source.len);

	reload_write_u64(key, transaction_id);
	reload_write_bytes(key, source);
	return g_byte_array_free_to_bytes(key);
}

ReloadFragmentResult reload_reassembly_add(ReloadReassembly *r, const ReloadNodeId *previous_hop,
					   ReloadSpan source, ReloadSpan message,
					   const ReloadHeader *header, ReloadSpan rest, int64_t now,
					   ReloadAssembled *out)
{
	uint32_t offset = header->fragment_offset;
	Assembly *assembly;
	GBytes *key;

	memset(out, 0, sizeof(*out));
	if (rest.len == 0 || rest.len > RELOAD_REASSEMBLY_MESSAGE_MAX ||
	    offset > RELOAD_REASSEMBLY_MESSAGE_MAX - rest.len)
		return RELOAD_FRAGMENT_DROPPED;
	key = make_key(header->transaction_id, source);
	assembly = g_hash_table_lookup(r->by_key, key);
	if (assembly == NULL)
		assembly = begin(r, key, previous_hop, now);
	g_bytes_unref(key);
	if (assembly == NULL)
		return RELOAD_FRAGMENT_DROPPED;
	if (!agrees(assembly, offset, rest, header->last_fragment))
		restart(r, assembly);
	if (!fill(r, assembly, offset, rest) ||
	    (offset == 0 && !keep_header(r, assembly, previous_hop, message, header))) {
		forget(r, assembly);
		return RELOAD_FRAGMENT_DROPPED;
	}
	if (header->last_fragment)
		assembly->total = offset + (uint32_t)rest.len;
	if (assembly->total == 0 || assembly->have < assembly->total || assembly->header == NULL)
		return RELOAD_FRAGMENT_KEPT;
	complete(r, assembly, out);
	return RELOAD_FRAGMENT_COMPLETE;
}

int64_t reload_reassembly_tick(ReloadReassembly *r, int64_t now, uint64_t *dropped)
{
	Assembly *oldest;

	while ((oldest = g_queue_peek_head(&r->by_age)) != NULL) {
		if (oldest->until > now)
			return oldest->until;
		(*dropped)++;
		forget(r, oldest);
	}
	return INT64_MAX;
}

size_t reload_reassembly_bytes(const ReloadReassembly *r)
{
	return r->bytes;
}

unsigned reload_reassembly_messages(const ReloadReassembly *r)
{
	return g_hash_table_size(r->by_key);
}
