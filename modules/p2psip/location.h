/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usrloc, the store of phones' contacts: its callbacks, and what it holds when Kamailio starts. */
#ifndef P2PSIP_LOCATION_H
#define P2PSIP_LOCATION_H

/* Binds to usrloc and registers callbacks. 0 or -1. */
int p2psip_location_init(void);

/* Takes note of every contact that usrloc holds already (loaded from its database). */
void p2psip_location_scan(void);

#endif
