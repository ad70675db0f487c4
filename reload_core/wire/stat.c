/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to Stat (RFC 6940, 7.4.3). */
#include "reload_core/wire/stat.h"

#include "reload_core/wire/list.h"

/* Reads what stands in a StoredMetaData after its length; it must fill content exactly. */
static bool read_content(ReloadSpan content, ReloadDataModel model, ReloadStoredMetaData *out)
{
	ReloadReader r = reload_reader(content);

	out->model = model;
	out->storage_time = reload_read_u64(&r);
	out->lifetime = reload_read_u32(&r);
	switch (model) {
	case RELOAD_MODEL_SINGLE:
		break;
	case RELOAD_MODEL_ARRAY:
		out->index = reload_read_u32(&r);
		break;
	case RELOAD_MODEL_DICTIONARY:
		reload_read_vector16(&r, &out->key);
		break;
	default:
		return !r.failed;
	}
	out->exists = reload_read_bool(&r);
	out->value_length = reload_read_u32(&r);
	out->hash_algorithm = reload_read_u8(&r);
	reload_read_vector8(&r, &out->hash_value);
	return reload_reader_finish(&r) == RELOAD_OK;
}

bool reload_stored_metadata_next(ReloadSpan *values, ReloadDataModel model,
				 ReloadStoredMetaData *out)
{
	ReloadReader r = reload_reader(*values);
	ReloadSpan content;

	memset(out, 0, sizeof(*out));
	if (reload_read_vector32(&r, &content) && !read_content(content, model, out))
		r.failed = true;
	return reload_list_advance(values, &r);
}

/* Tells whether list is made of whole StoredMetaData of that model. */
static bool metadata_list_valid(ReloadSpan list, ReloadDataModel model)
{
	ReloadStoredMetaData data;

	while (list.len > 0) {
		if (!reload_stored_metadata_next(&list, model, &data))
			return false;
	}
	return true;
}

ReloadStatus reload_stat_ans_decode(ReloadSpan body, reload_data_model_fn model_of, void *user_data,
				    ReloadStatAns *out)
{
	ReloadReader r = reload_reader(body);
	uint32_t seen[RELOAD_KINDS_MAX];
	ReloadStatKindResponse response;
	ReloadSpan list;
	size_t count = 0;

	reload_read_vector32(&r, &out->kind_responses);
	for (list = out->kind_responses; list.len > 0;) {
		if (!reload_stat_kind_response_next(&list, &response))
			return RELOAD_E_MALFORMED;
		if (count == RELOAD_KINDS_MAX)
			return RELOAD_E_LIMIT;
		if (reload_kind_seen(seen, count, response.kind) ||
		    !metadata_list_valid(response.values, model_of(response.kind, user_data)))
			return RELOAD_E_MALFORMED;
		seen[count++] = response.kind;
	}
	return reload_reader_finish(&r);
}

bool reload_stat_kind_response_next(ReloadSpan *kind_responses, ReloadStatKindResponse *out)
{
	ReloadReader r = reload_reader(*kind_responses);

	out->kind = reload_read_u32(&r);
	out->generation = reload_read_u64(&r);
	reload_read_vector32(&r, &out->values);
	return reload_list_advance(kind_responses, &r);
}

bool reload_write_stored_metadata(GByteArray *buf, const ReloadStoredMetaData *data)
{
	size_t start = reload_begin_vector32(buf);
	bool ok = data->model != RELOAD_MODEL_UNKNOWN;

	reload_write_u64(buf, data->storage_time);
	reload_write_u32(buf, data->lifetime);
	if (data->model == RELOAD_MODEL_ARRAY)
		reload_write_u32(buf, data->index);
	else if (data->model == RELOAD_MODEL_DICTIONARY)
		ok = reload_write_vector16(buf, data->key);
	reload_write_u8(buf, data->exists);
	reload_write_u32(buf, data->value_length);
	reload_write_u8(buf, data->hash_algorithm);
	ok = ok && reload_write_vector8(buf, data->hash_value);
	return reload_write_commit(buf, start, ok && reload_end_vector32(buf, start));
}

bool reload_write_stat_kind_response(GByteArray *buf, const ReloadStatKindResponse *response)
{
	size_t start = buf->len;

	reload_write_u32(buf, response->kind);
	reload_write_u64(buf, response->generation);
	return reload_write_commit(buf, start, reload_write_vector32(buf, response->values));
}

bool reload_write_stat_ans(GByteArray *buf, const ReloadStatAns *ans)
{
	return reload_write_vector32(buf, ans->kind_responses);
}
