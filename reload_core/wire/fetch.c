/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fetch (RFC 6940, 7.4.2). */
#include "reload_core/wire/fetch.h"

#include "reload_core/wire/list.h"

/* Notes a Kind of a list that may hold each only once. */
static ReloadStatus note_kind(uint32_t seen[RELOAD_KINDS_MAX], size_t *count, uint32_t kind)
{
	if (*count == RELOAD_KINDS_MAX)
		return RELOAD_E_LIMIT;
	if (reload_kind_seen(seen, *count, kind))
		return RELOAD_E_MALFORMED;
	seen[(*count)++] = kind;
	return RELOAD_OK;
}

ReloadStatus reload_fetch_req_decode(ReloadSpan body, reload_data_model_fn model_of,
				     void *user_data, ReloadFetchReq *out)
{
	ReloadReader r = reload_reader(body);
	uint32_t seen[RELOAD_KINDS_MAX];
	ReloadStoredDataSpecifier specifier;
	ReloadSpan list;
	size_t count = 0;

	memset(out, 0, sizeof(*out));
	reload_read_resource_id(&r, &out->resource);
	reload_read_vector16(&r, &out->specifiers);
	for (list = out->specifiers; list.len > 0;) {
		ReloadStatus status = RELOAD_E_MALFORMED;

		if (reload_specifier_next(&list, model_of, user_data, &specifier))
			status = note_kind(seen, &count, specifier.kind);
		if (status != RELOAD_OK)
			return status;
	}
	return reload_reader_finish(&r);
}

ReloadStatus reload_fetch_ans_decode(ReloadSpan body, reload_data_model_fn model_of,
				     void *user_data, ReloadFetchAns *out)
{
	ReloadReader r = reload_reader(body);
	uint32_t seen[RELOAD_KINDS_MAX];
	ReloadFetchKindResponse response;
	ReloadSpan list;
	size_t count = 0;

	reload_read_vector32(&r, &out->kind_responses);
	for (list = out->kind_responses; list.len > 0;) {
		ReloadStatus status = RELOAD_E_MALFORMED;

		if (reload_fetch_kind_response_next(&list, &response) &&
		    reload_stored_data_list_valid(response.values,
						  model_of(response.kind, user_data)))
			status = note_kind(seen, &count, response.kind);
		if (status != RELOAD_OK)
			return status;
	}
	return reload_reader_finish(&r);
}

bool reload_fetch_kind_response_next(ReloadSpan *kind_responses, ReloadFetchKindResponse *out)
{
	ReloadReader r = reload_reader(*kind_responses);

	out->kind = reload_read_u32(&r);
	out->generation = reload_read_u64(&r);
	reload_read_vector32(&r, &out->values);
	return reload_list_advance(kind_responses, &r);
}

bool reload_write_fetch_kind_response(GByteArray *buf, const ReloadFetchKindResponse *response)
{
	size_t start = buf->len;

	reload_write_u32(buf, response->kind);
	reload_write_u64(buf, response->generation);
	return reload_write_commit(buf, start, reload_write_vector32(buf, response->values));
}

bool reload_write_fetch_req(GByteArray *buf, const ReloadFetchReq *req)
{
	size_t start = buf->len;

	reload_write_resource_id(buf, &req->resource);
	return reload_write_commit(buf, start, reload_write_vector16(buf, req->specifiers));
}

bool reload_write_fetch_ans(GByteArray *buf, const ReloadFetchAns *ans)
{
	return reload_write_vector32(buf, ans->kind_responses);
}
