/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bounded queue of whole SIP messages. */
#include "modules/p2psip/peer/held_messages.h"

struct HeldMessages {
	GQueue queue; /* of GBytes */
	size_t bytes;
};

HeldMessages *held_messages_new(void)
{
	HeldMessages *self = g_new0(HeldMessages, 1);

	g_queue_init(&self->queue);
	return self;
}

void held_messages_free(HeldMessages *self)
{
	if (self == NULL)
		return;
	g_queue_clear_full(&self->queue, (GDestroyNotify)g_bytes_unref);
	g_free(self);
}

bool held_messages_add(HeldMessages *self, const SipView *view)
{
	if (self->queue.length >= HELD_MESSAGES_MAX ||
	    self->bytes + view->message.len > HELD_BYTES_MAX)
		return false;
	g_queue_push_tail(&self->queue, g_bytes_new(view->message.data, view->message.len));
	self->bytes += view->message.len;
	return true;
}

static bool same_span(ReloadSpan a, ReloadSpan b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static GList *find(const HeldMessages *self, const SipView *view, const char *method)
{
	ReloadSpan name = method ? (ReloadSpan){(const uint8_t *)method, strlen(method)} : view->method;

	for (GList *link = self->queue.head; link != NULL; link = link->next) {
		ReloadSpan message;
		SipView held;

		message.data = g_bytes_get_data(link->data, &message.len);
		if (sip_view_parse(message, &held) && held.request == view->request &&
		    held.status == view->status && same_span(held.method, name) &&
		    same_span(held.branch, view->branch))
			return link;
	}
	return NULL;
}

bool held_messages_has(const HeldMessages *self, const SipView *view)
{
	return find(self, view, NULL) != NULL;
}

static GBytes *take(HeldMessages *self, GList *link)
{
	GBytes *message;

	if (link == NULL)
		return NULL;
	message = link->data;
	self->bytes -= g_bytes_get_size(message);
	g_queue_delete_link(&self->queue, link);
	return message;
}

GBytes *held_messages_take_invite(HeldMessages *self, const SipView *cancel)
{
	return take(self, find(self, cancel, "INVITE"));
}

GBytes *held_messages_take(HeldMessages *self)
{
	return take(self, self->queue.head);
}
