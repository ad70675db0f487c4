/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statistics: counters of the workers, and values read from shared memory when asked for. */
#include "modules/p2psip/statistics.h"

#include <stddef.h>

#include "modules/p2psip/compat.h"
#include "modules/p2psip/flow_table.h"
#include "modules/p2psip/lookup_cache.h"
#include "modules/p2psip/registrations.h"
#include "modules/p2psip/request.h"
#include "modules/p2psip/shared.h"

static counter_handle_t counters[P2PSIP_COUNT_MAX];

enum value { JOINED, RESTARTS, REGISTRATIONS, CACHED_LOOKUPS, REQUESTS };

static counter_val_t read_value(counter_handle_t handle, void *param)
{
	switch ((enum value)(long)param) {
	case JOINED:
		return p2psip_shared->joined;
	case RESTARTS:
		return p2psip_shared->restarts;
	case REGISTRATIONS:
		return p2psip_registrations_count();
	case CACHED_LOOKUPS:
		return p2psip_cache_count();
	case REQUESTS:
		return p2psip_requests_count();
	}
	return 0;
}

/* A 64 bit or (below) a 32 bit value of the peer's; param is its offset. */
static counter_val_t read_peer64(counter_handle_t handle, void *param)
{
	struct p2psip_statistics s;

	p2psip_shared_statistics(&s);
	return *(const uint64_t *)(const void *)((const char *)&s + (long)param);
}

static counter_val_t read_peer32(counter_handle_t handle, void *param)
{
	struct p2psip_statistics s;

	p2psip_shared_statistics(&s);
	return *(const uint32_t *)(const void *)((const char *)&s + (long)param);
}

#define COUNTED(name, what, text) {&counters[what], name, 0, NULL, NULL, text}
#define VALUE(name, what, text) {NULL, name, 0, read_value, (void *)(long)(what), text}
#define PEER64(name, text) \
	{NULL, #name, 0, read_peer64, (void *)offsetof(struct p2psip_statistics, name), text}
#define PEER32(name, text) \
	{NULL, #name, 0, read_peer32, (void *)offsetof(struct p2psip_statistics, name), text}

static counter_def_t definitions[] = {
	COUNTED("refreshes", P2PSIP_COUNT_REFRESHES, "REGISTERs that needed no store"),
	COUNTED("cache_hits", P2PSIP_COUNT_CACHE_HITS, "lookups answered from shared memory"),
	COUNTED("cache_misses", P2PSIP_COUNT_CACHE_MISSES, "lookups that had to ask the peer"),
	COUNTED("refused", P2PSIP_COUNT_REFUSED, "messages refused by the rules of who may do what"),
	VALUE("joined", JOINED, "1 while the edge is a peer of the overlay"),
	VALUE("restarts", RESTARTS, "how often p2psip-peer had to be started again"),
	VALUE("registrations", REGISTRATIONS, "AORs registered at this edge"),
	VALUE("cached_lookups", CACHED_LOOKUPS, "lookups kept in shared memory"),
	VALUE("requests", REQUESTS, "requests to the peer under way"),
	PEER64(stores, "stores made"),
	PEER64(store_failures, "stores that failed"),
	PEER64(lookups, "lookups made"),
	PEER64(lookup_failures, "lookups that failed"),
	PEER64(withdrawals, "registrations removed"),
	PEER64(flows_opened, "flows opened"),
	PEER64(flow_failures, "flows that could not be opened or broke"),
	PEER64(messages_in, "SIP messages from flows"),
	PEER64(messages_out, "SIP messages to flows"),
	PEER64(messages_refused, "SIP messages with no flow for them, or over a bound"),
	PEER64(forwarded, "RELOAD messages forwarded for others"),
	PEER64(dropped, "RELOAD messages dropped"),
	PEER32(flows, "flows that are up"),
	PEER32(links, "links to other peers"),
	PEER32(stored_values, "values stored here for the overlay"),
	{NULL, NULL, 0, NULL, NULL, NULL},
};

int p2psip_statistics_init(void)
{
	if (counter_register_array("p2psip", definitions) >= 0)
		return 0;
	LM_ERR("cannot register the statistics\n");
	return -1;
}

void p2psip_count(enum p2psip_counted what)
{
	counter_inc(counters[what]);
}
