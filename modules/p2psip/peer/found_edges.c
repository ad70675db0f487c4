/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes of a lookup to edges. */
#include "modules/p2psip/peer/found_edges.h"

static struct p2psip_edge *edge_of(struct p2psip_edges *edges, const ReloadNodeId *node)
{
	for (uint32_t i = 0; i < edges->count; i++) {
		if (memcmp(edges->edge[i].node, node->id, P2PSIP_NODE_ID_LEN) == 0)
			return &edges->edge[i];
	}
	return NULL;
}

/* Adds the edge of route and returns it; NULL: no room for it, or no address. */
static struct p2psip_edge *add_edge(struct p2psip_edges *edges, const ReloadSipRoute *route,
				    const ReloadNodeId *self, Flows *flows, uint16_t port, int64_t now)
{
	struct p2psip_edge *to = &edges->edge[edges->count];
	FlowState state = FLOW_DOWN;

	if (edges->count >= P2PSIP_EDGES_MAX)
		return NULL;
	memset(to, 0, sizeof(*to));
	memcpy(to->node, route->node_id.id, P2PSIP_NODE_ID_LEN);
	memcpy(to->signer, route->signer.id, P2PSIP_NODE_ID_LEN);
	to->self = reload_node_id_equal(&route->node_id, self);
	if (!to->self) {
		to->address = flows_resolve(flows, &route->node_id, &state, now);
		if (to->address == 0)
			return NULL;
		to->port = port;
		to->flow = (uint8_t)state;
	}
	to->lifetime = route->lifetime;
	g_strlcpy(to->preferences, route->contact_prefs ? route->contact_prefs : "",
		  sizeof(to->preferences));
	edges->count++;
	return to;
}

ReloadStatus found_edges(struct p2psip_edges *edges, const ReloadAor *asked, const ReloadSipFound *found,
			 const ReloadNodeId *self, Flows *flows, uint16_t port, int64_t now)
{
	edges->valid_ms = P2PSIP_KEPT_MAX * 1000;
	for (unsigned i = 0; found != NULL && i < found->route_count; i++) {
		const ReloadSipRoute *route = &found->routes[i];
		struct p2psip_edge *edge = edge_of(edges, &route->node_id);

		if (edge == NULL)
			edge = add_edge(edges, route, self, flows, port, now);
		if (edge == NULL)
			continue;
		edge->own |= reload_aor_equal(&route->aor, asked);
		edges->valid_ms = (uint32_t)MIN(edges->valid_ms, (uint64_t)route->lifetime * 1000);
	}
	if (edges->count > 0)
		return RELOAD_OK;
	/* AORs of other domains would have to go through DNS, which nothing from the overlay may reach. */
	return found == NULL || found->route_count == 0 ? RELOAD_E_NOT_FOUND : RELOAD_E_LIMIT;
}
