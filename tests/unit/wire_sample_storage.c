/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sample bodies of Store, Fetch, Stat, Find and errors. */
#include "tests/unit/wire_sample_bodies.h"

#include <openssl/evp.h>

#include "reload_core/wire/error.h"
#include "reload_core/wire/fetch.h"
#include "reload_core/wire/find.h"
#include "reload_core/wire/stat.h"
#include "reload_core/wire/store.h"
#include "tests/unit/wire_sample_values.h"

static ReloadSpan view(const GByteArray *bytes)
{
	return reload_span(bytes->data, bytes->len);
}

static void write_store_req(const WireSampleContext *context, const WireSampleKind *kinds,
			    uint8_t replica, GByteArray *body)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadStoreReq req = {.resource = context->resource, .replica_number = replica};

	for (; kinds->kind != 0; kinds++) {
		g_autoptr(GByteArray) values = g_byte_array_new();
		ReloadStoreKindData data = {.kind = kinds->kind, .generation_counter = replica};

		kinds->write_values(context, values);
		data.values = view(values);
		reload_write_store_kind_data(list, &data);
	}
	req.kind_data = view(list);
	reload_write_store_req(body, &req);
}

void wire_sample_store_req(const WireSampleContext *context, GByteArray *body)
{
	write_store_req(context, wire_sample_kinds_registration, 0, body);
}

void wire_sample_store_req_models(const WireSampleContext *context, GByteArray *body)
{
	write_store_req(context, wire_sample_kinds_models, 1, body);
}

void wire_sample_store_req_append(const WireSampleContext *context, GByteArray *body)
{
	write_store_req(context, wire_sample_kinds_appended, 0, body);
}

void wire_sample_store_req_removed(const WireSampleContext *context, GByteArray *body)
{
	write_store_req(context, wire_sample_kinds_removed, 2, body);
}

void wire_sample_store_req_uri(const WireSampleContext *context, GByteArray *body)
{
	write_store_req(context, wire_sample_kinds_uri, 0, body);
}

void wire_sample_store_req_users(const WireSampleContext *context, GByteArray *body)
{
	write_store_req(context, wire_sample_kinds_users, 0, body);
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

/* Keys of a dictionary: of a node that may have registered, and of one of no bytes. */
void wire_sample_fetch_req_keys(const WireSampleContext *context, GByteArray *body)
{
	g_autoptr(GByteArray) keys = g_byte_array_new();
	ReloadStoredDataSpecifier specifier = {
	    .kind = RELOAD_KIND_SIP_REGISTRATION,
	    .model = RELOAD_MODEL_DICTIONARY,
	};

	reload_write_dictionary_key(keys, reload_node_id_span(&context->nodes[0]));
	reload_write_dictionary_key(keys, reload_span_text(""));
	specifier.items = view(keys);
	write_fetch_req(context, &specifier, 1, body);
}

static void write_fetch_ans(const WireSampleContext *context, const WireSampleKind *kinds,
			    GByteArray *body)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadFetchAns ans;

	for (; kinds->kind != 0; kinds++) {
		g_autoptr(GByteArray) values = g_byte_array_new();
		ReloadFetchKindResponse response = {.kind = kinds->kind, .generation = 7};

		kinds->write_values(context, values);
		response.values = view(values);
		reload_write_fetch_kind_response(list, &response);
	}
	ans.kind_responses = view(list);
	reload_write_fetch_ans(body, &ans);
}

void wire_sample_fetch_ans(const WireSampleContext *context, GByteArray *body)
{
	write_fetch_ans(context, wire_sample_kinds_registration, body);
}

void wire_sample_fetch_ans_models(const WireSampleContext *context, GByteArray *body)
{
	write_fetch_ans(context, wire_sample_kinds_models, body);
}

void wire_sample_fetch_ans_removed(const WireSampleContext *context, GByteArray *body)
{
	write_fetch_ans(context, wire_sample_kinds_removed, body);
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

/* What Stat tells of one value, by one of the hash algorithms of TLS. */
typedef struct {
	uint32_t kind;
	ReloadDataModel model;
	uint8_t hash_algorithm;
} SampleMetaData;

static const EVP_MD *find_digest(uint8_t hash_algorithm)
{
	switch (hash_algorithm) {
	case RELOAD_HASH_SHA1:
		return EVP_sha1();
	case RELOAD_HASH_SHA224:
		return EVP_sha224();
	case RELOAD_HASH_SHA384:
		return EVP_sha384();
	case RELOAD_HASH_SHA512:
		return EVP_sha512();
	default:
		return EVP_sha256();
	}
}

/* RFC 6940, 7.4.3.2: the hash is over the value with its 4 bytes of length; of one that does not
 * exist, over its length 0. */
static void write_metadata(const WireSampleContext *context, const SampleMetaData *sample,
			   bool exists, GByteArray *out)
{
	g_autoptr(GByteArray) value = g_byte_array_new();
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned digest_len = 0;
	size_t mark = reload_begin_vector32(value);
	ReloadStoredMetaData data = {
	    .storage_time = context->time,
	    .lifetime = WIRE_SAMPLE_LIFETIME,
	    .model = sample->model,
	    .index = 1,
	    .exists = exists,
	    .hash_algorithm = sample->hash_algorithm,
	};

	if (sample->model == RELOAD_MODEL_DICTIONARY)
		data.key = reload_node_id_span(&context->nodes[0]);
	if (exists)
		wire_sample_registration(context, value);
	reload_end_vector32(value, mark);
	EVP_Digest(value->data, value->len, digest, &digest_len,
		   find_digest(sample->hash_algorithm), NULL);
	data.hash_value = reload_span(digest, digest_len);
	data.value_length = value->len - (uint32_t)sizeof(uint32_t);
	reload_write_stored_metadata(out, &data);
}

static void write_stat_ans(const WireSampleContext *context, const SampleMetaData *samples,
			   size_t count, bool exists, GByteArray *body)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadStatAns ans;

	for (size_t i = 0; i < count; i++) {
		g_autoptr(GByteArray) values = g_byte_array_new();
		ReloadStatKindResponse response = {.kind = samples[i].kind, .generation = 7};

		write_metadata(context, &samples[i], exists, values);
		response.values = view(values);
		reload_write_stat_kind_response(list, &response);
	}
	ans.kind_responses = view(list);
	reload_write_stat_ans(body, &ans);
}

static const SampleMetaData metadata[] = {
    {RELOAD_KIND_SIP_REGISTRATION, RELOAD_MODEL_DICTIONARY, RELOAD_HASH_SHA256},
    {RELOAD_KIND_CERTIFICATE_BY_NODE, RELOAD_MODEL_ARRAY, RELOAD_HASH_SHA1},
    {RELOAD_KIND_CERTIFICATE_BY_USER, RELOAD_MODEL_ARRAY, RELOAD_HASH_SHA224},
    {RELOAD_KIND_TURN_SERVICE, RELOAD_MODEL_SINGLE, RELOAD_HASH_SHA384},
    {RELOAD_KIND_REDIR, RELOAD_MODEL_DICTIONARY, RELOAD_HASH_SHA512},
};

void wire_sample_stat_ans(const WireSampleContext *context, GByteArray *body)
{
	write_stat_ans(context, metadata, 1, true, body);
}

void wire_sample_stat_ans_models(const WireSampleContext *context, GByteArray *body)
{
	write_stat_ans(context, metadata, G_N_ELEMENTS(metadata), true, body);
}

void wire_sample_stat_ans_removed(const WireSampleContext *context, GByteArray *body)
{
	write_stat_ans(context, metadata, G_N_ELEMENTS(metadata), false, body);
}

void wire_sample_find_req(const WireSampleContext *context, GByteArray *body)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadFindReq req = {.resource = context->resource};

	for (size_t i = 0; i < G_N_ELEMENTS(metadata); i++)
		reload_write_u32(list, metadata[i].kind);
	req.kinds = view(list);
	reload_write_find_req(body, &req);
}

void wire_sample_find_ans(const WireSampleContext *context, GByteArray *body)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadFindAns ans;

	for (size_t i = 0; i < G_N_ELEMENTS(metadata); i++) {
		ReloadFindKindData data = {.kind = metadata[i].kind};

		/* RFC 6940, 7.4.4.2: of one Kind there is none. */
		if (i > 0)
			data.closest = context->resource;
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

void wire_sample_error_text(uint16_t error_code, GByteArray *body)
{
	g_autofree char *text =
	    g_strdup_printf("a sample of %s", reload_error_code_name(error_code));
	ReloadErrorResponse error = {error_code, reload_span_text(text)};

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
