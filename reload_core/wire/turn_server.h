/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The value of the Kind TURN-SERVICE (RFC 6940, 9). */
#ifndef RELOAD_WIRE_TURN_SERVER_H
#define RELOAD_WIRE_TURN_SERVER_H

#include "reload_core/wire/address.h"

typedef struct {
	uint8_t iteration; /* from 1 */
	ReloadAddress server_address;
} ReloadTurnServer;

/* Decodes a value; RELOAD_E_MALFORMED if it is no such structure. */
ReloadStatus reload_turn_server_decode(ReloadSpan value, ReloadTurnServer *out);

/* Appends a value; false, and nothing appended, if a part is too long. */
bool reload_write_turn_server(GByteArray *buf, const ReloadTurnServer *server);

#endif
