/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decoding and encoding again, of the storage methods. */
#include "tests/unit/wire_rewrite_storage.h"

#include "reload_core/wire/fetch.h"
#include "reload_core/wire/find.h"
#include "reload_core/wire/stat.h"
#include "reload_core/wire/store.h"
#include "tests/unit/wire_rewrite_value.h"

static ReloadSpan view(const GByteArray *bytes)
{
	return reload_span(bytes->data, bytes->len);
}

static const char *const model_names[] = {"unknown", "single", "array", "dictionary"};

/* Adds an arm of a select by data model, of an entry that exists or not. */
static void note_model(const char *what, ReloadDataModel model, bool exists, GHashTable *arms)
{
	g_autofree char *arm = g_strconcat(model_names[model], exists ? NULL : ",removed", NULL);

	wire_arms_add(arms, "DataModel", model);
	wire_arms_add_text(arms, what, arm);
}

void wire_rewrite_note_signature(const ReloadSignature *signature, GHashTable *arms)
{
	wire_arms_add(arms, "SignatureAlgorithm", signature->signature_alg);
	wire_arms_add(arms, "HashAlgorithm", signature->hash_alg);
	wire_arms_add(arms, "SignerIdentityType", signature->identity.type);
}

/* Copies one value and what is in it; a value that is not what its Kind says, as it is. */
static void rewrite_value(uint32_t kind, ReloadStoredData *data, GByteArray *copy, GHashTable *arms)
{
	g_autoptr(GByteArray) value = g_byte_array_new();

	note_model("StoredDataValue", data->value.model, data->value.exists, arms);
	if (data->value.model == RELOAD_MODEL_ARRAY && data->value.index == RELOAD_ARRAY_END)
		wire_arms_add_text(arms, "ArrayEntry.index", "end");
	wire_rewrite_note_signature(&data->signature, arms);
	if (data->value.exists) {
		if (wire_rewrite_value(kind, data->value.value, value, arms) == RELOAD_OK)
			data->value.value = view(value);
		else
			wire_arms_add_text(arms, "StoredDataValue", "malformed");
	}
	g_assert_true(reload_write_stored_data(copy, data));
}

/* Copies the values of a Kind one by one; those of an unknown Kind as they are. */
static ReloadSpan rewrite_values(uint32_t kind, ReloadSpan values, GByteArray *copy,
				 GHashTable *arms)
{
	ReloadDataModel model = reload_iana_data_model(kind, NULL);
	ReloadStoredData data;

	wire_arms_add(arms, "KindId", kind);
	while (reload_stored_data_next(&values, model, &data)) {
		if (model == RELOAD_MODEL_UNKNOWN)
			reload_write_bytes(copy, data.raw);
		else
			rewrite_value(kind, &data, copy, arms);
	}
	return view(copy);
}

static ReloadStatus rewrite_store_req(ReloadSpan body, GByteArray *out, GHashTable *arms)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadStoreKindData kind;
	ReloadStoreReq req;
	ReloadStatus status = reload_store_req_decode(body, reload_iana_data_model, NULL, &req);

	if (status != RELOAD_OK)
		return status;
	wire_arms_add(arms, "StoreReq.replica_number", req.replica_number);
	while (reload_store_kind_data_next(&req.kind_data, &kind)) {
		g_autoptr(GByteArray) values = g_byte_array_new();

		kind.values = rewrite_values(kind.kind, kind.values, values, arms);
		g_assert_true(reload_write_store_kind_data(list, &kind));
	}
	req.kind_data = view(list);
	g_assert_true(reload_write_store_req(out, &req));
	return RELOAD_OK;
}

ReloadStatus wire_rewrite_store_ans(ReloadSpan body, GByteArray *out, GHashTable *arms)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadStoreKindResponse response;
	ReloadStoreAns ans;
	ReloadStatus status = reload_store_ans_decode(body, RELOAD_NODE_ID_MIN, &ans);

	if (status != RELOAD_OK)
		return status;
	while (reload_store_kind_response_next(&ans.kind_responses, &response)) {
		g_autoptr(GByteArray) replicas = g_byte_array_new();
		ReloadNodeId id;

		wire_arms_add(arms, "KindId", response.kind);
		while (reload_node_id_next(&response.replicas, RELOAD_NODE_ID_MIN, &id))
			reload_write_node_id(replicas, &id);
		response.replicas = view(replicas);
		g_assert_true(reload_write_store_kind_response(list, &response));
	}
	ans.kind_responses = view(list);
	g_assert_true(reload_write_store_ans(out, &ans));
	return RELOAD_OK;
}

/* Copies the ranges or keys of a specifier one by one. */
static void rewrite_items(ReloadStoredDataSpecifier *specifier, GByteArray *items, GHashTable *arms)
{
	ReloadArrayRange range;
	ReloadSpan key;

	wire_arms_add(arms, "KindId", specifier->kind);
	wire_arms_add(arms, "DataModel", specifier->model);
	if (specifier->model == RELOAD_MODEL_DICTIONARY && specifier->items.len == 0)
		wire_arms_add_text(arms, "StoredDataSpecifier", "dictionary,all");
	else
		wire_arms_add_text(arms, "StoredDataSpecifier", model_names[specifier->model]);
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

static ReloadStatus rewrite_fetch_req(ReloadSpan body, GByteArray *out, GHashTable *arms)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadStoredDataSpecifier specifier;
	ReloadFetchReq req;
	ReloadStatus status = reload_fetch_req_decode(body, reload_iana_data_model, NULL, &req);

	if (status != RELOAD_OK)
		return status;
	while (reload_specifier_next(&req.specifiers, reload_iana_data_model, NULL, &specifier)) {
		g_autoptr(GByteArray) items = g_byte_array_new();

		rewrite_items(&specifier, items, arms);
		g_assert_true(reload_write_specifier(list, &specifier));
	}
	req.specifiers = view(list);
	g_assert_true(reload_write_fetch_req(out, &req));
	return RELOAD_OK;
}

static ReloadStatus rewrite_fetch_ans(ReloadSpan body, GByteArray *out, GHashTable *arms)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadFetchKindResponse response;
	ReloadFetchAns ans;
	ReloadStatus status = reload_fetch_ans_decode(body, reload_iana_data_model, NULL, &ans);

	if (status != RELOAD_OK)
		return status;
	while (reload_fetch_kind_response_next(&ans.kind_responses, &response)) {
		g_autoptr(GByteArray) values = g_byte_array_new();

		response.values = rewrite_values(response.kind, response.values, values, arms);
		g_assert_true(reload_write_fetch_kind_response(list, &response));
	}
	ans.kind_responses = view(list);
	g_assert_true(reload_write_fetch_ans(out, &ans));
	return RELOAD_OK;
}

/* Copies metadata one by one; that of an unknown Kind as it is. */
static void rewrite_metadata(ReloadStatKindResponse *response, GByteArray *copy, GHashTable *arms)
{
	ReloadDataModel model = reload_iana_data_model(response->kind, NULL);
	ReloadStoredMetaData data;

	wire_arms_add(arms, "KindId", response->kind);
	if (model == RELOAD_MODEL_UNKNOWN)
		return;
	while (reload_stored_metadata_next(&response->values, model, &data)) {
		note_model("MetaDataValue", model, data.exists, arms);
		wire_arms_add(arms, "HashAlgorithm", data.hash_algorithm);
		g_assert_true(reload_write_stored_metadata(copy, &data));
	}
	response->values = view(copy);
}

static ReloadStatus rewrite_stat_ans(ReloadSpan body, GByteArray *out, GHashTable *arms)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadStatKindResponse response;
	ReloadStatAns ans;
	ReloadStatus status = reload_stat_ans_decode(body, reload_iana_data_model, NULL, &ans);

	if (status != RELOAD_OK)
		return status;
	while (reload_stat_kind_response_next(&ans.kind_responses, &response)) {
		g_autoptr(GByteArray) values = g_byte_array_new();

		rewrite_metadata(&response, values, arms);
		g_assert_true(reload_write_stat_kind_response(list, &response));
	}
	ans.kind_responses = view(list);
	g_assert_true(reload_write_stat_ans(out, &ans));
	return RELOAD_OK;
}

static ReloadStatus rewrite_find_req(ReloadSpan body, GByteArray *out, GHashTable *arms)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadFindReq req;
	uint32_t kind;
	ReloadStatus status = reload_find_req_decode(body, &req);

	if (status != RELOAD_OK)
		return status;
	while (reload_kind_next(&req.kinds, &kind)) {
		wire_arms_add(arms, "KindId", kind);
		reload_write_u32(list, kind);
	}
	req.kinds = view(list);
	g_assert_true(reload_write_find_req(out, &req));
	return RELOAD_OK;
}

static ReloadStatus rewrite_find_ans(ReloadSpan body, GByteArray *out, GHashTable *arms)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadFindKindData data;
	ReloadFindAns ans;
	ReloadStatus status = reload_find_ans_decode(body, &ans);

	if (status != RELOAD_OK)
		return status;
	while (reload_find_kind_data_next(&ans.results, &data)) {
		wire_arms_add(arms, "KindId", data.kind);
		reload_write_find_kind_data(list, &data);
	}
	ans.results = view(list);
	g_assert_true(reload_write_find_ans(out, &ans));
	return RELOAD_OK;
}

ReloadStatus wire_rewrite_storage_body(uint16_t code, ReloadSpan body, GByteArray *out,
				       GHashTable *arms)
{
	switch (code) {
	case RELOAD_STORE_REQ:
		return rewrite_store_req(body, out, arms);
	case RELOAD_STORE_ANS:
		return wire_rewrite_store_ans(body, out, arms);
	case RELOAD_FETCH_REQ:
	case RELOAD_STAT_REQ:
		return rewrite_fetch_req(body, out, arms);
	case RELOAD_FETCH_ANS:
		return rewrite_fetch_ans(body, out, arms);
	case RELOAD_STAT_ANS:
		return rewrite_stat_ans(body, out, arms);
	case RELOAD_FIND_REQ:
		return rewrite_find_req(body, out, arms);
	case RELOAD_FIND_ANS:
		return rewrite_find_ans(body, out, arms);
	default:
		return RELOAD_E_UNSUPPORTED;
	}
}
