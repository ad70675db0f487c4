/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The role of a client (RFC 6940, 4.2): linked to a bootstrap node, and, where others can connect to us, to the
 * peer that is responsible for our Node-ID; never a part of the ring. */
#include "reload_core/peer/node_private.h"

/* Is the peer that was responsible for us still the one? Asked so often, and after each Update; ms. */
#define CHECK_MS 60000
#define RETRY_MS 10000
/* After our last link was lost. */
#define AGAIN_MS 500

struct ReloadClient {
	ReloadNodeId access; /* the bootstrap node that we are linked to; len 0: none */
	ReloadNodeId home;   /* the peer responsible for our Node-ID, linked; len 0: none */
	bool attaching;
	bool unknown; /* access does not know yet which of our Node-IDs we are */
	int64_t due;  /* ms: when to tell it, or to ask who is responsible for us */
};

ReloadClient *reload_client_new(void)
{
	ReloadClient *client = g_new0(ReloadClient, 1);

	client->due = INT64_MAX;
	return client;
}

void reload_client_free(ReloadClient *client)
{
	g_free(client);
}

/* Attaches to access, over its link, if that does not know which one we are; else to who is responsible for us. */
static void attach(ReloadNode *node, int64_t now)
{
	ReloadClient *client = node->client;
	ReloadDestination destination;
	ReloadResourceId self;

	client->attaching = true;
	client->due = INT64_MAX;
	reload_resource_id_from_span(reload_node_id_span(&node->self), &self);
	destination = client->unknown ? reload_destination_node(&client->access) : reload_destination_resource(&self);
	reload_attach_start(node, &destination, NULL, false, RELOAD_CLIENT_COOKIE, now);
}

void reload_client_bootstrapped(ReloadNode *node, const ReloadNodeId *bootstrap, int64_t now)
{
	node->client->access = *bootstrap;
	node->client->unknown = reload_node_has_several_ids(node);
	node->client->due = now;
	/* Before anything else, which would be refused (6.1.2). */
	if (node->client->unknown)
		attach(node, now);
	reload_life_set_state(node, RELOAD_NODE_ATTACHED, now);
}

ReloadRoute reload_client_next_hop(const ReloadNode *node, const ReloadNodeId *previous_hop,
				   ReloadNodeId *hop)
{
	const ReloadClient *client = node->client;

	/* A client carries nothing for others. */
	if (previous_hop != NULL)
		return RELOAD_ROUTE_NONE;
	if (client->home.len != 0 && reload_links_linked(node, &client->home))
		*hop = client->home;
	else if (client->access.len != 0 && reload_links_linked(node, &client->access))
		*hop = client->access;
	else
		return RELOAD_ROUTE_NONE;
	return RELOAD_ROUTE_HOP;
}

void reload_client_on_request(ReloadNode *node, const ReloadIncoming *request, ReloadOutcome *outcome,
			      int64_t now)
{
	uint16_t code = request->message->code;

	if (code != RELOAD_UPDATE_REQ && code != RELOAD_LEAVE_REQ) {
		reload_outcome_error(outcome, RELOAD_ERROR_FORBIDDEN, "a client serves nobody");
		return;
	}
	/* 4.2.1: either may mean that another peer is responsible for us now. Not at once: it may be one of many. */
	if (!node->client->attaching && reload_node_id_equal(&request->signer, &request->previous_hop))
		node->client->due = MIN(node->client->due, now + AGAIN_MS);
}

void reload_client_link_down(ReloadNode *node, const ReloadNodeId *id, int64_t now)
{
	ReloadClient *client = node->client;
	ReloadNodeId hop;

	if (reload_node_id_equal(id, &client->home))
		client->home.len = 0;
	if (reload_node_id_equal(id, &client->access)) {
		client->access.len = 0;
		client->unknown = false;
	}
	if (node->state != RELOAD_NODE_ATTACHED)
		return;
	client->due = MIN(client->due, now + AGAIN_MS);
	if (reload_client_next_hop(node, NULL, &hop) == RELOAD_ROUTE_HOP)
		return;
	reload_life_set_state(node, RELOAD_NODE_CONNECTING, now);
	reload_bootstrap_stop(node);
	reload_bootstrap_start(node, reload_node_jitter(node, AGAIN_MS), now);
}

void reload_client_attach_done(ReloadNode *node, ReloadStatus status, const ReloadNodeId *id, int64_t now)
{
	ReloadClient *client = node->client;

	client->attaching = false;
	client->due = now + (status == RELOAD_OK ? CHECK_MS : RETRY_MS);
	if (status != RELOAD_OK || id == NULL)
		return;
	if (client->unknown && reload_node_id_equal(id, &client->access)) {
		client->unknown = false;
		client->due = now;
		return;
	}
	if (reload_node_id_equal(id, &client->home))
		return;
	/* The one before may still have messages for us on their way: its link goes when it is no longer used. */
	if (client->home.len != 0 && !reload_node_id_equal(&client->home, &client->access))
		reload_links_release(node, &client->home, now);
	client->home = *id;
}

int64_t reload_client_tick(ReloadNode *node, int64_t now)
{
	const ReloadClient *client = node->client;

	if (client == NULL || node->state != RELOAD_NODE_ATTACHED || client->attaching)
		return INT64_MAX;
	/* 4.2.1, the second way: nobody can connect to us, so we stay with the bootstrap node's link. */
	if (node->addresses->len == 0 && !client->unknown)
		return INT64_MAX;
	if (client->due > now)
		return client->due;
	attach(node, now);
	return now;
}
