/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at all links and application connections four times a second: are they failing, idle,
 * expected for too long, is their certificate still good? Rests while there are none. */
#include "reload_core/link/links_private.h"

#define INTERVAL 250
/* Certificates of links that last: dates pass, and nodes are declared bad (RFC 6940, 11.1). */
#define RECHECK_INTERVAL 30000

static bool chains(ReloadLinks *links, const ReloadCertificate *certificate, int64_t now)
{
	const GPtrArray *chain = reload_certificate_chain(certificate);
	guint count = chain != NULL ? chain->len : 0;
	ReloadSpan *spans = g_new0(ReloadSpan, count + 1);
	ReloadCertificate *verified = NULL;
	ReloadStatus status;

	for (guint i = 0; i < count; i++) {
		gsize length;

		spans[i].data = g_bytes_get_data(chain->pdata[i], &length);
		spans[i].len = length;
	}
	status = reload_trust_verify(links->trust, reload_certificate_der(certificate), spans,
				     count, now, &verified, NULL);
	reload_certificate_unref(verified);
	g_free(spans);
	return status == RELOAD_OK;
}

/* False: the link is gone. */
static bool recheck(Link *link, bool whole_chain, int64_t now)
{
	ReloadLinks *links = link->links;
	ReloadCertificate *certificate;
	ReloadStatus status;

	if (!link->established)
		return true;
	certificate = reload_stream_certificate(link->stream);
	status = reload_trust_recheck(links->trust, certificate, now);
	if (status == RELOAD_OK && whole_chain && !chains(links, certificate, now))
		status = RELOAD_E_CERTIFICATE;
	if (status == RELOAD_OK)
		return true;
	links->statistics.bad_certificate++;
	reload_links_down(link, status, "its certificate is no longer good");
	return false;
}

static void look_at(Link *link, bool due, bool whole_chain, bool stalled, int64_t now)
{
	if (due && !recheck(link, whole_chain, now))
		return;
	if (link->application)
		reload_app_keep(link, now);
	else if (!stalled)
		reload_overlay_keep(link, now);
}

static gboolean keep(gpointer data)
{
	ReloadLinks *links = data;
	int64_t now = reload_links_now(links);
	/* When we ourselves were held up, ACKs are waiting to be read: others have not failed for
	 * that. */
	bool stalled = now - links->kept > 3 * INTERVAL;
	bool whole_chain = links->recheck_chains;
	bool due = whole_chain || now - links->rechecked >= RECHECK_INTERVAL;
	guint count;
	gpointer *ids;

	links->kept = now;
	if (due) {
		links->rechecked = now;
		links->recheck_chains = false;
	}
	/* events may open and close any of them */
	ids = g_hash_table_get_keys_as_array(links->table, &count);
	for (guint i = 0; i < count; i++)
		ids[i] = GSIZE_TO_POINTER(*(ReloadLinkId *)ids[i]);
	for (guint i = 0; i < count; i++) {
		Link *link = reload_links_find(links, GPOINTER_TO_SIZE(ids[i]));

		if (link != NULL)
			look_at(link, due, whole_chain, stalled, now);
	}
	g_free(ids);
	if (g_hash_table_size(links->table) > 0)
		return G_SOURCE_CONTINUE;
	g_source_unref(g_steal_pointer(&links->keeper));
	return G_SOURCE_REMOVE;
}

void reload_links_start_keeper(ReloadLinks *links)
{
	if (links->keeper != NULL)
		return;
	links->kept = reload_links_now(links);
	links->rechecked = links->kept;
	links->keeper = g_timeout_source_new(INTERVAL);
	g_source_set_static_name(links->keeper, "reload links keeper");
	g_source_set_callback(links->keeper, keep, links, NULL);
	g_source_attach(links->keeper, links->context);
}
