/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accepts connections, a few in each turn of the loop, and rests when the process is out of
 * descriptors. */
#include "reload_core/link/listener.h"

#include "reload_core/link/socket.h"

#include <errno.h>
#include <unistd.h>

/* In one turn of the loop. */
#define ACCEPT_AT_ONCE 16
/* After accept failed for want of descriptors or memory: the socket stays readable, and asking at
 * once again would keep the processor busy. us. */
#define REST 500000

struct ReloadListener {
	int fd;
	GSource *source;
	gpointer tag;
	ReloadAcceptFunc accepted;
	void *user;
};

struct ListenerSource {
	GSource source;
	ReloadListener *listener;
};

static void rest(ReloadListener *listener)
{
	g_source_modify_unix_fd(listener->source, listener->tag, 0);
	g_source_set_ready_time(listener->source, g_get_monotonic_time() + REST);
}

static bool accept_one(ReloadListener *listener)
{
	struct sockaddr_storage sockaddr;
	socklen_t length = sizeof(sockaddr);
	ReloadAddress from;
	int fd = accept4(listener->fd, (struct sockaddr *)&sockaddr, &length,
			 SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			rest(listener);
		/* the others: nothing there, or a connection that ended before it was accepted */
		return errno == ECONNABORTED || errno == EINTR;
	}
	if (!reload_address_from_sockaddr(&sockaddr, &from))
		close(fd);
	else
		listener->accepted(listener->user, fd, &from);
	return true;
}

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
	ReloadListener *listener = ((struct ListenerSource *)source)->listener;

	(void)callback;
	(void)data;
	g_source_set_ready_time(source, -1);
	g_source_modify_unix_fd(source, listener->tag, G_IO_IN);
	for (int i = 0; i < ACCEPT_AT_ONCE && accept_one(listener); i++)
		continue;
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {.dispatch = dispatch};

ReloadListener *reload_listener_new(GMainContext *context, const ReloadAddress *address,
				    ReloadAddress *bound, ReloadAcceptFunc accepted, void *user,
				    GError **error)
{
	ReloadListener *listener;
	int fd = reload_socket_listen(address, bound, error);

	if (fd < 0)
		return NULL;
	listener = g_new0(ReloadListener, 1);
	listener->fd = fd;
	listener->accepted = accepted;
	listener->user = user;
	listener->source = g_source_new(&source_funcs, sizeof(struct ListenerSource));
	((struct ListenerSource *)listener->source)->listener = listener;
	g_source_set_static_name(listener->source, "reload listener");
	listener->tag = g_source_add_unix_fd(listener->source, fd, G_IO_IN);
	g_source_attach(listener->source, context);
	return listener;
}

void reload_listener_free(ReloadListener *listener)
{
	if (listener == NULL)
		return;
	g_source_destroy(listener->source);
	g_source_unref(listener->source);
	close(listener->fd);
	g_free(listener);
}
