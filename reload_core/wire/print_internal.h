/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that print messages share; not for other rooms. */
#ifndef RELOAD_WIRE_PRINT_INTERNAL_H
#define RELOAD_WIRE_PRINT_INTERNAL_H

#include "reload_core/wire/address.h"
#include "reload_core/wire/message.h"

typedef struct {
	GString *out;
	unsigned depth; /* of the next line */
	unsigned node_id_len;
	reload_data_model_fn model_of;
	void *user_data;
	ReloadStatus status; /* of the first part that could not be decoded */
} ReloadPrinter;

/* Append one line at the printer's depth. */
void reload_print_line(ReloadPrinter *p, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* "name: " and the bytes as hex, cut off after some with their number. */
void reload_print_hex(ReloadPrinter *p, const char *name, ReloadSpan bytes);

/* "name: " and the bytes as text in quotes, what is not printable ASCII as \xNN, cut off as above.
 */
void reload_print_text(ReloadPrinter *p, const char *name, ReloadSpan text);

void reload_print_node_id(ReloadPrinter *p, const char *name, const ReloadNodeId *id);
void reload_print_resource_id(ReloadPrinter *p, const char *name, const ReloadResourceId *id);
void reload_print_node_ids(ReloadPrinter *p, const char *name, ReloadSpan list);
void reload_print_destinations(ReloadPrinter *p, const char *name, ReloadSpan list);
void reload_print_destination(ReloadPrinter *p, const ReloadDestination *d);
void reload_print_address(ReloadPrinter *p, const char *name, const ReloadAddress *address);
void reload_print_kind(ReloadPrinter *p, uint32_t kind);

/* "name: " and a time in ms since the Unix epoch, as a number and as a date in UTC. */
void reload_print_time(ReloadPrinter *p, const char *name, uint64_t time);

void reload_print_signature(ReloadPrinter *p, const ReloadSignature *signature);

/* Says that bytes are no such structure, with the bytes, and notes the status. */
void reload_print_malformed(ReloadPrinter *p, ReloadSpan bytes, ReloadStatus status);

/* Print a body: one is of the storage methods (print_storage.c), one of all the others. */
ReloadStatus reload_print_storage_body(ReloadPrinter *p, uint16_t code, ReloadSpan body);
ReloadStatus reload_print_overlay_body(ReloadPrinter *p, uint16_t code, ReloadSpan body);

/* Prints a StoreAns, which error responses hold too. */
ReloadStatus reload_print_store_ans(ReloadPrinter *p, ReloadSpan body);

#endif
