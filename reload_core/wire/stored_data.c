/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stored values of the three data models (RFC 6940, 7 and 7.2). */
#include "reload_core/wire/stored_data.h"

#include "reload_core/wire/list.h"

bool reload_read_stored_value(ReloadReader *r, ReloadDataModel model, ReloadStoredValue *out)
{
	memset(out, 0, sizeof(*out));
	out->model = model;
	switch (model) {
	case RELOAD_MODEL_SINGLE:
		break;
	case RELOAD_MODEL_ARRAY:
		out->index = reload_read_u32(r);
		break;
	case RELOAD_MODEL_DICTIONARY:
		reload_read_vector16(r, &out->key);
		break;
	default:
		r->failed = true;
	}
	out->exists = reload_read_bool(r);
	return reload_read_vector32(r, &out->value);
}

ReloadStatus reload_stored_value_decode(ReloadSpan span, ReloadDataModel model,
					ReloadStoredValue *out)
{
	ReloadReader r = reload_reader(span);

	reload_read_stored_value(&r, model, out);
	return reload_reader_finish(&r);
}

/* Reads what stands in a StoredData after its length; it must fill content exactly. */
static bool read_content(ReloadSpan content, ReloadDataModel model, ReloadStoredData *out)
{
	ReloadReader r = reload_reader(content);
	const uint8_t *start;

	out->storage_time = reload_read_u64(&r);
	out->lifetime = reload_read_u32(&r);
	if (model == RELOAD_MODEL_UNKNOWN)
		return !r.failed;
	start = r.p;
	if (reload_read_stored_value(&r, model, &out->value))
		out->encoded_value = reload_span(start, (size_t)(r.p - start));
	reload_read_signature(&r, &out->signature);
	return reload_reader_finish(&r) == RELOAD_OK;
}

static bool read_stored_data(ReloadReader *r, ReloadDataModel model, ReloadStoredData *out)
{
	const uint8_t *start = r->p;
	ReloadSpan content;

	memset(out, 0, sizeof(*out));
	if (reload_read_vector32(r, &content) && !read_content(content, model, out))
		r->failed = true;
	if (!r->failed)
		out->raw = reload_span(start, (size_t)(r->p - start));
	return !r->failed;
}

bool reload_stored_data_next(ReloadSpan *values, ReloadDataModel model, ReloadStoredData *out)
{
	ReloadReader r = reload_reader(*values);

	read_stored_data(&r, model, out);
	return reload_list_advance(values, &r);
}

bool reload_stored_data_list_valid(ReloadSpan values, ReloadDataModel model)
{
	ReloadReader r = reload_reader(values);
	ReloadStoredData data;

	while (reload_reader_left(&r) > 0) {
		if (!read_stored_data(&r, model, &data))
			return false;
	}
	return true;
}

ReloadStatus reload_stored_data_decode(ReloadSpan span, ReloadDataModel model,
				       ReloadStoredData *out)
{
	ReloadReader r = reload_reader(span);

	read_stored_data(&r, model, out);
	return reload_reader_finish(&r);
}

static bool write_value(GByteArray *buf, const ReloadStoredValue *value, uint32_t index)
{
	size_t start = buf->len;
	bool ok = true;

	switch (value->model) {
	case RELOAD_MODEL_SINGLE:
		break;
	case RELOAD_MODEL_ARRAY:
		reload_write_u32(buf, index);
		break;
	case RELOAD_MODEL_DICTIONARY:
		ok = reload_write_vector16(buf, value->key);
		break;
	default:
		return false;
	}
	reload_write_u8(buf, value->exists);
	return reload_write_commit(buf, start, ok && reload_write_vector32(buf, value->value));
}

bool reload_write_stored_value(GByteArray *buf, const ReloadStoredValue *value)
{
	return write_value(buf, value, value->index);
}

bool reload_write_signed_value(GByteArray *buf, const ReloadStoredValue *value)
{
	return write_value(buf, value, 0);
}

bool reload_write_stored_data(GByteArray *buf, const ReloadStoredData *data)
{
	size_t start = reload_begin_vector32(buf);
	bool ok;

	reload_write_u64(buf, data->storage_time);
	reload_write_u32(buf, data->lifetime);
	ok = reload_write_stored_value(buf, &data->value) &&
	     reload_write_signature(buf, &data->signature);
	return reload_write_commit(buf, start, ok && reload_end_vector32(buf, start));
}
