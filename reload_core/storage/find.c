/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Find (RFC 6940, 7.4.4): the next Resource-ID around the ring that has something of a Kind. */
#include "reload_core/storage/internal.h"
#include "reload_core/wire/find.h"

/* "Closest" is the first at or after id, around the ring: a walk of R_n+1 = nearest(1 + R_n) would
 * not come forward otherwise. */
static const Resource *closest(const ReloadStorage *storage, const ReloadResourceId *id,
			       uint32_t kind)
{
	GTree *tree = g_hash_table_lookup(storage->kinds, GUINT_TO_POINTER(kind));
	GTreeNode *node;

	if (!tree)
		return NULL;
	node = g_tree_lower_bound(tree, resource_key(id));
	return g_tree_node_value(node ? node : g_tree_node_first(tree));
}

ReloadStatus reload_storage_find(ReloadStorage *storage, ReloadSpan body, bool responsible,
				 int64_t now, ReloadStorageAnswer *answer)
{
	ReloadFindReq req;
	ReloadStatus status;
	uint32_t kind;
	size_t mark;

	answer_init(answer);
	status = reload_find_req_decode(body, &req);
	if (status)
		return answer_malformed(answer, status);
	if (!responsible) /* 7.4.4.2 */
		return answer_error(answer, RELOAD_E_NOT_FOUND, RELOAD_ERROR_NOT_FOUND,
				    "not responsible for this resource");
	reload_storage_expire(storage, now); /* what has expired is not there */
	mark = reload_begin_vector16(answer->body);
	while (reload_kind_next(&req.kinds, &kind)) {
		ReloadFindKindData data = {.kind = kind};
		const Resource *resource = closest(storage, &req.resource, kind);

		if (resource)
			resource_get_id(resource, &data.closest);
		else /* "It is 0 if no Resource-ID is known": as many zeroes as the others have
			bytes */
			data.closest.len = storage->document->node_id_length;
		reload_write_find_kind_data(answer->body, &data);
	}
	reload_end_vector16(answer->body, mark);
	return RELOAD_OK;
}
