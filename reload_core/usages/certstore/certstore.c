/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stores a certificate at both of its places, and fetches those of others. */
#include "reload_core/usages/certstore/certstore.h"

#include "reload_core/usages/fetch_all.h"
#include "reload_core/wire/buffer.h"

/* One of the places where a certificate belongs. */
typedef struct {
	struct ReloadCertstoreTask *task;
	uint32_t kind;
	ReloadResourceId resource;
	ReloadRequestId request; /* 0: no Store under way */
	ReloadFetchAll *fetch;	 /* NULL: none under way */
	uint32_t index;		 /* where the certificate stands already, or the end */
	uint64_t held_time;	 /* its storage_time there */
	bool ours, others;	 /* certificates of this node, of others stand there */
} Place;

struct ReloadCertstoreTask {
	ReloadNode *node;
	Place places[2];
	unsigned pending;
	/* storing */
	ReloadIdentity *identity;
	uint32_t lifetime;
	ReloadCertstoreStoredFunc stored;
	ReloadStatus first_error;
	/* fetching */
	char *user_name;
	ReloadNodeId node_id; /* len 0: by user */
	ReloadCertstoreFoundFunc found;
	GPtrArray *certificates;

	void *data;
};

static void task_free(ReloadCertstoreTask *task)
{
	reload_identity_unref(task->identity);
	g_clear_pointer(&task->certificates, g_ptr_array_unref);
	g_free(task->user_name);
	g_free(task);
}

void reload_certstore_cancel(ReloadCertstoreTask *task)
{
	if (!task)
		return;
	for (unsigned i = 0; i < G_N_ELEMENTS(task->places); i++) {
		if (task->places[i].request)
			reload_node_cancel(task->node, task->places[i].request);
		reload_fetch_all_cancel(task->places[i].fetch);
	}
	task_free(task);
}

static void set_user_place(Place *place, const char *user_name)
{
	place->kind = RELOAD_KIND_CERTIFICATE_BY_USER;
	reload_resource_id_from_name(reload_node_document(place->task->node), user_name,
				     strlen(user_name), &place->resource);
}

/* "stored not at its Node-ID but rather at a hash of its Node-ID" (8) */
static void set_node_place(Place *place, const ReloadNodeId *node_id)
{
	place->kind = RELOAD_KIND_CERTIFICATE_BY_NODE;
	reload_resource_id_from_name(reload_node_document(place->task->node), node_id->id,
				     node_id->len, &place->resource);
}

/* ---- storing ---- */

static void place_done(Place *place, ReloadStatus status, int64_t now)
{
	ReloadCertstoreTask *task = place->task;
	ReloadCertstoreStoredFunc stored = task->stored;
	void *data = task->data;

	place->request = 0;
	if (!task->first_error || status == RELOAD_E_FORBIDDEN)
		task->first_error = status;
	if (--task->pending)
		return;
	status = task->first_error;
	task_free(task);
	if (stored)
		stored(data, status, now);
}

static void on_stored(void *data, ReloadStatus status, const ReloadMessage *answer,
		      const ReloadNodeId *from, int64_t now)
{
	(void)from;
	if (!status && answer->code != RELOAD_STORE_ANS)
		status = RELOAD_E_MALFORMED;
	place_done(data, status, now);
}

static void look_for_ours(void *data, const ReloadFetched *fetched)
{
	Place *place = data;
	const ReloadStoredValue *value = &fetched->data->value;
	const ReloadCertificate *ours = reload_identity_certificate(place->task->identity);

	if (!value->exists)
		return;
	if (reload_span_equal(value->value, reload_certificate_der(ours))) {
		place->index = value->index;
		place->held_time = fetched->data->storage_time;
	}
	if (reload_node_id_equal(fetched->node_id, reload_identity_node_id(place->task->identity)))
		place->ours = true; /* this certificate, or the one that it follows */
	else
		place->others = true;
}

/* 11.3.1: "SHOULD look to see if the user name is already taken". Who is there already stays, whoever
 * came later: otherwise anybody could have a node leave by storing a certificate under its name. */
static bool is_taken(const Place *place)
{
	return place->kind == RELOAD_KIND_CERTIFICATE_BY_USER && place->others && !place->ours &&
	       reload_node_document(place->task->node)->self_signed_permitted;
}

/* Knows now where the certificate stands, if it does: stores it there again, or at the end. */
static void on_list(void *data, ReloadStatus status, uint16_t error_code,
		    const ReloadFetchedSummary *summary, int64_t now)
{
	Place *place = data;
	ReloadCertstoreTask *task = place->task;
	const ReloadCertificate *ours = reload_identity_certificate(task->identity);
	ReloadStoredData value = {
	    .storage_time = MAX((uint64_t)now, place->held_time + 1),
	    .lifetime = task->lifetime,
	    .value = {.model = RELOAD_MODEL_ARRAY, .index = place->index, .exists = true},
	};

	(void)summary;
	place->fetch = NULL;
	if (error_code == RELOAD_ERROR_NOT_FOUND) /* some say so of an empty list */
		status = RELOAD_OK;
	value.value.value = reload_certificate_der(ours);
	if (!status && is_taken(place))
		status = RELOAD_E_FORBIDDEN;
	if (!status)
		status =
		    reload_usage_store(task->node, task->identity, &place->resource, place->kind,
				       &value, on_stored, place, now, &place->request);
	if (status)
		place_done(place, status, now);
}

ReloadStatus reload_certstore_store(ReloadNode *node, ReloadIdentity *identity, uint32_t lifetime,
				    ReloadCertstoreStoredFunc done, void *data, int64_t now,
				    ReloadCertstoreTask **out)
{
	ReloadCertstoreTask *task = g_new0(ReloadCertstoreTask, 1);
	ReloadStatus status = RELOAD_OK;

	task->node = node;
	task->identity = reload_identity_ref(identity);
	task->lifetime = lifetime;
	task->stored = done;
	task->data = data;
	for (unsigned i = 0; i < G_N_ELEMENTS(task->places); i++)
		task->places[i].task = task;
	set_user_place(&task->places[0], reload_identity_user_name(identity));
	set_node_place(&task->places[1], reload_identity_node_id(identity));
	for (unsigned i = 0; i < G_N_ELEMENTS(task->places) && !status; i++) {
		task->places[i].index = RELOAD_ARRAY_END;
		status = reload_fetch_all(node, &task->places[i].resource, task->places[i].kind, 0,
					  look_for_ours, on_list, &task->places[i], now,
					  &task->places[i].fetch);
		task->pending += !status;
	}
	if (out)
		*out = status ? NULL : task;
	if (status)
		reload_certstore_cancel(task);
	return status;
}

/* ---- fetching ---- */

/* Takes a stored certificate if it is good and of the one that was asked for. */
static void take_certificate(void *data, const ReloadFetched *fetched)
{
	Place *place = data;
	ReloadCertstoreTask *task = place->task;
	ReloadCertificate *certificate;
	ReloadSpan der = fetched->data->value.value;
	bool wanted;

	if (!fetched->data->value.exists)
		return;
	if (reload_span_equal(der, reload_certificate_der(fetched->signer)))
		certificate =
		    reload_certificate_ref(fetched->signer); /* verified, with its chain */
	else if (reload_trust_verify(reload_node_trust(task->node), der, NULL, 0, fetched->now,
				     &certificate, NULL))
		return;
	wanted = task->node_id.len
		     ? reload_certificate_has_node_id(certificate, &task->node_id)
		     : !strcmp(reload_certificate_user_name(certificate), task->user_name);
	if (wanted)
		g_ptr_array_add(task->certificates, certificate);
	else
		reload_certificate_unref(certificate);
}

static void on_fetched(void *data, ReloadStatus status, uint16_t error_code,
		       const ReloadFetchedSummary *summary, int64_t now)
{
	Place *place = data;
	ReloadCertstoreTask *task = place->task;

	(void)summary;
	place->fetch = NULL;
	if ((!status && !task->certificates->len) || error_code == RELOAD_ERROR_NOT_FOUND)
		status = RELOAD_E_NOT_FOUND;
	task->found(task->data, status, status ? NULL : task->certificates, now);
	task_free(task);
}

static ReloadStatus start_fetch(ReloadCertstoreTask *task, int64_t now, ReloadCertstoreTask **out)
{
	Place *place = &task->places[0];
	ReloadStatus status =
	    reload_fetch_all(task->node, &place->resource, place->kind, 0, take_certificate,
			     on_fetched, place, now, &place->fetch);

	if (status)
		task_free(task);
	if (out)
		*out = status ? NULL : task;
	return status;
}

static ReloadCertstoreTask *new_fetch(ReloadNode *node, ReloadCertstoreFoundFunc found, void *data)
{
	ReloadCertstoreTask *task = g_new0(ReloadCertstoreTask, 1);

	task->node = node;
	task->places[0].task = task;
	task->found = found;
	task->data = data;
	task->certificates =
	    g_ptr_array_new_with_free_func((GDestroyNotify)reload_certificate_unref);
	return task;
}

ReloadStatus reload_certstore_fetch_by_user(ReloadNode *node, const char *user_name,
					    ReloadCertstoreFoundFunc found, void *data, int64_t now,
					    ReloadCertstoreTask **out)
{
	ReloadCertstoreTask *task = new_fetch(node, found, data);

	task->user_name = g_strdup(user_name);
	set_user_place(&task->places[0], user_name);
	return start_fetch(task, now, out);
}

ReloadStatus reload_certstore_fetch_by_node(ReloadNode *node, const ReloadNodeId *node_id,
					    ReloadCertstoreFoundFunc found, void *data, int64_t now,
					    ReloadCertstoreTask **out)
{
	ReloadCertstoreTask *task = new_fetch(node, found, data);

	task->node_id = *node_id;
	set_node_place(&task->places[0], node_id);
	return start_fetch(task, now, out);
}
