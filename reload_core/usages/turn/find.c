/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks random places of the overlay for the record of a TURN server, fetches it and verifies it. */
#include "reload_core/usages/turn/find.h"

#include "reload_core/usages/data_request.h"
#include "reload_core/usages/turn/record.h"
#include "reload_core/wire/find.h"

/* For one answer, ms: who does not answer is not waited for when others may. */
#define ANSWER_MS 3000

struct ReloadTurnTask {
	ReloadNode *node;
	ReloadTurnFoundFunc done;
	void *data;
	int64_t deadline; /* ms */
	unsigned tries;
	ReloadResourceId resource; /* asked at, then: of the record */
	ReloadRequestId request;
	ReloadTurnFound found;
	bool good;
};

static void finish(ReloadTurnTask *task, ReloadStatus status, int64_t now)
{
	task->done(task->data, status, status ? NULL : &task->found, now);
	g_free(task);
}

static int64_t time_left(const ReloadTurnTask *task, int64_t now)
{
	return MIN(ANSWER_MS, task->deadline - now);
}

static void on_places(void *data, ReloadStatus status, const ReloadMessage *answer,
		      const ReloadNodeId *from, int64_t now);

/* "selecting a random Resource-ID and then doing a Find request for the appropriate Kind-ID" */
static ReloadStatus ask(ReloadTurnTask *task, int64_t now)
{
	ReloadFindReq req = {0};
	ReloadDestination destination;
	ReloadRequest request = {
	    .destinations = &destination,
	    .destination_count = 1,
	    .code = RELOAD_FIND_REQ,
	    .timeout = time_left(task, now),
	};
	GByteArray *body = g_byte_array_new(), *kinds = g_byte_array_new();

	task->tries++;
	task->resource.len = (uint8_t)reload_node_document(task->node)->node_id_length;
	reload_node_random(task->node, task->resource.id, task->resource.len);
	reload_write_u32(kinds, RELOAD_KIND_TURN_SERVICE);
	req.kinds = reload_span(kinds->data, kinds->len);
	req.resource = task->resource;
	destination = reload_destination_resource(&task->resource);
	reload_write_find_req(body, &req);
	request.body = reload_span(body->data, body->len);
	task->request = reload_node_request(task->node, &request, on_places, task, now);
	g_byte_array_unref(kinds);
	g_byte_array_unref(body);
	return task->request ? RELOAD_OK : RELOAD_E_STATE;
}

/* "the process gets repeated with some other random Resource-ID" */
static void ask_again(ReloadTurnTask *task, int64_t now)
{
	ReloadStatus status;

	if (time_left(task, now) <= 0)
		status = RELOAD_E_TIMEOUT;
	else if (task->tries >= RELOAD_TURN_TRIES_MAX)
		status = RELOAD_E_NOT_FOUND;
	else
		status = ask(task, now);
	if (status)
		finish(task, status, now);
}

/* The first good record that is not removed. */
static void take_record(void *data, const ReloadFetched *fetched)
{
	ReloadTurnTask *task = data;

	if (task->good || !fetched->data->value.exists)
		return;
	task->good = reload_turn_record_read(reload_node_document(task->node), &task->resource,
					     fetched->node_id, fetched->data->value.value,
					     &task->found.address);
	task->found.node_id = *fetched->node_id;
	task->found.lifetime = fetched->data->lifetime;
}

static void on_record(void *data, ReloadStatus status, const ReloadMessage *answer,
		      const ReloadNodeId *from, int64_t now)
{
	ReloadTurnTask *task = data;
	ReloadFetchedSummary summary;

	(void)from;
	if (!status)
		reload_usage_fetched(task->node, &task->resource, RELOAD_KIND_TURN_SERVICE, answer,
				     now, take_record, task, &summary);
	if (task->good)
		finish(task, RELOAD_OK, now);
	else
		ask_again(task, now);
}

/* Takes the place that the answer names, if it names one. */
static bool take_place(ReloadTurnTask *task, const ReloadMessage *answer)
{
	static const uint8_t none[RELOAD_RESOURCE_ID_MAX];
	ReloadFindKindData data;
	ReloadFindAns ans;

	if (answer->code != RELOAD_FIND_ANS || reload_find_ans_decode(answer->body, &ans))
		return false;
	while (reload_find_kind_data_next(&ans.results, &data)) {
		if (data.kind != RELOAD_KIND_TURN_SERVICE ||
		    data.closest.len != task->resource.len ||
		    memcmp(data.closest.id, none, data.closest.len) == 0)
			continue;
		task->resource = data.closest;
		return true;
	}
	return false;
}

static void on_places(void *data, ReloadStatus status, const ReloadMessage *answer,
		      const ReloadNodeId *from, int64_t now)
{
	ReloadTurnTask *task = data;

	(void)from;
	if (status || !take_place(task, answer) || time_left(task, now) <= 0) {
		ask_again(task, now);
		return;
	}
	status = reload_usage_fetch(task->node, &task->resource, RELOAD_KIND_TURN_SERVICE,
				    (ReloadSpan){0}, time_left(task, now), on_record, task, now,
				    &task->request);
	if (status)
		finish(task, status, now);
}

ReloadStatus reload_turn_find(ReloadNode *node, int64_t timeout, ReloadTurnFoundFunc done,
			      void *data, int64_t now, ReloadTurnTask **out)
{
	ReloadTurnTask *task;
	ReloadStatus status;

	if (out)
		*out = NULL;
	if (reload_turn_density(reload_node_document(node)) == 0)
		return RELOAD_E_NOT_FOUND;
	task = g_new0(ReloadTurnTask, 1);
	task->node = node;
	task->deadline = now + timeout;
	task->done = done;
	task->data = data;
	status = ask(task, now);
	if (status)
		g_free(task);
	else if (out)
		*out = task;
	return status;
}

void reload_turn_cancel(ReloadTurnTask *task)
{
	if (!task)
		return;
	reload_node_cancel(task->node, task->request);
	g_free(task);
}
