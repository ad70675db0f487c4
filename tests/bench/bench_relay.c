/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plain TLS relay, what forwarding is compared with: takes two connections and passes on all that comes
 * over each to the other, as much as there is at a time. It knows no messages.
 * usage: bench_relay ADDRESS CERTIFICATE KEY */
#include "reload_core/link/socket.h"
#include "reload_core/link/socket_address.h"

#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER 131072

typedef struct {
	int fd;
	SSL *ssl;
	uint8_t bytes[BUFFER]; /* read from here, to be written to the other */
	size_t start, end;
} Side;

static Side sides[2];

_Noreturn static void stop(const char *why)
{
	fprintf(stderr, "bench_relay: %s\n", why);
	exit(1);
}

static SSL_CTX *make_context(const char *certificate, const char *key)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
	    SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
		stop("certificate or key cannot be used");
	SSL_CTX_set_num_tickets(context, 0);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(context, 1);
	return context;
}

static void wait_for(int fd, short events)
{
	struct pollfd one = {.fd = fd, .events = events};

	if (poll(&one, 1, 30000) != 1)
		stop("nobody connects");
}

static void take_connection(int listener, SSL_CTX *context, Side *side)
{
	int result;

	wait_for(listener, POLLIN);
	side->fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (side->fd < 0)
		stop("accept failed");
	reload_socket_tune(side->fd, 30000, 30000);
	side->ssl = SSL_new(context);
	SSL_set_fd(side->ssl, side->fd);
	while ((result = SSL_accept(side->ssl)) != 1) {
		int error = SSL_get_error(side->ssl, result);

		if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
			stop("handshake failed");
		wait_for(side->fd, error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT);
	}
}

/* Reads all there is; does not ask the socket again after a read that most likely emptied it. False: the
 * connection has ended. */
static bool drain(Side *side)
{
	size_t got = BUFFER;

	while (side->end < BUFFER && (got >= 8192 || SSL_has_pending(side->ssl) != 0)) {
		if (SSL_read_ex(side->ssl, side->bytes + side->end, BUFFER - side->end, &got) != 1)
			return SSL_get_error(side->ssl, 0) == SSL_ERROR_WANT_READ;
		side->end += got;
	}
	return true;
}

/* Writes what was read from the other side, as far as the socket takes it. */
static bool flush(Side *from, Side *to)
{
	size_t taken;

	while (from->start < from->end) {
		if (SSL_write_ex(to->ssl, from->bytes + from->start, from->end - from->start, &taken) != 1)
			return SSL_get_error(to->ssl, 0) == SSL_ERROR_WANT_WRITE;
		from->start += taken;
	}
	from->start = from->end = 0;
	return true;
}

static void relay(void)
{
	for (;;) {
		struct pollfd fds[2];

		for (unsigned i = 0; i < 2; i++) {
			fds[i] = (struct pollfd){.fd = sides[i].fd};
			if (sides[i].end < BUFFER)
				fds[i].events |= POLLIN;
			if (sides[1 - i].start < sides[1 - i].end)
				fds[i].events |= POLLOUT;
		}
		if (poll(fds, 2, -1) < 0)
			stop("poll failed");
		for (unsigned i = 0; i < 2; i++) {
			if ((fds[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !drain(&sides[i]))
				return;
		}
		if (!flush(&sides[0], &sides[1]) || !flush(&sides[1], &sides[0]))
			return;
	}
}

int main(int argc, char **argv)
{
	ReloadAddress address, bound;
	SSL_CTX *context;
	int listener;

	if (argc != 4 || !reload_address_parse(argv[1], 6084, &address))
		stop("usage: bench_relay ADDRESS CERTIFICATE KEY");
	context = make_context(argv[2], argv[3]);
	listener = reload_socket_listen(&address, &bound, NULL);
	if (listener < 0)
		stop("cannot listen");
	puts("listening");
	fflush(stdout);
	for (unsigned i = 0; i < 2; i++)
		take_connection(listener, context, &sides[i]);
	relay();
	for (unsigned i = 0; i < 2; i++) {
		SSL_free(sides[i].ssl);
		close(sides[i].fd);
	}
	SSL_CTX_free(context);
	close(listener);
	return 0;
}
