/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signed messages made by hand, for tests that feed whole nodes. */
#ifndef TESTS_UNIT_MESSAGE_KIT_H
#define TESTS_UNIT_MESSAGE_KIT_H

#include "reload_core/config/document.h"
#include "reload_core/security/identity.h"

/* A message as its originator sends it, in the overlay of document; behind body come so many zeroes. The
 * caller's. */
GByteArray *message_kit_write(const ReloadDocument *document, ReloadIdentity *signer, uint16_t code,
			      uint64_t transaction_id, const GByteArray *destinations, const GByteArray *body,
			      size_t zeroes);

/* The body of an Update by which its sender may be routed through. The caller's. */
GByteArray *message_kit_ready(void);

#endif
