/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the phones of this edge are, read from their messages. */
#include "modules/p2psip/config.h"
#include "modules/p2psip/functions.h"
#include "modules/p2psip/phone_table.h"
#include "modules/p2psip/result.h"
#include "modules/p2psip/transaction.h"

struct ip_addr *p2psip_address_of(const struct sip_uri *uri)
{
	str host = uri->host;
	struct ip_addr *address;

	if (p2psip_alias_of(uri, &host) < 0)
		return NULL;
	address = str2ip(&host);
	return address != NULL ? address : str2ip6(&host);
}

void p2psip_phones_note_uri(const str *uri)
{
	struct sip_uri parsed;
	struct ip_addr *address;

	if (uri->len <= 0 || parse_uri(uri->s, uri->len, &parsed) < 0)
		return;
	address = p2psip_address_of(&parsed);
	if (address != NULL)
		p2psip_phones_note(address);
}

void p2psip_phones_note_message(struct sip_msg *msg)
{
	contact_body_t *body;

	p2psip_phones_note(&msg->rcv.src_ip);
	if (parse_headers(msg, HDR_CONTACT_F, 0) < 0 || msg->contact == NULL ||
	    (msg->contact->parsed == NULL && parse_contact(msg->contact) < 0))
		return;
	/* what makes or changes a dialog has one Contact (RFC 3261, 12.1) */
	body = msg->contact->parsed;
	if (body->contacts != NULL)
		p2psip_phones_note_uri(&body->contacts->uri);
}

static void on_answer(struct cell *t, int type, struct tmcb_params *params)
{
	struct sip_msg *answer = params->rpl;

	if (answer != NULL && answer != FAKED_REPLY &&
	    answer->rcv.bind_address != p2psip_config.overlay_si)
		p2psip_phones_note_message(answer);
}

void p2psip_phones_note_answers(struct sip_msg *msg)
{
	if (msg->REQ_METHOD != METHOD_ACK &&
	    p2psip_tm.register_tmcb(msg, NULL, TMCB_RESPONSE_IN, on_answer, NULL, NULL) <= 0)
		LM_ERR("cannot register for the answers of a phone\n");
}

int p2psip_ki_note_phone(struct sip_msg *msg)
{
	if (msg->rcv.bind_address == p2psip_config.overlay_si)
		return p2psip_result_set(msg, P2PSIP_REFUSED);
	p2psip_phones_note_message(msg);
	return p2psip_result_set(msg, P2PSIP_OK);
}
