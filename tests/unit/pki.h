/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small CA in memory for tests: identities, a trust and a document of one overlay. */
#ifndef TESTS_UNIT_PKI_H
#define TESTS_UNIT_PKI_H

#include "reload_core/config/document.h"
#include "reload_core/security/identity.h"
#include "reload_core/security/issue.h"
#include "reload_core/security/trust.h"

#define PKI_OVERLAY "overlay.example.org"
/* 2030-01-01T00:00:00Z: tests choose their time, no clock is asked. */
#define PKI_NOW INT64_C(1893456000000)
#define PKI_DAY INT64_C(86400000)

typedef struct {
	EVP_PKEY *ca_key;
	GBytes *ca; /* DER */
} Pki;

/* Makes a CA that is valid for 100 days around PKI_NOW. */
void pki_init(Pki *pki);
void pki_clear(Pki *pki);

/* A Node-ID whose bytes are all fill. */
ReloadNodeId pki_node_id(uint8_t fill);

/* A certificate (DER) for key with one Node-ID, valid for ten days around PKI_NOW. */
GBytes *pki_certificate(const Pki *pki, EVP_PKEY *key, uint8_t fill, const char *user_name);

/* An identity with a new key. */
ReloadIdentity *pki_identity(const Pki *pki, ReloadKeyType type, uint8_t fill,
			     const char *user_name);

/* A trust with the CA as its only root-cert. */
ReloadTrust *pki_trust(const Pki *pki);

/* A span of a GBytes; lives as long as it. */
ReloadSpan pki_span(GBytes *bytes);

/* A document with the CA as root-cert; more: further elements inside of configuration, or "". */
ReloadDocument *pki_document(const Pki *pki, const char *more);

/* Its text (free with g_free). ca may be NULL. */
char *pki_document_text(GBytes *ca, const char *attributes, const char *more);

#endif
