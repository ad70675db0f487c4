/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ConfigUpdates of type kind: Kinds are taken that a kind-signer signed (RFC 6940, 6.5.4.2), and
 * who does not know one of ours is told (7.4.1.2). */
#include "reload_core/peer/node_private.h"

#include "reload_core/wire/config_update.h"
#include "reload_core/wire/find.h"

/* Texts in one ConfigUpdate that are looked at; an Error_Unknown_Kind names at most 63 Kinds. */
#define TEXTS_MAX 64
/* Kind-blocks that one ConfigUpdate of ours holds, bytes. */
#define PUSH_BYTES_MAX (RELOAD_KIND_BLOCK_MAX + 2)
/* ConfigUpdates of ours under way at one time, and how often one node is sent one: whoever answers
 * each request with Error_Unknown_Kind, whatever we tell it, is told no more for a while. */
#define PUSHING_MAX 32
#define PUSH_BURST 8
#define PUSH_INTERVAL_MS 5000
#define PUSH_NODES_MAX 1024
/* For the answer, ms: it has just answered something else. */
#define PUSH_TIMEOUT_MS 6000

struct ReloadKindPush {
	GPtrArray *pushing; /* Push */
	ReloadQuota *quota;
};

/* One ConfigUpdate under way. */
typedef struct {
	ReloadNode *node;
	ReloadNodeId to;
	GArray *kinds;	  /* uint32_t: what it defines */
	GArray *requests; /* uint64_t: those that wait for it */
} Push;

static void push_free(gpointer data)
{
	Push *push = data;

	g_array_unref(push->kinds);
	g_array_unref(push->requests);
	g_free(push);
}

ReloadKindPush *reload_kind_push_new(void)
{
	ReloadKindPush *all = g_new0(ReloadKindPush, 1);

	all->pushing = g_ptr_array_new_with_free_func(push_free);
	all->quota = reload_quota_new(PUSH_BURST, PUSH_INTERVAL_MS, PUSH_NODES_MAX);
	return all;
}

void reload_kind_push_free(ReloadKindPush *all)
{
	if (all == NULL)
		return;
	g_ptr_array_unref(all->pushing);
	reload_quota_free(all->quota);
	g_free(all);
}

/* ---- taking ---- */

static ReloadStatus learn(ReloadNode *node, const ReloadSpan *texts, size_t count, const char *name,
			  int64_t now, GError **error)
{
	ReloadDocument *document;
	ReloadStatus status = reload_document_learn(node->document, node->trust, texts, count, name,
						    now, &document, error);

	if (status != RELOAD_OK)
		return status;
	if (document != node->document) {
		reload_config_use(node, document, node->trust, now);
		reload_node_log(node, RELOAD_LOG_NOTICE, "%s: new Kinds, %u in all", name,
				g_hash_table_size(document->kinds));
	}
	reload_document_unref(document);
	return RELOAD_OK;
}

ReloadStatus reload_node_add_kinds(ReloadNode *node, ReloadSpan text, const char *name, int64_t now,
				   GError **error)
{
	ReloadStatus status;

	reload_node_enter(node, now);
	status = learn(node, &text, 1, name, now, error);
	reload_node_settle(node, now);
	return status;
}

/* What the sender is told; nothing of what it sent goes into our log. */
static const char *reason(ReloadStatus status)
{
	switch (status) {
	case RELOAD_E_CONFIG:
	case RELOAD_E_UNSUPPORTED:
		return "no kind-blocks that we can read";
	case RELOAD_E_LIMIT:
		return "more Kinds than are kept";
	default:
		return "not by a kind-signer, or known otherwise";
	}
}

void reload_kind_update_on_request(ReloadNode *node, const ReloadNodeId *sender,
				   ReloadSpan descriptions, ReloadOutcome *outcome, int64_t now)
{
	ReloadSpan texts[TEXTS_MAX];
	char id[RELOAD_NODE_ID_TEXT];
	ReloadStatus status;
	size_t count = 0;

	while (count < TEXTS_MAX && reload_kind_description_next(&descriptions, &texts[count]))
		count++;
	if (count == 0 || descriptions.len > 0) {
		reload_outcome_error(outcome, RELOAD_ERROR_INVALID_MESSAGE,
				     "no kind-block, or too many");
		return;
	}
	status = learn(node, texts, count, "ConfigUpdate", now, NULL);
	if (status == RELOAD_OK)
		return;
	reload_outcome_error(outcome,
			     status == RELOAD_E_CONFIG || status == RELOAD_E_UNSUPPORTED
				 ? RELOAD_ERROR_INVALID_MESSAGE
				 : RELOAD_ERROR_FORBIDDEN,
			     reason(status));
	reload_node_log(node, RELOAD_LOG_WARNING, "Kinds sent by %s are not taken: %s",
			reload_node_id_to_text(sender, id), reason(status));
}

/* ---- telling ---- */

static bool holds(const GArray *kinds, uint32_t kind)
{
	for (guint i = 0; i < kinds->len; i++) {
		if (g_array_index(kinds, uint32_t, i) == kind)
			return true;
	}
	return false;
}

/* Is the node being told all that it lacks? */
static Push *find_push(const ReloadKindPush *all, const ReloadNodeId *to, const GArray *kinds)
{
	for (guint i = 0; i < all->pushing->len; i++) {
		Push *push = all->pushing->pdata[i];
		bool enough = reload_node_id_equal(&push->to, to);

		for (guint k = 0; enough && k < kinds->len; k++)
			enough = holds(push->kinds, g_array_index(kinds, uint32_t, k));
		if (enough)
			return push;
	}
	return NULL;
}

static void on_pushed(void *data, ReloadStatus status, const ReloadMessage *answer,
		      const ReloadNodeId *from, int64_t now)
{
	Push *push = data;
	GPtrArray *pushing = push->node->kind_push->pushing;
	guint place;

	(void)answer, (void)from;
	if (g_ptr_array_find(pushing, push, &place))
		g_ptr_array_steal_index_fast(pushing, place);
	for (guint i = 0; i < push->requests->len; i++)
		reload_router_repeat(push->node->router, g_array_index(push->requests, uint64_t, i),
				     status == RELOAD_OK, now);
	push_free(push);
}

/* Appends the kind-blocks of those Kinds that one of ours defines, as far as there is room; *kinds
 * becomes these. */
static void write_blocks(const ReloadDocument *document, GArray *kinds, GByteArray *out)
{
	guint kept = 0;

	for (guint i = 0; i < kinds->len; i++) {
		uint32_t kind = g_array_index(kinds, uint32_t, i);
		const ReloadKindBlock *block = reload_document_kind_block(document, kind);
		ReloadSpan text;

		if (block == NULL)
			continue;
		text.data = g_bytes_get_data(block->text, &text.len);
		if (out->len + text.len + 2 > PUSH_BYTES_MAX ||
		    !reload_write_kind_description(out, text))
			continue;
		g_array_index(kinds, uint32_t, kept++) = kind;
	}
	g_array_set_size(kinds, kept);
}

static ReloadStatus send_push(Push *push, ReloadSpan destination_list, ReloadSpan blocks,
			      int64_t now)
{
	ReloadConfigUpdateReq update = {.type = RELOAD_CONFIG_UPDATE_KIND, .data = blocks};
	ReloadOrigination origination = {.destination_list = destination_list,
					 .code = RELOAD_CONFIG_UPDATE_REQ,
					 .timeout = PUSH_TIMEOUT_MS,
					 .any_sequence = true};
	GByteArray *body = g_byte_array_new();
	ReloadStatus status = RELOAD_E_TOO_LARGE;

	if (reload_write_config_update_req(body, &update)) {
		origination.body = reload_span(body->data, body->len);
		status = reload_router_request(push->node->router, &origination, on_pushed, push,
					       now, NULL);
	}
	g_byte_array_unref(body);
	return status;
}

/* NULL: we cannot tell, or have told this node too often. kinds: its Kinds from now on. */
static Push *start_push(ReloadNode *node, const ReloadNodeId *to, ReloadSpan destination_list,
			GArray *kinds, int64_t now)
{
	ReloadKindPush *all = node->kind_push;
	GByteArray *blocks = g_byte_array_new();
	Push *push = NULL;

	write_blocks(node->document, kinds, blocks);
	if (kinds->len > 0 && all->pushing->len < PUSHING_MAX &&
	    reload_quota_take(all->quota, to, now)) {
		push = g_new0(Push, 1);
		push->node = node;
		push->to = *to;
		push->kinds = g_array_ref(kinds);
		push->requests = g_array_new(FALSE, FALSE, sizeof(uint64_t));
		if (send_push(push, destination_list, reload_span(blocks->data, blocks->len),
			      now) == RELOAD_OK) {
			g_ptr_array_add(all->pushing, push);
		} else {
			push_free(push);
			push = NULL;
		}
	}
	g_byte_array_unref(blocks);
	return push;
}

bool reload_kind_push_to(ReloadNode *node, uint64_t request, const ReloadNodeId *id,
			 ReloadSpan destination_list, ReloadSpan kinds, int64_t now)
{
	GArray *lacking = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	uint32_t kind;
	Push *push;

	while (reload_kind_next(&kinds, &kind)) {
		if (!holds(lacking, kind))
			g_array_append_val(lacking, kind);
	}
	push = find_push(node->kind_push, id, lacking);
	if (push == NULL)
		push = start_push(node, id, destination_list, lacking, now);
	if (push != NULL)
		g_array_append_val(push->requests, request);
	g_array_unref(lacking);
	return push != NULL;
}
