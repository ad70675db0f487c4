/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hands each request to the component that answers it. */
#include "reload_core/peer/node_private.h"

static void to_topology(ReloadNode *node, const ReloadIncoming *request, ReloadOutcome *outcome,
			int64_t now)
{
	ReloadTopologyAnswer answer = {.body = outcome->body};

	/* Our own request to ourselves comes over no link. */
	node->plugin->on_request(
	    node->topology, request->message, &request->signer,
	    request->previous_hop.len != 0 ? &request->previous_hop : &node->self, &answer, now);
	outcome->silent = answer.silent;
	if (answer.error_code != 0)
		reload_outcome_error(outcome, answer.error_code, answer.error_info);
}

/* What a node without a place in the ring does not do (4.2). */
static bool is_for_peers(uint16_t code)
{
	switch (code) {
	case RELOAD_STORE_REQ:
	case RELOAD_FETCH_REQ:
	case RELOAD_STAT_REQ:
	case RELOAD_FIND_REQ:
	case RELOAD_JOIN_REQ:
	case RELOAD_LEAVE_REQ:
	case RELOAD_UPDATE_REQ:
	case RELOAD_ROUTE_QUERY_REQ:
		return true;
	default:
		return false;
	}
}

void reload_node_handle(void *user, const ReloadIncoming *request, ReloadOutcome *outcome,
			int64_t now)
{
	ReloadNode *node = user;

	if (node->client != NULL && is_for_peers(request->message->code)) {
		reload_client_on_request(node, request, outcome, now);
		return;
	}
	switch (request->message->code) {
	case RELOAD_PING_REQ:
		reload_ping_on_request(node, request, outcome, now);
		break;
	case RELOAD_PROBE_REQ:
		reload_probe_on_request(node, request, outcome, now);
		break;
	case RELOAD_ATTACH_REQ:
		reload_attach_on_request(node, request, outcome, now);
		break;
	case RELOAD_APP_ATTACH_REQ:
		reload_apps_on_request(node, request, outcome, now);
		break;
	case RELOAD_STORE_REQ:
	case RELOAD_FETCH_REQ:
	case RELOAD_STAT_REQ:
	case RELOAD_FIND_REQ:
		reload_data_on_request(node, request, outcome, now);
		break;
	case RELOAD_JOIN_REQ:
	case RELOAD_LEAVE_REQ:
	case RELOAD_UPDATE_REQ:
	case RELOAD_ROUTE_QUERY_REQ:
		to_topology(node, request, outcome, now);
		break;
	case RELOAD_CONFIG_UPDATE_REQ:
		reload_config_update_on_request(node, request, outcome, now);
		break;
	default:
		reload_outcome_error(outcome, RELOAD_ERROR_INVALID_MESSAGE, "unknown message code");
		break;
	}
}
