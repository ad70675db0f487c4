/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a lookup in the overlay has found, in the broker's terms: edges behind loopback addresses. */
#ifndef P2PSIP_PEER_FOUND_EDGES_H
#define P2PSIP_PEER_FOUND_EDGES_H

#include "modules/p2psip/peer/flows.h"
#include "modules/p2psip/proto/protocol.h"
#include "reload_core/usages/sip/lookup.h"

/* Fills edges, which is all zero, from what was found for the AOR asked (found: NULL if the lookup failed):
 * each node once, at most P2PSIP_EDGES_MAX, and how long the answer may be kept, also where nobody was found.
 * self: this node; port: of the addresses of flows. Returns RELOAD_OK, RELOAD_E_NOT_FOUND (there is no edge),
 * or RELOAD_E_LIMIT (there are, but flows has no address left for any). */
ReloadStatus found_edges(struct p2psip_edges *edges, const ReloadAor *asked, const ReloadSipFound *found,
			 const ReloadNodeId *self, Flows *flows, uint16_t port, int64_t now);

#endif
