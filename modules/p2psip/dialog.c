/* SPDX-License-Identifier: GPL-2.0-or-later */
/* p2psip_record_route(), p2psip_route_dialog() and p2psip_known_answer(): what is inside dialogs. A
 * dialog that this edge routes carries a token in its Record-Route, so that one can tell it from a
 * forged one without keeping dialogs. */
#include <string.h>

#include "core/crypto/sha256.h"
#include "modules/p2psip/config.h"
#include "modules/p2psip/destination.h"
#include "modules/p2psip/dialog_key.h"
#include "modules/p2psip/flow_table.h"
#include "modules/p2psip/functions.h"
#include "modules/p2psip/phone_table.h"
#include "modules/p2psip/request.h"
#include "modules/p2psip/result.h"
#include "modules/p2psip/shared.h"
#include "modules/p2psip/statistics.h"
#include "modules/p2psip/transaction.h"

#define TOKEN_LEN 20 /* hex digits */
#define TOKEN_PARAM "p2p"

static rr_api_t rr;
static uint8_t key[P2PSIP_DIALOG_KEY_LEN];

int p2psip_dialog_init(void)
{
	int *double_rr;
	modparam_t type;
	struct sr_module *module = find_module_by_name("rr");

	if (module == NULL || rr_load_api(&rr) != 0) {
		LM_ERR("module rr is not loaded: add loadmodule \"rr.so\" before p2psip.so\n");
		return -1;
	}
	double_rr = find_param_export(module, "enable_double_rr", PARAM_INT, &type);
	if (double_rr != NULL && *double_rr == 0) {
		LM_ERR("each side of a call needs a Route of its own: remove modparam(\"rr\", "
		       "\"enable_double_rr\", 0)\n");
		return -1;
	}
	return p2psip_dialog_key(p2psip_config.node_dir, key);
}

/* HMAC-SHA-256 (RFC 2104) of the Call-ID, shortened. */
static void make_token(const str *callid, char token[TOKEN_LEN + 1])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t pad[SHA256_BLOCK_LENGTH];
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA256_CTX context;

	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] = (i < sizeof(key) ? key[i] : 0) ^ 0x36;
	sr_SHA256_Init(&context);
	sr_SHA256_Update(&context, pad, sizeof(pad));
	sr_SHA256_Update(&context, (const uint8_t *)callid->s, callid->len);
	sr_SHA256_Final(digest, &context);
	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	sr_SHA256_Init(&context);
	sr_SHA256_Update(&context, pad, sizeof(pad));
	sr_SHA256_Update(&context, digest, sizeof(digest));
	sr_SHA256_Final(digest, &context);
	for (size_t i = 0; i < TOKEN_LEN; i++)
		token[i] = digits[i % 2 ? digest[i / 2] & 15 : digest[i / 2] >> 4];
	token[TOKEN_LEN] = '\0';
}

static int token_of(struct sip_msg *msg, char token[TOKEN_LEN + 1])
{
	if ((msg->callid == NULL && parse_headers(msg, HDR_CALLID_F, 0) < 0) || msg->callid == NULL)
		return -1;
	make_token(&msg->callid->body, token);
	return 0;
}

static int is_in_dialog(struct sip_msg *msg)
{
	if ((msg->to == NULL && parse_headers(msg, HDR_TO_F, 0) < 0) || msg->to == NULL)
		return 0;
	return get_to(msg) != NULL && get_to(msg)->tag_value.len > 0;
}

static void note_phones(struct sip_msg *msg)
{
	if (msg->rcv.bind_address == p2psip_config.overlay_si)
		p2psip_phones_note_answers(msg);
	else
		p2psip_phones_note_message(msg);
}

/* Returns 1, or the code of P2PSIP_FAILED. Which names appear is Kamailio's rr's doing: the overlay
 * socket is called HEX.overlay (config.c), and a request that leaves by another socket than it came
 * in by gets one Record-Route for each (r2=on), on each branch as that branch leaves. */
int p2psip_ki_record_route(struct sip_msg *msg)
{
	char text[sizeof(";" TOKEN_PARAM "=") + TOKEN_LEN];
	char token[TOKEN_LEN + 1];
	str params;

	if (token_of(msg, token) != 0)
		return p2psip_result_set(msg, P2PSIP_FAILED);
	params.s = text;
	params.len = snprintf(text, sizeof(text), ";%s=%s", TOKEN_PARAM, token);
	if (rr.record_route(msg, &params) != 0)
		return p2psip_result_set(msg, P2PSIP_FAILED);
	if (!is_in_dialog(msg)) /* there p2psip_route_dialog() knows whether a phone speaks */
		note_phones(msg);
	return p2psip_result_set(msg, P2PSIP_OK);
}

/* Whether the Route that loose_route() has just taken off is one that this edge wrote for this
 * dialog. */
static int is_known_dialog(struct sip_msg *msg)
{
	str name = str_init(TOKEN_PARAM);
	char token[TOKEN_LEN + 1];
	str value;

	if (rr.get_route_param(msg, &name, &value) != 0 || token_of(msg, token) != 0)
		return 0;
	return value.len == TOKEN_LEN && memcmp(value.s, token, TOKEN_LEN) == 0;
}

/* The next hop over the overlay: its flow is known, or has to be asked for. */
static int to_node(struct sip_msg *msg, const uint8_t *node, str *route)
{
	struct p2psip_request *request;
	int status = p2psip_destination_node(msg, node);
	int wait = route != NULL && route->len > 0 && msg->REQ_METHOD != METHOD_ACK;

	if (status != P2PSIP_NOT_FOUND)
		return status;
	if (!__atomic_load_n(&p2psip_shared->running, __ATOMIC_ACQUIRE))
		return P2PSIP_NOT_JOINED;
	request = p2psip_request_new(wait ? P2PSIP_FOR_DIALOG : P2PSIP_FOR_NOBODY);
	if (request == NULL)
		return P2PSIP_BUSY;
	memcpy(request->node, node, sizeof(request->node));
	if (wait)
		return p2psip_suspend(msg, request, route);
	/* An ACK has no transaction to suspend. It is lost, and its 200 comes again. */
	p2psip_ask_aside(msg, request);
	return P2PSIP_NOT_FOUND;
}

/* From a flow, or from who is no phone, a request goes on to an address where a phone of this edge
 * is: not by DNS, not to another flow, and not to whatever else its sender may want reached. */
static int to_phone(struct sip_msg *msg, const struct sip_uri *next)
{
	const struct ip_addr *address = p2psip_address_of(next);

	if (next->maddr_val.len > 0 || address == NULL)
		return P2PSIP_REFUSED;
	if (address->af == AF_INET && p2psip_config_is_flow_address(address->u.addr32[0]))
		return P2PSIP_REFUSED;
	if (!p2psip_phones_known(address))
		return P2PSIP_REFUSED;
	p2psip_phones_note_answers(msg);
	return P2PSIP_OK;
}

/* All who take part in a call see its token, and may tell it to others: from elsewhere than a flow
 * only phones are believed to be in the call. */
static int route_dialog(struct sip_msg *msg, str *route)
{
	int from_flow = msg->rcv.bind_address == p2psip_config.overlay_si;
	int from_phone = !from_flow && p2psip_phones_known(&msg->rcv.src_ip);
	str *next = msg->dst_uri.len > 0 ? &msg->dst_uri : GET_RURI(msg);
	uint8_t node[P2PSIP_NODE_ID_LEN];
	struct sip_uri uri;

	if (parse_uri(next->s, next->len, &uri) < 0)
		return P2PSIP_FAILED;
	if (!is_known_dialog(msg))
		return P2PSIP_REFUSED;
	if (from_phone)
		p2psip_phones_note_message(msg);
	if (p2psip_node_from_host(uri.host.s, uri.host.len, p2psip_config.overlay, node) == 0) {
		if (!from_phone || memcmp(node, p2psip_config.node, sizeof(node)) == 0)
			return P2PSIP_REFUSED;
		return to_node(msg, node, route);
	}
	if (!from_phone)
		return to_phone(msg, &uri);
	return p2psip_host_is_flow(&uri.host, 1) ? P2PSIP_REFUSED : P2PSIP_OK;
}

int p2psip_ki_route_dialog(struct sip_msg *msg, str *route)
{
	int status = route_dialog(msg, route);

	if (status == P2PSIP_REFUSED)
		p2psip_count(P2PSIP_COUNT_REFUSED);
	return p2psip_result_set(msg, status);
}

/* The last Record-Route value that is this edge's for this call, which names the socket that the INVITE came in by:
 * 0, or -1 where there is none. */
static int own_record(struct sip_msg *msg, str *value)
{
	char text[sizeof(";" TOKEN_PARAM "=") + TOKEN_LEN];
	char token[TOKEN_LEN + 1];
	int len;

	*value = (str)STR_NULL;
	if (token_of(msg, token) != 0)
		return -1;
	len = snprintf(text, sizeof(text), ";%s=%s", TOKEN_PARAM, token);
	for (struct hdr_field *h = msg->record_route; h != NULL; h = h->next) {
		if (h->type != HDR_RECORDROUTE_T || parse_rr(h) < 0)
			continue;
		for (const rr_t *one = h->parsed; one != NULL; one = one->next) {
			if (memmem(one->nameaddr.uri.s, one->nameaddr.uri.len, text, len) != NULL)
				*value = one->nameaddr.uri;
		}
	}
	return value->len > 0 ? 0 : -1;
}

/* Where Kamailio will send an answer that has no transaction: 1, or 0 where its second Via has no
 * address, for which the DNS would be asked. */
static int next_of_answer(struct sip_msg *msg, union sockaddr_union *next)
{
	struct via_body *via = msg->via2;
	str *host;

	if (via == NULL || via->error != PARSE_OK)
		return 0;
	host = via->received != NULL ? &via->received->value : &via->host;
	return (str2ip(host) != NULL || str2ip6(host) != NULL) &&
	       update_sock_struct_from_via(next, msg, via) >= 0;
}

/* An answer goes to a UDP phone from the socket that its INVITE came in by, as the phone's NAT lets in nothing else.
 * Kamailio would take the one that the answer came in by, which is the overlay's. Returns 1 or 0. */
static int force_phones_socket(struct sip_msg *msg, str *record)
{
	struct socket_info *si;
	struct sip_uri uri;

	if (msg->via2->proto != PROTO_UDP)
		return 1;
	if (parse_uri(record->s, record->len, &uri) < 0)
		return 0;
	si = grep_sock_info(&uri.host, uri.port_no ? uri.port_no : SIP_PORT, PROTO_UDP);
	if (si == NULL || si == p2psip_config.overlay_si)
		return 0;
	set_force_socket(msg, si);
	return 1;
}

/* All who take part in a call see its token: with it an answer gets to a phone, and from the phones' socket to another
 * edge, and nowhere else. But over TCP or TLS it takes the connection whose number is in i= of its first Via, if there
 * is one: its sender writes that, and may choose another phone's. */
static int is_known_answer(struct sip_msg *msg)
{
	struct p2psip_flow_entry flow;
	union sockaddr_union next;
	struct ip_addr address;
	str record;

	if (parse_headers(msg, HDR_EOH_F, 0) < 0 || msg->REPLY_STATUS / 100 != 2 ||
	    msg->cseq == NULL || get_cseq(msg)->method_id != METHOD_INVITE ||
	    own_record(msg, &record) != 0 || !next_of_answer(msg, &next))
		return 0;
	su2ip_addr(&address, &next);
	if (address.af != AF_INET || !p2psip_config_is_flow_address(address.u.addr32[0]))
		return p2psip_phones_known(&address) && force_phones_socket(msg, &record);
	if (msg->rcv.bind_address == p2psip_config.overlay_si ||
	    !p2psip_flows_by_address(address.u.addr32[0], &flow) || flow.port != su_getport(&next))
		return 0;
	set_force_socket(msg, p2psip_config.overlay_si);
	return 1;
}

int p2psip_ki_known_answer(struct sip_msg *msg)
{
	return is_known_answer(msg) ? 1 : -1;
}
