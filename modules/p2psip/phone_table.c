/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses of phones, in shared memory. */
#include "modules/p2psip/phone_table.h"

#include <string.h>

#include "core/hashes.h"
#include "modules/p2psip/shared.h"

#define BUCKETS 8192	   /* a power of two */
#define PHONES_MAX 1000000 /* far more than one edge serves; 40 bytes each */
/* Longer than any registration or call; whoever goes on speaking is noted again. */
#define REMEMBER_MS (48 * 3600 * 1000LL)

struct phone {
	struct phone *next;
	int64_t noted;
	uint8_t len; /* 4 or 16 */
	uint8_t address[16];
};

struct bucket {
	gen_lock_t lock;
	struct phone *first;
};

struct phones {
	unsigned count;
	struct bucket bucket[BUCKETS];
};

static struct phones *table;

int p2psip_phones_init(void)
{
	table = shm_malloc(sizeof(*table));
	if (table == NULL) {
		SHM_MEM_ERROR;
		return -1;
	}
	memset(table, 0, sizeof(*table));
	for (unsigned i = 0; i < BUCKETS; i++) {
		if (lock_init(&table->bucket[i].lock) == NULL)
			return -1;
	}
	return 0;
}

/* Takes out of a locked bucket what was noted before a time. */
static void drop_before(struct bucket *bucket, int64_t time)
{
	struct phone **at = &bucket->first;

	while (*at != NULL) {
		struct phone *phone = *at;

		if (phone->noted >= time) {
			at = &phone->next;
			continue;
		}
		*at = phone->next;
		shm_free(phone);
		__atomic_sub_fetch(&table->count, 1, __ATOMIC_RELAXED);
	}
}

void p2psip_phones_destroy(void)
{
	if (table == NULL)
		return;
	for (unsigned i = 0; i < BUCKETS; i++)
		drop_before(&table->bucket[i], INT64_MAX);
	shm_free(table);
	table = NULL;
}

static struct bucket *bucket_of(const struct ip_addr *address)
{
	return &table->bucket[get_hash1_raw((const char *)address->u.addr, address->len) &
			      (BUCKETS - 1)];
}

static struct phone *find(const struct bucket *bucket, const struct ip_addr *address)
{
	struct phone *phone = bucket->first;

	while (phone != NULL && (phone->len != address->len ||
				 memcmp(phone->address, address->u.addr, phone->len) != 0))
		phone = phone->next;
	return phone;
}

static struct phone *add(struct bucket *bucket, const struct ip_addr *address)
{
	struct phone *phone;

	if (__atomic_load_n(&table->count, __ATOMIC_RELAXED) >= PHONES_MAX) {
		LM_WARN("more than %d addresses of phones: calls of further ones end early\n",
			PHONES_MAX);
		return NULL;
	}
	phone = shm_malloc(sizeof(*phone));
	if (phone == NULL) {
		SHM_MEM_ERROR;
		return NULL;
	}
	memset(phone, 0, sizeof(*phone));
	phone->len = address->len;
	memcpy(phone->address, address->u.addr, address->len);
	phone->next = bucket->first;
	bucket->first = phone;
	__atomic_add_fetch(&table->count, 1, __ATOMIC_RELAXED);
	return phone;
}

void p2psip_phones_note(const struct ip_addr *address)
{
	struct bucket *bucket;
	struct phone *phone;

	/* usrloc drops contacts once more when Kamailio ends, maybe after this module. */
	if (table == NULL || address->len == 0 || address->len > sizeof(phone->address))
		return;
	bucket = bucket_of(address);
	lock_get(&bucket->lock);
	phone = find(bucket, address);
	if (phone == NULL)
		phone = add(bucket, address);
	if (phone != NULL)
		phone->noted = p2psip_now();
	lock_release(&bucket->lock);
}

int p2psip_phones_known(const struct ip_addr *address)
{
	struct bucket *bucket = bucket_of(address);
	const struct phone *phone;
	int known;

	lock_get(&bucket->lock);
	phone = find(bucket, address);
	known = phone != NULL && phone->noted > p2psip_now() - REMEMBER_MS;
	lock_release(&bucket->lock);
	return known;
}

void p2psip_phones_sweep(void)
{
	static unsigned next;
	int64_t before = p2psip_now() - REMEMBER_MS;

	for (unsigned n = 0; n < BUCKETS / 256; n++) {
		struct bucket *bucket = &table->bucket[next++ & (BUCKETS - 1)];

		lock_get(&bucket->lock);
		drop_before(bucket, before);
		lock_release(&bucket->lock);
	}
}
