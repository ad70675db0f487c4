/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers and security blocks that are special in one thing each. */
#include "tests/unit/wire_sample_bodies.h"

#include "reload_core/wire/address.h"

/* RFC 7263, 5.2: RouteMode. */
#define ROUTE_MODE_DRR 1

static ReloadSpan view(const GByteArray *bytes)
{
	return reload_span(bytes->data, bytes->len);
}

static void write_hops(const WireSampleContext *context, WireSampleEnvelope *envelope)
{
	reload_write_destination_node(envelope->via, &context->nodes[1]);
	reload_write_destination_node(envelope->destination, &context->nodes[3]);
}

void wire_sample_to_opaque(const WireSampleContext *context, WireSampleEnvelope *envelope)
{
	ReloadDestination opaque = reload_destination_opaque(reload_span_text("state"));

	reload_write_destination_node(envelope->via, &context->nodes[1]);
	reload_write_destination(envelope->destination, &opaque);
	opaque.bare = true;
	opaque.opaque = reload_span("\xff\xfe", 2);
	reload_write_destination(envelope->destination, &opaque);
	reload_write_destination_node(envelope->destination, &context->nodes[3]);
}

void wire_sample_to_wildcard(const WireSampleContext *context, WireSampleEnvelope *envelope)
{
	ReloadNodeId all_ones = {.len = context->nodes[0].len};

	memset(all_ones.id, 0xff, all_ones.len);
	reload_write_destination_node(envelope->destination, &all_ones);
}

/* Each flag alone, all of them, none; with and without a value. */
void wire_sample_with_options(const WireSampleContext *context, WireSampleEnvelope *envelope)
{
	static const uint8_t flags[] = {
	    0,
	    RELOAD_FLAG_FORWARD_CRITICAL,
	    RELOAD_FLAG_DESTINATION_CRITICAL,
	    RELOAD_FLAG_RESPONSE_COPY,
	    RELOAD_FLAG_FORWARD_CRITICAL | RELOAD_FLAG_DESTINATION_CRITICAL |
		RELOAD_FLAG_RESPONSE_COPY,
	};

	write_hops(context, envelope);
	for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
		ReloadForwardingOption option = {
		    .type = RELOAD_FORWARD_EXP,
		    .flags = flags[i],
		    .value = reload_span_text(i % 2 == 0 ? "" : "trial"),
		};

		reload_write_forwarding_option(envelope->options, &option);
	}
}

/* RFC 7263, 5.2: the answer shall come straight to an address of the sender. */
void wire_sample_with_direct_response(const WireSampleContext *context,
				      WireSampleEnvelope *envelope)
{
	g_autoptr(GByteArray) value = g_byte_array_new();
	g_autoptr(GByteArray) destinations = g_byte_array_new();
	ReloadForwardingOption option = {
	    .type = RELOAD_FORWARD_EXTENSIVE_ROUTING_MODE,
	    .flags = RELOAD_FLAG_IGNORE_STATE_KEEPING,
	};
	ReloadAddress address;

	write_hops(context, envelope);
	reload_write_u8(value, ROUTE_MODE_DRR);
	reload_write_u8(value, RELOAD_LINK_TLS_TCP_FH_NO_ICE);
	reload_address_from_text("192.0.2.1", RELOAD_PORT_DEFAULT, &address);
	reload_write_address(value, &address);
	reload_write_destination_node(destinations, &context->nodes[0]);
	reload_write_vector8(value, view(destinations));
	option.value = view(value);
	reload_write_forwarding_option(envelope->options, &option);
}

/* As an answer has it to a request whose option asked for a copy. */
void wire_sample_with_copied_option(const WireSampleContext *context, WireSampleEnvelope *envelope)
{
	ReloadForwardingOption option = {RELOAD_FORWARD_EXP, 0, reload_span_text("trial")};

	reload_write_destination_node(envelope->destination, &context->nodes[1]);
	reload_write_forwarding_option(envelope->options, &option);
}

void wire_sample_with_critical_extension(const WireSampleContext *context,
					 WireSampleEnvelope *envelope)
{
	ReloadExtension extension = {RELOAD_EXTENSION_EXP, true, reload_span_text("trial")};

	write_hops(context, envelope);
	reload_write_extension(envelope->extensions, &extension);
	extension.critical = false;
	extension.contents = reload_span_text("");
	reload_write_extension(envelope->extensions, &extension);
}

/* RFC 6940, 6.3.4 takes the types of certificates from RFC 6091 and defines X.509 only. */
void wire_sample_with_certificates(const WireSampleContext *context, WireSampleEnvelope *envelope)
{
	write_hops(context, envelope);
	reload_write_generic_certificate(envelope->certificates, RELOAD_CERTIFICATE_OPENPGP,
					 reload_span_text("an OpenPGP certificate"));
}
