/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which codes and which arms of the RFC's selects a message has: a set of "WHAT=ARM", where WHAT is
 * the name of an enumeration of reload_core/wire/ without its prefix, or what
 * tests/vectors/checklist.txt says. */
#ifndef TESTS_UNIT_WIRE_ARMS_H
#define TESTS_UNIT_WIRE_ARMS_H

#include <glib.h>

/* Makes an empty set; free with g_hash_table_unref. Its keys are strings, its own. */
GHashTable *wire_arms_new(void);

/* Adds "what=value"; arms may be NULL: nobody asks. */
void wire_arms_add(GHashTable *arms, const char *what, guint value);

/* Adds "what=arm". */
void wire_arms_add_text(GHashTable *arms, const char *what, const char *arm);

/* Returns the set as one line, sorted, with blanks between; free with g_free. */
char *wire_arms_line(GHashTable *arms);

#endif
