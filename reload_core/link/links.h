/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All links and application connections of one node: the real-world side of ReloadIo (peer/io.h),
 * on the GLib main loop. Overlay links are TLS-TCP-FH-NO-ICE (RFC 6940, 6.6.2 and 6.6.5): TLS 1.2
 * or 1.3 with both sides authenticated against the overlay's trust, framed, acknowledged and
 * measured. One thread: the one that runs the main context. */
#ifndef RELOAD_LINK_LINKS_H
#define RELOAD_LINK_LINKS_H

#include "reload_core/link/log.h"
#include "reload_core/peer/io.h"
#include "reload_core/security/identity.h"
#include "reload_core/security/trust.h"

typedef struct ReloadLinks ReloadLinks;

/* Who hears of it: the node (driver.c fits reload_node_* in here), or a test. None is called from
 * within a function of ReloadIo. */
typedef struct {
	void *user;
	void (*link_up)(void *user, ReloadLinkId link, ReloadCertificate *certificate,
			bool outgoing, int64_t now);
	void (*link_down)(void *user, ReloadLinkId link, ReloadStatus why, int64_t now);
	/* Would the owner miss it? What it would not may be closed in favour of a newer one from the same address.
	 * NULL: it would miss each. */
	bool (*link_of_use)(void *user, ReloadLinkId link);
	void (*link_failing)(void *user, ReloadLinkId link, bool failing, int64_t now);
	void (*receive)(void *user, ReloadLinkId link, ReloadSpan message, int64_t now);
	/* start: the first bytes of a message that is larger than max-message-size. RELOAD_E_NOT_FOUND: more of
	 * them are wanted; else the link is closed, without link_down before this has returned. */
	ReloadStatus (*too_large)(void *user, ReloadLinkId link, ReloadSpan start, int64_t now);
	void (*app_up)(void *user, ReloadLinkId link, int64_t now);
	void (*app_down)(void *user, ReloadLinkId link, ReloadStatus why, int64_t now);
	void (*tick)(void *user, int64_t now);
} ReloadLinkEvents;

/* Bounds; a member that is 0 takes its default. Times in ms. */
typedef struct {
	unsigned max_links;		/* established overlay links; 1024 */
	unsigned max_links_per_node;	/* of one Node-ID, both directions; 8 */
	unsigned max_links_source;	/* with one address (IPv6: one /64), before one more comes from there; 128 */
	int64_t settled_time;		/* up for so long, such a link may have to make room; 60000 */
	unsigned max_app_connections;	/* established or expected; 4096 */
	unsigned max_handshakes;	/* incoming, under way; the oldest gives way; 128 */
	unsigned max_handshakes_source; /* the same from one address (IPv6: one /64); 48 */
	unsigned max_connecting;	/* outgoing, under way; 256 */
	unsigned max_closing;		/* still sending what is queued; others end at once; 512 */
	size_t max_queue_bytes;		/* waiting to be written, of one link; 1 MiB */
	unsigned max_queue_messages;	/* likewise; 1024 */
	int64_t handshake_timeout;	/* TCP and TLS together; 5000 */
	int64_t close_timeout;		/* to send what is queued when a link is closed; 2000 */
	int64_t failed_timeout;		/* failing for so long: down (6.6.5); 30000 */
	int64_t silence_timeout;	/* nothing heard from the other host's TCP: failing; 3000 */
} ReloadLinkLimits;

typedef struct {
	GMainContext *context; /* NULL: the default one */
	ReloadTrust *trust;
	ReloadIdentity *identity;
	uint32_t max_message_size; /* of the document, bytes */
	const char *shared_secret; /* of the document, copied; NULL: none. It stays for good */
	const char *keylog_path;   /* NSS key log, made with mode 0600; NULL: none */
	ReloadLinkLimits limits;
	ReloadLinkEvents events;
	ReloadLog *log; /* must outlive the links */
} ReloadLinksOptions;

/* Returns new links, listening nowhere yet, or NULL with error set to one line. */
ReloadLinks *reload_links_new(const ReloadLinksOptions *options, GError **error);
/* Closes everything at once, without events. */
void reload_links_free(ReloadLinks *links);

/* Fills io with functions that act on links. */
void reload_links_get_io(ReloadLinks *links, ReloadIo *io);

typedef enum {
	RELOAD_LISTEN_LINKS, /* overlay links */
	RELOAD_LISTEN_APP,   /* application connections (AppAttach, 6.5.2) */
} ReloadListenFor;

/* Listens on a numeric address; port 0 lets the system choose, and *bound (may be NULL) tells
 * which. RELOAD_E_CONFIG with error set to one line. */
ReloadStatus reload_links_listen(ReloadLinks *links, ReloadListenFor what,
				 const ReloadAddress *address, ReloadAddress *bound,
				 GError **error);

/* Uses another trust and identity from here on (NULL: the old one). Links whose certificate the new
 * trust refuses go down with RELOAD_E_CERTIFICATE, from the main loop. */
ReloadStatus reload_links_set_security(ReloadLinks *links, ReloadTrust *trust,
				       ReloadIdentity *identity, uint32_t max_message_size,
				       GError **error);

/* The driver's time: ms since the Unix epoch, never going backwards. */
int64_t reload_links_now(ReloadLinks *links);

/* Are all closed links gone (what was queued sent, or given up)? For an orderly end. */
bool reload_links_drained(const ReloadLinks *links);

/* One link or application connection, for operators and for who uses it. */
typedef struct {
	ReloadLinkId id;
	bool application; /* an application connection */
	uint16_t app;	  /* its application port, as in AppAttach */
	bool outgoing, established, failing;
	ReloadNodeId remote;   /* len 0: not known yet */
	ReloadAddress address; /* the other side's */
	ReloadAddress local;   /* ours; type 0 until connected */
	int64_t since;	       /* when it was made */
	int64_t last_activity; /* when bytes last came or went */
	double rtt;	       /* smoothed, ms; 0: not measured yet */
	double rto;	       /* ms */
	size_t queued_bytes;
	uint64_t messages_in, messages_out, bytes_in, bytes_out;
	uint64_t acks_in;
} ReloadLinkView;

/* False: no such link. */
bool reload_links_view(ReloadLinks *links, ReloadLinkId id, ReloadLinkView *out);
/* Calls each for every one; each must not open or close any. */
void reload_links_each(ReloadLinks *links, void (*each)(void *data, const ReloadLinkView *view),
		       void *data);

typedef struct {
	uint64_t accepted, connected, established;
	uint64_t refused_handshakes; /* too many under way */
	uint64_t refused_links;	     /* too many links or application connections */
	uint64_t timeouts;	     /* of handshakes */
	uint64_t bad_certificate; /* none, not chained, expired, or another Node-ID than expected */
	uint64_t bad_tls;	  /* anything else wrong in a handshake or record */
	uint64_t bad_frame;	  /* malformed or too large */
	uint64_t unexpected_app;  /* application connections without an AppAttach */
	uint64_t queue_full;	  /* messages dropped */
	uint64_t failed;	  /* links given up after failed_timeout */
	unsigned links, app_connections, app_expected, handshakes, closing;
} ReloadLinksStatistics;
void reload_links_statistics(const ReloadLinks *links, ReloadLinksStatistics *out);

#endif
