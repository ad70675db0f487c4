/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of CHORD-RELOAD share: the state of one plug-in instance, and what each file does
 * with it. Private to topology/chord. */
#ifndef RELOAD_TOPOLOGY_CHORD_CHORD_H
#define RELOAD_TOPOLOGY_CHORD_CHORD_H

#include "reload_core/security/quota.h"
#include "reload_core/topology/chord/fingers.h"
#include "reload_core/topology/chord/neighbors.h"
#include "reload_core/topology/chord/ring.h"
#include "reload_core/topology/topology.h"
#include "reload_core/wire/chord.h"

/* ---- limits on what others can make us keep or do ---- */
#define CHORD_LISTED_MAX 48	/* Node-IDs taken from one Update */
#define CHORD_PEERS_MAX 4096	/* linked nodes kept */
#define CHORD_CONTACTS_MAX 16	/* Attaches under way, and of those that were given up as many again */
#define CHORD_CONTACTS_VIA_MAX 8 /* of them through one peer */
#define CHORD_GHOSTS_MAX 256	/* nodes that are left alone for a while */
#define CHORD_ADMISSIONS_MAX 64 /* joins under way at us */
#define CHORD_FULL_MAX 16	/* Updates of type full that are owed */
#define CHORD_JOINS_BURST 8	/* Joins of one node that hand data over to it: at once, */
#define CHORD_JOINS_INTERVAL 15000 /* and then one each so many ms */

/* ---- times in ms ---- */
#define CHORD_ASK_FIRST 300	   /* until an Update is asked for that should come by itself */
#define CHORD_ASK_AGAIN 3000	   /* between two requests for an Update to one node */
#define CHORD_LEARN_TIME 2000	   /* for the Update that an Attach asked for */
#define CHORD_CONNECT_TIME 4000	   /* for links to all neighbors before the Join; */
#define CHORD_ATTACH_TIME 16000	   /* as long as Attaches to some are under way */
#define CHORD_LABEL_TIME 30000	   /* from Join to the Update that names us */
#define CHORD_JOIN_TIME 50000	   /* for all of it */
#define CHORD_HAND_OVER_TIME 20000 /* for the data of a joining node */
#define CHORD_GHOST_RETRY 1500	   /* after a lost link */
#define CHORD_GHOST_FAILED 20000   /* after an Attach without an answer */
#define CHORD_RETURN_TIME 1000	   /* after a Leave, before an Update means that it is back */
#define CHORD_GHOST_LEFT 60000	   /* after a Leave */
#define CHORD_REPLICA_HOLD 30000   /* RFC 6940, 10.7.1: successor replacement hold-down time */
#define CHORD_HOLD_MIN 40	   /* between two rounds of reactive Updates: at first, and of urgent ones, */
#define CHORD_HOLD_MAX 2000	   /* and in lasting churn */
#define CHORD_REFUSED_AGAIN 5000   /* after an Update was refused; twice that after the next, and so on, */
#define CHORD_REFUSED_DOUBLINGS 6  /* so often */
#define CHORD_ATTACHING_MAX 500	   /* that Updates wait for Attaches to end */
#define CHORD_STRAY_TIME 30000	   /* until a link of ours that nothing needs is given back */
#define CHORD_SWEEP_INTERVAL 5000

enum { CHORD_LOG_WARNING = 1, CHORD_LOG_NOTICE, CHORD_LOG_INFO, CHORD_LOG_DEBUG };

/* A linked node. */
typedef struct {
	ReloadNodeId id;
	ReloadRingPoint distance; /* clockwise from us */
	bool ready;		  /* an Update came over its link: it is routed through (6.1.2) */
	bool left;		  /* it sent a Leave */
	bool ours;		  /* we made the link */
	bool fresh;		  /* the link is newer than its last Update */
	bool update_open;	  /* an Update of ours is under way to it: */
	uint64_t update_serial;	  /* this call; */
	ReloadChordUpdateType update_owed; /* of this type is the one that follows when it is answered; 0: none */
	unsigned refused;	  /* Updates that it answered with an Error, one after the other */
	uint64_t sent_version;	  /* of the Neighbor Table that it was sent last; 0: none */
	int64_t since;		  /* its link came up, or it left */
	int64_t started;	  /* ms, as its Updates' uptime has it; 0: not known */
	int64_t sent_at, asked_at;
	int64_t update_at;	/* periodic Update (10.7.4.1) */
	int64_t unneeded_since; /* 0: needed */
	ReloadNodeId *listed;	/* the neighbors that its last Update named */
	unsigned listed_count;
} ChordPeer;

typedef enum {
	CHORD_CONTACT_NEIGHBOR,
	CHORD_CONTACT_FINGER,
	CHORD_CONTACT_ADMITTING,
} ChordPurpose;

/* An Attach under way. */
typedef struct {
	uint64_t cookie;
	ChordPurpose purpose;
	ReloadNodeId target; /* len 0: a Resource-ID */
	ReloadNodeId via;    /* len 0: routed as any message */
	int64_t since;
	bool abandoned; /* another may take its place; should a link come of it, it is ours all the same */
} ChordContact;

typedef struct {
	ReloadNodeId id;
	int64_t until;
} ChordGhost;

/* A request under way, so that its reply finds out what it was. */
typedef enum {
	CHORD_CALL_UPDATE,
	CHORD_CALL_ASK, /* RouteQuery for the sake of the Update */
	CHORD_CALL_JOIN,
	CHORD_CALL_LEAVE,
	CHORD_CALL_FINGER,    /* Ping into the range of finger i */
	CHORD_CALL_PARTITION, /* Ping for n+1 through a bootstrap node */
	CHORD_CALL_SUCCESSOR, /* Ping behind ourselves or behind a successor found (10.5) */
	CHORD_CALL_HAND_OVER,
} ChordCallKind;

typedef struct {
	ReloadTopology *chord;
	ChordCallKind kind;
	ReloadNodeId to;
	unsigned finger;
	uint64_t serial;
} ChordCall;

typedef struct {
	ReloadNodeId id;
	uint64_t serial;
	int64_t deadline;
} ChordAdmission;

typedef enum {
	CHORD_JOIN_IDLE,
	CHORD_JOIN_ATTACHING,  /* to the admitting peer, by Resource-ID n+1 */
	CHORD_JOIN_LEARNING,   /* waiting for its Update */
	CHORD_JOIN_DISCOVERING, /* which does not come: successor by successor, with Pings */
	CHORD_JOIN_CONNECTING, /* to the neighbors */
	CHORD_JOIN_REQUESTED,  /* Join sent */
	CHORD_JOIN_ADMITTED,   /* answered; waiting for the Update that names us */
} ChordJoinPhase;

typedef struct {
	ChordJoinPhase phase;
	ReloadNodeId bootstrap, admitting;
	unsigned attempts;
	uint64_t serial;  /* of the Join under way */
	int64_t deadline; /* of all of it */
	int64_t phase_deadline;
	int64_t not_before; /* of the next Join after a refusal */
	ReloadNodeId found[RELOAD_NEIGHBORS_MIN]; /* successors found by Pings */
	unsigned found_count;
} ChordJoin;

struct ReloadTopology {
	const ReloadDocument *document;
	ReloadTopologyHost host;
	ReloadNodeId self;
	ReloadRingPoint point;
	int64_t created;
	bool serving; /* a part of the ring, perhaps alone in it: responsible for a range */
	bool leaving;
	bool in_settle;

	GHashTable *peers; /* ReloadNodeId * -> ChordPeer * */
	GPtrArray *ring;   /* the ready ones (borrowed), sorted by distance */
	ReloadNeighbors neighbors;
	ReloadFingers fingers;
	uint64_t version; /* of the Neighbor Table */

	GArray *contacts;   /* ChordContact */
	GArray *ghosts;	    /* ChordGhost */
	GArray *admissions; /* ChordAdmission */
	ReloadQuota *joins; /* of each joining peer */
	GArray *full_owed;  /* ReloadNodeId */
	GHashTable *calls;  /* ChordCall *, a set */
	uint64_t next_serial;
	unsigned missing; /* nodes that should be neighbors and are not ready yet */
	bool seek;	  /* look for better neighbors */
	int64_t seek_at;  /* to do so again, while some are missing */
	ChordJoin join;

	int64_t broadcast_at; /* reactive Updates; INT64_MAX: none due */
	int64_t broadcast_since, broadcast_last, hold;
	bool broadcast_urgent; /* the range has changed, or a neighbor failed: not to wait for Attaches */
	bool range_changed, replicas_changed, lost;
	int64_t replicas_hold_until;
	ReloadNodeId held_set[RELOAD_REPLICAS]; /* the replica set before the failure that it is held for */

	int64_t fill_at, ping_at, sweep_at, search_at;
	unsigned fill_round;

	void (*leave_done)(void *data, int64_t now);
	void *leave_data;
	unsigned leave_open;
	int64_t leave_deadline;
};

/* ---- plugin.c ---- */
/* Ends every event: tables, contacts, join, and what the host is told. */
void chord_settle(ReloadTopology *t, int64_t now);
uint64_t chord_random(ReloadTopology *t);
/* A random time in ms in [from, to]. */
int64_t chord_random_time(ReloadTopology *t, int64_t from, int64_t to);
void chord_log(ReloadTopology *t, int level, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* ---- peers.c ---- */
ChordPeer *chord_peer(ReloadTopology *t, const ReloadNodeId *id);
/* The peer of id, made if need be; NULL: there are too many. */
ChordPeer *chord_peer_add(ReloadTopology *t, const ReloadNodeId *id);
void chord_peer_remove(ReloadTopology *t, ChordPeer *peer);
void chord_peer_free(gpointer peer);
void chord_peer_set_ready(ReloadTopology *t, ChordPeer *peer, bool ready);
/* Makes the tables anew after the set of ready peers changed; failure: since a peer was lost. */
void chord_rebuild(ReloadTopology *t, bool failure, int64_t now);

/* ---- contact.c ---- */
/* Attaches to the Node-ID id, through via if not NULL (10.6), or, where a link is there, asks for
 * an Update. */
void chord_contact(ReloadTopology *t, const ReloadNodeId *id, const ReloadNodeId *via,
		   ChordPurpose purpose, int64_t now);
/* Attaches to whoever is responsible for point. False: too many under way. */
bool chord_contact_point(ReloadTopology *t, ReloadRingPoint point, const ReloadNodeId *via,
			 ChordPurpose purpose, int64_t now);
void chord_contact_done(ReloadTopology *t, uint64_t cookie, ReloadStatus status,
			const ReloadNodeId *id, int64_t now);
/* A peer has failed: Attaches through it are given up, so that they are made through another. A link that one of
 * them makes after all is still ours to give back. */
void chord_contacts_lost_via(ReloadTopology *t, const ReloadNodeId *via);
/* The number of Attaches under way for purpose. */
unsigned chord_contacts_open(ReloadTopology *t, ChordPurpose purpose);
/* Leaves id alone until then; 0: no longer. */
void chord_ghost_set(ReloadTopology *t, const ReloadNodeId *id, int64_t until);
bool chord_ghost(ReloadTopology *t, const ReloadNodeId *id, int64_t now);
/* Drops ghosts whose time is over; returns when the next one's is. */
int64_t chord_ghosts_tick(ReloadTopology *t, int64_t now);
/* Contacts whoever should be a neighbor by all that the ready peers told us (10.7.3). */
void chord_seek_neighbors(ReloadTopology *t, int64_t now);
/* Sends a request; its reply goes to chord_reply with a call of that kind. Returns the call's
 * serial. */
uint64_t chord_request(ReloadTopology *t, const ReloadDestination *dest, const ReloadNodeId *via,
		       uint16_t code, const GByteArray *body, ReloadRequestMode mode, ChordCallKind kind,
		       unsigned finger);
/* How many of that kind wait for their replies. */
unsigned chord_calls_open(ReloadTopology *t, ChordCallKind kind);
ChordCall *chord_call_new(ReloadTopology *t, ChordCallKind kind, const ReloadNodeId *to);
void chord_call_free(ChordCall *call);
/* Asks a linked node for an Update by a RouteQuery. */
void chord_ask_update(ReloadTopology *t, ChordPeer *peer, int64_t now);

/* ---- routing.c ---- */
ReloadRoute chord_next_hop(ReloadTopology *t, ReloadSpan id, bool is_resource,
			   const ReloadNodeId *except, ReloadNodeId *hop);
bool chord_responsible(ReloadTopology *t, ReloadSpan resource_id);
bool chord_plausible_responsible(ReloadTopology *t, ReloadSpan resource_id,
				 const ReloadNodeId *node);
bool chord_plausible_replica_source(ReloadTopology *t, ReloadSpan resource_id,
				    const ReloadNodeId *node);
unsigned chord_replica_set(ReloadTopology *t, ReloadNodeId *out, unsigned max);
bool chord_keeps(ReloadTopology *t, ReloadSpan resource_id);
bool chord_routes_through(ReloadTopology *t, const ReloadNodeId *id);
uint32_t chord_responsible_ppb(ReloadTopology *t);
void chord_on_route_query(ReloadTopology *t, const ReloadMessage *message,
			  const ReloadNodeId *signer, ReloadTopologyAnswer *answer);

/* ---- join.c: our own joining ---- */
void chord_start_overlay(ReloadTopology *t, int64_t now);
void chord_join(ReloadTopology *t, const ReloadNodeId *bootstrap, int64_t now);
void chord_join_advance(ReloadTopology *t, int64_t now);
void chord_join_attached(ReloadTopology *t, ReloadStatus status, const ReloadNodeId *id,
			 int64_t now);
void chord_join_answered(ReloadTopology *t, const ChordCall *call, ReloadStatus status,
			 const ReloadNodeId *from, int64_t now);
/* Somebody has answered the Ping for what is behind us, or behind the successor found last. */
void chord_join_found(ReloadTopology *t, const ReloadNodeId *id, int64_t now);
/* An Update of sender listed us among its predecessors. */
void chord_join_labeled(ReloadTopology *t, const ReloadNodeId *sender, int64_t now);
int64_t chord_join_due(ReloadTopology *t);

/* ---- admit.c: others join at us ---- */
void chord_on_join(ReloadTopology *t, const ReloadMessage *message, const ReloadNodeId *signer,
		   const ReloadNodeId *previous_hop, ReloadTopologyAnswer *answer, int64_t now);
void chord_handed_over(ReloadTopology *t, const ReloadNodeId *id, uint64_t serial,
		       ReloadStatus status, int64_t now);
/* Admits who has waited too long; returns when the next one will have. */
int64_t chord_admissions_tick(ReloadTopology *t, int64_t now);

/* ---- update.c ---- */
void chord_on_update(ReloadTopology *t, const ReloadMessage *message, const ReloadNodeId *signer,
		     const ReloadNodeId *previous_hop, ReloadTopologyAnswer *answer, int64_t now);
/* Sends an Update, if we are a part of the ring: now, or when the one under way to peer is answered, so that
 * nobody makes us have more than one open. */
void chord_send_update(ReloadTopology *t, ChordPeer *peer, ReloadChordUpdateType type, int64_t now);
/* Makes reactive Updates due, soon. */
void chord_schedule_updates(ReloadTopology *t, bool urgent, int64_t now);
void chord_update_answered(ReloadTopology *t, const ChordCall *call, ReloadStatus status, int64_t now);
/* Sends what is due; returns when more will be. */
int64_t chord_updates_tick(ReloadTopology *t, int64_t now);
/* Remembers to send an Update of type full to id (10.8). */
void chord_owe_full(ReloadTopology *t, const ReloadNodeId *id);

/* ---- failure.c ---- */
void chord_link_up(ReloadTopology *t, const ReloadNodeId *id, int64_t now);
void chord_link_down(ReloadTopology *t, const ReloadNodeId *id, int64_t now);
/* id has failed or left: out of all tables, and left alone for a while. */
void chord_peer_failed(ReloadTopology *t, const ReloadNodeId *id, int64_t leave_alone, int64_t now);

/* ---- stabilize.c ---- */
/* RFC 6940, 10.7.4.1: about so many seconds, in ms, with a random offset so that not all do it at
 * once. */
int64_t chord_around(ReloadTopology *t, uint32_t seconds);
/* Starts the periodic work, when we have become a part of the ring. */
void chord_stabilize_start(ReloadTopology *t, int64_t now);
int64_t chord_stabilize_tick(ReloadTopology *t, int64_t now);
/* A node answered the Ping into the range of finger i. */
void chord_finger_found(ReloadTopology *t, unsigned i, const ReloadNodeId *id, int64_t now);
/* Pings whoever is responsible for point, through via if not NULL; a call of that kind. */
void chord_ping_point(ReloadTopology *t, ReloadRingPoint point, const ReloadNodeId *via,
		      ChordCallKind kind, unsigned finger);
/* Pings n+1 through a bootstrap node (10.7.4.4). */
void chord_check_partition(ReloadTopology *t, const ReloadNodeId *bootstrap);
void chord_partition_answered(ReloadTopology *t, const ReloadNodeId *via, const ReloadNodeId *from,
			      int64_t now);

/* ---- leave.c ---- */
void chord_leave(ReloadTopology *t, int64_t deadline, void (*done)(void *data, int64_t now),
		 void *data, int64_t now);
void chord_leave_answered(ReloadTopology *t, int64_t now);
int64_t chord_leave_tick(ReloadTopology *t, int64_t now);
void chord_on_leave(ReloadTopology *t, const ReloadMessage *message, const ReloadNodeId *signer,
		    const ReloadNodeId *previous_hop, ReloadTopologyAnswer *answer, int64_t now);

#endif
