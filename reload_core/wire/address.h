/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IpAddressPort (RFC 6940, 6.3.1.1). */
#ifndef RELOAD_WIRE_ADDRESS_H
#define RELOAD_WIRE_ADDRESS_H

#include "reload_core/wire/buffer.h"

typedef enum {
	RELOAD_ADDRESS_IPV4 = 1,
	RELOAD_ADDRESS_IPV6 = 2,
} ReloadAddressType;

typedef struct {
	uint8_t type;	     /* ReloadAddressType; for other types only raw is set */
	uint16_t port;	     /* host byte order */
	uint8_t address[16]; /* network byte order; an IPv4 address fills the first 4 */
	ReloadSpan raw;	     /* of an undefined type: what follows the length */
} ReloadAddress;

/* Reads an IpAddressPort; an undefined type is skipped over by its length and kept in raw. */
bool reload_read_address(ReloadReader *r, ReloadAddress *out);

/* Appends an IpAddressPort; false, and nothing appended, if raw of an undefined type is longer than
 * 255 bytes. */
bool reload_write_address(GByteArray *buf, const ReloadAddress *address);

/* Fills *out from the numeric text of an IPv4 or IPv6 address (no brackets, no scope) and a port;
 * false if it is neither. */
bool reload_address_from_text(const char *text, uint16_t port, ReloadAddress *out);

/* Writes "192.0.2.1:6084" or "[2001:db8::1]:6084" into text and returns text. */
#define RELOAD_ADDRESS_TEXT 64
char *reload_address_to_text(const ReloadAddress *address, char text[RELOAD_ADDRESS_TEXT]);

/* Tells whether a and b are the same address and port. */
bool reload_address_equal(const ReloadAddress *a, const ReloadAddress *b);

#endif
