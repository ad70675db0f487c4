/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kind-blocks and documents whose signatures hold. */
#ifndef TESTS_FUZZ_KINDS_H
#define TESTS_FUZZ_KINDS_H

#include "tests/unit/pki.h"

/* The configuration-signer and kind-signer of the documents: a Node-ID, this byte 16 times. */
#define KINDS_SIGNER 0x20
#define KINDS_SIGNERS                                                                              \
	"<kind-signer>20202020202020202020202020202020</kind-signer>"                              \
	"<configuration-signer>20202020202020202020202020202020</configuration-signer>"

/* A SecurityBlock of that signer, base64; g_free frees it. */
char *kinds_signature(const Pki *pki);

/* The text with each $ written out as a kind-signature; g_string_free frees it. */
GString *kinds_written_out(ReloadSpan text, const char *signature);

#endif
