/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has an old document is sent ours (RFC 6940, 6.3.2.1 and 6.5.4): along the way its request came, and not too
 * often. */
#include "reload_core/peer/node_private.h"
#include "reload_core/wire/error.h"
#include "reload_core/wire/ping.h"
#include "tests/sim/rogue.h"

#define NODES 5
#define OLD 4
#define NEW 2

/* ConfigUpdates of node NEW. */
typedef struct {
	uint64_t last;	       /* transaction ID */
	unsigned pushes, sent; /* without and with retransmissions */
	unsigned arrived;      /* at node OLD */
	unsigned answers;      /* to node NEW */
} Pushes;

static void see_push(void *data, SimNode *from, SimNode *to, ReloadSpan bytes)
{
	Pushes *pushes = data;
	ReloadMessage message;

	g_assert_cmpint(reload_message_decode(bytes, 16, &message), ==, RELOAD_OK);
	if (to->index == NEW && pushes->last != 0 && message.header.transaction_id == pushes->last)
		pushes->answers++;
	if (message.code != RELOAD_CONFIG_UPDATE_REQ)
		return;
	pushes->arrived += to->index == OLD;
	if (from->index != NEW)
		return;
	pushes->sent++;
	pushes->pushes += message.header.transaction_id != pushes->last;
	pushes->last = message.header.transaction_id;
}

/* Node OLD sends a Ping with an old sequence number along these nodes; what comes of it in ms. */
static Pushes pushes_of(Sim *sim, const unsigned *route, unsigned count, int64_t ms)
{
	GByteArray *list = g_byte_array_new(), *body = g_byte_array_new(), *frame;
	RogueMessage message = {.code = RELOAD_PING_REQ, .sequence_set = true};
	Pushes pushes = {0};
	RogueSigner old;

	rogue_signer_of(sim_node(sim, OLD), &old);
	reload_write_ping_req(body, &(ReloadPingReq){0});
	for (unsigned i = 0; i < count; i++)
		reload_write_destination_node(list, &sim_node(sim, route[i])->id);
	message.signer = &old;
	message.body = reload_span(body->data, body->len);
	message.destinations = reload_span(list->data, list->len);
	frame = rogue_write(sim, &message, NULL);
	sim_watch(sim, see_push, &pushes);
	g_assert_true(sim_inject(sim, OLD, route[0], reload_span(frame->data, frame->len)));
	sim_run(sim, ms);
	sim_watch(sim, NULL, NULL);
	g_byte_array_unref(frame);
	g_byte_array_unref(body);
	g_byte_array_unref(list);
	rogue_signer_clear(&old);
	return pushes;
}

/* At most every 30 s to one node. */
static void test_interval(void)
{
	Sim *sim = sim_new("push-interval", NODES, 1);
	const unsigned route[] = {NEW};

	rogue_form(sim);
	g_assert_cmpuint(pushes_of(sim, route, 1, SIM_SECOND).pushes, ==, 1);
	g_assert_cmpuint(pushes_of(sim, route, 1, 28 * SIM_SECOND).pushes, ==, 0);
	g_assert_cmpuint(pushes_of(sim, route, 1, 2 * SIM_SECOND).pushes, ==, 0);
	g_assert_cmpuint(pushes_of(sim, route, 1, SIM_SECOND).pushes, ==, 1);
	sim_free(sim);
}

/* The way back is kept by the nodes on it: the list ends with an opaque ID. It is gone, and answered, all the same. */
static void test_opaque_way_back(void)
{
	Sim *sim = sim_new("push-opaque", NODES, 1);
	const unsigned route[] = {0, 1, NEW};
	Pushes pushes;

	rogue_form(sim);
	for (unsigned i = 0; i < NODES; i++)
		reload_router_set_via_entries(sim_node(sim, i)->node->router, 1);
	pushes = pushes_of(sim, route, G_N_ELEMENTS(route), 10 * SIM_SECOND);
	g_assert_cmpuint(pushes.pushes, ==, 1);
	g_assert_cmpuint(pushes.arrived, ==, 1);
	g_assert_cmpuint(pushes.answers, ==, 1);
	g_assert_cmpuint(pushes.sent, ==, 1);
	sim_free(sim);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sim/config-push/interval", test_interval);
	g_test_add_func("/sim/config-push/opaque-way-back", test_opaque_way_back);
	return g_test_run();
}
