/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A node keeps its own certificate in the overlay (RFC 6940, 8): by its Node-ID and by its user
 * name. */
#ifndef RELOAD_USAGES_CERTSTORE_PUBLISH_H
#define RELOAD_USAGES_CERTSTORE_PUBLISH_H

#include "reload_core/peer/node.h"

/* How long the certificate is stored for, seconds; it is renewed after half of that. */
#define RELOAD_CERTSTORE_LIFETIME 86400

/* From now on node's certificate is stored soon after node has joined, and renewed while it stays.
 * It ends with the node. To be called once for a node. */
void reload_certstore_publish(ReloadNode *node);

#endif
