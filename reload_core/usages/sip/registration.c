/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stores and removes registrations, and gets past a storing peer that has our entry with a later
 * time. */
#include "reload_core/usages/sip/registration.h"

#include "reload_core/usages/data_request.h"
#include "reload_core/wire/error.h"
#include "reload_core/wire/sip_registration.h"

struct ReloadSipTask {
	ReloadNode *node;
	ReloadIdentity *user;
	ReloadResourceId resource;
	uint64_t storage_time;
	uint32_t lifetime;
	bool exists;
	GByteArray *value;
	ReloadSipStoredFunc done;
	void *data;
	ReloadRequestId request;
	bool again;	    /* this is the second attempt */
	uint64_t held_time; /* what the storing peer holds, while we look at it */
	bool held_same;
};

static void task_free(ReloadSipTask *task)
{
	reload_identity_unref(task->user);
	g_byte_array_unref(task->value);
	g_free(task);
}

static void finish(ReloadSipTask *task, ReloadStatus status, uint16_t error_code, int64_t now)
{
	ReloadSipStoredFunc done = task->done;
	void *data = task->data;

	task_free(task);
	if (done)
		done(data, status, error_code, now);
}

static void on_stored(void *data, ReloadStatus status, const ReloadMessage *answer,
		      const ReloadNodeId *from, int64_t now);

static ReloadStoredData stored_data(const ReloadSipTask *task)
{
	const ReloadNodeId *key = reload_identity_node_id(task->user);

	return (ReloadStoredData){
	    .storage_time = task->storage_time,
	    .lifetime = task->lifetime,
	    .value =
		{
		    .model = RELOAD_MODEL_DICTIONARY,
		    .key = reload_node_id_span(key),
		    .exists = task->exists,
		    .value = reload_span(task->value->data, task->value->len),
		},
	};
}

static ReloadStatus send_store(ReloadSipTask *task, int64_t now)
{
	ReloadStoredData data = stored_data(task);

	return reload_usage_store(task->node, task->user, &task->resource,
				  RELOAD_KIND_SIP_REGISTRATION, &data, on_stored, task, now,
				  &task->request);
}

static void look_at_held(void *data, const ReloadFetched *fetched)
{
	ReloadSipTask *task = data;
	const ReloadStoredValue *value = &fetched->data->value;
	ReloadSpan ours = reload_span(task->value->data, task->value->len);

	if (!reload_span_equal(value->key,
			       reload_node_id_span(reload_identity_node_id(task->user))))
		return;
	task->held_time = fetched->data->storage_time;
	task->held_same = value->exists == task->exists && reload_span_equal(value->value, ours);
}

/* RFC 6940, 7: rejected with Error_Data_Too_Old, we may go on from the time of the previous store.
 * But only if that time cannot be the one of a newer request of ours, which a second attempt would
 * undo. */
static void on_held(void *data, ReloadStatus status, const ReloadMessage *answer,
		    const ReloadNodeId *from, int64_t now)
{
	ReloadSipTask *task = data;
	ReloadFetchedSummary summary;

	(void)from;
	if (!status)
		status =
		    reload_usage_fetched(task->node, &task->resource, RELOAD_KIND_SIP_REGISTRATION,
					 answer, now, look_at_held, task, &summary);
	if (status) {
		finish(task, status, reload_message_error_code(answer), now);
		return;
	}
	if (task->held_time == task->storage_time && task->held_same) {
		finish(task, RELOAD_OK, 0, now); /* the first answer was lost on its way */
		return;
	}
	if (task->held_time > task->storage_time && task->held_time <= (uint64_t)now) {
		finish(task, RELOAD_E_TOO_OLD, RELOAD_ERROR_DATA_TOO_OLD, now);
		return;
	}
	task->storage_time = MAX((uint64_t)now, task->held_time + 1);
	task->again = true;
	status = send_store(task, now);
	if (status)
		finish(task, status, 0, now);
}

static ReloadStatus fetch_held(ReloadSipTask *task, int64_t now)
{
	GByteArray *keys = g_byte_array_new();
	ReloadStatus status;

	reload_write_dictionary_key(keys, reload_node_id_span(reload_identity_node_id(task->user)));
	status = reload_usage_fetch(task->node, &task->resource, RELOAD_KIND_SIP_REGISTRATION,
				    reload_span(keys->data, keys->len), 0, on_held, task, now,
				    &task->request);
	g_byte_array_free(keys, TRUE);
	return status;
}

/* 13.5.3: whoever serves an older one from now on has rolled it back. */
static void note_stored(const ReloadSipTask *task, int64_t now)
{
	ReloadStoredData data = stored_data(task);

	reload_node_note_value(task->node, &task->resource, RELOAD_KIND_SIP_REGISTRATION,
			       reload_identity_node_id(task->user), &data, now);
}

static void on_stored(void *data, ReloadStatus status, const ReloadMessage *answer,
		      const ReloadNodeId *from, int64_t now)
{
	ReloadSipTask *task = data;
	uint16_t error_code = reload_message_error_code(answer);

	(void)from;
	if (status == RELOAD_E_REMOTE && error_code == RELOAD_ERROR_DATA_TOO_OLD && !task->again) {
		status = fetch_held(task, now);
		if (!status)
			return;
	}
	if (!status && answer->code != RELOAD_STORE_ANS)
		status = RELOAD_E_MALFORMED;
	if (!status)
		note_stored(task, now);
	finish(task, status, error_code, now);
}

/* Appends the value (RFC 7904, 3.2). */
static ReloadStatus write_value(ReloadNode *node, const ReloadSipRegister *what, GByteArray *out)
{
	ReloadSipRegistration registration = {.type = RELOAD_SIP_REGISTRATION_ROUTE};
	unsigned node_id_len = reload_node_document(node)->node_id_length;
	GByteArray *own = g_byte_array_new();
	ReloadStatus status = RELOAD_OK;

	if (what->forward_to) {
		registration.type = RELOAD_SIP_REGISTRATION_URI;
		registration.uri = reload_span(what->forward_to->text, what->forward_to->len);
	} else {
		reload_write_destination_node(own, reload_node_id(node));
		registration.destination_list = what->destination_list.len
						    ? what->destination_list
						    : reload_span(own->data, own->len);
		if (what->contact_prefs)
			registration.contact_prefs = reload_span_text(what->contact_prefs);
		if (registration.contact_prefs.len > RELOAD_SIP_PREFS_MAX)
			status = RELOAD_E_TOO_LARGE;
		else if (!reload_destination_list_valid(registration.destination_list, node_id_len,
							RELOAD_LIST_DESTINATION))
			status = RELOAD_E_MALFORMED;
	}
	if (!status && (!reload_write_sip_registration(out, &registration) ||
			out->len > reload_document_kind(reload_node_document(node),
							RELOAD_KIND_SIP_REGISTRATION)
				       ->max_size))
		status = RELOAD_E_TOO_LARGE;
	g_byte_array_free(own, TRUE);
	return status;
}

/* RFC 7904, 3.3: what every storing peer will check is checked here first. */
static ReloadStatus check_aor(ReloadNode *node, ReloadIdentity *user, const ReloadAor *aor,
			      const ReloadResourceId *resource)
{
	const char *domain = aor->text + aor->user_len + 1;

	if (!reload_document_admits_domain(reload_node_document(node), domain, strlen(domain)) ||
	    !reload_certificate_user_matches(reload_identity_certificate(user), resource))
		return RELOAD_E_FORBIDDEN;
	return RELOAD_OK;
}

/* what is NULL: remove. */
static ReloadStatus start(ReloadNode *node, ReloadIdentity *user, const ReloadAor *aor,
			  const ReloadSipRegister *what, uint32_t lifetime,
			  ReloadSipStoredFunc done, void *data, int64_t now, ReloadSipTask **out)
{
	ReloadSipTask *task = g_new0(ReloadSipTask, 1);
	ReloadStatus status;

	task->node = node;
	task->user = reload_identity_ref(user);
	task->storage_time = (uint64_t)now;
	task->lifetime = lifetime;
	task->exists = what != NULL;
	task->value = g_byte_array_new();
	task->done = done;
	task->data = data;
	reload_aor_resource_id(reload_node_document(node), aor, &task->resource);
	status = check_aor(node, user, aor, &task->resource);
	if (!status && what)
		status = write_value(node, what, task->value);
	if (!status)
		status = send_store(task, now);
	if (status)
		task_free(task);
	if (out)
		*out = status ? NULL : task;
	return status;
}

ReloadStatus reload_sip_register(ReloadNode *node, ReloadIdentity *user, const ReloadAor *aor,
				 const ReloadSipRegister *what, ReloadSipStoredFunc done,
				 void *data, int64_t now, ReloadSipTask **task)
{
	return start(node, user, aor, what, what->lifetime, done, data, now, task);
}

ReloadStatus reload_sip_withdraw(ReloadNode *node, ReloadIdentity *user, const ReloadAor *aor,
				 uint32_t lifetime, ReloadSipStoredFunc done, void *data,
				 int64_t now, ReloadSipTask **task)
{
	return start(node, user, aor, NULL, lifetime, done, data, now, task);
}

void reload_sip_cancel(ReloadSipTask *task)
{
	if (!task)
		return;
	reload_node_cancel(task->node, task->request);
	task_free(task);
}
