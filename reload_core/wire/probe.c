/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Probe (RFC 6940, 6.4.2.5). */
#include "reload_core/wire/probe.h"

#include "reload_core/wire/list.h"

/* "Each of the current possible Probe information types is a 32-bit unsigned integer." */
static bool is_number(uint8_t type)
{
	return type >= RELOAD_PROBE_RESPONSIBLE_SET && type <= RELOAD_PROBE_UPTIME;
}

static bool read_information(ReloadReader *r, ReloadProbeInformation *out)
{
	ReloadReader value;

	memset(out, 0, sizeof(*out));
	out->type = reload_read_u8(r);
	if (!reload_read_vector8(r, &out->value) || !is_number(out->type))
		return !r->failed;
	value = reload_reader(out->value);
	out->number = reload_read_u32(&value);
	if (reload_reader_finish(&value) != RELOAD_OK)
		r->failed = true;
	return !r->failed;
}

ReloadStatus reload_probe_req_decode(ReloadSpan body, ReloadProbeReq *out)
{
	ReloadReader r = reload_reader(body);

	reload_read_vector8(&r, &out->requested_info);
	return reload_reader_finish(&r);
}

ReloadStatus reload_probe_ans_decode(ReloadSpan body, ReloadProbeAns *out)
{
	ReloadReader r = reload_reader(body), list;
	ReloadProbeInformation info;

	if (reload_read_vector16(&r, &out->probe_info)) {
		list = reload_reader(out->probe_info);
		while (reload_reader_left(&list) > 0) {
			if (!read_information(&list, &info))
				return RELOAD_E_MALFORMED;
		}
	}
	return reload_reader_finish(&r);
}

bool reload_probe_information_next(ReloadSpan *probe_info, ReloadProbeInformation *out)
{
	ReloadReader r = reload_reader(*probe_info);

	read_information(&r, out);
	return reload_list_advance(probe_info, &r);
}

bool reload_write_probe_information(GByteArray *buf, const ReloadProbeInformation *info)
{
	size_t start = buf->len;

	reload_write_u8(buf, info->type);
	if (!is_number(info->type))
		return reload_write_commit(buf, start, reload_write_vector8(buf, info->value));
	reload_write_u8(buf, sizeof(uint32_t));
	reload_write_u32(buf, info->number);
	return true;
}

bool reload_write_probe_req(GByteArray *buf, const ReloadProbeReq *req)
{
	return reload_write_vector8(buf, req->requested_info);
}

bool reload_write_probe_ans(GByteArray *buf, const ReloadProbeAns *ans)
{
	return reload_write_vector16(buf, ans->probe_info);
}
