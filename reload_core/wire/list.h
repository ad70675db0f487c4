/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the files of this room only: taking elements off lists, and taking back half-written
 * structures. */
#ifndef RELOAD_WIRE_LIST_H
#define RELOAD_WIRE_LIST_H

#include "reload_core/wire/buffer.h"

/*
 * Ends a ..._next function: *list becomes what r has left, or empty where reading failed. Returns
 * whether an element was read.
 */
static inline bool reload_list_advance(ReloadSpan *list, const ReloadReader *r)
{
	if (r->failed) {
		*list = (ReloadSpan){NULL, 0};
		return false;
	}
	list->data = r->p;
	list->len = (size_t)(r->end - r->p);
	return true;
}

/* Ends a writer: cuts buf back to start unless all its parts were written. Returns ok. */
static inline bool reload_write_commit(GByteArray *buf, size_t start, bool ok)
{
	if (!ok)
		g_byte_array_set_size(buf, (guint)start);
	return ok;
}

/* Tells whether the count first Kind-IDs of kinds hold kind already. */
static inline bool reload_kind_seen(const uint32_t *kinds, size_t count, uint32_t kind)
{
	for (size_t i = 0; i < count; i++) {
		if (kinds[i] == kind)
			return true;
	}
	return false;
}

#endif
