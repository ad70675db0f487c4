/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An overlay made for the vectors: a CA, an operator who signs its document, and a user's node. */
#ifndef TESTS_VECTORS_VECTOR_OVERLAY_H
#define TESTS_VECTORS_VECTOR_OVERLAY_H

#include "reload_core/security/identity.h"
#include "reload_core/security/issue.h"

#define VECTOR_OVERLAY "overlay.example.org"
#define VECTOR_USER "alice@overlay.example.org"

typedef struct {
	int64_t now; /* milliseconds since the Unix epoch */
	EVP_PKEY *ca_key;
	GBytes *ca_certificate;
	ReloadIdentity *operator_identity; /* configuration-signer and kind-signer */
	GBytes *document;
	GBytes *kind_block;
} VectorOverlay;

/* Makes a new overlay; NULL with error set. Free with vector_overlay_free. */
VectorOverlay *vector_overlay_new(int64_t now, GError **error);
void vector_overlay_free(VectorOverlay *overlay);

/* Issues a certificate with those Node-IDs and that user for a new key; the identity uses the first
 * of them. NULL with error set. */
ReloadIdentity *vector_overlay_issue(const VectorOverlay *overlay, ReloadKeyType type,
				     const ReloadNodeId *ids, size_t count, const char *user,
				     GError **error);

#endif
