/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which entry expires next: a binary heap whose entries know their places, so that a replaced value
 * leaves it in O(log n). */
#include "reload_core/storage/internal.h"

static Entry *at(const ReloadStorage *storage, guint i)
{
	return g_ptr_array_index(storage->heap, i);
}

static void place(ReloadStorage *storage, guint i, Entry *entry)
{
	g_ptr_array_index(storage->heap, i) = entry;
	entry->heap_index = i;
}

static void rise(ReloadStorage *storage, guint i)
{
	Entry *entry = at(storage, i);

	while (i > 0) {
		guint parent = (i - 1) / 2;

		if (at(storage, parent)->expires <= entry->expires)
			break;
		place(storage, i, at(storage, parent));
		i = parent;
	}
	place(storage, i, entry);
}

static void sink(ReloadStorage *storage, guint i)
{
	Entry *entry = at(storage, i);

	for (;;) {
		guint child = 2 * i + 1;

		if (child >= storage->heap->len)
			break;
		if (child + 1 < storage->heap->len &&
		    at(storage, child + 1)->expires < at(storage, child)->expires)
			child++;
		if (at(storage, child)->expires >= entry->expires)
			break;
		place(storage, i, at(storage, child));
		i = child;
	}
	place(storage, i, entry);
}

void expiry_add(ReloadStorage *storage, Entry *entry)
{
	g_ptr_array_add(storage->heap, entry);
	entry->heap_index = storage->heap->len - 1;
	rise(storage, entry->heap_index);
}

void expiry_remove(ReloadStorage *storage, Entry *entry)
{
	guint i = entry->heap_index;
	Entry *last = at(storage, storage->heap->len - 1);

	g_ptr_array_set_size(storage->heap, (gint)storage->heap->len - 1);
	if (last == entry)
		return;
	place(storage, i, last);
	rise(storage, i);
	sink(storage, last->heap_index);
}

Entry *expiry_first(const ReloadStorage *storage)
{
	return storage->heap->len ? at(storage, 0) : NULL;
}
