/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The value of the Kind SIP-REGISTRATION (RFC 7904, 3.2). */
#include "reload_core/wire/sip_registration.h"

#include "reload_core/wire/list.h"

/* RFC 7904, 3.2: destination_list<3..2^16-1>. */
#define DESTINATION_LIST_MIN 3

/* Reads the data of a route: contact preferences and a destination list. */
static void read_route(ReloadReader *r, unsigned node_id_len, ReloadSipRegistration *out)
{
	reload_read_vector16(r, &out->contact_prefs);
	reload_read_vector16(r, &out->destination_list);
	if (out->destination_list.len < DESTINATION_LIST_MIN ||
	    !reload_destination_list_valid(out->destination_list, node_id_len,
					   RELOAD_LIST_DESTINATION))
		r->failed = true;
}

ReloadStatus reload_sip_registration_decode(ReloadSpan value, unsigned node_id_len,
					    ReloadSipRegistration *out)
{
	ReloadReader r = reload_reader(value), inner;
	ReloadSpan data;

	memset(out, 0, sizeof(*out));
	out->type = reload_read_u8(&r);
	reload_read_vector16(&r, &data);
	if (reload_reader_finish(&r) != RELOAD_OK || out->type == 0)
		return RELOAD_E_MALFORMED;
	inner = reload_reader(data);
	switch (out->type) {
	case RELOAD_SIP_REGISTRATION_URI:
		reload_read_vector16(&inner, &out->uri);
		return reload_reader_finish(&inner);
	case RELOAD_SIP_REGISTRATION_ROUTE:
		read_route(&inner, node_id_len, out);
		return reload_reader_finish(&inner);
	default: /* "This type can be extended" */
		out->data = data;
		return RELOAD_OK;
	}
}

bool reload_write_sip_registration(GByteArray *buf, const ReloadSipRegistration *registration)
{
	size_t start = buf->len, mark;
	bool ok;

	reload_write_u8(buf, registration->type);
	mark = reload_begin_vector16(buf);
	switch (registration->type) {
	case RELOAD_SIP_REGISTRATION_URI:
		ok = reload_write_vector16(buf, registration->uri);
		break;
	case RELOAD_SIP_REGISTRATION_ROUTE:
		ok = reload_write_vector16(buf, registration->contact_prefs) &&
		     reload_write_vector16(buf, registration->destination_list);
		break;
	default:
		ok = registration->type != 0;
		reload_write_bytes(buf, registration->data);
	}
	return reload_write_commit(buf, start, ok && reload_end_vector16(buf, mark));
}
