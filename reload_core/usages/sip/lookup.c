/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resolves an AOR: one Fetch for each AOR on the way, as many at once as there are, within bounds.
 */
#include "reload_core/usages/sip/lookup.h"

#include "reload_core/usages/fetch_all.h"
#include "reload_core/usages/sip/gruu.h"
#include "reload_core/wire/sip_registration.h"

struct ReloadSipLookup {
	ReloadNode *node;
	int64_t timeout;
	ReloadSipFoundFunc reply;
	void *data;
	GPtrArray *steps; /* Step, under way */
	GArray *seen;	  /* ReloadAor: no AOR is fetched twice */
	GArray *routes;	  /* ReloadSipRoute */
	GArray *external; /* ReloadAor */
	bool partial;
	uint64_t generation;
	ReloadStatus failure; /* of the AOR's own Fetch */
};

/* The Fetch of one AOR. */
typedef struct {
	ReloadSipLookup *lookup;
	ReloadAor aor;
	unsigned depth;	   /* 0: the AOR that was asked for */
	uint32_t lifetime; /* of the entries that led here */
	ReloadResourceId resource;
	ReloadFetchAll *fetch;
} Step;

static void clear_route(gpointer data)
{
	ReloadSipRoute *route = data;

	g_bytes_unref(route->destination_list);
	g_free(route->contact_prefs);
}

static void lookup_free(ReloadSipLookup *lookup)
{
	g_ptr_array_free(lookup->steps, TRUE);
	g_array_free(lookup->seen, TRUE);
	g_array_free(lookup->routes, TRUE);
	g_array_free(lookup->external, TRUE);
	g_free(lookup);
}

static bool contains(const GArray *aors, const ReloadAor *aor)
{
	for (guint i = 0; i < aors->len; i++) {
		if (reload_aor_equal(&g_array_index(aors, ReloadAor, i), aor))
			return true;
	}
	return false;
}

static void take_value(void *data, const ReloadFetched *fetched);
static void on_fetched(void *data, ReloadStatus status, uint16_t error_code,
		       const ReloadFetchedSummary *summary, int64_t now);

static ReloadStatus start_step(ReloadSipLookup *lookup, const ReloadAor *aor, unsigned depth,
			       uint32_t lifetime, int64_t now)
{
	Step *step = g_new0(Step, 1);
	ReloadStatus status;

	step->lookup = lookup;
	step->aor = *aor;
	step->depth = depth;
	step->lifetime = lifetime;
	reload_aor_resource_id(reload_node_document(lookup->node), aor, &step->resource);
	g_array_append_val(lookup->seen, *aor);
	/* "This Fetch SHOULD NOT indicate any dictionary keys" (RFC 7904, 4.2) */
	status = reload_fetch_all(lookup->node, &step->resource, RELOAD_KIND_SIP_REGISTRATION,
				  lookup->timeout, take_value, on_fetched, step, now, &step->fetch);
	if (status)
		g_free(step);
	else
		g_ptr_array_add(lookup->steps, step);
	return status;
}

/* Contact preferences are text of others: what is not printable ASCII does not go on into SIP. */
static char *copy_prefs(ReloadSpan prefs)
{
	for (size_t i = 0; i < prefs.len; i++) {
		if (prefs.data[i] < 0x20 || prefs.data[i] > 0x7e)
			return g_strdup("");
	}
	return prefs.len ? g_strndup((const char *)prefs.data, prefs.len) : g_strdup("");
}

/* Adds a way to the user; the last entry of the list has to be a Node-ID, which the AppAttach will
 * have to prove (RFC 7904, 5.1). Duplicates are removed (4.2, step 3). */
static void add_route(const Step *step, const ReloadFetched *fetched, ReloadSpan list,
		      ReloadSpan prefs, uint32_t lifetime)
{
	ReloadSipLookup *lookup = step->lookup;
	ReloadDestination last;
	ReloadSipRoute route;

	if (!reload_destination_list_last(list, &last) || last.type != RELOAD_DESTINATION_NODE ||
	    lookup->routes->len >= RELOAD_SIP_ROUTES_MAX) {
		lookup->partial = true;
		return;
	}
	for (guint i = 0; i < lookup->routes->len; i++) {
		ReloadSipRoute *other = &g_array_index(lookup->routes, ReloadSipRoute, i);
		gsize len;
		const void *bytes = g_bytes_get_data(other->destination_list, &len);

		if (reload_span_equal(reload_span(bytes, len), list)) {
			other->lifetime = MAX(other->lifetime, lifetime);
			return;
		}
	}
	route = (ReloadSipRoute){
	    .node_id = last.node_id,
	    .destination_list = g_bytes_new(list.data, list.len),
	    .contact_prefs = copy_prefs(prefs),
	    .signer = *fetched->node_id,
	    .aor = step->aor,
	    .lifetime = lifetime,
	    .storage_time = fetched->data->storage_time,
	};
	g_array_append_val(lookup->routes, route);
}

static bool admits(const Step *step, const ReloadAor *aor)
{
	const char *domain = aor->text + aor->user_len + 1;

	return reload_document_admits_domain(reload_node_document(step->lookup->node), domain,
					     strlen(domain));
}

static void follow(const Step *step, const ReloadAor *aor, uint32_t lifetime, int64_t now)
{
	ReloadSipLookup *lookup = step->lookup;

	if (!admits(step, aor)) {
		if (contains(lookup->external, aor))
			return;
		if (lookup->external->len < RELOAD_SIP_EXTERNAL_MAX)
			g_array_append_val(lookup->external, *aor);
		else
			lookup->partial = true;
		return;
	}
	if (contains(lookup->seen, aor)) /* a loop, or a second way to the same place */
		return;
	if (step->depth + 1 > RELOAD_SIP_DEPTH_MAX || lookup->seen->len >= RELOAD_SIP_FETCHES_MAX ||
	    start_step(lookup, aor, step->depth + 1, lifetime, now))
		lookup->partial = true;
}

/* The text of an entry that names another AOR: without scheme (RFC 7904, 2), though others may
 * write one. */
static ReloadStatus read_aor(ReloadSpan text, ReloadAor *out)
{
	const char *uri = (const char *)text.data;
	bool scheme = text.len > 5 && (!g_ascii_strncasecmp(uri, "sip:", 4) ||
				       !g_ascii_strncasecmp(uri, "sips:", 5));

	if (scheme && !reload_aor_from_uri(uri, text.len, out))
		return RELOAD_OK;
	if (!reload_aor_from_name(uri, text.len, out))
		return RELOAD_OK;
	return reload_aor_from_uri(uri, text.len, out);
}

/* Takes the destination list in a GRUU as a route. */
static void take_gruu(const Step *step, const ReloadFetched *fetched, ReloadSpan gr, uint32_t lifetime)
{
	unsigned node_id_len = reload_node_document(step->lookup->node)->node_id_length;
	GByteArray *list = g_byte_array_new();

	if (!reload_gruu_decode((const char *)gr.data, gr.len, node_id_len, list))
		add_route(step, fetched, reload_span(list->data, list->len), (ReloadSpan){0}, lifetime);
	else
		step->lookup->partial = true;
	g_byte_array_free(list, TRUE);
}

static void take_uri(const Step *step, const ReloadFetched *fetched, ReloadSpan text,
		     uint32_t lifetime)
{
	bool is_gruu;
	ReloadSpan gr;
	ReloadAor aor;

	/* "a GRUU in the same P2P overlay" (RFC 7904, 6): the nodes that another overlay's names are none of ours. */
	is_gruu = reload_gruu_find((const char *)text.data, text.len, &gr) &&
		  !reload_aor_from_uri((const char *)text.data, text.len, &aor);
	if (is_gruu && admits(step, &aor))
		take_gruu(step, fetched, gr, lifetime);
	else if (is_gruu || !read_aor(text, &aor))
		follow(step, &aor, lifetime, fetched->now);
	else
		step->lookup->partial = true;
}

static void take_value(void *data, const ReloadFetched *fetched)
{
	Step *step = data;
	unsigned node_id_len = reload_node_document(step->lookup->node)->node_id_length;
	uint32_t lifetime = MIN(fetched->data->lifetime, step->lifetime);
	ReloadSipRegistration registration;

	if (!fetched->data->value.exists) /* removed */
		return;
	if (reload_sip_registration_decode(fetched->data->value.value, node_id_len,
					   &registration)) {
		step->lookup->partial = true;
		return;
	}
	if (registration.type == RELOAD_SIP_REGISTRATION_ROUTE)
		add_route(step, fetched, registration.destination_list, registration.contact_prefs,
			  lifetime);
	else if (registration.type == RELOAD_SIP_REGISTRATION_URI)
		take_uri(step, fetched, registration.uri, lifetime);
	else /* "This type can be extended" */
		step->lookup->partial = true;
}

static void finish(ReloadSipLookup *lookup, int64_t now)
{
	ReloadSipFound found = {
	    .routes = (const ReloadSipRoute *)(const void *)lookup->routes->data,
	    .route_count = lookup->routes->len,
	    .external = (const ReloadAor *)(const void *)lookup->external->data,
	    .external_count = lookup->external->len,
	    .partial = lookup->partial,
	    .generation = lookup->generation,
	};
	ReloadStatus status = lookup->failure;

	if (!status && !found.route_count && !found.external_count)
		status = RELOAD_E_NOT_FOUND;
	lookup->reply(lookup->data, status, lookup->failure ? NULL : &found, now);
	lookup_free(lookup);
}

static void on_fetched(void *data, ReloadStatus status, uint16_t error_code,
		       const ReloadFetchedSummary *summary, int64_t now)
{
	Step *step = data;
	ReloadSipLookup *lookup = step->lookup;

	/* our own storing peers answer with an empty list, others may not */
	if (error_code == RELOAD_ERROR_NOT_FOUND)
		status = RELOAD_OK;
	if (!step->depth) {
		lookup->failure = status;
		lookup->generation = summary->generation;
	}
	lookup->partial |= status || summary->discarded;
	g_ptr_array_remove_fast(lookup->steps, step); /* frees it */
	if (!lookup->steps->len)
		finish(lookup, now);
}

ReloadStatus reload_sip_lookup(ReloadNode *node, const ReloadAor *aor, int64_t timeout,
			       ReloadSipFoundFunc reply, void *data, int64_t now,
			       ReloadSipLookup **out)
{
	ReloadSipLookup *lookup;
	const char *domain = aor->text + aor->user_len + 1;
	ReloadStatus status;

	if (out)
		*out = NULL;
	if (!reload_document_admits_domain(reload_node_document(node), domain, strlen(domain)))
		return RELOAD_E_FORBIDDEN;
	lookup = g_new0(ReloadSipLookup, 1);
	lookup->node = node;
	lookup->timeout = timeout;
	lookup->reply = reply;
	lookup->data = data;
	lookup->steps = g_ptr_array_new_with_free_func(g_free);
	lookup->seen = g_array_new(FALSE, FALSE, sizeof(ReloadAor));
	lookup->routes = g_array_new(FALSE, FALSE, sizeof(ReloadSipRoute));
	g_array_set_clear_func(lookup->routes, clear_route);
	lookup->external = g_array_new(FALSE, FALSE, sizeof(ReloadAor));
	status = start_step(lookup, aor, 0, UINT32_MAX, now);
	if (status)
		lookup_free(lookup);
	else if (out)
		*out = lookup;
	return status;
}

void reload_sip_lookup_cancel(ReloadSipLookup *lookup)
{
	if (!lookup)
		return;
	for (guint i = 0; i < lookup->steps->len; i++) {
		const Step *step = g_ptr_array_index(lookup->steps, i);

		reload_fetch_all_cancel(step->fetch);
	}
	lookup_free(lookup);
}
