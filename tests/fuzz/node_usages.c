/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The usages on top of the node: what the input has them ask, and what becomes of it. */
#include "reload_core/usages/certstore/certstore.h"
#include "reload_core/usages/certstore/publish.h"
#include "reload_core/usages/sip/lookup.h"
#include "reload_core/usages/sip/registration.h"
#include "reload_core/usages/turn/find.h"
#include "reload_core/usages/turn/server.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/node_world_private.h"

/* Under way at one time. */
#define USES_MAX 16
#define LIFETIME 600
#define TIMEOUT_MS 5000

struct WorldUse {
	NodeWorld *world;
	void (*cancel)(WorldUse *use);
	union {
		ReloadSipLookup *lookup;
		ReloadSipTask *sip;
		ReloadCertstoreTask *certstore;
		ReloadTurnTask *turn;
	} task;
};

static void over(WorldUse *use, int64_t now)
{
	FUZZ_CHECK(now >= use->world->now - 1);
	FUZZ_CHECK(g_ptr_array_remove_fast(use->world->uses, use));
	g_free(use);
}

static void on_lookup(void *data, ReloadStatus status, const ReloadSipFound *found, int64_t now)
{
	FUZZ_CHECK((found != NULL) == (status == RELOAD_OK || status == RELOAD_E_NOT_FOUND));
	if (status == RELOAD_OK)
		FUZZ_CHECK(found->route_count + found->external_count > 0);
	for (unsigned i = 0; found != NULL && i < found->route_count; i++)
		FUZZ_CHECK(found->routes[i].contact_prefs != NULL &&
			   g_bytes_get_size(found->routes[i].destination_list) > 0);
	over(data, now);
}

static void on_sip(void *data, ReloadStatus status, uint16_t error_code, int64_t now)
{
	FUZZ_CHECK((error_code != 0) <= (status == RELOAD_E_REMOTE));
	over(data, now);
}

static void on_stored(void *data, ReloadStatus status, int64_t now)
{
	(void)status;
	over(data, now);
}

static void on_certificates(void *data, ReloadStatus status, const GPtrArray *certificates,
			    int64_t now)
{
	if (status == RELOAD_OK)
		FUZZ_CHECK(certificates != NULL && certificates->len > 0);
	over(data, now);
}

static void on_turn(void *data, ReloadStatus status, const ReloadTurnFound *found, int64_t now)
{
	FUZZ_CHECK((status == RELOAD_OK) == (found != NULL));
	over(data, now);
}

static void cancel_lookup(WorldUse *use)
{
	reload_sip_lookup_cancel(use->task.lookup);
}

static void cancel_sip(WorldUse *use)
{
	reload_sip_cancel(use->task.sip);
}

static void cancel_certstore(WorldUse *use)
{
	reload_certstore_cancel(use->task.certstore);
}

static void cancel_turn(WorldUse *use)
{
	reload_turn_cancel(use->task.turn);
}

/* Registers or withdraws the neighbor's user, as the edge does that holds a user's certificate. */
static ReloadStatus sip(NodeWorld *world, WorldUse *use, unsigned who, bool withdraw)
{
	ReloadIdentity *user = node_world_identity(who);
	const char *name = reload_identity_user_name(user);
	ReloadSipRegister what = {.lifetime = LIFETIME, .contact_prefs = "(sip.audio=\"TRUE\")"};
	ReloadAor aor;

	FUZZ_CHECK(reload_aor_from_name(name, strlen(name), &aor) == RELOAD_OK);
	use->cancel = cancel_sip;
	return withdraw ? reload_sip_withdraw(world->node, user, &aor, LIFETIME, on_sip, use,
					      world->now, &use->task.sip)
			: reload_sip_register(world->node, user, &aor, &what, on_sip, use,
					      world->now, &use->task.sip);
}

static ReloadStatus lookup(NodeWorld *world, WorldUse *use, const char *user)
{
	ReloadAor aor;

	FUZZ_CHECK(reload_aor_from_name(user, strlen(user), &aor) == RELOAD_OK);
	use->cancel = cancel_lookup;
	return reload_sip_lookup(world->node, &aor, TIMEOUT_MS, on_lookup, use, world->now,
				 &use->task.lookup);
}

static ReloadStatus start(NodeWorld *world, WorldUse *use, unsigned who, uint8_t what)
{
	const char *user = reload_identity_user_name(node_world_identity(who));

	switch ((NodeWorldUsage)(what % NODE_WORLD_USAGES)) {
	case NODE_WORLD_SIP_LOOKUP:
		return lookup(world, use, user);
	case NODE_WORLD_SIP_REGISTER:
	case NODE_WORLD_SIP_WITHDRAW:
		return sip(world, use, who, what % NODE_WORLD_USAGES == NODE_WORLD_SIP_WITHDRAW);
	case NODE_WORLD_CERTIFICATE_BY_USER:
		use->cancel = cancel_certstore;
		return reload_certstore_fetch_by_user(world->node, user, on_certificates, use,
						      world->now, &use->task.certstore);
	case NODE_WORLD_CERTIFICATE_BY_NODE:
		use->cancel = cancel_certstore;
		return reload_certstore_fetch_by_node(
		    world->node, reload_certificate_node_id(node_world_certificate(who)),
		    on_certificates, use, world->now, &use->task.certstore);
	case NODE_WORLD_CERTIFICATE_STORE:
		use->cancel = cancel_certstore;
		return reload_certstore_store(world->node, node_world_identity(who), LIFETIME,
					      on_stored, use, world->now, &use->task.certstore);
	case NODE_WORLD_TURN_FIND:
		use->cancel = cancel_turn;
		return reload_turn_find(world->node, TIMEOUT_MS, on_turn, use, world->now,
					&use->task.turn);
	default:
		return RELOAD_E_STATE;
	}
}

/* Once for a node. */
static void publish(NodeWorld *world)
{
	ReloadAddress address;

	if (world->publishes)
		return;
	world->publishes = true;
	FUZZ_CHECK(reload_address_from_text("192.0.2.9", 3478, &address));
	reload_certstore_publish(world->node, NULL, NULL);
	reload_turn_publish(world->node, &address);
	node_world_pass(world, 0);
}

void node_world_use(NodeWorld *world, unsigned who, uint8_t what)
{
	WorldUse *use;

	if (what % NODE_WORLD_USAGES == NODE_WORLD_PUBLISH) {
		publish(world);
		return;
	}
	if (world->uses->len >= USES_MAX)
		return;
	use = g_new0(WorldUse, 1);
	use->world = world;
	g_ptr_array_add(world->uses, use);
	if (start(world, use, who, what) != RELOAD_OK) {
		g_ptr_array_remove_index(world->uses, world->uses->len - 1);
		g_free(use);
	}
}

void node_world_cancel_uses(NodeWorld *world)
{
	for (guint i = 0; i < world->uses->len; i++) {
		WorldUse *use = world->uses->pdata[i];

		use->cancel(use);
		g_free(use);
	}
	g_ptr_array_set_size(world->uses, 0);
}
