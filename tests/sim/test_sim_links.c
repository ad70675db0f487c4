/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hangs on one link: which of its Node-IDs the other side is, what may come over it, how long it stays, and what
 * an Attach asks for over it. */
#include "reload_core/peer/node_private.h"
#include "reload_core/wire/attach.h"
#include "reload_core/wire/error.h"
#include "reload_core/wire/ping.h"
#include "reload_core/wire/probe.h"
#include "tests/sim/rogue.h"
#include "tests/unit/pki.h"

#define NODES 5
#define ROGUE 4
#define VICTIM 0

typedef struct {
	Sim *sim;
	RogueSigner signer; /* with two Node-IDs */
	GByteArray *ping, *probe, *attach;
} Fixture;

static void set_up(Fixture *f, gconstpointer name)
{
	ReloadNodeId two[2] = {pki_node_id(0x31), pki_node_id(0x32)};
	ReloadAttach attach = {.role = reload_span_text("passive")};
	ReloadIceCandidate candidate = {.overlay_link = RELOAD_LINK_TLS_TCP_FH_NO_ICE,
					.foundation = reload_span_text("1"),
					.type = RELOAD_CAND_HOST};
	GByteArray *candidates = g_byte_array_new();

	f->sim = sim_new(name, NODES, 1);
	rogue_form(f->sim);
	rogue_signer_init(f->sim, &f->signer, &(RogueCertificate){.ids = two, .id_count = 2});
	f->ping = g_byte_array_new();
	f->probe = g_byte_array_new();
	f->attach = g_byte_array_new();
	reload_write_ping_req(f->ping, &(ReloadPingReq){0});
	g_assert_true(reload_write_probe_req(f->probe, &(ReloadProbeReq){0}));
	candidate.addr_port = sim_node(f->sim, ROGUE)->address;
	g_assert_true(reload_write_ice_candidate(candidates, &candidate));
	attach.candidates = reload_span(candidates->data, candidates->len);
	g_assert_true(reload_write_attach(f->attach, &attach));
	g_byte_array_unref(candidates);
}

static void tear_down(Fixture *f, gconstpointer name)
{
	(void)name;
	g_byte_array_unref(f->attach);
	g_byte_array_unref(f->probe);
	g_byte_array_unref(f->ping);
	rogue_signer_clear(&f->signer);
	sim_free(f->sim);
}

/* Sends a request of the two Node-IDs' owner over that link. */
static RogueOutcome ask(Fixture *f, ReloadLinkId link, uint16_t code)
{
	const GByteArray *body = code == RELOAD_PING_REQ ? f->ping : code == RELOAD_PROBE_REQ ? f->probe : f->attach;
	RogueMessage message = {
		.code = code, .signer = &f->signer, .body = reload_span(body->data, body->len)};

	return rogue_send_over(f->sim, link, VICTIM, &message);
}

/* 6.1.2: with several Node-IDs in its certificate a node has to attach, over that very link, before anything else is
 * taken from it. */
static void test_several_node_ids(Fixture *f, gconstpointer data)
{
	ReloadLinkId first = rogue_link(f->sim, &f->signer, ROGUE, VICTIM), second;

	(void)data;
	g_assert_cmpuint(ask(f, first, RELOAD_PROBE_REQ).error, ==, RELOAD_ERROR_FORBIDDEN);
	g_assert_cmpuint(ask(f, first, RELOAD_PING_REQ).code, ==, RELOAD_PING_ANS);
	g_assert_cmpuint(ask(f, first, RELOAD_PROBE_REQ).error, ==, RELOAD_ERROR_FORBIDDEN);
	g_assert_cmpuint(ask(f, first, RELOAD_ATTACH_REQ).code, ==, RELOAD_ATTACH_ANS);
	g_assert_cmpuint(ask(f, first, RELOAD_PROBE_REQ).code, ==, RELOAD_PROBE_ANS);
	/* Another link of it, which is the one that is written to from now on. */
	second = rogue_link(f->sim, &f->signer, ROGUE, VICTIM);
	g_assert_cmpuint(ask(f, second, RELOAD_PING_REQ).code, ==, RELOAD_PING_ANS);
	g_assert_cmpuint(ask(f, second, RELOAD_PROBE_REQ).error, ==, RELOAD_ERROR_FORBIDDEN);
	g_assert_cmpuint(ask(f, first, RELOAD_PROBE_REQ).code, ==, RELOAD_PROBE_ANS);
	g_assert_cmpuint(ask(f, second, RELOAD_ATTACH_REQ).code, ==, RELOAD_ATTACH_ANS);
	g_assert_cmpuint(ask(f, second, RELOAD_PROBE_REQ).code, ==, RELOAD_PROBE_ANS);
}

/* Who does not acknowledge what we send is not linked; what it sends is admitted no more for that. */
static void test_failing(Fixture *f, gconstpointer data)
{
	SimNode *victim = sim_node(f->sim, VICTIM);
	ReloadLinkId link = rogue_link(f->sim, &f->signer, ROGUE, VICTIM);

	(void)data;
	g_assert_cmpuint(ask(f, link, RELOAD_PING_REQ).code, ==, RELOAD_PING_ANS);
	reload_node_link_failing(victim->node, link, true, sim_now(f->sim));
	g_assert_cmpuint(ask(f, link, RELOAD_PROBE_REQ).requests, ==, 0);
	g_assert_cmpuint(ask(f, link, RELOAD_PING_REQ).requests, ==, 1);
	reload_node_link_failing(victim->node, link, false, sim_now(f->sim));
	g_assert_cmpuint(ask(f, link, RELOAD_PROBE_REQ).error, ==, RELOAD_ERROR_FORBIDDEN);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, test) g_test_add("/sim/links/" name, Fixture, "links-" name, set_up, test, tear_down)
	ADD("several-node-ids", test_several_node_ids);
	ADD("failing", test_failing);
#undef ADD
	return g_test_run();
}
