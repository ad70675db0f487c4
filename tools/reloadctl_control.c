/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Talks to a peer's control socket. */
#include "tools/reloadctl_control.h"

#include "reload_core/security/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define TIMEOUT 30

static int open_socket(const char *path, GError **error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval timeout = {.tv_sec = TIMEOUT};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		reload_fail(error, RELOAD_E_CONFIG, "%s: longer than a socket's path may be", path);
		return -1;
	}
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) != 0) {
		reload_fail(error, RELOAD_E_UNREACHABLE, "%s: %s; is the peer running?", path,
			    g_strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static bool read_answer(FILE *in, FILE *out, const char *path, GError **error)
{
	char *line = NULL;
	size_t size = 0;
	bool ended = false, good = false;

	while (!ended && getline(&line, &size, in) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, ".") == 0)
			ended = good = true;
		else if (line[0] == '!')
			ended = true;
		else
			fprintf(out, "%s\n",
				line + (line[0] == ' ' && (line[1] == '.' || line[1] == '!')));
	}
	if (!ended)
		reload_fail(error, RELOAD_E_TIMEOUT, "%s: the peer gave no answer", path);
	else if (!good)
		reload_fail(error, RELOAD_E_REMOTE, "%s", line + strspn(line, "! "));
	free(line);
	return good;
}

bool reloadctl_control(const char *path, const char *line, FILE *out, GError **error)
{
	int fd = open_socket(path, error);
	FILE *stream = fd >= 0 ? fdopen(fd, "r+") : NULL;
	bool good;

	if (stream == NULL) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	if (fprintf(stream, "%s\n", line) < 0 || fflush(stream) != 0) {
		reload_fail(error, RELOAD_E_UNREACHABLE, "%s: %s", path, g_strerror(errno));
		fclose(stream);
		return false;
	}
	good = read_answer(stream, out, path, error);
	fclose(stream);
	return good;
}
