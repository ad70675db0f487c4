/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fetching all good values of a Kind at a resource, however many (peer/piecewise.h). */
#ifndef RELOAD_USAGES_FETCH_ALL_H
#define RELOAD_USAGES_FETCH_ALL_H

#include "reload_core/usages/data_request.h"

/* More values are not asked for in pieces. */
#define RELOAD_FETCH_ALL_MAX 64

typedef struct ReloadFetchAll ReloadFetchAll;

/* Called once at the end, unless cancelled. RELOAD_OK: each was called for every good value.
 * error_code: of the Error message with RELOAD_E_REMOTE, else 0. */
typedef void (*ReloadFetchAllDone)(void *data, ReloadStatus status, uint16_t error_code,
				   const ReloadFetchedSummary *summary, int64_t now);

/* each as of reload_usage_fetched. Neither is called before this returns. timeout in ms of each
 * request, 0: as reload_node_request. *out is for cancelling; it frees itself. RELOAD_E_STATE,
 * RELOAD_E_UNKNOWN_KIND: nothing is called. */
ReloadStatus reload_fetch_all(ReloadNode *node, const ReloadResourceId *resource, uint32_t kind,
			      int64_t timeout,
			      void (*each)(void *data, const ReloadFetched *fetched),
			      ReloadFetchAllDone done, void *data, int64_t now,
			      ReloadFetchAll **out);
void reload_fetch_all_cancel(ReloadFetchAll *all);

#endif
