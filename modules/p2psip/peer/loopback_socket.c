/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One UDP socket for all remote nodes: the kernel tells which address a datagram was sent to, and is told
 * which one to answer from (IP_PKTINFO). */
#include "modules/p2psip/peer/loopback_socket.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <unistd.h>

/* Datagrams taken in one turn of the main loop, so that links are served in between. */
#define TURN_MAX 64
#define DATAGRAM_MAX 65536
#define BUFFER_BYTES (4 * 1024 * 1024)

struct LoopbackSocket {
	int fd;
	guint source;
	struct sockaddr_in kamailio;
	LoopbackReceiveFunc receive;
	void *data;
	uint64_t refused;
	uint8_t buffer[DATAGRAM_MAX];
};

static uint32_t destination_of(struct msghdr *header)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			return info.ipi_addr.s_addr;
		}
	}
	return 0;
}

/* 1: a datagram was taken; 0: none is there. */
static int receive_one(LoopbackSocket *self)
{
	uint8_t control[CMSG_SPACE(sizeof(struct in_pktinfo))];
	struct iovec part = {self->buffer, sizeof(self->buffer)};
	struct sockaddr_in from = {0};
	struct msghdr header = {.msg_name = &from,
				.msg_namelen = sizeof(from),
				.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = control,
				.msg_controllen = sizeof(control)};
	ssize_t len = recvmsg(self->fd, &header, MSG_DONTWAIT);
	uint32_t to;

	if (len < 0)
		return errno == EINTR ? 1 : 0;
	to = destination_of(&header);
	if (to == 0 || from.sin_addr.s_addr != self->kamailio.sin_addr.s_addr ||
	    from.sin_port != self->kamailio.sin_port) {
		self->refused++;
		return 1;
	}
	self->receive(self->data, to, (ReloadSpan){self->buffer, (size_t)len});
	return 1;
}

static gboolean readable(gint fd, GIOCondition condition, gpointer user)
{
	LoopbackSocket *self = user;

	(void)fd;
	(void)condition;
	for (int i = 0; i < TURN_MAX && receive_one(self) > 0; i++)
		;
	return G_SOURCE_CONTINUE;
}

static int open_socket(uint16_t port, const char **what)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
	int bytes = BUFFER_BYTES;

	*what = "opening";
	if (fd < 0)
		return -1;
	/* Only the loopback device: nobody outside of this host can reach a flow address. */
	*what = "tying to the device lo";
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) == 0) {
		*what = "binding";
		if (setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) == 0 &&
		    bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0) {
			/* The kernel may grant less; a burst is then lost and retransmitted by SIP. */
			(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
			return fd;
		}
	}
	on = errno;
	close(fd);
	errno = on;
	return -1;
}

LoopbackSocket *loopback_socket_new(uint16_t port, const struct sockaddr_in *kamailio, GError **error)
{
	const char *what;
	int fd = open_socket(port, &what);
	LoopbackSocket *self;

	if (fd < 0) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
			    "flow_port %u: %s the UDP socket failed: %s; choose a free port", port, what,
			    g_strerror(errno));
		return NULL;
	}
	self = g_new0(LoopbackSocket, 1);
	self->fd = fd;
	self->kamailio = *kamailio;
	return self;
}

void loopback_socket_serve(LoopbackSocket *self, LoopbackReceiveFunc receive, void *data)
{
	self->receive = receive;
	self->data = data;
	self->source = g_unix_fd_add(self->fd, G_IO_IN, readable, self);
}

void loopback_socket_free(LoopbackSocket *self)
{
	if (self == NULL)
		return;
	if (self->source != 0)
		g_source_remove(self->source);
	close(self->fd);
	g_free(self);
}

bool loopback_socket_send(LoopbackSocket *self, uint32_t address, ReloadSpan message)
{
	union {
		struct cmsghdr align;
		uint8_t bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} control = {0};
	struct in_pktinfo info = {.ipi_spec_dst = {.s_addr = address}};
	struct iovec part = {(void *)message.data, message.len};
	struct msghdr header = {.msg_name = &self->kamailio,
				.msg_namelen = sizeof(self->kamailio),
				.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = control.bytes,
				.msg_controllen = sizeof(control.bytes)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&header);
	ssize_t sent;

	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	do {
		sent = sendmsg(self->fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)message.len;
}

uint64_t loopback_socket_refused(const LoopbackSocket *self)
{
	return self->refused;
}
