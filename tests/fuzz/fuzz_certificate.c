/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A certificate that came in a message: read, asked for all it says, verified. */
#include "reload_core/config/document.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/pki.h"

static ReloadTrust *trust;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static Pki pki;
	GError *error = NULL;
	ReloadDocument *document;

	(void)argc;
	(void)argv;
	pki_init(&pki);
	document = pki_document(
	    &pki, "<self-signed-permitted digest=\"sha256\">true</self-signed-permitted>");
	trust = reload_document_trust(document, &error);
	g_assert_no_error(error);
	reload_document_unref(document);
	return 0;
}

static void ask(ReloadCertificate *certificate)
{
	const char *user = reload_certificate_user_name(certificate);
	size_t count;
	const ReloadNodeId *ids = reload_certificate_node_ids(certificate, &count);

	FUZZ_CHECK(count >= 1 && count <= RELOAD_CERTIFICATE_MAX_NODE_IDS);
	for (size_t i = 0; i < count; i++)
		FUZZ_CHECK(ids[i].len == 16 &&
			   reload_certificate_has_node_id(certificate, &ids[i]));
	FUZZ_CHECK(strlen(user) <= RELOAD_USER_NAME_MAX);
	for (const char *c = user; *c != '\0'; c++)
		FUZZ_CHECK(*c > ' ' && *c < 0x7f);
	FUZZ_CHECK(reload_certificate_key(certificate) != NULL);
	reload_certificate_check_dates(certificate, PKI_NOW);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ReloadSpan der = reload_span(data, size);
	ReloadCertificate *certificate = NULL, *verified = NULL;
	GError *error = NULL;

	if (reload_certificate_parse(der, PKI_OVERLAY, 16, &certificate, &error) == RELOAD_OK) {
		ask(certificate);
		if (reload_trust_verify(trust, der, &der, 1, PKI_NOW, &verified, NULL) == RELOAD_OK)
			ask(verified);
		reload_certificate_unref(verified);
		reload_certificate_unref(certificate);
	} else {
		FUZZ_CHECK(certificate == NULL && error != NULL);
		FUZZ_CHECK(strchr(error->message, '\n') == NULL);
	}
	g_clear_error(&error);
	return 0;
}
