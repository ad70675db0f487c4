/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps open requests by transaction ID and by the time at which something is due for them. */
#include "reload_core/routing/transaction.h"

struct ReloadTransactionTable {
	GHashTable *by_id;   /* &ReloadTransaction.id -> ReloadTransaction, owned */
	GHashTable *renamed; /* &ReloadTransaction.handle -> ReloadTransaction, where that is not its id */
	GSequence *by_due;
};

void reload_transaction_free(ReloadTransaction *transaction)
{
	if (transaction == NULL)
		return;
	if (transaction->frame != NULL)
		g_byte_array_unref(transaction->frame);
	if (transaction->certificates != NULL)
		g_ptr_array_unref(transaction->certificates);
	reload_identity_unref(transaction->signer);
	g_free(transaction);
}

static void free_value(gpointer data)
{
	reload_transaction_free(data);
}

ReloadTransactionTable *reload_transaction_table_new(void)
{
	ReloadTransactionTable *table = g_new0(ReloadTransactionTable, 1);

	table->by_id = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_value);
	table->renamed = g_hash_table_new(g_int64_hash, g_int64_equal);
	table->by_due = g_sequence_new(NULL);
	return table;
}

void reload_transaction_table_free(ReloadTransactionTable *table)
{
	if (table == NULL)
		return;
	g_sequence_free(table->by_due);
	g_hash_table_unref(table->renamed);
	g_hash_table_unref(table->by_id);
	g_free(table);
}

/* Those due at the same time go in the order of their IDs, so that a simulation repeats exactly. */
static gint compare_due(gconstpointer a, gconstpointer b, gpointer data)
{
	const ReloadTransaction *x = a, *y = b;

	(void)data;
	if (x->due != y->due)
		return x->due < y->due ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

bool reload_transaction_add(ReloadTransactionTable *table, ReloadTransaction *transaction)
{
	if (g_hash_table_size(table->by_id) >= RELOAD_TRANSACTIONS_MAX ||
	    g_hash_table_contains(table->by_id, &transaction->id))
		return false;
	g_hash_table_insert(table->by_id, &transaction->id, transaction);
	transaction->place =
	    g_sequence_insert_sorted(table->by_due, transaction, compare_due, NULL);
	return true;
}

ReloadTransaction *reload_transaction_find(const ReloadTransactionTable *table, uint64_t id)
{
	return g_hash_table_lookup(table->by_id, &id);
}

ReloadTransaction *reload_transaction_find_handle(const ReloadTransactionTable *table,
						  uint64_t handle)
{
	ReloadTransaction *transaction = g_hash_table_lookup(table->renamed, &handle);

	if (transaction == NULL)
		transaction = reload_transaction_find(table, handle);
	return transaction != NULL && transaction->handle == handle ? transaction : NULL;
}

void reload_transaction_rename(ReloadTransactionTable *table, ReloadTransaction *transaction,
			       uint64_t id)
{
	g_hash_table_steal(table->by_id, &transaction->id);
	transaction->id = id;
	g_hash_table_insert(table->by_id, &transaction->id, transaction);
	g_hash_table_insert(table->renamed, &transaction->handle, transaction);
	/* its place among those due at the same time goes by its id */
	g_sequence_sort_changed(transaction->place, compare_due, NULL);
}

void reload_transaction_reschedule(ReloadTransactionTable *table, ReloadTransaction *transaction,
				   int64_t due)
{
	(void)table;
	transaction->due = due;
	g_sequence_sort_changed(transaction->place, compare_due, NULL);
}

void reload_transaction_take(ReloadTransactionTable *table, ReloadTransaction *transaction)
{
	g_sequence_remove(transaction->place);
	transaction->place = NULL;
	g_hash_table_steal(table->by_id, &transaction->id);
	if (transaction->handle != transaction->id)
		g_hash_table_remove(table->renamed, &transaction->handle);
}

ReloadTransaction *reload_transaction_first(const ReloadTransactionTable *table)
{
	GSequenceIter *first = g_sequence_get_begin_iter(table->by_due);

	return g_sequence_iter_is_end(first) ? NULL : g_sequence_get(first);
}

void reload_transaction_hop_lost(ReloadTransactionTable *table, const ReloadNodeId *hop,
				 int64_t now)
{
	ReloadTransaction *transaction;
	GHashTableIter iter;

	g_hash_table_iter_init(&iter, table->by_id);
	while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&transaction)) {
		if (!reload_node_id_equal(&transaction->hop, hop) ||
		    transaction->transmissions >= RELOAD_TRANSMISSIONS_MAX)
			continue;
		transaction->hop.len = 0;
		if (transaction->due > now)
			reload_transaction_reschedule(table, transaction, now);
	}
}

unsigned reload_transaction_count(const ReloadTransactionTable *table)
{
	return g_hash_table_size(table->by_id);
}
