/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A node keeps its own certificate in the overlay (RFC 6940, 8): by its Node-ID and by its user
 * name. */
#ifndef RELOAD_USAGES_CERTSTORE_PUBLISH_H
#define RELOAD_USAGES_CERTSTORE_PUBLISH_H

#include "reload_core/peer/node.h"

/* How long the certificate is stored for, seconds; it is renewed after half of that. */
#define RELOAD_CERTSTORE_LIFETIME 86400

/* In an overlay of self-signed certificates the user name is another node's (11.3.1); it is neither
 * stored nor asked for any more until the node joins again or has another certificate. */
typedef void (*ReloadCertstoreTakenFunc)(void *data, const char *user_name, int64_t now);

/* From now on node's certificate is stored soon after node has joined, and renewed while it stays.
 * taken may be NULL. It ends with the node. To be called once for a node. */
void reload_certstore_publish(ReloadNode *node, ReloadCertstoreTakenFunc taken, void *data);

#endif
