/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames between the broker and its p2psip-peer: sealing, checking, sending, receiving. */
#include "modules/p2psip/proto/protocol.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define HEADER sizeof(struct p2psip_header)
#define EDGES_BASE (offsetof(struct p2psip_frame, u.edges.edge))

/* Length of a text with its NUL, at most max. */
static size_t text_size(const char *text, size_t max)
{
	size_t len = strnlen(text, max - 1);

	return len + 1;
}

static size_t body_size(const struct p2psip_frame *frame, unsigned type)
{
	switch (type) {
	case P2PSIP_STORE:
	case P2PSIP_WITHDRAW:
	case P2PSIP_LOOKUP:
		return text_size(frame->u.aor, sizeof(frame->u.aor));
	case P2PSIP_RESOLVE:
	case P2PSIP_FLOW_KNOWN:
		return sizeof(frame->u.node);
	case P2PSIP_COMMAND:
	case P2PSIP_TEXT:
	case P2PSIP_DONE:
		return text_size(frame->u.text, sizeof(frame->u.text));
	case P2PSIP_EDGES:
		return EDGES_BASE - HEADER + frame->u.edges.count * sizeof(struct p2psip_edge);
	case P2PSIP_FLOW:
		return sizeof(frame->u.flow);
	case P2PSIP_STATE:
		return sizeof(frame->u.state);
	case P2PSIP_STATISTICS:
		return sizeof(frame->u.statistics);
	default:
		return 0;
	}
}

size_t p2psip_frame_seal(struct p2psip_frame *frame, enum p2psip_type type, uint32_t id)
{
	frame->header.version = P2PSIP_PROTOCOL_VERSION;
	frame->header.type = (uint16_t)type;
	frame->header.id = id;
	frame->header.length = (uint32_t)(HEADER + body_size(frame, type));
	return frame->header.length;
}

/* A text of exactly size bytes, its only NUL the last of them. */
static int text_ok(const char *text, size_t size, size_t max)
{
	return size >= 1 && size <= max && strnlen(text, size) == size - 1;
}

static int terminated(const char *text, size_t size)
{
	return strnlen(text, size) < size;
}

static int edges_ok(const struct p2psip_edges *edges, size_t size)
{
	if (size < EDGES_BASE - HEADER || edges->count > P2PSIP_EDGES_MAX)
		return 0;
	if (size != EDGES_BASE - HEADER + edges->count * sizeof(struct p2psip_edge))
		return 0;
	if (!terminated(edges->aor, sizeof(edges->aor)))
		return 0;
	for (uint32_t i = 0; i < edges->count; i++) {
		if (!terminated(edges->edge[i].preferences, sizeof(edges->edge[i].preferences)))
			return 0;
	}
	return 1;
}

int p2psip_frame_check(const struct p2psip_frame *frame, size_t received)
{
	size_t size;
	int ok;

	if (received < HEADER || received > sizeof(*frame))
		return -1;
	if (frame->header.version != P2PSIP_PROTOCOL_VERSION || frame->header.length != received)
		return -1;
	size = received - HEADER;
	switch (frame->header.type) {
	case P2PSIP_STORE:
	case P2PSIP_WITHDRAW:
	case P2PSIP_LOOKUP:
		ok = text_ok(frame->u.aor, size, sizeof(frame->u.aor));
		break;
	case P2PSIP_COMMAND:
	case P2PSIP_TEXT:
	case P2PSIP_DONE:
		ok = text_ok(frame->u.text, size, sizeof(frame->u.text));
		break;
	case P2PSIP_EDGES:
		ok = edges_ok(&frame->u.edges, size);
		break;
	case P2PSIP_STATE:
		ok = size == sizeof(frame->u.state) &&
		     terminated(frame->u.state.overlay, sizeof(frame->u.state.overlay)) &&
		     terminated(frame->u.state.text, sizeof(frame->u.state.text));
		break;
	case P2PSIP_RESOLVE:
	case P2PSIP_FLOW_KNOWN:
	case P2PSIP_FLOW:
	case P2PSIP_STATISTICS:
		ok = size == body_size(frame, frame->header.type);
		break;
	case P2PSIP_LEAVE:
		ok = size == 0;
		break;
	default:
		ok = 0;
	}
	return ok ? 0 : -1;
}

int p2psip_frame_send(int fd, const struct p2psip_frame *frame)
{
	ssize_t sent;

	do {
		sent = send(fd, frame, frame->header.length, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)frame->header.length ? 0 : -1;
}

int p2psip_frame_receive(int fd, struct p2psip_frame *frame)
{
	ssize_t received;

	do {
		received = recv(fd, frame, sizeof(*frame), MSG_DONTWAIT | MSG_TRUNC);
	} while (received < 0 && errno == EINTR);
	if (received < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
	if (received == 0) {
		errno = ECONNRESET;
		return -1;
	}
	if (p2psip_frame_check(frame, (size_t)received) != 0) {
		errno = EPROTO;
		return -1;
	}
	return 1;
}
