/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the bodies of the messages that keep the overlay together, and of errors. */
#include "reload_core/wire/attach.h"
#include "reload_core/wire/chord.h"
#include "reload_core/wire/config_update.h"
#include "reload_core/wire/error.h"
#include "reload_core/wire/find.h"
#include "reload_core/wire/ping.h"
#include "reload_core/wire/print_internal.h"
#include "reload_core/wire/probe.h"
#include "reload_core/wire/route_query.h"

static const char *bool_text(bool value)
{
	return value ? "true" : "false";
}

static const char *cand_type_name(uint8_t type)
{
	switch (type) {
	case RELOAD_CAND_HOST:
		return "host";
	case RELOAD_CAND_SRFLX:
		return "srflx";
	case RELOAD_CAND_PRFLX:
		return "prflx";
	case RELOAD_CAND_RELAY:
		return "relay";
	default:
		return "unknown";
	}
}

static void print_candidates(ReloadPrinter *p, ReloadSpan list)
{
	ReloadIceCandidate candidate;
	ReloadIceExtension extension;

	while (reload_ice_candidate_next(&list, &candidate)) {
		reload_print_line(p, "candidate: %s over %s", cand_type_name(candidate.type),
				  reload_link_type_name(candidate.overlay_link));
		p->depth++;
		reload_print_address(p, "addr_port", &candidate.addr_port);
		reload_print_text(p, "foundation", candidate.foundation);
		reload_print_line(p, "priority: %u", candidate.priority);
		if (candidate.type != RELOAD_CAND_HOST)
			reload_print_address(p, "rel_addr_port", &candidate.rel_addr_port);
		while (reload_ice_extension_next(&candidate.extensions, &extension)) {
			reload_print_text(p, "extension", extension.name);
			reload_print_text(p, "value", extension.value);
		}
		p->depth--;
	}
}

static ReloadStatus print_attach(ReloadPrinter *p, ReloadSpan body)
{
	ReloadAttach attach;
	ReloadStatus status = reload_attach_decode(body, &attach);

	if (status != RELOAD_OK)
		return status;
	reload_print_text(p, "ufrag", attach.ufrag);
	reload_print_text(p, "password", attach.password);
	reload_print_text(p, "role", attach.role);
	print_candidates(p, attach.candidates);
	reload_print_line(p, "send_update: %s", bool_text(attach.send_update));
	return RELOAD_OK;
}

static ReloadStatus print_app_attach(ReloadPrinter *p, ReloadSpan body)
{
	ReloadAppAttach attach;
	ReloadStatus status = reload_app_attach_decode(body, &attach);

	if (status != RELOAD_OK)
		return status;
	reload_print_text(p, "ufrag", attach.ufrag);
	reload_print_text(p, "password", attach.password);
	reload_print_line(p, "application: %u", attach.application);
	reload_print_text(p, "role", attach.role);
	print_candidates(p, attach.candidates);
	return RELOAD_OK;
}

static const char *probe_name(uint8_t type)
{
	switch (type) {
	case RELOAD_PROBE_RESPONSIBLE_SET:
		return "responsible_ppb";
	case RELOAD_PROBE_NUM_RESOURCES:
		return "num_resources";
	case RELOAD_PROBE_UPTIME:
		return "uptime";
	default:
		return NULL;
	}
}

static ReloadStatus print_probe_ans(ReloadPrinter *p, ReloadSpan body)
{
	ReloadProbeInformation info;
	ReloadProbeAns ans;
	ReloadStatus status = reload_probe_ans_decode(body, &ans);

	if (status != RELOAD_OK)
		return status;
	while (reload_probe_information_next(&ans.probe_info, &info)) {
		if (probe_name(info.type) != NULL)
			reload_print_line(p, "%s: %u", probe_name(info.type), info.number);
		else
			reload_print_hex(p, "information of an unknown type", info.value);
	}
	return RELOAD_OK;
}

static ReloadStatus print_probe_req(ReloadPrinter *p, ReloadSpan body)
{
	ReloadProbeReq req;
	ReloadStatus status = reload_probe_req_decode(body, &req);

	if (status == RELOAD_OK)
		reload_print_hex(p, "requested_info", req.requested_info);
	return status;
}

static ReloadStatus print_ping(ReloadPrinter *p, uint16_t code, ReloadSpan body)
{
	ReloadPingReq req;
	ReloadPingAns ans;
	ReloadStatus status;

	if (code == RELOAD_PING_REQ) {
		status = reload_ping_req_decode(body, &req);
		if (status == RELOAD_OK)
			reload_print_line(p, "padding: %zu bytes", req.padding.len);
		return status;
	}
	status = reload_ping_ans_decode(body, &ans);
	if (status != RELOAD_OK)
		return status;
	reload_print_line(p, "response_id: 0x%016" G_GINT64_MODIFIER "x", ans.response_id);
	reload_print_time(p, "time", ans.time);
	return RELOAD_OK;
}

/* RFC 6940, 14.16: a document with a shared secret is shown to nobody. */
static void print_document(ReloadPrinter *p, ReloadSpan data)
{
	static const char element[] = "shared-secret";

	if (memmem(data.data, data.len, element, strlen(element)) == NULL)
		reload_print_text(p, "config_data", data);
	else
		reload_print_line(p, "config_data: %zu bytes, not shown: there is a shared-secret",
				  data.len);
}

static ReloadStatus print_config_update(ReloadPrinter *p, ReloadSpan body)
{
	ReloadConfigUpdateReq req;
	ReloadSpan xml;
	ReloadStatus status = reload_config_update_req_decode(body, &req);

	if (status != RELOAD_OK)
		return status;
	reload_print_line(p, "type: %u", req.type);
	if (req.type == RELOAD_CONFIG_UPDATE_CONFIG)
		print_document(p, req.data);
	else if (req.type != RELOAD_CONFIG_UPDATE_KIND)
		reload_print_hex(p, "data", req.data);
	else
		while (reload_kind_description_next(&req.data, &xml))
			reload_print_text(p, "kind", xml);
	return RELOAD_OK;
}

static ReloadStatus print_route_query_req(ReloadPrinter *p, ReloadSpan body)
{
	ReloadRouteQueryReq req;
	ReloadStatus status = reload_route_query_req_decode(body, p->node_id_len, &req);

	if (status != RELOAD_OK)
		return status;
	reload_print_line(p, "send_update: %s", bool_text(req.send_update));
	reload_print_destination(p, &req.destination);
	reload_print_hex(p, "overlay_specific_data", req.overlay_specific_data);
	return RELOAD_OK;
}

static ReloadStatus print_route_query_ans(ReloadPrinter *p, ReloadSpan body)
{
	ReloadChordRouteQueryAns ans;
	ReloadStatus status = reload_chord_route_query_ans_decode(body, p->node_id_len, &ans);

	if (status == RELOAD_OK)
		reload_print_node_id(p, "next_peer", &ans.next_peer);
	return status;
}

static ReloadStatus print_join(ReloadPrinter *p, uint16_t code, ReloadSpan body)
{
	ReloadJoinReq req;
	ReloadJoinAns ans;
	ReloadStatus status;

	if (code == RELOAD_JOIN_ANS) {
		status = reload_join_ans_decode(body, &ans);
		if (status == RELOAD_OK)
			reload_print_hex(p, "overlay_specific_data", ans.overlay_specific_data);
		return status;
	}
	status = reload_join_req_decode(body, p->node_id_len, &req);
	if (status != RELOAD_OK)
		return status;
	reload_print_node_id(p, "joining_peer_id", &req.joining_peer_id);
	reload_print_hex(p, "overlay_specific_data", req.overlay_specific_data);
	return RELOAD_OK;
}

static ReloadStatus print_leave(ReloadPrinter *p, ReloadSpan body)
{
	ReloadChordLeaveData leave;
	ReloadLeaveReq req;
	ReloadStatus status = reload_leave_req_decode(body, p->node_id_len, &req);

	if (status != RELOAD_OK)
		return status;
	reload_print_node_id(p, "leaving_peer_id", &req.leaving_peer_id);
	if (reload_chord_leave_data_decode(req.overlay_specific_data, p->node_id_len, &leave) !=
	    RELOAD_OK)
		reload_print_hex(p, "overlay_specific_data", req.overlay_specific_data);
	else if (leave.type == RELOAD_CHORD_FROM_SUCC)
		reload_print_node_ids(p, "from_succ successors", leave.nodes);
	else
		reload_print_node_ids(p, "from_pred predecessors", leave.nodes);
	return RELOAD_OK;
}

static ReloadStatus print_update(ReloadPrinter *p, ReloadSpan body)
{
	static const char *const types[] = {"", "peer_ready", "neighbors", "full"};
	ReloadChordUpdate update;
	ReloadStatus status = reload_chord_update_decode(body, p->node_id_len, &update);

	if (status != RELOAD_OK)
		return status;
	reload_print_line(p, "uptime: %u", update.uptime);
	reload_print_line(p, "type: %s", types[update.type]);
	if (update.type == RELOAD_CHORD_PEER_READY)
		return RELOAD_OK;
	reload_print_node_ids(p, "predecessors", update.predecessors);
	reload_print_node_ids(p, "successors", update.successors);
	if (update.type == RELOAD_CHORD_FULL)
		reload_print_node_ids(p, "fingers", update.fingers);
	return RELOAD_OK;
}

static ReloadStatus print_error(ReloadPrinter *p, ReloadSpan body)
{
	ReloadErrorResponse error;
	ReloadSpan kinds;
	uint32_t kind;
	ReloadStatus status = reload_error_decode(body, &error);

	if (status != RELOAD_OK)
		return status;
	reload_print_line(p, "error_code: %s (0x%x)", reload_error_code_name(error.error_code),
			  error.error_code);
	if (error.error_code == RELOAD_ERROR_GENERATION_COUNTER_TOO_LOW &&
	    reload_print_store_ans(p, error.error_info) == RELOAD_OK)
		return RELOAD_OK;
	if (error.error_code == RELOAD_ERROR_UNKNOWN_KIND &&
	    reload_unknown_kinds_decode(error.error_info, &kinds) == RELOAD_OK) {
		while (reload_kind_next(&kinds, &kind))
			reload_print_kind(p, kind);
		return RELOAD_OK;
	}
	reload_print_text(p, "error_info", error.error_info);
	return RELOAD_OK;
}

ReloadStatus reload_print_overlay_body(ReloadPrinter *p, uint16_t code, ReloadSpan body)
{
	switch (code) {
	case RELOAD_PROBE_REQ:
		return print_probe_req(p, body);
	case RELOAD_PROBE_ANS:
		return print_probe_ans(p, body);
	case RELOAD_ATTACH_REQ:
	case RELOAD_ATTACH_ANS:
		return print_attach(p, body);
	case RELOAD_APP_ATTACH_REQ:
	case RELOAD_APP_ATTACH_ANS:
		return print_app_attach(p, body);
	case RELOAD_JOIN_REQ:
	case RELOAD_JOIN_ANS:
		return print_join(p, code, body);
	case RELOAD_LEAVE_REQ:
		return print_leave(p, body);
	case RELOAD_UPDATE_REQ:
		return print_update(p, body);
	case RELOAD_ROUTE_QUERY_REQ:
		return print_route_query_req(p, body);
	case RELOAD_ROUTE_QUERY_ANS:
		return print_route_query_ans(p, body);
	case RELOAD_PING_REQ:
	case RELOAD_PING_ANS:
		return print_ping(p, code, body);
	case RELOAD_CONFIG_UPDATE_REQ:
		return print_config_update(p, body);
	case RELOAD_LEAVE_ANS:
	case RELOAD_UPDATE_ANS:
	case RELOAD_CONFIG_UPDATE_ANS:
		return reload_empty_decode(body);
	case RELOAD_ERROR:
		return print_error(p, body);
	default:
		return RELOAD_E_UNSUPPORTED;
	}
}
