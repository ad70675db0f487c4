/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IP addresses at which phones of this edge are: of contacts in usrloc, and of what phones say
 * in calls. A request that comes over a flow inside a dialog goes to one of them or nowhere. */
#ifndef P2PSIP_PHONE_TABLE_H
#define P2PSIP_PHONE_TABLE_H

#include "modules/p2psip/compat.h"

/* Allocates the table. 0 or -1. */
int p2psip_phones_init(void);
void p2psip_phones_destroy(void);

/* Notes that a phone is at address now. When the table is full, or without memory, it is not noted
 * (and said so in the log). */
void p2psip_phones_note(const struct ip_addr *address);

/* The same for the address in a SIP URI: its alias parameter (nathelper's) or else its host. A URI
 * with a name, or none, is passed over. */
void p2psip_phones_note_uri(const str *uri);

/* The same for where msg, which a phone has sent, came from, and for its Contact. */
void p2psip_phones_note_message(struct sip_msg *msg);

/* The same for every answer from a phone to msg, a request that is about to be relayed. */
void p2psip_phones_note_answers(struct sip_msg *msg);

/* Whether a phone has been noted there within the last two days: 1 or 0. */
int p2psip_phones_known(const struct ip_addr *address);

/* For the broker, twice a second: forgets addresses not noted for two days, some at a time. */
void p2psip_phones_sweep(void);

#endif
