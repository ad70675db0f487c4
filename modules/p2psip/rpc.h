/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The RPC commands p2psip.*. */
#ifndef P2PSIP_RPC_H
#define P2PSIP_RPC_H

#include "modules/p2psip/compat.h"

extern rpc_export_t p2psip_rpc_commands[];

/* Notes that this process is a SIP worker: it must not wait for the peer. */
void p2psip_rpc_in_worker(void);

#endif
