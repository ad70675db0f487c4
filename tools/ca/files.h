/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of keys and certificates: written whole or not at all, keys for their owner only. */
#ifndef TOOLS_CA_FILES_H
#define TOOLS_CA_FILES_H

#include <glib.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>

/* Makes the directory and its parents (mode 0700 for what is new). */
bool ca_make_directory(const char *path, GError **error);
/* Writes text into a new file and renames that to path; true: it is on the disk. mode: 0600 or
 * 0644. */
bool ca_write_file(const char *path, const char *text, size_t length, unsigned mode,
		   GError **error);
bool ca_write_certificate(const char *path, GBytes *der, GError **error);
bool ca_write_key(const char *path, EVP_PKEY *key, GError **error);
/* The first certificate of a PEM file, DER. */
GBytes *ca_read_certificate(const char *path, GError **error);
bool ca_exists(const char *path);
/* Now, in ms since the Unix epoch. */
int64_t ca_now(void);
/* "2030-01-31"; free with g_free. */
char *ca_date(int64_t ms);

#endif
