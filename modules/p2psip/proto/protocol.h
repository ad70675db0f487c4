/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the broker (in p2psip.so) and its p2psip-peer say to each other over a SOCK_SEQPACKET socketpair.
 * One datagram is one struct p2psip_frame, cut to the length of its type. Both ends are of one build on
 * one host, so structs travel as they are; the receiver checks every one with p2psip_frame_check all the
 * same. Plain C without GLib: both halves compile it.
 *
 * Before it forks, p2psip.so runs `p2psip-peer --check` with the same options. It exits 0 after one line on
 * stdout, "NODE-ID-IN-HEX OVERLAY-NAME", from which Kamailio's Via and Record-Route names are made; or
 * it exits 1 after one line on stderr that says what is wrong. */
#ifndef P2PSIP_PROTOCOL_H
#define P2PSIP_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define P2PSIP_PROTOCOL_VERSION 2
#define P2PSIP_NODE_ID_LEN 16    /* CHORD-RELOAD: 128 bits */
#define P2PSIP_AOR_MAX 256       /* canonical AOR without scheme, with its NUL */
#define P2PSIP_EDGES_MAX 16      /* edges that one AOR may be at: the fan-out of a call */
#define P2PSIP_PREFS_MAX 256     /* contact preferences (RFC 7904, 3.2), with the NUL */
#define P2PSIP_LOOKUPS_MAX 1024  /* AORs that the peer looks up at a time */
#define P2PSIP_TEXT_MAX 4096     /* one piece of the answer to a command, with the NUL */
#define P2PSIP_NAME_MAX 256      /* overlay name, with its NUL */
#define P2PSIP_KEPT_MAX 600      /* s, how long EDGES may be kept: their addresses stand for longer */

enum p2psip_type {
	/* from the broker; those with an id are answered with the same id */
	P2PSIP_STORE = 1,  /* aor: registered here from now on -> DONE when stored. The peer keeps it stored
			    * by its own timer, over losses of the overlay, until WITHDRAW */
	P2PSIP_WITHDRAW,   /* aor: not registered here any more -> DONE */
	P2PSIP_LOOKUP,     /* aor: at which edges? -> EDGES */
	P2PSIP_RESOLVE,    /* node: which loopback address stands for it? -> EDGES with one edge */
	P2PSIP_FLOW_KNOWN, /* node: the broker has taken note of FLOW, whose state is the status */
	P2PSIP_COMMAND,    /* text: one line of an operator -> one or more TEXT, the last without MORE */
	P2PSIP_LEAVE,      /* leave the overlay gracefully and exit */
	/* from the peer */
	P2PSIP_STATE,      /* state: on every change, and first of all */
	P2PSIP_FLOW,       /* flow: a flow's state has changed; UP and DOWN await FLOW_KNOWN. After
			    * FORGOTTEN the address stands for nobody, or soon for another node */
	P2PSIP_DONE,       /* status of a STORE or WITHDRAW */
	P2PSIP_EDGES,      /* edges: answer to LOOKUP and RESOLVE */
	P2PSIP_TEXT,       /* text: answer to COMMAND */
	P2PSIP_STATISTICS, /* statistics: once a second when something changed */
};

enum p2psip_status {
	P2PSIP_OK,
	P2PSIP_NOT_FOUND,      /* nobody registered that AOR */
	P2PSIP_NO_CERTIFICATE, /* this edge holds no user certificate for that AOR */
	P2PSIP_NOT_JOINED,     /* cut off from the overlay; a STORE is remembered and made on joining */
	P2PSIP_TIMED_OUT,
	P2PSIP_REFUSED,        /* the storing peer answered with an error; text says which */
	P2PSIP_BUSY,           /* a bound was reached */
	P2PSIP_BAD_AOR,        /* no AOR of this overlay */
	P2PSIP_FAILED,         /* anything else; text says what */
};

enum p2psip_flow_state { P2PSIP_FLOW_DOWN, P2PSIP_FLOW_OPENING, P2PSIP_FLOW_UP, P2PSIP_FLOW_FORGOTTEN };

#define P2PSIP_FLAG_MORE 0x1   /* TEXT: another one with this id follows */
#define P2PSIP_FLAG_ASYNC 0x2  /* STORE: no DONE is awaited (id 0): contacts kept over a restart */

struct p2psip_header {
	uint16_t version;
	uint16_t type;   /* enum p2psip_type */
	uint16_t status; /* enum p2psip_status, in answers */
	uint16_t flags;
	uint32_t id;     /* of the request; 0: none */
	uint32_t length; /* of the whole datagram, this header included */
};

struct p2psip_edge {
	uint8_t node[P2PSIP_NODE_ID_LEN];   /* where the route ends */
	uint8_t signer[P2PSIP_NODE_ID_LEN]; /* Node-ID in the user certificate: the dictionary key */
	uint32_t address;                   /* of its flow: IPv4 loopback, network byte order; 0: self */
	uint16_t port;                      /* of its flow, host byte order */
	uint8_t self;                       /* 1: this very edge */
	uint8_t flow;                       /* enum p2psip_flow_state */
	uint8_t own;                        /* 1: the AOR's own record names it; 0: that of an AOR that
					     * this one is forwarded to */
	uint32_t lifetime;                  /* seconds that the record lives on */
	char preferences[P2PSIP_PREFS_MAX]; /* contact preferences, "" if none */
};

struct p2psip_edges {
	uint32_t valid_ms;      /* how long the answer may be kept in a cache (also NOT_FOUND) */
	uint32_t count;
	char aor[P2PSIP_AOR_MAX];
	struct p2psip_edge edge[P2PSIP_EDGES_MAX];
};

struct p2psip_flow {
	uint8_t node[P2PSIP_NODE_ID_LEN];
	uint32_t address; /* network byte order */
	uint16_t port;    /* host byte order */
	uint16_t state;   /* enum p2psip_flow_state */
};

struct p2psip_state {
	uint8_t node[P2PSIP_NODE_ID_LEN]; /* own Node-ID */
	uint32_t joined;                  /* 1: a peer of the overlay */
	char overlay[P2PSIP_NAME_MAX];    /* overlay name */
	char text[64];                    /* state in words: "connecting", "joined" ... */
};

struct p2psip_statistics {
	uint64_t stores, store_failures, lookups, lookup_failures, withdrawals;
	uint64_t flows_opened, flow_failures, messages_in, messages_out, messages_refused;
	uint64_t forwarded, dropped;
	uint32_t flows, links, registrations, stored_values;
};

struct p2psip_frame {
	struct p2psip_header header;
	union {
		char aor[P2PSIP_AOR_MAX];              /* STORE, WITHDRAW, LOOKUP */
		uint8_t node[P2PSIP_NODE_ID_LEN];      /* RESOLVE, FLOW_KNOWN */
		char text[P2PSIP_TEXT_MAX];            /* COMMAND, TEXT, DONE */
		struct p2psip_edges edges;             /* EDGES: cut behind the last edge */
		struct p2psip_flow flow;               /* FLOW */
		struct p2psip_state state;             /* STATE */
		struct p2psip_statistics statistics;   /* STATISTICS */
	} u;
};

/* Fills in version, type, id and length of frame, from what its union holds (texts up to their NUL,
 * edges up to their count), and returns the length in bytes to send. */
size_t p2psip_frame_seal(struct p2psip_frame *frame, enum p2psip_type type, uint32_t id);

/* Checks a received datagram of received bytes: 0 if it is a whole, well-formed frame (texts end in
 * NUL, counts within bounds), else -1. */
int p2psip_frame_check(const struct p2psip_frame *frame, size_t received);

/* Sends a sealed frame without blocking: 0, or -1 with errno (EAGAIN: the other side is slow). */
int p2psip_frame_send(int fd, const struct p2psip_frame *frame);

/* Receives one frame without blocking: 1 a frame, 0 nothing there, -1 with errno (EPROTO: malformed;
 * ECONNRESET: closed by the other side). */
int p2psip_frame_receive(int fd, struct p2psip_frame *frame);

#endif
