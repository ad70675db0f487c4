/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stores the node's certificate when it has joined, again before it expires, and again when it
 * failed. */
#include "reload_core/usages/certstore/publish.h"

#include "reload_core/usages/certstore/certstore.h"

/* After joining the ring is given this time to settle; after a failure this before the next
 * attempt, ms. */
#define SETTLE_MS 3000
#define RETRY_MS 30000

typedef struct {
	ReloadNode *node;
	ReloadCertstoreTask *task; /* under way */
	ReloadIdentity *identity;  /* that is stored or being stored; NULL: none yet */
	bool joined;
	int64_t due; /* ms */
	ReloadCertstoreTakenFunc taken;
	void *taken_data;
} Publisher;

static void on_stored(void *data, ReloadStatus status, int64_t now)
{
	Publisher *publisher = data;

	publisher->task = NULL;
	publisher->due =
	    now + (status == RELOAD_OK ? RELOAD_CERTSTORE_LIFETIME * INT64_C(500) : RETRY_MS);
	if (status != RELOAD_E_FORBIDDEN)
		return;
	publisher->due = INT64_MAX;
	if (publisher->taken)
		publisher->taken(publisher->taken_data,
				 reload_identity_user_name(publisher->identity), now);
}

static void set_identity(Publisher *publisher, ReloadIdentity *identity)
{
	reload_identity_ref(identity);
	reload_identity_unref(publisher->identity);
	publisher->identity = identity;
}

static void store(Publisher *publisher, int64_t now)
{
	publisher->due = INT64_MAX;
	if (reload_certstore_store(publisher->node, publisher->identity, RELOAD_CERTSTORE_LIFETIME,
				   on_stored, publisher, now, &publisher->task) != RELOAD_OK) {
		publisher->task = NULL;
		publisher->due = now + RETRY_MS;
	}
}

static int64_t publisher_tick(void *data, int64_t now)
{
	Publisher *publisher = data;
	ReloadIdentity *identity = reload_node_identity(publisher->node);
	bool joined = reload_node_state(publisher->node) == RELOAD_NODE_JOINED;

	if (joined && (!publisher->joined || publisher->identity != identity) &&
	    publisher->task == NULL) {
		set_identity(publisher, identity);
		publisher->due = MIN(publisher->due, now + SETTLE_MS);
	}
	publisher->joined = joined;
	if (!joined)
		return INT64_MAX;
	if (publisher->task == NULL && publisher->due <= now)
		store(publisher, now);
	return publisher->due;
}

static void publisher_free(void *data)
{
	Publisher *publisher = data;

	reload_certstore_cancel(publisher->task);
	reload_identity_unref(publisher->identity);
	g_free(publisher);
}

void reload_certstore_publish(ReloadNode *node, ReloadCertstoreTakenFunc taken, void *data)
{
	Publisher *publisher = g_new0(Publisher, 1);

	publisher->node = node;
	publisher->due = INT64_MAX;
	publisher->taken = taken;
	publisher->taken_data = data;
	reload_node_add_task(node, publisher_tick, publisher_free, publisher);
}
