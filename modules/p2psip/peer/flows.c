/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of flows: opened when a message waits, used by both sides, closed when idle, answered for
 * when dead. */
#include "modules/p2psip/peer/flows.h"
#include "modules/p2psip/peer/held_messages.h"
#include "modules/p2psip/peer/open_requests.h"
#include "modules/p2psip/proto/protocol.h"

/* A node without a flow is forgotten after this time, so that its address can serve another. Kamailio
 * goes on sending to the address it knows: it has to outlast calls in which nobody says anything. */
#define FORGET_MS (24 * 60 * 60 * 1000)
/* One that never had a flow in this process may be made up, and no call went there from it: its address has to
 * outlast Kamailio's cache. */
#define FORGET_UNTRIED_MS ((P2PSIP_KEPT_MAX + 300) * (int64_t)1000)
/* How many are forgotten in one tick: the broker is told of each. */
#define FORGET_AT_ONCE 256

/* A message counts as one for each of these that it has begun: Kamailio keeps it, more than once, for some seconds. */
#define CREDIT_BYTES 4096

typedef struct {
	Flows *flows;
	ReloadNodeId node;
	uint32_t address;
	FlowState state;
	bool known;         /* Kamailio has its address */
	bool was_up;
	ReloadLinkId link;  /* where messages are sent; 0 unless up */
	ReloadLinkId spare; /* both sides opened at once: the second one; 0: none */
	int64_t deadline;   /* of the AppAttach */
	int64_t last_used;
	int64_t credit, credited; /* thousandths of requests that the node may still send, and since when */
	OpenRequests *sent, *received;
	OpenRequests *left_sent, *left_received; /* by the process before this one; mostly NULL */
	HeldMessages *outward, *inward; /* waiting for the connection; for flows_known */
} Flow;

struct Flows {
	FlowAddresses *addresses;
	Journal *journal;
	FlowLimits limits;
	FlowHooks hooks;
	GHashTable *by_node; /* ReloadNodeId* in Flow -> Flow (owned) */
	GHashTable *by_link; /* &ReloadLinkId (owned) -> Flow */
	FlowStatistics statistics;
};

static void flow_free(gpointer data)
{
	Flow *flow = data;

	open_requests_free(flow->sent);
	open_requests_free(flow->received);
	open_requests_free(flow->left_sent);
	open_requests_free(flow->left_received);
	held_messages_free(flow->outward);
	held_messages_free(flow->inward);
	g_free(flow);
}

Flows *flows_new(FlowAddresses *addresses, Journal *journal, const FlowLimits *limits,
		 const FlowHooks *hooks)
{
	Flows *self = g_new0(Flows, 1);

	self->addresses = addresses;
	self->journal = journal;
	self->limits = *limits;
	self->hooks = *hooks;
	self->by_node = g_hash_table_new_full(reload_node_id_hash, reload_node_id_equal_keys, NULL,
					      flow_free);
	self->by_link = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	return self;
}

static OpenRequests *requests_new(Flow *flow, bool sent)
{
	const FlowLimits *limits = &flow->flows->limits;

	return open_requests_new(sent ? limits->max_requests : limits->max_received, flow->flows->journal,
				 &flow->node, sent);
}

static int64_t full_credit(const Flows *self)
{
	return 2 * 1000 * (int64_t)self->limits.rate;
}

static Flow *flow_get(Flows *self, const ReloadNodeId *node, int64_t now)
{
	Flow *flow = g_hash_table_lookup(self->by_node, node);
	uint32_t address;

	if (flow != NULL)
		return flow;
	if (g_hash_table_size(self->by_node) >= self->limits.max_flows ||
	    (address = flow_addresses_get(self->addresses, node)) == 0)
		return NULL;
	flow = g_new0(Flow, 1);
	flow->flows = self;
	flow->node = *node;
	flow->address = address;
	flow->last_used = now;
	flow->credit = full_credit(self);
	flow->credited = now;
	flow->sent = requests_new(flow, true);
	flow->received = requests_new(flow, false);
	flow->outward = held_messages_new();
	flow->inward = held_messages_new();
	g_hash_table_insert(self->by_node, &flow->node, flow);
	return flow;
}

static void flow_log(Flow *flow, ReloadLogLevel level, const char *what)
{
	char hex[RELOAD_NODE_ID_TEXT], text[128];

	g_snprintf(text, sizeof(text), "flow to %s: %s", reload_node_id_to_text(&flow->node, hex), what);
	flow->flows->hooks.log(flow->flows->hooks.user, level, text);
}

static void flow_changed(Flow *flow, FlowState state)
{
	FlowHooks *hooks = &flow->flows->hooks;

	if (flow->state == state)
		return;
	if (flow->state == FLOW_UP)
		flow->flows->statistics.up--;
	if (state == FLOW_UP) {
		flow->flows->statistics.up++;
		flow->was_up = true;
	}
	flow->state = state;
	hooks->changed(hooks->user, &flow->node, flow->address, state);
}

static ReloadSpan bytes_span(GBytes *bytes)
{
	ReloadSpan span;

	span.data = g_bytes_get_data(bytes, &span.len);
	return span;
}

/* Belongs to a call or a transaction that there is already. Its sender takes the flow for UDP, and sends it again for
 * 32 s where nobody answers (RFC 3261, 17.1). */
static bool goes_on(const SipView *view)
{
	return view->to_tag || sip_view_is(view, "ACK") || sip_view_is(view, "CANCEL");
}

/* Answers the request in view in place of the node that cannot be reached. */
static void answer(Flow *flow, const SipView *view, unsigned status, const char *reason)
{
	Flows *self = flow->flows;
	g_autoptr(GBytes) reply = NULL;

	if (sip_view_is(view, "ACK"))
		return;
	reply = sip_view_reply(view, status, reason);
	self->hooks.deliver(self->hooks.user, flow->address, bytes_span(reply));
	self->statistics.answered += status >= 200;
}

static void answer_unreachable(void *data, const SipView *view)
{
	answer(data, view, 480, "Temporarily Unavailable");
}

/* What Kamailio sent is one too many. What goes on comes again: a BYE that had a final reply would not, and the phone
 * behind the flow not hung up. */
static void over_bound(Flow *flow, const SipView *view)
{
	flow->flows->statistics.refused++;
	if (!view->request)
		return;
	open_requests_end(flow->sent, view);
	if (!goes_on(view))
		answer_unreachable(flow, view);
}

static void cancel_ringing(void *data, const SipView *view)
{
	Flow *flow = data;
	Flows *self = flow->flows;
	g_autoptr(GBytes) cancel = NULL;

	if (!sip_view_is(view, "INVITE"))
		return;
	cancel = sip_view_cancel(view);
	self->hooks.deliver(self->hooks.user, flow->address, bytes_span(cancel));
}

/* The flow is gone and nothing will come over it any more: those who wait are told at once. */
static void flow_died(Flow *flow)
{
	GBytes *message;

	open_requests_drain(flow->sent, answer_unreachable, flow);
	open_requests_drain(flow->received, cancel_ringing, flow);
	while ((message = held_messages_take(flow->outward)) != NULL)
		g_bytes_unref(message); /* the requests among them were open, too */
	while ((message = held_messages_take(flow->inward)) != NULL)
		g_bytes_unref(message); /* nobody could answer them any more */
	flow->known = false;
	flow_changed(flow, FLOW_DOWN);
}

/* Answers for what the process before this one left. */
static void end_left(Flow *flow)
{
	if (flow->left_sent == NULL)
		return;
	open_requests_drain(flow->left_sent, answer_unreachable, flow);
	open_requests_drain(flow->left_received, cancel_ringing, flow);
	g_clear_pointer(&flow->left_sent, open_requests_free);
	g_clear_pointer(&flow->left_received, open_requests_free);
}

typedef struct {
	Flows *flows;
	int64_t now;
} Recovery;

static void recover_one(void *data, const ReloadNodeId *node, bool sent, ReloadSpan head)
{
	const Recovery *recovery = data;
	Flows *self = recovery->flows;
	Flow *flow = flow_get(self, node, recovery->now);
	SipView view;

	if (flow == NULL || !sip_view_parse(head, &view) || !view.request) {
		self->statistics.refused++;
		return;
	}
	if (flow->left_sent == NULL) {
		flow->left_sent = requests_new(flow, true);
		flow->left_received = requests_new(flow, false);
		self->hooks.changed(self->hooks.user, &flow->node, flow->address, flow->state);
	}
	open_requests_add(sent ? flow->left_sent : flow->left_received, &view, recovery->now);
}

void flows_recover(Flows *self, int64_t now)
{
	Recovery recovery = {self, now};

	if (self->journal != NULL)
		journal_recover(self->journal, recover_one, &recovery);
}

static void link_add(Flows *self, ReloadLinkId link, Flow *flow)
{
	gint64 *key = g_new(gint64, 1);

	*key = (gint64)link;
	g_hash_table_insert(self->by_link, key, flow);
}

static void link_close(Flow *flow, ReloadLinkId *link, int64_t now)
{
	Flows *self = flow->flows;
	gint64 key = (gint64)*link;

	if (*link == 0)
		return;
	g_hash_table_remove(self->by_link, &key);
	self->hooks.close(self->hooks.user, *link, now);
	*link = 0;
}

static void send_out(Flow *flow, const SipView *view)
{
	Flows *self = flow->flows;
	/* The Via says what the flow is; what Kamailio put there for the loopback hop stays here. */
	g_autoptr(GBytes) message = sip_view_with_transport(view, "TLS", !view->request);
	ReloadStatus status = self->hooks.send(self->hooks.user, flow->link, bytes_span(message));

	if (status == RELOAD_OK) {
		self->statistics.messages_out++;
		return;
	}
	over_bound(flow, view);
}

static void flow_open(Flow *flow, int64_t now)
{
	Flows *self = flow->flows;
	ReloadStatus status;

	flow->deadline = now + self->limits.connect_timeout;
	status = self->hooks.open(self->hooks.user, &flow->node, self->limits.connect_timeout, now);
	if (status != RELOAD_OK) {
		self->statistics.failures++;
		flow_log(flow, RELOAD_LOG_INFO, reload_strerror(status));
		flow_died(flow);
		return;
	}
	flow_changed(flow, FLOW_OPENING);
}

/* A CANCEL for an INVITE that still waits here ends both (RFC 3261, 9.2). */
static bool cancel_held(Flow *flow, const SipView *cancel)
{
	g_autoptr(GBytes) invite = held_messages_take_invite(flow->outward, cancel);
	SipView view;

	if (invite == NULL)
		return false;
	answer(flow, cancel, 200, "OK");
	if (sip_view_parse(bytes_span(invite), &view)) {
		open_requests_end(flow->sent, &view);
		answer(flow, &view, 487, "Request Terminated");
	}
	return true;
}

/* Keeps a message until the flow is up, and opens the flow if nobody does. */
static void hold(Flow *flow, const SipView *view, int64_t now)
{
	if (held_messages_has(flow->outward, view))
		return; /* a retransmission: Kamailio takes the flow for UDP */
	if (sip_view_is(view, "CANCEL") && cancel_held(flow, view)) {
		open_requests_end(flow->sent, view);
		return;
	}
	if (!held_messages_add(flow->outward, view)) {
		over_bound(flow, view);
		return;
	}
	/* Stops the retransmissions, and lets a CANCEL come. */
	if (sip_view_is(view, "INVITE"))
		answer(flow, view, 100, "Trying");
	if (flow->state == FLOW_DOWN)
		flow_open(flow, now);
}

void flows_from_kamailio(Flows *self, uint32_t address, ReloadSpan message, int64_t now)
{
	ReloadNodeId node;
	SipView view;
	Flow *flow;

	if (!flow_addresses_find(self->addresses, address, &node) || !sip_view_parse(message, &view) ||
	    (flow = flow_get(self, &node, now)) == NULL) {
		self->statistics.refused++;
		return;
	}
	flow->last_used = now;
	if (view.request) {
		if (!open_requests_add(flow->sent, &view, now)) {
			over_bound(flow, &view);
			return;
		}
	} else {
		open_requests_reply(flow->received, &view, now);
	}
	if (flow->state == FLOW_UP)
		send_out(flow, &view);
	else if (view.request)
		hold(flow, &view, now);
	else
		self->statistics.refused++; /* its request died with the flow */
}

/* What one node may have this edge do: a token bucket, from which a message that is longer than what is left is taken
 * on credit. What goes on may also overdraw it by a quarter: so new calls never keep those that there are from ending. */
static bool take_credit(Flow *flow, const SipView *view, int64_t now)
{
	int64_t earned = (now - flow->credited) * flow->flows->limits.rate;
	int64_t full = full_credit(flow->flows);

	flow->credit = MIN(flow->credit + earned, full);
	flow->credited = now;
	if (flow->credit + (goes_on(view) ? full / 4 : 0) < 1000)
		return false;
	flow->credit -= 1000 * (1 + (int64_t)(view->message.len / CREDIT_BYTES));
	return true;
}

/* Replies to what we have sent are not counted: how many come is for us to say. */
static bool is_due(Flow *flow, const SipView *view, int64_t now)
{
	if (!view->request && open_requests_reply(flow->sent, view, now))
		return true;
	return take_credit(flow, view, now);
}

/* A request that is one too many. What goes on comes again, as does what is open here already and must have one final
 * reply only; a BYE that had one would never be sent again, and the phone here not hung up. */
static void refuse(Flow *flow, const SipView *view)
{
	Flows *self = flow->flows;
	g_autoptr(GBytes) reply = NULL;

	self->statistics.refused++;
	if (!view->request || goes_on(view) || open_requests_has(flow->received, view))
		return;
	reply = sip_view_reply(view, 503, "Service Unavailable");
	(void)self->hooks.send(self->hooks.user, flow->link, bytes_span(reply));
}

static void deliver(Flow *flow, const SipView *view, int64_t now)
{
	Flows *self = flow->flows;
	g_autoptr(GBytes) message = NULL;
	SipView local;

	if (!is_due(flow, view, now)) {
		refuse(flow, view);
		return;
	}
	message = sip_view_with_transport(view, "UDP", false);
	if (!sip_view_parse(bytes_span(message), &local))
		return;
	/* A CANCEL holds nothing, and must get through where too much is open. */
	if (local.request && !sip_view_is(&local, "CANCEL") &&
	    !open_requests_add(flow->received, &local, now)) {
		refuse(flow, view);
		return;
	}
	self->statistics.messages_in++;
	self->hooks.deliver(self->hooks.user, flow->address, local.message);
}

void flows_from_link(Flows *self, ReloadLinkId link, ReloadSpan message, int64_t now)
{
	gint64 key = (gint64)link;
	Flow *flow = g_hash_table_lookup(self->by_link, &key);
	SipView view;

	if (flow == NULL || !sip_view_parse(message, &view)) {
		self->statistics.refused++;
		return;
	}
	flow->last_used = now;
	if (flow->known)
		deliver(flow, &view, now);
	else if (!held_messages_add(flow->inward, &view))
		self->statistics.refused++;
}

bool flows_connected(Flows *self, const ReloadNodeId *node, ReloadLinkId link, int64_t now)
{
	Flow *flow = flow_get(self, node, now);
	GBytes *message;
	SipView view;

	if (flow == NULL)
		return false;
	link_add(self, link, flow);
	flow->last_used = now;
	if (flow->link != 0) {
		/* Both opened at once, or the other side has lost the old one: the newer is good for sure. */
		link_close(flow, &flow->spare, now);
		flow->spare = flow->link;
		flow->link = link;
		return true;
	}
	flow->link = link;
	self->statistics.opened++;
	flow_changed(flow, FLOW_UP);
	while (flow->link != 0 && (message = held_messages_take(flow->outward)) != NULL) {
		if (sip_view_parse(bytes_span(message), &view))
			send_out(flow, &view);
		g_bytes_unref(message);
	}
	return true;
}

void flows_disconnected(Flows *self, const ReloadNodeId *node, ReloadLinkId link, int64_t now)
{
	gint64 key = (gint64)link;
	Flow *flow = link != 0 ? g_hash_table_lookup(self->by_link, &key)
			       : g_hash_table_lookup(self->by_node, node);

	(void)now;
	if (flow == NULL)
		return;
	if (link == 0) {
		if (flow->state == FLOW_OPENING) {
			self->statistics.failures++;
			flow_log(flow, RELOAD_LOG_INFO, "the other edge cannot be reached");
			flow_died(flow);
		}
		return;
	}
	g_hash_table_remove(self->by_link, &key);
	if (flow->spare == link) {
		flow->spare = 0;
	} else if (flow->spare != 0) {
		flow->link = flow->spare;
		flow->spare = 0;
	} else {
		flow->link = 0;
		self->statistics.died++;
		flow_died(flow);
	}
}

void flows_known(Flows *self, const ReloadNodeId *node, bool up, int64_t now)
{
	Flow *flow = g_hash_table_lookup(self->by_node, node);
	GBytes *message;
	SipView view;

	if (flow == NULL)
		return;
	end_left(flow);
	if (!up || flow->state != FLOW_UP || flow->known)
		return;
	flow->known = true;
	while ((message = held_messages_take(flow->inward)) != NULL) {
		if (sip_view_parse(bytes_span(message), &view))
			deliver(flow, &view, now);
		g_bytes_unref(message);
	}
}

uint32_t flows_resolve(Flows *self, const ReloadNodeId *node, FlowState *state, int64_t now)
{
	Flow *flow = flow_get(self, node, now);

	*state = flow ? flow->state : FLOW_DOWN;
	if (flow == NULL)
		return 0;
	flow->last_used = MAX(flow->last_used, now);
	return flow->address;
}

static bool is_late(const Flow *flow, int64_t now)
{
	return flow->state == FLOW_OPENING && now >= flow->deadline;
}

static bool is_idle(const Flow *flow, int64_t now)
{
	return flow->state == FLOW_UP && now - flow->last_used >= flow->flows->limits.idle_timeout &&
	       open_requests_count(flow->sent) + open_requests_count(flow->received) == 0;
}

static bool is_forgettable(const Flow *flow, int64_t now)
{
	return flow->state == FLOW_DOWN &&
	       now - flow->last_used >= (flow->was_up ? FORGET_MS : FORGET_UNTRIED_MS);
}

static void forget(Flow *flow)
{
	Flows *self = flow->flows;

	self->hooks.changed(self->hooks.user, &flow->node, flow->address, FLOW_FORGOTTEN);
	flow_addresses_drop(self->addresses, &flow->node);
	g_hash_table_remove(self->by_node, &flow->node);
}

static void flow_due(Flow *flow, int64_t now)
{
	if (is_late(flow, now)) {
		flow->flows->statistics.failures++;
		flow_log(flow, RELOAD_LOG_INFO, "no connection within connect_timeout");
		flow_died(flow);
	} else if (is_idle(flow, now)) {
		flow_log(flow, RELOAD_LOG_INFO, "idle, closed");
		link_close(flow, &flow->link, now);
		link_close(flow, &flow->spare, now);
		flow_died(flow);
	} else if (is_forgettable(flow, now)) {
		forget(flow);
	}
}

/* The flows for which something is due. Doing it may make another node known, so the table is not walked
 * meanwhile. */
static GPtrArray *collect_due(Flows *self, int64_t now)
{
	GPtrArray *due = g_ptr_array_new();
	unsigned forgettable = 0;
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, self->by_node);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		Flow *flow = value;

		open_requests_expire(flow->sent, now);
		open_requests_expire(flow->received, now);
		if (is_late(flow, now) || is_idle(flow, now) ||
		    (is_forgettable(flow, now) && forgettable++ < FORGET_AT_ONCE))
			g_ptr_array_add(due, flow);
	}
	return due;
}

bool flows_tick(Flows *self, int64_t now)
{
	g_autoptr(GPtrArray) due = collect_due(self, now);
	GHashTableIter iter;
	gpointer value;

	for (guint i = 0; i < due->len; i++)
		flow_due(g_ptr_array_index(due, i), now);
	g_hash_table_iter_init(&iter, self->by_node);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		if (((const Flow *)value)->state == FLOW_OPENING)
			return true;
	}
	return false;
}

void flows_free(Flows *self, int64_t now)
{
	GHashTableIter iter;
	gpointer value;

	if (self == NULL)
		return;
	g_hash_table_iter_init(&iter, self->by_node);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		Flow *flow = value;

		link_close(flow, &flow->link, now);
		link_close(flow, &flow->spare, now);
		end_left(flow);
		flow_died(flow);
	}
	g_hash_table_destroy(self->by_link);
	g_hash_table_destroy(self->by_node);
	g_free(self);
}

void flows_statistics(const Flows *self, FlowStatistics *out)
{
	*out = self->statistics;
}

void flows_each(const Flows *self,
		void (*each)(void *data, const ReloadNodeId *node, uint32_t address, FlowState state,
			     unsigned requests, int64_t last_used),
		void *data)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, self->by_node);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const Flow *flow = value;

		each(data, &flow->node, flow->address, flow->state,
		     open_requests_count(flow->sent) + open_requests_count(flow->received),
		     flow->last_used);
	}
}
