/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of keys and certificates. */
#include "tools/ca/files.h"

#include "reload_core/security/error.h"
#include "reload_core/security/issue.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bool ca_make_directory(const char *path, GError **error)
{
	if (g_mkdir_with_parents(path, 0700) == 0)
		return true;
	reload_fail(error, RELOAD_E_CONFIG, "%s: directory cannot be made (%s): choose another",
		    path, g_strerror(errno));
	return false;
}

static bool write_all(int file, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t n = write(file, text, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text += n;
		length -= (size_t)n;
	}
	return true;
}

/* Makes a file with that text and sees to it that it is on the disk; errno tells why not. */
static bool write_new(const char *path, const char *text, size_t length, unsigned mode)
{
	int file, saved;
	bool good;

	unlink(path);
	file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
	if (file < 0)
		return false;
	good = fchmod(file, (mode_t)mode) == 0 && write_all(file, text, length) && fsync(file) == 0;
	saved = errno;
	if (close(file) != 0 && good)
		return false;
	errno = saved;
	return good;
}

/* Sees to it that the names in the directory of path are on the disk; errno tells why not. */
static bool sync_directory_of(const char *path)
{
	char *name = g_path_get_dirname(path);
	int directory = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = directory >= 0 && fsync(directory) == 0;
	int saved = errno;

	if (directory >= 0)
		close(directory);
	g_free(name);
	errno = saved;
	return good;
}

bool ca_write_file(const char *path, const char *text, size_t length, unsigned mode, GError **error)
{
	char *temporary = g_strdup_printf("%s.new-%ld", path, (long)getpid());
	/* The text first: after a power cut the new name must not lead to an empty file. */
	bool good = write_new(temporary, text, length, mode) && rename(temporary, path) == 0 &&
		    sync_directory_of(path);
	int saved = errno;

	if (!good) {
		unlink(temporary);
		reload_fail(error, RELOAD_E_CONFIG,
			    "%s: cannot be written (%s): check the directory", path,
			    g_strerror(saved));
	}
	g_free(temporary);
	return good;
}

bool ca_write_certificate(const char *path, GBytes *der, GError **error)
{
	char *pem = reload_certificate_to_pem(der);
	bool good;

	if (!pem) {
		reload_fail(error, RELOAD_E_INTERNAL, "%s: certificate cannot be written as PEM",
			    path);
		return false;
	}
	good = ca_write_file(path, pem, strlen(pem), 0644, error);
	g_free(pem);
	return good;
}

bool ca_write_key(const char *path, EVP_PKEY *key, GError **error)
{
	char *pem = reload_key_to_pem(key);
	bool good;

	if (!pem) {
		reload_fail(error, RELOAD_E_INTERNAL, "%s: private key cannot be written as PEM",
			    path);
		return false;
	}
	good = ca_write_file(path, pem, strlen(pem), 0600, error);
	OPENSSL_cleanse(pem, strlen(pem));
	g_free(pem);
	return good;
}

GBytes *ca_read_certificate(const char *path, GError **error)
{
	FILE *file = fopen(path, "re");
	unsigned char *der = NULL;
	X509 *x509;
	GBytes *bytes = NULL;
	int length = 0;

	if (!file) {
		reload_fail(
		    error, RELOAD_E_CONFIG,
		    "%s: certificate cannot be read (%s): correct the path, or make it again", path,
		    g_strerror(errno));
		return NULL;
	}
	x509 = PEM_read_X509(file, NULL, NULL, NULL);
	fclose(file);
	if (x509)
		length = i2d_X509(x509, &der);
	X509_free(x509);
	ERR_clear_error();
	if (length > 0)
		bytes = g_bytes_new(der, (gsize)length);
	else
		reload_fail(error, RELOAD_E_CONFIG,
			    "%s: certificate is malformed (not PEM): make it again", path);
	OPENSSL_free(der);
	return bytes;
}

bool ca_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

int64_t ca_now(void)
{
	return g_get_real_time() / 1000;
}

char *ca_date(int64_t ms)
{
	GDateTime *time = g_date_time_new_from_unix_utc(ms / 1000);
	char *text = time ? g_date_time_format(time, "%Y-%m-%d") : g_strdup("an unknown day");

	if (time)
		g_date_time_unref(time);
	return text;
}
