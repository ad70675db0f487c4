/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A node between made-up neighbors: its ReloadIo, its start, its end. */
#include "tests/fuzz/node_world.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/kinds.h"
#include "tests/fuzz/node_world_private.h"

#define SELF 0x10

static Pki pki;
static ReloadDocument *document;
static GBytes *newer;	/* a good document to follow it */
static ReloadDocument *newer_document;
static char *signature; /* of kinds.h */
static ReloadTrust *trust;
static ReloadIdentity *identities[NODE_WORLD_OTHERS + 1]; /* the node's own, the others' */
static ReloadCertificate *signers[NODE_WORLD_OTHERS + 1];

static const char extra[] =
    "<no-ice>true</no-ice><bootstrap-node address=\"10.0.0.2\" "
    "port=\"6084\"/><clients-permitted>true</clients-permitted>"
    "<turn-density>2</turn-density>" KINDS_SIGNERS
    "<required-kinds><kind-block><kind id=\"4026531841\"><data-model>ARRAY</data-model>"
    "<access-control>NODE-MATCH</access-control><max-count>8</max-count><max-size>100</max-size></"
    "kind>"
    "</kind-block></required-kinds>";

void node_world_init(void)
{
	GError *error = NULL;
	ReloadIdentity *signer;
	GBytes *bytes;

	fuzz_fix_world();
	fuzz_stub_chains();
	pki_init(&pki);
	fuzz_keep_parsed(pki_span(pki.ca));
	signature = kinds_signature(&pki);
	signer = pki_identity(&pki, RELOAD_KEY_P256, KINDS_SIGNER, "user1@" PKI_OVERLAY);
	bytes = node_world_document(&pki, extra, signer, 1);
	document = reload_document_parse(bytes, "fuzz", NULL, PKI_NOW, &error);
	g_assert_no_error(error);
	g_bytes_unref(bytes);
	newer = node_world_document(&pki, extra, signer, 2);
	newer_document = reload_document_parse(newer, "fuzz", NULL, PKI_NOW, &error);
	g_assert_no_error(error);
	fuzz_keep_parsed(reload_certificate_der(reload_identity_certificate(signer)));
	reload_identity_unref(signer);
	trust = reload_document_trust(document, &error);
	g_assert_no_error(error);
	identities[0] = pki_identity(&pki, RELOAD_KEY_P256, SELF, "self@" PKI_OVERLAY);
	for (unsigned i = 1; i <= NODE_WORLD_OTHERS; i++) {
		char *user = g_strdup_printf("user%u@" PKI_OVERLAY, i);

		identities[i] =
		    pki_identity(&pki, RELOAD_KEY_P256, (uint8_t)(SELF * (i + 1)), user);
		g_free(user);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(signers); i++) {
		signers[i] = reload_identity_certificate(identities[i]);
		fuzz_keep_parsed(reload_certificate_der(signers[i]));
	}
	fuzz_set_signers(signers, identities, G_N_ELEMENTS(signers));
	node_world_init_samples(document, newer, signature, identities);
}

ReloadCertificate *node_world_certificate(unsigned who)
{
	return signers[1 + who % NODE_WORLD_OTHERS];
}

ReloadIdentity *node_world_identity(unsigned who)
{
	return identities[1 + who % NODE_WORLD_OTHERS];
}

/* ---- ReloadIo ---- */

static ReloadLinkId new_link(NodeWorld *world, bool app)
{
	WorldLink link = {.id = ++world->next_link, .app = app};

	FUZZ_CHECK(world->links->len < WORLD_LINKS_MAX);
	g_array_append_val(world->links, link);
	return link.id;
}

WorldLink *node_world_link(NodeWorld *world, ReloadLinkId id)
{
	for (guint i = 0; i < world->links->len; i++) {
		WorldLink *link = &g_array_index(world->links, WorldLink, i);

		if (link->id == id)
			return link;
	}
	return NULL;
}

void node_world_forget_link(NodeWorld *world, ReloadLinkId id)
{
	for (guint i = 0; i < world->links->len; i++) {
		if (g_array_index(world->links, WorldLink, i).id == id) {
			g_array_remove_index(world->links, i);
			return;
		}
	}
}

static ReloadLinkId io_link_connect(void *user, const ReloadAddress *address,
				    const ReloadNodeId *expect)
{
	NodeWorld *world = user;

	(void)address;
	(void)expect;
	return world->links->len < WORLD_LINKS_MAX ? new_link(world, false) : 0;
}

static ReloadStatus io_link_send(void *user, ReloadLinkId id, ReloadSpan message)
{
	NodeWorld *world = user;
	WorldLink *link = node_world_link(world, id);
	ReloadHeader header;
	ReloadSpan rest;

	FUZZ_CHECK(link != NULL && !link->app);
	FUZZ_CHECK(reload_header_decode(message, 16, &header, &rest) == RELOAD_OK);
	FUZZ_CHECK(message.len <= document->max_message_size + 65535u);
	if (world->sent->len == WORLD_SENT_MAX)
		g_ptr_array_remove_index(world->sent, 0);
	g_ptr_array_add(world->sent, g_bytes_new(message.data, message.len));
	return world->sent->len % 29 == 28 ? RELOAD_E_LIMIT : RELOAD_OK;
}

/* Every other link takes small messages only. */
static size_t io_link_mtu(void *user, ReloadLinkId id)
{
	(void)user;
	return id % 2 == 0 ? 700 : 0;
}

static void io_close(void *user, ReloadLinkId id)
{
	node_world_forget_link(user, id);
}

static ReloadLinkId io_app_expect(void *user, uint16_t application, const ReloadNodeId *remote,
				  int64_t until)
{
	NodeWorld *world = user;

	(void)application;
	(void)remote;
	(void)until;
	return world->links->len < WORLD_LINKS_MAX ? new_link(world, true) : 0;
}

static ReloadLinkId io_app_connect(void *user, uint16_t application, const ReloadAddress *address,
				   const ReloadNodeId *remote)
{
	(void)address;
	return io_app_expect(user, application, remote, 0);
}

static void io_wakeup_at(void *user, int64_t at)
{
	((NodeWorld *)user)->wakeup = at;
}

static void io_random(void *user, uint8_t *out, size_t len)
{
	NodeWorld *world = user;

	for (size_t i = 0; i < len; i++) {
		world->random = world->random * 1103515245u + 12345u;
		out[i] = (uint8_t)(world->random >> 16);
	}
}

static void io_log(void *user, ReloadLogLevel level, const char *text)
{
	(void)user;
	(void)level;
	FUZZ_CHECK(strchr(text, '\n') == NULL && strlen(text) < 4096);
}

/* ---- ReloadNodeEvents ---- */

static bool on_app_request(void *user, uint16_t application, const ReloadNodeId *remote,
			   int64_t now)
{
	(void)user;
	(void)remote;
	(void)now;
	return application == WORLD_APPLICATION;
}

static void on_document(void *user, ReloadDocument *next, ReloadTrust *next_trust, int64_t now)
{
	(void)user;
	(void)next_trust;
	(void)now;
	FUZZ_CHECK(next != document && next->is_signed);
}

static ReloadNode *new_node(NodeWorld *world, bool client)
{
	ReloadAddress address, app_address;
	GError *error = NULL;
	ReloadNode *node;
	ReloadNodeOptions options = {
	    .document = document,
	    .trust = trust,
	    .identity = identities[0],
	    .client = client,
	    .first_node = !client,
	    .addresses = &address,
	    .address_count = 1,
	    .app_addresses = &app_address,
	    .app_address_count = 1,
	    .storage = {.max_bytes = 64 * 1024, .max_resources = 32},
	    .io = {.user = world,
		   .link_connect = io_link_connect,
		   .link_send = io_link_send,
		   .link_mtu = io_link_mtu,
		   .link_close = io_close,
		   .app_expect = io_app_expect,
		   .app_connect = io_app_connect,
		   .app_close = io_close,
		   .wakeup_at = io_wakeup_at,
		   .random = io_random,
		   .log = io_log},
	    .events = {.user = world, .app_request = on_app_request, .document = on_document},
	};

	g_assert_true(reload_address_from_text("10.0.0.1", 6084, &address));
	g_assert_true(reload_address_from_text("10.0.0.1", 5061, &app_address));
	node = reload_node_new(&options, world->now, &error);
	g_assert_no_error(error);
	return node;
}

/* Time passes until the node's next deadline, at most ms. */
void node_world_pass(NodeWorld *world, int64_t ms)
{
	int64_t until = world->now + ms;

	for (unsigned i = 0; i < WORLD_TICKS_MAX && world->wakeup <= until; i++) {
		world->now = MAX(world->now, world->wakeup);
		world->wakeup = INT64_MAX;
		reload_node_tick(world->node, world->now);
	}
	world->now = MAX(world->now, until);
	reload_node_tick(world->node, world->now);
}

static void refuse_bootstrap(NodeWorld *world)
{
	while (world->links->len > 0) {
		ReloadLinkId id = g_array_index(world->links, WorldLink, 0).id;

		node_world_forget_link(world, id);
		reload_node_link_down(world->node, id, RELOAD_E_UNREACHABLE, world->now);
	}
}

NodeWorld *node_world_new(bool client)
{
	NodeWorld *world = g_new0(NodeWorld, 1);

	world->now = PKI_NOW;
	world->wakeup = INT64_MAX;
	world->random = 1;
	world->links = g_array_new(FALSE, FALSE, sizeof(WorldLink));
	world->sent = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	world->document = document;
	world->newer = newer;
	world->newer_document = newer_document;
	world->signature = signature;
	world->uses = g_ptr_array_new();
	world->self = identities[0];
	world->node = new_node(world, client);
	reload_node_start(world->node, world->now);
	if (client) {
		node_world_up(world, 0);
		return world;
	}
	for (unsigned i = 0; i < 20 && reload_node_state(world->node) != RELOAD_NODE_JOINED; i++) {
		refuse_bootstrap(world);
		node_world_pass(world, 1000);
	}
	FUZZ_CHECK(reload_node_state(world->node) == RELOAD_NODE_JOINED);
	node_world_up(world, 0);
	node_world_up(world, 1);
	return world;
}

void node_world_free(NodeWorld *world)
{
	ReloadNodeStatistics statistics;
	ReloadStorageUsage usage;

	reload_node_statistics(world->node, &statistics);
	reload_storage_usage(reload_node_storage(world->node), &usage);
	FUZZ_CHECK(statistics.links <= WORLD_LINKS_MAX);
	FUZZ_CHECK(usage.bytes <= 64 * 1024 && usage.resources <= 32);
	node_world_cancel_uses(world);
	reload_node_free(world->node);
	g_ptr_array_unref(world->uses);
	g_array_unref(world->links);
	g_ptr_array_unref(world->sent);
	g_free(world);
}
