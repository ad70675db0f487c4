/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decoding and encoding again, of all messages but those of the storage methods. */
#include "tests/unit/wire_rewrite.h"

#include "reload_core/wire/attach.h"
#include "reload_core/wire/chord.h"
#include "reload_core/wire/config_update.h"
#include "reload_core/wire/error.h"
#include "reload_core/wire/ping.h"
#include "reload_core/wire/probe.h"
#include "reload_core/wire/route_query.h"
#include "tests/unit/wire_rewrite_storage.h"

#define ID_LEN RELOAD_NODE_ID_MIN

static ReloadSpan view(const GByteArray *bytes)
{
	return reload_span(bytes->data, bytes->len);
}

static void rewrite_candidates(ReloadSpan list, GByteArray *out)
{
	ReloadIceCandidate candidate;

	while (reload_ice_candidate_next(&list, &candidate)) {
		g_autoptr(GByteArray) extensions = g_byte_array_new();
		ReloadIceExtension extension;

		while (reload_ice_extension_next(&candidate.extensions, &extension))
			g_assert_true(reload_write_ice_extension(extensions, &extension));
		candidate.extensions = view(extensions);
		g_assert_true(reload_write_ice_candidate(out, &candidate));
	}
}

static ReloadStatus rewrite_attach(ReloadSpan body, GByteArray *out)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadAttach attach;
	ReloadStatus status = reload_attach_decode(body, &attach);

	if (status != RELOAD_OK)
		return status;
	rewrite_candidates(attach.candidates, list);
	attach.candidates = view(list);
	g_assert_true(reload_write_attach(out, &attach));
	return RELOAD_OK;
}

static ReloadStatus rewrite_app_attach(ReloadSpan body, GByteArray *out)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadAppAttach attach;
	ReloadStatus status = reload_app_attach_decode(body, &attach);

	if (status != RELOAD_OK)
		return status;
	rewrite_candidates(attach.candidates, list);
	attach.candidates = view(list);
	g_assert_true(reload_write_app_attach(out, &attach));
	return RELOAD_OK;
}

static ReloadStatus rewrite_probe_ans(ReloadSpan body, GByteArray *out)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadProbeInformation info;
	ReloadProbeAns ans;
	ReloadStatus status = reload_probe_ans_decode(body, &ans);

	if (status != RELOAD_OK)
		return status;
	while (reload_probe_information_next(&ans.probe_info, &info))
		g_assert_true(reload_write_probe_information(list, &info));
	ans.probe_info = view(list);
	g_assert_true(reload_write_probe_ans(out, &ans));
	return RELOAD_OK;
}

static ReloadStatus rewrite_config_update(ReloadSpan body, GByteArray *out)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadConfigUpdateReq req;
	ReloadSpan xml;
	ReloadStatus status = reload_config_update_req_decode(body, &req);

	if (status != RELOAD_OK)
		return status;
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

static ReloadStatus rewrite_update(ReloadSpan body, GByteArray *out)
{
	g_autoptr(GByteArray) predecessors = g_byte_array_new();
	g_autoptr(GByteArray) successors = g_byte_array_new();
	g_autoptr(GByteArray) fingers = g_byte_array_new();
	ReloadChordUpdate update;
	ReloadStatus status = reload_chord_update_decode(body, ID_LEN, &update);

	if (status != RELOAD_OK)
		return status;
	update.predecessors = rewrite_nodes(update.predecessors, predecessors);
	update.successors = rewrite_nodes(update.successors, successors);
	update.fingers = rewrite_nodes(update.fingers, fingers);
	g_assert_true(reload_write_chord_update(out, &update));
	return RELOAD_OK;
}

static ReloadStatus rewrite_leave(ReloadSpan body, GByteArray *out)
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
	leave.nodes = rewrite_nodes(leave.nodes, nodes);
	g_assert_true(reload_write_chord_leave_data(data, &leave));
	req.overlay_specific_data = view(data);
	g_assert_true(reload_write_leave_req(out, &req));
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

ReloadStatus wire_rewrite_body(uint16_t code, ReloadSpan body, GByteArray *out)
{
	switch (code) {
	case RELOAD_PROBE_REQ:
		REWRITE(ReloadProbeReq, reload_probe_req_decode(body, &decoded),
			reload_write_probe_req);
	case RELOAD_PROBE_ANS:
		return rewrite_probe_ans(body, out);
	case RELOAD_ATTACH_REQ:
	case RELOAD_ATTACH_ANS:
		return rewrite_attach(body, out);
	case RELOAD_APP_ATTACH_REQ:
	case RELOAD_APP_ATTACH_ANS:
		return rewrite_app_attach(body, out);
	case RELOAD_JOIN_REQ:
		REWRITE(ReloadJoinReq, reload_join_req_decode(body, ID_LEN, &decoded),
			reload_write_join_req);
	case RELOAD_JOIN_ANS:
		REWRITE(ReloadJoinAns, reload_join_ans_decode(body, &decoded),
			reload_write_join_ans);
	case RELOAD_LEAVE_REQ:
		return rewrite_leave(body, out);
	case RELOAD_UPDATE_REQ:
		return rewrite_update(body, out);
	case RELOAD_LEAVE_ANS:
	case RELOAD_UPDATE_ANS:
	case RELOAD_CONFIG_UPDATE_ANS:
		return reload_empty_decode(body);
	case RELOAD_ROUTE_QUERY_REQ:
		REWRITE(ReloadRouteQueryReq, reload_route_query_req_decode(body, ID_LEN, &decoded),
			reload_write_route_query_req);
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
		return rewrite_config_update(body, out);
	case RELOAD_ERROR:
		REWRITE(ReloadErrorResponse, reload_error_decode(body, &decoded),
			reload_write_error);
	default:
		return wire_rewrite_storage_body(code, body, out);
	}
}

static ReloadSpan rewrite_destinations(ReloadSpan list, GByteArray *copy)
{
	ReloadDestination d;

	while (reload_destination_next(&list, &d))
		g_assert_true(reload_write_destination(copy, &d));
	return view(copy);
}

static void rewrite_header(ReloadHeader header, GByteArray *out)
{
	g_autoptr(GByteArray) via = g_byte_array_new();
	g_autoptr(GByteArray) destination = g_byte_array_new();
	g_autoptr(GByteArray) options = g_byte_array_new();
	ReloadForwardingOption option;

	header.via_list = rewrite_destinations(header.via_list, via);
	header.destination_list = rewrite_destinations(header.destination_list, destination);
	while (reload_forwarding_option_next(&header.options, &option))
		g_assert_true(reload_write_forwarding_option(options, &option));
	header.options = view(options);
	g_assert_cmpint(reload_write_header(out, &header), ==, RELOAD_OK);
}

ReloadStatus wire_rewrite_message(ReloadSpan message, GByteArray *out)
{
	g_autoptr(GByteArray) body = g_byte_array_new();
	g_autoptr(GByteArray) extensions = g_byte_array_new();
	g_autoptr(GByteArray) certificates = g_byte_array_new();
	ReloadGenericCertificate certificate;
	ReloadExtension extension;
	ReloadMessage decoded;
	ReloadStatus status = reload_message_decode(message, ID_LEN, &decoded);

	if (status == RELOAD_OK)
		status = wire_rewrite_body(decoded.code, decoded.body, body);
	if (status != RELOAD_OK)
		return status;
	rewrite_header(decoded.header, out);
	while (reload_extension_next(&decoded.extensions, &extension))
		g_assert_true(reload_write_extension(extensions, &extension));
	g_assert_true(reload_write_contents(out, decoded.code, view(body), view(extensions)));
	while (reload_generic_certificate_next(&decoded.security.certificates, &certificate))
		g_assert_true(reload_write_generic_certificate(certificates, certificate.type,
							       certificate.certificate));
	g_assert_true(
	    reload_write_security_block(out, view(certificates), &decoded.security.signature));
	return RELOAD_OK;
}
