/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a newer document leaves of what is stored (RFC 6940, 11.1): a value that it would not admit is
 * refused by every other peer, and with it each replica of its whole resource. */
#include "reload_core/config/kind_update.h"
#include "reload_core/storage/internal.h"

static bool lists(const GArray *nodes, const ReloadNodeId *id)
{
	for (guint i = 0; nodes && i < nodes->len; i++) {
		if (reload_node_id_equal(&g_array_index(nodes, ReloadNodeId, i), id))
			return true;
	}
	return false;
}

/* "If any Kind data was signed by a node that is no longer allowed to sign Kinds, that Kind MUST be
 * discarded along with any stored information of that Kind", whoever defines it anew. */
static bool signer_may_still_sign(const ReloadDocument *before, const ReloadDocument *document,
				  uint32_t kind)
{
	const ReloadKindBlock *block = reload_document_kind_block(before, kind);

	return !block || (lists(document->kind_signers, &block->signer) &&
			  !lists(document->bad_nodes, &block->signer));
}

/* Is what was stored by the old definition of the Kind where the new one lets it be? Who may write
 * where is not asked of each value: another policy makes it another Kind. */
static bool is_same_kind(const ReloadKind *before, const ReloadKind *kind)
{
	return before && before->model == kind->model && before->access == kind->access &&
	       before->max_node_multiple <= kind->max_node_multiple;
}

/* RFC 7904, 3.3: the domain of an AOR is one that the document admits. */
static bool admits_user(const ReloadDocument *before, const ReloadDocument *document,
			const Entry *entry)
{
	return entry->shelf->kind != RELOAD_KIND_SIP_REGISTRATION ||
	       before->domains == document->domains || /* as when it learns a Kind */
	       reload_document_admits_user(document, entry->certificate->user_name);
}

/* Does the document still admit what an entry is and who signed it? */
static bool still_admitted(const ReloadDocument *before, const ReloadDocument *document,
			   const Entry *entry)
{
	uint32_t id = entry->shelf->kind;
	const ReloadKind *kind = reload_document_kind(document, id);

	return kind && is_same_kind(reload_document_kind(before, id), kind) &&
	       signer_may_still_sign(before, document, id) &&
	       entry_content(entry).len - sizeof(uint32_t) <= kind->max_size &&
	       !lists(document->bad_nodes, &entry->owner->id) &&
	       admits_user(before, document, entry);
}

void reload_storage_set_document(ReloadStorage *storage, const ReloadDocument *document,
				 ReloadTrust *trust, int64_t now)
{
	const ReloadDocument *before = storage->document;
	GPtrArray *all = g_ptr_array_sized_new(storage->heap->len);

	storage->document = document;
	storage->trust = trust;
	for (guint i = 0; i < storage->heap->len; i++)
		g_ptr_array_add(all, g_ptr_array_index(storage->heap, i));
	for (guint i = 0; i < all->len; i++) {
		Entry *entry = g_ptr_array_index(all, i);

		if (!still_admitted(before, document, entry))
			storage_remove(storage, entry);
	}
	g_ptr_array_free(all, TRUE);
	reload_storage_expire(storage, now);
}
