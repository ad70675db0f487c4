/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Store (RFC 6940, 7.4.1). */
#include "reload_core/wire/store.h"

#include "reload_core/wire/list.h"

/* Validates the list of Kinds with their values. */
static ReloadStatus check_kind_data(ReloadSpan list, reload_data_model_fn model_of, void *user_data)
{
	uint32_t seen[RELOAD_KINDS_MAX];
	ReloadStoreKindData data;
	size_t count = 0;

	while (list.len > 0) {
		if (!reload_store_kind_data_next(&list, &data))
			return RELOAD_E_MALFORMED;
		if (count == RELOAD_KINDS_MAX)
			return RELOAD_E_LIMIT;
		/* "The same Kind-ID MUST NOT be used twice in a given store request." */
		if (reload_kind_seen(seen, count, data.kind))
			return RELOAD_E_MALFORMED;
		seen[count++] = data.kind;
		if (!reload_stored_data_list_valid(data.values, model_of(data.kind, user_data)))
			return RELOAD_E_MALFORMED;
	}
	return RELOAD_OK;
}

ReloadStatus reload_store_req_decode(ReloadSpan body, reload_data_model_fn model_of,
				     void *user_data, ReloadStoreReq *out)
{
	ReloadReader r = reload_reader(body);

	memset(out, 0, sizeof(*out));
	reload_read_resource_id(&r, &out->resource);
	out->replica_number = reload_read_u8(&r);
	reload_read_vector32(&r, &out->kind_data);
	if (reload_reader_finish(&r) != RELOAD_OK)
		return RELOAD_E_MALFORMED;
	return check_kind_data(out->kind_data, model_of, user_data);
}

ReloadStatus reload_store_ans_decode(ReloadSpan body, unsigned node_id_len, ReloadStoreAns *out)
{
	ReloadReader r = reload_reader(body);
	ReloadStoreKindResponse response;
	ReloadSpan list;

	reload_read_vector16(&r, &out->kind_responses);
	for (list = out->kind_responses; list.len > 0;) {
		if (!reload_store_kind_response_next(&list, &response) ||
		    !reload_node_id_list_valid(response.replicas, node_id_len))
			return RELOAD_E_MALFORMED;
	}
	return reload_reader_finish(&r);
}

bool reload_store_kind_data_next(ReloadSpan *kind_data, ReloadStoreKindData *out)
{
	ReloadReader r = reload_reader(*kind_data);

	out->kind = reload_read_u32(&r);
	out->generation_counter = reload_read_u64(&r);
	reload_read_vector32(&r, &out->values);
	return reload_list_advance(kind_data, &r);
}

bool reload_store_kind_response_next(ReloadSpan *kind_responses, ReloadStoreKindResponse *out)
{
	ReloadReader r = reload_reader(*kind_responses);

	out->kind = reload_read_u32(&r);
	out->generation_counter = reload_read_u64(&r);
	reload_read_vector16(&r, &out->replicas);
	return reload_list_advance(kind_responses, &r);
}

bool reload_write_store_kind_data(GByteArray *buf, const ReloadStoreKindData *data)
{
	size_t start = buf->len;

	reload_write_u32(buf, data->kind);
	reload_write_u64(buf, data->generation_counter);
	return reload_write_commit(buf, start, reload_write_vector32(buf, data->values));
}

bool reload_write_store_kind_response(GByteArray *buf, const ReloadStoreKindResponse *response)
{
	size_t start = buf->len;

	reload_write_u32(buf, response->kind);
	reload_write_u64(buf, response->generation_counter);
	return reload_write_commit(buf, start, reload_write_vector16(buf, response->replicas));
}

bool reload_write_store_req(GByteArray *buf, const ReloadStoreReq *req)
{
	size_t start = buf->len;

	reload_write_resource_id(buf, &req->resource);
	reload_write_u8(buf, req->replica_number);
	return reload_write_commit(buf, start, reload_write_vector32(buf, req->kind_data));
}

bool reload_write_store_ans(GByteArray *buf, const ReloadStoreAns *ans)
{
	return reload_write_vector16(buf, ans->kind_responses);
}
