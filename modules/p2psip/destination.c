/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Destination URI, sending socket and branches. */
#include "modules/p2psip/destination.h"

#include <arpa/inet.h>
#include <string.h>

#include "modules/p2psip/config.h"
#include "modules/p2psip/flow_table.h"
#include "modules/p2psip/request.h"
#include "modules/p2psip/transaction.h"

#define URI_SIZE 64

/* One name per node: tm takes branches of one URI and one name for the same branch. */
#define BRANCH_NAME_SIZE (sizeof("p2psip-") + P2PSIP_HEX_SIZE)

struct hop {
	char uri_text[URI_SIZE];
	char name_text[BRANCH_NAME_SIZE];
	str uri;
	str name;
};

static void make_hop(struct hop *hop, const uint8_t *node, uint32_t address, unsigned port)
{
	char text[INET_ADDRSTRLEN] = "";
	char hex[P2PSIP_HEX_SIZE];
	struct in_addr in = {address};

	inet_ntop(AF_INET, &in, text, sizeof(text));
	hop->uri.s = hop->uri_text;
	hop->uri.len = snprintf(hop->uri_text, URI_SIZE, "sip:%s:%u", text, port);
	p2psip_node_to_hex(node, hex);
	hop->name.s = hop->name_text;
	hop->name.len = snprintf(hop->name_text, BRANCH_NAME_SIZE, "p2psip-%s", hex);
}

static int set_hop(struct sip_msg *msg, struct hop *hop)
{
	if (set_dst_uri(msg, &hop->uri) < 0)
		return -1;
	ruri_mark_new();
	set_force_socket(msg, p2psip_config.overlay_si);
	return 0;
}

static int append_hop(struct sip_msg *msg, struct hop *hop, str *uri)
{
	return append_branch(msg, uri, &hop->uri, NULL, Q_UNSPECIFIED, 0, p2psip_config.overlay_si,
			     NULL, 0, &hop->name, NULL);
}

static int usable(const struct p2psip_target *target)
{
	return !target->self && target->address != 0;
}

int p2psip_destination_edges(struct sip_msg *msg, const struct p2psip_targets *targets)
{
	struct hop hop;
	str *uri = GET_RURI(msg);
	int edges = 0;

	if (targets->status != P2PSIP_OK || targets->count == 0)
		return P2PSIP_NOT_FOUND;
	for (unsigned i = 0; i < targets->count; i++) {
		const struct p2psip_target *target = &targets->target[i];

		if (!usable(target))
			continue;
		make_hop(&hop, target->node, target->address, target->port);
		if (edges == 0) {
			if (set_hop(msg, &hop) != 0)
				return P2PSIP_FAILED;
			set_ruid(msg, &hop.name);
		} else if (append_hop(msg, &hop, uri) < 0) {
			LM_WARN("the AOR is at more edges than core parameter max_branches "
				"allows: raise it\n");
			break;
		}
		edges++;
	}
	return edges > 0 ? P2PSIP_OK : P2PSIP_ONLY_HERE;
}

/* Whether t has a branch to target, whatever became of it. */
static int tried(const struct cell *t, const struct p2psip_target *target)
{
	for (int i = 0; i < t->nr_of_outgoings; i++) {
		const union sockaddr_union *to = &t->uac[i].request.dst.to;

		if (to->s.sa_family == AF_INET && to->sin.sin_addr.s_addr == target->address &&
		    ntohs(to->sin.sin_port) == target->port)
			return 1;
	}
	return 0;
}

void p2psip_destination_untried(struct sip_msg *msg, struct p2psip_targets *targets)
{
	const struct cell *t = p2psip_tm.t_gett();
	unsigned kept = 0;

	if (t == NULL || t == T_UNDEFINED)
		return;
	for (unsigned i = 0; i < targets->count; i++) {
		if (!tried(t, &targets->target[i]))
			targets->target[kept++] = targets->target[i];
	}
	targets->count = kept;
}

int p2psip_destination_append(struct sip_msg *msg, const struct p2psip_targets *targets,
			      const str *uri)
{
	struct hop hop;
	str request_uri = uri ? *uri : msg->first_line.u.request.uri;
	int edges = 0;

	for (unsigned i = 0; i < targets->count; i++) {
		const struct p2psip_target *target = &targets->target[i];

		if (!usable(target))
			continue;
		make_hop(&hop, target->node, target->address, target->port);
		if (append_hop(msg, &hop, &request_uri) < 0)
			return edges > 0 ? edges : -1;
		edges++;
	}
	return edges;
}

int p2psip_destination_node(struct sip_msg *msg, const uint8_t *node)
{
	struct p2psip_flow_entry flow;
	struct hop hop;

	if (!p2psip_flows_by_node(node, &flow))
		return P2PSIP_NOT_FOUND;
	make_hop(&hop, node, flow.address, flow.port);
	return set_hop(msg, &hop) == 0 ? P2PSIP_OK : P2PSIP_FAILED;
}

int p2psip_targets_name(const struct p2psip_targets *targets, const uint8_t *node)
{
	if (targets->status != P2PSIP_OK)
		return 0;
	for (unsigned i = 0; i < targets->count; i++) {
		const struct p2psip_target *target = &targets->target[i];

		if (target->own && memcmp(target->node, node, P2PSIP_NODE_ID_LEN) == 0)
			return 1;
	}
	return 0;
}

int p2psip_targets_doubtful(const struct p2psip_targets *targets)
{
	struct p2psip_flow_entry flow;

	for (unsigned i = 0; i < targets->count; i++) {
		if (usable(&targets->target[i]) &&
		    p2psip_flows_by_node(targets->target[i].node, &flow) &&
		    flow.failed > targets->fetched)
			return 1;
	}
	return 0;
}
