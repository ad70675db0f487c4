/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests that wait for an answer, and when each is to be sent again (RFC 6940, 6.2.1). */
#ifndef RELOAD_ROUTING_TRANSACTION_H
#define RELOAD_ROUTING_TRANSACTION_H

#include "reload_core/routing/route.h"
#include "reload_core/security/identity.h"
#include "reload_core/wire/destination.h"

/* Requests under way at one time; more are refused. */
#define RELOAD_TRANSACTIONS_MAX 8192
/* RFC 6940, 6.2.1: one transmission and at most four retransmissions. */
#define RELOAD_TRANSMISSIONS_MAX 5

typedef struct {
	uint64_t id;	   /* the transaction ID on the wire */
	uint64_t handle;   /* what its owner knows it by: the first id it had */
	GByteArray *frame; /* the whole message as it is sent; the TTL not yet decremented */
	ReloadIdentity *signer;	 /* a reference, to sign it anew; NULL: the router's own */
	GPtrArray *certificates; /* a reference; NULL: no more than the signer's */
	ReloadDestination
	    last;	  /* whom it is for: the last of the destination list, without views */
	ReloadNodeId hop; /* where it was last sent to; len 0: nowhere yet */
	bool link_only;	  /* only down the link to `last` */
	bool any_origin;  /* whoever answers for `last` is heard */
	bool is_repeated; /* it was sent with a second transaction ID already */
	unsigned transmissions;
	int64_t interval;     /* ms between two transmissions */
	int64_t due;	      /* ms: when to send it again, or to give up */
	int64_t deadline;     /* ms: when to give up at the latest */
	ReloadStatus failure; /* not RELOAD_OK: it has failed and is reported when due */
	ReloadReplyFunc reply;
	void *data;
	GSequenceIter *place; /* in the queue by due */
} ReloadTransaction;

typedef struct ReloadTransactionTable ReloadTransactionTable;

ReloadTransactionTable *reload_transaction_table_new(void);
/* Frees it and every transaction in it; nobody is told. */
void reload_transaction_table_free(ReloadTransactionTable *table);

/* Puts a transaction in, made with g_new0 and its frame; the table owns it from now on. False: the
 * table is full or the id is taken; then it still belongs to the caller. */
bool reload_transaction_add(ReloadTransactionTable *table, ReloadTransaction *transaction);
/* NULL if there is none. */
ReloadTransaction *reload_transaction_find(const ReloadTransactionTable *table, uint64_t id);
/* The same by the handle. */
ReloadTransaction *reload_transaction_find_handle(const ReloadTransactionTable *table,
						  uint64_t handle);
/* Changes its transaction ID to one that is not taken. */
void reload_transaction_rename(ReloadTransactionTable *table, ReloadTransaction *transaction,
			       uint64_t id);
/* Changes when it is due. */
void reload_transaction_reschedule(ReloadTransactionTable *table, ReloadTransaction *transaction,
				   int64_t due);
/* Takes it out of the table; the caller frees it with reload_transaction_free. */
void reload_transaction_take(ReloadTransactionTable *table, ReloadTransaction *transaction);
void reload_transaction_free(ReloadTransaction *transaction);

/* The one that is due first, or NULL. */
ReloadTransaction *reload_transaction_first(const ReloadTransactionTable *table);
/* Makes all those due at now whose last hop is hop, at most once each transmission: its link is
 * gone. */
void reload_transaction_hop_lost(ReloadTransactionTable *table, const ReloadNodeId *hop,
				 int64_t now);
unsigned reload_transaction_count(const ReloadTransactionTable *table);

#endif
