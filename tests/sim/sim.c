/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The simulation's time, its machines, and its events in the order of their times. */
#include "tests/sim/sim_private.h"

static gint compare_events(gconstpointer a, gconstpointer b, gpointer data)
{
	const SimEvent *x = a, *y = b;

	(void)data;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->serial < y->serial ? -1 : x->serial > y->serial;
}

static void free_event(gpointer data)
{
	SimEvent *event = data;

	g_clear_pointer(&event->bytes, g_bytes_unref);
	g_free(event);
}

void sim_schedule(Sim *sim, SimEvent event)
{
	event.serial = ++sim->serial;
	event.at = MAX(event.at, sim->now);
	g_sequence_insert_sorted(sim->events, g_memdup2(&event, sizeof(event)), compare_events,
				 NULL);
}

uint32_t sim_random(Sim *sim, uint32_t below)
{
	return g_rand_int(sim->random) % below;
}

int64_t sim_latency(Sim *sim)
{
	const SimNetwork *network = &sim->network;

	return network->latency_min +
	       sim_random(sim, network->latency_max - network->latency_min + 1);
}

static ReloadIdentity *issue(Sim *sim, EVP_PKEY *key, const ReloadNodeId *ids, size_t count, const char *user)
{
	ReloadCertificateRequest request = {
	    .overlay = PKI_OVERLAY,
	    .node_ids = ids,
	    .node_id_count = count,
	    .user_name = user,
	    .not_before = PKI_NOW - PKI_DAY,
	    .not_after = PKI_NOW + PKI_DAY,
	};
	GError *error = NULL;
	GBytes *der = reload_issue_certificate(sim->pki.ca, sim->pki.ca_key, key, &request, &error);
	ReloadCertificate *certificate = NULL;
	ReloadIdentity *identity;

	g_assert_no_error(error);
	reload_certificate_parse(pki_span(der), PKI_OVERLAY, 16, &certificate, &error);
	g_assert_no_error(error);
	identity = reload_identity_new(certificate, NULL, key, NULL, &error);
	g_assert_no_error(error);
	reload_certificate_unref(certificate);
	g_bytes_unref(der);
	return identity;
}

ReloadIdentity *sim_issue(Sim *sim, EVP_PKEY *key, const ReloadNodeId *id, const char *user)
{
	return issue(sim, key, id, 1, user);
}

void sim_give_ids(Sim *sim, unsigned index, const ReloadNodeId *ids, unsigned count)
{
	SimNode *node = sim_node(sim, index);
	ReloadIdentity *before = node->identity;

	node->id = ids[0];
	node->identity = issue(sim, reload_identity_key(before), ids, count, reload_identity_user_name(before));
	reload_identity_unref(before);
}

static void make_machine(Sim *sim, unsigned index)
{
	SimNode *node = &sim->nodes[index];
	EVP_PKEY *key = reload_key_generate(RELOAD_KEY_P256, NULL);
	char *user = g_strdup_printf("node%u@" PKI_OVERLAY, index);
	char *ip = g_strdup_printf("10.0.%u.%u", index / 250, index % 250 + 1);

	node->sim = sim;
	node->index = index;
	node->id.len = 16;
	for (unsigned i = 0; i < 16; i++)
		node->id.id[i] = (uint8_t)sim_random(sim, 256);
	node->identity = sim_issue(sim, key, &node->id, user);
	g_assert_true(reload_address_from_text(ip, 6084, &node->address));
	g_assert_true(reload_address_from_text(ip, SIM_APPLICATION, &node->app_address));
	node->wakeup = INT64_MAX;
	g_free(ip);
	g_free(user);
	EVP_PKEY_free(key);
}

static ReloadDocument *make_document(Sim *sim, unsigned bootstraps, const char *elements)
{
	GString *more = g_string_new(elements);
	ReloadDocument *document;

	for (unsigned i = 0; i < bootstraps; i++)
		g_string_append_printf(more,
				       "<bootstrap-node address=\"10.0.%u.%u\" port=\"6084\"/>",
				       i / 250, i % 250 + 1);
	document = pki_document(&sim->pki, more->str);
	g_string_free(more, TRUE);
	return document;
}

Sim *sim_new(const char *name, unsigned count, unsigned bootstraps)
{
	return sim_new_with(name, count, bootstraps, "");
}

Sim *sim_new_with(const char *name, unsigned count, unsigned bootstraps, const char *elements)
{
	const char *seed = g_getenv("RELOAD_SIM_SEED");
	Sim *sim = g_new0(Sim, 1);

	sim->name = g_strdup(name);
	sim->seed = seed != NULL ? (uint32_t)g_ascii_strtoull(seed, NULL, 0) : g_str_hash(name);
	g_test_message("%s: RELOAD_SIM_SEED=%u", name, sim->seed);
	sim->verbose = g_getenv("RELOAD_SIM_VERBOSE") != NULL;
	sim->random = g_rand_new_with_seed(sim->seed);
	pki_init(&sim->pki);
	sim->network = (SimNetwork){.latency_min = 5, .latency_max = 40};
	sim->now = PKI_NOW;
	sim->events = g_sequence_new(free_event);
	sim->ends = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	sim->document = make_document(sim, bootstraps, elements);
	sim->count = count;
	sim->nodes = g_new0(SimNode, count);
	for (unsigned i = 0; i < count; i++)
		make_machine(sim, i);
	return sim;
}

void sim_free(Sim *sim)
{
	for (unsigned i = 0; i < sim->count; i++) {
		reload_node_free(sim->nodes[i].node);
		reload_identity_unref(sim->nodes[i].identity);
	}
	g_free(sim->nodes);
	g_sequence_free(sim->events);
	g_hash_table_unref(sim->ends);
	reload_document_unref(sim->document);
	pki_clear(&sim->pki);
	g_rand_free(sim->random);
	g_free(sim->name);
	g_free(sim);
}

SimNetwork *sim_network(Sim *sim)
{
	return &sim->network;
}

int64_t sim_now(const Sim *sim)
{
	return sim->now;
}

unsigned sim_count(const Sim *sim)
{
	return sim->count;
}

SimNode *sim_node(Sim *sim, unsigned index)
{
	g_assert_cmpuint(index, <, sim->count);
	return &sim->nodes[index];
}

ReloadDocument *sim_document(Sim *sim)
{
	return sim->document;
}

void sim_watch(Sim *sim, void (*watch)(void *data, SimNode *from, SimNode *to, ReloadSpan message),
	       void *data)
{
	sim->watch = watch;
	sim->watch_data = data;
}

void sim_lose(Sim *sim, bool (*drop)(void *data, SimNode *from, SimNode *to, ReloadSpan message), void *data)
{
	sim->drop = drop;
	sim->drop_data = data;
}

/* ---- machines ---- */

static bool on_app_request(void *user, uint16_t application, const ReloadNodeId *remote,
			   int64_t now)
{
	(void)user;
	(void)remote;
	(void)now;
	return application == SIM_APPLICATION;
}

static void on_app_up(void *user, uint16_t application, const ReloadNodeId *remote,
		      ReloadLinkId link, bool requested_by_us, int64_t now)
{
	SimNode *node = user;

	(void)requested_by_us;
	(void)now;
	g_assert_cmpuint(application, ==, SIM_APPLICATION);
	node->app_ups++;
	node->last_app_remote = *remote;
	node->last_app_link = link;
}

static void on_app_down(void *user, uint16_t application, const ReloadNodeId *remote,
			ReloadLinkId link, ReloadStatus why, int64_t now)
{
	SimNode *node = user;

	(void)application;
	(void)link;
	(void)why;
	(void)now;
	node->app_downs++;
	node->last_app_remote = *remote;
}

static void start(Sim *sim, unsigned index, bool first, bool client, bool reachable)
{
	SimNode *node = sim_node(sim, index);
	GError *error = NULL;
	ReloadNodeOptions options = {
	    .document = sim->document,
	    .identity = node->identity,
	    .first_node = first,
	    .client = client,
	    .addresses = &node->address,
	    .address_count = reachable ? 1 : 0,
	    .app_addresses = &node->app_address,
	    .app_address_count = 1,
	    .events = {.user = node,
		       .app_request = on_app_request,
		       .app_up = on_app_up,
		       .app_down = on_app_down},
	};

	g_assert_null(node->node);
	node->run++;
	sim_io(node, &options.io);
	options.trust = reload_document_trust(sim->document, &error);
	g_assert_no_error(error);
	node->node = reload_node_new(&options, sim->now, &error);
	g_assert_no_error(error);
	reload_trust_unref(options.trust);
	reload_node_start(node->node, sim->now);
}

void sim_start(Sim *sim, unsigned index, bool first)
{
	start(sim, index, first, false, true);
}

void sim_start_client(Sim *sim, unsigned index, bool reachable)
{
	start(sim, index, false, true, reachable);
}

static void stop(Sim *sim, SimNode *node, bool silent)
{
	node->run++;
	node->wakeup = INT64_MAX;
	sim_network_forget(sim, node, silent);
	g_clear_pointer(&node->node, reload_node_free);
}

void sim_crash(Sim *sim, unsigned index, bool silent)
{
	stop(sim, sim_node(sim, index), silent);
}

static bool has_left(Sim *sim, void *data)
{
	SimNode *node = data;

	(void)sim;
	return reload_node_state(node->node) == RELOAD_NODE_LEFT;
}

void sim_leave(Sim *sim, unsigned index)
{
	SimNode *node = sim_node(sim, index);

	reload_node_leave(node->node, 2 * SIM_SECOND, sim->now);
	sim_run_until(sim, has_left, node, 2 * SIM_SECOND + 100, "leave within its time");
	stop(sim, node, false);
}

/* ---- time ---- */

static void handle(Sim *sim, const SimEvent *event)
{
	SimNode *node = event->node;

	if (node != NULL && (node->node == NULL || node->run != event->run))
		return;
	if (event->kind == SIM_WAKEUP) {
		if (node->wakeup != event->at)
			return; /* another one was asked for */
		node->wakeup = INT64_MAX;
		reload_node_tick(node->node, sim->now);
		return;
	}
	sim_network_event(sim, event);
}

/* Handles the next event if it is not after `until`. */
static bool step(Sim *sim, int64_t until)
{
	GSequenceIter *first = g_sequence_get_begin_iter(sim->events);
	SimEvent event;

	if (g_sequence_iter_is_end(first) || ((SimEvent *)g_sequence_get(first))->at > until)
		return false;
	event = *(SimEvent *)g_sequence_get(first);
	if (event.bytes != NULL)
		g_bytes_ref(event.bytes);
	g_sequence_remove(first);
	sim->now = event.at;
	handle(sim, &event);
	g_clear_pointer(&event.bytes, g_bytes_unref);
	return true;
}

void sim_run(Sim *sim, int64_t ms)
{
	int64_t until = sim->now + ms;

	while (step(sim, until))
		;
	sim->now = until;
}

void sim_run_until(Sim *sim, bool (*done)(Sim *sim, void *data), void *data, int64_t limit,
		   const char *what)
{
	int64_t until = sim->now + limit;

	/* The condition may be dear: it is looked at once in ten milliseconds. */
	while (!done(sim, data)) {
		if (sim->now >= until) {
			sim_dump(sim);
			g_error("%s: not within %" G_GINT64_FORMAT " ms: %s (RELOAD_SIM_SEED=%u)",
				sim->name, limit, what, sim->seed);
		}
		sim_run(sim, MIN(10, until - sim->now));
	}
}
