/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A node in the real world: main loop, clock, links, files and signals around one ReloadNode, so
 * that a daemon is little more than its options. */
#ifndef RELOAD_LINK_DRIVER_H
#define RELOAD_LINK_DRIVER_H

#include "reload_core/link/links.h"
#include "reload_core/link/log.h"
#include "reload_core/peer/node.h"

/* In the node's directory: its certificate followed by the CAs between it and a root-cert, and its
 * key. */
#define RELOAD_NODE_CERTIFICATE_FILE "node.crt"
#define RELOAD_NODE_KEY_FILE "node.key"
/* There too, where there are some: signed kind-blocks of Kinds that the document does not define. */
#define RELOAD_NODE_KINDS_FILE "kinds.xml"

typedef struct ReloadDriver ReloadDriver;

/* Strings are copied. Addresses are "192.0.2.1:6084", "[2001:db8::1]:6084", or an IP address alone
 * with the default port (RELOAD_PORT_DEFAULT; application connections 5060). */
typedef struct {
	const char *program;	   /* for the log */
	const char *document_path; /* overlay.xml */
	const char *overlay;	   /* instance-name in it; NULL: the only one */
	const char *node_directory;
	const char *const *listen;	  /* NULL-terminated; at least one */
	const char *const *advertise;	  /* NULL or empty: what listen says */
	const char *const *app_listen;	  /* NULL or empty: no application connections */
	const char *const *app_advertise; /* NULL or empty: what app_listen says */
	bool first_node;
	bool client; /* never joins (4.2); listen may be empty then */
	const char *keylog_path;  /* NULL: none */
	const char *control_path; /* UNIX socket for reloadctl; NULL: none */
	ReloadLogLevel log_level;
	ReloadLogSink log_sink; /* NULL: standard error */
	void *log_user;
	GMainContext *context; /* NULL: the default one */
	ReloadLinkLimits limits;
	ReloadStorageLimits storage;
	ReloadNodeEvents events; /* the owner's */
	/* Files were read again (reload_driver_reload) without error: the owner's turn to do so.
	 * May be NULL; its user is that of events. */
	void (*reloaded)(void *user);
} ReloadDriverOptions;

/* Reads and checks everything that options name, without listening; RELOAD_E_CONFIG and the like
 * with error set to one line that names file, element and remedy. Certificates that end within 30
 * days: a line each in *warnings (may be NULL; a GPtrArray of char * that the caller unrefs; set to
 * NULL if there are none). */
ReloadStatus reload_driver_check(const ReloadDriverOptions *options, GPtrArray **warnings,
				 GError **error);

/* Loads, listens, and makes the node; it does not join yet. NULL with error set to one line. */
ReloadDriver *reload_driver_new(const ReloadDriverOptions *options, GError **error);
/* Ends everything at once; leave first where there is time. */
void reload_driver_free(ReloadDriver *driver);

/* Has the node's certificate kept in the overlay (8), from when it has joined on. Where certificates
 * are self-signed and another node has the user name, the log says so and the node leaves (11.3.1).
 * Call it once. */
void reload_driver_publish(ReloadDriver *driver);

/* Starts joining. */
void reload_driver_start(ReloadDriver *driver);

/* Leaves the overlay within timeout ms (0: 2000) and sends what is queued; then calls done once,
 * from the main loop. A second call is ignored. */
void reload_driver_leave(ReloadDriver *driver, int64_t timeout, void (*done)(void *data),
			 void *data);

/* Reads document, certificate, chain and key again and takes them over; what is wrong leaves all as
 * it was and sets error to one line. */
ReloadStatus reload_driver_reload(ReloadDriver *driver, GError **error);

/* Runs the main context until the node has left: SIGTERM and SIGINT leave, SIGHUP reloads; SIGPIPE
 * is ignored. For daemons whose only job this is; needs the default main context. False: it left of
 * itself, and the log says why. */
bool reload_driver_run(ReloadDriver *driver);

ReloadNode *reload_driver_node(ReloadDriver *driver);
ReloadLinks *reload_driver_links(ReloadDriver *driver);
ReloadLog *reload_driver_log(ReloadDriver *driver);
ReloadDocument *reload_driver_document(ReloadDriver *driver);
ReloadIdentity *reload_driver_identity(ReloadDriver *driver);
/* ms since the Unix epoch, never going backwards: the `now` of every reload_* call. */
int64_t reload_driver_now(ReloadDriver *driver);
/* The address that the first (or n-th) listener is bound to; false: no such. */
bool reload_driver_bound(ReloadDriver *driver, ReloadListenFor what, unsigned n,
			 ReloadAddress *out);
const char *reload_driver_node_directory(const ReloadDriver *driver);

#endif
