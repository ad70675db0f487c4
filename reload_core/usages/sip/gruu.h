/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GRUUs of an overlay (RFC 7904, 6): a destination list inside the `gr` parameter of a URI. */
#ifndef RELOAD_USAGES_SIP_GRUU_H
#define RELOAD_USAGES_SIP_GRUU_H

#include "reload_core/wire/destination.h"
#include "reload_core/wire/status.h"

/* Bytes of a destination list that is taken from a GRUU. */
#define RELOAD_GRUU_LIST_MAX 1024

/* Returns the value of the gr parameter for destination_list: base64 with '~' for '='; free with
 * g_free. */
char *reload_gruu_encode(ReloadSpan destination_list);

/* Appends to out the destination list that the value of a gr parameter stands for; Node-IDs have
 * node_id_len bytes (0: 16..20). RELOAD_E_MALFORMED: no base64, or no valid destination list;
 * RELOAD_E_TOO_LARGE. */
ReloadStatus reload_gruu_decode(const char *value, size_t len, unsigned node_id_len,
				GByteArray *out);

/* Finds the value of the gr parameter of a URI or AOR; false if it has none, or an empty one (which
 * is a GRUU of SIP's own, RFC 5627). */
bool reload_gruu_find(const char *uri, size_t len, ReloadSpan *value);

#endif
