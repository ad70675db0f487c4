/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all usages need: Store and Fetch of one Kind at one Resource-ID, and the values of an answer
 * that are good. */
#ifndef RELOAD_USAGES_DATA_REQUEST_H
#define RELOAD_USAGES_DATA_REQUEST_H

#include "reload_core/peer/node.h"
#include "reload_core/wire/stored_data.h"

/* Sends a StoreReq (RFC 6940, 7.4.1) with one value, signed as signer, as is the request. data:
 * storage_time, lifetime and value. *id: the request; reply as of reload_node_request.
 * RELOAD_E_STATE: the node refused it. */
ReloadStatus reload_usage_store(ReloadNode *node, ReloadIdentity *signer,
				const ReloadResourceId *resource, uint32_t kind,
				const ReloadStoredData *data, ReloadReplyFunc reply,
				void *reply_data, int64_t now, ReloadRequestId *id);

/* Sends a FetchReq (7.4.2) for one Kind. items: ranges or keys of a specifier (stored_data.h).
 * timeout in ms, 0: as reload_node_request. */
ReloadStatus reload_usage_fetch(ReloadNode *node, const ReloadResourceId *resource, uint32_t kind,
				ReloadSpan items, int64_t timeout, ReloadReplyFunc reply,
				void *reply_data, int64_t now, ReloadRequestId *id);

/* Sends a StatReq (7.4.3); otherwise as above. */
ReloadStatus reload_usage_stat(ReloadNode *node, const ReloadResourceId *resource, uint32_t kind,
			       ReloadSpan items, int64_t timeout, ReloadReplyFunc reply,
			       void *reply_data, int64_t now, ReloadRequestId *id);

/* One value of a FetchAns; views that live as long as the answer. */
typedef struct {
	const ReloadStoredData *data;
	ReloadCertificate *signer;
	const ReloadNodeId *node_id; /* that it was signed as */
	int64_t now;		     /* ms, when it came */
} ReloadFetched;

/* What is to be known of a FetchAns besides its values. */
typedef struct {
	uint64_t generation;
	unsigned discarded; /* values that are forged, expired, rolled back ... (7.4.2.2) */
} ReloadFetchedSummary;

/* Calls each for every value of Kind in the FetchAns that is signed by one who may write it at
 * resource (7.4.2.2, 7.3), removed ones (exists false) too. Synthesized values and those with no
 * lifetime left are passed over. RELOAD_E_MALFORMED: no such answer. */
ReloadStatus reload_usage_fetched(ReloadNode *node, const ReloadResourceId *resource, uint32_t kind,
				  const ReloadMessage *answer, int64_t now,
				  void (*each)(void *data, const ReloadFetched *fetched),
				  void *data, ReloadFetchedSummary *summary);

#endif
