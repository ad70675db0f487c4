/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The test network: an event queue in virtual time, nodes, and messages that walk from link to
 * link. */
#include "tests/unit/chord_net_private.h"

#define RETRANSMIT 3000
#define TRANSMISSIONS 5

const ReloadTopologyPlugin *net_plugin;

uint64_t chord_net_random(ChordNet *net)
{
	uint64_t z = net->seed += 0x9e3779b97f4a7c15U;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

/* ---- events ---- */

static gint compare_events(gconstpointer a, gconstpointer b, gpointer data)
{
	const Event *x = a, *y = b;

	(void)data;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static Event *event_add(ChordNet *net, EventKind kind, int64_t delay, const Node *node)
{
	Event *event = g_new0(Event, 1);

	event->kind = kind;
	event->at = net->now + delay;
	event->order = ++net->order;
	event->node = node->number;
	event->life = node->life;
	g_sequence_insert_sorted(net->events, event, compare_events, NULL);
	return event;
}

static void event_free(gpointer data)
{
	Event *event = data;

	packet_free(event->packet);
	if (event->request != NULL)
		request_unref(event->request);
	g_free(event);
}

void net_touch(Node *node)
{
	int64_t at;

	if (!node->alive)
		return;
	node->ticks++;
	at = net_plugin->tick(node->topology, node->net->now);
	g_assert_cmpint(at, >, node->net->now);
	if (at == node->wake || at == INT64_MAX)
		return;
	node->wake = at;
	event_add(node->net, EVENT_WAKE, at - node->net->now, node);
}

/* ---- links ---- */

static void link_make(Node *a, Node *b)
{
	if (link_works(a, b))
		return;
	g_hash_table_insert(a->links, key_of(b), GUINT_TO_POINTER(b->life));
	g_hash_table_insert(b->links, key_of(a), GUINT_TO_POINTER(a->life));
	net_plugin->link_up(a->topology, &b->id, a->net->now);
	net_plugin->link_up(b->topology, &a->id, a->net->now);
	net_touch(a);
	net_touch(b);
}

static void link_end(Node *node, const Node *other, int64_t delay)
{
	Event *event;

	if (!has_link(node, other))
		return;
	event = event_add(node->net, EVENT_LINK_DOWN, delay, node);
	event->other = other->number;
	event->other_life = GPOINTER_TO_UINT(g_hash_table_lookup(node->links, key_of(other)));
}

static void on_link_down(Node *node, const Event *event)
{
	Node *other = node_of(node->net, event->other);

	if (GPOINTER_TO_UINT(g_hash_table_lookup(node->links, key_of(other))) != event->other_life)
		return;
	g_hash_table_remove(node->links, key_of(other));
	net_plugin->link_down(node->topology, &other->id, node->net->now);
	net_touch(node);
}

/* ---- messages ---- */

static void send_over(Node *node, Node *next, Packet *packet)
{
	Event *event;

	node->net->counts.hops++;
	if (packet->ttl-- == 0) {
		node->net->counts.dropped_ttl++;
		packet_free(packet);
		return;
	}
	if (!link_works(node, next)) {
		node->net->counts.dropped_link++;
		packet_free(packet);
		return;
	}
	if (!packet->answer)
		g_array_append_val(packet->path, node->number);
	event = event_add(node->net, EVENT_PACKET, 2 + (int64_t)(chord_net_random(node->net) % 10),
			  next);
	event->packet = packet;
}

static void request_done(ChordNet *net, Request *request, ReloadStatus status,
			 const ReloadNodeId *from)
{
	Node *node = node_of(net, request->origin);

	if (request->done)
		return;
	request->done = true;
	if (!node->alive || node->life != request->life)
		return;
	if (request->code == RELOAD_ATTACH_REQ)
		net_plugin->attach_done(node->topology, request->cookie, status, from, net->now);
	else if (request->reply != NULL)
		request->reply(request->data, status, NULL, from, net->now);
	net_touch(node);
}

static void answer_on(Node *node, Packet *packet)
{
	ChordNet *net = node->net;
	Request *request = packet->request;
	unsigned back;

	if (packet->path->len == 0) {
		const ReloadNodeId *from = &node_of(net, (unsigned)request->handler)->id;

		if (node->number == request->origin)
			request_done(net, request, request->error ? RELOAD_E_REMOTE : RELOAD_OK,
				     from);
		packet_free(packet);
		return;
	}
	back = g_array_index(packet->path, unsigned, packet->path->len - 1);
	g_array_set_size(packet->path, packet->path->len - 1);
	if (back == node->number)
		answer_on(node, packet);
	else
		send_over(node, node_of(net, back), packet);
}

static void answer(Node *node, Packet *packet)
{
	packet->answer = true;
	packet->ttl = TTL;
	answer_on(node, packet);
}

/* The link takes a moment; the answer follows it, so that the other side's attach_done does too. */
static void handle_attach(Node *node, Packet *packet)
{
	Event *event = event_add(node->net, EVENT_ATTACHED, 10 + node->slow, node);

	packet->request->handler = (int)node->number;
	event->packet = packet;
}

static void handle(Node *node, Packet *packet, const ReloadNodeId *previous)
{
	Request *request = packet->request;
	Node *origin = node_of(node->net, request->origin);

	if (request->handler < 0 && request->code == RELOAD_ATTACH_REQ) {
		handle_attach(node, packet);
		return;
	}
	if (request->handler < 0) {
		ReloadTopologyAnswer filled = {.body = g_byte_array_new()};
		ReloadMessage message = {.code = request->code};

		request->handler = (int)node->number;
		node->mute = node->mute && request->code != RELOAD_JOIN_REQ;
		if (request->code == RELOAD_UPDATE_REQ && node->refuse > 0) {
			node->refuse--;
			request->error = RELOAD_ERROR_CONFIG_TOO_OLD;
		} else if (request->code != RELOAD_PING_REQ) {
			message.body = (ReloadSpan){request->body->data, request->body->len};
			net_plugin->on_request(node->topology, &message, &origin->id, previous,
					       &filled, node->net->now);
			request->error = filled.error_code;
		}
		g_byte_array_unref(filled.body);
	}
	if (request->handler == (int)node->number && (request->code != RELOAD_ATTACH_REQ || request->attached))
		answer(node, packet);
	else
		packet_free(packet);
	net_touch(node);
}

/* What a node does with a request that it has, from itself or from previous. */
static void route(Node *node, Packet *packet, const ReloadNodeId *previous)
{
	Request *request = packet->request;
	bool to_via = request->via.len != 0 && !packet->past_via;
	const ReloadNodeId *target = to_via ? &request->via : &request->dest.node_id;
	bool resource = !to_via && request->dest.type == RELOAD_DESTINATION_RESOURCE;
	ReloadSpan span;
	ReloadNodeId hop;
	ReloadRoute way;

	if (!resource && reload_node_id_equal(target, &node->id)) {
		if (to_via) {
			packet->past_via = true;
			route(node, packet, previous);
		} else {
			handle(node, packet, previous);
		}
		return;
	}
	if (!resource && has_link(node, find(node->net, target))) {
		send_over(node, find(node->net, target), packet);
		return;
	}
	span = resource ? reload_resource_id_span(&request->dest.resource_id)
			: reload_node_id_span(target);
	way = net_plugin->next_hop(node->topology, span, resource, previous, &hop);
	if (way == RELOAD_ROUTE_SELF) {
		handle(node, packet, previous);
	} else if (way == RELOAD_ROUTE_HOP && has_link(node, find(node->net, &hop)) &&
		   !request->link_only) {
		send_over(node, find(node->net, &hop), packet);
	} else {
		node->net->counts.dropped_no_route++;
		packet_free(packet);
	}
}

static void transmit(Node *node, Request *request)
{
	Packet *packet;
	Event *event;

	if (node->mute && request->code == RELOAD_UPDATE_REQ) {
		request->muted = true;
		event = event_add(node->net, EVENT_RETRANSMIT, 0, node);
		event->request = request_ref(request);
		return;
	}
	packet = g_new0(Packet, 1);
	packet->request = request_ref(request);
	packet->ttl = TTL;
	packet->path = g_array_new(FALSE, FALSE, sizeof(unsigned));
	request->sent++;
	event = event_add(node->net, EVENT_RETRANSMIT, RETRANSMIT, node);
	event->request = request_ref(request);
	/* Not from within the plug-in: it must not be called back before its call returns. */
	event = event_add(node->net, EVENT_PACKET, 0, node);
	event->packet = packet;
}

static void on_retransmit(Node *node, Request *request)
{
	if (request->done)
		return;
	if (request->muted)
		request_done(node->net, request, RELOAD_OK, &request->dest.node_id);
	else if (request->sent >= TRANSMISSIONS)
		request_done(node->net, request, RELOAD_E_TIMEOUT, NULL);
	else
		transmit(node, request);
}

static void on_packet(Node *node, Packet *packet)
{
	unsigned previous;

	if (packet->answer) {
		answer_on(node, packet);
		return;
	}
	if (packet->path->len == 0) {
		route(node, packet, NULL);
		return;
	}
	previous = g_array_index(packet->path, unsigned, packet->path->len - 1);
	route(node, packet, &node_of(node->net, previous)->id);
}

/* ---- the host side ---- */

static Request *request_new(Node *node, const ReloadDestination *dest, const ReloadNodeId *via,
			    uint16_t code, const GByteArray *body)
{
	ChordNetRequest seen = {node->number, dest, via, code, body, node->net->now};
	Request *request = g_new0(Request, 1);

	g_atomic_ref_count_init(&request->refs);
	request->origin = node->number;
	request->life = node->life;
	request->dest = *dest;
	if (via != NULL)
		request->via = *via;
	request->code = code;
	request->handler = -1;
	node->net->counts.requests[code & 0x3f]++;
	if (node->net->watch != NULL)
		node->net->watch(node->net->watch_data, &seen);
	return request;
}

static bool host_linked(void *user, const ReloadNodeId *id)
{
	Node *node = user, *other = find(node->net, id);

	return other != NULL && has_link(node, other);
}

static void host_attach(void *user, const ReloadDestination *dest, const ReloadNodeId *via,
			bool send_update, uint64_t cookie)
{
	Node *node = user;
	Request *request = request_new(node, dest, via, RELOAD_ATTACH_REQ, NULL);

	request->cookie = cookie;
	request->send_update = send_update;
	transmit(node, request);
	request_unref(request);
}

static void host_request(void *user, const ReloadDestination *dest, const ReloadNodeId *via,
			 uint16_t code, const GByteArray *body, ReloadRequestMode mode,
			 ReloadReplyFunc reply, void *data)
{
	Node *node = user;
	Request *request = request_new(node, dest, via, code, body);

	request->body = g_byte_array_new();
	g_byte_array_append(request->body, body->data, body->len);
	request->link_only = mode == RELOAD_REQUEST_LINK_ONLY;
	request->reply = reply;
	request->data = data;
	transmit(node, request);
	request_unref(request);
}

static void host_release(void *user, const ReloadNodeId *id)
{
	Node *node = user, *other = find(node->net, id);

	if (other == NULL)
		return;
	g_hash_table_remove(node->links, key_of(other));
	if (other->alive)
		link_end(other, node, 5);
}

static void host_hand_over(void *user, const ReloadNodeId *next,
			   void (*done)(void *data, ReloadStatus status, int64_t now), void *data)
{
	Node *node = user;
	Event *event = event_add(node->net, EVENT_HANDED_OVER,
				 5 + node->slow + (int64_t)(chord_net_random(node->net) % 30), node);

	(void)next;
	event->done = done;
	event->data = data;
}

static void host_changed(void *user, bool range_changed, bool replicas_changed, int64_t now)
{
	Node *node = user;

	g_assert_true(range_changed || replicas_changed);
	if (range_changed)
		node->range_changed = now;
	if (replicas_changed)
		node->replicas_changed = now;
}

static void host_joined(void *user, ReloadStatus status, int64_t now)
{
	Node *node = user;

	(void)now;
	node->joined = node->joined || status == RELOAD_OK;
	if (status != RELOAD_OK)
		event_add(node->net, EVENT_JOIN,
			  500 + (int64_t)(chord_net_random(node->net) % 1000), node);
}

static void host_lost(void *user, int64_t now)
{
	Node *node = user;

	(void)now;
	node->lost++;
	event_add(node->net, EVENT_JOIN, 500 + (int64_t)(chord_net_random(node->net) % 1000), node);
}

static void host_random(void *user, uint8_t *out, size_t len)
{
	Node *node = user;

	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)chord_net_random(node->net);
}

static void host_log(void *user, int level, const char *text)
{
	(void)user;
	(void)level;
	g_test_message("%s", text);
}

/* ---- the network ---- */

ChordNet *chord_net_new(uint64_t seed)
{
	ChordNet *net = g_new0(ChordNet, 1);

	net_plugin = reload_topology_find("CHORD-RELOAD");
	g_assert_nonnull(net_plugin);
	net->seed = seed;
	net->now = INT64_C(1600000000000);
	net->document.chord_reactive = true;
	net->document.chord_update_interval = 600;
	net->document.chord_ping_interval = 3600;
	net->document.node_id_length = 16;
	net->nodes = g_ptr_array_new();
	net->by_id = g_hash_table_new(reload_node_id_hash, reload_node_id_equal_keys);
	net->events = g_sequence_new(event_free);
	return net;
}

void chord_net_free(ChordNet *net)
{
	for (guint i = 0; i < net->nodes->len; i++) {
		Node *node = node_of(net, i);

		if (node->alive)
			net_plugin->destroy(node->topology);
		g_hash_table_unref(node->links);
		g_free(node);
	}
	g_ptr_array_unref(net->nodes);
	g_hash_table_unref(net->by_id);
	g_sequence_free(net->events);
	g_free(net);
}

static void node_begin(Node *node)
{
	node->life++;
	node->alive = true;
	node->joined = node->leaving = false;
	node->wake = 0;
	node->topology =
	    net_plugin->create(&node->net->document, &node->id, &node->host, node->net->now);
	g_assert_nonnull(node->topology);
}

unsigned chord_net_add(ChordNet *net, const ReloadNodeId *id)
{
	Node *node = g_new0(Node, 1);

	node->net = net;
	node->number = net->nodes->len;
	if (id != NULL) {
		node->id = *id;
	} else {
		node->id.len = 16;
		host_random(node, node->id.id, 16);
	}
	node->links = g_hash_table_new(NULL, NULL);
	node->host = (ReloadTopologyHost){
	    .user = node,
	    .linked = host_linked,
	    .attach = host_attach,
	    .request = host_request,
	    .release = host_release,
	    .hand_over = host_hand_over,
	    .changed = host_changed,
	    .joined = host_joined,
	    .lost = host_lost,
	    .random = host_random,
	    .log = host_log,
	};
	g_ptr_array_add(net->nodes, node);
	g_hash_table_insert(net->by_id, &node->id, node);
	node_begin(node);
	return node->number;
}

void chord_net_start(ChordNet *net, unsigned number)
{
	Node *node = node_of(net, number);

	net_plugin->start_overlay(node->topology, net->now);
	net_touch(node);
}

void chord_net_join(ChordNet *net, unsigned number, unsigned bootstrap, int64_t delay)
{
	Event *event = event_add(net, EVENT_JOIN, delay, node_of(net, number));

	event->other = bootstrap + 1;
}

/* The bootstrap node asked for, or any that is a part of the ring. */
static Node *choose_bootstrap(Node *node, unsigned wanted)
{
	ChordNet *net = node->net;
	unsigned start = (unsigned)(chord_net_random(net) % net->nodes->len);

	if (wanted != 0 && node_of(net, wanted - 1)->alive && node_of(net, wanted - 1) != node)
		return node_of(net, wanted - 1);
	for (guint i = 0; i < net->nodes->len; i++) {
		Node *other = node_of(net, (start + i) % net->nodes->len);

		if (other != node && other->alive && other->joined && !other->leaving)
			return other;
	}
	return NULL;
}

static void on_join(Node *node, unsigned wanted)
{
	Node *bootstrap = choose_bootstrap(node, wanted);

	if (bootstrap == NULL) {
		event_add(node->net, EVENT_JOIN, 1000, node);
		return;
	}
	link_make(node, bootstrap);
	net_plugin->join(node->topology, &bootstrap->id, node->net->now);
	net_touch(node);
}

void chord_net_link(ChordNet *net, unsigned a, unsigned b)
{
	link_make(node_of(net, a), node_of(net, b));
}

void chord_net_mute(ChordNet *net, unsigned node)
{
	node_of(net, node)->mute = true;
}

void chord_net_refuse(ChordNet *net, unsigned node, unsigned count)
{
	node_of(net, node)->refuse = count;
}

void chord_net_slow(ChordNet *net, unsigned node, int64_t ms)
{
	node_of(net, node)->slow = ms;
}

void chord_net_heal(ChordNet *net, unsigned number, unsigned bootstrap)
{
	on_join(node_of(net, number), bootstrap + 1);
}

static void node_end(Node *node, int64_t detect)
{
	ChordNet *net = node->net;

	node->alive = node->joined = false;
	net_plugin->destroy(node->topology);
	node->topology = NULL;
	g_hash_table_remove_all(node->links);
	for (guint i = 0; i < net->nodes->len; i++)
		if (node_of(net, i)->alive)
			link_end(node_of(net, i), node, detect);
}

void chord_net_crash(ChordNet *net, unsigned number, int64_t detect)
{
	node_end(node_of(net, number), detect);
}

void chord_net_revive(ChordNet *net, unsigned number)
{
	node_begin(node_of(net, number));
}

static void left(void *data, int64_t now)
{
	Node *node = data;

	(void)now;
	node->leaving = !node->stay;
	node->joined = false;
}

void chord_net_leave(ChordNet *net, unsigned number, bool stay)
{
	Node *node = node_of(net, number);

	node->stay = stay;

	net_plugin->leave(node->topology, net->now + 2000, left, node, net->now);
	net_touch(node);
}

void chord_net_cut(ChordNet *net, unsigned a, unsigned b)
{
	link_end(node_of(net, a), node_of(net, b), 0);
	link_end(node_of(net, b), node_of(net, a), 0);
}

static void on_attached(Node *node, Packet *packet)
{
	Request *request = packet->request;
	Node *origin = node_of(node->net, request->origin);
	bool send_update = request->send_update;

	if (!origin->alive || origin->life != request->life) {
		packet_free(packet);
		return;
	}
	request->attached = true;
	if (origin != node)
		link_make(node, origin);
	answer(node, packet);
	if (send_update && origin != node)
		net_plugin->send_update(node->topology, &origin->id, node->net->now);
	net_touch(node);
}

static void dispatch(ChordNet *net, Event *event)
{
	Node *node = node_of(net, event->node);

	if (!node->alive || node->life != event->life)
		return;
	switch (event->kind) {
	case EVENT_PACKET:
		on_packet(node, g_steal_pointer(&event->packet));
		break;
	case EVENT_RETRANSMIT:
		on_retransmit(node, event->request);
		break;
	case EVENT_WAKE:
		if (node->wake == event->at) {
			node->wake = 0;
			net_touch(node);
		}
		break;
	case EVENT_LINK_DOWN:
		on_link_down(node, event);
		break;
	case EVENT_ATTACHED:
		on_attached(node, g_steal_pointer(&event->packet));
		break;
	case EVENT_HANDED_OVER:
		event->done(event->data, RELOAD_OK, net->now);
		net_touch(node);
		break;
	case EVENT_JOIN:
		on_join(node, event->other);
		break;
	}
	if (node->alive && node->leaving)
		node_end(node, 5);
}

void chord_net_run(ChordNet *net, int64_t ms)
{
	int64_t end = net->now + ms;

	for (;;) {
		GSequenceIter *first = g_sequence_get_begin_iter(net->events);
		Event *event;

		if (g_sequence_iter_is_end(first))
			break;
		event = g_sequence_get(first);
		if (event->at > end)
			break;
		net->now = MAX(net->now, event->at);
		{
			Event copy = *event;

			event->packet = NULL;
			event->request = NULL;
			g_sequence_remove(first);
			dispatch(net, &copy);
			packet_free(copy.packet);
			if (copy.request != NULL)
				request_unref(copy.request);
		}
	}
	net->now = end;
}
