/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Canonical AORs and the names of nodes. */
#include "modules/p2psip/proto/names.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

void p2psip_node_to_hex(const uint8_t *node, char hex[P2PSIP_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < P2PSIP_NODE_ID_LEN; i++) {
		hex[2 * i] = digits[node[i] >> 4];
		hex[2 * i + 1] = digits[node[i] & 15];
	}
	hex[2 * P2PSIP_NODE_ID_LEN] = '\0';
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int p2psip_node_from_hex(const char *text, size_t len, uint8_t *node)
{
	if (len != 2 * P2PSIP_NODE_ID_LEN)
		return -1;
	for (size_t i = 0; i < P2PSIP_NODE_ID_LEN; i++) {
		int high = digit(text[2 * i]);
		int low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -1;
		node[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

int p2psip_node_from_host(const char *host, size_t len, const char *overlay, uint8_t *node)
{
	size_t hex = 2 * P2PSIP_NODE_ID_LEN;
	size_t name = strlen(overlay);

	if (name == 0 || len != hex + 1 + name || host[hex] != '.')
		return -1;
	if (strncasecmp(host + hex + 1, overlay, name) != 0)
		return -1;
	return p2psip_node_from_hex(host, hex, node);
}

/* RFC 3261, 25.1: escaped = "%" HEXDIG HEXDIG. */
static int copy_user(char *out, size_t size, const char *text, size_t len, int escaped)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (escaped && c == '%') {
			int high = i + 2 < len ? digit(text[i + 1]) : -1;
			int low = i + 2 < len ? digit(text[i + 2]) : -1;

			if (high < 0 || low < 0)
				return -1;
			c = (unsigned char)(high << 4 | low);
			i += 2;
		}
		if (c <= ' ' || c == 0x7f || n >= size)
			return -1;
		out[n++] = (char)c;
	}
	return (int)n;
}

int p2psip_aor_write(char *out, size_t size, const char *user, size_t user_len, int escaped,
		     const char *host, size_t host_len)
{
	int n;

	if (host_len > 1 && host[host_len - 1] == '.') /* the root's dot names the same domain */
		host_len--;
	if (user_len == 0 || host_len == 0 || size < host_len + 3)
		return -1;
	n = copy_user(out, size - host_len - 2, user, user_len, escaped);
	if (n <= 0)
		return -1;
	out[n++] = '@';
	for (size_t i = 0; i < host_len; i++) {
		unsigned char c = (unsigned char)host[i];

		if (c <= ' ' || c >= 0x7f || c == '@')
			return -1;
		out[n++] = (char)tolower(c);
	}
	out[n] = '\0';
	return n;
}
