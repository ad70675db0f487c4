/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What operators and other rooms see of links: views and counters; and the smallest services of
 * ReloadIo. */
#include "reload_core/link/links_private.h"

#include "reload_core/link/socket.h"

#include <openssl/rand.h>

static void view(Link *link, ReloadLinkView *out)
{
	*out = (ReloadLinkView){
	    .id = link->id,
	    .application = link->application,
	    .app = link->app,
	    .outgoing = link->outgoing,
	    .established = link->established,
	    .failing = link->failing,
	    .remote = link->remote,
	    .address = link->address,
	    .since = link->since,
	    .last_activity = link->last_activity,
	    .rtt = link->rtt.measured ? link->rtt.srtt : 0,
	    .rto = reload_rtt_rto(&link->rtt),
	    .messages_in = link->messages_in,
	    .messages_out = link->messages_out,
	    .acks_in = link->rtt.acks,
	};
	if (link->stream == NULL)
		return;
	out->queued_bytes = reload_stream_queued(link->stream);
	out->bytes_in = reload_stream_bytes_in(link->stream);
	out->bytes_out = reload_stream_bytes_out(link->stream);
	if (link->established)
		(void)reload_socket_local(reload_stream_fd(link->stream), &out->local);
}

bool reload_links_view(ReloadLinks *links, ReloadLinkId id, ReloadLinkView *out)
{
	Link *link = reload_links_find(links, id);

	if (link == NULL)
		return false;
	view(link, out);
	return true;
}

void reload_links_each(ReloadLinks *links, void (*each)(void *data, const ReloadLinkView *view),
		       void *data)
{
	GHashTableIter iter;
	gpointer link;

	g_hash_table_iter_init(&iter, links->table);
	while (g_hash_table_iter_next(&iter, NULL, &link)) {
		ReloadLinkView one;

		view(link, &one);
		each(data, &one);
	}
}

void reload_links_statistics(const ReloadLinks *links, ReloadLinksStatistics *out)
{
	*out = links->statistics;
	out->handshakes = links->handshakes.length;
	out->closing = g_hash_table_size(links->closing);
}

void reload_links_random(void *user, uint8_t *out, size_t len)
{
	(void)user;
	/* Fails only if the system has no randomness at all. To go on with bytes that others could
	 * guess would be worse than to stop; nobody else can bring this about. */
	if (RAND_bytes(out, (int)len) != 1)
		g_error("no randomness: OpenSSL's generator cannot be seeded");
}
