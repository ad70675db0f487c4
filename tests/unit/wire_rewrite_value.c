/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decoding and encoding again, of stored values, destinations and addresses. */
#include "tests/unit/wire_rewrite_value.h"

#include "reload_core/wire/constants.h"
#include "reload_core/wire/sip_registration.h"
#include "reload_core/wire/turn_server.h"

void wire_rewrite_note_destination(const ReloadDestination *d, const char *what, GHashTable *arms)
{
	wire_arms_add(arms, "DestinationType", d->type);
	if (d->bare)
		wire_arms_add_text(arms, what, "compressed");
	else if (d->type == RELOAD_DESTINATION_NODE && reload_node_id_is_wildcard(&d->node_id))
		wire_arms_add_text(arms, what, "wildcard");
	else
		wire_arms_add(arms, what, d->type);
}

ReloadSpan wire_rewrite_destinations(ReloadSpan list, GByteArray *copy, const char *what,
				     GHashTable *arms)
{
	ReloadDestination d;

	while (reload_destination_next(&list, &d)) {
		wire_rewrite_note_destination(&d, what, arms);
		g_assert_true(reload_write_destination(copy, &d));
	}
	return reload_span(copy->data, copy->len);
}

void wire_rewrite_note_address(const ReloadAddress *address, GHashTable *arms)
{
	wire_arms_add(arms, "AddressType", address->type);
}

static ReloadStatus rewrite_registration(ReloadSpan value, GByteArray *out, GHashTable *arms)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadSipRegistration registration;
	ReloadStatus status =
	    reload_sip_registration_decode(value, RELOAD_NODE_ID_MIN, &registration);

	if (status != RELOAD_OK)
		return status;
	wire_arms_add(arms, "SipRegistrationType", registration.type);
	registration.destination_list = wire_rewrite_destinations(
	    registration.destination_list, list, "SipRegistration.destination_list", arms);
	g_assert_true(reload_write_sip_registration(out, &registration));
	return RELOAD_OK;
}

static ReloadStatus rewrite_turn_server(ReloadSpan value, GByteArray *out, GHashTable *arms)
{
	ReloadTurnServer server;
	ReloadStatus status = reload_turn_server_decode(value, &server);

	if (status != RELOAD_OK)
		return status;
	wire_arms_add(arms, "TurnServer.server_address", server.server_address.type);
	wire_rewrite_note_address(&server.server_address, arms);
	g_assert_true(reload_write_turn_server(out, &server));
	return RELOAD_OK;
}

ReloadStatus wire_rewrite_value(uint32_t kind, ReloadSpan value, GByteArray *out, GHashTable *arms)
{
	switch (kind) {
	case RELOAD_KIND_SIP_REGISTRATION:
		return rewrite_registration(value, out, arms);
	case RELOAD_KIND_TURN_SERVICE:
		return rewrite_turn_server(value, out, arms);
	default: /* certificates are DER */
		reload_write_bytes(out, value);
		return RELOAD_OK;
	}
}
