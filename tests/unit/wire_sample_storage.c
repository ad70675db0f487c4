/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sample bodies of Store, Fetch, Stat, Find and errors. */
#include "tests/unit/wire_sample_bodies.h"

#include "reload_core/wire/error.h"
#include "reload_core/wire/fetch.h"
#include "reload_core/wire/find.h"
#include "reload_core/wire/sip_registration.h"
#include "reload_core/wire/stat.h"
#include "reload_core/wire/store.h"
#include "reload_core/wire/turn_server.h"

#define LIFETIME 3600

static ReloadSpan view(const GByteArray *bytes)
{
	return reload_span(bytes->data, bytes->len);
}

/* A SIP-REGISTRATION of the signer: a route to itself. */
static void write_registration(const WireSampleContext *context, GByteArray *out)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadSipRegistration registration = {
	    .type = RELOAD_SIP_REGISTRATION_ROUTE,
	    .contact_prefs = reload_span_text("(sip.schemes=SIP)"),
	};

	reload_write_destination_node(list, &context->nodes[0]);
	registration.destination_list = view(list);
	reload_write_sip_registration(out, &registration);
}

static void write_stored(const WireSampleContext *context, uint32_t kind, ReloadStoredValue value,
			 GByteArray *out)
{
	ReloadStoredData data = {
	    .storage_time = context->time,
	    .lifetime = LIFETIME,
	    .value = value,
	};

	data.value.exists = true;
	g_assert_true(context->write_stored(context, kind, &data, out));
}

static void write_registration_values(const WireSampleContext *context, GByteArray *out)
{
	g_autoptr(GByteArray) value = g_byte_array_new();

	write_registration(context, value);
	write_stored(context, RELOAD_KIND_SIP_REGISTRATION,
		     (ReloadStoredValue){.model = RELOAD_MODEL_DICTIONARY,
					 .key = reload_node_id_span(&context->nodes[0]),
					 .value = view(value)},
		     out);
}

static void write_certificate_values(const WireSampleContext *context, GByteArray *out)
{
	for (uint32_t i = 0; i < 2; i++)
		write_stored(context, RELOAD_KIND_CERTIFICATE_BY_NODE,
			     (ReloadStoredValue){.model = RELOAD_MODEL_ARRAY,
						 .index = i == 0 ? 0 : RELOAD_ARRAY_END,
						 .value = context->certificate},
			     out);
}

static void write_turn_values(const WireSampleContext *context, GByteArray *out)
{
	g_autoptr(GByteArray) value = g_byte_array_new();
	ReloadTurnServer server = {.iteration = 1};

	reload_address_from_text("192.0.2.9", 3478, &server.server_address);
	reload_write_turn_server(value, &server);
	write_stored(context, RELOAD_KIND_TURN_SERVICE,
		     (ReloadStoredValue){.model = RELOAD_MODEL_SINGLE, .value = view(value)}, out);
}

typedef void (*WriteValues)(const WireSampleContext *context, GByteArray *out);

static const struct {
	uint32_t kind;
	WriteValues write_values;
} kinds[] = {
    {RELOAD_KIND_SIP_REGISTRATION, write_registration_values},
    {RELOAD_KIND_CERTIFICATE_BY_NODE, write_certificate_values},
    {RELOAD_KIND_TURN_SERVICE, write_turn_values},
};

/* A StoreReq with the first count Kinds. */
static void write_store_req(const WireSampleContext *context, unsigned count, uint8_t replica,
			    GByteArray *body)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadStoreReq req = {.resource = context->resource, .replica_number = replica};

	for (unsigned i = 0; i < count; i++) {
		g_autoptr(GByteArray) values = g_byte_array_new();
		ReloadStoreKindData data = {.kind = kinds[i].kind, .generation_counter = replica};

		kinds[i].write_values(context, values);
		data.values = view(values);
		reload_write_store_kind_data(list, &data);
	}
	req.kind_data = view(list);
	reload_write_store_req(body, &req);
}

void wire_sample_store_req(const WireSampleContext *context, GByteArray *body)
{
	write_store_req(context, 1, 0, body);
}

void wire_sample_store_req_models(const WireSampleContext *context, GByteArray *body)
{
	write_store_req(context, G_N_ELEMENTS(kinds), 1, body);
}

static void write_store_ans(const WireSampleContext *context, unsigned replicas, GByteArray *body)
{
	g_autoptr(GByteArray) nodes = g_byte_array_new();
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadStoreKindResponse response = {
	    .kind = RELOAD_KIND_SIP_REGISTRATION,
	    .generation_counter = 7,
	};
	ReloadStoreAns ans;

	for (unsigned i = 1; i <= replicas; i++)
		reload_write_node_id(nodes, &context->nodes[i]);
	response.replicas = view(nodes);
	reload_write_store_kind_response(list, &response);
	ans.kind_responses = view(list);
	reload_write_store_ans(body, &ans);
}

void wire_sample_store_ans(const WireSampleContext *context, GByteArray *body)
{
	write_store_ans(context, 2, body);
}

static void write_fetch_req(const WireSampleContext *context, const ReloadStoredDataSpecifier *list,
			    unsigned count, GByteArray *body)
{
	g_autoptr(GByteArray) specifiers = g_byte_array_new();
	ReloadFetchReq req = {.resource = context->resource};

	for (unsigned i = 0; i < count; i++)
		reload_write_specifier(specifiers, &list[i]);
	req.specifiers = view(specifiers);
	reload_write_fetch_req(body, &req);
}

void wire_sample_fetch_req(const WireSampleContext *context, GByteArray *body)
{
	ReloadStoredDataSpecifier all = {
	    .kind = RELOAD_KIND_SIP_REGISTRATION,
	    .model = RELOAD_MODEL_DICTIONARY,
	};

	write_fetch_req(context, &all, 1, body);
}

void wire_sample_fetch_req_models(const WireSampleContext *context, GByteArray *body)
{
	g_autoptr(GByteArray) ranges = g_byte_array_new();
	ReloadStoredDataSpecifier list[] = {
	    {.kind = RELOAD_KIND_SIP_REGISTRATION,
	     .generation = 6,
	     .model = RELOAD_MODEL_DICTIONARY},
	    {.kind = RELOAD_KIND_CERTIFICATE_BY_NODE, .model = RELOAD_MODEL_ARRAY},
	    {.kind = RELOAD_KIND_TURN_SERVICE, .model = RELOAD_MODEL_SINGLE},
	};

	reload_write_array_range(ranges, (ReloadArrayRange){0, 1});
	reload_write_array_range(ranges, (ReloadArrayRange){5, RELOAD_ARRAY_END});
	list[1].items = view(ranges);
	write_fetch_req(context, list, G_N_ELEMENTS(list), body);
}

static void write_fetch_ans(const WireSampleContext *context, unsigned count, GByteArray *body)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadFetchAns ans;

	for (unsigned i = 0; i < count; i++) {
		g_autoptr(GByteArray) values = g_byte_array_new();
		ReloadFetchKindResponse response = {.kind = kinds[i].kind, .generation = 7};

		kinds[i].write_values(context, values);
		response.values = view(values);
		reload_write_fetch_kind_response(list, &response);
	}
	ans.kind_responses = view(list);
	reload_write_fetch_ans(body, &ans);
}

void wire_sample_fetch_ans(const WireSampleContext *context, GByteArray *body)
{
	write_fetch_ans(context, 1, body);
}

void wire_sample_fetch_ans_models(const WireSampleContext *context, GByteArray *body)
{
	write_fetch_ans(context, G_N_ELEMENTS(kinds), body);
}

void wire_sample_fetch_ans_synthesized(const WireSampleContext *context, GByteArray *body)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	g_autoptr(GByteArray) values = g_byte_array_new();
	ReloadFetchKindResponse response = {.kind = RELOAD_KIND_CERTIFICATE_BY_USER};
	ReloadStoredData nothing = {
	    .value = {.model = RELOAD_MODEL_ARRAY, .index = 3},
	    .signature = reload_signature_none(),
	};
	ReloadFetchAns ans;

	(void)context;
	reload_write_stored_data(values, &nothing);
	response.values = view(values);
	reload_write_fetch_kind_response(list, &response);
	ans.kind_responses = view(list);
	reload_write_fetch_ans(body, &ans);
}

void wire_sample_stat_ans(const WireSampleContext *context, GByteArray *body)
{
	g_autoptr(GByteArray) value = g_byte_array_new();
	g_autoptr(GByteArray) values = g_byte_array_new();
	g_autoptr(GByteArray) list = g_byte_array_new();
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	uint8_t digest[32];
	gsize digest_len = sizeof(digest);
	size_t mark = reload_begin_vector32(value);
	ReloadStatKindResponse response = {.kind = RELOAD_KIND_SIP_REGISTRATION, .generation = 7};
	ReloadStoredMetaData data = {
	    .storage_time = context->time,
	    .lifetime = LIFETIME,
	    .model = RELOAD_MODEL_DICTIONARY,
	    .key = reload_node_id_span(&context->nodes[0]),
	    .exists = true,
	    .hash_algorithm = RELOAD_HASH_SHA256,
	    .hash_value = {digest, sizeof(digest)},
	};
	ReloadStatAns ans;

	write_registration(context, value);
	reload_end_vector32(value, mark);
	g_checksum_update(sum, value->data, value->len);
	g_checksum_get_digest(sum, digest, &digest_len);
	data.value_length = value->len - (uint32_t)sizeof(uint32_t);
	reload_write_stored_metadata(values, &data);
	response.values = view(values);
	reload_write_stat_kind_response(list, &response);
	ans.kind_responses = view(list);
	reload_write_stat_ans(body, &ans);
}

void wire_sample_find_req(const WireSampleContext *context, GByteArray *body)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadFindReq req = {.resource = context->resource};

	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++)
		reload_write_u32(list, kinds[i].kind);
	req.kinds = view(list);
	reload_write_find_req(body, &req);
}

void wire_sample_find_ans(const WireSampleContext *context, GByteArray *body)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadFindAns ans;

	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
		ReloadFindKindData data = {
		    .kind = kinds[i].kind,
		    .closest = context->resource,
		};

		reload_write_find_kind_data(list, &data);
	}
	ans.results = view(list);
	reload_write_find_ans(body, &ans);
}

void wire_sample_error(const WireSampleContext *context, GByteArray *body)
{
	ReloadErrorResponse error = {
	    RELOAD_ERROR_NOT_FOUND,
	    reload_span_text("no such resource"),
	};

	(void)context;
	reload_write_error(body, &error);
}

void wire_sample_error_unknown_kind(const WireSampleContext *context, GByteArray *body)
{
	static const uint32_t unknown[] = {RELOAD_KIND_PRIVATE_FIRST, 0x77};
	g_autoptr(GByteArray) info = g_byte_array_new();
	ReloadErrorResponse error = {.error_code = RELOAD_ERROR_UNKNOWN_KIND};

	(void)context;
	reload_write_unknown_kinds(info, unknown, G_N_ELEMENTS(unknown));
	error.error_info = view(info);
	reload_write_error(body, &error);
}

void wire_sample_error_generation(const WireSampleContext *context, GByteArray *body)
{
	g_autoptr(GByteArray) info = g_byte_array_new();
	ReloadErrorResponse error = {.error_code = RELOAD_ERROR_GENERATION_COUNTER_TOO_LOW};

	write_store_ans(context, 0, info);
	error.error_info = view(info);
	reload_write_error(body, &error);
}
