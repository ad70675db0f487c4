/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registrations and lookups through whole nodes, in one process and one thread without sockets: how
 * many a second, and how many signatures and verifications each needs. One line for each figure,
 * fields separated by tabs: name, rate, unit, signatures, verifications. */
#include "reload_core/usages/sip/lookup.h"
#include "reload_core/usages/sip/registration.h"
#include "tests/sim/sim_private.h"

#include <stdio.h>
#include <time.h>

#define NODES 5
#define USERS 50
#define ROUNDS 40 /* of all users */
#define ASKER 0

/* A lookup: request and answer are signed and verified, and the value verified. */
#define LOOKUP_SIGNATURES 2
#define LOOKUP_VERIFICATIONS 3
/* A registration: value, request and answer; and request and answer again for each of two replicas,
 * whose holders verify the value, too. */
#define STORE_SIGNATURES (3 + 2 * 2)
#define STORE_VERIFICATIONS (3 + 2 * 3)

static Sim *sim;
static ReloadIdentity *users[USERS];
static ReloadAor aors[USERS];
static unsigned open_count;

/* Users whose registrations another node than the asker is responsible for: else nothing would be
 * sent. */
static void make_users(void)
{
	SimNode *asker = sim_node(sim, ASKER);
	unsigned made = 0;

	for (unsigned i = 0; made < USERS; i++) {
		char *name = g_strdup_printf("user%u@" PKI_OVERLAY, i);
		ReloadResourceId at;

		g_assert_cmpint(reload_aor_from_name(name, strlen(name), &aors[made]), ==,
				RELOAD_OK);
		reload_aor_resource_id(sim_document(sim), &aors[made], &at);
		if (sim_responsible(sim, &at) != asker) {
			users[made++] =
			    sim_issue(sim, reload_identity_key(asker->identity), &asker->id, name);
		}
		g_free(name);
	}
}

static void on_stored(void *data, ReloadStatus status, uint16_t error_code, int64_t now)
{
	(void)data;
	(void)error_code;
	(void)now;
	g_assert_cmpint(status, ==, RELOAD_OK);
	open_count--;
}

static void on_found(void *data, ReloadStatus status, const ReloadSipFound *found, int64_t now)
{
	(void)data;
	(void)now;
	g_assert_cmpint(status, ==, RELOAD_OK);
	g_assert_cmpuint(found->route_count, ==, 1);
	open_count--;
}

static bool none_open(Sim *unused, void *data)
{
	(void)unused;
	(void)data;
	return open_count == 0;
}

static void start_one(unsigned user, bool store)
{
	ReloadNode *node = sim_node(sim, ASKER)->node;
	ReloadSipRegister what = {.lifetime = 3600};
	ReloadStatus status;

	open_count++;
	if (store)
		status = reload_sip_register(node, users[user], &aors[user], &what, on_stored, NULL,
					     sim_now(sim), NULL);
	else
		status =
		    reload_sip_lookup(node, &aors[user], 0, on_found, NULL, sim_now(sim), NULL);
	g_assert_cmpint(status, ==, RELOAD_OK);
}

static void measure(const char *name, bool store, unsigned signatures, unsigned verifications)
{
	clock_t start = clock(); /* CPU time, as openssl speed: all is done in one thread */
	double seconds;

	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < USERS; i++)
			start_one(i, store);
		sim_run_until(sim, none_open, NULL, 20 * SIM_SECOND, "all answers");
		if (store) /* the replicas, too */
			sim_run(sim, SIM_SECOND);
	}
	seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
	printf("%s\t%.0f\t1/s\t%u\t%u\n", name, ROUNDS * USERS / seconds, signatures,
	       verifications);
}

int main(void)
{
	sim = sim_new("bench", NODES, 1);
	for (unsigned i = 0; i < NODES; i++)
		sim_start(sim, i, i == 0);
	sim_run_until(sim, sim_ring_is_right, NULL, 120 * SIM_SECOND, "the ring");
	make_users();
	measure("registrations through whole nodes", true, STORE_SIGNATURES, STORE_VERIFICATIONS);
	measure("lookups through whole nodes", false, LOOKUP_SIGNATURES, LOOKUP_VERIFICATIONS);
	for (unsigned i = 0; i < USERS; i++)
		reload_identity_unref(users[i]);
	sim_free(sim);
	return 0;
}
