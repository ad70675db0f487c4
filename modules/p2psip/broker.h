/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The broker: the one Kamailio process that talks to p2psip-peer. It starts the peer, starts it
 * again when it dies, passes requests on to it and answers back, and takes it down with Kamailio
 * after a graceful leave. */
#ifndef P2PSIP_BROKER_H
#define P2PSIP_BROKER_H

/* Runs the broker in a process forked for it; does not return. */
void p2psip_broker_run(void) __attribute__((noreturn));

#endif
