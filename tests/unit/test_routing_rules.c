/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of a message by the rules of RFC 6940, 6.1 to 6.3: one router, messages made by hand. */
#include "reload_core/security/sign.h"
#include "reload_core/wire/ping.h"
#include "tests/unit/routing_kit.h"

static RoutingKit kit;

static void assert_list(ReloadSpan list, const char *expected)
{
	GString *text = g_string_new("");
	ReloadDestination destination;

	while (reload_destination_next(&list, &destination))
		g_string_append_printf(text, "%02x ",
				       destination.type == RELOAD_DESTINATION_NODE
					   ? destination.node_id.id[0]
					   : destination.resource_id.id[0]);
	g_assert_cmpstr(text->str, ==, expected);
	g_string_free(text, TRUE);
}

/* 6.1.1: what is for us is handled, and answered along the way it came. */
static void test_for_us(void)
{
	KitMessage message;
	ReloadMessage answer;
	ReloadNodeId hop;

	routing_kit_setup(&kit);
	kit.document->initial_ttl = 30;
	for (unsigned i = 0; i < 3; i++) {
		message = kit_message_new(&kit, 100 + i);
		message.header.ttl = 0; /* it has arrived: that is enough */
		kit_to_node(message.via, KIT_FAR);
		kit_to_node(message.via, 0x41);
		if (i == 0)
			kit_to_resource(message.destinations, KIT_SELF);
		else
			kit_to_node(message.destinations, i == 1 ? KIT_SELF : 0xff);
		kit_receive(&kit, &message);
		g_assert_cmpuint(kit.handled, ==, i + 1);
		answer = kit_only_sent(&kit, &hop);
		g_assert_cmpuint(hop.id[0], ==, KIT_NEAR);
		g_assert_cmpuint(answer.code, ==, RELOAD_PING_ANS);
		g_assert_cmpuint(answer.header.transaction_id, ==, 100 + i);
		g_assert_cmpuint(answer.header.max_response_length, ==, 0);
		g_assert_cmpuint(answer.header.ttl, ==, 29);
		g_assert_cmpuint(answer.header.via_list.len, ==, 0);
		assert_list(answer.header.destination_list, "20 41 40 ");
		routing_kit_forget_sent(&kit);
	}
	/* The wildcard is never forwarded, whatever follows it. */
	message = kit_message_new(&kit, 200);
	message.header.ttl = 30;
	kit_to_node(message.destinations, 0xff);
	kit_to_node(message.destinations, KIT_LINKED);
	kit_receive(&kit, &message);
	g_assert_cmpuint(kit.handled, ==, 4);
	routing_kit_teardown(&kit);
}

static void assert_dropped(KitMessage *message)
{
	unsigned handled = kit.handled;

	kit_receive(&kit, message);
	g_assert_cmpuint(kit.handled, ==, handled);
	g_assert_cmpuint(kit.sent->len, ==, 0);
}

static void test_silence(void)
{
	ReloadNodeId in_range = {.len = 16, .id = {KIT_SELF, 1}};
	KitMessage message;

	routing_kit_setup(&kit);
	/* 6.1.1: a Node-ID in our range that is not here. */
	message = kit_message_new(&kit, 1);
	reload_write_destination_node(message.destinations, &in_range);
	assert_dropped(&message);
	/* 6.1.3: an opaque ID that we did not make. */
	message = kit_message_new(&kit, 2);
	g_byte_array_append(message.destinations, (const guint8 *)"\x80\x07", 2);
	kit_to_node(message.destinations, KIT_LINKED);
	assert_dropped(&message);
	/* 6.3.4: a signature that does not fit. */
	message = kit_message_new(&kit, 3);
	kit_to_node(message.destinations, KIT_SELF);
	message.forged = true;
	assert_dropped(&message);
	/* 6.3.2: another overlay, another version. */
	message = kit_message_new(&kit, 4);
	kit_to_node(message.destinations, KIT_SELF);
	message.header.overlay ^= 1;
	assert_dropped(&message);
	message = kit_message_new(&kit, 5);
	kit_to_node(message.destinations, KIT_SELF);
	message.header.version = 0x01;
	assert_dropped(&message);
	/* nor is what is of another overlay passed on */
	message = kit_message_new(&kit, 7);
	kit_to_node(message.destinations, KIT_LINKED);
	message.header.overlay ^= 1;
	assert_dropped(&message);
	/* 6.3.2.2: a Resource-ID that does not stand last. */
	message = kit_message_new(&kit, 6);
	kit_to_resource(message.destinations, KIT_SELF);
	kit_to_node(message.destinations, KIT_LINKED);
	assert_dropped(&message);
	routing_kit_teardown(&kit);
}

/* 6.1.2: the list without us, the previous hop in the via list, one TTL less; everything else as it was. */
static void test_forward(void)
{
	KitMessage message;
	ReloadMessage forwarded;
	ReloadNodeId hop;

	routing_kit_setup(&kit);
	message = kit_message_new(&kit, 1);
	kit_to_node(message.via, KIT_FAR);
	kit_to_node(message.destinations, KIT_SELF);
	kit_to_node(message.destinations, KIT_LINKED);
	kit_to_resource(message.destinations, 0x90);
	kit_option(&message, 0);
	kit_receive(&kit, &message);
	forwarded = kit_only_sent(&kit, &hop);
	g_assert_cmpuint(kit.handled, ==, 0);
	g_assert_cmpuint(hop.id[0], ==, KIT_LINKED); /* the link, not the topology's choice */
	g_assert_cmpuint(forwarded.header.ttl, ==, 49);
	g_assert_cmpuint(forwarded.header.options.len, ==, 8);
	assert_list(forwarded.header.destination_list, "30 90 ");
	assert_list(forwarded.header.via_list, "40 20 ");
	g_assert_cmpint(reload_verify_message(kit.trust, &forwarded, kit.now, NULL, &hop), ==,
			RELOAD_OK);
	g_assert_cmpuint(hop.id[0], ==, KIT_FAR);
	routing_kit_forget_sent(&kit);
	/* Somebody else's range: where the topology says. */
	message = kit_message_new(&kit, 2);
	kit_to_resource(message.destinations, 0x90);
	kit_receive(&kit, &message);
	kit_only_sent(&kit, &hop);
	g_assert_cmpuint(hop.id[0], ==, KIT_NEAR);
	routing_kit_forget_sent(&kit);
	/* An answer goes by its destination list; it collects no via list. */
	message = kit_message_new(&kit, 3);
	message.code = RELOAD_PING_ANS;
	kit_to_node(message.destinations, KIT_SELF);
	kit_to_node(message.destinations, KIT_LINKED);
	kit_receive(&kit, &message);
	forwarded = kit_only_sent(&kit, &hop);
	g_assert_cmpuint(forwarded.header.via_list.len, ==, 0);
	assert_list(forwarded.header.destination_list, "30 ");
	routing_kit_teardown(&kit);
}

static void receive_simple(uint64_t id, uint8_t node, uint8_t ttl, int flags)
{
	KitMessage message = kit_message_new(&kit, id);

	message.header.ttl = ttl;
	kit_to_node(message.destinations, node);
	if (flags >= 0)
		kit_option(&message, (uint8_t)flags);
	kit_receive(&kit, &message);
}

/* 6.3.2 */
static void test_ttl(void)
{
	KitMessage message;

	routing_kit_setup(&kit);
	receive_simple(1, KIT_LINKED, 0, -1);
	kit_assert_error(&kit, RELOAD_ERROR_TTL_EXCEEDED);
	receive_simple(2, KIT_LINKED, 101, -1);
	kit_assert_error(&kit, RELOAD_ERROR_TTL_EXCEEDED);
	receive_simple(3, KIT_SELF, 101, -1);
	kit_assert_error(&kit, RELOAD_ERROR_TTL_EXCEEDED);
	g_assert_cmpuint(kit.handled, ==, 0);
	receive_simple(4, KIT_LINKED, 100, -1);
	g_assert_cmpuint(kit.sent->len, ==, 1);
	routing_kit_forget_sent(&kit);
	/* Never an Error about an answer. */
	message = kit_message_new(&kit, 5);
	message.code = RELOAD_PING_ANS;
	message.header.ttl = 0;
	kit_to_node(message.destinations, KIT_LINKED);
	assert_dropped(&message);
	routing_kit_teardown(&kit);
}

/* 6.3.2.3 */
static void test_options(void)
{
	ReloadForwardingOption option;
	ReloadMessage answer;
	ReloadSpan options;
	ReloadNodeId hop;

	routing_kit_setup(&kit);
	receive_simple(1, KIT_LINKED, 50, RELOAD_FLAG_FORWARD_CRITICAL);
	kit_assert_error(&kit, RELOAD_ERROR_UNSUPPORTED_FORWARDING_OPTION);
	receive_simple(2, KIT_LINKED, 50, RELOAD_FLAG_DESTINATION_CRITICAL);
	kit_only_sent(&kit, &hop);
	g_assert_cmpuint(hop.id[0], ==, KIT_LINKED);
	routing_kit_forget_sent(&kit);
	receive_simple(3, KIT_SELF, 50, RELOAD_FLAG_DESTINATION_CRITICAL);
	kit_assert_error(&kit, RELOAD_ERROR_UNSUPPORTED_FORWARDING_OPTION);
	g_assert_cmpuint(kit.handled, ==, 0);
	receive_simple(4, KIT_SELF, 50, RELOAD_FLAG_RESPONSE_COPY | RELOAD_FLAG_FORWARD_CRITICAL);
	g_assert_cmpuint(kit.handled, ==, 1);
	answer = kit_only_sent(&kit, &hop);
	options = answer.header.options;
	g_assert_true(reload_forwarding_option_next(&options, &option));
	g_assert_cmpuint(option.type, ==, 0x77);
	g_assert_cmpuint(option.flags, ==, 0);
	g_assert_cmpuint(option.value.len, ==, 4);
	g_assert_false(reload_forwarding_option_next(&options, &option));
	routing_kit_teardown(&kit);
}

/* 6.3.3 */
static void test_extensions(void)
{
	routing_kit_setup(&kit);
	for (unsigned critical = 0; critical < 2; critical++) {
		KitMessage message = kit_message_new(&kit, 1 + critical);

		kit_to_node(message.destinations, KIT_SELF);
		kit_extension(&message, critical);
		kit_receive(&kit, &message);
		g_assert_cmpuint(kit.handled, ==, 1);
		if (critical)
			kit_assert_error(&kit, RELOAD_ERROR_UNKNOWN_EXTENSION);
		routing_kit_forget_sent(&kit);
	}
	routing_kit_teardown(&kit);
}

static void receive_sequence(uint64_t id, uint16_t sequence, uint16_t code)
{
	KitMessage message = kit_message_new(&kit, id);

	message.header.config_sequence = sequence;
	message.code = code;
	kit_to_node(message.destinations, KIT_SELF);
	kit_receive(&kit, &message);
}

typedef struct {
	unsigned count;
	ReloadStatus status;
	ReloadNodeId from;
} Reply;

static void originate(GByteArray *list, Reply *reply);
static uint64_t last_id(void);

/* 6.3.2.1; the document's sequence is 1. */
static void test_sequence(void)
{
	routing_kit_setup(&kit);
	receive_sequence(1, 0, RELOAD_PING_REQ);
	kit_assert_error(&kit, RELOAD_ERROR_CONFIG_TOO_OLD);
	g_assert_cmpuint(kit.outdated, ==, 1);
	receive_sequence(2, 65534, RELOAD_PING_REQ);
	kit_assert_error(&kit, RELOAD_ERROR_CONFIG_TOO_OLD);
	receive_sequence(3, 2, RELOAD_PING_REQ);
	kit_assert_error(&kit, RELOAD_ERROR_CONFIG_TOO_NEW);
	g_assert_cmpuint(kit.outdated, ==, 2);
	receive_sequence(4, RELOAD_CONFIG_SEQUENCE_ANY, RELOAD_PING_REQ);
	g_assert_cmpuint(kit.handled, ==, 0);
	routing_kit_forget_sent(&kit);
	receive_sequence(5, RELOAD_CONFIG_SEQUENCE_ANY, RELOAD_CONFIG_UPDATE_REQ);
	g_assert_cmpuint(kit.handled, ==, 1);
	/* 6.5.4: an answer by one who has an older document. */
	for (unsigned older = 0; older < 2; older++) {
		GByteArray *list = g_byte_array_new();
		KitMessage message;
		Reply reply;

		kit_to_node(list, KIT_FAR);
		originate(list, &reply);
		message = kit_message_new(&kit, last_id());
		message.code = RELOAD_PING_ANS;
		message.header.config_sequence = older ? 0 : 1;
		kit_to_node(message.destinations, KIT_SELF);
		kit_receive(&kit, &message);
		g_assert_cmpuint(reply.count, ==, 1);
		g_assert_cmpuint(kit.outdated, ==, 2 + older);
	}
	routing_kit_teardown(&kit);
}

/* 6.3.2: an answer of n bytes is given to who admits n, and to nobody who admits less. */
static void test_response_length(void)
{
	uint32_t length = 0;

	routing_kit_setup(&kit);
	kit.body_size = 1000;
	for (unsigned i = 0; i < 2; i++) {
		KitMessage message = kit_message_new(&kit, 1 + i);
		ReloadNodeId hop;

		kit_to_node(message.destinations, KIT_SELF);
		/* A signature's length varies by a few bytes. */
		message.header.max_response_length = length == 0 ? 5000 : length - 100;
		kit_receive(&kit, &message);
		if (i == 0) {
			length = kit_only_sent(&kit, &hop).header.length;
			g_assert_cmpuint(length, >, 1000);
			routing_kit_forget_sent(&kit);
		} else {
			kit_assert_error(&kit, RELOAD_ERROR_RESPONSE_TOO_LARGE);
		}
	}
	routing_kit_teardown(&kit);
}

/* 6.2.1: the same request again gets the same answer and is not performed twice, for 15 s. */
static void test_repetition(void)
{
	GByteArray *frame = g_byte_array_new(), *contents = g_byte_array_new();
	ReloadNodeId near = pki_node_id(KIT_NEAR), hop;
	ReloadHeader header;
	GByteArray *list = g_byte_array_new();
	GByteArray *first = g_byte_array_new();
	ReloadMessage answer;

	routing_kit_setup(&kit);
	kit_to_node(list, KIT_SELF);
	header = (ReloadHeader){
	    .overlay = kit.document->overlay_hash,
	    .config_sequence = 1,
	    .version = RELOAD_VERSION_1_0,
	    .ttl = 50,
	    .last_fragment = true,
	    .transaction_id = 77,
	    .destination_list = reload_span(list->data, list->len),
	};
	reload_write_header(frame, &header);
	reload_write_contents(contents, RELOAD_STORE_REQ, (ReloadSpan){0}, (ReloadSpan){0});
	g_byte_array_append(frame, contents->data, contents->len);
	reload_sign_message(kit.far, header.overlay, 77, reload_span(contents->data, contents->len),
			    NULL, frame);
	reload_finish_length(frame, 0);
	for (unsigned i = 0; i < 3; i++) {
		kit.now = PKI_NOW + (i == 2 ? 15001 : 7000 * (int64_t)i);
		reload_router_receive(kit.router, &near, reload_span(frame->data, frame->len), kit.now);
		answer = kit_only_sent(&kit, &hop);
		if (i == 0)
			g_byte_array_append(first, answer.body.data, (guint)answer.body.len);
		g_assert_cmpuint(kit.handled, ==, i < 2 ? 1 : 2);
		g_assert_true((memcmp(first->data, answer.body.data, first->len) == 0) == (i < 2));
		routing_kit_forget_sent(&kit);
	}
	routing_kit_teardown(&kit);
	g_byte_array_unref(first);
	g_byte_array_unref(list);
	g_byte_array_unref(contents);
	g_byte_array_unref(frame);
}

/* ---- requests of our own ---- */

static void on_reply(void *data, ReloadStatus status, const ReloadMessage *answer,
		     const ReloadNodeId *from, int64_t now)
{
	Reply *reply = data;

	(void)answer;
	(void)now;
	reply->count++;
	reply->status = status;
	if (from)
		reply->from = *from;
}

static void originate_with(GByteArray *list, bool any_origin, Reply *reply)
{
	ReloadOrigination request = {.destination_list = reload_span(list->data, list->len),
				     .code = RELOAD_PING_REQ,
				     .any_origin = any_origin};
	GByteArray *body = g_byte_array_new();
	ReloadPingReq ping = {0};

	reload_write_ping_req(body, &ping);
	request.body = reload_span(body->data, body->len);
	*reply = (Reply){0};
	g_assert_cmpint(reload_router_request(kit.router, &request, on_reply, reply, kit.now, NULL), ==,
			RELOAD_OK);
	g_byte_array_unref(body);
	g_byte_array_unref(list);
}

static void originate(GByteArray *list, Reply *reply)
{
	originate_with(list, false, reply);
}

/* 6.2.1: five transmissions with one transaction ID, a timer after each; then it has failed. */
static void test_retransmission(void)
{
	GByteArray *list = g_byte_array_new();
	uint64_t id = 0;
	Reply reply;

	routing_kit_setup(&kit);
	kit.document->overlay_reliability_timer = 700;
	kit.document->initial_ttl = 30;
	kit_to_node(list, KIT_LINKED);
	originate(list, &reply);
	g_assert_cmpuint(g_array_index(kit.sent, KitSent, 0).hop.id[0], ==, KIT_LINKED);
	for (unsigned i = 1; i <= 5; i++) {
		ReloadMessage message;

		g_assert_cmpuint(kit.sent->len, ==, i);
		g_assert_cmpuint(reply.count, ==, 0);
		reload_message_decode(pki_span(g_array_index(kit.sent, KitSent, i - 1).bytes), 16,
				      &message);
		if (i == 1)
			id = message.header.transaction_id;
		g_assert_cmpmem(&id, sizeof(id), kit.random, sizeof(kit.random));
		g_assert_cmpuint(message.header.transaction_id, ==, id);
		g_assert_cmpuint(message.header.ttl, ==, 29); /* initial-ttl, less one just before it is sent */
		reload_router_tick(kit.router, kit.now + kit.document->overlay_reliability_timer - 1);
		g_assert_cmpuint(kit.sent->len, ==, i);
		kit.now += kit.document->overlay_reliability_timer;
		reload_router_tick(kit.router, kit.now);
	}
	g_assert_cmpuint(kit.sent->len, ==, 5);
	g_assert_cmpuint(reply.count, ==, 1);
	g_assert_cmpint(reply.status, ==, RELOAD_E_TIMEOUT);
	routing_kit_teardown(&kit);
}

static void answer_by(ReloadIdentity *signer, uint64_t id, uint16_t code)
{
	KitMessage message = kit_message_new(&kit, id);

	message.code = code;
	message.signer = signer;
	kit_to_node(message.destinations, KIT_SELF);
	kit_receive(&kit, &message);
}

static uint64_t last_id(void)
{
	ReloadMessage message;

	reload_message_decode(pki_span(g_array_index(kit.sent, KitSent, kit.sent->len - 1).bytes), 16,
			      &message);
	return message.header.transaction_id;
}

/* 6.3.4: who may answer. */
static void test_origin(void)
{
	ReloadIdentity *other;
	GByteArray *list = g_byte_array_new();
	Reply reply;

	routing_kit_setup(&kit);
	other = pki_identity(&kit.pki, RELOAD_KEY_P256, 0x50, "other@" PKI_OVERLAY);
	/* A Node-ID: that node alone, with the answer that fits. */
	kit_to_node(list, KIT_FAR);
	originate(list, &reply);
	g_assert_cmpuint(g_array_index(kit.sent, KitSent, 0).hop.id[0], ==, KIT_NEAR);
	answer_by(other, last_id(), RELOAD_PING_ANS);
	g_assert_cmpuint(reply.count, ==, 0);
	answer_by(kit.far, last_id() + 1, RELOAD_PING_ANS);
	g_assert_cmpuint(reply.count, ==, 0);
	answer_by(kit.far, last_id(), RELOAD_STORE_ANS);
	g_assert_cmpuint(reply.count, ==, 0);
	answer_by(kit.far, last_id(), RELOAD_PING_ANS);
	g_assert_cmpuint(reply.count, ==, 1);
	g_assert_cmpint(reply.status, ==, RELOAD_OK);
	g_assert_cmpuint(reply.from.id[0], ==, KIT_FAR);
	/* A Resource-ID: whoever may be responsible for it. */
	list = g_byte_array_new();
	kit_to_resource(list, 0x90);
	originate(list, &reply);
	kit.plausible = false;
	answer_by(other, last_id(), RELOAD_PING_ANS);
	g_assert_cmpuint(reply.count, ==, 0);
	kit.plausible = true;
	answer_by(other, last_id(), RELOAD_PING_ANS);
	g_assert_cmpuint(reply.count, ==, 1);
	/* 10.7.4.4: in another partition somebody else is. A Node-ID is still that node's alone. */
	list = g_byte_array_new();
	kit_to_resource(list, 0x90);
	originate_with(list, true, &reply);
	kit.plausible = false;
	answer_by(other, last_id(), RELOAD_PING_ANS);
	g_assert_cmpuint(reply.count, ==, 1);
	list = g_byte_array_new();
	kit_to_node(list, KIT_FAR);
	originate_with(list, true, &reply);
	answer_by(other, last_id(), RELOAD_PING_ANS);
	g_assert_cmpuint(reply.count, ==, 0);
	reload_identity_unref(other);
	routing_kit_teardown(&kit);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/routing/rules/for-us", test_for_us);
	g_test_add_func("/routing/rules/silence", test_silence);
	g_test_add_func("/routing/rules/forward", test_forward);
	g_test_add_func("/routing/rules/ttl", test_ttl);
	g_test_add_func("/routing/rules/options", test_options);
	g_test_add_func("/routing/rules/extensions", test_extensions);
	g_test_add_func("/routing/rules/sequence", test_sequence);
	g_test_add_func("/routing/rules/response-length", test_response_length);
	g_test_add_func("/routing/rules/repetition", test_repetition);
	g_test_add_func("/routing/rules/retransmission", test_retransmission);
	g_test_add_func("/routing/rules/origin", test_origin);
	return g_test_run();
}
