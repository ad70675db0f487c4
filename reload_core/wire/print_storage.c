/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the bodies of Store, Fetch, Stat and Find. */
#include "reload_core/wire/fetch.h"
#include "reload_core/wire/find.h"
#include "reload_core/wire/print_internal.h"
#include "reload_core/wire/sip_registration.h"
#include "reload_core/wire/stat.h"
#include "reload_core/wire/store.h"
#include "reload_core/wire/turn_server.h"

/* The index or the key of a value in its Kind. */
static void print_place(ReloadPrinter *p, ReloadDataModel model, uint32_t index, ReloadSpan key)
{
	if (model == RELOAD_MODEL_ARRAY)
		reload_print_line(p, "index: %u", index);
	else if (model == RELOAD_MODEL_DICTIONARY)
		reload_print_hex(p, "key", key);
}

/* Prints a value of a Kind whose form we know; false if it has another. */
static bool print_known_value(ReloadPrinter *p, uint32_t kind, ReloadSpan value)
{
	ReloadSipRegistration registration;
	ReloadTurnServer server;

	if (kind == RELOAD_KIND_TURN_SERVICE) {
		if (reload_turn_server_decode(value, &server) != RELOAD_OK)
			return false;
		reload_print_line(p, "iteration: %u", server.iteration);
		reload_print_address(p, "server_address", &server.server_address);
		return true;
	}
	if (kind != RELOAD_KIND_SIP_REGISTRATION ||
	    reload_sip_registration_decode(value, p->node_id_len, &registration) != RELOAD_OK)
		return false;
	switch (registration.type) {
	case RELOAD_SIP_REGISTRATION_URI:
		reload_print_text(p, "uri", registration.uri);
		return true;
	case RELOAD_SIP_REGISTRATION_ROUTE:
		reload_print_text(p, "contact_prefs", registration.contact_prefs);
		reload_print_destinations(p, "destination_list", registration.destination_list);
		return true;
	default:
		return false;
	}
}

static void print_values(ReloadPrinter *p, uint32_t kind, ReloadSpan values)
{
	ReloadDataModel model = p->model_of(kind, p->user_data);
	ReloadStoredData data;

	while (reload_stored_data_next(&values, model, &data)) {
		reload_print_line(p, "StoredData");
		p->depth++;
		reload_print_time(p, "storage_time", data.storage_time);
		reload_print_line(p, "lifetime: %u s", data.lifetime);
		if (model == RELOAD_MODEL_UNKNOWN) {
			reload_print_hex(p, "of an unknown Kind", data.raw);
		} else {
			print_place(p, model, data.value.index, data.value.key);
			reload_print_line(p, "exists: %s", data.value.exists ? "true" : "false");
			if (data.value.exists && !print_known_value(p, kind, data.value.value))
				reload_print_hex(p, "value", data.value.value);
			reload_print_signature(p, &data.signature);
		}
		p->depth--;
	}
}

static ReloadStatus print_store_req(ReloadPrinter *p, ReloadSpan body)
{
	ReloadStoreKindData data;
	ReloadStoreReq req;
	ReloadStatus status = reload_store_req_decode(body, p->model_of, p->user_data, &req);

	if (status != RELOAD_OK)
		return status;
	reload_print_resource_id(p, "resource", &req.resource);
	reload_print_line(p, "replica_number: %u", req.replica_number);
	while (reload_store_kind_data_next(&req.kind_data, &data)) {
		reload_print_kind(p, data.kind);
		p->depth++;
		reload_print_line(p, "generation_counter: %" G_GUINT64_FORMAT,
				  data.generation_counter);
		print_values(p, data.kind, data.values);
		p->depth--;
	}
	return RELOAD_OK;
}

ReloadStatus reload_print_store_ans(ReloadPrinter *p, ReloadSpan body)
{
	ReloadStoreKindResponse response;
	ReloadStoreAns ans;
	ReloadStatus status = reload_store_ans_decode(body, p->node_id_len, &ans);

	if (status != RELOAD_OK)
		return status;
	while (reload_store_kind_response_next(&ans.kind_responses, &response)) {
		reload_print_kind(p, response.kind);
		p->depth++;
		reload_print_line(p, "generation_counter: %" G_GUINT64_FORMAT,
				  response.generation_counter);
		reload_print_node_ids(p, "replicas", response.replicas);
		p->depth--;
	}
	return RELOAD_OK;
}

static void print_specifier(ReloadPrinter *p, ReloadStoredDataSpecifier *specifier)
{
	ReloadArrayRange range;
	ReloadSpan key;

	reload_print_kind(p, specifier->kind);
	p->depth++;
	reload_print_line(p, "generation: %" G_GUINT64_FORMAT, specifier->generation);
	switch (specifier->model) {
	case RELOAD_MODEL_SINGLE:
		break;
	case RELOAD_MODEL_ARRAY:
		while (reload_array_range_next(&specifier->items, &range))
			reload_print_line(p, "indices: %u to %u", range.first, range.last);
		break;
	case RELOAD_MODEL_DICTIONARY:
		if (specifier->items.len == 0)
			reload_print_line(p, "keys: all");
		while (reload_dictionary_key_next(&specifier->items, &key))
			reload_print_hex(p, "key", key);
		break;
	default:
		reload_print_hex(p, "model_specifier", specifier->items);
	}
	p->depth--;
}

static ReloadStatus print_fetch_req(ReloadPrinter *p, ReloadSpan body)
{
	ReloadStoredDataSpecifier specifier;
	ReloadFetchReq req;
	ReloadStatus status = reload_fetch_req_decode(body, p->model_of, p->user_data, &req);

	if (status != RELOAD_OK)
		return status;
	reload_print_resource_id(p, "resource", &req.resource);
	while (reload_specifier_next(&req.specifiers, p->model_of, p->user_data, &specifier))
		print_specifier(p, &specifier);
	return RELOAD_OK;
}

static ReloadStatus print_fetch_ans(ReloadPrinter *p, ReloadSpan body)
{
	ReloadFetchKindResponse response;
	ReloadFetchAns ans;
	ReloadStatus status = reload_fetch_ans_decode(body, p->model_of, p->user_data, &ans);

	if (status != RELOAD_OK)
		return status;
	while (reload_fetch_kind_response_next(&ans.kind_responses, &response)) {
		reload_print_kind(p, response.kind);
		p->depth++;
		reload_print_line(p, "generation: %" G_GUINT64_FORMAT, response.generation);
		print_values(p, response.kind, response.values);
		p->depth--;
	}
	return RELOAD_OK;
}

static void print_metadata(ReloadPrinter *p, const ReloadStoredMetaData *data)
{
	reload_print_line(p, "StoredMetaData");
	p->depth++;
	reload_print_time(p, "storage_time", data->storage_time);
	reload_print_line(p, "lifetime: %u s", data->lifetime);
	if (data->model != RELOAD_MODEL_UNKNOWN) {
		print_place(p, data->model, data->index, data->key);
		reload_print_line(p, "exists: %s", data->exists ? "true" : "false");
		reload_print_line(p, "value_length: %u", data->value_length);
		reload_print_hex(p, reload_hash_name(data->hash_algorithm), data->hash_value);
	}
	p->depth--;
}

static ReloadStatus print_stat_ans(ReloadPrinter *p, ReloadSpan body)
{
	ReloadStatKindResponse response;
	ReloadStoredMetaData data;
	ReloadStatAns ans;
	ReloadStatus status = reload_stat_ans_decode(body, p->model_of, p->user_data, &ans);

	if (status != RELOAD_OK)
		return status;
	while (reload_stat_kind_response_next(&ans.kind_responses, &response)) {
		ReloadDataModel model = p->model_of(response.kind, p->user_data);

		reload_print_kind(p, response.kind);
		p->depth++;
		reload_print_line(p, "generation: %" G_GUINT64_FORMAT, response.generation);
		while (reload_stored_metadata_next(&response.values, model, &data))
			print_metadata(p, &data);
		p->depth--;
	}
	return RELOAD_OK;
}

static ReloadStatus print_find_req(ReloadPrinter *p, ReloadSpan body)
{
	ReloadFindReq req;
	uint32_t kind;
	ReloadStatus status = reload_find_req_decode(body, &req);

	if (status != RELOAD_OK)
		return status;
	reload_print_resource_id(p, "resource", &req.resource);
	while (reload_kind_next(&req.kinds, &kind))
		reload_print_kind(p, kind);
	return RELOAD_OK;
}

static ReloadStatus print_find_ans(ReloadPrinter *p, ReloadSpan body)
{
	ReloadFindKindData data;
	ReloadFindAns ans;
	ReloadStatus status = reload_find_ans_decode(body, &ans);

	if (status != RELOAD_OK)
		return status;
	while (reload_find_kind_data_next(&ans.results, &data)) {
		reload_print_kind(p, data.kind);
		p->depth++;
		reload_print_resource_id(p, "closest", &data.closest);
		p->depth--;
	}
	return RELOAD_OK;
}

ReloadStatus reload_print_storage_body(ReloadPrinter *p, uint16_t code, ReloadSpan body)
{
	switch (code) {
	case RELOAD_STORE_REQ:
		return print_store_req(p, body);
	case RELOAD_STORE_ANS:
		return reload_print_store_ans(p, body);
	case RELOAD_FETCH_REQ:
	case RELOAD_STAT_REQ:
		return print_fetch_req(p, body);
	case RELOAD_FETCH_ANS:
		return print_fetch_ans(p, body);
	case RELOAD_STAT_ANS:
		return print_stat_ans(p, body);
	case RELOAD_FIND_REQ:
		return print_find_req(p, body);
	case RELOAD_FIND_ANS:
		return print_find_ans(p, body);
	default:
		return RELOAD_E_UNSUPPORTED;
	}
}
