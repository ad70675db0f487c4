/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-1 and SHA-256 by OpenSSL, and the hashes that the overlay's names go through. */
#include "reload_core/security/digest.h"

#include <openssl/evp.h>

size_t reload_digest(ReloadDigest digest, const ReloadSpan *parts, size_t count,
		     uint8_t out[RELOAD_DIGEST_MAX])
{
	const EVP_MD *md = digest == RELOAD_DIGEST_SHA1 ? EVP_sha1() : EVP_sha256();
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned int length = 0;
	bool good = context && EVP_DigestInit_ex(context, md, NULL) == 1;

	for (size_t i = 0; good && i < count; i++)
		good = EVP_DigestUpdate(context, parts[i].data, parts[i].len) == 1;
	good = good && EVP_DigestFinal_ex(context, out, &length) == 1;
	EVP_MD_CTX_free(context);
	return good ? length : 0;
}

/* SHA-1 cannot be done without, here: GLib's stands in where OpenSSL's configuration forbids it. */
static void sha1(ReloadSpan data, uint8_t out[RELOAD_DIGEST_MAX])
{
	gsize length = RELOAD_SHA1_LEN;
	GChecksum *checksum;

	if (reload_digest(RELOAD_DIGEST_SHA1, &data, 1, out) == RELOAD_SHA1_LEN)
		return;
	checksum = g_checksum_new(G_CHECKSUM_SHA1);
	g_checksum_update(checksum, data.data, (gssize)data.len);
	g_checksum_get_digest(checksum, out, &length);
	g_checksum_free(checksum);
}

void reload_hash_resource_name(ReloadSpan name, ReloadResourceId *out)
{
	uint8_t hash[RELOAD_DIGEST_MAX];

	sha1(name, hash);
	memset(out, 0, sizeof(*out));
	out->len = 16;
	memcpy(out->id, hash, 16);
}
