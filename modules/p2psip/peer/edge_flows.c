/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ties flows to the node's application connections on one side and to the loopback socket on the other. */
#include "modules/p2psip/peer/edge.h"
#include "reload_core/link/app_connection.h"
#include "reload_core/link/sip_stream.h"

#define MAX_FLOWS 65536
#define MAX_REQUESTS 4096
/* Requests of one node are open for as long as this many of flow_rate take to come: phones that ring 7 s, on average,
 * where a call is three requests. Each holds some 16 kB of Kamailio's shared memory. */
#define OPEN_MS 2500

static int64_t now_of(Edge *edge)
{
	return reload_driver_now(edge->driver);
}

static ReloadStatus hook_open(void *user, const ReloadNodeId *node, int64_t timeout, int64_t now)
{
	Edge *edge = user;

	return reload_node_app_attach(reload_driver_node(edge->driver), node, EDGE_APPLICATION_SIP, timeout,
				      now);
}

static ReloadStatus hook_send(void *user, ReloadLinkId link, ReloadSpan message)
{
	Edge *edge = user;

	return reload_app_send(reload_driver_links(edge->driver), link, message);
}

static void hook_close(void *user, ReloadLinkId link, int64_t now)
{
	Edge *edge = user;
	gint64 key = (gint64)link;

	g_hash_table_remove(edge->streams, &key);
	reload_node_app_close(reload_driver_node(edge->driver), link, now);
}

static bool hook_deliver(void *user, uint32_t address, ReloadSpan message)
{
	Edge *edge = user;

	return loopback_socket_send(edge->loopback, address, message);
}

static void hook_changed(void *user, const ReloadNodeId *node, uint32_t address, FlowState state)
{
	static const uint16_t states[] = {[FLOW_DOWN] = P2PSIP_FLOW_DOWN,
					  [FLOW_OPENING] = P2PSIP_FLOW_OPENING,
					  [FLOW_UP] = P2PSIP_FLOW_UP,
					  [FLOW_FORGOTTEN] = P2PSIP_FLOW_FORGOTTEN};
	Edge *edge = user;
	struct p2psip_frame frame = {0};

	memcpy(frame.u.flow.node, node->id, P2PSIP_NODE_ID_LEN);
	frame.u.flow.address = address;
	frame.u.flow.port = edge->options->flow_port;
	frame.u.flow.state = states[state];
	broker_send(edge->broker, &frame, P2PSIP_FLOW, 0);
}

static void hook_log(void *user, ReloadLogLevel level, const char *text)
{
	Edge *edge = user;

	reload_log_write(reload_driver_log(edge->driver), level, "%s", text);
}

/* A connection that says what is no SIP is closed: nobody knows where the next message begins. */
static void drop_connection(Edge *edge, ReloadLinkId link, ReloadStatus why, int64_t now)
{
	static ReloadLogLimit limit;

	reload_log_limited(reload_driver_log(edge->driver), &limit, RELOAD_LOG_WARNING,
			   "flow closed: what came over it is no SIP: %s", reload_strerror(why));
	flows_disconnected(edge->flows, NULL, link, now);
	hook_close(edge, link, now);
}

static void received(void *user, ReloadLinkId link, ReloadSpan bytes, int64_t now)
{
	Edge *edge = user;
	gint64 key = (gint64)link;
	ReloadSipStream *stream = g_hash_table_lookup(edge->streams, &key);
	ReloadSpan message;
	ReloadStatus status;

	if (stream == NULL)
		return;
	status = reload_sip_stream_feed(stream, bytes);
	while (status == RELOAD_OK &&
	       (status = reload_sip_stream_next(stream, &message)) == RELOAD_OK) {
		flows_from_link(edge->flows, link, message, now);
		if (g_hash_table_lookup(edge->streams, &key) != stream)
			return; /* closed by what it said */
	}
	if (status != RELOAD_E_NOT_FOUND) {
		drop_connection(edge, link, status, now);
		return;
	}
	for (unsigned pings = reload_sip_stream_take_pings(stream); pings > 0; pings--)
		(void)hook_send(edge, link, (ReloadSpan){(const uint8_t *)"\r\n", 2});
}

bool edge_app_request(void *user, uint16_t application, const ReloadNodeId *remote, int64_t now)
{
	(void)user;
	(void)remote;
	(void)now;
	return application == EDGE_APPLICATION_SIP || application == EDGE_APPLICATION_SIPS;
}

void edge_app_up(void *user, uint16_t application, const ReloadNodeId *remote, ReloadLinkId link,
		 bool requested_by_us, int64_t now)
{
	Edge *edge = user;
	ReloadAppHandler handler = {.user = edge, .received = received};
	gint64 *key = g_new(gint64, 1);

	(void)application;
	(void)requested_by_us;
	*key = (gint64)link;
	g_hash_table_insert(edge->streams, key, reload_sip_stream_new());
	if (!flows_connected(edge->flows, remote, link, now)) {
		hook_close(edge, link, now);
		return;
	}
	if (reload_app_set_handler(reload_driver_links(edge->driver), link, &handler) != RELOAD_OK) {
		flows_disconnected(edge->flows, remote, link, now);
		hook_close(edge, link, now);
	}
}

void edge_app_down(void *user, uint16_t application, const ReloadNodeId *remote, ReloadLinkId link,
		   ReloadStatus why, int64_t now)
{
	Edge *edge = user;
	gint64 key = (gint64)link;

	(void)application;
	(void)why;
	if (edge->flows == NULL)
		return; /* the edge ends */
	/* A connection that was never up: the AppAttach has failed. */
	if (!g_hash_table_remove(edge->streams, &key))
		link = 0;
	flows_disconnected(edge->flows, remote, link, now);
}

static void from_kamailio(void *user, uint32_t address, ReloadSpan message)
{
	Edge *edge = user;

	flows_from_kamailio(edge->flows, address, message, now_of(edge));
}

static void stream_free(gpointer stream)
{
	reload_sip_stream_free(stream);
}

void edge_flows_new(Edge *edge)
{
	const FlowHooks hooks = {edge,	       hook_open,    hook_send, hook_close,
				 hook_deliver, hook_changed, hook_log};
	const FlowLimits limits = {.connect_timeout = edge->options->connect_timeout,
				   .idle_timeout = edge->options->flow_idle,
				   .max_flows = MAX_FLOWS,
				   .max_requests = MAX_REQUESTS,
				   .max_received = MIN(MAX_REQUESTS, edge->options->flow_rate * OPEN_MS / 1000),
				   .rate = edge->options->flow_rate};

	edge->addresses = flow_addresses_new(edge->options->flow_network, edge->options->flow_prefix,
					     MAX_FLOWS);
	edge->streams = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, stream_free);
	edge->flows = flows_new(edge->addresses, edge->journal, &limits, &hooks);
	loopback_socket_serve(edge->loopback, from_kamailio, edge);
}

void edge_flows_free(Edge *edge)
{
	Flows *flows = edge->flows;

	if (flows == NULL)
		return;
	flows_free(flows, now_of(edge));
	edge->flows = NULL;
	g_hash_table_destroy(edge->streams);
	flow_addresses_free(edge->addresses);
}
