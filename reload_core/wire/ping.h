/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ping (RFC 6940, 6.5.3). */
#ifndef RELOAD_WIRE_PING_H
#define RELOAD_WIRE_PING_H

#include "reload_core/wire/buffer.h"

typedef struct {
	ReloadSpan padding; /* at most 65535 bytes, meaning nothing */
} ReloadPingReq;

typedef struct {
	uint64_t response_id; /* random */
	uint64_t time;	      /* of the answer, milliseconds since the Unix epoch */
} ReloadPingAns;

/* Decode a body; RELOAD_E_MALFORMED if it is no such structure. */
ReloadStatus reload_ping_req_decode(ReloadSpan body, ReloadPingReq *out);
ReloadStatus reload_ping_ans_decode(ReloadSpan body, ReloadPingAns *out);

/* Append a body; false, and nothing appended, if the padding is too long. */
bool reload_write_ping_req(GByteArray *buf, const ReloadPingReq *req);
bool reload_write_ping_ans(GByteArray *buf, const ReloadPingAns *ans);

#endif
