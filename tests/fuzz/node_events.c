/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The events in the made-up world around a node. */
#include "reload_core/config/document_sign.h"
#include "reload_core/wire/config_update.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/kinds.h"
#include "tests/fuzz/node_world_private.h"

/* In a message: its overlay and its length. */
#define OVERLAY_AT 4
#define LENGTH_AT 16
#define TOO_LARGE (1024 * 1024)

GBytes *node_world_document(const Pki *pki, const char *extra, const ReloadIdentity *signer,
			    int sequence)
{
	char *text =
	    pki_document_text(pki->ca, "instance-name=\"" PKI_OVERLAY "\" sequence=\"1\"", extra);
	GBytes *bytes = g_bytes_new_take(text, strlen(text)), *done;
	GError *error = NULL;

	done = reload_document_sign(bytes, "fuzz", NULL, signer, sequence, -1, &error);
	g_assert_no_error(error);
	g_bytes_unref(bytes);
	return done;
}

/* ---- links ---- */

/* The neighbor's link, or NULL. */
static WorldLink *link_of(NodeWorld *world, unsigned who)
{
	for (guint i = 0; i < world->links->len; i++) {
		WorldLink *link = &g_array_index(world->links, WorldLink, i);

		if (!link->app && link->up && link->who == who)
			return link;
	}
	return NULL;
}

void node_world_up(NodeWorld *world, unsigned who)
{
	ReloadLinkId id = 0;
	bool outgoing = false;

	for (guint i = 0; i < world->links->len && id == 0; i++) {
		WorldLink *link = &g_array_index(world->links, WorldLink, i);

		if (!link->app && !link->up) {
			id = link->id;
			outgoing = link->up = true;
			link->who = who;
		}
	}
	if (id == 0) {
		WorldLink link = {.id = ++world->next_link, .up = true, .who = who};

		if (world->links->len >= WORLD_LINKS_MAX)
			return;
		id = link.id;
		g_array_append_val(world->links, link);
	}
	reload_node_link_up(world->node, id, node_world_certificate(who), outgoing, world->now);
}

static void down(NodeWorld *world, unsigned who)
{
	WorldLink *link = link_of(world, who);
	ReloadLinkId id;

	for (guint i = 0; i < world->links->len && link == NULL; i++) {
		WorldLink *opening = &g_array_index(world->links, WorldLink, i);

		if (!opening->app && !opening->up)
			link = opening;
	}
	if (link == NULL)
		return;
	id = link->id;
	node_world_forget_link(world, id);
	reload_node_link_down(world->node, id, RELOAD_E_UNREACHABLE, world->now);
}

static void app(NodeWorld *world, unsigned who, uint8_t what)
{
	ReloadLinkId id = 0;

	if (what % 4 == 0) {
		reload_node_app_attach(world->node,
				       reload_certificate_node_id(node_world_certificate(who)),
				       WORLD_APPLICATION, 1000 * (what >> 2), world->now);
		return;
	}
	for (guint i = 0; i < world->links->len && id == 0; i++) {
		WorldLink *link = &g_array_index(world->links, WorldLink, i);

		if (link->app && link->up == (what % 4 == 3)) {
			id = link->id;
			link->up = true;
		}
	}
	if (id == 0)
		return;
	if (what % 4 == 1) {
		reload_node_app_up(world->node, id, world->now);
	} else if (what % 8 == 3) {
		reload_node_app_close(world->node, id, world->now);
	} else {
		node_world_forget_link(world, id);
		reload_node_app_down(world->node, id, RELOAD_E_TIMEOUT, world->now);
	}
}

/* ---- messages ---- */

static void receive(NodeWorld *world, unsigned who, GByteArray *message)
{
	WorldLink *link = link_of(world, who);

	if (link != NULL)
		reload_node_receive(world->node, link->id, reload_span(message->data, message->len),
				    world->now);
}

/* 0..3: this node, the wildcard, a Resource-ID that is ours, another one; from 4: a neighbor. */
static void write_destination(NodeWorld *world, GByteArray *list, uint8_t what)
{
	ReloadNodeId wildcard = {.len = 16};
	ReloadResourceId resource = {.len = 16, .id = {what}};
	ReloadDestination destination = reload_destination_resource(&resource);

	memset(wildcard.id, 0xff, 16);
	switch (what % 8) {
	case 0:
	case 5:
		reload_write_destination_node(list, reload_identity_node_id(world->self));
		break;
	case 1:
		reload_write_destination_node(list, &wildcard);
		break;
	case 2:
		destination.resource_id.id[0] = 0x0f;
		G_GNUC_FALLTHROUGH;
	case 3:
		g_assert_true(reload_write_destination(list, &destination));
		break;
	case 6:
		reload_resource_id_from_name(world->document, "user1@" PKI_OVERLAY,
					     strlen("user1@" PKI_OVERLAY), &resource);
		destination = reload_destination_resource(&resource);
		g_assert_true(reload_write_destination(list, &destination));
		break;
	default:
		reload_write_destination_node(
		    list, reload_certificate_node_id(node_world_certificate(what / 8)));
		break;
	}
}

/* Appends contents and a security block that names signer (signatures.c). */
static void write_rest(GByteArray *out, uint16_t code, ReloadSpan body, uint8_t signer)
{
	const uint8_t value[2] = {signer, 1};
	const uint8_t hash[32] = {signer};
	ReloadSignature signature = {
	    .hash_alg = RELOAD_HASH_SHA256,
	    .signature_alg = RELOAD_SIGNATURE_ECDSA,
	    .identity = {.type = RELOAD_SIGNER_CERT_HASH,
			 .hash_alg = RELOAD_HASH_SHA256,
			 .hash = reload_span(hash, sizeof(hash))},
	    .value = reload_span(value, sizeof(value)),
	};

	g_assert_true(reload_write_contents(out, code, body, (ReloadSpan){0}));
	g_assert_true(reload_write_security_block(out, (ReloadSpan){0}, &signature));
}

static void put_u32(uint8_t *at, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void receive_part(NodeWorld *world, unsigned who, const ReloadHeader *header,
			 ReloadSpan payload)
{
	GByteArray *out = g_byte_array_new();

	if (reload_write_header(out, header) == RELOAD_OK) {
		reload_write_bytes(out, payload);
		reload_finish_length(out, 0);
		receive(world, who, out);
	}
	g_byte_array_unref(out);
}

/* The start of a message that is larger than the overlay allows; as the driver does, the link is
 * then closed. */
static void receive_start(NodeWorld *world, unsigned who, const ReloadHeader *header,
			  ReloadSpan payload)
{
	WorldLink *link = link_of(world, who);
	GByteArray *out = g_byte_array_new();
	ReloadLinkId id;

	if (link != NULL && reload_write_header(out, header) == RELOAD_OK) {
		id = link->id;
		reload_write_bytes(out, payload);
		put_u32(out->data + LENGTH_AT, TOO_LARGE);
		if (reload_node_receive_too_large(world->node, id, reload_span(out->data, out->len),
						  world->now) != RELOAD_E_NOT_FOUND &&
		    node_world_link(world, id) != NULL) {
			node_world_forget_link(world, id);
			reload_node_link_down(world->node, id, RELOAD_E_TOO_LARGE, world->now);
		}
	}
	g_byte_array_unref(out);
}

typedef struct {
	uint8_t flags, where, signer, code;
	ReloadSpan body;
} Message;

static void send(NodeWorld *world, unsigned who, const Message *m)
{
	GByteArray *list = g_byte_array_new(), *via = g_byte_array_new(),
		   *rest = g_byte_array_new();
	ReloadHeader header = {
	    .overlay = world->document->overlay_hash,
	    .config_sequence = (uint16_t)(world->document->sequence + (m->flags >> 6 == 3)),
	    .version = RELOAD_VERSION_1_0,
	    .ttl = (uint8_t)(m->flags & 0x20 ? m->signer : 50),
	    .last_fragment = true,
	    /* With 0x20 the same message comes twice. */
	    .transaction_id = (uint64_t)(m->flags & 0x20 ? 0 : ++world->messages) << 40 |
			      (uint64_t)m->flags << 32 | (uint64_t)m->where << 8 | m->signer,
	};

	if (m->flags & 0x10)
		reload_write_destination_node(
		    via, reload_certificate_node_id(node_world_certificate(m->signer)));
	write_destination(world, list, m->where);
	header.via_list = reload_span(via->data, via->len);
	header.destination_list = reload_span(list->data, list->len);
	write_rest(rest, m->code == 0 ? 0xffff : m->code, m->body, m->signer);
	switch (m->flags >> 6) {
	case 1: /* in two fragments */
		header.last_fragment = false;
		receive_part(world, who, &header, reload_span(rest->data, rest->len / 2));
		header.last_fragment = true;
		header.fragment_offset = rest->len / 2;
		receive_part(world, who, &header,
			     reload_span(rest->data + rest->len / 2, rest->len - rest->len / 2));
		break;
	case 2:
		receive_start(world, who, &header, reload_span(rest->data, rest->len));
		break;
	default:
		receive_part(world, who, &header, reload_span(rest->data, rest->len));
		break;
	}
	g_byte_array_unref(rest);
	g_byte_array_unref(list);
	g_byte_array_unref(via);
}

static void message(NodeWorld *world, unsigned who, uint8_t flags, ReloadReader *input)
{
	Message m = {.flags = flags};

	m.where = reload_read_u8(input);
	m.signer = reload_read_u8(input);
	m.code = reload_read_u8(input);
	if (!reload_read_vector16(input, &m.body))
		m.body = (ReloadSpan){0};
	if (m.body.len == 0)
		m.body = node_world_sample(m.code == 0 ? 0xffff : m.code, m.signer, m.flags >> 4);
	send(world, who, &m);
}

static void config(NodeWorld *world, unsigned who, uint8_t flags, uint8_t signer)
{
	ReloadConfigUpdateReq request = {.type = RELOAD_CONFIG_UPDATE_CONFIG,
					 .data = pki_span(world->newer)};
	GByteArray *body = g_byte_array_new();
	Message m = {.flags = flags, .signer = signer, .code = RELOAD_CONFIG_UPDATE_REQ};

	g_assert_true(reload_write_config_update_req(body, &request));
	m.body = reload_span(body->data, body->len);
	send(world, who, &m);
	g_byte_array_unref(body);
}

/* Kinds beside the document. */
static void kind(NodeWorld *world, unsigned who, uint8_t flags, ReloadReader *input)
{
	ReloadConfigUpdateReq request = {.type = RELOAD_CONFIG_UPDATE_KIND};
	Message m = {.flags = flags, .code = RELOAD_CONFIG_UPDATE_REQ};
	GByteArray *body, *list;
	GString *text;
	ReloadSpan short_text;

	m.signer = reload_read_u8(input);
	if (!reload_read_vector16(input, &short_text))
		return;
	body = g_byte_array_new();
	list = g_byte_array_new();
	text = kinds_written_out(short_text, world->signature);
	if (reload_write_kind_description(list, reload_span_text(text->str))) {
		request.data = reload_span(list->data, list->len);
		g_assert_true(reload_write_config_update_req(body, &request));
		m.body = reload_span(body->data, body->len);
		send(world, who, &m);
	}
	g_string_free(text, TRUE);
	g_byte_array_unref(list);
	g_byte_array_unref(body);
}

static void frame(NodeWorld *world, unsigned who, ReloadReader *input)
{
	GByteArray *out = g_byte_array_new();
	ReloadSpan bytes;

	if (reload_read_vector16(input, &bytes)) {
		reload_write_bytes(out, bytes);
		if (out->len >= LENGTH_AT + 4) {
			put_u32(out->data + OVERLAY_AT, world->document->overlay_hash);
			put_u32(out->data + LENGTH_AT, out->len);
		}
		receive(world, who, out);
	}
	g_byte_array_unref(out);
}

/* Answers one of the node's latest messages, the last one first. */
static void answer(NodeWorld *world, unsigned who, ReloadReader *input)
{
	uint8_t which = reload_read_u8(input), signer = reload_read_u8(input),
		code = reload_read_u8(input);
	GByteArray *list, *out;
	ReloadSpan body, rest, sent;
	ReloadHeader header;
	uint16_t asked;

	if (!reload_read_vector16(input, &body) || world->sent->len == 0)
		return;
	sent.data = g_bytes_get_data(
	    g_ptr_array_index(world->sent, world->sent->len - 1 - which % world->sent->len),
	    &sent.len);
	if (reload_header_decode(sent, 16, &header, &rest) != RELOAD_OK || rest.len < 2)
		return;
	asked = (uint16_t)(rest.data[0] << 8 | rest.data[1]);
	if (code < 2 && body.len == 0)
		body = node_world_sample(code == 0 ? (uint16_t)(asked + 1) : 0xffff, signer,
					 which >> 5);
	list = g_byte_array_new();
	out = g_byte_array_new();
	reload_write_destination_node(list, reload_identity_node_id(world->self));
	header.via_list = (ReloadSpan){0};
	header.options = (ReloadSpan){0};
	header.destination_list = reload_span(list->data, list->len);
	header.last_fragment = true;
	header.fragment_offset = 0;
	g_assert_cmpint(reload_write_header(out, &header), ==, RELOAD_OK);
	write_rest(out,
		   code == 0   ? (uint16_t)(asked + 1)
		   : code == 1 ? 0xffff
			       : code,
		   body, signer);
	reload_finish_length(out, 0);
	receive(world, who, out);
	g_byte_array_unref(list);
	g_byte_array_unref(out);
}

static void echo(NodeWorld *world, unsigned who, uint8_t which)
{
	GByteArray *out;
	gsize size;
	const uint8_t *bytes;

	if (world->sent->len == 0)
		return;
	bytes = g_bytes_get_data(g_ptr_array_index(world->sent, which % world->sent->len), &size);
	out = g_byte_array_new();
	g_byte_array_append(out, bytes, (guint)size);
	receive(world, who, out);
	g_byte_array_unref(out);
}

/* ---- the operator ---- */

static void document(NodeWorld *world, uint8_t flags)
{
	static const char kind[] =
	    "<kind-block><kind id=\"4026531860\"><data-model>ARRAY</data-model><access-control>"
	    "USER-MATCH</access-control><max-count>3</max-count><max-size>90</max-size></kind>$"
	    "</kind-block>";
	GString *text;

	if (!(flags & 0x10)) {
		reload_node_set_document(world->node, world->newer_document, world->now);
		return;
	}
	text = kinds_written_out(reload_span_text(kind), world->signature);
	reload_node_add_kinds(world->node, reload_span_text(text->str), "file", world->now, NULL);
	g_string_free(text, TRUE);
}

/* ---- the node's own requests ---- */

static void on_reply(void *data, ReloadStatus status, const ReloadMessage *message,
		     const ReloadNodeId *from, int64_t now)
{
	NodeWorld *world = data;

	(void)from;
	FUZZ_CHECK((status == RELOAD_OK) <= (message != NULL));
	FUZZ_CHECK(now >= world->now - 1);
	FUZZ_CHECK(world->replies > 0);
	world->replies--;
}

static void request(NodeWorld *world, unsigned who, ReloadReader *input)
{
	uint8_t where = reload_read_u8(input), code = reload_read_u8(input);
	ReloadNodeId id = *reload_certificate_node_id(node_world_certificate(who));
	ReloadDestination destination = reload_destination_node(&id);
	ReloadResourceId resource = {.len = 16, .id = {where}};
	ReloadRequest what = {.destinations = &destination, .destination_count = 1};

	if (where & 1)
		destination = reload_destination_resource(&resource);
	what.code = (uint16_t)(code | 1);
	if (!reload_read_vector16(input, &what.body))
		return;
	world->replies++;
	if (reload_node_request(world->node, &what, on_reply, world, world->now) == 0)
		world->replies--;
}

/* What neighbors say; false: the event is none of these. */
static bool said(NodeWorld *world, uint8_t what, unsigned who, ReloadReader *input)
{
	switch ((NodeWorldEvent)(what & 15)) {
	case NODE_WORLD_MESSAGE:
		message(world, who, what, input);
		return true;
	case NODE_WORLD_FRAME:
		frame(world, who, input);
		return true;
	case NODE_WORLD_ANSWER:
		answer(world, who, input);
		return true;
	case NODE_WORLD_ECHO:
		echo(world, who, reload_read_u8(input));
		return true;
	case NODE_WORLD_CONFIG:
		config(world, who, what, reload_read_u8(input));
		return true;
	case NODE_WORLD_KIND:
		kind(world, who, what, input);
		return true;
	default:
		return false;
	}
}

static void failing(NodeWorld *world, unsigned who, bool failing)
{
	WorldLink *link = link_of(world, who);

	if (link != NULL)
		reload_node_link_failing(world->node, link->id, failing, world->now);
}

void node_world_event(NodeWorld *world, ReloadReader *input)
{
	uint8_t what = reload_read_u8(input), who = reload_read_u8(input) % NODE_WORLD_OTHERS;

	if (said(world, what, who, input))
		return;
	switch ((NodeWorldEvent)(what & 15)) {
	case NODE_WORLD_UP:
		node_world_up(world, who);
		break;
	case NODE_WORLD_DOWN:
		down(world, who);
		break;
	case NODE_WORLD_FAILING:
		failing(world, who, what & 16);
		break;
	case NODE_WORLD_TIME:
		node_world_pass(world, INT64_C(10) << (reload_read_u8(input) % 18));
		break;
	case NODE_WORLD_APP:
		app(world, who, reload_read_u8(input));
		break;
	case NODE_WORLD_REQUEST:
		request(world, who, input);
		break;
	case NODE_WORLD_LEAVE:
		reload_node_leave(world->node, 2000, world->now);
		break;
	case NODE_WORLD_USE:
		node_world_use(world, who, reload_read_u8(input));
		break;
	case NODE_WORLD_DOCUMENT:
		document(world, what);
		break;
	default: /* NODE_WORLD_CLIENT */
		break;
	}
}
