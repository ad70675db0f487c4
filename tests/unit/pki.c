/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small CA in memory for tests. */
#include "tests/unit/pki.h"

void pki_init(Pki *pki)
{
	GError *error = NULL;

	pki->ca_key = reload_key_generate(RELOAD_KEY_P256, &error);
	g_assert_no_error(error);
	pki->ca = reload_issue_ca(pki->ca_key, "Test CA", PKI_NOW - 100 * PKI_DAY,
				  PKI_NOW + 100 * PKI_DAY, &error);
	g_assert_no_error(error);
}

void pki_clear(Pki *pki)
{
	EVP_PKEY_free(pki->ca_key);
	g_bytes_unref(pki->ca);
}

ReloadNodeId pki_node_id(uint8_t fill)
{
	ReloadNodeId id = {.len = 16};

	memset(id.id, fill, 16);
	return id;
}

GBytes *pki_certificate(const Pki *pki, EVP_PKEY *key, uint8_t fill, const char *user_name)
{
	ReloadNodeId id = pki_node_id(fill);
	ReloadCertificateRequest request = {
	    .overlay = PKI_OVERLAY,
	    .node_ids = &id,
	    .node_id_count = 1,
	    .user_name = user_name,
	    .not_before = PKI_NOW - 10 * PKI_DAY,
	    .not_after = PKI_NOW + 10 * PKI_DAY,
	};
	GError *error = NULL;
	GBytes *der = reload_issue_certificate(pki->ca, pki->ca_key, key, &request, &error);

	g_assert_no_error(error);
	return der;
}

ReloadIdentity *pki_identity(const Pki *pki, ReloadKeyType type, uint8_t fill,
			     const char *user_name)
{
	GError *error = NULL;
	EVP_PKEY *key = reload_key_generate(type, &error);
	GBytes *der = pki_certificate(pki, key, fill, user_name);
	ReloadCertificate *certificate;
	ReloadIdentity *identity;

	g_assert_no_error(error);
	reload_certificate_parse(pki_span(der), PKI_OVERLAY, 16, &certificate, &error);
	g_assert_no_error(error);
	identity = reload_identity_new(certificate, NULL, key, NULL, &error);
	g_assert_no_error(error);
	reload_certificate_unref(certificate);
	g_bytes_unref(der);
	EVP_PKEY_free(key);
	return identity;
}

ReloadTrust *pki_trust(const Pki *pki)
{
	ReloadDocument *document = pki_document(pki, "");
	GError *error = NULL;
	ReloadTrust *trust = reload_document_trust(document, &error);

	g_assert_no_error(error);
	reload_document_unref(document);
	return trust;
}

ReloadSpan pki_span(GBytes *bytes)
{
	ReloadSpan span;

	span.data = g_bytes_get_data(bytes, &span.len);
	return span;
}

char *pki_document_text(GBytes *ca, const char *attributes, const char *more)
{
	ReloadSpan der = ca ? pki_span(ca) : (ReloadSpan){NULL, 0};
	char *base64 = ca ? g_base64_encode(der.data, der.len) : NULL;
	char *root = ca ? g_strdup_printf("<root-cert>%s</root-cert>", base64) : g_strdup("");
	char *text = g_strdup_printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
				     "<overlay xmlns=\"urn:ietf:params:xml:ns:p2p:config-base\"\n"
				     "  xmlns:chord=\"urn:ietf:params:xml:ns:p2p:config-chord\"\n"
				     "  xmlns:sip=\"urn:ietf:params:xml:ns:p2p:config-base:sip\"\n"
				     "  xmlns:ext=\"urn:example:ext\">\n"
				     "<configuration %s>%s%s</configuration>\n</overlay>\n",
				     attributes, root, more);

	g_free(base64);
	g_free(root);
	return text;
}

ReloadDocument *pki_document(const Pki *pki, const char *more)
{
	char *inside = g_strdup_printf("<no-ice>true</no-ice>%s", more);
	char *text =
	    pki_document_text(pki->ca, "instance-name=\"" PKI_OVERLAY "\" sequence=\"1\"", inside);
	GBytes *bytes = g_bytes_new_take(text, strlen(text));
	GError *error = NULL;
	ReloadDocument *document = reload_document_parse(bytes, "test", NULL, PKI_NOW, &error);

	g_assert_no_error(error);
	g_bytes_unref(bytes);
	g_free(inside);
	return document;
}
