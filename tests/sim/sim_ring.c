/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the ring should look like, by the sorted Node-IDs of the running machines, and what it does.
 */
#include "tests/sim/sim_private.h"

#include <stdio.h>

#define NEIGHBORS 3

static gint compare_ids(gconstpointer a, gconstpointer b)
{
	const SimNode *x = *(SimNode *const *)a, *y = *(SimNode *const *)b;

	return memcmp(x->id.id, y->id.id, x->id.len);
}

/* The running machines in the order of the ring; free with g_ptr_array_unref. */
static GPtrArray *sorted(Sim *sim)
{
	GPtrArray *nodes = g_ptr_array_new();

	for (unsigned i = 0; i < sim->count; i++) {
		if (sim->nodes[i].node != NULL)
			g_ptr_array_add(nodes, &sim->nodes[i]);
	}
	g_ptr_array_sort(nodes, compare_ids);
	return nodes;
}

unsigned sim_running(const Sim *sim)
{
	unsigned running = 0;

	for (unsigned i = 0; i < sim->count; i++)
		running += sim->nodes[i].node != NULL;
	return running;
}

bool sim_all_joined(Sim *sim, void *data)
{
	(void)data;
	for (unsigned i = 0; i < sim->count; i++) {
		if (sim->nodes[i].node != NULL &&
		    reload_node_state(sim->nodes[i].node) != RELOAD_NODE_JOINED)
			return false;
	}
	return true;
}

typedef struct {
	ReloadNodeId predecessors[NEIGHBORS], successors[NEIGHBORS];
	unsigned predecessor_count, successor_count;
} View;

static void note(void *data, const char *role, unsigned index, const ReloadNodeId *id)
{
	View *view = data;

	if (index > NEIGHBORS)
		return;
	if (strcmp(role, "predecessor") == 0) {
		view->predecessors[index - 1] = *id;
		view->predecessor_count = MAX(view->predecessor_count, index);
	} else if (strcmp(role, "successor") == 0) {
		view->successors[index - 1] = *id;
		view->successor_count = MAX(view->successor_count, index);
	}
}

static bool view_is_right(const GPtrArray *nodes, guint place)
{
	const SimNode *node = g_ptr_array_index(nodes, place);
	const ReloadTopologyPlugin *plugin;
	ReloadTopology *topology = reload_node_topology(node->node, &plugin);
	unsigned wanted = MIN(NEIGHBORS, nodes->len - 1);
	View view = {0};

	plugin->each_entry(topology, note, &view);
	/* In a small ring a node may stand in one list only. */
	if (nodes->len > 2 * NEIGHBORS &&
	    (view.predecessor_count < wanted || view.successor_count < wanted))
		return false;
	if (nodes->len > 1 && (view.predecessor_count == 0 || view.successor_count == 0))
		return false;
	for (unsigned i = 0; i < wanted; i++) {
		const SimNode *next = g_ptr_array_index(nodes, (place + i + 1) % nodes->len);
		const SimNode *before =
		    g_ptr_array_index(nodes, (place + nodes->len - i - 1) % nodes->len);

		if (i < view.successor_count &&
		    !reload_node_id_equal(&view.successors[i], &next->id))
			return false;
		if (i < view.predecessor_count &&
		    !reload_node_id_equal(&view.predecessors[i], &before->id))
			return false;
	}
	return nodes->len > 1 || (view.successor_count == 0 && view.predecessor_count == 0);
}

bool sim_ring_is_right(Sim *sim, void *data)
{
	GPtrArray *nodes;
	bool right = true;

	if (!sim_all_joined(sim, data))
		return false;
	nodes = sorted(sim);
	for (guint i = 0; i < nodes->len && right; i++)
		right = view_is_right(nodes, i);
	g_ptr_array_unref(nodes);
	return right;
}

SimNode *sim_responsible(Sim *sim, const ReloadResourceId *id)
{
	GPtrArray *nodes = sorted(sim);
	SimNode *found = nodes->len > 0 ? g_ptr_array_index(nodes, 0) : NULL;

	/* The first Node-ID that is not before it; behind the last one the ring begins anew. */
	for (guint i = 0; i < nodes->len; i++) {
		SimNode *node = g_ptr_array_index(nodes, i);

		if (memcmp(node->id.id, id->id, node->id.len) >= 0) {
			found = node;
			break;
		}
	}
	g_ptr_array_unref(nodes);
	return found;
}

static void print_entry(void *data, const char *role, unsigned index, const ReloadNodeId *id)
{
	(void)data;
	if (strcmp(role, "finger") != 0)
		g_printerr(" %c%u=%02x%02x", role[0], index, id->id[0], id->id[1]);
}

void sim_dump(Sim *sim)
{
	GPtrArray *nodes = sorted(sim);

	g_printerr("%s at %.3f s, RELOAD_SIM_SEED=%u\n", sim->name,
		   (double)(sim->now - PKI_NOW) / 1000.0, sim->seed);
	for (guint i = 0; i < nodes->len; i++) {
		SimNode *node = g_ptr_array_index(nodes, i);
		const ReloadTopologyPlugin *plugin;
		ReloadTopology *topology = reload_node_topology(node->node, &plugin);
		ReloadNodeStatistics statistics;
		ReloadStorageUsage usage;

		reload_node_statistics(node->node, &statistics);
		reload_storage_usage(reload_node_storage(node->node), &usage);
		g_printerr("  %02x%02x node%-3u state %d%s links %u open %u resources %zu:",
			   node->id.id[0], node->id.id[1], node->index,
			   reload_node_state(node->node), view_is_right(nodes, i) ? "" : " WRONG",
			   statistics.links, statistics.requests_open, usage.resources);
		plugin->each_entry(topology, print_entry, NULL);
		g_printerr("\n");
	}
	g_ptr_array_unref(nodes);
}
