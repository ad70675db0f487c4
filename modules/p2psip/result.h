/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the last function of the module has found out about the message in hand: $p2psip(status) and
 * the like. It is kept per process and message; in a route that goes on after a suspension it comes
 * from the answered request. */
#ifndef P2PSIP_RESULT_H
#define P2PSIP_RESULT_H

#include "modules/p2psip/compat.h"

struct p2psip_request;

/* Notes a status for msg and returns the code that a function gives to the script for it: 1 ok, 2
 * deferred, 0 suspended (which ends the script), else the status made negative. */
int p2psip_result_set(struct sip_msg *msg, int status);

/* Notes whether the sender may speak for the From AOR. */
void p2psip_result_set_from_ok(struct sip_msg *msg, int from_ok);

/* The status noted for msg, or -1; whether the sender may speak for the From AOR (1 or 0). */
int p2psip_result_status(struct sip_msg *msg);
int p2psip_result_from_ok(struct sip_msg *msg);

/* The code that goes with a status. */
int p2psip_result_code(int status);

/* The request whose transaction this process is resuming, or NULL: every message in between is that
 * one. */
void p2psip_result_resume(struct p2psip_request *request);

#endif
