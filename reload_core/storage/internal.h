/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the files of storage/ alone: how stored data lies in memory.
 *
 * A resource (Resource-ID) has shelves, one for each Kind stored there; a shelf has entries, sorted
 * by array index or dictionary key. Each entry keeps its StoredDataValue and Signature as the bytes
 * that came, and shares the DER of its certificate with the others that need it. */
#ifndef RELOAD_STORAGE_INTERNAL_H
#define RELOAD_STORAGE_INTERNAL_H

#include "reload_core/security/certificate_set.h"
#include "reload_core/storage/storage.h"
#include "reload_core/wire/stored_data.h"

#define DEFAULT_MAX_BYTES ((size_t)256 * 1024 * 1024)
#define DEFAULT_MAX_RESOURCES ((size_t)1000 * 1000)

/* What an entry costs besides its own block: its share of resource, shelf, tree nodes and heap,
 * measured by tests/bench/bench_storage.c and rounded up. */
#define ENTRY_OVERHEAD 400
#define CERTIFICATE_OVERHEAD 240

typedef struct Entry Entry;
typedef struct Shelf Shelf;
typedef struct Resource Resource;

/* A signer, for its quota. */
typedef struct {
	ReloadNodeId id; /* key */
	unsigned uses;
	size_t bytes;	/* of entries on shelves, and of their certificates */
	gssize planned; /* by which the request under way is about to change that */
} Owner;

/* A certificate needed to verify entries (6.3.4: "obligated to retain certificates"). */
typedef struct {
	uint8_t sha256[RELOAD_SHA256_LEN]; /* key */
	unsigned uses;	/* entries, on shelves or planned */
	unsigned stored; /* those on shelves */
	Owner *payer;	 /* who put the first one there, and in whose quota it counts; NULL: none yet */
	uint32_t stamp;	 /* of the last answer that it was put into */
	GBytes *der;
	GPtrArray *chain; /* GBytes, or NULL */
	char *user_name;
} StoredCertificate;

struct Entry {
	Shelf *shelf; /* NULL: not stored yet */
	StoredCertificate *certificate;
	Owner *owner;
	int64_t expires; /* ms */
	uint64_t storage_time;
	uint32_t heap_index;
	uint32_t index;	    /* array */
	uint32_t value_len; /* of the StoredDataValue */
	uint32_t len;	    /* of both */
	bool exists;
	uint8_t bytes[]; /* StoredDataValue || Signature */
};

struct Shelf {
	Resource *resource;
	Shelf *next;
	uint32_t kind;
	ReloadDataModel model;
	uint64_t generation;
	uint32_t live;	 /* entries that exist */
	GArray *entries; /* Entry *, sorted */
};

struct Resource {
	Shelf *shelves; /* by Kind-ID */
	uint8_t id[]; /* length byte and bytes: as the beginning of a ReloadResourceId */
};

struct ReloadStorage {
	const ReloadDocument *document;
	ReloadTrust *trust;
	ReloadStorageLimits limits;
	GTree *resources;	  /* id -> Resource, in the order of the IDs */
	GHashTable *kinds;	  /* Kind-ID -> GTree as resources, of those with a shelf of it */
	GHashTable *certificates; /* set of StoredCertificate */
	GHashTable *owners;	  /* set of Owner */
	GPtrArray *heap;	  /* Entry, the first to expire first */
	size_t bytes;
	uint32_t stamp;
};

/* ---- storage.c ---- */
/* The id as the tree's functions want it. */
static inline const void *resource_key(const ReloadResourceId *id)
{
	G_STATIC_ASSERT(G_STRUCT_OFFSET(ReloadResourceId, id) == 1);
	return id;
}
void resource_get_id(const Resource *resource, ReloadResourceId *out);
Resource *storage_resource(const ReloadStorage *storage, const ReloadResourceId *id);
Shelf *storage_shelf(const ReloadStorage *storage, const ReloadResourceId *id, uint32_t kind);
/* Puts an entry onto its shelf in the place of what is there; makes resource and shelf if need be.
 * Cannot fail. */
Shelf *storage_put(ReloadStorage *storage, const ReloadResourceId *id, const ReloadKind *kind,
		   Entry *entry, int64_t now);
/* Takes an entry out and frees it, with shelf and resource if it was the last. */
void storage_remove(ReloadStorage *storage, Entry *entry);
/* A reload_data_model_fn; user_data is the ReloadStorage. */
ReloadDataModel storage_model_of(uint32_t kind, void *user_data);

/* ---- entry.c ---- */
/* Makes an entry of a verified StoredData; index is the one that it gets (array). */
Entry *entry_new(ReloadStorage *storage, const ReloadStoredData *data, uint32_t index,
		 const ReloadCertificate *certificate, const ReloadNodeId *node_id, int64_t now);
/* Frees an entry that is on no shelf. */
void entry_free(ReloadStorage *storage, Entry *entry);
/* What an entry counts in quotas. */
size_t entry_cost(const Entry *entry);
ReloadSpan entry_key(const Entry *entry);   /* dictionary */
ReloadSpan entry_signature(const Entry *entry);
/* The DataValue's contents with the 4 bytes of length before them. */
ReloadSpan entry_content(const Entry *entry);
/* Seconds left of its lifetime, rounded down; 0: nothing to hand on any more. */
uint32_t entry_lifetime(const Entry *entry, int64_t now);
/* Appends its StoredData. */
void entry_write(const Entry *entry, int64_t now, GByteArray *out);
/* Does it hold that very value, time and signature (7.4.1.1, rfc of replicas)? */
bool entry_is(const Entry *entry, const ReloadStoredData *data);
/* Is it where value belongs, by its index or key? */
bool entry_is_at(const Entry *entry, const ReloadStoredValue *value);
static inline Entry *shelf_entry(const Shelf *shelf, guint i)
{
	return g_array_index(shelf->entries, Entry *, i);
}
/* The first place at or after value's index or key; *found: it is there. */
guint shelf_search(const Shelf *shelf, uint32_t index, ReloadSpan key, bool *found);
/* The entry where value belongs, or NULL. */
Entry *shelf_find(const Shelf *shelf, const ReloadStoredValue *value);

/* ---- certificates.c ---- */
StoredCertificate *certificate_acquire(ReloadStorage *storage,
				       const ReloadCertificate *certificate);
void certificate_release(ReloadStorage *storage, StoredCertificate *stored);
/* What it counts in quotas. */
size_t certificate_cost(const StoredCertificate *stored);
/* One more entry with it, owner's, lies on a shelf, or one less: the first and the last of them change
 * the accounts of the store and of the signer. */
void certificate_stored(ReloadStorage *storage, StoredCertificate *stored, Owner *owner);
void certificate_removed(ReloadStorage *storage, StoredCertificate *stored);
/* Adds it to an answer's certificates unless it is there since reload stamp; returns the bytes that
 * it takes in a security block (0: it was there), or -1 if it is not to be trusted any more. */
gssize certificate_add(ReloadStorage *storage, StoredCertificate *stored, GPtrArray *out,
		       int64_t now);
/* Begins another answer. */
void certificate_new_stamp(ReloadStorage *storage);
Owner *owner_acquire(ReloadStorage *storage, const ReloadNodeId *id);
void owner_release(ReloadStorage *storage, Owner *owner);
guint certificate_hash_key(gconstpointer key);
gboolean certificate_equal_keys(gconstpointer a, gconstpointer b);

/* ---- expiry.c ---- */
void expiry_add(ReloadStorage *storage, Entry *entry);
void expiry_remove(ReloadStorage *storage, Entry *entry);
/* The entry that expires first, or NULL. */
Entry *expiry_first(const ReloadStorage *storage);

/* ---- answer.c ---- */
void answer_init(ReloadStorageAnswer *answer);
/* Makes it an Error with text as its error_info; returns status. */
ReloadStatus answer_error(ReloadStorageAnswer *answer, ReloadStatus status, uint16_t code,
			  const char *text);
/* Error_Unknown_Kind with those Kinds. */
ReloadStatus answer_unknown_kinds(ReloadStorageAnswer *answer, const GArray *kinds);
/* Error_Invalid_Message. */
ReloadStatus answer_malformed(ReloadStorageAnswer *answer, ReloadStatus status);

#endif
