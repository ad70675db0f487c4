/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds data requests for the tests of storage. */
#include "tests/unit/storage_kit.h"

#include "reload_core/security/digest.h"
#include "reload_core/security/sign.h"
#include "reload_core/wire/fetch.h"
#include "reload_core/wire/store.h"

#define KIND(id, model, access, count, more)                                                       \
	"<kind-block><kind id=\"" id "\"><data-model>" model                                       \
	"</data-model><access-control>" access "</access-control><max-count>" count                \
	"</max-count><max-size>64</max-size>" more "</kind></kind-block>"

static const char kinds[] = KIND("4026531846", "ARRAY", "USER-MATCH", "5", "") KIND("4026531841", "SINGLE", "USER-MATCH", "1", "")
    KIND("4026531842", "ARRAY", "NODE-MATCH", "4", "")
	KIND("4026531843", "DICTIONARY", "USER-NODE-MATCH", "3", "")
	    KIND("4026531844", "DICTIONARY", "USER-MATCH", "2", "")
		KIND("4026531845", "SINGLE", "NODE-MULTIPLE", "1",
		     "<max-node-multiple>3</max-node-multiple>");

void kit_setup(StorageKit *kit, const ReloadStorageLimits *limits)
{
	memset(kit, 0, sizeof(*kit));
	kit->ca = ca_fixture_new(kinds, NULL);
	kit->now = kit->ca->now;
	kit->storage = reload_storage_new(kit->ca->document, kit->ca->trust, limits);
	kit->kinds = g_byte_array_new();
	kit->values = g_byte_array_new();
	kit->certificates = g_byte_array_new();
}

void kit_teardown(StorageKit *kit)
{
	reload_storage_answer_clear(&kit->answer);
	g_byte_array_unref(kit->kinds);
	g_byte_array_unref(kit->values);
	g_byte_array_unref(kit->certificates);
	reload_storage_free(kit->storage);
	ca_fixture_free(kit->ca);
}

static void end_kind(StorageKit *kit)
{
	ReloadStoreKindData data = {.kind = kit->kind, .generation_counter = kit->generation};

	if (!kit->kind)
		return;
	data.values = reload_span(kit->values->data, kit->values->len);
	g_assert_true(reload_write_store_kind_data(kit->kinds, &data));
	g_byte_array_set_size(kit->values, 0);
	kit->kind = 0;
}

void kit_begin(StorageKit *kit, const ReloadResourceId *resource, uint8_t replica)
{
	kit->resource = *resource;
	kit->replica = replica;
	kit->kind = 0;
	kit->responsible = true;
	kit->plausible = true;
	g_byte_array_set_size(kit->kinds, 0);
	g_byte_array_set_size(kit->values, 0);
	g_byte_array_set_size(kit->certificates, 0);
}

void kit_kind(StorageKit *kit, uint32_t kind, uint64_t generation)
{
	end_kind(kit);
	kit->kind = kind;
	kit->generation = generation;
}

void kit_add_certificate(GByteArray *list, const ReloadCertificate *certificate)
{
	g_assert_true(reload_write_generic_certificate(list, RELOAD_CERTIFICATE_X509,
						       reload_certificate_der(certificate)));
}

void kit_value(StorageKit *kit, ReloadIdentity *signer, uint64_t storage_time, uint32_t lifetime,
	       ReloadStoredValue value)
{
	ReloadStoredData data = {
	    .storage_time = storage_time,
	    .lifetime = lifetime,
	    .value = value,
	    .signature = reload_signature_none(),
	};

	if (!signer) {
		g_assert_true(reload_write_stored_data(kit->values, &data));
		return;
	}
	g_assert_cmpint(
	    reload_sign_stored_data(signer, &kit->resource, kit->kind, &data, kit->values), ==,
	    RELOAD_OK);
	kit_add_certificate(kit->certificates, reload_identity_certificate(signer));
}

ReloadMessage kit_message(const GByteArray *certificates)
{
	ReloadMessage message = {0};

	message.security.certificates = reload_span(certificates->data, certificates->len);
	return message;
}

ReloadStatus kit_store(StorageKit *kit, ReloadIdentity *sender)
{
	GByteArray *body = g_byte_array_new();
	ReloadStoreReq req = {.resource = kit->resource, .replica_number = kit->replica};
	ReloadMessage message = kit_message(kit->certificates);
	ReloadStoreContext context = {
	    .sender = reload_identity_node_id(sender),
	    .sender_certificate = reload_identity_certificate(sender),
	    .message = &message,
	    .responsible = kit->responsible,
	    .plausible_replica = kit->plausible,
	};
	ReloadStatus status;

	end_kind(kit);
	req.kind_data = reload_span(kit->kinds->data, kit->kinds->len);
	g_assert_true(reload_write_store_req(body, &req));
	reload_storage_answer_clear(&kit->answer);
	status = reload_storage_store(kit->storage, &context, reload_span(body->data, body->len),
				      kit->now, &kit->answer, &kit->changed);
	g_assert_cmpint(status == RELOAD_OK, ==, kit->answer.error_code == 0);
	g_byte_array_unref(body);
	return status;
}

ReloadStatus kit_store_one(StorageKit *kit, ReloadIdentity *signer,
			   const ReloadResourceId *resource, uint32_t kind, uint64_t storage_time,
			   uint32_t lifetime, ReloadStoredValue value)
{
	kit_begin(kit, resource, 0);
	kit_kind(kit, kind, 0);
	kit_value(kit, signer, storage_time, lifetime, value);
	return kit_store(kit, signer);
}

ReloadStoredValue kit_single(const char *text)
{
	return (ReloadStoredValue){
	    .model = RELOAD_MODEL_SINGLE,
	    .exists = true,
	    .value = reload_span_text(text),
	};
}

ReloadStoredValue kit_element(uint32_t index, const char *text)
{
	ReloadStoredValue value = kit_single(text);

	value.model = RELOAD_MODEL_ARRAY;
	value.index = index;
	return value;
}

ReloadStoredValue kit_entry(const ReloadNodeId *key, const char *text)
{
	ReloadStoredValue value = kit_single(text);

	value.model = RELOAD_MODEL_DICTIONARY;
	value.key = reload_node_id_span(key);
	return value;
}

ReloadStoredValue kit_removed(ReloadStoredValue value)
{
	value.exists = false;
	value.value = (ReloadSpan){0};
	return value;
}

ReloadResourceId kit_user_resource(StorageKit *kit, const char *user_name)
{
	ReloadResourceId id;

	reload_resource_id_from_name(kit->ca->document, user_name, strlen(user_name), &id);
	return id;
}

ReloadResourceId kit_node_resource(const ReloadNodeId *node_id)
{
	ReloadResourceId id;

	reload_hash_resource_name(reload_node_id_span(node_id), &id);
	return id;
}

static ReloadDataModel model_of(uint32_t kind, void *document)
{
	const ReloadKind *known = reload_document_kind(document, kind);

	return known ? known->model : RELOAD_MODEL_UNKNOWN;
}

ReloadStatus kit_fetch(StorageKit *kit, const ReloadResourceId *resource, uint32_t kind,
		       uint64_t generation, const GByteArray *items)
{
	ReloadStoredDataSpecifier specifier = {
	    .kind = kind,
	    .generation = generation,
	    .model = model_of(kind, kit->ca->document),
	};
	ReloadFetchReq req = {.resource = *resource};
	GByteArray *specifiers = g_byte_array_new();
	GByteArray *body = g_byte_array_new();
	ReloadStatus status;

	if (items)
		specifier.items = reload_span(items->data, items->len);
	g_assert_true(reload_write_specifier(specifiers, &specifier));
	req.specifiers = reload_span(specifiers->data, specifiers->len);
	g_assert_true(reload_write_fetch_req(body, &req));
	reload_storage_answer_clear(&kit->answer);
	status = reload_storage_fetch(kit->storage, reload_span(body->data, body->len), 0, kit->now,
				      &kit->answer);
	g_byte_array_unref(specifiers);
	g_byte_array_unref(body);
	return status;
}

static ReloadFetchKindResponse only_response(StorageKit *kit)
{
	ReloadFetchKindResponse response;
	ReloadFetchAns ans;

	g_assert_cmpint(
	    reload_fetch_ans_decode(reload_span(kit->answer.body->data, kit->answer.body->len),
				    model_of, kit->ca->document, &ans),
	    ==, RELOAD_OK);
	g_assert_true(reload_fetch_kind_response_next(&ans.kind_responses, &response));
	g_assert_cmpuint(ans.kind_responses.len, ==, 0);
	return response;
}

/* Every value in an answer must verify with the certificates that go along with it. */
static void verify(StorageKit *kit, uint32_t kind, const ReloadStoredData *data,
		   ReloadCertificateSet *set)
{
	ReloadNodeId node_id;

	if (reload_signature_is_none(&data->signature)) {
		g_assert_false(data->value.exists);
		return;
	}
	g_assert_cmpint(
	    reload_verify_stored_data(set, &kit->resource, kind, data, kit->now, NULL, &node_id),
	    ==, RELOAD_OK);
}

char *kit_answer_text(StorageKit *kit)
{
	ReloadFetchKindResponse response = only_response(kit);
	ReloadDataModel model = model_of(response.kind, kit->ca->document);
	GString *text = g_string_new("");
	GByteArray *list = g_byte_array_new();
	ReloadTrust *trust = reload_document_trust(kit->ca->document, NULL);
	ReloadCertificateSet *set = reload_certificate_set_new(trust);
	ReloadMessage message;
	ReloadStoredData data;

	for (guint i = 0; i < kit->answer.certificates->len; i++)
		kit_add_certificate(list, g_ptr_array_index(kit->answer.certificates, i));
	message = kit_message(list);
	reload_certificate_set_add_block(set, &message.security);
	while (reload_stored_data_next(&response.values, model, &data)) {
		verify(kit, response.kind, &data, set);
		if (text->len)
			g_string_append_c(text, ' ');
		if (model == RELOAD_MODEL_ARRAY)
			g_string_append_printf(text, "%u:", data.value.index);
		if (data.value.exists)
			g_string_append_len(text, (const char *)data.value.value.data,
					    (gssize)data.value.value.len);
		else
			g_string_append_c(text, '-');
	}
	reload_certificate_set_free(set);
	reload_trust_unref(trust);
	g_byte_array_unref(list);
	return g_string_free(text, FALSE);
}

uint64_t kit_answer_generation(StorageKit *kit)
{
	return only_response(kit).generation;
}

char *kit_dump(StorageKit *kit, const ReloadResourceId *resource, uint32_t kind)
{
	GByteArray *items = g_byte_array_new();

	if (model_of(kind, kit->ca->document) == RELOAD_MODEL_ARRAY)
		reload_write_array_range(items, (ReloadArrayRange){0, RELOAD_ARRAY_END});
	kit->resource = *resource;
	g_assert_cmpint(kit_fetch(kit, resource, kind, 0, items), ==, RELOAD_OK);
	g_byte_array_unref(items);
	return kit_answer_text(kit);
}
