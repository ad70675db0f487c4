/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Find (RFC 6940, 7.4.4). */
#ifndef RELOAD_WIRE_FIND_H
#define RELOAD_WIRE_FIND_H

#include "reload_core/wire/buffer.h"

typedef struct {
	ReloadResourceId resource;
	ReloadSpan kinds; /* walked with reload_kind_next */
} ReloadFindReq;

typedef struct {
	ReloadSpan results; /* walked with reload_find_kind_data_next */
} ReloadFindAns;

typedef struct {
	uint32_t kind;
	ReloadResourceId closest; /* 0 (empty, or zeroes): none known */
} ReloadFindKindData;

/* Decode a body; RELOAD_E_MALFORMED if it is no such structure, or lists a Kind twice (7.4.4.1). */
ReloadStatus reload_find_req_decode(ReloadSpan body, ReloadFindReq *out);
ReloadStatus reload_find_ans_decode(ReloadSpan body, ReloadFindAns *out);

/* Take the first element off a list; false when none is left. */
bool reload_kind_next(ReloadSpan *kinds, uint32_t *kind);
bool reload_find_kind_data_next(ReloadSpan *results, ReloadFindKindData *out);

/* Append an element of such a list, or a body; false, and nothing appended, if a part is too long.
 */
void reload_write_find_kind_data(GByteArray *buf, const ReloadFindKindData *data);
bool reload_write_find_req(GByteArray *buf, const ReloadFindReq *req);
bool reload_write_find_ans(GByteArray *buf, const ReloadFindAns *ans);

#endif
