/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of reloadctl that ask a running peer: each is one line to its control socket. */
#include "tools/reloadctl.h"
#include "tools/reloadctl_control.h"

#include <stdio.h>

static char *socket_path;

/* argv[0] is "reloadctl NAME"; the arguments go to the peer as they are. */
static int ask(int argc, char **argv, unsigned wanted_min, unsigned wanted_max, const char *usage,
	       const char *summary)
{
	GOptionEntry entries[] = {
	    {"control", 'c', 0, G_OPTION_ARG_FILENAME, &socket_path,
	     "control socket of the peer (or the variable RELOAD_CONTROL)", "SOCKET"},
	    {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
	};
	const char *name = argv[0] + strlen("reloadctl ");
	GString *line = g_string_new(name);
	GError *error = NULL;
	int result = RELOADCTL_USAGE;

	if (!reloadctl_parse(&argc, &argv, entries, usage, summary, &result))
		goto end;
	if (socket_path == NULL)
		socket_path = g_strdup(g_getenv("RELOAD_CONTROL"));
	if (socket_path == NULL || (unsigned)argc - 1 < wanted_min ||
	    (unsigned)argc - 1 > wanted_max) {
		fprintf(stderr, "%s: %s (see %s --help)\n", argv[0],
			socket_path == NULL ? "--control is missing: name the peer's control socket"
					    : "wrong number of arguments",
			argv[0]);
		goto end;
	}
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '\0' || strpbrk(argv[i], " \t\r\n") != NULL) {
			fprintf(stderr, "%s: \"%s\" is empty or has white space\n", argv[0],
				argv[i]);
			goto end;
		}
		g_string_append_printf(line, " %s", argv[i]);
	}
	result = reloadctl_control(socket_path, line->str, stdout, &error) ? RELOADCTL_OK
									   : reloadctl_fail(&error);
end:
	g_string_free(line, TRUE);
	g_clear_pointer(&socket_path, g_free);
	return result;
}

#define TARGET                                                                                     \
	"TARGET is a Node-ID (32 hex digits), '=' and a Resource-ID in hex, or a Resource Name "   \
	"such as "                                                                                 \
	"an AOR, which stands for the peer that is responsible for it."

static int run_status(int argc, char **argv)
{
	return ask(argc, argv, 0, 0, "", "Shows a peer's state, addresses and dates.");
}

static int run_neighbors(int argc, char **argv)
{
	return ask(argc, argv, 0, 0, "",
		   "Shows the predecessors and successors of a peer in the ring.");
}

static int run_fingers(int argc, char **argv)
{
	return ask(argc, argv, 0, 0, "", "Shows the finger table of a peer.");
}

static int run_links(int argc, char **argv)
{
	return ask(argc, argv, 0, 0, "", "Shows all links and application connections of a peer.");
}

static int run_stored(int argc, char **argv)
{
	return ask(argc, argv, 0, 0, "", "Lists the resources that a peer stores for the overlay.");
}

static int run_statistics(int argc, char **argv)
{
	return ask(argc, argv, 0, 0, "", "Shows all counters of a peer.");
}

static int run_ping(int argc, char **argv)
{
	return ask(argc, argv, 1, 1, "TARGET",
		   "Has the peer ping another across the overlay. " TARGET);
}

static int run_probe(int argc, char **argv)
{
	return ask(argc, argv, 1, 1, "TARGET", "Has the peer ask another how it is. " TARGET);
}

static int run_lookup(int argc, char **argv)
{
	return ask(argc, argv, 1, 2, "AOR | TARGET KIND",
		   "Looks up who serves a user; or fetches the values of a Kind, by name or "
		   "number. " TARGET);
}

static int run_turn(int argc, char **argv)
{
	return ask(argc, argv, 0, 0, "", "Finds some TURN server that the overlay knows of.");
}

static int run_reload(int argc, char **argv)
{
	return ask(argc, argv, 0, 0, "", "Has a peer read its document and certificates again.");
}

static int run_leave(int argc, char **argv)
{
	return ask(argc, argv, 0, 0, "", "Has a peer leave the overlay and end.");
}

static int run_flows(int argc, char **argv)
{
	return ask(argc, argv, 0, 0, "", "Shows the connections of an edge to other edges.");
}

static int run_registrations(int argc, char **argv)
{
	return ask(argc, argv, 0, 0, "",
		   "Shows the AORs of an edge and their records in the overlay.");
}

static int run_log_level(int argc, char **argv)
{
	return ask(argc, argv, 1, 1, "LEVEL",
		   "Has a peer log more or less: error, warning, notice, info or debug.");
}

const ReloadctlCommand reloadctl_runtime_commands[] = {
    {"status", "--control SOCKET", "a peer in a few lines", run_status},
    {"neighbors", "--control SOCKET", "its predecessors and successors", run_neighbors},
    {"fingers", "--control SOCKET", "its finger table", run_fingers},
    {"links", "--control SOCKET", "its links and application connections", run_links},
    {"stored", "--control SOCKET", "the resources it stores", run_stored},
    {"statistics", "--control SOCKET", "its counters", run_statistics},
    {"ping", "--control SOCKET TARGET", "ping a node or the peer responsible for a resource",
     run_ping},
    {"probe", "--control SOCKET TARGET", "ask a peer how it is", run_probe},
    {"lookup", "--control SOCKET AOR | TARGET KIND", "who serves a user; or values of a resource",
     run_lookup},
    {"turn", "--control SOCKET", "find some TURN server", run_turn},
    {"reload", "--control SOCKET", "read document and certificates again", run_reload},
    {"leave", "--control SOCKET", "leave the overlay and end", run_leave},
    {"flows", "--control SOCKET", "connections of an edge to others", run_flows},
    {"registrations", "--control SOCKET", "AORs of an edge", run_registrations},
    {"log-level", "--control SOCKET LEVEL", "log more or less", run_log_level},
    {NULL, NULL, NULL, NULL},
};
