/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks what is fetched piece by piece, and adds up what is to be known of it. */
#include "reload_core/usages/fetch_all.h"

#include "reload_core/peer/piecewise.h"

struct ReloadFetchAll {
	ReloadNode *node;
	uint32_t kind;
	ReloadResourceId resource;
	void (*each)(void *data, const ReloadFetched *fetched);
	ReloadFetchAllDone done;
	void *data;
	ReloadFetchedSummary summary;
	ReloadPiecewise *pieces;
};

static ReloadStatus take(void *data, const ReloadMessage *answer, int64_t now)
{
	ReloadFetchAll *all = data;
	ReloadFetchedSummary summary;
	ReloadStatus status = reload_usage_fetched(all->node, &all->resource, all->kind, answer, now,
						   all->each, all->data, &summary);

	all->summary.generation = summary.generation;
	all->summary.discarded += summary.discarded;
	return status;
}

static void done(void *data, ReloadStatus status, uint16_t error_code, unsigned left_out, int64_t now)
{
	ReloadFetchAll *all = data;

	all->summary.discarded += left_out;
	all->done(all->data, status, error_code, &all->summary, now);
	g_free(all);
}

ReloadStatus reload_fetch_all(ReloadNode *node, const ReloadResourceId *resource, uint32_t kind,
			      int64_t timeout,
			      void (*each)(void *data, const ReloadFetched *fetched),
			      ReloadFetchAllDone finished, void *data, int64_t now,
			      ReloadFetchAll **out)
{
	ReloadFetchAll *all = g_new0(ReloadFetchAll, 1);
	ReloadPiecewiseOptions options = {
	    .node = node,
	    .destination = reload_destination_resource(resource),
	    .resource = *resource,
	    .kind = kind,
	    .timeout = timeout,
	    .until = INT64_MAX,
	    .max = RELOAD_FETCH_ALL_MAX,
	    .take = take,
	    .done = done,
	    .data = all,
	};
	ReloadStatus status;

	*all = (ReloadFetchAll){.node = node,
				.kind = kind,
				.resource = *resource,
				.each = each,
				.done = finished,
				.data = data};
	status = reload_piecewise_fetch(&options, now, &all->pieces);
	if (status)
		g_clear_pointer(&all, g_free);
	*out = all;
	return status;
}

void reload_fetch_all_cancel(ReloadFetchAll *all)
{
	if (!all)
		return;
	reload_piecewise_cancel(all->pieces);
	g_free(all);
}
