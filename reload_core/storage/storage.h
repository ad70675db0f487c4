/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a peer stores for the overlay (RFC 6940, 7): values by Resource-ID and Kind, with their
 * signatures, lifetimes and the certificates needed to verify them. No I/O: the node routes the
 * requests here and sends replicas. */
#ifndef RELOAD_STORAGE_STORAGE_H
#define RELOAD_STORAGE_STORAGE_H

#include "reload_core/config/document.h"
#include "reload_core/security/certificate.h"
#include "reload_core/security/trust.h"
#include "reload_core/wire/message.h"
#include "reload_core/wire/status.h"
#include "reload_core/wire/types.h"

typedef struct ReloadStorage ReloadStorage;

/* What removes a value, and a replica, whose removals may come in another piece, may go beyond the two in bytes by an
 * eighth of them. */
typedef struct {
	size_t max_bytes;	   /* all values and certificates together; 0: 256 MiB */
	size_t max_resources;	   /* 0: 1,000,000 */
	size_t max_bytes_per_node; /* of one signer's Node-ID, with its certificates; 0: 1/10 of max_bytes */
} ReloadStorageLimits;

/* The answer to a data request: the body of the answer, or an error to send. The functions below
 * fill one (whatever it held before is not looked at); the caller clears it with
 * reload_storage_answer_clear. */
typedef struct {
	GByteArray *body; /* the answer's body; with error_code: the error_info */
	GPtrArray
	    *certificates;   /* of ReloadCertificate*: to be put into the answer's security block */
	uint16_t error_code; /* not 0: answer with Error (6.3.3.1), body is its error_info */
} ReloadStorageAnswer;

/* Frees what an answer holds. */
void reload_storage_answer_clear(ReloadStorageAnswer *answer);

/* How a Store came in. */
typedef struct {
	const ReloadNodeId *sender; /* Node-ID in the certificate that signed the StoreReq */
	ReloadCertificate *sender_certificate;
	const ReloadMessage *message; /* for its certificates */
	bool responsible;	      /* we are responsible for the Resource-ID */
	bool plausible_replica;	      /* sender may store replicas here (7.4.1.1, 10.4) and sets their generation
					 counters; where we are responsible, any node may bring values (6.4.2.3) */
	const ReloadNodeId *replicas; /* where we shall replicate it: named in the StoreAns */
	unsigned replica_count;
} ReloadStoreContext;

/* document and trust must outlive the storage. Free with reload_storage_free. */
ReloadStorage *reload_storage_new(const ReloadDocument *document, ReloadTrust *trust,
				  const ReloadStorageLimits *limits);
void reload_storage_free(ReloadStorage *storage);
/* Goes on with a newer document and the trust made from it; drops what it no longer admits (11.1):
 * Kinds that are gone, have another data model or access policy, or were defined by who may no longer
 * sign Kinds; values that are too large now, by bad nodes, or of domains that it shuts out. max-count
 * is left to the next Store. The old ones may be freed afterwards. */
void reload_storage_set_document(ReloadStorage *storage, const ReloadDocument *document,
				 ReloadTrust *trust, int64_t now);

/* Each of the next four always fills answer: with RELOAD_OK with the answer's body, else with the
 * Error to send (error_code and error_info); the status says why, for statistics and logs. */

/* Performs a StoreReq (7.4.1), original or replica: all its Kinds or none. *changed tells whether
 * anything new was stored (then the responsible peer replicates it). */
ReloadStatus reload_storage_store(ReloadStorage *storage, const ReloadStoreContext *context,
				  ReloadSpan body, int64_t now, ReloadStorageAnswer *answer,
				  bool *changed);
/* FetchReq (7.4.2). max_bytes: the most that body and certificates together may take
 * (max_response_length less the rest of the message), 0: the document's max-message-size; a larger
 * answer is refused with Error_Response_Too_Large. */
ReloadStatus reload_storage_fetch(ReloadStorage *storage, ReloadSpan body, size_t max_bytes,
				  int64_t now, ReloadStorageAnswer *answer);
/* StatReq (7.4.3). max_bytes as above. */
ReloadStatus reload_storage_stat(ReloadStorage *storage, ReloadSpan body, size_t max_bytes,
				 int64_t now, ReloadStorageAnswer *answer);
/* FindReq (7.4.4). responsible: we are, for the Resource-ID in it. */
ReloadStatus reload_storage_find(ReloadStorage *storage, ReloadSpan body, bool responsible,
				 int64_t now, ReloadStorageAnswer *answer);

/* Appends a FetchReq for all that is stored under id: what to ask a peer that refused our replica
 * with Error_Data_Too_Old or Error_Generation_Counter_Too_Low (7.4.1.1). False if there is nothing.
 */
bool reload_storage_fetch_request(ReloadStorage *storage, const ReloadResourceId *id,
				  GByteArray *body);
/* Appends the Kinds (uint32_t) of what is stored under id. */
void reload_storage_kinds(ReloadStorage *storage, const ReloadResourceId *id, GArray *kinds);
/* Appends (GBytes) what to ask for in a Fetch, encoded, to be told of everything that we hold of a Kind: the keys of a
 * dictionary, or the indices of an array and all behind them. */
void reload_storage_items(ReloadStorage *storage, const ReloadResourceId *id, uint32_t kind,
			  GPtrArray *items);
/* Takes what is newer in the FetchAns body over into our store (7.4.1.1, resynchronization): each
 * value is verified as in a store; bad ones are skipped. message: the answer, for its certificates.
 */
ReloadStatus reload_storage_merge(ReloadStorage *storage, const ReloadResourceId *id,
				  ReloadSpan body, const ReloadMessage *message, int64_t now,
				  bool *changed);

/* Where the replica requests of one resource have got to. All zeroes: at the start. Values may come
 * and go between two requests. */
typedef struct {
	bool done; /* nothing is left */
	/* The value that comes next: its Kind, and its index (array) or key (dictionary, else NULL). */
	uint32_t kind;
	uint32_t index;
	GBytes *key;
} ReloadReplicaCursor;

/* Frees what a cursor holds and sets it back to the start. One that is done holds nothing. */
void reload_replica_cursor_clear(ReloadReplicaCursor *cursor);
/* Sets to, which is cleared before, to where from is; from stays its owner's. */
void reload_replica_cursor_set(ReloadReplicaCursor *to, const ReloadReplicaCursor *from);

/* Appends the body of a replica StoreReq with everything stored under id (lifetimes lowered by the
 * time held, tombstones too), replica number as given; false if there is nothing. certificates: as
 * above. Large resources: from *cursor on, at most max_bytes per request, body and certificates with
 * their chains together, but one value in any case; *cursor tells then where to go on. */
bool reload_storage_replica_request(ReloadStorage *storage, const ReloadResourceId *id,
				    uint8_t replica, size_t max_bytes, ReloadReplicaCursor *cursor,
				    int64_t now, GByteArray *body, GPtrArray *certificates);

/* Calls each for every Resource-ID stored; each must not change the storage. */
void reload_storage_each(ReloadStorage *storage,
			 void (*each)(void *data, const ReloadResourceId *id, size_t values),
			 void *data);
/* Drops everything under id that is not ours to keep (10.7.3). */
void reload_storage_drop(ReloadStorage *storage, const ReloadResourceId *id);
/* Drops what has expired; returns when to call again (INT64_MAX: never). */
int64_t reload_storage_expire(ReloadStorage *storage, int64_t now);

typedef struct {
	size_t resources, values, bytes, certificates;
} ReloadStorageUsage;
void reload_storage_usage(const ReloadStorage *storage, ReloadStorageUsage *out);

#endif
