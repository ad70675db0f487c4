/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Kinds of IANA's registry that we know, with limits for overlays whose document sets none. */
#include "reload_core/config/kind.h"

#include <string.h>

static const ReloadKind builtin[] = {
    /* One entry for each edge that serves the AOR. RFC 7904, 7. */
    {RELOAD_KIND_SIP_REGISTRATION, "SIP-REGISTRATION", RELOAD_MODEL_DICTIONARY,
     RELOAD_ACCESS_USER_NODE_MATCH, 64, 1000, 0, false},
    /* RFC 6940, 9: "a maximum iteration of counter 20". */
    {RELOAD_KIND_TURN_SERVICE, "TURN-SERVICE", RELOAD_MODEL_SINGLE, RELOAD_ACCESS_NODE_MULTIPLE, 1,
     100, 20, false},
    /* RFC 6940, 8. A user has one certificate for each edge, and twice that while they are renewed.
     */
    {RELOAD_KIND_CERTIFICATE_BY_NODE, "CERTIFICATE_BY_NODE", RELOAD_MODEL_ARRAY,
     RELOAD_ACCESS_NODE_MATCH, 128, 4096, 0, false},
    {RELOAD_KIND_CERTIFICATE_BY_USER, "CERTIFICATE_BY_USER", RELOAD_MODEL_ARRAY,
     RELOAD_ACCESS_USER_MATCH, 128, 4096, 0, false},
};

const ReloadKind *reload_kind_builtin_at(size_t index)
{
	return index < G_N_ELEMENTS(builtin) ? &builtin[index] : NULL;
}

const ReloadKind *reload_kind_builtin(uint32_t id)
{
	for (size_t i = 0; i < G_N_ELEMENTS(builtin); i++) {
		if (builtin[i].id == id)
			return &builtin[i];
	}
	return NULL;
}

const ReloadKind *reload_kind_builtin_by_name(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(builtin); i++) {
		if (strcmp(builtin[i].name, name) == 0)
			return &builtin[i];
	}
	return NULL;
}

const char *reload_data_model_name(ReloadDataModel model)
{
	switch (model) {
	case RELOAD_MODEL_SINGLE:
		return "SINGLE";
	case RELOAD_MODEL_ARRAY:
		return "ARRAY";
	case RELOAD_MODEL_DICTIONARY:
		return "DICTIONARY";
	default:
		return "unknown";
	}
}

const char *reload_access_name(ReloadAccess access)
{
	switch (access) {
	case RELOAD_ACCESS_USER_MATCH:
		return "USER-MATCH";
	case RELOAD_ACCESS_NODE_MATCH:
		return "NODE-MATCH";
	case RELOAD_ACCESS_USER_NODE_MATCH:
		return "USER-NODE-MATCH";
	case RELOAD_ACCESS_NODE_MULTIPLE:
		return "NODE-MULTIPLE";
	default:
		return "unknown";
	}
}
