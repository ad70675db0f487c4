/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IpAddressPort (RFC 6940, 6.3.1.1) and its text. */
#include "reload_core/wire/address.h"

#include <arpa/inet.h>

#include "reload_core/wire/list.h"

/* Bytes of an address of that type; 0 for an undefined one. */
static size_t address_size(uint8_t type)
{
	switch (type) {
	case RELOAD_ADDRESS_IPV4:
		return 4;
	case RELOAD_ADDRESS_IPV6:
		return 16;
	default:
		return 0;
	}
}

bool reload_read_address(ReloadReader *r, ReloadAddress *out)
{
	ReloadSpan data;
	size_t size;

	memset(out, 0, sizeof(*out));
	out->type = reload_read_u8(r);
	if (!reload_read_vector8(r, &data))
		return false;
	size = address_size(out->type);
	if (out->type == 0 || (size > 0 && data.len != size + 2)) {
		r->failed = true;
		return false;
	}
	if (size == 0) {
		out->raw = data;
		return true;
	}
	memcpy(out->address, data.data, size);
	out->port = (uint16_t)(data.data[size] << 8 | data.data[size + 1]);
	return true;
}

bool reload_write_address(GByteArray *buf, const ReloadAddress *address)
{
	size_t start = buf->len, size = address_size(address->type);

	if (address->type == 0)
		return false;
	reload_write_u8(buf, address->type);
	if (size == 0)
		return reload_write_commit(buf, start, reload_write_vector8(buf, address->raw));
	reload_write_u8(buf, (uint8_t)(size + 2));
	reload_write_bytes(buf, reload_span(address->address, size));
	reload_write_u16(buf, address->port);
	return true;
}

bool reload_address_from_text(const char *text, uint16_t port, ReloadAddress *out)
{
	memset(out, 0, sizeof(*out));
	out->port = port;
	if (inet_pton(AF_INET, text, out->address) == 1)
		out->type = RELOAD_ADDRESS_IPV4;
	else if (inet_pton(AF_INET6, text, out->address) == 1)
		out->type = RELOAD_ADDRESS_IPV6;
	return out->type != 0;
}

char *reload_address_to_text(const ReloadAddress *address, char text[RELOAD_ADDRESS_TEXT])
{
	char ip[INET6_ADDRSTRLEN];

	switch (address->type) {
	case RELOAD_ADDRESS_IPV4:
		inet_ntop(AF_INET, address->address, ip, sizeof(ip));
		g_snprintf(text, RELOAD_ADDRESS_TEXT, "%s:%u", ip, address->port);
		break;
	case RELOAD_ADDRESS_IPV6:
		inet_ntop(AF_INET6, address->address, ip, sizeof(ip));
		g_snprintf(text, RELOAD_ADDRESS_TEXT, "[%s]:%u", ip, address->port);
		break;
	default:
		g_snprintf(text, RELOAD_ADDRESS_TEXT, "address of type %u", address->type);
	}
	return text;
}

bool reload_address_equal(const ReloadAddress *a, const ReloadAddress *b)
{
	if (a->type != b->type)
		return false;
	if (address_size(a->type) == 0)
		return reload_span_equal(a->raw, b->raw);
	return a->port == b->port && memcmp(a->address, b->address, address_size(a->type)) == 0;
}
