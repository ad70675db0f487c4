/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Overlay links, TLS-TCP-FH-NO-ICE: messages in frames, each acknowledged, failure noticed by ACKs
 * that do not come (RFC 6940, 6.6.2 and 6.6.5). */
#include "reload_core/link/links_private.h"

#include "reload_core/link/socket.h"
#include "reload_core/link/socket_address.h"

/* ---- receiving ---- */

static void receive_message(Link *link, const ReloadFrame *frame, int64_t now)
{
	ReloadLinks *links = link->links;
	GByteArray *queue = reload_stream_queue(link->stream);
	bool duplicate;
	uint32_t mask = reload_ack_window_add(&link->received, frame->sequence, &duplicate);

	/* An ACK for each message, at once. Where the other side sends but does not read, its ACKs
	 * are left out: they are hints, and memory is bounded. */
	if (queue != NULL && reload_stream_queued(link->stream) < links->limits.max_queue_bytes) {
		reload_write_ack_frame(queue, frame->sequence, mask);
		reload_stream_queue_changed(link->stream);
	}
	if (duplicate)
		return;
	link->messages_in++;
	links->events.receive(links->events.user, link->id, frame->message, now);
}

static void bad_frame(Link *link, ReloadStatus why)
{
	ReloadLinks *links = link->links;
	char address[RELOAD_ADDRESS_TEXT], node[RELOAD_NODE_ID_TEXT];

	links->statistics.bad_frame++;
	reload_log_limited(links->log, &links->log_frame, RELOAD_LOG_WARNING,
			   "link to %s (%s) closed: frame refused: %s",
			   reload_address_to_text(&link->address, address),
			   reload_node_id_to_text(&link->remote, node), reload_strerror(why));
	reload_links_down(link, why, NULL);
}

/* 6.6: whose the message is shall hear of it before the link is closed, as soon as its header is there. A header
 * that is itself too large, or does not come, closes the link without a word. */
static void too_large(Link *link, int64_t now)
{
	const ReloadLinkEvents *events = &link->links->events;
	ReloadSpan start = reload_frame_parser_refused(link->parser);

	if (events->too_large(events->user, link->id, start, now) == RELOAD_E_NOT_FOUND &&
	    start.len <= link->links->max_message_size) {
		if (link->too_large_since == 0)
			link->too_large_since = now;
		return;
	}
	if (!link->gone)
		bad_frame(link, RELOAD_E_TOO_LARGE);
}

static void working_again(Link *link, int64_t now)
{
	if (!link->failing)
		return;
	link->failing = false;
	link->links->events.link_failing(link->links->events.user, link->id, false, now);
}

static void received(void *user, ReloadStream *stream, ReloadSpan bytes)
{
	Link *link = user;
	int64_t now = reload_links_now(link->links);
	ReloadStatus status;
	ReloadFrame frame;

	link->busy = true; /* an event may close the link while its message is still looked at */
	link->last_activity = now;
	/* none: the turn before was over too early for all that had come */
	status = bytes.len > 0 ? reload_frame_parser_feed(link->parser, bytes) : RELOAD_OK;
	while (status == RELOAD_OK && !link->gone) {
		status = reload_frame_parser_next(link->parser, &frame);
		if (status != RELOAD_OK)
			break;
		if (frame.type == RELOAD_FRAME_DATA)
			receive_message(link, &frame, now);
		else if (reload_rtt_acked(&link->rtt, frame.sequence, now))
			working_again(link, now);
		/* ACKs take no time */
		if (!link->gone && frame.type == RELOAD_FRAME_DATA && reload_stream_turn_over(stream)) {
			reload_stream_hold(stream);
			break;
		}
	}
	if (!link->gone && status == RELOAD_E_TOO_LARGE)
		too_large(link, now);
	else if (!link->gone && status != RELOAD_OK && status != RELOAD_E_NOT_FOUND)
		bad_frame(link, status);
	reload_links_let_go(link);
}

/* ---- coming up and going down ---- */

static void closed(void *user, ReloadStream *stream, ReloadStatus why, const char *text)
{
	Link *link = user;

	(void)stream;
	if (!link->established)
		reload_links_log_refusal(link->links, &link->address, true, why, text);
	reload_links_down(link, why, text);
}

static unsigned links_to(ReloadLinks *links, const ReloadNodeId *node)
{
	GHashTableIter iter;
	gpointer value;
	unsigned count = 0;

	g_hash_table_iter_init(&iter, links->table);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		Link *link = value;

		count += !link->application && link->established &&
			 reload_node_id_equal(&link->remote, node);
	}
	return count;
}

/* Links with one host, whoever began them: who makes certificates for as many Node-IDs as it likes has fewer
 * hosts. *useless: the oldest that the owner would not miss, or NULL: of those that have been up for a while, so that
 * clients behind one address do not cut off each other without end. */
static unsigned links_with(ReloadLinks *links, const ReloadAddress *address, Link **useless)
{
	int64_t now = reload_links_now(links);
	GHashTableIter iter;
	gpointer value;
	unsigned count = 0;

	*useless = NULL;
	g_hash_table_iter_init(&iter, links->table);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		Link *link = value;

		if (link->application || !link->established ||
		    !reload_address_same_host(&link->address, address))
			continue;
		count++;
		if (now - link->since >= links->limits.settled_time &&
		    (*useless == NULL || link->id < (*useless)->id) && links->events.link_of_use != NULL &&
		    !links->events.link_of_use(links->events.user, link->id))
			*useless = link;
	}
	return count;
}

/* Room for one more that comes from address. As with handshakes, a newcomer behind the same address translator may be an
 * honest node. */
static bool has_room_for(ReloadLinks *links, const ReloadAddress *address)
{
	Link *useless;

	if (links_with(links, address, &useless) < links->limits.max_links_source)
		return true;
	if (useless == NULL)
		return false;
	reload_links_down(useless, RELOAD_E_LIMIT, "a newer one from its address takes its place");
	return true;
}

/* Why there is no room for one more link to that node; NULL: there is. */
static const char *no_room(ReloadLinks *links, const ReloadNodeId *node,
			   const ReloadAddress *address, bool outgoing)
{
	if (links->statistics.links >= links->limits.max_links)
		return "too many links";
	if (links_to(links, node) >= links->limits.max_links_per_node)
		return "too many links of that node";
	if (!outgoing && !has_room_for(links, address))
		return "too many links from that address";
	return NULL;
}

static bool admitted(ReloadLinks *links, const ReloadNodeId *node, const ReloadAddress *address,
		     bool outgoing)
{
	const char *why = no_room(links, node, address, outgoing);
	char name[RELOAD_ADDRESS_TEXT], text[RELOAD_NODE_ID_TEXT];

	if (why == NULL)
		return true;
	links->statistics.refused_links++;
	reload_log_limited(links->log, &links->log_refused, RELOAD_LOG_WARNING,
			   "link with %s (%s) closed: %s", reload_address_to_text(address, name),
			   reload_node_id_to_text(node, text), why);
	return false;
}

static void up(Link *link, ReloadCertificate *certificate)
{
	ReloadLinks *links = link->links;
	char name[RELOAD_ADDRESS_TEXT], node[RELOAD_NODE_ID_TEXT];
	int64_t now = reload_links_now(links);

	if (link->outgoing)
		links->connecting--;
	link->established = true;
	link->since = link->last_activity = now;
	if (link->remote.len ==
	    0) /* else it is the one that was expected, and the certificate has it */
		link->remote = *reload_certificate_node_id(certificate);
	link->parser = reload_frame_parser_new(links->max_message_size);
	links->statistics.links++;
	links->statistics.established++;
	reload_stream_set_reading(link->stream, true);
	reload_log_write(links->log, RELOAD_LOG_INFO, "link %" G_GUINT64_FORMAT " %s %s (%s) up",
			 link->id, link->outgoing ? "to" : "from",
			 reload_node_id_to_text(&link->remote, node),
			 reload_address_to_text(&link->address, name));
	links->events.link_up(links->events.user, link->id, certificate, link->outgoing, now);
}

static void established(void *user, ReloadStream *stream, ReloadCertificate *certificate)
{
	Link *link = user;
	/* who was expected: the certificate may hold other Node-IDs before it */
	const ReloadNodeId *node =
	    link->remote.len != 0 ? &link->remote : reload_certificate_node_id(certificate);

	(void)stream;
	if (!admitted(link->links, node, &link->address, true)) {
		reload_links_down(link, RELOAD_E_LIMIT, NULL);
		return;
	}
	up(link, certificate);
}

static const ReloadStreamEvents events = {
    .established = established,
    .received = received,
    .closed = closed,
};

void reload_overlay_adopt(ReloadLinks *links, ReloadStream *stream, const ReloadAddress *from)
{
	ReloadCertificate *certificate = reload_stream_certificate(stream);
	Link *link;

	if (!admitted(links, reload_certificate_node_id(certificate), from, false)) {
		reload_stream_free(stream);
		return;
	}
	link = reload_links_add(links, false, false);
	link->stream = stream;
	link->address = *from;
	reload_stream_set_user(stream, &events, link);
	up(link, certificate);
}

/* ---- what the node asks for ---- */

ReloadLinkId reload_overlay_connect(void *user, const ReloadAddress *address,
				    const ReloadNodeId *expect)
{
	ReloadLinks *links = user;
	ReloadStreamOptions options;
	Link *link;

	if (links->connecting >= links->limits.max_connecting ||
	    links->statistics.links + links->connecting >= links->limits.max_links) {
		links->statistics.refused_links++;
		return 0;
	}
	link = reload_links_add(links, false, true);
	link->address = *address;
	if (expect != NULL)
		link->remote = *expect;
	reload_links_stream_options(links, false, &options);
	options.expect = expect;
	options.events = &events;
	options.user = link;
	links->statistics.connected++;
	link->stream = reload_stream_connect(address, &options);
	return link->id;
}

unsigned reload_overlay_waiting(Link *link)
{
	uint64_t taken = reload_stream_taken(link->stream);

	while (link->ends_first < link->ends->len &&
	       g_array_index(link->ends, uint64_t, link->ends_first) <= taken)
		link->ends_first++;
	if (link->ends_first == link->ends->len) {
		g_array_set_size(link->ends, 0);
		link->ends_first = 0;
	} else if (link->ends_first >= link->links->limits.max_queue_messages) {
		g_array_remove_range(link->ends, 0, link->ends_first);
		link->ends_first = 0;
	}
	return link->ends->len - link->ends_first;
}

ReloadStatus reload_overlay_send(void *user, ReloadLinkId id, ReloadSpan message)
{
	ReloadLinks *links = user;
	Link *link = reload_links_find(links, id);
	GByteArray *queue;
	uint64_t end;

	if (link == NULL || link->application || !link->established ||
	    (queue = reload_stream_queue(link->stream)) == NULL)
		return RELOAD_E_UNREACHABLE;
	if (message.len > links->max_message_size)
		return RELOAD_E_TOO_LARGE;
	if (reload_stream_queued(link->stream) + message.len + RELOAD_FRAME_DATA_HEADER >
		links->limits.max_queue_bytes ||
	    reload_overlay_waiting(link) >= links->limits.max_queue_messages) {
		links->statistics.queue_full++;
		return RELOAD_E_LIMIT;
	}
	if (!reload_write_data_frame(queue, link->next_sequence, message))
		return RELOAD_E_TOO_LARGE;
	link->last_activity = reload_links_now(links);
	reload_rtt_sent(&link->rtt, link->next_sequence++, link->last_activity);
	end = reload_stream_taken(link->stream) + reload_stream_queued(link->stream);
	g_array_append_val(link->ends, end);
	link->messages_out++;
	reload_stream_queue_changed(link->stream);
	return RELOAD_OK;
}

void reload_overlay_close(void *user, ReloadLinkId id)
{
	ReloadLinks *links = user;
	Link *link = reload_links_find(links, id);

	if (link != NULL && !link->application)
		reload_links_remove(link, link->established ? links->limits.close_timeout : 0);
}

/* ---- failure ---- */

void reload_overlay_keep(Link *link, int64_t now)
{
	ReloadLinks *links = link->links;
	bool silent, overdue;

	if (!link->established)
		return;
	if (link->too_large_since != 0 && now - link->too_large_since > links->limits.close_timeout) {
		bad_frame(link, RELOAD_E_TOO_LARGE);
		return;
	}
	/* a host that is gone, or a process that is stuck on one that is not */
	silent =
	    reload_socket_silence(reload_stream_fd(link->stream)) > links->limits.silence_timeout;
	overdue = reload_rtt_overdue(&link->rtt, now);
	if (!silent && !overdue) {
		working_again(link, now);
		return;
	}
	if (!link->failing) {
		char node[RELOAD_NODE_ID_TEXT];

		link->failing = true;
		link->failing_since = now;
		reload_log_write(links->log, RELOAD_LOG_INFO,
				 "link %" G_GUINT64_FORMAT " to %s is failing", link->id,
				 reload_node_id_to_text(&link->remote, node));
		links->events.link_failing(links->events.user, link->id, true, now);
	} else if (now - link->failing_since > links->limits.failed_timeout) {
		links->statistics.failed++;
		reload_links_down(link, RELOAD_E_TIMEOUT, "no sign of life");
	}
}
