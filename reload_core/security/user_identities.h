/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The users that an edge serves: a directory with one certificate file for each AOR, all for the
 * edge's own key. Files are read when they are asked for, and a bounded number is kept: a
 * subscriber table may be large. */
#ifndef RELOAD_SECURITY_USER_IDENTITIES_H
#define RELOAD_SECURITY_USER_IDENTITIES_H

#include "reload_core/security/identity.h"

typedef struct ReloadUserIdentities ReloadUserIdentities;

/* Below a node's directory. */
#define RELOAD_USERS_DIRECTORY "users"
/* Identities kept in memory, if the caller names no other number. */
#define RELOAD_USER_IDENTITIES_DEFAULT 4096

/* Makes a store for the certificates in directory, which need not exist yet. key: a reference is
 * taken. cache_size 0: the default. Free with reload_user_identities_free. */
ReloadUserIdentities *reload_user_identities_new(const char *directory, EVP_PKEY *key,
						 const char *overlay, uint8_t node_id_length,
						 size_t cache_size);
void reload_user_identities_free(ReloadUserIdentities *users);

/* Finds the identity of a user by the canonical AOR (without scheme) at now (ms). *out: a new
 * reference. RELOAD_E_NOT_FOUND: there is no certificate of his; RELOAD_E_CONFIG, _CERTIFICATE,
 * _OVERLAY: there is one that is malformed, of another key, user or overlay; RELOAD_E_EXPIRED.
 * error (may be NULL) has the file and the remedy in one line. */
ReloadStatus reload_user_identities_find(ReloadUserIdentities *users, const char *aor, int64_t now,
					 ReloadIdentity **out, GError **error);

/* Forgets what was read: files are read again when they are asked for. */
void reload_user_identities_reload(ReloadUserIdentities *users);

/* The name of the file (without directory) in which the certificate of that AOR is: every byte but
 * letters, digits and
 * - _ + . @ is written as %XX, so that no name leads out of the directory; a name too long for a
 * file system is replaced by its SHA-256. Free with g_free. */
char *reload_user_certificate_file(const char *aor);

#endif
