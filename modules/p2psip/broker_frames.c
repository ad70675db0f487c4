/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to frames, and frames to answers. */
#include "modules/p2psip/broker_frames.h"

#include <errno.h>
#include <string.h>

#include "modules/p2psip/compat.h"
#include "modules/p2psip/config.h"
#include "modules/p2psip/flow_table.h"
#include "modules/p2psip/lookup_cache.h"
#include "modules/p2psip/registrations.h"
#include "modules/p2psip/shared.h"

#define RPC_TEXT_MAX (512 * 1024) /* of one answer to an operator */

/* Gives a request its end: status and all else of the answer are in it. */
static void answer(struct p2psip_request *request, int status)
{
	int waited_for = P2PSIP_WAITED_FOR;

	request->status = status;
	switch (request->purpose) {
	case P2PSIP_FOR_RPC:
		if (__atomic_compare_exchange_n(&request->state, &waited_for, P2PSIP_ANSWERED, 0,
						__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			sem_post(&request->answered);
		else
			p2psip_request_free(request);
		return;
	case P2PSIP_FOR_NOBODY:
		p2psip_request_free(request);
		return;
	case P2PSIP_FOR_REGISTER:
		p2psip_registrations_end(request->aor, status);
		break;
	default:
		break;
	}
	p2psip_request_answered(request);
}

void p2psip_broker_take_request(struct p2psip_broker *broker, struct p2psip_request *request)
{
	int timeout = request->purpose == P2PSIP_FOR_RPC ? p2psip_config.rpc_timeout
							 : p2psip_config.request_timeout;

	if (broker->fd < 0) {
		answer(request, P2PSIP_NOT_JOINED);
		return;
	}
	request->deadline = p2psip_now() + timeout;
	request->next = NULL;
	if (broker->waiting == NULL)
		broker->waiting = request;
	else
		broker->waiting_last->next = request;
	broker->waiting_last = request;
}

static void fill_frame(struct p2psip_frame *frame, const struct p2psip_request *request)
{
	enum p2psip_type type = P2PSIP_LOOKUP;

	memset(&frame->header, 0, sizeof(frame->header));
	switch (request->purpose) {
	case P2PSIP_FOR_REGISTER:
		type = P2PSIP_STORE;
		strcpy(frame->u.aor, request->aor);
		break;
	case P2PSIP_FOR_DIALOG:
	case P2PSIP_FOR_NOBODY:
		type = P2PSIP_RESOLVE;
		memcpy(frame->u.node, request->node, sizeof(frame->u.node));
		break;
	case P2PSIP_FOR_RPC:
		type = P2PSIP_COMMAND;
		snprintf(frame->u.text, sizeof(frame->u.text), "%s", request->text);
		break;
	default:
		strcpy(frame->u.aor, request->aor);
		break;
	}
	p2psip_frame_seal(frame, type, request->id);
}

/* Sends a frame or keeps it as the stalled one, of which there must be none: 0, or -1 when the peer
 * is gone. */
static int send_frame(struct p2psip_broker *broker, const struct p2psip_frame *frame)
{
	if (p2psip_frame_send(broker->fd, frame) == 0)
		return 0;
	if (errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS)
		return -1;
	if (frame != &broker->stalled_frame)
		memcpy(&broker->stalled_frame, frame, frame->header.length);
	broker->stalled = 1;
	/* Nothing is read from it meanwhile: it shows that it lives by taking this frame. */
	if (!broker->suspected)
		broker->suspected = broker->now;
	return 0;
}

static int send_next_request(struct p2psip_broker *broker)
{
	struct p2psip_request *request = broker->waiting;
	struct p2psip_request **bucket;
	struct p2psip_frame frame;

	broker->waiting = request->next;
	request->next = NULL;
	if (++broker->last_id == 0)
		broker->last_id = 1;
	request->id = broker->last_id;
	if (request->purpose == P2PSIP_FOR_RPC)
		request->text_len = 0;
	fill_frame(&frame, request);
	bucket = &broker->sent[request->id & (P2PSIP_BROKER_IDS - 1)];
	request->next_by_id = *bucket;
	*bucket = request;
	broker->sent_count++;
	return send_frame(broker, &frame);
}

/* A change of registrations that no REGISTER waits for: 1 sent, 0 none there, -1 the peer is gone.
 */
static int send_next_change(struct p2psip_broker *broker)
{
	struct p2psip_frame frame;
	int type;

	memset(&frame.header, 0, sizeof(frame.header));
	type = p2psip_registrations_next(frame.u.aor);
	if (type == 0)
		return 0;
	frame.header.flags = P2PSIP_FLAG_ASYNC;
	p2psip_frame_seal(&frame, (enum p2psip_type)type, 0);
	return send_frame(broker, &frame) == 0 ? 1 : -1;
}

int p2psip_broker_flush(struct p2psip_broker *broker)
{
	int more = 1;

	if (broker->stalled) {
		broker->stalled = 0;
		if (send_frame(broker, &broker->stalled_frame) != 0)
			return -1;
		if (!broker->stalled)
			broker->suspected = 0;
	}
	while (!broker->stalled && broker->waiting != NULL) {
		if (send_next_request(broker) != 0)
			return -1;
	}
	while (!broker->stalled && more > 0) {
		more = send_next_change(broker);
		if (more < 0)
			return -1;
	}
	return 0;
}

/* Takes the request with that id out of those sent. */
static struct p2psip_request *take_sent(struct p2psip_broker *broker, uint32_t id)
{
	struct p2psip_request **at = &broker->sent[id & (P2PSIP_BROKER_IDS - 1)];
	struct p2psip_request *request;

	while (*at != NULL && (*at)->id != id)
		at = &(*at)->next_by_id;
	request = *at;
	if (request != NULL) {
		*at = request->next_by_id;
		broker->sent_count--;
	}
	return request;
}

static void put_back(struct p2psip_broker *broker, struct p2psip_request *request)
{
	struct p2psip_request **bucket = &broker->sent[request->id & (P2PSIP_BROKER_IDS - 1)];

	request->next_by_id = *bucket;
	*bucket = request;
	broker->sent_count++;
}

static void take_edges(struct p2psip_request *request, const struct p2psip_frame *frame)
{
	const struct p2psip_edges *edges = &frame->u.edges;
	int status = frame->header.status;

	request->targets.fetched = p2psip_now();
	request->targets.count = 0;
	for (uint32_t i = 0; status == P2PSIP_OK && i < edges->count; i++) {
		const struct p2psip_edge *edge = &edges->edge[i];
		struct p2psip_target *target = &request->targets.target[request->targets.count++];

		memcpy(target->node, edge->node, sizeof(target->node));
		target->self = edge->self;
		target->own = edge->own;
		target->address = edge->address;
		target->port = edge->port;
		if (!edge->self && edge->address != 0)
			p2psip_flows_note(edge->node, edge->address, edge->port, edge->flow);
	}
	request->targets.status = status;
	if ((status == P2PSIP_OK || status == P2PSIP_NOT_FOUND) && request->aor[0] != '\0')
		p2psip_cache_put(request->aor, &request->targets, edges->valid_ms);
	answer(request, status);
}

/* Adds a piece of an operator's answer: 0, or -1 where there is no room for it. */
static int append_text(struct p2psip_request *request, const char *text)
{
	size_t len = strlen(text);
	char *larger;

	if (request->text_len + len + 1 > RPC_TEXT_MAX)
		return -1;
	larger = shm_malloc(request->text_len + len + 1);
	if (larger == NULL) {
		SHM_MEM_ERROR;
		return -1;
	}
	memcpy(larger, request->text, request->text_len);
	memcpy(larger + request->text_len, text, len + 1);
	shm_free(request->text);
	request->text = larger;
	request->text_len += len;
	return 0;
}

static void log_refusal(const char *aor, const struct p2psip_frame *frame)
{
	if (frame->header.status == P2PSIP_NO_CERTIFICATE)
		LM_NOTICE("%s: no user certificate: make one with: reloadctl cert user %s\n", aor,
			  aor);
	else if (frame->header.status != P2PSIP_OK && frame->header.status != P2PSIP_NOT_JOINED)
		LM_INFO("%s: %s: %s\n", aor, p2psip_status_name(frame->header.status),
			frame->u.text);
}

static void take_answer(struct p2psip_broker *broker, const struct p2psip_frame *frame)
{
	struct p2psip_request *request = take_sent(broker, frame->header.id);
	int is_rpc = frame->header.type == P2PSIP_TEXT;

	if (request == NULL) {
		LM_DBG("answer %u comes too late\n", frame->header.id);
		return;
	}
	if (is_rpc != (request->purpose == P2PSIP_FOR_RPC)) {
		answer(request, P2PSIP_FAILED);
		return;
	}
	if (frame->header.type == P2PSIP_EDGES && request->purpose != P2PSIP_FOR_REGISTER) {
		take_edges(request, frame);
		return;
	}
	if (is_rpc && append_text(request, frame->u.text) == 0 &&
	    (frame->header.flags & P2PSIP_FLAG_MORE)) {
		put_back(broker, request);
		return;
	}
	if (!is_rpc)
		log_refusal(request->aor, frame);
	answer(request, frame->header.status);
}

static void take_flow(struct p2psip_broker *broker, const struct p2psip_flow *flow)
{
	struct p2psip_frame known;
	char hex[P2PSIP_HEX_SIZE];

	if (!p2psip_config_is_flow_address(flow->address)) {
		p2psip_node_to_hex(flow->node, hex);
		LM_ERR("the peer gives node %s an address outside flow_network\n", hex);
		return;
	}
	if (flow->state == P2PSIP_FLOW_FORGOTTEN) {
		p2psip_flows_forget(flow->node);
		return;
	}
	if (p2psip_flows_set(flow) != 0)
		return;
	if (flow->state == P2PSIP_FLOW_OPENING)
		return;
	memset(&known.header, 0, sizeof(known.header));
	known.header.status = flow->state;
	memcpy(known.u.node, flow->node, sizeof(known.u.node));
	p2psip_frame_seal(&known, P2PSIP_FLOW_KNOWN, 0);
	send_frame(broker, &known); /* a peer that has gone is noticed when it is read from */
}

static void take_state(const struct p2psip_state *state)
{
	if (memcmp(state->node, p2psip_config.node, sizeof(state->node)) != 0)
		LM_WARN(
		    "the node certificate has been exchanged for one with another Node-ID: restart "
		    "Kamailio, or other edges cannot call back\n");
	p2psip_shared_set_state(state);
	LM_INFO("overlay %s: %s\n", state->overlay, state->text);
}

void p2psip_broker_take_frame(struct p2psip_broker *broker, const struct p2psip_frame *frame)
{
	broker->suspected = 0;
	switch (frame->header.type) {
	case P2PSIP_STATE:
		take_state(&frame->u.state);
		break;
	case P2PSIP_FLOW:
		take_flow(broker, &frame->u.flow);
		break;
	case P2PSIP_DONE:
	case P2PSIP_EDGES:
	case P2PSIP_TEXT:
		if (frame->header.id != 0)
			take_answer(broker, frame);
		break;
	case P2PSIP_STATISTICS:
		lock_get(&p2psip_shared->lock);
		p2psip_shared->statistics = frame->u.statistics;
		lock_release(&p2psip_shared->lock);
		break;
	default:
		LM_DBG("frame of type %u is not for the broker\n", frame->header.type);
		break;
	}
}

/* A request has timed out: is it the overlay that is slow, or has the peer come to a stop? Any
 * frame tells. */
static void probe(struct p2psip_broker *broker, int64_t now)
{
	struct p2psip_frame frame;

	if (broker->suspected || broker->stalled || broker->fd < 0)
		return;
	broker->suspected = now;
	memset(&frame.header, 0, sizeof(frame.header));
	strcpy(frame.u.text, "status");
	if (++broker->last_id == 0)
		broker->last_id = 1;
	p2psip_frame_seal(&frame, P2PSIP_COMMAND, broker->last_id);
	send_frame(broker, &frame);
}

/* Answers those requests of a bucket that until is too late for. */
static void expire_bucket(struct p2psip_broker *broker, struct p2psip_request **at, int64_t until,
			  int status)
{
	while (*at != NULL) {
		struct p2psip_request *request = *at;

		if (request->deadline > until) {
			at = &request->next_by_id;
			continue;
		}
		*at = request->next_by_id;
		broker->sent_count--;
		answer(request, status);
	}
}

void p2psip_broker_expire(struct p2psip_broker *broker, int64_t now)
{
	unsigned before = broker->sent_count;

	while (broker->waiting != NULL && broker->waiting->deadline <= now) {
		struct p2psip_request *request = broker->waiting;

		broker->waiting = request->next;
		answer(request, P2PSIP_TIMED_OUT);
	}
	if (broker->sent_count == 0)
		return;
	for (unsigned i = 0; i < P2PSIP_BROKER_IDS; i++)
		expire_bucket(broker, &broker->sent[i], now, P2PSIP_TIMED_OUT);
	if (broker->sent_count < before)
		probe(broker, now);
}

void p2psip_broker_fail_all(struct p2psip_broker *broker, int status)
{
	broker->stalled = 0;
	broker->suspected = 0;
	while (broker->waiting != NULL) {
		struct p2psip_request *request = broker->waiting;

		broker->waiting = request->next;
		answer(request, status);
	}
	for (unsigned i = 0; i < P2PSIP_BROKER_IDS; i++)
		expire_bucket(broker, &broker->sent[i], INT64_MAX, status);
}
