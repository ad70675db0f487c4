/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts one node together from its components, and gives each its turn after every event. */
#include "reload_core/peer/node_private.h"

#include "reload_core/security/error.h"

/* Rounds of "whatever has become due" after one event; what is left waits for the next tick. */
#define SETTLE_ROUNDS 64

/* Lines for one reason come at least so far apart; so many reasons are remembered. */
#define LOG_INTERVAL_MS 1000
#define LOG_REASONS_MAX 256

typedef struct {
	ReloadDeferredFunc func;
	gpointer data;
	GDestroyNotify free_data;
} Deferred;

/* A usage's place in the turns. */
typedef struct {
	int64_t (*tick)(void *data, int64_t now);
	void (*free_data)(void *data);
	void *data;
} Task;

/* ---- what the router asks ---- */

static bool router_linked(void *user, const ReloadNodeId *id)
{
	return reload_links_linked(user, id);
}

static ReloadRoute router_next_hop(void *user, ReloadSpan id, bool is_resource,
				   const ReloadNodeId *except, ReloadNodeId *hop)
{
	ReloadNode *node = user;

	if (node->client != NULL)
		return reload_client_next_hop(node, except, hop);
	switch (node->state) {
	case RELOAD_NODE_JOINING:
	case RELOAD_NODE_JOINED:
	case RELOAD_NODE_LEAVING:
		return node->plugin->next_hop(node->topology, id, is_resource, except, hop);
	default:
		return RELOAD_ROUTE_NONE;
	}
}

static bool router_plausible(void *user, ReloadSpan resource_id, const ReloadNodeId *id)
{
	ReloadNode *node = user;

	return node->plugin->plausible_responsible(node->topology, resource_id, id);
}

static ReloadStatus router_send(void *user, const ReloadNodeId *hop, ReloadSpan message)
{
	ReloadNode *node = user;
	ReloadConnection *connection = reload_connection_table_by_node(node->connections, hop);

	if (connection == NULL)
		return RELOAD_E_UNREACHABLE;
	return node->io.link_send(node->io.user, connection->link, message);
}

static void router_outdated(void *user, const ReloadNodeId *id, ReloadSpan destination_list,
			    int64_t now)
{
	reload_config_push_to(user, id, destination_list, now);
}

static bool router_unknown_kinds(void *user, uint64_t request, const ReloadNodeId *id,
				 ReloadSpan destination_list, ReloadSpan kinds, int64_t now)
{
	return reload_kind_push_to(user, request, id, destination_list, kinds, now);
}

static size_t router_link_mtu(void *user, const ReloadNodeId *hop)
{
	ReloadNode *node = user;
	ReloadConnection *connection = reload_connection_table_by_node(node->connections, hop);

	if (connection == NULL)
		return 0;
	return node->io.link_mtu(node->io.user, connection->link);
}

static ReloadAdmission router_admit(void *user, const ReloadNodeId *previous_hop, uint16_t code,
				    int64_t now)
{
	return reload_links_admit(user, previous_hop, code, now);
}

static void router_hang_up(void *user)
{
	((ReloadNode *)user)->hang_up = true;
}

static void router_random(void *user, uint8_t *out, size_t len)
{
	ReloadNode *node = user;

	node->io.random(node->io.user, out, len);
}

/* ---- making and freeing ---- */

static GArray *copy_addresses(const ReloadAddress *addresses, unsigned count)
{
	GArray *copy = g_array_new(FALSE, FALSE, sizeof(ReloadAddress));

	if (count > 0)
		g_array_append_vals(copy, addresses, count);
	return copy;
}

static void make_components(ReloadNode *node, const ReloadNodeOptions *options, int64_t now)
{
	ReloadRouterHost host = {
	    .user = node,
	    .linked = router_linked,
	    .next_hop = router_next_hop,
	    .plausible = router_plausible,
	    .send = router_send,
	    .handle = reload_node_handle,
	    .outdated = router_outdated,
	    .random = router_random,
	    .link_mtu = options->io.link_mtu != NULL ? router_link_mtu : NULL,
	    .admit = router_admit,
	    .hang_up = router_hang_up,
	    .unknown_kinds = router_unknown_kinds,
	};

	node->router = reload_router_new(&host, node->document, node->trust, node->identity);
	node->storage = reload_storage_new(node->document, node->trust, &options->storage);
	node->seen = reload_seen_new(RELOAD_SEEN_VALUES_MAX);
	node->connections = reload_connection_table_new(&node->self);
	node->attaches = reload_attaches_new();
	node->apps = reload_apps_new();
	node->bootstrap = reload_bootstrap_new();
	node->replication = reload_replication_new();
	node->config_push = reload_config_push_new();
	node->kind_push = reload_kind_push_new();
	node->client = options->client ? reload_client_new() : NULL;
	node->opening = reload_quota_new(RELOAD_OPENING_BURST, RELOAD_OPENING_INTERVAL_MS,
					 RELOAD_OPENING_NODES_MAX);
	reload_topology_host_init(node);
	node->topology = node->plugin->create(node->document, &node->self, &node->host, now);
}

static void free_task(gpointer data)
{
	Task *task = data;

	if (task->free_data != NULL)
		task->free_data(task->data);
	g_free(task);
}

void reload_node_add_task(ReloadNode *node, int64_t (*tick)(void *data, int64_t now),
			  void (*free_data)(void *data), void *data)
{
	Task *task = g_new0(Task, 1);

	task->tick = tick;
	task->free_data = free_data;
	task->data = data;
	g_ptr_array_add(node->tasks, task);
}

ReloadNode *reload_node_new(const ReloadNodeOptions *options, int64_t now, GError **error)
{
	const ReloadTopologyPlugin *plugin =
	    reload_topology_find(options->document->topology_plugin);
	ReloadNode *node;

	if (plugin == NULL) {
		reload_fail(error, RELOAD_E_UNSUPPORTED,
			    "topology-plugin %s: only CHORD-RELOAD is known",
			    options->document->topology_plugin);
		return NULL;
	}
	if (options->client && !options->document->clients_permitted) {
		reload_fail(
		    error, RELOAD_E_FORBIDDEN,
		    "clients-permitted is false in the document of %s: only peers may take part",
		    options->document->overlay);
		return NULL;
	}
	if (options->address_count == 0 && !options->client) {
		reload_fail(
		    error, RELOAD_E_CONFIG,
		    "no address for overlay links: give the one that other peers reach us by");
		return NULL;
	}
	node = g_new0(ReloadNode, 1);
	node->io = options->io;
	node->events = options->events;
	node->document = reload_document_ref(options->document);
	node->trust = reload_trust_ref(options->trust);
	node->identity = reload_identity_ref(options->identity);
	node->self = *reload_identity_node_id(options->identity);
	node->first_node = options->first_node;
	node->addresses = copy_addresses(options->addresses, options->address_count);
	node->app_addresses = copy_addresses(options->app_addresses, options->app_address_count);
	node->state = RELOAD_NODE_IDLE;
	node->plugin = plugin;
	node->started = now;
	node->now = now;
	node->links_due = INT64_MAX;
	node->wakeup = INT64_MAX;
	node->deferred = g_queue_new();
	node->logged = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	node->tasks = g_ptr_array_new_with_free_func(free_task);
	make_components(node, options, now);
	return node;
}

static void free_deferred(gpointer data)
{
	Deferred *deferred = data;

	if (deferred->free_data != NULL && deferred->data != NULL)
		deferred->free_data(deferred->data);
	g_free(deferred);
}

void reload_node_free(ReloadNode *node)
{
	if (node == NULL)
		return;
	g_ptr_array_unref(node->tasks);
	node->plugin->destroy(node->topology);
	reload_replication_free(node->replication); /* it cancels requests */
	reload_router_free(node->router);
	reload_client_free(node->client);
	reload_quota_free(node->opening);
	reload_kind_push_free(node->kind_push);
	reload_config_push_free(node->config_push);
	reload_bootstrap_free(node->bootstrap);
	reload_apps_free(node->apps);
	reload_attaches_free(node->attaches);
	reload_connection_table_free(node->connections);
	reload_seen_free(node->seen);
	reload_storage_free(node->storage);
	g_hash_table_unref(node->logged);
	g_queue_free_full(node->deferred, free_deferred);
	g_array_unref(node->app_addresses);
	g_array_unref(node->addresses);
	reload_identity_unref(node->identity);
	reload_trust_unref(node->trust);
	reload_document_unref(node->document);
	g_free(node);
}

/* ---- turns ---- */

void reload_node_defer(ReloadNode *node, ReloadDeferredFunc func, gpointer data,
		       GDestroyNotify free_data)
{
	Deferred *deferred = g_new0(Deferred, 1);

	deferred->func = func;
	deferred->data = data;
	deferred->free_data = free_data;
	g_queue_push_tail(node->deferred, deferred);
}

/* Calls what was put off until now; what that puts off waits for the next round. */
static void run_deferred(ReloadNode *node, int64_t now)
{
	for (guint left = g_queue_get_length(node->deferred); left > 0; left--) {
		Deferred *deferred = g_queue_pop_head(node->deferred);

		deferred->func(node, deferred->data, now);
		g_free(deferred);
	}
}

static int64_t storage_tick(ReloadNode *node, int64_t now)
{
	if (node->storage_due <= now)
		node->storage_due = reload_storage_expire(node->storage, now);
	return node->storage_due;
}

/* One turn for everybody; returns when the next is due. */
static int64_t turn(ReloadNode *node, int64_t now)
{
	int64_t next = INT64_MAX;

	run_deferred(node, now);
	if (!reload_router_run(node->router, now))
		next = now;
	next = reload_sooner(next, reload_router_tick(node->router, now));
	next = reload_sooner(next, reload_attach_tick(node, now));
	next = reload_sooner(next, reload_apps_tick(node, now));
	next = reload_sooner(next, reload_links_tick(node, now));
	next = reload_sooner(next, reload_life_tick(node, now));
	next = reload_sooner(next, reload_bootstrap_tick(node, now));
	next = reload_sooner(next, reload_replication_tick(node, now));
	next = reload_sooner(next, reload_client_tick(node, now));
	next = reload_sooner(next, node->plugin->tick(node->topology, now));
	next = reload_sooner(next, storage_tick(node, now));
	for (guint i = 0; i < node->tasks->len; i++) {
		const Task *task = g_ptr_array_index(node->tasks, i);

		next = reload_sooner(next, task->tick(task->data, now));
	}
	/* Messages to ourselves and what was put off in this turn. */
	if (!g_queue_is_empty(node->deferred) || reload_router_has_own(node->router))
		next = now;
	return next;
}

void reload_node_enter(ReloadNode *node, int64_t now)
{
	node->entered++;
	node->now = now;
}

void reload_node_settle(ReloadNode *node, int64_t now)
{
	int64_t next = now;

	if (node->entered > 1) {
		node->entered--;
		return;
	}
	/* Two turns at least in which nothing was due at once: what the last of a turn begin, the
	 * first learn of in the next. */
	for (unsigned i = 0, quiet = 0; i < SETTLE_ROUNDS && quiet < 2; i++) {
		next = turn(node, now);
		quiet = next <= now ? 0 : quiet + 1;
	}
	node->entered--;
	/* A driver's clock must move before it calls again, so that nothing here can spin. */
	next = MAX(next, now + 1);
	if (next != node->wakeup) {
		node->wakeup = next;
		node->io.wakeup_at(node->io.user, next);
	}
}

void reload_node_settle_unchanged(ReloadNode *node, int64_t now)
{
	if (now >= node->wakeup)
		reload_node_settle(node, now);
	else
		node->entered--;
}

void reload_node_settle_later(ReloadNode *node, int64_t now)
{
	/* The next turn of the router finds what is due; a request has been transmitted already. */
	int64_t next = reload_router_has_own(node->router) ? now : now + 1;

	if (--node->entered > 0 || next >= node->wakeup)
		return;
	node->wakeup = next;
	node->io.wakeup_at(node->io.user, next);
}

void reload_node_tick(ReloadNode *node, int64_t now)
{
	reload_node_enter(node, now);
	if (node->wakeup <= now)
		node->wakeup = INT64_MAX; /* it is used up: ask anew */
	reload_node_settle(node, now);
}

/* ---- small services ---- */

bool reload_node_may_log(ReloadNode *node, ReloadLogLevel level, gconstpointer reason)
{
	int64_t *last = g_hash_table_lookup(node->logged, reason);

	if (level == RELOAD_LOG_DEBUG)
		return true;
	if (last != NULL && node->now - *last < LOG_INTERVAL_MS)
		return false;
	if (last == NULL) {
		if (g_hash_table_size(node->logged) >= LOG_REASONS_MAX)
			g_hash_table_remove_all(node->logged);
		last = g_new(int64_t, 1);
		g_hash_table_insert(node->logged, (gpointer)reason, last);
	}
	*last = node->now;
	return true;
}

void reload_node_log(ReloadNode *node, ReloadLogLevel level, const char *format, ...)
{
	va_list arguments;
	char *text;

	if (node->io.log == NULL || !reload_node_may_log(node, level, format))
		return;
	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	node->io.log(node->io.user, level, text);
	g_free(text);
}

bool reload_node_is_usable(const ReloadNode *node)
{
	return node->state == RELOAD_NODE_JOINED || node->state == RELOAD_NODE_ATTACHED;
}

bool reload_node_has_several_ids(const ReloadNode *node)
{
	size_t count;

	reload_certificate_node_ids(reload_identity_certificate(node->identity), &count);
	return count > 1;
}

int64_t reload_node_jitter(ReloadNode *node, int64_t mean)
{
	uint32_t random;

	node->io.random(node->io.user, (uint8_t *)&random, sizeof(random));
	return mean / 2 + (int64_t)(random % (uint32_t)MAX(mean, 1));
}
