/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A CA, a document and identities for tests. */
#include "tests/unit/ca_fixture.h"

#include "reload_core/security/issue.h"
#include "reload_core/wire/buffer.h"

/* 2026-01-01T00:00:00Z; tests have no clock of their own. */
#define NOW 1767225600000ll
#define DAY (24ll * 3600 * 1000)

static ReloadDocument *make_document(GBytes *ca, const char *kinds, const char *extra)
{
	gsize len;
	const guchar *der = g_bytes_get_data(ca, &len);
	char *root = g_base64_encode(der, len);
	char *xml = g_strdup_printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
				    "<overlay xmlns=\"urn:ietf:params:xml:ns:p2p:config-base\"\n"
				    " xmlns:sip=\"urn:ietf:params:xml:ns:p2p:config-base:sip\">\n"
				    " <configuration instance-name=\"" CA_FIXTURE_OVERLAY
				    "\" sequence=\"7\"\n"
				    "  expiration=\"2099-01-01T00:00:00Z\">\n"
				    "  <topology-plugin>CHORD-RELOAD</topology-plugin>\n"
				    "  <node-id-length>16</node-id-length>\n"
				    "  <root-cert>%s</root-cert>\n"
				    "  <no-ice>true</no-ice>\n"
				    "  %s\n"
				    "  <required-kinds>%s</required-kinds>\n"
				    " </configuration>\n"
				    "</overlay>\n",
				    root, extra ? extra : "", kinds ? kinds : "");
	GBytes *bytes = g_bytes_new(xml, strlen(xml));
	GError *error = NULL;
	ReloadDocument *document = reload_document_parse(bytes, "fixture", NULL, NOW, &error);

	g_assert_no_error(error);
	g_bytes_unref(bytes);
	g_free(xml);
	g_free(root);
	return document;
}

CaFixture *ca_fixture_new(const char *kinds, const char *extra)
{
	CaFixture *fixture = g_new0(CaFixture, 1);
	GError *error = NULL;

	fixture->now = NOW;
	fixture->next_id = 1;
	fixture->identities = g_ptr_array_new_with_free_func((GDestroyNotify)reload_identity_unref);
	fixture->ca_key = reload_key_generate(RELOAD_KEY_P256, &error);
	g_assert_no_error(error);
	fixture->ca_certificate =
	    reload_issue_ca(fixture->ca_key, "Test CA", NOW - 2 * DAY, NOW + 3650 * DAY, &error);
	g_assert_no_error(error);
	fixture->document = make_document(fixture->ca_certificate, kinds, extra);
	fixture->trust = reload_document_trust(fixture->document, &error);
	g_assert_no_error(error);
	return fixture;
}

void ca_fixture_free(CaFixture *fixture)
{
	g_ptr_array_unref(fixture->identities);
	reload_trust_unref(fixture->trust);
	reload_document_unref(fixture->document);
	g_bytes_unref(fixture->ca_certificate);
	EVP_PKEY_free(fixture->ca_key);
	g_free(fixture);
}

ReloadNodeId ca_fixture_node_id(CaFixture *fixture)
{
	ReloadNodeId id = {.len = 16};

	memset(id.id, 0x5a, 12);
	for (unsigned i = 0; i < 4; i++)
		id.id[12 + i] = (uint8_t)(fixture->next_id >> (24 - 8 * i));
	fixture->next_id++;
	return id;
}

static ReloadIdentity *issue(CaFixture *fixture, GBytes *ca, EVP_PKEY *ca_key,
			     const char *user_name, const ReloadNodeId *node_id, int64_t not_before,
			     int64_t not_after)
{
	ReloadNodeId own = node_id ? *node_id : ca_fixture_node_id(fixture);
	ReloadCertificateRequest request = {
	    .overlay = CA_FIXTURE_OVERLAY,
	    .node_ids = &own,
	    .node_id_count = 1,
	    .user_name = user_name,
	    .not_before = not_before,
	    .not_after = not_after,
	};
	GError *error = NULL;
	EVP_PKEY *key = reload_key_generate(RELOAD_KEY_P256, &error);
	GBytes *der = reload_issue_certificate(ca, ca_key, key, &request, &error);
	ReloadCertificate *certificate = NULL;
	ReloadIdentity *identity;
	ReloadSpan span;

	g_assert_no_error(error);
	span.data = g_bytes_get_data(der, &span.len);
	reload_certificate_parse(span, CA_FIXTURE_OVERLAY, 16, &certificate, &error);
	g_assert_no_error(error);
	identity = reload_identity_new(certificate, NULL, key, NULL, &error);
	g_assert_no_error(error);
	g_ptr_array_add(fixture->identities, identity);
	reload_certificate_unref(certificate);
	EVP_PKEY_free(key);
	g_bytes_unref(der);
	return identity;
}

ReloadIdentity *ca_fixture_identity(CaFixture *fixture, const char *user_name,
				    const ReloadNodeId *node_id)
{
	return issue(fixture, fixture->ca_certificate, fixture->ca_key, user_name, node_id,
		     NOW - DAY, NOW + 365 * DAY);
}

ReloadIdentity *ca_fixture_identity_dated(CaFixture *fixture, const char *user_name,
					  const ReloadNodeId *node_id, int64_t not_before,
					  int64_t not_after)
{
	return issue(fixture, fixture->ca_certificate, fixture->ca_key, user_name, node_id,
		     not_before, not_after);
}

ReloadIdentity *ca_fixture_stranger(CaFixture *fixture, const char *user_name,
				    const ReloadNodeId *node_id)
{
	GError *error = NULL;
	EVP_PKEY *key = reload_key_generate(RELOAD_KEY_P256, &error);
	GBytes *ca = reload_issue_ca(key, "Other CA", NOW - 2 * DAY, NOW + 3650 * DAY, &error);
	ReloadIdentity *identity;

	g_assert_no_error(error);
	identity = issue(fixture, ca, key, user_name, node_id, NOW - DAY, NOW + 365 * DAY);
	g_bytes_unref(ca);
	EVP_PKEY_free(key);
	return identity;
}
