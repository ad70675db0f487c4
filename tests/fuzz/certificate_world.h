/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CAs of the certificate target, the same in every process. */
#ifndef TESTS_FUZZ_CERTIFICATE_WORLD_H
#define TESTS_FUZZ_CERTIFICATE_WORLD_H

#include "tests/unit/pki.h"

typedef struct {
	EVP_PKEY *root_key, *middle_key, *user_key;
	GBytes *root; /* DER */
} CertificateWorld;

void certificate_world_init(CertificateWorld *world);

/* A new trust in the root. */
ReloadTrust *certificate_world_trust(const CertificateWorld *world, bool self_signed);

/* Whose key fits the certificate: mostly that of the issuer it names, by random another one. */
EVP_PKEY *certificate_world_signer(const CertificateWorld *world, ReloadSpan der, uint32_t random);

/* Certificates to begin with, each with its chain behind it: the one of that number (from 0), NULL
 * behind the last. The caller frees it. */
GByteArray *certificate_world_seed(const CertificateWorld *world, unsigned number);

#endif
