/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ping (RFC 6940, 6.5.3). */
#include "reload_core/wire/ping.h"

ReloadStatus reload_ping_req_decode(ReloadSpan body, ReloadPingReq *out)
{
	ReloadReader r = reload_reader(body);

	reload_read_vector16(&r, &out->padding);
	return reload_reader_finish(&r);
}

ReloadStatus reload_ping_ans_decode(ReloadSpan body, ReloadPingAns *out)
{
	ReloadReader r = reload_reader(body);

	out->response_id = reload_read_u64(&r);
	out->time = reload_read_u64(&r);
	return reload_reader_finish(&r);
}

bool reload_write_ping_req(GByteArray *buf, const ReloadPingReq *req)
{
	return reload_write_vector16(buf, req->padding);
}

bool reload_write_ping_ans(GByteArray *buf, const ReloadPingAns *ans)
{
	reload_write_u64(buf, ans->response_id);
	reload_write_u64(buf, ans->time);
	return true;
}
