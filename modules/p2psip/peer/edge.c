/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts the edge together and keeps its time. */
#include "modules/p2psip/peer/edge.h"


#include <stdio.h>

/* How often the edge looks at what is due: while a flow is being opened, for its connect_timeout, and else. */
#define TICK_OPENING_MS 100
#define TICK_MS 500
#define STATISTICS_MS 1000

static void state_changed(void *user, ReloadNodeState state, int64_t now)
{
	Edge *edge = user;

	if (edge->broker == NULL)
		return; /* still being put together; edge_new tells the first state */
	edge_tell_state(edge, state);
	registrations_joined(edge->registrations, state == RELOAD_NODE_JOINED, now);
}

static gboolean tick(gpointer user)
{
	Edge *edge = user;
	int64_t now = reload_driver_now(edge->driver);
	guint interval = flows_tick(edge->flows, now) ? TICK_OPENING_MS : TICK_MS;

	if (now >= edge->registrations_due) {
		edge->registrations_due = now + TICK_MS;
		registrations_tick(edge->registrations, now);
	}
	if (now >= edge->statistics_due) {
		edge->statistics_due = now + STATISTICS_MS;
		edge_tell_statistics(edge);
	}
	edge->timer = g_timeout_add(interval, tick, edge);
	return G_SOURCE_REMOVE;
}

static void driver_options_from(const EdgeOptions *options, ReloadDriverOptions *out)
{
	memset(out, 0, sizeof(*out));
	out->program = "p2psip-peer";
	out->document_path = options->document;
	out->node_directory = options->node_directory;
	out->listen = (const char *const *)options->listen;
	out->advertise = (const char *const *)options->advertise;
	out->app_listen = (const char *const *)options->flow_listen;
	out->app_advertise = (const char *const *)options->flow_advertise;
	out->first_node = options->first;
	out->keylog_path = options->keylog;
	out->log_level = options->log_level;
}

static void reloaded(void *user)
{
	Edge *edge = user;

	reload_user_identities_reload(edge->users);
	registrations_retry(edge->registrations, reload_driver_now(edge->driver));
}

/* What p2psip.so makes the server's names in SIP from. */
static bool print_identity(const EdgeOptions *options, int64_t now, GError **error)
{
	g_autofree char *certificate =
		g_build_filename(options->node_directory, RELOAD_NODE_CERTIFICATE_FILE, NULL);
	g_autofree char *key = g_build_filename(options->node_directory, RELOAD_NODE_KEY_FILE, NULL);
	ReloadDocument *document = reload_document_load_file(options->document, NULL, now, error);
	ReloadIdentity *identity = NULL;
	char hex[RELOAD_NODE_ID_TEXT];
	bool ok;

	if (document != NULL)
		identity = reload_identity_load(certificate, key, document->overlay,
						document->node_id_length, now, error);
	ok = identity != NULL;
	if (ok)
		printf("%s %s\n", reload_node_id_to_text(reload_identity_node_id(identity), hex),
		       document->overlay);
	reload_identity_unref(identity);
	reload_document_unref(document);
	return ok;
}

bool edge_check(const EdgeOptions *options, GError **error)
{
	ReloadDriverOptions driver_options;
	g_autoptr(GPtrArray) warnings = NULL;
	ReloadStatus status;

	driver_options_from(options, &driver_options);
	status = reload_driver_check(&driver_options, &warnings, error);
	for (guint i = 0; warnings != NULL && i < warnings->len; i++)
		fprintf(stderr, "p2psip-peer: %s\n", (const char *)g_ptr_array_index(warnings, i));
	return status == RELOAD_OK && print_identity(options, g_get_real_time() / 1000, error);
}

static void users_new(Edge *edge)
{
	const ReloadDocument *document = reload_driver_document(edge->driver);
	g_autofree char *directory = g_build_filename(reload_driver_node_directory(edge->driver),
						      RELOAD_USERS_DIRECTORY, NULL);

	edge->users = reload_user_identities_new(
		directory, reload_identity_key(reload_driver_identity(edge->driver)), document->overlay,
		document->node_id_length, 0);
}

Edge *edge_new(const EdgeOptions *options, GError **error)
{
	Edge *edge = g_new0(Edge, 1);
	ReloadDriverOptions driver_options;

	edge->options = options;
	driver_options_from(options, &driver_options);
	driver_options.reloaded = reloaded;
	driver_options.events = (ReloadNodeEvents){.user = edge,
						   .state = state_changed,
						   .app_request = edge_app_request,
						   .app_up = edge_app_up,
						   .app_down = edge_app_down};
	edge->loopback = loopback_socket_new(options->flow_port, &options->sip_socket, error);
	if (options->journal_fd >= 0)
		edge->journal = journal_open(options->journal_fd, error);
	if (edge->loopback == NULL || (options->journal_fd >= 0 && edge->journal == NULL) ||
	    (edge->driver = reload_driver_new(&driver_options, error)) == NULL) {
		edge_free(edge);
		return NULL;
	}
	reload_driver_publish(edge->driver);
	users_new(edge);
	edge_overlay_new(edge);
	edge_flows_new(edge);
	edge_commands_add(edge, reload_driver_control(edge->driver));
	edge_broker_new(edge);
	edge_tell_state(edge, RELOAD_NODE_IDLE);
	flows_recover(edge->flows, reload_driver_now(edge->driver));
	edge->timer = g_timeout_add(TICK_MS, tick, edge);
	return edge;
}

void edge_free(Edge *edge)
{
	if (edge->timer != 0)
		g_source_remove(edge->timer);
	/* Flows first: they answer for what is open. */
	edge_flows_free(edge);
	edge_overlay_free(edge);
	broker_free(edge->broker);
	edge->broker = NULL;
	loopback_socket_free(edge->loopback);
	journal_free(edge->journal);
	if (edge->users != NULL)
		reload_user_identities_free(edge->users);
	if (edge->driver != NULL)
		reload_driver_free(edge->driver);
	g_free(edge);
}
