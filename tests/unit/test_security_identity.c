/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Identities from files, users' certificates, and the CA's directory that makes them. */
#include "reload_core/security/identity.h"
#include "reload_core/security/error.h"
#include "reload_core/security/user_identities.h"
#include "tests/unit/pki.h"
#include "tools/ca/authority.h"
#include "tools/ca/check.h"
#include "tools/ca/files.h"
#include "tools/ca/overlay.h"
#include "tools/ca/subscribers.h"

#include <glib/gstdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static char *root;

/* What has been brought to the disk, in order: 'f' a file, 'd' a directory; small letters while `watched` was not
 * there, large ones when it was. NULL: nobody watches. */
static GString *synced;
static const char *watched;

/* In place of the C library's. */
int fsync(int fd)
{
	GStatBuf status;

	if (synced && fstat(fd, &status) == 0) {
		char kind = S_ISDIR(status.st_mode) ? 'd' : 'f';

		if (kind == 'f')
			g_assert_cmpint(status.st_size, >, 0);
		g_string_append_c(synced, ca_exists(watched) ? g_ascii_toupper(kind) : kind);
	}
	return (int)syscall(SYS_fsync, fd);
}

static char *at(const char *name)
{
	return g_build_filename(root, name, NULL);
}

static void remove_tree(const char *path)
{
	GDir *directory = g_dir_open(path, 0, NULL);
	const char *name;

	while (directory && (name = g_dir_read_name(directory)) != NULL) {
		char *below = g_build_filename(path, name, NULL);

		remove_tree(below);
		g_free(below);
	}
	if (directory)
		g_dir_close(directory);
	g_remove(path);
}

/* Loads ca.crt's kind of pair and demands the status and what the line says. */
static void expect(const char *certificate, const char *key, const char *overlay, int64_t now,
		   ReloadStatus status, const char *file, const char *words)
{
	char *certificate_path = at(certificate), *key_path = at(key);
	GError *error = NULL;
	ReloadIdentity *identity =
	    reload_identity_load(certificate_path, key_path, overlay, 16, now, &error);

	if (status == RELOAD_OK) {
		g_assert_no_error(error);
		g_assert_nonnull(identity);
		reload_identity_unref(identity);
	} else {
		char *prefix = at(file);

		g_assert_null(identity);
		g_assert_cmpint(error->code, ==, status);
		if (!g_str_has_prefix(error->message, prefix) || !strstr(error->message, words))
			g_error("not %s ... %s: %s", prefix, words, error->message);
		g_assert_null(strchr(error->message, '\n'));
		g_error_free(error);
		g_free(prefix);
	}
	g_free(certificate_path);
	g_free(key_path);
}

static void write_text(const char *name, const char *text)
{
	char *path = at(name);

	g_assert_true(ca_write_file(path, text, strlen(text), 0600, NULL));
	g_free(path);
}

static void test_files(void)
{
	Pki pki;
	EVP_PKEY *key = reload_key_generate(RELOAD_KEY_P256, NULL);
	EVP_PKEY *other = reload_key_generate(RELOAD_KEY_P256, NULL);
	char *path;
	GBytes *der;

	pki_init(&pki);
	der = pki_certificate(&pki, key, 0x11, "alice@example.org");
	path = at("a.crt");
	g_assert_true(ca_write_certificate(path, der, NULL));
	g_free(path);
	path = at("a.key");
	g_assert_true(ca_write_key(path, key, NULL));
	expect("a.crt", "a.key", PKI_OVERLAY, PKI_NOW, RELOAD_OK, NULL, NULL);
	expect("a.crt", "a.key", "other.example", PKI_NOW, RELOAD_E_OVERLAY, "a.crt", "overlay");
	expect("a.crt", "a.key", PKI_OVERLAY, PKI_NOW + 11 * PKI_DAY, RELOAD_E_EXPIRED, "a.crt",
	       "has expired on 2030-01-11");
	expect("a.crt", "a.key", PKI_OVERLAY, PKI_NOW - 11 * PKI_DAY, RELOAD_E_EXPIRED, "a.crt",
	       "not valid before 2029-12-22");
	expect("no.crt", "a.key", PKI_OVERLAY, PKI_NOW, RELOAD_E_CONFIG, "no.crt",
	       "reloadctl cert");
	expect("a.crt", "no.key", PKI_OVERLAY, PKI_NOW, RELOAD_E_CONFIG, "no.key",
	       "reloadctl cert");
	g_assert_cmpint(g_chmod(path, 0640), ==, 0);
	expect("a.crt", "a.key", PKI_OVERLAY, PKI_NOW, RELOAD_E_CONFIG, "a.key", "chmod 0600");
	g_free(path);
	path = at("b.key");
	g_assert_true(ca_write_key(path, other, NULL));
	expect("a.crt", "b.key", PKI_OVERLAY, PKI_NOW, RELOAD_E_CERTIFICATE, "a.crt",
	       "another key");
	write_text("c.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	expect("c.crt", "b.key", PKI_OVERLAY, PKI_NOW, RELOAD_E_CERTIFICATE, "c.crt", "X.509");
	write_text("c.crt", "-----BEGIN CERTIFICATE-----\n!\n");
	expect("c.crt", "b.key", PKI_OVERLAY, PKI_NOW, RELOAD_E_CONFIG, "c.crt", "malformed");
	write_text("c.key", "no key at all\n");
	expect("a.crt", "c.key", PKI_OVERLAY, PKI_NOW, RELOAD_E_CONFIG, "c.key", "PEM");
	g_free(path);
	g_bytes_unref(der);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	pki_clear(&pki);
}

static void test_file_names(void)
{
	static const char *const names[][2] = {
	    {"alice@example.org", "alice@example.org.pem"},
	    {"../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd.pem"},
	    {".", "%2E.pem"},
	    {"a%41@x", "a%2541@x.pem"},
	    {"a\n\"b", "a%0A%22b.pem"},
	};
	char *longest = g_strnfill(255, '/'), *name;

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		name = reload_user_certificate_file(names[i][0]);
		g_assert_cmpstr(name, ==, names[i][1]);
		g_free(name);
	}
	name = reload_user_certificate_file(longest);
	g_assert_cmpuint(strlen(name), <, 255);
	g_assert_true(g_str_has_prefix(name, "%sha256-"));
	g_free(name);
	g_free(longest);
}

static void make_user(void *data, const char *aor)
{
	CaAuthority *authority = ((void **)data)[0];
	CaNode *node = ((void **)data)[1];
	unsigned *counts = ((void **)data)[2];

	counts[ca_make_user(authority, node, aor, 100, false, NULL)]++;
}

static void count_warning(void *data, const char *line)
{
	g_assert_nonnull(strstr(line, "xpire"));
	(*(unsigned *)data)++;
}

static void find_user(ReloadUserIdentities *users, const char *aor, ReloadStatus status,
		      const char *words)
{
	GError *error = NULL;
	ReloadIdentity *identity;

	g_assert_cmpint(reload_user_identities_find(users, aor, ca_now(), &identity, &error), ==,
			status);
	if (status == RELOAD_OK) {
		g_assert_cmpstr(reload_identity_user_name(identity), ==, aor);
		reload_identity_unref(identity);
	} else {
		g_assert_nonnull(strstr(error->message, words));
		g_error_free(error);
	}
}

/* A CA's directory, and that of a node with users. */
typedef struct {
	char *directory, *node_directory, *users_directory;
	CaAuthority *authority;
	CaNode *node;
} Operator;

static void make_overlay(Operator *operator, bool self_signed)
{
	char *bootstrap[] = {"127.0.0.1:7001", "[::1]:7002", "::1", NULL};
	char *domains[] = {".*\\.org", NULL};
	CaOverlayOptions options = {.name = PKI_OVERLAY,
				    .directory = operator->directory,
				    .bootstrap = bootstrap,
				    .domains = domains,
				    .self_signed = self_signed,
				    .digest = RELOAD_DIGEST_SHA256,
				    .days = 60,
				    .ca_days = 400,
				    .turn_density = -1};
	GError *error = NULL;

	g_assert_true(ca_create_overlay(&options, &error));
	g_assert_no_error(error);
	g_assert_false(ca_create_overlay(&options, &error));
	g_assert_nonnull(strstr(error->message, "exists already"));
	g_clear_error(&error);
	operator->authority = ca_authority_load(operator->directory, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(operator->authority->document->bootstrap_nodes->len, ==, 3);
}

static void make_and_renew_node(Operator *operator)
{
	ReloadNodeId id, again;
	GError *error = NULL;

	g_assert_true(ca_make_node(operator->authority, operator->node_directory, NULL, RELOAD_KEY_P256, 100,
				   &id, &error));
	g_assert_no_error(error);
	/* Renewed: the Node-ID stays. */
	g_assert_true(ca_make_node(operator->authority, operator->node_directory, NULL, RELOAD_KEY_P256, 100,
				   &again, &error));
	g_assert_true(reload_node_id_equal(&id, &again));
	{
		char *other = g_strconcat(operator->node_directory, "-other", NULL);

		/* Another node's is another one. */
		g_assert_true(ca_make_node(operator->authority, other, NULL, RELOAD_KEY_P256, 100, &again, &error));
		g_assert_false(reload_node_id_equal(&id, &again));
		g_free(other);
	}
	operator->node = ca_node_load(operator->authority, operator->node_directory, &error);
	g_assert_no_error(error);
	g_assert_true(reload_node_id_equal(&id, &operator->node->node_id));
}

static void make_users(Operator *operator)
{
	unsigned counts[3] = {0};
	void *data[3] = {operator->authority, operator->node, counts};
	char *path = at("subscribers");
	GError *error = NULL;

	write_text("subscribers", "alice@Example.org\n# a comment\n\nbob\ncarol@evil.com\n"
				  "d d@example.org\n../../x@example.org\nalice@example.org\n");
	g_assert_true(ca_subscribers_from_lines(path, PKI_OVERLAY, make_user, data, &error));
	g_assert_false(ca_is_sqlite(path));
	g_free(path);
	g_assert_cmpuint(counts[CA_USER_MADE], ==, 3);
	g_assert_cmpuint(counts[CA_USER_KEPT], ==, 1);
	g_assert_cmpuint(counts[CA_USER_REFUSED], ==, 2);
}

/* A file that is another user's. */
static void steal_name(const Operator *operator, ReloadUserIdentities *users)
{
	char *from = g_build_filename(operator->users_directory, "alice@example.org.pem", NULL);
	char *to = g_build_filename(operator->users_directory, "mallory@example.org.pem", NULL);

	find_user(users, "alice@example.org", RELOAD_OK, NULL);
	g_assert_cmpint(g_rename(from, to), ==, 0);
	find_user(users, "alice@example.org", RELOAD_OK, NULL); /* kept in memory */
	reload_user_identities_reload(users);
	find_user(users, "alice@example.org", RELOAD_E_NOT_FOUND, "reloadctl cert user");
	find_user(users, "mallory@example.org", RELOAD_E_CERTIFICATE, "alice@example.org");
	g_free(from);
	g_free(to);
}

static void find_users(const Operator *operator)
{
	ReloadUserIdentities *users =
	    reload_user_identities_new(operator->users_directory, operator->node->key, PKI_OVERLAY, 16, 2);

	for (int round = 0; round < 2; round++) {
		find_user(users, "alice@example.org", RELOAD_OK, NULL);
		find_user(users, "bob@" PKI_OVERLAY, RELOAD_OK, NULL);
		find_user(users, "alice@example.org", RELOAD_OK, NULL); /* kept; bob is the older one */
		find_user(users, "../../x@example.org", RELOAD_OK, NULL);
		reload_user_identities_reload(users);
	}
	find_user(users, "erin@example.org", RELOAD_E_NOT_FOUND, "reloadctl cert user");
	steal_name(operator, users);
	reload_user_identities_free(users);
}

static void assert_trusted(const Operator *operator, const ReloadDocument *document)
{
	GError *error = NULL;
	ReloadTrust *trust = reload_document_trust(document, &error);
	char *certificate = g_build_filename(operator->node_directory, CA_NODE_CERTIFICATE, NULL);
	GBytes *der = ca_read_certificate(certificate, &error);
	ReloadCertificate *out;

	g_assert_cmpint(reload_trust_verify(trust, pki_span(der), NULL, 0, ca_now(), &out, &error), ==,
			RELOAD_OK);
	g_assert_true(
	    reload_node_id_equal(reload_certificate_node_id(out), &operator->node->node_id));
	reload_certificate_unref(out);
	g_bytes_unref(der);
	g_free(certificate);
	reload_trust_unref(trust);
}

/* A peer takes what was made: the chain, and the document signed anew. */
static void sign_again(const Operator *operator)
{
	char *path = g_build_filename(operator->directory, "overlay.xml", NULL);
	ReloadDocument *document;
	GError *error = NULL;

	g_assert_true(ca_sign_document(operator->directory, NULL, -1, 20, &error));
	g_assert_no_error(error);
	document = reload_document_load_file(path, PKI_OVERLAY, ca_now(), &error);
	g_assert_no_error(error);
	g_assert_true(document->is_signed);
	g_assert_cmpuint(document->sequence, ==, 2);
	g_assert_cmpint(reload_document_check_successor(operator->authority->document, document, ca_now(),
							&error),
			==, RELOAD_OK);
	assert_trusted(operator, document);
	reload_document_unref(document);
	g_free(path);
}

static void check_dates(const Operator *operator)
{
	CaCheckResult checked = {0, 0};
	unsigned warnings = 0;

	ca_check_path(operator->node_directory, ca_now(), 30, count_warning, &warnings, &checked);
	g_assert_cmpuint(checked.warned, ==, 0);
	g_assert_cmpuint(checked.checked, ==, 4);
	ca_check_path(operator->directory, ca_now(), 30, count_warning, &warnings, &checked);
	g_assert_cmpuint(warnings, ==, 2); /* signer.crt and overlay.xml, 20 days */
}

/* From nothing to users' identities, as an operator goes. */
static void check_ca(bool self_signed)
{
	Operator operator = {.directory = at(self_signed ? "self" : "ca"),
			     .node_directory = at(self_signed ? "self-n" : "n")};

	operator.users_directory = g_build_filename(operator.node_directory, "users", NULL);
	make_overlay(&operator, self_signed);
	make_and_renew_node(&operator);
	make_users(&operator);
	find_users(&operator);
	sign_again(&operator);
	check_dates(&operator);
	ca_node_free(operator.node);
	ca_authority_free(operator.authority);
	g_free(operator.directory);
	g_free(operator.node_directory);
	g_free(operator.users_directory);
}

static void test_ca(void)
{
	check_ca(false);
}

static void test_ca_self_signed(void)
{
	check_ca(true);
}

/* A power cut must not leave a key that is there and empty: first the text is on the disk, then the name. */
static void test_files_reach_the_disk(void)
{
	char *path = at("on-disk.key");
	EVP_PKEY *key = reload_key_generate(RELOAD_KEY_P256, NULL);
	GError *error = NULL;

	watched = path;
	synced = g_string_new(NULL);
	g_assert_true(ca_write_key(path, key, &error));
	g_assert_no_error(error);
	g_assert_cmpstr(synced->str, ==, "fD");
	g_string_free(g_steal_pointer(&synced), TRUE);
	EVP_PKEY_free(key);
	g_free(path);
}

/* Making a node was interrupted between key and certificate: the same command ends it, with that key. */
static void check_interrupted(CaAuthority *authority, const char *node_directory)
{
	char *key = g_build_filename(node_directory, CA_NODE_KEY, NULL), *before, *after;
	char *certificate = g_build_filename(node_directory, CA_NODE_CERTIFICATE, NULL);
	ReloadNodeId first, second;
	GError *error = NULL;
	CaNode *node;

	g_assert_true(ca_make_node(authority, node_directory, NULL, RELOAD_KEY_P256, 100, &first, &error));
	g_assert_no_error(error);
	g_assert_true(g_file_get_contents(key, &before, NULL, NULL));
	g_assert_cmpint(g_unlink(certificate), ==, 0);
	g_assert_true(ca_make_node(authority, node_directory, NULL, RELOAD_KEY_P256, 100, &second, &error));
	g_assert_no_error(error);
	g_assert_true(g_file_get_contents(key, &after, NULL, NULL));
	g_assert_cmpstr(before, ==, after);
	/* of a self-signed certificate it follows from the key */
	g_assert_true(reload_node_id_equal(&first, &second) == authority->document->self_signed_permitted);
	node = ca_node_load(authority, node_directory, &error);
	g_assert_no_error(error);
	g_assert_true(reload_node_id_equal(&node->node_id, &second));
	ca_node_free(node);
	g_free(before);
	g_free(after);
	g_free(key);
	g_free(certificate);
}

static void test_node_interrupted(void)
{
	for (int self_signed = 0; self_signed < 2; self_signed++) {
		char *directory = at(self_signed ? "self-i" : "ca-i");
		char *node_directory = at(self_signed ? "self-i-n" : "ca-i-n");
		CaOverlayOptions options = {.name = PKI_OVERLAY,
					    .directory = directory,
					    .self_signed = self_signed,
					    .digest = RELOAD_DIGEST_SHA256,
					    .days = 60,
					    .ca_days = 400,
					    .turn_density = -1};
		GError *error = NULL;
		CaAuthority *authority;

		g_assert_true(ca_create_overlay(&options, &error));
		g_assert_no_error(error);
		authority = ca_authority_load(directory, &error);
		g_assert_no_error(error);
		check_interrupted(authority, node_directory);
		ca_authority_free(authority);
		g_free(directory);
		g_free(node_directory);
	}
}

/* RFC 6940, 13.4 and 14.16: a secret that nobody could guess, in a file for its owner. */
static void test_ca_shared_secret(void)
{
	char *secret = NULL;
	GError *error = NULL;

	for (int round = 0; round < 2; round++) {
		char *directory = at(round == 0 ? "secret-1" : "secret-2");
		char *path = g_build_filename(directory, "overlay.xml", NULL);
		CaOverlayOptions options = {.name = PKI_OVERLAY,
					    .directory = directory,
					    .self_signed = true,
					    .shared_secret = true,
					    .days = 100,
					    .ca_days = 100,
					    .turn_density = -1};
		ReloadDocument *document;
		GStatBuf status;

		g_assert_true(ca_create_overlay(&options, &error));
		g_assert_no_error(error);
		g_assert_true(ca_sign_document(directory, NULL, -1, 20, &error));
		g_assert_no_error(error);
		g_assert_cmpint(g_stat(path, &status), ==, 0);
		g_assert_cmpuint(status.st_mode & 0777, ==, 0600);
		document = reload_document_load_file(path, NULL, ca_now(), &error);
		g_assert_no_error(error);
		g_assert_cmpuint(strlen(document->shared_secret), ==, 44); /* 256 bits */
		g_assert_cmpstr(document->shared_secret, !=, secret);
		g_free(secret);
		secret = g_strdup(document->shared_secret);
		reload_document_unref(document);
		g_free(path);
		g_free(directory);
	}
	g_free(secret);
}

static void collect(void *data, const char *aor)
{
	g_ptr_array_add(data, g_strdup(aor));
}

/* Kamailio's table: separators and line ends in names do no harm. */
static void test_sqlite(void)
{
	char *path = at("kamailio.sqlite"), *program = g_find_program_in_path("sqlite3");
	char *arguments[] = {
	    program, path,
	    "create table subscriber(id integer primary key, username, domain, password);"
	    "insert into subscriber values(1,'alice','example.org','x'),(2,'b|o''b','',''),"
	    "(3,'c'||char(10)||'d','example.org','');",
	    NULL};
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	GError *error = NULL;
	int status = -1;

	if (!program) {
		g_test_skip("sqlite3 is not installed");
	} else {
		g_assert_true(
		    g_spawn_sync(NULL, arguments, NULL, 0, NULL, NULL, NULL, NULL, &status, NULL));
		g_assert_cmpint(status, ==, 0);
		g_assert_true(ca_is_sqlite(path));
		g_assert_true(
		    ca_subscribers_from_sqlite(path, "example.net", collect, names, &error));
		g_assert_no_error(error);
		g_assert_cmpuint(names->len, ==, 3);
		g_assert_cmpstr(names->pdata[0], ==, "alice@example.org");
		g_assert_cmpstr(names->pdata[1], ==, "b|o'b@example.net");
		g_assert_cmpstr(names->pdata[2], ==, "c\nd@example.org");
		g_assert_false(
		    ca_subscribers_from_sqlite("/no/such.db", "x", collect, names, &error));
		g_assert_nonnull(strstr(error->message, "/no/such.db"));
		g_error_free(error);
	}
	g_ptr_array_unref(names);
	g_free(program);
	g_free(path);
}

int main(int argc, char **argv)
{
	int result;

	g_test_init(&argc, &argv, NULL);
	root = g_dir_make_tmp("reload-identity-XXXXXX", NULL);
	g_test_add_func("/security/identity/files", test_files);
	g_test_add_func("/security/identity/file-names", test_file_names);
	g_test_add_func("/security/identity/ca", test_ca);
	g_test_add_func("/security/identity/ca/self-signed", test_ca_self_signed);
	g_test_add_func("/security/identity/ca/files-reach-the-disk", test_files_reach_the_disk);
	g_test_add_func("/security/identity/ca/node-interrupted", test_node_interrupted);
	g_test_add_func("/security/identity/ca/shared-secret", test_ca_shared_secret);
	g_test_add_func("/security/identity/sqlite", test_sqlite);
	result = g_test_run();
	remove_tree(root);
	g_free(root);
	return result;
}
