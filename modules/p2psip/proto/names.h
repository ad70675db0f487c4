/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names that both halves of the module must spell alike: canonical AORs, Node-IDs in hex, and the
 * host names HEX.overlay-name that stand for nodes in SIP. Plain C without GLib. */
#ifndef P2PSIP_NAMES_H
#define P2PSIP_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "modules/p2psip/proto/protocol.h"

#define P2PSIP_HEX_SIZE (2 * P2PSIP_NODE_ID_LEN + 1) /* with the NUL */

/* Writes node as lower-case hex with a NUL into hex. */
void p2psip_node_to_hex(const uint8_t *node, char hex[P2PSIP_HEX_SIZE]);

/* Reads exactly 32 hex digits: 0, or -1 if text is no Node-ID. */
int p2psip_node_from_hex(const char *text, size_t len, uint8_t *node);

/* Reads the host name HEX.overlay (case does not matter): 0 and the node, or -1 if host is no such
 * name. */
int p2psip_node_from_host(const char *host, size_t len, const char *overlay, uint8_t *node);

/* Writes the canonical AOR user@host into out (size bytes, with a NUL): escapes of the user part
 * decoded (where escaped says that there are any), host in lower case (RFC 3261, 19.1.4: user parts
 * are case-sensitive, hosts are not). Returns its length, or -1 if it is empty, too long, badly
 * escaped, or has a control character or white space in it. */
int p2psip_aor_write(char *out, size_t size, const char *user, size_t user_len, int escaped,
		     const char *host, size_t host_len);

#endif
