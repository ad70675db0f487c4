/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns addresses from text into ReloadAddress, and into socket addresses and back. */
#include "reload_core/link/socket_address.h"

#include <netinet/in.h>

static bool parse_port(const char *text, uint16_t *out)
{
	guint64 value;

	/* g_ascii_string_to_unsigned takes digits only: no sign, no spaces */
	if (!g_ascii_string_to_unsigned(text, 10, 0, 65535, &value, NULL))
		return false;
	*out = (uint16_t)value;
	return true;
}

bool reload_address_parse(const char *text, uint16_t default_port, ReloadAddress *out)
{
	uint16_t port = default_port;
	const char *colon = strchr(text, ':');
	const char *end = text + strlen(text);
	char host[64];
	bool bracketed = text[0] == '[';

	if (bracketed) {
		text++;
		end = strchr(text, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':') ||
		    (end[1] == ':' && !parse_port(end + 2, &port)))
			return false;
	} else if (colon != NULL && strchr(colon + 1, ':') == NULL) {
		end = colon;
		if (!parse_port(colon + 1, &port))
			return false;
	}
	if ((size_t)(end - text) >= sizeof(host))
		return false;
	memcpy(host, text, end - text);
	host[end - text] = '\0';
	return reload_address_from_text(host, port, out) &&
	       (!bracketed || out->type == RELOAD_ADDRESS_IPV6);
}

socklen_t reload_address_to_sockaddr(const ReloadAddress *address, struct sockaddr_storage *out)
{
	struct sockaddr_in *in4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	switch (address->type) {
	case RELOAD_ADDRESS_IPV4:
		in4->sin_family = AF_INET;
		in4->sin_port = htons(address->port);
		memcpy(&in4->sin_addr, address->address, 4);
		return sizeof(*in4);
	case RELOAD_ADDRESS_IPV6:
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(address->port);
		memcpy(&in6->sin6_addr, address->address, 16);
		return sizeof(*in6);
	default:
		return 0;
	}
}

bool reload_address_from_sockaddr(const struct sockaddr_storage *in, ReloadAddress *out)
{
	const struct sockaddr_in *in4 = (const struct sockaddr_in *)in;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)in;

	memset(out, 0, sizeof(*out));
	if (in->ss_family == AF_INET) {
		out->type = RELOAD_ADDRESS_IPV4;
		out->port = ntohs(in4->sin_port);
		memcpy(out->address, &in4->sin_addr, 4);
		return true;
	}
	if (in->ss_family != AF_INET6)
		return false;
	out->port = ntohs(in6->sin6_port);
	if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		out->type = RELOAD_ADDRESS_IPV4;
		memcpy(out->address, in6->sin6_addr.s6_addr + 12, 4);
	} else {
		out->type = RELOAD_ADDRESS_IPV6;
		memcpy(out->address, &in6->sin6_addr, 16);
	}
	return true;
}

bool reload_address_same_host(const ReloadAddress *a, const ReloadAddress *b)
{
	/* All of IPv4 behind a NAT64 (RFC 6052, 2.1). */
	static const uint8_t translated[12] = {0x00, 0x64, 0xff, 0x9b};
	size_t length = a->type == RELOAD_ADDRESS_IPV4				    ? 4
			: memcmp(a->address, translated, sizeof(translated)) == 0 ? 16
										    : 8;

	return a->type == b->type && memcmp(a->address, b->address, length) == 0;
}

bool reload_address_is_any(const ReloadAddress *address)
{
	static const uint8_t zero[16];

	return memcmp(address->address, zero, address->type == RELOAD_ADDRESS_IPV4 ? 4 : 16) == 0;
}
