/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A node that has a TURN server tells the overlay of it (RFC 6940, 9). */
#ifndef RELOAD_USAGES_TURN_SERVER_H
#define RELOAD_USAGES_TURN_SERVER_H

#include "reload_core/peer/node.h"

/* How long a record is stored for, seconds; it is stored again after half of that. */
#define RELOAD_TURN_LIFETIME 3600

/* From now on node's TURN server at address (it has to fit: record.h) is recorded as often as the
 * document's turn-density says, soon after node has joined, and for as long as it stays; when it
 * leaves gracefully, the records are removed first. It ends with the node. To be called once for a
 * node. */
void reload_turn_publish(ReloadNode *node, const ReloadAddress *address);

#endif
