/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A member gone bad on real TLS links: one behaviour a call, against a running peer. Exits with 0 if the peer
 * refused it as it should. usage: attacker ADDRESS CA_DIRECTORY NODE_DIRECTORY CASE [NUMBER] */
#include "reload_core/link/socket.h"
#include "reload_core/wire/error.h"
#include "reload_core/wire/framing.h"
#include "reload_core/wire/ping.h"
#include "tests/sim/rogue.h"
#include "tests/sim/sim_private.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
	ReloadAddress address;
	ReloadNodeId victim;
	Sim sim; /* what rogue.c needs of one: document, CA, randomness */
	ReloadIdentity *identity;
	RogueSigner member;
	int64_t now;
} Attacker;

typedef struct {
	int fd;
	SSL_CTX *context;
	SSL *ssl;
	ReloadFrameParser *parser;
	uint32_t sequence;
} Link;

static int fail(const char *why)
{
	fprintf(stderr, "attacker: %s\n", why);
	return 1;
}

/* ---- set-up ---- */

static bool load(Attacker *a, const char *address, const char *ca, const char *node)
{
	char *document = g_build_filename(ca, "overlay.xml", NULL), *crt = g_build_filename(ca, "ca.crt", NULL),
	     *key = g_build_filename(ca, "ca.key", NULL), *own = g_build_filename(node, "node.crt", NULL),
	     *own_key = g_build_filename(node, "node.key", NULL), *text = NULL;
	unsigned char *der = NULL;
	GError *error = NULL;
	gsize length;
	FILE *file = fopen(crt, "r");
	X509 *x509 = file != NULL ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
	GBytes *bytes;

	if (x509 == NULL || !g_file_get_contents(document, &text, &length, &error) ||
	    !reload_address_parse(address, 6084, &a->address))
		return false;
	fclose(file);
	a->now = g_get_real_time() / 1000;
	bytes = g_bytes_new_take(text, length);
	a->sim.document = reload_document_parse(bytes, document, NULL, a->now, &error);
	a->sim.random = g_rand_new_with_seed(4711);
	length = (gsize)i2d_X509(x509, &der);
	a->sim.pki.ca = g_bytes_new(der, length);
	a->sim.pki.ca_key = reload_key_load(key, &error);
	a->identity = a->sim.document != NULL ? reload_identity_load(own, own_key, a->sim.document->overlay, 16,
								     a->now, &error)
					      : NULL;
	if (a->identity == NULL || a->sim.pki.ca_key == NULL) {
		fprintf(stderr, "attacker: %s\n", error != NULL ? error->message : "?");
		return false;
	}
	a->member = (RogueSigner){.key = reload_identity_key(a->identity),
				  .id = *reload_identity_node_id(a->identity),
				  .der = g_bytes_new(reload_certificate_der(reload_identity_certificate(
							     a->identity)).data,
						     reload_certificate_der(reload_identity_certificate(
							     a->identity)).len)};
	a->victim = (ReloadNodeId){.len = 16};
	memset(a->victim.id, 0xff, 16); /* the wildcard: whoever the link leads to */
	return true;
}

/* A certificate of the overlay's CA that is good but for what `want` says. */
static void make_signer(Attacker *a, RogueCertificate want, RogueSigner *out)
{
	want.overlay = want.overlay != NULL ? want.overlay : a->sim.document->overlay;
	want.user = "mallory@example.org";
	want.not_before = want.not_before != 0 ? want.not_before : a->now - 3600000;
	want.not_after = want.not_after != 0 ? want.not_after : a->now + 3600000;
	rogue_signer_init(&a->sim, out, &want);
}

static void wait_for(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	(void)poll(&poll_fd, 1, 10000);
}

/* Connects by TCP, blocking from then on, for at most 10 s at a time. */
static int connect_tcp(const Attacker *a)
{
	struct timeval limit = {10, 0};
	struct pollfd connected = {.events = POLLOUT};
	int fd = reload_socket_connect(&a->address);

	connected.fd = fd;
	if (fd < 0 || poll(&connected, 1, 10000) != 1)
		return -1;
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return fd;
}

/* A TLS link with that signer's certificate, and copies more of it as a chain. False: refused. */
static bool link_open(const Attacker *a, const RogueSigner *signer, unsigned copies, Link *link)
{
	ReloadSpan der = pki_span(signer->der);
	const unsigned char *p = der.data;
	X509 *x509 = d2i_X509(NULL, &p, (long)der.len);

	*link = (Link){.fd = connect_tcp(a)};
	if (link->fd < 0)
		return false;
	link->context = SSL_CTX_new(TLS_client_method());
	SSL_CTX_use_certificate(link->context, x509);
	SSL_CTX_use_PrivateKey(link->context, signer->key);
	for (unsigned i = 0; i < copies; i++)
		SSL_CTX_add1_chain_cert(link->context, x509);
	X509_free(x509);
	link->ssl = SSL_new(link->context);
	SSL_set_fd(link->ssl, link->fd);
	link->parser = reload_frame_parser_new(1 << 20);
	return SSL_connect(link->ssl) == 1;
}

static void link_close(Link *link)
{
	if (link->fd < 0)
		return;
	SSL_free(link->ssl);
	SSL_CTX_free(link->context);
	reload_frame_parser_free(link->parser);
	close(link->fd);
}

static bool link_write(Link *link, const GByteArray *bytes)
{
	return SSL_write(link->ssl, bytes->data, (int)bytes->len) == (int)bytes->len;
}

static bool link_send(Attacker *a, Link *link, RogueMessage *message)
{
	GByteArray *whole = rogue_write(&a->sim, message, &a->victim), *frame = g_byte_array_new();
	bool good;

	reload_write_data_frame(frame, link->sequence++, reload_span(whole->data, whole->len));
	good = link_write(link, frame);
	g_byte_array_unref(frame);
	g_byte_array_unref(whole);
	return good;
}

/* The transaction of the next answer, of those that begin with mark; 0: the link is closed. */
static uint64_t next_answer(Link *link, uint64_t after)
{
	uint8_t bytes[16384];
	ReloadFrame frame;
	ReloadHeader header;
	int got;

	for (;;) {
		while (reload_frame_parser_next(link->parser, &frame) == RELOAD_OK) {
			if (frame.type == RELOAD_FRAME_DATA &&
			    reload_header_decode(frame.message, 16, &header, NULL) == RELOAD_OK &&
			    header.transaction_id >= after && header.transaction_id < after + 100000)
				return header.transaction_id;
		}
		got = SSL_read(link->ssl, bytes, sizeof(bytes));
		if (got <= 0)
			return 0;
		reload_frame_parser_feed(link->parser, reload_span(bytes, (size_t)got));
	}
}

/* True if the peer closes the link (or the TCP connection) by itself within 10 s. */
static bool is_closed(Link *link)
{
	return next_answer(link, 1) == 0 && errno != EAGAIN;
}

#define FIRST UINT64_C(0x1000000000)

static RogueMessage ping(Attacker *a, const RogueSigner *signer, uint64_t number)
{
	static GByteArray *body;

	if (body == NULL) {
		body = g_byte_array_new();
		reload_write_ping_req(body, &(ReloadPingReq){0});
	}
	(void)a;
	return (RogueMessage){.code = RELOAD_PING_REQ,
			      .body = reload_span(body->data, body->len),
			      .signer = signer,
			      .transaction = FIRST + number};
}

/* Is a good Ping on the link the first that is answered? What was sent before it was not, then. */
static bool only_good_answered(Attacker *a, Link *link)
{
	RogueMessage message = ping(a, &a->member, 99999);

	return link_send(a, link, &message) && next_answer(link, FIRST) == FIRST + 99999;
}

/* ---- cases ---- */

/* An honest exchange, to see how long it takes. */
static int case_ping(Attacker *a, long count)
{
	Link link;
	int64_t began = g_get_monotonic_time(), worst = 0;

	if (!link_open(a, &a->member, 0, &link))
		return fail("no link");
	for (long i = 0; i < MAX(count, 1); i++) {
		int64_t sent = g_get_monotonic_time();
		RogueMessage message = ping(a, &a->member, (uint64_t)i);

		if (!link_send(a, &link, &message) || next_answer(&link, FIRST) != FIRST + (uint64_t)i)
			return fail("not answered");
		worst = MAX(worst, g_get_monotonic_time() - sent);
	}
	printf("%ld answered, the slowest after %.1f ms, all after %.1f ms\n", MAX(count, 1),
	       (double)worst / 1000.0, (double)(g_get_monotonic_time() - began) / 1000.0);
	link_close(&link);
	return 0;
}

static int case_signatures(Attacker *a, long count)
{
	Link link;
	RogueSigner bad;
	uint64_t number = 0;

	(void)count;
	if (!link_open(a, &a->member, 0, &link))
		return fail("no link");
	for (RogueTrick trick = ROGUE_FLIPPED; trick <= ROGUE_OTHER_CONTENTS; trick++) {
		RogueMessage message = ping(a, &a->member, number++);

		message.trick = trick;
		if (trick != ROGUE_NO_CERTIFICATE) /* the peer may know it */
			link_send(a, &link, &message);
	}
	for (unsigned i = 0; i < 5; i++) {
		RogueCertificate wants[] = {{.overlay = "other.example.org"},
					    {.not_after = a->now - 1000},
					    {.not_before = a->now + 600000},
					    {.key_usage = "critical,keyEncipherment"},
					    {.second_user = "alice@example.org"}};
		RogueMessage message;

		make_signer(a, wants[i], &bad);
		message = ping(a, &bad, number++);
		link_send(a, &link, &message);
		rogue_signer_clear(&bad);
	}
	if (!only_good_answered(a, &link))
		return fail("a bad signature was answered, or a good one not");
	link_close(&link);
	return 0;
}

/* None of these gets a link. In TLS 1.3 that shows when it is read from. */
static int case_certificates(Attacker *a, long count)
{
	RogueCertificate wants[] = {{.overlay = "other.example.org"},     {.not_after = a->now - 1000},
				    {.not_before = a->now + 600000},       {.key_usage = "critical,keyEncipherment"},
				    {.second_user = "alice@example.org"}, {.self_issued = true}};

	(void)count;
	for (unsigned i = 0; i < G_N_ELEMENTS(wants); i++) {
		RogueSigner bad;
		Link link;

		make_signer(a, wants[i], &bad);
		if (link_open(a, &bad, 0, &link) && !is_closed(&link))
			return fail("a bad certificate got a link");
		link_close(&link);
		rogue_signer_clear(&bad);
	}
	{
		Link link; /* good, but with a chain of 60 kB */

		if (link_open(a, &a->member, 120, &link) && !is_closed(&link))
			return fail("a chain of 120 certificates got a link");
		link_close(&link);
	}
	return 0;
}

/* Bytes that are no frames, or frames that claim more than any message may have. */
static int case_frames(Attacker *a, long count)
{
	static const uint8_t huge[] = {128, 0, 0, 0, 0, 0xff, 0xff, 0xff}, unknown[] = {130, 0, 0, 0, 0, 0, 0, 1, 0};
	const ReloadSpan what[] = {{huge, sizeof(huge)},
				   {unknown, sizeof(unknown)},
				   reload_span_text("GET / HTTP/1.1\r\n\r\n"),
				   reload_span_text("OPTIONS sip:x SIP/2.0\r\n\r\n")};

	(void)count;
	for (unsigned i = 0; i < G_N_ELEMENTS(what); i++) {
		Link link;

		if (!link_open(a, &a->member, 0, &link) ||
		    SSL_write(link.ssl, what[i].data, (int)what[i].len) <= 0 || !is_closed(&link))
			return fail("a bad frame did not end the link");
		link_close(&link);
	}
	return 0;
}

/* The code of the Error that comes next, or 0: the link is closed without one. */
static uint16_t next_error(Link *link)
{
	uint8_t bytes[16384];
	ReloadFrame frame;
	ReloadMessage message;
	ReloadErrorResponse error;
	int got;

	for (;;) {
		while (reload_frame_parser_next(link->parser, &frame) == RELOAD_OK) {
			if (frame.type == RELOAD_FRAME_DATA &&
			    reload_message_decode(frame.message, 16, &message) == RELOAD_OK &&
			    message.code == RELOAD_ERROR &&
			    reload_error_decode(message.body, &error) == RELOAD_OK)
				return error.error_code;
		}
		got = SSL_read(link->ssl, bytes, sizeof(bytes));
		if (got <= 0)
			return 0;
		reload_frame_parser_feed(link->parser, reload_span(bytes, (size_t)got));
	}
}

/* A message, and a header, that is larger than max-message-size: Error_Message_Too_Large or silence, and the
 * end of the link. */
static int case_too_large(Attacker *a, long count)
{
	GByteArray *body = g_byte_array_new(), *via = g_byte_array_new();

	(void)count;
	g_byte_array_set_size(body, 300000);
	memset(body->data, 0, body->len);
	while (via->len < 60000)
		reload_write_destination_node(via, &a->member.id);
	for (unsigned i = 0; i < 2; i++) {
		RogueMessage message = ping(a, &a->member, i);
		uint16_t expected = i == 0 ? RELOAD_ERROR_MESSAGE_TOO_LARGE : 0;
		Link link;

		if (i == 0)
			message.body = reload_span(body->data, body->len);
		else
			message.via = reload_span(via->data, via->len);
		if (!link_open(a, &a->member, 0, &link))
			return fail("no link");
		(void)link_send(a, &link, &message); /* it may be over before all is written */
		if (next_error(&link) != expected || !is_closed(&link))
			return fail("not refused as it should be");
		link_close(&link);
	}
	g_byte_array_unref(via);
	g_byte_array_unref(body);
	return 0;
}

/* Fragments that never end, overlap, or lie at the end of 2^24 bytes. */
static int case_fragments(Attacker *a, long count)
{
	Link link;

	if (!link_open(a, &a->member, 0, &link))
		return fail("no link");
	for (long i = 0; i < count; i++) {
		static const uint32_t fields[] = {0x80000000u, 0x80000010u, 0xc0ffffffu, 0x80fffff0u, 0x80000400u};
		RogueMessage message = ping(a, &a->member, (uint64_t)(i / 2));

		message.fragment = fields[i % (long)G_N_ELEMENTS(fields)];
		if (!link_send(a, &link, &message))
			return fail("the link is gone");
	}
	if (!only_good_answered(a, &link))
		return fail("not answered afterwards");
	link_close(&link);
	return 0;
}

/* TCP connections that say nothing, held until standard input ends. */
static int case_half_open(Attacker *a, long count)
{
	for (long i = 0; i < count; i++)
		if (connect_tcp(a) < 0)
			return fail("no connection");
	puts("holding");
	fflush(stdout);
	wait_for(STDIN_FILENO);
	return 0;
}

/* A handshake of one byte at a time: the peer ends it in its own time. */
static int case_slow(Attacker *a, long count)
{
	static const uint8_t hello[] = {22, 3, 1, 1, 0, 1, 0, 0, 252, 3, 3};
	int64_t began = g_get_monotonic_time();
	int fd = connect_tcp(a);
	uint8_t byte;

	(void)count;
	for (unsigned i = 0; i < 200; i++) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		uint8_t next = i < sizeof(hello) ? hello[i] : 0;

		if (send(fd, &next, 1, MSG_NOSIGNAL) != 1 ||
		    (poll(&ready, 1, 50) == 1 && recv(fd, &byte, 1, 0) <= 0)) {
			printf("closed after %.1f s\n", (double)(g_get_monotonic_time() - began) / 1e6);
			return 0;
		}
	}
	return fail("still open after 10 s");
}

/* Many links of one node: all but a few are closed. */
static int case_links(Attacker *a, long count)
{
	Link *links = g_new0(Link, (gsize)count);
	long alive = 0;

	for (long i = 0; i < count; i++)
		(void)link_open(a, &a->member, 0, &links[i]);
	for (long i = 0; i < count; i++) {
		RogueMessage message = ping(a, &a->member, (uint64_t)i);

		alive += link_send(a, &links[i], &message) && next_answer(&links[i], FIRST) != 0;
	}
	for (long i = 0; i < count; i++)
		link_close(&links[i]);
	printf("%ld of %ld links of one node served\n", alive, count);
	g_free(links);
	return alive >= 1 && alive <= 8 ? 0 : fail("one node has too many links");
}

/* Pings, as many as go, over so many links, never read; until standard input ends. */
static int case_flood(Attacker *a, long count)
{
	GByteArray *frames = g_byte_array_new();
	Link links[8];
	bool told = false;

	count = CLAMP(count, 1, (long)G_N_ELEMENTS(links));
	for (long i = 0; i < count; i++)
		if (!link_open(a, &a->member, 0, &links[i]))
			return fail("no link");
	for (uint64_t i = 0; i < 80; i++) {
		RogueMessage message = ping(a, &a->member, i);
		GByteArray *whole = rogue_write(&a->sim, &message, &a->victim);

		reload_write_data_frame(frames, (uint32_t)i, reload_span(whole->data, whole->len));
		g_byte_array_unref(whole);
	}
	for (;;) {
		struct pollfd end = {.fd = STDIN_FILENO, .events = POLLIN};

		for (long i = 0; i < count; i++) {
			/* who does not read is not read from for ever: then its socket is full */
			struct pollfd room = {.fd = links[i].fd, .events = POLLOUT};

			if (poll(&room, 1, 0) == 1)
				(void)link_write(&links[i], frames);
		}
		if (!told)
			puts("flooding");
		fflush(stdout);
		told = true;
		if (poll(&end, 1, 1) == 1)
			return 0;
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(Attacker *a, long count);
	} cases[] = {
		{"ping", case_ping},	 {"signatures", case_signatures}, {"certificates", case_certificates},
		{"too-large", case_too_large},
		{"frames", case_frames}, {"fragments", case_fragments},	  {"half-open", case_half_open},
		{"slow", case_slow},	 {"links", case_links},		  {"flood", case_flood},
	};
	Attacker attacker = {0};

	if (argc < 5 || !load(&attacker, argv[1], argv[2], argv[3]))
		return fail("usage: attacker ADDRESS CA_DIRECTORY NODE_DIRECTORY CASE [NUMBER]");
	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++)
		if (strcmp(argv[4], cases[i].name) == 0)
			return cases[i].run(&attacker, argc > 5 ? atol(argv[5]) : 1);
	return fail("no such case");
}
