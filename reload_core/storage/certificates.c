/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The certificates kept with the data that needs them, and the signers behind them: each once,
 * counted. */
#include "reload_core/storage/internal.h"

guint certificate_hash_key(gconstpointer key)
{
	guint hash;

	memcpy(&hash, key, sizeof(hash)); /* a SHA-256 is as even as a hash can be */
	return hash;
}

gboolean certificate_equal_keys(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, RELOAD_SHA256_LEN) == 0;
}

static GPtrArray *copy_chain(const GPtrArray *chain)
{
	GPtrArray *copy;

	if (!chain || !chain->len)
		return NULL;
	copy = g_ptr_array_new_full(chain->len, (GDestroyNotify)g_bytes_unref);
	for (guint i = 0; i < chain->len; i++)
		g_ptr_array_add(copy, g_bytes_ref(g_ptr_array_index(chain, i)));
	return copy;
}

size_t certificate_cost(const StoredCertificate *stored)
{
	size_t cost = g_bytes_get_size(stored->der) + strlen(stored->user_name) + CERTIFICATE_OVERHEAD;

	for (guint i = 0; stored->chain && i < stored->chain->len; i++)
		cost += g_bytes_get_size(g_ptr_array_index(stored->chain, i));
	return cost;
}

/* Of the parsed form only the user name is kept: all of it takes several times as much as the DER, and
 * trust keeps those in use. */
StoredCertificate *certificate_acquire(ReloadStorage *storage, const ReloadCertificate *certificate)
{
	const uint8_t *sha256 = reload_certificate_sha256(certificate);
	StoredCertificate *stored = g_hash_table_lookup(storage->certificates, sha256);

	if (!stored) {
		ReloadSpan der = reload_certificate_der(certificate);

		stored = g_new0(StoredCertificate, 1);
		memcpy(stored->sha256, sha256, RELOAD_SHA256_LEN);
		stored->der = g_bytes_new(der.data, der.len);
		stored->chain = copy_chain(reload_certificate_chain(certificate));
		stored->user_name = g_strdup(reload_certificate_user_name(certificate));
		g_hash_table_add(storage->certificates, stored);
	}
	stored->uses++;
	return stored;
}

void certificate_stored(ReloadStorage *storage, StoredCertificate *stored, Owner *owner)
{
	if (stored->stored++)
		return;
	stored->payer = owner;
	owner->uses++;
	owner->bytes += certificate_cost(stored);
	storage->bytes += certificate_cost(stored);
}

void certificate_removed(ReloadStorage *storage, StoredCertificate *stored)
{
	if (--stored->stored)
		return;
	storage->bytes -= certificate_cost(stored);
	stored->payer->bytes -= certificate_cost(stored);
	owner_release(storage, stored->payer);
	stored->payer = NULL;
}

void certificate_release(ReloadStorage *storage, StoredCertificate *stored)
{
	if (--stored->uses)
		return;
	g_hash_table_remove(storage->certificates, stored);
	g_bytes_unref(stored->der);
	g_free(stored->user_name);
	g_clear_pointer(&stored->chain, g_ptr_array_unref);
	g_free(stored);
}

/* NULL: it is not to be trusted any more. */
static ReloadCertificate *parsed(ReloadStorage *storage, const StoredCertificate *stored,
				 int64_t now)
{
	ReloadCertificate *certificate;
	ReloadSpan der;

	der.data = g_bytes_get_data(stored->der, &der.len);
	reload_trust_reverify(storage->trust, stored->sha256, der, stored->chain, now, &certificate);
	return certificate;
}

void certificate_new_stamp(ReloadStorage *storage)
{
	storage->stamp++;
}

gssize certificate_add(ReloadStorage *storage, StoredCertificate *stored, GPtrArray *out,
		       int64_t now)
{
	ReloadCertificate *certificate;

	if (stored->stamp == storage->stamp)
		return 0;
	certificate = parsed(storage, stored, now);
	if (!certificate)
		return -1;
	stored->stamp = storage->stamp;
	g_ptr_array_add(out, certificate);
	return (gssize)g_bytes_get_size(stored->der) + RELOAD_GENERIC_CERTIFICATE_HEAD;
}

Owner *owner_acquire(ReloadStorage *storage, const ReloadNodeId *id)
{
	Owner *owner = g_hash_table_lookup(storage->owners, id);

	if (!owner) {
		owner = g_new0(Owner, 1);
		owner->id = *id;
		g_hash_table_add(storage->owners, owner);
	}
	owner->uses++;
	return owner;
}

void owner_release(ReloadStorage *storage, Owner *owner)
{
	if (--owner->uses)
		return;
	g_hash_table_remove(storage->owners, owner);
	g_free(owner);
}
