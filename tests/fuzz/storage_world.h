/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a storing peer is fuzzed with: the Kinds of tests/unit/storage_kit.h, some senders, two
 * documents; and requests that succeed, to begin with. */
#ifndef TESTS_FUZZ_STORAGE_WORLD_H
#define TESTS_FUZZ_STORAGE_WORLD_H

#include "tests/unit/storage_kit.h"

#define STORAGE_WORLD_SENDERS 4

/* An event: a byte that says what (the low 3 bits) and how (the others), a byte for the sender, a
 * byte for the time that has passed, a length of 16 bits, and so much of a body. */
typedef enum {
	STORAGE_WORLD_STORE, /* 0x10: responsible, 0x20: from a plausible place, 0x80: has replicas
			      */
	STORAGE_WORLD_ALSO_STORE,
	STORAGE_WORLD_FETCH, /* 0x10: into a small answer */
	STORAGE_WORLD_STAT,
	STORAGE_WORLD_FIND,	 /* 0x10: responsible */
	STORAGE_WORLD_MERGE,	 /* a Resource-ID, and a FetchAns */
	STORAGE_WORLD_REPLICATE, /* a Resource-ID; one more byte: and drop it */
	STORAGE_WORLD_DOCUMENT,	 /* 0x10: the other one */
} StorageWorldEvent;

typedef struct {
	StorageKit kit;
	ReloadIdentity *senders[STORAGE_WORLD_SENDERS];
	ReloadCertificate *certificates[STORAGE_WORLD_SENDERS];
	/* Kinds that have gone or changed, a sender that is a bad-node. */
	ReloadDocument *other_document;
	ReloadTrust *other_trust;
} StorageWorld;

void storage_world_init(StorageWorld *world);

/* A list of events to begin with: the one of that number (from 0), NULL behind the last. The caller
 * frees it. */
GByteArray *storage_world_seed(StorageWorld *world, unsigned number);

#endif
