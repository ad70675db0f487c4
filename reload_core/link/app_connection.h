/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Application connections (RFC 6940, 6.5.2): once one is up (the node's events.app_up gives its
 * ReloadLinkId), its bytes belong to the application. It goes down through events.app_down, and is
 * closed with reload_node_app_close. */
#ifndef RELOAD_LINK_APP_CONNECTION_H
#define RELOAD_LINK_APP_CONNECTION_H

#include "reload_core/link/links.h"

/* All are called from the main loop; they may send on and close any connection. */
typedef struct {
	void *user;
	/* Bytes of the stream, in order; a view for the time of the call. */
	void (*received)(void *user, ReloadLinkId link, ReloadSpan bytes, int64_t now);
	/* May be NULL. After a send was refused with RELOAD_E_LIMIT: the queue is empty again. */
	void (*writable)(void *user, ReloadLinkId link, int64_t now);
	/* May be NULL. No bytes came or went for idle_timeout ms; called once for each such time.
	 */
	void (*idle)(void *user, ReloadLinkId link, int64_t now);
	int64_t idle_timeout; /* ms; 0: never */
} ReloadAppHandler;

/* Starts reading. Until this is called nothing is read from an established connection. The handler
 * is copied. RELOAD_E_NOT_FOUND: no such established application connection. */
ReloadStatus reload_app_set_handler(ReloadLinks *links, ReloadLinkId link,
				    const ReloadAppHandler *handler);

/* Queues bytes (copied), all of them or none. RELOAD_E_LIMIT: the queue would grow beyond its bound
 * (max_queue_bytes); RELOAD_E_NOT_FOUND: no such established application connection. */
ReloadStatus reload_app_send(ReloadLinks *links, ReloadLinkId link, ReloadSpan bytes);

/* The other side's verified certificate; a view that lives as long as the connection. NULL: none
 * such. */
ReloadCertificate *reload_app_certificate(ReloadLinks *links, ReloadLinkId link);

#endif
