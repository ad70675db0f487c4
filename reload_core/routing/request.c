/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Request origination with end-to-end retransmission (RFC 6940, 6.2.1), and the checks that an
 * answer has to pass (6.3.4). */
#include "reload_core/routing/router_private.h"
#include "reload_core/security/sign.h"
#include "reload_core/wire/error.h"

/* How soon a request that nobody could be sent is tried again. */
#define UNROUTED_RETRY_MS 500

static uint64_t new_transaction_id(ReloadRouter *router)
{
	uint64_t id = 0;

	while (id == 0 || reload_transaction_find(router->transactions, id) != NULL)
		router->host.random(router->host.user, (uint8_t *)&id, sizeof(id));
	return id;
}

/* Builds the whole signed message. */
static ReloadStatus sign(ReloadRouter *router, const ReloadHeader *header, ReloadSpan contents,
			 ReloadIdentity *signer, const GPtrArray *certificates, GByteArray *frame)
{
	ReloadStatus status = reload_write_header(frame, header);

	if (status != RELOAD_OK)
		return status;
	reload_write_bytes(frame, contents);
	status = reload_sign_message(signer != NULL ? signer : router->identity, header->overlay,
				     header->transaction_id, contents, certificates, frame);
	if (status == RELOAD_OK)
		reload_finish_length(frame, 0);
	return status;
}

static ReloadStatus build(ReloadRouter *router, const ReloadOrigination *request, uint64_t id,
			  GByteArray *frame)
{
	ReloadHeader header = {
	    .overlay = router->document->overlay_hash,
	    .config_sequence =
		request->any_sequence ? RELOAD_CONFIG_SEQUENCE_ANY : router->document->sequence,
	    .version = RELOAD_VERSION_1_0,
	    .ttl = router->document->initial_ttl,
	    .last_fragment = true,
	    .transaction_id = id,
	    .max_response_length = request->max_response_length,
	    .destination_list = request->destination_list,
	    .options = request->options,
	};
	GByteArray *contents = g_byte_array_sized_new((guint)request->body.len + 16);
	ReloadStatus status = RELOAD_E_TOO_LARGE;

	if (reload_write_contents(contents, request->code, request->body, request->extensions))
		status = sign(router, &header, reload_span(contents->data, contents->len),
			      request->signer, request->certificates, frame);
	g_byte_array_unref(contents);
	if (status == RELOAD_OK && frame->len > router->document->max_message_size &&
	    !request->any_sequence)
		status = RELOAD_E_TOO_LARGE;
	return status;
}

/* The same message with another transaction ID, in place of the one that was sent. */
static ReloadStatus rebuild(ReloadRouter *router, ReloadTransaction *transaction, uint64_t id)
{
	ReloadSpan sent = reload_span(transaction->frame->data, transaction->frame->len);
	GByteArray *frame = g_byte_array_sized_new(transaction->frame->len);
	ReloadMessage message;
	ReloadStatus status =
	    reload_message_decode(sent, router->document->node_id_length, &message);

	if (status == RELOAD_OK) {
		message.header.transaction_id = id;
		message.header.config_sequence = router->document->sequence;
		status = sign(router, &message.header, message.contents, transaction->signer,
			      transaction->certificates, frame);
	}
	if (status == RELOAD_OK) {
		GByteArray *before = transaction->frame;

		transaction->frame = frame;
		frame = before;
	}
	g_byte_array_unref(frame);
	return status;
}

/* Sends it (again), and says when to look at it next. */
static void transmit(ReloadRouter *router, ReloadTransaction *transaction, int64_t now)
{
	ReloadSpan frame = reload_span(transaction->frame->data, transaction->frame->len);
	ReloadStatus status =
	    reload_router_dispatch(router, frame, transaction->link_only, &transaction->hop);
	int64_t due = now + transaction->interval;

	if (status == RELOAD_E_UNREACHABLE && transaction->link_only) {
		transaction->failure = status;
		due = now;
	} else if (status == RELOAD_E_UNREACHABLE) {
		due = now + UNROUTED_RETRY_MS; /* not a transmission */
	} else {
		if (transaction->transmissions++ > 0)
			router->count.retransmissions++;
	}
	transaction->due = MIN(due, transaction->deadline);
}

/* Whom the request is for; false: the destination list does not say it. */
static bool find_last(const ReloadRouter *router, const ReloadOrigination *request, ReloadDestination *last)
{
	if (!reload_destination_list_valid(request->destination_list, router->document->node_id_length,
					   RELOAD_LIST_DESTINATION) ||
	    !reload_destination_list_last(request->destination_list, last))
		return false;
	if (last->type == RELOAD_DESTINATION_OPAQUE && request->expected != NULL)
		*last = reload_destination_node(request->expected);
	return last->type == RELOAD_DESTINATION_NODE || last->type == RELOAD_DESTINATION_RESOURCE;
}

ReloadStatus reload_router_request(ReloadRouter *router, const ReloadOrigination *request,
				   ReloadReplyFunc reply, void *data, int64_t now, uint64_t *id)
{
	ReloadTransaction *transaction;
	ReloadDestination last;
	ReloadStatus status;

	if (!find_last(router, request, &last))
		return RELOAD_E_MALFORMED;
	if (reload_transaction_count(router->transactions) >= RELOAD_TRANSACTIONS_MAX)
		return RELOAD_E_LIMIT;
	transaction = g_new0(ReloadTransaction, 1);
	transaction->id = new_transaction_id(router);
	transaction->frame = g_byte_array_sized_new((guint)request->body.len + 1024);
	status = build(router, request, transaction->id, transaction->frame);
	if (status != RELOAD_OK) {
		reload_transaction_free(transaction);
		return status;
	}
	transaction->handle = transaction->id;
	if (request->signer != NULL)
		transaction->signer = reload_identity_ref(request->signer);
	if (request->certificates != NULL)
		transaction->certificates = g_ptr_array_ref((GPtrArray *)request->certificates);
	transaction->last = last;
	transaction->last.raw = (ReloadSpan){0};
	transaction->link_only = request->link_only;
	transaction->any_origin = request->any_origin;
	transaction->interval = router->document->overlay_reliability_timer;
	transaction->deadline =
	    now + (request->timeout > 0 ? request->timeout
					: RELOAD_TRANSMISSIONS_MAX * transaction->interval);
	transaction->reply = reply;
	transaction->data = data;
	transmit(router, transaction, now);
	reload_transaction_add(router->transactions, transaction);
	if (id != NULL)
		*id = transaction->id;
	return RELOAD_OK;
}

void reload_router_cancel(ReloadRouter *router, uint64_t id)
{
	ReloadTransaction *transaction = reload_transaction_find_handle(router->transactions, id);

	if (transaction == NULL)
		return;
	reload_transaction_take(router->transactions, transaction);
	reload_transaction_free(transaction);
}

/* Ends a transaction; it is gone before the callback runs. */
static void finish(ReloadRouter *router, ReloadTransaction *transaction, ReloadStatus status,
		   const ReloadMessage *answer, const ReloadNodeId *from, int64_t now)
{
	ReloadReplyFunc reply = transaction->reply;
	void *data = transaction->data;

	reload_transaction_take(router->transactions, transaction);
	reload_transaction_free(transaction);
	if (reply != NULL)
		reply(data, status, answer, from, now);
}

/* The code of the request that waits, from behind the header of its frame; 0: none. */
static uint16_t request_code(const ReloadTransaction *transaction)
{
	ReloadSpan frame = reload_span(transaction->frame->data, transaction->frame->len), rest;
	ReloadHeader header;

	if (reload_header_decode(frame, 0, &header, &rest) != RELOAD_OK || rest.len < 2)
		return 0;
	return (uint16_t)(rest.data[0] << 8 | rest.data[1]);
}

/* Nobody but who is responsible for it may say of data that there is none. */
static bool is_data_request(uint16_t code)
{
	return code == RELOAD_STORE_REQ || code == RELOAD_FETCH_REQ || code == RELOAD_STAT_REQ ||
	       code == RELOAD_FIND_REQ;
}

/* Errors that a node on the way makes, which is not the one that was addressed. */
static bool is_error_of_a_hop(const ReloadTransaction *transaction, const ReloadMessage *message,
			      bool from_our_hop)
{
	ReloadErrorResponse error;

	if (message->code != RELOAD_ERROR ||
	    reload_error_decode(message->body, &error) != RELOAD_OK)
		return false;
	switch (error.error_code) {
	case RELOAD_ERROR_TTL_EXCEEDED:
	case RELOAD_ERROR_UNSUPPORTED_FORWARDING_OPTION:
	case RELOAD_ERROR_MESSAGE_TOO_LARGE:
		return true;
	case RELOAD_ERROR_NOT_FOUND:
		return !is_data_request(request_code(transaction));
	case RELOAD_ERROR_FORBIDDEN: /* of the node that we are linked to (4.2.1, 6.1.2) */
	case RELOAD_ERROR_INVALID_MESSAGE:
		return from_our_hop;
	default:
		return false;
	}
}

/* 6.3.4: did it come from the node addressed, or from one that may be responsible? */
static bool origin_is_good(ReloadRouter *router, const ReloadTransaction *transaction,
			   const ReloadMessage *message, const ReloadNodeId *from)
{
	const ReloadDestination *last = &transaction->last;

	if (last->type == RELOAD_DESTINATION_NODE) {
		if (reload_node_id_is_wildcard(&last->node_id) ||
		    reload_node_id_equal(&last->node_id, from))
			return true;
	} else if (transaction->any_origin ||
		   router->host.plausible(router->host.user,
					  reload_resource_id_span(&last->resource_id), from)) {
		return true;
	}
	return is_error_of_a_hop(transaction, message,
				 reload_node_id_equal(from, &transaction->hop));
}

/* 6.5.4: who finds our document too new has an old one, and so has who answers with an older
 * number. */
static void tell_if_outdated(ReloadRouter *router, const ReloadMessage *message,
			     const ReloadNodeId *from, int64_t now)
{
	uint16_t theirs = message->header.config_sequence;
	ReloadErrorResponse error;
	GByteArray *list;
	bool outdated = theirs != RELOAD_CONFIG_SEQUENCE_ANY &&
			reload_document_sequence_is_newer(router->document->sequence, theirs);

	if (message->code == RELOAD_ERROR &&
	    reload_error_decode(message->body, &error) == RELOAD_OK &&
	    error.error_code == RELOAD_ERROR_CONFIG_TOO_NEW)
		outdated = true;
	if (!outdated)
		return;
	list = g_byte_array_new();
	reload_write_destination_node(list, from);
	router->host.outdated(router->host.user, from, reload_span(list->data, list->len), now);
	g_byte_array_unref(list);
}

/* 7.4.1.2: "A node which receives this error MUST generate a ConfigUpdate message which contains the
 * appropriate Kind definition". True: it does, and the request waits for reload_router_repeat. */
static bool tell_unknown_kinds(ReloadRouter *router, ReloadTransaction *transaction,
			       const ReloadMessage *message, const ReloadNodeId *from, int64_t now)
{
	ReloadErrorResponse error;
	ReloadSpan kinds;
	GByteArray *list;
	bool told;

	if (message->code != RELOAD_ERROR || transaction->is_repeated ||
	    router->host.unknown_kinds == NULL || !is_data_request(request_code(transaction)) ||
	    reload_error_decode(message->body, &error) != RELOAD_OK ||
	    error.error_code != RELOAD_ERROR_UNKNOWN_KIND ||
	    reload_unknown_kinds_decode(error.error_info, &kinds) != RELOAD_OK)
		return false;
	list = g_byte_array_new();
	reload_write_destination_node(list, from);
	told = router->host.unknown_kinds(router->host.user, transaction->handle, from,
					  reload_span(list->data, list->len), kinds, now);
	g_byte_array_unref(list);
	if (!told)
		return false;
	transaction->is_repeated = true;
	transaction->failure = RELOAD_E_UNKNOWN_KIND; /* unless it is repeated before the deadline */
	transaction->hop.len = 0;
	reload_transaction_reschedule(router->transactions, transaction, transaction->deadline);
	return true;
}

void reload_router_repeat(ReloadRouter *router, uint64_t id, bool again, int64_t now)
{
	ReloadTransaction *transaction = reload_transaction_find_handle(router->transactions, id);
	uint64_t new_id;

	if (transaction == NULL || transaction->failure != RELOAD_E_UNKNOWN_KIND)
		return;
	new_id = new_transaction_id(router);
	if (!again || rebuild(router, transaction, new_id) != RELOAD_OK) {
		reload_transaction_reschedule(router->transactions, transaction, now);
		return;
	}
	reload_transaction_rename(router->transactions, transaction, new_id);
	transaction->failure = RELOAD_OK;
	transaction->transmissions = 0;
	transmit(router, transaction, now);
	reload_transaction_reschedule(router->transactions, transaction, transaction->due);
}

void reload_router_answered(ReloadRouter *router, const ReloadMessage *message, int64_t now)
{
	ReloadTransaction *transaction =
	    reload_transaction_find(router->transactions, message->header.transaction_id);
	ReloadNodeId from;

	if (transaction == NULL || transaction->failure != RELOAD_OK) {
		router->count.dropped_duplicate++;
		return;
	}
	if (!reload_router_verify(router, message, now, NULL, &from))
		return;
	if (!origin_is_good(router, transaction, message, &from)) {
		router->count.dropped_origin++;
		return;
	}
	if (message->code != RELOAD_ERROR && message->code != request_code(transaction) + 1) {
		router->count.dropped_malformed++;
		return;
	}
	tell_if_outdated(router, message, &from, now);
	if (reload_message_has_critical_extension(message)) { /* 6.3.3: we do not understand it */
		finish(router, transaction, RELOAD_E_UNSUPPORTED, NULL, NULL, now);
		return;
	}
	if (tell_unknown_kinds(router, transaction, message, &from, now))
		return;
	finish(router, transaction, message->code == RELOAD_ERROR ? RELOAD_E_REMOTE : RELOAD_OK,
	       message, &from, now);
}

int64_t reload_router_tick(ReloadRouter *router, int64_t now)
{
	ReloadTransaction *first;
	int64_t next;

	while ((first = reload_transaction_first(router->transactions)) != NULL &&
	       first->due <= now) {
		if (first->failure != RELOAD_OK) {
			finish(router, first, first->failure, NULL, NULL, now);
		} else if (now >= first->deadline ||
			   first->transmissions >= RELOAD_TRANSMISSIONS_MAX) {
			router->count.timeouts++;
			finish(router, first,
			       first->transmissions == 0 ? RELOAD_E_UNREACHABLE : RELOAD_E_TIMEOUT,
			       NULL, NULL, now);
		} else {
			transmit(router, first, now);
			reload_transaction_reschedule(router->transactions, first, first->due);
		}
	}
	next = reload_reassembly_tick(router->reassembly, now, &router->count.dropped_fragment);
	return first != NULL ? MIN(first->due, next) : next;
}
