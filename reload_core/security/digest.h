/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The digests that RELOAD uses, and what is derived from them by hashing alone. */
#ifndef RELOAD_SECURITY_DIGEST_H
#define RELOAD_SECURITY_DIGEST_H

#include "reload_core/wire/status.h"
#include "reload_core/wire/types.h"

typedef enum {
	RELOAD_DIGEST_SHA1,
	RELOAD_DIGEST_SHA256,
} ReloadDigest;

#define RELOAD_SHA1_LEN 20
#define RELOAD_SHA256_LEN 32
#define RELOAD_DIGEST_MAX 32

/* Hashes the parts, one after the other, into out; returns the length of the digest in bytes, or 0
 * if the library cannot (a digest switched off by its configuration). */
size_t reload_digest(ReloadDigest digest, const ReloadSpan *parts, size_t count,
		     uint8_t out[RELOAD_DIGEST_MAX]);

/* The Resource-ID of a Resource Name under CHORD-RELOAD: the first 128 bits of its SHA-1
 * (RFC 6940, 10.2). Also of a Node-ID as Resource Name (raw bytes) and of Node-ID || i. */
void reload_hash_resource_name(ReloadSpan name, ReloadResourceId *out);

#endif
