/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A row of routers and what is on its way between them. */
#include "tests/unit/routing_row.h"

#include "reload_core/security/sign.h"
#include "reload_core/wire/error.h"

typedef struct {
	unsigned from, to;
	GByteArray *message;
} Sent;

static void sent_free(gpointer data)
{
	Sent *sent = data;

	g_byte_array_unref(sent->message);
	g_free(sent);
}

static int index_of(const Row *row, const ReloadNodeId *id)
{
	for (unsigned i = 0; i < row->count; i++) {
		if (reload_node_id_equal(&row->nodes[i].id, id))
			return (int)i;
	}
	return -1;
}

static bool linked(void *user, const ReloadNodeId *id)
{
	const RowNode *node = user;
	int other = index_of(node->row, id);

	return other >= 0 && ABS(other - (int)node->index) == 1;
}

static ReloadRoute next_hop(void *user, ReloadSpan id, bool is_resource, const ReloadNodeId *except,
			    ReloadNodeId *hop)
{
	const RowNode *node = user;
	int to = id.data[0] / 0x10 - 1;

	(void)except;
	if (to == (int)node->index)
		return is_resource ? RELOAD_ROUTE_SELF : RELOAD_ROUTE_NONE;
	if (to < 0 || to >= (int)node->row->count)
		return RELOAD_ROUTE_NONE;
	*hop = node->row->nodes[to > (int)node->index ? node->index + 1 : node->index - 1].id;
	return RELOAD_ROUTE_HOP;
}

static bool plausible(void *user, ReloadSpan resource_id, const ReloadNodeId *node)
{
	(void)user;
	return resource_id.data[0] == node->id[0];
}

static ReloadStatus send(void *user, const ReloadNodeId *hop, ReloadSpan message)
{
	const RowNode *node = user;
	Sent *sent = g_new0(Sent, 1);

	g_assert_true(linked(user, hop));
	sent->from = node->index;
	sent->to = (unsigned)index_of(node->row, hop);
	sent->message = g_byte_array_new();
	g_byte_array_append(sent->message, message.data, (guint)message.len);
	g_queue_push_tail(&node->row->queue, sent);
	return RELOAD_OK;
}

static void handle(void *user, const ReloadIncoming *request, ReloadOutcome *outcome, int64_t now)
{
	RowNode *node = user;

	(void)now;
	node->handled++;
	outcome->silent = node->silent;
	if (node->answer != NULL)
		g_byte_array_append(outcome->body, node->answer->data, node->answer->len);
	else
		g_byte_array_append(outcome->body, request->message->body.data,
				    (guint)request->message->body.len);
}

static void outdated(void *user, const ReloadNodeId *node, ReloadSpan destination_list, int64_t now)
{
	(void)node;
	(void)destination_list;
	(void)now;
	((RowNode *)user)->outdated++;
}

static void fill_random(void *user, uint8_t *out, size_t len)
{
	Row *row = ((RowNode *)user)->row;

	for (size_t i = 0; i < len; i++) {
		row->seed = row->seed * 1664525 + 1013904223;
		out[i] = (uint8_t)(row->seed >> 24);
	}
}

static size_t link_mtu(void *user, const ReloadNodeId *hop)
{
	(void)hop;
	return ((RowNode *)user)->mtu;
}

static ReloadAdmission admit(void *user, const ReloadNodeId *previous_hop, uint16_t code, int64_t now)
{
	(void)previous_hop;
	(void)now;
	return code == RELOAD_PING_REQ ? RELOAD_ADMIT : ((RowNode *)user)->admission;
}

void row_init(Row *row, unsigned count, const char *more)
{
	memset(row, 0, sizeof(*row));
	pki_init(&row->pki);
	row->document = pki_document(&row->pki, more);
	row->count = count;
	row->now = PKI_NOW;
	row->seed = 1;
	g_queue_init(&row->queue);
	for (unsigned i = 0; i < count; i++) {
		RowNode *node = &row->nodes[i];
		uint8_t fill = (uint8_t)(0x10 * (i + 1));
		char *user = g_strdup_printf("node%u@" PKI_OVERLAY, i);
		ReloadTrust *trust = pki_trust(&row->pki);
		ReloadRouterHost host = {node,   linked,   next_hop,    plausible, send,
					 handle, outdated, fill_random, link_mtu,  admit,
					 NULL,   NULL};

		node->row = row;
		node->index = i;
		node->id = pki_node_id(fill);
		node->identity = pki_identity(&row->pki, RELOAD_KEY_P256, fill, user);
		node->router = reload_router_new(&host, row->document, trust, node->identity);
		reload_trust_unref(trust);
		g_free(user);
	}
}

void row_clear(Row *row)
{
	for (unsigned i = 0; i < row->count; i++) {
		reload_router_free(row->nodes[i].router);
		reload_identity_unref(row->nodes[i].identity);
		g_clear_pointer(&row->nodes[i].answer, g_byte_array_unref);
	}
	g_queue_clear_full(&row->queue, sent_free);
	reload_document_unref(row->document);
	pki_clear(&row->pki);
}

void row_inject(Row *row, unsigned from, unsigned to, ReloadSpan message)
{
	/* A copy of the very size: a read behind its end is seen. */
	uint8_t *copy = g_memdup2(message.data, message.len);

	reload_router_receive(row->nodes[to].router, &row->nodes[from].id,
			      reload_span(copy, message.len), row->now);
	g_free(copy);
}

void row_run(Row *row)
{
	Sent *sent;
	unsigned steps = 0;

	while ((sent = g_queue_pop_head(&row->queue)) != NULL) {
		g_assert_cmpuint(++steps, <, 100000);
		if (row->watch == NULL ||
		    row->watch(row->watch_data, sent->from, sent->to, sent->message))
			row_inject(row, sent->from, sent->to,
				   reload_span(sent->message->data, sent->message->len));
		sent_free(sent);
		for (unsigned i = 0; i < row->count; i++)
			reload_router_run(row->nodes[i].router, row->now);
	}
}

void row_pass(Row *row, int64_t ms)
{
	for (int64_t until = row->now + ms; row->now < until;) {
		row->now = MIN(row->now + 100, until);
		for (unsigned i = 0; i < row->count; i++)
			reload_router_tick(row->nodes[i].router, row->now);
		row_run(row);
	}
}

void row_reply(void *data, ReloadStatus status, const ReloadMessage *answer, const ReloadNodeId *from,
	       int64_t now)
{
	RowReply *reply = data;
	ReloadErrorResponse error;

	(void)now;
	row_reply_clear(reply);
	reply->replies++;
	reply->status = status;
	reply->error_code = 0;
	if (from != NULL)
		reply->from = *from;
	if (answer == NULL)
		return;
	if (status == RELOAD_E_REMOTE && reload_error_decode(answer->body, &error) == RELOAD_OK)
		reply->error_code = error.error_code;
	reply->header = answer->header;
	reply->body = g_byte_array_new();
	g_byte_array_append(reply->body, answer->body.data, (guint)answer->body.len);
	reply->options = g_byte_array_new();
	if (answer->header.options.len > 0)
		g_byte_array_append(reply->options, answer->header.options.data,
				    (guint)answer->header.options.len);
}

void row_reply_clear(RowReply *reply)
{
	g_clear_pointer(&reply->body, g_byte_array_unref);
	g_clear_pointer(&reply->options, g_byte_array_unref);
}

void row_request(Row *row, unsigned from, unsigned to, uint16_t code, size_t body_len, RowReply *reply)
{
	GByteArray *list = g_byte_array_new(), *body = g_byte_array_new();
	ReloadOrigination origination = {.code = code};

	reload_write_destination_node(list, &row->nodes[to].id);
	for (size_t i = 0; i < body_len; i++)
		reload_write_u8(body, (uint8_t)(i * 7 + i / 251));
	origination.destination_list = reload_span(list->data, list->len);
	origination.body = reload_span(body->data, body->len);
	g_assert_cmpint(reload_router_request(row->nodes[from].router, &origination, row_reply, reply,
					      row->now, NULL),
			==, RELOAD_OK);
	row_run(row);
	g_byte_array_unref(body);
	g_byte_array_unref(list);
}

ReloadHeader row_header(Row *row, uint64_t transaction_id, ReloadSpan destination_list)
{
	return (ReloadHeader){
		.overlay = row->document->overlay_hash,
		.config_sequence = row->document->sequence,
		.version = RELOAD_VERSION_1_0,
		.ttl = 20,
		.last_fragment = true,
		.transaction_id = transaction_id,
		.destination_list = destination_list,
	};
}

GByteArray *row_message(Row *row, unsigned signer, const ReloadHeader *header, uint16_t code,
			ReloadSpan body, ReloadSpan extensions)
{
	GByteArray *message = g_byte_array_new(), *contents = g_byte_array_new();

	g_assert_cmpint(reload_write_header(message, header), ==, RELOAD_OK);
	g_assert_true(reload_write_contents(contents, code, body, extensions));
	g_byte_array_append(message, contents->data, contents->len);
	g_assert_cmpint(reload_sign_message(row->nodes[signer].identity, header->overlay,
					    header->transaction_id,
					    reload_span(contents->data, contents->len), NULL, message),
			==, RELOAD_OK);
	reload_finish_length(message, 0);
	g_byte_array_unref(contents);
	return message;
}

ReloadRouterStatistics row_count(Row *row, unsigned node)
{
	ReloadRouterStatistics count;

	reload_router_statistics(row->nodes[node].router, &count);
	return count;
}
