/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Incoming connections until their certificate has been seen: a bounded number, in all and from one
 * address, each for a bounded time. */
#include "reload_core/link/links_private.h"

#include "reload_core/link/socket_address.h"

#include <unistd.h>

typedef struct {
	ReloadLinks *links;
	ReloadListenFor what;
	ReloadStream *stream;
	ReloadAddress from;
	GList place; /* in links->handshakes */
} Incoming;

/* Returns the stream, which is the caller's now. */
static ReloadStream *forget(Incoming *incoming)
{
	ReloadStream *stream = incoming->stream;

	g_queue_unlink(&incoming->links->handshakes, &incoming->place);
	g_free(incoming);
	return stream;
}

static void established(void *user, ReloadStream *stream, ReloadCertificate *certificate)
{
	Incoming *incoming = user;
	ReloadLinks *links = incoming->links;
	ReloadListenFor what = incoming->what;
	ReloadAddress from = incoming->from;
	char text[RELOAD_ADDRESS_TEXT], node[RELOAD_NODE_ID_TEXT];

	(void)forget(incoming);
	if (what == RELOAD_LISTEN_LINKS) {
		reload_overlay_adopt(links, stream, &from);
		return;
	}
	if (reload_app_adopt(links, stream, &from))
		return;
	links->statistics.unexpected_app++;
	reload_log_limited(links->log, &links->log_refused, RELOAD_LOG_NOTICE,
			   "application connection from %s (%s) closed: no AppAttach of it is open",
			   reload_address_to_text(&from, text),
			   reload_node_id_to_text(reload_certificate_node_id(certificate), node));
	reload_stream_free(stream);
}

void reload_links_log_refusal(ReloadLinks *links, const ReloadAddress *address, bool outgoing,
			      ReloadStatus why, const char *text)
{
	char name[RELOAD_ADDRESS_TEXT];

	switch (why) {
	case RELOAD_E_TIMEOUT:
		links->statistics.timeouts++;
		break;
	case RELOAD_E_CERTIFICATE:
	case RELOAD_E_EXPIRED:
	case RELOAD_E_OVERLAY:
	case RELOAD_E_FORBIDDEN:
		links->statistics.bad_certificate++;
		break;
	case RELOAD_E_UNREACHABLE:
		break;
	default:
		links->statistics.bad_tls++;
	}
	reload_log_limited(links->log, &links->log_handshake,
			   why == RELOAD_E_UNREACHABLE ? RELOAD_LOG_INFO : RELOAD_LOG_NOTICE,
			   "connection %s %s failed: %s", outgoing ? "to" : "from",
			   reload_address_to_text(address, name), text);
}

static void closed(void *user, ReloadStream *stream, ReloadStatus why, const char *text)
{
	Incoming *incoming = user;

	reload_links_log_refusal(incoming->links, &incoming->from, false, why, text);
	(void)forget(incoming);
	reload_stream_free(stream);
}

static const ReloadStreamEvents events = {.established = established, .closed = closed};

/* How many come from there, and the oldest of them. */
static unsigned from_same_host(ReloadLinks *links, const ReloadAddress *from, Incoming **oldest)
{
	unsigned count = 0;

	for (GList *i = links->handshakes.head; i != NULL; i = i->next) {
		if (!reload_address_same_host(&((Incoming *)i->data)->from, from))
			continue;
		if (count++ == 0)
			*oldest = i->data;
	}
	return count;
}

void reload_links_incoming(ReloadLinks *links, ReloadListenFor what, int fd,
			   const ReloadAddress *from)
{
	ReloadStreamOptions options;
	Incoming *incoming, *oldest = NULL;
	char text[RELOAD_ADDRESS_TEXT];

	links->statistics.accepted++;
	/* The oldest gives way: it goes nowhere, while a newcomer behind the same address translator may be
	 * an honest node. */
	if (from_same_host(links, from, &oldest) >= links->limits.max_handshakes_source) {
		links->statistics.refused_handshakes++;
		reload_log_limited(
		    links->log, &links->log_refused, RELOAD_LOG_WARNING,
		    "handshake with %s given up: %u others from there are under way",
		    reload_address_to_text(from, text), links->limits.max_handshakes_source);
		reload_stream_free(forget(oldest));
	}
	if (links->handshakes.length >= links->limits.max_handshakes) {
		/* whoever fills all places with handshakes that go nowhere has the oldest ones */
		links->statistics.refused_handshakes++;
		reload_stream_free(forget(links->handshakes.head->data));
	}
	incoming = g_new0(Incoming, 1);
	incoming->links = links;
	incoming->what = what;
	incoming->from = *from;
	incoming->place.data = incoming;
	reload_links_stream_options(links, what == RELOAD_LISTEN_APP, &options);
	options.events = &events;
	options.user = incoming;
	incoming->stream = reload_stream_accept(fd, &options);
	g_queue_push_tail_link(&links->handshakes, &incoming->place);
}

void reload_links_drop_incoming(ReloadLinks *links)
{
	while (links->handshakes.head != NULL)
		reload_stream_free(forget(links->handshakes.head->data));
}

/* ---- listening ---- */

static void accepted_link(void *user, int fd, const ReloadAddress *from)
{
	reload_links_incoming(user, RELOAD_LISTEN_LINKS, fd, from);
}

static void accepted_app(void *user, int fd, const ReloadAddress *from)
{
	reload_links_incoming(user, RELOAD_LISTEN_APP, fd, from);
}

ReloadStatus reload_links_listen(ReloadLinks *links, ReloadListenFor what,
				 const ReloadAddress *address, ReloadAddress *bound, GError **error)
{
	ReloadAddress got;
	ReloadListener *listener = reload_listener_new(
	    links->context, address, &got,
	    what == RELOAD_LISTEN_LINKS ? accepted_link : accepted_app, links, error);

	if (listener == NULL)
		return RELOAD_E_CONFIG;
	g_ptr_array_add(links->listeners, listener);
	if (bound != NULL)
		*bound = got;
	return RELOAD_OK;
}
