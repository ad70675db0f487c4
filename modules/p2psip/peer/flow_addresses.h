/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which loopback address stands for which remote node. The address follows from the Node-ID, so that it
 * is the same again after a restart: Kamailio fixes the address of a reply when the request arrives. */
#ifndef P2PSIP_PEER_FLOW_ADDRESSES_H
#define P2PSIP_PEER_FLOW_ADDRESSES_H

#include "reload_core/wire/types.h"

typedef struct FlowAddresses FlowAddresses;

/* network: IPv4 in network byte order, prefix 9..24, in 127.0.0.0/8. max: how many nodes at once. */
FlowAddresses *flow_addresses_new(uint32_t network, unsigned prefix, unsigned max);
void flow_addresses_free(FlowAddresses *self);

/* Returns the address of node in network byte order, given out now if it has none; 0: all are taken. */
uint32_t flow_addresses_get(FlowAddresses *self, const ReloadNodeId *node);

/* Finds the node of an address; false: it stands for nobody. */
bool flow_addresses_find(const FlowAddresses *self, uint32_t address, ReloadNodeId *node);

/* Gives the address of node back. */
void flow_addresses_drop(FlowAddresses *self, const ReloadNodeId *node);

/* Reads "127.64.0.0/10"; false if it is no part of 127.0.0.0/8 with a prefix of 9 to 24 bits, or if it
 * holds 127.0.0.1. */
bool flow_network_parse(const char *text, uint32_t *network, unsigned *prefix);

#endif
