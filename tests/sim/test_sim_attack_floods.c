/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a member gone bad does often: each flood leaves the victim's memory, its requests, its log and the
 * connections that it opens bounded, and the others served. */
#include "reload_core/peer/node_private.h"
#include "reload_core/wire/chord.h"
#include "reload_core/wire/ping.h"
#include "reload_core/wire/route_query.h"
#include "tests/sim/rogue.h"
#include "tests/sim/sim_private.h"

#define NODES 5
#define ROGUE 4
#define VICTIM 0

typedef struct {
	Sim *sim;
	RogueSigner member;
	GByteArray *body;
	size_t memory;
	unsigned log_lines, connects;
} Fixture;

static void set_up(Fixture *f, gconstpointer name)
{
	f->sim = sim_new(name, NODES, 2);
	rogue_form(f->sim);
	rogue_signer_of(sim_node(f->sim, ROGUE), &f->member);
	f->body = g_byte_array_new();
	rogue_assert_served(f->sim, 1, "before");
	f->memory = rogue_memory();
	f->log_lines = sim_node(f->sim, VICTIM)->log_lines;
	f->connects = sim_node(f->sim, VICTIM)->connects;
}

static void tear_down(Fixture *f, gconstpointer name)
{
	SimNode *victim = sim_node(f->sim, VICTIM);
	ReloadNodeStatistics statistics;

	reload_node_statistics(victim->node, &statistics);
	g_test_message("%s: memory %zu -> %zu kB, open requests %u, links %u, connections opened %u, "
		       "lines logged %u",
		       (const char *)name, f->memory, rogue_memory(), statistics.requests_open,
		       statistics.links, victim->connects - f->connects, victim->log_lines - f->log_lines);
	/* ASan keeps freed memory for a while. */
	g_assert_cmpuint(rogue_memory(), <, f->memory + 300 * 1024);
	rogue_assert_served(f->sim, 1, "afterwards");
	sim_run(f->sim, 60 * SIM_SECOND);
	g_assert_true(sim_ring_is_right(f->sim, NULL));
	reload_node_statistics(victim->node, &statistics);
	g_assert_cmpuint(statistics.requests_open, <, 16);
	g_byte_array_unref(f->body);
	rogue_signer_clear(&f->member);
	sim_free(f->sim);
}

static ReloadSpan span_of(const GByteArray *array)
{
	return reload_span(array->data, array->len);
}

static unsigned open_requests(Fixture *f)
{
	ReloadNodeStatistics statistics;

	reload_node_statistics(sim_node(f->sim, VICTIM)->node, &statistics);
	return statistics.requests_open;
}

/* Sends the same kind of message so often, each in a transaction of its own; returns how many were answered
 * without an error. */
static unsigned flood(Fixture *f, RogueMessage message, unsigned count, unsigned *most_open)
{
	unsigned answered = 0;

	*most_open = 0;
	for (unsigned i = 0; i < count; i++) {
		RogueOutcome outcome;

		message.transaction = 0;
		outcome = rogue_send(f->sim, ROGUE, VICTIM, &message);
		answered += outcome.answered && outcome.code != RELOAD_ERROR;
		*most_open = MAX(*most_open, open_requests(f));
	}
	return answered;
}

/* Each costs its answer and no more. */
static void test_pings(Fixture *f, gconstpointer data)
{
	unsigned open;

	(void)data;
	reload_write_ping_req(f->body, &(ReloadPingReq){0});
	g_assert_cmpuint(flood(f,
			       (RogueMessage){.code = RELOAD_PING_REQ,
					      .signer = &f->member,
					      .body = span_of(f->body)},
			       1000, &open),
			 ==, 1000);
	g_assert_cmpuint(open, <, 16);
}

/* Errors for what cannot be passed on are signed: so many a second for each link. */
static void test_errors(Fixture *f, gconstpointer data)
{
	unsigned frames = 0;

	(void)data;
	for (unsigned i = 0; i < 500; i++) {
		RogueMessage message = {
			.code = RELOAD_PING_REQ, .signer = &f->member, .ttl = 101, .body = span_of(f->body)};

		frames += rogue_send(f->sim, ROGUE, VICTIM, &message).frames;
	}
	g_assert_cmpuint(frames, <=, 51);
	{ /* what another link may cause is still there */
		RogueMessage message = {
			.code = RELOAD_PING_REQ, .signer = &f->member, .ttl = 101, .body = span_of(f->body)};

		g_assert_cmpuint(rogue_send(f->sim, 2, VICTIM, &message).error, ==, RELOAD_ERROR_TTL_EXCEEDED);
	}
}

/* Certificates that are no good, in messages of one link: so many are looked at. */
static void test_certificates(Fixture *f, gconstpointer data)
{
	ReloadTrust *trust = reload_node_trust(sim_node(f->sim, VICTIM)->node);
	ReloadTrustStatistics before, after;
	RogueSigner bad, unknown;
	RogueMessage ping = {.code = RELOAD_PING_REQ};
	unsigned open;

	(void)data;
	reload_write_ping_req(f->body, &(ReloadPingReq){0});
	ping.body = span_of(f->body);
	rogue_signer_init(f->sim, &bad, &(RogueCertificate){.self_issued = true});
	rogue_signer_init(f->sim, &unknown, &(RogueCertificate){0});
	reload_trust_statistics(trust, &before);
	ping.signer = &bad;
	g_assert_cmpuint(flood(f, ping, 1000, &open), ==, 0);
	reload_trust_statistics(trust, &after);
	g_test_message("1000 messages: %u certificates looked at", (unsigned)(after.refused - before.refused));
	g_assert_cmpuint(after.refused - before.refused, ==, RELOAD_TRUST_REFUSED_BURST);
	g_assert_cmpuint(after.put_off - before.put_off, ==, 1000 - RELOAD_TRUST_REFUSED_BURST);
	/* Who is known is served over the same link, ... */
	ping.signer = &f->member;
	g_assert_cmpuint(flood(f, ping, 1, &open), ==, 1);
	/* ... who is not has to wait, and once looked at is known and costs the link nothing; ... */
	ping.signer = &unknown;
	g_assert_cmpuint(flood(f, ping, 1, &open), ==, 0);
	sim_run(f->sim, RELOAD_TRUST_REFUSED_INTERVAL_MS);
	g_assert_cmpuint(flood(f, ping, 10, &open), ==, 10);
	/* ... and over other links nobody has to. */
	rogue_signer_clear(&unknown);
	rogue_signer_init(f->sim, &unknown, &(RogueCertificate){0});
	ping.transaction = 0;
	g_assert_cmpuint(rogue_send(f->sim, 2, VICTIM, &ping).code, ==, RELOAD_PING_ANS);
	rogue_signer_clear(&unknown);
	rogue_signer_clear(&bad);
}

static void init_with_two_ids(Fixture *f, RogueSigner *signer)
{
	ReloadNodeId two[2] = {pki_node_id(0x51), pki_node_id(0x52)};

	rogue_signer_init(f->sim, signer, &(RogueCertificate){.ids = two, .id_count = 2});
}

/* The same over links that do not say whose they are: on the account of their certificate, and each is closed soon. */
static void test_unnamed_certificates(Fixture *f, gconstpointer data)
{
	ReloadTrust *trust = reload_node_trust(sim_node(f->sim, VICTIM)->node);
	ReloadTrustStatistics before, after;
	RogueSigner two, bad;
	RogueMessage ping = {.code = RELOAD_PING_REQ, .signer = &bad};

	(void)data;
	reload_write_ping_req(f->body, &(ReloadPingReq){0});
	ping.body = span_of(f->body);
	init_with_two_ids(f, &two);
	rogue_signer_init(f->sim, &bad, &(RogueCertificate){.self_issued = true});
	reload_trust_statistics(trust, &before);
	for (unsigned i = 0; i < 40; i++) {
		ReloadLinkId link = rogue_link(f->sim, &two, ROGUE, VICTIM);

		for (unsigned k = 0; k < 8; k++) {
			ping.transaction = 0;
			g_assert_true(rogue_send_over(f->sim, link, VICTIM, &ping).linked);
		}
		g_assert_null(sim_end(f->sim, link));
	}
	reload_trust_statistics(trust, &after);
	g_assert_cmpuint(after.refused - before.refused, ==, RELOAD_TRUST_REFUSED_BURST);
	g_assert_cmpuint(after.put_off - before.put_off, ==, 320 - RELOAD_TRUST_REFUSED_BURST);
	rogue_signer_clear(&bad);
	rogue_signer_clear(&two);
}

/* Where the hash does not say which certificate is meant, each has to be read: that costs the share, too. */
static void test_certificates_by_node_id(Fixture *f, gconstpointer data)
{
	GByteArray *list = g_byte_array_new();
	RogueMessage ping = {.code = RELOAD_PING_REQ, .trick = ROGUE_NO_CERTIFICATE};
	RogueSigner two, bad;
	unsigned read = 0, open;

	(void)data;
	reload_write_ping_req(f->body, &(ReloadPingReq){0});
	ping.body = span_of(f->body);
	rogue_signer_init(f->sim, &bad, &(RogueCertificate){.self_issued = true});
	for (unsigned i = 0; i < 4; i++)
		reload_write_generic_certificate(list, RELOAD_CERTIFICATE_X509, pki_span(bad.der));
	/* Good ones, each another: they cost nothing. */
	for (unsigned i = 0; i <= RELOAD_TRUST_REFUSED_BURST; i++) {
		RogueMessage good = {.code = RELOAD_PING_REQ, .signer = &two, .body = span_of(f->body)};

		init_with_two_ids(f, &two);
		g_assert_cmpuint(flood(f, good, 1, &open), ==, 1);
		if (i < RELOAD_TRUST_REFUSED_BURST)
			rogue_signer_clear(&two);
	}
	bad.by_node_id = true;
	bad.id = f->member.id; /* none of them is its */
	ping.signer = &bad;
	ping.certificates = span_of(list);
	for (unsigned i = 0; i < 100; i++) {
		ping.transaction = 0;
		read += rogue_send(f->sim, ROGUE, VICTIM, &ping).dropped_signature;
	}
	g_assert_cmpuint(read, ==, RELOAD_TRUST_REFUSED_BURST / 4);
	/* Who is known is served, wherever its certificate stands. */
	ping.signer = &two;
	reload_write_generic_certificate(list, RELOAD_CERTIFICATE_X509, pki_span(two.der));
	ping.certificates = span_of(list);
	g_assert_cmpuint(flood(f, ping, 1, &open), ==, 1);
	rogue_signer_clear(&two);
	rogue_signer_clear(&bad);
	g_byte_array_unref(list);
}

static void write_candidates(GByteArray *out)
{
	for (unsigned i = 1; i <= 8; i++) {
		ReloadIceCandidate candidate = {
			.overlay_link = RELOAD_LINK_TLS_TCP_FH_NO_ICE,
			.foundation = reload_span_text("1"),
			.type = RELOAD_CAND_HOST,
		};
		char *ip = g_strdup_printf("192.0.2.%u", i);

		g_assert_true(reload_address_from_text(ip, 6084, &candidate.addr_port));
		g_assert_true(reload_write_ice_candidate(out, &candidate));
		g_free(ip);
	}
}

/* Attaches that name addresses where nobody is, or somebody who is to be bothered. */
static void test_attaches(Fixture *f, gconstpointer data)
{
	GByteArray *candidates = g_byte_array_new();
	ReloadAttach attach = {.role = reload_span_text("passive")};
	SimNode *victim = sim_node(f->sim, VICTIM);
	RogueSigner stranger;
	unsigned open;

	(void)data;
	write_candidates(candidates);
	attach.candidates = span_of(candidates);
	reload_write_attach(f->body, &attach);
	rogue_signer_init(f->sim, &stranger, &(RogueCertificate){0});
	for (unsigned i = 0; i < 30; i++) {
		flood(f,
		      (RogueMessage){
			      .code = RELOAD_ATTACH_REQ, .signer = &stranger, .body = span_of(f->body)},
		      10, &open);
		sim_run(f->sim, SIM_SECOND);
	}
	g_test_message("300 Attaches in 30 s: %u connections opened", victim->connects - f->connects);
	g_assert_cmpuint(victim->connects - f->connects, <=,
			 RELOAD_CANDIDATES_MAX * (RELOAD_OPENING_BURST + 31));
	rogue_signer_clear(&stranger);
	g_byte_array_unref(candidates);
}

/* The same for applications: many at once, from one node, must leave room for the others. */
static void test_app_attaches(Fixture *f, gconstpointer data)
{
	GByteArray *candidates = g_byte_array_new();
	ReloadAppAttach attach = {.role = reload_span_text("passive"), .application = SIM_APPLICATION};
	SimNode *victim = sim_node(f->sim, VICTIM);
	ReloadNodeStatistics statistics;
	unsigned open, answered;

	(void)data;
	write_candidates(candidates);
	attach.candidates = span_of(candidates);
	reload_write_app_attach(f->body, &attach);
	answered = flood(f,
			 (RogueMessage){.code = RELOAD_APP_ATTACH_REQ,
					.signer = &f->member,
					.body = span_of(f->body)},
			 1000, &open);
	reload_node_statistics(victim->node, &statistics);
	g_test_message("1000 AppAttaches: %u taken, %u connections opened", answered,
		       victim->connects - f->connects);
	g_assert_cmpuint(answered, ==, 8);
	g_assert_cmpuint(statistics.app_connections, ==, 8);
	/* Another node's is answered at once. */
	g_assert_cmpint(reload_node_app_attach(sim_node(f->sim, 2)->node, &victim->id, SIM_APPLICATION,
					       4 * SIM_SECOND, sim_now(f->sim)),
			==, RELOAD_OK);
	sim_run(f->sim, 2 * SIM_SECOND);
	g_assert_cmpuint(sim_node(f->sim, 2)->app_ups, ==, 1);
	g_assert_cmpuint(victim->app_ups, ==, 1);
	g_byte_array_unref(candidates);
}

/* Asks for full Updates in the name of nodes that never answer them. */
static void test_route_queries(Fixture *f, gconstpointer data)
{
	ReloadRouteQueryReq query = {.send_update = true,
				     .destination = reload_destination_node(&f->member.id)};
	unsigned open, most = 0;

	(void)data;
	reload_write_route_query_req(f->body, &query);
	for (unsigned i = 0; i < 100; i++) {
		RogueSigner stranger;

		rogue_signer_init(f->sim, &stranger, &(RogueCertificate){0});
		flood(f,
		      (RogueMessage){
			      .code = RELOAD_ROUTE_QUERY_REQ, .signer = &stranger, .body = span_of(f->body)},
		      3, &open);
		most = MAX(most, open);
		rogue_signer_clear(&stranger);
	}
	g_test_message("300 RouteQueries of 100 nodes: at most %u requests open", most);
	g_assert_cmpuint(most, <, 40);
	/* Somebody linked, who does not answer our Updates either. */
	flood(f, (RogueMessage){.code = RELOAD_ROUTE_QUERY_REQ, .signer = &f->member, .body = span_of(f->body)}, 300,
	      &most);
	g_test_message("300 RouteQueries of a linked node: at most %u requests open", most);
	g_assert_cmpuint(most, <, 40);
}

/* An old sequence number has our document pushed to whoever signed: many names, none of which takes it. */
static void test_pushes(Fixture *f, gconstpointer data)
{
	unsigned open, most = 0;

	(void)data;
	reload_write_ping_req(f->body, &(ReloadPingReq){0});
	for (unsigned i = 0; i < 100; i++) {
		RogueSigner stranger;

		rogue_signer_init(f->sim, &stranger, &(RogueCertificate){0});
		flood(f,
		      (RogueMessage){.code = RELOAD_PING_REQ,
				     .signer = &stranger,
				     .body = span_of(f->body),
				     .sequence_set = true},
		      3, &open);
		most = MAX(most, open);
		rogue_signer_clear(&stranger);
	}
	g_test_message("300 old sequence numbers of 100 nodes: at most %u requests open", most);
	g_assert_cmpuint(most, <, 48);
}

/* A neighbor that names neighbors which are not there, others each time. */
static void test_ghosts(Fixture *f, gconstpointer data)
{
	SimNode *victim = sim_node(f->sim, VICTIM);
	unsigned open, most = 0;

	(void)data;
	for (unsigned round = 0; round < 20; round++) {
		GByteArray *before = g_byte_array_new(), *behind = g_byte_array_new();
		ReloadChordUpdate update = {.type = RELOAD_CHORD_NEIGHBORS};

		for (unsigned i = 0; i < 24; i++) {
			ReloadNodeId near = victim->id;

			near.id[15] = (uint8_t)(near.id[15] + 1 + round * 24 + i);
			near.id[14] ^= 1;
			reload_write_node_id(behind, &near);
			near.id[14] ^= 3;
			reload_write_node_id(before, &near);
		}
		update.predecessors = span_of(before);
		update.successors = span_of(behind);
		g_byte_array_set_size(f->body, 0);
		reload_write_chord_update(f->body, &update);
		flood(f,
		      (RogueMessage){
			      .code = RELOAD_UPDATE_REQ, .signer = &f->member, .body = span_of(f->body)},
		      2, &open);
		sim_run(f->sim, 500);
		most = MAX(most, open_requests(f));
		g_byte_array_unref(before);
		g_byte_array_unref(behind);
	}
	g_test_message("40 Updates that name 960 nodes: at most %u requests open", most);
	g_assert_cmpuint(most, <, 40);
	/* What it said is no longer in the way once it says what is true. */
	sim_run_until(f->sim, sim_ring_is_right, NULL, 120 * SIM_SECOND, "the right ring again");
}

/* Fragments that never end, overlap, leave gaps, or lie far out. */
static void test_fragments(Fixture *f, gconstpointer data)
{
	static const uint32_t offsets[] = {0x80000000u, 0x80000010u, 0x80001000u, 0xc0ffffffu, 0x80ffffffu,
					   0x800fff00u, 0x80000008u, 0xc0000008u};
	unsigned frames = 0;

	(void)data;
	g_byte_array_set_size(f->body, 3000);
	memset(f->body->data, 'x', f->body->len);
	for (unsigned i = 0; i < 4000; i++) {
		RogueMessage message = {.code = RELOAD_PING_REQ,
					.signer = &f->member,
					.body = span_of(f->body),
					.fragment = offsets[i % G_N_ELEMENTS(offsets)],
					.transaction = i % 3 == 0 ? 77 : 0};

		frames += rogue_send(f->sim, ROGUE, VICTIM, &message).frames;
	}
	g_test_message("4000 fragments of 3 kB: memory %zu -> %zu kB, %u messages sent", f->memory,
		       rogue_memory(), frames);
	g_assert_cmpuint(frames, <, 60);
	sim_run(f->sim, 20 * SIM_SECOND); /* all are too old */
}

/* Links that are refused one after the other: the log does not grow with them. */
static void test_refused_links(Fixture *f, gconstpointer data)
{
	SimNode *victim = sim_node(f->sim, VICTIM);
	ReloadCertificate *own = reload_identity_certificate(victim->identity);

	(void)data;
	for (unsigned i = 0; i < 1000; i++)
		reload_node_link_up(victim->node, (UINT64_C(1) << 60) + i, own, false, sim_now(f->sim));
	g_assert_cmpuint(victim->log_lines - f->log_lines, <=, 2);
}

/* Links that do not say whose they are, and then say nothing. */
static void test_unnamed_links(Fixture *f, gconstpointer data)
{
	ReloadNodeId two[2] = {pki_node_id(0x41), pki_node_id(0x42)};
	SimNode *victim = sim_node(f->sim, VICTIM);
	ReloadNodeStatistics before, after;
	ReloadCertificate *certificate;
	RogueSigner signer;

	(void)data;
	rogue_signer_init(f->sim, &signer, &(RogueCertificate){.ids = two, .id_count = 2});
	g_assert_cmpint(reload_certificate_parse(pki_span(signer.der), PKI_OVERLAY, 16, &certificate, NULL),
			==, RELOAD_OK);
	reload_node_statistics(victim->node, &before);
	for (unsigned i = 0; i < 1000; i++)
		reload_node_link_up(victim->node, (UINT64_C(1) << 60) + i, certificate, false,
				    sim_now(f->sim));
	reload_node_statistics(victim->node, &after);
	g_assert_cmpuint(after.links - before.links, ==, RELOAD_CONNECTIONS_UNNAMED_MAX);
	/* the newest: it may still say who it is */
	g_assert_nonnull(reload_connection_table_by_link(victim->node->connections,
							 (UINT64_C(1) << 60) + 999));
	sim_run(f->sim, 20 * SIM_SECOND);
	reload_node_statistics(victim->node, &after);
	g_assert_cmpuint(after.links, ==, before.links);
	reload_certificate_unref(certificate);
	rogue_signer_clear(&signer);
}

/* A certificate for that one Node-ID. */
static ReloadCertificate *stranger(Fixture *f, const ReloadNodeId *id)
{
	ReloadCertificate *certificate;
	RogueSigner signer;

	rogue_signer_init(f->sim, &signer, &(RogueCertificate){.ids = id, .id_count = 1});
	g_assert_cmpint(reload_certificate_parse(pki_span(signer.der), PKI_OVERLAY, 16, &certificate, NULL),
			==, RELOAD_OK);
	rogue_signer_clear(&signer);
	return certificate;
}

/* Who makes as many Node-IDs as it likes takes every place with links that it only holds open: the newest gets
 * in all the same, in place of the oldest of them, and no link of the ring goes for it. */
static void held_links(Fixture *f, bool outgoing)
{
	SimNode *victim = sim_node(f->sim, VICTIM);
	ReloadNodeId id = pki_node_id(0x51), first = id;
	ReloadNodeStatistics before, after;
	bool linked[NODES];

	for (unsigned i = 0; i < NODES; i++)
		linked[i] = reload_links_linked(victim->node, &sim_node(f->sim, i)->id);
	reload_node_statistics(victim->node, &before);
	for (unsigned i = 0; i < RELOAD_CONNECTIONS_MAX + 88; i++) {
		ReloadCertificate *certificate;

		id.id[14] = (uint8_t)(i >> 8);
		id.id[15] = (uint8_t)i;
		if (i == 0)
			first = id;
		certificate = stranger(f, &id);
		reload_node_link_up(victim->node, (UINT64_C(1) << 60) + i, certificate,
				    outgoing && i < RELOAD_CONNECTIONS_MAX, sim_now(f->sim));
		reload_certificate_unref(certificate);
		g_assert_true(reload_links_linked(victim->node, &id));
	}
	reload_node_statistics(victim->node, &after);
	g_assert_cmpuint(after.links, ==, RELOAD_CONNECTIONS_MAX);
	g_assert_false(reload_links_linked(victim->node, &first));
	for (unsigned i = 0; i < NODES; i++)
		g_assert_true(reload_links_linked(victim->node, &sim_node(f->sim, i)->id) == linked[i]);
	sim_run(f->sim, 40 * SIM_SECOND); /* nobody answers a Ping over them */
	reload_node_statistics(victim->node, &after);
	g_assert_cmpuint(after.links, <=, before.links + 2);
}

static void test_held_links(Fixture *f, gconstpointer data)
{
	(void)data;
	held_links(f, false);
}

/* The same of links that this node was made to open, by Attaches. */
static void test_held_links_of_ours(Fixture *f, gconstpointer data)
{
	(void)data;
	held_links(f, true);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, test) g_test_add("/sim/flood/" name, Fixture, "flood-" name, set_up, test, tear_down)
	ADD("pings", test_pings);
	ADD("errors", test_errors);
	ADD("certificates", test_certificates);
	ADD("unnamed-certificates", test_unnamed_certificates);
	ADD("certificates-by-node-id", test_certificates_by_node_id);
	ADD("attaches", test_attaches);
	ADD("app-attaches", test_app_attaches);
	ADD("route-queries", test_route_queries);
	ADD("pushes", test_pushes);
	ADD("ghosts", test_ghosts);
	ADD("fragments", test_fragments);
	ADD("held-links", test_held_links);
	ADD("held-links-of-ours", test_held_links_of_ours);
	ADD("refused-links", test_refused_links);
	ADD("unnamed-links", test_unnamed_links);
#undef ADD
	return g_test_run();
}
