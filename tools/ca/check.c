/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking for certificates and documents that end soon. */
#include "tools/ca/check.h"

#include "reload_core/config/document.h"
#include "reload_core/security/certificate_private.h"
#include "tools/ca/authority.h"
#include "tools/ca/files.h"

#include <openssl/x509v3.h>

/* Directories below a node's are its users' only; deeper than this is a loop of links. */
#define DEPTH_MAX 6

typedef struct {
	int64_t now, limit;
	CaWarning warn;
	void *data;
	CaCheckResult *result;
} Check;

static void warn(Check *check, const char *line)
{
	check->result->warned++;
	check->warn(check->data, line);
}

static void judge(Check *check, const char *path, const char *what, int64_t not_before,
		  int64_t not_after, const char *remedy)
{
	char *date, *line;

	if (not_before <= check->now && not_after > check->limit)
		return;
	date = ca_date(not_before > check->now ? not_before : not_after);
	line = g_strdup_printf("%s: %s %s on %s: %s", path, what,
			       not_before > check->now	? "begins only"
			       : not_after < check->now ? "has expired"
							: "expires",
			       date, remedy);
	warn(check, line);
	g_free(date);
	g_free(line);
}

static void check_certificate(Check *check, const char *path)
{
	GError *error = NULL;
	GBytes *der = ca_read_certificate(path, &error);
	int64_t not_before, not_after;
	const unsigned char *position;
	gsize length;
	X509 *x509;

	check->result->checked++;
	if (!der) {
		warn(check, error->message);
		g_error_free(error);
		return;
	}
	position = g_bytes_get_data(der, &length);
	x509 = d2i_X509(NULL, &position, (long)length);
	if (x509 && reload_asn1_time_to_ms(X509_get0_notBefore(x509), &not_before) &&
	    reload_asn1_time_to_ms(X509_get0_notAfter(x509), &not_after))
		judge(check, path, "certificate", not_before, not_after,
		      X509_check_ca(x509) == 1 ? "make a new CA and add it to the document in time"
					       : "renew it with `reloadctl cert`");
	X509_free(x509);
	g_bytes_unref(der);
}

static void check_document(Check *check, const char *path)
{
	GError *error = NULL;
	ReloadDocument *document = reload_document_load_file(path, NULL, check->now, &error);

	check->result->checked++;
	if (!document) {
		warn(check, error->message);
		g_error_free(error);
		return;
	}
	judge(check, path, "document", INT64_MIN, document->expiration,
	      "renew it with `reloadctl document sign`");
	reload_document_unref(document);
}

static void check_path(Check *check, const char *path, int depth)
{
	GError *error = NULL;
	const char *name;
	GDir *directory;

	if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
		if (g_str_has_suffix(path, ".xml"))
			check_document(check, path);
		else
			check_certificate(check, path);
		return;
	}
	directory = depth < DEPTH_MAX ? g_dir_open(path, 0, &error) : NULL;
	if (!directory) {
		if (error)
			warn(check, error->message);
		g_clear_error(&error);
		return;
	}
	while ((name = g_dir_read_name(directory)) != NULL) {
		char *below = g_build_filename(path, name, NULL);

		if (g_file_test(below, G_FILE_TEST_IS_DIR) || g_str_has_suffix(name, ".crt") ||
		    g_str_has_suffix(name, ".pem") || strcmp(name, "overlay.xml") == 0)
			check_path(check, below, depth + 1);
		g_free(below);
	}
	g_dir_close(directory);
}

void ca_check_path(const char *path, int64_t now, int days, CaWarning tell, void *data,
		   CaCheckResult *result)
{
	Check check = {now, now + days * CA_DAY_MS, tell, data, result};

	check_path(&check, path, 0);
}
