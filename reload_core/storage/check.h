/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For storage/ alone: the checks of one value that need no cryptography (RFC 6940, 7.4.1.1). */
#ifndef RELOAD_STORAGE_CHECK_H
#define RELOAD_STORAGE_CHECK_H

#include "reload_core/storage/plan.h"

typedef struct {
	bool held;	       /* a replica that we hold already: nothing to do */
	bool appended;	       /* goes behind the last one of the array: value_check_append */
	uint32_t index;	       /* array: where it goes */
	const Entry *replaced; /* what it replaces, or NULL */
} ValueCheck;

/* RELOAD_E_TOO_LARGE, RELOAD_E_TOO_OLD, RELOAD_E_LIMIT (no index left), RELOAD_E_SIGNATURE (none),
 * RELOAD_E_MALFORMED. */
ReloadStatus value_check(const KindPlan *kind_plan, const ReloadStoredData *data, bool replica,
			 ValueCheck *out);
/* What remains to be asked of an appended value once its signer is known. RELOAD_E_TOO_OLD. */
ReloadStatus value_check_append(const KindPlan *kind_plan, const ReloadStoredData *data,
				const ReloadNodeId *signer);

#endif
