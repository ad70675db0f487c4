/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines that the peer writes to stderr. A word at their beginning, as in "warning: ...", sets the level. */
#include "modules/p2psip/peer_log.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "modules/p2psip/compat.h"

static char line[1024];
static size_t used;

static int starts(const char *word)
{
	return strncasecmp(line, word, strlen(word)) == 0;
}

static void log_line(void)
{
	line[used] = '\0';
	if (used == 0)
		return;
	if (starts("err") || starts("crit") || starts("fatal"))
		LM_ERR("peer: %s\n", line);
	else if (starts("warn"))
		LM_WARN("peer: %s\n", line);
	else if (starts("debug"))
		LM_DBG("peer: %s\n", line);
	else
		LM_INFO("peer: %s\n", line);
	used = 0;
}

void p2psip_peer_log_read(int fd)
{
	char buffer[4096];
	ssize_t n;

	if (fd < 0)
		return;
	n = read(fd, buffer, sizeof(buffer));
	for (ssize_t i = 0; i < n; i++) {
		if (buffer[i] == '\n' || used == sizeof(line) - 1)
			log_line();
		if (buffer[i] != '\n')
			line[used++] = buffer[i];
	}
}
