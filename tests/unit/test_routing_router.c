/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The router alone, between a fake link and a fake handler: the rules of RFC 6940, 6.1 to 6.3.4. */
#include "reload_core/routing/router.h"

#include "reload_core/security/sign.h"
#include "reload_core/wire/error.h"
#include "tests/unit/pki.h"

typedef struct {
	Pki pki;
	ReloadDocument *document;
	ReloadTrust *trust;
	ReloadIdentity *ours, *theirs; /* Node-IDs 50.. and 10.. */
	ReloadRouter *router;
	ReloadNodeId previous; /* 20..: it is linked, as is 70.. */
	ReloadRoute route;     /* of everything not linked */
	bool plausible;
	unsigned handled;
	size_t answer_size;
	GPtrArray *sent; /* GByteArray: the Node-ID of the hop, then the message */
	unsigned outdated;
	uint8_t random;
	unsigned replies;
	ReloadStatus reply_status;
} Fixture;

static bool linked(void *user, const ReloadNodeId *id)
{
	(void)user;
	return id->id[0] == 0x20 || id->id[0] == 0x70;
}

static ReloadRoute next_hop(void *user, ReloadSpan id, bool is_resource, const ReloadNodeId *except,
			    ReloadNodeId *hop)
{
	Fixture *f = user;

	(void)id;
	(void)is_resource;
	(void)except;
	*hop = pki_node_id(0x70);
	return f->route;
}

static bool plausible(void *user, ReloadSpan resource_id, const ReloadNodeId *node)
{
	(void)resource_id;
	(void)node;
	return ((Fixture *)user)->plausible;
}

static ReloadStatus send_message(void *user, const ReloadNodeId *hop, ReloadSpan message)
{
	Fixture *f = user;
	GByteArray *sent = g_byte_array_new();

	g_byte_array_append(sent, hop->id, 16);
	g_byte_array_append(sent, message.data, (guint)message.len);
	g_ptr_array_add(f->sent, sent);
	return RELOAD_OK;
}

static void handle(void *user, const ReloadIncoming *request, ReloadOutcome *outcome, int64_t now)
{
	Fixture *f = user;

	(void)now;
	g_assert_cmpuint(request->signer.id[0], ==, 0x10);
	f->handled++;
	for (size_t i = 0; i < f->answer_size; i++)
		reload_write_u8(outcome->body, 0);
}

static void outdated(void *user, const ReloadNodeId *node, ReloadSpan list, int64_t now)
{
	(void)node;
	(void)list;
	(void)now;
	((Fixture *)user)->outdated++;
}

static void next_random(void *user, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = ++((Fixture *)user)->random;
}

static void free_array(gpointer data)
{
	g_byte_array_unref(data);
}

static void set_up(Fixture *f, gconstpointer data)
{
	ReloadRouterHost host = {
	    .user = f,
	    .linked = linked,
	    .next_hop = next_hop,
	    .plausible = plausible,
	    .send = send_message,
	    .handle = handle,
	    .outdated = outdated,
	    .random = next_random,
	};

	(void)data;
	pki_init(&f->pki);
	f->document = pki_document(&f->pki, "");
	f->trust = pki_trust(&f->pki);
	f->ours = pki_identity(&f->pki, RELOAD_KEY_P256, 0x50, "we@overlay.example.org");
	f->theirs = pki_identity(&f->pki, RELOAD_KEY_P256, 0x10, "they@overlay.example.org");
	f->previous = pki_node_id(0x20);
	f->route = RELOAD_ROUTE_HOP;
	f->sent = g_ptr_array_new_with_free_func(free_array);
	f->router = reload_router_new(&host, f->document, f->trust, f->ours);
}

static void tear_down(Fixture *f, gconstpointer data)
{
	(void)data;
	reload_router_free(f->router);
	g_ptr_array_unref(f->sent);
	reload_identity_unref(f->theirs);
	reload_identity_unref(f->ours);
	reload_trust_unref(f->trust);
	reload_document_unref(f->document);
	pki_clear(&f->pki);
}

/* What a test changes in a message that would be good. */
typedef struct {
	ReloadDestination destinations[3];
	unsigned count;
	uint8_t ttl;
	int sequence_offset;
	uint8_t option_flags; /* of an option nobody knows; 0: none */
	bool critical_extension;
	uint32_t max_response;
	uint16_t code;
	uint64_t transaction;
	size_t body_size;
} Shape;

static Shape good_shape(uint16_t code)
{
	ReloadNodeId we = pki_node_id(0x50);

	return (Shape){.destinations = {reload_destination_node(&we)},
		       .count = 1,
		       .ttl = 50,
		       .code = code,
		       .transaction = 0x1122334455667788u};
}

static GByteArray *make(Fixture *f, const Shape *shape)
{
	GByteArray *frame = g_byte_array_new(), *list = g_byte_array_new();
	GByteArray *options = g_byte_array_new(), *contents = g_byte_array_new();
	GByteArray *extensions = g_byte_array_new(), *via = g_byte_array_new();
	ReloadNodeId first = pki_node_id(0x10);
	g_autofree uint8_t *body = g_malloc0(shape->body_size + 1);
	ReloadHeader header = {
	    .overlay = f->document->overlay_hash,
	    .config_sequence = (uint16_t)(f->document->sequence + shape->sequence_offset),
	    .version = RELOAD_VERSION_1_0,
	    .ttl = shape->ttl,
	    .last_fragment = true,
	    .transaction_id = shape->transaction,
	    .max_response_length = shape->max_response,
	};

	reload_write_destination_node(via, &first);
	for (unsigned i = 0; i < shape->count; i++)
		reload_write_destination(list, &shape->destinations[i]);
	if (shape->option_flags != 0)
		reload_write_forwarding_option(
		    options, &(ReloadForwardingOption){.type = 99, .flags = shape->option_flags});
	if (shape->critical_extension)
		reload_write_extension(extensions,
				       &(ReloadExtension){.type = 99, .critical = true});
	header.via_list = reload_span(via->data, via->len);
	header.destination_list = reload_span(list->data, list->len);
	header.options = reload_span(options->data, options->len);
	reload_write_header(frame, &header);
	reload_write_contents(contents, shape->code, reload_span(body, shape->body_size),
			      reload_span(extensions->data, extensions->len));
	g_byte_array_append(frame, contents->data, contents->len);
	g_assert_cmpint(reload_sign_message(f->theirs, header.overlay, shape->transaction,
					    reload_span(contents->data, contents->len), NULL,
					    frame),
			==, RELOAD_OK);
	reload_finish_length(frame, 0);
	g_byte_array_unref(via);
	g_byte_array_unref(extensions);
	g_byte_array_unref(contents);
	g_byte_array_unref(options);
	g_byte_array_unref(list);
	return frame;
}

static void give(Fixture *f, const Shape *shape)
{
	GByteArray *frame = make(f, shape);

	reload_router_receive(f->router, &f->previous, reload_span(frame->data, frame->len),
			      PKI_NOW);
	g_byte_array_unref(frame);
}

/* The last message sent, decoded. */
static ReloadMessage last(Fixture *f, uint8_t *hop)
{
	const GByteArray *sent;
	ReloadMessage message;

	g_assert_cmpuint(f->sent->len, >, 0);
	sent = g_ptr_array_index(f->sent, f->sent->len - 1);
	*hop = sent->data[0];
	g_assert_cmpint(
	    reload_message_decode(reload_span(sent->data + 16, sent->len - 16), 16, &message), ==,
	    RELOAD_OK);
	return message;
}

static void assert_error(Fixture *f, uint16_t code)
{
	uint8_t hop;
	ReloadMessage message = last(f, &hop);
	ReloadErrorResponse error;

	g_assert_cmpuint(hop, ==, 0x20); /* back where it came from */
	g_assert_cmpuint(message.code, ==, RELOAD_ERROR);
	g_assert_cmpint(reload_error_decode(message.body, &error), ==, RELOAD_OK);
	g_assert_cmpuint(error.error_code, ==, code);
	g_assert_cmpint(reload_verify_message(f->trust, &message, PKI_NOW, NULL, NULL), ==,
			RELOAD_OK);
}

static void test_forward(Fixture *f, gconstpointer data)
{
	Shape shape = good_shape(RELOAD_PING_REQ);
	ReloadNodeId far = pki_node_id(0x60), we = pki_node_id(0x50), near = pki_node_id(0x70);
	ReloadMessage message;
	ReloadDestination entry;
	uint8_t hop;

	(void)data;
	/* A source route: through us, through a linked one, to a far one. */
	shape.destinations[0] = reload_destination_node(&we);
	shape.destinations[1] = reload_destination_node(&near);
	shape.destinations[2] = reload_destination_node(&far);
	shape.count = 3;
	give(f, &shape);
	message = last(f, &hop);
	g_assert_cmpuint(hop, ==, 0x70);
	g_assert_cmpuint(message.header.ttl, ==, 49);
	g_assert_cmpuint(reload_destination_list_count(message.header.destination_list), ==, 2);
	/* The via list grows by the previous hop. */
	g_assert_cmpuint(reload_destination_list_count(message.header.via_list), ==, 2);
	g_assert_true(reload_destination_list_last(message.header.via_list, &entry));
	g_assert_true(reload_node_id_equal(&entry.node_id, &f->previous));
	/* An answer goes on without one. */
	shape.code = RELOAD_PING_ANS;
	give(f, &shape);
	message = last(f, &hop);
	g_assert_cmpuint(reload_destination_list_count(message.header.via_list), ==, 1);
	g_assert_cmpuint(f->handled, ==, 0);
}

static void test_ttl(Fixture *f, gconstpointer data)
{
	Shape shape = good_shape(RELOAD_PING_REQ);
	ReloadNodeId near = pki_node_id(0x70);

	(void)data;
	shape.ttl = 101;
	give(f, &shape);
	assert_error(f, RELOAD_ERROR_TTL_EXCEEDED);
	g_assert_cmpuint(f->handled, ==, 0);
	shape.ttl = 0; /* for us: good; to be passed on: not */
	give(f, &shape);
	g_assert_cmpuint(f->handled, ==, 1);
	shape.destinations[0] = reload_destination_node(&near);
	give(f, &shape);
	assert_error(f, RELOAD_ERROR_TTL_EXCEEDED);
	/* No error for an answer. */
	g_ptr_array_set_size(f->sent, 0);
	shape.code = RELOAD_PING_ANS;
	give(f, &shape);
	g_assert_cmpuint(f->sent->len, ==, 0);
}

static void test_destinations(Fixture *f, gconstpointer data)
{
	Shape shape = good_shape(RELOAD_PING_REQ);
	ReloadNodeId wildcard = pki_node_id(0xff), nobody = pki_node_id(0x51);
	ReloadResourceId resource = {.len = 16, .id = {0x4f}};
	const uint8_t opaque[] = {0x81, 0x23};

	(void)data;
	shape.destinations[0] = reload_destination_node(&wildcard);
	give(f, &shape);
	g_assert_cmpuint(f->handled, ==, 1);
	f->route = RELOAD_ROUTE_SELF;
	shape.destinations[0] = reload_destination_resource(&resource);
	give(f, &shape);
	g_assert_cmpuint(f->handled, ==, 2);
	/* A Node-ID in our range that is not linked, and an opaque ID that we did not make:
	 * silence. */
	g_ptr_array_set_size(f->sent, 0);
	shape.destinations[0] = reload_destination_node(&nobody);
	give(f, &shape);
	shape.destinations[0] = reload_destination_opaque(reload_span(opaque, 2));
	give(f, &shape);
	g_assert_cmpuint(f->sent->len, ==, 0);
	g_assert_cmpuint(f->handled, ==, 2);
}

static void test_critical(Fixture *f, gconstpointer data)
{
	Shape shape = good_shape(RELOAD_PING_REQ);
	ReloadNodeId near = pki_node_id(0x70);
	uint8_t hop;

	(void)data;
	shape.option_flags = RELOAD_FLAG_DESTINATION_CRITICAL;
	give(f, &shape);
	assert_error(f, RELOAD_ERROR_UNSUPPORTED_FORWARDING_OPTION);
	shape.destinations[0] = reload_destination_node(&near);
	give(f, &shape); /* it is critical for the destination only */
	g_assert_cmpuint(last(f, &hop).code, ==, RELOAD_PING_REQ);
	shape.option_flags = RELOAD_FLAG_FORWARD_CRITICAL;
	give(f, &shape);
	assert_error(f, RELOAD_ERROR_UNSUPPORTED_FORWARDING_OPTION);
	shape = good_shape(RELOAD_PING_REQ);
	shape.critical_extension = true;
	give(f, &shape);
	assert_error(f, RELOAD_ERROR_UNKNOWN_EXTENSION);
	g_assert_cmpuint(f->handled, ==, 0);
	/* RESPONSE_COPY comes back, without flags. */
	shape = good_shape(RELOAD_PING_REQ);
	shape.option_flags = RELOAD_FLAG_RESPONSE_COPY;
	give(f, &shape);
	g_assert_cmpuint(f->handled, ==, 1);
	{
		ReloadSpan options = last(f, &hop).header.options;
		ReloadForwardingOption option;

		g_assert_true(reload_forwarding_option_next(&options, &option));
		g_assert_cmpuint(option.type, ==, 99);
		g_assert_cmpuint(option.flags, ==, 0);
	}
}

static void test_sequence(Fixture *f, gconstpointer data)
{
	Shape shape = good_shape(RELOAD_PING_REQ);

	(void)data;
	shape.sequence_offset = 1;
	give(f, &shape);
	assert_error(f, RELOAD_ERROR_CONFIG_TOO_NEW);
	g_assert_cmpuint(f->outdated, ==, 0);
	shape.sequence_offset = -1;
	give(f, &shape);
	assert_error(f, RELOAD_ERROR_CONFIG_TOO_OLD);
	g_assert_cmpuint(f->outdated, ==, 1); /* it is sent our document */
	g_assert_cmpuint(f->handled, ==, 0);
	shape = good_shape(RELOAD_CONFIG_UPDATE_REQ);
	shape.sequence_offset = 65535 - f->document->sequence;
	give(f, &shape);
	g_assert_cmpuint(f->handled, ==, 1);
}

static void test_sizes(Fixture *f, gconstpointer data)
{
	Shape shape = good_shape(RELOAD_PING_REQ);

	(void)data;
	f->answer_size = 2000;
	shape.max_response = 2000;
	give(f, &shape);
	assert_error(f, RELOAD_ERROR_RESPONSE_TOO_LARGE);
	shape.max_response = 0;
	shape.body_size = 5000;
	give(f, &shape);
	assert_error(f, RELOAD_ERROR_MESSAGE_TOO_LARGE);
	g_assert_cmpuint(f->handled, ==, 1);
}

static void test_repeated(Fixture *f, gconstpointer data)
{
	Shape shape = good_shape(RELOAD_STORE_REQ);
	GByteArray *frame = make(f, &shape);
	ReloadSpan span = reload_span(frame->data, frame->len);
	ReloadRouterStatistics count;
	uint8_t hop;

	(void)data;
	reload_router_receive(f->router, &f->previous, span, PKI_NOW);
	reload_router_receive(f->router, &f->previous, span, PKI_NOW + 14999);
	g_assert_cmpuint(f->handled, ==, 1); /* performed once, answered twice */
	g_assert_cmpuint(f->sent->len, ==, 2);
	g_assert_cmpuint(last(f, &hop).code, ==, RELOAD_STORE_ANS);
	reload_router_statistics(f->router, &count);
	g_assert_cmpuint(count.dropped_duplicate, ==, 1);
	reload_router_receive(f->router, &f->previous, span, PKI_NOW + 15001);
	g_assert_cmpuint(f->handled, ==, 2);
	g_byte_array_unref(frame);
}

static void on_reply(void *data, ReloadStatus status, const ReloadMessage *answer,
		     const ReloadNodeId *from, int64_t now)
{
	Fixture *f = data;

	(void)answer;
	(void)from;
	(void)now;
	f->replies++;
	f->reply_status = status;
}

/* Asks dest; returns the transaction ID. */
static uint64_t ask(Fixture *f, const ReloadDestination *dest)
{
	GByteArray *list = g_byte_array_new();
	ReloadOrigination request = {.code = RELOAD_PING_REQ};
	uint64_t id;

	reload_write_destination(list, dest);
	request.destination_list = reload_span(list->data, list->len);
	f->replies = 0;
	g_assert_cmpint(reload_router_request(f->router, &request, on_reply, f, PKI_NOW, &id), ==,
			RELOAD_OK);
	g_byte_array_unref(list);
	return id;
}

/* 6.3.4: the answer must come from whom the request was for. */
static void test_origin(Fixture *f, gconstpointer data)
{
	ReloadNodeId they = pki_node_id(0x10), other = pki_node_id(0x11);
	ReloadResourceId resource = {.len = 16, .id = {0x0f}};
	ReloadDestination dest = reload_destination_node(&other);
	Shape shape = good_shape(RELOAD_PING_ANS);

	(void)data;
	shape.transaction = ask(f, &dest);
	give(f, &shape); /* signed by 10.., asked was 11.. */
	g_assert_cmpuint(f->replies, ==, 0);
	dest = reload_destination_node(&they);
	shape.transaction = ask(f, &dest);
	shape.code = RELOAD_STORE_ANS; /* not the answer to what was asked */
	give(f, &shape);
	g_assert_cmpuint(f->replies, ==, 0);
	shape.code = RELOAD_PING_ANS;
	give(f, &shape);
	g_assert_cmpuint(f->replies, ==, 1);
	give(f, &shape);
	g_assert_cmpuint(f->replies, ==, 1); /* once */
	dest = reload_destination_resource(&resource);
	shape.transaction = ask(f, &dest);
	give(f, &shape); /* not plausibly responsible */
	g_assert_cmpuint(f->replies, ==, 0);
	f->plausible = true;
	give(f, &shape);
	g_assert_cmpuint(f->replies, ==, 1);
}

static void test_retransmission(Fixture *f, gconstpointer data)
{
	ReloadNodeId far = pki_node_id(0x60);
	ReloadDestination dest = reload_destination_node(&far);
	int64_t due;

	(void)data;
	ask(f, &dest);
	g_assert_cmpuint(f->sent->len, ==, 1);
	for (unsigned i = 1; i <= 4; i++) {
		due = reload_router_tick(f->router, PKI_NOW + 3000 * i);
		g_assert_cmpuint(f->sent->len, ==, i + 1);
		g_assert_cmpint(due, ==, PKI_NOW + 3000 * (i + 1));
	}
	g_assert_cmpuint(f->replies, ==, 0);
	due = reload_router_tick(f->router, PKI_NOW + 15000);
	g_assert_cmpuint(f->sent->len, ==, 5); /* five in all */
	g_assert_cmpuint(f->replies, ==, 1);
	g_assert_cmpint(f->reply_status, ==, RELOAD_E_TIMEOUT);
	g_assert_cmpint(due, ==, INT64_MAX);
	/* A link that is lost makes it go another way at once. */
	ask(f, &dest);
	reload_router_hop_lost(f->router, &(ReloadNodeId){.len = 16, .id = {1}}, PKI_NOW + 100);
	reload_router_tick(f->router, PKI_NOW + 100);
	g_assert_cmpuint(f->sent->len, ==, 6);
	{
		ReloadNodeId hop = pki_node_id(0x70);

		reload_router_hop_lost(f->router, &hop, PKI_NOW + 100);
	}
	reload_router_tick(f->router, PKI_NOW + 100);
	g_assert_cmpuint(f->sent->len, ==, 7);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*test)(Fixture *f, gconstpointer data);
	} tests[] = {
	    {"/routing/forward", test_forward},
	    {"/routing/ttl", test_ttl},
	    {"/routing/destinations", test_destinations},
	    {"/routing/critical", test_critical},
	    {"/routing/sequence", test_sequence},
	    {"/routing/sizes", test_sizes},
	    {"/routing/repeated", test_repeated},
	    {"/routing/origin", test_origin},
	    {"/routing/retransmission", test_retransmission},
	};

	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].test, tear_down);
	return g_test_run();
}
