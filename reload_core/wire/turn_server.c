/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The value of the Kind TURN-SERVICE (RFC 6940, 9). */
#include "reload_core/wire/turn_server.h"

#include "reload_core/wire/list.h"

ReloadStatus reload_turn_server_decode(ReloadSpan value, ReloadTurnServer *out)
{
	ReloadReader r = reload_reader(value);

	out->iteration = reload_read_u8(&r);
	reload_read_address(&r, &out->server_address);
	return reload_reader_finish(&r);
}

bool reload_write_turn_server(GByteArray *buf, const ReloadTurnServer *server)
{
	size_t start = buf->len;

	reload_write_u8(buf, server->iteration);
	return reload_write_commit(buf, start, reload_write_address(buf, &server->server_address));
}
