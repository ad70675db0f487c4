/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Application connections: expected after an AppAttach that we sent, or opened after one that we
 * received; then a stream of bytes (RFC 6940, 6.5.2). */
#include "reload_core/link/links_private.h"

static void received(void *user, ReloadStream *stream, ReloadSpan bytes)
{
	Link *link = user;
	int64_t now = reload_links_now(link->links);

	(void)stream;
	link->busy = true;
	link->last_activity = now;
	link->idle_told = false;
	link->messages_in++;
	link->handler.received(link->handler.user, link->id, bytes, now);
	reload_links_let_go(link);
}

static void written(void *user, ReloadStream *stream)
{
	Link *link = user;

	(void)stream;
	if (!link->send_refused)
		return;
	link->send_refused = false;
	if (link->handler.writable != NULL)
		link->handler.writable(link->handler.user, link->id, reload_links_now(link->links));
}

static void closed(void *user, ReloadStream *stream, ReloadStatus why, const char *text)
{
	Link *link = user;

	(void)stream;
	if (!link->established)
		reload_links_log_refusal(link->links, &link->address, true, why, text);
	reload_links_down(link, why, text);
}

static void up(Link *link)
{
	ReloadLinks *links = link->links;
	char name[RELOAD_ADDRESS_TEXT], node[RELOAD_NODE_ID_TEXT];
	int64_t now = reload_links_now(links);

	if (link->outgoing)
		links->connecting--;
	else
		links->statistics.app_expected--;
	link->established = true;
	link->since = link->last_activity = now;
	links->statistics.app_connections++;
	links->statistics.established++;
	reload_log_write(links->log, RELOAD_LOG_INFO,
			 "application connection %" G_GUINT64_FORMAT " %s %s (%s) for port %u up",
			 link->id, link->outgoing ? "to" : "from",
			 reload_node_id_to_text(&link->remote, node),
			 reload_address_to_text(&link->address, name), link->app);
	links->events.app_up(links->events.user, link->id, now);
}

static void established(void *user, ReloadStream *stream, ReloadCertificate *certificate)
{
	(void)stream;
	(void)certificate; /* has the Node-ID that was expected */
	up(user);
}

static const ReloadStreamEvents events = {
    .established = established,
    .received = received,
    .written = written,
    .closed = closed,
};

static bool room(ReloadLinks *links)
{
	if (links->statistics.app_connections + links->statistics.app_expected + links->connecting <
	    links->limits.max_app_connections)
		return true;
	links->statistics.refused_links++;
	return false;
}

ReloadLinkId reload_app_expect(void *user, uint16_t application, const ReloadNodeId *remote,
			       int64_t until)
{
	ReloadLinks *links = user;
	Link *link;

	if (!room(links))
		return 0;
	link = reload_links_add(links, true, false);
	link->app = application;
	link->remote = *remote;
	link->until = until;
	links->statistics.app_expected++;
	return link->id;
}

ReloadLinkId reload_app_connect(void *user, uint16_t application, const ReloadAddress *address,
				const ReloadNodeId *remote)
{
	ReloadLinks *links = user;
	ReloadStreamOptions options;
	Link *link;

	if (!room(links) || links->connecting >= links->limits.max_connecting)
		return 0;
	link = reload_links_add(links, true, true);
	link->app = application;
	link->remote = *remote;
	link->address = *address;
	reload_links_stream_options(links, true, &options);
	options.expect = remote;
	options.events = &events;
	options.user = link;
	links->statistics.connected++;
	link->stream = reload_stream_connect(address, &options);
	return link->id;
}

bool reload_app_adopt(ReloadLinks *links, ReloadStream *stream, const ReloadAddress *from)
{
	ReloadCertificate *certificate = reload_stream_certificate(stream);
	GHashTableIter iter;
	gpointer value;
	Link *found = NULL;

	g_hash_table_iter_init(&iter, links->table);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		Link *link = value;

		if (link->application && link->stream == NULL &&
		    reload_certificate_has_node_id(certificate, &link->remote) &&
		    (found == NULL || link->id < found->id))
			found = link;
	}
	if (found == NULL)
		return false;
	found->stream = stream;
	found->address = *from;
	reload_stream_set_user(stream, &events, found);
	up(found);
	return true;
}

void reload_app_close(void *user, ReloadLinkId id)
{
	ReloadLinks *links = user;
	Link *link = reload_links_find(links, id);

	if (link != NULL && link->application)
		reload_links_remove(link, link->established ? links->limits.close_timeout : 0);
}

void reload_app_keep(Link *link, int64_t now)
{
	if (link->stream == NULL && now >= link->until) {
		reload_links_down(link, RELOAD_E_TIMEOUT, NULL);
		return;
	}
	if (!link->established || link->handler.idle == NULL || link->handler.idle_timeout <= 0 ||
	    link->idle_told || now - link->last_activity < link->handler.idle_timeout)
		return;
	link->idle_told = true;
	link->handler.idle(link->handler.user, link->id, now);
}

/* ---- what the application asks for ---- */

static Link *find_established(ReloadLinks *links, ReloadLinkId id)
{
	Link *link = reload_links_find(links, id);

	return link != NULL && link->application && link->established ? link : NULL;
}

ReloadStatus reload_app_set_handler(ReloadLinks *links, ReloadLinkId id,
				    const ReloadAppHandler *handler)
{
	Link *link = find_established(links, id);

	if (link == NULL)
		return RELOAD_E_NOT_FOUND;
	link->handler = *handler;
	reload_stream_set_reading(link->stream, true);
	return RELOAD_OK;
}

ReloadStatus reload_app_send(ReloadLinks *links, ReloadLinkId id, ReloadSpan bytes)
{
	Link *link = find_established(links, id);
	GByteArray *queue = link != NULL ? reload_stream_queue(link->stream) : NULL;

	if (queue == NULL)
		return RELOAD_E_NOT_FOUND;
	if (reload_stream_queued(link->stream) + bytes.len > links->limits.max_queue_bytes) {
		link->send_refused = true;
		links->statistics.queue_full++;
		return RELOAD_E_LIMIT;
	}
	link->last_activity = reload_links_now(links);
	link->idle_told = false;
	link->messages_out++;
	g_byte_array_append(queue, bytes.data, (guint)bytes.len);
	reload_stream_queue_changed(link->stream);
	return RELOAD_OK;
}

ReloadCertificate *reload_app_certificate(ReloadLinks *links, ReloadLinkId id)
{
	Link *link = find_established(links, id);

	return link != NULL ? reload_stream_certificate(link->stream) : NULL;
}
