/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child process p2psip-peer: its command line, its check of the configuration, starting and
 * ending it. */
#ifndef P2PSIP_PEER_PROCESS_H
#define P2PSIP_PEER_PROCESS_H

#include <sys/types.h>

struct p2psip_peer_process {
	pid_t pid;  /* 0: none */
	int fd;	    /* SOCK_SEQPACKET to it, -1: none */
	int log_fd; /* what it writes to stderr, -1: none */
	int journal_fd; /* memory that one peer leaves to the next, -1: none */
};

/* Runs p2psip-peer --check. 0 and its line on stdout in answer, or -1 after the one line that it
 * printed has been logged. */
int p2psip_peer_check(char *answer, size_t size);

/* Makes the memory that one peer leaves to the next: which requests were open when it died. Without it
 * (there is a line in the log) calls in set-up that such a death meets end by Kamailio's timers only. */
void p2psip_peer_make_journal(struct p2psip_peer_process *peer);

/* Starts p2psip-peer. 0, or -1 with a line in the log. It dies with the process that called this.
 */
int p2psip_peer_start(struct p2psip_peer_process *peer);

/* Closes the sockets and collects the exit status: 1 when it has exited (the status is logged), 0
 * when it has not yet. With kill set it is killed before. */
int p2psip_peer_collect(struct p2psip_peer_process *peer, int kill);

/* Path of p2psip-peer beside this module's own file, in static memory; NULL if that is not known.
 */
char *p2psip_peer_default_path(void);

#endif
