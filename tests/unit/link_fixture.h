/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links under test: overlays with a CA, nodes whose links record their events, and clients made of
 * bare OpenSSL that misbehave. All on loopback, in one thread and one main context. */
#ifndef TESTS_UNIT_LINK_FIXTURE_H
#define TESTS_UNIT_LINK_FIXTURE_H

#include "reload_core/link/app_connection.h"
#include "reload_core/link/links.h"
#include "reload_core/security/issue.h"

#include <openssl/ssl.h>

#define LINK_OVERLAY "links.example.org"
#define LINK_MAX_MESSAGE 5000
/* Bytes of a message that is too large which say enough. */
#define LINK_ENOUGH 40

typedef struct {
	EVP_PKEY *key;
	GBytes *certificate;
	ReloadTrust *trust;
} LinkCa;

LinkCa *link_ca_new(void);
void link_ca_free(LinkCa *ca);
/* A new identity with a random Node-ID. valid_for: ms from now, negative: already expired. */
ReloadIdentity *link_ca_issue(LinkCa *ca, int64_t valid_for);
ReloadIdentity *link_ca_issue_key(LinkCa *ca, ReloadKeyType type, int64_t valid_for);
/* One with count (1 to 4) random Node-IDs. */
ReloadIdentity *link_ca_issue_ids(LinkCa *ca, ReloadKeyType type, unsigned count, int64_t valid_for);

/* One node's links and what they told. */
typedef struct {
	ReloadIdentity *identity;
	ReloadLinks *links;
	ReloadIo io;
	ReloadAddress address, app_address;
	unsigned ups, downs, app_ups, app_downs, ticks, failing_changes;
	bool failing;
	ReloadLinkId link, app; /* that came up last */
	ReloadLinkId down_link; /* that went down last */
	ReloadLinkId useless_link; /* that it would not miss; 0: none */
	ReloadStatus why;	/* it did */
	ReloadNodeId remote;	/* in the certificate of the link that came up last */
	bool outgoing;
	GPtrArray *messages; /* GBytes: received on links */
	GPtrArray *refused;  /* GBytes: beginnings of messages that were too large; each was answered */
	GString *stream;     /* received on application connections */
	bool close_on_receive;
	int64_t receive_takes; /* us of work for each message */
} LinkNode;

/* Listens on host ("127.0.0.1" or "::1") for links and application connections. */
LinkNode *link_node_new(LinkCa *ca, const char *host, const ReloadLinkLimits *limits);
LinkNode *link_node_new_with(ReloadTrust *trust, ReloadIdentity *identity, const char *host,
			     const ReloadLinkLimits *limits, const char *keylog);
/* One of an overlay with a shared secret, on 127.0.0.1. */
LinkNode *link_node_new_secret(ReloadTrust *trust, ReloadIdentity *identity, const char *secret,
			       const char *keylog);
void link_node_free(LinkNode *node);
const ReloadNodeId *link_node_id(const LinkNode *node);
/* Connects a to b and waits until both are up; returns a's link. */
ReloadLinkId link_node_connect(LinkNode *a, LinkNode *b);
ReloadLinksStatistics link_node_statistics(LinkNode *node);
ReloadStatus link_node_send(LinkNode *node, const char *text);
/* Sets up an application connection that a expects and b opens, with handlers that record into
 * stream. */
void link_node_connect_app(LinkNode *a, LinkNode *b);
void link_node_record(LinkNode *node);

/* Runs the main loop until condition is true; fails the test after 10 s. */
#define LINK_WAIT(condition)                                                                       \
	do {                                                                                       \
		int64_t link_wait_end = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;              \
		while (!(condition)) {                                                             \
			if (g_get_monotonic_time() > link_wait_end)                                \
				g_error("%s:%d: waited in vain for: %s", __FILE__, __LINE__,       \
					#condition);                                               \
			link_iterate();                                                            \
		}                                                                                  \
	} while (0)
/* One turn of the main loop, which waits for at most 20 ms. */
void link_iterate(void);

/* A bare TLS client. */
typedef struct {
	SSL_CTX *context;
	SSL *ssl;
	int fd;
	int error; /* of SSL_get_error, when it has failed */
} RawClient;

/* Connects by TCP only. identity NULL: shows no certificate. version: 0 or TLS1_1_VERSION ... as
 * the highest. */
RawClient *raw_client_new(const ReloadAddress *address, ReloadIdentity *identity, int version);
/* The same over a socket that is connected, or connecting, to it; the client's from here on. */
RawClient *raw_client_new_on(int fd, ReloadIdentity *identity, int version);
void raw_client_free(RawClient *client);
/* Shakes hands while the main loop runs; false: it failed. */
bool raw_client_handshake(RawClient *client);
/* Writes all while the main loop runs; false: it failed. */
bool raw_client_write(RawClient *client, const void *bytes, size_t length);
/* Reads once while the main loop runs; returns the number of bytes, 0 when the other side has
 * closed. */
size_t raw_client_read(RawClient *client, void *bytes, size_t length);

#endif
