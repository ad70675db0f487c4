/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses as an operator writes them and as the system's socket addresses. */
#ifndef RELOAD_LINK_SOCKET_ADDRESS_H
#define RELOAD_LINK_SOCKET_ADDRESS_H

#include "reload_core/wire/address.h"

#include <sys/socket.h>

/* Reads "192.0.2.1:6084", "[2001:db8::1]:6084", "192.0.2.1", "2001:db8::1" or "[2001:db8::1]" (then
 * with default_port); false: anything else, a host name too. */
bool reload_address_parse(const char *text, uint16_t default_port, ReloadAddress *out);

/* Returns the length in bytes of what was filled in, 0 if address is neither IPv4 nor IPv6. */
socklen_t reload_address_to_sockaddr(const ReloadAddress *address, struct sockaddr_storage *out);
/* IPv4 addresses in IPv6 form become IPv4. False: another family. */
bool reload_address_from_sockaddr(const struct sockaddr_storage *in, ReloadAddress *out);

/* Do they belong to one host, as far as can be told? IPv4: the same address; IPv6: the same /64,
 * for a host may use any address of its network's. Ports do not matter. */
bool reload_address_same_host(const ReloadAddress *a, const ReloadAddress *b);
/* Is it 0.0.0.0 or ::, which nobody can connect to? */
bool reload_address_is_any(const ReloadAddress *address);

#endif
