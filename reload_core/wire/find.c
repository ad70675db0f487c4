/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Find (RFC 6940, 7.4.4). */
#include "reload_core/wire/find.h"

#include "reload_core/wire/list.h"

/* Kinds that fit into kinds<0..2^8-1>. */
#define KINDS_MAX (UINT8_MAX / 4)

/* Tells whether kinds is made of whole Kind-IDs, each only once; false also if there are too many.
 */
static bool kinds_unique(ReloadSpan kinds)
{
	uint32_t seen[KINDS_MAX], kind;
	size_t count = 0;

	if (kinds.len % 4 != 0 || kinds.len / 4 > KINDS_MAX)
		return false;
	while (reload_kind_next(&kinds, &kind)) {
		if (reload_kind_seen(seen, count, kind))
			return false;
		seen[count++] = kind;
	}
	return true;
}

ReloadStatus reload_find_req_decode(ReloadSpan body, ReloadFindReq *out)
{
	ReloadReader r = reload_reader(body);

	reload_read_resource_id(&r, &out->resource);
	reload_read_vector8(&r, &out->kinds);
	if (!kinds_unique(out->kinds))
		return RELOAD_E_MALFORMED;
	return reload_reader_finish(&r);
}

ReloadStatus reload_find_ans_decode(ReloadSpan body, ReloadFindAns *out)
{
	ReloadReader r = reload_reader(body);
	ReloadFindKindData data;
	ReloadSpan list;
	uint32_t seen[KINDS_MAX];
	size_t count = 0;

	reload_read_vector16(&r, &out->results);
	for (list = out->results; list.len > 0;) {
		if (!reload_find_kind_data_next(&list, &data) || count == KINDS_MAX ||
		    reload_kind_seen(seen, count, data.kind))
			return RELOAD_E_MALFORMED;
		seen[count++] = data.kind;
	}
	return reload_reader_finish(&r);
}

bool reload_kind_next(ReloadSpan *kinds, uint32_t *kind)
{
	ReloadReader r = reload_reader(*kinds);

	*kind = reload_read_u32(&r);
	return reload_list_advance(kinds, &r);
}

bool reload_find_kind_data_next(ReloadSpan *results, ReloadFindKindData *out)
{
	ReloadReader r = reload_reader(*results);

	out->kind = reload_read_u32(&r);
	reload_read_resource_id(&r, &out->closest);
	return reload_list_advance(results, &r);
}

void reload_write_find_kind_data(GByteArray *buf, const ReloadFindKindData *data)
{
	reload_write_u32(buf, data->kind);
	reload_write_resource_id(buf, &data->closest);
}

bool reload_write_find_req(GByteArray *buf, const ReloadFindReq *req)
{
	size_t start = buf->len;

	reload_write_resource_id(buf, &req->resource);
	return reload_write_commit(buf, start, reload_write_vector8(buf, req->kinds));
}

bool reload_write_find_ans(GByteArray *buf, const ReloadFindAns *ans)
{
	return reload_write_vector16(buf, ans->results);
}
