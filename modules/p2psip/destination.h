/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a request leaves for: the loopback address that stands for a node, through the overlay
 * socket. */
#ifndef P2PSIP_DESTINATION_H
#define P2PSIP_DESTINATION_H

#include "modules/p2psip/compat.h"
#include "modules/p2psip/lookup_cache.h"

/* Makes msg leave for the first other edge of targets, with a branch more for each further one.
 * Returns P2PSIP_OK, P2PSIP_ONLY_HERE (no other edge), P2PSIP_NOT_FOUND (no edge) or P2PSIP_FAILED.
 */
int p2psip_destination_edges(struct sip_msg *msg, const struct p2psip_targets *targets);

/* Takes out of targets the edges that the transaction of msg has a branch to already. */
void p2psip_destination_untried(struct sip_msg *msg, struct p2psip_targets *targets);

/* Adds a branch for every other edge of targets, with the Request-URI uri (NULL: the one that msg
 * came with). Returns how many, or -1. */
int p2psip_destination_append(struct sip_msg *msg, const struct p2psip_targets *targets,
			      const str *uri);

/* Makes msg leave for node: P2PSIP_OK, P2PSIP_NOT_FOUND if no address stands for it yet, or
 * P2PSIP_FAILED. */
int p2psip_destination_node(struct sip_msg *msg, const uint8_t *node);

/* Whether targets name node as an edge of the AOR itself: 1 or 0. An edge of another AOR that it
 * forwards to takes calls, but does not speak for it. */
int p2psip_targets_name(const struct p2psip_targets *targets, const uint8_t *node);

/* Whether an attempt to reach one of targets has failed since they were fetched: then they may be
 * out of date. */
int p2psip_targets_doubtful(const struct p2psip_targets *targets);

#endif
