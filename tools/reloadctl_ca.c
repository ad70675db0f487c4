/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of reloadctl that make overlays and certificates; they work on files only. */
#include "tools/reloadctl.h"

#include "reload_core/security/error.h"
#include "tools/ca/authority.h"
#include "tools/ca/check.h"
#include "tools/ca/files.h"
#include "tools/ca/overlay.h"
#include "tools/ca/subscribers.h"
#include "tools/reloadctl_document.h"

#include <stdio.h>

#define DEFAULT_DAYS 365
#define DEFAULT_CA_DAYS 3650
/* Longer than anyone plans; keeps ms since the epoch far from overflow. */
#define MAX_DAYS 36500

/* Prints the error where a needed option is missing or a number is out of range. */
static bool check_usage(const char *command, bool good, const char *what)
{
	if (!good)
		fprintf(stderr, "%s: %s (see %s --help)\n", command, what, command);
	return good;
}

static bool check_days(const char *command, int days)
{
	return check_usage(command, days > 0 && days <= MAX_DAYS,
			   "--days is no number from 1 to 36500");
}

static bool parse_digest(const char *text, ReloadDigest *out)
{
	*out = RELOAD_DIGEST_SHA256;
	if (text && strcmp(text, "sha1") == 0)
		*out = RELOAD_DIGEST_SHA1;
	return !text || strcmp(text, "sha1") == 0 || strcmp(text, "sha256") == 0;
}

static int overlay_create(int argc, char **argv)
{
	CaOverlayOptions o = {.days = DEFAULT_DAYS, .ca_days = DEFAULT_CA_DAYS, .turn_density = -1};
	gboolean self_signed = FALSE, shared_secret = FALSE, rsa = FALSE, periodic = FALSE, no_clients = FALSE;
	char *directory = NULL, *digest = NULL;
	const GOptionEntry entries[] = {
	    {"dir", 'd', 0, G_OPTION_ARG_FILENAME, &directory, "Where to put CA and document",
	     "DIR"},
	    {"bootstrap", 'b', 0, G_OPTION_ARG_STRING_ARRAY, &o.bootstrap,
	     "Address of a bootstrap node; may be repeated", "ADDRESS:PORT"},
	    {"domain", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.domains,
	     "Pattern of the domains whose AORs are admitted (RFC 7904, 3.4); may be repeated",
	     "REGEX"},
	    {"enrollment-server", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.enrollment_servers,
	     "https: URL of an enrollment server; may be repeated", "URL"},
	    {"self-signed", 0, 0, G_OPTION_ARG_NONE, &self_signed,
	     "No CA: nodes sign their certificates themselves (less secure: RFC 6940, 13.3)", NULL},
	    {"digest", 0, 0, G_OPTION_ARG_STRING, &digest,
	     "Digest for Node-IDs in self-signed mode: sha256 (default) or sha1", "NAME"},
	    {"shared-secret", 0, 0, G_OPTION_ARG_NONE, &shared_secret,
	     "Only who knows a random secret in the document gets a link (RFC 6940, 13.4); keep "
	     "the document as secret as a key; nodes get RSA keys",
	     NULL},
	    {"rsa", 0, 0, G_OPTION_ARG_NONE, &rsa, "RSA keys of 2048 bits instead of P-256", NULL},
	    {"days", 0, 0, G_OPTION_ARG_INT, &o.days, "Life of the document (default 365)", "N"},
	    {"ca-days", 0, 0, G_OPTION_ARG_INT, &o.ca_days, "Life of the CA (default 3650)", "N"},
	    {"max-message-size", 0, 0, G_OPTION_ARG_INT, &o.max_message_size,
	     "Bytes (default 5000)", "N"},
	    {"initial-ttl", 0, 0, G_OPTION_ARG_INT, &o.initial_ttl, "Hops (default 100)", "N"},
	    {"reliability-timer", 0, 0, G_OPTION_ARG_INT, &o.reliability_timer,
	     "overlay-reliability-timer in ms (default 3000)", "N"},
	    {"update-interval", 0, 0, G_OPTION_ARG_INT, &o.update_interval,
	     "chord-update-interval in s (default 600)", "N"},
	    {"ping-interval", 0, 0, G_OPTION_ARG_INT, &o.ping_interval,
	     "chord-ping-interval in s (default 3600)", "N"},
	    {"turn-density", 0, 0, G_OPTION_ARG_INT, &o.turn_density,
	     "0: no TURN servers (default 1)", "N"},
	    {"periodic", 0, 0, G_OPTION_ARG_NONE, &periodic, "chord-reactive false", NULL},
	    {"no-clients", 0, 0, G_OPTION_ARG_NONE, &no_clients, "clients-permitted false", NULL},
	    {NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	GError *error = NULL;
	char *name = argv[0];
	int result = RELOADCTL_USAGE;

	if (!reloadctl_parse(&argc, &argv, entries, "NAME",
			     "Makes the CA and the signed document of a new "
			     "overlay called NAME.",
			     &result))
		return result;
	o.name = argc == 2 ? argv[1] : NULL;
	o.directory = directory;
	o.self_signed = self_signed;
	o.shared_secret = shared_secret;
	o.periodic = periodic;
	o.no_clients = no_clients;
	o.key_type = rsa ? RELOAD_KEY_RSA2048 : RELOAD_KEY_P256;
	if (check_usage(name, o.name && directory, "NAME and --dir are needed") &&
	    check_usage(name, parse_digest(digest, &o.digest),
			"--digest is neither sha1 nor sha256") &&
	    check_days(name, o.days) &&
	    check_usage(name, o.ca_days >= o.days && o.ca_days <= MAX_DAYS,
			"--ca-days is less than --days, or too much")) {
		if (ca_create_overlay(&o, &error)) {
			printf("overlay %s: CA and overlay.xml made in %s\n", o.name, directory);
			result = RELOADCTL_OK;
		} else {
			result = reloadctl_fail(&error);
		}
	}
	g_strfreev(o.bootstrap);
	g_strfreev(o.domains);
	g_strfreev(o.enrollment_servers);
	g_free(directory);
	g_free(digest);
	return result;
}

static int cert_node(int argc, char **argv)
{
	char *directory = NULL, *out = NULL, *user_name = NULL, hex[RELOAD_NODE_ID_TEXT],
	     *name = argv[0];
	gboolean rsa = FALSE;
	int days = DEFAULT_DAYS, result = RELOADCTL_USAGE;
	const GOptionEntry entries[] = {
	    {"dir", 'd', 0, G_OPTION_ARG_FILENAME, &directory, "The CA's directory", "DIR"},
	    {"out", 'o', 0, G_OPTION_ARG_FILENAME, &out, "The node's directory", "NODEDIR"},
	    {"name", 'n', 0, G_OPTION_ARG_STRING, &user_name,
	     "User name in the certificate (default node-XXXXXXXX@OVERLAY)", "NAME"},
	    {"rsa", 0, 0, G_OPTION_ARG_NONE, &rsa, "An RSA key of 2048 bits instead of P-256",
	     NULL},
	    {"days", 0, 0, G_OPTION_ARG_INT, &days, "Life of the certificate (default 365)", "N"},
	    {NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	CaAuthority *authority;
	GError *error = NULL;
	ReloadNodeId id;

	if (!reloadctl_parse(&argc, &argv, entries, "",
			     "Makes a node's key (node.key) and certificate (node.crt), or renews "
			     "the certificate "
			     "of the node that is there: its key and Node-ID stay.",
			     &result))
		return result;
	if (check_usage(name, directory && out && argc == 1,
			"--dir and --out are needed, and no more") &&
	    check_days(name, days)) {
		authority = ca_authority_load(directory, &error);
		if (authority &&
		    ca_make_node(authority, out, user_name,
				 rsa || authority->document->shared_secret ? RELOAD_KEY_RSA2048
									   : RELOAD_KEY_P256,
				 days, &id, &error)) {
			printf("node %s: certificate made in %s\n",
			       reload_node_id_to_text(&id, hex), out);
			result = RELOADCTL_OK;
		} else {
			result = reloadctl_fail(&error);
		}
		ca_authority_free(authority);
	}
	g_free(directory);
	g_free(out);
	g_free(user_name);
	return result;
}

/* What the commands for users share. */
typedef struct {
	char *directory, *node_directory, *domain, *subscribers, *sqlite;
	gboolean renew;
	int days;
	CaAuthority *authority;
	CaNode *node;
	unsigned made, kept, refused;
} Users;

static bool users_open(Users *users, const char *command, GError **error)
{
	if (!check_usage(command, users->directory && users->node_directory,
			 "--dir and --node are needed") ||
	    !check_days(command, users->days))
		return false;
	users->authority = ca_authority_load(users->directory, error);
	if (users->authority)
		users->node = ca_node_load(users->authority, users->node_directory, error);
	return users->node != NULL;
}

static void users_make(void *data, const char *aor)
{
	Users *users = data;
	GError *error = NULL;

	switch (
	    ca_make_user(users->authority, users->node, aor, users->days, users->renew, &error)) {
	case CA_USER_MADE:
		users->made++;
		break;
	case CA_USER_KEPT:
		users->kept++;
		break;
	default:
		users->refused++;
		reloadctl_fail(&error);
	}
}

static int users_close(Users *users, int result, GError **error)
{
	if (users->node) {
		printf("%u certificates made, %u kept, %u refused\n", users->made, users->kept,
		       users->refused);
		result = users->refused || (error && *error) ? RELOADCTL_FAILED : RELOADCTL_OK;
	}
	if (error && *error)
		result = reloadctl_fail(error);
	ca_node_free(users->node);
	ca_authority_free(users->authority);
	g_free(users->directory);
	g_free(users->node_directory);
	g_free(users->domain);
	g_free(users->subscribers);
	g_free(users->sqlite);
	return result;
}

static int cert_user(int argc, char **argv)
{
	Users users = {.days = DEFAULT_DAYS, .renew = TRUE};
	const GOptionEntry entries[] = {
	    {"dir", 'd', 0, G_OPTION_ARG_FILENAME, &users.directory, "The CA's directory", "DIR"},
	    {"node", 'n', 0, G_OPTION_ARG_FILENAME, &users.node_directory, "The edge's directory",
	     "NODEDIR"},
	    {"days", 0, 0, G_OPTION_ARG_INT, &users.days, "Life of the certificates (default 365)",
	     "N"},
	    {NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	GError *error = NULL;
	char *name = argv[0];
	int result = RELOADCTL_USAGE;

	if (!reloadctl_parse(
		&argc, &argv, entries, "AOR...",
		"Makes, or renews, the certificates of users for the edge in NODEDIR: they go to "
		"NODEDIR/users and hold the edge's Node-ID and key.",
		&result))
		return result;
	if (check_usage(name, argc > 1, "at least one AOR (alice@example.org) is needed") &&
	    users_open(&users, name, &error)) {
		for (int i = 1; i < argc; i++)
			users_make(&users, argv[i]);
	}
	return users_close(&users, RELOADCTL_USAGE, &error);
}

static int cert_users(int argc, char **argv)
{
	Users users = {.days = DEFAULT_DAYS};
	const GOptionEntry entries[] = {
	    {"dir", 'd', 0, G_OPTION_ARG_FILENAME, &users.directory, "The CA's directory", "DIR"},
	    {"node", 'n', 0, G_OPTION_ARG_FILENAME, &users.node_directory, "The edge's directory",
	     "NODEDIR"},
	    {"subscribers", 's', 0, G_OPTION_ARG_FILENAME, &users.subscribers,
	     "A file with user@domain a line (-: standard input), or Kamailio's SQLite database",
	     "FILE"},
	    {"sqlite", 0, 0, G_OPTION_ARG_FILENAME, &users.sqlite,
	     "Kamailio's SQLite database, of which the subscriber table is read (needs sqlite3)",
	     "DB"},
	    {"domain", 0, 0, G_OPTION_ARG_STRING, &users.domain,
	     "Domain of the names that have none (default: the overlay's name)", "DOMAIN"},
	    {"renew", 0, 0, G_OPTION_ARG_NONE, &users.renew,
	     "Renew all, not only those that are missing or end within 30 days", NULL},
	    {"days", 0, 0, G_OPTION_ARG_INT, &users.days, "Life of the certificates (default 365)",
	     "N"},
	    {NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	GError *error = NULL;
	char *name = argv[0];
	const char *domain;
	int result = RELOADCTL_USAGE;

	if (!reloadctl_parse(
		&argc, &argv, entries, "",
		"Makes the certificates of a whole subscriber table for the edge in NODEDIR.",
		&result))
		return result;
	if (check_usage(name, argc == 1 && !users.subscribers != !users.sqlite,
			"one of --subscribers and --sqlite is needed, and nothing more") &&
	    users_open(&users, name, &error)) {
		domain = users.domain ? users.domain : users.authority->document->overlay;
		if (users.subscribers && ca_is_sqlite(users.subscribers))
			ca_subscribers_from_sqlite(users.subscribers, domain, users_make, &users,
						   &error);
		else if (users.subscribers)
			ca_subscribers_from_lines(users.subscribers, domain, users_make, &users,
						  &error);
		else
			ca_subscribers_from_sqlite(users.sqlite, domain, users_make, &users,
						   &error);
	}
	return users_close(&users, RELOADCTL_USAGE, &error);
}

static void print_warning(void *data, const char *line)
{
	(void)data;
	printf("warning: %s\n", line);
}

static int cert_check(int argc, char **argv)
{
	int days = CA_WARN_DAYS, result = RELOADCTL_USAGE;
	const GOptionEntry entries[] = {
	    {"days", 0, 0, G_OPTION_ARG_INT, &days, "How long before the end to warn (default 30)",
	     "N"},
	    {NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	CaCheckResult checked = {0, 0};
	char *name = argv[0];

	if (!reloadctl_parse(
		&argc, &argv, entries, "PATH...",
		"Warns of certificates and documents that have expired or expire within 30 days; a "
		"directory is looked through. Exit code 1: there was a warning.",
		&result) ||
	    !check_usage(name, argc > 1, "at least one PATH is needed") || !check_days(name, days))
		return RELOADCTL_USAGE;
	for (int i = 1; i < argc; i++)
		ca_check_path(argv[i], ca_now(), days, print_warning, NULL, &checked);
	printf("%u checked, %u warnings\n", checked.checked, checked.warned);
	return checked.warned ? RELOADCTL_FAILED : RELOADCTL_OK;
}

const ReloadctlCommand reloadctl_ca_commands[] = {
    {"overlay create", "NAME --dir DIR [--bootstrap ADDRESS:PORT]... [--self-signed] [--shared-secret]",
     "makes the CA and the signed document of a new overlay", overlay_create},
    {"cert node", "--dir DIR --out NODEDIR [--name NAME] [--rsa]",
     "makes a node's key and certificate, or renews the certificate", cert_node},
    {"cert user", "--dir DIR --node NODEDIR AOR...",
     "makes the certificates of users that an edge serves", cert_user},
    {"cert users", "--dir DIR --node NODEDIR --subscribers FILE|-|DB",
     "the same for a whole subscriber table", cert_users},
    {"cert check", "PATH...", "warns of what expires within 30 days", cert_check},
    {"document check", "FILE", "checks an overlay document and prints what it says",
     document_check},
    {"document sign", "--dir DIR [FILE]", "signs a changed or expiring document anew",
     document_sign},
    {"kind sign", "--dir DIR FILE", "signs Kinds that are not in the document", kind_sign},
    {"decode", "[FILE]", "prints a RELOAD message from a file or standard input as text", decode},
    {NULL, NULL, NULL, NULL},
};
