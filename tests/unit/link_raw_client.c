/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bare TLS client for tests of links: one that may show no certificate, send anything, or never
 * read. */
#include "tests/unit/link_fixture.h"

#include "reload_core/link/socket.h"

#include <unistd.h>

RawClient *raw_client_new(const ReloadAddress *address, ReloadIdentity *identity, int version)
{
	return raw_client_new_on(reload_socket_connect(address), identity, version);
}

RawClient *raw_client_new_on(int fd, ReloadIdentity *identity, int version)
{
	RawClient *client = g_new0(RawClient, 1);

	client->fd = fd;
	g_assert_cmpint(client->fd, >=, 0);
	client->context = SSL_CTX_new(TLS_client_method());
	if (version != 0) {
		SSL_CTX_set_security_level(client->context, 0);
		g_assert_cmpint(SSL_CTX_set_max_proto_version(client->context, version), ==, 1);
		g_assert_cmpint(SSL_CTX_set_min_proto_version(client->context, version), ==, 1);
	}
	if (identity != NULL) {
		ReloadCertificate *certificate = reload_identity_certificate(identity);

		g_assert_cmpint(
		    SSL_CTX_use_certificate(client->context, reload_certificate_x509(certificate)),
		    ==, 1);
		g_assert_cmpint(
		    SSL_CTX_use_PrivateKey(client->context, reload_identity_key(identity)), ==, 1);
	}
	client->ssl = SSL_new(client->context);
	SSL_set_fd(client->ssl, client->fd);
	SSL_set_connect_state(client->ssl);
	return client;
}

void raw_client_free(RawClient *client)
{
	SSL_free(client->ssl);
	SSL_CTX_free(client->context);
	if (client->fd >= 0)
		close(client->fd);
	g_free(client);
}

/* True: try again after a turn of the loop. */
static bool retry(RawClient *client, int result, int64_t end)
{
	client->error = SSL_get_error(client->ssl, result);
	if (client->error != SSL_ERROR_WANT_READ && client->error != SSL_ERROR_WANT_WRITE)
		return false;
	if (g_get_monotonic_time() > end)
		g_error("a raw client waited in vain");
	link_iterate();
	return true;
}

bool raw_client_handshake(RawClient *client)
{
	int64_t end = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
	int result;

	do {
		result = SSL_do_handshake(client->ssl);
		if (result == 1)
			return true;
	} while (retry(client, result, end));
	return false;
}

bool raw_client_write(RawClient *client, const void *bytes, size_t length)
{
	int64_t end = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
	size_t written;

	do {
		if (SSL_write_ex(client->ssl, bytes, length, &written) == 1)
			return true;
	} while (retry(client, 0, end));
	return false;
}

size_t raw_client_read(RawClient *client, void *bytes, size_t length)
{
	int64_t end = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
	size_t got;

	do {
		if (SSL_read_ex(client->ssl, bytes, length, &got) == 1)
			return got;
	} while (retry(client, 0, end));
	return 0;
}
