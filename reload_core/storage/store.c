/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Store (RFC 6940, 7.4.1): the checks of an original and of a replica store, in the order from
 * cheap to dear. */
#include "reload_core/security/sign.h"
#include "reload_core/storage/access.h"
#include "reload_core/storage/check.h"
#include "reload_core/storage/plan.h"
#include "reload_core/wire/store.h"

/* One Store under way. */
/* What a node that is no plausible source of replicas brings to the responsible peer (6.4.2.3): so long ago may it have
 * been signed, and so long after that it lives. Owners store again before. */
#define STRANGER_AGE_MS (UINT64_C(24) * 3600 * 1000)

typedef struct {
	Plan plan;
	const ReloadStoreContext *context;
	ReloadCertificateSet *certificates;
	ReloadStorageAnswer *answer;
	unsigned values, left_out; /* of the request so far */
} Store;

/* Finds a Kind that we do not know; all of them go into the error (7.4.1.2). */
static ReloadStatus check_kinds(const Store *store, ReloadSpan kind_data)
{
	GArray *unknown = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	ReloadStatus status = RELOAD_OK;
	ReloadStoreKindData item;

	while (reload_store_kind_data_next(&kind_data, &item)) {
		if (!reload_document_kind(store->plan.storage->document, item.kind))
			g_array_append_val(unknown, item.kind);
	}
	if (unknown->len)
		status = answer_unknown_kinds(store->answer, unknown);
	g_array_free(unknown, TRUE);
	return status;
}

/* Is this the peer for it, and the sender one who may send it? 7.4.1.1 wants replicas from the known replica set only,
 * but by 6.4.2.3 who held data that is ours now brings it, and after a partition that may be anybody: at the
 * responsible peer values are taken from all, as they prove themselves by their signatures. */
static ReloadStatus check_place(const Store *store)
{
	if (!store->plan.replica && !store->context->responsible)
		return answer_error(store->answer, RELOAD_E_NOT_FOUND, RELOAD_ERROR_NOT_FOUND,
				    "not responsible for this resource");
	if (store->plan.replica && !store->context->plausible_replica && !store->context->responsible)
		return answer_error(store->answer, RELOAD_E_FORBIDDEN, RELOAD_ERROR_FORBIDDEN,
				    "no plausible source of this replica");
	return RELOAD_OK;
}

/* Appends a StoreAns with the counter of each Kind in the request, and the replicas. */
static void write_answer(const Store *store, ReloadSpan kind_data, const ReloadNodeId *replicas,
			 unsigned count)
{
	GByteArray *body = store->answer->body;
	size_t mark = reload_begin_vector16(body);
	ReloadStoreKindData item;

	while (reload_store_kind_data_next(&kind_data, &item)) {
		const Shelf *shelf = storage_shelf(store->plan.storage, store->plan.id, item.kind);

		reload_write_u32(body, item.kind);
		reload_write_u64(body, shelf ? shelf->generation : 0);
		reload_write_node_id_list(body, replicas, count);
	}
	reload_end_vector16(body, mark); /* 255 Kinds and their replicas always fit */
}

/* RFC 6940, 7.4.1.1: an original store's counter is 0 or the current one; a replica store's is
 * never 0. */
static ReloadStatus check_generations(const Store *store, ReloadSpan kind_data)
{
	ReloadSpan all = kind_data;
	ReloadStoreKindData item;
	bool wrong = false;

	while (reload_store_kind_data_next(&kind_data, &item)) {
		const Shelf *shelf = storage_shelf(store->plan.storage, store->plan.id, item.kind);

		if (store->plan.replica && !item.generation_counter)
			return answer_error(store->answer, RELOAD_E_MALFORMED,
					    RELOAD_ERROR_INVALID_MESSAGE,
					    "replica store with generation counter 0");
		wrong |= !store->plan.replica && item.generation_counter &&
			 item.generation_counter != (shelf ? shelf->generation : 0);
	}
	if (!wrong)
		return RELOAD_OK;
	answer_error(store->answer, RELOAD_E_GENERATION, RELOAD_ERROR_GENERATION_COUNTER_TOO_LOW,
		     "");
	write_answer(store, all, NULL, 0); /* the replica list "will be empty" (7.4.1.2) */
	return RELOAD_E_GENERATION;
}

/* RFC 6940, 7.4.1.1: what signed the value, and in an original store the StoreReq, may write it. */
static ReloadStatus check_access(const Store *store, const KindPlan *kind_plan,
				 const ReloadStoredData *data, const ReloadCertificate *signer,
				 const ReloadNodeId *node_id)
{
	const ReloadDocument *document = store->plan.storage->document;
	const ReloadStoreContext *context = store->context;

	if (!reload_access_permits(document, kind_plan->kind, store->plan.id, &data->value, signer,
				   node_id))
		return answer_error(store->answer, RELOAD_E_FORBIDDEN, RELOAD_ERROR_FORBIDDEN,
				    "the value's signer may not write it here");
	if (!store->plan.replica &&
	    !reload_access_permits(document, kind_plan->kind, store->plan.id, &data->value,
				   context->sender_certificate, context->sender))
		return answer_error(store->answer, RELOAD_E_FORBIDDEN, RELOAD_ERROR_FORBIDDEN,
				    "the sender of the request may not write it here");
	return RELOAD_OK;
}

static ReloadStatus check_error(const Store *store, ReloadStatus status)
{
	switch (status) {
	case RELOAD_E_TOO_LARGE:
		return answer_error(store->answer, status, RELOAD_ERROR_DATA_TOO_LARGE,
				    "larger than the Kind's max-size");
	case RELOAD_E_LIMIT:
		return answer_error(store->answer, status, RELOAD_ERROR_DATA_TOO_LARGE,
				    "more values than the Kind's max-count or this peer's quota");
	case RELOAD_E_TOO_OLD:
		return answer_error(store->answer, status, RELOAD_ERROR_DATA_TOO_OLD,
				    "storage_time is not after that of the stored value");
	case RELOAD_E_SIGNATURE:
	case RELOAD_E_CERTIFICATE:
	case RELOAD_E_EXPIRED:
	case RELOAD_E_OVERLAY:
	case RELOAD_E_FORBIDDEN:
		return answer_error(store->answer, status, RELOAD_ERROR_FORBIDDEN,
				    reload_strerror(status));
	default:
		return answer_error(store->answer, status, RELOAD_ERROR_INVALID_MESSAGE,
				    reload_strerror(status));
	}
}

/* No signature covers a lifetime (7.1), and once a value, or the mark of its removal, has expired, nothing tells any more
 * that it was there. So what a stranger brings has to have been signed lately, and does not live for long after that.
 * False: it was signed too long ago. */
static bool limit_stranger(const Store *store, ReloadStoredData *data)
{
	uint64_t now = (uint64_t)store->plan.now, age = now > data->storage_time ? now - data->storage_time : 0;

	if (!store->plan.replica || store->plan.sets_generation)
		return true;
	if (age >= STRANGER_AGE_MS)
		return false;
	data->lifetime = (uint32_t)MIN(data->lifetime, (STRANGER_AGE_MS - age) / 1000);
	return true;
}

/* Checks one value and plans it; RELOAD_OK also for a replica that we hold already, and for one that is left out since
 * it was signed too long ago. */
static ReloadStatus plan_value(Store *store, KindPlan *kind_plan, ReloadStoredData *data)
{
	ReloadStorage *storage = store->plan.storage;
	ReloadCertificate *signer = NULL;
	ReloadNodeId node_id;
	ValueCheck check;
	unsigned left_out = store->left_out;
	ReloadStatus status = value_check(kind_plan, data, store->plan.replica, &check);

	if (status)
		return check_error(store, status);
	store->left_out += !check.held && !limit_stranger(store, data);
	store->values++;
	if (check.held || store->left_out > left_out)
		return RELOAD_OK;
	status = reload_verify_stored_data(store->certificates, store->plan.id, kind_plan->kind->id,
					   data, store->plan.now, &signer, &node_id);
	if (status == RELOAD_E_LIMIT) /* not of this storage: the certificate was not looked at */
		status = RELOAD_E_CERTIFICATE;
	if (!status && check.appended)
		status = value_check_append(kind_plan, data, &node_id);
	if (status) {
		reload_certificate_unref(signer);
		return check_error(store, status);
	}
	status = check_access(store, kind_plan, data, signer, &node_id);
	if (!status) {
		Entry *entry =
		    entry_new(storage, data, check.index, signer, &node_id, store->plan.now);

		status = plan_add_entry(&store->plan, kind_plan, entry, check.replaced);
		if (status)
			check_error(store, status);
	}
	reload_certificate_unref(signer);
	return status;
}

static ReloadStatus plan_values(Store *store, ReloadSpan kind_data)
{
	ReloadStatus status = RELOAD_OK;
	ReloadStoreKindData item;

	while (!status && reload_store_kind_data_next(&kind_data, &item)) {
		const ReloadKind *kind =
		    reload_document_kind(store->plan.storage->document, item.kind);
		KindPlan *kind_plan = plan_add_kind(&store->plan, kind, item.generation_counter);
		ReloadStoredData data;

		while (!status && reload_stored_data_next(&item.values, kind->model, &data))
			status = plan_value(store, kind_plan, &data);
	}
	if (!status && store->left_out > 0 && store->left_out == store->values)
		status = check_error(store, RELOAD_E_TOO_OLD);
	return status;
}

static ReloadStatus check_room(const Store *store)
{
	ReloadStatus status = plan_check_all(&store->plan);

	return status ? check_error(store, status) : RELOAD_OK;
}

static ReloadStatus perform(Store *store, ReloadSpan kind_data, bool *changed)
{
	ReloadStatus status = check_kinds(store, kind_data);

	if (!status)
		status = check_place(store);
	if (!status)
		status = check_generations(store, kind_data);
	if (!status)
		status = plan_values(store, kind_data);
	if (!status)
		status = check_room(store);
	if (status)
		return status;
	*changed = plan_commit(&store->plan);
	write_answer(store, kind_data, store->context->replicas,
		     store->plan.replica ? 0 : store->context->replica_count);
	return RELOAD_OK;
}

ReloadStatus reload_storage_store(ReloadStorage *storage, const ReloadStoreContext *context,
				  ReloadSpan body, int64_t now, ReloadStorageAnswer *answer,
				  bool *changed)
{
	Store store = {.context = context, .answer = answer};
	ReloadStoreReq req;
	ReloadStatus status;

	*changed = false;
	answer_init(answer);
	status = reload_store_req_decode(body, storage_model_of, storage, &req);
	if (status)
		return answer_malformed(answer, status);
	reload_storage_expire(storage, now); /* what has expired neither counts nor replaces */
	plan_init(&store.plan, storage, &req.resource, req.replica_number != 0, now);
	store.plan.sets_generation = store.plan.replica && context->plausible_replica;
	store.certificates = reload_certificate_set_new(storage->trust);
	reload_certificate_set_add_block(store.certificates, &context->message->security);
	status = perform(&store, req.kind_data, changed);
	reload_certificate_set_free(store.certificates);
	plan_clear(&store.plan);
	return status;
}
