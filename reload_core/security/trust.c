/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The trust: its options, its cache, and the entry points; chain.c does the X.509 part. */
#include "reload_core/security/trust.h"

#include "reload_core/security/certificate_private.h"
#include "reload_core/security/chain.h"
#include "reload_core/security/error.h"
#include "reload_core/security/quota.h"
#include "reload_core/wire/header.h"

#include <openssl/err.h>

/* One certificate found good. The chain above it may end before it does. */
typedef struct {
	ReloadCertificate *certificate;
	int64_t not_before;
	int64_t not_after;
	GList link; /* in cache_order; link.data is this entry */
} Entry;

struct ReloadTrust {
	gint references;
	char *overlay;
	uint32_t overlay_hash;
	uint8_t node_id_length;
	ReloadRoots *roots;
	bool self_signed_permitted;
	ReloadDigest self_signed_digest;
	GHashTable *bad_nodes; /* ReloadNodeId * */
	GHashTable *cache;     /* SHA-256 (in the certificate) -> Entry * */
	GQueue cache_order;    /* least recently used at the tail */
	size_t cache_size;
	ReloadNodeId account; /* len 0: nobody's */
	ReloadQuota *shares;  /* of certificates that are no good, by account */
	ReloadTrustStatistics statistics;
};

static guint sha256_hash(gconstpointer key)
{
	guint value;

	memcpy(&value, key, sizeof(value)); /* any 4 bytes of it will do */
	return value;
}

static gboolean sha256_equal(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, RELOAD_SHA256_LEN) == 0;
}

static void entry_free(gpointer data)
{
	Entry *entry = data;

	reload_certificate_unref(entry->certificate);
	g_free(entry);
}

ReloadTrust *reload_trust_new(const ReloadTrustOptions *options, GError **error)
{
	ReloadRoots *roots = reload_roots_new(options->root_certs, error);
	ReloadTrust *trust;

	if (!roots)
		return NULL;
	trust = g_new0(ReloadTrust, 1);
	trust->references = 1;
	trust->overlay = g_strdup(options->overlay);
	trust->overlay_hash = reload_overlay_hash(options->overlay);
	trust->node_id_length = options->node_id_length;
	trust->roots = roots;
	trust->self_signed_permitted = options->self_signed_permitted;
	trust->self_signed_digest = options->self_signed_digest;
	trust->bad_nodes =
	    g_hash_table_new_full(reload_node_id_hash, reload_node_id_equal_keys, g_free, NULL);
	for (size_t i = 0; i < options->bad_node_count; i++)
		g_hash_table_add(trust->bad_nodes,
				 g_memdup2(&options->bad_nodes[i], sizeof(ReloadNodeId)));
	trust->cache = g_hash_table_new_full(sha256_hash, sha256_equal, NULL, entry_free);
	g_queue_init(&trust->cache_order);
	trust->shares =
	    reload_quota_new(RELOAD_TRUST_REFUSED_BURST, RELOAD_TRUST_REFUSED_INTERVAL_MS,
			     RELOAD_TRUST_REFUSED_LINKS_MAX);
	trust->cache_size = options->cache_size ? options->cache_size : RELOAD_TRUST_CACHE_DEFAULT;
	return trust;
}

ReloadTrust *reload_trust_ref(ReloadTrust *trust)
{
	g_atomic_int_inc(&trust->references);
	return trust;
}

void reload_trust_unref(ReloadTrust *trust)
{
	if (!trust || !g_atomic_int_dec_and_test(&trust->references))
		return;
	g_hash_table_destroy(trust->cache);
	g_hash_table_destroy(trust->bad_nodes);
	reload_quota_free(trust->shares);
	reload_roots_free(trust->roots);
	g_free(trust->overlay);
	g_free(trust);
}

static void cache_drop(ReloadTrust *trust, Entry *entry)
{
	g_queue_unlink(&trust->cache_order, &entry->link);
	g_hash_table_remove(trust->cache, reload_certificate_sha256(entry->certificate));
}

static void cache_add(ReloadTrust *trust, ReloadCertificate *certificate, int64_t not_before,
		      int64_t not_after)
{
	Entry *entry = g_new0(Entry, 1);

	entry->certificate = reload_certificate_ref(certificate);
	entry->not_before = not_before;
	entry->not_after = not_after;
	entry->link.data = entry;
	/* The key lives in the entry's certificate. */
	g_hash_table_replace(trust->cache, (gpointer)reload_certificate_sha256(certificate), entry);
	g_queue_push_head_link(&trust->cache_order, &entry->link);
	if (trust->cache_order.length > trust->cache_size)
		cache_drop(trust, trust->cache_order.tail->data);
}

ReloadCertificate *reload_trust_lookup(ReloadTrust *trust, const uint8_t sha256[RELOAD_SHA256_LEN],
				       int64_t now)
{
	Entry *entry = g_hash_table_lookup(trust->cache, sha256);

	if (!entry)
		return NULL;
	if (now > entry->not_after) {
		cache_drop(trust, entry);
		return NULL;
	}
	if (now < entry->not_before)
		return NULL;
	g_queue_unlink(&trust->cache_order, &entry->link);
	g_queue_push_head_link(&trust->cache_order, &entry->link);
	trust->statistics.hits++;
	return reload_certificate_ref(entry->certificate);
}

static bool is_bad_node(const ReloadTrust *trust, const ReloadCertificate *certificate)
{
	size_t count;
	const ReloadNodeId *ids = reload_certificate_node_ids(certificate, &count);

	for (size_t i = 0; i < count; i++) {
		if (g_hash_table_contains(trust->bad_nodes, &ids[i]))
			return true;
	}
	return false;
}

/* Everything about a certificate that is not in the cache. */
static ReloadStatus verify_new(ReloadTrust *trust, ReloadCertificate *certificate,
			       const ReloadSpan *chain, size_t chain_count, int64_t now,
			       GError **error)
{
	int64_t not_before = reload_certificate_not_before(certificate);
	int64_t not_after = reload_certificate_not_after(certificate);
	ReloadStatus status;

	if (now < not_before)
		return reload_fail(error, RELOAD_E_EXPIRED, "certificate is not valid yet");
	if (now > not_after)
		return reload_fail(error, RELOAD_E_EXPIRED, "certificate has expired");
	if (is_bad_node(trust, certificate))
		return reload_fail(error, RELOAD_E_FORBIDDEN,
				   "the document lists a Node-ID of the certificate as bad-node");
	status = reload_check_end_entity(certificate, error);
	if (status != RELOAD_OK)
		return status;
	if (trust->self_signed_permitted && reload_is_self_issued(certificate))
		status = reload_verify_self_signed(certificate, trust->self_signed_digest, error);
	else
		status = reload_verify_chain(trust->roots, certificate, chain, chain_count, now,
					     &not_before, &not_after, error);
	if (status == RELOAD_OK)
		cache_add(trust, certificate, not_before, not_after);
	return status;
}

/* Reads and verifies what is not in the cache. */
static ReloadStatus look_at(ReloadTrust *trust, ReloadSpan der, const ReloadSpan *chain,
			    size_t chain_count, int64_t now, ReloadCertificate **out, GError **error)
{
	ReloadCertificate *certificate;
	ReloadStatus status;

	status = reload_certificate_parse(der, trust->overlay, trust->node_id_length, &certificate,
					  error);
	if (status == RELOAD_OK) {
		status = verify_new(trust, certificate, chain, chain_count, now, error);
		if (status == RELOAD_OK)
			*out = reload_certificate_ref(certificate);
		reload_certificate_unref(certificate);
	}
	if (status != RELOAD_OK)
		trust->statistics.refused++;
	/* OpenSSL's queue of errors must be empty when a TLS library call is looked at next. */
	ERR_clear_error();
	return status;
}

void reload_trust_set_account(ReloadTrust *trust, const ReloadNodeId *link)
{
	trust->account = link ? *link : (ReloadNodeId){.len = 0};
}

bool reload_trust_take(ReloadTrust *trust, int64_t now)
{
	if (trust->account.len == 0 || reload_quota_take(trust->shares, &trust->account, now))
		return true;
	trust->statistics.put_off++;
	return false;
}

void reload_trust_give_back(ReloadTrust *trust)
{
	if (trust->account.len != 0)
		reload_quota_give(trust->shares, &trust->account);
}

ReloadStatus reload_trust_verify(ReloadTrust *trust, ReloadSpan der, const ReloadSpan *chain,
				 size_t chain_count, int64_t now, ReloadCertificate **out,
				 GError **error)
{
	uint8_t sha256[RELOAD_DIGEST_MAX];
	ReloadStatus status;

	*out = NULL;
	if (reload_digest(RELOAD_DIGEST_SHA256, &der, 1, sha256) == 0)
		return reload_fail(error, RELOAD_E_INTERNAL, "OpenSSL cannot compute SHA-256");
	*out = reload_trust_lookup(trust, sha256, now);
	if (*out)
		return RELOAD_OK;
	trust->statistics.misses++;
	if (!reload_trust_take(trust, now))
		return reload_fail(error, RELOAD_E_LIMIT,
				   "too many certificates that are no good came over this link");
	status = look_at(trust, der, chain, chain_count, now, out, error);
	if (status == RELOAD_OK)
		reload_trust_give_back(trust);
	return status;
}

ReloadStatus reload_trust_verify_x509(ReloadTrust *trust, X509 *leaf, const STACK_OF(X509) * chain,
				      int64_t now, ReloadCertificate **out, GError **error)
{
	unsigned char *ders[RELOAD_TRUST_CHAIN_MAX + 1] = {NULL};
	ReloadSpan spans[RELOAD_TRUST_CHAIN_MAX + 1];
	int others = chain ? sk_X509_num(chain) : 0;
	size_t count = 0;
	ReloadStatus status = RELOAD_E_CERTIFICATE;

	*out = NULL;
	for (int i = -1; i < others && count <= RELOAD_TRUST_CHAIN_MAX; i++) {
		X509 *x509 = i < 0 ? leaf : sk_X509_value(chain, i);
		int length = x509 ? i2d_X509(x509, &ders[count]) : -1;

		if (length <= 0)
			break;
		spans[count] = (ReloadSpan){ders[count], (size_t)length};
		count++;
	}
	if (count > 0)
		status =
		    reload_trust_verify(trust, spans[0], spans + 1, count - 1, now, out, error);
	else
		reload_fail(error, status, "the other side presented no certificate");
	for (size_t i = 0; i < G_N_ELEMENTS(ders); i++)
		OPENSSL_free(ders[i]);
	return status;
}

ReloadStatus reload_trust_reverify(ReloadTrust *trust, const uint8_t sha256[RELOAD_SHA256_LEN],
				   ReloadSpan der, const GPtrArray *chain, int64_t now,
				   ReloadCertificate **out)
{
	ReloadSpan spans[RELOAD_TRUST_CHAIN_MAX];
	size_t count = 0;

	*out = reload_trust_lookup(trust, sha256, now);
	if (*out)
		return RELOAD_OK;
	for (; chain && count < MIN(chain->len, RELOAD_TRUST_CHAIN_MAX); count++)
		spans[count].data = g_bytes_get_data(chain->pdata[count], &spans[count].len);
	return look_at(trust, der, spans, count, now, out, NULL);
}

ReloadStatus reload_trust_recheck(ReloadTrust *trust, const ReloadCertificate *certificate,
				  int64_t now)
{
	ReloadCertificate *same;
	ReloadStatus status =
	    reload_trust_reverify(trust, reload_certificate_sha256(certificate),
				  reload_certificate_der(certificate),
				  reload_certificate_chain(certificate), now, &same);

	reload_certificate_unref(same);
	return status;
}

const char *reload_trust_overlay(const ReloadTrust *trust)
{
	return trust->overlay;
}

uint8_t reload_trust_node_id_length(const ReloadTrust *trust)
{
	return trust->node_id_length;
}

uint32_t reload_trust_overlay_hash(const ReloadTrust *trust)
{
	return trust->overlay_hash;
}

void reload_trust_statistics(const ReloadTrust *trust, ReloadTrustStatistics *out)
{
	*out = trust->statistics;
	out->cached = trust->cache_order.length;
}
