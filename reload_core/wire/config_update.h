/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ConfigUpdate (RFC 6940, 6.5.4). Its answer is empty: see reload_empty_decode. */
#ifndef RELOAD_WIRE_CONFIG_UPDATE_H
#define RELOAD_WIRE_CONFIG_UPDATE_H

#include "reload_core/wire/buffer.h"

typedef enum {
	RELOAD_CONFIG_UPDATE_CONFIG = 1,
	RELOAD_CONFIG_UPDATE_KIND = 2,
} ReloadConfigUpdateType;

typedef struct {
	uint8_t type; /* ReloadConfigUpdateType, or an unknown type */
	/*
	 * config: the document. kind: the kind-blocks, walked with reload_kind_description_next. An
	 * unknown type: what follows the 32-bit length, as it is.
	 */
	ReloadSpan data;
} ReloadConfigUpdateReq;

/* Decodes a body; RELOAD_E_MALFORMED if it is no such structure. */
ReloadStatus reload_config_update_req_decode(ReloadSpan body, ReloadConfigUpdateReq *out);

/* Takes the first kind-block (XML in UTF-8) off *kinds into *out; false when none is left. */
bool reload_kind_description_next(ReloadSpan *kinds, ReloadSpan *out);

/* Appends a kind-block to a list for data; false if it is longer than 65535 bytes. */
bool reload_write_kind_description(GByteArray *buf, ReloadSpan xml);

/* Appends a body; false, and nothing appended, if data is longer than 2^24-1 bytes. */
bool reload_write_config_update_req(GByteArray *buf, const ReloadConfigUpdateReq *req);

/* Decodes the body of an answer that has none (ConfigUpdateAns, LeaveAns, UpdateAns):
 * RELOAD_E_MALFORMED if there is one. */
ReloadStatus reload_empty_decode(ReloadSpan body);

#endif
