/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames between the module and its p2psip-peer: what passes the check can be used as its type
 * says, and sealing it again gives the same length; and the names that both halves spell. */
#include <stdlib.h>

#include "modules/p2psip/proto/names.h"
#include "modules/p2psip/proto/protocol.h"
#include "tests/fuzz/fuzz.h"

static void use_edges(const struct p2psip_edges *edges)
{
	char hex[P2PSIP_HEX_SIZE];
	uint8_t node[P2PSIP_NODE_ID_LEN];

	FUZZ_CHECK(edges->count <= P2PSIP_EDGES_MAX);
	FUZZ_CHECK(strlen(edges->aor) < P2PSIP_AOR_MAX);
	for (uint32_t i = 0; i < edges->count; i++) {
		FUZZ_CHECK(strlen(edges->edge[i].preferences) < P2PSIP_PREFS_MAX);
		p2psip_node_to_hex(edges->edge[i].node, hex);
		FUZZ_CHECK(p2psip_node_from_hex(hex, strlen(hex), node) == 0);
		FUZZ_CHECK(memcmp(node, edges->edge[i].node, sizeof(node)) == 0);
	}
}

static void use(struct p2psip_frame *frame, size_t size)
{
	enum p2psip_type type = frame->header.type;

	switch (type) {
	case P2PSIP_STORE:
	case P2PSIP_WITHDRAW:
	case P2PSIP_LOOKUP:
		FUZZ_CHECK(strlen(frame->u.aor) < P2PSIP_AOR_MAX);
		break;
	case P2PSIP_COMMAND:
	case P2PSIP_TEXT:
	case P2PSIP_DONE:
		FUZZ_CHECK(strlen(frame->u.text) < P2PSIP_TEXT_MAX);
		break;
	case P2PSIP_EDGES:
		use_edges(&frame->u.edges);
		break;
	case P2PSIP_STATE:
		FUZZ_CHECK(strlen(frame->u.state.overlay) < P2PSIP_NAME_MAX);
		FUZZ_CHECK(strlen(frame->u.state.text) < sizeof(frame->u.state.text));
		break;
	default:
		break;
	}
	FUZZ_CHECK(p2psip_frame_seal(frame, type, frame->header.id) == size);
	FUZZ_CHECK(p2psip_frame_check(frame, size) == 0);
}

static void names(const char *text, size_t size)
{
	uint8_t node[P2PSIP_NODE_ID_LEN];
	char aor[P2PSIP_AOR_MAX];
	size_t half = size / 2;
	int written = p2psip_aor_write(aor, sizeof(aor), text, half, 1, text + half, size - half);

	FUZZ_CHECK(written < (int)sizeof(aor));
	FUZZ_CHECK(written < 0 || strlen(aor) == (size_t)written);
	p2psip_node_from_hex(text, size, node);
	p2psip_node_from_host(text, size, "overlay.example.org", node);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct p2psip_frame *frame = malloc(sizeof(*frame));

	names((const char *)data, size);
	/* What lies behind the datagram in the receiver's buffer is of an earlier one. */
	memset(frame, 'x', sizeof(*frame));
	memcpy(frame, data, MIN(size, sizeof(*frame)));
	if (p2psip_frame_check(frame, size) == 0)
		use(frame, size);
	free(frame);
	return 0;
}
