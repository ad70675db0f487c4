/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether Kamailio has the async group that resumes suspended transactions. Kamailio tells neither
 * whether a group exists nor whether it blocks; before the first fork one can find out by pushing a
 * task and looking on which sockets it shows. */
#include "modules/p2psip/config.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Whether fd is one end of a pair of Unix datagram sockets, as Kamailio's async groups use. */
static int is_datagram_pair(int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(int);
	int type = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0 || type != SOCK_DGRAM)
		return 0;
	len = sizeof(address);
	return getsockname(fd, (struct sockaddr *)&address, &len) == 0 &&
	       address.ss_family == AF_UNIX;
}

struct async_group_sockets {
	int reader; /* holds exactly the probe */
	int writer; /* sent exactly the probe */
};

static int find_sockets(struct async_group_sockets *found, const async_task_t *probe)
{
	struct rlimit limit = {1024, 1024};
	async_task_t *seen;
	int pending;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur > 65536)
		limit.rlim_cur = 65536;
	for (int fd = 3; fd < (int)limit.rlim_cur; fd++) {
		if (!is_datagram_pair(fd))
			continue;
		if (recv(fd, &seen, sizeof(seen), MSG_PEEK | MSG_DONTWAIT) == sizeof(seen) &&
		    seen == probe)
			found->reader = fd;
		else if (ioctl(fd, SIOCOUTQ, &pending) == 0 && pending > 0)
			found->writer = fd;
	}
	return found->reader >= 0 && found->writer >= 0 ? 0 : -1;
}

int p2psip_config_check_async_group(void)
{
	str name = {p2psip_config.async_group, strlen(p2psip_config.async_group)};
	struct async_group_sockets found = {-1, -1};
	async_task_t *probe = shm_malloc(sizeof(*probe));
	async_task_t *taken;
	int ok;

	if (probe == NULL) {
		SHM_MEM_ERROR;
		return -1;
	}
	memset(probe, 0, sizeof(*probe));
	ok = async_task_group_push(&name, probe) == 0 && find_sockets(&found, probe) == 0;
	if (found.reader >= 0)
		(void)!recv(found.reader, &taken, sizeof(taken), MSG_DONTWAIT);
	shm_free(probe);
	if (ok && (fcntl(found.writer, F_GETFL) & O_NONBLOCK))
		return 0;
	LM_ERR("modparam async_group: no async group \"%s\"%s: add "
	       "async_workers_group=\"name=%s;workers=2;nonblock=1;usleep=0\"\n",
	       p2psip_config.async_group, ok ? " with nonblock=1" : "", p2psip_config.async_group);
	return -1;
}
