/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ConfigUpdate (RFC 6940, 6.5.4). */
#include "reload_core/wire/config_update.h"

#include "reload_core/wire/list.h"

/* Tells whether list is made of whole KindDescriptions. */
static bool kind_descriptions_valid(ReloadSpan list)
{
	ReloadSpan xml;

	while (list.len > 0) {
		if (!reload_kind_description_next(&list, &xml))
			return false;
	}
	return true;
}

static bool is_defined(uint8_t type)
{
	return type == RELOAD_CONFIG_UPDATE_CONFIG || type == RELOAD_CONFIG_UPDATE_KIND;
}

ReloadStatus reload_config_update_req_decode(ReloadSpan body, ReloadConfigUpdateReq *out)
{
	ReloadReader r = reload_reader(body), inner;
	ReloadSpan content;

	memset(out, 0, sizeof(*out));
	out->type = reload_read_u8(&r);
	reload_read_vector32(&r, &content);
	if (reload_reader_finish(&r) != RELOAD_OK || out->type == 0)
		return RELOAD_E_MALFORMED;
	if (!is_defined(out->type)) {
		out->data = content;
		return RELOAD_OK;
	}
	inner = reload_reader(content);
	reload_read_vector24(&inner, &out->data);
	if (out->type == RELOAD_CONFIG_UPDATE_KIND && !kind_descriptions_valid(out->data))
		return RELOAD_E_MALFORMED;
	return reload_reader_finish(&inner);
}

bool reload_kind_description_next(ReloadSpan *kinds, ReloadSpan *out)
{
	ReloadReader r = reload_reader(*kinds);

	reload_read_vector16(&r, out);
	return reload_list_advance(kinds, &r);
}

bool reload_write_kind_description(GByteArray *buf, ReloadSpan xml)
{
	return reload_write_vector16(buf, xml);
}

bool reload_write_config_update_req(GByteArray *buf, const ReloadConfigUpdateReq *req)
{
	size_t start = buf->len, mark;
	bool ok;

	reload_write_u8(buf, req->type);
	mark = reload_begin_vector32(buf);
	if (is_defined(req->type)) {
		ok = reload_write_vector24(buf, req->data);
	} else {
		ok = req->type != 0 && req->data.len <= UINT32_MAX;
		if (ok)
			reload_write_bytes(buf, req->data);
	}
	return reload_write_commit(buf, start, ok && reload_end_vector32(buf, mark));
}

ReloadStatus reload_empty_decode(ReloadSpan body)
{
	return body.len == 0 ? RELOAD_OK : RELOAD_E_MALFORMED;
}
