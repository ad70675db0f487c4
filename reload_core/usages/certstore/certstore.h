/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates in the overlay (RFC 6940, 8): Kinds CERTIFICATE_BY_NODE and CERTIFICATE_BY_USER. */
#ifndef RELOAD_USAGES_CERTSTORE_CERTSTORE_H
#define RELOAD_USAGES_CERTSTORE_CERTSTORE_H

#include "reload_core/peer/node.h"

/* A Store or Fetch under way; it frees itself when its callback was called. */
typedef struct ReloadCertstoreTask ReloadCertstoreTask;

/* Called exactly once, unless cancelled: RELOAD_OK when both are stored, else the first error;
 * RELOAD_E_FORBIDDEN: certificates are self-signed here, and another node has the user name. */
typedef void (*ReloadCertstoreStoredFunc)(void *data, ReloadStatus status, int64_t now);

/* Stores identity's certificate by its user name and by its Node-ID, at the end of the lists; where
 * it is in a list already, its lifetime (seconds) is renewed there. done is never called before
 * this returns. *task (may be NULL) is for cancelling. RELOAD_E_STATE: not joined, or another error
 * of reload_node_request. */
ReloadStatus reload_certstore_store(ReloadNode *node, ReloadIdentity *identity, uint32_t lifetime,
				    ReloadCertstoreStoredFunc done, void *data, int64_t now,
				    ReloadCertstoreTask **task);

/* Called exactly once, unless cancelled. RELOAD_OK: certificates (ReloadCertificate*, verified,
 * valid during the call; take references) holds at least one; RELOAD_E_NOT_FOUND: none; or the
 * Fetch's error and NULL. */
typedef void (*ReloadCertstoreFoundFunc)(void *data, ReloadStatus status,
					 const GPtrArray *certificates, int64_t now);

/* Fetches the certificates of a user name or of a Node-ID. Errors as above. */
ReloadStatus reload_certstore_fetch_by_user(ReloadNode *node, const char *user_name,
					    ReloadCertstoreFoundFunc found, void *data, int64_t now,
					    ReloadCertstoreTask **task);
ReloadStatus reload_certstore_fetch_by_node(ReloadNode *node, const ReloadNodeId *node_id,
					    ReloadCertstoreFoundFunc found, void *data, int64_t now,
					    ReloadCertstoreTask **task);

/* Stops it: its callback is not called. */
void reload_certstore_cancel(ReloadCertstoreTask *task);

#endif
