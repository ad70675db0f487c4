/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From starting to having left: joins through a bootstrap node or starts the overlay, looks for the
 * others when it is alone, looks for a partition now and then, and leaves gracefully. */
#include "reload_core/peer/node_private.h"

/* A topology that has not joined by then has failed. */
#define JOIN_TIMEOUT_MS 60000
/* A joined node looks for a partition this often, with jitter (10.7.4.4). */
#define PARTITION_SEARCH_MS 120000
/* A node that is alone first asks others after this time, with jitter: the larger one may come
 * first. */
#define ALONE_SEARCH_MS 500
/* How long the link to a bootstrap node is kept for a search. */
#define SEARCH_MS 10000

void reload_life_set_state(ReloadNode *node, ReloadNodeState state, int64_t now)
{
	if (node->state == state)
		return;
	node->state = state;
	if (node->events.state != NULL)
		node->events.state(node->events.user, state, now);
}

void reload_node_start(ReloadNode *node, int64_t now)
{
	if (node->state != RELOAD_NODE_IDLE && node->state != RELOAD_NODE_LEFT)
		return;
	reload_node_enter(node, now);
	node->started = now;
	reload_life_set_state(node, RELOAD_NODE_CONNECTING, now);
	reload_bootstrap_start(node, 0, now);
	reload_node_settle(node, now);
}

/* Has this node a place in a ring with others? */
static void note_other(void *data, const char *role, unsigned index, const ReloadNodeId *id)
{
	(void)role;
	(void)index;
	(void)id;
	*(bool *)data = true;
}

static bool is_alone(ReloadNode *node)
{
	bool others = false;

	node->plugin->each_entry(node->topology, note_other, &others);
	return !others;
}

void reload_life_bootstrapped(ReloadNode *node, const ReloadNodeId *bootstrap, int64_t now)
{
	if (node->client != NULL) {
		reload_client_bootstrapped(node, bootstrap, now);
		return;
	}
	node->join_open = true;
	if (node->state == RELOAD_NODE_CONNECTING) {
		node->join_deadline = now + JOIN_TIMEOUT_MS;
		reload_life_set_state(node, RELOAD_NODE_JOINING, now);
	} else {
		/* Joined: the search for a partition, of which nobody reports the end; or, alone, a
		 * new join. */
		node->join_deadline = now + (is_alone(node) ? JOIN_TIMEOUT_MS : SEARCH_MS);
	}
	node->plugin->join(node->topology, bootstrap, now);
}

void reload_life_nobody(ReloadNode *node, int64_t now)
{
	if (node->state != RELOAD_NODE_CONNECTING)
		return;
	if (!node->first_node) {
		/* 6.4.2.1: who cannot form connections says so. */
		reload_node_log(node, RELOAD_LOG_NOTICE, "no bootstrap node answers, trying again");
		return;
	}
	/* 6.4.2.1: only a node that was told to may do this, and only when no bootstrap node let it
	 * in. */
	reload_node_log(node, RELOAD_LOG_NOTICE, "no bootstrap node answers: starting the overlay");
	node->join_open = true;
	node->join_deadline = now + JOIN_TIMEOUT_MS;
	reload_life_set_state(node, RELOAD_NODE_JOINING, now);
	node->plugin->start_overlay(node->topology, now);
}

/* Joined: search for the others again, soon if there are none. */
static void search_later(ReloadNode *node, int64_t now)
{
	int64_t mean = is_alone(node) ? ALONE_SEARCH_MS : PARTITION_SEARCH_MS;
	ReloadNodeId through;
	bool used = reload_bootstrap_through(node, &through);

	reload_bootstrap_stop(node);
	if (used && !node->plugin->routes_through(node->topology, &through))
		reload_links_release(node, &through, now);
	reload_bootstrap_start(node, reload_node_jitter(node, mean), now);
}

void reload_life_joined(ReloadNode *node, ReloadStatus status, int64_t now)
{
	node->join_open = false;
	if (node->state == RELOAD_NODE_LEAVING || node->state == RELOAD_NODE_LEFT)
		return;
	if (status == RELOAD_OK) {
		search_later(node, now);
		if (node->state != RELOAD_NODE_JOINED) {
			reload_node_log(node, RELOAD_LOG_NOTICE, "joined the overlay");
			reload_life_set_state(node, RELOAD_NODE_JOINED, now);
		}
		return;
	}
	reload_node_log(node, RELOAD_LOG_NOTICE, "joining failed, trying again: %s", reload_strerror(status));
	if (node->state == RELOAD_NODE_JOINING)
		reload_life_set_state(node, RELOAD_NODE_CONNECTING, now);
	reload_bootstrap_next(node, now);
}

void reload_life_lost(ReloadNode *node, int64_t now)
{
	if (node->state != RELOAD_NODE_JOINED)
		return;
	reload_node_log(node, RELOAD_LOG_WARNING,
			"all neighbors are gone: looking for the overlay");
	node->join_open = false;
	search_later(node, now);
}

/* Closes everything; the last step of leaving. */
static void left(ReloadNode *node, int64_t now)
{
	reload_apps_close_all(node);
	reload_links_close_all(node, now);
	reload_life_set_state(node, RELOAD_NODE_LEFT, now);
}

static void leave_done(void *data, int64_t now)
{
	ReloadNode *node = data;

	if (node->state == RELOAD_NODE_LEAVING)
		left(node, now);
}

void reload_node_leave(ReloadNode *node, int64_t timeout, int64_t now)
{
	bool joined = node->state == RELOAD_NODE_JOINED;

	if (node->state == RELOAD_NODE_LEAVING || node->state == RELOAD_NODE_LEFT)
		return;
	reload_node_enter(node, now);
	reload_bootstrap_stop(node);
	node->leave_deadline = now + MAX(timeout, 0);
	node->leave_half = now + MAX(timeout, 0) / 2;
	node->leave_sent = false;
	reload_life_set_state(node, RELOAD_NODE_LEAVING, now);
	if (!joined || timeout <= 0)
		left(node, now);
	reload_node_settle(node, now);
}

bool reload_life_is_held(const ReloadNode *node)
{
	return node->state == RELOAD_NODE_LEAVING && !node->leave_sent && node->leave_holds > 0;
}

static void released(ReloadNode *node, gpointer data, int64_t now)
{
	(void)data;
	reload_life_tick(node, now);
}

void reload_node_hold_leave(ReloadNode *node, bool hold)
{
	if (hold)
		node->leave_holds++;
	else if (--node->leave_holds == 0)
		reload_node_defer(node, released, NULL, NULL);
}

/* Leaving: first the replicas and what usages remove, for at most half of the time, then the
 * Leave. */
static int64_t leave_tick(ReloadNode *node, int64_t now)
{
	if (now >= node->leave_deadline) {
		left(node, now);
		return INT64_MAX;
	}
	if (!node->leave_sent &&
	    (now >= node->leave_half || (!reload_life_is_held(node) && reload_replication_idle(node)))) {
		node->leave_sent = true;
		node->plugin->leave(node->topology, node->leave_deadline, leave_done, node, now);
	}
	return node->leave_sent ? node->leave_deadline : node->leave_half;
}

int64_t reload_life_tick(ReloadNode *node, int64_t now)
{
	if (node->state == RELOAD_NODE_LEAVING)
		return leave_tick(node, now);
	if (!node->join_open)
		return INT64_MAX;
	if (now < node->join_deadline)
		return node->join_deadline;
	if (node->state == RELOAD_NODE_JOINED) {
		node->join_open = false;
		search_later(node, now);
	} else {
		reload_life_joined(node, RELOAD_E_TIMEOUT, now);
	}
	return INT64_MAX;
}
