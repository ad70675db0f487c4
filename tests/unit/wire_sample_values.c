/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sample values of IANA's Kinds, signed. */
#include "tests/unit/wire_sample_values.h"

#include "reload_core/wire/sip_registration.h"
#include "reload_core/wire/turn_server.h"

static ReloadSpan view(const GByteArray *bytes)
{
	return reload_span(bytes->data, bytes->len);
}

void wire_sample_registration(const WireSampleContext *context, GByteArray *out)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadSipRegistration registration = {
	    .type = RELOAD_SIP_REGISTRATION_ROUTE,
	    .contact_prefs = reload_span_text("(sip.schemes=SIP)"),
	};

	reload_write_destination_node(list, &context->nodes[0]);
	registration.destination_list = view(list);
	reload_write_sip_registration(out, &registration);
}

static void write_stored(const WireSampleContext *context, uint32_t kind, ReloadStoredValue value,
			 GByteArray *out)
{
	ReloadStoredData data = {
	    .storage_time = context->time,
	    .lifetime = WIRE_SAMPLE_LIFETIME,
	    .value = value,
	};

	g_assert_true(context->write_stored(context, kind, &data, out));
}

static void write_registration_values(const WireSampleContext *context, GByteArray *out)
{
	g_autoptr(GByteArray) value = g_byte_array_new();

	wire_sample_registration(context, value);
	write_stored(context, RELOAD_KIND_SIP_REGISTRATION,
		     (ReloadStoredValue){.model = RELOAD_MODEL_DICTIONARY,
					 .key = reload_node_id_span(&context->nodes[0]),
					 .exists = true,
					 .value = view(value)},
		     out);
}

/* RFC 7904, 3.2: another AOR stands for this one. */
static void write_uri_values(const WireSampleContext *context, GByteArray *out)
{
	g_autoptr(GByteArray) value = g_byte_array_new();
	ReloadSipRegistration registration = {
	    .type = RELOAD_SIP_REGISTRATION_URI,
	    .uri = reload_span_text("sip:bob@overlay.example.org"),
	};

	reload_write_sip_registration(value, &registration);
	write_stored(context, RELOAD_KIND_SIP_REGISTRATION,
		     (ReloadStoredValue){.model = RELOAD_MODEL_DICTIONARY,
					 .key = reload_node_id_span(&context->nodes[0]),
					 .exists = true,
					 .value = view(value)},
		     out);
}

/* Two certificates: at index 0, and at another one. */
static void write_certificates(const WireSampleContext *context, uint32_t kind, uint32_t second,
			       GByteArray *out)
{
	for (uint32_t i = 0; i < 2; i++)
		write_stored(context, kind,
			     (ReloadStoredValue){.model = RELOAD_MODEL_ARRAY,
						 .index = i == 0 ? 0 : second,
						 .exists = true,
						 .value = context->certificate},
			     out);
}

static void write_certificate_values(const WireSampleContext *context, GByteArray *out)
{
	write_certificates(context, RELOAD_KIND_CERTIFICATE_BY_NODE, 1, out);
}

static void write_appended_certificates(const WireSampleContext *context, GByteArray *out)
{
	write_certificates(context, RELOAD_KIND_CERTIFICATE_BY_NODE, RELOAD_ARRAY_END, out);
}

static void write_user_certificate_values(const WireSampleContext *context, GByteArray *out)
{
	write_certificates(context, RELOAD_KIND_CERTIFICATE_BY_USER, 1, out);
}

static void write_turn_server(const WireSampleContext *context, const char *ip, GByteArray *out)
{
	g_autoptr(GByteArray) value = g_byte_array_new();
	ReloadTurnServer server = {.iteration = 1};

	reload_address_from_text(ip, 3478, &server.server_address);
	reload_write_turn_server(value, &server);
	write_stored(
	    context, RELOAD_KIND_TURN_SERVICE,
	    (ReloadStoredValue){.model = RELOAD_MODEL_SINGLE, .exists = true, .value = view(value)},
	    out);
}

static void write_turn_values(const WireSampleContext *context, GByteArray *out)
{
	write_turn_server(context, "192.0.2.9", out);
}

static void write_turn_ipv6_values(const WireSampleContext *context, GByteArray *out)
{
	write_turn_server(context, "2001:db8::9", out);
}

/* RFC 6940, 7.4.1.3: a value that was removed, in each of the data models. */
static void write_removed_registration(const WireSampleContext *context, GByteArray *out)
{
	write_stored(context, RELOAD_KIND_SIP_REGISTRATION,
		     (ReloadStoredValue){.model = RELOAD_MODEL_DICTIONARY,
					 .key = reload_node_id_span(&context->nodes[0])},
		     out);
}

static void write_removed_certificate(const WireSampleContext *context, GByteArray *out)
{
	write_stored(context, RELOAD_KIND_CERTIFICATE_BY_NODE,
		     (ReloadStoredValue){.model = RELOAD_MODEL_ARRAY, .index = 1}, out);
}

static void write_removed_turn_server(const WireSampleContext *context, GByteArray *out)
{
	write_stored(context, RELOAD_KIND_TURN_SERVICE,
		     (ReloadStoredValue){.model = RELOAD_MODEL_SINGLE}, out);
}

const WireSampleKind wire_sample_kinds_models[] = {
    {RELOAD_KIND_SIP_REGISTRATION, write_registration_values},
    {RELOAD_KIND_CERTIFICATE_BY_NODE, write_certificate_values},
    {RELOAD_KIND_TURN_SERVICE, write_turn_values},
    {0, NULL},
};
const WireSampleKind wire_sample_kinds_appended[] = {
    {RELOAD_KIND_CERTIFICATE_BY_NODE, write_appended_certificates},
    {0, NULL},
};
const WireSampleKind wire_sample_kinds_removed[] = {
    {RELOAD_KIND_SIP_REGISTRATION, write_removed_registration},
    {RELOAD_KIND_CERTIFICATE_BY_NODE, write_removed_certificate},
    {RELOAD_KIND_TURN_SERVICE, write_removed_turn_server},
    {0, NULL},
};
const WireSampleKind wire_sample_kinds_registration[] = {
    {RELOAD_KIND_SIP_REGISTRATION, write_registration_values},
    {0, NULL},
};
const WireSampleKind wire_sample_kinds_uri[] = {
    {RELOAD_KIND_SIP_REGISTRATION, write_uri_values},
    {0, NULL},
};
const WireSampleKind wire_sample_kinds_users[] = {
    {RELOAD_KIND_CERTIFICATE_BY_USER, write_user_certificate_values},
    {RELOAD_KIND_TURN_SERVICE, write_turn_ipv6_values},
    {0, NULL},
};
