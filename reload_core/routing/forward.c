/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends messages on: those of others (RFC 6940, 6.1.2), and our own frames to their first hop. */
#include "reload_core/routing/fragment.h"
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

typedef struct {
	ReloadRouter *router;
	const ReloadNodeId *hop;
} Sending;

static ReloadStatus send_one(void *data, ReloadSpan message)
{
	Sending *sending = data;
	ReloadRouter *router = sending->router;
	ReloadStatus status = router->host.send(router->host.user, sending->hop, message);

	if (status == RELOAD_OK)
		router->count.sent++;
	else
		router->count.dropped_unsent++;
	return status;
}

static ReloadStatus send_fragment(void *data, ReloadSpan message)
{
	((Sending *)data)->router->count.fragments++;
	return send_one(data, message);
}

/* Sends message, as fragments where the link does not take it whole (6.7). */
static ReloadStatus send_to(ReloadRouter *router, const ReloadNodeId *hop, ReloadSpan message)
{
	size_t limit = router->document->max_message_size, mtu = 0;
	Sending sending = {router, hop};
	ReloadHeader header;
	unsigned count;

	if (router->host.link_mtu != NULL)
		mtu = router->host.link_mtu(router->host.user, hop);
	if (mtu != 0 && mtu < limit)
		limit = mtu;
	if (message.len <= limit ||
	    reload_header_decode(message, router->document->node_id_length, &header, NULL) !=
		RELOAD_OK ||
	    !reload_fragment_plan(reload_header_size(&header),
				  message.len - reload_header_size(&header), limit, &count))
		return send_one(&sending, message);
	return reload_fragment(message, &header, limit, send_fragment, &sending);
}

/* 6.1.2: how the way back is kept in the via list; the list itself, or an opaque ID of ours for it.
 */
static ReloadStatus extend_via(ReloadRouter *router, const ReloadTransit *transit, int64_t now)
{
	const ReloadHeader *header = &transit->header;
	ReloadSpan via = header->via_list;
	size_t entry = 2 + (size_t)transit->previous_hop->len;
	bool compress = via.len + entry > RELOAD_LIST_MAX ||
			transit->bytes.len + entry > router->document->max_message_size ||
			(router->via_entries != 0 && via.len / 2 >= router->via_entries &&
			 reload_destination_list_count(via) >= router->via_entries);

	if (compress && via.len > 0) {
		int64_t lifetime = MAX(RELOAD_REQUEST_LIFETIME_MS,
				       RELOAD_TRANSMISSIONS_MAX *
					   (int64_t)router->document->overlay_reliability_timer);
		GByteArray *opaque = g_byte_array_sized_new(16);
		bool kept = reload_via_store_put(router->via_store, via, transit->previous_hop, now,
						 now + lifetime, opaque);
		ReloadStatus status = RELOAD_OK;

		if (kept) {
			router->count.compressed++;
			status = reload_header_forward_compressed(
			    transit->bytes, header, transit->destinations,
			    reload_span(opaque->data, opaque->len), router->frame);
		}
		g_byte_array_unref(opaque);
		if (kept)
			return status;
	}
	return reload_header_forward(transit->bytes, header, transit->destinations,
				     transit->previous_hop, router->frame);
}

void reload_router_forward(ReloadRouter *router, const ReloadTransit *transit,
			   const ReloadNodeId *hop, int64_t now)
{
	bool is_request = reload_transit_is_request(transit);
	ReloadStatus status;

	if (is_request &&
	    has_critical_option(transit->header.options, RELOAD_FLAG_FORWARD_CRITICAL)) {
		reload_router_respond_error(router, transit,
					    RELOAD_ERROR_UNSUPPORTED_FORWARDING_OPTION, NULL, now);
		return;
	}
	if (transit->header.ttl == 0)
		status = RELOAD_E_TTL;
	else if (is_request && transit->previous_hop != NULL)
		status = extend_via(router, transit, now);
	else
		status = reload_header_forward(transit->bytes, &transit->header,
					       transit->destinations, NULL, router->frame);
	if (status == RELOAD_E_TTL) {
		router->count.dropped_ttl++;
		reload_router_respond_error(router, transit, RELOAD_ERROR_TTL_EXCEEDED, NULL, now);
		return;
	}
	if (status != RELOAD_OK) {
		router->count.dropped_limit++;
		return;
	}
	if (send_to(router, hop, reload_span(router->frame->data, router->frame->len)) == RELOAD_OK)
		router->count.forwarded++;
}

static ReloadStatus to_ourselves(ReloadRouter *router, ReloadSpan frame)
{
	if (g_queue_get_length(router->loopback) >= RELOAD_LOOPBACK_MAX)
		return RELOAD_E_LIMIT;
	router->touched = true;
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
	ReloadStatus status =
	    reload_header_decode(frame, router->document->node_id_length, &header, NULL);

	hop->len = 0;
	if (status != RELOAD_OK)
		return status;
	list = header.destination_list;
	if (!reload_destination_next(&list, &first))
		return RELOAD_E_MALFORMED;
	/* An answer to somebody whose own path begins with an opaque ID cannot begin here: the
	 * previous hop always stands first. */
	if (first.type != RELOAD_DESTINATION_NODE && first.type != RELOAD_DESTINATION_RESOURCE)
		return RELOAD_E_MALFORMED;
	status = first_hop(router, &first, link_only, hop);
	if (status != RELOAD_OK)
		return status;
	if (hop->len == 0)
		return to_ourselves(router, frame);
	/* 6.3.2: the TTL is decremented just before transmission. */
	status = reload_header_forward(frame, &header, header.destination_list, NULL, router->frame);
	if (status != RELOAD_OK)
		return status;
	return send_to(router, hop, reload_span(router->frame->data, router->frame->len));
}
