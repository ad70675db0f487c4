/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An overlay document, as a file or out of a ConfigUpdate. A first byte 'k' makes the rest a
 * document in which the input is only what stands inside of the configuration element; with 's'
 * that document is signed, and each $ in it is a kind-signature that holds. */
#include "reload_core/config/document.h"
#include "reload_core/security/sign.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/pki.h"

#define SIGNERS                                                                                    \
	"<no-ice>true</no-ice><kind-signer>20202020202020202020202020202020</kind-signer>"         \
	"<configuration-signer>20202020202020202020202020202020</configuration-signer>"
/* What the input may make of one $, all in all. */
#define TEXT_MAX (64 * 1024)

static Pki pki;
static ReloadDocument *current, *signed_one;
static char *block; /* a SecurityBlock, base64 */

static char *make_block(void)
{
	ReloadIdentity *signer = pki_identity(&pki, RELOAD_KEY_P256, 0x20, "signer@" PKI_OVERLAY);
	GByteArray *out = g_byte_array_new();
	char *text;

	FUZZ_CHECK(reload_sign_block(signer, NULL, 0, NULL, out) == RELOAD_OK);
	text = g_base64_encode(out->data, out->len);
	fuzz_keep_parsed(reload_certificate_der(reload_identity_certificate(signer)));
	g_byte_array_unref(out);
	reload_identity_unref(signer);
	return text;
}

static GBytes *signed_document(const char *inside, int sequence)
{
	char *attributes =
	    g_strdup_printf("instance-name=\"" PKI_OVERLAY "\" sequence=\"%d\"", sequence);
	char *more = g_strdup_printf(SIGNERS "%s", inside);
	GString *text = g_string_new(NULL);
	char *bare = pki_document_text(pki.ca, attributes, more);
	char *end = g_strrstr(bare, "</overlay>");

	g_string_append_len(text, bare, end - bare);
	g_string_append_printf(text, "<signature>%s</signature>%s", block, end);
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
	block = make_block();
	current = pki_document(&pki, "");
	bytes = signed_document("", 1);
	signed_one = reload_document_parse(bytes, "input", NULL, PKI_NOW, &error);
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
	GString *inside = g_string_new(NULL);
	GBytes *bytes;

	for (size_t i = 0; i < size && data[i] != 0 && inside->len < TEXT_MAX; i++) {
		if (data[i] == '$')
			g_string_append_printf(inside, "<kind-signature>%s</kind-signature>",
					       block);
		else
			g_string_append_c(inside, (char)data[i]);
	}
	bytes = signed_document(inside->str, 2);
	g_string_free(inside, TRUE);
	return bytes;
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	GError *error = NULL;
	GBytes *bytes = document_of(data, size);
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
