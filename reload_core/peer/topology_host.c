/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the node does for its topology plug-in. */
#include "reload_core/peer/node_private.h"

static bool host_linked(void *user, const ReloadNodeId *id)
{
	return reload_links_linked(user, id);
}

static void host_attach(void *user, const ReloadDestination *dest, const ReloadNodeId *via,
			bool send_update, uint64_t cookie)
{
	ReloadNode *node = user;

	reload_attach_start(node, dest, via, send_update, cookie, node->now);
}

/* A request that could not even be made: its failure is told later. */
typedef struct {
	ReloadReplyFunc reply;
	void *data;
	ReloadStatus status;
} Refused;

static void tell_refused(ReloadNode *node, gpointer data, int64_t now)
{
	Refused *refused = data;

	(void)node;
	refused->reply(refused->data, refused->status, NULL, NULL, now);
	g_free(refused);
}

static void host_request(void *user, const ReloadDestination *dest, const ReloadNodeId *via,
			 uint16_t code, const GByteArray *body, ReloadRequestMode mode,
			 ReloadReplyFunc reply, void *data)
{
	ReloadNode *node = user;
	GByteArray *list = g_byte_array_new();
	ReloadOrigination origination = {.code = code,
					 .link_only = mode == RELOAD_REQUEST_LINK_ONLY,
					 .any_origin = mode == RELOAD_REQUEST_ANY_ORIGIN};
	ReloadStatus status = RELOAD_E_MALFORMED;

	if (via != NULL && !reload_node_id_equal(via, &node->self))
		reload_write_destination_node(list, via);
	if (reload_write_destination(list, dest)) {
		origination.destination_list = reload_span(list->data, list->len);
		if (body != NULL)
			origination.body = reload_span(body->data, body->len);
		status =
		    reload_router_request(node->router, &origination, reply, data, node->now, NULL);
	}
	if (status != RELOAD_OK && reply != NULL) {
		Refused *refused = g_new0(Refused, 1);

		refused->reply = reply;
		refused->data = data;
		refused->status = status;
		reload_node_defer(node, tell_refused, refused, g_free);
	}
	g_byte_array_unref(list);
}

static void host_release(void *user, const ReloadNodeId *id)
{
	ReloadNode *node = user;

	reload_links_release(node, id, node->now);
}

static void host_hand_over(void *user, const ReloadNodeId *next,
			   void (*done)(void *data, ReloadStatus status, int64_t now), void *data)
{
	ReloadNode *node = user;

	reload_replication_hand_over(node, next, done, data, node->now);
}

static void host_changed(void *user, bool range_changed, bool replicas_changed, int64_t now)
{
	reload_replication_changed(user, range_changed, replicas_changed, now);
}

/* joined and lost are handled after the plug-in's call has returned: they call into it again. */
static void joined_later(ReloadNode *node, gpointer data, int64_t now)
{
	reload_life_joined(node, (ReloadStatus)GPOINTER_TO_INT(data), now);
}

static void host_joined(void *user, ReloadStatus status, int64_t now)
{
	(void)now;
	reload_node_defer(user, joined_later, GINT_TO_POINTER((int)status), NULL);
}

static void lost_later(ReloadNode *node, gpointer data, int64_t now)
{
	(void)data;
	reload_life_lost(node, now);
}

static void host_lost(void *user, int64_t now)
{
	(void)now;
	reload_node_defer(user, lost_later, NULL, NULL);
}

static void host_random(void *user, uint8_t *out, size_t len)
{
	ReloadNode *node = user;

	node->io.random(node->io.user, out, len);
}

static void host_log(void *user, int level, const char *text)
{
	ReloadNode *node = user;
	char *beginning = g_strndup(text, 24); /* the rest may be of one node or another */
	guint reason = g_str_hash(beginning);

	g_free(beginning);
	if (node->io.log != NULL &&
	    reload_node_may_log(node, (ReloadLogLevel)level, GUINT_TO_POINTER(reason)))
		node->io.log(node->io.user, (ReloadLogLevel)level, text);
}

void reload_topology_host_init(ReloadNode *node)
{
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
}
