/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The value of the Kind SIP-REGISTRATION (RFC 7904, 3.2). */
#ifndef RELOAD_WIRE_SIP_REGISTRATION_H
#define RELOAD_WIRE_SIP_REGISTRATION_H

#include "reload_core/wire/destination.h"

typedef enum {
	RELOAD_SIP_REGISTRATION_URI = 1,
	RELOAD_SIP_REGISTRATION_ROUTE = 2,
} ReloadSipRegistrationType;

typedef struct {
	uint8_t type;		  /* ReloadSipRegistrationType, or an unknown type */
	ReloadSpan uri;		  /* uri: the AOR that stands for this one */
	ReloadSpan contact_prefs; /* route: feature parameters (RFC 3840) */
	ReloadSpan
	    destination_list; /* route: at least one entry; walked with reload_destination_next */
	ReloadSpan data;      /* of an unknown type: what follows the length */
} ReloadSipRegistration;

/* Decodes a value; RELOAD_E_MALFORMED if it is no such structure. Node-IDs have node_id_len bytes
 * (0: 16..20). */
ReloadStatus reload_sip_registration_decode(ReloadSpan value, unsigned node_id_len,
					    ReloadSipRegistration *out);

/* Appends a value; false, and nothing appended, if a part is too long. */
bool reload_write_sip_registration(GByteArray *buf, const ReloadSipRegistration *registration);

#endif
