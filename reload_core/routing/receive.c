/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Message receipt (RFC 6940, 6.1): is it ours to process, and for whom is it? */
#include "reload_core/routing/router_private.h"

/* Opaque IDs of ours in one destination list: behind one comes the Node-ID of another node. */
#define RESTORES_MAX 4
/* How often one node may stand in the destination list of what is no request. */
#define ENTRY_TIMES_MAX 3

bool reload_transit_is_request(const ReloadTransit *transit)
{
	/* Only the first fragment has the code. Of the others we assume it: then the via list grows
	 * on an answer too, which does no harm. */
	if (transit->header.fragment_offset != 0)
		return true;
	return transit->rest.len >= 2 && (transit->rest.data[0] & 0x80) == 0 &&
	       (transit->rest.data[1] & 1) == 1;
}

uint16_t reload_transit_code(const ReloadTransit *transit)
{
	if (transit->header.fragment_offset != 0 || transit->rest.len < 2)
		return 0;
	return (uint16_t)(transit->rest.data[0] << 8 | transit->rest.data[1]);
}

/* 6.6: a message, or a header, that is larger than max-message-size. */
static void refuse_too_large(ReloadRouter *router, const ReloadTransit *transit, int64_t now)
{
	router->count.dropped_limit++;
	if (reload_header_size(&transit->header) <= router->document->max_message_size)
		reload_router_respond_error(router, transit, RELOAD_ERROR_MESSAGE_TOO_LARGE,
					    "larger than max-message-size", now);
}

static void hang_up(ReloadRouter *router, const ReloadTransit *transit)
{
	if (transit->previous_hop != NULL && router->host.hang_up != NULL)
		router->host.hang_up(router->host.user);
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
	/* The via list is the path's doing, not the sender's; the header has to fit nonetheless. */
	if (transit->bytes.len - header->via_list.len > router->document->max_message_size ||
	    reload_header_size(header) > router->document->max_message_size) {
		refuse_too_large(router, transit, now);
		hang_up(router, transit);
		return false;
	}
	return true;
}

/* The first entry is a Node-ID or Resource-ID of others, or that we are responsible for. */
static void route(ReloadRouter *router, const ReloadTransit *transit,
		  const ReloadDestination *first, bool only, int64_t now)
{
	bool is_resource = first->type == RELOAD_DESTINATION_RESOURCE;
	ReloadSpan id = is_resource ? reload_resource_id_span(&first->resource_id)
				    : reload_node_id_span(&first->node_id);
	ReloadNodeId hop;

	if (!is_resource && router->host.linked(router->host.user, &first->node_id)) {
		reload_router_forward(router, transit, &first->node_id, now);
		return;
	}
	switch (router->host.next_hop(router->host.user, id, is_resource, transit->previous_hop,
				      &hop)) {
	case RELOAD_ROUTE_SELF:
		/* 6.1.1: a Node-ID in our range that is not here is dropped silently; a Resource-ID
		 * has to be the only entry. */
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
	/* 6.1.1: silence about a Node-ID that nobody has. A Resource-ID has somebody responsible
	 * for it always, but we have not joined: tell a joining node that it asks the wrong one,
	 * rather than let it wait. */
	if (is_resource)
		reload_router_respond_error(router, transit, RELOAD_ERROR_NOT_FOUND,
					    "no route from here", now);
}

/* A source route that comes by the same node twice is made for no good, and only to load others: refused. A via list,
 * and so the destination list of an answer, may have one node twice while routes change; a fragment but the first does
 * not say what it is part of. */
static bool source_route_is_good(ReloadRouter *router, const ReloadTransit *transit, int64_t now)
{
	unsigned times_max = reload_code_is_request(reload_transit_code(transit)) ? 1 : ENTRY_TIMES_MAX;
	ReloadSpan entries[RELOAD_DESTINATIONS_MAX];
	ReloadSpan list = transit->header.destination_list;
	ReloadDestination entry;
	unsigned count = 0;
	bool good = true;

	if (reload_destination_list_count(list) == 1)
		return true;
	while (good && reload_destination_next(&list, &entry)) {
		unsigned times = 1;

		for (unsigned i = 0; i < count; i++)
			times += reload_span_equal(entries[i], entry.raw);
		good = times <= times_max && count < RELOAD_DESTINATIONS_MAX;
		if (good)
			entries[count++] = entry.raw;
	}
	if (good)
		return true;
	router->count.dropped_limit++;
	reload_router_respond_error(router, transit, RELOAD_ERROR_INVALID_MESSAGE,
				    "destination list too long, or with an entry twice", now);
	return false;
}

/* 6.1.3: puts the via list that an opaque ID of ours stands for in its place, reversed. *list
 * becomes the array that transit->destinations views. */
static bool restore(ReloadRouter *router, ReloadTransit *transit, const ReloadDestination *opaque,
		    ReloadSpan behind, GByteArray **list, int64_t now)
{
	GByteArray *restored;
	ReloadSpan via;

	/* Dropped silently: not ours, or of another time. */
	if (!reload_via_store_get(router->via_store, opaque, now, &via) ||
	    via.len + behind.len > RELOAD_LIST_MAX) {
		router->count.dropped_opaque++;
		return false;
	}
	restored = g_byte_array_sized_new((guint)(via.len + behind.len));
	reload_write_reversed_list(restored, via);
	reload_write_bytes(restored, behind);
	g_clear_pointer(list, g_byte_array_unref);
	*list = restored;
	transit->destinations = reload_span(restored->data, restored->len);
	router->count.restored++;
	return true;
}

/* Walks over the entries of the destination list that are this node (6.1.1). */
static void examine(ReloadRouter *router, ReloadTransit *transit, int64_t now)
{
	GByteArray *list = NULL;
	ReloadDestination first;
	ReloadSpan rest = transit->destinations;
	unsigned restores = 0;

	while (reload_destination_next(&rest, &first)) {
		bool only = rest.len == 0;

		if (first.type == RELOAD_DESTINATION_OPAQUE && restores++ < RESTORES_MAX) {
			if (!restore(router, transit, &first, rest, &list, now))
				break;
			rest = transit->destinations;
			continue;
		}
		if (first.type != RELOAD_DESTINATION_NODE &&
		    first.type != RELOAD_DESTINATION_RESOURCE) {
			router->count.dropped_unroutable++;
			break;
		}
		if (first.type == RELOAD_DESTINATION_NODE &&
		    reload_node_id_equal(&first.node_id, &router->self) && !only) {
			transit->destinations = rest;
			continue;
		}
		if (first.type == RELOAD_DESTINATION_NODE &&
		    (reload_node_id_is_wildcard(&first.node_id) ||
		     reload_node_id_equal(&first.node_id, &router->self)))
			reload_router_deliver(router, transit, &first, now);
		else
			route(router, transit, &first, only, now);
		break;
	}
	g_clear_pointer(&list, g_byte_array_unref);
}

/* Does the node take requests of who sent it to us (4.2.1)? */
static bool is_admitted(ReloadRouter *router, const ReloadTransit *transit, int64_t now)
{
	uint16_t code = reload_transit_code(transit);

	/* Nothing comes of other fragments where the first one is refused. */
	if (transit->previous_hop == NULL || router->host.admit == NULL ||
	    !reload_code_is_request(code))
		return true;
	switch (router->host.admit(router->host.user, transit->previous_hop, code, now)) {
	case RELOAD_ADMIT:
		return true;
	case RELOAD_REFUSE:
		reload_router_respond_error(router, transit, RELOAD_ERROR_FORBIDDEN, "not admitted",
					    now);
		break;
	case RELOAD_IGNORE:
		break;
	}
	router->count.dropped_refused++;
	return false;
}

void reload_router_accept(ReloadRouter *router, const ReloadNodeId *previous_hop,
			  ReloadSpan message, int64_t now)
{
	ReloadTransit transit = {.bytes = message, .previous_hop = previous_hop};
	ReloadStatus status = reload_header_decode(message, router->document->node_id_length,
						   &transit.header, &transit.rest);

	if (status != RELOAD_OK) {
		router->count.dropped_malformed++;
		return;
	}
	transit.destinations = transit.header.destination_list;
	if (!header_is_good(router, &transit, now) || !is_admitted(router, &transit, now) ||
	    !source_route_is_good(router, &transit, now))
		return;
	examine(router, &transit, now);
}

bool reload_router_receive(ReloadRouter *router, const ReloadNodeId *previous_hop,
			   ReloadSpan message, int64_t now)
{
	router->count.received++;
	router->touched = false;
	reload_router_accept(router, previous_hop, message, now);
	return router->touched;
}

ReloadStatus reload_router_receive_too_large(ReloadRouter *router, const ReloadNodeId *previous_hop,
					     ReloadSpan start, int64_t now)
{
	ReloadTransit transit = {.bytes = start, .previous_hop = previous_hop};
	ReloadStatus status = reload_header_decode_start(start, router->document->node_id_length,
							 &transit.header, &transit.rest);

	/* The message code, too, is needed to know whether it is a request. */
	if (status == RELOAD_E_NOT_FOUND || (status == RELOAD_OK && transit.rest.len < 2))
		return start.len <= router->document->max_message_size ? RELOAD_E_NOT_FOUND
								       : RELOAD_E_TOO_LARGE;
	router->count.received++;
	if (status != RELOAD_OK) {
		router->count.dropped_malformed++;
	} else if (transit.header.overlay != router->document->overlay_hash) {
		router->count.dropped_overlay++;
		status = RELOAD_E_MALFORMED;
	} else {
		refuse_too_large(router, &transit, now);
	}
	return status;
}
