/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The module's parameters, their validation, and what is known from them before Kamailio forks. */
#ifndef P2PSIP_CONFIG_H
#define P2PSIP_CONFIG_H

#include <stdint.h>

#include "modules/p2psip/compat.h"
#include "modules/p2psip/proto/names.h"
#include "modules/p2psip/proto/protocol.h"

#define P2PSIP_LISTEN_MAX 8

struct p2psip_config {
	/* parameters; docs/module.md describes each */
	char *document;
	char *node_dir;
	char *listen[P2PSIP_LISTEN_MAX];
	int listen_count;
	char *advertise;
	char *flow_listen;
	char *flow_advertise;
	char *overlay_socket;
	char *flow_network;
	int flow_port;
	int first_node;
	char *peer_path;
	char *async_group;
	char *keylog;
	char *location_table;
	int connect_timeout; /* ms */
	int flow_idle;	     /* s */
	int flow_rate;	     /* requests in a second */
	int request_timeout; /* ms */
	int rpc_timeout;     /* ms */
	int leave_timeout;   /* ms */
	int restart_min;     /* ms */
	int restart_max;     /* ms */
	int queue_size;
	int lookup_cache_size;
	int lookup_cache_ttl;	/* s */
	int negative_cache_ttl; /* s */
	int register_strict;
	/* found out from them */
	struct socket_info *overlay_si;
	uint32_t network; /* host byte order */
	uint32_t netmask;
	uint8_t node[P2PSIP_NODE_ID_LEN];
	char hex[P2PSIP_HEX_SIZE];
	char overlay[P2PSIP_NAME_MAX];
	str own_name; /* HEX.overlay */
};

extern struct p2psip_config p2psip_config;

/* modparam callback: adds one listen address. 0, or -1. */
int p2psip_config_add_listen(modparam_t type, void *value);

/* Checks every parameter and what other modules must be set to. 0, or -1 after one line in the log
 * that names the parameter and the remedy. */
int p2psip_config_check(void);

/* Takes over what p2psip-peer --check has printed: own Node-ID and overlay name, and gives the
 * overlay socket its name HEX.overlay, which Kamailio then writes into Via and Record-Route. 0 or
 * -1. */
int p2psip_config_identity(const char *line);

/* Whether address (network byte order) lies in flow_network. */
int p2psip_config_is_flow_address(uint32_t address);

/* Checks that the async group exists and does not block, once its sockets are there (child_init
 * with PROC_INIT). 0, or -1 after a line in the log that names the line to add. */
int p2psip_config_check_async_group(void);

#endif
