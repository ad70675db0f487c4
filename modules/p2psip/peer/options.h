/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of p2psip-peer, which p2psip.so writes from its modparams. */
#ifndef P2PSIP_PEER_OPTIONS_H
#define P2PSIP_PEER_OPTIONS_H

#include "reload_core/peer/io.h"

#include <netinet/in.h>

typedef struct {
	gboolean check;
	gint broker_fd;
	gint journal_fd; /* -1: none */
	char *document, *node_directory, *keylog;
	char **listen, **advertise, **flow_listen, **flow_advertise;
	struct sockaddr_in sip_socket;
	uint16_t flow_port;
	uint32_t flow_network; /* network byte order */
	unsigned flow_prefix;
	gboolean first;
	gint64 connect_timeout; /* ms */
	gint64 flow_idle;       /* ms */
	unsigned flow_rate;     /* requests from one node in a second */
	gint64 lifetime;        /* ms, of records */
	gint64 leave_timeout;   /* ms */
	ReloadLogLevel log_level;
} EdgeOptions;

/* Reads argv; false with error set to one line. Free what it filled in with edge_options_clear. */
bool edge_options_parse(EdgeOptions *out, int *argc, char ***argv, GError **error);
void edge_options_clear(EdgeOptions *options);

#endif
