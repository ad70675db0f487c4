/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Suspending a transaction until the overlay has answered. */
#ifndef P2PSIP_TRANSACTION_H
#define P2PSIP_TRANSACTION_H

#include "modules/p2psip/compat.h"
#include "modules/p2psip/request.h"

extern struct tm_binds p2psip_tm;

/* Suspends the transaction of msg (making it if need be) and sends request to the broker; it goes
 * on in route. Owns request from here on. Returns P2PSIP_SUSPENDED; or, not suspended,
 * P2PSIP_ABSORBED, P2PSIP_BUSY or P2PSIP_FAILED. */
int p2psip_suspend(struct sip_msg *msg, struct p2psip_request *request, const str *route);

/* Sends request for the transaction of msg, which goes on meanwhile. Owns request. 0, P2PSIP_BUSY
 * or P2PSIP_FAILED (no transaction). */
int p2psip_ask_aside(struct sip_msg *msg, struct p2psip_request *request);

/* Registers what has to happen when a suspended transaction goes on. 0 or -1. */
int p2psip_resume_init(void);

#endif
