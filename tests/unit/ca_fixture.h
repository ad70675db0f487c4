/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An overlay for tests: a CA with P-256 keys, its document, and identities issued on demand. All in
 * memory. */
#ifndef TESTS_UNIT_CA_FIXTURE_H
#define TESTS_UNIT_CA_FIXTURE_H

#include "reload_core/config/document.h"
#include "reload_core/security/identity.h"
#include "reload_core/security/trust.h"

#define CA_FIXTURE_OVERLAY "overlay.example.org"

typedef struct {
	EVP_PKEY *ca_key;
	GBytes *ca_certificate; /* DER */
	ReloadDocument *document;
	ReloadTrust *trust;
	int64_t now;	       /* ms; certificates are valid from a day before to a year after it */
	unsigned next_id;      /* makes Node-IDs */
	GPtrArray *identities; /* freed with the fixture */
} CaFixture;

/* Makes an overlay. kinds: kind-block elements (XML), or NULL; extra: other elements for the
 * configuration, or NULL. Any failure ends the test. */
CaFixture *ca_fixture_new(const char *kinds, const char *extra);
void ca_fixture_free(CaFixture *fixture);

/* Issues a certificate for user_name with a new key and that Node-ID (NULL: another new one). The
 * fixture keeps the reference. */
ReloadIdentity *ca_fixture_identity(CaFixture *fixture, const char *user_name,
				    const ReloadNodeId *node_id);
/* The same with dates of its own. */
ReloadIdentity *ca_fixture_identity_dated(CaFixture *fixture, const char *user_name,
					  const ReloadNodeId *node_id, int64_t not_before,
					  int64_t not_after);
/* One that another CA issued: nobody trusts it. */
ReloadIdentity *ca_fixture_stranger(CaFixture *fixture, const char *user_name,
				    const ReloadNodeId *node_id);

/* A Node-ID that differs from all others of the fixture. */
ReloadNodeId ca_fixture_node_id(CaFixture *fixture);

#endif
