/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The open requests of all flows in memory that belongs to Kamailio's broker: should this process die, the
 * next one finds there whom it has to answer. */
#ifndef P2PSIP_PEER_JOURNAL_H
#define P2PSIP_PEER_JOURNAL_H

#include "reload_core/wire/types.h"

typedef struct Journal Journal;

/* Maps the file behind fd, which stays the caller's: 16 MiB long, of which memory holds 16 KiB
 * and one page for each of the most requests that were ever noted at once. NULL with error set to one line. */
Journal *journal_open(int fd, GError **error);
void journal_free(Journal *self);

/* Calls each with every request that was open when the process before this one ended, and takes it out: with
 * its node, whether it was sent to it, and its first line and headers, which are valid during the call. */
void journal_recover(Journal *self,
		     void (*each)(void *data, const ReloadNodeId *node, bool sent, ReloadSpan head),
		     void *data);

/* Notes a request. Returns what journal_drop takes, or 0 for one that is not noted: there are 4096 already,
 * its headers are longer than 4000 bytes, or self is NULL. */
unsigned journal_add(Journal *self, const ReloadNodeId *node, bool sent, ReloadSpan head);
/* Takes a request out again; 0 is nothing. */
void journal_drop(Journal *self, unsigned entry);

#endif
