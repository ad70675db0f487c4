/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a message costs: one that is for somebody else no memory and no signature, one under a certificate that is
 * known a single signature check. Counted in the functions of the C library and of OpenSSL themselves. */
#include "reload_core/peer/node.h"
#include "reload_core/wire/framing.h"
#include "reload_core/wire/ping.h"
#include "tests/unit/link_fixture.h"
#include "tests/unit/message_kit.h"
#include "tests/unit/pki.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#define ROUNDS 200

/* Since the last reset. */
static unsigned allocations, checks, signatures, chains;

static void reset(void)
{
	allocations = checks = signatures = chains = 0;
}

/* ---- the counters ---- */

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if !defined(__SANITIZE_ADDRESS__)
#define COUNTS_ALLOCATIONS true
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	allocations++;
	return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	allocations++;
	return __libc_realloc(old, size);
}
#else /* the sanitizer has its own */
#define COUNTS_ALLOCATIONS false
#endif

static void *real(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	g_assert_nonnull(function);
	return function;
}

int EVP_DigestVerifyFinal(EVP_MD_CTX *context, const unsigned char *signature, size_t length)
{
	static int (*function)(EVP_MD_CTX *, const unsigned char *, size_t);

	if (function == NULL)
		function = real(__func__);
	checks++;
	return function(context, signature, length);
}

int EVP_DigestSignFinal(EVP_MD_CTX *context, unsigned char *signature, size_t *length)
{
	static int (*function)(EVP_MD_CTX *, unsigned char *, size_t *);

	if (function == NULL)
		function = real(__func__);
	signatures++;
	return function(context, signature, length);
}

int X509_verify_cert(X509_STORE_CTX *context)
{
	static int (*function)(X509_STORE_CTX *);

	if (function == NULL)
		function = real(__func__);
	chains++;
	return function(context);
}

static void assert_no_allocation(void)
{
	if (COUNTS_ALLOCATIONS)
		g_assert_cmpuint(allocations, ==, 0);
}

static void test_counters(void)
{
	GList *list;

	reset();
	list = g_list_append(NULL, NULL); /* GLib's as well */
	if (COUNTS_ALLOCATIONS)
		g_assert_cmpuint(allocations, ==, 1);
	g_list_free(list);
}

/* ---- a whole node between two links ---- */

#define SELF 0x10
#define SENDER 0x40
#define RECEIVER 0x30
#define FROM_SENDER 1
#define FROM_RECEIVER 2

typedef struct {
	Pki pki;
	ReloadDocument *document;
	ReloadTrust *trust;
	ReloadIdentity *self, *sender, *receiver;
	ReloadNode *node;
	int64_t now, wakeup;
	ReloadLinkId sent_to;
	unsigned sent;
	uint8_t bytes[8192]; /* of what was sent last */
	size_t length;
	uint8_t random;
} Fixture;

static ReloadStatus link_send(void *user, ReloadLinkId link, ReloadSpan message)
{
	Fixture *f = user;

	g_assert_cmpuint(message.len, <=, sizeof(f->bytes));
	memcpy(f->bytes, message.data, message.len);
	f->length = message.len;
	f->sent_to = link;
	f->sent++;
	return RELOAD_OK;
}

static ReloadLinkId link_connect(void *user, const ReloadAddress *address, const ReloadNodeId *expect)
{
	(void)user;
	(void)address;
	(void)expect;
	return 0;
}

static void link_close(void *user, ReloadLinkId link)
{
	(void)user;
	(void)link;
}

static void wakeup_at(void *user, int64_t at)
{
	((Fixture *)user)->wakeup = at;
}

static void random_bytes(void *user, uint8_t *out, size_t length)
{
	Fixture *f = user;

	while (length-- > 0)
		out[length] = f->random++;
}

static void on_state(void *user, ReloadNodeState state, int64_t now)
{
	(void)now;
	if (state == RELOAD_NODE_JOINED)
		((Fixture *)user)->wakeup = 0;
}

static void receive(Fixture *f, ReloadLinkId link, const GByteArray *message)
{
	reload_node_receive(f->node, link, reload_span(message->data, message->len), f->now);
}

static GByteArray *to_node(uint8_t fill)
{
	ReloadNodeId id = pki_node_id(fill);
	GByteArray *list = g_byte_array_new();

	reload_write_destination_node(list, &id);
	return list;
}

static GByteArray *to_resource(uint8_t fill)
{
	ReloadResourceId id = {.len = 16};
	GByteArray *list = g_byte_array_new();

	memset(id.id, fill, id.len);
	reload_write_destination_resource(list, &id);
	return list;
}

static void setup(Fixture *f, gconstpointer unused)
{
	ReloadNodeOptions options = {.first_node = true, .address_count = 1};
	ReloadAddress address;
	GByteArray *ready = message_kit_ready(), *list = to_node(SELF), *update;

	(void)unused;
	pki_init(&f->pki);
	f->document = pki_document(&f->pki, "");
	f->trust = pki_trust(&f->pki);
	f->self = pki_identity(&f->pki, RELOAD_KEY_P256, SELF, "self@" PKI_OVERLAY);
	f->sender = pki_identity(&f->pki, RELOAD_KEY_P256, SENDER, "sender@" PKI_OVERLAY);
	f->receiver = pki_identity(&f->pki, RELOAD_KEY_P256, RECEIVER, "receiver@" PKI_OVERLAY);
	f->now = PKI_NOW;
	g_assert_true(reload_address_from_text("192.0.2.1", 6084, &address));
	options.document = f->document;
	options.trust = f->trust;
	options.identity = f->self;
	options.addresses = &address;
	options.io = (ReloadIo){.user = f,
				.link_connect = link_connect,
				.link_send = link_send,
				.link_close = link_close,
				.wakeup_at = wakeup_at,
				.random = random_bytes};
	options.events = (ReloadNodeEvents){.user = f, .state = on_state};
	f->node = reload_node_new(&options, f->now, NULL);
	reload_node_start(f->node, f->now);
	for (unsigned i = 0; i < 100 && f->wakeup != 0; i++) {
		f->now = MAX(f->now + 1, f->wakeup);
		reload_node_tick(f->node, f->now);
	}
	reload_node_link_up(f->node, FROM_SENDER, reload_identity_certificate(f->sender), false, f->now);
	reload_node_link_up(f->node, FROM_RECEIVER, reload_identity_certificate(f->receiver), false, f->now);
	update = message_kit_write(f->document, f->receiver, RELOAD_UPDATE_REQ, 1, list, ready, 0);
	receive(f, FROM_RECEIVER, update);
	g_byte_array_unref(update);
	g_byte_array_unref(list);
	g_byte_array_unref(ready);
}

static void teardown(Fixture *f, gconstpointer unused)
{
	(void)unused;
	reload_node_free(f->node);
	reload_identity_unref(f->self);
	reload_identity_unref(f->sender);
	reload_identity_unref(f->receiver);
	reload_trust_unref(f->trust);
	reload_document_unref(f->document);
	pki_clear(&f->pki);
}

static void assert_passed_on_for_nothing(Fixture *f, ReloadLinkId from, ReloadLinkId to, const GByteArray *message,
					 unsigned via_entries)
{
	ReloadHeader header;

	receive(f, from, message); /* memory that is used again */
	f->sent = 0;
	reset();
	for (unsigned i = 0; i < ROUNDS; i++)
		receive(f, from, message);
	assert_no_allocation();
	g_assert_cmpuint(checks, ==, 0);
	g_assert_cmpuint(chains, ==, 0);
	g_assert_cmpuint(signatures, ==, 0);
	g_assert_cmpuint(f->sent, ==, ROUNDS);
	g_assert_cmpuint(f->sent_to, ==, to);
	g_assert_cmpint(reload_header_decode(reload_span(f->bytes, f->length), 16, &header, NULL), ==, RELOAD_OK);
	g_assert_cmpuint(header.ttl, ==, f->document->initial_ttl - 1);
	g_assert_cmpuint(reload_destination_list_count(header.via_list), ==, via_entries);
}

/* To a node that is linked, by a source route through us, and by the topology; the answer goes back. */
static void test_node(Fixture *f, gconstpointer unused)
{
	GByteArray *lists[] = {to_node(RECEIVER), to_node(SELF), to_resource(0x28)}, *none = g_byte_array_new();

	(void)unused;
	reload_write_destination_node(lists[1], reload_identity_node_id(f->receiver));
	for (unsigned i = 0; i < G_N_ELEMENTS(lists); i++) {
		GByteArray *message = message_kit_write(f->document, f->sender, RELOAD_FETCH_REQ, 100 + i, lists[i],
							none, 600);

		assert_passed_on_for_nothing(f, FROM_SENDER, FROM_RECEIVER, message, 1);
		g_byte_array_unref(message);
		g_byte_array_unref(lists[i]);
	}
	/* Straight to its sender, and on by three nodes more, which are looked at for loops. */
	lists[0] = to_node(SENDER);
	for (unsigned more = 0; more <= 3; more += 3) {
		for (unsigned i = 0; i < more; i++) {
			ReloadNodeId id = pki_node_id((uint8_t)(0x60 + i));

			reload_write_destination_node(lists[0], &id);
		}
		lists[1] = message_kit_write(f->document, f->receiver, RELOAD_FETCH_ANS, 100, lists[0], none, 600);
		assert_passed_on_for_nothing(f, FROM_RECEIVER, FROM_SENDER, lists[1], 0);
		g_byte_array_unref(lists[1]);
	}
	g_byte_array_unref(lists[0]);
	g_byte_array_unref(none);
}

/* The first message under a certificate has its chain verified, the second one is checked only itself. */
static void test_known_certificate(Fixture *f, gconstpointer unused)
{
	GByteArray *list = to_node(SELF), *body = g_byte_array_new(), *message;

	(void)unused;
	g_assert_true(reload_write_ping_req(body, &(ReloadPingReq){0}));
	for (unsigned i = 0; i < 2; i++) {
		message = message_kit_write(f->document, f->sender, RELOAD_PING_REQ, 200 + i, list, body, 0);
		f->sent = 0;
		reset();
		receive(f, FROM_SENDER, message);
		g_assert_cmpuint(f->sent, ==, 1); /* the answer */
		g_assert_cmpuint(signatures, ==, 1);
		g_assert_cmpuint(chains, ==, i == 0 ? 1 : 0);
		if (i > 0) /* the first time there are those of the chain as well */
			g_assert_cmpuint(checks, ==, 1);
		g_byte_array_unref(message);
	}
	g_byte_array_unref(body);
	g_byte_array_unref(list);
}

/* ---- the links themselves ---- */

typedef struct {
	LinkCa *ca;
	ReloadIdentity *identity, *others[2];
	ReloadLinks *links;
	ReloadIo io;
	RawClient *clients[2];
	ReloadLinkId up[2];
	unsigned ups, forwarded;
} Links;

static void on_link_up(void *user, ReloadLinkId link, ReloadCertificate *certificate, bool outgoing, int64_t now)
{
	Links *l = user;

	(void)certificate;
	(void)outgoing;
	(void)now;
	l->up[l->ups++] = link;
}

static void on_receive(void *user, ReloadLinkId link, ReloadSpan message, int64_t now)
{
	Links *l = user;

	(void)link;
	(void)now;
	g_assert_cmpint(l->io.link_send(l->io.user, l->up[1], message), ==, RELOAD_OK);
	l->forwarded++;
}

static void links_setup(Links *l, gconstpointer unused)
{
	ReloadLinksOptions options = {.max_message_size = LINK_MAX_MESSAGE};
	ReloadAddress address;

	(void)unused;
	l->ca = link_ca_new();
	l->identity = link_ca_issue(l->ca, 600000);
	options.trust = l->ca->trust;
	options.identity = l->identity;
	options.events = (ReloadLinkEvents){.user = l, .link_up = on_link_up, .receive = on_receive};
	l->links = reload_links_new(&options, NULL);
	reload_links_get_io(l->links, &l->io);
	g_assert_true(reload_address_from_text("127.0.0.1", 0, &address));
	g_assert_cmpint(reload_links_listen(l->links, RELOAD_LISTEN_LINKS, &address, &address, NULL), ==, RELOAD_OK);
	for (unsigned i = 0; i < 2; i++) {
		l->others[i] = link_ca_issue(l->ca, 600000);
		l->clients[i] = raw_client_new(&address, l->others[i], 0);
		g_assert_true(raw_client_handshake(l->clients[i]));
		LINK_WAIT(l->ups == i + 1);
	}
}

static void links_teardown(Links *l, gconstpointer unused)
{
	(void)unused;
	reload_links_free(l->links);
	for (unsigned i = 0; i < 2; i++) {
		raw_client_free(l->clients[i]);
		reload_identity_unref(l->others[i]);
	}
	reload_identity_unref(l->identity);
	link_ca_free(l->ca);
}

static void read_all(RawClient *client, size_t length)
{
	static uint8_t bytes[16384];

	while (length > 0) {
		size_t got = raw_client_read(client, bytes, sizeof(bytes));

		g_assert_cmpuint(got, >, 0);
		g_assert_cmpuint(got, <=, length);
		length -= got;
	}
}

/* Has count messages forwarded that come in one TLS record; returns the allocations. */
static unsigned forward_burst(Links *l, unsigned count)
{
	static uint32_t sequence;
	static const uint8_t message[300];
	GByteArray *frames = g_byte_array_new();
	unsigned counted;

	for (unsigned i = 0; i < count; i++)
		reload_write_data_frame(frames, sequence++, reload_span(message, sizeof(message)));
	l->forwarded = 0;
	reset();
	g_assert_true(raw_client_write(l->clients[0], frames->data, frames->len));
	LINK_WAIT(l->forwarded == count);
	read_all(l->clients[1], frames->len);
	read_all(l->clients[0], count * RELOAD_FRAME_ACK_SIZE);
	counted = allocations;
	g_byte_array_set_size(frames, 0);
	for (unsigned i = 0; i < count; i++)
		reload_write_ack_frame(frames, sequence - count + i, UINT32_MAX);
	g_assert_true(raw_client_write(l->clients[1], frames->data, frames->len));
	g_byte_array_unref(frames);
	return counted;
}

/* OpenSSL takes buffers for each record. What is in it costs nothing: 40 messages as much as 4. */
static void test_links(Links *l, gconstpointer unused)
{
	unsigned few, many;

	(void)unused;
	forward_burst(l, 40);
	few = forward_burst(l, 4);
	many = forward_burst(l, 40);
	g_test_message("%u allocations for 4 messages, %u for 40", few, many);
	g_assert_cmpuint(many, <=, few + 12);
}

int main(int argc, char **argv)
{
	/* GLib's slices would keep what is allocated from us; it reads this when it starts. */
	if (g_getenv("G_SLICE") == NULL) {
		g_setenv("G_SLICE", "always-malloc", TRUE);
		execv("/proc/self/exe", argv);
		return 1;
	}
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/forward/cost/counters", test_counters);
	g_test_add("/forward/cost/node", Fixture, NULL, setup, test_node, teardown);
	g_test_add("/forward/cost/known-certificate", Fixture, NULL, setup, test_known_certificate, teardown);
	g_test_add("/forward/cost/links", Links, NULL, links_setup, test_links, links_teardown);
	return g_test_run();
}
