/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What others may see of a node, and what may be replaced in it while it runs. */
#include "reload_core/peer/node_private.h"

ReloadNodeState reload_node_state(const ReloadNode *node)
{
	return node->state;
}

const ReloadNodeId *reload_node_id(const ReloadNode *node)
{
	return &node->self;
}

ReloadDocument *reload_node_document(ReloadNode *node)
{
	return node->document;
}

ReloadStorage *reload_node_storage(ReloadNode *node)
{
	return node->storage;
}

ReloadTopology *reload_node_topology(ReloadNode *node, const ReloadTopologyPlugin **plugin)
{
	if (plugin != NULL)
		*plugin = node->plugin;
	return node->topology;
}

ReloadTrust *reload_node_trust(ReloadNode *node)
{
	return node->trust;
}

ReloadIdentity *reload_node_identity(ReloadNode *node)
{
	return node->identity;
}

ReloadStatus reload_node_set_identity(ReloadNode *node, ReloadIdentity *identity, int64_t now)
{
	(void)now;
	/* Another Node-ID would be another place in the ring: that takes a restart. */
	if (!reload_node_id_equal(reload_identity_node_id(identity), &node->self))
		return RELOAD_E_CERTIFICATE;
	reload_identity_ref(identity);
	reload_identity_unref(node->identity);
	node->identity = identity;
	reload_router_set_identity(node->router, identity);
	return RELOAD_OK;
}

void reload_node_random(ReloadNode *node, uint8_t *out, size_t len)
{
	node->io.random(node->io.user, out, len);
}

void reload_node_statistics(const ReloadNode *node, ReloadNodeStatistics *out)
{
	ReloadRouterStatistics router;

	reload_router_statistics(node->router, &router);
	*out = (ReloadNodeStatistics){
	    .received = router.received,
	    .sent = router.sent,
	    .forwarded = router.forwarded,
	    .requests = router.requests,
	    .retransmissions = router.retransmissions,
	    .timeouts = router.timeouts,
	    .dropped_malformed = router.dropped_malformed,
	    .dropped_signature = router.dropped_signature + router.dropped_origin,
	    .dropped_overlay = router.dropped_overlay,
	    .dropped_ttl = router.dropped_ttl,
	    .dropped_unroutable = router.dropped_unroutable,
	    .dropped_duplicate = router.dropped_duplicate,
	    .dropped_limit = router.dropped_limit + router.dropped_fragment + router.dropped_unsent,
	    .links = reload_connection_table_size(node->connections),
	    .requests_open = reload_router_open(node->router),
	    .app_connections = reload_apps_count(node),
	    .rollbacks = node->rollbacks,
	};
	out->dropped = out->dropped_malformed + out->dropped_signature + out->dropped_overlay +
		       out->dropped_ttl + out->dropped_unroutable + out->dropped_duplicate +
		       out->dropped_limit;
}
