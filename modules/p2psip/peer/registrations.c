/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One small state machine for each AOR: what is wanted, what the overlay holds, what is under way. */
#include "modules/p2psip/peer/registrations.h"

#define RETRY_FIRST_MS 2000
#define RETRY_MAX_MS 60000
/* More than one REGISTER of an AOR waiting at once is rare; so many at most. */
#define WAITERS_MAX 16

typedef struct {
	char *aor;
	bool wanted;        /* a contact is registered here */
	bool stored;        /* the overlay may hold a record of ours */
	bool confirmed;     /* somebody was told that it is registered, or nobody waits */
	uint64_t token;     /* of the store or removal under way; 0: none */
	bool storing;       /* it is a store */
	bool again;         /* what is wanted has changed while it was under way */
	int64_t expires;    /* when a record of ours ends by itself */
	int64_t due;        /* when to store again, or to try again */
	int64_t delay;      /* before the next try */
	GArray *waiters;    /* uint32_t: requests of the broker */
} Registration;

struct Registrations {
	RegistrationLimits limits;
	RegistrationHooks hooks;
	bool joined;
	GHashTable *by_aor;   /* aor -> Registration (owned) */
	GHashTable *by_token; /* &token in Registration -> Registration */
	uint64_t last_token;
	RegistrationStatistics statistics;
};

static void registration_free(gpointer data)
{
	Registration *reg = data;

	g_array_unref(reg->waiters);
	g_free(reg->aor);
	g_free(reg);
}

Registrations *registrations_new(const RegistrationLimits *limits, const RegistrationHooks *hooks)
{
	Registrations *self = g_new0(Registrations, 1);

	self->limits = *limits;
	self->hooks = *hooks;
	self->by_aor = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, registration_free);
	self->by_token = g_hash_table_new(g_int64_hash, g_int64_equal);
	return self;
}

void registrations_free(Registrations *self)
{
	if (self == NULL)
		return;
	g_hash_table_destroy(self->by_token);
	g_hash_table_destroy(self->by_aor);
	g_free(self);
}

static void tell_waiters(Registrations *self, Registration *reg, enum p2psip_status status,
			 const char *text)
{
	g_autoptr(GArray) waiters = reg->waiters;

	reg->waiters = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	for (guint i = 0; i < waiters->len; i++)
		self->hooks.done(self->hooks.user, g_array_index(waiters, uint32_t, i), status,
				 text ? text : "");
}

static void back_off(Registrations *self, Registration *reg, int64_t now)
{
	reg->delay = CLAMP(reg->delay * 2, RETRY_FIRST_MS, RETRY_MAX_MS);
	/* Many edges lose the overlay at the same time: they shall not come back in step. */
	reg->due = now + reg->delay + self->hooks.random(self->hooks.user, reg->delay / 2 + 1);
}

static int64_t refresh_after(Registrations *self)
{
	int64_t part = self->limits.lifetime / 3;

	return 2 * part - self->hooks.random(self->hooks.user, part / 4 + 1);
}

/* The registration was never confirmed to a phone and could not be made: it is not wanted any more. */
static void give_up_new(Registration *reg)
{
	if (!reg->confirmed)
		reg->wanted = false;
}

/* A try to store that ended without success. */
static void store_failed(Registrations *self, Registration *reg, enum p2psip_status status,
			 const char *text, int64_t now)
{
	self->statistics.failures++;
	if (status == P2PSIP_NOT_JOINED)
		reg->confirmed = true; /* kept for the day of joining */
	give_up_new(reg);
	back_off(self, reg, now);
	tell_waiters(self, reg, status, text);
}

static void start(Registrations *self, Registration *reg, bool exists, int64_t now)
{
	const char *why = NULL;
	uint64_t token = ++self->last_token;
	enum p2psip_status status;

	status = self->hooks.store(self->hooks.user, reg->aor, exists, self->limits.lifetime, token, &why,
				   now);
	if (status != P2PSIP_OK) {
		if (exists) {
			store_failed(self, reg, status, why, now);
		} else {
			/* without a certificate, say, nobody can remove it: it expires */
			reg->stored = status == P2PSIP_BUSY || status == P2PSIP_NOT_JOINED;
			back_off(self, reg, now);
			tell_waiters(self, reg, status, why);
		}
		return;
	}
	reg->token = token;
	reg->storing = exists;
	reg->again = false;
	if (exists) {
		reg->stored = true; /* from here on there may be one, whatever the answer */
		reg->expires = now + self->limits.lifetime;
	}
	g_hash_table_insert(self->by_token, &reg->token, reg);
}

/* Does what is to be done for reg now; false: it is of no use any more. */
static bool advance(Registrations *self, Registration *reg, int64_t now)
{
	if (reg->token != 0)
		return true;
	if (reg->stored && now >= reg->expires)
		reg->stored = false;
	if (!reg->wanted && !reg->stored) {
		tell_waiters(self, reg, P2PSIP_OK, NULL);
		return false;
	}
	if (!self->joined || now < reg->due ||
	    g_hash_table_size(self->by_token) >= self->limits.max_in_flight)
		return true;
	start(self, reg, reg->wanted, now);
	return reg->wanted || reg->stored;
}

static void advance_or_drop(Registrations *self, Registration *reg, int64_t now)
{
	if (!advance(self, reg, now))
		g_hash_table_remove(self->by_aor, reg->aor);
}

static Registration *registration_get(Registrations *self, const char *aor)
{
	Registration *reg = g_hash_table_lookup(self->by_aor, aor);

	if (reg != NULL)
		return reg;
	if (g_hash_table_size(self->by_aor) >= self->limits.max_aors)
		return NULL;
	reg = g_new0(Registration, 1);
	reg->aor = g_strdup(aor);
	reg->waiters = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	g_hash_table_insert(self->by_aor, reg->aor, reg);
	return reg;
}

/* Has id wait for the end of what is wanted now. */
static void wait_for(Registrations *self, Registration *reg, uint32_t id)
{
	if (id == 0)
		return;
	if (reg->waiters->len >= WAITERS_MAX)
		self->hooks.done(self->hooks.user, id, P2PSIP_BUSY, "too many requests for one AOR");
	else
		g_array_append_val(reg->waiters, id);
}

void registrations_add(Registrations *self, const char *aor, uint32_t id, int64_t now)
{
	Registration *reg = registration_get(self, aor);

	if (reg == NULL) {
		if (id != 0)
			self->hooks.done(self->hooks.user, id, P2PSIP_BUSY, "too many AORs at this edge");
		return;
	}
	if (!reg->wanted) {
		tell_waiters(self, reg, P2PSIP_OK, NULL); /* of a removal that is off now */
		reg->confirmed = id == 0;
		reg->due = now;
		reg->again = true;
	}
	reg->wanted = true;
	reg->confirmed |= id == 0;
	if (!self->joined) {
		reg->confirmed = true;
		if (id != 0)
			self->hooks.done(self->hooks.user, id, P2PSIP_NOT_JOINED, "");
		return;
	}
	if (reg->stored && reg->confirmed && reg->delay == 0 && reg->token == 0 && !reg->again &&
	    id != 0) {
		self->hooks.done(self->hooks.user, id, P2PSIP_OK, "");
		return;
	}
	wait_for(self, reg, id);
	reg->due = MIN(reg->due, now); /* somebody waits: no back-off */
	advance_or_drop(self, reg, now);
}

void registrations_remove(Registrations *self, const char *aor, uint32_t id, int64_t now)
{
	Registration *reg = g_hash_table_lookup(self->by_aor, aor);

	if (reg == NULL) {
		/* Perhaps stored before this process was started: the record would live on. */
		reg = registration_get(self, aor);
		if (reg == NULL) {
			if (id != 0)
				self->hooks.done(self->hooks.user, id, P2PSIP_BUSY,
						 "too many AORs at this edge");
			return;
		}
		reg->stored = true;
		reg->expires = now + self->limits.lifetime;
		reg->due = now;
	}
	if (reg->wanted) {
		tell_waiters(self, reg, P2PSIP_FAILED, "withdrawn meanwhile");
		reg->wanted = false;
		reg->again = true;
		reg->due = now;
		self->statistics.withdrawals++;
	}
	if (!self->joined) {
		if (id != 0)
			self->hooks.done(self->hooks.user, id, P2PSIP_NOT_JOINED, "");
	} else {
		wait_for(self, reg, id);
	}
	advance_or_drop(self, reg, now);
}

void registrations_result(Registrations *self, uint64_t token, enum p2psip_status status,
			  const char *text, int64_t now)
{
	Registration *reg = g_hash_table_lookup(self->by_token, &token);

	if (reg == NULL)
		return;
	g_hash_table_remove(self->by_token, &token);
	reg->token = 0;
	if (reg->again) {
		reg->due = now; /* overtaken: do what is wanted now, its waiters go on waiting */
	} else if (!reg->storing) {
		reg->stored = status != P2PSIP_OK && status != P2PSIP_REFUSED && reg->delay < RETRY_MAX_MS;
		back_off(self, reg, now);
		tell_waiters(self, reg, status, text);
	} else if (status != P2PSIP_OK) {
		store_failed(self, reg, status, text, now);
	} else {
		self->statistics.stores++;
		reg->confirmed = true;
		reg->delay = 0;
		reg->expires = now + self->limits.lifetime;
		reg->due = now + refresh_after(self);
		tell_waiters(self, reg, P2PSIP_OK, NULL);
	}
	advance_or_drop(self, reg, now);
}

/* Calls advance for every registration. */
static void advance_all(Registrations *self, int64_t now)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, self->by_aor);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		if (!advance(self, value, now))
			g_hash_table_iter_remove(&iter);
	}
}

void registrations_retry(Registrations *self, int64_t now)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, self->by_aor);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		Registration *reg = value;

		if (reg->delay > 0) {
			reg->delay = 0;
			reg->due = now;
		}
	}
	advance_all(self, now);
}

void registrations_joined(Registrations *self, bool joined, int64_t now)
{
	GHashTableIter iter;
	gpointer value;

	if (self->joined == joined)
		return;
	self->joined = joined;
	g_hash_table_iter_init(&iter, self->by_aor);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		Registration *reg = value;

		reg->due = now;
		if (!joined) {
			reg->confirmed = true; /* as waiters learn: kept for the day of joining */
			tell_waiters(self, reg, P2PSIP_NOT_JOINED, NULL);
		}
	}
	if (joined)
		advance_all(self, now);
}

void registrations_tick(Registrations *self, int64_t now)
{
	advance_all(self, now);
}

void registrations_statistics(const Registrations *self, RegistrationStatistics *out)
{
	GHashTableIter iter;
	gpointer value;

	*out = self->statistics;
	out->aors = g_hash_table_size(self->by_aor);
	out->in_flight = g_hash_table_size(self->by_token);
	out->stored = 0;
	g_hash_table_iter_init(&iter, self->by_aor);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		out->stored += ((const Registration *)value)->delay == 0 &&
			       ((const Registration *)value)->stored;
}

bool registrations_has(const Registrations *self, const char *aor)
{
	const Registration *reg = g_hash_table_lookup(self->by_aor, aor);

	return reg != NULL && reg->wanted;
}
