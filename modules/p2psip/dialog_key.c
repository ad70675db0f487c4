/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file dialog.key: 32 random bytes, readable by its owner only. */
#include "modules/p2psip/dialog_key.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "modules/p2psip/compat.h"

static int read_key(const char *path, uint8_t key[P2PSIP_DIALOG_KEY_LEN])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, key, P2PSIP_DIALOG_KEY_LEN);
	close(fd);
	return n == P2PSIP_DIALOG_KEY_LEN ? 0 : -1;
}

static int write_key(const char *path, const uint8_t key[P2PSIP_DIALOG_KEY_LEN])
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, key, P2PSIP_DIALOG_KEY_LEN);
	close(fd);
	return n == P2PSIP_DIALOG_KEY_LEN ? 0 : -1;
}

int p2psip_dialog_key(const char *dir, uint8_t key[P2PSIP_DIALOG_KEY_LEN])
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/dialog.key", dir);
	if (read_key(path, key) == 0)
		return 0;
	if (getrandom(key, P2PSIP_DIALOG_KEY_LEN, 0) != P2PSIP_DIALOG_KEY_LEN) {
		LM_ERR("getrandom: %s\n", strerror(errno));
		return -1;
	}
	if (write_key(path, key) != 0)
		LM_WARN("%s: %s: calls that are up when Kamailio restarts will not be recognised: "
			"let the "
			"user that Kamailio runs as write there\n",
			path, strerror(errno));
	return 0;
}
