/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts requests for one AOR together. */
#include "modules/p2psip/peer/lookups.h"

#include <string.h>

/* More who ask for one AOR at the same moment are told that it is busy. */
#define WAITERS_MAX 256

typedef struct {
	char *aor;
	uint64_t token;
	GArray *waiters; /* uint32_t */
} Lookup;

struct Lookups {
	unsigned max;
	LookupHooks hooks;
	GHashTable *by_aor;   /* aor -> Lookup (owned) */
	GHashTable *by_token; /* &token -> Lookup */
	uint64_t last_token;
	LookupStatistics statistics;
};

static void lookup_free(gpointer data)
{
	Lookup *lookup = data;

	g_array_unref(lookup->waiters);
	g_free(lookup->aor);
	g_free(lookup);
}

Lookups *lookups_new(unsigned max, const LookupHooks *hooks)
{
	Lookups *self = g_new0(Lookups, 1);

	self->max = max;
	self->hooks = *hooks;
	self->by_aor = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, lookup_free);
	self->by_token = g_hash_table_new(g_int64_hash, g_int64_equal);
	return self;
}

void lookups_free(Lookups *self)
{
	if (self == NULL)
		return;
	g_hash_table_destroy(self->by_token);
	g_hash_table_destroy(self->by_aor);
	g_free(self);
}

static void refuse(Lookups *self, const char *aor, uint32_t id, enum p2psip_status status)
{
	struct p2psip_edges none = {0};

	g_strlcpy(none.aor, aor, sizeof(none.aor));
	self->hooks.done(self->hooks.user, id, status, &none);
}

void lookups_start(Lookups *self, const char *aor, uint32_t id, int64_t now)
{
	Lookup *lookup = g_hash_table_lookup(self->by_aor, aor);
	enum p2psip_status status;

	if (lookup != NULL && lookup->waiters->len < WAITERS_MAX) {
		g_array_append_val(lookup->waiters, id);
		return;
	}
	if (lookup != NULL || g_hash_table_size(self->by_aor) >= self->max) {
		refuse(self, aor, id, P2PSIP_BUSY);
		return;
	}
	status = self->hooks.fetch(self->hooks.user, aor, ++self->last_token, now);
	if (status != P2PSIP_OK) {
		refuse(self, aor, id, status);
		return;
	}
	lookup = g_new0(Lookup, 1);
	lookup->aor = g_strdup(aor);
	lookup->token = self->last_token;
	lookup->waiters = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	g_array_append_val(lookup->waiters, id);
	g_hash_table_insert(self->by_aor, lookup->aor, lookup);
	g_hash_table_insert(self->by_token, &lookup->token, lookup);
	self->statistics.lookups++;
}

void lookups_result(Lookups *self, uint64_t token, enum p2psip_status status,
		    const struct p2psip_edges *edges)
{
	Lookup *lookup = g_hash_table_lookup(self->by_token, &token);

	if (lookup == NULL)
		return;
	g_hash_table_remove(self->by_token, &token);
	g_hash_table_steal(self->by_aor, lookup->aor);
	self->statistics.failures += status != P2PSIP_OK && status != P2PSIP_NOT_FOUND;
	for (guint i = 0; i < lookup->waiters->len; i++) {
		uint32_t id = g_array_index(lookup->waiters, uint32_t, i);

		if (edges != NULL)
			self->hooks.done(self->hooks.user, id, status, edges);
		else
			refuse(self, lookup->aor, id, status);
	}
	lookup_free(lookup);
}

void lookups_statistics(const Lookups *self, LookupStatistics *out)
{
	*out = self->statistics;
	out->under_way = g_hash_table_size(self->by_aor);
}
