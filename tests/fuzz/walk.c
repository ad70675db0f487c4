/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads every element of a decoded message. */
#include "tests/fuzz/walk.h"

#include "reload_core/wire/attach.h"
#include "reload_core/wire/chord.h"
#include "reload_core/wire/config_update.h"
#include "reload_core/wire/error.h"
#include "reload_core/wire/find.h"
#include "reload_core/wire/ping.h"
#include "reload_core/wire/probe.h"
#include "reload_core/wire/route_query.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/walk_storage.h"

static volatile uint8_t sink;

/* Both ends of a view are there: AddressSanitizer looks. */
void walk_touch(ReloadSpan view)
{
	if (view.len > 0)
		sink = (uint8_t)(view.data[0] ^ view.data[view.len - 1]);
}

static void destination(const ReloadDestination *d)
{
	walk_touch(d->raw);
	if (d->type == RELOAD_DESTINATION_NODE)
		FUZZ_CHECK(d->node_id.len >= RELOAD_NODE_ID_MIN &&
			   d->node_id.len <= RELOAD_NODE_ID_MAX);
	else if (d->type != RELOAD_DESTINATION_RESOURCE)
		walk_touch(d->opaque);
}

static void destinations(ReloadSpan list)
{
	ReloadDestination d;

	while (reload_destination_next(&list, &d))
		destination(&d);
}

static void nodes(ReloadSpan list, unsigned node_id_len)
{
	ReloadNodeId id;

	while (reload_node_id_next(&list, node_id_len, &id))
		FUZZ_CHECK(id.len == node_id_len);
}

static void candidates(ReloadSpan list)
{
	ReloadIceCandidate candidate;
	ReloadIceExtension extension;

	while (reload_ice_candidate_next(&list, &candidate)) {
		walk_touch(candidate.foundation);
		while (reload_ice_extension_next(&candidate.extensions, &extension)) {
			walk_touch(extension.name);
			walk_touch(extension.value);
		}
	}
}

static void attach(ReloadSpan body)
{
	ReloadAttach decoded;

	if (reload_attach_decode(body, &decoded) != RELOAD_OK)
		return;
	walk_touch(decoded.ufrag);
	walk_touch(decoded.password);
	walk_touch(decoded.role);
	candidates(decoded.candidates);
}

static void app_attach(ReloadSpan body)
{
	ReloadAppAttach decoded;

	if (reload_app_attach_decode(body, &decoded) != RELOAD_OK)
		return;
	walk_touch(decoded.ufrag);
	walk_touch(decoded.password);
	walk_touch(decoded.role);
	candidates(decoded.candidates);
}

static void update(ReloadSpan body, unsigned node_id_len)
{
	ReloadChordUpdate decoded;

	if (reload_chord_update_decode(body, node_id_len, &decoded) != RELOAD_OK)
		return;
	nodes(decoded.predecessors, node_id_len);
	nodes(decoded.successors, node_id_len);
	nodes(decoded.fingers, node_id_len);
}

static void leave(ReloadSpan body, unsigned node_id_len)
{
	ReloadLeaveReq request;
	ReloadChordLeaveData data;

	if (reload_leave_req_decode(body, node_id_len, &request) == RELOAD_OK &&
	    reload_chord_leave_data_decode(request.overlay_specific_data, node_id_len, &data) ==
		RELOAD_OK)
		nodes(data.nodes, node_id_len);
}

static void join(uint16_t code, ReloadSpan body, unsigned node_id_len)
{
	ReloadJoinReq request;
	ReloadJoinAns answer;

	if (code == RELOAD_JOIN_REQ &&
	    reload_join_req_decode(body, node_id_len, &request) == RELOAD_OK)
		walk_touch(request.overlay_specific_data);
	if (code == RELOAD_JOIN_ANS && reload_join_ans_decode(body, &answer) == RELOAD_OK)
		walk_touch(answer.overlay_specific_data);
}

static void probe(uint16_t code, ReloadSpan body)
{
	ReloadProbeReq request;
	ReloadProbeAns answer;
	ReloadProbeInformation information;

	if (code == RELOAD_PROBE_REQ && reload_probe_req_decode(body, &request) == RELOAD_OK)
		walk_touch(request.requested_info);
	if (code == RELOAD_PROBE_ANS && reload_probe_ans_decode(body, &answer) == RELOAD_OK)
		while (reload_probe_information_next(&answer.probe_info, &information))
			walk_touch(information.value);
}

static void ping(uint16_t code, ReloadSpan body)
{
	ReloadPingReq request;
	ReloadPingAns answer;

	if (code == RELOAD_PING_REQ && reload_ping_req_decode(body, &request) == RELOAD_OK)
		walk_touch(request.padding);
	if (code == RELOAD_PING_ANS)
		reload_ping_ans_decode(body, &answer);
}

static void config_update(ReloadSpan body)
{
	ReloadConfigUpdateReq request;
	ReloadSpan xml;

	if (reload_config_update_req_decode(body, &request) != RELOAD_OK)
		return;
	walk_touch(request.data);
	if (request.type == RELOAD_CONFIG_UPDATE_KIND)
		while (reload_kind_description_next(&request.data, &xml))
			walk_touch(xml);
}

static void route_query(uint16_t code, ReloadSpan body, unsigned node_id_len)
{
	ReloadRouteQueryReq request;
	ReloadChordRouteQueryAns answer;

	if (code == RELOAD_ROUTE_QUERY_REQ &&
	    reload_route_query_req_decode(body, node_id_len, &request) == RELOAD_OK) {
		destination(&request.destination);
		walk_touch(request.overlay_specific_data);
	}
	if (code == RELOAD_ROUTE_QUERY_ANS)
		reload_chord_route_query_ans_decode(body, node_id_len, &answer);
}

static void error(ReloadSpan body, unsigned node_id_len)
{
	ReloadErrorResponse decoded;
	ReloadSpan kinds;
	uint32_t kind;

	if (reload_error_decode(body, &decoded) != RELOAD_OK)
		return;
	walk_touch(decoded.error_info);
	if (reload_unknown_kinds_decode(decoded.error_info, &kinds) == RELOAD_OK)
		while (reload_kind_next(&kinds, &kind))
			sink = (uint8_t)kind;
	walk_storage_body(RELOAD_STORE_ANS, decoded.error_info, node_id_len);
}

static void body(uint16_t code, ReloadSpan bytes, unsigned node_id_len)
{
	switch (code) {
	case RELOAD_PROBE_REQ:
	case RELOAD_PROBE_ANS:
		probe(code, bytes);
		break;
	case RELOAD_ATTACH_REQ:
	case RELOAD_ATTACH_ANS:
		attach(bytes);
		break;
	case RELOAD_APP_ATTACH_REQ:
	case RELOAD_APP_ATTACH_ANS:
		app_attach(bytes);
		break;
	case RELOAD_JOIN_REQ:
	case RELOAD_JOIN_ANS:
		join(code, bytes, node_id_len);
		break;
	case RELOAD_LEAVE_REQ:
		leave(bytes, node_id_len);
		break;
	case RELOAD_UPDATE_REQ:
		update(bytes, node_id_len);
		break;
	case RELOAD_ROUTE_QUERY_REQ:
	case RELOAD_ROUTE_QUERY_ANS:
		route_query(code, bytes, node_id_len);
		break;
	case RELOAD_PING_REQ:
	case RELOAD_PING_ANS:
		ping(code, bytes);
		break;
	case RELOAD_CONFIG_UPDATE_REQ:
		config_update(bytes);
		break;
	case RELOAD_ERROR:
		error(bytes, node_id_len);
		break;
	default:
		walk_storage_body(code, bytes, node_id_len);
		break;
	}
}

void walk_message(const ReloadMessage *message, unsigned node_id_len)
{
	ReloadSpan options = message->header.options, extensions = message->extensions;
	ReloadSpan certificates = message->security.certificates;
	ReloadForwardingOption option;
	ReloadExtension extension;
	ReloadGenericCertificate certificate;

	destinations(message->header.via_list);
	destinations(message->header.destination_list);
	while (reload_forwarding_option_next(&options, &option))
		walk_touch(option.value);
	body(message->code, message->body, node_id_len);
	while (reload_extension_next(&extensions, &extension))
		walk_touch(extension.contents);
	while (reload_generic_certificate_next(&certificates, &certificate))
		walk_touch(certificate.certificate);
	walk_touch(message->security.signature.identity.raw);
	walk_touch(message->security.signature.identity.hash);
	walk_touch(message->security.signature.value);
}
