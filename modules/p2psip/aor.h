/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The canonical AORs of a message's headers. */
#ifndef P2PSIP_AOR_H
#define P2PSIP_AOR_H

#include "modules/p2psip/compat.h"
#include "modules/p2psip/proto/protocol.h"

/* Each writes the canonical AOR, with a NUL, and returns 0; or -1 if there is none. */
int p2psip_aor_of_to(struct sip_msg *msg, char aor[P2PSIP_AOR_MAX]);
int p2psip_aor_of_from(struct sip_msg *msg, char aor[P2PSIP_AOR_MAX]);
int p2psip_aor_of_request_uri(struct sip_msg *msg, char aor[P2PSIP_AOR_MAX]);
int p2psip_aor_of_uri(const str *uri, char aor[P2PSIP_AOR_MAX]);

/* The same of user@domain as usrloc holds it (nothing is escaped). */
int p2psip_aor_of_location(const str *location, char aor[P2PSIP_AOR_MAX]);

#endif
