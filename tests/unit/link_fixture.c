/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Overlays and nodes for tests of links. */
#include "tests/unit/link_fixture.h"

#include "reload_core/link/socket_address.h"
#include "reload_core/wire/buffer.h"

#include <openssl/rand.h>

#define HOUR 3600000

static int64_t wall(void)
{
	return g_get_real_time() / 1000;
}

LinkCa *link_ca_new(void)
{
	LinkCa *ca = g_new0(LinkCa, 1);
	GPtrArray *roots = g_ptr_array_new();
	ReloadTrustOptions options = {
	    .overlay = LINK_OVERLAY, .node_id_length = 16, .root_certs = roots};
	GError *error = NULL;

	ca->key = reload_key_generate(RELOAD_KEY_P256, &error);
	g_assert_no_error(error);
	ca->certificate = reload_issue_ca(ca->key, "test CA", wall() - HOUR, wall() + HOUR, &error);
	g_assert_no_error(error);
	g_ptr_array_add(roots, ca->certificate);
	ca->trust = reload_trust_new(&options, &error);
	g_assert_no_error(error);
	g_ptr_array_unref(roots);
	return ca;
}

void link_ca_free(LinkCa *ca)
{
	EVP_PKEY_free(ca->key);
	g_bytes_unref(ca->certificate);
	reload_trust_unref(ca->trust);
	g_free(ca);
}

ReloadIdentity *link_ca_issue(LinkCa *ca, int64_t valid_for)
{
	return link_ca_issue_key(ca, RELOAD_KEY_P256, valid_for);
}

ReloadIdentity *link_ca_issue_key(LinkCa *ca, ReloadKeyType type, int64_t valid_for)
{
	return link_ca_issue_ids(ca, type, 1, valid_for);
}

ReloadIdentity *link_ca_issue_ids(LinkCa *ca, ReloadKeyType type, unsigned count, int64_t valid_for)
{
	ReloadNodeId ids[4] = {0};
	ReloadCertificateRequest request = {
	    .overlay = LINK_OVERLAY,
	    .node_ids = ids,
	    .node_id_count = count,
	    .user_name = "node@links.example.org",
	    .not_before = wall() - HOUR,
	    .not_after = wall() + valid_for,
	};
	ReloadCertificate *certificate = NULL;
	ReloadIdentity *identity;
	GError *error = NULL;
	EVP_PKEY *key = reload_key_generate(type, &error);
	GBytes *der;

	g_assert_no_error(error);
	g_assert_cmpuint(count, <=, G_N_ELEMENTS(ids));
	for (unsigned i = 0; i < count; i++) {
		ids[i].len = 16;
		g_assert_cmpint(RAND_bytes(ids[i].id, 16), ==, 1);
	}
	der = reload_issue_certificate(ca->certificate, ca->key, key, &request, &error);
	g_assert_no_error(error);
	g_assert_cmpint(reload_certificate_parse(
			    reload_span(g_bytes_get_data(der, NULL), g_bytes_get_size(der)),
			    LINK_OVERLAY, 16, &certificate, &error),
			==, RELOAD_OK);
	identity = reload_identity_new(certificate, NULL, key, NULL, &error);
	g_assert_no_error(error);
	reload_certificate_unref(certificate);
	g_bytes_unref(der);
	EVP_PKEY_free(key);
	return identity;
}

/* ---- events ---- */

static void link_up(void *user, ReloadLinkId link, ReloadCertificate *certificate, bool outgoing,
		    int64_t now)
{
	LinkNode *node = user;

	g_assert_cmpint(now, >, 0);
	node->ups++;
	node->link = link;
	node->outgoing = outgoing;
	node->remote = *reload_certificate_node_id(certificate);
}

static void link_down(void *user, ReloadLinkId link, ReloadStatus why, int64_t now)
{
	LinkNode *node = user;

	(void)now;
	node->downs++;
	node->down_link = link;
	node->why = why;
}

static bool link_of_use(void *user, ReloadLinkId link)
{
	return ((LinkNode *)user)->useless_link != link;
}

static void link_failing(void *user, ReloadLinkId link, bool failing, int64_t now)
{
	LinkNode *node = user;

	(void)link;
	(void)now;
	g_assert_true(failing != node->failing);
	node->failing = failing;
	node->failing_changes++;
}

static void receive(void *user, ReloadLinkId link, ReloadSpan message, int64_t now)
{
	LinkNode *node = user;

	(void)now;
	for (int64_t end = g_get_monotonic_time() + node->receive_takes; g_get_monotonic_time() < end;)
		;
	if (node->close_on_receive)
		node->io.link_close(node->io.user, link);
	/* also after closing the message has to be there still */
	g_ptr_array_add(node->messages, g_bytes_new(message.data, message.len));
}

static ReloadStatus too_large(void *user, ReloadLinkId link, ReloadSpan start, int64_t now)
{
	LinkNode *node = user;

	(void)now;
	if (start.len < LINK_ENOUGH)
		return RELOAD_E_NOT_FOUND;
	g_ptr_array_add(node->refused, g_bytes_new(start.data, start.len));
	g_assert_cmpint(node->io.link_send(node->io.user, link, reload_span_text("too large")), ==, RELOAD_OK);
	return RELOAD_OK;
}

static void app_up(void *user, ReloadLinkId link, int64_t now)
{
	LinkNode *node = user;

	(void)now;
	node->app_ups++;
	node->app = link;
}

static void app_down(void *user, ReloadLinkId link, ReloadStatus why, int64_t now)
{
	LinkNode *node = user;

	(void)now;
	node->app_downs++;
	node->down_link = link;
	node->why = why;
}

static void tick(void *user, int64_t now)
{
	LinkNode *node = user;

	(void)now;
	node->ticks++;
}

/* ---- nodes ---- */

static LinkNode *make_node(ReloadTrust *trust, ReloadIdentity *identity, const char *host,
			   const ReloadLinkLimits *limits, const char *secret, const char *keylog)
{
	LinkNode *node = g_new0(LinkNode, 1);
	ReloadLinksOptions options = {
	    .trust = trust,
	    .identity = identity,
	    .max_message_size = LINK_MAX_MESSAGE,
	    .shared_secret = secret,
	    .keylog_path = keylog,
	    .events = {.user = node,
		       .link_up = link_up,
		       .link_down = link_down,
		       .link_of_use = link_of_use,
		       .link_failing = link_failing,
		       .receive = receive,
		       .too_large = too_large,
		       .app_up = app_up,
		       .app_down = app_down,
		       .tick = tick},
	};
	ReloadAddress any;
	GError *error = NULL;

	if (limits != NULL)
		options.limits = *limits;
	node->identity = reload_identity_ref(identity);
	node->messages = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	node->refused = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	node->stream = g_string_new(NULL);
	node->links = reload_links_new(&options, &error);
	g_assert_no_error(error);
	reload_links_get_io(node->links, &node->io);
	g_assert_true(reload_address_parse(host, 0, &any));
	reload_links_listen(node->links, RELOAD_LISTEN_LINKS, &any, &node->address, &error);
	g_assert_no_error(error);
	reload_links_listen(node->links, RELOAD_LISTEN_APP, &any, &node->app_address, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(node->address.port, !=, 0);
	return node;
}

LinkNode *link_node_new_with(ReloadTrust *trust, ReloadIdentity *identity, const char *host,
			     const ReloadLinkLimits *limits, const char *keylog)
{
	return make_node(trust, identity, host, limits, NULL, keylog);
}

LinkNode *link_node_new_secret(ReloadTrust *trust, ReloadIdentity *identity, const char *secret,
			       const char *keylog)
{
	return make_node(trust, identity, "127.0.0.1", NULL, secret, keylog);
}

LinkNode *link_node_new(LinkCa *ca, const char *host, const ReloadLinkLimits *limits)
{
	ReloadIdentity *identity = link_ca_issue(ca, HOUR);
	LinkNode *node = link_node_new_with(ca->trust, identity, host, limits, NULL);

	reload_identity_unref(identity);
	return node;
}

void link_node_free(LinkNode *node)
{
	reload_links_free(node->links);
	reload_identity_unref(node->identity);
	g_ptr_array_unref(node->refused);
	g_ptr_array_unref(node->messages);
	g_string_free(node->stream, TRUE);
	g_free(node);
}

const ReloadNodeId *link_node_id(const LinkNode *node)
{
	return reload_identity_node_id(node->identity);
}

ReloadLinkId link_node_connect(LinkNode *a, LinkNode *b)
{
	unsigned a_ups = a->ups, b_ups = b->ups;
	ReloadLinkId link = a->io.link_connect(a->io.user, &b->address, link_node_id(b));

	g_assert_cmpuint(link, !=, 0);
	LINK_WAIT(a->ups > a_ups && b->ups > b_ups);
	return link;
}

ReloadLinksStatistics link_node_statistics(LinkNode *node)
{
	ReloadLinksStatistics statistics;

	reload_links_statistics(node->links, &statistics);
	return statistics;
}

ReloadStatus link_node_send(LinkNode *node, const char *text)
{
	return node->io.link_send(node->io.user, node->link, reload_span_text(text));
}

static void stream_received(void *user, ReloadLinkId link, ReloadSpan bytes, int64_t now)
{
	LinkNode *node = user;

	(void)link;
	(void)now;
	g_string_append_len(node->stream, (const char *)bytes.data, (gssize)bytes.len);
}

void link_node_record(LinkNode *node)
{
	ReloadAppHandler handler = {.user = node, .received = stream_received};

	g_assert_cmpint(reload_app_set_handler(node->links, node->app, &handler), ==, RELOAD_OK);
}

void link_node_connect_app(LinkNode *a, LinkNode *b)
{
	unsigned a_ups = a->app_ups, b_ups = b->app_ups;

	g_assert_cmpuint(
	    a->io.app_expect(a->io.user, 5060, link_node_id(b), reload_links_now(a->links) + 5000),
	    !=, 0);
	g_assert_cmpuint(b->io.app_connect(b->io.user, 5060, &a->app_address, link_node_id(a)), !=,
			 0);
	LINK_WAIT(a->app_ups > a_ups && b->app_ups > b_ups);
	link_node_record(a);
	link_node_record(b);
}

static gboolean wake(gpointer data)
{
	(void)data;
	return G_SOURCE_REMOVE;
}

void link_iterate(void)
{
	guint timer = g_timeout_add(20, wake, NULL);
	GSource *source = g_main_context_find_source_by_id(NULL, timer);

	g_source_ref(source);
	g_main_context_iteration(NULL, TRUE);
	g_source_destroy(source);
	g_source_unref(source);
}
