/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fetches in one go, and where that is too much for one answer, piece by piece. */
#include "reload_core/peer/piecewise.h"

#include "reload_core/wire/fetch.h"
#include "reload_core/wire/error.h"
#include "reload_core/wire/stat.h"

/* Values asked for at once after a Stat; halved where that is still too much. */
#define PIECE 4

struct ReloadPiecewise {
	ReloadPiecewiseOptions options;
	ReloadDataModel model;
	ReloadRequestId request;
	unsigned left_out;
	GPtrArray *items; /* GBytes: a key or range each, encoded; NULL: no pieces yet */
	guint next;	  /* of items */
	guint piece;	  /* how many are under way */
	guint piece_max;
};

static void free_all(ReloadPiecewise *all)
{
	g_clear_pointer(&all->items, g_ptr_array_unref);
	g_free(all);
}

static void finish(ReloadPiecewise *all, ReloadStatus status, const ReloadMessage *answer, int64_t now)
{
	ReloadPiecewiseOptions options = all->options;
	unsigned left_out = all->left_out;

	free_all(all);
	options.done(options.data, status,
		     status == RELOAD_E_REMOTE ? reload_message_error_code(answer) : 0, left_out,
		     now);
}

bool reload_piecewise_is_too_large(ReloadStatus status, const ReloadMessage *answer)
{
	uint16_t code = status == RELOAD_E_REMOTE ? reload_message_error_code(answer) : 0;

	/* RFC 6940 has both for it (6.3.2 and 6.3.3.1) */
	return code == RELOAD_ERROR_RESPONSE_TOO_LARGE || code == RELOAD_ERROR_INCOMPATIBLE_WITH_OVERLAY;
}

/* A FetchReq or StatReq: they have the same form (7.4.3.1). */
static ReloadStatus ask(ReloadPiecewise *all, uint16_t code, ReloadSpan items, ReloadReplyFunc reply,
			int64_t now)
{
	const ReloadPiecewiseOptions *options = &all->options;
	ReloadStoredDataSpecifier specifier = {.kind = options->kind, .model = all->model, .items = items};
	GByteArray *specifiers = g_byte_array_new(), *body = g_byte_array_new();
	ReloadFetchReq req = {.resource = options->resource};
	ReloadRequest request = {
	    .destinations = &options->destination,
	    .destination_count = 1,
	    .code = code,
	    .timeout = options->timeout,
	};
	bool good = now < options->until && reload_write_specifier(specifiers, &specifier);

	req.specifiers = reload_span(specifiers->data, specifiers->len);
	good = good && reload_write_fetch_req(body, &req);
	request.body = reload_span(body->data, body->len);
	all->request = good ? reload_node_request(options->node, &request, reply, all, now) : 0;
	g_byte_array_unref(specifiers);
	g_byte_array_unref(body);
	if (now >= options->until)
		return RELOAD_E_TIMEOUT;
	return all->request != 0 ? RELOAD_OK : RELOAD_E_STATE;
}

static void on_piece(void *data, ReloadStatus status, const ReloadMessage *answer,
		     const ReloadNodeId *from, int64_t now);

/* Asks for the next piece, or ends. */
static void next_piece(ReloadPiecewise *all, int64_t now)
{
	GByteArray *items;
	ReloadStatus status;

	if (all->next >= all->items->len) {
		finish(all, RELOAD_OK, NULL, now);
		return;
	}
	items = g_byte_array_new();
	all->piece = MIN(all->piece_max, all->items->len - all->next);
	for (guint i = 0; i < all->piece; i++) {
		GBytes *item = g_ptr_array_index(all->items, all->next + i);

		g_byte_array_append(items, g_bytes_get_data(item, NULL), (guint)g_bytes_get_size(item));
	}
	status = ask(all, RELOAD_FETCH_REQ, reload_span(items->data, items->len), on_piece, now);
	g_byte_array_unref(items);
	if (status != RELOAD_OK)
		finish(all, status, NULL, now);
}

static void on_piece(void *data, ReloadStatus status, const ReloadMessage *answer,
		     const ReloadNodeId *from, int64_t now)
{
	ReloadPiecewise *all = data;

	(void)from;
	if (reload_piecewise_is_too_large(status, answer) && all->piece > 1) {
		all->piece_max = all->piece / 2;
		next_piece(all, now);
		return;
	}
	if (reload_piecewise_is_too_large(status, answer)) { /* one value that nobody can fetch */
		all->left_out++;
	} else {
		if (status == RELOAD_OK)
			status = all->options.take(all->options.data, answer, now);
		if (status != RELOAD_OK) {
			finish(all, status, answer, now);
			return;
		}
	}
	all->next += all->piece;
	next_piece(all, now);
}

static ReloadDataModel model_of(uint32_t kind, void *user_data)
{
	const ReloadKind *known = reload_document_kind(user_data, kind);

	return known != NULL ? known->model : RELOAD_MODEL_UNKNOWN;
}

/* Remembers what to ask for, by the metadata of one value. One that is not there has no storage time either. */
static void add_item(ReloadPiecewise *all, const ReloadStoredMetaData *meta)
{
	GByteArray *item;

	if (!meta->exists && (!all->options.removed_too || meta->storage_time == 0))
		return;
	item = g_byte_array_new();
	if (meta->model == RELOAD_MODEL_ARRAY)
		reload_write_array_range(item, (ReloadArrayRange){meta->index, meta->index});
	else
		reload_write_dictionary_key(item, meta->key);
	g_ptr_array_add(all->items, g_byte_array_free_to_bytes(item));
}

/* Which values there are, by the answer to the Stat, or by what is known of them. */
static ReloadStatus list_items(ReloadPiecewise *all, ReloadStatus status, const ReloadMessage *answer)
{
	ReloadDocument *document = reload_node_document(all->options.node);
	ReloadStatKindResponse response;
	ReloadStoredMetaData meta;
	ReloadStatAns ans;

	all->items = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	if (reload_piecewise_is_too_large(status, answer) && all->options.known != NULL) {
		all->options.known(all->options.data, all->items);
		return RELOAD_OK;
	}
	if (status == RELOAD_OK && answer->code != RELOAD_STAT_ANS)
		status = RELOAD_E_MALFORMED;
	if (status == RELOAD_OK)
		status = reload_stat_ans_decode(answer->body, model_of, document, &ans);
	while (status == RELOAD_OK && reload_stat_kind_response_next(&ans.kind_responses, &response)) {
		while (response.kind == all->options.kind &&
		       reload_stored_metadata_next(&response.values, all->model, &meta))
			add_item(all, &meta);
	}
	return status;
}

static void on_stat(void *data, ReloadStatus status, const ReloadMessage *answer,
		    const ReloadNodeId *from, int64_t now)
{
	ReloadPiecewise *all = data;

	(void)from;
	status = list_items(all, status, answer);
	if (status != RELOAD_OK) {
		finish(all, status, answer, now);
		return;
	}
	if (all->items->len > all->options.max) {
		all->left_out += all->items->len - all->options.max;
		g_ptr_array_set_size(all->items, (gint)all->options.max);
	}
	next_piece(all, now);
}

/* Asks for everything. */
static ReloadStatus ask_all(ReloadPiecewise *all, uint16_t code, ReloadReplyFunc reply, int64_t now)
{
	GByteArray *items = g_byte_array_new();
	ReloadStatus status;

	/* A dictionary: "If no keys are specified, then this is a wildcard" (7.4.2.1). */
	if (all->model == RELOAD_MODEL_ARRAY)
		reload_write_array_range(items, (ReloadArrayRange){0, RELOAD_ARRAY_END});
	status = ask(all, code, reload_span(items->data, items->len), reply, now);
	g_byte_array_unref(items);
	return status;
}

static void on_fetched(void *data, ReloadStatus status, const ReloadMessage *answer,
		       const ReloadNodeId *from, int64_t now)
{
	ReloadPiecewise *all = data;

	(void)from;
	if (reload_piecewise_is_too_large(status, answer) && all->model != RELOAD_MODEL_SINGLE) {
		ReloadStatus asked = ask_all(all, RELOAD_STAT_REQ, on_stat, now);

		if (asked != RELOAD_OK)
			finish(all, asked, NULL, now);
		return;
	}
	if (status == RELOAD_OK)
		status = all->options.take(all->options.data, answer, now);
	finish(all, status, answer, now);
}

ReloadStatus reload_piecewise_fetch(const ReloadPiecewiseOptions *options, int64_t now,
				    ReloadPiecewise **out)
{
	const ReloadKind *known = reload_document_kind(reload_node_document(options->node), options->kind);
	ReloadPiecewise *all;
	ReloadStatus status;

	*out = NULL;
	if (known == NULL)
		return RELOAD_E_UNKNOWN_KIND;
	all = g_new0(ReloadPiecewise, 1);
	all->options = *options;
	all->model = known->model;
	all->piece_max = PIECE;
	status = ask_all(all, RELOAD_FETCH_REQ, on_fetched, now);
	if (status != RELOAD_OK)
		free_all(all);
	else
		*out = all;
	return status;
}

void reload_piecewise_cancel(ReloadPiecewise *all)
{
	if (all == NULL)
		return;
	reload_node_cancel(all->options.node, all->request);
	free_all(all);
}
