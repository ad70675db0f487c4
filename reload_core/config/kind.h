/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an overlay defines for a Kind of data (RFC 6940, 7.2, 7.3, 11.1 and 14.6), and the Kinds
 * whose definition is IANA's, whatever a document says. */
#ifndef RELOAD_CONFIG_KIND_H
#define RELOAD_CONFIG_KIND_H

#include "reload_core/wire/constants.h"
#include "reload_core/wire/types.h"

typedef enum {
	RELOAD_ACCESS_USER_MATCH,      /* 7.3.1 */
	RELOAD_ACCESS_NODE_MATCH,      /* 7.3.2 */
	RELOAD_ACCESS_USER_NODE_MATCH, /* 7.3.3 */
	RELOAD_ACCESS_NODE_MULTIPLE,   /* 7.3.4 */
} ReloadAccess;

typedef struct {
	uint32_t id;
	const char *name; /* IANA's name, or NULL */
	ReloadDataModel model;
	ReloadAccess access;
	uint32_t max_count;	    /* values under one Resource-ID */
	uint32_t max_size;	    /* bytes of one value */
	uint32_t max_node_multiple; /* NODE-MULTIPLE: greatest i, else 0 */
	bool required;		    /* a kind-block of the document names it */
} ReloadKind;

/* IANA's definition of a Kind with our default limits, or NULL; by ID and by name. Static. */
const ReloadKind *reload_kind_builtin(uint32_t id);
const ReloadKind *reload_kind_builtin_by_name(const char *name);

/* All of them, from index 0 on; NULL behind the last. */
const ReloadKind *reload_kind_builtin_at(size_t index);

/* "SINGLE", "USER-MATCH" ...; static. */
const char *reload_data_model_name(ReloadDataModel model);
const char *reload_access_name(ReloadAccess access);

#endif
