/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one canonical form of an AOR (RFC 7904, 2 and 7): `user@domain` without scheme, parameters,
 * port or password; escapes decoded, domain in lower case, user part case-sensitive. It is the
 * Resource Name, the rfc822Name of the user's certificate and the name in the registrar, byte by
 * byte. */
#ifndef RELOAD_USAGES_SIP_AOR_H
#define RELOAD_USAGES_SIP_AOR_H

#include "reload_core/config/document.h"
#include "reload_core/wire/status.h"
#include "reload_core/wire/types.h"

/* As long as a user name of a certificate may be. */
#define RELOAD_AOR_MAX 255

typedef struct {
	uint8_t len;
	uint8_t user_len;	       /* the domain begins at text[user_len + 1] */
	char text[RELOAD_AOR_MAX + 1]; /* NUL-terminated, without a NUL inside */
} ReloadAor;

/* Canonicalizes a sip: or sips: URI, or one whose scheme was left out. RELOAD_E_MALFORMED: no such
 * URI, no user part, control characters behind the escapes; RELOAD_E_UNSUPPORTED: another scheme;
 * RELOAD_E_TOO_LARGE. */
ReloadStatus reload_aor_from_uri(const char *uri, size_t len, ReloadAor *out);

/* Canonicalizes what has its escapes decoded already, such as the rfc822Name of a certificate:
 * lowers the domain only. Errors as above. */
ReloadStatus reload_aor_from_name(const char *name, size_t len, ReloadAor *out);

/* The same from its two parts, the user part with escapes, as a SIP proxy holds them. */
ReloadStatus reload_aor_from_parts(const char *user, size_t user_len, const char *domain,
				   size_t domain_len, ReloadAor *out);

/* Returns `sip:user@domain` with the escapes that the user part needs; free with g_free. */
char *reload_aor_to_uri(const ReloadAor *aor);

bool reload_aor_equal(const ReloadAor *a, const ReloadAor *b);

/* The Resource-ID under which the AOR is registered. */
void reload_aor_resource_id(const ReloadDocument *document, const ReloadAor *aor,
			    ReloadResourceId *out);

#endif
