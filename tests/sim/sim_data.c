/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests in the simulation, and stores and fetches of registrations. */
#include "tests/sim/sim_private.h"

#include "reload_core/config/kind.h"
#include "reload_core/usages/data_request.h"
#include "reload_core/wire/error.h"

static void on_reply(void *data, ReloadStatus status, const ReloadMessage *message,
		     const ReloadNodeId *from, int64_t now)
{
	SimAnswer *answer = data;
	ReloadErrorResponse error;

	(void)now;
	g_assert_false(answer->done);
	answer->done = true;
	answer->status = status;
	if (from != NULL)
		answer->from = *from;
	if (message == NULL)
		return;
	answer->code = message->code;
	answer->message = g_byte_array_new();
	g_byte_array_append(answer->message, message->body.data, (guint)message->body.len);
	if (message->code == RELOAD_ERROR &&
	    reload_error_decode(message->body, &error) == RELOAD_OK)
		answer->error_code = error.error_code;
}

static bool is_answered(Sim *sim, void *data)
{
	(void)sim;
	return ((SimAnswer *)data)->done;
}

void sim_answer_clear(SimAnswer *answer)
{
	g_clear_pointer(&answer->message, g_byte_array_unref);
	memset(answer, 0, sizeof(*answer));
}

void sim_request(Sim *sim, unsigned from, const ReloadDestination *destinations, unsigned count,
		 uint16_t code, ReloadSpan body, SimAnswer *answer)
{
	ReloadRequest request = {
	    .destinations = destinations, .destination_count = count, .code = code, .body = body};

	memset(answer, 0, sizeof(*answer));
	g_assert_cmpuint(
	    reload_node_request(sim_node(sim, from)->node, &request, on_reply, answer, sim->now),
	    !=, 0);
	g_assert_false(answer->done); /* never before the call returns */
	sim_run_until(sim, is_answered, answer, 20 * SIM_SECOND, "an answer or the end of waiting");
}

void sim_resource(Sim *sim, const char *user, ReloadResourceId *out)
{
	char *name = g_strdup_printf("%s@" PKI_OVERLAY, user);

	reload_resource_id_from_name(sim->document, name, strlen(name), out);
	g_free(name);
}

ReloadStatus sim_store(Sim *sim, unsigned from, const char *user, const char *text,
		       uint16_t *error_code)
{
	SimNode *node = sim_node(sim, from);
	char *name = g_strdup_printf("%s@" PKI_OVERLAY, user);
	ReloadIdentity *signer =
	    sim_issue(sim, reload_identity_key(node->identity), &node->id, name);
	ReloadStoredData data = {
	    .storage_time = (uint64_t)sim->now,
	    .lifetime = 3600,
	    .value = {.model = RELOAD_MODEL_DICTIONARY,
		      .key = reload_node_id_span(&node->id),
		      .exists = text != NULL,
		      .value = reload_span_text(text != NULL ? text : "")},
	};
	SimAnswer answer = {0};
	ReloadResourceId id;
	ReloadRequestId request;
	ReloadStatus status;

	sim_resource(sim, user, &id);
	status = reload_usage_store(node->node, signer, &id, RELOAD_KIND_SIP_REGISTRATION, &data,
				    on_reply, &answer, sim->now, &request);
	if (status == RELOAD_OK) {
		sim_run_until(sim, is_answered, &answer, 20 * SIM_SECOND, "the answer to a Store");
		status = answer.status;
		if (error_code != NULL)
			*error_code = answer.error_code;
	}
	sim_answer_clear(&answer);
	reload_identity_unref(signer);
	g_free(name);
	return status;
}

typedef struct {
	Sim *sim;
	ReloadNode *node;
	ReloadResourceId id;
	bool done;
	GPtrArray *found; /* char * */
} SimFetch;

static void each_value(void *data, const ReloadFetched *fetched)
{
	SimFetch *fetch = data;
	ReloadSpan value = fetched->data->value.value;

	if (fetched->data->value.exists)
		g_ptr_array_add(fetch->found, g_strndup((const char *)value.data, value.len));
}

static void on_fetched(void *data, ReloadStatus status, const ReloadMessage *answer,
		       const ReloadNodeId *from, int64_t now)
{
	SimFetch *fetch = data;
	ReloadFetchedSummary summary;

	(void)from;
	fetch->done = true;
	if (status != RELOAD_OK)
		return;
	fetch->found = g_ptr_array_new_with_free_func(g_free);
	g_assert_cmpint(reload_usage_fetched(fetch->node, &fetch->id, RELOAD_KIND_SIP_REGISTRATION,
					     answer, now, each_value, fetch, &summary),
			==, RELOAD_OK);
	g_assert_cmpuint(summary.discarded, ==, 0);
}

static bool is_fetched(Sim *sim, void *data)
{
	(void)sim;
	return ((SimFetch *)data)->done;
}

static gint compare_texts(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *sim_fetch(Sim *sim, unsigned from, const char *user)
{
	SimFetch fetch = {.sim = sim, .node = sim_node(sim, from)->node};
	GString *all;
	ReloadRequestId request;

	sim_resource(sim, user, &fetch.id);
	g_assert_cmpint(reload_usage_fetch(fetch.node, &fetch.id, RELOAD_KIND_SIP_REGISTRATION,
					   (ReloadSpan){0}, 0, on_fetched, &fetch, sim->now,
					   &request),
			==, RELOAD_OK);
	sim_run_until(sim, is_fetched, &fetch, 20 * SIM_SECOND, "the answer to a Fetch");
	if (fetch.found == NULL)
		return NULL;
	g_ptr_array_sort(fetch.found, compare_texts);
	all = g_string_new("");
	for (guint i = 0; i < fetch.found->len; i++)
		g_string_append_printf(all, "%s;", (char *)g_ptr_array_index(fetch.found, i));
	g_ptr_array_unref(fetch.found);
	return g_string_free(all, FALSE);
}

typedef struct {
	const ReloadResourceId *id;
	bool held;
} Held;

static void look(void *data, const ReloadResourceId *id, size_t values)
{
	Held *held = data;

	if (values > 0 && reload_resource_id_equal(id, held->id))
		held->held = true;
}

unsigned sim_copies(Sim *sim, const ReloadResourceId *id)
{
	unsigned copies = 0;

	for (unsigned i = 0; i < sim->count; i++) {
		Held held = {.id = id};

		if (sim->nodes[i].node != NULL)
			reload_storage_each(reload_node_storage(sim->nodes[i].node), look, &held);
		copies += held.held;
	}
	return copies;
}
