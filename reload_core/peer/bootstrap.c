/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contacting a bootstrap node (RFC 6940, 11.4): those of the document in random order, never
 * ourselves, with growing pauses between the rounds. */
#include "reload_core/peer/node_private.h"

/* Between two nodes of one round, and between rounds: doubled up to the last (with jitter), ms. */
#define STEP_MS 100
#define PAUSE_FIRST_MS 1000
#define PAUSE_MAX_MS 30000
/* After the link to a bootstrap node was lost, with jitter, ms. */
#define LOST_MS 2000
/* A link that is not up by then is given up. */
#define OPEN_TIMEOUT_MS 10000

struct ReloadBootstrap {
	bool active;
	GArray *round;	       /* ReloadAddress: not tried yet in this round */
	ReloadLinkId link;     /* being opened; 0: none */
	int64_t due;	       /* ms: the next attempt, or the end of this one */
	int64_t pause;	       /* ms: after this round */
	bool in_round;	       /* the round has begun */
	bool waiting;	       /* a link is up; the life cycle says how to go on */
	ReloadNodeId through;  /* whom it leads to */
	ReloadAddress address; /* being tried */
	GHashTable *names;     /* address as text -> ReloadNodeId, of nodes that were reached */
};

ReloadBootstrap *reload_bootstrap_new(void)
{
	ReloadBootstrap *bootstrap = g_new0(ReloadBootstrap, 1);

	bootstrap->round = g_array_new(FALSE, FALSE, sizeof(ReloadAddress));
	bootstrap->due = INT64_MAX;
	bootstrap->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return bootstrap;
}

void reload_bootstrap_free(ReloadBootstrap *bootstrap)
{
	if (bootstrap == NULL)
		return;
	g_array_unref(bootstrap->round);
	g_hash_table_unref(bootstrap->names);
	g_free(bootstrap);
}

static bool is_ourselves(const ReloadNode *node, const ReloadAddress *address)
{
	for (guint i = 0; i < node->addresses->len; i++) {
		if (reload_address_equal(&g_array_index(node->addresses, ReloadAddress, i),
					 address))
			return true;
	}
	return false;
}

/* Fills a round with the document's nodes in random order. */
static void begin_round(ReloadNode *node, ReloadBootstrap *bootstrap)
{
	const GArray *nodes = node->document->bootstrap_nodes;

	g_array_set_size(bootstrap->round, 0);
	for (guint i = 0; i < nodes->len; i++) {
		ReloadAddress address = g_array_index(nodes, ReloadAddress, i);
		uint32_t place;

		if (is_ourselves(node, &address))
			continue;
		node->io.random(node->io.user, (uint8_t *)&place, sizeof(place));
		g_array_insert_val(bootstrap->round, place % (bootstrap->round->len + 1), address);
	}
	bootstrap->in_round = true;
}

void reload_bootstrap_start(ReloadNode *node, int64_t delay, int64_t now)
{
	ReloadBootstrap *bootstrap = node->bootstrap;

	if (bootstrap->active)
		return;
	bootstrap->active = true;
	bootstrap->in_round = false;
	bootstrap->waiting = false;
	bootstrap->pause = PAUSE_FIRST_MS;
	bootstrap->due = now + delay;
}

void reload_bootstrap_stop(ReloadNode *node)
{
	ReloadBootstrap *bootstrap = node->bootstrap;

	if (bootstrap->link != 0)
		node->io.link_close(node->io.user, bootstrap->link);
	bootstrap->link = 0;
	bootstrap->active = false;
	bootstrap->waiting = false;
	bootstrap->through.len = 0;
	bootstrap->due = INT64_MAX;
}

void reload_bootstrap_next(ReloadNode *node, int64_t now)
{
	ReloadBootstrap *bootstrap = node->bootstrap;

	if (!bootstrap->active)
		return;
	bootstrap->link = 0;
	bootstrap->waiting = false;
	bootstrap->through.len = 0;
	bootstrap->due = now + STEP_MS;
}

/* A round has ended without success. */
static void end_round(ReloadNode *node, ReloadBootstrap *bootstrap, int64_t now)
{
	bootstrap->in_round = false;
	bootstrap->due = now + reload_node_jitter(node, bootstrap->pause);
	bootstrap->pause = MIN(2 * bootstrap->pause, PAUSE_MAX_MS);
	reload_life_nobody(node, now);
}

static void reached(ReloadNode *node, ReloadBootstrap *bootstrap, const ReloadNodeId *id,
		    int64_t now)
{
	bootstrap->link = 0;
	bootstrap->waiting = true;
	bootstrap->through = *id;
	bootstrap->due = INT64_MAX;
	reload_life_bootstrapped(node, id, now);
}

/* Is there a link to the node at that address already? Then no other one is needed. */
static bool is_linked(const ReloadNode *node, const ReloadAddress *address, ReloadNodeId *out)
{
	char text[RELOAD_ADDRESS_TEXT];
	const ReloadNodeId *id =
	    g_hash_table_lookup(node->bootstrap->names, reload_address_to_text(address, text));

	if (id == NULL || !reload_links_linked(node, id))
		return false;
	*out = *id;
	return true;
}

/* Tries the next node of the round. */
static void attempt(ReloadNode *node, ReloadBootstrap *bootstrap, int64_t now)
{
	ReloadNodeId id;

	if (!bootstrap->in_round)
		begin_round(node, bootstrap);
	while (bootstrap->round->len > 0) {
		ReloadAddress address = g_array_index(bootstrap->round, ReloadAddress, 0);

		g_array_remove_index(bootstrap->round, 0);
		bootstrap->address = address;
		if (is_linked(node, &address, &id)) {
			reached(node, bootstrap, &id, now);
			return;
		}
		bootstrap->link = node->io.link_connect(node->io.user, &address, NULL);
		if (bootstrap->link != 0) {
			bootstrap->due = now + OPEN_TIMEOUT_MS;
			return;
		}
	}
	end_round(node, bootstrap, now);
}

bool reload_bootstrap_is_opening(const ReloadNode *node, ReloadLinkId link)
{
	return node->bootstrap->link != 0 && node->bootstrap->link == link;
}

bool reload_bootstrap_link_up(ReloadNode *node, ReloadLinkId link, const ReloadNodeId *id,
			      int64_t now)
{
	char text[RELOAD_ADDRESS_TEXT];

	if (!reload_bootstrap_is_opening(node, link))
		return false;
	g_hash_table_replace(node->bootstrap->names,
			     g_strdup(reload_address_to_text(&node->bootstrap->address, text)),
			     g_memdup2(id, sizeof(*id)));
	reached(node, node->bootstrap, id, now);
	return true;
}

void reload_bootstrap_lost(ReloadNode *node, const ReloadNodeId *id, int64_t now)
{
	ReloadBootstrap *bootstrap = node->bootstrap;
	const ReloadNodeId *known;
	GHashTableIter iter;

	if (node->state != RELOAD_NODE_JOINED || !bootstrap->active || bootstrap->waiting ||
	    bootstrap->link != 0)
		return;
	g_hash_table_iter_init(&iter, bootstrap->names);
	while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&known)) {
		if (!reload_node_id_equal(known, id))
			continue;
		bootstrap->pause = PAUSE_FIRST_MS;
		bootstrap->due =
		    reload_sooner(bootstrap->due, now + reload_node_jitter(node, LOST_MS));
		return;
	}
}

bool reload_bootstrap_through(const ReloadNode *node, ReloadNodeId *out)
{
	*out = node->bootstrap->through;
	return node->bootstrap->waiting && out->len != 0;
}

bool reload_bootstrap_link_failed(ReloadNode *node, ReloadLinkId link, int64_t now)
{
	if (!reload_bootstrap_is_opening(node, link))
		return false;
	reload_bootstrap_next(node, now);
	return true;
}

bool reload_bootstrap_needs(const ReloadNode *node, const ReloadNodeId *id)
{
	return node->bootstrap->waiting && reload_node_id_equal(&node->bootstrap->through, id);
}

int64_t reload_bootstrap_tick(ReloadNode *node, int64_t now)
{
	ReloadBootstrap *bootstrap = node->bootstrap;

	if (!bootstrap->active || bootstrap->waiting)
		return INT64_MAX;
	if (bootstrap->due > now)
		return bootstrap->due;
	if (bootstrap->link != 0) {
		node->io.link_close(node->io.user, bootstrap->link);
		reload_bootstrap_next(node, now);
	} else {
		attempt(node, bootstrap, now);
	}
	return bootstrap->active ? bootstrap->due : INT64_MAX;
}
