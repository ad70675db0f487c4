/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Join, Leave (RFC 6940, 6.4.2) and the bodies of CHORD-RELOAD (10.7 to 10.9). */
#include "reload_core/wire/chord.h"

#include "reload_core/wire/list.h"

/* Reads a vector of whole Node-IDs. */
static void read_node_ids(ReloadReader *r, unsigned node_id_len, ReloadSpan *out)
{
	if (reload_read_vector16(r, out) && !reload_node_id_list_valid(*out, node_id_len))
		r->failed = true;
}

ReloadStatus reload_join_req_decode(ReloadSpan body, unsigned node_id_len, ReloadJoinReq *out)
{
	ReloadReader r = reload_reader(body);

	reload_read_node_id(&r, node_id_len, &out->joining_peer_id);
	reload_read_vector16(&r, &out->overlay_specific_data);
	return reload_reader_finish(&r);
}

ReloadStatus reload_join_ans_decode(ReloadSpan body, ReloadJoinAns *out)
{
	ReloadReader r = reload_reader(body);

	reload_read_vector16(&r, &out->overlay_specific_data);
	return reload_reader_finish(&r);
}

ReloadStatus reload_leave_req_decode(ReloadSpan body, unsigned node_id_len, ReloadLeaveReq *out)
{
	ReloadReader r = reload_reader(body);

	reload_read_node_id(&r, node_id_len, &out->leaving_peer_id);
	reload_read_vector16(&r, &out->overlay_specific_data);
	return reload_reader_finish(&r);
}

ReloadStatus reload_chord_update_decode(ReloadSpan body, unsigned node_id_len,
					ReloadChordUpdate *out)
{
	ReloadReader r = reload_reader(body);

	memset(out, 0, sizeof(*out));
	out->uptime = reload_read_u32(&r);
	out->type = reload_read_u8(&r);
	switch (out->type) {
	case RELOAD_CHORD_PEER_READY:
		break;
	case RELOAD_CHORD_NEIGHBORS:
	case RELOAD_CHORD_FULL:
		read_node_ids(&r, node_id_len, &out->predecessors);
		read_node_ids(&r, node_id_len, &out->successors);
		if (out->type == RELOAD_CHORD_FULL)
			read_node_ids(&r, node_id_len, &out->fingers);
		break;
	default: /* the select allows no unknown types (6.3.1.1) */
		return r.failed ? RELOAD_E_MALFORMED : RELOAD_E_UNSUPPORTED;
	}
	return reload_reader_finish(&r);
}

ReloadStatus reload_chord_route_query_ans_decode(ReloadSpan body, unsigned node_id_len,
						 ReloadChordRouteQueryAns *out)
{
	ReloadReader r = reload_reader(body);

	reload_read_node_id(&r, node_id_len, &out->next_peer);
	return reload_reader_finish(&r);
}

static bool is_leave_type(uint8_t type)
{
	return type == RELOAD_CHORD_FROM_SUCC || type == RELOAD_CHORD_FROM_PRED;
}

ReloadStatus reload_chord_leave_data_decode(ReloadSpan data, unsigned node_id_len,
					    ReloadChordLeaveData *out)
{
	ReloadReader r = reload_reader(data);

	memset(out, 0, sizeof(*out));
	out->type = reload_read_u8(&r);
	if (!is_leave_type(out->type))
		return RELOAD_E_MALFORMED;
	read_node_ids(&r, node_id_len, &out->nodes);
	return reload_reader_finish(&r);
}

bool reload_write_join_req(GByteArray *buf, const ReloadJoinReq *req)
{
	size_t start = buf->len;

	reload_write_node_id(buf, &req->joining_peer_id);
	return reload_write_commit(buf, start,
				   reload_write_vector16(buf, req->overlay_specific_data));
}

bool reload_write_join_ans(GByteArray *buf, const ReloadJoinAns *ans)
{
	return reload_write_vector16(buf, ans->overlay_specific_data);
}

bool reload_write_leave_req(GByteArray *buf, const ReloadLeaveReq *req)
{
	size_t start = buf->len;

	reload_write_node_id(buf, &req->leaving_peer_id);
	return reload_write_commit(buf, start,
				   reload_write_vector16(buf, req->overlay_specific_data));
}

bool reload_write_chord_update(GByteArray *buf, const ReloadChordUpdate *update)
{
	size_t start = buf->len;
	bool ok = update->type >= RELOAD_CHORD_PEER_READY && update->type <= RELOAD_CHORD_FULL;

	reload_write_u32(buf, update->uptime);
	reload_write_u8(buf, update->type);
	if (update->type != RELOAD_CHORD_PEER_READY)
		ok = ok && reload_write_vector16(buf, update->predecessors) &&
		     reload_write_vector16(buf, update->successors);
	if (update->type == RELOAD_CHORD_FULL)
		ok = ok && reload_write_vector16(buf, update->fingers);
	return reload_write_commit(buf, start, ok);
}

bool reload_write_chord_leave_data(GByteArray *buf, const ReloadChordLeaveData *data)
{
	size_t start = buf->len;

	reload_write_u8(buf, data->type);
	return reload_write_commit(
	    buf, start, is_leave_type(data->type) && reload_write_vector16(buf, data->nodes));
}

void reload_write_chord_route_query_ans(GByteArray *buf, const ReloadChordRouteQueryAns *ans)
{
	reload_write_node_id(buf, &ans->next_peer);
}
