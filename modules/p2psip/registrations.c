/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The AORs registered at this edge, and which of them the peer has yet to be told about. Locks are
 * taken in the order usrloc slot, bucket, changes. Only the broker frees an entry, in
 * p2psip_registrations_next. */
#include "modules/p2psip/registrations.h"

#include <string.h>

#include "core/hashes.h"
#include "modules/p2psip/compat.h"
#include "modules/p2psip/request.h"
#include "modules/p2psip/shared.h"

#define BUCKETS 8192	     /* a power of two */
#define UNSAVED_MAX_MS 40000 /* longer than tm lets a REGISTER live (fr_timer 30 s) */

struct registration {
	struct registration *next;	   /* in its bucket */
	struct registration *next_changed; /* in the list of changes */
	int64_t touched;
	uint32_t stored;  /* generation of the peer that said it is stored, 0: none */
	uint16_t pending; /* REGISTERs under way */
	uint8_t contacts; /* usrloc holds one or more */
	uint8_t told;	  /* this peer has been told to keep it stored */
	uint8_t changed;  /* is in the list of changes; guarded by its lock */
	char aor[];
};

struct bucket {
	gen_lock_t lock;
	struct registration *first;
};

struct registrations {
	gen_lock_t changes_lock;
	struct registration *changes;
	struct registration **changes_end;
	unsigned count;
	struct bucket bucket[BUCKETS];
};

static struct registrations *table;

int p2psip_registrations_init(void)
{
	table = shm_malloc(sizeof(*table));
	if (table == NULL) {
		SHM_MEM_ERROR;
		return -1;
	}
	memset(table, 0, sizeof(*table));
	table->changes_end = &table->changes;
	if (lock_init(&table->changes_lock) == NULL)
		return -1;
	for (unsigned i = 0; i < BUCKETS; i++) {
		if (lock_init(&table->bucket[i].lock) == NULL)
			return -1;
	}
	return 0;
}

void p2psip_registrations_destroy(void)
{
	if (table == NULL)
		return;
	for (unsigned i = 0; i < BUCKETS; i++) {
		while (table->bucket[i].first != NULL) {
			struct registration *e = table->bucket[i].first;

			table->bucket[i].first = e->next;
			shm_free(e);
		}
	}
	shm_free(table);
	table = NULL;
}

int p2psip_registrations_ready(void)
{
	return table != NULL;
}

static struct bucket *bucket_of(const char *aor)
{
	return &table->bucket[get_hash1_raw(aor, strlen(aor)) & (BUCKETS - 1)];
}

static struct registration *find(struct bucket *bucket, const char *aor)
{
	struct registration *e = bucket->first;

	while (e != NULL && strcmp(e->aor, aor) != 0)
		e = e->next;
	return e;
}

static struct registration *find_or_add(struct bucket *bucket, const char *aor)
{
	struct registration *e = find(bucket, aor);
	size_t len = strlen(aor) + 1;

	if (e != NULL)
		return e;
	e = shm_malloc(sizeof(*e) + len);
	if (e == NULL) {
		SHM_MEM_ERROR;
		return NULL;
	}
	memset(e, 0, sizeof(*e));
	memcpy(e->aor, aor, len);
	e->next = bucket->first;
	bucket->first = e;
	return e;
}

/* Puts an entry, whose bucket is locked, into the list of changes. */
static void note_change(struct registration *e)
{
	lock_get(&table->changes_lock);
	if (!e->changed) {
		e->changed = 1;
		e->next_changed = NULL;
		*table->changes_end = e;
		table->changes_end = &e->next_changed;
	}
	lock_release(&table->changes_lock);
}

int p2psip_registrations_known(const char *aor, int strict)
{
	struct bucket *bucket = bucket_of(aor);
	struct registration *e;
	int known;

	lock_get(&bucket->lock);
	e = find(bucket, aor);
	known = e != NULL && e->contacts &&
		(!strict || (e->stored != 0 && e->stored == p2psip_shared->generation));
	lock_release(&bucket->lock);
	return known;
}

int p2psip_registrations_begin(const char *aor)
{
	struct bucket *bucket = bucket_of(aor);
	struct registration *e;

	lock_get(&bucket->lock);
	e = find_or_add(bucket, aor);
	if (e != NULL) {
		e->pending++;
		e->told = 1;
		e->touched = p2psip_now();
	}
	lock_release(&bucket->lock);
	return e ? 0 : -1;
}

void p2psip_registrations_end(const char *aor, int status)
{
	struct bucket *bucket = bucket_of(aor);
	struct registration *e;

	lock_get(&bucket->lock);
	e = find(bucket, aor);
	if (e != NULL) {
		if (e->pending > 0)
			e->pending--;
		e->touched = p2psip_now();
		if (status == P2PSIP_OK) {
			e->stored = p2psip_shared->generation;
		} else if (status != P2PSIP_NOT_JOINED || !p2psip_shared->running) {
			/* Where the peer is only cut off it remembers the AOR, else it need not. */
			e->told = 0;
			note_change(e);
		}
	}
	lock_release(&bucket->lock);
	p2psip_broker_poke();
}

void p2psip_registrations_contact(const char *aor)
{
	struct bucket *bucket = bucket_of(aor);
	struct registration *e;
	int poke = 0;

	lock_get(&bucket->lock);
	e = find_or_add(bucket, aor);
	if (e != NULL) {
		if (!e->contacts)
			__atomic_add_fetch(&table->count, 1, __ATOMIC_RELAXED);
		e->contacts = 1;
		if (!e->told) {
			note_change(e);
			poke = 1;
		}
	}
	lock_release(&bucket->lock);
	if (poke)
		p2psip_broker_poke();
}

static void leave_or_withdraw(const char *aor, int contacts_gone)
{
	struct bucket *bucket = bucket_of(aor);
	struct registration *e;

	lock_get(&bucket->lock);
	e = find(bucket, aor);
	if (e != NULL && contacts_gone && e->contacts) {
		__atomic_sub_fetch(&table->count, 1, __ATOMIC_RELAXED);
		e->contacts = 0;
	}
	if (e != NULL && !e->contacts)
		note_change(e);
	lock_release(&bucket->lock);
	p2psip_broker_poke();
}

void p2psip_registrations_gone(const char *aor)
{
	leave_or_withdraw(aor, 1);
}

void p2psip_registrations_withdraw(const char *aor)
{
	leave_or_withdraw(aor, 0);
}

void p2psip_registrations_forget_told(void)
{
	for (unsigned i = 0; i < BUCKETS; i++) {
		struct bucket *bucket = &table->bucket[i];

		lock_get(&bucket->lock);
		for (struct registration *e = bucket->first; e != NULL; e = e->next) {
			e->told = 0;
			e->stored = 0;
			note_change(e);
		}
		lock_release(&bucket->lock);
	}
}

static struct registration *next_change(void)
{
	struct registration *e;

	lock_get(&table->changes_lock);
	e = table->changes;
	if (e != NULL) {
		table->changes = e->next_changed;
		if (table->changes == NULL)
			table->changes_end = &table->changes;
		e->changed = 0;
	}
	lock_release(&table->changes_lock);
	return e;
}

/* Whether e has come into the list of changes again since it was taken out of it. */
static int changed_again(struct registration *e)
{
	int changed;

	lock_get(&table->changes_lock);
	changed = e->changed;
	lock_release(&table->changes_lock);
	return changed;
}

/* What is to be told of an entry that has left the list of changes; frees it when it is over. */
static int settle(struct registration *e, char aor[P2PSIP_AOR_MAX])
{
	struct bucket *bucket = bucket_of(e->aor);
	struct registration **at = &bucket->first;
	int change = 0;

	lock_get(&bucket->lock);
	strcpy(aor, e->aor);
	if (e->contacts) {
		change = e->told ? 0 : P2PSIP_STORE;
		e->told = 1;
	} else if (e->pending == 0) {
		change = P2PSIP_WITHDRAW;
		e->told = 0;
		if (!changed_again(e)) {
			while (*at != e)
				at = &(*at)->next;
			*at = e->next;
			shm_free(e);
		}
	}
	lock_release(&bucket->lock);
	return change;
}

int p2psip_registrations_next(char aor[P2PSIP_AOR_MAX])
{
	struct registration *e;

	while ((e = next_change()) != NULL) {
		int change = settle(e, aor);

		if (change != 0)
			return change;
	}
	return 0;
}

void p2psip_registrations_sweep(void)
{
	static unsigned next;
	int64_t before = p2psip_now() - UNSAVED_MAX_MS;

	for (unsigned n = 0; n < BUCKETS / 32; n++) {
		struct bucket *bucket = &table->bucket[next++ & (BUCKETS - 1)];

		lock_get(&bucket->lock);
		for (struct registration *e = bucket->first; e != NULL; e = e->next) {
			if (!e->contacts && e->touched < before)
				note_change(e);
		}
		lock_release(&bucket->lock);
	}
}

unsigned p2psip_registrations_count(void)
{
	return __atomic_load_n(&table->count, __ATOMIC_RELAXED);
}
