/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of remote nodes, their loopback addresses and the state of their flows. */
#include "modules/p2psip/flow_table.h"

#include <string.h>

#include "modules/p2psip/compat.h"
#include "modules/p2psip/shared.h"

#define BUCKETS 1024	  /* a power of two */
#define ENTRIES_MAX 65536 /* as many as the peer knows (edge_flows.c), which tells of each it forgets */

struct flow {
	struct p2psip_flow_entry flow;
	struct flow *next_by_node;
	struct flow *next_by_address;
};

struct table {
	gen_lock_t lock;
	unsigned count;
	struct flow *by_node[BUCKETS];
	struct flow *by_address[BUCKETS];
};

static struct table *table;

int p2psip_flows_init(void)
{
	table = shm_malloc(sizeof(*table));
	if (table == NULL) {
		SHM_MEM_ERROR;
		return -1;
	}
	memset(table, 0, sizeof(*table));
	return lock_init(&table->lock) == NULL ? -1 : 0;
}

void p2psip_flows_destroy(void)
{
	if (table == NULL)
		return;
	p2psip_flows_clear();
	lock_destroy(&table->lock);
	shm_free(table);
	table = NULL;
}

/* Node-IDs are random, so any four of their bytes will do. */
static unsigned node_bucket(const uint8_t *node)
{
	uint32_t n;

	memcpy(&n, node + P2PSIP_NODE_ID_LEN - sizeof(n), sizeof(n));
	return n & (BUCKETS - 1);
}

static unsigned address_bucket(uint32_t address)
{
	return ntohl(address) & (BUCKETS - 1);
}

static struct flow *find_node(const uint8_t *node)
{
	struct flow *e = table->by_node[node_bucket(node)];

	while (e != NULL && memcmp(e->flow.node, node, P2PSIP_NODE_ID_LEN) != 0)
		e = e->next_by_node;
	return e;
}

static struct flow *find_address(uint32_t address)
{
	struct flow *e = table->by_address[address_bucket(address)];

	while (e != NULL && e->flow.address != address)
		e = e->next_by_address;
	return e;
}

static void unlink_address(struct flow *e)
{
	struct flow **at = &table->by_address[address_bucket(e->flow.address)];

	while (*at != NULL && *at != e)
		at = &(*at)->next_by_address;
	if (*at == e)
		*at = e->next_by_address;
}

static void link_address(struct flow *e, uint32_t address)
{
	struct flow **bucket = &table->by_address[address_bucket(address)];

	e->flow.address = address;
	e->next_by_address = *bucket;
	*bucket = e;
}

static struct flow *add(const uint8_t *node, uint32_t address)
{
	struct flow **bucket = &table->by_node[node_bucket(node)];
	struct flow *e;

	if (table->count >= ENTRIES_MAX)
		return NULL;
	e = shm_malloc(sizeof(*e));
	if (e == NULL) {
		SHM_MEM_ERROR;
		return NULL;
	}
	memset(e, 0, sizeof(*e));
	memcpy(e->flow.node, node, P2PSIP_NODE_ID_LEN);
	e->next_by_node = *bucket;
	*bucket = e;
	link_address(e, address);
	table->count++;
	return e;
}

static struct flow *find_or_add(const uint8_t *node, uint32_t address, uint16_t port)
{
	struct flow *e = find_node(node);

	if (e == NULL) {
		e = add(node, address);
	} else if (e->flow.address != address) {
		unlink_address(e);
		link_address(e, address);
	}
	if (e != NULL)
		e->flow.port = port;
	return e;
}

int p2psip_flows_set(const struct p2psip_flow *flow)
{
	struct flow *e;

	lock_get(&table->lock);
	e = find_or_add(flow->node, flow->address, flow->port);
	if (e != NULL) {
		if (e->flow.state == P2PSIP_FLOW_OPENING && flow->state == P2PSIP_FLOW_DOWN)
			e->flow.failed = p2psip_now();
		e->flow.state = flow->state;
	}
	lock_release(&table->lock);
	return e ? 0 : -1;
}

int p2psip_flows_note(const uint8_t *node, uint32_t address, uint16_t port, uint16_t state)
{
	struct flow *e;

	lock_get(&table->lock);
	e = find_node(node);
	if (e == NULL || e->flow.address != address || e->flow.port != port) {
		int known = e != NULL;

		e = find_or_add(node, address, port);
		if (e != NULL && !known && state != P2PSIP_FLOW_UP)
			e->flow.state = state;
	}
	lock_release(&table->lock);
	return e ? 0 : -1;
}

void p2psip_flows_forget(const uint8_t *node)
{
	struct flow **at = &table->by_node[node_bucket(node)];
	struct flow *e;

	lock_get(&table->lock);
	while (*at != NULL && memcmp((*at)->flow.node, node, P2PSIP_NODE_ID_LEN) != 0)
		at = &(*at)->next_by_node;
	e = *at;
	if (e != NULL) {
		*at = e->next_by_node;
		unlink_address(e);
		table->count--;
	}
	lock_release(&table->lock);
	if (e != NULL)
		shm_free(e);
}

static int copy_out(const struct flow *e, struct p2psip_flow_entry *found)
{
	if (e != NULL)
		*found = e->flow;
	return e != NULL;
}

int p2psip_flows_by_node(const uint8_t *node, struct p2psip_flow_entry *found)
{
	int known;

	lock_get(&table->lock);
	known = copy_out(find_node(node), found);
	lock_release(&table->lock);
	return known;
}

int p2psip_flows_by_address(uint32_t address, struct p2psip_flow_entry *found)
{
	int known;

	lock_get(&table->lock);
	known = copy_out(find_address(address), found);
	lock_release(&table->lock);
	return known;
}

void p2psip_flows_clear(void)
{
	lock_get(&table->lock);
	for (unsigned i = 0; i < BUCKETS; i++) {
		while (table->by_node[i] != NULL) {
			struct flow *e = table->by_node[i];

			table->by_node[i] = e->next_by_node;
			shm_free(e);
		}
		table->by_address[i] = NULL;
	}
	table->count = 0;
	lock_release(&table->lock);
}

unsigned p2psip_flows_count(void)
{
	return __atomic_load_n(&table->count, __ATOMIC_RELAXED);
}
