/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages that are for somebody else, forwarded by a peer between two of its links, against the same bytes
 * through a plain TLS relay (bench_relay): how many for each second of processor time that the one in the middle
 * takes. Both are other processes, measured in turns. One line for each figure, separated by tabs: messages in a
 * burst, messages a second of the peer, and of the relay.
 * usage: bench_forward DOCUMENT SENDER_DIRECTORY RECEIVER_DIRECTORY PEER_ADDRESS PEER_PID RELAY_ADDRESS RELAY_PID */
#include "reload_core/config/document.h"
#include "reload_core/link/socket.h"
#include "reload_core/link/socket_address.h"
#include "reload_core/wire/framing.h"
#include "reload_core/wire/message.h"
#include "reload_core/wire/ping.h"
#include "tests/unit/message_kit.h"

#include <openssl/ssl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 9
#define ROUND_SECONDS 0.25
/* Messages that are sent at once; the next ones go when all have arrived. Were each replaced as it arrives, then how
 * many come together would be a matter of luck, and that decides what each costs. */
static const unsigned bursts[] = {1, 8, 32, 256};
/* Frames that are written at once, bytes: what comes of one turn of a loop. */
#define GATHERED 65536
#define OFFSET_TRANSACTION 20
/* Transaction IDs of our messages; the peer has its own, random ones. */
#define MARK UINT64_C(0x42454e4300000000)

/* What is sent: as large as a Store of a registration with a certificate, and as a Fetch; to a linked node by a
 * source route, and to a Resource-ID by the topology. */
#define SHAPES 4

typedef struct {
	ReloadIdentity *identity;
	int fd;
	SSL *ssl;
	ReloadFrameParser *parser;
	ReloadAckWindow window;
	uint32_t sequence;
	GByteArray *out;
} End;

/* A way through the middle: from one end to the other. */
typedef struct {
	clockid_t clock; /* of the process in the middle */
	bool framed;	 /* it speaks the framing protocol, and has its ACKs */
	End sender, receiver;
	unsigned under_way, next_shape;
	uint64_t arrived;
	GArray *rates; /* double */
} Way;

static ReloadDocument *document;
static ReloadIdentity *identities[2]; /* sender, receiver */
static GByteArray *shapes[SHAPES];

_Noreturn static void stop(const char *why)
{
	fprintf(stderr, "bench_forward: %s\n", why);
	exit(1);
}

static ReloadIdentity *load_identity(const char *directory)
{
	char *crt = g_build_filename(directory, "node.crt", NULL), *key = g_build_filename(directory, "node.key", NULL);
	GError *error = NULL;
	ReloadIdentity *identity = reload_identity_load(crt, key, document->overlay, 16, g_get_real_time() / 1000,
							&error);

	if (identity == NULL)
		stop(error->message);
	g_free(crt);
	g_free(key);
	return identity;
}

/* ---- messages ---- */

/* One as large as size bytes. */
static GByteArray *make_shape(uint16_t code, const GByteArray *destinations, size_t size)
{
	GByteArray *none = g_byte_array_new(),
		   *least = message_kit_write(document, identities[0], code, MARK, destinations, none, 0), *message;

	message = message_kit_write(document, identities[0], code, MARK, destinations, none,
				    size > least->len ? size - least->len : 0);
	g_byte_array_unref(least);
	g_byte_array_unref(none);
	return message;
}

static void make_shapes(void)
{
	const ReloadNodeId *receiver = reload_identity_node_id(identities[1]);
	ReloadResourceId resource = {.len = receiver->len};
	GByteArray *to_node = g_byte_array_new(), *to_resource = g_byte_array_new();

	memcpy(resource.id, receiver->id, receiver->len); /* the last one that it is responsible for */
	reload_write_destination_node(to_node, receiver);
	reload_write_destination_resource(to_resource, &resource);
	shapes[0] = make_shape(RELOAD_STORE_REQ, to_resource, 1200);
	shapes[1] = make_shape(RELOAD_FETCH_REQ, to_node, 600);
	shapes[2] = make_shape(RELOAD_STORE_REQ, to_node, 1200);
	shapes[3] = make_shape(RELOAD_FETCH_REQ, to_resource, 600);
	g_byte_array_unref(to_node);
	g_byte_array_unref(to_resource);
}

/* ---- one end ---- */

static void wait_for(End *end, short events)
{
	struct pollfd one = {.fd = end->fd, .events = events};

	if (poll(&one, 1, 10000) != 1)
		stop("nothing moves");
}

static void end_connect(End *end, const char *where, ReloadIdentity *identity)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	ReloadAddress address;
	int result;

	end->identity = identity;
	if (!reload_address_parse(where, 6084, &address) || (end->fd = reload_socket_connect(&address)) < 0)
		stop("cannot connect");
	wait_for(end, POLLOUT);
	reload_socket_tune(end->fd, 30000, 30000);
	SSL_CTX_use_certificate(context, reload_certificate_x509(reload_identity_certificate(identity)));
	SSL_CTX_use_PrivateKey(context, reload_identity_key(identity));
	SSL_CTX_set_read_ahead(context, 1);
	end->ssl = SSL_new(context);
	SSL_set_fd(end->ssl, end->fd);
	while ((result = SSL_connect(end->ssl)) != 1) {
		int error = SSL_get_error(end->ssl, result);

		if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
			stop("handshake failed");
		wait_for(end, error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT);
	}
	SSL_CTX_free(context);
	end->parser = reload_frame_parser_new(document->max_message_size + 1000);
	end->out = g_byte_array_new();
}

static void end_flush(End *end)
{
	size_t start = 0, taken;

	while (start < end->out->len) {
		if (SSL_write_ex(end->ssl, end->out->data + start, MIN(end->out->len - start, 16384), &taken) == 1)
			start += taken;
		else if (SSL_get_error(end->ssl, 0) == SSL_ERROR_WANT_WRITE)
			wait_for(end, POLLOUT);
		else
			stop("the one in the middle has closed the connection");
	}
	g_byte_array_set_size(end->out, 0);
}

static void end_clear(End *end)
{
	SSL_free(end->ssl);
	close(end->fd);
	reload_frame_parser_free(end->parser);
	g_byte_array_unref(end->out);
}

/* ---- the receiver as a neighbor of the peer ---- */

/* Queues a message for whoever is at the other end of the link. */
static void end_say(End *end, uint16_t code, uint64_t transaction_id, const GByteArray *body)
{
	GByteArray *list = g_byte_array_new(), *message;
	ReloadNodeId next = {.len = 16};

	memset(next.id, 0xff, next.len); /* the wildcard */
	reload_write_destination_node(list, &next);
	message = message_kit_write(document, end->identity, code, transaction_id, list, body, 0);
	reload_write_data_frame(end->out, end->sequence++, reload_span(message->data, message->len));
	g_byte_array_unref(message);
	g_byte_array_unref(list);
}

/* Messages are routed to it after an Update. */
static void become_neighbor(End *end)
{
	GByteArray *body = message_kit_ready();

	end_say(end, RELOAD_UPDATE_REQ, 1, body);
	end_flush(end);
	wait_for(end, POLLIN);
	g_byte_array_unref(body);
}

/* Answers what the peer would give us up without. */
static void answer(End *end, const ReloadMessage *request)
{
	ReloadPingAns pong = {.response_id = 1, .time = (uint64_t)g_get_real_time() / 1000};
	GByteArray *body;

	if (request->code != RELOAD_UPDATE_REQ && request->code != RELOAD_PING_REQ)
		return;
	body = g_byte_array_new();
	if (request->code == RELOAD_PING_REQ)
		reload_write_ping_ans(body, &pong);
	end_say(end, (uint16_t)(request->code + 1), request->header.transaction_id, body);
	g_byte_array_unref(body);
}

/* ---- a way ---- */

static void take_frame(Way *way, End *end, const ReloadFrame *frame)
{
	ReloadMessage message;

	if (frame->type == RELOAD_FRAME_ACK)
		return;
	if (way->framed)
		reload_write_ack_frame(end->out, frame->sequence,
				       reload_ack_window_add(&end->window, frame->sequence, NULL));
	if (reload_message_decode(frame->message, 16, &message) != RELOAD_OK)
		stop("what arrives is no message");
	if (message.header.transaction_id >> 32 != MARK >> 32) {
		answer(end, &message);
		return;
	}
	way->arrived++;
	way->under_way--;
}

static void end_read(Way *way, End *end)
{
	uint8_t bytes[16384];
	ReloadFrame frame;
	size_t got;

	while (SSL_read_ex(end->ssl, bytes, sizeof(bytes), &got) == 1) {
		if (reload_frame_parser_feed(end->parser, reload_span(bytes, got)) != RELOAD_OK)
			stop("what arrives is no frame");
		while (reload_frame_parser_next(end->parser, &frame) == RELOAD_OK)
			take_frame(way, end, &frame);
	}
	if (SSL_get_error(end->ssl, 0) != SSL_ERROR_WANT_READ)
		stop("the one in the middle has closed the connection");
	end_flush(end);
}

static void send_one(Way *way)
{
	static uint32_t transaction;
	End *end = &way->sender;
	const GByteArray *message = shapes[way->next_shape++ % SHAPES];
	size_t at = end->out->len + RELOAD_FRAME_DATA_HEADER + OFFSET_TRANSACTION + 4;
	uint32_t number = GUINT32_TO_BE(++transaction);

	reload_write_data_frame(end->out, end->sequence++, reload_span(message->data, message->len));
	memcpy(end->out->data + at, &number, sizeof(number));
	way->under_way++;
	if (end->out->len >= GATHERED)
		end_flush(end);
}

/* Waits for what comes, and takes it. */
static void turn(Way *way)
{
	struct pollfd fds[2] = {{.fd = way->sender.fd, .events = POLLIN}, {.fd = way->receiver.fd, .events = POLLIN}};

	if (poll(fds, 2, 10000) <= 0)
		stop("nothing arrives");
	if (fds[0].revents != 0)
		end_read(way, &way->sender);
	if (fds[1].revents != 0)
		end_read(way, &way->receiver);
}

static double seconds(clockid_t clock)
{
	struct timespec time;

	if (clock_gettime(clock, &time) != 0)
		stop("the one in the middle has ended");
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Messages a second of the middle's processor time, in bursts of so many. */
static double measure(Way *way, unsigned burst)
{
	double end = seconds(CLOCK_MONOTONIC) + ROUND_SECONDS, used = seconds(way->clock);
	uint64_t before = way->arrived;

	do {
		while (way->under_way < burst)
			send_one(way);
		end_flush(&way->sender);
		while (way->under_way > 0)
			turn(way);
	} while (seconds(CLOCK_MONOTONIC) < end);
	return (double)(way->arrived - before) / (seconds(way->clock) - used);
}

static gint compare(gconstpointer a, gconstpointer b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(GArray *values)
{
	g_array_sort(values, compare);
	return g_array_index(values, double, values->len / 2);
}

static void compare_ways(Way *ways, unsigned burst)
{
	for (unsigned i = 0; i < 2; i++) {
		ways[i].rates = g_array_new(FALSE, FALSE, sizeof(double));
		measure(&ways[i], burst); /* memory and caches are warm from here on */
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < 2; i++) {
			double rate = measure(&ways[i], burst);

			g_array_append_val(ways[i].rates, rate);
		}
	}
	printf("%u\t%.0f\t%.0f\n", burst, median(ways[0].rates), median(ways[1].rates));
	for (unsigned i = 0; i < 2; i++)
		g_array_unref(ways[i].rates);
}

/* Puts a process on the last of the cores that we may use. To wake somebody up on another core costs more than all
 * the rest, on a virtual machine most of all, and it is not what is measured here. */
static void pin(pid_t pid)
{
	cpu_set_t allowed, one;
	int last = CPU_SETSIZE - 1;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		stop("no cores");
	while (last > 0 && !CPU_ISSET(last, &allowed))
		last--;
	CPU_ZERO(&one);
	CPU_SET(last, &one);
	if (sched_setaffinity(pid, sizeof(one), &one) != 0)
		stop("cannot choose a core");
}

static void open_way(Way *way, const char *where, const char *pid, bool framed)
{
	way->framed = framed;
	if (clock_getcpuclockid(atoi(pid), &way->clock) != 0)
		stop("no such process");
	pin(atoi(pid));
	end_connect(&way->sender, where, identities[0]);
	end_connect(&way->receiver, where, identities[1]);
}

int main(int argc, char **argv)
{
	Way ways[2] = {0}; /* through the peer, and through the relay */
	GError *error = NULL;

	if (argc != 8)
		stop("usage: bench_forward DOCUMENT SENDER RECEIVER PEER_ADDRESS PEER_PID RELAY_ADDRESS RELAY_PID");
	document = reload_document_load_file(argv[1], NULL, g_get_real_time() / 1000, &error);
	if (document == NULL)
		stop(error->message);
	for (unsigned i = 0; i < 2; i++)
		identities[i] = load_identity(argv[2 + i]);
	make_shapes();
	pin(0);
	open_way(&ways[0], argv[4], argv[5], true);
	become_neighbor(&ways[0].receiver);
	open_way(&ways[1], argv[6], argv[7], false);
	if (strcmp(SSL_get_cipher_name(ways[0].sender.ssl), SSL_get_cipher_name(ways[1].sender.ssl)) != 0 ||
	    SSL_version(ways[0].sender.ssl) != SSL_version(ways[1].sender.ssl))
		stop("the peer and the relay have not the same TLS");
	for (size_t i = 0; i < G_N_ELEMENTS(bursts); i++)
		compare_ways(ways, bursts[i]);
	for (unsigned i = 0; i < 2; i++) {
		end_clear(&ways[i].sender);
		end_clear(&ways[i].receiver);
		reload_identity_unref(identities[i]);
	}
	for (unsigned i = 0; i < SHAPES; i++)
		g_byte_array_unref(shapes[i]);
	reload_document_unref(document);
	return 0;
}
