/* SPDX-License-Identifier: GPL-2.0-or-later */
/* StoredDataSpecifier: which values of a Kind to fetch (RFC 6940, 7.4.2.1). */
#include "reload_core/wire/list.h"
#include "reload_core/wire/stored_data.h"

/* Tells whether list is made of whole ranges, none of them backwards. */
static bool ranges_valid(ReloadSpan list)
{
	ReloadArrayRange range;

	while (list.len > 0) {
		if (!reload_array_range_next(&list, &range) || range.first > range.last)
			return false;
	}
	return true;
}

/* Tells whether list is made of whole dictionary keys. */
static bool keys_valid(ReloadSpan list)
{
	ReloadSpan key;

	while (list.len > 0) {
		if (!reload_dictionary_key_next(&list, &key))
			return false;
	}
	return true;
}

/* Reads the model_specifier, which must fill content exactly. */
static bool read_items(ReloadSpan content, ReloadStoredDataSpecifier *out)
{
	ReloadReader r = reload_reader(content);

	switch (out->model) {
	case RELOAD_MODEL_SINGLE:
		return content.len == 0;
	case RELOAD_MODEL_ARRAY:
		reload_read_vector16(&r, &out->items);
		return reload_reader_finish(&r) == RELOAD_OK && ranges_valid(out->items);
	case RELOAD_MODEL_DICTIONARY:
		reload_read_vector16(&r, &out->items);
		return reload_reader_finish(&r) == RELOAD_OK && keys_valid(out->items);
	default:
		out->items = content;
		return true;
	}
}

bool reload_specifier_next(ReloadSpan *specifiers, reload_data_model_fn model_of, void *user_data,
			   ReloadStoredDataSpecifier *out)
{
	ReloadReader r = reload_reader(*specifiers);
	ReloadSpan content;

	memset(out, 0, sizeof(*out));
	out->kind = reload_read_u32(&r);
	out->generation = reload_read_u64(&r);
	if (reload_read_vector16(&r, &content)) {
		out->model = model_of(out->kind, user_data);
		if (!read_items(content, out))
			r.failed = true;
	}
	return reload_list_advance(specifiers, &r);
}

bool reload_write_specifier(GByteArray *buf, const ReloadStoredDataSpecifier *specifier)
{
	size_t start = buf->len, mark;
	bool ok;

	reload_write_u32(buf, specifier->kind);
	reload_write_u64(buf, specifier->generation);
	mark = reload_begin_vector16(buf);
	switch (specifier->model) {
	case RELOAD_MODEL_SINGLE:
		ok = specifier->items.len == 0;
		break;
	case RELOAD_MODEL_ARRAY:
	case RELOAD_MODEL_DICTIONARY:
		ok = reload_write_vector16(buf, specifier->items);
		break;
	default:
		ok = true;
		reload_write_bytes(buf, specifier->items);
	}
	return reload_write_commit(buf, start, ok && reload_end_vector16(buf, mark));
}

bool reload_array_range_next(ReloadSpan *ranges, ReloadArrayRange *out)
{
	ReloadReader r = reload_reader(*ranges);

	out->first = reload_read_u32(&r);
	out->last = reload_read_u32(&r);
	return reload_list_advance(ranges, &r);
}

bool reload_dictionary_key_next(ReloadSpan *keys, ReloadSpan *out)
{
	ReloadReader r = reload_reader(*keys);

	reload_read_vector16(&r, out);
	return reload_list_advance(keys, &r);
}

void reload_write_array_range(GByteArray *buf, ReloadArrayRange range)
{
	reload_write_u32(buf, range.first);
	reload_write_u32(buf, range.last);
}

bool reload_write_dictionary_key(GByteArray *buf, ReloadSpan key)
{
	return reload_write_vector16(buf, key);
}

bool reload_array_ranges_overlap(ReloadSpan ranges)
{
	ReloadArrayRange a, b;

	if (ranges.len > RELOAD_KINDS_MAX * sizeof(uint64_t))
		return true;
	while (reload_array_range_next(&ranges, &a)) {
		ReloadSpan others = ranges;

		while (reload_array_range_next(&others, &b)) {
			if (a.first <= b.last && b.first <= a.last)
				return true;
		}
	}
	return false;
}
