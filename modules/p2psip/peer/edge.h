/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The RELOAD peer of a Kamailio server: one node, the flows of its calls and the registrations of its
 * phones, tied to the broker in Kamailio. Inside this folder only. */
#ifndef P2PSIP_PEER_EDGE_H
#define P2PSIP_PEER_EDGE_H

#include "modules/p2psip/peer/broker.h"
#include "modules/p2psip/peer/flows.h"
#include "modules/p2psip/peer/lookups.h"
#include "modules/p2psip/peer/loopback_socket.h"
#include "modules/p2psip/peer/options.h"
#include "modules/p2psip/peer/registrations.h"
#include "reload_core/link/control.h"
#include "reload_core/link/driver.h"
#include "reload_core/security/user_identities.h"

/* RFC 7904, 5: the application is SIP. Its connections are TLS in any case. */
#define EDGE_APPLICATION_SIP 5060
#define EDGE_APPLICATION_SIPS 5061

typedef struct {
	const EdgeOptions *options;
	ReloadDriver *driver;
	ReloadUserIdentities *users; /* user certificates of this edge */
	Broker *broker;
	LoopbackSocket *loopback;
	Journal *journal; /* NULL: none */
	FlowAddresses *addresses;
	Flows *flows;
	GHashTable *streams; /* &ReloadLinkId (owned) -> ReloadSipStream (owned) */
	Registrations *registrations;
	Lookups *lookups;
	GHashTable *tasks; /* EdgeTask: Stores and lookups under way (edge_overlay.c) */
	guint timer;
	int64_t registrations_due, statistics_due; /* when the timer tends to them next */
	struct p2psip_statistics told; /* what the broker knows */
} Edge;

/* Builds everything around options (which must outlive it); does not join yet. NULL with error set to one line. */
Edge *edge_new(const EdgeOptions *options, GError **error);
void edge_free(Edge *edge);

/* Reads and checks all that options name and prints "NODE-ID OVERLAY" on standard output; warnings of
 * certificates that end soon go to standard error. False with error set to one line. */
bool edge_check(const EdgeOptions *options, GError **error);

/* ---- edge_flows.c: between flows and connections ---- */
void edge_flows_new(Edge *edge);
void edge_flows_free(Edge *edge);
bool edge_app_request(void *user, uint16_t application, const ReloadNodeId *remote, int64_t now);
void edge_app_up(void *user, uint16_t application, const ReloadNodeId *remote, ReloadLinkId link,
		 bool requested_by_us, int64_t now);
void edge_app_down(void *user, uint16_t application, const ReloadNodeId *remote, ReloadLinkId link,
		   ReloadStatus why, int64_t now);

/* ---- edge_overlay.c: registrations and lookups through usages/sip ---- */
void edge_overlay_new(Edge *edge);
void edge_overlay_free(Edge *edge);

/* ---- edge_broker.c: what the broker asks and is told ---- */
void edge_broker_new(Edge *edge);
void edge_tell_state(Edge *edge, ReloadNodeState state);
void edge_tell_statistics(Edge *edge);

/* ---- edge_commands.c: commands of operators beyond the driver's own ---- */
void edge_commands_add(Edge *edge, ReloadControl *control);

#endif
