/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a node asks of the world: links, application connections, a timer, randomness, a log.
 * The node calls these; a driver (link/ with real sockets, tests/sim in virtual time) implements
 * them. None of them may call back into the node before returning: results come as reload_node_*
 * events (node.h). */
#ifndef RELOAD_PEER_IO_H
#define RELOAD_PEER_IO_H

#include "reload_core/wire/attach.h"
#include "reload_core/wire/status.h"
#include "reload_core/wire/types.h"

/* Names one link or one application connection; chosen by the driver, never 0, never used twice. */
typedef uint64_t ReloadLinkId;

typedef enum {
	RELOAD_LOG_ERROR,
	RELOAD_LOG_WARNING,
	RELOAD_LOG_NOTICE,
	RELOAD_LOG_INFO,
	RELOAD_LOG_DEBUG,
} ReloadLogLevel;

typedef struct {
	void *user; /* first argument of every function */

	/* Opens an overlay link to address, as TLS client. expect: the Node-ID that the certificate
	 * must hold, or NULL for a bootstrap node. Ends in reload_node_link_up or
	 * reload_node_link_down. Returns 0 where a limit forbids it. */
	ReloadLinkId (*link_connect)(void *user, const ReloadAddress *address,
				     const ReloadNodeId *expect);

	/* Queues one whole RELOAD message on a link. RELOAD_E_LIMIT: its queue is full, the message
	 * is dropped; RELOAD_E_UNREACHABLE: no such link. The bytes are copied. */
	ReloadStatus (*link_send)(void *user, ReloadLinkId link, ReloadSpan message);

	/* The largest message that the link takes, bytes: larger ones are sent as fragments (6.7); 0: no limit but
	 * the overlay's max-message-size. NULL: no link has one. */
	size_t (*link_mtu)(void *user, ReloadLinkId link);

	/* Closes a link after what is queued was sent (bounded in time). No link_down follows. */
	void (*link_close)(void *user, ReloadLinkId link);

	/* AppAttach (6.5.2) that we sent: the driver accepts one connection for application from
	 * remote until the time `until` and reports reload_node_app_up, else reload_node_app_down.
	 */
	ReloadLinkId (*app_expect)(void *user, uint16_t application, const ReloadNodeId *remote,
				   int64_t until);

	/* AppAttach that we received and answered: connects to address as TLS client; the
	 * certificate must hold remote. Ends in reload_node_app_up or reload_node_app_down. */
	ReloadLinkId (*app_connect)(void *user, uint16_t application, const ReloadAddress *address,
				    const ReloadNodeId *remote);

	/* Closes an application connection or stops expecting it. No app_down follows. */
	void (*app_close)(void *user, ReloadLinkId link);

	/* Asks for reload_node_tick at (or soon after) the time at, in ms; replaces the earlier
	 * request. */
	void (*wakeup_at)(void *user, int64_t at);

	/* Fills out with unpredictable bytes (in the simulation: seeded). */
	void (*random)(void *user, uint8_t *out, size_t len);

	/* One line for the log; not called above the driver's level more than once a second a
	 * reason. */
	void (*log)(void *user, ReloadLogLevel level, const char *text);
} ReloadIo;

#endif
