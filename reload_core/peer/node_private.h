/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of peer/ share; nobody else includes it. Each component below is one file's. */
#ifndef RELOAD_PEER_NODE_PRIVATE_H
#define RELOAD_PEER_NODE_PRIVATE_H

#include "reload_core/config/kind_update.h"
#include "reload_core/peer/connection_table.h"
#include "reload_core/peer/node.h"
#include "reload_core/security/quota.h"
#include "reload_core/routing/router.h"
#include "reload_core/storage/seen.h"

/* Links that we are opening, for others' Attaches and for bootstrapping. */
#define RELOAD_CONNECTING_MAX 64
/* How long we wait for a link after an Attach was answered, ms. */
#define RELOAD_LINK_WAIT_MS 10000
/* Candidates of one Attach that are tried. */
#define RELOAD_CANDIDATES_MAX 4

/* Values that are remembered, about 150 bytes each, for noticing older ones. */
#define RELOAD_SEEN_VALUES_MAX 4096

/* Connections that one node may have us open, by Attach and AppAttach: whoever names addresses that
 * do not answer, or are not its own, must not keep us busy with them. */
#define RELOAD_OPENING_BURST 16
#define RELOAD_OPENING_INTERVAL_MS 1000
#define RELOAD_OPENING_NODES_MAX 4096

typedef struct ReloadAttaches ReloadAttaches;
typedef struct ReloadApps ReloadApps;
typedef struct ReloadBootstrap ReloadBootstrap;
typedef struct ReloadReplication ReloadReplication;
typedef struct ReloadConfigPush ReloadConfigPush;
typedef struct ReloadKindPush ReloadKindPush;
typedef struct ReloadClient ReloadClient;

struct ReloadNode {
	ReloadIo io;
	ReloadNodeEvents events;
	ReloadDocument *document;
	ReloadTrust *trust;
	ReloadIdentity *identity;
	ReloadNodeId self;
	bool first_node;
	GArray *addresses;     /* ReloadAddress */
	GArray *app_addresses; /* ReloadAddress */

	ReloadNodeState state;
	int64_t started; /* ms, when reload_node_start was called */
	ReloadRouter *router;
	const ReloadTopologyPlugin *plugin;
	ReloadTopologyHost host;
	ReloadTopology *topology;
	ReloadStorage *storage;
	ReloadSeen *seen; /* values of others' stores */
	uint64_t rollbacks;
	ReloadConnectionTable *connections;
	ReloadAttaches *attaches;
	ReloadApps *apps;
	ReloadBootstrap *bootstrap;
	ReloadReplication *replication;
	ReloadConfigPush *config_push;
	ReloadKindPush *kind_push;
	ReloadClient *client; /* NULL: a peer */
	ReloadQuota *opening;
	GHashTable *logged; /* reason -> int64_t*, ms when it was last logged */

	bool join_open;	       /* plugin->join or start_overlay was called; joined has not come */
	int64_t join_deadline; /* ms */
	int64_t leave_half, leave_deadline; /* ms */
	bool leave_sent;
	unsigned leave_holds; /* usages that have to remove something first */
	int64_t links_due;	/* ms, when links are looked at next */
	int64_t refusal_logged; /* ms, when a refused link was last told of */
	int64_t storage_due;	/* ms, when something expires */
	GPtrArray *tasks;	/* of usages */
	GQueue *deferred;	/* ReloadDeferred: what must not be called back at once */
	int64_t wakeup;		/* ms, what was last asked of io.wakeup_at */
	int64_t now;		/* ms, of the event being handled */
	ReloadLinkId receiving; /* the link whose message is being received; 0: none */
	bool hang_up;		/* close it */
	unsigned entered;	/* depth of calls into the node; the outermost settles */
};

/* ---- node.c ---- */
typedef void (*ReloadDeferredFunc)(ReloadNode *node, gpointer data, int64_t now);
/* Calls func later in the same event, or soon. free_data (NULL allowed) is for what is never
 * called. */
void reload_node_defer(ReloadNode *node, ReloadDeferredFunc func, gpointer data,
		       GDestroyNotify free_data);
/* Every event and call from outside is between these two: the second does what has become due. */
void reload_node_enter(ReloadNode *node, int64_t now);
void reload_node_settle(ReloadNode *node, int64_t now);
/* In place of the second after an event that changed nothing here: what is due is due by time alone. */
void reload_node_settle_unchanged(ReloadNode *node, int64_t now);
/* In place of the second where nothing may be called back: asks for a tick. */
void reload_node_settle_later(ReloadNode *node, int64_t now);
/* May a line for that reason (anything that is the same pointer) be logged? Above debug once a second: what
 * a remote node can cause, it can cause often. */
bool reload_node_may_log(ReloadNode *node, ReloadLogLevel level, gconstpointer reason);
/* Logs a line; the reason is the format. */
void reload_node_log(ReloadNode *node, ReloadLogLevel level, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* The same as one of reload_node_request that is not bound to the state and may be link_only. */
ReloadStatus reload_node_originate(ReloadNode *node, const ReloadDestination *destinations,
				   unsigned count, uint16_t code, ReloadSpan body,
				   const GPtrArray *certificates, int64_t timeout,
				   ReloadReplyFunc reply, void *data, int64_t now, uint64_t *id);
/* The bytes of a message of ours, at most, besides its lists, its body and what signers of values add: header, contents
 * and our certificates and signature. */
size_t reload_node_overhead(const ReloadNode *node);
/* May its owner make requests: has it joined, or is it a client that is linked? */
bool reload_node_is_usable(const ReloadNode *node);
/* Has our certificate several Node-IDs? Then an Attach says to who is linked which one we are (6.1.2). */
bool reload_node_has_several_ids(const ReloadNode *node);
/* A random time from 0.5 to 1.5 times mean. */
int64_t reload_node_jitter(ReloadNode *node, int64_t mean);

/* ---- links.c: the Connection Table and what hangs on it ---- */
void reload_links_close(ReloadNode *node, ReloadConnection *connection, int64_t now);
void reload_links_close_all(ReloadNode *node, int64_t now);
/* Closes what leads to id, unless something under way needs it. */
void reload_links_release(ReloadNode *node, const ReloadNodeId *id, int64_t now);
/* An Attach counts on the link to id that there is: it is not closed for an earlier reload_links_release. */
void reload_links_keep(ReloadNode *node, const ReloadNodeId *id);
int64_t reload_links_tick(ReloadNode *node, int64_t now);
bool reload_links_linked(const ReloadNode *node, const ReloadNodeId *id);
/* id has attached to us over the link whose message is being received. */
void reload_links_attached(ReloadNode *node, const ReloadNodeId *id);
/* 4.2.1, 6.1.2, 11.1 (clients-permitted): may id send us a request of that code, over the link whose message is
 * being received? */
ReloadAdmission reload_links_admit(ReloadNode *node, const ReloadNodeId *id, uint16_t code,
				   int64_t now);

/* ---- candidates.c ---- */
/* Appends our addresses as candidates (6.5.1.11: No-ICE). */
void reload_candidates_write(const GArray *addresses, GByteArray *out);
/* Reads up to max addresses that we can connect to; returns how many. */
unsigned reload_candidates_read(ReloadSpan candidates, ReloadAddress *out, unsigned max);

/* ---- attach.c: 6.5.1 ---- */
ReloadAttaches *reload_attaches_new(void);
void reload_attaches_free(ReloadAttaches *attaches);
void reload_attach_start(ReloadNode *node, const ReloadDestination *destination,
			 const ReloadNodeId *via, bool send_update, uint64_t cookie, int64_t now);
void reload_attach_on_request(ReloadNode *node, const ReloadIncoming *request,
			      ReloadOutcome *outcome, int64_t now);
/* The Node-ID that we expect on a link we are opening, or NULL if it is not one of these. */
const ReloadNodeId *reload_attach_expected(const ReloadNode *node, ReloadLinkId link);
/* A link to id has come up, as the table says. */
void reload_attach_link_up(ReloadNode *node, ReloadLinkId link, const ReloadNodeId *id,
			   int64_t now);
/* True if it was a link we were opening for an Attach. */
bool reload_attach_link_failed(ReloadNode *node, ReloadLinkId link, int64_t now);
/* Is an Attach under way that will end in a link to id? */
bool reload_attach_needs(const ReloadNode *node, const ReloadNodeId *id);
int64_t reload_attach_tick(ReloadNode *node, int64_t now);

/* ---- app_attach.c: 6.5.2 ---- */
ReloadApps *reload_apps_new(void);
void reload_apps_free(ReloadApps *apps);
void reload_apps_on_request(ReloadNode *node, const ReloadIncoming *request, ReloadOutcome *outcome,
			    int64_t now);
void reload_apps_close_all(ReloadNode *node);
int64_t reload_apps_tick(ReloadNode *node, int64_t now);
unsigned reload_apps_count(const ReloadNode *node);

/* ---- bootstrap.c: 11.4 ---- */
ReloadBootstrap *reload_bootstrap_new(void);
void reload_bootstrap_free(ReloadBootstrap *bootstrap);
/* Looks for a bootstrap node until reload_bootstrap_stop; the first attempt after delay ms. */
void reload_bootstrap_start(ReloadNode *node, int64_t delay, int64_t now);
void reload_bootstrap_stop(ReloadNode *node);
/* The attempt that is under way has come to nothing: goes on with the next after a pause. */
void reload_bootstrap_next(ReloadNode *node, int64_t now);
/* True if link is the one being opened. */
bool reload_bootstrap_link_up(ReloadNode *node, ReloadLinkId link, const ReloadNodeId *id,
			      int64_t now);
bool reload_bootstrap_link_failed(ReloadNode *node, ReloadLinkId link, int64_t now);
bool reload_bootstrap_is_opening(const ReloadNode *node, ReloadLinkId link);
/* The link to id is gone: if it is a bootstrap node, look for it soon. It may come back as the
 * first node of an overlay of its own, knowing nobody else. */
void reload_bootstrap_lost(ReloadNode *node, const ReloadNodeId *id, int64_t now);
/* The node whose link the attempt has led to; false: none. */
bool reload_bootstrap_through(const ReloadNode *node, ReloadNodeId *out);
/* Do we join through id at the moment? */
bool reload_bootstrap_needs(const ReloadNode *node, const ReloadNodeId *id);
int64_t reload_bootstrap_tick(ReloadNode *node, int64_t now);

/* ---- life_cycle.c ---- */
void reload_life_set_state(ReloadNode *node, ReloadNodeState state, int64_t now);
/* A bootstrap node is linked. */
void reload_life_bootstrapped(ReloadNode *node, const ReloadNodeId *bootstrap, int64_t now);
/* Every bootstrap node was tried in vain. */
void reload_life_nobody(ReloadNode *node, int64_t now);
void reload_life_joined(ReloadNode *node, ReloadStatus status, int64_t now);
void reload_life_lost(ReloadNode *node, int64_t now);
int64_t reload_life_tick(ReloadNode *node, int64_t now);
/* Leaving, and a usage may still make requests? */
bool reload_life_is_held(const ReloadNode *node);

/* ---- topology_host.c ---- */
void reload_topology_host_init(ReloadNode *node);

/* ---- dispatch.c: one handler for each request code ---- */
void reload_node_handle(void *user, const ReloadIncoming *request, ReloadOutcome *outcome,
			int64_t now);

/* ---- data.c: 7.4 ---- */
void reload_data_on_request(ReloadNode *node, const ReloadIncoming *request, ReloadOutcome *outcome,
			    int64_t now);

/* ---- replication.c: 10.4, 10.5 step 6, 10.7.3 ---- */
ReloadReplication *reload_replication_new(void);
void reload_replication_free(ReloadReplication *replication);
/* Something new was stored under id, for which we are responsible. */
void reload_replication_stored(ReloadNode *node, const ReloadResourceId *id);
void reload_replication_changed(ReloadNode *node, bool range_changed, bool replicas_changed,
				int64_t now);
void reload_replication_lost(ReloadNode *node, const ReloadNodeId *id, int64_t now);
void reload_replication_hand_over(ReloadNode *node, const ReloadNodeId *next,
				  void (*done)(void *data, ReloadStatus status, int64_t now),
				  void *data, int64_t now);
bool reload_replication_idle(const ReloadNode *node);
int64_t reload_replication_tick(ReloadNode *node, int64_t now);
/* How many resources it remembers as ours: a bound to be tested. */
unsigned reload_replication_remembered(const ReloadNode *node);
/* Copies under way or to be sent, again perhaps: to be tested, too. */
unsigned reload_replication_jobs(const ReloadNode *node);

/* ---- ping.c, probe.c ---- */
void reload_ping_on_request(ReloadNode *node, const ReloadIncoming *request, ReloadOutcome *outcome,
			    int64_t now);
void reload_probe_on_request(ReloadNode *node, const ReloadIncoming *request,
			     ReloadOutcome *outcome, int64_t now);

/* ---- client.c: 4.2; node->client is not NULL ---- */
/* The cookie of a client's Attach. */
#define RELOAD_CLIENT_COOKIE UINT64_MAX
ReloadClient *reload_client_new(void);
void reload_client_free(ReloadClient *client);
void reload_client_bootstrapped(ReloadNode *node, const ReloadNodeId *bootstrap, int64_t now);
ReloadRoute reload_client_next_hop(const ReloadNode *node, const ReloadNodeId *previous_hop,
				   ReloadNodeId *hop);
/* Requests that only peers perform. */
void reload_client_on_request(ReloadNode *node, const ReloadIncoming *request,
			      ReloadOutcome *outcome, int64_t now);
void reload_client_link_down(ReloadNode *node, const ReloadNodeId *id, int64_t now);
void reload_client_attach_done(ReloadNode *node, ReloadStatus status, const ReloadNodeId *id,
			       int64_t now);
/* Also for a peer: does nothing. */
int64_t reload_client_tick(ReloadNode *node, int64_t now);

/* ---- config_update.c: 6.5.4 ---- */
ReloadConfigPush *reload_config_push_new(void);
void reload_config_push_free(ReloadConfigPush *push);
void reload_config_update_on_request(ReloadNode *node, const ReloadIncoming *request,
				     ReloadOutcome *outcome, int64_t now);
/* Sends our document to a node that has an older one, not too often. */
void reload_config_push_to(ReloadNode *node, const ReloadNodeId *id, ReloadSpan destination_list,
			   int64_t now);

/* Everybody goes on with document and trust; references are taken. */
void reload_config_use(ReloadNode *node, ReloadDocument *document, ReloadTrust *trust, int64_t now);

/* ---- kind_update.c: Kinds beside the document, 6.5.4.2 and 7.4.1.2 ---- */
ReloadKindPush *reload_kind_push_new(void);
void reload_kind_push_free(ReloadKindPush *push);
/* A ConfigUpdate of type kind: descriptions as of reload_kind_description_next. */
void reload_kind_update_on_request(ReloadNode *node, const ReloadNodeId *sender,
				   ReloadSpan descriptions, ReloadOutcome *outcome, int64_t now);
/* The node at the end of destination_list does not know these Kinds, which a request of ours has
 * used: sends it their kind-blocks and then repeats the request. False: nothing is sent. */
bool reload_kind_push_to(ReloadNode *node, uint64_t request, const ReloadNodeId *id,
			 ReloadSpan destination_list, ReloadSpan kinds, int64_t now);

#endif
