/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pseudo-variables $p2psip(NAME). */
#ifndef P2PSIP_VARIABLES_H
#define P2PSIP_VARIABLES_H

#include "modules/p2psip/compat.h"

extern pv_export_t p2psip_variables[];

#endif
