/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a value goes, and whether it may go there by size and time. */
#include "reload_core/storage/check.h"

static ReloadSpan raw_signature(const ReloadStoredData *data)
{
	const uint8_t *begin = data->encoded_value.data + data->encoded_value.len;

	return reload_span(begin, (size_t)(data->raw.data + data->raw.len - begin));
}

/* RFC 6940, 7.4.1.1: index 0xffffffff places the value at the end. It replaces nothing, so its
 * storage_time proves little: a value that is here already was replayed. */
static ReloadStatus check_append(const KindPlan *kind_plan, const ReloadStoredData *data,
				 bool replica, ValueCheck *out)
{
	if (replica) /* a stored value has its index */
		return RELOAD_E_MALFORMED;
	if (plan_has_signature(kind_plan, raw_signature(data)))
		return RELOAD_E_TOO_OLD;
	out->appended = true;
	return plan_append_index(kind_plan, &out->index) ? RELOAD_OK : RELOAD_E_LIMIT;
}

/* A value that was replaced or removed meanwhile was replayed, too: what came in its place is newer.
 * 13.5.3: a signer's storage times rise, so a newer value of its own tells it; those of a user's several
 * nodes may be of clocks that differ, and only a removal goes for all of them (7.4.1.3). The same
 * time is no older one: a request may append several values. */
ReloadStatus value_check_append(const KindPlan *kind_plan, const ReloadStoredData *data,
				const ReloadNodeId *signer)
{
	return plan_has_newer(kind_plan, signer, data->storage_time) ? RELOAD_E_TOO_OLD : RELOAD_OK;
}

ReloadStatus value_check(const KindPlan *kind_plan, const ReloadStoredData *data, bool replica,
			 ValueCheck *out)
{
	const ReloadStoredValue *value = &data->value;

	*out = (ValueCheck){.index = value->index};
	/* 7.4.1.1: identity "none" and {0, 0} are for synthesized values only */
	if (data->signature.identity.type == RELOAD_SIGNER_NONE ||
	    data->signature.signature_alg == RELOAD_SIGNATURE_ANONYMOUS)
		return RELOAD_E_SIGNATURE;
	if (value->value.len > kind_plan->kind->max_size)
		return RELOAD_E_TOO_LARGE;
	if (!value->exists && value->value.len) /* 7.4.1.3: value = {} (0 length) */
		return RELOAD_E_MALFORMED;
	if (value->model == RELOAD_MODEL_ARRAY && value->index == RELOAD_ARRAY_END)
		return check_append(kind_plan, data, replica, out);
	out->replaced = plan_replaced(kind_plan, value);
	if (!out->replaced)
		return RELOAD_OK;
	if (replica && entry_is(out->replaced, data)) {
		out->held = true;
		return RELOAD_OK;
	}
	/* 13.5.3: "smaller than or equal to" is rejected */
	return data->storage_time > out->replaced->storage_time ? RELOAD_OK : RELOAD_E_TOO_OLD;
}
