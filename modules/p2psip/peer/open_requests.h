/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests that went over a flow and have no final reply yet. When the flow dies, its owner answers
 * for those that we sent, and cancels those that ring here. */
#ifndef P2PSIP_PEER_OPEN_REQUESTS_H
#define P2PSIP_PEER_OPEN_REQUESTS_H

#include "modules/p2psip/peer/journal.h"
#include "modules/p2psip/peer/sip_view.h"

typedef struct OpenRequests OpenRequests;

/* max: how many requests at once, of 4 kB each on average, and a quarter more inside dialogs. Up to 512 that were
 * sent to node, and up to 128 that came from it, are noted in journal (which may be NULL). journal and node are not
 * owned and must outlive it. */
OpenRequests *open_requests_new(unsigned max, Journal *journal, const ReloadNodeId *node, bool sent);
void open_requests_free(OpenRequests *self);

/* Notes a request (ACK is none that gets a reply, and is passed over). False: the table is full. A
 * retransmission changes nothing. */
bool open_requests_add(OpenRequests *self, const SipView *request, int64_t now);

bool open_requests_has(const OpenRequests *self, const SipView *request);

/* Notes a reply: a final one ends its request, a provisional one keeps it alive. False: no request is open that it
 * answers, or it is one more than the 64 provisional ones that a request may get. */
bool open_requests_reply(OpenRequests *self, const SipView *reply, int64_t now);

/* Ends the request in view; true if it was open. */
bool open_requests_end(OpenRequests *self, const SipView *view);

/* Takes out every request and calls each with it. */
void open_requests_drain(OpenRequests *self, void (*each)(void *data, const SipView *request),
			 void *data);

/* Forgets requests that nobody will answer any more. */
void open_requests_expire(OpenRequests *self, int64_t now);
unsigned open_requests_count(const OpenRequests *self);

#endif
