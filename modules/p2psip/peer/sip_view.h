/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As much of a SIP message as a flow must understand to carry it (RFC 3261, 7, 18 and 20): the first line
 * and the headers that name its transaction. Views into the message, no copies. */
#ifndef P2PSIP_PEER_SIP_VIEW_H
#define P2PSIP_PEER_SIP_VIEW_H

#include "reload_core/wire/types.h"

typedef struct {
	ReloadSpan message;
	bool request;
	unsigned status;       /* of a reply, 100..699 */
	ReloadSpan method;     /* of the request, or in the reply's CSeq */
	ReloadSpan uri;        /* Request-URI */
	ReloadSpan via;        /* first value of the topmost Via, without the comma */
	ReloadSpan transport;  /* in it: "UDP" of "SIP/2.0/UDP" */
	ReloadSpan branch;     /* in it: the value of branch */
	ReloadSpan from, to;   /* whole values */
	ReloadSpan call_id;
	ReloadSpan cseq_number;
	bool to_tag;           /* the To has a tag: inside a dialog, as a rule */
} SipView;

/* Takes message apart; false if it is no SIP message with one each of From, To, Call-ID and CSeq and a
 * topmost Via with a branch. */
bool sip_view_parse(ReloadSpan message, SipView *out);

/* Does the view's method equal the text? */
bool sip_view_is(const SipView *view, const char *method);

/* Returns message with the transport of its topmost Via replaced; with strip also without the received
 * and rport that the near server has added (RFC 3261, 18.2.1; RFC 3581). Owned by the caller. */
GBytes *sip_view_with_transport(const SipView *view, const char *transport, bool strip);

/* Returns a reply to the request in view, in the name of the one who should have answered: status and
 * reason, no body (RFC 3261, 8.2.6). Owned by the caller. */
GBytes *sip_view_reply(const SipView *view, unsigned status, const char *reason);

/* Returns a CANCEL for the INVITE in view, as its sender would write it (RFC 3261, 9.1). Owned by the
 * caller. */
GBytes *sip_view_cancel(const SipView *view);

#endif
