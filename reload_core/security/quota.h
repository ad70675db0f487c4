/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often one Node-ID may have something done that costs more than its message: connections that we open,
 * Errors that we sign for what passes by, certificates that we look at and find no good, data that we hand over to
 * who joins. */
#ifndef RELOAD_SECURITY_QUOTA_H
#define RELOAD_SECURITY_QUOTA_H

#include "reload_core/wire/types.h"

typedef struct ReloadQuota ReloadQuota;

/* burst at once, then one each interval ms; at most max Node-IDs are remembered. Free with reload_quota_free. */
ReloadQuota *reload_quota_new(unsigned burst, int64_t interval, unsigned max);
void reload_quota_free(ReloadQuota *quota);

/* Takes one from id's share at the time now (ms); false: it has none left. Where too many Node-IDs have used
 * theirs lately, a new one has to wait. */
bool reload_quota_take(ReloadQuota *quota, const ReloadNodeId *id, int64_t now);
/* Gives back what id has just taken. */
void reload_quota_give(ReloadQuota *quota, const ReloadNodeId *id);

#endif
