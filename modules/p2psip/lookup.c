/* SPDX-License-Identifier: GPL-2.0-or-later */
/* p2psip_lookup(), p2psip_fork() and p2psip_identify(): at which edges an AOR is. */
#include <string.h>

#include "modules/p2psip/aor.h"
#include "modules/p2psip/config.h"
#include "modules/p2psip/destination.h"
#include "modules/p2psip/functions.h"
#include "modules/p2psip/request.h"
#include "modules/p2psip/result.h"
#include "modules/p2psip/shared.h"
#include "modules/p2psip/statistics.h"
#include "modules/p2psip/transaction.h"

/* A "no" that was fetched longer ago than this is asked again before a caller is disbelieved: he
 * may have registered in the meantime. */
#define DISBELIEF_MS 500

static int joined(void)
{
	return __atomic_load_n(&p2psip_shared->joined, __ATOMIC_ACQUIRE);
}

/* Nothing that came over a flow goes on over another one. */
static int from_overlay(struct sip_msg *msg)
{
	return msg->rcv.bind_address == p2psip_config.overlay_si;
}

static int cached(const char *aor, struct p2psip_targets *targets)
{
	int found = p2psip_cache_get(aor, targets) && !p2psip_targets_doubtful(targets);

	p2psip_count(found ? P2PSIP_COUNT_CACHE_HITS : P2PSIP_COUNT_CACHE_MISSES);
	return found;
}

static int ask(struct sip_msg *msg, enum p2psip_purpose purpose, const char *aor, str *route,
	       const uint8_t *node)
{
	struct p2psip_request *request;

	if (!joined())
		return P2PSIP_NOT_JOINED;
	request = p2psip_request_new(purpose);
	if (request == NULL)
		return P2PSIP_BUSY;
	strcpy(request->aor, aor);
	if (node != NULL)
		memcpy(request->node, node, sizeof(request->node));
	if (purpose == P2PSIP_FOR_FORK)
		return p2psip_ask_aside(msg, request);
	return p2psip_suspend(msg, request, route);
}

int p2psip_ki_lookup(struct sip_msg *msg, str *route)
{
	struct p2psip_targets targets;
	char aor[P2PSIP_AOR_MAX];
	int status;

	if (from_overlay(msg))
		status = P2PSIP_REFUSED;
	else if (p2psip_aor_of_request_uri(msg, aor) != 0)
		status = P2PSIP_BAD_AOR;
	else if (cached(aor, &targets))
		status = p2psip_destination_edges(msg, &targets);
	else
		status = ask(msg, P2PSIP_FOR_LOOKUP, aor, route, NULL);
	return p2psip_result_set(msg, status);
}

/* The answer that msg was sent by may have come from the cache, and the callee have moved since. */
int p2psip_ki_lookup_again(struct sip_msg *msg, str *route)
{
	struct p2psip_targets targets;
	char aor[P2PSIP_AOR_MAX];
	int status;

	if (from_overlay(msg))
		status = P2PSIP_REFUSED;
	else if (p2psip_aor_of_request_uri(msg, aor) != 0)
		status = P2PSIP_BAD_AOR;
	else if (p2psip_cache_get(aor, &targets) && p2psip_now() - targets.fetched <= DISBELIEF_MS)
		status = P2PSIP_NOT_FOUND; /* nothing will have changed */
	else
		status = ask(msg, P2PSIP_FOR_ANOTHER, aor, route, NULL);
	return p2psip_result_set(msg, status);
}

/* Whether msg has a transaction that was sent on already. */
static int is_relayed(void)
{
	struct cell *t = p2psip_tm.t_gett();

	return t != NULL && t != T_UNDEFINED && t->nr_of_outgoings > 0;
}

/* The script calls it before t_relay(), where it adds branches only if the answer is known, and
 * after it. */
int p2psip_ki_fork(struct sip_msg *msg, str *uri)
{
	struct p2psip_targets targets;
	char aor[P2PSIP_AOR_MAX];
	int relayed = is_relayed();
	int status;

	if (from_overlay(msg)) {
		status = P2PSIP_REFUSED;
	} else if (p2psip_aor_of_uri(uri, aor) != 0) {
		status = P2PSIP_BAD_AOR;
	} else if (!relayed && !joined()) {
		status = P2PSIP_NOT_JOINED;
	} else if (!relayed && !cached(aor, &targets)) {
		status = P2PSIP_DEFERRED; /* until it is called again, after t_relay() */
	} else if (relayed) {
		status = ask(msg, P2PSIP_FOR_FORK, aor, NULL, NULL);
	} else if (targets.status != P2PSIP_OK) {
		status = P2PSIP_NOT_FOUND;
	} else {
		status = p2psip_destination_append(msg, &targets, uri) > 0 ? P2PSIP_OK
									   : P2PSIP_ONLY_HERE;
	}
	return p2psip_result_set(msg, status);
}

int p2psip_ki_identify(struct sip_msg *msg, str *route)
{
	struct p2psip_targets targets;
	uint8_t node[P2PSIP_NODE_ID_LEN];
	char aor[P2PSIP_AOR_MAX];
	int status = P2PSIP_OK;
	int known, ok = 0;

	if (!p2psip_remote_node(msg, node)) {
		status = P2PSIP_REFUSED;
	} else if (p2psip_aor_of_from(msg, aor) != 0) {
		status = P2PSIP_BAD_AOR;
	} else {
		known = cached(aor, &targets);
		ok = known && p2psip_targets_name(&targets, node);
		if (known && !ok && p2psip_now() - targets.fetched > DISBELIEF_MS)
			known = 0;
		if (!known)
			status = ask(msg, P2PSIP_FOR_IDENTITY, aor, route, node);
		else if (!ok)
			status = P2PSIP_NOT_FOUND;
	}
	p2psip_result_set_from_ok(msg, ok);
	return p2psip_result_set(msg, status);
}
