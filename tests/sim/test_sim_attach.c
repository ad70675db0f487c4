/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attaches (RFC 6940, 6.5.1): who is passive, Attaches that cross, bodies that cannot be read, and what a node says that
 * reaches nobody. */
#include "reload_core/peer/node_private.h"
#include "reload_core/wire/attach.h"
#include "reload_core/wire/error.h"
#include "tests/sim/rogue.h"
#include "tests/sim/sim_private.h"

#define NODES 16
#define COOKIE 4711 /* of no Attach of the topology's */

/* ---- the words of the role ---- */

typedef struct {
	unsigned requests, answers;
} Roles;

static bool says(ReloadSpan text, const char *word)
{
	return reload_span_equal(text, reload_span_text(word));
}

static void check_role(void *data, SimNode *from, SimNode *to, ReloadSpan bytes)
{
	Roles *roles = data;
	ReloadMessage message;
	ReloadAttach attach;

	(void)from;
	(void)to;
	g_assert_cmpint(reload_message_decode(bytes, 16, &message), ==, RELOAD_OK);
	if (message.code != RELOAD_ATTACH_REQ && message.code != RELOAD_ATTACH_ANS)
		return;
	g_assert_cmpint(reload_attach_decode(message.body, &attach), ==, RELOAD_OK);
	if (message.code == RELOAD_ATTACH_REQ) {
		g_assert_true(says(attach.role, "passive"));
		roles->requests++;
	} else {
		g_assert_true(says(attach.role, "active"));
		g_assert_false(attach.send_update);
		roles->answers++;
	}
	/* 6.5.1.1: No-ICE candidates only, so nothing for ICE. */
	g_assert_cmpuint(attach.ufrag.len, ==, 0);
	g_assert_cmpuint(attach.password.len, ==, 0);
	while (attach.candidates.len > 0) {
		ReloadIceCandidate candidate;

		g_assert_true(reload_ice_candidate_next(&attach.candidates, &candidate));
		g_assert_cmpuint(candidate.overlay_link, ==, RELOAD_LINK_TLS_TCP_FH_NO_ICE);
		g_assert_cmpuint(candidate.type, ==, RELOAD_CAND_HOST);
	}
}

static void test_roles(void)
{
	Sim *sim = sim_new("attach-roles", 4, 1);
	Roles roles = {0};

	sim_watch(sim, check_role, &roles);
	rogue_form(sim);
	g_assert_cmpuint(roles.requests, >=, 3);
	g_assert_cmpuint(roles.answers, >=, 3);
	sim_free(sim);
}

/* ---- Attaches that cross ---- */

/* What goes over the links because of one Attach request. */
typedef struct {
	SimNode *origin;
	uint64_t transaction; /* of its Attach to target */
	const ReloadNodeId *target;
	unsigned transmissions; /* of the request, by its origin */
	unsigned answers, refusals; /* that reached the origin */
} Crossing;

static void follow(void *data, SimNode *from, SimNode *to, ReloadSpan bytes)
{
	Crossing *crossing = data;
	ReloadErrorResponse error;
	ReloadDestination last;
	ReloadMessage message;

	g_assert_cmpint(reload_message_decode(bytes, 16, &message), ==, RELOAD_OK);
	if (message.code == RELOAD_ATTACH_REQ && from == crossing->origin && message.header.via_list.len == 0 &&
	    reload_destination_list_last(message.header.destination_list, &last) &&
	    last.type == RELOAD_DESTINATION_NODE && reload_node_id_equal(&last.node_id, crossing->target)) {
		if (crossing->transaction == 0)
			crossing->transaction = message.header.transaction_id;
		crossing->transmissions += message.header.transaction_id == crossing->transaction;
	}
	if (to != crossing->origin || message.header.transaction_id != crossing->transaction)
		return;
	crossing->answers += message.code == RELOAD_ATTACH_ANS;
	if (message.code == RELOAD_ERROR && reload_error_decode(message.body, &error) == RELOAD_OK)
		crossing->refusals += error.error_code == RELOAD_ERROR_IN_PROGRESS;
}

static void attach(Sim *sim, SimNode *from, const SimNode *to)
{
	ReloadDestination destination = reload_destination_node(&to->id);

	reload_node_enter(from->node, sim_now(sim));
	reload_attach_start(from->node, &destination, NULL, false, COOKIE, sim_now(sim));
	reload_node_settle(from->node, sim_now(sim));
}

/* Two nodes that are not linked, the one with the smaller Node-ID first, and one that is linked to both. */
static void find_pair(Sim *sim, SimNode **small, SimNode **large, SimNode **between)
{
	for (unsigned i = 0; i < NODES; i++) {
		for (unsigned k = 0; k < NODES; k++) {
			*small = sim_node(sim, i);
			*large = sim_node(sim, k);
			if (memcmp((*small)->id.id, (*large)->id.id, 16) >= 0 ||
			    reload_links_linked((*small)->node, &(*large)->id))
				continue;
			for (unsigned m = 0; m < NODES; m++) {
				*between = sim_node(sim, m);
				if (m != i && m != k && reload_links_linked((*small)->node, &(*between)->id) &&
				    reload_links_linked((*large)->node, &(*between)->id))
					return;
			}
		}
	}
	g_error("everybody is linked");
}

static Sim *ring_with_pair(const char *name, SimNode **small, SimNode **large, SimNode **between)
{
	Sim *sim = sim_new(name, NODES, 2);

	rogue_form(sim);
	sim_run(sim, 60 * SIM_SECOND);
	find_pair(sim, small, large, between);
	return sim;
}

/* An Attach that is to be given to somebody. What is 0 is as it should be. */
typedef struct {
	const ReloadAddress *address; /* NULL: its sender's */
	bool send_update;
	uint8_t type; /* of its candidate; 0: host */
	size_t cut;   /* bytes missing at the end */
} Given;

static GByteArray *attach_body(const SimNode *from, Given given)
{
	ReloadIceCandidate candidate = {.overlay_link = RELOAD_LINK_TLS_TCP_FH_NO_ICE,
					.addr_port = given.address != NULL ? *given.address : from->address,
					.foundation = reload_span_text("1"),
					.type = RELOAD_CAND_HOST};
	GByteArray *list = g_byte_array_new(), *body = g_byte_array_new();
	ReloadAttach attach = {.role = reload_span_text("passive"), .send_update = given.send_update};

	g_assert_true(reload_write_ice_candidate(list, &candidate));
	if (given.type != 0)
		list->data[list->len - 3] = given.type; /* before the empty list of extensions */
	attach.candidates = reload_span(list->data, list->len);
	g_assert_true(reload_write_attach(body, &attach));
	g_byte_array_set_size(body, body->len - (guint)given.cut);
	g_byte_array_unref(list);
	return body;
}

/* Gives `to` an Attach of `from`, through `between`. */
static RogueOutcome give_attach(Sim *sim, SimNode *from, const SimNode *between, const SimNode *to, Given given)
{
	GByteArray *body = attach_body(from, given);
	RogueMessage message = {.code = RELOAD_ATTACH_REQ, .body = reload_span(body->data, body->len)};
	RogueOutcome outcome;
	RogueSigner signer;

	rogue_signer_of(from, &signer);
	message.signer = &signer;
	outcome = rogue_send(sim, between->index, to->index, &message);
	rogue_signer_clear(&signer);
	g_byte_array_unref(body);
	return outcome;
}

/* 6.5.1.2: the smaller Node-ID's own Attach, which is not answered yet, is given up for the one that comes. */
static void test_smaller_yields(void)
{
	SimNode *small, *large, *between;
	Sim *sim = ring_with_pair("attach-smaller", &small, &large, &between);
	Crossing crossing = {.origin = small, .target = &large->id};
	RogueOutcome outcome;

	sim_watch(sim, follow, &crossing);
	large->group = 1; /* it does not hear of our Attach */
	attach(sim, small, large);
	g_assert_cmpuint(crossing.transmissions, ==, 1);
	outcome = give_attach(sim, large, between, small, (Given){0});
	g_assert_true(outcome.answered);
	g_assert_cmpuint(outcome.code, ==, RELOAD_ATTACH_ANS);
	sim_watch(sim, follow, &crossing);
	sim_run(sim, 14 * SIM_SECOND);
	g_assert_cmpuint(crossing.transmissions, ==, 1);
	sim_free(sim);
}

/* It is not given up for one that cannot be accepted. */
static void test_smaller_refuses(void)
{
	SimNode *small, *large, *between;
	Sim *sim = ring_with_pair("attach-refuses", &small, &large, &between);
	Crossing crossing = {.origin = small, .target = &large->id};

	while (reload_quota_take(small->node->opening, &large->id, sim_now(sim)))
		;
	sim_watch(sim, follow, &crossing);
	large->group = 1;
	attach(sim, small, large);
	g_assert_cmpuint(give_attach(sim, large, between, small, (Given){0}).error, ==, RELOAD_ERROR_FORBIDDEN);
	sim_watch(sim, follow, &crossing);
	sim_run(sim, 14 * SIM_SECOND);
	g_assert_cmpuint(crossing.transmissions, >=, 3);
	sim_free(sim);
}

/* The larger one's goes on, and the one that comes is refused. */
static void test_larger_goes_on(void)
{
	SimNode *small, *large, *between;
	Sim *sim = ring_with_pair("attach-larger", &small, &large, &between);
	Crossing crossing = {.origin = large, .target = &small->id};
	RogueOutcome outcome;

	sim_watch(sim, follow, &crossing);
	small->group = 1;
	attach(sim, large, small);
	outcome = give_attach(sim, small, between, large, (Given){0});
	g_assert_true(outcome.answered);
	g_assert_cmpuint(outcome.error, ==, RELOAD_ERROR_IN_PROGRESS);
	sim_watch(sim, follow, &crossing);
	sim_run(sim, 14 * SIM_SECOND);
	g_assert_cmpuint(crossing.transmissions, >=, 3);
	sim_free(sim);
}

/* Both at once, over the links that there are: one link comes of it. */
static void test_both_at_once(void)
{
	SimNode *small, *large, *between;
	Sim *sim = ring_with_pair("attach-both", &small, &large, &between);
	Crossing crossing = {.origin = small, .target = &large->id};
	unsigned connects = small->connects + large->connects;

	sim_watch(sim, follow, &crossing);
	attach(sim, small, large);
	attach(sim, large, small);
	sim_run(sim, SIM_SECOND);
	g_assert_cmpuint(crossing.refusals, ==, 1);
	g_assert_cmpuint(crossing.answers, ==, 0);
	g_assert_true(reload_links_linked(small->node, &large->id));
	g_assert_true(reload_links_linked(large->node, &small->id));
	/* Who answered connects (No-ICE), and nobody else did. */
	g_assert_cmpuint(small->connects + large->connects, ==, connects + 1);
	sim_free(sim);
}

/* The Attach was answered and its link is being made: another one is in progress, whoever is larger. */
static void in_progress(const char *name, bool small_first)
{
	SimNode *small, *large, *between, *first, *second;
	Sim *sim = ring_with_pair(name, &small, &large, &between);
	Crossing crossing;
	RogueOutcome outcome;

	first = small_first ? small : large;
	second = small_first ? large : small;
	crossing = (Crossing){.origin = first, .target = &second->id};
	/* A handshake takes four ways, an answer two or three. */
	sim_network(sim)->latency_min = sim_network(sim)->latency_max = 100;
	sim_watch(sim, follow, &crossing);
	attach(sim, first, second);
	while (crossing.answers == 0)
		sim_run(sim, 1);
	sim_run(sim, 100);
	g_assert_false(reload_links_linked(first->node, &second->id));
	outcome = give_attach(sim, second, between, first, (Given){0});
	g_assert_true(outcome.answered);
	g_assert_cmpuint(outcome.error, ==, RELOAD_ERROR_IN_PROGRESS);
	sim_run(sim, 500);
	g_assert_true(reload_links_linked(first->node, &second->id));
	sim_free(sim);
}

static void test_in_progress(void)
{
	in_progress("attach-progress-small", true);
	in_progress("attach-progress-large", false);
}

/* ---- an Update that is asked for (6.4.2.3) ---- */

typedef struct {
	const SimNode *from, *to;
	unsigned count;
} Updates;

static void count_updates(void *data, SimNode *from, SimNode *to, ReloadSpan bytes)
{
	Updates *updates = data;
	ReloadMessage message;

	g_assert_cmpint(reload_message_decode(bytes, 16, &message), ==, RELOAD_OK);
	updates->count += from == updates->from && to == updates->to && message.code == RELOAD_UPDATE_REQ;
}

static unsigned updates_within(Sim *sim, const SimNode *from, const SimNode *to, int64_t ms)
{
	Updates updates = {from, to, 0};

	sim_watch(sim, count_updates, &updates);
	sim_run(sim, ms);
	sim_watch(sim, NULL, NULL);
	return updates.count;
}

/* Attaches of one that is nobody's neighbor there, two of them while the link is being made: the flags given ask for
 * that many Updates when it is up. */
static void updates_of_new_link(const char *name, const bool *flags, unsigned count, unsigned expected)
{
	SimNode *small, *large, *between;
	Sim *sim = ring_with_pair(name, &small, &large, &between);

	sim_network(sim)->latency_min = sim_network(sim)->latency_max = 100;
	for (unsigned i = 0; i < count; i++)
		g_assert_cmpuint(
			give_attach(sim, small, between, large, (Given){.send_update = flags[i]}).code, ==,
			RELOAD_ATTACH_ANS);
	g_assert_cmpuint(updates_within(sim, large, small, 3 * SIM_SECOND), ==, expected);
	g_assert_true(reload_links_linked(large->node, &small->id));
	/* Over the link that there is now: at once, if it is asked for. */
	for (unsigned flag = 0; flag < 2; flag++) {
		RogueOutcome outcome = give_attach(sim, small, small, large, (Given){.send_update = flag});

		g_assert_cmpuint(outcome.code, ==, RELOAD_ATTACH_ANS);
		g_assert_cmpuint(outcome.frames, ==, 1 + flag);
	}
	sim_free(sim);
}

static void test_updates(void)
{
	updates_of_new_link("attach-no-update", (bool[]){false}, 1, 0);
	updates_of_new_link("attach-update", (bool[]){true}, 1, 1);
	updates_of_new_link("attach-late-update", (bool[]){false, true}, 2, 1);
	updates_of_new_link("attach-early-update", (bool[]){true, false}, 2, 1);
}

/* The link that the Attach asks for cannot be made, but there is another one. */
static void test_update_over_another_link(void)
{
	SimNode *small, *large, *between;
	Sim *sim = ring_with_pair("attach-update-other", &small, &large, &between);
	ReloadAddress nobody;

	g_assert_true(reload_address_from_text("192.0.2.1", 6084, &nobody));
	g_assert_cmpuint(give_attach(sim, small, between, large, (Given){0}).code, ==, RELOAD_ATTACH_ANS);
	sim_run(sim, SIM_SECOND);
	g_assert_true(reload_links_linked(large->node, &small->id));
	g_assert_cmpuint(
		give_attach(sim, small, between, large, (Given){.address = &nobody, .send_update = true}).code, ==,
		RELOAD_ATTACH_ANS);
	g_assert_cmpuint(updates_within(sim, large, small, 10 * SIM_SECOND), ==, 1);
	sim_free(sim);
}

/* ---- a link that was to be closed ---- */

/* `first` releases its link to `second`; an Attach of `origin` to the other before it is closed counts on it. */
static bool stays(Sim *sim, SimNode *first, SimNode *second, SimNode *origin, bool send_update)
{
	SimNode *target = origin == first ? second : first;
	ReloadDestination destination = reload_destination_node(&target->id);
	ReloadConnection *connection = reload_connection_table_by_node(first->node->connections, &second->id);
	ReloadLinkId link = connection->link;

	reload_node_enter(first->node, sim_now(sim));
	reload_links_release(first->node, &second->id, sim_now(sim));
	reload_node_settle(first->node, sim_now(sim));
	g_assert_cmpint(connection->close_at, <, INT64_MAX);
	if (origin != NULL) {
		reload_node_enter(origin->node, sim_now(sim));
		reload_attach_start(origin->node, &destination, NULL, send_update, COOKIE, sim_now(sim));
		reload_node_settle(origin->node, sim_now(sim));
	}
	sim_run(sim, 6 * SIM_SECOND);
	return reload_connection_table_by_link(first->node->connections, link) != NULL;
}

static void test_released(void)
{
	Sim *sim = sim_new("attach-released", 4, 1);
	SimNode *first = sim_node(sim, 1), *second = sim_node(sim, 2);

	rogue_form(sim);
	sim_run(sim, 60 * SIM_SECOND);
	g_assert_true(reload_links_linked(first->node, &second->id));
	g_assert_true(stays(sim, first, second, second, true)); /* theirs */
	g_assert_true(stays(sim, first, second, first, true));	/* ours, which is answered over it */
	g_assert_true(stays(sim, first, second, first, false)); /* ours, for which there is nothing to do */
	g_assert_false(stays(sim, first, second, NULL, false));
	sim_free(sim);
}

/* ---- bodies that cannot be read ---- */

static void test_unreadable(void)
{
	SimNode *small, *large, *between;
	Sim *sim = ring_with_pair("attach-unreadable", &small, &large, &between);
	RogueOutcome outcome;

	/* 6.3.1.1: a candidate type that nobody knows: no response. */
	outcome = give_attach(sim, small, between, large, (Given){.type = RELOAD_CAND_RELAY + 1});
	g_assert_false(outcome.answered);
	g_assert_cmpuint(outcome.frames, ==, 0);
	/* Cut short: an Error with a text (6.3.3.1). */
	outcome = give_attach(sim, small, between, large, (Given){.cut = 1});
	g_assert_true(outcome.answered);
	g_assert_cmpuint(outcome.error, ==, RELOAD_ERROR_INVALID_MESSAGE);
	sim_free(sim);
}

/* ---- who reaches nobody ---- */

/* 6.4.2.1: a node that cannot form connections says so, and does not take the overlay for its own. */
static void test_nobody_answers(void)
{
	Sim *sim = sim_new("nobody-answers", 2, 1);
	SimNode *node = sim_node(sim, 1);

	sim_start(sim, 1, false);
	sim_run(sim, 30 * SIM_SECOND);
	g_assert_cmpint(reload_node_state(node->node), ==, RELOAD_NODE_CONNECTING);
	g_assert_cmpstr(node->last_notice, ==, "no bootstrap node answers, trying again");
	/* The bootstrap node is there, but its overlay takes us for a stranger who gets no answers. */
	sim_start(sim, 0, true);
	sim_run_until(sim, sim_all_joined, NULL, 60 * SIM_SECOND, "the bootstrap node comes");
	g_assert_cmpstr(node->last_notice, ==, "joined the overlay");
	sim_free(sim);
}

static bool is_joining(Sim *sim, void *data)
{
	(void)sim;
	return reload_node_state(((SimNode *)data)->node) == RELOAD_NODE_JOINING;
}

/* Linked to a bootstrap node, but the ring does not let it in: that is said, too. */
static void test_join_fails(void)
{
	Sim *sim = sim_new("join-fails", 3, 1);
	SimNode *node = sim_node(sim, 2);

	sim_start(sim, 0, true);
	sim_run_until(sim, sim_all_joined, NULL, 10 * SIM_SECOND, "the first node starts the overlay");
	sim_start(sim, 2, false);
	sim_run_until(sim, is_joining, node, 10 * SIM_SECOND, "linked to the bootstrap node");
	sim_crash(sim, 0, false);
	sim_run(sim, 90 * SIM_SECOND);
	g_assert_cmpint(reload_node_state(node->node), !=, RELOAD_NODE_JOINED);
	g_assert_true(g_str_has_prefix(node->last_notice, "joining failed, trying again: ") ||
		      g_str_has_prefix(node->last_notice, "no bootstrap node answers"));
	sim_free(sim);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sim/attach/roles", test_roles);
	g_test_add_func("/sim/attach/smaller-yields", test_smaller_yields);
	g_test_add_func("/sim/attach/smaller-refuses", test_smaller_refuses);
	g_test_add_func("/sim/attach/larger-goes-on", test_larger_goes_on);
	g_test_add_func("/sim/attach/both-at-once", test_both_at_once);
	g_test_add_func("/sim/attach/in-progress", test_in_progress);
	g_test_add_func("/sim/attach/updates", test_updates);
	g_test_add_func("/sim/attach/update-over-another-link", test_update_over_another_link);
	g_test_add_func("/sim/attach/released", test_released);
	g_test_add_func("/sim/attach/unreadable", test_unreadable);
	g_test_add_func("/sim/attach/nobody-answers", test_nobody_answers);
	g_test_add_func("/sim/attach/join-fails", test_join_fails);
	return g_test_run();
}
