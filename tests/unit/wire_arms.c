/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The set of what a message shows. */
#include "tests/unit/wire_arms.h"

GHashTable *wire_arms_new(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void wire_arms_add(GHashTable *arms, const char *what, guint value)
{
	if (arms != NULL)
		g_hash_table_add(arms, g_strdup_printf("%s=%u", what, value));
}

void wire_arms_add_text(GHashTable *arms, const char *what, const char *arm)
{
	if (arms != NULL)
		g_hash_table_add(arms, g_strdup_printf("%s=%s", what, arm));
}

static gint compare(gconstpointer a, gconstpointer b)
{
	return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

char *wire_arms_line(GHashTable *arms)
{
	guint count;
	g_autofree gpointer *names = g_hash_table_get_keys_as_array(arms, &count);

	qsort(names, count, sizeof(*names), compare);
	return g_strjoinv(" ", (char **)names);
}
