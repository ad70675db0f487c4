/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads and checks the command line. */
#include "modules/p2psip/peer/options.h"
#include "modules/p2psip/peer/flow_addresses.h"
#include "reload_core/link/log.h"

#include <arpa/inet.h>

/* What the command line gives as text or plain number, before it is checked. */
typedef struct {
	char *sip_socket, *flow_network, *log_level;
	gint flow_port, flow_idle, flow_rate, lifetime, connect_timeout, leave_timeout;
} Raw;

static bool fail(GError **error, const char *option, const char *value, const char *want)
{
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s: \"%s\" is not %s", option,
		    value ? value : "", want);
	return false;
}

static bool parse_sip_socket(const char *text, struct sockaddr_in *out)
{
	const char *colon = text ? strrchr(text, ':') : NULL;
	g_autofree char *host = colon ? g_strndup(text, (gsize)(colon - text)) : NULL;
	guint64 port;

	memset(out, 0, sizeof(*out));
	out->sin_family = AF_INET;
	if (host == NULL || inet_pton(AF_INET, host, &out->sin_addr) != 1 ||
	    ntohl(out->sin_addr.s_addr) >> 24 != 127 ||
	    !g_ascii_string_to_unsigned(colon + 1, 10, 1, 65535, &port, NULL))
		return false;
	out->sin_port = htons((uint16_t)port);
	return true;
}

static bool missing(GError **error, const char *option, const char *what)
{
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s is missing: it names %s",
		    option, what);
	return false;
}

static bool in_range(gint value, gint low, gint high, const char *option, GError **error)
{
	if (value >= low && value <= high)
		return true;
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s: %d is not between %d and %d",
		    option, value, low, high);
	return false;
}

static bool finish(EdgeOptions *out, const Raw *raw, GError **error)
{
	if (out->document == NULL)
		return missing(error, "--document", "the overlay document");
	if (out->node_directory == NULL)
		return missing(error, "--dir", "the directory with node.crt and node.key");
	if (out->listen == NULL)
		return missing(error, "--listen", "the address for overlay links");
	if (out->flow_listen == NULL)
		return missing(error, "--flow-listen", "the address for flows");
	if (!parse_sip_socket(raw->sip_socket, &out->sip_socket))
		return fail(error, "--sip-socket", raw->sip_socket,
			    "an IPv4 loopback address and port, such as 127.0.0.1:5070");
	if (!flow_network_parse(raw->flow_network ? raw->flow_network : "127.64.0.0/10",
				&out->flow_network, &out->flow_prefix))
		return fail(error, "--flow-network", raw->flow_network,
			    "a part of 127.0.0.0/8 without 127.0.0.1, such as 127.64.0.0/10");
	if (raw->log_level != NULL && !reload_log_level_parse(raw->log_level, &out->log_level))
		return fail(error, "--log-level", raw->log_level,
			    "error, warning, notice, info or debug");
	if (!in_range(raw->flow_port, 1, 65535, "--flow-port", error) ||
	    !in_range(raw->connect_timeout, 100, 30000, "--connect-timeout", error) ||
	    !in_range(raw->flow_idle, 1, 86400, "--flow-idle", error) ||
	    !in_range(raw->flow_rate, 1, 10000, "--flow-rate", error) ||
	    !in_range(raw->lifetime, 30, 86400, "--lifetime", error) ||
	    !in_range(raw->leave_timeout, 1, 60000, "--leave-timeout", error) ||
	    (!out->check && !in_range(out->broker_fd, 3, 1 << 20, "--broker-fd", error)))
		return false;
	out->flow_port = (uint16_t)raw->flow_port;
	out->connect_timeout = raw->connect_timeout;
	out->flow_idle = raw->flow_idle * (gint64)1000;
	out->flow_rate = (unsigned)raw->flow_rate;
	out->lifetime = raw->lifetime * (gint64)1000;
	out->leave_timeout = raw->leave_timeout;
	return true;
}

bool edge_options_parse(EdgeOptions *out, int *argc, char ***argv, GError **error)
{
	Raw raw = {.flow_port = 5090, .flow_idle = 300, .flow_rate = 200, .lifetime = 600,
		   .connect_timeout = 4000, .leave_timeout = 1500};
	GOptionEntry entries[] = {
		{"check", 0, 0, G_OPTION_ARG_NONE, &out->check, "check the configuration and end", NULL},
		{"broker-fd", 0, 0, G_OPTION_ARG_INT, &out->broker_fd, "socketpair to p2psip.so", "FD"},
		{"journal-fd", 0, 0, G_OPTION_ARG_INT, &out->journal_fd,
		 "memory for the open requests, kept by p2psip.so", "FD"},
		{"document", 0, 0, G_OPTION_ARG_FILENAME, &out->document, "overlay document", "FILE"},
		{"dir", 0, 0, G_OPTION_ARG_FILENAME, &out->node_directory, "certificates and key", "DIR"},
		{"listen", 0, 0, G_OPTION_ARG_STRING_ARRAY, &out->listen, "for links", "ADDR:PORT"},
		{"advertise", 0, 0, G_OPTION_ARG_STRING_ARRAY, &out->advertise, "how others reach --listen",
		 "ADDR:PORT"},
		{"flow-listen", 0, 0, G_OPTION_ARG_STRING_ARRAY, &out->flow_listen, "for flows",
		 "ADDR:PORT"},
		{"flow-advertise", 0, 0, G_OPTION_ARG_STRING_ARRAY, &out->flow_advertise,
		 "how others reach --flow-listen", "ADDR:PORT"},
		{"sip-socket", 0, 0, G_OPTION_ARG_STRING, &raw.sip_socket,
		 "Kamailio's overlay-side UDP socket", "ADDR:PORT"},
		{"flow-port", 0, 0, G_OPTION_ARG_INT, &raw.flow_port, "UDP port of remote nodes (5090)",
		 "PORT"},
		{"flow-network", 0, 0, G_OPTION_ARG_STRING, &raw.flow_network,
		 "their addresses (127.64.0.0/10)", "NETWORK"},
		{"first", 0, 0, G_OPTION_ARG_NONE, &out->first, "start a new overlay if there is none", NULL},
		{"keylog", 0, 0, G_OPTION_ARG_FILENAME, &out->keylog, "write TLS keys, to decode captures",
		 "FILE"},
		{"connect-timeout", 0, 0, G_OPTION_ARG_INT, &raw.connect_timeout,
		 "how long a request waits for its flow (4000)", "MS"},
		{"flow-idle", 0, 0, G_OPTION_ARG_INT, &raw.flow_idle, "close a flow unused so long (300)", "S"},
		{"flow-rate", 0, 0, G_OPTION_ARG_INT, &raw.flow_rate,
		 "requests from one node in a second (200)", "N"},
		{"lifetime", 0, 0, G_OPTION_ARG_INT, &raw.lifetime, "of records in the overlay (600)", "S"},
		{"leave-timeout", 0, 0, G_OPTION_ARG_INT, &raw.leave_timeout,
		 "how long leaving the overlay may take (1500)", "MS"},
		{"log-level", 0, 0, G_OPTION_ARG_STRING, &raw.log_level, "error .. debug (notice)", "LEVEL"},
		{NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context =
		g_option_context_new("- the RELOAD peer of a Kamailio server, started by p2psip.so");
	bool ok;

	memset(out, 0, sizeof(*out));
	out->broker_fd = -1;
	out->journal_fd = -1;
	out->log_level = RELOAD_LOG_NOTICE;
	g_option_context_add_main_entries(context, entries, NULL);
	ok = g_option_context_parse(context, argc, argv, error) && finish(out, &raw, error);
	g_free(raw.sip_socket);
	g_free(raw.flow_network);
	g_free(raw.log_level);
	return ok;
}

void edge_options_clear(EdgeOptions *options)
{
	g_free(options->document);
	g_free(options->node_directory);
	g_free(options->keylog);
	g_strfreev(options->listen);
	g_strfreev(options->advertise);
	g_strfreev(options->flow_listen);
	g_strfreev(options->flow_advertise);
}
