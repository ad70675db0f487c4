/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The peer's own log lines, passed on to Kamailio's log. */
#ifndef P2PSIP_PEER_LOG_H
#define P2PSIP_PEER_LOG_H

/* Logs every whole line there is to read from fd (non-blocking; -1: none). */
void p2psip_peer_log_read(int fd);

#endif
