/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Message receipt (RFC 6940, 6.1): is it ours to process, and for whom is it? */
#include "reload_core/routing/router_private.h"

bool reload_transit_is_request(const ReloadTransit *transit)
{
	/* Only the first fragment has the code. Of the others we assume it: then the via list grows
	 * on an answer too, which does no harm. */
	if (transit->header.fragment_offset != 0)
		return true;
	return transit->rest.len >= 2 && (transit->rest.data[0] & 0x80) == 0 &&
	       (transit->rest.data[1] & 1) == 1;
}

/* Checks what 6.3.2 says of the header; false: dropped, counted and answered. */
static bool header_is_good(ReloadRouter *router, const ReloadTransit *transit, int64_t now)
{
	const ReloadHeader *header = &transit->header;

	if (header->overlay != router->document->overlay_hash) {
		router->count.dropped_overlay++;
		return false;
	}
	if (header->ttl > router->document->initial_ttl) {
		router->count.dropped_ttl++;
		reload_router_respond_error(router, transit, RELOAD_ERROR_TTL_EXCEEDED,
					    "TTL above initial-ttl", now);
		return false;
	}
	/* The via list is the path's doing, not the sender's. */
	if (transit->bytes.len - header->via_list.len > router->document->max_message_size) {
		router->count.dropped_limit++;
		reload_router_respond_error(router, transit, RELOAD_ERROR_MESSAGE_TOO_LARGE,
					    "larger than max-message-size", now);
		return false;
	}
	return true;
}

/* The first entry is a Node-ID or Resource-ID of others, or that we are responsible for. */
static void route(ReloadRouter *router, const ReloadTransit *transit, const ReloadDestination *first,
		  bool only, int64_t now)
{
	bool is_resource = first->type == RELOAD_DESTINATION_RESOURCE;
	ReloadSpan id = is_resource ? reload_resource_id_span(&first->resource_id)
				    : reload_node_id_span(&first->node_id);
	ReloadNodeId hop;

	if (!is_resource && router->host.linked(router->host.user, &first->node_id)) {
		reload_router_forward(router, transit, &first->node_id, now);
		return;
	}
	switch (router->host.next_hop(router->host.user, id, is_resource, transit->previous_hop, &hop)) {
	case RELOAD_ROUTE_SELF:
		/* 6.1.1: a Node-ID in our range that is not here is dropped silently; a Resource-ID has to be
		 * the only entry. */
		if (is_resource && only)
			reload_router_deliver(router, transit, first, now);
		else
			router->count.dropped_unroutable++;
		return;
	case RELOAD_ROUTE_HOP:
		reload_router_forward(router, transit, &hop, now);
		return;
	case RELOAD_ROUTE_NONE:
		break;
	}
	router->count.dropped_unroutable++;
	/* 6.1.1: silence about a Node-ID that nobody has. A Resource-ID has somebody responsible for it always, but
	 * we have not joined: tell a joining node that it asks the wrong one, rather than let it wait. */
	if (is_resource)
		reload_router_respond_error(router, transit, RELOAD_ERROR_NOT_FOUND, "no route from here",
					    now);
}

/* Walks over the entries of the destination list that are this node (6.1.1). */
static void examine(ReloadRouter *router, ReloadTransit *transit, int64_t now)
{
	ReloadDestination first;
	ReloadSpan rest = transit->destinations;

	while (reload_destination_next(&rest, &first)) {
		bool only = rest.len == 0;

		if (first.type == RELOAD_DESTINATION_NODE) {
			if (reload_node_id_is_wildcard(&first.node_id)) {
				reload_router_deliver(router, transit, &first, now);
				return;
			}
			if (reload_node_id_equal(&first.node_id, &router->self)) {
				if (only) {
					reload_router_deliver(router, transit, &first, now);
					return;
				}
				transit->destinations = rest;
				continue;
			}
		} else if (first.type != RELOAD_DESTINATION_RESOURCE) {
			/* An opaque ID that we never made: we keep whole via lists (6.1.3). */
			router->count.dropped_unroutable++;
			return;
		}
		route(router, transit, &first, only, now);
		return;
	}
	router->count.dropped_malformed++;
}

void reload_router_accept(ReloadRouter *router, const ReloadNodeId *previous_hop, ReloadSpan message,
			  int64_t now)
{
	ReloadTransit transit = {.bytes = message, .previous_hop = previous_hop};
	ReloadStatus status = reload_header_decode(message, router->document->node_id_length,
						   &transit.header, &transit.rest);

	if (status != RELOAD_OK) {
		router->count.dropped_malformed++;
		return;
	}
	transit.destinations = transit.header.destination_list;
	if (!header_is_good(router, &transit, now))
		return;
	examine(router, &transit, now);
}

void reload_router_receive(ReloadRouter *router, const ReloadNodeId *previous_hop, ReloadSpan message,
			   int64_t now)
{
	router->count.received++;
	reload_router_accept(router, previous_hop, message, now);
}
