/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AppAttach both ways (RFC 6940, 6.5.2), with No-ICE: who asks expects a connection, who answers
 * makes it. */
#include "reload_core/peer/node_private.h"
#include "reload_core/wire/attach.h"

/* Connections being made or up; more are refused. */
#define APPS_MAX 4096
/* Of one node, being made for its AppAttaches or up; both sides may open one at once, and each may find out
 * late that the old one is dead. */
#define APPS_OF_ONE_MAX 8
/* A connection that we make has to be up by then, ms. */
#define CONNECT_TIMEOUT_MS 10000

typedef struct {
	ReloadNode *node;
	ReloadNodeId remote;
	uint16_t application;
	bool by_us; /* we sent the AppAttach */
	bool up;
	ReloadLinkId link; /* expected, being made or up */
	uint64_t transaction;
	int64_t deadline; /* ms; INT64_MAX when up */
	ReloadAddress candidates[RELOAD_CANDIDATES_MAX];
	unsigned count, tried;
} App;

struct ReloadApps {
	GPtrArray *all;	     /* App */
	GHashTable *by_link; /* &App.link -> App */
};

ReloadApps *reload_apps_new(void)
{
	ReloadApps *apps = g_new0(ReloadApps, 1);

	apps->all = g_ptr_array_new_with_free_func(g_free);
	apps->by_link = g_hash_table_new(g_int64_hash, g_int64_equal);
	return apps;
}

void reload_apps_free(ReloadApps *apps)
{
	if (apps == NULL)
		return;
	g_hash_table_unref(apps->by_link);
	g_ptr_array_unref(apps->all);
	g_free(apps);
}

unsigned reload_apps_count(const ReloadNode *node)
{
	return node->apps->all->len;
}

static App *app_new(ReloadNode *node, const ReloadNodeId *remote, uint16_t application, bool by_us)
{
	App *app = g_new0(App, 1);

	app->node = node;
	app->remote = *remote;
	app->application = application;
	app->by_us = by_us;
	g_ptr_array_add(node->apps->all, app);
	return app;
}

static void set_link(App *app, ReloadLinkId link)
{
	if (app->link != 0)
		g_hash_table_remove(app->node->apps->by_link, &app->link);
	app->link = link;
	if (link != 0)
		g_hash_table_insert(app->node->apps->by_link, &app->link, app);
}

/* Forgets an entry; its connection, if there is one, is the caller's business. */
static void app_remove(App *app)
{
	ReloadNode *node = app->node;

	if (app->transaction != 0)
		reload_router_cancel(node->router, app->transaction);
	set_link(app, 0);
	g_ptr_array_remove_fast(node->apps->all, app);
}

/* It is over: closes what there is, and tells the owner. */
static void fail(App *app, ReloadStatus why, bool close, int64_t now)
{
	ReloadNode *node = app->node;
	App copy = *app;

	if (close && app->link != 0)
		node->io.app_close(node->io.user, app->link);
	app_remove(app);
	/* One that was asked for by others and never came up is nobody's business. */
	if (node->events.app_down != NULL && (copy.up || copy.by_us))
		node->events.app_down(node->events.user, copy.application, &copy.remote,
				      copy.up ? copy.link : 0, why, now);
}

static App *asked_by_us(const ReloadNode *node, const ReloadNodeId *remote, uint16_t application)
{
	for (guint i = 0; i < node->apps->all->len; i++) {
		App *app = g_ptr_array_index(node->apps->all, i);

		if (app->by_us && !app->up && app->application == application &&
		    reload_node_id_equal(&app->remote, remote))
			return app;
	}
	return NULL;
}

/* May remote have us open one more? */
static bool may_open(ReloadNode *node, const ReloadNodeId *remote, int64_t now)
{
	unsigned count = 0;

	for (guint i = 0; i < node->apps->all->len; i++) {
		const App *app = g_ptr_array_index(node->apps->all, i);

		count += !app->by_us && reload_node_id_equal(&app->remote, remote);
	}
	return count < APPS_OF_ONE_MAX && node->apps->all->len < APPS_MAX &&
	       reload_quota_take(node->opening, remote, now);
}

static bool write_body(const ReloadNode *node, uint16_t application, const char *role,
		       GByteArray *body)
{
	GByteArray *candidates = g_byte_array_new();
	ReloadAppAttach attach = {.application = application, .role = reload_span_text(role)};
	bool good;

	reload_candidates_write(node->app_addresses, candidates);
	attach.candidates = reload_span(candidates->data, candidates->len);
	good = reload_write_app_attach(body, &attach);
	g_byte_array_unref(candidates);
	return good;
}

static void on_reply(void *data, ReloadStatus status, const ReloadMessage *answer,
		     const ReloadNodeId *from, int64_t now)
{
	App *app = data;
	ReloadAppAttach attach;

	(void)from;
	app->transaction = 0;
	/* The connection may be there before the answer. */
	if (app->up)
		return;
	if (status == RELOAD_OK && reload_app_attach_decode(answer->body, &attach) != RELOAD_OK)
		status = RELOAD_E_MALFORMED;
	if (status != RELOAD_OK)
		fail(app, status, true, now);
}

static ReloadStatus app_attach(ReloadNode *node, const ReloadNodeId *remote, uint16_t application,
			       int64_t timeout, int64_t now)
{
	ReloadDestination destination = reload_destination_node(remote);
	GByteArray *body;
	ReloadStatus status;
	App *app;

	if (!reload_node_is_usable(node))
		return RELOAD_E_STATE;
	if (reload_node_id_equal(remote, &node->self))
		return RELOAD_E_FORBIDDEN;
	if (asked_by_us(node, remote, application) != NULL)
		return RELOAD_OK;
	if (node->apps->all->len >= APPS_MAX)
		return RELOAD_E_LIMIT;
	app = app_new(node, remote, application, true);
	app->deadline = now + timeout;
	set_link(app, node->io.app_expect(node->io.user, application, remote, app->deadline));
	if (app->link == 0) {
		app_remove(app);
		return RELOAD_E_LIMIT;
	}
	body = g_byte_array_new();
	write_body(node, application, "passive", body);
	status = reload_node_originate(node, &destination, 1, RELOAD_APP_ATTACH_REQ,
				       reload_span(body->data, body->len), NULL, timeout, on_reply,
				       app, now, &app->transaction);
	g_byte_array_unref(body);
	if (status != RELOAD_OK) {
		node->io.app_close(node->io.user, app->link);
		app_remove(app);
	}
	return status;
}

ReloadStatus reload_node_app_attach(ReloadNode *node, const ReloadNodeId *remote,
				    uint16_t application, int64_t timeout, int64_t now)
{
	ReloadStatus status;

	reload_node_enter(node, now);
	status = app_attach(node, remote, application, timeout, now);
	reload_node_settle(node, now);
	return status;
}

/* Makes a connection to the next candidate; false: none is left. */
static bool connect_next(App *app)
{
	ReloadNode *node = app->node;

	while (app->tried < app->count) {
		ReloadLinkId link = node->io.app_connect(
		    node->io.user, app->application, &app->candidates[app->tried++], &app->remote);

		if (link != 0) {
			set_link(app, link);
			return true;
		}
	}
	return false;
}

void reload_apps_on_request(ReloadNode *node, const ReloadIncoming *request, ReloadOutcome *outcome,
			    int64_t now)
{
	ReloadAppAttach attach;
	ReloadStatus status = reload_app_attach_decode(request->message->body, &attach);
	App *app;

	if (status != RELOAD_OK) {
		reload_outcome_unreadable(outcome, status, "malformed AppAttach");
		return;
	}
	if (!reload_node_is_usable(node) || reload_node_id_equal(&request->signer, &node->self)) {
		reload_outcome_error(outcome, RELOAD_ERROR_FORBIDDEN, "no more connections");
		return;
	}
	if (node->events.app_request == NULL ||
	    !node->events.app_request(node->events.user, attach.application, &request->signer,
				      now)) {
		reload_outcome_error(outcome, RELOAD_ERROR_NOT_FOUND, "no such application here");
		return;
	}
	if (!may_open(node, &request->signer, now)) {
		reload_outcome_error(outcome, RELOAD_ERROR_FORBIDDEN, "too many connections");
		return;
	}
	app = app_new(node, &request->signer, attach.application, false);
	app->deadline = now + CONNECT_TIMEOUT_MS;
	app->count =
	    reload_candidates_read(attach.candidates, app->candidates, RELOAD_CANDIDATES_MAX);
	if (!connect_next(app)) {
		app_remove(app);
		reload_outcome_error(outcome, RELOAD_ERROR_INVALID_MESSAGE,
				     "no candidate of a link type that this peer has");
		return;
	}
	write_body(node, attach.application, "active", outcome->body);
}

void reload_node_app_up(ReloadNode *node, ReloadLinkId link, int64_t now)
{
	App *app = g_hash_table_lookup(node->apps->by_link, &link);

	if (app == NULL || app->up)
		return;
	reload_node_enter(node, now);
	app->up = true;
	app->deadline = INT64_MAX;
	if (node->events.app_up != NULL)
		node->events.app_up(node->events.user, app->application, &app->remote, link,
				    app->by_us, now);
	reload_node_settle(node, now);
}

void reload_node_app_down(ReloadNode *node, ReloadLinkId link, ReloadStatus why, int64_t now)
{
	App *app = g_hash_table_lookup(node->apps->by_link, &link);

	if (app == NULL)
		return;
	reload_node_enter(node, now);
	if (app->up || app->by_us || !connect_next(app))
		fail(app, why, false, now);
	reload_node_settle(node, now);
}

void reload_node_app_close(ReloadNode *node, ReloadLinkId link, int64_t now)
{
	App *app = g_hash_table_lookup(node->apps->by_link, &link);

	if (app == NULL)
		return;
	reload_node_enter(node, now);
	node->io.app_close(node->io.user, link);
	app_remove(app);
	reload_node_settle(node, now);
}

void reload_apps_close_all(ReloadNode *node)
{
	while (node->apps->all->len > 0) {
		App *app = g_ptr_array_index(node->apps->all, node->apps->all->len - 1);

		fail(app, RELOAD_E_STATE, true, node->now);
	}
}

int64_t reload_apps_tick(ReloadNode *node, int64_t now)
{
	int64_t next = INT64_MAX;
	guint i = 0;

	while (i < node->apps->all->len) {
		App *app = g_ptr_array_index(node->apps->all, i);

		if (app->deadline <= now) {
			fail(app, RELOAD_E_TIMEOUT, true, now);
			i = 0; /* the owner may have changed the list */
			continue;
		}
		next = MIN(next, app->deadline);
		i++;
	}
	return next;
}
