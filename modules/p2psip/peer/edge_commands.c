/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands of operators that only an edge has; the driver has the others (link/control.h). */
#include "modules/p2psip/peer/edge.h"

#include <arpa/inet.h>

typedef struct {
	ReloadControlCall *call;
	int64_t now;
} Print;

static void print_flow(void *data, const ReloadNodeId *node, uint32_t address, FlowState state,
		       unsigned requests, int64_t last_used)
{
	static const char *const states[] = {"down", "opening", "up"};
	struct in_addr in = {.s_addr = address};
	char hex[RELOAD_NODE_ID_TEXT], text[INET_ADDRSTRLEN];
	Print *print = data;

	reload_control_print(print->call, "%s %s %s, %u open requests, last used %d s ago",
			     reload_node_id_to_text(node, hex),
			     inet_ntop(AF_INET, &in, text, sizeof(text)), states[state], requests,
			     (int)((print->now - last_used) / 1000));
}

static void flows(void *user, ReloadControlCall *call, unsigned argc, char **argv)
{
	Edge *edge = user;
	Print print = {call, reload_driver_now(edge->driver)};

	(void)argc;
	(void)argv;
	flows_each(edge->flows, print_flow, &print);
	reload_control_end(call, NULL);
}

static void registrations(void *user, ReloadControlCall *call, unsigned argc, char **argv)
{
	Edge *edge = user;
	RegistrationStatistics statistics;

	(void)argc;
	(void)argv;
	registrations_statistics(edge->registrations, &statistics);
	reload_control_print(call, "%u AORs registered here, %u stored in the overlay, %u under way",
			     statistics.aors, statistics.stored, statistics.in_flight);
	reload_control_end(call, NULL);
}

void edge_commands_add(Edge *edge, ReloadControl *control)
{
	reload_control_add(control, "flows", "- connections to other edges", flows, edge);
	reload_control_add(control, "registrations", "- AORs of this edge and their records",
			   registrations, edge);
}
