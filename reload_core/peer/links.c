/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links come up, fail, fall silent and go: keeps the Connection Table, and tells the topology. */
#include "reload_core/peer/node_private.h"
#include "reload_core/wire/ping.h"

/* How often links are looked at. */
#define LOOK_MS 2000
/* A link over which nothing came for so long is pinged; without an answer in time it is closed. */
#define QUIET_MS 15000
#define PING_TIMEOUT_MS 7000
/* A link whose RTO has passed is left out of routing at once, and closed after this time (6.6.5).
 */
#define FAILING_MS 30000
/* A link whose Node-ID is not known is closed with so many messages that do not say it. */
#define UNIDENTIFIED_MAX 8
/* Where clients are not permitted, a linked node has so long to become a peer. */
#define ADMIT_MS 10000

/* Tells everybody what a change of the table means. */
static void spread(ReloadNode *node, const ReloadNodeId *id, ReloadConnectionChange change,
		   int64_t now)
{
	ReloadNodeId copy = *id; /* it may be a part of an entry that goes */

	if (node->client != NULL) {
		if (change == RELOAD_CONNECTION_DOWN) {
			reload_router_hop_lost(node->router, &copy, now);
			reload_client_link_down(node, &copy, now);
		}
	} else if (change == RELOAD_CONNECTION_UP) {
		/* In the place of an older link: it may have lost what it had, as below. */
		reload_replication_lost(node, &copy, now);
		node->plugin->link_up(node->topology, &copy, now);
	} else if (change == RELOAD_CONNECTION_DOWN) {
		node->plugin->link_down(node->topology, &copy, now);
		reload_router_hop_lost(node->router, &copy, now);
		reload_replication_lost(node, &copy, now);
		reload_bootstrap_lost(node, &copy, now);
	}
}

bool reload_links_linked(const ReloadNode *node, const ReloadNodeId *id)
{
	return reload_connection_table_by_node(node->connections, id) != NULL;
}

/* The link to id whose message is being received, which need not be the one that is written to; or NULL. */
static ReloadConnection *receiving_from(const ReloadNode *node, const ReloadNodeId *id)
{
	ReloadConnection *connection = reload_connection_table_by_link(node->connections, node->receiving);

	return connection != NULL && reload_node_id_equal(&connection->node_id, id) ? connection : NULL;
}

void reload_links_attached(ReloadNode *node, const ReloadNodeId *id)
{
	ReloadConnection *connection = receiving_from(node, id);

	if (connection != NULL)
		connection->attached = true;
}

/* What a node that joins has to send before others route through it. */
static bool is_of_joining(uint16_t code)
{
	switch (code) {
	case RELOAD_PROBE_REQ:
	case RELOAD_JOIN_REQ:
	case RELOAD_LEAVE_REQ:
	case RELOAD_UPDATE_REQ:
	case RELOAD_ROUTE_QUERY_REQ:
	case RELOAD_CONFIG_UPDATE_REQ:
		return true;
	default:
		return false;
	}
}

ReloadAdmission reload_links_admit(ReloadNode *node, const ReloadNodeId *id, uint16_t code,
				   int64_t now)
{
	const ReloadConnection *connection = receiving_from(node, id);

	if (connection == NULL)
		return RELOAD_REFUSE;
	if (code == RELOAD_PING_REQ || code == RELOAD_ATTACH_REQ)
		return RELOAD_ADMIT;
	/* 6.1.2: with several Node-IDs in its certificate it has to attach first. */
	if (!connection->attached)
		return RELOAD_REFUSE;
	if (node->document->clients_permitted || node->client != NULL || is_of_joining(code) ||
	    node->state != RELOAD_NODE_JOINED || node->plugin->routes_through(node->topology, id))
		return RELOAD_ADMIT;
	/* Of a new peer the Update may be on its way; one whose ACKs are late is none until they come. */
	return connection->failing || now - connection->since < ADMIT_MS ? RELOAD_IGNORE : RELOAD_REFUSE;
}

/* Takes a link out of the table. */
static void forget(ReloadNode *node, ReloadConnection *connection, int64_t now)
{
	ReloadNodeId id = connection->node_id;
	ReloadConnectionChange change;

	if (connection->ping != 0)
		reload_router_cancel(node->router, connection->ping);
	change = reload_connection_table_remove(node->connections, connection, now);
	spread(node, &id, change, now);
}

void reload_links_close(ReloadNode *node, ReloadConnection *connection, int64_t now)
{
	node->io.link_close(node->io.user, connection->link);
	forget(node, connection, now);
}

void reload_links_close_all(ReloadNode *node, int64_t now)
{
	GArray *links = reload_connection_table_links(node->connections);

	for (guint i = 0; i < links->len; i++) {
		ReloadLinkId link = g_array_index(links, ReloadLinkId, i);
		ReloadConnection *connection =
		    reload_connection_table_by_link(node->connections, link);

		if (connection != NULL)
			reload_links_close(node, connection, now);
	}
	g_array_unref(links);
}

void reload_links_release(ReloadNode *node, const ReloadNodeId *id, int64_t now)
{
	ReloadConnection *connection = reload_connection_table_by_node(node->connections, id);

	if (connection == NULL || reload_attach_needs(node, id) || reload_bootstrap_needs(node, id))
		return;
	/* Later: answers may be on their way over it, and this may be in the middle of a message of
	 * it. */
	connection->close_at = MIN(connection->close_at, now + LOOK_MS);
	node->links_due = MIN(node->links_due, now + LOOK_MS);
}

void reload_links_keep(ReloadNode *node, const ReloadNodeId *id)
{
	ReloadConnection *connection = reload_connection_table_by_node(node->connections, id);

	if (connection != NULL)
		connection->close_at = INT64_MAX;
}

/* The Node-ID at the other end of a new link, or NULL where the certificate leaves it open. */
static const ReloadNodeId *name_of(const ReloadNode *node, ReloadLinkId link,
				   const ReloadCertificate *certificate)
{
	const ReloadNodeId *expected = reload_attach_expected(node, link);
	size_t count;
	const ReloadNodeId *ids = reload_certificate_node_ids(certificate, &count);

	if (expected != NULL)
		return reload_certificate_has_node_id(certificate, expected) ? expected : NULL;
	if (count == 1)
		return ids;
	for (size_t i = 0; i < count; i++) {
		if (reload_attach_needs(node, &ids[i]))
			return &ids[i];
	}
	return NULL;
}

static void refuse(ReloadNode *node, ReloadLinkId link, const char *why, int64_t now)
{
	/* Whoever has a certificate can make us do this as often as they like. */
	if (now - node->refusal_logged >= 1000) {
		node->refusal_logged = now;
		reload_node_log(node, RELOAD_LOG_WARNING, "link closed: %s", why);
	}
	node->io.link_close(node->io.user, link);
	if (!reload_attach_link_failed(node, link, now))
		reload_bootstrap_link_failed(node, link, now);
}

/* Would the ring, or what this node is doing, miss that link? What others only hold open it would
 * not. */
static bool is_of_use(const ReloadNode *node, const ReloadConnection *connection)
{
	const ReloadNodeId *id = &connection->node_id;

	/* Whoever began it: an Attach from anywhere makes us connect. */
	return id->len != 0 &&
	       (node->plugin->routes_through(node->topology, id) || reload_attach_needs(node, id) ||
		reload_bootstrap_needs(node, id));
}

bool reload_node_link_of_use(const ReloadNode *node, ReloadLinkId link)
{
	const ReloadConnection *connection = reload_connection_table_by_link(node->connections, link);

	/* A client routes through nobody: no Update tells which of its links are of use. */
	return connection != NULL && (node->client != NULL || is_of_use(node, connection));
}

/* The link that has been up for longest without being of use; NULL: none. unnamed: of those whose
 * Node-ID is not known. */
static ReloadConnection *oldest_useless(const ReloadNode *node, bool unnamed)
{
	GArray *links = reload_connection_table_links(node->connections);
	ReloadConnection *oldest = NULL;

	for (guint i = 0; i < links->len; i++) {
		ReloadConnection *connection = reload_connection_table_by_link(
		    node->connections, g_array_index(links, ReloadLinkId, i));

		if ((unnamed && connection->node_id.len != 0) || is_of_use(node, connection))
			continue;
		if (oldest == NULL || connection->since < oldest->since ||
		    (connection->since == oldest->since && connection->link < oldest->link))
			oldest = connection;
	}
	g_array_unref(links);
	return oldest;
}

/* The newcomer gets the place: it may be a node that joins and sends its Update in a moment, while
 * the oldest that did not has had its time. named: its Node-ID is known. */
static void make_room(ReloadNode *node, bool named, int64_t now)
{
	ReloadConnection *oldest = NULL;

	/* A client routes through nobody: no Update would tell which of its links are of use. */
	if (node->client != NULL || !reload_connection_table_is_full(node->connections, named))
		return;
	if (!named)
		oldest = oldest_useless(node, true);
	if (oldest == NULL)
		oldest = oldest_useless(node, false);
	if (oldest == NULL)
		return;
	reload_node_log(node, RELOAD_LOG_INFO,
			"too many links: the oldest that is of no use is closed");
	reload_links_close(node, oldest, now);
}

static void link_up(ReloadNode *node, ReloadLinkId link, ReloadCertificate *certificate,
		    bool outgoing, int64_t now)
{
	const ReloadNodeId *name = name_of(node, link, certificate);
	ReloadConnectionChange change;
	ReloadConnection *connection;
	ReloadNodeId id = {0};

	if (name != NULL)
		id = *name;
	if (name == NULL && outgoing) {
		refuse(node, link, "its certificate does not say which Node-ID it is", now);
		return;
	}
	if (name != NULL && reload_node_id_equal(&id, &node->self)) {
		refuse(node, link, "it leads to this node itself", now);
		return;
	}
	if (node->state == RELOAD_NODE_IDLE || node->state == RELOAD_NODE_LEFT) {
		refuse(node, link, "the node is not running", now);
		return;
	}
	make_room(node, name != NULL, now);
	connection = reload_connection_table_add(node->connections, link, name != NULL ? &id : NULL,
						 certificate, outgoing, now, &change);
	if (connection == NULL) {
		refuse(node, link, "too many links", now);
		return;
	}
	node->links_due = MIN(node->links_due, now + LOOK_MS);
	if (name == NULL)
		return;
	connection->attached = true;
	spread(node, &id, change, now);
	reload_attach_link_up(node, link, &id, now);
	reload_bootstrap_link_up(node, link, &id, now);
}

void reload_node_link_up(ReloadNode *node, ReloadLinkId link, ReloadCertificate *certificate,
			 bool outgoing, int64_t now)
{
	reload_node_enter(node, now);
	link_up(node, link, certificate, outgoing, now);
	reload_node_settle(node, now);
}

void reload_node_link_down(ReloadNode *node, ReloadLinkId link, ReloadStatus why, int64_t now)
{
	ReloadConnection *connection = reload_connection_table_by_link(node->connections, link);

	(void)why;
	reload_node_enter(node, now);
	if (connection != NULL)
		forget(node, connection, now);
	else if (!reload_attach_link_failed(node, link, now))
		reload_bootstrap_link_failed(node, link, now);
	reload_node_settle(node, now);
}

void reload_node_link_failing(ReloadNode *node, ReloadLinkId link, bool failing, int64_t now)
{
	ReloadConnection *connection = reload_connection_table_by_link(node->connections, link);

	if (connection == NULL)
		return;
	reload_node_enter(node, now);
	spread(node, &connection->node_id,
	       reload_connection_table_failing(node->connections, connection, failing, now), now);
	node->links_due = MIN(node->links_due, now + LOOK_MS);
	reload_node_settle(node, now);
}

/* Who signed the message that came over a link whose Node-ID is not known; certificates that it brings and that are
 * no good are on the link's account. */
static bool identify(ReloadNode *node, const ReloadConnection *connection, ReloadSpan message, int64_t now,
		     ReloadNodeId *id)
{
	ReloadStatus status;
	size_t count;

	reload_trust_set_account(node->trust, reload_certificate_node_ids(connection->certificate, &count));
	status = reload_router_identify(node->router, message, now, id);
	reload_trust_set_account(node->trust, NULL);
	return status == RELOAD_OK && reload_certificate_has_node_id(connection->certificate, id) &&
	       !reload_node_id_equal(id, &node->self);
}

/* A link of a node with several Node-IDs: its first request says which one it is (6.1.2). What it
 * may send before an Attach is said by reload_links_admit. */
static bool learn_name(ReloadNode *node, ReloadConnection *connection, ReloadSpan message,
		       int64_t now)
{
	ReloadNodeId id;

	if (!identify(node, connection, message, now, &id)) {
		node->hang_up = ++connection->unidentified >= UNIDENTIFIED_MAX;
		return false;
	}
	spread(node, &id, reload_connection_table_name(node->connections, connection, &id, now),
	       now);
	reload_attach_link_up(node, connection->link, &id, now);
	return true;
}

void reload_node_receive(ReloadNode *node, ReloadLinkId link, ReloadSpan message, int64_t now)
{
	ReloadConnection *connection = reload_connection_table_by_link(node->connections, link);
	ReloadNodeId previous_hop;
	bool named, changed;

	if (connection == NULL)
		return;
	reload_node_enter(node, now);
	connection->heard = now;
	named = connection->node_id.len != 0;
	changed = !named;
	if (named || learn_name(node, connection, message, now)) {
		previous_hop = connection->node_id;
		node->receiving = link;
		changed |= reload_router_receive(node->router, &previous_hop, message, now);
		node->receiving = 0;
	}
	if (node->hang_up) {
		node->hang_up = false;
		connection = reload_connection_table_by_link(node->connections, link);
		if (connection != NULL)
			reload_links_close(node, connection, now);
		changed = true;
	}
	/* What was passed on changes nothing here, and most of what comes is passed on. */
	if (changed)
		reload_node_settle(node, now);
	else
		reload_node_settle_unchanged(node, now);
}

ReloadStatus reload_node_receive_too_large(ReloadNode *node, ReloadLinkId link, ReloadSpan start,
					   int64_t now)
{
	ReloadConnection *connection = reload_connection_table_by_link(node->connections, link);
	ReloadNodeId previous_hop;
	ReloadStatus status;

	if (connection == NULL || connection->node_id.len == 0)
		return RELOAD_E_TOO_LARGE;
	previous_hop = connection->node_id;
	reload_node_enter(node, now);
	status = reload_router_receive_too_large(node->router, &previous_hop, start, now);
	reload_node_settle(node, now);
	return status;
}

static void on_ping_reply(void *data, ReloadStatus status, const ReloadMessage *answer,
			  const ReloadNodeId *from, int64_t now)
{
	ReloadConnection *connection = data;
	ReloadNode *node = connection->node;

	(void)answer;
	(void)from;
	connection->ping = 0;
	if (status != RELOAD_OK && connection->heard < connection->pinged) {
		reload_node_log(node, RELOAD_LOG_INFO, "a link has fallen silent: closed");
		reload_links_close(node, connection, now);
	}
}

/* Pings over a link that was quiet for long. A loser of a collision is not written to, so not
 * pinged. */
static void ping_quiet(ReloadNode *node, ReloadConnection *connection, int64_t now)
{
	ReloadPingReq request = {0};
	GByteArray *body, *list;
	ReloadOrigination origination = {
	    .code = RELOAD_PING_REQ, .timeout = PING_TIMEOUT_MS, .link_only = true};

	if (reload_connection_table_by_node(node->connections, &connection->node_id) != connection)
		return;
	body = g_byte_array_new();
	list = g_byte_array_new();
	reload_write_ping_req(body, &request);
	reload_write_destination_node(list, &connection->node_id);
	origination.body = reload_span(body->data, body->len);
	origination.destination_list = reload_span(list->data, list->len);
	connection->node = node;
	connection->pinged = now;
	if (reload_router_request(node->router, &origination, on_ping_reply, connection, now,
				  &connection->ping) != RELOAD_OK)
		connection->ping = 0;
	g_byte_array_unref(list);
	g_byte_array_unref(body);
}

int64_t reload_links_tick(ReloadNode *node, int64_t now)
{
	GArray *links;

	if (now < node->links_due)
		return node->links_due;
	links = reload_connection_table_links(node->connections);
	for (guint i = 0; i < links->len; i++) {
		ReloadConnection *connection = reload_connection_table_by_link(
		    node->connections, g_array_index(links, ReloadLinkId, i));

		if (connection == NULL)
			continue;
		if (connection->close_at <= now ||
		    (connection->failing && now - connection->failing_since >= FAILING_MS) ||
		    (connection->node_id.len == 0 && now - connection->since >= QUIET_MS))
			reload_links_close(node, connection, now);
		else if (connection->ping == 0 && !connection->failing &&
			 connection->node_id.len != 0 && now - connection->heard >= QUIET_MS)
			ping_quiet(node, connection, now);
	}
	node->links_due = links->len > 0 ? now + LOOK_MS : INT64_MAX;
	g_array_unref(links);
	return node->links_due;
}
