/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of wire_rewrite for the values of IANA's Kinds, and for lists of destinations and
 * addresses, which they share with messages. */
#ifndef TESTS_UNIT_WIRE_REWRITE_VALUE_H
#define TESTS_UNIT_WIRE_REWRITE_VALUE_H

#include "reload_core/wire/address.h"
#include "reload_core/wire/destination.h"
#include "tests/unit/wire_arms.h"

/* Appends the value of that Kind as encoded from the decoded structure; that of a Kind whose value
 * is no RELOAD structure as it is. */
ReloadStatus wire_rewrite_value(uint32_t kind, ReloadSpan value, GByteArray *out, GHashTable *arms);

/* Copies the destinations of a valid list one by one; returns a view of the copy. what: the name
 * under which their forms are added. */
ReloadSpan wire_rewrite_destinations(ReloadSpan list, GByteArray *copy, const char *what,
				     GHashTable *arms);

/* Add what a destination or an address is. */
void wire_rewrite_note_destination(const ReloadDestination *d, const char *what, GHashTable *arms);
void wire_rewrite_note_address(const ReloadAddress *address, GHashTable *arms);

#endif
