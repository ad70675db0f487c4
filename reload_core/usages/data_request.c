/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes data requests for usages and checks what comes back. */
#include "reload_core/usages/data_request.h"

#include "reload_core/security/sign.h"
#include "reload_core/storage/access.h"
#include "reload_core/wire/fetch.h"
#include "reload_core/wire/store.h"

static ReloadStatus send_request(ReloadNode *node, ReloadIdentity *signer,
				 const ReloadResourceId *resource, uint16_t code,
				 const GByteArray *body, int64_t timeout, ReloadReplyFunc reply,
				 void *reply_data, int64_t now, ReloadRequestId *id)
{
	ReloadDestination destination = reload_destination_resource(resource);
	ReloadRequest request = {
	    .destinations = &destination,
	    .destination_count = 1,
	    .code = code,
	    .body = reload_span(body->data, body->len),
	    .signer = signer,
	    .timeout = timeout,
	};

	*id = reload_node_request(node, &request, reply, reply_data, now);
	return *id ? RELOAD_OK : RELOAD_E_STATE;
}

/* Appends a StoreReq with one signed value. */
static ReloadStatus write_store(GByteArray *body, ReloadIdentity *signer,
				const ReloadResourceId *resource, uint32_t kind,
				const ReloadStoredData *data)
{
	GByteArray *value = g_byte_array_new();
	GByteArray *kind_data = g_byte_array_new();
	ReloadStatus status = reload_sign_stored_data(signer, resource, kind, data, value);
	ReloadStoreKindData item = {.kind = kind};
	ReloadStoreReq req = {.resource = *resource};

	item.values = reload_span(value->data, value->len);
	if (!status && !reload_write_store_kind_data(kind_data, &item))
		status = RELOAD_E_TOO_LARGE;
	req.kind_data = reload_span(kind_data->data, kind_data->len);
	if (!status && !reload_write_store_req(body, &req))
		status = RELOAD_E_TOO_LARGE;
	g_byte_array_free(value, TRUE);
	g_byte_array_free(kind_data, TRUE);
	return status;
}

ReloadStatus reload_usage_store(ReloadNode *node, ReloadIdentity *signer,
				const ReloadResourceId *resource, uint32_t kind,
				const ReloadStoredData *data, ReloadReplyFunc reply,
				void *reply_data, int64_t now, ReloadRequestId *id)
{
	GByteArray *body = g_byte_array_new();
	ReloadStatus status = write_store(body, signer, resource, kind, data);

	if (!status)
		status = send_request(node, signer, resource, RELOAD_STORE_REQ, body, 0, reply,
				      reply_data, now, id);
	g_byte_array_free(body, TRUE);
	return status;
}

/* A FetchReq or StatReq: they have the same form (7.4.3.1). */
static ReloadStatus query(ReloadNode *node, uint16_t code, const ReloadResourceId *resource,
			  uint32_t kind, ReloadSpan items, int64_t timeout, ReloadReplyFunc reply,
			  void *reply_data, int64_t now, ReloadRequestId *id)
{
	const ReloadKind *known = reload_document_kind(reload_node_document(node), kind);
	ReloadStoredDataSpecifier specifier = {.kind = kind, .items = items};
	GByteArray *specifiers = g_byte_array_new();
	GByteArray *body = g_byte_array_new();
	ReloadFetchReq req = {.resource = *resource};
	ReloadStatus status = known ? RELOAD_OK : RELOAD_E_UNKNOWN_KIND;

	specifier.model = known ? known->model : RELOAD_MODEL_UNKNOWN;
	if (!status && !reload_write_specifier(specifiers, &specifier))
		status = RELOAD_E_TOO_LARGE;
	req.specifiers = reload_span(specifiers->data, specifiers->len);
	if (!status && !reload_write_fetch_req(body, &req))
		status = RELOAD_E_TOO_LARGE;
	if (!status)
		status = send_request(node, NULL, resource, code, body, timeout, reply, reply_data,
				      now, id);
	g_byte_array_free(specifiers, TRUE);
	g_byte_array_free(body, TRUE);
	return status;
}

ReloadStatus reload_usage_fetch(ReloadNode *node, const ReloadResourceId *resource, uint32_t kind,
				ReloadSpan items, int64_t timeout, ReloadReplyFunc reply,
				void *reply_data, int64_t now, ReloadRequestId *id)
{
	return query(node, RELOAD_FETCH_REQ, resource, kind, items, timeout, reply, reply_data, now,
		     id);
}

ReloadStatus reload_usage_stat(ReloadNode *node, const ReloadResourceId *resource, uint32_t kind,
			       ReloadSpan items, int64_t timeout, ReloadReplyFunc reply,
			       void *reply_data, int64_t now, ReloadRequestId *id)
{
	return query(node, RELOAD_STAT_REQ, resource, kind, items, timeout, reply, reply_data, now,
		     id);
}

static ReloadDataModel model_of(uint32_t kind, void *user_data)
{
	const ReloadKind *known = reload_document_kind(user_data, kind);

	return known ? known->model : RELOAD_MODEL_UNKNOWN;
}

typedef struct {
	ReloadNode *node;
	const ReloadResourceId *resource;
	const ReloadKind *kind;
	ReloadCertificateSet *certificates;
	int64_t now;
	void (*each)(void *data, const ReloadFetched *fetched);
	void *data;
} Check;

/* 7.4.2.2: "nodes MUST verify the signatures on all the received values", and that the signer may
 * write there. */
static bool check_value(const Check *check, const ReloadStoredData *data)
{
	ReloadCertificate *signer = NULL;
	ReloadNodeId node_id;
	bool good =
	    data->value.value.len <= check->kind->max_size &&
	    !reload_verify_stored_data(check->certificates, check->resource, check->kind->id, data,
				       check->now, &signer, &node_id);

	good = good && reload_access_permits(reload_node_document(check->node), check->kind,
					     check->resource, &data->value, signer, &node_id);
	/* 13.5.3: "knows that a rollback has occurred" */
	good = good && reload_node_note_value(check->node, check->resource, check->kind->id,
					      &node_id, data, check->now);
	if (good) {
		ReloadFetched fetched = {data, signer, &node_id, check->now};

		check->each(check->data, &fetched);
	}
	reload_certificate_unref(signer);
	return good;
}

static void check_response(const Check *check, ReloadFetchKindResponse *response,
			   ReloadFetchedSummary *summary)
{
	ReloadStoredData data;
	uint64_t count = 0;

	summary->generation = response->generation;
	while (reload_stored_data_next(&response->values, check->kind->model, &data)) {
		if (reload_signature_is_none(&data.signature) || !data.lifetime)
			continue;
		/* More than the overlay allows comes from a storing peer that lies: each costs a
		 * check. */
		if (++count > 4ull * check->kind->max_count + 16 || !check_value(check, &data))
			summary->discarded++;
	}
}

ReloadStatus reload_usage_fetched(ReloadNode *node, const ReloadResourceId *resource, uint32_t kind,
				  const ReloadMessage *answer, int64_t now,
				  void (*each)(void *data, const ReloadFetched *fetched),
				  void *data, ReloadFetchedSummary *summary)
{
	ReloadDocument *document = reload_node_document(node);
	ReloadFetchKindResponse response;
	ReloadFetchAns ans;
	ReloadStatus status = RELOAD_E_MALFORMED;
	Check check = {.node = node, .resource = resource, .now = now, .each = each, .data = data};

	*summary = (ReloadFetchedSummary){0};
	check.kind = reload_document_kind(document, kind);
	if (!check.kind || answer->code != RELOAD_FETCH_ANS ||
	    reload_fetch_ans_decode(answer->body, model_of, document, &ans))
		return RELOAD_E_MALFORMED;
	check.certificates = reload_certificate_set_new(reload_node_trust(node));
	reload_certificate_set_add_block(check.certificates, &answer->security);
	while (reload_fetch_kind_response_next(&ans.kind_responses, &response)) {
		if (response.kind != kind)
			continue;
		check_response(&check, &response, summary);
		status = RELOAD_OK;
	}
	reload_certificate_set_free(check.certificates);
	return status;
}
