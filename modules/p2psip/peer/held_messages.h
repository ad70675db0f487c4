/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIP messages that wait for their flow while AppAttach runs, in order, bounded in number and bytes. */
#ifndef P2PSIP_PEER_HELD_MESSAGES_H
#define P2PSIP_PEER_HELD_MESSAGES_H

#include "modules/p2psip/peer/sip_view.h"

#define HELD_MESSAGES_MAX 64
#define HELD_BYTES_MAX (1024 * 1024)

typedef struct HeldMessages HeldMessages;

HeldMessages *held_messages_new(void);
void held_messages_free(HeldMessages *self);

/* Keeps a copy of the message; false: no room. */
bool held_messages_add(HeldMessages *self, const SipView *view);
/* Is a message with the same method, branch and kind (request or reply with that status) held? */
bool held_messages_has(const HeldMessages *self, const SipView *view);
/* Takes out the held INVITE that the CANCEL in view is for; NULL if there is none. Owned by the caller. */
GBytes *held_messages_take_invite(HeldMessages *self, const SipView *cancel);
/* Takes out the oldest one; NULL if there is none. Owned by the caller. */
GBytes *held_messages_take(HeldMessages *self);

#endif
