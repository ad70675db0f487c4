/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A resource that no answer holds is changed on both sides of a partition: after it has healed, all that keep it
 * keep the newest of each value (RFC 6940, 7.4.1.1). */
#include "reload_core/wire/fetch.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_private.h"

#define USER "alice"

typedef struct {
	const char *name;
	unsigned nodes;	      /* each stores a value */
	unsigned size;	      /* of it, bytes */
	unsigned max_message; /* bytes */
} Case;

typedef struct {
	const Case *what;
	char *texts[32]; /* what each node stored last; NULL: it has removed it */
	size_t bytes;	 /* largest seen at one node */
} Story;

/* With the same bootstrap nodes. */
static void use_document(Sim *sim, unsigned max_message)
{
	char *more = g_strdup_printf("<max-message-size>%u</max-message-size>"
				     "<bootstrap-node address=\"10.0.0.1\" port=\"6084\"/>"
				     "<bootstrap-node address=\"10.0.0.2\" port=\"6084\"/>"
				     "<bootstrap-node address=\"10.0.0.3\" port=\"6084\"/>"
				     "<bootstrap-node address=\"10.0.0.4\" port=\"6084\"/>",
				     max_message);

	reload_document_unref(sim->document);
	sim->document = pki_document(&sim->pki, more);
	g_free(more);
}

/* NULL text: removes it. */
static void store(Sim *sim, Story *story, unsigned node, const char *word)
{
	char *text = NULL;

	if (word != NULL) {
		GString *all = g_string_new(NULL);

		while (all->len < story->what->size)
			g_string_append_printf(all, "%s of %u, ", word, node);
		g_string_truncate(all, story->what->size);
		text = g_string_free(all, FALSE);
	}
	g_assert_cmpint(sim_store(sim, node, USER, text, NULL), ==, RELOAD_OK);
	g_free(story->texts[node]);
	story->texts[node] = text;
}

static ReloadDataModel model_of(uint32_t kind, void *data)
{
	(void)data;
	return kind == RELOAD_KIND_SIP_REGISTRATION ? RELOAD_MODEL_DICTIONARY : RELOAD_MODEL_UNKNOWN;
}

/* Does that node hold what each stored last, and nothing that was removed? */
static bool holds_newest(Sim *sim, Story *story, SimNode *node)
{
	GByteArray *body = g_byte_array_new();
	ReloadStorageAnswer answer;
	ReloadResourceId id;
	ReloadFetchKindResponse response;
	ReloadFetchAns ans;
	ReloadStoredData data;
	unsigned good = 0, existing = 0, expected = 0;

	sim_resource(sim, USER, &id);
	for (unsigned i = 0; i < sim_count(sim); i++)
		expected += story->texts[i] != NULL;
	if (reload_storage_fetch_request(reload_node_storage(node->node), &id, body) &&
	    reload_storage_fetch(reload_node_storage(node->node), reload_span(body->data, body->len), 1u << 24,
				 sim->now, &answer) == RELOAD_OK) {
		story->bytes = MAX(story->bytes, answer.body->len);
		g_assert_cmpint(reload_fetch_ans_decode(reload_span(answer.body->data, answer.body->len),
							model_of, NULL, &ans),
				==, RELOAD_OK);
		g_assert_true(reload_fetch_kind_response_next(&ans.kind_responses, &response));
		while (reload_stored_data_next(&response.values, RELOAD_MODEL_DICTIONARY, &data)) {
			existing += data.value.exists;
			for (unsigned i = 0; data.value.exists && i < sim_count(sim); i++) {
				if (reload_span_equal(data.value.key, reload_node_id_span(&sim_node(sim, i)->id)) &&
				    story->texts[i] != NULL &&
				    reload_span_equal(data.value.value, reload_span_text(story->texts[i])))
					good++;
			}
		}
		reload_storage_answer_clear(&answer);
	}
	g_byte_array_unref(body);
	return good == expected && existing == expected;
}

/* Do all that are to hold it hold the newest: who is responsible, and two more? */
static bool all_equal(Sim *sim, void *data)
{
	unsigned equal = 0;
	ReloadResourceId id;

	sim_resource(sim, USER, &id);
	if (!sim_ring_is_right(sim, NULL) || !holds_newest(sim, data, sim_responsible(sim, &id)))
		return false;
	for (unsigned i = 0; i < sim_count(sim); i++)
		equal += holds_newest(sim, data, sim_node(sim, i));
	return equal >= 3;
}

static void test_diverged(gconstpointer data)
{
	const Case *what = data;
	Sim *sim = sim_new(what->name, what->nodes, 4);
	Story story = {.what = what};

	use_document(sim, what->max_message);
	sim_start(sim, 0, true);
	for (unsigned i = 1; i < sim_count(sim); i++)
		sim_start(sim, i, false);
	sim_run_until(sim, sim_ring_is_right, NULL, 120 * SIM_SECOND, "a ring of all");
	for (unsigned i = 0; i < sim_count(sim); i++)
		store(sim, &story, i, "before");
	sim_run_until(sim, all_equal, &story, 30 * SIM_SECOND, "three copies");
	for (unsigned i = 0; i < sim_count(sim); i++)
		sim_node(sim, i)->group = i % 2;
	sim_run(sim, 120 * SIM_SECOND);
	for (unsigned i = 0; i < sim_count(sim); i++)
		store(sim, &story, i, i % 5 == 4 ? NULL : i % 2 != 0 ? "odd" : "even");
	for (unsigned i = 0; i < sim_count(sim); i++)
		g_assert_false(holds_newest(sim, &story, sim_node(sim, i)));
	for (unsigned i = 0; i < sim_count(sim); i++)
		sim_node(sim, i)->group = 0;
	sim_run_until(sim, all_equal, &story, 900 * SIM_SECOND, "the newest of both sides everywhere");
	g_test_message("%s: %zu bytes, messages of at most %u", what->name, story.bytes, what->max_message);
	g_assert_cmpuint(story.bytes, >, 2 * what->max_message);
	for (unsigned i = 0; i < sim_count(sim); i++)
		g_free(story.texts[i]);
	sim_free(sim);
}

int main(int argc, char **argv)
{
	/* In the second not even a Stat of all values fits into an answer. */
	static const Case large = {"resynchronize-large", 28, 900, 5000},
			  many = {"resynchronize-many", 30, 200, 2000};

	g_test_init(&argc, &argv, NULL);
	g_test_add_data_func("/sim/resynchronize/large", &large, test_diverged);
	g_test_add_data_func("/sim/resynchronize/many", &many, test_diverged);
	return g_test_run();
}
