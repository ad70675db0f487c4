/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The key with which this edge recognises its own Record-Route values, also after a restart. */
#ifndef P2PSIP_DIALOG_KEY_H
#define P2PSIP_DIALOG_KEY_H

#include <stdint.h>

#define P2PSIP_DIALOG_KEY_LEN 32

/* Reads it from DIR/dialog.key, which is made when it is not there. Where that cannot be, the key
 * is good for this run only, and a line in the log says so. 0, or -1 where there is no randomness.
 */
int p2psip_dialog_key(const char *dir, uint8_t key[P2PSIP_DIALOG_KEY_LEN]);

#endif
