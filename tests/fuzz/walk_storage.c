/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads every element of the bodies of the storage methods. */
#include "tests/fuzz/walk_storage.h"

#include "reload_core/wire/fetch.h"
#include "reload_core/wire/find.h"
#include "reload_core/wire/sip_registration.h"
#include "reload_core/wire/stat.h"
#include "reload_core/wire/store.h"

#define MODEL reload_iana_data_model

static void values(uint32_t kind, ReloadSpan list)
{
	ReloadDataModel model = MODEL(kind, NULL);
	ReloadStoredData data;

	while (reload_stored_data_next(&list, model, &data)) {
		walk_touch(data.raw);
		walk_touch(data.encoded_value);
		walk_touch(data.value.key);
		walk_touch(data.value.value);
		walk_touch(data.signature.value);
		walk_touch(data.signature.identity.raw);
	}
}

static void store(uint16_t code, ReloadSpan body, unsigned node_id_len)
{
	ReloadStoreReq request;
	ReloadStoreAns answer;
	ReloadStoreKindData data;
	ReloadStoreKindResponse response;
	ReloadNodeId id;

	if (code == RELOAD_STORE_REQ &&
	    reload_store_req_decode(body, MODEL, NULL, &request) == RELOAD_OK)
		while (reload_store_kind_data_next(&request.kind_data, &data))
			values(data.kind, data.values);
	if (code == RELOAD_STORE_ANS &&
	    reload_store_ans_decode(body, node_id_len, &answer) == RELOAD_OK)
		while (reload_store_kind_response_next(&answer.kind_responses, &response))
			while (reload_node_id_next(&response.replicas, node_id_len, &id))
				;
}

static void specifier(ReloadStoredDataSpecifier *specifier)
{
	ReloadArrayRange range;
	ReloadSpan key;

	walk_touch(specifier->items);
	if (specifier->model == RELOAD_MODEL_ARRAY) {
		reload_array_ranges_overlap(specifier->items);
		while (reload_array_range_next(&specifier->items, &range))
			;
	} else if (specifier->model == RELOAD_MODEL_DICTIONARY) {
		while (reload_dictionary_key_next(&specifier->items, &key))
			walk_touch(key);
	}
}

static void fetch(uint16_t code, ReloadSpan body)
{
	ReloadFetchReq request;
	ReloadFetchAns answer;
	ReloadStoredDataSpecifier item;
	ReloadFetchKindResponse response;

	if (code != RELOAD_FETCH_ANS &&
	    reload_fetch_req_decode(body, MODEL, NULL, &request) == RELOAD_OK)
		while (reload_specifier_next(&request.specifiers, MODEL, NULL, &item))
			specifier(&item);
	if (code == RELOAD_FETCH_ANS &&
	    reload_fetch_ans_decode(body, MODEL, NULL, &answer) == RELOAD_OK)
		while (reload_fetch_kind_response_next(&answer.kind_responses, &response))
			values(response.kind, response.values);
}

static void stat(ReloadSpan body)
{
	ReloadStatAns answer;
	ReloadStatKindResponse response;
	ReloadStoredMetaData data;

	if (reload_stat_ans_decode(body, MODEL, NULL, &answer) != RELOAD_OK)
		return;
	while (reload_stat_kind_response_next(&answer.kind_responses, &response))
		while (reload_stored_metadata_next(&response.values, MODEL(response.kind, NULL),
						   &data)) {
			walk_touch(data.key);
			walk_touch(data.hash_value);
		}
}

static void find(uint16_t code, ReloadSpan body)
{
	ReloadFindReq request;
	ReloadFindAns answer;
	ReloadFindKindData data;
	uint32_t kind;

	if (code == RELOAD_FIND_REQ && reload_find_req_decode(body, &request) == RELOAD_OK)
		while (reload_kind_next(&request.kinds, &kind))
			;
	if (code == RELOAD_FIND_ANS && reload_find_ans_decode(body, &answer) == RELOAD_OK)
		while (reload_find_kind_data_next(&answer.results, &data))
			;
}

void walk_storage_body(uint16_t code, ReloadSpan body, unsigned node_id_len)
{
	switch (code) {
	case RELOAD_STORE_REQ:
	case RELOAD_STORE_ANS:
		store(code, body, node_id_len);
		break;
	case RELOAD_FETCH_REQ:
	case RELOAD_STAT_REQ:
	case RELOAD_FETCH_ANS:
		fetch(code, body);
		break;
	case RELOAD_STAT_ANS:
		stat(body);
		break;
	case RELOAD_FIND_REQ:
	case RELOAD_FIND_ANS:
		find(code, body);
		break;
	default:
		break;
	}
}
