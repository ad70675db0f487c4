/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to Stat (RFC 6940, 7.4.3). The request is a ReloadFetchReq: see fetch.h. */
#ifndef RELOAD_WIRE_STAT_H
#define RELOAD_WIRE_STAT_H

#include "reload_core/wire/stored_data.h"

typedef struct {
	ReloadSpan kind_responses; /* walked with reload_stat_kind_response_next */
} ReloadStatAns;

/* StatKindResponse. */
typedef struct {
	uint32_t kind;
	uint64_t generation;
	ReloadSpan values; /* walked with reload_stored_metadata_next */
} ReloadStatKindResponse;

/* StoredMetaData with its MetaDataValue. Its first field is taken as the length of what follows it,
 * as in StoredData. */
typedef struct {
	uint64_t storage_time;
	uint32_t lifetime;
	ReloadDataModel model;
	uint32_t index; /* array */
	ReloadSpan key; /* dictionary */
	bool exists;
	uint32_t value_length;	/* bytes of the stored value */
	uint8_t hash_algorithm; /* ReloadHashAlgorithm */
	ReloadSpan hash_value;	/* over the value with its 4 leading length bytes */
} ReloadStoredMetaData;

/* Decodes a body; errors and the use of model_of as for reload_fetch_ans_decode. */
ReloadStatus reload_stat_ans_decode(ReloadSpan body, reload_data_model_fn model_of, void *user_data,
				    ReloadStatAns *out);

/* Take the first element off a list; false when none is left (or malformed: cannot happen after
 * decoding). */
bool reload_stat_kind_response_next(ReloadSpan *kind_responses, ReloadStatKindResponse *out);
bool reload_stored_metadata_next(ReloadSpan *values, ReloadDataModel model,
				 ReloadStoredMetaData *out);

/* Append an element of such a list, or a body; false, and nothing appended, if a part is too long.
 */
bool reload_write_stored_metadata(GByteArray *buf, const ReloadStoredMetaData *data);
bool reload_write_stat_kind_response(GByteArray *buf, const ReloadStatKindResponse *response);
bool reload_write_stat_ans(GByteArray *buf, const ReloadStatAns *ans);

#endif
