/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carries registrations and lookups into the overlay through the SIP usage. */
#include "modules/p2psip/peer/edge.h"
#include "modules/p2psip/peer/found_edges.h"
#include "reload_core/usages/sip/registration.h"

#define MAX_AORS 1000000
#define MAX_STORES 64
/* A lost message is sent again after the overlay-reliability-timer (3 s); the caller's phone waits. */
#define LOOKUP_TIMEOUT_MS 10000

/* One Store or lookup under way, to be cancelled when the edge ends. */
typedef struct {
	Edge *edge;
	uint64_t token;
	ReloadAor aor; /* asked for; lookups only */
	ReloadSipTask *task;
	ReloadSipLookup *lookup;
} EdgeTask;

static EdgeTask *task_new(Edge *edge, uint64_t token)
{
	EdgeTask *task = g_new0(EdgeTask, 1);

	task->edge = edge;
	task->token = token;
	g_hash_table_add(edge->tasks, task);
	return task;
}

static enum p2psip_status status_of(ReloadStatus status)
{
	switch (status) {
	case RELOAD_OK:
		return P2PSIP_OK;
	case RELOAD_E_NOT_FOUND:
		return P2PSIP_NOT_FOUND;
	case RELOAD_E_STATE:
	case RELOAD_E_UNREACHABLE:
		return P2PSIP_NOT_JOINED;
	case RELOAD_E_TIMEOUT:
		return P2PSIP_TIMED_OUT;
	case RELOAD_E_LIMIT:
		return P2PSIP_BUSY;
	case RELOAD_E_FORBIDDEN:
	case RELOAD_E_MALFORMED:
	case RELOAD_E_TOO_LARGE:
	case RELOAD_E_UNSUPPORTED:
		return P2PSIP_BAD_AOR;
	case RELOAD_E_REMOTE:
	case RELOAD_E_TOO_OLD:
		return P2PSIP_REFUSED;
	default:
		return P2PSIP_FAILED;
	}
}

static void stored(void *data, ReloadStatus status, uint16_t error_code, int64_t now)
{
	EdgeTask *task = data;
	Edge *edge = task->edge;
	uint64_t token = task->token;
	g_autofree char *text = NULL;

	if (status == RELOAD_E_REMOTE)
		text = g_strdup_printf("the storing peer refused: %s", reload_error_code_name(error_code));
	else if (status != RELOAD_OK)
		text = g_strdup(reload_strerror(status));
	g_hash_table_remove(edge->tasks, task);
	registrations_result(edge->registrations, token, status_of(status), text, now);
}

static void log_no_certificate(Edge *edge, const char *aor, const char *what)
{
	static ReloadLogLimit limit;

	reload_log_limited(reload_driver_log(edge->driver), &limit, RELOAD_LOG_WARNING,
			   "%s cannot be registered in the overlay: %s", aor, what);
}

static enum p2psip_status hook_store(void *user, const char *text, bool exists, int64_t lifetime,
				     uint64_t token, const char **why, int64_t now)
{
	Edge *edge = user;
	ReloadNode *node = reload_driver_node(edge->driver);
	ReloadSipRegister what = {.lifetime = (uint32_t)(lifetime / 1000)};
	g_autoptr(GError) error = NULL;
	ReloadIdentity *identity = NULL;
	ReloadAor aor;
	ReloadStatus status = reload_aor_from_name(text, strlen(text), &aor);
	EdgeTask *task;

	*why = NULL;
	if (status == RELOAD_OK && !reload_document_admits_user(reload_node_document(node), aor.text))
		status = RELOAD_E_FORBIDDEN;
	if (status != RELOAD_OK) {
		*why = "no AOR of this overlay's domains";
		return P2PSIP_BAD_AOR;
	}
	if (reload_user_identities_find(edge->users, aor.text, now, &identity, &error) != RELOAD_OK) {
		log_no_certificate(edge, aor.text, error->message);
		*why = "no user certificate for it here: issue one with reloadctl cert user";
		return P2PSIP_NO_CERTIFICATE;
	}
	task = task_new(edge, token);
	if (exists)
		status = reload_sip_register(node, identity, &aor, &what, stored, task, now, &task->task);
	else
		status = reload_sip_withdraw(node, identity, &aor, what.lifetime, stored, task, now,
					     &task->task);
	reload_identity_unref(identity);
	if (status == RELOAD_OK)
		return P2PSIP_OK;
	g_hash_table_remove(edge->tasks, task);
	*why = reload_strerror(status);
	return status_of(status);
}

static void hook_stored(void *user, uint32_t id, enum p2psip_status status, const char *text)
{
	Edge *edge = user;
	struct p2psip_frame frame = {.header.status = (uint16_t)status};

	g_strlcpy(frame.u.text, text, sizeof(frame.u.text));
	broker_send(edge->broker, &frame, P2PSIP_DONE, id);
}

static int64_t hook_random(void *user, int64_t limit)
{
	(void)user;
	/* Spreads refreshes; nothing is kept secret by it. */
	return limit > 0 ? g_random_int_range(0, (gint32)MIN(limit, G_MAXINT32 - 1)) : 0;
}

static void found(void *data, ReloadStatus status, const ReloadSipFound *result, int64_t now)
{
	EdgeTask *task = data;
	Edge *edge = task->edge;
	uint64_t token = task->token;
	const ReloadNodeId *self = reload_node_id(reload_driver_node(edge->driver));
	g_autofree struct p2psip_edges *edges = g_new0(struct p2psip_edges, 1);
	ReloadStatus made = found_edges(edges, &task->aor, result, self, edge->flows,
					edge->options->flow_port, now);

	g_hash_table_remove(edge->tasks, task);
	lookups_result(edge->lookups, token, status_of(status == RELOAD_OK ? made : status), edges);
}

static enum p2psip_status hook_fetch(void *user, const char *text, uint64_t token, int64_t now)
{
	Edge *edge = user;
	ReloadAor aor;
	ReloadStatus status = reload_aor_from_name(text, strlen(text), &aor);
	EdgeTask *task;

	if (status != RELOAD_OK)
		return P2PSIP_BAD_AOR;
	if (reload_node_state(reload_driver_node(edge->driver)) != RELOAD_NODE_JOINED)
		return P2PSIP_NOT_JOINED;
	task = task_new(edge, token);
	task->aor = aor;
	status = reload_sip_lookup(reload_driver_node(edge->driver), &task->aor, LOOKUP_TIMEOUT_MS, found, task,
				   now, &task->lookup);
	if (status != RELOAD_OK)
		g_hash_table_remove(edge->tasks, task);
	return status_of(status);
}

static void hook_found(void *user, uint32_t id, enum p2psip_status status,
		       const struct p2psip_edges *edges)
{
	Edge *edge = user;
	struct p2psip_frame frame = {.header.status = (uint16_t)status};

	frame.u.edges = *edges;
	broker_send(edge->broker, &frame, P2PSIP_EDGES, id);
}

void edge_overlay_new(Edge *edge)
{
	const RegistrationHooks registration_hooks = {edge, hook_store, hook_stored, hook_random};
	const RegistrationLimits limits = {.lifetime = edge->options->lifetime,
					   .max_aors = MAX_AORS,
					   .max_in_flight = MAX_STORES};
	const LookupHooks lookup_hooks = {edge, hook_fetch, hook_found};

	edge->tasks = g_hash_table_new_full(NULL, NULL, g_free, NULL);
	edge->registrations = registrations_new(&limits, &registration_hooks);
	edge->lookups = lookups_new(P2PSIP_LOOKUPS_MAX, &lookup_hooks);
}

void edge_overlay_free(Edge *edge)
{
	GHashTableIter iter;
	gpointer value;

	if (edge->tasks == NULL)
		return;
	g_hash_table_iter_init(&iter, edge->tasks);
	while (g_hash_table_iter_next(&iter, &value, NULL)) {
		EdgeTask *task = value;

		if (task->task != NULL)
			reload_sip_cancel(task->task);
		if (task->lookup != NULL)
			reload_sip_lookup_cancel(task->lookup);
	}
	g_hash_table_destroy(edge->tasks);
	registrations_free(edge->registrations);
	lookups_free(edge->lookups);
}
