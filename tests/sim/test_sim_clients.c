/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients (RFC 6940, 4.2) and messages in fragments (6.7) among several nodes. */
#include "reload_core/peer/node_private.h"
#include "reload_core/usages/data_request.h"
#include "tests/sim/rogue.h"
#include "tests/sim/sim_private.h"

#define PEERS 6
#define CLIENT PEERS

static void form(Sim *sim)
{
	sim_start(sim, 0, true);
	sim_run_until(sim, sim_all_joined, NULL, 10 * SIM_SECOND, "the first node starts the overlay");
	for (unsigned i = 1; i < PEERS; i++)
		sim_start(sim, i, false);
	sim_run_until(sim, sim_ring_is_right, NULL, 120 * SIM_SECOND, "a ring of all");
}

static bool is_attached(Sim *sim, void *data)
{
	(void)sim;
	return reload_node_state(((SimNode *)data)->node) == RELOAD_NODE_ATTACHED;
}

static void note_entry(void *data, const char *role, unsigned index, const ReloadNodeId *id)
{
	(void)role;
	(void)index;
	g_assert_false(reload_node_id_equal(id, data));
}

/* No peer has the client in its Routing Table. */
static void assert_in_no_table(Sim *sim, SimNode *client)
{
	for (unsigned i = 0; i < PEERS; i++) {
		const ReloadTopologyPlugin *plugin;
		ReloadTopology *topology;

		if (sim_node(sim, i)->node == NULL)
			continue;
		topology = reload_node_topology(sim_node(sim, i)->node, &plugin);
		plugin->each_entry(topology, note_entry, &client->id);
		g_assert_false(plugin->routes_through(topology, &client->id));
	}
}

static void ping(Sim *sim, unsigned from, const ReloadNodeId *to, SimAnswer *answer)
{
	ReloadDestination destination = reload_destination_node(to);

	sim_request(sim, from, &destination, 1, RELOAD_PING_REQ, reload_span("\0\0", 2), answer);
}

static void assert_pings(Sim *sim, unsigned from, const ReloadNodeId *to)
{
	SimAnswer answer;

	ping(sim, from, to, &answer);
	g_assert_cmpint(answer.status, ==, RELOAD_OK);
	g_assert_true(reload_node_id_equal(&answer.from, to));
	sim_answer_clear(&answer);
}

/* 4.2.1, the second way: one link, no Attach; it stores, fetches and pings, but nobody finds it. */
static void test_unreachable(void)
{
	Sim *sim = sim_new("client-unreachable", PEERS + 1, 2);
	SimNode *client = sim_node(sim, CLIENT);
	uint16_t error_code;
	char *texts;

	form(sim);
	g_assert_cmpint(sim_store(sim, 1, "alice", "sip:alice@one", &error_code), ==, RELOAD_OK);
	sim_start_client(sim, CLIENT, false);
	sim_run_until(sim, is_attached, client, 10 * SIM_SECOND, "the client is attached");
	for (unsigned i = 0; i < PEERS; i++)
		assert_pings(sim, CLIENT, &sim_node(sim, i)->id);
	texts = sim_fetch(sim, CLIENT, "alice");
	g_assert_cmpstr(texts, ==, "sip:alice@one;");
	g_free(texts);
	g_assert_cmpint(sim_store(sim, CLIENT, "bob", "sip:bob@client", &error_code), ==, RELOAD_OK);
	texts = sim_fetch(sim, 3, "bob");
	g_assert_cmpstr(texts, ==, "sip:bob@client;");
	g_free(texts);
	assert_in_no_table(sim, client);
	sim_run(sim, 60 * SIM_SECOND);
	assert_pings(sim, CLIENT, &sim_node(sim, 4)->id);
	assert_in_no_table(sim, client);
	sim_free(sim);
}

static void give_two_ids(Sim *sim, unsigned index)
{
	ReloadNodeId ids[2] = {sim_node(sim, index)->id, sim_node(sim, index)->id};

	ids[1].id[15] ^= 1;
	sim_give_ids(sim, index, ids, 2);
}

/* With several Node-IDs it says by an Attach over its link which one it is (6.1.2), before all else, and to each
 * bootstrap node anew. */
static void test_several_node_ids(void)
{
	Sim *sim = sim_new("client-several-ids", PEERS + 1, 2);
	SimNode *client = sim_node(sim, CLIENT);
	ReloadNodeId access = {0};
	uint16_t error_code;
	char *texts;

	form(sim);
	give_two_ids(sim, CLIENT);
	sim_start_client(sim, CLIENT, false);
	for (unsigned round = 0; round < 2; round++) {
		const char *text = round == 0 ? "sip:bob@first" : "sip:bob@second";

		sim_run_until(sim, is_attached, client, 60 * SIM_SECOND, "the client is attached");
		g_assert_cmpint(sim_store(sim, CLIENT, "bob", text, &error_code), ==, RELOAD_OK);
		texts = sim_fetch(sim, 3, "bob");
		g_assert_cmpint(strncmp(texts, text, strlen(text)), ==, 0);
		g_free(texts);
		assert_in_no_table(sim, client);
		for (unsigned i = 0; round == 0 && i < 2; i++) {
			if (reload_links_linked(client->node, &sim_node(sim, i)->id)) {
				access = sim_node(sim, i)->id;
				sim_crash(sim, i, false);
				break;
			}
		}
		sim_run(sim, SIM_SECOND);
	}
	g_assert_cmpuint(access.len, !=, 0);
	sim_free(sim);
}

/* The same where others can connect to it. */
static void test_several_node_ids_reachable(void)
{
	Sim *sim = sim_new("client-several-ids-reachable", PEERS + 1, 2);
	SimNode *client = sim_node(sim, CLIENT);

	form(sim);
	give_two_ids(sim, CLIENT);
	sim_start_client(sim, CLIENT, true);
	sim_run_until(sim, is_attached, client, 10 * SIM_SECOND, "the client is attached");
	sim_run(sim, 2 * SIM_SECOND);
	for (unsigned i = 0; i < PEERS; i++) {
		assert_pings(sim, i, &client->id);
		assert_pings(sim, CLIENT, &sim_node(sim, i)->id);
	}
	sim_free(sim);
}

/* The end of its link to `other` at machine `owner`. */
static SimLinkEnd *end_at(Sim *sim, unsigned owner, const SimNode *other)
{
	GHashTableIter iter;
	SimLinkEnd *end;

	g_hash_table_iter_init(&iter, sim->ends);
	while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&end)) {
		SimLinkEnd *peer = sim_end(sim, end->peer);

		if (!end->app && end->up && end->owner == sim_node(sim, owner) && peer != NULL && peer->owner == other)
			return end;
	}
	g_error("not linked");
}

/* 11.1, clients-permitted false: who does not join in time is not served; who joins is. */
static void test_not_permitted(void)
{
	Sim *sim = sim_new("client-not-permitted", PEERS + 1, 1);
	SimNode *client = sim_node(sim, CLIENT);
	ReloadDocument *permitting = sim->document;
	uint16_t error_code = 0;
	SimLinkEnd *end;
	char *texts;

	sim->document = pki_document(&sim->pki,
				     "<clients-permitted>false</clients-permitted>"
				     "<bootstrap-node address=\"10.0.0.1\" port=\"6084\"/>");
	form(sim);
	g_assert_cmpint(sim_store(sim, 1, "alice", "sip:alice@one", &error_code), ==, RELOAD_OK);
	/* It would not start with the overlay's document: it has another one. */
	reload_document_unref(sim->document);
	sim->document = permitting;
	sim_start_client(sim, CLIENT, false);
	sim_run_until(sim, is_attached, client, 10 * SIM_SECOND, "the client is attached");
	sim_run(sim, 15 * SIM_SECOND);
	g_assert_cmpint(sim_store(sim, CLIENT, "bob", "sip:bob@client", &error_code), ==,
			RELOAD_E_REMOTE);
	g_assert_cmpuint(error_code, ==, RELOAD_ERROR_FORBIDDEN);
	/* Nor if it withholds its ACKs, for which its link is taken for none. */
	end = end_at(sim, 0, client);
	reload_node_link_failing(sim_node(sim, 0)->node, end->id, true, sim->now);
	g_assert_cmpint(sim_store(sim, CLIENT, "bob", "sip:bob@client", &error_code), !=, RELOAD_OK);
	texts = sim_fetch(sim, 2, "bob");
	g_assert_cmpstr(texts, ==, "");
	g_free(texts);
	sim_free(sim);
}

/* 4.2.1, the first way: it attaches to the peer that is responsible for its Node-ID; all reach it by that, also
 * after that peer has gone. */
static void test_reachable(void)
{
	Sim *sim = sim_new("client-reachable", PEERS + 1, 2);
	SimNode *client = sim_node(sim, CLIENT);
	ReloadResourceId self;
	SimNode *home;

	form(sim);
	sim_start_client(sim, CLIENT, true);
	sim_run_until(sim, is_attached, client, 10 * SIM_SECOND, "the client is attached");
	sim_run(sim, 5 * SIM_SECOND);
	for (unsigned i = 0; i < PEERS; i++)
		assert_pings(sim, i, &client->id);
	assert_in_no_table(sim, client);
	reload_resource_id_from_span(reload_node_id_span(&client->id), &self);
	home = NULL;
	for (unsigned i = 0; i < PEERS; i++) {
		const ReloadTopologyPlugin *plugin;
		ReloadTopology *topology = reload_node_topology(sim_node(sim, i)->node, &plugin);

		if (plugin->responsible(topology, reload_resource_id_span(&self)))
			home = sim_node(sim, i);
	}
	g_assert_nonnull(home);
	sim_crash(sim, home->index, false);
	sim_run(sim, 90 * SIM_SECOND);
	for (unsigned i = 0; i < PEERS; i++) {
		if (sim_node(sim, i)->node != NULL)
			assert_pings(sim, i, &client->id);
	}
	assert_in_no_table(sim, client);
	sim_free(sim);
}

static bool has_joined(Sim *sim, void *data)
{
	(void)sim;
	return reload_node_state(((SimNode *)data)->node) == RELOAD_NODE_JOINED;
}

/* A peer joins between it and the one that was responsible for it: that one's Updates have it look for the new one
 * soon, long before it would ask by itself. */
static void test_new_home(void)
{
	Sim *sim = sim_new("client-new-home", PEERS + 2, 2);
	SimNode *client = sim_node(sim, CLIENT), *home = sim_node(sim, CLIENT + 1);
	ReloadNodeId next = client->id;

	for (unsigned i = next.len; i > 0 && ++next.id[i - 1] == 0; i--)
		;
	sim_give_ids(sim, home->index, &next, 1);
	form(sim);
	sim_start_client(sim, CLIENT, true);
	sim_run_until(sim, is_attached, client, 10 * SIM_SECOND, "the client is attached");
	sim_run(sim, 5 * SIM_SECOND);
	g_assert_false(reload_links_linked(client->node, &home->id));
	sim_start(sim, home->index, false);
	sim_run_until(sim, has_joined, home, 10 * SIM_SECOND, "a peer joins");
	sim_run(sim, 5 * SIM_SECOND);
	g_assert_true(reload_links_linked(home->node, &client->id));
	for (unsigned i = 0; i < PEERS; i++)
		assert_pings(sim, i, &client->id);
	sim_free(sim);
}

/* It passes on nothing of others, though it knows somebody who would. */
static void test_carries_nothing(void)
{
	Sim *sim = sim_new("client-carries-nothing", PEERS + 1, 1);
	RogueMessage message = {.code = RELOAD_PING_REQ, .body = reload_span("\0\0", 2)};
	SimNode *client = sim_node(sim, CLIENT);
	GByteArray *list = g_byte_array_new();
	RogueOutcome outcome;
	RogueSigner peer;

	form(sim);
	sim_start_client(sim, CLIENT, true);
	sim_run_until(sim, is_attached, client, 10 * SIM_SECOND, "the client is attached");
	sim_run(sim, 5 * SIM_SECOND);
	rogue_signer_of(sim_node(sim, 0), &peer);
	for (unsigned i = 1; i < PEERS && list->len == 0; i++)
		if (!reload_links_linked(client->node, &sim_node(sim, i)->id))
			reload_write_destination_node(list, &sim_node(sim, i)->id);
	message.signer = &peer;
	message.destinations = reload_span(list->data, list->len);
	outcome = rogue_send(sim, 0, CLIENT, &message);
	g_assert_cmpuint(outcome.dropped_unroutable, ==, 1);
	g_assert_cmpuint(outcome.frames, ==, 0);
	g_byte_array_unref(list);
	rogue_signer_clear(&peer);
	sim_free(sim);
}

/* Every link takes 1200 bytes at most: the overlay forms and works as ever, also with lost messages. */
static void test_fragments(void)
{
	Sim *sim = sim_new("fragments", PEERS, 2);
	uint16_t error_code;
	char *texts;

	sim_network(sim)->mtu = 1200;
	form(sim);
	for (unsigned i = 0; i < 5; i++) {
		char *user = g_strdup_printf("user%u", i);

		g_assert_cmpint(sim_store(sim, i % PEERS, user, "sip:contact", &error_code), ==, RELOAD_OK);
		sim_network(sim)->loss_percent = 5;
		texts = sim_fetch(sim, (i + 3) % PEERS, user);
		sim_network(sim)->loss_percent = 0;
		g_assert_cmpstr(texts, ==, "sip:contact;");
		g_free(texts);
		g_free(user);
	}
	sim_run(sim, 60 * SIM_SECOND);
	g_assert_true(sim_ring_is_right(sim, NULL));
	sim_free(sim);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sim/clients/unreachable", test_unreachable);
	g_test_add_func("/sim/clients/several-node-ids", test_several_node_ids);
	g_test_add_func("/sim/clients/several-node-ids-reachable", test_several_node_ids_reachable);
	g_test_add_func("/sim/clients/not-permitted", test_not_permitted);
	g_test_add_func("/sim/clients/reachable", test_reachable);
	g_test_add_func("/sim/clients/new-home", test_new_home);
	g_test_add_func("/sim/clients/carries-nothing", test_carries_nothing);
	g_test_add_func("/sim/fragments", test_fragments);
	return g_test_run();
}
