/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking at the test network: the tables of its nodes against the sorted truth, and where messages
 * go. */
#include "tests/unit/chord_net_private.h"

/* ---- looking at it ---- */

typedef struct {
	ReloadNodeId predecessors[16], successors[16];
	unsigned predecessor_count, successor_count;
} View;

static void view_entry(void *data, const char *role, unsigned index, const ReloadNodeId *id)
{
	View *view = data;

	if (strcmp(role, "predecessor") == 0) {
		g_assert_cmpuint(index, ==, ++view->predecessor_count);
		view->predecessors[index - 1] = *id;
	} else if (strcmp(role, "successor") == 0) {
		g_assert_cmpuint(index, ==, ++view->successor_count);
		view->successors[index - 1] = *id;
	}
}

static gint compare_nodes(gconstpointer a, gconstpointer b)
{
	return memcmp((*(Node *const *)a)->id.id, (*(Node *const *)b)->id.id, 16);
}

static GPtrArray *sorted(ChordNet *net)
{
	GPtrArray *alive = g_ptr_array_new();

	for (guint i = 0; i < net->nodes->len; i++)
		if (node_of(net, i)->alive)
			g_ptr_array_add(alive, node_of(net, i));
	g_ptr_array_sort(alive, compare_nodes);
	return alive;
}

static char *node_difference(const GPtrArray *alive, guint at)
{
	const Node *node = g_ptr_array_index(alive, at);
	unsigned expected = MIN(3, alive->len - 1);
	View view = {.predecessor_count = 0};

	if (!node->joined)
		return g_strdup_printf("node %u has not joined", node->number);
	net_plugin->each_entry(node->topology, view_entry, &view);
	/* In a ring that looks large there may be more of them (10.7). */
	if (view.predecessor_count < expected || view.successor_count != view.predecessor_count)
		return g_strdup_printf("node %u has %u predecessors and %u successors",
				       node->number, view.predecessor_count, view.successor_count);
	for (unsigned i = 0; i < view.successor_count; i++) {
		const Node *s = g_ptr_array_index(alive, (at + 1 + i) % alive->len);
		const Node *p = g_ptr_array_index(alive, (at + alive->len - 1 - i) % alive->len);

		if (!reload_node_id_equal(&s->id, &view.successors[i]))
			return g_strdup_printf("node %u: successor %u is wrong", node->number,
					       i + 1);
		if (!reload_node_id_equal(&p->id, &view.predecessors[i]))
			return g_strdup_printf("node %u: predecessor %u is wrong", node->number,
					       i + 1);
	}
	return NULL;
}

char *chord_net_difference(ChordNet *net)
{
	GPtrArray *alive = sorted(net);
	char *difference = NULL;

	for (guint i = 0; i < alive->len && difference == NULL; i++)
		difference = node_difference(alive, i);
	g_ptr_array_unref(alive);
	return difference;
}

bool chord_net_converge(ChordNet *net, int64_t ms)
{
	int64_t end = net->now + ms;
	char *difference = chord_net_difference(net);

	while (difference != NULL && net->now < end) {
		g_free(difference);
		chord_net_run(net, 50);
		difference = chord_net_difference(net);
	}
	if (difference != NULL)
		g_test_message("%s", difference);
	g_free(difference);
	return difference == NULL;
}

unsigned chord_net_owner(ChordNet *net, const ReloadResourceId *id)
{
	GPtrArray *alive = sorted(net);
	unsigned owner = ((Node *)g_ptr_array_index(alive, 0))->number;

	for (guint i = alive->len; i-- > 0;) {
		Node *node = g_ptr_array_index(alive, i);

		if (memcmp(node->id.id, id->id, 16) >= 0)
			owner = node->number;
	}
	g_ptr_array_unref(alive);
	return owner;
}

int chord_net_route(ChordNet *net, unsigned from, const ReloadResourceId *id, unsigned *hops)
{
	Node *node = node_of(net, from), *previous = NULL;
	ReloadNodeId hop;

	for (*hops = 0; *hops < TTL; (*hops)++) {
		ReloadRoute way =
		    net_plugin->next_hop(node->topology, reload_resource_id_span(id), true,
					 previous == NULL ? NULL : &previous->id, &hop);

		if (way == RELOAD_ROUTE_SELF)
			return (int)node->number;
		if (way == RELOAD_ROUTE_NONE || !has_link(node, find(net, &hop)))
			return -1;
		previous = node;
		node = find(net, &hop);
		if (!node->alive)
			return -1;
	}
	return -1;
}

uint16_t chord_net_inject(ChordNet *net, unsigned number, uint16_t code, const GByteArray *body,
			  const ReloadNodeId *signer, const ReloadNodeId *previous_hop)
{
	Node *node = node_of(net, number);
	ReloadTopologyAnswer answer = {.body = g_byte_array_new()};
	ReloadMessage message = {.code = code, .body = {body->data, body->len}};

	net_plugin->on_request(node->topology, &message, signer, previous_hop, &answer, net->now);
	net_touch(node);
	g_byte_array_unref(answer.body);
	return answer.error_code;
}

void chord_net_watch(ChordNet *net, ChordNetWatch watch, void *data)
{
	net->watch = watch;
	net->watch_data = data;
}

ReloadDocument *chord_net_document(ChordNet *net)
{
	return &net->document;
}

int64_t chord_net_now(ChordNet *net)
{
	return net->now;
}

ChordNetCounts *chord_net_counts(ChordNet *net)
{
	return &net->counts;
}

unsigned chord_net_size(ChordNet *net)
{
	return net->nodes->len;
}

const ReloadNodeId *chord_net_id(ChordNet *net, unsigned node)
{
	return &node_of(net, node)->id;
}

ReloadTopology *chord_net_topology(ChordNet *net, unsigned node)
{
	return node_of(net, node)->topology;
}

const ReloadTopologyPlugin *chord_net_plugin(void)
{
	return net_plugin;
}

unsigned chord_net_links(ChordNet *net, unsigned node)
{
	return g_hash_table_size(node_of(net, node)->links);
}

unsigned chord_net_ticks(ChordNet *net, unsigned node)
{
	return node_of(net, node)->ticks;
}

bool chord_net_joined(ChordNet *net, unsigned node)
{
	return node_of(net, node)->joined;
}

unsigned chord_net_lost(ChordNet *net, unsigned node)
{
	return node_of(net, node)->lost;
}

int64_t chord_net_range_changed(ChordNet *net, unsigned node)
{
	return node_of(net, node)->range_changed;
}

int64_t chord_net_replicas_changed(ChordNet *net, unsigned node)
{
	return node_of(net, node)->replicas_changed;
}

GArray *chord_net_sorted(ChordNet *net)
{
	GPtrArray *alive = sorted(net);
	GArray *numbers = g_array_new(FALSE, FALSE, sizeof(unsigned));

	for (guint i = 0; i < alive->len; i++)
		g_array_append_val(numbers, ((Node *)g_ptr_array_index(alive, i))->number);
	g_ptr_array_unref(alive);
	return numbers;
}
