/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Probe (RFC 6940, 6.4.2.5). */
#ifndef RELOAD_WIRE_PROBE_H
#define RELOAD_WIRE_PROBE_H

#include "reload_core/wire/buffer.h"
#include "reload_core/wire/constants.h"

typedef struct {
	ReloadSpan requested_info; /* one byte each: ReloadProbeType, or an unknown type, which is
				      left out of the answer */
} ReloadProbeReq;

typedef struct {
	ReloadSpan probe_info; /* walked with reload_probe_information_next */
} ReloadProbeAns;

typedef struct {
	uint8_t type;	  /* ReloadProbeType, or an unknown type */
	uint32_t number;  /* of the types 1 to 3: parts per billion, resources, or seconds */
	ReloadSpan value; /* the value's bytes, when decoded; what is written for other types */
} ReloadProbeInformation;

/* Decode a body; RELOAD_E_MALFORMED if it is no such structure. */
ReloadStatus reload_probe_req_decode(ReloadSpan body, ReloadProbeReq *out);
ReloadStatus reload_probe_ans_decode(ReloadSpan body, ReloadProbeAns *out);

/* Takes the first element off *probe_info into *out; false when none is left. */
bool reload_probe_information_next(ReloadSpan *probe_info, ReloadProbeInformation *out);

/* Append an element or a body; false, and nothing appended, if a part is too long. */
bool reload_write_probe_information(GByteArray *buf, const ReloadProbeInformation *info);
bool reload_write_probe_req(GByteArray *buf, const ReloadProbeReq *req);
bool reload_write_probe_ans(GByteArray *buf, const ReloadProbeAns *ans);

#endif
