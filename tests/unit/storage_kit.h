/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A storing peer for tests: builds signed StoreReqs value by value, performs them, and looks into
 * the answers. */
#ifndef TESTS_UNIT_STORAGE_KIT_H
#define TESTS_UNIT_STORAGE_KIT_H

#include "reload_core/storage/storage.h"
#include "reload_core/wire/stored_data.h"
#include "tests/unit/ca_fixture.h"

/* Kinds of the kit's document. */
#define KIT_SINGLE 0xf0000001u /* SINGLE, USER-MATCH, max-size 64 */
#define KIT_ARRAY 0xf0000002u  /* ARRAY, NODE-MATCH, max-count 4, max-size 64 */
#define KIT_DICT 0xf0000003u   /* DICTIONARY, USER-NODE-MATCH, max-count 3, max-size 64 */
#define KIT_USERS 0xf0000004u  /* DICTIONARY, USER-MATCH, max-count 2, max-size 64 */
#define KIT_NODES 0xf0000005u  /* SINGLE, NODE-MULTIPLE up to 3, max-size 64 */
#define KIT_LIST 0xf0000006u   /* ARRAY, USER-MATCH, max-count 5, max-size 64 */
#define KIT_UNKNOWN 0xf00000ffu

typedef struct {
	CaFixture *ca;
	ReloadStorage *storage;
	int64_t now;
	ReloadStorageAnswer answer; /* of the last request */
	bool changed;
	/* a StoreReq under construction */
	ReloadResourceId resource;
	uint8_t replica;
	GByteArray *kinds;  /* StoreKindData */
	GByteArray *values; /* StoredData of the Kind under way */
	uint32_t kind;
	uint64_t generation;
	GByteArray *certificates;    /* GenericCertificates sent along */
	bool responsible, plausible; /* true; for the next store */
} StorageKit;

void kit_setup(StorageKit *kit, const ReloadStorageLimits *limits);
void kit_teardown(StorageKit *kit);

/* Begins a StoreReq at resource, and a Kind in it. */
void kit_begin(StorageKit *kit, const ReloadResourceId *resource, uint8_t replica);
void kit_kind(StorageKit *kit, uint32_t kind, uint64_t generation);
/* Adds a value signed by signer (NULL: with the signature `none`). */
void kit_value(StorageKit *kit, ReloadIdentity *signer, uint64_t storage_time, uint32_t lifetime,
	       ReloadStoredValue value);
/* Sends it, signed by sender. */
ReloadStatus kit_store(StorageKit *kit, ReloadIdentity *sender);
/* All in one: one value of one Kind, stored and sent by signer. */
ReloadStatus kit_store_one(StorageKit *kit, ReloadIdentity *signer,
			   const ReloadResourceId *resource, uint32_t kind, uint64_t storage_time,
			   uint32_t lifetime, ReloadStoredValue value);

/* Values of the models; text "" with exists false: removed. */
ReloadStoredValue kit_single(const char *text);
ReloadStoredValue kit_element(uint32_t index, const char *text);
ReloadStoredValue kit_entry(const ReloadNodeId *key, const char *text);
ReloadStoredValue kit_removed(ReloadStoredValue value);

/* Resource-IDs. */
ReloadResourceId kit_user_resource(StorageKit *kit, const char *user_name);
ReloadResourceId kit_node_resource(const ReloadNodeId *id);

/* Fetches one Kind; items as in a specifier. The answer is in kit->answer. */
ReloadStatus kit_fetch(StorageKit *kit, const ReloadResourceId *resource, uint32_t kind,
		       uint64_t generation, const GByteArray *items);
/* Fetches all of a Kind and returns it as text: "index:value" or "value" each, '-' for one that
 * does not exist, separated by spaces; free with g_free. */
char *kit_dump(StorageKit *kit, const ReloadResourceId *resource, uint32_t kind);
/* The values of kit->answer (a FetchAns with one Kind) as such text. */
char *kit_answer_text(StorageKit *kit);
/* The generation counter in kit->answer. */
uint64_t kit_answer_generation(StorageKit *kit);

/* A message as a receiver sees it, with the certificates of the list. */
ReloadMessage kit_message(const GByteArray *certificates);
/* Appends certificates (ReloadCertificate*) as GenericCertificates. */
void kit_add_certificate(GByteArray *list, const ReloadCertificate *certificate);

#endif
