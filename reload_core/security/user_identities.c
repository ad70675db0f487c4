/* SPDX-License-Identifier: GPL-2.0-or-later */
/* User certificates of an edge, read from its directory on demand. */
#include "reload_core/security/user_identities.h"

#include "reload_core/security/error.h"

#include <errno.h>
#include <unistd.h>

/* With ".pem" behind it, still within the 255 bytes that file systems allow. */
#define FILE_NAME_MAX 240

typedef struct {
	char *aor;
	ReloadIdentity *identity;
	GList link;
} Entry;

struct ReloadUserIdentities {
	char *directory;
	EVP_PKEY *key;
	char *overlay;
	uint8_t node_id_length;
	GHashTable *entries; /* aor -> Entry * */
	GQueue order;	     /* least recently used at the tail */
	size_t cache_size;
};

static void entry_free(gpointer data)
{
	Entry *entry = data;

	g_free(entry->aor);
	reload_identity_unref(entry->identity);
	g_free(entry);
}

ReloadUserIdentities *reload_user_identities_new(const char *directory, EVP_PKEY *key,
						 const char *overlay, uint8_t node_id_length,
						 size_t cache_size)
{
	ReloadUserIdentities *users = g_new0(ReloadUserIdentities, 1);

	users->directory = g_strdup(directory);
	EVP_PKEY_up_ref(key);
	users->key = key;
	users->overlay = g_strdup(overlay);
	users->node_id_length = node_id_length;
	users->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_free);
	g_queue_init(&users->order);
	users->cache_size = cache_size ? cache_size : RELOAD_USER_IDENTITIES_DEFAULT;
	return users;
}

void reload_user_identities_free(ReloadUserIdentities *users)
{
	if (!users)
		return;
	g_hash_table_destroy(users->entries);
	EVP_PKEY_free(users->key);
	g_free(users->directory);
	g_free(users->overlay);
	g_free(users);
}

void reload_user_identities_reload(ReloadUserIdentities *users)
{
	g_queue_init(&users->order); /* the links are inside of the entries */
	g_hash_table_remove_all(users->entries);
}

char *reload_user_certificate_file(const char *aor)
{
	GString *name = g_string_new(NULL);

	for (const char *c = aor; *c; c++) {
		/* A first dot would hide the file, or mean a directory. */
		if (g_ascii_isalnum(*c) || strchr("-_+@", *c) || (*c == '.' && c != aor))
			g_string_append_c(name, *c);
		else
			g_string_append_printf(name, "%%%02X", (unsigned char)*c);
	}
	if (name->len > FILE_NAME_MAX || name->len == 0) {
		char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, aor, -1);

		/* No escape looks like this. */
		g_string_printf(name, "%%sha256-%s", hash);
		g_free(hash);
	}
	g_string_append(name, ".pem");
	return g_string_free(name, FALSE);
}

static void drop(ReloadUserIdentities *users, Entry *entry)
{
	g_queue_unlink(&users->order, &entry->link);
	g_hash_table_remove(users->entries, entry->aor);
}

static ReloadIdentity *find_kept(ReloadUserIdentities *users, const char *aor, int64_t now)
{
	Entry *entry = g_hash_table_lookup(users->entries, aor);

	if (!entry)
		return NULL;
	/* It may have been renewed since. */
	if (reload_certificate_check_dates(reload_identity_certificate(entry->identity), now) !=
	    RELOAD_OK) {
		drop(users, entry);
		return NULL;
	}
	g_queue_unlink(&users->order, &entry->link);
	g_queue_push_head_link(&users->order, &entry->link);
	return reload_identity_ref(entry->identity);
}

static void keep(ReloadUserIdentities *users, const char *aor, ReloadIdentity *identity)
{
	Entry *entry = g_new0(Entry, 1);

	entry->aor = g_strdup(aor);
	entry->identity = reload_identity_ref(identity);
	entry->link.data = entry;
	g_hash_table_replace(users->entries, entry->aor, entry);
	g_queue_push_head_link(&users->order, &entry->link);
	if (users->order.length > users->cache_size)
		drop(users, users->order.tail->data);
}

static ReloadStatus load(ReloadUserIdentities *users, const char *aor, const char *path,
			 int64_t now, ReloadIdentity **out, GError **error)
{
	GError *reason = NULL;
	ReloadStatus status;

	if (access(path, F_OK) != 0 && errno == ENOENT)
		return reload_fail(
		    error, RELOAD_E_NOT_FOUND,
		    "%s: user %s has no certificate: make it with `reloadctl cert user`", path,
		    aor);
	*out = reload_identity_load_certificate(path, users->key, users->overlay,
						users->node_id_length, now, &reason);
	if (!*out) {
		status = (ReloadStatus)reason->code;
		g_propagate_error(error, reason);
		return status;
	}
	if (strcmp(reload_identity_user_name(*out), aor) == 0)
		return RELOAD_OK;
	reload_fail(
	    error, RELOAD_E_CERTIFICATE,
	    "%s: certificate is for user \"%s\": make the right one with `reloadctl cert user`",
	    path, reload_identity_user_name(*out));
	reload_identity_unref(*out);
	*out = NULL;
	return RELOAD_E_CERTIFICATE;
}

ReloadStatus reload_user_identities_find(ReloadUserIdentities *users, const char *aor, int64_t now,
					 ReloadIdentity **out, GError **error)
{
	char *file, *path;
	ReloadStatus status;

	*out = find_kept(users, aor, now);
	if (*out)
		return RELOAD_OK;
	file = reload_user_certificate_file(aor);
	path = g_build_filename(users->directory, file, NULL);
	status = load(users, aor, path, now, out, error);
	if (status == RELOAD_OK)
		keep(users, aor, *out);
	g_free(path);
	g_free(file);
	return status;
}
