/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attach and AppAttach with their ICE candidates (RFC 6940, 6.5.1 and 6.5.2). */
#ifndef RELOAD_WIRE_ATTACH_H
#define RELOAD_WIRE_ATTACH_H

#include "reload_core/wire/address.h"
#include "reload_core/wire/constants.h"

typedef struct {
	ReloadAddress addr_port;
	uint8_t overlay_link; /* ReloadOverlayLinkType; others may come and are not usable */
	ReloadSpan foundation;
	uint32_t priority;
	uint8_t type;		     /* ReloadCandType */
	ReloadAddress rel_addr_port; /* for srflx, prflx and relay */
	ReloadSpan extensions;	     /* walked with reload_ice_extension_next */
} ReloadIceCandidate;

typedef struct {
	ReloadSpan name;
	ReloadSpan value;
} ReloadIceExtension;

/* AttachReqAns: request and answer have the same form. */
typedef struct {
	ReloadSpan ufrag;
	ReloadSpan password;
	ReloadSpan role;       /* "passive" in a request, "active" in an answer */
	ReloadSpan candidates; /* walked with reload_ice_candidate_next */
	bool send_update;
} ReloadAttach;

/* AppAttachReq and AppAttachAns. */
typedef struct {
	ReloadSpan ufrag;
	ReloadSpan password;
	uint16_t application; /* ReloadApplicationId; others may come */
	ReloadSpan role;
	ReloadSpan candidates;
} ReloadAppAttach;

/* Decode a body; RELOAD_E_MALFORMED if it is no such structure, or a candidate in it is malformed.
 */
ReloadStatus reload_attach_decode(ReloadSpan body, ReloadAttach *out);
ReloadStatus reload_app_attach_decode(ReloadSpan body, ReloadAppAttach *out);

/* Take the first element off a list of a decoded message; false when none is left. */
bool reload_ice_candidate_next(ReloadSpan *candidates, ReloadIceCandidate *out);
bool reload_ice_extension_next(ReloadSpan *extensions, ReloadIceExtension *out);

/* Append an element of such a list; false, and nothing appended, if a part is too long or the type
 * is not defined. */
bool reload_write_ice_candidate(GByteArray *buf, const ReloadIceCandidate *candidate);
bool reload_write_ice_extension(GByteArray *buf, const ReloadIceExtension *extension);

/* Append a body; false, and nothing appended, if a part is too long. */
bool reload_write_attach(GByteArray *buf, const ReloadAttach *attach);
bool reload_write_app_attach(GByteArray *buf, const ReloadAppAttach *attach);

#endif
