/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RouteQuery (RFC 6940, 6.4.2.4). Its answer belongs to the topology: see chord.h. */
#ifndef RELOAD_WIRE_ROUTE_QUERY_H
#define RELOAD_WIRE_ROUTE_QUERY_H

#include "reload_core/wire/destination.h"

typedef struct {
	bool send_update; /* asks for an Update with the full routing table */
	ReloadDestination destination;
	ReloadSpan overlay_specific_data; /* empty with CHORD-RELOAD */
} ReloadRouteQueryReq;

/* Decodes a body; RELOAD_E_MALFORMED if it is no such structure. A Node-ID must have node_id_len
 * bytes (0: 16..20). */
ReloadStatus reload_route_query_req_decode(ReloadSpan body, unsigned node_id_len,
					   ReloadRouteQueryReq *out);

/* Appends a body; false, and nothing appended, if a part is too long. */
bool reload_write_route_query_req(GByteArray *buf, const ReloadRouteQueryReq *req);

#endif
