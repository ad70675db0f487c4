/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A message has reached its destination: verify it, apply the rules for its receiver, hand it to
 * the handler of requests or to the transaction that it answers. */
#include "reload_core/routing/router_private.h"
#include "reload_core/security/sign.h"

/* Requests that may be performed again without harm are not kept (6.2.1). */
static bool is_repeatable(uint16_t code)
{
	switch (code) {
	case RELOAD_FETCH_REQ:
	case RELOAD_STAT_REQ:
	case RELOAD_FIND_REQ:
	case RELOAD_PING_REQ:
	case RELOAD_PROBE_REQ:
	case RELOAD_ROUTE_QUERY_REQ:
		return true;
	default:
		return false;
	}
}

bool reload_message_has_critical_extension(const ReloadMessage *message)
{
	ReloadSpan extensions = message->extensions;
	ReloadExtension extension;

	while (reload_extension_next(&extensions, &extension)) {
		if (extension.critical)
			return true;
	}
	return false;
}

static bool has_destination_critical_option(ReloadSpan options)
{
	ReloadForwardingOption option;

	while (reload_forwarding_option_next(&options, &option)) {
		if ((option.flags & RELOAD_FLAG_DESTINATION_CRITICAL) != 0)
			return true;
	}
	return false;
}

/* 6.3.2.1: sequence numbers have to be equal. True: go on. */
static bool sequence_is_good(ReloadRouter *router, const ReloadTransit *transit,
			     const ReloadIncoming *request, ReloadOutcome *outcome, int64_t now)
{
	uint16_t ours = router->document->sequence, theirs = transit->header.config_sequence;
	GByteArray *path;

	if (theirs == ours || (theirs == RELOAD_CONFIG_SEQUENCE_ANY &&
			       request->message->code == RELOAD_CONFIG_UPDATE_REQ))
		return true;
	if (theirs == RELOAD_CONFIG_SEQUENCE_ANY ||
	    reload_document_sequence_is_newer(theirs, ours)) {
		reload_outcome_error(outcome, RELOAD_ERROR_CONFIG_TOO_NEW, NULL);
		return false;
	}
	reload_outcome_error(outcome, RELOAD_ERROR_CONFIG_TOO_OLD, NULL);
	path = g_byte_array_new();
	reload_router_return_path(transit, path);
	if (path->len > 0)
		router->host.outdated(router->host.user, &request->signer,
				      reload_span(path->data, path->len), now);
	g_byte_array_unref(path);
	return false;
}

/* Applies the receiver's rules and performs the request. */
static void perform(ReloadRouter *router, const ReloadTransit *transit,
		    const ReloadIncoming *request, ReloadOutcome *outcome, bool *keep, int64_t now)
{
	*keep = false;
	if (!sequence_is_good(router, transit, request, outcome, now))
		return;
	if (has_destination_critical_option(transit->header.options)) {
		reload_outcome_error(outcome, RELOAD_ERROR_UNSUPPORTED_FORWARDING_OPTION, NULL);
		return;
	}
	if (reload_message_has_critical_extension(request->message)) {
		reload_outcome_error(outcome, RELOAD_ERROR_UNKNOWN_EXTENSION, NULL);
		return;
	}
	*keep = !is_repeatable(request->message->code);
	router->count.requests++;
	router->host.handle(router->host.user, request, outcome, now);
}

bool reload_router_verify(ReloadRouter *router, const ReloadMessage *message, int64_t now,
			  ReloadCertificate **certificate, ReloadNodeId *signer)
{
	ReloadStatus status =
	    reload_verify_message(router->trust, message, now, certificate, signer);

	if (status == RELOAD_E_LIMIT)
		router->count.dropped_limit++;
	else if (status != RELOAD_OK)
		router->count.dropped_signature++;
	return status == RELOAD_OK;
}

static void deliver_request(ReloadRouter *router, const ReloadTransit *transit,
			    const ReloadDestination *destination, const ReloadMessage *message,
			    int64_t now)
{
	ReloadIncoming request = {.message = message, .destination = *destination};
	ReloadOutcome outcome = {0};
	ReloadKept kept = {0};
	bool keep;

	if (!is_repeatable(message->code)) {
		GBytes *answer;

		reload_answer_key(transit->header.transaction_id, transit->rest,
				  &kept.key);
		answer = reload_answer_cache_get(router->answers, &kept.key, now);
		if (answer != NULL) {
			router->count.dropped_duplicate++;
			reload_router_respond_again(router, transit, answer);
			return;
		}
	}
	if (!reload_router_verify(router, message, now, &request.certificate, &request.signer))
		return;
	if (transit->previous_hop != NULL)
		request.previous_hop = *transit->previous_hop;
	outcome.body = g_byte_array_new();
	kept.signer = request.signer;
	perform(router, transit, &request, &outcome, &keep, now);
	if (!outcome.silent)
		reload_router_respond(router, transit, (uint16_t)(message->code + 1), &outcome,
				      keep ? &kept : NULL, now);
	g_byte_array_unref(outcome.body);
	g_clear_pointer(&outcome.certificates, g_ptr_array_unref);
	reload_certificate_unref(request.certificate);
}

/* Larger than max-message-size may only be what renews the document that says so. */
static bool is_too_large(const ReloadRouter *router, const ReloadTransit *transit)
{
	return RELOAD_HEADER_FIXED + transit->rest.len > router->document->max_message_size &&
	       reload_transit_code(transit) != RELOAD_CONFIG_UPDATE_REQ;
}

void reload_router_collect(ReloadRouter *router, const ReloadTransit *transit,
			   const ReloadDestination *destination, int64_t now)
{
	const ReloadNodeId *hop = transit->previous_hop;
	ReloadTransit whole = {0};
	ReloadAssembled assembled;
	ReloadSpan source = {0};
	ReloadDestination origin;
	ReloadSpan via = transit->header.via_list;

	if (hop == NULL) { /* ours go to ourselves in one piece */
		router->count.dropped_fragment++;
		return;
	}
	/* An answer is known by the request; a request by its transaction ID and where it began. */
	if (reload_transaction_find(router->transactions, transit->header.transaction_id) == NULL) {
		if (!reload_destination_next(&via, &origin))
			source = reload_node_id_span(hop);
		else if (origin.type == RELOAD_DESTINATION_NODE)
			source = reload_node_id_span(&origin.node_id);
		else
			source = origin.raw;
	}
	switch (reload_reassembly_add(router->reassembly, hop, source, transit->bytes,
				      &transit->header, transit->rest, now, &assembled)) {
	case RELOAD_FRAGMENT_KEPT:
		return;
	case RELOAD_FRAGMENT_DROPPED:
		router->count.dropped_fragment++;
		return;
	case RELOAD_FRAGMENT_COMPLETE:
		break;
	}
	router->count.reassembled++;
	whole.bytes = whole.rest = assembled.rest;
	whole.header = assembled.header;
	whole.previous_hop = &assembled.previous_hop;
	whole.destinations = whole.header.destination_list;
	if (is_too_large(router, &whole)) {
		router->count.dropped_limit++;
		reload_router_respond_error(router, &whole, RELOAD_ERROR_MESSAGE_TOO_LARGE,
					    "larger than max-message-size", now);
	} else {
		reload_router_deliver(router, &whole, destination, now);
	}
	reload_assembled_clear(&assembled);
}

void reload_router_deliver(ReloadRouter *router, const ReloadTransit *transit,
			   const ReloadDestination *destination, int64_t now)
{
	ReloadMessage message = {.header = transit->header};
	ReloadTrust *trust;

	router->touched = true;
	if (!reload_header_is_whole(&transit->header)) {
		reload_router_collect(router, transit, destination, now);
		return;
	}
	if (reload_message_decode_rest(transit->rest, &message) != RELOAD_OK) {
		router->count.dropped_malformed++;
		return;
	}
	/* The handler may put another trust in its place. */
	trust = reload_trust_ref(router->trust);
	reload_trust_set_account(trust, transit->previous_hop);
	if (reload_code_is_request(message.code))
		deliver_request(router, transit, destination, &message, now);
	else
		reload_router_answered(router, &message, now);
	reload_trust_set_account(trust, NULL);
	reload_trust_unref(trust);
}

ReloadStatus reload_router_identify(ReloadRouter *router, ReloadSpan bytes, int64_t now,
				    ReloadNodeId *signer)
{
	ReloadMessage message;
	ReloadStatus status =
	    reload_message_decode(bytes, router->document->node_id_length, &message);

	if (status != RELOAD_OK)
		return status;
	/* Only the node's own requests say who it is. */
	if (message.header.via_list.len != 0 || !reload_code_is_request(message.code))
		return RELOAD_E_FORBIDDEN;
	return reload_verify_message(router->trust, &message, now, NULL, signer);
}
