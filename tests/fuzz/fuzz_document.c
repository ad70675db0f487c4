/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An overlay document, as a file or out of a ConfigUpdate. A first byte 'k' makes the rest a
 * document in which the input is only what stands inside of the configuration element; with 's'
 * that document is signed, and each $ in it is a kind-signature that holds. */
#include "reload_core/config/document.h"
#include "reload_core/config/kind_update.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/kinds.h"

static Pki pki;
static ReloadDocument *current, *signed_one;
static ReloadTrust *signed_trust;
static char *signature; /* a SecurityBlock, base64 */

static GBytes *signed_document(const char *inside, int sequence)
{
	char *attributes =
	    g_strdup_printf("instance-name=\"" PKI_OVERLAY "\" sequence=\"%d\"", sequence);
	char *more = g_strdup_printf("<no-ice>true</no-ice>" KINDS_SIGNERS "%s", inside);
	GString *text = g_string_new(NULL);
	char *bare = pki_document_text(pki.ca, attributes, more);
	char *end = g_strrstr(bare, "</overlay>");

	g_string_append_len(text, bare, end - bare);
	g_string_append_printf(text, "<signature>%s</signature>%s", signature, end);
	g_free(bare);
	g_free(more);
	g_free(attributes);
	return g_string_free_to_bytes(text);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	GError *error = NULL;
	GBytes *bytes;

	(void)argc;
	(void)argv;
	fuzz_fix_world();
	fuzz_stub_chains();
	pki_init(&pki);
	fuzz_keep_parsed(pki_span(pki.ca));
	signature = kinds_signature(&pki);
	current = pki_document(&pki, "");
	bytes = signed_document("", 1);
	signed_one = reload_document_parse(bytes, "input", NULL, PKI_NOW, &error);
	g_assert_no_error(error);
	signed_trust = reload_document_trust(signed_one, &error);
	g_assert_no_error(error);
	g_bytes_unref(bytes);
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
	if (reload_document_check_successor(signed_one, document, PKI_NOW, NULL) == RELOAD_OK)
		FUZZ_CHECK(document->signatures->len > 0);
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

static GBytes *signed_around(const uint8_t *data, size_t size)
{
	GString *inside = kinds_written_out(reload_span(data, size), signature);
	GBytes *bytes = signed_document(inside->str, 2);

	g_string_free(inside, TRUE);
	return bytes;
}

/* The text that a learned Kind is handed on as teaches others the same Kind. */
static void hand_on(const ReloadKind *kind, const ReloadKindBlock *block)
{
	ReloadSpan text = pki_span(block->text);
	ReloadDocument *other;
	const ReloadKind *same;

	FUZZ_CHECK(text.len <= RELOAD_KIND_BLOCK_MAX);
	FUZZ_CHECK(reload_document_learn(signed_one, signed_trust, &text, 1, "other", PKI_NOW,
					 &other, NULL) == RELOAD_OK);
	same = reload_document_kind(other, kind->id);
	FUZZ_CHECK(same != NULL && same->model == kind->model && same->access == kind->access &&
		   same->max_count == kind->max_count && same->max_size == kind->max_size);
	reload_document_unref(other);
}

static void learn(ReloadSpan input)
{
	GString *written = kinds_written_out(input, signature);
	ReloadSpan text = reload_span((const uint8_t *)written->str, written->len);
	ReloadDocument *document = NULL;
	GHashTableIter iter;
	GError *error = NULL;
	gpointer id;

	if (reload_document_learn(signed_one, signed_trust, &text, 1, "input", PKI_NOW, &document,
				  &error) == RELOAD_OK) {
		FUZZ_CHECK(document != NULL && error == NULL);
		ask(document);
		g_hash_table_iter_init(&iter, document->kinds);
		while (g_hash_table_iter_next(&iter, &id, NULL)) {
			uint32_t kind = GPOINTER_TO_UINT(id);
			const ReloadKindBlock *block = reload_document_kind_block(document, kind);

			if (block != NULL && block->learned)
				hand_on(reload_document_kind(document, kind), block);
		}
		reload_document_unref(document);
	} else {
		FUZZ_CHECK(error != NULL && strchr(error->message, '\n') == NULL);
	}
	g_clear_error(&error);
	g_string_free(written, TRUE);
}

static GBytes *document_of(const uint8_t *data, size_t size)
{
	switch (size > 0 ? data[0] : 0) {
	case 'k':
		return document_around(data + 1, size - 1);
	case 's':
		return signed_around(data + 1, size - 1);
	default:
		return g_bytes_new(data, size);
	}
}

/* What a document is handed on as says the same. */
static void hand_on_document(const ReloadDocument *document)
{
	ReloadDocument *again =
	    reload_document_parse(document->handed_on, "handed on", document->overlay, PKI_NOW, NULL);

	FUZZ_CHECK(again != NULL && again->is_signed == document->is_signed &&
		   g_bytes_equal(again->handed_on, document->handed_on) &&
		   again->max_message_size == document->max_message_size &&
		   g_hash_table_size(again->kinds) == g_hash_table_size(document->kinds));
	reload_document_unref(again);
}

static void parse(const uint8_t *data, size_t size)
{
	GError *error = NULL;
	GBytes *bytes = document_of(data, size);
	ReloadDocument *document = reload_document_parse(bytes, "input", NULL, PKI_NOW, &error);

	FUZZ_CHECK((document == NULL) == (error != NULL));
	reload_document_rank(signed_one, bytes, PKI_NOW);
	if (document != NULL)
		hand_on_document(document);
	if (document != NULL)
		ask(document);
	else
		FUZZ_CHECK(strchr(error->message, '\n') == NULL);
	g_clear_error(&error);
	reload_document_unref(document);
	g_bytes_unref(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0 && data[0] == 'u')
		learn(reload_span(data + 1, size - 1));
	else
		parse(data, size);
	return 0;
}
