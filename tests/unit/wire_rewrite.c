/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decoding and encoding again, of all messages but those of the storage methods. */
#include "tests/unit/wire_rewrite.h"

#include "reload_core/wire/attach.h"
#include "reload_core/wire/chord.h"
#include "reload_core/wire/config_update.h"
#include "reload_core/wire/error.h"
#include "reload_core/wire/find.h"
#include "reload_core/wire/ping.h"
#include "reload_core/wire/probe.h"
#include "reload_core/wire/route_query.h"
#include "tests/unit/wire_rewrite_storage.h"
#include "tests/unit/wire_rewrite_value.h"

#define ID_LEN RELOAD_NODE_ID_MIN

static ReloadSpan view(const GByteArray *bytes)
{
	return reload_span(bytes->data, bytes->len);
}

static void rewrite_candidates(ReloadSpan list, GByteArray *out, GHashTable *arms)
{
	ReloadIceCandidate candidate;

	while (reload_ice_candidate_next(&list, &candidate)) {
		g_autoptr(GByteArray) extensions = g_byte_array_new();
		ReloadIceExtension extension;

		wire_rewrite_note_address(&candidate.addr_port, arms);
		wire_arms_add(arms, "OverlayLinkType", candidate.overlay_link);
		wire_arms_add(arms, "CandType", candidate.type);
		wire_arms_add_text(arms, "IceCandidate.extensions",
				   candidate.extensions.len > 0 ? "some" : "none");
		while (reload_ice_extension_next(&candidate.extensions, &extension))
			g_assert_true(reload_write_ice_extension(extensions, &extension));
		candidate.extensions = view(extensions);
		g_assert_true(reload_write_ice_candidate(out, &candidate));
	}
}

static ReloadStatus rewrite_attach(ReloadSpan body, GByteArray *out, GHashTable *arms)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadAttach attach;
	ReloadStatus status = reload_attach_decode(body, &attach);

	if (status != RELOAD_OK)
		return status;
	rewrite_candidates(attach.candidates, list, arms);
	attach.candidates = view(list);
	wire_arms_add(arms, "send_update", attach.send_update);
	g_assert_true(reload_write_attach(out, &attach));
	return RELOAD_OK;
}

static ReloadStatus rewrite_app_attach(ReloadSpan body, GByteArray *out, GHashTable *arms)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadAppAttach attach;
	ReloadStatus status = reload_app_attach_decode(body, &attach);

	if (status != RELOAD_OK)
		return status;
	rewrite_candidates(attach.candidates, list, arms);
	attach.candidates = view(list);
	wire_arms_add(arms, "ApplicationId", attach.application);
	g_assert_true(reload_write_app_attach(out, &attach));
	return RELOAD_OK;
}

static ReloadStatus rewrite_probe_ans(ReloadSpan body, GByteArray *out, GHashTable *arms)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadProbeInformation info;
	ReloadProbeAns ans;
	ReloadStatus status = reload_probe_ans_decode(body, &ans);

	if (status != RELOAD_OK)
		return status;
	while (reload_probe_information_next(&ans.probe_info, &info)) {
		wire_arms_add(arms, "ProbeType", info.type);
		g_assert_true(reload_write_probe_information(list, &info));
	}
	ans.probe_info = view(list);
	g_assert_true(reload_write_probe_ans(out, &ans));
	return RELOAD_OK;
}

static ReloadStatus rewrite_config_update(ReloadSpan body, GByteArray *out, GHashTable *arms)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadConfigUpdateReq req;
	ReloadSpan xml;
	ReloadStatus status = reload_config_update_req_decode(body, &req);

	if (status != RELOAD_OK)
		return status;
	wire_arms_add(arms, "ConfigUpdateType", req.type);
	if (req.type == RELOAD_CONFIG_UPDATE_KIND) {
		while (reload_kind_description_next(&req.data, &xml))
			g_assert_true(reload_write_kind_description(list, xml));
		req.data = view(list);
	}
	g_assert_true(reload_write_config_update_req(out, &req));
	return RELOAD_OK;
}

/* Copies a list of Node-IDs one by one. */
static ReloadSpan rewrite_nodes(ReloadSpan list, GByteArray *copy)
{
	ReloadNodeId id;

	while (reload_node_id_next(&list, ID_LEN, &id))
		reload_write_node_id(copy, &id);
	return view(copy);
}

static ReloadStatus rewrite_update(ReloadSpan body, GByteArray *out, GHashTable *arms)
{
	g_autoptr(GByteArray) predecessors = g_byte_array_new();
	g_autoptr(GByteArray) successors = g_byte_array_new();
	g_autoptr(GByteArray) fingers = g_byte_array_new();
	ReloadChordUpdate update;
	ReloadStatus status = reload_chord_update_decode(body, ID_LEN, &update);

	if (status != RELOAD_OK)
		return status;
	wire_arms_add(arms, "ChordUpdateType", update.type);
	update.predecessors = rewrite_nodes(update.predecessors, predecessors);
	update.successors = rewrite_nodes(update.successors, successors);
	update.fingers = rewrite_nodes(update.fingers, fingers);
	g_assert_true(reload_write_chord_update(out, &update));
	return RELOAD_OK;
}

static ReloadStatus rewrite_leave(ReloadSpan body, GByteArray *out, GHashTable *arms)
{
	g_autoptr(GByteArray) nodes = g_byte_array_new();
	g_autoptr(GByteArray) data = g_byte_array_new();
	ReloadLeaveReq req;
	ReloadChordLeaveData leave;
	ReloadStatus status = reload_leave_req_decode(body, ID_LEN, &req);

	if (status == RELOAD_OK)
		status = reload_chord_leave_data_decode(req.overlay_specific_data, ID_LEN, &leave);
	if (status != RELOAD_OK)
		return status;
	wire_arms_add(arms, "ChordLeaveType", leave.type);
	leave.nodes = rewrite_nodes(leave.nodes, nodes);
	g_assert_true(reload_write_chord_leave_data(data, &leave));
	req.overlay_specific_data = view(data);
	g_assert_true(reload_write_leave_req(out, &req));
	return RELOAD_OK;
}

static ReloadStatus rewrite_route_query(ReloadSpan body, GByteArray *out, GHashTable *arms)
{
	ReloadRouteQueryReq req;
	ReloadStatus status = reload_route_query_req_decode(body, ID_LEN, &req);

	if (status != RELOAD_OK)
		return status;
	wire_arms_add(arms, "send_update", req.send_update);
	wire_rewrite_note_destination(&req.destination, "RouteQueryReq.destination", arms);
	g_assert_true(reload_write_route_query_req(out, &req));
	return RELOAD_OK;
}

/* Adds whether a Join, or its answer, has data of the topology plug-in. */
static void note_data(const char *what, ReloadSpan data, GHashTable *arms)
{
	wire_arms_add_text(arms, what, data.len > 0 ? "some" : "none");
}

static ReloadStatus rewrite_join_req(ReloadSpan body, GByteArray *out, GHashTable *arms)
{
	ReloadJoinReq req;
	ReloadStatus status = reload_join_req_decode(body, ID_LEN, &req);

	if (status != RELOAD_OK)
		return status;
	note_data("JoinReq.overlay_specific_data", req.overlay_specific_data, arms);
	g_assert_true(reload_write_join_req(out, &req));
	return RELOAD_OK;
}

static ReloadStatus rewrite_join_ans(ReloadSpan body, GByteArray *out, GHashTable *arms)
{
	ReloadJoinAns ans;
	ReloadStatus status = reload_join_ans_decode(body, &ans);

	if (status != RELOAD_OK)
		return status;
	note_data("JoinAns.overlay_specific_data", ans.overlay_specific_data, arms);
	g_assert_true(reload_write_join_ans(out, &ans));
	return RELOAD_OK;
}

/* Copies error_info: a StoreAns, a list of Kinds, or a text; what is none of these, as it is. */
static void rewrite_error_info(ReloadErrorResponse *error, GByteArray *info, GHashTable *arms)
{
	uint32_t kinds[UINT8_MAX / sizeof(uint32_t) + 1]; /* one more for the last call */
	ReloadSpan list;
	size_t count = 0;

	if (error->error_code == RELOAD_ERROR_GENERATION_COUNTER_TOO_LOW) {
		if (wire_rewrite_store_ans(error->error_info, info, arms) != RELOAD_OK)
			return;
		wire_arms_add_text(arms, "ErrorResponse.error_info", "StoreAns");
	} else if (error->error_code == RELOAD_ERROR_UNKNOWN_KIND) {
		if (reload_unknown_kinds_decode(error->error_info, &list) != RELOAD_OK)
			return;
		while (reload_kind_next(&list, &kinds[count]))
			count++;
		wire_arms_add_text(arms, "ErrorResponse.error_info", "kinds");
		g_assert_true(reload_write_unknown_kinds(info, kinds, count));
	} else {
		wire_arms_add_text(arms, "ErrorResponse.error_info", "text");
		return;
	}
	error->error_info = view(info);
}

static ReloadStatus rewrite_error(ReloadSpan body, GByteArray *out, GHashTable *arms)
{
	g_autoptr(GByteArray) info = g_byte_array_new();
	ReloadErrorResponse error;
	ReloadStatus status = reload_error_decode(body, &error);

	if (status != RELOAD_OK)
		return status;
	wire_arms_add(arms, "ErrorCode", error.error_code);
	rewrite_error_info(&error, info, arms);
	g_assert_true(reload_write_error(out, &error));
	return RELOAD_OK;
}

static ReloadStatus rewrite_probe_req(ReloadSpan body, GByteArray *out, GHashTable *arms)
{
	ReloadProbeReq req;
	ReloadStatus status = reload_probe_req_decode(body, &req);

	if (status != RELOAD_OK)
		return status;
	for (size_t i = 0; i < req.requested_info.len; i++)
		wire_arms_add(arms, "ProbeReq.requested_info", req.requested_info.data[i]);
	g_assert_true(reload_write_probe_req(out, &req));
	return RELOAD_OK;
}

/* For structures that are written as they were decoded. */
#define REWRITE(type, decode, write)                                                               \
	do {                                                                                       \
		type decoded;                                                                      \
		ReloadStatus status = decode;                                                      \
                                                                                                   \
		if (status != RELOAD_OK)                                                           \
			return status;                                                             \
		write(out, &decoded);                                                              \
		return RELOAD_OK;                                                                  \
	} while (0)

ReloadStatus wire_rewrite_body(uint16_t code, ReloadSpan body, GByteArray *out, GHashTable *arms)
{
	switch (code) {
	case RELOAD_PROBE_REQ:
		return rewrite_probe_req(body, out, arms);
	case RELOAD_PROBE_ANS:
		return rewrite_probe_ans(body, out, arms);
	case RELOAD_ATTACH_REQ:
	case RELOAD_ATTACH_ANS:
		return rewrite_attach(body, out, arms);
	case RELOAD_APP_ATTACH_REQ:
	case RELOAD_APP_ATTACH_ANS:
		return rewrite_app_attach(body, out, arms);
	case RELOAD_JOIN_REQ:
		return rewrite_join_req(body, out, arms);
	case RELOAD_JOIN_ANS:
		return rewrite_join_ans(body, out, arms);
	case RELOAD_LEAVE_REQ:
		return rewrite_leave(body, out, arms);
	case RELOAD_UPDATE_REQ:
		return rewrite_update(body, out, arms);
	case RELOAD_LEAVE_ANS:
	case RELOAD_UPDATE_ANS:
	case RELOAD_CONFIG_UPDATE_ANS:
		return reload_empty_decode(body);
	case RELOAD_ROUTE_QUERY_REQ:
		return rewrite_route_query(body, out, arms);
	case RELOAD_ROUTE_QUERY_ANS:
		REWRITE(ReloadChordRouteQueryAns,
			reload_chord_route_query_ans_decode(body, ID_LEN, &decoded),
			reload_write_chord_route_query_ans);
	case RELOAD_PING_REQ:
		REWRITE(ReloadPingReq, reload_ping_req_decode(body, &decoded),
			reload_write_ping_req);
	case RELOAD_PING_ANS:
		REWRITE(ReloadPingAns, reload_ping_ans_decode(body, &decoded),
			reload_write_ping_ans);
	case RELOAD_CONFIG_UPDATE_REQ:
		return rewrite_config_update(body, out, arms);
	case RELOAD_ERROR:
		return rewrite_error(body, out, arms);
	case RELOAD_EXP_A_REQ:
	case RELOAD_EXP_A_ANS:
	case RELOAD_EXP_B_REQ:
	case RELOAD_EXP_B_ANS:
		reload_write_bytes(out, body);
		return RELOAD_OK;
	default:
		return wire_rewrite_storage_body(code, body, out, arms);
	}
}

/* Copies the forwarding options one by one; returns a view of the copy. */
static ReloadSpan rewrite_options(ReloadSpan options, GByteArray *copy, GHashTable *arms)
{
	ReloadForwardingOption option;

	while (reload_forwarding_option_next(&options, &option)) {
		wire_arms_add(arms, "ForwardingOptionType", option.type);
		for (guint bit = 1; bit <= UINT8_MAX; bit <<= 1) {
			if ((option.flags & bit) != 0)
				wire_arms_add(arms, "ForwardingOption.flags", bit);
		}
		g_assert_true(reload_write_forwarding_option(copy, &option));
	}
	return view(copy);
}

static const char *fragment_form(const ReloadHeader *header)
{
	if (header->fragment_offset == 0)
		return header->last_fragment ? "whole" : "first";
	return header->last_fragment ? "last" : "middle";
}

static void rewrite_header(ReloadHeader header, GByteArray *out, GHashTable *arms)
{
	g_autoptr(GByteArray) via = g_byte_array_new();
	g_autoptr(GByteArray) destination = g_byte_array_new();
	g_autoptr(GByteArray) options = g_byte_array_new();

	header.via_list = wire_rewrite_destinations(header.via_list, via, "via_list", arms);
	header.destination_list = wire_rewrite_destinations(header.destination_list, destination,
							    "destination_list", arms);
	header.options = rewrite_options(header.options, options, arms);
	wire_arms_add_text(arms, "fragment", fragment_form(&header));
	g_assert_cmpint(reload_write_header(out, &header), ==, RELOAD_OK);
}

static void rewrite_security_block(ReloadSecurityBlock security, GByteArray *out, GHashTable *arms)
{
	g_autoptr(GByteArray) certificates = g_byte_array_new();
	ReloadGenericCertificate certificate;

	while (reload_generic_certificate_next(&security.certificates, &certificate)) {
		wire_arms_add(arms, "CertificateType", certificate.type);
		g_assert_true(reload_write_generic_certificate(certificates, certificate.type,
							       certificate.certificate));
	}
	wire_rewrite_note_signature(&security.signature, arms);
	g_assert_true(reload_write_security_block(out, view(certificates), &security.signature));
}

ReloadStatus wire_rewrite_message(ReloadSpan message, GByteArray *out, GHashTable *arms)
{
	g_autoptr(GByteArray) body = g_byte_array_new();
	g_autoptr(GByteArray) extensions = g_byte_array_new();
	ReloadExtension extension;
	ReloadMessage decoded;
	ReloadStatus status = reload_message_decode(message, ID_LEN, &decoded);

	if (status == RELOAD_OK)
		status = wire_rewrite_body(decoded.code, decoded.body, body, arms);
	if (status != RELOAD_OK)
		return status;
	wire_arms_add(arms, "MessageCode", decoded.code);
	rewrite_header(decoded.header, out, arms);
	while (reload_extension_next(&decoded.extensions, &extension)) {
		wire_arms_add(arms, "MessageExtensionType", extension.type);
		wire_arms_add(arms, "MessageExtension.critical", extension.critical);
		g_assert_true(reload_write_extension(extensions, &extension));
	}
	g_assert_true(reload_write_contents(out, decoded.code, view(body), view(extensions)));
	rewrite_security_block(decoded.security, out, arms);
	return RELOAD_OK;
}

ReloadStatus wire_rewrite_fragment(ReloadSpan fragment, GByteArray *out, GHashTable *arms)
{
	ReloadHeader header;
	ReloadSpan rest;
	ReloadStatus status = reload_header_decode(fragment, ID_LEN, &header, &rest);

	if (status != RELOAD_OK)
		return status;
	rewrite_header(header, out, arms);
	reload_write_bytes(out, rest);
	return RELOAD_OK;
}
