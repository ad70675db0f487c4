/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signing a document (RFC 6940, 11.1), for the operator's tool and tests. */
#ifndef RELOAD_CONFIG_DOCUMENT_SIGN_H
#define RELOAD_CONFIG_DOCUMENT_SIGN_H

#include "reload_core/security/identity.h"

/* Returns the document with the Kinds and the configuration signed by signer; what signatures these
 * had are replaced. No other byte changes, except: sequence (0..65534, -1: as it is) and expiration
 * (ms since the Unix epoch, -1: as it is) become attributes of the configuration. overlay NULL: the
 * only configuration. name is for error texts. NULL with error set. */
GBytes *reload_document_sign(GBytes *document, const char *name, const char *overlay,
			     const ReloadIdentity *signer, int sequence, int64_t expiration,
			     GError **error);

/* Returns kind-blocks that stand alone (6.5.4.1: for kind_update.h), signed by signer; signatures
 * that they had are replaced, no other byte changes. NULL with error set. */
GBytes *reload_kind_blocks_sign(GBytes *blocks, const char *name, const ReloadIdentity *signer,
				GError **error);

#endif
