/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From Kamailio's parsed URIs to canonical AORs. */
#include "modules/p2psip/aor.h"

#include "modules/p2psip/proto/names.h"

static int from_parsed(const struct sip_uri *uri, char aor[P2PSIP_AOR_MAX])
{
	/* Kamailio calls a SIP URI with user=phone a TEL one, and says so in its flags. */
	if (uri->type != SIP_URI_T && uri->type != SIPS_URI_T &&
	    !(uri->type == TEL_URI_T && (uri->flags & URI_SIP_USER_PHONE)))
		return -1;
	return p2psip_aor_write(aor, P2PSIP_AOR_MAX, uri->user.s, uri->user.len, 1, uri->host.s,
				uri->host.len) < 0
		   ? -1
		   : 0;
}

int p2psip_aor_of_uri(const str *uri, char aor[P2PSIP_AOR_MAX])
{
	struct sip_uri parsed;

	if (uri->s == NULL || uri->len <= 0 || parse_uri(uri->s, uri->len, &parsed) < 0)
		return -1;
	return from_parsed(&parsed, aor);
}

int p2psip_aor_of_to(struct sip_msg *msg, char aor[P2PSIP_AOR_MAX])
{
	struct to_body *to;

	if ((msg->to == NULL && parse_headers(msg, HDR_TO_F, 0) < 0) || msg->to == NULL)
		return -1;
	to = get_to(msg);
	return to ? p2psip_aor_of_uri(&to->uri, aor) : -1;
}

int p2psip_aor_of_from(struct sip_msg *msg, char aor[P2PSIP_AOR_MAX])
{
	if (parse_from_header(msg) < 0 || msg->from == NULL)
		return -1;
	return p2psip_aor_of_uri(&get_from(msg)->uri, aor);
}

int p2psip_aor_of_request_uri(struct sip_msg *msg, char aor[P2PSIP_AOR_MAX])
{
	if (parse_sip_msg_uri(msg) < 0)
		return -1;
	return from_parsed(&msg->parsed_uri, aor);
}

int p2psip_aor_of_location(const str *location, char aor[P2PSIP_AOR_MAX])
{
	int at = location->len - 1;

	while (at > 0 && location->s[at] != '@')
		at--;
	if (at <= 0)
		return -1;
	return p2psip_aor_write(aor, P2PSIP_AOR_MAX, location->s, at, 0, location->s + at + 1,
				location->len - at - 1) < 0
		   ? -1
		   : 0;
}
