/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A node whose overlay is one storing peer. It stands in for peer/'s, so it is in no library: a
 * test that wants it includes this file. */
#include "tests/unit/fake/node.h"

#include "reload_core/storage/seen.h"
#include "reload_core/wire/error.h"

typedef struct {
	ReloadRequestId id;
	uint16_t code;
	GByteArray *body;
	ReloadIdentity *signer;
	ReloadReplyFunc reply;
	void *data;
} Pending;

struct ReloadNode {
	CaFixture *ca;
	ReloadIdentity *identity;
	ReloadStorage *storage;
	ReloadSeen *seen;
	GQueue *pending;
	ReloadRequestId last_id;
	unsigned answered;
	FakeFaults faults;
};

static void pending_free(Pending *pending)
{
	g_byte_array_unref(pending->body);
	g_free(pending);
}

ReloadNode *fake_node_new(const char *extra)
{
	ReloadNode *node = g_new0(ReloadNode, 1);

	node->ca = ca_fixture_new(NULL, extra);
	node->identity = ca_fixture_identity(node->ca, "edge@example.org", NULL);
	node->storage = reload_storage_new(node->ca->document, node->ca->trust, NULL);
	node->seen = reload_seen_new(64);
	node->pending = g_queue_new();
	return node;
}

void fake_node_free(ReloadNode *node)
{
	g_queue_free_full(node->pending, (GDestroyNotify)pending_free);
	reload_seen_free(node->seen);
	reload_storage_free(node->storage);
	ca_fixture_free(node->ca);
	g_free(node);
}

CaFixture *fake_node_ca(ReloadNode *node)
{
	return node->ca;
}

FakeFaults *fake_node_faults(ReloadNode *node)
{
	return &node->faults;
}

unsigned fake_node_pending(ReloadNode *node)
{
	return node->pending->length;
}

ReloadDocument *reload_node_document(ReloadNode *node)
{
	return node->ca->document;
}

ReloadTrust *reload_node_trust(ReloadNode *node)
{
	return node->ca->trust;
}

const ReloadNodeId *reload_node_id(const ReloadNode *node)
{
	return reload_identity_node_id(node->identity);
}

ReloadRequestId reload_node_request(ReloadNode *node, const ReloadRequest *request,
				    ReloadReplyFunc reply, void *data, int64_t now)
{
	Pending *pending;

	(void)now;
	if (node->faults.refuse)
		return 0;
	g_assert_cmpuint(request->destination_count, ==, 1);
	g_assert_cmpuint(request->destinations->type, ==, RELOAD_DESTINATION_RESOURCE);
	pending = g_new0(Pending, 1);
	pending->id = ++node->last_id;
	pending->code = request->code;
	pending->body = g_byte_array_new();
	g_byte_array_append(pending->body, request->body.data, (guint)request->body.len);
	pending->signer = request->signer ? request->signer : node->identity;
	pending->reply = reply;
	pending->data = data;
	g_queue_push_tail(node->pending, pending);
	return pending->id;
}

bool reload_node_note_value(ReloadNode *node, const ReloadResourceId *resource, uint32_t kind,
			    const ReloadNodeId *signer, const ReloadStoredData *data, int64_t now)
{
	return reload_seen_note(node->seen, resource, kind, signer, data, now);
}

void reload_node_cancel(ReloadNode *node, ReloadRequestId id)
{
	for (GList *item = node->pending->head; item; item = item->next) {
		Pending *pending = item->data;

		if (pending->id == id) {
			g_queue_delete_link(node->pending, item);
			pending_free(pending);
			return;
		}
	}
	g_assert_not_reached(); /* usages cancel only what is under way */
}

static void add_certificate(GByteArray *list, const ReloadCertificate *certificate)
{
	reload_write_generic_certificate(list, RELOAD_CERTIFICATE_X509,
					 reload_certificate_der(certificate));
}

static void serve(ReloadNode *node, const Pending *pending, int64_t now,
		  ReloadStorageAnswer *answer)
{
	ReloadCertificate *certificate = reload_identity_certificate(pending->signer);
	ReloadSpan body = reload_span(pending->body->data, pending->body->len);
	GByteArray *list = g_byte_array_new();
	ReloadMessage message = {0};
	ReloadStoreContext context = {
	    .sender = reload_identity_node_id(pending->signer),
	    .sender_certificate = certificate,
	    .message = &message,
	    .responsible = true,
	};
	size_t room = node->faults.room ? node->faults.room : 50000;
	bool changed;

	add_certificate(list, certificate);
	message.security.certificates = reload_span(list->data, list->len);
	if (pending->code == RELOAD_STORE_REQ)
		reload_storage_store(node->storage, &context, body, now, answer, &changed);
	else if (pending->code == RELOAD_STAT_REQ)
		reload_storage_stat(node->storage, body, room, now, answer);
	else
		reload_storage_fetch(node->storage, body, room, now, answer);
	g_byte_array_unref(list);
}

static void reply_with(ReloadNode *node, const Pending *pending, ReloadStorageAnswer *answer,
		       int64_t now)
{
	GByteArray *list = g_byte_array_new();
	GByteArray *body = g_byte_array_new();
	ReloadMessage message = {.code = pending->code + 1};
	ReloadErrorResponse error = {.error_code = answer->error_code};

	for (guint i = 0; i < answer->certificates->len; i++)
		add_certificate(list, g_ptr_array_index(answer->certificates, i));
	message.security.certificates = reload_span(list->data, list->len);
	if (!answer->error_code && node->faults.forge && message.code == RELOAD_FETCH_ANS)
		node->faults.forge(answer->body);
	message.body = error.error_info = reload_span(answer->body->data, answer->body->len);
	if (answer->error_code) {
		message.code = RELOAD_ERROR;
		reload_write_error(body, &error);
		message.body = reload_span(body->data, body->len);
	}
	pending->reply(pending->data, answer->error_code ? RELOAD_E_REMOTE : RELOAD_OK, &message,
		       reload_node_id(node), now);
	g_byte_array_unref(list);
	g_byte_array_unref(body);
}

unsigned fake_node_run(ReloadNode *node, int64_t now)
{
	unsigned count = 0;
	Pending *pending;

	for (; (pending = g_queue_pop_head(node->pending)); count++) {
		if (node->faults.fail && node->answered >= node->faults.fail_after) {
			pending->reply(pending->data, node->faults.fail, NULL, NULL, now);
		} else {
			ReloadStorageAnswer answer;

			serve(node, pending, now - node->faults.clock, &answer);
			reply_with(node, pending, &answer, now);
			reload_storage_answer_clear(&answer);
		}
		node->answered++;
		pending_free(pending);
	}
	return count;
}
