/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Kamailio headers that the module is built from, and whatever differs between Kamailio
 * releases: nothing else in the module tests VERSIONVAL. Written for 5.6; 5.7 and later rename or
 * widen a few things. */
#ifndef P2PSIP_COMPAT_H
#define P2PSIP_COMPAT_H

#include "core/str.h"

#include "core/async_task.h"
#include "core/cfg/cfg_struct.h"
#include "core/counters.h"
#include "core/dprint.h"
#include "core/dset.h"
#include "core/forward.h"
#include "core/ip_addr.h"
#include "core/kemi.h"
#include "core/locking.h"
#include "core/mem/mem.h"
#include "core/mem/shm_mem.h"
#include "core/mod_fix.h"
#include "core/parser/contact/parse_contact.h"
#include "core/parser/parse_expires.h"
#include "core/parser/parse_from.h"
#include "core/parser/parse_rr.h"
#include "core/parser/parse_to.h"
#include "core/parser/parse_uri.h"
#include "core/parser/parse_param.h"
#include "core/pt.h"
#include "core/pvar.h"
#include "core/route.h"
#include "core/rpc.h"
#include "core/rpc_lookup.h"
#include "core/script_cb.h"
#include "core/socket_info.h"
#include "core/sr_module.h"
#include "core/str.h"
#include "core/timer.h"
#include "core/ut.h"

#include "modules/rr/api.h"
#include "modules/tm/tm_load.h"
#include "modules/usrloc/usrloc.h"

#if VERSIONVAL >= 5008000
/* 5.8 moved statistics into a header of their own and made the values 64 bit wide. */
#include "core/kstats_wrapper.h"
#define P2PSIP_STATISTIC_VALUE unsigned long long
#else
#define P2PSIP_STATISTIC_VALUE unsigned long
#endif

/* The name of a module's worker process in the process table; core/async_task.c writes it. */
#define P2PSIP_ASYNC_PROCESS "Async Task Worker - %s"

#endif
