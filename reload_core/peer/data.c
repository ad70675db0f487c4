/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Store, Fetch, Stat and Find (RFC 6940, 7.4): what routing knows of a request is told to the
 * storage. */
#include "reload_core/peer/node_private.h"

/* What is left for the lists of an answer, bytes. */
#define ANSWER_LISTS 64
/* Where a Store is replicated to (10.4). */
#define REPLICAS 2

/* Is it ours to answer for? Before we have joined nothing is. */
static bool responsible_for(ReloadNode *node, const ReloadResourceId *id)
{
	return (node->state == RELOAD_NODE_JOINED || reload_life_is_held(node)) &&
	       node->plugin->responsible(node->topology, reload_resource_id_span(id));
}

static void store(ReloadNode *node, const ReloadIncoming *request, const ReloadResourceId *id,
		  int64_t now, ReloadStorageAnswer *answer)
{
	ReloadNodeId replicas[REPLICAS];
	ReloadStoreContext context = {
	    .sender = &request->signer,
	    .sender_certificate = request->certificate,
	    .message = request->message,
	    .responsible = responsible_for(node, id),
	    .plausible_replica = node->plugin->plausible_replica_source(
		node->topology, reload_resource_id_span(id), &request->signer),
	    .replicas = replicas,
	};
	bool changed = false;

	if (context.responsible)
		context.replica_count =
		    node->plugin->replica_set(node->topology, replicas, REPLICAS);
	reload_storage_store(node->storage, &context, request->message->body, now, answer,
			     &changed);
	node->storage_due = 0; /* something may expire earlier now */
	if (changed && context.responsible)
		reload_replication_stored(node, id);
}

/* The most that body and certificates of an answer to it may take. */
static size_t room_for(const ReloadNode *node, const ReloadIncoming *request)
{
	size_t limit = node->document->max_message_size;
	size_t wanted = request->message->header.max_response_length;
	size_t rest = reload_node_overhead(node) + ANSWER_LISTS;

	/* The way back is in front of it. */
	rest += request->message->header.via_list.len + 2 + request->previous_hop.len;
	if (wanted != 0 && wanted < limit)
		limit = wanted;
	return limit > rest ? limit - rest : 1;
}

static void perform(ReloadNode *node, const ReloadIncoming *request, const ReloadResourceId *id,
		    int64_t now, ReloadStorageAnswer *answer)
{
	ReloadSpan body = request->message->body;

	switch (request->message->code) {
	case RELOAD_STORE_REQ:
		store(node, request, id, now, answer);
		break;
	case RELOAD_FETCH_REQ:
		reload_storage_fetch(node->storage, body, room_for(node, request), now, answer);
		break;
	case RELOAD_STAT_REQ:
		reload_storage_stat(node->storage, body, room_for(node, request), now, answer);
		break;
	default:
		reload_storage_find(node->storage, body, responsible_for(node, id), now, answer);
		break;
	}
}

void reload_data_on_request(ReloadNode *node, const ReloadIncoming *request, ReloadOutcome *outcome,
			    int64_t now)
{
	ReloadReader reader = reload_reader(request->message->body);
	ReloadStorageAnswer answer = {0};
	ReloadResourceId id;

	/* Each of the four begins with the Resource-ID. */
	if (!reload_read_resource_id(&reader, &id)) {
		reload_outcome_error(outcome, RELOAD_ERROR_INVALID_MESSAGE,
				     "malformed data request");
		return;
	}
	perform(node, request, &id, now, &answer);
	outcome->error_code = answer.error_code;
	if (answer.body != NULL)
		g_byte_array_append(outcome->body, answer.body->data, answer.body->len);
	if (answer.certificates != NULL)
		outcome->certificates = g_ptr_array_ref(answer.certificates);
	reload_storage_answer_clear(&answer);
}
