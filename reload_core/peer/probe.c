/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers Probe (RFC 6940, 6.4.2.5). */
#include "reload_core/peer/node_private.h"
#include "reload_core/wire/probe.h"

/* The value of one piece of information; false: we do not know that type. */
static bool value_of(ReloadNode *node, uint8_t type, int64_t now, uint32_t *value)
{
	ReloadStorageUsage usage;

	switch (type) {
	case RELOAD_PROBE_RESPONSIBLE_SET:
		*value = node->plugin->responsible_ppb(node->topology);
		return true;
	case RELOAD_PROBE_NUM_RESOURCES:
		reload_storage_usage(node->storage, &usage);
		*value = (uint32_t)MIN(usage.resources, UINT32_MAX);
		return true;
	case RELOAD_PROBE_UPTIME:
		*value = (uint32_t)MIN((now - node->started) / 1000, (int64_t)UINT32_MAX);
		return true;
	default:
		return false;
	}
}

void reload_probe_on_request(ReloadNode *node, const ReloadIncoming *request,
			     ReloadOutcome *outcome, int64_t now)
{
	ReloadProbeReq probe;
	ReloadProbeAns answer;
	GByteArray *list;

	if (reload_probe_req_decode(request->message->body, &probe) != RELOAD_OK) {
		reload_outcome_error(outcome, RELOAD_ERROR_INVALID_MESSAGE, "malformed Probe");
		return;
	}
	list = g_byte_array_new();
	for (size_t i = 0; i < probe.requested_info.len; i++) {
		ReloadProbeInformation info = {.type = probe.requested_info.data[i]};

		if (value_of(node, info.type, now, &info.number))
			reload_write_probe_information(list, &info);
	}
	answer.probe_info = reload_span(list->data, list->len);
	reload_write_probe_ans(outcome->body, &answer);
	g_byte_array_unref(list);
}
