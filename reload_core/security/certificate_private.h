/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For trust.c alone: what is set in a certificate before anyone else sees it. */
#ifndef RELOAD_SECURITY_CERTIFICATE_PRIVATE_H
#define RELOAD_SECURITY_CERTIFICATE_PRIVATE_H

#include "reload_core/security/certificate.h"

/* Takes over chain (GBytes). */
void reload_certificate_take_chain(ReloadCertificate *certificate, GPtrArray *chain);

/* Seconds and more of an ASN.1 time as ms since the Unix epoch; false if it is none. */
bool reload_asn1_time_to_ms(const ASN1_TIME *time, int64_t *ms);

/* RELOAD_OK if key is RSA of 2048 bits and more, or P-256 (sign.h). */
ReloadStatus reload_key_check(EVP_PKEY *key, GError **error);

#endif
