/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers Ping (RFC 6940, 6.5.3). */
#include "reload_core/peer/node_private.h"
#include "reload_core/wire/ping.h"

void reload_ping_on_request(ReloadNode *node, const ReloadIncoming *request, ReloadOutcome *outcome,
			    int64_t now)
{
	ReloadPingReq ping;
	ReloadPingAns answer = {.time = (uint64_t)now};

	if (reload_ping_req_decode(request->message->body, &ping) != RELOAD_OK) {
		reload_outcome_error(outcome, RELOAD_ERROR_INVALID_MESSAGE, "malformed Ping");
		return;
	}
	node->io.random(node->io.user, (uint8_t *)&answer.response_id, sizeof(answer.response_id));
	reload_write_ping_ans(outcome->body, &answer);
}
