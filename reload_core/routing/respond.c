/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Response origination (RFC 6940, 6.2.2): answers and errors go back along the via list. */
#include "reload_core/routing/router_private.h"
#include "reload_core/security/sign.h"
#include "reload_core/wire/error.h"

void reload_router_return_path(const ReloadTransit *transit, GByteArray *out)
{
	if (transit->previous_hop != NULL)
		reload_write_destination_node(out, transit->previous_hop);
	reload_write_reversed_list(out, transit->header.via_list);
}

/* Writes the header of the answer and what follows it, and sends it. */
static void send_answer(ReloadRouter *router, const ReloadTransit *transit, ReloadSpan rest)
{
	GByteArray *path = g_byte_array_new(), *options = g_byte_array_new();
	GByteArray *frame = g_byte_array_sized_new((guint)rest.len + 256);
	ReloadHeader header = {
	    .overlay = router->document->overlay_hash,
	    .config_sequence = router->document->sequence,
	    .version = RELOAD_VERSION_1_0,
	    .ttl = router->document->initial_ttl,
	    .last_fragment = true,
	    .transaction_id = transit->header.transaction_id,
	};
	ReloadNodeId hop;

	reload_router_return_path(transit, path);
	if (path->len == 0) /* our own request to ourselves */
		reload_write_destination_node(path, &router->self);
	reload_write_response_options(options, transit->header.options);
	header.destination_list = reload_span(path->data, path->len);
	header.options = reload_span(options->data, options->len);
	if (reload_write_header(frame, &header) == RELOAD_OK) {
		reload_write_bytes(frame, rest);
		reload_finish_length(frame, 0);
		if (reload_router_dispatch(router, reload_span(frame->data, frame->len), false,
					   &hop) != RELOAD_OK)
			router->count.dropped_unroutable++;
	}
	g_byte_array_unref(frame);
	g_byte_array_unref(options);
	g_byte_array_unref(path);
}

/* Appends contents and security block of an answer or an Error. */
static bool write_answer(ReloadRouter *router, const ReloadTransit *transit, uint16_t code,
			 const ReloadOutcome *outcome, GByteArray *out)
{
	GByteArray *contents = g_byte_array_new();
	ReloadSpan body = reload_span(outcome->body->data, outcome->body->len);
	size_t mark;
	bool good;

	if (outcome->error_code != 0) {
		ReloadErrorResponse error = {outcome->error_code, body};

		mark = reload_begin_contents(contents, RELOAD_ERROR);
		good = reload_write_error(contents, &error) &&
		       reload_end_contents(contents, mark, (ReloadSpan){0});
	} else {
		good = reload_write_contents(contents, code, body, (ReloadSpan){0});
	}
	if (good) {
		g_byte_array_append(out, contents->data, contents->len);
		good = reload_sign_message(router->identity, router->document->overlay_hash,
					   transit->header.transaction_id,
					   reload_span(contents->data, contents->len),
					   outcome->certificates, out) == RELOAD_OK;
	}
	g_byte_array_unref(contents);
	return good;
}

/* The most that contents and security block of an answer may take: the whole message as it leaves us is what its sender
 * (6.3.2) and the overlay limit. */
static size_t answer_limit(const ReloadRouter *router, const ReloadTransit *transit)
{
	size_t limit = router->document->max_message_size;
	size_t wanted = transit->header.max_response_length;
	size_t lists = RELOAD_HEADER_FIXED + transit->header.via_list.len;
	GByteArray *options = g_byte_array_new();

	reload_write_response_options(options, transit->header.options);
	lists +=
	    options->len + (transit->previous_hop != NULL ? 2u + transit->previous_hop->len : 0);
	g_byte_array_unref(options);
	if (wanted != 0 && wanted < limit)
		limit = wanted;
	return limit > lists ? limit - lists : 0;
}

/* The same for what takes its place. */
static bool rewrite_answer(ReloadRouter *router, const ReloadTransit *transit, uint16_t code,
			   ReloadOutcome *outcome, GByteArray *out)
{
	g_clear_pointer(&outcome->certificates, g_ptr_array_unref);
	g_byte_array_set_size(out, 0);
	return write_answer(router, transit, code, outcome, out);
}

void reload_router_respond(ReloadRouter *router, const ReloadTransit *transit, uint16_t code,
			   ReloadOutcome *outcome, const ReloadKept *kept, int64_t now)
{
	GByteArray *rest = g_byte_array_sized_new(1024);
	bool good = write_answer(router, transit, code, outcome, rest);
	size_t limit = answer_limit(router, transit);

	if (!good || (outcome->error_code == 0 && rest->len > limit)) {
		/* 6.3.2 names another error for it; 6.3.3.1 and 7.4.2 this one. */
		reload_outcome_error(outcome, RELOAD_ERROR_RESPONSE_TOO_LARGE, NULL);
		good = rewrite_answer(router, transit, code, outcome, rest);
	}
	/* 6.3.2 speaks of any response. An Error goes without its text where there is no room for it. */
	if (good && rest->len > limit && outcome->body->len > 0) {
		g_byte_array_set_size(outcome->body, 0);
		good = rewrite_answer(router, transit, code, outcome, rest);
	}
	if (good) {
		ReloadSpan span = reload_span(rest->data, rest->len);

		if (outcome->error_code != 0)
			router->count.errors++;
		else
			router->count.answers++;
		if (kept != NULL)
			reload_answer_cache_put(router->answers, &kept->key,
						&kept->signer, span, now);
		send_answer(router, transit, span);
	}
	g_byte_array_unref(rest);
}

void reload_router_respond_again(ReloadRouter *router, const ReloadTransit *transit, GBytes *answer)
{
	ReloadSpan span;

	span.data = g_bytes_get_data(answer, &span.len);
	send_answer(router, transit, span);
}

void reload_router_respond_error(ReloadRouter *router, const ReloadTransit *transit,
				 uint16_t error_code, const char *text, int64_t now)
{
	ReloadOutcome outcome = {0};

	/* Never an error for an answer or an Error: that could go on for ever. */
	if (transit->header.fragment_offset != 0 || !reload_transit_is_request(transit))
		return;
	if (transit->previous_hop != NULL && !reload_quota_take(router->errors, transit->previous_hop, now))
		return;
	outcome.body = g_byte_array_new();
	reload_outcome_error(&outcome, error_code, text);
	reload_router_respond(router, transit, 0, &outcome, NULL, now);
	g_byte_array_unref(outcome.body);
}
