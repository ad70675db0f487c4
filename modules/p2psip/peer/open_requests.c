/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table of requests by branch and method (RFC 3261, 17.1.3), with the headers that a reply or a CANCEL
 * in somebody's name is made of. */
#include "modules/p2psip/peer/open_requests.h"

/* Longer than Timer F and H (32 s) and than Kamailio's wait for an answered INVITE (fr_inv_timer, 120 s):
 * past them the transaction layer has given up by itself. */
#define LIFE_MS (40 * 1000)
#define LIFE_INVITE_MS (200 * 1000)
/* Of each request on average: Kamailio keeps them whole, and this process their heads. */
#define BYTES_EACH 4096
/* One a minute while a phone rings (RFC 3261, 13.3.1.1), several from each phone that rings. */
#define PROVISIONAL_MAX 64
/* How many requests of one table the journal takes: it is there for all flows, and what one of them leaves open
 * is not to keep the callers of the others out. Callers here count for more than what a remote node lets ring. */
#define NOTED_SENT_MAX 512
#define NOTED_RECEIVED_MAX 128

typedef struct {
	int64_t expires;
	GBytes *head; /* first line and headers */
	size_t size;  /* of the whole message */
	unsigned provisional;
	OpenRequests *owner;
	unsigned entry; /* in the journal, 0: none */
} OpenRequest;

struct OpenRequests {
	unsigned max;
	Journal *journal;
	const ReloadNodeId *node;
	bool sent;
	unsigned noted; /* in the journal */
	size_t bytes;   /* of the messages */
	GHashTable *table; /* "METHOD branch" -> OpenRequest* */
};

static void open_request_free(gpointer data)
{
	OpenRequest *request = data;

	request->owner->bytes -= request->size;
	if (request->entry != 0) {
		journal_drop(request->owner->journal, request->entry);
		request->owner->noted--;
	}
	g_bytes_unref(request->head);
	g_free(request);
}

OpenRequests *open_requests_new(unsigned max, Journal *journal, const ReloadNodeId *node, bool sent)
{
	OpenRequests *self = g_new0(OpenRequests, 1);

	self->max = max;
	self->journal = journal;
	self->node = node;
	self->sent = sent;
	self->table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, open_request_free);
	return self;
}

void open_requests_free(OpenRequests *self)
{
	if (self == NULL)
		return;
	g_hash_table_destroy(self->table);
	g_free(self);
}

static char *key_of(ReloadSpan method, ReloadSpan branch)
{
	return g_strdup_printf("%.*s %.*s", (int)method.len, (const char *)method.data, (int)branch.len,
			       (const char *)branch.data);
}

static int64_t life_of(const SipView *view)
{
	return sip_view_is(view, "INVITE") ? LIFE_INVITE_MS : LIFE_MS;
}

/* First line and headers with the empty line, without the body. */
static GBytes *head_of(ReloadSpan message)
{
	const uint8_t *end = memmem(message.data, message.len, "\r\n\r\n", 4);

	return g_bytes_new(message.data, end ? (size_t)(end + 4 - message.data) : message.len);
}

/* Returns the entry in the journal, 0: none. */
static unsigned note(OpenRequests *self, ReloadSpan head)
{
	unsigned entry;

	if (self->noted >= (self->sent ? NOTED_SENT_MAX : NOTED_RECEIVED_MAX))
		return 0;
	entry = journal_add(self->journal, self->node, self->sent, head);
	self->noted += entry != 0;
	return entry;
}

/* Whether there is room for the request in view: where new ones have filled the table, a quarter more for those inside
 * dialogs, as calls that there are must be able to end. */
static bool has_room(const OpenRequests *self, const SipView *view)
{
	size_t max = self->max + (view->to_tag ? self->max / 4 : 0);

	return g_hash_table_size(self->table) < max && self->bytes + view->message.len <= max * BYTES_EACH;
}

bool open_requests_add(OpenRequests *self, const SipView *view, int64_t now)
{
	g_autofree char *key = NULL;
	OpenRequest *request;
	ReloadSpan head;

	if (sip_view_is(view, "ACK"))
		return true;
	key = key_of(view->method, view->branch);
	request = g_hash_table_lookup(self->table, key);
	if (request != NULL)
		return true;
	if (!has_room(self, view))
		return false;
	request = g_new(OpenRequest, 1);
	request->expires = now + life_of(view);
	request->head = head_of(view->message);
	request->size = view->message.len;
	request->provisional = 0;
	request->owner = self;
	head.data = g_bytes_get_data(request->head, &head.len);
	request->entry = note(self, head);
	self->bytes += request->size;
	g_hash_table_insert(self->table, g_steal_pointer(&key), request);
	return true;
}

bool open_requests_has(const OpenRequests *self, const SipView *view)
{
	g_autofree char *key = key_of(view->method, view->branch);

	return g_hash_table_contains(self->table, key);
}

bool open_requests_reply(OpenRequests *self, const SipView *view, int64_t now)
{
	g_autofree char *key = key_of(view->method, view->branch);
	OpenRequest *request = g_hash_table_lookup(self->table, key);

	if (request == NULL)
		return false;
	if (view->status >= 200)
		return g_hash_table_remove(self->table, key);
	request->expires = now + life_of(view);
	return ++request->provisional <= PROVISIONAL_MAX;
}

bool open_requests_end(OpenRequests *self, const SipView *view)
{
	g_autofree char *key = key_of(view->method, view->branch);

	return g_hash_table_remove(self->table, key);
}

void open_requests_drain(OpenRequests *self, void (*each)(void *data, const SipView *request),
			 void *data)
{
	GHashTable *table = self->table;
	GHashTableIter iter;
	gpointer value;

	/* each may add to this table: it works on the new one. */
	self->table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, open_request_free);
	g_hash_table_iter_init(&iter, table);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const OpenRequest *request = value;
		ReloadSpan head;
		SipView view;

		head.data = g_bytes_get_data(request->head, &head.len);
		if (sip_view_parse(head, &view))
			each(data, &view);
	}
	g_hash_table_destroy(table);
}

static gboolean expired(gpointer key, gpointer value, gpointer user)
{
	(void)key;
	return ((const OpenRequest *)value)->expires <= *(const int64_t *)user;
}

void open_requests_expire(OpenRequests *self, int64_t now)
{
	g_hash_table_foreach_remove(self->table, expired, &now);
}

unsigned open_requests_count(const OpenRequests *self)
{
	return g_hash_table_size(self->table);
}
