/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changing DER so that it stays DER: one element of the tree is edited, and the lengths of all
 * around it are written anew. */
#ifndef TESTS_FUZZ_DER_H
#define TESTS_FUZZ_DER_H

#include "reload_core/wire/buffer.h"

typedef struct {
	uint8_t tag;
	ReloadSpan content;
	ReloadSpan whole; /* tag and length too */
} Der;

/* Takes the first element off *list; false when none is left or it is malformed. */
bool der_next(ReloadSpan *list, Der *out);

/* Appends an element. */
void der_write(GByteArray *out, uint8_t tag, ReloadSpan content);

/* Changes len bytes at data, of which there may then be up to max; returns how many there are. */
typedef size_t (*DerMutate)(uint8_t *data, size_t len, size_t max);

/* Appends the elements of list with one edit somewhere in the tree, chosen by random. */
void der_edit(GByteArray *out, ReloadSpan list, uint32_t random, DerMutate mutate);

#endif
