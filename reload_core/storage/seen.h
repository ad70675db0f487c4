/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a node that fetches remembers of the values that it has seen, so that it notices when a storing
 * peer serves an older one (RFC 6940, 13.5.3). */
#ifndef RELOAD_STORAGE_SEEN_H
#define RELOAD_STORAGE_SEEN_H

#include "reload_core/wire/stored_data.h"

/* A value is remembered until its lifetime ends, but at least and at most so long, ms: after that
 * its owner may have begun anew. */
#define RELOAD_SEEN_MIN_MS 300000
#define RELOAD_SEEN_MAX_MS 86400000

typedef struct ReloadSeen ReloadSeen;

/* Remembers max values, and forgets the least recently used first. */
ReloadSeen *reload_seen_new(unsigned max);
void reload_seen_free(ReloadSeen *seen);

/* Notes a value of Kind at resource that is good and signer's, removed ones too. False: it is older
 * than one that was noted before and says something else: a rollback. (An older one that says the same
 * may come from a replica that has missed the latest renewal, and does no harm.) */
bool reload_seen_note(ReloadSeen *seen, const ReloadResourceId *resource, uint32_t kind,
		      const ReloadNodeId *signer, const ReloadStoredData *data, int64_t now);

unsigned reload_seen_count(const ReloadSeen *seen);

#endif
