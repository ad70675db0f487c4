/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers to data requests, and the Errors among them (RFC 6940, 6.3.3.1 and 7.4.1.2). */
#include "reload_core/storage/internal.h"

#include "reload_core/wire/error.h"

/* What fits into the length byte of unknown_kinds<0..2^8-1>. */
#define UNKNOWN_KINDS_MAX 63

void answer_init(ReloadStorageAnswer *answer)
{
	answer->body = g_byte_array_new();
	answer->certificates =
	    g_ptr_array_new_with_free_func((GDestroyNotify)reload_certificate_unref);
	answer->error_code = 0;
}

void reload_storage_answer_clear(ReloadStorageAnswer *answer)
{
	g_clear_pointer(&answer->body, g_byte_array_unref);
	g_clear_pointer(&answer->certificates, g_ptr_array_unref);
}

static void make_error(ReloadStorageAnswer *answer, uint16_t code)
{
	answer->error_code = code;
	g_byte_array_set_size(answer->body, 0);
	g_ptr_array_set_size(answer->certificates, 0);
}

ReloadStatus answer_error(ReloadStorageAnswer *answer, ReloadStatus status, uint16_t code,
			  const char *text)
{
	make_error(answer, code);
	reload_write_bytes(answer->body, reload_span_text(text));
	return status;
}

ReloadStatus answer_unknown_kinds(ReloadStorageAnswer *answer, const GArray *kinds)
{
	make_error(answer, RELOAD_ERROR_UNKNOWN_KIND);
	reload_write_unknown_kinds(answer->body, (const uint32_t *)(const void *)kinds->data,
				   MIN(kinds->len, UNKNOWN_KINDS_MAX));
	return RELOAD_E_UNKNOWN_KIND;
}

ReloadStatus answer_malformed(ReloadStorageAnswer *answer, ReloadStatus status)
{
	return answer_error(answer, status, RELOAD_ERROR_INVALID_MESSAGE,
			    status == RELOAD_E_LIMIT ? "too many Kinds" : "malformed request");
}
