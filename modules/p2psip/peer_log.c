/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines that the peer writes to stderr: "TIME p2psip-peer[PID]: LEVEL: TEXT", or anything that a
 * library prints. */
#include "modules/p2psip/peer_log.h"

#include <string.h>
#include <unistd.h>

#include "modules/p2psip/compat.h"

static char line[1024];
static size_t used;

/* Takes "word: " off the beginning of text: what follows, or NULL if text does not begin with it.
 */
static char *after(char *text, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(text, word, len) != 0 || strncmp(text + len, ": ", 2) != 0)
		return NULL;
	return text + len + 2;
}

static void log_line(void)
{
	char *text = line;
	char *rest;

	line[used] = '\0';
	used = 0;
	/* Kamailio's log has its own times and names. */
	rest = strstr(line, "]: ");
	if (rest != NULL && strstr(line, " p2psip-peer[") != NULL)
		text = rest + 3;
	if ((rest = after(text, "debug")) != NULL)
		LM_DBG("peer: %s\n", rest);
	else if ((rest = after(text, "info")) != NULL || (rest = after(text, "notice")) != NULL)
		LM_INFO("peer: %s\n", rest);
	else if ((rest = after(text, "warning")) != NULL)
		LM_WARN("peer: %s\n", rest);
	else if ((rest = after(text, "error")) != NULL)
		LM_ERR("peer: %s\n", rest);
	else if (text[0] != '\0')
		LM_ERR("peer: %s\n", text);
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
