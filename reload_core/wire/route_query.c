/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RouteQuery (RFC 6940, 6.4.2.4). */
#include "reload_core/wire/route_query.h"

#include "reload_core/wire/list.h"

ReloadStatus reload_route_query_req_decode(ReloadSpan body, unsigned node_id_len,
					   ReloadRouteQueryReq *out)
{
	ReloadReader r = reload_reader(body);

	memset(out, 0, sizeof(*out));
	out->send_update = reload_read_bool(&r);
	reload_read_destination(&r, node_id_len, &out->destination);
	reload_read_vector16(&r, &out->overlay_specific_data);
	return reload_reader_finish(&r);
}

bool reload_write_route_query_req(GByteArray *buf, const ReloadRouteQueryReq *req)
{
	size_t start = buf->len;

	reload_write_u8(buf, req->send_update);
	return reload_write_commit(buf, start,
				   reload_write_destination(buf, &req->destination) &&
				       reload_write_vector16(buf, req->overlay_specific_data));
}
