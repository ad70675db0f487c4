/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may write a value: the access control policies (RFC 6940, 7.3). The storing peer asks before
 * it stores, and who fetches asks again. */
#ifndef RELOAD_STORAGE_ACCESS_H
#define RELOAD_STORAGE_ACCESS_H

#include "reload_core/config/document.h"
#include "reload_core/security/certificate.h"
#include "reload_core/wire/stored_data.h"

/* May the owner of certificate, signing as node_id (one of the certificate's), write value at
 * resource_id, by the policy of kind? For SIP-REGISTRATION the domain of the user name has to be
 * one that the document admits, too (RFC 7904, 3.3). The signature itself is checked elsewhere. */
bool reload_access_permits(const ReloadDocument *document, const ReloadKind *kind,
			   const ReloadResourceId *resource_id, const ReloadStoredValue *value,
			   const ReloadCertificate *certificate, const ReloadNodeId *node_id);

#endif
