/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/routing_kit.h"

#include "reload_core/security/sign.h"
#include "reload_core/wire/error.h"
#include "reload_core/wire/find.h"

static bool linked(void *user, const ReloadNodeId *id)
{
	(void)user;
	return id->id[1] == id->id[0] && (id->id[0] == KIT_NEAR || id->id[0] == KIT_LINKED);
}

static ReloadRoute next_hop(void *user, ReloadSpan id, bool is_resource, const ReloadNodeId *except,
			    ReloadNodeId *hop)
{
	(void)user;
	(void)except;
	if (id.data[0] == KIT_NOWHERE)
		return RELOAD_ROUTE_NONE;
	if (id.data[0] == KIT_SELF)
		return is_resource ? RELOAD_ROUTE_SELF : RELOAD_ROUTE_NONE;
	*hop = pki_node_id(KIT_NEAR);
	return RELOAD_ROUTE_HOP;
}

static bool plausible(void *user, ReloadSpan resource_id, const ReloadNodeId *node)
{
	RoutingKit *kit = user;

	(void)resource_id;
	(void)node;
	return kit->plausible;
}

static ReloadStatus send(void *user, const ReloadNodeId *hop, ReloadSpan message)
{
	RoutingKit *kit = user;
	KitSent sent = {*hop, g_bytes_new(message.data, message.len)};

	g_array_append_val(kit->sent, sent);
	return RELOAD_OK;
}

static void handle(void *user, const ReloadIncoming *request, ReloadOutcome *outcome, int64_t now)
{
	RoutingKit *kit = user;

	(void)request;
	(void)now;
	kit->handled++;
	g_byte_array_set_size(outcome->body, (guint)kit->body_size);
	memset(outcome->body->data, (int)kit->handled, kit->body_size);
}

static void outdated(void *user, const ReloadNodeId *node, ReloadSpan destination_list, int64_t now)
{
	RoutingKit *kit = user;

	(void)node;
	(void)destination_list;
	(void)now;
	kit->outdated++;
}

static bool unknown_kinds(void *user, uint64_t request, const ReloadNodeId *node,
			  ReloadSpan destination_list, ReloadSpan kinds, int64_t now)
{
	RoutingKit *kit = user;
	uint32_t kind;

	(void)node;
	(void)destination_list;
	(void)now;
	kit->unknown_kinds++;
	kit->untold = request;
	g_array_set_size(kit->kinds, 0);
	while (reload_kind_next(&kinds, &kind))
		g_array_append_val(kit->kinds, kind);
	return kit->tells_kinds;
}

static void fill_random(void *user, uint8_t *out, size_t len)
{
	RoutingKit *kit = user;

	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)g_random_int();
	if (len == sizeof(kit->random))
		memcpy(kit->random, out, len);
}

static void clear_sent(gpointer data)
{
	g_bytes_unref(((KitSent *)data)->bytes);
}

void routing_kit_setup(RoutingKit *kit)
{
	ReloadRouterHost host = {
	    .user = kit,
	    .linked = linked,
	    .next_hop = next_hop,
	    .plausible = plausible,
	    .send = send,
	    .handle = handle,
	    .outdated = outdated,
	    .random = fill_random,
	    .unknown_kinds = unknown_kinds,
	};

	*kit = (RoutingKit){.now = PKI_NOW, .plausible = true, .body_size = 8};
	pki_init(&kit->pki);
	kit->document = pki_document(&kit->pki, "");
	kit->trust = pki_trust(&kit->pki);
	kit->self = pki_identity(&kit->pki, RELOAD_KEY_P256, KIT_SELF, "self@" PKI_OVERLAY);
	kit->far = pki_identity(&kit->pki, RELOAD_KEY_P256, KIT_FAR, "far@" PKI_OVERLAY);
	kit->kinds = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	kit->sent = g_array_new(FALSE, FALSE, sizeof(KitSent));
	g_array_set_clear_func(kit->sent, clear_sent);
	kit->router = reload_router_new(&host, kit->document, kit->trust, kit->self);
}

void routing_kit_teardown(RoutingKit *kit)
{
	reload_router_free(kit->router);
	g_array_unref(kit->sent);
	g_array_unref(kit->kinds);
	reload_identity_unref(kit->far);
	reload_identity_unref(kit->self);
	reload_trust_unref(kit->trust);
	reload_document_unref(kit->document);
	pki_clear(&kit->pki);
}

void routing_kit_forget_sent(RoutingKit *kit)
{
	g_array_set_size(kit->sent, 0);
}

KitMessage kit_message_new(RoutingKit *kit, uint64_t id)
{
	return (KitMessage){
	    .header =
		{
		    .overlay = kit->document->overlay_hash,
		    .config_sequence = kit->document->sequence,
		    .version = RELOAD_VERSION_1_0,
		    .ttl = 50,
		    .last_fragment = true,
		    .transaction_id = id,
		},
	    .destinations = g_byte_array_new(),
	    .via = g_byte_array_new(),
	    .options = g_byte_array_new(),
	    .extensions = g_byte_array_new(),
	    .code = RELOAD_PING_REQ,
	    .signer = kit->far,
	};
}

void kit_to_node(GByteArray *list, uint8_t fill)
{
	ReloadNodeId id = pki_node_id(fill);

	reload_write_destination_node(list, &id);
}

void kit_to_resource(GByteArray *list, uint8_t first)
{
	ReloadResourceId id = {.len = 16, .id = {first, 0x55}};
	ReloadDestination destination = reload_destination_resource(&id);

	g_assert_true(reload_write_destination(list, &destination));
}

void kit_option(KitMessage *message, uint8_t flags)
{
	ReloadForwardingOption option = {
	    .type = 0x77, .flags = flags, .value = reload_span_text("what")};

	g_assert_true(reload_write_forwarding_option(message->options, &option));
}

void kit_extension(KitMessage *message, bool critical)
{
	ReloadExtension extension = {
	    .type = 0x7777, .critical = critical, .contents = reload_span_text("what")};

	g_assert_true(reload_write_extension(message->extensions, &extension));
}

static ReloadSpan span_of(const GByteArray *array)
{
	return reload_span(array->data, array->len);
}

void kit_receive(RoutingKit *kit, KitMessage *message)
{
	ReloadNodeId near = pki_node_id(KIT_NEAR);
	GByteArray *frame = g_byte_array_new(), *contents = g_byte_array_new();

	message->header.destination_list = span_of(message->destinations);
	message->header.via_list = span_of(message->via);
	message->header.options = span_of(message->options);
	g_assert_cmpint(reload_write_header(frame, &message->header), ==, RELOAD_OK);
	g_assert_true(reload_write_contents(contents, message->code, message->body,
					    span_of(message->extensions)));
	g_byte_array_append(frame, contents->data, contents->len);
	g_assert_cmpint(reload_sign_message(message->signer, message->header.overlay,
					    message->header.transaction_id, span_of(contents), NULL,
					    frame),
			==, RELOAD_OK);
	if (message->forged)
		frame->data[frame->len - 1] ^= 1;
	reload_finish_length(frame, 0);
	reload_router_receive(kit->router, &near, span_of(frame), kit->now);
	g_byte_array_unref(contents);
	g_byte_array_unref(frame);
	g_byte_array_unref(message->destinations);
	g_byte_array_unref(message->via);
	g_byte_array_unref(message->options);
	g_byte_array_unref(message->extensions);
}

ReloadMessage kit_only_sent(RoutingKit *kit, ReloadNodeId *hop)
{
	KitSent *sent = &g_array_index(kit->sent, KitSent, 0);
	ReloadMessage message;

	g_assert_cmpuint(kit->sent->len, ==, 1);
	g_assert_cmpint(reload_message_decode(pki_span(sent->bytes), 16, &message), ==, RELOAD_OK);
	*hop = sent->hop;
	return message;
}

void kit_assert_error(RoutingKit *kit, uint16_t code)
{
	ReloadNodeId hop;
	ReloadMessage message = kit_only_sent(kit, &hop);
	ReloadErrorResponse error;

	g_assert_cmpuint(hop.id[0], ==, KIT_NEAR);
	g_assert_cmpuint(message.code, ==, RELOAD_ERROR);
	g_assert_cmpint(reload_error_decode(message.body, &error), ==, RELOAD_OK);
	g_assert_cmpuint(error.error_code, ==, code);
	g_assert_cmpuint(error.error_info.len, >, 0);
	routing_kit_forget_sent(kit);
}
