/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding the certificate that a SignerIdentity names. */
#include "reload_core/security/certificate_set.h"

typedef struct {
	ReloadSpan der;
	size_t hash_length[2]; /* by ReloadDigest; 0: not computed yet */
	uint8_t hash[2][RELOAD_DIGEST_MAX];
	ReloadCertificate *parsed; /* read, not verified: for cert_hash_node_id */
	bool unreadable;
	bool taken; /* it was read on the account's share */
	ReloadCertificate *certificate; /* verified */
	ReloadStatus status;		/* of the verification, once tried */
	bool tried;
} Item;

struct ReloadCertificateSet {
	ReloadTrust *trust;
	GArray *items;	    /* Item, of security blocks */
	GPtrArray *earlier; /* ReloadCertificate *, verified some time ago */
};

static void item_clear(gpointer data)
{
	Item *item = data;

	reload_certificate_unref(item->parsed);
	reload_certificate_unref(item->certificate);
}

ReloadCertificateSet *reload_certificate_set_new(ReloadTrust *trust)
{
	ReloadCertificateSet *set = g_new0(ReloadCertificateSet, 1);

	set->trust = reload_trust_ref(trust);
	set->items = g_array_new(FALSE, TRUE, sizeof(Item));
	g_array_set_clear_func(set->items, item_clear);
	set->earlier = g_ptr_array_new_with_free_func((GDestroyNotify)reload_certificate_unref);
	return set;
}

void reload_certificate_set_free(ReloadCertificateSet *set)
{
	if (!set)
		return;
	g_array_free(set->items, TRUE);
	g_ptr_array_unref(set->earlier);
	reload_trust_unref(set->trust);
	g_free(set);
}

void reload_certificate_set_add_block(ReloadCertificateSet *set, const ReloadSecurityBlock *block)
{
	ReloadSpan list = block->certificates;
	ReloadGenericCertificate generic;

	while (set->items->len < RELOAD_CERTIFICATE_SET_MAX &&
	       reload_generic_certificate_next(&list, &generic)) {
		Item item = {.der = generic.certificate};

		if (generic.type == RELOAD_CERTIFICATE_X509)
			g_array_append_val(set->items, item);
	}
}

void reload_certificate_set_add(ReloadCertificateSet *set, ReloadCertificate *certificate)
{
	if (set->earlier->len < RELOAD_CERTIFICATE_SET_MAX)
		g_ptr_array_add(set->earlier, reload_certificate_ref(certificate));
}

static const uint8_t *hash_of(Item *item, ReloadDigest digest, size_t *length)
{
	if (item->hash_length[digest] == 0)
		item->hash_length[digest] =
		    reload_digest(digest, &item->der, 1, item->hash[digest]);
	*length = item->hash_length[digest];
	return item->hash[digest];
}

/* Verifies an item with all the others as possible links of its chain. */
static ReloadStatus verify_item(ReloadCertificateSet *set, Item *item, int64_t now,
				ReloadCertificate **out)
{
	ReloadSpan *others;
	size_t count = 0;

	if (!item->tried) {
		if (item->taken)
			reload_trust_give_back(set->trust);
		item->taken = false;
		others = g_new(ReloadSpan, set->items->len);
		for (guint i = 0; i < set->items->len; i++) {
			Item *other = &g_array_index(set->items, Item, i);

			if (other != item)
				others[count++] = other->der;
		}
		item->status = reload_trust_verify(set->trust, item->der, others, count, now,
						   &item->certificate, NULL);
		item->tried = true;
		g_free(others);
	}
	if (item->status != RELOAD_OK)
		return item->status;
	*out = reload_certificate_ref(item->certificate);
	return RELOAD_OK;
}

static ReloadStatus find_by_hash(ReloadCertificateSet *set, ReloadDigest digest, ReloadSpan wanted,
				 int64_t now, ReloadCertificate **out)
{
	size_t length;

	for (guint i = 0; i < set->earlier->len; i++) {
		ReloadCertificate *certificate = set->earlier->pdata[i];
		ReloadStatus status;

		if (memcmp(digest == RELOAD_DIGEST_SHA1 ? reload_certificate_sha1(certificate)
							: reload_certificate_sha256(certificate),
			   wanted.data, wanted.len) != 0)
			continue;
		status = reload_trust_recheck(set->trust, certificate, now);
		if (status == RELOAD_OK)
			*out = reload_certificate_ref(certificate);
		return status;
	}
	if (digest == RELOAD_DIGEST_SHA256) {
		*out = reload_trust_lookup(set->trust, wanted.data, now);
		if (*out)
			return RELOAD_OK;
	}
	for (guint i = 0; i < set->items->len; i++) {
		Item *item = &g_array_index(set->items, Item, i);
		const uint8_t *hash = hash_of(item, digest, &length);

		if (length == wanted.len && memcmp(hash, wanted.data, wanted.len) == 0)
			return verify_item(set, item, now, out);
	}
	return RELOAD_E_CERTIFICATE;
}

/* Is wanted the hash of one of the certificate's Node-IDs || its DER? */
static bool names_node_id(const ReloadCertificate *certificate, ReloadDigest digest,
			  ReloadSpan wanted, ReloadNodeId *node_id)
{
	size_t count;
	const ReloadNodeId *ids = reload_certificate_node_ids(certificate, &count);

	for (size_t i = 0; i < count; i++) {
		uint8_t hash[RELOAD_DIGEST_MAX];
		ReloadSpan parts[2] = {{ids[i].id, ids[i].len},
				       reload_certificate_der(certificate)};

		if (reload_digest(digest, parts, 2, hash) == wanted.len &&
		    memcmp(hash, wanted.data, wanted.len) == 0) {
			*node_id = ids[i];
			return true;
		}
	}
	return false;
}

/* Reads an item that is not in the cache; RELOAD_E_LIMIT: the account has no share left for that. */
static ReloadStatus read_item(ReloadCertificateSet *set, Item *item, int64_t now)
{
	if (!reload_trust_take(set->trust, now))
		return RELOAD_E_LIMIT;
	item->taken = true;
	item->unreadable = reload_certificate_parse(item->der, reload_trust_overlay(set->trust),
						    reload_trust_node_id_length(set->trust),
						    &item->parsed, NULL) != RELOAD_OK;
	return RELOAD_OK;
}

/* Which certificate is meant is seen only by reading them: first those that are known, then one by one those that
 * have to be parsed. */
static ReloadStatus find_in_items(ReloadCertificateSet *set, ReloadDigest digest, ReloadSpan wanted,
				  int64_t now, ReloadCertificate **out, ReloadNodeId *node_id)
{
	size_t length;

	for (guint i = 0; i < set->items->len; i++) {
		Item *item = &g_array_index(set->items, Item, i);

		if (!item->parsed)
			item->parsed = reload_trust_lookup(
			    set->trust, hash_of(item, RELOAD_DIGEST_SHA256, &length), now);
		if (item->parsed && names_node_id(item->parsed, digest, wanted, node_id))
			return verify_item(set, item, now, out);
	}
	for (guint i = 0; i < set->items->len; i++) {
		Item *item = &g_array_index(set->items, Item, i);

		if (item->parsed || item->unreadable)
			continue;
		if (read_item(set, item, now) != RELOAD_OK)
			return RELOAD_E_LIMIT;
		if (item->parsed && names_node_id(item->parsed, digest, wanted, node_id))
			return verify_item(set, item, now, out);
	}
	return RELOAD_E_CERTIFICATE;
}

static ReloadStatus find_by_node_id_hash(ReloadCertificateSet *set, ReloadDigest digest,
					 ReloadSpan wanted, int64_t now, ReloadCertificate **out,
					 ReloadNodeId *node_id)
{
	for (guint i = 0; i < set->earlier->len; i++) {
		ReloadCertificate *certificate = set->earlier->pdata[i];
		ReloadStatus status;

		if (!names_node_id(certificate, digest, wanted, node_id))
			continue;
		status = reload_trust_recheck(set->trust, certificate, now);
		if (status == RELOAD_OK)
			*out = reload_certificate_ref(certificate);
		return status;
	}
	return find_in_items(set, digest, wanted, now, out, node_id);
}

ReloadStatus reload_certificate_set_find(ReloadCertificateSet *set,
					 const ReloadSignerIdentity *identity, int64_t now,
					 ReloadCertificate **out, ReloadNodeId *node_id)
{
	ReloadDigest digest =
	    identity->hash_alg == RELOAD_HASH_SHA1 ? RELOAD_DIGEST_SHA1 : RELOAD_DIGEST_SHA256;
	ReloadStatus status;
	size_t count;

	*out = NULL;
	if (identity->type != RELOAD_SIGNER_CERT_HASH &&
	    identity->type != RELOAD_SIGNER_CERT_HASH_NODE_ID)
		return RELOAD_E_SIGNATURE;
	if (!(identity->hash_alg == RELOAD_HASH_SHA1 && identity->hash.len == RELOAD_SHA1_LEN) &&
	    !(identity->hash_alg == RELOAD_HASH_SHA256 && identity->hash.len == RELOAD_SHA256_LEN))
		return RELOAD_E_SIGNATURE;
	if (identity->type == RELOAD_SIGNER_CERT_HASH_NODE_ID)
		return find_by_node_id_hash(set, digest, identity->hash, now, out, node_id);
	status = find_by_hash(set, digest, identity->hash, now, out);
	if (status != RELOAD_OK)
		return status;
	*node_id = *reload_certificate_node_ids(*out, &count);
	if (count == 1)
		return RELOAD_OK;
	/* RFC 6940, 6.3.4: with several Node-IDs the hash MUST say which one signed. */
	reload_certificate_unref(*out);
	*out = NULL;
	return RELOAD_E_SIGNATURE;
}
