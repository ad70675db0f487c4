/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sample bodies of the messages that keep the overlay together. */
#include "tests/unit/wire_sample_bodies.h"

#include "reload_core/wire/attach.h"
#include "reload_core/wire/chord.h"
#include "reload_core/wire/config_update.h"
#include "reload_core/wire/ping.h"
#include "reload_core/wire/probe.h"
#include "reload_core/wire/route_query.h"

static ReloadSpan view(const GByteArray *bytes)
{
	return reload_span(bytes->data, bytes->len);
}

void wire_sample_probe_req(const WireSampleContext *context, GByteArray *body)
{
	ReloadProbeReq req = {reload_span("\x01\x02\x03", 3)};

	(void)context;
	reload_write_probe_req(body, &req);
}

void wire_sample_probe_ans(const WireSampleContext *context, GByteArray *body)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	static const uint32_t numbers[] = {62500000, 17, 86400};
	ReloadProbeAns ans;

	(void)context;
	for (uint8_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
		ReloadProbeInformation info = {
		    .type = (uint8_t)(RELOAD_PROBE_RESPONSIBLE_SET + i),
		    .number = numbers[i],
		};

		reload_write_probe_information(list, &info);
	}
	ans.probe_info = view(list);
	reload_write_probe_ans(body, &ans);
}

void wire_sample_probe_req_exp(const WireSampleContext *context, GByteArray *body)
{
	ReloadProbeReq req = {reload_span("\x04", 1)};

	(void)context;
	reload_write_probe_req(body, &req);
}

void wire_sample_probe_ans_exp(const WireSampleContext *context, GByteArray *body)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadProbeInformation info = {
	    .type = RELOAD_PROBE_EXP,
	    .value = reload_span_text("trial"),
	};
	ReloadProbeAns ans;

	(void)context;
	reload_write_probe_information(list, &info);
	ans.probe_info = view(list);
	reload_write_probe_ans(body, &ans);
}

static void write_host_candidate(GByteArray *list, const char *ip)
{
	ReloadIceCandidate candidate = {
	    .overlay_link = RELOAD_LINK_TLS_TCP_FH_NO_ICE,
	    .foundation = reload_span_text("1"),
	    .priority = 2130706431,
	    .type = RELOAD_CAND_HOST,
	};

	reload_address_from_text(ip, RELOAD_PORT_DEFAULT, &candidate.addr_port);
	reload_write_ice_candidate(list, &candidate);
}

static void write_attach(GByteArray *body, const char *role, bool send_update,
			 ReloadSpan candidates)
{
	ReloadAttach attach = {
	    .ufrag = reload_span_text("8hhY"),
	    .password = reload_span_text("asd88fgpdd777uzjYhagZg"),
	    .role = reload_span_text(role),
	    .candidates = candidates,
	    .send_update = send_update,
	};

	reload_write_attach(body, &attach);
}

void wire_sample_attach_req(const WireSampleContext *context, GByteArray *body)
{
	g_autoptr(GByteArray) list = g_byte_array_new();

	(void)context;
	write_host_candidate(list, "192.0.2.1");
	write_host_candidate(list, "2001:db8::1");
	write_attach(body, "passive", true, view(list));
}

void wire_sample_attach_req_ice(const WireSampleContext *context, GByteArray *body)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	g_autoptr(GByteArray) extensions = g_byte_array_new();
	ReloadIceExtension extension = {reload_span_text("generation"), reload_span_text("0")};
	ReloadIceCandidate candidate = {
	    .overlay_link = RELOAD_LINK_DTLS_UDP_SR,
	    .foundation = reload_span_text("2"),
	    .priority = 1694498815,
	    .type = RELOAD_CAND_SRFLX,
	};

	(void)context;
	reload_address_from_text("198.51.100.7", 40001, &candidate.addr_port);
	reload_address_from_text("10.0.0.4", 6084, &candidate.rel_addr_port);
	reload_write_ice_candidate(list, &candidate);
	reload_write_ice_extension(extensions, &extension);
	candidate.type = RELOAD_CAND_RELAY;
	candidate.extensions = view(extensions);
	reload_write_ice_candidate(list, &candidate);
	write_attach(body, "passive", true, view(list));
}

/* A host candidate for each type of overlay link. */
void wire_sample_attach_req_links(const WireSampleContext *context, GByteArray *body)
{
	static const uint8_t links[] = {RELOAD_LINK_DTLS_UDP_SR, RELOAD_LINK_DTLS_UDP_SR_NO_ICE,
					RELOAD_LINK_TLS_TCP_FH_NO_ICE, RELOAD_LINK_EXP};
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadIceCandidate candidate = {
	    .foundation = reload_span_text("1"),
	    .priority = 2130706431,
	    .type = RELOAD_CAND_HOST,
	};

	(void)context;
	reload_address_from_text("2001:db8::1", RELOAD_PORT_DEFAULT, &candidate.addr_port);
	for (size_t i = 0; i < G_N_ELEMENTS(links); i++) {
		candidate.overlay_link = links[i];
		reload_write_ice_candidate(list, &candidate);
	}
	write_attach(body, "passive", false, view(list));
}

void wire_sample_attach_ans(const WireSampleContext *context, GByteArray *body)
{
	g_autoptr(GByteArray) list = g_byte_array_new();

	(void)context;
	write_host_candidate(list, "192.0.2.2");
	write_attach(body, "active", true, view(list));
}

static void write_app_attach(GByteArray *body, uint16_t application, const char *role,
			     const char *ip)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadAppAttach attach = {
	    .ufrag = reload_span_text("9uB6"),
	    .password = reload_span_text("YH75Fviy6338Vbrhrlp8Yh"),
	    .application = application,
	    .role = reload_span_text(role),
	};

	write_host_candidate(list, ip);
	attach.candidates = view(list);
	reload_write_app_attach(body, &attach);
}

void wire_sample_app_attach_req(const WireSampleContext *context, GByteArray *body)
{
	(void)context;
	write_app_attach(body, RELOAD_APPLICATION_SIP, "passive", "192.0.2.1");
}

void wire_sample_app_attach_req_sips(const WireSampleContext *context, GByteArray *body)
{
	(void)context;
	write_app_attach(body, RELOAD_APPLICATION_SIPS, "passive", "192.0.2.1");
}

void wire_sample_app_attach_ans(const WireSampleContext *context, GByteArray *body)
{
	(void)context;
	write_app_attach(body, RELOAD_APPLICATION_SIP, "active", "2001:db8::2");
}

void wire_sample_ping_req(const WireSampleContext *context, GByteArray *body)
{
	ReloadPingReq req = {{NULL, 0}};

	(void)context;
	reload_write_ping_req(body, &req);
}

void wire_sample_ping_req_padded(const WireSampleContext *context, GByteArray *body)
{
	static const uint8_t padding[300];
	ReloadPingReq req = {{padding, sizeof(padding)}};

	(void)context;
	reload_write_ping_req(body, &req);
}

void wire_sample_ping_ans(const WireSampleContext *context, GByteArray *body)
{
	ReloadPingAns ans = {0xfedcba9876543210u, context->time};

	reload_write_ping_ans(body, &ans);
}

void wire_sample_config_update_req(const WireSampleContext *context, GByteArray *body)
{
	ReloadConfigUpdateReq req = {RELOAD_CONFIG_UPDATE_CONFIG, context->document};

	reload_write_config_update_req(body, &req);
}

void wire_sample_config_update_req_kind(const WireSampleContext *context, GByteArray *body)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadConfigUpdateReq req = {.type = RELOAD_CONFIG_UPDATE_KIND};

	reload_write_kind_description(list, context->kind_block);
	reload_write_kind_description(list, context->kind_block);
	req.data = view(list);
	reload_write_config_update_req(body, &req);
}

void wire_sample_route_query_req(const WireSampleContext *context, GByteArray *body)
{
	ReloadRouteQueryReq req = {
	    .send_update = true,
	    .destination = reload_destination_node(&context->nodes[5]),
	};

	reload_write_route_query_req(body, &req);
}

void wire_sample_route_query_req_resource(const WireSampleContext *context, GByteArray *body)
{
	ReloadRouteQueryReq req = {
	    .destination = reload_destination_resource(&context->resource),
	    .overlay_specific_data = reload_span_text("x"),
	};

	reload_write_route_query_req(body, &req);
}

void wire_sample_route_query_req_opaque(const WireSampleContext *context, GByteArray *body)
{
	ReloadRouteQueryReq req = {
	    .destination = reload_destination_opaque(reload_span_text("state")),
	};

	(void)context;
	reload_write_route_query_req(body, &req);
}

void wire_sample_route_query_ans(const WireSampleContext *context, GByteArray *body)
{
	ReloadChordRouteQueryAns ans = {context->nodes[4]};

	reload_write_chord_route_query_ans(body, &ans);
}

void wire_sample_join_req(const WireSampleContext *context, GByteArray *body)
{
	ReloadJoinReq req = {.joining_peer_id = context->nodes[0]};

	reload_write_join_req(body, &req);
}

void wire_sample_join_req_data(const WireSampleContext *context, GByteArray *body)
{
	ReloadJoinReq req = {
	    .joining_peer_id = context->nodes[0],
	    .overlay_specific_data = reload_span_text("of another topology"),
	};

	reload_write_join_req(body, &req);
}

void wire_sample_join_ans_data(const WireSampleContext *context, GByteArray *body)
{
	ReloadJoinAns ans = {reload_span_text("of another topology")};

	(void)context;
	reload_write_join_ans(body, &ans);
}

void wire_sample_join_ans(const WireSampleContext *context, GByteArray *body)
{
	ReloadJoinAns ans = {{NULL, 0}};

	(void)context;
	reload_write_join_ans(body, &ans);
}

/* Appends count Node-IDs of the context, from the one with that number. */
static void write_nodes(const WireSampleContext *context, unsigned from, unsigned count,
			GByteArray *out)
{
	for (unsigned i = from; i < from + count; i++)
		reload_write_node_id(out, &context->nodes[i]);
}

static void write_leave(const WireSampleContext *context, uint8_t type, GByteArray *body)
{
	g_autoptr(GByteArray) nodes = g_byte_array_new();
	g_autoptr(GByteArray) data = g_byte_array_new();
	ReloadChordLeaveData leave = {.type = type};
	ReloadLeaveReq req = {.leaving_peer_id = context->nodes[0]};

	write_nodes(context, 1, 3, nodes);
	leave.nodes = view(nodes);
	reload_write_chord_leave_data(data, &leave);
	req.overlay_specific_data = view(data);
	reload_write_leave_req(body, &req);
}

void wire_sample_leave_req(const WireSampleContext *context, GByteArray *body)
{
	write_leave(context, RELOAD_CHORD_FROM_SUCC, body);
}

void wire_sample_leave_req_pred(const WireSampleContext *context, GByteArray *body)
{
	write_leave(context, RELOAD_CHORD_FROM_PRED, body);
}

static void write_update(const WireSampleContext *context, uint8_t type, GByteArray *body)
{
	g_autoptr(GByteArray) predecessors = g_byte_array_new();
	g_autoptr(GByteArray) successors = g_byte_array_new();
	g_autoptr(GByteArray) fingers = g_byte_array_new();
	ReloadChordUpdate update = {.uptime = 3600, .type = type};

	write_nodes(context, 4, 3, predecessors);
	write_nodes(context, 1, 3, successors);
	write_nodes(context, 2, 2, fingers);
	update.predecessors = view(predecessors);
	update.successors = view(successors);
	update.fingers = view(fingers);
	reload_write_chord_update(body, &update);
}

void wire_sample_update_req(const WireSampleContext *context, GByteArray *body)
{
	write_update(context, RELOAD_CHORD_NEIGHBORS, body);
}

void wire_sample_update_req_ready(const WireSampleContext *context, GByteArray *body)
{
	write_update(context, RELOAD_CHORD_PEER_READY, body);
}

void wire_sample_update_req_full(const WireSampleContext *context, GByteArray *body)
{
	write_update(context, RELOAD_CHORD_FULL, body);
}

void wire_sample_trial(const WireSampleContext *context, GByteArray *body)
{
	(void)context;
	reload_write_bytes(body, reload_span_text("trial"));
}
