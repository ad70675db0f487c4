/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends messages on: those of others (RFC 6940, 6.1.2), and our own frames to their first hop. */
#include "reload_core/routing/router_private.h"

/* 6.3.2.3: we know no forwarding option, so one that is critical for who forwards ends here. */
static bool has_critical_option(ReloadSpan options, uint8_t flag)
{
	ReloadForwardingOption option;

	while (reload_forwarding_option_next(&options, &option)) {
		if ((option.flags & flag) != 0)
			return true;
	}
	return false;
}

static ReloadStatus send_to(ReloadRouter *router, const ReloadNodeId *hop, ReloadSpan message)
{
	ReloadStatus status = router->host.send(router->host.user, hop, message);

	if (status == RELOAD_OK)
		router->count.sent++;
	else
		router->count.dropped_unsent++;
	return status;
}

void reload_router_forward(ReloadRouter *router, const ReloadTransit *transit, const ReloadNodeId *hop,
			   int64_t now)
{
	bool is_request = reload_transit_is_request(transit);
	GBytes *message;
	ReloadStatus status;
	ReloadSpan span;

	if (is_request && has_critical_option(transit->header.options, RELOAD_FLAG_FORWARD_CRITICAL)) {
		reload_router_respond_error(router, transit, RELOAD_ERROR_UNSUPPORTED_FORWARDING_OPTION,
					    NULL, now);
		return;
	}
	status = reload_header_forward(transit->bytes, &transit->header, transit->destinations,
				       is_request ? transit->previous_hop : NULL, &message);
	if (status == RELOAD_E_TTL) {
		router->count.dropped_ttl++;
		reload_router_respond_error(router, transit, RELOAD_ERROR_TTL_EXCEEDED, NULL, now);
		return;
	}
	if (status != RELOAD_OK) {
		router->count.dropped_limit++;
		return;
	}
	span.data = g_bytes_get_data(message, &span.len);
	if (send_to(router, hop, span) == RELOAD_OK)
		router->count.forwarded++;
	g_bytes_unref(message);
}

static ReloadStatus to_ourselves(ReloadRouter *router, ReloadSpan frame)
{
	if (g_queue_get_length(router->loopback) >= RELOAD_LOOPBACK_MAX)
		return RELOAD_E_LIMIT;
	g_queue_push_tail(router->loopback, g_bytes_new(frame.data, frame.len));
	return RELOAD_OK;
}

/* Finds where a frame of our own goes first. */
static ReloadStatus first_hop(ReloadRouter *router, const ReloadDestination *first, bool link_only,
			      ReloadNodeId *hop)
{
	bool is_resource = first->type == RELOAD_DESTINATION_RESOURCE;
	ReloadSpan id;

	hop->len = 0;
	if (!is_resource) {
		if (reload_node_id_is_wildcard(&first->node_id) ||
		    reload_node_id_equal(&first->node_id, &router->self))
			return RELOAD_OK;
		if (router->host.linked(router->host.user, &first->node_id)) {
			*hop = first->node_id;
			return RELOAD_OK;
		}
		if (link_only)
			return RELOAD_E_UNREACHABLE;
	}
	id = is_resource ? reload_resource_id_span(&first->resource_id)
			 : reload_node_id_span(&first->node_id);
	switch (router->host.next_hop(router->host.user, id, is_resource, NULL, hop)) {
	case RELOAD_ROUTE_HOP:
		return RELOAD_OK;
	case RELOAD_ROUTE_SELF:
		hop->len = 0;
		return is_resource ? RELOAD_OK : RELOAD_E_UNREACHABLE;
	case RELOAD_ROUTE_NONE:
		break;
	}
	hop->len = 0;
	return RELOAD_E_UNREACHABLE;
}

ReloadStatus reload_router_dispatch(ReloadRouter *router, ReloadSpan frame, bool link_only,
				    ReloadNodeId *hop)
{
	ReloadHeader header;
	ReloadSpan list;
	ReloadDestination first;
	GBytes *message;
	ReloadStatus status = reload_header_decode(frame, router->document->node_id_length, &header,
						   NULL);

	hop->len = 0;
	if (status != RELOAD_OK)
		return status;
	list = header.destination_list;
	if (!reload_destination_next(&list, &first))
		return RELOAD_E_MALFORMED;
	/* An answer to somebody whose own path begins with an opaque ID cannot begin here: the previous hop
	 * always stands first. */
	if (first.type != RELOAD_DESTINATION_NODE && first.type != RELOAD_DESTINATION_RESOURCE)
		return RELOAD_E_MALFORMED;
	status = first_hop(router, &first, link_only, hop);
	if (status != RELOAD_OK)
		return status;
	if (hop->len == 0)
		return to_ourselves(router, frame);
	/* 6.3.2: the TTL is decremented just before transmission. */
	status = reload_header_forward(frame, &header, header.destination_list, NULL, &message);
	if (status == RELOAD_OK) {
		ReloadSpan span;

		span.data = g_bytes_get_data(message, &span.len);
		status = send_to(router, hop, span);
		g_bytes_unref(message);
	}
	return status;
}
