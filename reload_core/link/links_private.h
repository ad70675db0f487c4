/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files behind links.h and app_connection.h share; nobody else's business. */
#ifndef RELOAD_LINK_LINKS_PRIVATE_H
#define RELOAD_LINK_LINKS_PRIVATE_H

#include "reload_core/link/app_connection.h"
#include "reload_core/link/clock.h"
#include "reload_core/link/listener.h"
#include "reload_core/link/rtt.h"
#include "reload_core/link/stream.h"
#include "reload_core/wire/framing.h"

/* The kernel's signs of life on an overlay link (then the silence_timeout tells of a dead host),
 * and on an application connection, which it ends by itself. ms. */
#define LINK_IDLE 1000
#define APP_IDLE 4000
#define APP_GIVE_UP 10000

/* An overlay link, an application connection, or one that is expected. */
typedef struct {
	ReloadLinks *links;
	ReloadLinkId id;
	bool application, outgoing, established, failing;
	bool busy, gone; /* gone: out of the table; the memory goes when it is no longer busy */
	uint16_t app;
	ReloadNodeId remote;
	ReloadAddress address;
	ReloadStream *stream; /* NULL: an application connection that is expected */
	int64_t since, last_activity;
	uint64_t messages_in, messages_out;

	/* overlay links */
	ReloadFrameParser *parser;
	ReloadAckWindow received;
	ReloadRtt rtt;
	uint32_t next_sequence;
	GArray *ends;	  /* uint64_t: where the queued messages end, bytes since the beginning */
	guint ends_first; /* those before this one have been written */
	int64_t failing_since;
	int64_t too_large_since; /* a message that is larger than max-message-size comes in; 0: none */

	/* application connections */
	int64_t until; /* expected until then */
	ReloadAppHandler handler;
	bool send_refused, idle_told;
} Link;

struct ReloadLinks {
	GMainContext *context;
	ReloadLog *log;
	ReloadClock clock;
	ReloadFlusher *flusher;
	ReloadTls *tls;
	ReloadTrust *trust;
	ReloadIdentity *identity;
	uint32_t max_message_size;
	char *shared_secret;
	int keylog;
	ReloadLinkLimits limits;
	ReloadLinkEvents events;
	ReloadLinkId last_id;
	GHashTable *table; /* uint64_t* (in the Link) -> Link* */
	unsigned connecting;
	GPtrArray *listeners; /* ReloadListener* */
	GQueue handshakes;    /* incoming connections whose handshake is under way, oldest first */
	GHashTable *closing;  /* the set of connections that send what is queued and then end */
	GSource *ticker;      /* the node's timer */
	GSource *keeper;      /* looks at all links from time to time */
	int64_t kept;	      /* when it last did */
	int64_t rechecked;    /* when certificates were last looked at again */
	bool recheck_chains;  /* the trust was replaced since */
	ReloadLinksStatistics statistics;
	ReloadLogLimit log_handshake, log_frame, log_refused;
};

/* ---- links.c ---- */
Link *reload_links_find(ReloadLinks *links, ReloadLinkId id);
/* A new Link in the table. */
Link *reload_links_add(ReloadLinks *links, bool application, bool outgoing);
/* Takes it out of the table and frees it; what is queued is still sent within linger ms. */
void reload_links_remove(Link *link, int64_t linger);
/* Removes it and tells. What is queued is sent only where a message was too large: that is what says so. */
void reload_links_down(Link *link, ReloadStatus why, const char *text);
/* The end of using link in a callback: frees it if it was removed meanwhile. */
void reload_links_let_go(Link *link);
/* Ends a stream that is no Link's (any more) after sending what is queued. */
void reload_links_close_stream(ReloadLinks *links, ReloadStream *stream, int64_t linger);
void reload_links_stream_options(ReloadLinks *links, bool application, ReloadStreamOptions *out);

/* ---- links_view.c ---- */
void reload_links_random(void *user, uint8_t *out, size_t len);

/* ---- incoming.c ---- */
/* A connection was accepted. */
void reload_links_incoming(ReloadLinks *links, ReloadListenFor what, int fd,
			   const ReloadAddress *from);
/* Drops all whose handshake is under way. */
void reload_links_drop_incoming(ReloadLinks *links);
void reload_links_log_refusal(ReloadLinks *links, const ReloadAddress *address, bool outgoing,
			      ReloadStatus why, const char *text);

/* ---- overlay_link.c ---- */
ReloadLinkId reload_overlay_connect(void *user, const ReloadAddress *address,
				    const ReloadNodeId *expect);
/* An incoming stream has proven to be that node's. */
void reload_overlay_adopt(ReloadLinks *links, ReloadStream *stream, const ReloadAddress *from);
ReloadStatus reload_overlay_send(void *user, ReloadLinkId id, ReloadSpan message);
void reload_overlay_close(void *user, ReloadLinkId id);
/* Looks whether it is failing; may take it down. */
void reload_overlay_keep(Link *link, int64_t now);
/* Forgets the ends of messages that were written; returns how many are left. */
unsigned reload_overlay_waiting(Link *link);

/* ---- app_connection.c ---- */
ReloadLinkId reload_app_expect(void *user, uint16_t application, const ReloadNodeId *remote,
			       int64_t until);
ReloadLinkId reload_app_connect(void *user, uint16_t application, const ReloadAddress *address,
				const ReloadNodeId *remote);
/* Finds who expects that stream; false: nobody. */
bool reload_app_adopt(ReloadLinks *links, ReloadStream *stream, const ReloadAddress *from);
void reload_app_close(void *user, ReloadLinkId id);
void reload_app_keep(Link *link, int64_t now);

/* ---- keeper.c ---- */
/* Looks after links from now on, while there are any. */
void reload_links_start_keeper(ReloadLinks *links);

#endif
