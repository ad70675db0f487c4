/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives loopback addresses to remote nodes and remembers both directions. */
#include "modules/p2psip/peer/flow_addresses.h"

#include <arpa/inet.h>
#include <stdlib.h>

struct FlowAddresses {
	uint32_t base; /* host byte order */
	uint32_t size; /* addresses in the network */
	unsigned max;
	GHashTable *by_node;    /* ReloadNodeId* (owned) -> address, host byte order */
	GHashTable *by_address; /* address -> ReloadNodeId* (of by_node) */
};

FlowAddresses *flow_addresses_new(uint32_t network, unsigned prefix, unsigned max)
{
	FlowAddresses *self = g_new0(FlowAddresses, 1);

	self->size = 1u << (32 - prefix);
	self->base = ntohl(network) & ~(self->size - 1);
	self->max = MIN(max, self->size / 2);
	self->by_node = g_hash_table_new_full(reload_node_id_hash, reload_node_id_equal_keys, g_free,
					      NULL);
	self->by_address = g_hash_table_new(NULL, NULL);
	return self;
}

void flow_addresses_free(FlowAddresses *self)
{
	if (self == NULL)
		return;
	g_hash_table_destroy(self->by_address);
	g_hash_table_destroy(self->by_node);
	g_free(self);
}

/* Where the search starts: from the last bytes of the Node-ID, never the first or last address. */
static uint32_t preferred(const FlowAddresses *self, const ReloadNodeId *node)
{
	const uint8_t *p = node->id + node->len - 4;
	uint32_t value = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];

	return 1 + value % (self->size - 2);
}

uint32_t flow_addresses_get(FlowAddresses *self, const ReloadNodeId *node)
{
	uint32_t address = GPOINTER_TO_UINT(g_hash_table_lookup(self->by_node, node));
	uint32_t offset;
	ReloadNodeId *key;

	if (address != 0)
		return htonl(address);
	if (g_hash_table_size(self->by_node) >= self->max)
		return 0;
	/* At most half of the addresses are given out: a free one is near. */
	for (offset = preferred(self, node);; offset = 1 + offset % (self->size - 2)) {
		address = self->base + offset;
		if (!g_hash_table_contains(self->by_address, GUINT_TO_POINTER(address)))
			break;
	}
	key = g_new(ReloadNodeId, 1);
	*key = *node;
	g_hash_table_insert(self->by_node, key, GUINT_TO_POINTER(address));
	g_hash_table_insert(self->by_address, GUINT_TO_POINTER(address), key);
	return htonl(address);
}

bool flow_addresses_find(const FlowAddresses *self, uint32_t address, ReloadNodeId *node)
{
	const ReloadNodeId *found =
		g_hash_table_lookup(self->by_address, GUINT_TO_POINTER(ntohl(address)));

	if (found == NULL)
		return false;
	*node = *found;
	return true;
}

void flow_addresses_drop(FlowAddresses *self, const ReloadNodeId *node)
{
	uint32_t address = GPOINTER_TO_UINT(g_hash_table_lookup(self->by_node, node));

	g_hash_table_remove(self->by_address, GUINT_TO_POINTER(address));
	g_hash_table_remove(self->by_node, node);
}

bool flow_network_parse(const char *text, uint32_t *network, unsigned *prefix)
{
	const char *slash = strchr(text, '/');
	g_autofree char *host = slash ? g_strndup(text, (gsize)(slash - text)) : NULL;
	struct in_addr address;
	char *end = NULL;
	unsigned long bits;
	uint32_t mask;

	if (host == NULL || inet_pton(AF_INET, host, &address) != 1 || !g_ascii_isdigit(slash[1]))
		return false;
	bits = strtoul(slash + 1, &end, 10);
	if (*end != '\0' || bits < 9 || bits > 24 || ntohl(address.s_addr) >> 24 != 127)
		return false;
	mask = ~((1u << (32 - bits)) - 1);
	/* 127.0.0.1 is everybody's: a flow may not stand behind it. */
	if ((ntohl(address.s_addr) & mask) == (0x7f000001u & mask))
		return false;
	*network = address.s_addr & htonl(mask);
	*prefix = (unsigned)bits;
	return true;
}
