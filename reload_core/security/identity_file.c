/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading identities from PEM files, with errors that tell an operator what to do. */
#include "reload_core/security/identity.h"

#include "reload_core/security/certificate_private.h"
#include "reload_core/security/error.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX_BYTES 65536
#define CHAIN_MAX 8

/* Reads a small regular file whole; *mode may be NULL. */
static char *read_small_file(const char *path, const char *what, gsize *length, mode_t *mode,
			     GError **error)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	char *text;
	gsize got = 0;
	ssize_t n = 0;

	if (file < 0 || fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
		reload_fail(error, RELOAD_E_CONFIG,
			    "%s: %s cannot be read (%s): make it with `reloadctl cert`, or correct "
			    "the path",
			    path, what, file < 0 ? g_strerror(errno) : "not a regular file");
		if (file >= 0)
			close(file);
		return NULL;
	}
	text = g_malloc(FILE_MAX_BYTES + 1);
	while (got <= FILE_MAX_BYTES && (n = read(file, text + got, FILE_MAX_BYTES + 1 - got)) > 0)
		got += (gsize)n;
	close(file);
	if (n < 0 || got == 0 || got > FILE_MAX_BYTES) {
		reload_fail(error, RELOAD_E_CONFIG,
			    "%s: %s is empty or larger than %d bytes: make it again", path, what,
			    FILE_MAX_BYTES);
		OPENSSL_cleanse(text, got);
		g_free(text);
		return NULL;
	}
	if (mode)
		*mode = status.st_mode;
	*length = got;
	return text;
}

/* A passphrase is not asked for on any terminal: an encrypted key is an error like others. */
static int no_passphrase(char *buffer, int size, int writing, void *user)
{
	(void)buffer, (void)size, (void)writing, (void)user;
	return -1;
}

EVP_PKEY *reload_key_load(const char *key_file, GError **error)
{
	gsize length = 0;
	mode_t mode = 0;
	char *text = read_small_file(key_file, "private key", &length, &mode, error);
	EVP_PKEY *key;
	BIO *bio;

	if (!text)
		return NULL;
	if (mode & (S_IRWXG | S_IRWXO)) {
		reload_fail(error, RELOAD_E_CONFIG,
			    "%s: private key has mode %04o, others may use it: chmod 0600 it (and "
			    "renew the "
			    "key if others had access)",
			    key_file, mode & 07777);
		OPENSSL_cleanse(text, length);
		g_free(text);
		return NULL;
	}
	bio = BIO_new_mem_buf(text, (int)length);
	key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
	BIO_free(bio);
	OPENSSL_cleanse(text, length);
	g_free(text);
	ERR_clear_error();
	if (!key) {
		reload_fail(
		    error, RELOAD_E_CONFIG,
		    "%s: private key is not PEM, or has a passphrase: make it with `reloadctl "
		    "cert`, without passphrase",
		    key_file);
		return NULL;
	}
	if (reload_key_check(key, error) != RELOAD_OK) {
		reload_error_prefix(error, key_file);
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

/* All certificates of a PEM file, DER; NULL if there is none or one is malformed. */
static GPtrArray *read_certificates(const char *path, GError **error)
{
	GPtrArray *list;
	gsize length = 0;
	char *text = read_small_file(path, "certificate", &length, NULL, error);
	bool more = true;
	BIO *bio;

	if (!text)
		return NULL;
	list = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	bio = BIO_new_mem_buf(text, (int)length);
	while (bio && more && list->len <= CHAIN_MAX + 1) {
		unsigned char *data = NULL;
		char *name = NULL, *header = NULL;
		long size = 0;

		more = PEM_read_bio(bio, &name, &header, &data, &size) == 1;
		if (more && strcmp(name, PEM_STRING_X509) == 0)
			g_ptr_array_add(list, g_bytes_new(data, (gsize)size));
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_free(data);
	}
	BIO_free(bio);
	g_free(text);
	/* The file's end is "no start line"; anything else is a broken block. */
	more = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	ERR_clear_error();
	if (more && list->len > 0 && list->len <= CHAIN_MAX + 1)
		return list;
	reload_fail(
	    error, RELOAD_E_CONFIG,
	    "%s: certificate is malformed (PEM with one certificate and at most %d above it is "
	    "expected): make it with `reloadctl cert`",
	    path, CHAIN_MAX);
	g_ptr_array_unref(list);
	return NULL;
}

static char *date_text(int64_t ms)
{
	GDateTime *time = g_date_time_new_from_unix_utc(ms / 1000);
	char *text = time ? g_date_time_format_iso8601(time) : g_strdup("an unknown time");

	if (time)
		g_date_time_unref(time);
	return text;
}

static ReloadStatus check_dates(const ReloadCertificate *certificate, int64_t now, GError **error)
{
	bool early = now < reload_certificate_not_before(certificate);
	char *date;

	if (reload_certificate_check_dates(certificate, now) == RELOAD_OK)
		return RELOAD_OK;
	date = date_text(early ? reload_certificate_not_before(certificate)
			       : reload_certificate_not_after(certificate));
	reload_fail(error, RELOAD_E_EXPIRED,
		    early ? "certificate is not valid before %s: set the clock, or wait"
			  : "certificate has expired on %s: renew it with `reloadctl cert`",
		    date);
	g_free(date);
	return RELOAD_E_EXPIRED;
}

ReloadIdentity *reload_identity_load_certificate(const char *certificate_file, EVP_PKEY *key,
						 const char *overlay, uint8_t node_id_length,
						 int64_t now, GError **error)
{
	GPtrArray *list = read_certificates(certificate_file, error);
	ReloadCertificate *certificate = NULL;
	ReloadIdentity *identity = NULL;
	ReloadSpan der;

	if (!list)
		return NULL;
	der.data = g_bytes_get_data(list->pdata[0], &der.len);
	if (reload_certificate_parse(der, overlay, node_id_length, &certificate, error) ==
		RELOAD_OK &&
	    check_dates(certificate, now, error) == RELOAD_OK) {
		g_ptr_array_remove_index(list, 0);
		identity = reload_identity_new(certificate, list, key, NULL, error);
	}
	if (!identity)
		reload_error_prefix(error, certificate_file);
	reload_certificate_unref(certificate);
	g_ptr_array_unref(list);
	return identity;
}

ReloadIdentity *reload_identity_load(const char *certificate_file, const char *key_file,
				     const char *overlay, uint8_t node_id_length, int64_t now,
				     GError **error)
{
	EVP_PKEY *key = reload_key_load(key_file, error);
	ReloadIdentity *identity;

	if (!key)
		return NULL;
	identity = reload_identity_load_certificate(certificate_file, key, overlay, node_id_length,
						    now, error);
	EVP_PKEY_free(key);
	return identity;
}
