/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ConfigUpdate (RFC 6940, 6.5.4 and 6.3.2.1): a newer document is taken over if it is signed, and
 * ours is pushed to those who have an older one. */
#include "reload_core/peer/node_private.h"
#include "reload_core/security/quota.h"
#include "reload_core/wire/config_update.h"

/* One node is sent our document at most this often; so many nodes are remembered for it. */
#define PUSH_INTERVAL_MS 30000
#define PUSHED_MAX 1024
/* Pushes under way at one time: who asks with many names for a document and does not take it must not fill
 * the table of requests with documents. */
#define PUSHING_MAX 32
/* Documents and Kinds off one link that are looked at, apart from the document that we have: so many at once, then one
 * each so many ms. Each is parsed before it can be known whose it is. */
#define DOCUMENTS_BURST 8
#define DOCUMENTS_INTERVAL_MS 5000

struct ReloadConfigPush {
	GHashTable *pushed; /* ReloadNodeId* -> int64_t*, ms */
	unsigned pushing;
	/* By link: a Node-ID is cheap where anybody makes certificates. What the node at its other end has signed has a
	 * share of its own: others cannot use up that by what they send through it. */
	ReloadQuota *documents, *own_documents;
};

ReloadConfigPush *reload_config_push_new(void)
{
	ReloadConfigPush *push = g_new0(ReloadConfigPush, 1);

	push->pushed =
	    g_hash_table_new_full(reload_node_id_hash, reload_node_id_equal_keys, g_free, g_free);
	push->documents = reload_quota_new(DOCUMENTS_BURST, DOCUMENTS_INTERVAL_MS, PUSHED_MAX);
	push->own_documents = reload_quota_new(DOCUMENTS_BURST, DOCUMENTS_INTERVAL_MS, PUSHED_MAX);
	return push;
}

void reload_config_push_free(ReloadConfigPush *push)
{
	if (push == NULL)
		return;
	g_hash_table_unref(push->pushed);
	reload_quota_free(push->documents);
	reload_quota_free(push->own_documents);
	g_free(push);
}

static void on_pushed(void *data, ReloadStatus status, const ReloadMessage *answer, const ReloadNodeId *from,
		      int64_t now)
{
	ReloadConfigPush *push = data;

	(void)status, (void)answer, (void)from, (void)now;
	push->pushing--;
}

static void note_pushed(ReloadConfigPush *push, const ReloadNodeId *id, int64_t now)
{
	push->pushing++;
	if (g_hash_table_size(push->pushed) >= PUSHED_MAX)
		g_hash_table_remove_all(push->pushed);
	g_hash_table_replace(push->pushed, g_memdup2(id, sizeof(*id)), g_memdup2(&now, sizeof(now)));
}

void reload_config_push_to(ReloadNode *node, const ReloadNodeId *id, ReloadSpan destination_list,
			   int64_t now)
{
	ReloadConfigUpdateReq update = {.type = RELOAD_CONFIG_UPDATE_CONFIG};
	ReloadOrigination origination = {.destination_list = destination_list,
					 .expected = id,
					 .code = RELOAD_CONFIG_UPDATE_REQ,
					 .any_sequence = true};
	const int64_t *last = g_hash_table_lookup(node->config_push->pushed, id);
	GByteArray *body;

	if ((last != NULL && now - *last < PUSH_INTERVAL_MS) || node->config_push->pushing >= PUSHING_MAX)
		return;
	body = g_byte_array_new();
	update.data.data = g_bytes_get_data(node->document->handed_on, &update.data.len);
	if (reload_write_config_update_req(body, &update)) {
		origination.body = reload_span(body->data, body->len);
		if (reload_router_request(node->router, &origination, on_pushed, node->config_push, now,
					  NULL) == RELOAD_OK)
			note_pushed(node->config_push, id, now);
	}
	g_byte_array_unref(body);
}

void reload_config_use(ReloadNode *node, ReloadDocument *document, ReloadTrust *trust, int64_t now)
{
	ReloadDocument *before = node->document;
	ReloadTrust *trust_before = node->trust;

	node->document = reload_document_ref(document);
	node->trust = reload_trust_ref(trust);
	reload_router_set_document(node->router, document);
	reload_router_set_trust(node->router, trust);
	reload_storage_set_document(node->storage, document, trust, now);
	node->plugin->document_changed(node->topology, document, now);
	if (node->events.document != NULL)
		node->events.document(node->events.user, document, trust, now);
	reload_trust_unref(trust_before);
	reload_document_unref(before);
}

/* Everybody goes on with document, the trust made from it, and the Kinds learned before that it
 * lets us keep. */
static ReloadStatus take_over(ReloadNode *node, ReloadDocument *document, int64_t now)
{
	ReloadTrust *trust;
	ReloadDocument *whole;

	if (!reload_document_same_secret(document, node->document))
		return RELOAD_E_FORBIDDEN;
	trust = reload_document_trust(document, NULL);
	if (trust == NULL)
		return RELOAD_E_CONFIG;
	whole = reload_document_inherit_kinds(document, trust, node->document);
	reload_config_use(node, whole, trust, now);
	reload_document_unref(whole);
	reload_trust_unref(trust);
	return RELOAD_OK;
}

ReloadStatus reload_node_set_document(ReloadNode *node, ReloadDocument *document, int64_t now)
{
	ReloadStatus status;

	/* The operator's own word: it need not be signed, but it has to be newer. */
	if (document->overlay_hash != node->document->overlay_hash ||
	    strcmp(document->topology_plugin, node->document->topology_plugin) != 0 ||
	    document->node_id_length != node->document->node_id_length)
		return RELOAD_E_OVERLAY;
	if (!reload_document_sequence_is_newer(document->sequence, node->document->sequence))
		return RELOAD_E_TOO_OLD;
	reload_node_enter(node, now);
	status = take_over(node, document, now);
	reload_node_settle(node, now);
	return status;
}

/* Time for the Leave of a node that cannot follow its overlay, ms. */
#define LEAVE_MS 2000

static void leave_later(ReloadNode *node, gpointer data, int64_t now)
{
	(void)data;
	reload_node_leave(node, LEAVE_MS, now);
}

/* A document by who may sign it, which cannot be read. RFC 6940, 11.1: "If a node is not capable of
 * supporting the new requirements, it MUST exit the overlay." Not so where it is wrong in itself: all would leave
 * together. */
static void cannot_follow(ReloadNode *node, const GError *why, ReloadOutcome *outcome)
{
	if (why->code != RELOAD_E_UNSUPPORTED) {
		reload_node_log(node, RELOAD_LOG_ERROR,
				"the overlay's new document is not taken, as it is not valid: %s",
				why->message);
		reload_outcome_error(outcome, RELOAD_ERROR_INVALID_MESSAGE, "not a valid document");
		return;
	}
	reload_node_log(node, RELOAD_LOG_ERROR,
			"leaving: the overlay's new document asks for what this node cannot do: %s",
			why->message);
	reload_outcome_error(outcome, RELOAD_ERROR_INCOMPATIBLE_WITH_OVERLAY,
			     "this node does not support the new document, and leaves");
	reload_node_defer(node, leave_later, NULL, NULL);
}

/* The document is newer and signed by who may sign it. */
static void follow(ReloadNode *node, GBytes *bytes, ReloadOutcome *outcome, int64_t now)
{
	GError *error = NULL;
	ReloadDocument *document =
	    reload_document_parse(bytes, "ConfigUpdate", node->document->overlay, now, &error);

	if (document == NULL) {
		cannot_follow(node, error, outcome);
		g_error_free(error);
		return;
	}
	if (!reload_document_same_secret(document, node->document)) {
		reload_node_log(node, RELOAD_LOG_WARNING,
				"document %u has another shared-secret: the operator has to bring "
				"it here",
				document->sequence);
		reload_outcome_error(outcome, RELOAD_ERROR_FORBIDDEN,
				     "a shared secret is changed by hand");
	} else if (take_over(node, document, now) != RELOAD_OK) {
		reload_outcome_error(outcome, RELOAD_ERROR_INVALID_MESSAGE,
				     "not a document for us");
	} else {
		reload_node_log(node, RELOAD_LOG_NOTICE, "took over document %u",
				document->sequence);
	}
	reload_document_unref(document);
}

static void look_at(ReloadNode *node, GBytes *bytes, ReloadOutcome *outcome, int64_t now)
{
	switch (reload_document_rank(node->document, bytes, now)) {
	case RELOAD_DOCUMENT_NEWER:
		follow(node, bytes, outcome, now);
		break;
	case RELOAD_DOCUMENT_SAME: /* success, and nothing changes */
		break;
	case RELOAD_DOCUMENT_CONFLICT:
		reload_node_log(node, RELOAD_LOG_ERROR,
				"another document %u is signed, too: issue one with a higher sequence",
				node->document->sequence);
		reload_outcome_error(outcome, RELOAD_ERROR_FORBIDDEN, "not the document of this sequence");
		break;
	case RELOAD_DOCUMENT_OLDER:
		reload_outcome_error(outcome, RELOAD_ERROR_FORBIDDEN, "older than ours");
		break;
	case RELOAD_DOCUMENT_UNSIGNED:
		reload_outcome_error(outcome, RELOAD_ERROR_FORBIDDEN, "not signed for us");
		break;
	case RELOAD_DOCUMENT_UNREADABLE:
		reload_outcome_error(outcome, RELOAD_ERROR_INVALID_MESSAGE, "not a document for us");
		break;
	}
}

/* May one more be looked at? What this node sends to itself may always. */
static bool may_look(ReloadNode *node, const ReloadIncoming *request, int64_t now)
{
	const ReloadConfigPush *push = node->config_push;
	bool own = reload_node_id_equal(&request->signer, &request->previous_hop);

	return request->previous_hop.len == 0 ||
	       reload_quota_take(own ? push->own_documents : push->documents, &request->previous_hop, now);
}

static void on_document(ReloadNode *node, const ReloadIncoming *request, ReloadSpan data,
			ReloadOutcome *outcome, int64_t now)
{
	GBytes *bytes;

	/* 11.1: a new document is signed by one whom the current one names. Where it names nobody,
	 * only who has the file at hand can change it, never the network. */
	if (node->document->configuration_signers->len == 0) {
		reload_outcome_error(outcome, RELOAD_ERROR_FORBIDDEN,
				     "this overlay's document names no configuration-signer");
		return;
	}
	bytes = g_bytes_new(data.data, data.len);
	if (g_bytes_equal(bytes, node->document->handed_on))
		; /* we have it already: success, and nothing changes */
	else if (may_look(node, request, now))
		look_at(node, bytes, outcome, now);
	else
		outcome->silent = true;
	g_bytes_unref(bytes);
}

void reload_config_update_on_request(ReloadNode *node, const ReloadIncoming *request,
				     ReloadOutcome *outcome, int64_t now)
{
	ReloadConfigUpdateReq update;

	if (reload_config_update_req_decode(request->message->body, &update) != RELOAD_OK)
		reload_outcome_error(outcome, RELOAD_ERROR_INVALID_MESSAGE,
				     "malformed ConfigUpdate");
	else if (update.type == RELOAD_CONFIG_UPDATE_CONFIG)
		on_document(node, request, update.data, outcome, now);
	else if (update.type == RELOAD_CONFIG_UPDATE_KIND && !may_look(node, request, now))
		outcome->silent = true;
	else if (update.type == RELOAD_CONFIG_UPDATE_KIND)
		reload_kind_update_on_request(node, &request->signer, update.data, outcome, now);
	else
		reload_outcome_error(outcome, RELOAD_ERROR_FORBIDDEN,
				     "an unknown type of ConfigUpdate");
}
