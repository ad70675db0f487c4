/* SPDX-License-Identifier: GPL-2.0-or-later */
/* p2psip_from_overlay() and p2psip_sane(): which messages come from another edge, and what a phone
 * may not write into a request. */
#include <arpa/inet.h>
#include <string.h>

#include "modules/p2psip/config.h"
#include "modules/p2psip/flow_table.h"
#include "modules/p2psip/functions.h"
#include "modules/p2psip/statistics.h"

/* The entry of the node that stands behind a message's source; 1 or 0. */
static int sender(struct sip_msg *msg, struct p2psip_flow_entry *flow)
{
	return msg->rcv.bind_address == p2psip_config.overlay_si && msg->rcv.src_ip.af == AF_INET &&
	       p2psip_flows_by_address(msg->rcv.src_ip.u.addr32[0], flow) &&
	       flow->port == msg->rcv.src_port;
}

int p2psip_remote_node(struct sip_msg *msg, uint8_t *node)
{
	struct p2psip_flow_entry flow;

	if (!sender(msg, &flow))
		return 0;
	memcpy(node, flow.node, sizeof(flow.node));
	return 1;
}

/* A flow that has died still speaks: the peer answers for it, and cancels what rings. */
static int may_speak_when_down(struct sip_msg *msg)
{
	return msg->first_line.type == SIP_REPLY || msg->REQ_METHOD == METHOD_CANCEL;
}

int p2psip_ki_from_overlay(struct sip_msg *msg)
{
	struct p2psip_flow_entry flow;

	if (!sender(msg, &flow) || (flow.state != P2PSIP_FLOW_UP && !may_speak_when_down(msg))) {
		if (msg->rcv.bind_address == p2psip_config.overlay_si)
			p2psip_count(P2PSIP_COUNT_REFUSED);
		return -1;
	}
	/* Via names HEX.overlay; answers go back to where the request came from. */
	if (msg->first_line.type == SIP_REQUEST)
		msg->msg_flags |= FL_FORCE_RPORT;
	return 1;
}

int p2psip_host_is_flow(const str *host, int also_names)
{
	str name = *host;
	struct ip_addr *ip = str2ip(&name);
	uint8_t node[P2PSIP_NODE_ID_LEN];

	if (ip != NULL)
		return p2psip_config_is_flow_address(ip->u.addr32[0]);
	return also_names &&
	       p2psip_node_from_host(host->s, host->len, p2psip_config.overlay, node) == 0;
}

int p2psip_alias_of(const struct sip_uri *uri, str *host)
{
	static const char word[] = "alias=";
	const int word_len = sizeof(word) - 1;
	/* As nathelper reads it: of the SIP URI also where user=phone has Kamailio put a telephone
	 * number's parameters into params, and with its own spelling only. */
	const str *params = &uri->sip_params;
	char *end = params->s + params->len;
	char *tilde;

	for (char *p = params->s; p != NULL && p + word_len < end; p++) {
		if ((p != params->s && p[-1] != ';') || strncmp(p, word, word_len) != 0)
			continue;
		tilde = memchr(p + word_len, '~', end - p - word_len);
		if (tilde == NULL)
			return -1;
		host->s = p + word_len;
		host->len = tilde - host->s;
		return 1;
	}
	return 0;
}

/* Whether a URI that a phone wrote leads to a flow: by host, maddr or alias. */
static int leads_to_flow(const str *text, int also_names)
{
	struct sip_uri uri;
	str alias;
	int has_alias;

	if (text->len <= 0 || parse_uri(text->s, text->len, &uri) < 0)
		return 0; /* Kamailio will not route by it either */
	if (p2psip_host_is_flow(&uri.host, also_names))
		return 1;
	if (uri.maddr_val.len > 0 && p2psip_host_is_flow(&uri.maddr_val, also_names))
		return 1;
	has_alias = p2psip_alias_of(&uri, &alias);
	return has_alias < 0 || (has_alias > 0 && p2psip_host_is_flow(&alias, also_names));
}

static int contacts_lead_to_flow(struct sip_msg *msg)
{
	contact_body_t *body;

	for (struct hdr_field *h = msg->contact; h != NULL; h = h->next) {
		if (h->type != HDR_CONTACT_T)
			continue;
		if (h->parsed == NULL && parse_contact(h) < 0)
			return 1;
		body = h->parsed;
		for (contact_t *c = body->contacts; c != NULL; c = c->next) {
			if (leads_to_flow(&c->uri, 1))
				return 1;
		}
	}
	return 0;
}

/* A Route outside a dialog may only name this server; inside, p2psip_route_dialog() judges names.
 */
static int route_is_bad(const str *text, int in_dialog)
{
	struct sip_uri uri;
	unsigned short port;

	if (leads_to_flow(text, !in_dialog))
		return 1;
	if (in_dialog || parse_uri(text->s, text->len, &uri) < 0)
		return 0;
	port = uri.port_no ? uri.port_no : SIP_PORT;
	return check_self(&uri.host, port, PROTO_NONE) != 1;
}

static int routes_are_bad(struct sip_msg *msg, int in_dialog)
{
	for (struct hdr_field *h = msg->route; h != NULL; h = h->next) {
		if (h->type != HDR_ROUTE_T)
			continue;
		if (h->parsed == NULL && parse_rr(h) < 0)
			return 1;
		for (rr_t *r = (rr_t *)h->parsed; r != NULL; r = r->next) {
			if (route_is_bad(&r->nameaddr.uri, in_dialog))
				return 1;
		}
	}
	return 0;
}

static int is_sane(struct sip_msg *msg)
{
	struct to_body *to;
	int in_dialog;

	if (msg->rcv.src_ip.af == AF_INET &&
	    p2psip_config_is_flow_address(msg->rcv.src_ip.u.addr32[0]))
		return 0;
	if (parse_headers(msg, HDR_EOH_F, 0) < 0 || msg->to == NULL)
		return 0;
	to = get_to(msg);
	in_dialog = to != NULL && to->tag_value.len > 0;
	return !leads_to_flow(GET_RURI(msg), 1) && !contacts_lead_to_flow(msg) &&
	       !routes_are_bad(msg, in_dialog);
}

int p2psip_ki_sane(struct sip_msg *msg)
{
	if (is_sane(msg))
		return 1;
	p2psip_count(P2PSIP_COUNT_REFUSED);
	return -1;
}

int p2psip_check_self(str *host, unsigned short port, unsigned short proto)
{
	return host->len == p2psip_config.own_name.len &&
	       strncasecmp(host->s, p2psip_config.own_name.s, host->len) == 0;
}
