/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes and frees the router, and holds what it works with. */
#include "reload_core/routing/router_private.h"

/* Messages to ourselves handled in one go; a handler that sends to itself in circles must not hang
 * us. */
#define LOOPBACK_BURST 256

static void free_bytes(gpointer data)
{
	g_bytes_unref(data);
}

ReloadRouter *reload_router_new(const ReloadRouterHost *host, ReloadDocument *document,
				ReloadTrust *trust, ReloadIdentity *identity)
{
	ReloadRouter *router = g_new0(ReloadRouter, 1);

	router->host = *host;
	router->document = reload_document_ref(document);
	router->trust = reload_trust_ref(trust);
	router->identity = reload_identity_ref(identity);
	router->self = *reload_identity_node_id(identity);
	router->transactions = reload_transaction_table_new();
	router->answers = reload_answer_cache_new();
	router->errors = reload_quota_new(RELOAD_ERRORS_BURST, RELOAD_ERRORS_INTERVAL_MS,
					  RELOAD_ERRORS_LINKS_MAX);
	router->loopback = g_queue_new();
	router->reassembly = reload_reassembly_new();
	router->via_store = reload_via_store_new(host->random, host->user);
	router->via_entries = RELOAD_VIA_ENTRIES;
	router->frame = g_byte_array_new();
	return router;
}

void reload_router_free(ReloadRouter *router)
{
	if (router == NULL)
		return;
	g_queue_free_full(router->loopback, free_bytes);
	g_byte_array_unref(router->frame);
	reload_via_store_free(router->via_store);
	reload_reassembly_free(router->reassembly);
	reload_answer_cache_free(router->answers);
	reload_quota_free(router->errors);
	reload_transaction_table_free(router->transactions);
	reload_identity_unref(router->identity);
	reload_trust_unref(router->trust);
	reload_document_unref(router->document);
	g_free(router);
}

void reload_router_set_document(ReloadRouter *router, ReloadDocument *document)
{
	reload_document_ref(document);
	reload_document_unref(router->document);
	router->document = document;
}

void reload_router_set_trust(ReloadRouter *router, ReloadTrust *trust)
{
	reload_trust_ref(trust);
	reload_trust_unref(router->trust);
	router->trust = trust;
}

void reload_router_set_identity(ReloadRouter *router, ReloadIdentity *identity)
{
	reload_identity_ref(identity);
	reload_identity_unref(router->identity);
	router->identity = identity;
}

void reload_router_set_via_entries(ReloadRouter *router, unsigned entries)
{
	router->via_entries = entries;
}

bool reload_router_run(ReloadRouter *router, int64_t now)
{
	for (unsigned i = 0; i < LOOPBACK_BURST; i++) {
		GBytes *message = g_queue_pop_head(router->loopback);
		ReloadSpan span;

		if (message == NULL)
			return true;
		span.data = g_bytes_get_data(message, &span.len);
		reload_router_accept(router, NULL, span, now);
		g_bytes_unref(message);
	}
	return g_queue_is_empty(router->loopback);
}

bool reload_router_has_own(const ReloadRouter *router)
{
	return !g_queue_is_empty(router->loopback);
}

void reload_router_hop_lost(ReloadRouter *router, const ReloadNodeId *id, int64_t now)
{
	reload_transaction_hop_lost(router->transactions, id, now);
}

unsigned reload_router_open(const ReloadRouter *router)
{
	return reload_transaction_count(router->transactions);
}

void reload_router_statistics(const ReloadRouter *router, ReloadRouterStatistics *out)
{
	*out = router->count;
}

/* 6.3.3.1: an error_info helps whoever has to find out what went wrong. */
static const char *error_text(uint16_t code)
{
	switch (code) {
	case RELOAD_ERROR_CONFIG_TOO_OLD:
		return "the configuration sequence is older than mine";
	case RELOAD_ERROR_CONFIG_TOO_NEW:
		return "the configuration sequence is newer than mine";
	case RELOAD_ERROR_UNSUPPORTED_FORWARDING_OPTION:
		return "no forwarding option is known here";
	case RELOAD_ERROR_UNKNOWN_EXTENSION:
		return "no message extension is known here";
	case RELOAD_ERROR_TTL_EXCEEDED:
		return "the TTL has come to its end";
	case RELOAD_ERROR_RESPONSE_TOO_LARGE:
		return "the answer would be too large";
	case RELOAD_ERROR_IN_PROGRESS:
		return "an Attach to you is under way";
	default:
		return "";
	}
}

void reload_outcome_error(ReloadOutcome *outcome, uint16_t code, const char *text)
{
	if (text == NULL)
		text = error_text(code);
	outcome->error_code = code;
	g_byte_array_set_size(outcome->body, 0);
	g_byte_array_append(outcome->body, (const guint8 *)text, (guint)strlen(text));
}

void reload_outcome_unreadable(ReloadOutcome *outcome, ReloadStatus status, const char *text)
{
	if (status == RELOAD_E_UNSUPPORTED)
		outcome->silent = true;
	else
		reload_outcome_error(outcome, RELOAD_ERROR_INVALID_MESSAGE, text);
}
