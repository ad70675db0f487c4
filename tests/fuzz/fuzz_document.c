/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An overlay document, as a file or out of a ConfigUpdate. A first byte 'k' makes the rest a
 * document in which the input is only what stands inside of the configuration element. */
#include "reload_core/config/document.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/pki.h"

static Pki pki;
static ReloadDocument *current;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	pki_init(&pki);
	current = pki_document(&pki, "");
	return 0;
}

/* Everything that the rest of the library asks a document. */
static void ask(ReloadDocument *document)
{
	GError *error = NULL;
	ReloadResourceId id;
	ReloadTrust *trust = reload_document_trust(document, &error);
	GHashTableIter iter;
	gpointer key;

	FUZZ_CHECK((trust == NULL) == (error != NULL));
	g_clear_error(&error);
	reload_trust_unref(trust);
	FUZZ_CHECK(document->node_id_length == 16 && document->overlay != NULL);
	g_hash_table_iter_init(&iter, document->kinds);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		FUZZ_CHECK(reload_document_kind(document, GPOINTER_TO_UINT(key)) != NULL);
		reload_document_data_model(GPOINTER_TO_UINT(key), document);
	}
	reload_document_admits_domain(document, "sip.example.org", strlen("sip.example.org"));
	reload_document_admits_user(document, "user@example.org");
	reload_resource_id_from_name(document, "user", 4, &id);
	reload_document_check_successor(current, document, PKI_NOW, NULL);
	reload_document_check_successor(document, current, PKI_NOW, NULL);
}

static GBytes *document_around(const uint8_t *data, size_t size)
{
	char *inside = g_strndup((const char *)data, size);
	char *more = g_strdup_printf("<no-ice>true</no-ice>%s", inside);
	char *text =
	    pki_document_text(pki.ca, "instance-name=\"" PKI_OVERLAY "\" sequence=\"2\"", more);

	g_free(inside);
	g_free(more);
	return g_bytes_new_take(text, strlen(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	GError *error = NULL;
	GBytes *bytes = size > 0 && data[0] == 'k' ? document_around(data + 1, size - 1)
						   : g_bytes_new(data, size);
	ReloadDocument *document = reload_document_parse(bytes, "input", NULL, PKI_NOW, &error);

	FUZZ_CHECK((document == NULL) == (error != NULL));
	if (document != NULL)
		ask(document);
	else
		FUZZ_CHECK(strchr(error->message, '\n') == NULL);
	g_clear_error(&error);
	reload_document_unref(document);
	g_bytes_unref(bytes);
	return 0;
}
