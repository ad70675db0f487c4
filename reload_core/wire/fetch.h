/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fetch (RFC 6940, 7.4.2); a StatReq has the form of a FetchReq. */
#ifndef RELOAD_WIRE_FETCH_H
#define RELOAD_WIRE_FETCH_H

#include "reload_core/wire/stored_data.h"

/* FetchReq and StatReq. */
typedef struct {
	ReloadResourceId resource;
	ReloadSpan specifiers; /* walked with reload_specifier_next */
} ReloadFetchReq;

typedef struct {
	ReloadSpan kind_responses; /* walked with reload_fetch_kind_response_next */
} ReloadFetchAns;

/* FetchKindResponse. */
typedef struct {
	uint32_t kind;
	uint64_t generation;
	ReloadSpan values; /* walked with reload_stored_data_next */
} ReloadFetchKindResponse;

/*
 * Decode a body. What belongs to Kinds that model_of knows is validated whole, the rest by its
 * lengths only. RELOAD_E_MALFORMED: no such structure, or (as 7.4.2.2 has one answer for each Kind)
 * a Kind listed twice; RELOAD_E_LIMIT: more than RELOAD_KINDS_MAX Kinds.
 */
ReloadStatus reload_fetch_req_decode(ReloadSpan body, reload_data_model_fn model_of,
				     void *user_data, ReloadFetchReq *out);
ReloadStatus reload_fetch_ans_decode(ReloadSpan body, reload_data_model_fn model_of,
				     void *user_data, ReloadFetchAns *out);

/* Takes the first element off *kind_responses into *out; false when none is left. */
bool reload_fetch_kind_response_next(ReloadSpan *kind_responses, ReloadFetchKindResponse *out);

/* Append an element of such a list, or a body; false, and nothing appended, if a part is too long.
 */
bool reload_write_fetch_kind_response(GByteArray *buf, const ReloadFetchKindResponse *response);
bool reload_write_fetch_req(GByteArray *buf, const ReloadFetchReq *req);
bool reload_write_fetch_ans(GByteArray *buf, const ReloadFetchAns *ans);

#endif
