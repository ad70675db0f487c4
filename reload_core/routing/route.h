/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What routing shares with the rooms above it: the verdict of a topology plug-in on where a message
 * goes, and the callback that ends a request. */
#ifndef RELOAD_ROUTING_ROUTE_H
#define RELOAD_ROUTING_ROUTE_H

#include "reload_core/wire/message.h"
#include "reload_core/wire/status.h"
#include "reload_core/wire/types.h"

/* Called exactly once: with RELOAD_OK and the answer; with RELOAD_E_REMOTE and the Error message;
 * or with another error (timeout, cancelled ...) and NULL for both. from: the Node-ID that signed
 * the answer. answer's bytes are valid during the call only. */
typedef void (*ReloadReplyFunc)(void *data, ReloadStatus status, const ReloadMessage *answer,
				const ReloadNodeId *from, int64_t now);

typedef enum {
	RELOAD_ROUTE_SELF, /* we are responsible for it, or it is our Node-ID */
	RELOAD_ROUTE_HOP,  /* send to *hop */
	RELOAD_ROUTE_NONE, /* nobody to send it to */
} ReloadRoute;

#endif
