/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions for kamailio.cfg, as KEMI calls them; p2psip.c makes them known to both.
 * docs/module.md describes what they do. They return what p2psip_result_set returns, unless said
 * otherwise. */
#ifndef P2PSIP_FUNCTIONS_H
#define P2PSIP_FUNCTIONS_H

#include "modules/p2psip/compat.h"

/* register.c */
int p2psip_ki_register(struct sip_msg *msg, str *route);
int p2psip_ki_withdraw(struct sip_msg *msg);

/* What a script is told of the status of a store: being cut off is no failure unless
 * register_strict is set. */
int p2psip_register_status(int status);

/* lookup.c */
int p2psip_ki_lookup(struct sip_msg *msg, str *route);
int p2psip_ki_lookup_again(struct sip_msg *msg, str *route);
int p2psip_ki_fork(struct sip_msg *msg, str *uri);
int p2psip_ki_identify(struct sip_msg *msg, str *route);

/* dialog.c */
int p2psip_ki_record_route(struct sip_msg *msg);
int p2psip_ki_route_dialog(struct sip_msg *msg, str *route);

/* For an answer that has no transaction: 1 if it is a 2xx to an INVITE, with this edge's token in its
 * Record-Route, and leads to a phone or, from the phones' socket, to a flow; else -1. A 2xx comes
 * again until it has its ACK, for 64*T1 (RFC 3261, 13.3.1.4), and is to be passed on for as long
 * (RFC 6026). */
int p2psip_ki_known_answer(struct sip_msg *msg);

/* Gets ready to sign Record-Route values: 0 or -1. */
int p2psip_dialog_init(void);

/* trust.c; these return 1 or -1 */
int p2psip_ki_from_overlay(struct sip_msg *msg);
int p2psip_ki_sane(struct sip_msg *msg);

/* phones.c: notes the address of who sent msg, who has shown that he is a phone of this edge. */
int p2psip_ki_note_phone(struct sip_msg *msg);

/* The node that msg came from over a flow, whatever the flow's state: 1 and node, or 0. */
int p2psip_remote_node(struct sip_msg *msg, uint8_t *node);

/* Whether host names an address of flow_network, or (also_names) a node of the overlay. */
int p2psip_host_is_flow(const str *host, int also_names);

/* The address in the alias parameter of a URI (nathelper's add_contact_alias): 1 and host, 0 if it
 * has none, -1 if it cannot be read. */
int p2psip_alias_of(const struct sip_uri *uri, str *host);

/* The IP address that a request with this URI is sent to: alias or host. NULL if it is none. The
 * result is Kamailio's own, good until the next conversion. */
struct ip_addr *p2psip_address_of(const struct sip_uri *uri);

/* Kamailio's check_self for our own name. */
int p2psip_check_self(str *host, unsigned short port, unsigned short proto);

#endif
