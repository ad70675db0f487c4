/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the broker asks of the edge, and what the edge tells it unasked. */
#include "modules/p2psip/peer/edge.h"

static void node_of(const uint8_t id[P2PSIP_NODE_ID_LEN], ReloadNodeId *out)
{
	memset(out, 0, sizeof(*out));
	out->len = P2PSIP_NODE_ID_LEN;
	memcpy(out->id, id, P2PSIP_NODE_ID_LEN);
}

static void resolve(Edge *edge, const uint8_t id[P2PSIP_NODE_ID_LEN], uint32_t request, int64_t now)
{
	struct p2psip_frame frame = {0};
	struct p2psip_edge *to = &frame.u.edges.edge[0];
	FlowState state = FLOW_DOWN;
	ReloadNodeId node;

	node_of(id, &node);
	memcpy(to->node, id, P2PSIP_NODE_ID_LEN);
	to->self = reload_node_id_equal(&node, reload_node_id(reload_driver_node(edge->driver)));
	if (!to->self)
		to->address = flows_resolve(edge->flows, &node, &state, now);
	to->port = edge->options->flow_port;
	to->flow = (uint8_t)state;
	frame.u.edges.count = 1;
	frame.header.status = to->self || to->address != 0 ? P2PSIP_OK : P2PSIP_BUSY;
	broker_send(edge->broker, &frame, P2PSIP_EDGES, request);
}

/* The answer to a command, cut into frames at line ends where it is long. */
static void command_answer(Edge *edge, uint32_t id, const char *text, const char *reason)
{
	struct p2psip_frame frame = {0};
	size_t left = strlen(text);

	while (left >= sizeof(frame.u.text)) {
		size_t part = sizeof(frame.u.text) - 1;
		const char *nl = memrchr(text, '\n', part);

		part = nl != NULL ? (size_t)(nl + 1 - text) : part;
		memcpy(frame.u.text, text, part);
		frame.u.text[part] = '\0';
		frame.header.status = P2PSIP_OK;
		frame.header.flags = P2PSIP_FLAG_MORE;
		broker_send(edge->broker, &frame, P2PSIP_TEXT, id);
		text += part;
		left -= part;
	}
	if (reason != NULL && left == 0)
		text = reason;
	g_strlcpy(frame.u.text, text, sizeof(frame.u.text));
	frame.header.status = reason == NULL ? P2PSIP_OK : P2PSIP_FAILED;
	frame.header.flags = 0;
	broker_send(edge->broker, &frame, P2PSIP_TEXT, id);
}

typedef struct {
	Edge *edge;
	uint32_t id;
} Command;

static void command_done(void *user, const char *text, const char *reason)
{
	Command *command = user;

	command_answer(command->edge, command->id, text, reason);
	g_free(command);
}

static void run_command(Edge *edge, const char *line, uint32_t id)
{
	Command *command = g_new(Command, 1);

	command->edge = edge;
	command->id = id;
	reload_control_run(reload_driver_control(edge->driver), line, command_done, command);
}

static void frame_received(void *user, const struct p2psip_frame *frame)
{
	Edge *edge = user;
	int64_t now = reload_driver_now(edge->driver);
	uint32_t id = frame->header.id;
	ReloadNodeId node;

	switch (frame->header.type) {
	case P2PSIP_STORE:
		registrations_add(edge->registrations, frame->u.aor, id, now);
		break;
	case P2PSIP_WITHDRAW:
		registrations_remove(edge->registrations, frame->u.aor, id, now);
		break;
	case P2PSIP_LOOKUP:
		lookups_start(edge->lookups, frame->u.aor, id, now);
		break;
	case P2PSIP_RESOLVE:
		resolve(edge, frame->u.node, id, now);
		break;
	case P2PSIP_FLOW_KNOWN:
		node_of(frame->u.node, &node);
		flows_known(edge->flows, &node, frame->header.status == P2PSIP_FLOW_UP, now);
		break;
	case P2PSIP_COMMAND:
		run_command(edge, frame->u.text, id);
		break;
	case P2PSIP_LEAVE:
		reload_driver_leave(edge->driver, edge->options->leave_timeout, NULL, NULL);
		break;
	default: /* frames of our own direction mean nothing here */
		break;
	}
}

static void broker_closed(void *user, const char *why)
{
	Edge *edge = user;

	reload_log_write(reload_driver_log(edge->driver), RELOAD_LOG_NOTICE,
			 "Kamailio is gone (%s): leaving the overlay", why);
	reload_driver_leave(edge->driver, edge->options->leave_timeout, NULL, NULL);
}

void edge_broker_new(Edge *edge)
{
	const BrokerHandler handler = {edge, frame_received, broker_closed};

	edge->broker = broker_new(edge->options->broker_fd, &handler);
}

static const char *state_text(ReloadNodeState state)
{
	static const char *const texts[] = {"idle",   "connecting", "joining",
					    "joined", "leaving",    "left"};

	return (size_t)state < G_N_ELEMENTS(texts) ? texts[state] : "unknown";
}

void edge_tell_state(Edge *edge, ReloadNodeState state)
{
	ReloadNode *node = reload_driver_node(edge->driver);
	struct p2psip_frame frame = {0};

	memcpy(frame.u.state.node, reload_node_id(node)->id, P2PSIP_NODE_ID_LEN);
	frame.u.state.joined = state == RELOAD_NODE_JOINED;
	g_strlcpy(frame.u.state.overlay, reload_node_document(node)->overlay,
		  sizeof(frame.u.state.overlay));
	g_strlcpy(frame.u.state.text, state_text(state), sizeof(frame.u.state.text));
	broker_send(edge->broker, &frame, P2PSIP_STATE, 0);
}

void edge_tell_statistics(Edge *edge)
{
	struct p2psip_frame frame = {0};
	struct p2psip_statistics *out = &frame.u.statistics;
	ReloadNode *node = reload_driver_node(edge->driver);
	RegistrationStatistics registrations;
	LookupStatistics lookups;
	FlowStatistics flows;
	ReloadNodeStatistics routing;
	ReloadStorageUsage storage;

	registrations_statistics(edge->registrations, &registrations);
	lookups_statistics(edge->lookups, &lookups);
	flows_statistics(edge->flows, &flows);
	reload_node_statistics(node, &routing);
	reload_storage_usage(reload_node_storage(node), &storage);
	out->stores = registrations.stores;
	out->store_failures = registrations.failures;
	out->withdrawals = registrations.withdrawals;
	out->registrations = registrations.aors;
	out->lookups = lookups.lookups;
	out->lookup_failures = lookups.failures;
	out->flows_opened = flows.opened;
	out->flow_failures = flows.failures;
	out->messages_in = flows.messages_in;
	out->messages_out = flows.messages_out;
	out->messages_refused = flows.refused + loopback_socket_refused(edge->loopback);
	out->flows = flows.up;
	out->forwarded = routing.forwarded;
	out->dropped = routing.dropped;
	out->links = routing.links;
	out->stored_values = (uint32_t)storage.values;
	if (memcmp(out, &edge->told, sizeof(*out)) == 0)
		return;
	edge->told = *out;
	broker_send(edge->broker, &frame, P2PSIP_STATISTICS, 0);
}
