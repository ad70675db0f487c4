/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stores the records of the node's TURN server, again before they expire, and removes those that are
 * too many, or all when the node leaves. */
#include "reload_core/usages/turn/server.h"

#include "reload_core/usages/data_request.h"
#include "reload_core/usages/turn/record.h"
#include "reload_core/wire/error.h"
#include "reload_core/wire/turn_server.h"

/* After joining the ring is given this time to settle; after a failure this before the next
 * attempt, ms. */
#define SETTLE_MS 3000
#define RETRY_MS 30000
#define RENEW_MS (RELOAD_TURN_LIFETIME * INT64_C(500))

typedef struct Publisher Publisher;

typedef struct {
	Publisher *publisher;
	ReloadResourceId resource;
	ReloadRequestId request; /* 0: none under way */
	uint64_t last_time;	 /* storage_time of what stands there of ours; 0: not known */
	bool present;		 /* a record of ours may stand there */
	bool removing;		 /* the request under way removes it */
	int64_t due;		 /* ms */
} Place;

struct Publisher {
	ReloadNode *node;
	ReloadAddress address;
	Place places[RELOAD_TURN_ITERATIONS_MAX]; /* iterations from 1 */
	bool joined;
	bool holding; /* the node's Leave */
};

static uint8_t iteration_of(const Place *place)
{
	return (uint8_t)(place - place->publisher->places + 1);
}

static void done(Place *place, ReloadStatus status, int64_t now)
{
	bool leaving = reload_node_state(place->publisher->node) == RELOAD_NODE_LEAVING;

	place->request = 0;
	if (place->removing && (status == RELOAD_OK || leaving)) /* leaving: there is no second try */
		place->present = false;
	if (status != RELOAD_OK)
		place->due = now + RETRY_MS;
	else
		place->due = place->removing ? now : now + RENEW_MS;
}

static void on_stored(void *data, ReloadStatus status, const ReloadMessage *answer,
		      const ReloadNodeId *from, int64_t now)
{
	Place *place = data;

	(void)from;
	if (reload_message_error_code(answer) == RELOAD_ERROR_DATA_TOO_OLD)
		place->last_time = 0; /* an earlier process of ours had another clock: look */
	if (status == RELOAD_OK && answer->code != RELOAD_STORE_ANS)
		status = RELOAD_E_MALFORMED;
	done(place, status, now);
}

/* Stores the record, or that there is none. */
static ReloadStatus store(Place *place, int64_t now)
{
	Publisher *publisher = place->publisher;
	ReloadTurnServer server = {iteration_of(place), publisher->address};
	GByteArray *value = g_byte_array_new();
	ReloadStoredData data = {
	    .storage_time = MAX((uint64_t)now, place->last_time + 1),
	    .lifetime = RELOAD_TURN_LIFETIME,
	    .value = {.model = RELOAD_MODEL_SINGLE, .exists = !place->removing},
	};
	ReloadStatus status;

	if (data.value.exists)
		reload_write_turn_server(value, &server);
	data.value.value = reload_span(value->data, value->len);
	status = reload_usage_store(publisher->node, reload_node_identity(publisher->node),
				    &place->resource, RELOAD_KIND_TURN_SERVICE, &data, on_stored,
				    place, now, &place->request);
	g_byte_array_free(value, TRUE);
	if (status == RELOAD_OK) {
		place->last_time = data.storage_time;
		place->present = true;
	}
	return status;
}

static void look_for_ours(void *data, const ReloadFetched *fetched)
{
	Place *place = data;

	/* another node's, if ever two are hashed to one place, is in the way of ours all the same */
	place->last_time = fetched->data->storage_time;
}

static void on_fetched(void *data, ReloadStatus status, const ReloadMessage *answer,
		       const ReloadNodeId *from, int64_t now)
{
	Place *place = data;
	Publisher *publisher = place->publisher;
	ReloadFetchedSummary summary;

	(void)from;
	if (status == RELOAD_OK)
		status = reload_usage_fetched(publisher->node, &place->resource,
					      RELOAD_KIND_TURN_SERVICE, answer, now, look_for_ours,
					      place, &summary);
	else if (reload_message_error_code(answer) == RELOAD_ERROR_NOT_FOUND)
		status = RELOAD_OK; /* nothing there, some say it so */
	if (status == RELOAD_OK)
		status = store(place, now);
	if (status != RELOAD_OK)
		done(place, status, now);
}

/* Begins to store or remove. What stands there from an earlier process decides the storage_time. */
static void begin(Place *place, bool removing, int64_t now)
{
	Publisher *publisher = place->publisher;
	ReloadStatus status;

	place->removing = removing;
	if (place->last_time != 0) {
		status = store(place, now);
	} else {
		reload_turn_place(reload_node_document(publisher->node),
				  reload_node_id(publisher->node), iteration_of(place),
				  &place->resource);
		status = reload_usage_fetch(publisher->node, &place->resource,
					    RELOAD_KIND_TURN_SERVICE, (ReloadSpan){0}, 0,
					    on_fetched, place, now, &place->request);
	}
	if (status != RELOAD_OK)
		done(place, status, now);
}

/* Does what a place needs; returns when it needs a turn again. */
static int64_t look_after(Place *place, bool wanted, bool leaving, int64_t now)
{
	if (place->request != 0 || (!wanted && !place->present))
		return INT64_MAX;
	/* the last chance to remove it, or: the document has fewer places than before */
	if (leaving || (!wanted && !place->removing) || place->due <= now)
		begin(place, !wanted, now);
	return place->request != 0 ? INT64_MAX : place->due;
}

/* While records stand, leaving has to wait for their removal. */
static void hold_leave(Publisher *publisher)
{
	bool needed = false;

	for (unsigned i = 0; i < RELOAD_TURN_ITERATIONS_MAX; i++)
		needed |= publisher->places[i].present || publisher->places[i].request != 0;
	if (needed != publisher->holding)
		reload_node_hold_leave(publisher->node, needed);
	publisher->holding = needed;
}

static int64_t publisher_tick(void *data, int64_t now)
{
	Publisher *publisher = data;
	ReloadNodeState state = reload_node_state(publisher->node);
	bool leaving = state == RELOAD_NODE_LEAVING;
	bool joined = state == RELOAD_NODE_JOINED;
	unsigned wanted = joined ? reload_turn_density(reload_node_document(publisher->node)) : 0;
	int64_t next = INT64_MAX;

	for (unsigned i = 0; i < RELOAD_TURN_ITERATIONS_MAX; i++) {
		Place *place = &publisher->places[i];

		if (joined && !publisher->joined)
			place->due = MIN(place->due, now + SETTLE_MS);
		if (joined || leaving)
			next = reload_sooner(next, look_after(place, i < wanted, leaving, now));
	}
	publisher->joined = joined;
	hold_leave(publisher);
	return next;
}

static void publisher_free(void *data)
{
	Publisher *publisher = data;

	for (unsigned i = 0; i < RELOAD_TURN_ITERATIONS_MAX; i++) {
		if (publisher->places[i].request != 0)
			reload_node_cancel(publisher->node, publisher->places[i].request);
	}
	g_free(publisher);
}

void reload_turn_publish(ReloadNode *node, const ReloadAddress *address)
{
	Publisher *publisher = g_new0(Publisher, 1);

	publisher->node = node;
	publisher->address = *address;
	for (unsigned i = 0; i < RELOAD_TURN_ITERATIONS_MAX; i++) {
		publisher->places[i].publisher = publisher;
		publisher->places[i].due = INT64_MAX;
	}
	reload_node_add_task(node, publisher_tick, publisher_free, publisher);
}
