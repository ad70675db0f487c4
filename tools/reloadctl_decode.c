/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command of reloadctl that prints a message. */
#include "tools/reloadctl_document.h"

#include "reload_core/config/document.h"
#include "reload_core/security/error.h"
#include "reload_core/wire/print.h"
#include "tools/ca/files.h"
#include "tools/reloadctl.h"

#include <errno.h>
#include <stdio.h>

/* The length field has 32 bits, but no message of an overlay is as long as this. */
#define MESSAGE_MAX_BYTES (32 * 1024 * 1024)

static GByteArray *read_message(const char *path, GError **error)
{
	FILE *file = path ? fopen(path, "re") : stdin;
	GByteArray *bytes = g_byte_array_new();
	uint8_t buffer[65536];
	size_t n;

	while (file && bytes->len <= MESSAGE_MAX_BYTES &&
	       (n = fread(buffer, 1, sizeof(buffer), file)) > 0)
		g_byte_array_append(bytes, buffer, (guint)n);
	if (!file || ferror(file))
		reload_fail(error, RELOAD_E_CONFIG,
			    "%s: message cannot be read (%s): correct the path",
			    path ? path : "standard input", g_strerror(errno));
	else if (bytes->len > MESSAGE_MAX_BYTES)
		reload_fail(error, RELOAD_E_TOO_LARGE, "%s: is too large for a RELOAD message",
			    path ? path : "standard input");
	if (file && file != stdin)
		fclose(file);
	return bytes;
}

int decode(int argc, char **argv)
{
	char *path = NULL, *name = argv[0];
	int result = RELOADCTL_USAGE;
	const GOptionEntry entries[] = {
	    {"document", 0, 0, G_OPTION_ARG_FILENAME, &path,
	     "The overlay's document: tells of its own Kinds", "FILE"},
	    {NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	ReloadDocument *document = NULL;
	GError *error = NULL;
	GByteArray *bytes;
	GString *text;
	ReloadStatus status;

	if (!reloadctl_parse(
		&argc, &argv, entries, "[FILE]",
		"Prints one RELOAD message, from its token on, as text. Verifies no signature.",
		&result))
		return result;
	if (argc > 2) {
		fprintf(stderr, "%s: at most one FILE (see %s --help)\n", name, name);
		g_free(path);
		return RELOADCTL_USAGE;
	}
	if (path)
		document = reload_document_load_file(path, NULL, ca_now(), &error);
	bytes = error ? g_byte_array_new() : read_message(argc == 2 ? argv[1] : NULL, &error);
	text = g_string_new(NULL);
	if (!error) {
		status =
		    reload_print_message(text, (ReloadSpan){bytes->data, bytes->len},
					 document ? document->node_id_length : 0,
					 document ? reload_document_data_model : NULL, document);
		fputs(text->str, stdout);
		if (status != RELOAD_OK)
			reload_fail(&error, status, "%s: message cannot be decoded whole: %s",
				    argc == 2 ? argv[1] : "standard input",
				    reload_strerror(status));
	}
	g_string_free(text, TRUE);
	g_byte_array_unref(bytes);
	reload_document_unref(document);
	g_free(path);
	return error ? reloadctl_fail(&error) : RELOADCTL_OK;
}
