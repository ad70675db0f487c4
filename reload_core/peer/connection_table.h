/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Connection Table (RFC 6940, 3.3): the overlay links there are, by link and by Node-ID. Where
 * two links lead to one node, both are read and one of them is written. */
#ifndef RELOAD_PEER_CONNECTION_TABLE_H
#define RELOAD_PEER_CONNECTION_TABLE_H

#include "reload_core/peer/io.h"
#include "reload_core/security/certificate.h"

/* Links to other nodes, and links whose Node-ID is not known yet (certificates with several). */
#define RELOAD_CONNECTIONS_MAX 512
#define RELOAD_CONNECTIONS_UNNAMED_MAX 32

typedef struct {
	ReloadLinkId link;
	ReloadNodeId node_id; /* len 0: not known yet */
	ReloadCertificate *certificate;
	bool outgoing;	/* we connected, as TLS client */
	bool attached;	/* the Node-ID is beyond doubt: the only one of the certificate, or named in
			   an Attach */
	unsigned unidentified; /* messages that did not say who it is, its Node-ID not being known */
	bool failing;	/* the link layer waits for an ACK for too long (6.6.5) */
	uint64_t ping;	/* the Ping over it that is not answered yet; 0: none */
	int64_t pinged; /* ms, when it was sent */
	struct ReloadNode *node; /* of its owner, for the Ping's answer */
	int64_t since;		 /* ms, when it came up */
	int64_t heard;		 /* ms, when something last came over it */
	int64_t failing_since;
	int64_t close_at; /* ms, when it is closed as superfluous; INT64_MAX: not */
} ReloadConnection;

typedef struct ReloadConnectionTable ReloadConnectionTable;

/* What a change did to the reachability of one Node-ID. */
typedef enum {
	RELOAD_CONNECTION_SAME,
	RELOAD_CONNECTION_UP,
	RELOAD_CONNECTION_DOWN,
} ReloadConnectionChange;

/* self is copied. Free with reload_connection_table_free; links are not closed by that. */
ReloadConnectionTable *reload_connection_table_new(const ReloadNodeId *self);
void reload_connection_table_free(ReloadConnectionTable *table);

/* Is there no place for one more link, whose Node-ID is known or not? */
bool reload_connection_table_is_full(const ReloadConnectionTable *table, bool named);
/* Adds a link that has come up. node_id NULL: not known yet. certificate: a reference is taken.
 * Returns the new entry, owned by the table, or NULL where a limit forbids it. */
ReloadConnection *reload_connection_table_add(ReloadConnectionTable *table, ReloadLinkId link,
					      const ReloadNodeId *node_id,
					      ReloadCertificate *certificate, bool outgoing,
					      int64_t now, ReloadConnectionChange *change);
/* Gives a link its Node-ID. */
ReloadConnectionChange reload_connection_table_name(ReloadConnectionTable *table,
						    ReloadConnection *connection,
						    const ReloadNodeId *node_id, int64_t now);
/* Forgets a link; the entry is freed. */
ReloadConnectionChange reload_connection_table_remove(ReloadConnectionTable *table,
						      ReloadConnection *connection, int64_t now);
/* Marks a link as failing or working again. */
ReloadConnectionChange reload_connection_table_failing(ReloadConnectionTable *table,
						       ReloadConnection *connection, bool failing,
						       int64_t now);

/* NULL if there is none. The second gives the link to write to, never a failing one. */
ReloadConnection *reload_connection_table_by_link(const ReloadConnectionTable *table,
						  ReloadLinkId link);
ReloadConnection *reload_connection_table_by_node(const ReloadConnectionTable *table,
						  const ReloadNodeId *node_id);

/* Every link as an array of link numbers, for loops that change the table; free with g_array_unref.
 */
GArray *reload_connection_table_links(const ReloadConnectionTable *table);
unsigned reload_connection_table_size(const ReloadConnectionTable *table);

#endif
