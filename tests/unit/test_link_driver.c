/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole nodes with real sockets and files: two form a ring, talk, reload, lose each other, leave;
 * and every kind of bad configuration is refused with one line. */
#include "reload_core/config/document_sign.h"
#include "reload_core/link/app_connection.h"
#include "reload_core/link/driver_private.h"
#include "reload_core/link/socket.h"
#include "reload_core/security/issue.h"
#include "tests/unit/driver_fixture.h"
#include "tests/unit/link_fixture.h"
#include "tools/ca/authority.h"
#include "tools/ca/files.h"
#include "tools/ca/overlay.h"

#include <glib/gstdio.h>
#include <unistd.h>

static bool has_neighbors(ReloadDriver *driver)
{
	char *text = driver_command(driver, "neighbors");
	bool result = strstr(text, "successor") != NULL;

	g_free(text);
	return result;
}

static void test_ring(DriverFixture *fixture, gconstpointer data)
{
	const char *first[] = {fixture->address, NULL},
		   *second[] = {"[::1]:0", "127.0.0.1:0", NULL};
	const char *third[] = {"127.0.0.1:0", NULL};
	ReloadDriverOptions options = driver_options_for(fixture, 0, first);
	ReloadDriver *a = driver_start(&options), *b, *c;
	char node[RELOAD_NODE_ID_TEXT], line[100];
	ReloadAddress address;

	(void)data;
	LINK_WAIT(driver_joined(a));
	options = driver_options_for(fixture, 1, second);
	b = driver_start(&options);
	options = driver_options_for(fixture, 2, third);
	c = driver_start(&options);
	LINK_WAIT(driver_joined(b) && driver_joined(c) && has_neighbors(a) && has_neighbors(b) &&
		  has_neighbors(c));
	g_assert_true(reload_driver_bound(b, RELOAD_LISTEN_LINKS, 1, &address));
	g_assert_cmpuint(address.port, !=, 0);
	g_assert_false(reload_driver_bound(b, RELOAD_LISTEN_LINKS, 2, &address));

	reload_node_id_to_text(reload_node_id(reload_driver_node(c)), node);
	g_snprintf(line, sizeof(line), "ping %s", node);
	driver_assert_command(b, line, node);
	g_snprintf(line, sizeof(line), "probe %s", node);
	driver_assert_command(a, line, "responsible for");
	driver_assert_command(b, "status", "joined");
	driver_assert_command(b, "links", " up ");
	driver_assert_command(b, "statistics", "dropped-malformed      0\n");
	driver_assert_command(b, "help", "lookup ");
	driver_assert_command(b, "stored", "");
	driver_assert_command(b, "fingers", "");
	driver_assert_command(b, "lookup nobody@" DRIVER_OVERLAY " SIP-REGISTRATION", "SIP-REGISTRATION");

	driver_leave(c);
	LINK_WAIT(has_neighbors(a) && has_neighbors(b));
	reload_driver_free(b); /* as if killed */
	LINK_WAIT(!has_neighbors(a));
	driver_leave(a);
}

/* ---- application connections, all the way: AppAttach, connection, bytes ---- */

typedef struct {
	ReloadDriver *driver;
	bool admits;
	unsigned requests, ups, downs;
	ReloadLinkId link;
	bool requested_by_us;
	ReloadStatus why;
	GString *received;
} Owner;

static bool app_request(void *user, uint16_t application, const ReloadNodeId *remote, int64_t now)
{
	Owner *owner = user;

	(void)now;
	g_assert_cmpuint(application, ==, RELOAD_APPLICATION_SIP);
	g_assert_cmpuint(remote->len, ==, 16);
	owner->requests++;
	return owner->admits;
}

static void app_received(void *user, ReloadLinkId link, ReloadSpan bytes, int64_t now)
{
	Owner *owner = user;

	(void)link;
	(void)now;
	g_string_append_len(owner->received, (const char *)bytes.data, (gssize)bytes.len);
}

static void app_up(void *user, uint16_t application, const ReloadNodeId *remote, ReloadLinkId link,
		   bool requested_by_us, int64_t now)
{
	Owner *owner = user;
	ReloadAppHandler handler = {.user = owner, .received = app_received};

	(void)application;
	(void)now;
	owner->ups++;
	owner->link = link;
	owner->requested_by_us = requested_by_us;
	g_assert_true(reload_certificate_has_node_id(
	    reload_app_certificate(reload_driver_links(owner->driver), link), remote));
	g_assert_cmpint(reload_app_set_handler(reload_driver_links(owner->driver), link, &handler),
			==, RELOAD_OK);
}

static void app_down(void *user, uint16_t application, const ReloadNodeId *remote,
		     ReloadLinkId link, ReloadStatus why, int64_t now)
{
	Owner *owner = user;

	(void)application;
	(void)remote;
	(void)link;
	(void)now;
	owner->downs++;
	owner->why = why;
}

static void start_owner(Owner *owner, const DriverFixture *fixture, unsigned n, const char *listen)
{
	const char *own[] = {listen, NULL}, *app[] = {"127.0.0.1:0", NULL};
	ReloadDriverOptions options = driver_options_for(fixture, n, own);

	options.app_listen = app;
	options.events = (ReloadNodeEvents){
	    .user = owner, .app_request = app_request, .app_up = app_up, .app_down = app_down};
	owner->received = g_string_new(NULL);
	owner->admits = true;
	owner->driver = driver_start(&options);
}

static void end_owner(Owner *owner)
{
	driver_leave(owner->driver);
	g_string_free(owner->received, TRUE);
}

static void say(Owner *owner, const char *text)
{
	g_assert_cmpint(reload_app_send(reload_driver_links(owner->driver), owner->link,
					reload_span_text(text)),
			==, RELOAD_OK);
}

static void attach(Owner *a, Owner *b)
{
	g_assert_cmpint(reload_node_app_attach(reload_driver_node(a->driver),
					       reload_node_id(reload_driver_node(b->driver)),
					       RELOAD_APPLICATION_SIP, 4000,
					       reload_driver_now(a->driver)),
			==, RELOAD_OK);
}

static void test_application(DriverFixture *fixture, gconstpointer data)
{
	Owner a = {0}, b = {0};

	(void)data;
	start_owner(&a, fixture, 0, fixture->address);
	LINK_WAIT(driver_joined(a.driver));
	start_owner(&b, fixture, 1, "127.0.0.1:0");
	LINK_WAIT(driver_joined(b.driver) && has_neighbors(a.driver) && has_neighbors(b.driver));
	attach(&a, &b);
	LINK_WAIT(a.ups == 1 && b.ups == 1);
	g_assert_cmpuint(b.requests, ==, 1);
	g_assert_true(a.requested_by_us && !b.requested_by_us);
	say(&a, "ping");
	say(&b, "pong");
	LINK_WAIT(a.received->len == 4 && b.received->len == 4);
	driver_assert_command(a.driver, "status", "app-connections        1");
	/* closed by one: the other is told */
	reload_node_app_close(reload_driver_node(a.driver), a.link, reload_driver_now(a.driver));
	LINK_WAIT(b.downs == 1);
	g_assert_cmpuint(a.downs, ==, 0);
	/* refused: no connection, and the one that asked is told */
	b.admits = false;
	attach(&a, &b);
	LINK_WAIT(a.downs == 1);
	g_assert_cmpuint(b.requests, ==, 2);
	g_assert_cmpuint(a.ups + b.ups, ==, 2);
	/* and the other way round */
	attach(&b, &a);
	LINK_WAIT(a.ups == 2 && b.ups == 2);
	end_owner(&b);
	LINK_WAIT(a.downs == 2);
	end_owner(&a);
}

static void assert_other_certificate(ReloadDriver *driver, uint8_t before[RELOAD_SHA256_LEN])
{
	const uint8_t *now = reload_certificate_sha256(reload_identity_certificate(reload_driver_identity(driver)));

	g_assert_cmpint(memcmp(before, now, RELOAD_SHA256_LEN), !=, 0);
	memcpy(before, now, RELOAD_SHA256_LEN);
}

/* The file is older than the document that the overlay has brought meanwhile: certificates are read anew all the
 * same. Two documents of one sequence are the operator's mistake. */
static void test_reload_behind(DriverFixture *fixture, gconstpointer data)
{
	const char *listen[] = {"127.0.0.1:0", NULL};
	ReloadDriverOptions options = driver_options_for(fixture, 0, listen);
	ReloadDriver *driver = driver_start(&options);
	uint8_t certificate[RELOAD_SHA256_LEN] = {0};
	char *first, *other;
	GError *error = NULL;

	(void)data;
	assert_other_certificate(driver, certificate);
	g_assert_true(g_file_get_contents(fixture->document, &first, NULL, NULL));
	g_assert_true(ca_sign_document(fixture->ca, NULL, 2, 90, &error));
	driver_assert_command(driver, "reload", "document sequence 2");
	g_assert_true(g_file_set_contents(fixture->document, first, -1, NULL));
	driver_make_node(fixture, fixture->nodes[0]);
	driver_assert_command(driver, "reload", "document sequence 2");
	assert_other_certificate(driver, certificate);
	other = g_strdup(first);
	g_assert_nonnull(strstr(other, "<no-ice>"));
	strstr(other, "<no-ice>")[-1] = '\t';
	g_assert_true(g_file_set_contents(fixture->document, other, -1, NULL));
	g_assert_true(ca_sign_document(fixture->ca, NULL, 2, 90, &error));
	driver_assert_command_refused(driver, "reload", "sequence 2 is not above the current 2");
	g_free(other);
	g_free(first);
	driver_leave(driver);
}

/* Another CA for the same overlay; its root-cert goes into the document, which is signed anew. */
static CaAuthority *add_ca(DriverFixture *fixture, int sequence)
{
	char *directory = g_build_filename(fixture->directory, "other", NULL);
	char *path = g_build_filename(directory, "overlay.xml", NULL), *theirs, *ours, *start, *root;
	char *bootstrap[2] = {fixture->address, NULL};
	CaOverlayOptions options = {.name = DRIVER_OVERLAY,
				    .directory = directory,
				    .bootstrap = bootstrap,
				    .key_type = RELOAD_KEY_P256,
				    .days = 90,
				    .ca_days = 365,
				    .turn_density = -1};
	GError *error = NULL;
	CaAuthority *authority;
	GString *text;

	g_assert_true(ca_create_overlay(&options, &error));
	g_assert_true(g_file_get_contents(path, &theirs, NULL, NULL));
	g_assert_true(g_file_get_contents(fixture->document, &ours, NULL, NULL));
	start = strstr(theirs, "<root-cert>");
	root = g_strndup(start, (gsize)(strstr(start, "</root-cert>") - start) + strlen("</root-cert>"));
	text = g_string_new(ours);
	g_string_insert(text, strstr(ours, "<root-cert>") - ours, root);
	g_assert_true(g_file_set_contents(fixture->document, text->str, -1, NULL));
	g_assert_true(ca_sign_document(fixture->ca, NULL, sequence, 90, &error));
	authority = ca_authority_load(directory, &error);
	g_assert_no_error(error);
	g_string_free(text, TRUE);
	g_free(root);
	g_free(ours);
	g_free(theirs);
	g_free(path);
	g_free(directory);
	return authority;
}

/* The new CA is in the overlay's document, not in the older file: a certificate of it is held against the former. */
static void test_reload_behind_ca(DriverFixture *fixture, gconstpointer data)
{
	const char *listen[] = {"127.0.0.1:0", NULL};
	ReloadDriverOptions options = driver_options_for(fixture, 0, listen);
	ReloadDriver *driver = driver_start(&options);
	char *key_path = g_build_filename(fixture->nodes[0], RELOAD_NODE_KEY_FILE, NULL);
	char *path = g_build_filename(fixture->nodes[0], RELOAD_NODE_CERTIFICATE_FILE, NULL), *first;
	uint8_t certificate[RELOAD_SHA256_LEN] = {0};
	CaAuthority *other;
	GError *error = NULL;
	EVP_PKEY *key;
	GBytes *der;

	(void)data;
	assert_other_certificate(driver, certificate);
	g_assert_true(g_file_get_contents(fixture->document, &first, NULL, NULL));
	other = add_ca(fixture, 2);
	driver_assert_command(driver, "reload", "document sequence 2");
	g_assert_true(g_file_set_contents(fixture->document, first, -1, NULL));
	key = reload_key_load(key_path, &error);
	der = ca_issue(other, key, reload_node_id(reload_driver_node(driver)), "node@" DRIVER_OVERLAY, 90, &error);
	g_assert_no_error(error);
	g_assert_true(ca_write_certificate(path, der, &error));
	driver_assert_command(driver, "reload", "document sequence 2");
	assert_other_certificate(driver, certificate);
	g_bytes_unref(der);
	EVP_PKEY_free(key);
	ca_authority_free(other);
	g_free(first);
	g_free(path);
	g_free(key_path);
	driver_leave(driver);
}

static unsigned reloaded_count;

static void reloaded(void *user)
{
	(void)user;
	reloaded_count++;
}

static void test_reload(DriverFixture *fixture, gconstpointer data)
{
	const char *listen[] = {"127.0.0.1:0", NULL};
	ReloadDriverOptions options = driver_options_for(fixture, 0, listen);
	ReloadDriver *driver;
	uint8_t before[RELOAD_SHA256_LEN];
	char *certificate = g_build_filename(fixture->nodes[0], RELOAD_NODE_CERTIFICATE_FILE, NULL);
	DriverAnswer answer = {0};
	GError *error = NULL;

	(void)data;
	options.reloaded = reloaded;
	driver = driver_start(&options);
	memcpy(
	    before,
	    reload_certificate_sha256(reload_identity_certificate(reload_driver_identity(driver))),
	    sizeof(before));
	/* a new certificate for the same key, and a newer document */
	driver_make_node(fixture, fixture->nodes[0]);
	g_assert_true(ca_sign_document(fixture->ca, NULL, -1, 90, &error));
	g_assert_no_error(error);
	driver_assert_command(driver, "reload", "document sequence 2");
	g_assert_cmpuint(reloaded_count, ==, 1);
	g_assert_cmpint(memcmp(before,
			       reload_certificate_sha256(
				   reload_identity_certificate(reload_driver_identity(driver))),
			       sizeof(before)),
			!=, 0);
	g_assert_cmpuint(reload_node_document(reload_driver_node(driver))->sequence, ==, 2);
	/* what is wrong changes nothing */
	g_assert_true(g_file_set_contents(certificate, "rubbish", -1, NULL));
	reload_control_run(reload_driver_control(driver), "reload", driver_answered, &answer);
	g_assert_true(answer.done);
	g_assert_nonnull(answer.reason);
	g_assert_nonnull(strstr(answer.reason, certificate));
	g_assert_cmpuint(reloaded_count, ==, 1);
	g_free(answer.text);
	g_free(answer.reason);
	g_free(certificate);
	driver_leave(driver);
}

/* ---- bad configurations ---- */

static void assert_refused(const ReloadDriverOptions *options, const char *part)
{
	GError *error = NULL;
	GPtrArray *warnings;

	g_assert_cmpint(reload_driver_check(options, &warnings, &error), !=, RELOAD_OK);
	g_assert_nonnull(error);
	g_test_message("%s", error->message);
	g_assert_null(strchr(error->message, '\n'));
	if (strstr(error->message, part) == NULL)
		g_error("\"%s\" is not in \"%s\"", part, error->message);
	g_clear_error(&error);
	g_assert_null(reload_driver_new(options, &error));
	g_assert_nonnull(error);
	g_clear_error(&error);
}

static void test_bad_addresses(DriverFixture *fixture, gconstpointer data)
{
	const char *none[] = {NULL}, *name[] = {"localhost:6084", NULL},
		   *any[] = {"0.0.0.0:6084", NULL};
	const char *any6[] = {"[::]:6084", NULL}, *good[] = {"127.0.0.1:0", NULL};
	const char *foreign[] = {"192.0.2.1:0", NULL};
	ReloadDriverOptions options = driver_options_for(fixture, 0, none);
	GError *error = NULL;

	(void)data;
	assert_refused(&options, "listen");
	options.listen = name;
	assert_refused(&options, "localhost:6084");
	options.listen = any;
	assert_refused(&options, "advertise");
	options.listen = any6;
	assert_refused(&options, "advertise");
	options.advertise = good; /* without a port */
	assert_refused(&options, "port");
	options = driver_options_for(fixture, 0, foreign);
	g_assert_null(reload_driver_new(&options, &error));
	g_assert_nonnull(strstr(error->message, "192.0.2.1"));
	g_clear_error(&error);
}

static void test_bad_files(DriverFixture *fixture, gconstpointer data)
{
	const char *listen[] = {"127.0.0.1:0", NULL};
	ReloadDriverOptions options = driver_options_for(fixture, 0, listen);
	char *key = g_build_filename(fixture->nodes[0], RELOAD_NODE_KEY_FILE, NULL);
	char *other_key = g_build_filename(fixture->nodes[1], RELOAD_NODE_KEY_FILE, NULL);
	char *text;

	(void)data;
	options.document_path = NULL;
	assert_refused(&options, "document");
	options.document_path = "/nonexistent/overlay.xml";
	assert_refused(&options, "/nonexistent/overlay.xml");
	options = driver_options_for(fixture, 0, listen);
	options.node_directory = fixture->directory;
	assert_refused(&options, RELOAD_NODE_KEY_FILE);
	options = driver_options_for(fixture, 0, listen);
	options.overlay = "other.example.org";
	assert_refused(&options, fixture->document);
	options.overlay = NULL;
	g_assert_cmpint(g_chmod(key, 0644), ==, 0);
	assert_refused(&options, key);
	g_assert_true(g_file_get_contents(other_key, &text, NULL, NULL)); /* somebody else's */
	g_assert_true(g_file_set_contents(key, text, -1, NULL));
	g_assert_cmpint(g_chmod(key, 0600), ==, 0);
	assert_refused(&options, "another key");
	g_free(text);
	g_assert_cmpint(g_unlink(key), ==, 0);
	assert_refused(&options, key);
	g_free(other_key);
	g_free(key);
}

/* A node of an overlay of the same name that has another CA. */
static void test_other_ca(DriverFixture *fixture, gconstpointer data)
{
	const char *listen[] = {"127.0.0.1:0", NULL};
	ReloadDriverOptions options;
	DriverFixture other;

	driver_fixture_set_up(&other, data);
	options = driver_options_for(fixture, 0, listen);
	options.node_directory = other.nodes[0];
	assert_refused(&options, RELOAD_NODE_CERTIFICATE_FILE);
	driver_fixture_tear_down(&other, data);
}

static void test_warnings(DriverFixture *fixture, gconstpointer data)
{
	const char *listen[] = {"127.0.0.1:0", NULL};
	ReloadDriverOptions options = driver_options_for(fixture, 0, listen);
	CaAuthority *authority = ca_authority_load(fixture->ca, NULL);
	GPtrArray *warnings;
	GError *error = NULL;

	(void)data;
	g_assert_cmpint(reload_driver_check(&options, &warnings, &error), ==, RELOAD_OK);
	g_assert_null(warnings);
	g_assert_true(
	    ca_make_node(authority, fixture->nodes[0], NULL, RELOAD_KEY_P256, 10, NULL, &error));
	g_assert_cmpint(reload_driver_check(&options, &warnings, &error), ==, RELOAD_OK);
	g_assert_nonnull(warnings);
	g_assert_nonnull(strstr(warnings->pdata[0], RELOAD_NODE_CERTIFICATE_FILE));
	g_ptr_array_unref(warnings);
	ca_authority_free(authority);
}

/* What was told last of the document, and how often. */
typedef struct {
	unsigned count;
	ReloadLogLevel level;
	char *line;
} Told;

static void told(void *user, ReloadLogLevel level, const char *line)
{
	Told *out = user;

	if (strstr(line, "overlay.xml: document end") == NULL)
		return;
	out->count++;
	out->level = level;
	g_free(out->line);
	out->line = g_strdup(line);
}

/* A warning each day from 30 days before the document ends, an error when it has and each day after. */
static void test_ends(DriverFixture *fixture, gconstpointer data)
{
	const char *listen[] = {"127.0.0.1:0", NULL};
	ReloadDriverOptions options = driver_options_for(fixture, 0, listen);
	ReloadDriver *driver = driver_start(&options);
	int64_t end = reload_driver_document(driver)->expiration;
	const struct {
		int64_t now, next;
		unsigned count;
		ReloadLogLevel level;
	} cases[] = {
	    {end - 31 * CA_DAY_MS, end - 30 * CA_DAY_MS, 0, RELOAD_LOG_DEBUG},
	    {end - 30 * CA_DAY_MS, end - 29 * CA_DAY_MS, 1, RELOAD_LOG_WARNING},
	    {end - CA_DAY_MS / 2, end + 1000, 2, RELOAD_LOG_WARNING},
	    {end + 1000, end + 1000 + CA_DAY_MS, 3, RELOAD_LOG_ERROR},
	    {end + 9 * CA_DAY_MS, end + 10 * CA_DAY_MS, 4, RELOAD_LOG_ERROR},
	};
	Told last = {.level = RELOAD_LOG_DEBUG};

	(void)data;
	/* of the certificate, which ends at much the same time, test_warnings is */
	driver_make_node_for(fixture, fixture->nodes[0], 200);
	driver_assert_command(driver, "reload", "document sequence 1");
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_assert_cmpint(reload_driver_tell_ends(&driver->files, fixture->document, fixture->nodes[0],
							cases[i].now, told, &last),
				==, cases[i].next);
		g_assert_cmpuint(last.count, ==, cases[i].count);
		g_assert_cmpint(last.level, ==, cases[i].level);
	}
	g_assert_nonnull(strstr(last.line, "does not start"));
	g_free(last.line);
	driver_leave(driver);
}

/* Signs the document anew; it ends in so many ms. */
static void end_document(const DriverFixture *fixture, int64_t life)
{
	char *certificate = g_build_filename(fixture->ca, "signer.crt", NULL);
	char *key = g_build_filename(fixture->ca, "signer.key", NULL), *text;
	int64_t now = g_get_real_time() / 1000;
	GError *error = NULL;
	ReloadIdentity *signer = reload_identity_load(certificate, key, DRIVER_OVERLAY, 16, now, &error);
	GBytes *plain, *document;
	gsize length;

	g_assert_no_error(error);
	g_assert_true(g_file_get_contents(fixture->document, &text, &length, NULL));
	plain = g_bytes_new_take(text, length);
	document = reload_document_sign(plain, "overlay.xml", NULL, signer, 2, now + life, &error);
	g_assert_no_error(error);
	g_assert_true(g_file_set_contents(fixture->document, g_bytes_get_data(document, NULL),
					  (gssize)g_bytes_get_size(document), NULL));
	g_bytes_unref(document);
	g_bytes_unref(plain);
	reload_identity_unref(signer);
	g_free(certificate);
	g_free(key);
}

/* The document ends under a node that runs: it says so, and goes on. */
static void test_document_ends(DriverFixture *fixture, gconstpointer data)
{
	const char *listen[] = {"127.0.0.1:0", NULL};
	ReloadDriverOptions options = driver_options_for(fixture, 0, listen);
	Told last = {0};
	ReloadDriver *driver;

	(void)data;
	options.log_sink = told;
	options.log_user = &last;
	driver = driver_start(&options);
	LINK_WAIT(driver_joined(driver));
	g_assert_cmpuint(last.count, ==, 0);
	end_document(fixture, 2500);
	driver_assert_command(driver, "reload", "document sequence 2");
	LINK_WAIT(last.count == 1);
	g_assert_cmpint(last.level, ==, RELOAD_LOG_WARNING);
	LINK_WAIT(last.count == 2);
	g_assert_cmpint(last.level, ==, RELOAD_LOG_ERROR);
	g_assert_true(driver_joined(driver));
	driver_assert_command(driver, "status", "joined");
	assert_refused(&options, "overlay.xml");
	driver_leave(driver);
	g_free(last.line);
}

/* Kinds beside the document: at the driver_start, at a reload, and where something is wrong with them. */
static void test_kinds(DriverFixture *fixture, gconstpointer data)
{
	static const char format[] =
	    "<kind-block><kind id=\"4026532096\"><data-model>SINGLE</data-model>"
	    "<access-control>NODE-MATCH</access-control><max-count>1</max-count>"
	    "<max-size>%s</max-size></kind></kind-block>\n";
	const char *listen[] = {"127.0.0.1:0", NULL};
	ReloadDriverOptions options = driver_options_for(fixture, 0, listen);
	char *path = g_build_filename(fixture->nodes[0], RELOAD_NODE_KINDS_FILE, NULL), *text;
	ReloadDriver *driver = driver_start(&options);
	GError *error = NULL;

	(void)data;
	driver_assert_command(driver, "status", "kinds                  4\n");
	text = g_strdup_printf(format, "100");
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	g_free(text);
	assert_refused(&options, path); /* not signed */
	g_assert_true(ca_sign_kinds(fixture->ca, path, 90, &error));
	g_assert_no_error(error);
	driver_assert_command(driver, "reload", "document sequence 1");
	driver_assert_command(driver, "status", "kinds                  5\n");
	driver_assert_command(driver, "reload", "document sequence 1");
	/* a newer document takes nothing away */
	g_assert_true(ca_sign_document(fixture->ca, NULL, -1, 90, &error));
	driver_assert_command(driver, "reload", "document sequence 2");
	driver_assert_command(driver, "status", "kinds                  5\n");
	driver_leave(driver);
	driver = driver_start(&options);
	driver_assert_command(driver, "status", "kinds                  5\n");
	/* what is wrong changes nothing */
	text = g_strdup_printf(format, "200");
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	g_free(text);
	g_assert_true(ca_sign_kinds(fixture->ca, path, 90, &error));
	{
		DriverAnswer answer = {0};

		reload_control_run(reload_driver_control(driver), "reload", driver_answered, &answer);
		g_assert_true(answer.done);
		g_assert_nonnull(strstr(answer.reason, RELOAD_NODE_KINDS_FILE));
		g_assert_nonnull(strstr(answer.reason, "newer document"));
		g_free(answer.text);
		g_free(answer.reason);
	}
	driver_leave(driver);
	/* what a peer would refuse is not signed */
	g_assert_true(g_file_set_contents(path, "<kind-block><kind id=\"1\"/></kind-block>", -1, NULL));
	g_assert_false(ca_sign_kinds(fixture->ca, path, 90, &error));
	g_assert_nonnull(strstr(error->message, "max-count"));
	g_clear_error(&error);
	g_free(path);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, test) g_test_add("/link/driver/" name, DriverFixture, NULL, driver_fixture_set_up, test, driver_fixture_tear_down)
	ADD("ring", test_ring);
	ADD("application", test_application);
	ADD("reload", test_reload);
	ADD("reload_behind", test_reload_behind);
	ADD("reload_behind_ca", test_reload_behind_ca);
	ADD("kinds", test_kinds);
	ADD("bad_addresses", test_bad_addresses);
	ADD("bad_files", test_bad_files);
	ADD("other_ca", test_other_ca);
	ADD("warnings", test_warnings);
	ADD("ends", test_ends);
	ADD("document_ends", test_document_ends);
#undef ADD
	return g_test_run();
}
