/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request that is answered Error_Unknown_Kind waits until the Kind was told, and is sent once
 * more (RFC 6940, 7.4.1.2). */
#include "reload_core/security/sign.h"
#include "reload_core/wire/error.h"
#include "tests/unit/routing_kit.h"

#define KIND 0xf0000100u

static RoutingKit kit;

typedef struct {
	unsigned count;
	ReloadStatus status;
	uint16_t error;
} Reply;

static void on_reply(void *data, ReloadStatus status, const ReloadMessage *answer,
		     const ReloadNodeId *from, int64_t now)
{
	Reply *reply = data;
	ReloadErrorResponse error;

	(void)from;
	(void)now;
	reply->count++;
	reply->status = status;
	if (answer && reload_error_decode(answer->body, &error) == RELOAD_OK)
		reply->error = error.error_code;
}

/* Sends a request to KIT_LINKED, or a data request to a resource. */
static uint64_t originate(uint16_t code, Reply *reply)
{
	GByteArray *list = g_byte_array_new();
	ReloadOrigination request = {
	    .code = code, .signer = kit.far, .body = reload_span_text("as it was")};
	uint64_t id = 0;

	kit_to_resource(list, KIT_LINKED);
	request.destination_list = reload_span(list->data, list->len);
	*reply = (Reply){0};
	g_assert_cmpint(reload_router_request(kit.router, &request, on_reply, reply, kit.now, &id),
			==, RELOAD_OK);
	g_byte_array_unref(list);
	return id;
}

static ReloadMessage last_sent(void)
{
	ReloadMessage message;
	KitSent *sent = &g_array_index(kit.sent, KitSent, kit.sent->len - 1);

	g_assert_cmpint(reload_message_decode(pki_span(sent->bytes), 16, &message), ==, RELOAD_OK);
	return message;
}

static void answer_error(uint64_t id, uint16_t code)
{
	uint32_t kinds[] = {KIND, KIND + 1};
	KitMessage message = kit_message_new(&kit, id);
	ReloadErrorResponse error = {.error_code = code};
	GByteArray *info = g_byte_array_new(), *body = g_byte_array_new();

	reload_write_unknown_kinds(info, kinds, 2);
	error.error_info = reload_span(info->data, info->len);
	reload_write_error(body, &error);
	message.code = RELOAD_ERROR;
	message.body = reload_span(body->data, body->len);
	kit_to_node(message.destinations, KIT_SELF);
	kit_receive(&kit, &message);
	g_byte_array_unref(info);
	g_byte_array_unref(body);
}

static void answer_well(uint64_t id, uint16_t code)
{
	KitMessage message = kit_message_new(&kit, id);

	message.code = code;
	kit_to_node(message.destinations, KIT_SELF);
	kit_receive(&kit, &message);
}

static void setup(void)
{
	routing_kit_setup(&kit);
	kit.tells_kinds = true;
}

static void test_repeated(void)
{
	ReloadNodeId near = pki_node_id(KIT_NEAR);
	ReloadMessage message;
	uint64_t id, wire;
	Reply reply;

	setup();
	id = originate(RELOAD_STORE_REQ, &reply);
	wire = last_sent().header.transaction_id;
	answer_error(wire, RELOAD_ERROR_UNKNOWN_KIND);
	g_assert_cmpuint(kit.unknown_kinds, ==, 1);
	g_assert_cmpuint(kit.untold, ==, id);
	g_assert_cmpuint(kit.kinds->len, ==, 2);
	g_assert_cmpuint(g_array_index(kit.kinds, uint32_t, 1), ==, KIND + 1);
	g_assert_cmpuint(reply.count, ==, 0);
	/* it waits: nothing is sent meanwhile, not even when its link goes */
	kit.now += kit.document->overlay_reliability_timer;
	reload_router_hop_lost(kit.router, &near, kit.now);
	reload_router_tick(kit.router, kit.now);
	g_assert_cmpuint(kit.sent->len, ==, 1);
	answer_error(wire, RELOAD_ERROR_UNKNOWN_KIND); /* a duplicate */
	g_assert_cmpuint(kit.unknown_kinds, ==, 1);
	reload_router_repeat(kit.router, id, true, kit.now);
	g_assert_cmpuint(kit.sent->len, ==, 2);
	message = last_sent();
	/* the answer to the first is kept there for repetitions */
	g_assert_cmpuint(message.header.transaction_id, !=, wire);
	g_assert_cmpuint(message.code, ==, RELOAD_STORE_REQ);
	g_assert_cmpmem(message.body.data, message.body.len, "as it was", 9);
	g_assert_cmpint(
	    reload_verify_message(kit.trust, &message, kit.now, NULL, &(ReloadNodeId){0}), ==,
	    RELOAD_OK);
	answer_well(message.header.transaction_id, RELOAD_STORE_ANS);
	g_assert_cmpuint(reply.count, ==, 1);
	g_assert_cmpint(reply.status, ==, RELOAD_OK);
	g_assert_cmpuint(reload_router_open(kit.router), ==, 0);
	reload_router_repeat(kit.router, id, true, kit.now); /* nobody waits any more */
	g_assert_cmpuint(kit.sent->len, ==, 2);
	routing_kit_teardown(&kit);
}

/* Whoever says so again is not told again: no loop. */
static void test_once(void)
{
	Reply reply;
	uint64_t id;

	setup();
	id = originate(RELOAD_FETCH_REQ, &reply);
	answer_error(last_sent().header.transaction_id, RELOAD_ERROR_UNKNOWN_KIND);
	reload_router_repeat(kit.router, id, true, kit.now);
	reload_router_repeat(kit.router, id, true, kit.now); /* once */
	g_assert_cmpuint(kit.sent->len, ==, 2);
	answer_error(last_sent().header.transaction_id, RELOAD_ERROR_UNKNOWN_KIND);
	g_assert_cmpuint(kit.unknown_kinds, ==, 1);
	g_assert_cmpuint(reply.count, ==, 1);
	g_assert_cmpint(reply.status, ==, RELOAD_E_REMOTE);
	g_assert_cmpuint(reply.error, ==, RELOAD_ERROR_UNKNOWN_KIND);
	routing_kit_teardown(&kit);
}

/* Where nothing can be told, or it is no such Error, or no request for data. */
static void test_not_repeated(void)
{
	Reply reply;

	setup();
	kit.tells_kinds = false;
	originate(RELOAD_STAT_REQ, &reply);
	answer_error(last_sent().header.transaction_id, RELOAD_ERROR_UNKNOWN_KIND);
	g_assert_cmpuint(kit.unknown_kinds, ==, 1);
	g_assert_cmpuint(reply.error, ==, RELOAD_ERROR_UNKNOWN_KIND);
	originate(RELOAD_STORE_REQ, &reply);
	answer_error(last_sent().header.transaction_id, RELOAD_ERROR_FORBIDDEN);
	g_assert_cmpuint(reply.error, ==, RELOAD_ERROR_FORBIDDEN);
	originate(RELOAD_CONFIG_UPDATE_REQ, &reply);
	answer_error(last_sent().header.transaction_id, RELOAD_ERROR_UNKNOWN_KIND);
	g_assert_cmpuint(reply.error, ==, RELOAD_ERROR_UNKNOWN_KIND);
	g_assert_cmpuint(kit.unknown_kinds, ==, 1);
	routing_kit_teardown(&kit);
}

/* What could not be told, or not in time, ends the request. */
static void test_given_up(void)
{
	Reply reply;
	uint64_t id;

	setup();
	id = originate(RELOAD_FIND_REQ, &reply);
	answer_error(last_sent().header.transaction_id, RELOAD_ERROR_UNKNOWN_KIND);
	reload_router_repeat(kit.router, id, false, kit.now);
	g_assert_cmpuint(reply.count, ==, 0); /* never before it returns */
	reload_router_tick(kit.router, kit.now);
	g_assert_cmpint(reply.status, ==, RELOAD_E_UNKNOWN_KIND);
	id = originate(RELOAD_STORE_REQ, &reply);
	answer_error(last_sent().header.transaction_id, RELOAD_ERROR_UNKNOWN_KIND);
	kit.now += 5 * kit.document->overlay_reliability_timer;
	reload_router_tick(kit.router, kit.now);
	g_assert_cmpint(reply.status, ==, RELOAD_E_UNKNOWN_KIND);
	g_assert_cmpuint(reload_router_open(kit.router), ==, 0);
	routing_kit_teardown(&kit);
}

/* It is cancelled by the id that its owner knows, while it waits and afterwards. */
static void test_cancelled(void)
{
	Reply reply;
	uint64_t id;

	setup();
	for (unsigned i = 0; i < 2; i++) {
		id = originate(RELOAD_STORE_REQ, &reply);
		answer_error(last_sent().header.transaction_id, RELOAD_ERROR_UNKNOWN_KIND);
		if (i == 1)
			reload_router_repeat(kit.router, id, true, kit.now);
		reload_router_cancel(kit.router, id);
		g_assert_cmpuint(reload_router_open(kit.router), ==, 0);
		reload_router_repeat(kit.router, id, true, kit.now);
		kit.now += 6 * kit.document->overlay_reliability_timer;
		reload_router_tick(kit.router, kit.now);
		g_assert_cmpuint(reply.count, ==, 0);
	}
	g_assert_cmpuint(kit.sent->len, ==, 3);
	routing_kit_teardown(&kit);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/routing/kinds/repeated", test_repeated);
	g_test_add_func("/routing/kinds/once", test_once);
	g_test_add_func("/routing/kinds/not-repeated", test_not_repeated);
	g_test_add_func("/routing/kinds/given-up", test_given_up);
	g_test_add_func("/routing/kinds/cancelled", test_cancelled);
	return g_test_run();
}
