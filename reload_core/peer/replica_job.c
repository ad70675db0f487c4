/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends one replica Store in pieces that fit into a message, and brings both sides to the same state
 * where the other one has newer values (RFC 6940, 7.4.1.1). */
#include "reload_core/peer/replica_job.h"

#include "reload_core/wire/error.h"

/* A target is given two transmissions. */
#define TIMEOUT_MS 7000
#define TRIES_MAX 2
/* The other side's newer values: fetched for so long at most, and at most so many of a Kind in pieces. */
#define RESYNCHRONIZE_MS 30000
#define RESYNCHRONIZE_MAX 1024
/* The destination list of a StoreReq, bytes. */
#define LIST_MAX 24

typedef ReloadReplicaJob Job;

void reload_replica_job_free(gpointer data)
{
	Job *job = data;

	reload_piecewise_cancel(job->pieces);
	reload_replica_cursor_clear(&job->cursor);
	g_clear_pointer(&job->kinds, g_array_unref);
	g_free(job);
}

static void send(Job *job, int64_t now);

/* Sends all that there is now, whatever was sent before. */
static void send_from_start(Job *job, int64_t now)
{
	reload_replica_cursor_clear(&job->cursor);
	job->left_out = 0;
	job->outdated = false;
	send(job, now);
}

static ReloadDestination destination_of(const Job *job)
{
	return job->target->id.len != 0 ? reload_destination_node(&job->target->id)
					: reload_destination_resource(&job->id);
}

/* The other side's values are fetched, as far as they can be: ours may still be the newer ones in part, so once more
 * from the start. */
static void fetched(Job *job, ReloadStatus status, int64_t now)
{
	ReloadNode *node = job->node;

	g_clear_pointer(&job->kinds, g_array_unref);
	/* What we have taken over goes to the other members of the replica set, too. */
	if (job->merged && node->plugin->responsible(node->topology, reload_resource_id_span(&job->id)))
		reload_replication_stored(node, &job->id);
	if (status != RELOAD_OK) {
		reload_replica_job_ended(job, RELOAD_E_TOO_OLD, now);
		return;
	}
	send_from_start(job, now);
}

static ReloadStatus merge(void *data, const ReloadMessage *answer, int64_t now)
{
	Job *job = data;
	bool changed = false;
	ReloadStatus status = reload_storage_merge(job->node->storage, &job->id, answer->body, answer, now,
						   &changed);

	job->merged |= changed;
	job->node->storage_due = 0; /* something may expire earlier now */
	return status;
}

static void known_items(void *data, GPtrArray *items)
{
	const Job *job = data;

	reload_storage_items(job->node->storage, &job->id,
			     g_array_index(job->kinds, uint32_t, job->kinds->len - 1), items);
}

static void next_kind(Job *job, int64_t now);

static void on_kind(void *data, ReloadStatus status, uint16_t error_code, unsigned left_out, int64_t now)
{
	Job *job = data;

	(void)error_code;
	(void)left_out; /* those that no answer holds stay as they are */
	job->pieces = NULL;
	if (status != RELOAD_OK) {
		fetched(job, status, now);
		return;
	}
	g_array_set_size(job->kinds, job->kinds->len - 1);
	next_kind(job, now);
}

/* Fetches the Kinds that are left one by one, in as many pieces as it takes. */
static void next_kind(Job *job, int64_t now)
{
	ReloadPiecewiseOptions options = {
	    .node = job->node,
	    .destination = destination_of(job),
	    .resource = job->id,
	    .timeout = TIMEOUT_MS,
	    .until = job->until,
	    .max = RESYNCHRONIZE_MAX,
	    .removed_too = true,
	    .take = merge,
	    .known = known_items,
	    .done = on_kind,
	    .data = job,
	};
	ReloadStatus status;

	if (job->kinds->len == 0) {
		fetched(job, RELOAD_OK, now);
		return;
	}
	options.kind = g_array_index(job->kinds, uint32_t, job->kinds->len - 1);
	status = reload_piecewise_fetch(&options, now, &job->pieces);
	if (status != RELOAD_OK)
		fetched(job, status, now);
}

static void on_fetched(void *data, ReloadStatus status, const ReloadMessage *answer,
		       const ReloadNodeId *from, int64_t now)
{
	Job *job = data;

	(void)from;
	if (reload_piecewise_is_too_large(status, answer)) {
		job->kinds = g_array_new(FALSE, FALSE, sizeof(uint32_t));
		reload_storage_kinds(job->node->storage, &job->id, job->kinds);
		next_kind(job, now);
		return;
	}
	fetched(job, status == RELOAD_OK ? merge(job, answer, now) : status, now);
}

/* The other side has newer values than we: fetches them, in one go if they fit. False: it cannot be asked. */
static bool resynchronize(Job *job, int64_t now)
{
	ReloadDestination destination = destination_of(job);
	GByteArray *body;
	bool asked;

	if (job->resynchronized)
		return false;
	job->resynchronized = true;
	job->merged = false;
	job->until = now + RESYNCHRONIZE_MS;
	body = g_byte_array_new();
	asked = reload_storage_fetch_request(job->node->storage, &job->id, body) &&
		reload_node_originate(job->node, &destination, 1, RELOAD_FETCH_REQ,
				      reload_span(body->data, body->len), NULL, TIMEOUT_MS,
				      on_fetched, job, now, &job->request) == RELOAD_OK;
	g_byte_array_unref(body);
	return asked;
}

/* Everything was sent, but for what no message holds. */
static void end_of_all(Job *job, int64_t now)
{
	if (job->left_out > 0)
		reload_node_log(job->node, RELOAD_LOG_WARNING,
				"%u values of a resource are too large for a replica Store: no other peer has a copy",
				job->left_out);
	reload_replica_job_ended(job, job->left_out > 0 ? RELOAD_E_TOO_LARGE : RELOAD_OK, now);
}

static void on_stored(void *data, ReloadStatus status, const ReloadMessage *answer,
		      const ReloadNodeId *from, int64_t now)
{
	Job *job = data;
	uint16_t error = status == RELOAD_E_REMOTE ? reload_message_error_code(answer) : 0;

	(void)from;
	if (status == RELOAD_E_TIMEOUT)
		job->target->unanswered++;
	else if (answer != NULL)
		job->target->unanswered = 0;
	if (status == RELOAD_OK) {
		if (job->cursor.done)
			end_of_all(job, now);
		else
			send(job, now); /* the next piece */
		return;
	}
	if (error == RELOAD_ERROR_DATA_TOO_OLD ||
	    error == RELOAD_ERROR_GENERATION_COUNTER_TOO_LOW) {
		if (!resynchronize(job, now))
			reload_replica_job_ended(job, RELOAD_E_TOO_OLD, now);
		return;
	}
	/* Who is responsible may be another for the next resource: those wait for their turn. */
	if (status == RELOAD_E_TIMEOUT && job->target->id.len != 0 && ++job->tries < TRIES_MAX) {
		send_from_start(job, now);
		return;
	}
	reload_replica_job_ended(job, status, now);
}

/* The most that a piece may take, certificates included. */
static size_t piece_size(const ReloadNode *node)
{
	size_t limit = node->document->max_message_size;
	size_t rest = reload_node_overhead(node) + LIST_MAX;

	return limit > rest ? limit - rest : 1;
}

/* Sends a piece of at most max bytes, or of one value. *size: what it has. */
static ReloadStatus send_piece(Job *job, size_t max, size_t *size, int64_t now)
{
	ReloadNode *node = job->node;
	ReloadDestination destination = destination_of(job);
	GByteArray *body = g_byte_array_new();
	GPtrArray *certificates =
	    g_ptr_array_new_with_free_func((GDestroyNotify)reload_certificate_unref);
	ReloadStatus status = RELOAD_E_NOT_FOUND;

	if (reload_storage_replica_request(node->storage, &job->id, job->replica, max, &job->cursor, now,
					   body, certificates))
		status = reload_node_originate(node, &destination, 1, RELOAD_STORE_REQ,
					       reload_span(body->data, body->len), certificates,
					       TIMEOUT_MS, on_stored, job, now, &job->request);
	*size = body->len;
	for (guint i = 0; i < certificates->len; i++)
		*size += reload_certificate_der(g_ptr_array_index(certificates, i)).len;
	g_ptr_array_unref(certificates);
	g_byte_array_unref(body);
	return status;
}

/* Sends the next piece of a job: smaller ones, where the chains of certificates make it too large; and a value that is
 * too large alone does not keep back those behind it. */
static void send(Job *job, int64_t now)
{
	size_t max = piece_size(job->node), size = 0, before = 0;
	ReloadReplicaCursor from = {0};
	ReloadStatus status;

	reload_replica_cursor_set(&from, &job->cursor);
	while ((status = send_piece(job, max, &size, now)) == RELOAD_E_TOO_LARGE) {
		if (size != before) { /* there may be more than one value in it */
			reload_replica_cursor_set(&job->cursor, &from);
			before = size;
			max = size / 2;
			continue;
		}
		job->left_out++;
		if (job->cursor.done)
			break;
		reload_replica_cursor_set(&from, &job->cursor);
		max = piece_size(job->node);
		before = 0;
	}
	reload_replica_cursor_clear(&from);
	if (status == RELOAD_E_NOT_FOUND && job->left_out > 0)
		status = RELOAD_E_TOO_LARGE;
	if (status == RELOAD_E_TOO_LARGE)
		end_of_all(job, now);
	else if (status != RELOAD_OK)
		reload_replica_job_ended(job, status, now);
}

void reload_replica_job_start(Job *job, int64_t now)
{
	job->tries = 0;
	job->resynchronized = false;
	send_from_start(job, now);
}
