/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kind-blocks for tests. */
#ifndef TESTS_UNIT_KIND_BLOCKS_H
#define TESTS_UNIT_KIND_BLOCKS_H

#include "tests/unit/pki.h"

/* Of private use (RFC 6940, 14.6). */
#define KIND_BLOCKS_ID 0xf0000100u

/* A kind-block of a Kind: SINGLE, NODE-MATCH, one value of max_size bytes; more: inside of kind.
 * signer NULL: unsigned. */
GBytes *kind_block(const ReloadIdentity *signer, uint32_t id, unsigned max_size, const char *more);

/* A document of the PKI with that sequence; names: who may sign Kinds, as hexadecimal digit of a
 * Node-ID that is all the same digits, "77" for instance; more: further elements. */
ReloadDocument *kind_document(const Pki *pki, int sequence, const char *const *names,
			      const char *more);

#endif
