/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The error response (RFC 6940, 6.3.3.1). */
#ifndef RELOAD_WIRE_ERROR_H
#define RELOAD_WIRE_ERROR_H

#include "reload_core/wire/buffer.h"
#include "reload_core/wire/constants.h"
#include "reload_core/wire/message.h"

typedef struct {
	uint16_t error_code; /* ReloadErrorCode; others may come */
	/*
	 * Text in UTF-8, but for Error_Generation_Counter_Too_Low a StoreAns (7.4.1.2;
	 * reload_store_ans_decode) and for Error_Unknown_Kind a list of Kinds
	 * (reload_unknown_kinds_decode). The text of others is hostile: print it with
	 * reload_error_text only.
	 */
	ReloadSpan error_info;
} ReloadErrorResponse;

/* Decodes a body; RELOAD_E_MALFORMED if it is no such structure. */
ReloadStatus reload_error_decode(ReloadSpan body, ReloadErrorResponse *out);

/* The error_code of an Error message; 0: it is none, or NULL. */
uint16_t reload_message_error_code(const ReloadMessage *message);

/* Appends a body; false, and nothing appended, if error_info is too long. */
bool reload_write_error(GByteArray *buf, const ReloadErrorResponse *error);

/* Decodes the error_info of Error_Unknown_Kind; *kinds is then walked with reload_kind_next of
 * find.h. */
ReloadStatus reload_unknown_kinds_decode(ReloadSpan error_info, ReloadSpan *kinds);

/* Appends such an error_info; false, and nothing appended, for more than 63 Kinds. */
bool reload_write_unknown_kinds(GByteArray *buf, const uint32_t *kinds, size_t count);

/* Returns "Error_Name: text of error_info" fit for a log line: printable, at most 200 bytes. Free
 * with g_free. */
char *reload_error_text(const ReloadErrorResponse *error);

#endif
