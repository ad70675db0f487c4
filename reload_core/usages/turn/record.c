/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Knows the places of TURN server records, and which addresses they may hold. */
#include "reload_core/usages/turn/record.h"

#include "reload_core/wire/turn_server.h"

unsigned reload_turn_density(const ReloadDocument *document)
{
	const ReloadKind *kind = reload_document_kind(document, RELOAD_KIND_TURN_SERVICE);
	unsigned density = document->turn_density;

	if (!kind)
		return 0;
	return MIN(density, MIN(kind->max_node_multiple, RELOAD_TURN_ITERATIONS_MAX));
}

void reload_turn_place(const ReloadDocument *document, const ReloadNodeId *node_id,
		       uint8_t iteration, ReloadResourceId *out)
{
	uint8_t name[RELOAD_NODE_ID_MAX + 1];

	memcpy(name, node_id->id, node_id->len);
	name[node_id->len] = iteration;
	reload_resource_id_from_name(document, name, node_id->len + 1u, out);
}

typedef struct {
	uint8_t type, bits; /* the first so many bits are these: */
	uint8_t prefix[2];
} Range;

/* "if the peer's IP address is in the private address space range as defined by [RFC1918], then it
 * is also SHOULD NOT be a candidate" (9); and what nobody else can reach at all. */
static const Range unfit[] = {
    {RELOAD_ADDRESS_IPV4, 8, {0}},		/* this host */
    {RELOAD_ADDRESS_IPV4, 8, {10}},		/* private */
    {RELOAD_ADDRESS_IPV4, 8, {127}},		/* loopback */
    {RELOAD_ADDRESS_IPV4, 16, {169, 254}},	/* link-local */
    {RELOAD_ADDRESS_IPV4, 12, {172, 16}},	/* private */
    {RELOAD_ADDRESS_IPV4, 16, {192, 168}},	/* private */
    {RELOAD_ADDRESS_IPV4, 3, {224}},		/* multicast and reserved */
    {RELOAD_ADDRESS_IPV6, 8, {0}},		/* unspecified, loopback, IPv4 in disguise */
    {RELOAD_ADDRESS_IPV6, 7, {0xfc}},		/* unique local (RFC 4193) */
    {RELOAD_ADDRESS_IPV6, 10, {0xfe, 0x80}},	/* link-local */
    {RELOAD_ADDRESS_IPV6, 8, {0xff}},		/* multicast */
};

static bool in_range(const ReloadAddress *address, const Range *range)
{
	uint16_t start = (uint16_t)(address->address[0] << 8 | address->address[1]);
	uint16_t prefix = (uint16_t)(range->prefix[0] << 8 | range->prefix[1]);

	return address->type == range->type && (start ^ prefix) >> (16 - range->bits) == 0;
}

bool reload_turn_address_fits(const ReloadAddress *address)
{
	if (address->port == 0 || (address->type != RELOAD_ADDRESS_IPV4 &&
				   address->type != RELOAD_ADDRESS_IPV6))
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(unfit); i++) {
		if (in_range(address, &unfit[i]))
			return false;
	}
	return true;
}

bool reload_turn_record_read(const ReloadDocument *document, const ReloadResourceId *resource,
			     const ReloadNodeId *signer, ReloadSpan value, ReloadAddress *out)
{
	ReloadResourceId place;
	ReloadTurnServer server;

	if (reload_turn_server_decode(value, &server) ||
	    !reload_turn_address_fits(&server.server_address))
		return false;
	reload_turn_place(document, signer, server.iteration, &place);
	if (!reload_resource_id_equal(&place, resource))
		return false;
	*out = server.server_address;
	return true;
}
