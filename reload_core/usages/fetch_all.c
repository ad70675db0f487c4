/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fetches in one go, and where that is too much for one answer, piece by piece. */
#include "reload_core/usages/fetch_all.h"

#include "reload_core/wire/stat.h"

/* Values asked for at once after a Stat; halved where that is still too much. */
#define PIECE 4

struct ReloadFetchAll {
	ReloadNode *node;
	uint32_t kind;
	ReloadDataModel model;
	ReloadResourceId resource;
	int64_t timeout;
	void (*each)(void *data, const ReloadFetched *fetched);
	ReloadFetchAllDone done;
	void *data;
	ReloadRequestId request;
	ReloadFetchedSummary summary;
	GPtrArray *items; /* GBytes: a key or range each, encoded; NULL: no pieces yet */
	guint next;	  /* of items */
	guint piece;	  /* how many are under way */
	guint piece_max;
};

static void free_all(ReloadFetchAll *all)
{
	g_clear_pointer(&all->items, g_ptr_array_unref);
	g_free(all);
}

static void finish(ReloadFetchAll *all, ReloadStatus status, uint16_t error_code, int64_t now)
{
	all->done(all->data, status, error_code, &all->summary, now);
	free_all(all);
}

static bool is_too_large(ReloadStatus status, const ReloadMessage *answer)
{
	uint16_t code = reload_usage_error_code(answer);

	/* RFC 6940 has both for it (6.3.2 and 6.3.3.1) */
	return status == RELOAD_E_REMOTE && (code == RELOAD_ERROR_RESPONSE_TOO_LARGE ||
					     code == RELOAD_ERROR_INCOMPATIBLE_WITH_OVERLAY);
}

static void on_piece(void *data, ReloadStatus status, const ReloadMessage *answer,
		     const ReloadNodeId *from, int64_t now);

/* Asks for the next piece, or ends. */
static void next_piece(ReloadFetchAll *all, int64_t now)
{
	GByteArray *items = g_byte_array_new();
	ReloadStatus status;

	if (all->next >= all->items->len) {
		g_byte_array_unref(items);
		finish(all, RELOAD_OK, 0, now);
		return;
	}
	all->piece = MIN(all->piece_max, all->items->len - all->next);
	for (guint i = 0; i < all->piece; i++) {
		GBytes *item = g_ptr_array_index(all->items, all->next + i);

		g_byte_array_append(items, g_bytes_get_data(item, NULL),
				    (guint)g_bytes_get_size(item));
	}
	status = reload_usage_fetch(all->node, &all->resource, all->kind,
				    reload_span(items->data, items->len), all->timeout, on_piece,
				    all, now, &all->request);
	g_byte_array_unref(items);
	if (status)
		finish(all, status, 0, now);
}

static void on_piece(void *data, ReloadStatus status, const ReloadMessage *answer,
		     const ReloadNodeId *from, int64_t now)
{
	ReloadFetchAll *all = data;
	ReloadFetchedSummary summary;

	(void)from;
	if (is_too_large(status, answer) && all->piece > 1) {
		all->piece_max = all->piece / 2;
		next_piece(all, now);
		return;
	}
	if (is_too_large(status, answer)) { /* one value that nobody can fetch */
		all->summary.discarded++;
	} else {
		if (!status)
			status = reload_usage_fetched(all->node, &all->resource, all->kind, answer,
						      now, all->each, all->data, &summary);
		if (status) {
			finish(all, status, reload_usage_error_code(answer), now);
			return;
		}
		all->summary.generation = summary.generation;
		all->summary.discarded += summary.discarded;
	}
	all->next += all->piece;
	next_piece(all, now);
}

static ReloadDataModel model_of(uint32_t kind, void *user_data)
{
	const ReloadKind *known = reload_document_kind(user_data, kind);

	return known ? known->model : RELOAD_MODEL_UNKNOWN;
}

/* Remembers what to ask for, by the metadata of one value. What does not exist is left out. */
static void add_item(ReloadFetchAll *all, const ReloadStoredMetaData *meta)
{
	GByteArray *item;

	if (!meta->exists)
		return;
	if (all->items->len >= RELOAD_FETCH_ALL_MAX) {
		all->summary.discarded++;
		return;
	}
	item = g_byte_array_new();
	if (meta->model == RELOAD_MODEL_ARRAY)
		reload_write_array_range(item, (ReloadArrayRange){meta->index, meta->index});
	else
		reload_write_dictionary_key(item, meta->key);
	g_ptr_array_add(all->items, g_byte_array_free_to_bytes(item));
}

static void on_stat(void *data, ReloadStatus status, const ReloadMessage *answer,
		    const ReloadNodeId *from, int64_t now)
{
	ReloadFetchAll *all = data;
	ReloadDocument *document = reload_node_document(all->node);
	ReloadStatKindResponse response;
	ReloadStoredMetaData meta;
	ReloadStatAns ans;

	(void)from;
	if (!status && answer->code != RELOAD_STAT_ANS)
		status = RELOAD_E_MALFORMED;
	if (!status)
		status = reload_stat_ans_decode(answer->body, model_of, document, &ans);
	if (status) {
		finish(all, status, reload_usage_error_code(answer), now);
		return;
	}
	all->items = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	while (reload_stat_kind_response_next(&ans.kind_responses, &response)) {
		while (response.kind == all->kind &&
		       reload_stored_metadata_next(&response.values, all->model, &meta))
			add_item(all, &meta);
	}
	next_piece(all, now);
}

/* The items of a specifier that mean everything. */
static GByteArray *everything(const ReloadFetchAll *all)
{
	GByteArray *items = g_byte_array_new();

	if (all->model == RELOAD_MODEL_ARRAY)
		reload_write_array_range(items, (ReloadArrayRange){0, RELOAD_ARRAY_END});
	return items; /* dictionary: "If no keys are specified, then this is a wildcard" */
}

static void on_fetched(void *data, ReloadStatus status, const ReloadMessage *answer,
		       const ReloadNodeId *from, int64_t now)
{
	ReloadFetchAll *all = data;

	(void)from;
	if (is_too_large(status, answer) && all->model != RELOAD_MODEL_SINGLE) {
		GByteArray *items = everything(all);

		status = reload_usage_stat(all->node, &all->resource, all->kind,
					   reload_span(items->data, items->len), all->timeout,
					   on_stat, all, now, &all->request);
		g_byte_array_unref(items);
		if (!status)
			return;
	}
	if (!status)
		status = reload_usage_fetched(all->node, &all->resource, all->kind, answer, now,
					      all->each, all->data, &all->summary);
	finish(all, status, reload_usage_error_code(answer), now);
}

ReloadStatus reload_fetch_all(ReloadNode *node, const ReloadResourceId *resource, uint32_t kind,
			      int64_t timeout,
			      void (*each)(void *data, const ReloadFetched *fetched),
			      ReloadFetchAllDone done, void *data, int64_t now,
			      ReloadFetchAll **out)
{
	const ReloadKind *known = reload_document_kind(reload_node_document(node), kind);
	ReloadFetchAll *all;
	GByteArray *items;
	ReloadStatus status;

	*out = NULL;
	if (!known)
		return RELOAD_E_UNKNOWN_KIND;
	all = g_new0(ReloadFetchAll, 1);
	all->node = node;
	all->kind = kind;
	all->model = known->model;
	all->resource = *resource;
	all->timeout = timeout;
	all->each = each;
	all->done = done;
	all->data = data;
	all->piece_max = PIECE;
	items = everything(all);
	status = reload_usage_fetch(node, resource, kind, reload_span(items->data, items->len),
				    timeout, on_fetched, all, now, &all->request);
	g_byte_array_unref(items);
	if (status)
		free_all(all);
	else
		*out = all;
	return status;
}

void reload_fetch_all_cancel(ReloadFetchAll *all)
{
	if (!all)
		return;
	reload_node_cancel(all->node, all->request);
	free_all(all);
}
