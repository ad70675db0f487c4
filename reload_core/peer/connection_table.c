/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the links by number and by Node-ID, and chooses the one that is written to. */
#include "reload_core/peer/connection_table.h"

/* Two links made within this time of each other are taken for a collision (both sides connected),
 * and both ends have to choose the same one. Otherwise the newer wins: the older is a leftover of a
 * node that was restarted. */
#define COLLISION_MS 10000
/* How long the loser stays open. Only the end with the larger Node-ID closes it early: if both
 * did, each at its own time, the two could close different links. */
#define LOSER_LINGER_MS 5000
#define LOSER_LINGER_OTHER_MS 30000

struct ReloadConnectionTable {
	ReloadNodeId self;
	GHashTable *by_link; /* &ReloadConnection.link -> ReloadConnection, owned */
	GHashTable *by_node; /* ReloadNodeId*, owned -> ReloadConnection that is written to */
	unsigned unnamed;
};

static void connection_free(gpointer data)
{
	ReloadConnection *connection = data;

	reload_certificate_unref(connection->certificate);
	g_free(connection);
}

ReloadConnectionTable *reload_connection_table_new(const ReloadNodeId *self)
{
	ReloadConnectionTable *table = g_new0(ReloadConnectionTable, 1);

	table->self = *self;
	table->by_link = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, connection_free);
	table->by_node =
	    g_hash_table_new_full(reload_node_id_hash, reload_node_id_equal_keys, g_free, NULL);
	return table;
}

void reload_connection_table_free(ReloadConnectionTable *table)
{
	if (table == NULL)
		return;
	g_hash_table_unref(table->by_node);
	g_hash_table_unref(table->by_link);
	g_free(table);
}

/* Is a the better of two links to one node? */
static bool better(const ReloadConnectionTable *table, const ReloadConnection *a,
		   const ReloadConnection *b)
{
	int64_t apart = a->since > b->since ? a->since - b->since : b->since - a->since;
	bool we_are_larger;

	if (a->failing != b->failing)
		return !a->failing;
	if (a->outgoing == b->outgoing || apart > COLLISION_MS)
		return a->since > b->since || (a->since == b->since && a->link > b->link);
	/* Of a collision the link stays that the node with the larger Node-ID opened. */
	we_are_larger = memcmp(table->self.id, a->node_id.id, table->self.len) > 0;
	return a->outgoing == we_are_larger;
}

static void linger(const ReloadConnectionTable *table, ReloadConnection *loser, int64_t now)
{
	bool we_are_larger = memcmp(table->self.id, loser->node_id.id, table->self.len) > 0;

	if (loser->close_at == INT64_MAX)
		loser->close_at = now + (we_are_larger ? LOSER_LINGER_MS : LOSER_LINGER_OTHER_MS);
}

/* Chooses anew which link to node_id is written to. added: the link that has just got its name, or NULL. If it is
 * chosen that is RELOAD_CONNECTION_UP, in the place of an older one too: the node may have been restarted. */
static ReloadConnectionChange choose(ReloadConnectionTable *table, const ReloadNodeId *id,
				     const ReloadConnection *added, int64_t now)
{
	ReloadNodeId node_id = *id; /* id may be a part of an entry that goes */
	ReloadConnection *before = g_hash_table_lookup(table->by_node, &node_id);
	ReloadConnection *best = NULL, *connection;
	GHashTableIter iter;

	g_hash_table_iter_init(&iter, table->by_link);
	while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&connection)) {
		if (!reload_node_id_equal(&connection->node_id, &node_id))
			continue;
		if (best == NULL || better(table, connection, best))
			best = connection;
	}
	if (best != NULL && best->failing)
		best = NULL;
	if (best == NULL) {
		g_hash_table_remove(table->by_node, &node_id);
		return before != NULL ? RELOAD_CONNECTION_DOWN : RELOAD_CONNECTION_SAME;
	}
	g_hash_table_iter_init(&iter, table->by_link);
	while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&connection)) {
		if (connection != best && reload_node_id_equal(&connection->node_id, &node_id))
			linger(table, connection, now);
	}
	best->close_at = INT64_MAX;
	g_hash_table_replace(table->by_node, g_memdup2(&node_id, sizeof(node_id)), best);
	return before == NULL || best == added ? RELOAD_CONNECTION_UP : RELOAD_CONNECTION_SAME;
}

bool reload_connection_table_is_full(const ReloadConnectionTable *table, bool named)
{
	return g_hash_table_size(table->by_link) >= RELOAD_CONNECTIONS_MAX ||
	       (!named && table->unnamed >= RELOAD_CONNECTIONS_UNNAMED_MAX);
}

ReloadConnection *reload_connection_table_add(ReloadConnectionTable *table, ReloadLinkId link,
					      const ReloadNodeId *node_id,
					      ReloadCertificate *certificate, bool outgoing,
					      int64_t now, ReloadConnectionChange *change)
{
	ReloadConnection *connection;

	*change = RELOAD_CONNECTION_SAME;
	if (reload_connection_table_is_full(table, node_id != NULL) ||
	    g_hash_table_contains(table->by_link, &link))
		return NULL;
	connection = g_new0(ReloadConnection, 1);
	connection->link = link;
	connection->certificate = reload_certificate_ref(certificate);
	connection->outgoing = outgoing;
	connection->since = now;
	connection->heard = now;
	connection->close_at = INT64_MAX;
	g_hash_table_insert(table->by_link, &connection->link, connection);
	table->unnamed++;
	if (node_id != NULL)
		*change = reload_connection_table_name(table, connection, node_id, now);
	return connection;
}

ReloadConnectionChange reload_connection_table_name(ReloadConnectionTable *table,
						    ReloadConnection *connection,
						    const ReloadNodeId *node_id, int64_t now)
{
	if (connection->node_id.len != 0)
		return RELOAD_CONNECTION_SAME;
	connection->node_id = *node_id;
	table->unnamed--;
	return choose(table, node_id, connection, now);
}

ReloadConnectionChange reload_connection_table_remove(ReloadConnectionTable *table,
						      ReloadConnection *connection, int64_t now)
{
	ReloadNodeId node_id = connection->node_id;
	bool written_to;

	if (node_id.len == 0) {
		table->unnamed--;
		g_hash_table_remove(table->by_link, &connection->link);
		return RELOAD_CONNECTION_SAME;
	}
	written_to = g_hash_table_lookup(table->by_node, &node_id) == connection;
	g_hash_table_remove(table->by_link, &connection->link);
	if (!written_to)
		return RELOAD_CONNECTION_SAME;
	return choose(table, &node_id, NULL, now);
}

ReloadConnectionChange reload_connection_table_failing(ReloadConnectionTable *table,
						       ReloadConnection *connection, bool failing,
						       int64_t now)
{
	if (connection->failing == failing)
		return RELOAD_CONNECTION_SAME;
	connection->failing = failing;
	connection->failing_since = now;
	if (connection->node_id.len == 0)
		return RELOAD_CONNECTION_SAME;
	return choose(table, &connection->node_id, NULL, now);
}

ReloadConnection *reload_connection_table_by_link(const ReloadConnectionTable *table,
						  ReloadLinkId link)
{
	return g_hash_table_lookup(table->by_link, &link);
}

ReloadConnection *reload_connection_table_by_node(const ReloadConnectionTable *table,
						  const ReloadNodeId *node_id)
{
	return g_hash_table_lookup(table->by_node, node_id);
}

GArray *reload_connection_table_links(const ReloadConnectionTable *table)
{
	GArray *links = g_array_new(FALSE, FALSE, sizeof(ReloadLinkId));
	ReloadConnection *connection;
	GHashTableIter iter;

	g_hash_table_iter_init(&iter, table->by_link);
	while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&connection))
		g_array_append_val(links, connection->link);
	return links;
}

unsigned reload_connection_table_size(const ReloadConnectionTable *table)
{
	return g_hash_table_size(table->by_link);
}
