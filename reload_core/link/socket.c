/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens and tunes the TCP sockets of links and application connections. */
#include "reload_core/link/socket.h"

#include "reload_core/security/error.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#define BACKLOG 512

static int open_socket(const ReloadAddress *address, struct sockaddr_storage *sockaddr,
		       socklen_t *length)
{
	*length = reload_address_to_sockaddr(address, sockaddr);
	if (*length == 0) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	return socket(sockaddr->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
}

static void set_option(int fd, int level, int name, int value)
{
	/* an option that this kernel lacks costs speed of detection, not correctness */
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

static bool bind_and_listen(int fd, const struct sockaddr_storage *sockaddr, socklen_t length,
			    ReloadAddress *bound)
{
	set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (sockaddr->ss_family == AF_INET6) /* :: and 0.0.0.0 can then both be listened on */
		set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	return bind(fd, (const struct sockaddr *)sockaddr, length) == 0 &&
	       listen(fd, BACKLOG) == 0 && reload_socket_local(fd, bound);
}

int reload_socket_listen(const ReloadAddress *address, ReloadAddress *bound, GError **error)
{
	struct sockaddr_storage sockaddr;
	socklen_t length;
	char text[RELOAD_ADDRESS_TEXT];
	int fd = open_socket(address, &sockaddr, &length);

	if (fd < 0 || !bind_and_listen(fd, &sockaddr, length, bound)) {
		reload_fail(
		    error, RELOAD_E_CONFIG,
		    "cannot listen on %s: %s; listen on an address of this host with a free port",
		    reload_address_to_text(address, text), g_strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

int reload_socket_connect(const ReloadAddress *address)
{
	struct sockaddr_storage sockaddr;
	socklen_t length;
	int fd = open_socket(address, &sockaddr, &length);

	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&sockaddr, length) != 0 && errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

void reload_socket_tune(int fd, int64_t idle, int64_t give_up)
{
	int idle_s = (int)MAX(idle / 1000, 1);

	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle_s);
	set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1);
	set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, (int)CLAMP(give_up / 1000 - idle_s, 2, 127));
	set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)give_up);
}

int64_t reload_socket_silence(int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0 ||
	    length < G_STRUCT_OFFSET(struct tcp_info, tcpi_pmtu))
		return 0;
	return MIN(info.tcpi_last_ack_recv, info.tcpi_last_data_recv);
}

int reload_socket_error(int fd)
{
	int error = 0;
	socklen_t length = sizeof(error);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

bool reload_socket_local(int fd, ReloadAddress *out)
{
	struct sockaddr_storage sockaddr;
	socklen_t length = sizeof(sockaddr);

	return getsockname(fd, (struct sockaddr *)&sockaddr, &length) == 0 &&
	       reload_address_from_sockaddr(&sockaddr, out);
}
