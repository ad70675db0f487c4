/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames from and to the broker, on the main loop. */
#include "modules/p2psip/peer/broker.h"

#include <errno.h>
#include <glib-unix.h>
#include <unistd.h>

/* A broker that leaves so many frames unread is dead or nearly so: more would only fill memory. */
#define QUEUE_MAX 8192
/* Frames taken in one turn of the main loop. */
#define TURN_MAX 64

struct Broker {
	int fd;
	guint in, out;
	BrokerHandler handler;
	GQueue queue; /* of sealed frames, cut to their length */
};

static void lost(Broker *self, const char *why)
{
	if (self->in != 0)
		g_source_remove(self->in);
	if (self->out != 0)
		g_source_remove(self->out);
	self->in = self->out = 0;
	self->handler.closed(self->handler.user, why);
}

static gboolean readable(gint fd, GIOCondition condition, gpointer user)
{
	Broker *self = user;
	struct p2psip_frame frame;

	(void)condition;
	for (int i = 0; i < TURN_MAX && self->in != 0; i++) {
		int got = p2psip_frame_receive(fd, &frame);

		if (got == 0)
			break;
		if (got < 0) {
			self->in = 0;
			lost(self, errno == ECONNRESET ? "closed" : g_strerror(errno));
			return G_SOURCE_REMOVE;
		}
		self->handler.frame(self->handler.user, &frame);
	}
	return G_SOURCE_CONTINUE;
}

static gboolean writable(gint fd, GIOCondition condition, gpointer user)
{
	Broker *self = user;

	(void)condition;
	while (!g_queue_is_empty(&self->queue)) {
		struct p2psip_frame *frame = g_queue_peek_head(&self->queue);

		if (p2psip_frame_send(fd, frame) != 0 && errno == EAGAIN)
			return G_SOURCE_CONTINUE;
		/* Any other error shows on the reading side, too. */
		g_free(g_queue_pop_head(&self->queue));
	}
	self->out = 0;
	return G_SOURCE_REMOVE;
}

Broker *broker_new(int fd, const BrokerHandler *handler)
{
	Broker *self = g_new0(Broker, 1);

	self->fd = fd;
	self->handler = *handler;
	g_queue_init(&self->queue);
	self->in = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, readable, self);
	return self;
}

void broker_free(Broker *self)
{
	if (self == NULL)
		return;
	if (self->in != 0)
		g_source_remove(self->in);
	if (self->out != 0)
		g_source_remove(self->out);
	g_queue_clear_full(&self->queue, g_free);
	close(self->fd);
	g_free(self);
}

void broker_send(Broker *self, struct p2psip_frame *frame, enum p2psip_type type, uint32_t id)
{
	size_t length = p2psip_frame_seal(frame, type, id);

	if (self == NULL || self->in == 0)
		return;
	if (g_queue_is_empty(&self->queue) && p2psip_frame_send(self->fd, frame) == 0)
		return;
	if (self->queue.length >= QUEUE_MAX)
		return;
	g_queue_push_tail(&self->queue, g_memdup2(frame, length));
	if (self->out == 0)
		self->out = g_unix_fd_add(self->fd, G_IO_OUT, writable, self);
}
