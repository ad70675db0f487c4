/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Node-IDs and Resource-IDs as text and as keys of tables. */
#include "reload_core/wire/types.h"

bool reload_node_id_is_wildcard(const ReloadNodeId *a)
{
	if (a->len == 0)
		return false;
	for (unsigned i = 0; i < a->len; i++) {
		if (a->id[i] != 0xff)
			return false;
	}
	return true;
}

char *reload_node_id_to_text(const ReloadNodeId *a, char text[RELOAD_NODE_ID_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	unsigned i;

	for (i = 0; i < a->len; i++) {
		text[2 * i] = digits[a->id[i] >> 4];
		text[2 * i + 1] = digits[a->id[i] & 15];
	}
	text[2 * i] = '\0';
	return text;
}

bool reload_node_id_from_text(const char *text, ReloadNodeId *out)
{
	size_t digits = strlen(text);

	if (digits % 2 != 0 || digits < 2 * RELOAD_NODE_ID_MIN || digits > 2 * RELOAD_NODE_ID_MAX)
		return false;
	memset(out, 0, sizeof(*out));
	out->len = (uint8_t)(digits / 2);
	for (size_t i = 0; i < digits; i++) {
		int value = g_ascii_xdigit_value(text[i]);

		if (value < 0)
			return false;
		out->id[i / 2] = (uint8_t)(out->id[i / 2] << 4 | value);
	}
	return true;
}

static guint hash_bytes(const uint8_t *data, size_t len)
{
	guint hash = 5381;

	for (size_t i = 0; i < len; i++)
		hash = hash * 33 + data[i];
	return hash;
}

guint reload_node_id_hash(gconstpointer key)
{
	const ReloadNodeId *a = key;

	return hash_bytes(a->id, a->len);
}

gboolean reload_node_id_equal_keys(gconstpointer a, gconstpointer b)
{
	return reload_node_id_equal(a, b);
}

guint reload_resource_id_hash(gconstpointer key)
{
	const ReloadResourceId *a = key;

	return hash_bytes(a->id, a->len);
}
