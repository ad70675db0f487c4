/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared-secret mode on real connections (RFC 6940, 13.4): who knows the secret gets a link, and is
 * still who its certificate says; who does not, gets none. */
#define OPENSSL_SUPPRESS_DEPRECATED /* SRP */

#include "reload_core/link/srp.h"
#include "tests/unit/link_fixture.h"

#include <glib/gstdio.h>
#include <openssl/srp.h>

#define SECRET "one secret for all of us"
#define HOUR 3600000

typedef struct {
	LinkCa *ca;
	ReloadIdentity *own, *others;
	LinkNode *a; /* a member */
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
	(void)data;
	fixture->ca = link_ca_new();
	fixture->own = link_ca_issue_key(fixture->ca, RELOAD_KEY_RSA2048, HOUR);
	fixture->others = link_ca_issue_key(fixture->ca, RELOAD_KEY_RSA2048, HOUR);
	fixture->a = link_node_new_secret(fixture->ca->trust, fixture->own, SECRET, NULL);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
	(void)data;
	link_node_free(fixture->a);
	reload_identity_unref(fixture->own);
	reload_identity_unref(fixture->others);
	link_ca_free(fixture->ca);
}

static LinkNode *other_node(Fixture *fixture, const char *secret)
{
	return link_node_new_secret(fixture->ca->trust, fixture->others, secret, NULL);
}

/* Both are nodes of the overlay with certificates that both believe; neither gets a link, from
 * whichever side it is tried. */
static void check_no_link(LinkNode *a, LinkNode *b)
{
	unsigned ups = a->ups;
	ReloadLinkId link = a->io.link_connect(a->io.user, &b->address, link_node_id(b));

	LINK_WAIT(a->downs > 0 && a->down_link == link);
	LINK_WAIT(link_node_statistics(b).bad_tls == 1);
	link = b->io.link_connect(b->io.user, &a->address, NULL);
	LINK_WAIT(b->downs > 0 && b->down_link == link);
	LINK_WAIT(link_node_statistics(a).bad_tls == 2);
	g_assert_cmpuint(a->ups, ==, ups);
	g_assert_cmpuint(b->ups, ==, 0);
	/* nor application connections */
	g_assert_cmpuint(
	    a->io.app_expect(a->io.user, 5060, link_node_id(b), reload_links_now(a->links) + 5000),
	    !=, 0);
	g_assert_cmpuint(b->io.app_connect(b->io.user, 5060, &a->app_address, link_node_id(a)), !=,
			 0);
	LINK_WAIT(b->app_downs == 1);
	g_assert_cmpuint(a->app_ups + b->app_ups, ==, 0);
}

static void test_members(Fixture *fixture, gconstpointer data)
{
	LinkNode *a = fixture->a, *b = other_node(fixture, SECRET);
	ReloadLinkView view;

	(void)data;
	link_node_connect(a, b);
	g_assert_true(reload_node_id_equal(&a->remote, link_node_id(b)));
	g_assert_true(reload_node_id_equal(&b->remote, link_node_id(a)));
	g_assert_cmpint(link_node_send(a, "to b"), ==, RELOAD_OK);
	LINK_WAIT(b->messages->len == 1);
	LINK_WAIT(reload_links_view(a->links, a->link, &view) && view.acks_in == 1);
	/* a bootstrap node: whoever it is */
	g_assert_cmpuint(b->io.link_connect(b->io.user, &a->address, NULL), !=, 0);
	LINK_WAIT(b->ups == 2 && a->ups == 2);
	g_assert_true(reload_node_id_equal(&b->remote, link_node_id(a)));
	link_node_connect_app(a, b);
	link_node_free(b);
}

static void test_wrong_secret(Fixture *fixture, gconstpointer data)
{
	LinkNode *b = other_node(fixture, "one secret for all of uS");

	(void)data;
	check_no_link(fixture->a, b);
	link_node_free(b);
}

/* Its certificate is as good as any. */
static void test_no_secret(Fixture *fixture, gconstpointer data)
{
	LinkNode *b = other_node(fixture, NULL);

	(void)data;
	check_no_link(fixture->a, b);
	link_node_free(b);
}

/* A member that stands where another is expected, and one whom the overlay has no certificate for.
 */
static void test_another_member(Fixture *fixture, gconstpointer data)
{
	LinkCa *elsewhere = link_ca_new();
	ReloadIdentity *unknown = link_ca_issue_key(elsewhere, RELOAD_KEY_RSA2048, HOUR);
	LinkNode *a = fixture->a, *b = other_node(fixture, SECRET);
	LinkNode *stranger = link_node_new_secret(fixture->ca->trust, unknown, SECRET, NULL);
	ReloadNodeId expect = *link_node_id(b);

	(void)data;
	expect.id[0] ^= 1;
	g_assert_cmpuint(a->io.link_connect(a->io.user, &b->address, &expect), !=, 0);
	LINK_WAIT(a->downs == 1);
	g_assert_cmpint(a->why, ==, RELOAD_E_CERTIFICATE);
	g_assert_cmpuint(a->io.link_connect(a->io.user, &stranger->address, NULL), !=, 0);
	LINK_WAIT(a->downs == 2);
	g_assert_cmpuint(stranger->io.link_connect(stranger->io.user, &a->address, NULL), !=, 0);
	LINK_WAIT(stranger->downs == 1);
	g_assert_cmpuint(a->ups + b->ups + stranger->ups, ==, 0);
	g_assert_cmpuint(link_node_statistics(a).bad_certificate, ==, 3);
	link_node_free(stranger);
	link_node_free(b);
	reload_identity_unref(unknown);
	link_ca_free(elsewhere);
}

static void use_srp(RawClient *client, const char *suites, const char *user, const char *secret)
{
	/* the SSL was made from the context as it was before */
	SSL_free(client->ssl);
	g_assert_cmpint(SSL_CTX_set_max_proto_version(client->context, TLS1_2_VERSION), ==, 1);
	g_assert_cmpint(SSL_CTX_set_cipher_list(client->context, suites), ==, 1);
	g_assert_cmpint(SSL_CTX_set_srp_username(client->context, (char *)user), ==, 1);
	g_assert_cmpint(SSL_CTX_set_srp_password(client->context, (char *)secret), ==, 1);
	client->ssl = SSL_new(client->context);
	SSL_set_fd(client->ssl, client->fd);
	SSL_set_connect_state(client->ssl);
}

typedef struct {
	const char *what, *suites, *user, *secret;
	bool certificate, good;
} Raw;

/* By the hand of others: what is on the wire, and each part of it that cannot be left out. */
static void test_on_the_wire(Fixture *fixture, gconstpointer data)
{
	static const Raw cases[] = {
	    {"all of it", "SRP+aRSA", LINK_OVERLAY, SECRET, true, true},
	    {"another secret", "SRP+aRSA", LINK_OVERLAY, "password", true, false},
	    {"an empty secret", "SRP+aRSA", LINK_OVERLAY, "", true, false},
	    {"another user name", "SRP+aRSA", "user", SECRET, true, false},
	    {"no certificate", "SRP+aRSA", LINK_OVERLAY, SECRET, false, false},
	    {"suites without certificates", "aSRP", LINK_OVERLAY, SECRET, true, false},
	    {"ECDHE", "ECDHE+AESGCM", LINK_OVERLAY, SECRET, true, false},
	};
	unsigned ups = 0;

	(void)data;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const Raw *one = &cases[i];
		RawClient *client = raw_client_new(&fixture->a->address,
						   one->certificate ? fixture->others : NULL, 0);

		use_srp(client, one->suites, one->user, one->secret);
		g_test_message("%s", one->what);
		g_assert_true(raw_client_handshake(client) == one->good);
		if (one->good) {
			g_assert_cmpint(SSL_version(client->ssl), ==, TLS1_2_VERSION);
			g_assert_true(reload_srp_used(client->ssl));
			g_assert_true(SSL_get_extms_support(client->ssl) == 1);
			g_assert_true(SSL_SESSION_has_ticket(SSL_get_session(client->ssl)) == 0);
			ups++;
			LINK_WAIT(fixture->a->ups == ups);
			g_assert_true(reload_node_id_equal(
			    &fixture->a->remote, reload_identity_node_id(fixture->others)));
		}
		raw_client_free(client);
	}
	LINK_WAIT(link_node_statistics(fixture->a).handshakes == 0);
	g_assert_cmpuint(fixture->a->ups, ==, 1);
}

/* A certificate that is renewed is keyed by the same secret. */
static void test_renewed(Fixture *fixture, gconstpointer data)
{
	LinkNode *a = fixture->a, *b = other_node(fixture, SECRET), *plain;
	ReloadIdentity *third = link_ca_issue_key(fixture->ca, RELOAD_KEY_RSA2048, HOUR);
	GError *error = NULL;

	(void)data;
	g_assert_cmpint(reload_links_set_security(a->links, NULL, third, LINK_MAX_MESSAGE, &error),
			==, RELOAD_OK);
	g_assert_cmpuint(b->io.link_connect(b->io.user, &a->address, NULL), !=, 0);
	LINK_WAIT(b->ups == 1);
	g_assert_true(reload_node_id_equal(&b->remote, reload_identity_node_id(third)));
	link_node_free(b);
	plain = other_node(fixture, NULL);
	check_no_link(a, plain);
	link_node_free(plain);
	reload_identity_unref(third);
}

static void test_rsa_only(Fixture *fixture, gconstpointer data)
{
	ReloadIdentity *identity = link_ca_issue(fixture->ca, HOUR);
	ReloadLinksOptions options = {
	    .trust = fixture->ca->trust, .identity = identity, .shared_secret = SECRET};
	GError *error = NULL;

	(void)data;
	g_assert_null(reload_links_new(&options, &error));
	g_assert_nonnull(strstr(error->message, "--rsa"));
	g_clear_error(&error);
	g_assert_cmpint(
	    reload_links_set_security(fixture->a->links, NULL, identity, LINK_MAX_MESSAGE, &error),
	    ==, RELOAD_E_CERTIFICATE);
	g_assert_nonnull(strstr(error->message, "--rsa"));
	g_clear_error(&error);
	reload_identity_unref(identity);
}

/* Captures stay readable by who has the key log. */
static void test_keylog(Fixture *fixture, gconstpointer data)
{
	char *directory = g_dir_make_tmp("reload-link-XXXXXX", NULL), *text;
	char *path = g_build_filename(directory, "keys.log", NULL);
	LinkNode *b = link_node_new_secret(fixture->ca->trust, fixture->others, SECRET, path);

	(void)data;
	link_node_connect(fixture->a, b);
	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_assert_true(g_str_has_prefix(text, "CLIENT_RANDOM "));
	g_assert_null(strstr(text, SECRET));
	link_node_free(b);
	g_assert_cmpint(g_unlink(path), ==, 0);
	g_assert_cmpint(g_rmdir(directory), ==, 0);
	g_free(text);
	g_free(path);
	g_free(directory);
}

static void add(const char *name, void (*test)(Fixture *, gconstpointer))
{
	g_test_add(name, Fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("/link/secret/members", test_members);
	add("/link/secret/wrong_secret", test_wrong_secret);
	add("/link/secret/no_secret", test_no_secret);
	add("/link/secret/another_member", test_another_member);
	add("/link/secret/on_the_wire", test_on_the_wire);
	add("/link/secret/renewed", test_renewed);
	add("/link/secret/rsa_only", test_rsa_only);
	add("/link/secret/keylog", test_keylog);
	return g_test_run();
}
