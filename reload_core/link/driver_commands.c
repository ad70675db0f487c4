/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control commands that are answered from what the peer itself knows. */
#include "reload_core/link/driver_private.h"

#include "reload_core/wire/buffer.h"

/* Resources listed at most. */
#define STORED_MAX 20000

static const char *state_name(ReloadNodeState state)
{
	static const char *const names[] = {
	    [RELOAD_NODE_IDLE] = "idle",       [RELOAD_NODE_CONNECTING] = "connecting",
	    [RELOAD_NODE_JOINING] = "joining", [RELOAD_NODE_JOINED] = "joined",
	    [RELOAD_NODE_LEAVING] = "leaving", [RELOAD_NODE_LEFT] = "left",
	    [RELOAD_NODE_ATTACHED] = "attached",
	};

	return (unsigned)state < G_N_ELEMENTS(names) ? names[state] : "unknown";
}

static void print_date(ReloadControlCall *call, const char *name, int64_t ms)
{
	GDateTime *time = ms == INT64_MAX ? NULL : g_date_time_new_from_unix_utc(ms / 1000);
	char *text =
	    time != NULL ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S UTC") : g_strdup("never");

	reload_control_print(call, "%-22s %s", name, text);
	g_free(text);
	if (time != NULL)
		g_date_time_unref(time);
}

static void print_addresses(ReloadControlCall *call, const char *name, const GArray *addresses)
{
	char text[RELOAD_ADDRESS_TEXT];

	for (guint i = 0; i < addresses->len; i++)
		reload_control_print(
		    call, "%-22s %s", name,
		    reload_address_to_text(&g_array_index(addresses, ReloadAddress, i), text));
}

static void status(void *user, ReloadControlCall *call, unsigned argc, char **argv)
{
	ReloadDriver *driver = user;
	const ReloadDocument *document = driver->files.document;
	char node[RELOAD_NODE_ID_TEXT];
	ReloadNodeStatistics statistics;
	ReloadStorageUsage usage;

	(void)argc;
	(void)argv;
	reload_node_statistics(driver->node, &statistics);
	reload_storage_usage(reload_node_storage(driver->node), &usage);
	reload_control_print(call, "%-22s %s", "node-id",
			     reload_node_id_to_text(reload_node_id(driver->node), node));
	reload_control_print(call, "%-22s %s", "state",
			     state_name(reload_node_state(driver->node)));
	reload_control_print(call, "%-22s %s", "overlay", document->overlay);
	reload_control_print(call, "%-22s %u%s", "document-sequence", document->sequence,
			     document->is_signed ? " (signed)" : "");
	reload_control_print(call, "%-22s %u", "kinds", g_hash_table_size(document->kinds));
	print_addresses(call, "listen", driver->addresses.listen);
	print_addresses(call, "advertise", driver->addresses.advertise);
	print_addresses(call, "app-listen", driver->addresses.app_listen);
	print_addresses(call, "app-advertise", driver->addresses.app_advertise);
	reload_control_print(call, "%-22s %u", "links", statistics.links);
	reload_control_print(call, "%-22s %u", "app-connections", statistics.app_connections);
	reload_control_print(call, "%-22s %u", "requests-open", statistics.requests_open);
	reload_control_print(call, "%-22s %zu resources, %zu values, %zu bytes", "stored",
			     usage.resources, usage.values, usage.bytes);
	reload_control_print(call, "%-22s %s", "user",
			     reload_identity_user_name(driver->files.identity));
	print_date(
	    call, "certificate-ends",
	    reload_certificate_not_after(reload_identity_certificate(driver->files.identity)));
	print_date(call, "document-ends", document->expiration);
	reload_control_end(call, NULL);
}

/* ---- the ring ---- */

typedef struct {
	ReloadDriver *driver;
	ReloadControlCall *call;
	bool fingers;
	const ReloadNodeId *wanted;
	char address[RELOAD_ADDRESS_TEXT];
	bool failing;
	unsigned printed;
} Ring;

static void find_address(void *data, const ReloadLinkView *view)
{
	Ring *ring = data;

	if (view->application || !view->established ||
	    !reload_node_id_equal(&view->remote, ring->wanted))
		return;
	reload_address_to_text(&view->address, ring->address);
	ring->failing = view->failing;
}

static void print_entry(void *data, const char *role, unsigned index, const ReloadNodeId *id)
{
	Ring *ring = data;
	char node[RELOAD_NODE_ID_TEXT];

	if ((strcmp(role, "finger") == 0) != ring->fingers)
		return;
	ring->wanted = id;
	ring->failing = false;
	strcpy(ring->address, "no link");
	reload_links_each(ring->driver->links, find_address, ring);
	reload_control_print(ring->call, "%-12s %3u  %s  %s%s", role, index,
			     reload_node_id_to_text(id, node), ring->address,
			     ring->failing ? "  failing" : "");
	ring->printed++;
}

static void print_ring(ReloadDriver *driver, ReloadControlCall *call, bool fingers)
{
	Ring ring = {.driver = driver, .call = call, .fingers = fingers};
	const ReloadTopologyPlugin *plugin;
	ReloadTopology *topology = reload_node_topology(driver->node, &plugin);

	if (topology != NULL)
		plugin->each_entry(topology, print_entry, &ring);
	if (ring.printed == 0)
		reload_control_print(call, "none");
	reload_control_end(call, NULL);
}

static void neighbors(void *user, ReloadControlCall *call, unsigned argc, char **argv)
{
	(void)argc;
	(void)argv;
	print_ring(user, call, false);
}

static void fingers(void *user, ReloadControlCall *call, unsigned argc, char **argv)
{
	(void)argc;
	(void)argv;
	print_ring(user, call, true);
}

/* ---- links ---- */

typedef struct {
	ReloadControlCall *call;
	int64_t now;
	unsigned printed;
} Print;

static void print_link(void *data, const ReloadLinkView *view)
{
	Print *print = data;
	char node[RELOAD_NODE_ID_TEXT] = "-", address[RELOAD_ADDRESS_TEXT] = "expected";
	char kind[16] = "link";

	if (view->application)
		g_snprintf(kind, sizeof(kind), "app %u", view->app);
	if (view->remote.len != 0)
		reload_node_id_to_text(&view->remote, node);
	if (view->address.type != 0)
		reload_address_to_text(&view->address, address);
	reload_control_print(print->call,
			     "%-9s %s  %s %-22s %s  %" G_GINT64_FORMAT " s, in %" G_GUINT64_FORMAT
			     ", out %" G_GUINT64_FORMAT ", queued %zu, rtt %.1f ms",
			     kind, node, view->outgoing ? "to  " : "from", address,
			     !view->established ? "opening"
			     : view->failing	? "failing"
						: "up",
			     (print->now - view->since) / 1000, view->messages_in,
			     view->messages_out, view->queued_bytes, view->rtt);
	print->printed++;
}

static void links(void *user, ReloadControlCall *call, unsigned argc, char **argv)
{
	ReloadDriver *driver = user;
	Print print = {.call = call, .now = reload_driver_now(driver)};

	(void)argc;
	(void)argv;
	reload_links_each(driver->links, print_link, &print);
	if (print.printed == 0)
		reload_control_print(call, "none");
	reload_control_end(call, NULL);
}

/* ---- what is stored ---- */

static void print_resource(void *data, const ReloadResourceId *id, size_t values)
{
	Print *print = data;
	char hex[2 * RELOAD_RESOURCE_ID_MAX + 1];

	if (print->printed++ >= STORED_MAX)
		return;
	for (unsigned i = 0; i < id->len; i++)
		g_snprintf(hex + 2 * i, 3, "%02x", id->id[i]);
	hex[2 * id->len] = '\0';
	reload_control_print(print->call, "%s  %zu value%s", hex, values, values == 1 ? "" : "s");
}

static void stored(void *user, ReloadControlCall *call, unsigned argc, char **argv)
{
	ReloadDriver *driver = user;
	Print print = {.call = call};

	(void)argc;
	(void)argv;
	reload_storage_each(reload_node_storage(driver->node), print_resource, &print);
	if (print.printed > STORED_MAX)
		reload_control_print(call, "and %u more", print.printed - STORED_MAX);
	else if (print.printed == 0)
		reload_control_print(call, "none");
	reload_control_end(call, NULL);
}

/* ---- counters ---- */

static void counter(ReloadControlCall *call, const char *name, uint64_t value)
{
	reload_control_print(call, "%-22s %" G_GUINT64_FORMAT, name, value);
}

static void link_counters(ReloadControlCall *call, const ReloadLinksStatistics *links)
{
	counter(call, "accepted", links->accepted);
	counter(call, "connected", links->connected);
	counter(call, "established", links->established);
	counter(call, "refused-handshakes", links->refused_handshakes);
	counter(call, "refused-links", links->refused_links);
	counter(call, "handshake-timeouts", links->timeouts);
	counter(call, "bad-certificate", links->bad_certificate);
	counter(call, "bad-tls", links->bad_tls);
	counter(call, "bad-frame", links->bad_frame);
	counter(call, "unexpected-app", links->unexpected_app);
	counter(call, "queue-full", links->queue_full);
	counter(call, "links-given-up", links->failed);
	counter(call, "links", links->links);
	counter(call, "app-connections", links->app_connections);
	counter(call, "app-expected", links->app_expected);
	counter(call, "handshakes", links->handshakes);
}

static void statistics(void *user, ReloadControlCall *call, unsigned argc, char **argv)
{
	ReloadDriver *driver = user;
	ReloadNodeStatistics node;
	ReloadLinksStatistics links;
	ReloadTrustStatistics trust;

	(void)argc;
	(void)argv;
	reload_node_statistics(driver->node, &node);
	reload_links_statistics(driver->links, &links);
	reload_trust_statistics(driver->files.trust, &trust);
	counter(call, "received", node.received);
	counter(call, "sent", node.sent);
	counter(call, "forwarded", node.forwarded);
	counter(call, "requests", node.requests);
	counter(call, "retransmissions", node.retransmissions);
	counter(call, "timeouts", node.timeouts);
	counter(call, "dropped", node.dropped);
	counter(call, "dropped-malformed", node.dropped_malformed);
	counter(call, "dropped-signature", node.dropped_signature);
	counter(call, "dropped-overlay", node.dropped_overlay);
	counter(call, "dropped-ttl", node.dropped_ttl);
	counter(call, "dropped-unroutable", node.dropped_unroutable);
	counter(call, "dropped-duplicate", node.dropped_duplicate);
	counter(call, "dropped-limit", node.dropped_limit);
	link_counters(call, &links);
	counter(call, "rollbacks", node.rollbacks);
	counter(call, "certificates-known", trust.hits);
	counter(call, "certificates-verified", trust.misses);
	counter(call, "certificates-refused", trust.refused);
	reload_control_end(call, NULL);
}

/* ---- what changes the peer ---- */

static void reload(void *user, ReloadControlCall *call, unsigned argc, char **argv)
{
	ReloadDriver *driver = user;
	GError *error = NULL;

	(void)argc;
	(void)argv;
	if (reload_driver_reload(driver, &error) == RELOAD_OK) {
		reload_control_print(call, "document sequence %u, certificate of %s are in use",
				     driver->files.document->sequence,
				     reload_identity_user_name(driver->files.identity));
		reload_control_end(call, NULL);
		return;
	}
	reload_control_end(call, error->message);
	g_error_free(error);
}

static void leave(void *user, ReloadControlCall *call, unsigned argc, char **argv)
{
	(void)argc;
	(void)argv;
	reload_control_print(call, "leaving");
	reload_control_end(call, NULL);
	reload_driver_leave(user, 0, NULL, NULL);
}

static void log_level(void *user, ReloadControlCall *call, unsigned argc, char **argv)
{
	ReloadDriver *driver = user;
	ReloadLogLevel level;

	if (argc != 2 || !reload_log_level_parse(argv[1], &level)) {
		reload_control_end(call, "name a level: error, warning, notice, info or debug");
		return;
	}
	reload_log_set_level(driver->log, level);
	reload_control_end(call, NULL);
}

void reload_driver_add_commands(ReloadDriver *driver)
{
	ReloadControl *control = driver->control;

	reload_control_add(control, "status", "- this peer in a few lines", status, driver);
	reload_control_add(control, "neighbors", "- predecessors and successors", neighbors,
			   driver);
	reload_control_add(control, "fingers", "- the finger table", fingers, driver);
	reload_control_add(control, "links", "- links and application connections", links, driver);
	reload_control_add(control, "stored", "- resources that this peer stores", stored, driver);
	reload_control_add(control, "statistics", "- all counters", statistics, driver);
	reload_control_add(control, "reload", "- read document and certificates again", reload,
			   driver);
	reload_control_add(control, "leave", "- leave the overlay and end", leave, driver);
	reload_control_add(control, "log-level", "LEVEL - log more or less from now on", log_level,
			   driver);
}
