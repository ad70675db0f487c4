/* SPDX-License-Identifier: GPL-2.0-or-later */
/* p2psip_register() and p2psip_withdraw(): a REGISTER becomes a Store where the AOR is new at this
 * edge. */
#include <string.h>

#include "modules/p2psip/aor.h"
#include "modules/p2psip/config.h"
#include "modules/p2psip/functions.h"
#include "modules/p2psip/registrations.h"
#include "modules/p2psip/request.h"
#include "modules/p2psip/result.h"
#include "modules/p2psip/shared.h"
#include "modules/p2psip/statistics.h"
#include "modules/p2psip/transaction.h"

static int expires_of(struct sip_msg *msg, const contact_t *contact)
{
	const exp_body_t *header;
	str text;
	unsigned value;

	if (contact->expires != NULL && contact->expires->body.len > 0) {
		text = contact->expires->body;
		return str2int(&text, &value) == 0 ? value != 0 : 1;
	}
	if (msg->expires == NULL)
		return 1;
	header = msg->expires->parsed;
	return header == NULL || !header->valid || header->val != 0;
}

/* Whether the REGISTER adds or refreshes a binding (RFC 3261, 10.3), rather than removing or asking
 * for some. */
static int adds_binding(struct sip_msg *msg)
{
	contact_body_t *body;

	if (parse_headers(msg, HDR_EOH_F, 0) < 0)
		return 1;
	if (msg->expires != NULL && msg->expires->parsed == NULL)
		parse_expires(msg->expires);
	for (struct hdr_field *h = msg->contact; h != NULL; h = h->next) {
		if (h->type != HDR_CONTACT_T)
			continue;
		if (h->parsed == NULL && parse_contact(h) < 0)
			return 1;
		body = h->parsed;
		if (body->star)
			return 0;
		for (contact_t *c = body->contacts; c != NULL; c = c->next) {
			if (expires_of(msg, c))
				return 1;
		}
	}
	return 0;
}

int p2psip_register_status(int status)
{
	if (status == P2PSIP_NOT_JOINED && !p2psip_config.register_strict)
		return P2PSIP_DEFERRED;
	return status;
}

static int ask_for_store(struct sip_msg *msg, const char *aor, str *route)
{
	struct p2psip_request *request;
	int status;

	request = p2psip_request_new(P2PSIP_FOR_REGISTER);
	if (request == NULL)
		return P2PSIP_BUSY;
	strcpy(request->aor, aor);
	if (p2psip_registrations_begin(aor) != 0) {
		p2psip_request_free(request);
		return P2PSIP_BUSY;
	}
	status = p2psip_suspend(msg, request, route);
	if (status != P2PSIP_SUSPENDED)
		p2psip_registrations_end(aor, status);
	return status;
}

int p2psip_ki_register(struct sip_msg *msg, str *route)
{
	char aor[P2PSIP_AOR_MAX];
	int strict = p2psip_config.register_strict;
	int status;

	if (p2psip_aor_of_to(msg, aor) != 0)
		return p2psip_result_set(msg, P2PSIP_BAD_AOR);
	if (!adds_binding(msg) || p2psip_registrations_known(aor, strict)) {
		p2psip_count(P2PSIP_COUNT_REFRESHES);
		return p2psip_result_set(msg, P2PSIP_OK);
	}
	if (!__atomic_load_n(&p2psip_shared->running, __ATOMIC_ACQUIRE))
		status = P2PSIP_NOT_JOINED;
	else
		status = ask_for_store(msg, aor, route);
	return p2psip_result_set(msg, p2psip_register_status(status));
}

int p2psip_ki_withdraw(struct sip_msg *msg)
{
	char aor[P2PSIP_AOR_MAX];

	if (p2psip_aor_of_to(msg, aor) != 0)
		return p2psip_result_set(msg, P2PSIP_BAD_AOR);
	p2psip_registrations_withdraw(aor);
	return p2psip_result_set(msg, P2PSIP_OK);
}
