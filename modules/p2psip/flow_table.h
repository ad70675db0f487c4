/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which loopback address stands for which remote node, and whether its flow is up: written by the
 * broker, read by every worker. A node keeps its address, whatever happens to its flow, until the peer
 * forgets it: it does so after a day without a flow, or after 15 minutes if there never was one. */
#ifndef P2PSIP_FLOW_TABLE_H
#define P2PSIP_FLOW_TABLE_H

#include <stdint.h>

#include "modules/p2psip/proto/protocol.h"

struct p2psip_flow_entry {
	uint8_t node[P2PSIP_NODE_ID_LEN];
	uint32_t address; /* network byte order */
	uint16_t port;
	uint16_t state; /* enum p2psip_flow_state */
	int64_t failed; /* when an attempt to open it last failed, 0: never */
};

/* Allocates the table. 0 or -1. */
int p2psip_flows_init(void);
void p2psip_flows_destroy(void);

/* Enters or changes an entry. 0, or -1 without memory or when the table is full. */
int p2psip_flows_set(const struct p2psip_flow *flow);

/* Notes where a node is, without a change of its state if it is known. 0 or -1. */
int p2psip_flows_note(const uint8_t *node, uint32_t address, uint16_t port, uint16_t state);

/* Takes the entry of a node out, if there is one. */
void p2psip_flows_forget(const uint8_t *node);

/* Copies the entry of a node, or of an address (network byte order). 1 found, 0 not. */
int p2psip_flows_by_node(const uint8_t *node, struct p2psip_flow_entry *found);
int p2psip_flows_by_address(uint32_t address, struct p2psip_flow_entry *found);

/* Forgets everything: the addresses of a peer that has gone mean nothing to the next. */
void p2psip_flows_clear(void);

/* Number of entries. */
unsigned p2psip_flows_count(void);

#endif
