/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Store (RFC 6940, 7.4.1). */
#ifndef RELOAD_WIRE_STORE_H
#define RELOAD_WIRE_STORE_H

#include "reload_core/wire/stored_data.h"

typedef struct {
	ReloadResourceId resource;
	uint8_t replica_number; /* 0: an original store */
	ReloadSpan kind_data;	/* walked with reload_store_kind_data_next */
} ReloadStoreReq;

typedef struct {
	uint32_t kind;
	uint64_t generation_counter; /* 0 in an original store: any */
	ReloadSpan values;	     /* walked with reload_stored_data_next */
} ReloadStoreKindData;

typedef struct {
	ReloadSpan kind_responses; /* walked with reload_store_kind_response_next */
} ReloadStoreAns;

typedef struct {
	uint32_t kind;
	uint64_t generation_counter;
	ReloadSpan replicas; /* walked with reload_node_id_next */
} ReloadStoreKindResponse;

/*
 * Decodes a body. The values of Kinds that model_of knows are validated whole, those of others by
 * their lengths only. RELOAD_E_MALFORMED: no such structure, or a Kind used twice; RELOAD_E_LIMIT:
 * more than RELOAD_KINDS_MAX Kinds.
 */
ReloadStatus reload_store_req_decode(ReloadSpan body, reload_data_model_fn model_of,
				     void *user_data, ReloadStoreReq *out);

/* Decodes the body of an answer, or the error_info of Error_Generation_Counter_Too_Low. */
ReloadStatus reload_store_ans_decode(ReloadSpan body, unsigned node_id_len, ReloadStoreAns *out);

/* Take the first element off a list of a decoded message; false when none is left. */
bool reload_store_kind_data_next(ReloadSpan *kind_data, ReloadStoreKindData *out);
bool reload_store_kind_response_next(ReloadSpan *kind_responses, ReloadStoreKindResponse *out);

/* Append an element of such a list, or a body; false, and nothing appended, if a part is too long.
 */
bool reload_write_store_kind_data(GByteArray *buf, const ReloadStoreKindData *data);
bool reload_write_store_kind_response(GByteArray *buf, const ReloadStoreKindResponse *response);
bool reload_write_store_req(GByteArray *buf, const ReloadStoreReq *req);
bool reload_write_store_ans(GByteArray *buf, const ReloadStoreAns *ans);

#endif
