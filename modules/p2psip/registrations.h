/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The AORs that this edge keeps registered in the overlay: those with a contact in usrloc, and
 * those of a REGISTER under way. Any process changes them; the broker alone tells the peer, which
 * thus learns of every change even when it was away. */
#ifndef P2PSIP_REGISTRATIONS_H
#define P2PSIP_REGISTRATIONS_H

#include <stdint.h>

#include "modules/p2psip/proto/protocol.h"

/* Allocates the table. 0 or -1. */
int p2psip_registrations_init(void);
void p2psip_registrations_destroy(void);

/* Tells whether this module still has its memory: not any more once it was destroyed. */
int p2psip_registrations_ready(void);

/* Whether a REGISTER for aor need not ask the overlay, for the edge keeps it registered already
 * (1), or must (0). strict: it is known to be stored, not only to be on its way. */
int p2psip_registrations_known(const char *aor, int strict);

/* A REGISTER for a new AOR begins: 0, or -1 without memory. Every begin is followed by one end,
 * with the status of the store; one that failed is withdrawn unless usrloc holds a contact. */
int p2psip_registrations_begin(const char *aor);
void p2psip_registrations_end(const char *aor, int status);

/* usrloc has a contact for aor, or holds none any more. */
void p2psip_registrations_contact(const char *aor);
void p2psip_registrations_gone(const char *aor);

/* save() failed: withdraws aor unless usrloc holds a contact for it. */
void p2psip_registrations_withdraw(const char *aor);

/* For the broker. A new peer knows nothing: everything is to be told again. */
void p2psip_registrations_forget_told(void);

/* For the broker. The next change to tell the peer: P2PSIP_STORE or P2PSIP_WITHDRAW with its aor,
 * or 0 for none. */
int p2psip_registrations_next(char aor[P2PSIP_AOR_MAX]);

/* For the broker, twice a second: drops what was stored for a REGISTER that never reached save().
 */
void p2psip_registrations_sweep(void);

/* Number of AORs with a contact. */
unsigned p2psip_registrations_count(void);

#endif
