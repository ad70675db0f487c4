/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The simulated network: ReloadIo for every node, links that behave as TLS over TCP does. */
#include "tests/sim/sim_private.h"

/* A connection attempt into nothing; when the sender notices that nobody acknowledges; when it
 * gives up. */
#define CONNECT_TIMEOUT_MS 6000
#define FAILING_MS 3000
#define GIVE_UP_MS 20000

SimLinkEnd *sim_end(Sim *sim, ReloadLinkId id)
{
	return g_hash_table_lookup(sim->ends, &id);
}

static SimLinkEnd *new_end(Sim *sim, SimNode *owner, bool app)
{
	SimLinkEnd *end = g_new0(SimLinkEnd, 1);

	end->id = ++sim->next_link;
	end->owner = owner;
	end->run = owner->run;
	end->app = app;
	g_hash_table_insert(sim->ends, &end->id, end);
	return end;
}

static SimEvent event_for(SimEventKind kind, SimNode *node, ReloadLinkId link, int64_t at)
{
	return (SimEvent){.at = at, .kind = kind, .node = node, .run = node->run, .link = link};
}

static SimNode *by_address(Sim *sim, const ReloadAddress *address, bool app)
{
	for (unsigned i = 0; i < sim->count; i++) {
		SimNode *node = &sim->nodes[i];

		if (reload_address_equal(app ? &node->app_address : &node->address, address))
			return node;
	}
	return NULL;
}

/* ---- ReloadIo ---- */

static ReloadLinkId io_link_connect(void *user, const ReloadAddress *address,
				    const ReloadNodeId *expect)
{
	SimNode *node = user;
	SimLinkEnd *end = new_end(node->sim, node, false);
	SimEvent event =
	    event_for(SIM_CONNECTED, node, end->id, node->sim->now + 4 * sim_latency(node->sim));

	node->connects++;
	end->outgoing = true;
	event.address = *address;
	if (expect != NULL)
		event.expect = *expect;
	sim_schedule(node->sim, event);
	return end->id;
}

/* Nobody acknowledges what this end sends: it is marked as failing, and given up later. */
static void get_stuck(Sim *sim, SimLinkEnd *end)
{
	SimEvent event;

	if (end->stuck_since != 0)
		return;
	end->stuck_since = sim->now;
	event = event_for(SIM_FAILING, end->owner, end->id, sim->now + FAILING_MS);
	sim_schedule(sim, event);
	event = event_for(SIM_DOWN, end->owner, end->id, sim->now + GIVE_UP_MS);
	event.status = RELOAD_E_TIMEOUT;
	sim_schedule(sim, event);
}

static void deliver(Sim *sim, SimLinkEnd *from, SimLinkEnd *to, ReloadSpan message)
{
	int64_t at = MAX(sim->now + sim_latency(sim), from->last_arrival);
	SimEvent event = event_for(SIM_MESSAGE, to->owner, to->id, at);

	from->last_arrival = at;
	event.bytes = g_bytes_new(message.data, message.len);
	sim_schedule(sim, event);
}

/* What is sent twice, its sender sends twice: were copies made at every hop, one message that goes in a circle while
 * routes change (its TTL ends it) would become millions. */
static bool is_at_first_hop(ReloadSpan message)
{
	ReloadHeader header;
	ReloadSpan rest;

	return reload_header_decode(message, 16, &header, &rest) == RELOAD_OK && header.via_list.len == 0;
}

static ReloadStatus io_link_send(void *user, ReloadLinkId link, ReloadSpan message)
{
	SimNode *node = user;
	Sim *sim = node->sim;
	SimLinkEnd *from = sim_end(sim, link), *to;

	if (from == NULL || !from->up || from->owner != node)
		return RELOAD_E_UNREACHABLE;
	to = sim_end(sim, from->peer);
	if (to == NULL || to->owner->group != node->group) {
		get_stuck(sim, from);
		return RELOAD_OK;
	}
	from->stuck_since = 0;
	if (sim_random(sim, 100) < sim->network.loss_percent)
		return RELOAD_E_LIMIT;
	if (sim->watch != NULL)
		sim->watch(sim->watch_data, node, to->owner, message);
	if (sim->drop != NULL && sim->drop(sim->drop_data, node, to->owner, message))
		return RELOAD_OK;
	deliver(sim, from, to, message);
	if (sim_random(sim, 100) < sim->network.duplicate_percent && is_at_first_hop(message))
		deliver(sim, from, to, message);
	return RELOAD_OK;
}

/* The other end learns that this one is gone. */
static void hang_up(Sim *sim, SimLinkEnd *end)
{
	SimLinkEnd *peer = sim_end(sim, end->peer);

	if (peer != NULL && peer->owner->group == end->owner->group) {
		SimEvent event = event_for(SIM_DOWN, peer->owner, peer->id,
					   MAX(sim->now + sim_latency(sim), end->last_arrival));

		event.status = RELOAD_E_UNREACHABLE;
		event.run = peer->run;
		sim_schedule(sim, event);
	}
}

static size_t io_link_mtu(void *user, ReloadLinkId link)
{
	(void)link;
	return ((SimNode *)user)->sim->network.mtu;
}

static void io_close(void *user, ReloadLinkId link)
{
	SimNode *node = user;
	SimLinkEnd *end = sim_end(node->sim, link);

	if (end == NULL)
		return;
	g_assert_true(end->owner == node);
	hang_up(node->sim, end);
	g_hash_table_remove(node->sim->ends, &link);
}

static ReloadLinkId io_app_expect(void *user, uint16_t application, const ReloadNodeId *remote,
				  int64_t until)
{
	SimNode *node = user;
	SimLinkEnd *end = new_end(node->sim, node, true);

	end->application = application;
	end->remote = *remote;
	end->until = until;
	return end->id;
}

static ReloadLinkId io_app_connect(void *user, uint16_t application, const ReloadAddress *address,
				   const ReloadNodeId *remote)
{
	SimNode *node = user;
	SimLinkEnd *end = new_end(node->sim, node, true);
	SimEvent event = event_for(SIM_APP_CONNECTED, node, end->id,
				   node->sim->now + 4 * sim_latency(node->sim));

	node->connects++;
	end->outgoing = true;
	end->application = application;
	end->remote = *remote;
	event.address = *address;
	sim_schedule(node->sim, event);
	return end->id;
}

static void io_wakeup_at(void *user, int64_t at)
{
	SimNode *node = user;

	if (node->wakeup == MAX(at, node->sim->now))
		return;
	node->wakeup = MAX(at, node->sim->now);
	if (at != INT64_MAX)
		sim_schedule(node->sim, event_for(SIM_WAKEUP, node, 0, node->wakeup));
}

static void io_random(void *user, uint8_t *out, size_t len)
{
	SimNode *node = user;

	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)sim_random(node->sim, 256);
}

static void io_log(void *user, ReloadLogLevel level, const char *text)
{
	SimNode *node = user;

	node->log_lines += level < RELOAD_LOG_DEBUG;
	if (level == RELOAD_LOG_NOTICE)
		g_strlcpy(node->last_notice, text, sizeof(node->last_notice));
	if (node->sim->verbose)
		g_printerr("%10.3f node%-3u %d %s\n", (double)(node->sim->now - PKI_NOW) / 1000.0,
			   node->index, level, text);
}

void sim_io(SimNode *node, ReloadIo *io)
{
	*io = (ReloadIo){
	    .user = node,
	    .link_connect = io_link_connect,
	    .link_send = io_link_send,
	    .link_close = io_close,
	    .link_mtu = io_link_mtu,
	    .app_expect = io_app_expect,
	    .app_connect = io_app_connect,
	    .app_close = io_close,
	    .wakeup_at = io_wakeup_at,
	    .random = io_random,
	    .log = io_log,
	};
}

/* ---- events ---- */

/* A connection attempt has failed: refused at once, or after the time that TCP takes. */
static void attempt_failed(Sim *sim, SimLinkEnd *end, bool refused)
{
	SimEvent event = event_for(SIM_DOWN, end->owner, end->id,
				   refused ? sim->now : sim->now + CONNECT_TIMEOUT_MS);

	event.status = refused ? RELOAD_E_UNREACHABLE : RELOAD_E_TIMEOUT;
	sim_schedule(sim, event);
}

static void connected(Sim *sim, const SimEvent *event, SimLinkEnd *end)
{
	SimNode *client = end->owner, *server = by_address(sim, &event->address, false);
	ReloadLinkId server_link, client_link = end->id;
	SimLinkEnd *other;

	if (server == NULL || server->group != client->group) {
		attempt_failed(sim, end, false);
		return;
	}
	if (server->node == NULL ||
	    (event->expect.len != 0 && !reload_node_id_equal(&event->expect, &server->id))) {
		attempt_failed(sim, end, true);
		return;
	}
	other = new_end(sim, server, false);
	server_link = other->id;
	other->up = end->up = true;
	other->peer = client_link;
	end->peer = server_link;
	reload_node_link_up(client->node, client_link,
			    reload_identity_certificate(server->identity), true, sim->now);
	if (server->node != NULL && sim_end(sim, server_link) != NULL)
		reload_node_link_up(server->node, server_link,
				    reload_identity_certificate(client->identity), false, sim->now);
}

static SimLinkEnd *find_expectation(Sim *sim, SimNode *server, const SimLinkEnd *client)
{
	SimLinkEnd *end;
	GHashTableIter iter;

	g_hash_table_iter_init(&iter, sim->ends);
	while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&end)) {
		if (end->owner == server && end->app && !end->outgoing && !end->up &&
		    end->until >= sim->now && end->application == client->application &&
		    reload_node_id_equal(&end->remote, &client->owner->id))
			return end;
	}
	return NULL;
}

static void app_connected(Sim *sim, const SimEvent *event, SimLinkEnd *end)
{
	SimNode *client = end->owner, *server = by_address(sim, &event->address, true);
	SimLinkEnd *other = server != NULL ? find_expectation(sim, server, end) : NULL;
	ReloadLinkId server_link, client_link = end->id;

	if (server == NULL || server->group != client->group || other == NULL ||
	    server->node == NULL || !reload_node_id_equal(&server->id, &end->remote)) {
		attempt_failed(sim, end, true);
		return;
	}
	server_link = other->id;
	other->up = end->up = true;
	other->peer = client_link;
	end->peer = server_link;
	reload_node_app_up(client->node, client_link, sim->now);
	if (sim_end(sim, server_link) != NULL)
		reload_node_app_up(server->node, server_link, sim->now);
}

static void down(Sim *sim, const SimEvent *event, SimLinkEnd *end)
{
	SimNode *node = end->owner;
	ReloadLinkId link = end->id;
	bool app = end->app;

	/* Given up, but it was not stuck all the time. */
	if (event->status == RELOAD_E_TIMEOUT && end->up &&
	    (end->stuck_since == 0 || sim->now - end->stuck_since < GIVE_UP_MS))
		return;
	g_hash_table_remove(sim->ends, &link);
	if (app)
		reload_node_app_down(node->node, link, event->status, sim->now);
	else
		reload_node_link_down(node->node, link, event->status, sim->now);
}

/* A stuck end, seen from time to time: the way may be free again. */
static void look_at_stuck(Sim *sim, SimLinkEnd *end)
{
	SimLinkEnd *peer = sim_end(sim, end->peer);
	bool free = peer != NULL && peer->owner->group == end->owner->group;

	if (end->stuck_since == 0 && !end->failing)
		return;
	if (free)
		end->stuck_since = 0;
	else
		sim_schedule(sim, event_for(SIM_FAILING, end->owner, end->id, sim->now + 1000));
	if (end->failing == free) {
		end->failing = !free;
		reload_node_link_failing(end->owner->node, end->id, !free, sim->now);
	}
}

void sim_network_event(Sim *sim, const SimEvent *event)
{
	SimLinkEnd *end = sim_end(sim, event->link);
	ReloadSpan message;

	if (end == NULL)
		return;
	switch (event->kind) {
	case SIM_MESSAGE:
		message.data = g_bytes_get_data(event->bytes, &message.len);
		reload_node_receive(end->owner->node, end->id, message, sim->now);
		break;
	case SIM_CONNECTED:
		connected(sim, event, end);
		break;
	case SIM_APP_CONNECTED:
		app_connected(sim, event, end);
		break;
	case SIM_FAILING:
		look_at_stuck(sim, end);
		break;
	case SIM_DOWN:
		down(sim, event, end);
		break;
	case SIM_WAKEUP:
		break;
	}
}

void sim_network_forget(Sim *sim, SimNode *node, bool silent)
{
	SimLinkEnd *end;
	GHashTableIter iter;

	g_hash_table_iter_init(&iter, sim->ends);
	while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&end)) {
		if (end->owner != node)
			continue;
		if (!silent)
			hang_up(sim, end);
		g_hash_table_iter_remove(&iter);
	}
}

/* The end at a of the link between a and b. */
static SimLinkEnd *end_between(Sim *sim, unsigned a, unsigned b)
{
	SimLinkEnd *end, *found = NULL;
	GHashTableIter iter;

	g_hash_table_iter_init(&iter, sim->ends);
	while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&end)) {
		SimLinkEnd *peer = sim_end(sim, end->peer);

		if (end->owner == sim_node(sim, a) && !end->app && end->up && peer != NULL &&
		    peer->owner == sim_node(sim, b) && (found == NULL || end->id > found->id))
			found = end;
	}
	return found;
}

void sim_break_link(Sim *sim, unsigned a, unsigned b)
{
	SimLinkEnd *end = end_between(sim, a, b);
	SimEvent event;

	if (end == NULL)
		return;
	hang_up(sim, end);
	event = event_for(SIM_DOWN, end->owner, end->id, sim->now);
	event.status = RELOAD_E_UNREACHABLE;
	sim_schedule(sim, event);
}

bool sim_inject(Sim *sim, unsigned from, unsigned to, ReloadSpan message)
{
	SimLinkEnd *end = end_between(sim, to, from);

	if (end == NULL)
		return false;
	reload_node_receive(end->owner->node, end->id, message, sim->now);
	return true;
}
