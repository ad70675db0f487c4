/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the simulation share. */
#ifndef TESTS_SIM_SIM_PRIVATE_H
#define TESTS_SIM_SIM_PRIVATE_H

#include "tests/sim/sim.h"
#include "tests/unit/pki.h"

typedef struct SimLinkEnd SimLinkEnd;

/* One end of a link or an application connection. */
struct SimLinkEnd {
	ReloadLinkId id;
	SimNode *owner;
	uint64_t run; /* of the owner, when it was made */
	bool app, up, outgoing, failing;
	uint16_t application;
	ReloadNodeId remote;  /* app: whom it is for */
	ReloadLinkId peer;    /* the other end; 0: none yet */
	int64_t last_arrival; /* of what was sent from here: order is kept */
	int64_t stuck_since;  /* sent into nothing; 0: not */
	int64_t until;	      /* an expectation ends */
};

typedef enum {
	SIM_WAKEUP,
	SIM_MESSAGE,
	SIM_CONNECTED, /* the handshake ends */
	SIM_DOWN,
	SIM_FAILING,
	SIM_APP_CONNECTED,
} SimEventKind;

typedef struct {
	int64_t at;
	uint64_t serial;
	SimEventKind kind;
	SimNode *node;
	uint64_t run; /* of node */
	ReloadLinkId link;
	ReloadAddress address;
	ReloadNodeId expect;
	GBytes *bytes;
	ReloadStatus status;
} SimEvent;

struct Sim {
	char *name;
	uint32_t seed;
	GRand *random;
	Pki pki;
	ReloadDocument *document;
	SimNetwork network;
	SimNode *nodes;
	unsigned count;
	int64_t now;
	GSequence *events; /* SimEvent by time */
	uint64_t serial;
	GHashTable *ends; /* &SimLinkEnd.id -> SimLinkEnd */
	ReloadLinkId next_link;
	void (*watch)(void *data, SimNode *from, SimNode *to, ReloadSpan message);
	void *watch_data;
	bool (*drop)(void *data, SimNode *from, SimNode *to, ReloadSpan message);
	void *drop_data;
	bool verbose;
};

void sim_schedule(Sim *sim, SimEvent event);
int64_t sim_latency(Sim *sim);
void sim_io(SimNode *node, ReloadIo *io);
void sim_network_event(Sim *sim, const SimEvent *event);
/* The process of node is gone: its ends too. */
void sim_network_forget(Sim *sim, SimNode *node, bool silent);
SimLinkEnd *sim_end(Sim *sim, ReloadLinkId id);
ReloadIdentity *sim_issue(Sim *sim, EVP_PKEY *key, const ReloadNodeId *id, const char *user);

#endif
