/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decoding and encoding again, of the storage methods. */
#include "tests/unit/wire_rewrite_storage.h"

#include "reload_core/wire/fetch.h"
#include "reload_core/wire/find.h"
#include "reload_core/wire/stat.h"
#include "reload_core/wire/store.h"

static ReloadSpan view(const GByteArray *bytes)
{
	return reload_span(bytes->data, bytes->len);
}

/* Copies the values of a Kind one by one; those of an unknown Kind as they are. */
static ReloadSpan rewrite_values(uint32_t kind, ReloadSpan values, GByteArray *copy)
{
	ReloadDataModel model = reload_iana_data_model(kind, NULL);
	ReloadStoredData data;

	while (reload_stored_data_next(&values, model, &data)) {
		if (model == RELOAD_MODEL_UNKNOWN)
			reload_write_bytes(copy, data.raw);
		else
			g_assert_true(reload_write_stored_data(copy, &data));
	}
	return view(copy);
}

static ReloadStatus rewrite_store_req(ReloadSpan body, GByteArray *out)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadStoreKindData kind;
	ReloadStoreReq req;
	ReloadStatus status = reload_store_req_decode(body, reload_iana_data_model, NULL, &req);

	if (status != RELOAD_OK)
		return status;
	while (reload_store_kind_data_next(&req.kind_data, &kind)) {
		g_autoptr(GByteArray) values = g_byte_array_new();

		kind.values = rewrite_values(kind.kind, kind.values, values);
		g_assert_true(reload_write_store_kind_data(list, &kind));
	}
	req.kind_data = view(list);
	g_assert_true(reload_write_store_req(out, &req));
	return RELOAD_OK;
}

static ReloadStatus rewrite_store_ans(ReloadSpan body, GByteArray *out)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadStoreKindResponse response;
	ReloadStoreAns ans;
	ReloadStatus status = reload_store_ans_decode(body, RELOAD_NODE_ID_MIN, &ans);

	if (status != RELOAD_OK)
		return status;
	while (reload_store_kind_response_next(&ans.kind_responses, &response))
		g_assert_true(reload_write_store_kind_response(list, &response));
	ans.kind_responses = view(list);
	g_assert_true(reload_write_store_ans(out, &ans));
	return RELOAD_OK;
}

/* Copies the ranges or keys of a specifier one by one. */
static void rewrite_items(ReloadStoredDataSpecifier *specifier, GByteArray *items)
{
	ReloadArrayRange range;
	ReloadSpan key;

	if (specifier->model == RELOAD_MODEL_ARRAY) {
		while (reload_array_range_next(&specifier->items, &range))
			reload_write_array_range(items, range);
		specifier->items = view(items);
	} else if (specifier->model == RELOAD_MODEL_DICTIONARY) {
		while (reload_dictionary_key_next(&specifier->items, &key))
			g_assert_true(reload_write_dictionary_key(items, key));
		specifier->items = view(items);
	}
}

static ReloadStatus rewrite_fetch_req(ReloadSpan body, GByteArray *out)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadStoredDataSpecifier specifier;
	ReloadFetchReq req;
	ReloadStatus status = reload_fetch_req_decode(body, reload_iana_data_model, NULL, &req);

	if (status != RELOAD_OK)
		return status;
	while (reload_specifier_next(&req.specifiers, reload_iana_data_model, NULL, &specifier)) {
		g_autoptr(GByteArray) items = g_byte_array_new();

		rewrite_items(&specifier, items);
		g_assert_true(reload_write_specifier(list, &specifier));
	}
	req.specifiers = view(list);
	g_assert_true(reload_write_fetch_req(out, &req));
	return RELOAD_OK;
}

static ReloadStatus rewrite_fetch_ans(ReloadSpan body, GByteArray *out)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadFetchKindResponse response;
	ReloadFetchAns ans;
	ReloadStatus status = reload_fetch_ans_decode(body, reload_iana_data_model, NULL, &ans);

	if (status != RELOAD_OK)
		return status;
	while (reload_fetch_kind_response_next(&ans.kind_responses, &response)) {
		g_autoptr(GByteArray) values = g_byte_array_new();

		response.values = rewrite_values(response.kind, response.values, values);
		g_assert_true(reload_write_fetch_kind_response(list, &response));
	}
	ans.kind_responses = view(list);
	g_assert_true(reload_write_fetch_ans(out, &ans));
	return RELOAD_OK;
}

/* Copies metadata one by one; that of an unknown Kind as it is. */
static void rewrite_metadata(ReloadStatKindResponse *response, GByteArray *copy)
{
	ReloadDataModel model = reload_iana_data_model(response->kind, NULL);
	ReloadStoredMetaData data;

	if (model == RELOAD_MODEL_UNKNOWN)
		return;
	while (reload_stored_metadata_next(&response->values, model, &data))
		g_assert_true(reload_write_stored_metadata(copy, &data));
	response->values = view(copy);
}

static ReloadStatus rewrite_stat_ans(ReloadSpan body, GByteArray *out)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadStatKindResponse response;
	ReloadStatAns ans;
	ReloadStatus status = reload_stat_ans_decode(body, reload_iana_data_model, NULL, &ans);

	if (status != RELOAD_OK)
		return status;
	while (reload_stat_kind_response_next(&ans.kind_responses, &response)) {
		g_autoptr(GByteArray) values = g_byte_array_new();

		rewrite_metadata(&response, values);
		g_assert_true(reload_write_stat_kind_response(list, &response));
	}
	ans.kind_responses = view(list);
	g_assert_true(reload_write_stat_ans(out, &ans));
	return RELOAD_OK;
}

static ReloadStatus rewrite_find_req(ReloadSpan body, GByteArray *out)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadFindReq req;
	uint32_t kind;
	ReloadStatus status = reload_find_req_decode(body, &req);

	if (status != RELOAD_OK)
		return status;
	while (reload_kind_next(&req.kinds, &kind))
		reload_write_u32(list, kind);
	req.kinds = view(list);
	g_assert_true(reload_write_find_req(out, &req));
	return RELOAD_OK;
}

static ReloadStatus rewrite_find_ans(ReloadSpan body, GByteArray *out)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadFindKindData data;
	ReloadFindAns ans;
	ReloadStatus status = reload_find_ans_decode(body, &ans);

	if (status != RELOAD_OK)
		return status;
	while (reload_find_kind_data_next(&ans.results, &data))
		reload_write_find_kind_data(list, &data);
	ans.results = view(list);
	g_assert_true(reload_write_find_ans(out, &ans));
	return RELOAD_OK;
}

ReloadStatus wire_rewrite_storage_body(uint16_t code, ReloadSpan body, GByteArray *out)
{
	switch (code) {
	case RELOAD_STORE_REQ:
		return rewrite_store_req(body, out);
	case RELOAD_STORE_ANS:
		return rewrite_store_ans(body, out);
	case RELOAD_FETCH_REQ:
	case RELOAD_STAT_REQ:
		return rewrite_fetch_req(body, out);
	case RELOAD_FETCH_ANS:
		return rewrite_fetch_ans(body, out);
	case RELOAD_STAT_ANS:
		return rewrite_stat_ans(body, out);
	case RELOAD_FIND_REQ:
		return rewrite_find_req(body, out);
	case RELOAD_FIND_ANS:
		return rewrite_find_ans(body, out);
	default:
		return RELOAD_E_UNSUPPORTED;
	}
}
