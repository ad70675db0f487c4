/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of sample messages. */
#include "tests/unit/wire_sample_bodies.h"
#include "tests/unit/wire_samples.h"

/* One of each message, plain; and variants, which show what the plain one does not. */
#define PLAIN(CODE, label, body)                                                                   \
	{                                                                                          \
		.name = label, .code = RELOAD_##CODE, .write_body = body                           \
	}
#define VARIANT(CODE, label, body)                                                                 \
	{                                                                                          \
		.name = label, .code = RELOAD_##CODE, .variant = true, .write_body = body          \
	}
/* A Ping whose header or security block is special. */
#define ENVELOPE(CODE, label, envelope)                                                            \
	{                                                                                          \
		.name = label, .code = RELOAD_##CODE, .variant = true,                             \
		.write_body = RELOAD_##CODE == RELOAD_PING_REQ ? wire_sample_ping_req              \
							       : wire_sample_ping_ans,             \
		.write_envelope = envelope                                                         \
	}
/* An error with a text. */
#define ERROR(CODE, label)                                                                         \
	{                                                                                          \
		.name = "error_" label, .code = RELOAD_ERROR, .variant = true,                     \
		.error_code = RELOAD_ERROR_##CODE                                                  \
	}
/* For trials: no form is prescribed. */
#define TRIAL(CODE, label)                                                                         \
	{                                                                                          \
		.name = label, .code = RELOAD_##CODE, .write_body = wire_sample_trial,             \
		.free_form = true                                                                  \
	}

const WireSample wire_samples[] = {
    PLAIN(PROBE_REQ, "probe_req", wire_sample_probe_req),
    VARIANT(PROBE_REQ, "probe_req_exp", wire_sample_probe_req_exp),
    PLAIN(PROBE_ANS, "probe_ans", wire_sample_probe_ans),
    VARIANT(PROBE_ANS, "probe_ans_exp", wire_sample_probe_ans_exp),
    PLAIN(ATTACH_REQ, "attach_req", wire_sample_attach_req),
    VARIANT(ATTACH_REQ, "attach_req_ice", wire_sample_attach_req_ice),
    VARIANT(ATTACH_REQ, "attach_req_links", wire_sample_attach_req_links),
    PLAIN(ATTACH_ANS, "attach_ans", wire_sample_attach_ans),
    PLAIN(STORE_REQ, "store_req", wire_sample_store_req),
    VARIANT(STORE_REQ, "store_req_models", wire_sample_store_req_models),
    VARIANT(STORE_REQ, "store_req_append", wire_sample_store_req_append),
    VARIANT(STORE_REQ, "store_req_removed", wire_sample_store_req_removed),
    VARIANT(STORE_REQ, "store_req_uri", wire_sample_store_req_uri),
    VARIANT(STORE_REQ, "store_req_users", wire_sample_store_req_users),
    PLAIN(STORE_ANS, "store_ans", wire_sample_store_ans),
    PLAIN(FETCH_REQ, "fetch_req", wire_sample_fetch_req),
    VARIANT(FETCH_REQ, "fetch_req_models", wire_sample_fetch_req_models),
    VARIANT(FETCH_REQ, "fetch_req_keys", wire_sample_fetch_req_keys),
    PLAIN(FETCH_ANS, "fetch_ans", wire_sample_fetch_ans),
    VARIANT(FETCH_ANS, "fetch_ans_models", wire_sample_fetch_ans_models),
    VARIANT(FETCH_ANS, "fetch_ans_removed", wire_sample_fetch_ans_removed),
    VARIANT(FETCH_ANS, "fetch_ans_synthesized", wire_sample_fetch_ans_synthesized),
    PLAIN(FIND_REQ, "find_req", wire_sample_find_req),
    PLAIN(FIND_ANS, "find_ans", wire_sample_find_ans),
    PLAIN(JOIN_REQ, "join_req", wire_sample_join_req),
    VARIANT(JOIN_REQ, "join_req_data", wire_sample_join_req_data),
    PLAIN(JOIN_ANS, "join_ans", wire_sample_join_ans),
    VARIANT(JOIN_ANS, "join_ans_data", wire_sample_join_ans_data),
    PLAIN(LEAVE_REQ, "leave_req", wire_sample_leave_req),
    VARIANT(LEAVE_REQ, "leave_req_pred", wire_sample_leave_req_pred),
    PLAIN(LEAVE_ANS, "leave_ans", NULL),
    PLAIN(UPDATE_REQ, "update_req", wire_sample_update_req),
    VARIANT(UPDATE_REQ, "update_req_ready", wire_sample_update_req_ready),
    VARIANT(UPDATE_REQ, "update_req_full", wire_sample_update_req_full),
    PLAIN(UPDATE_ANS, "update_ans", NULL),
    PLAIN(ROUTE_QUERY_REQ, "route_query_req", wire_sample_route_query_req),
    VARIANT(ROUTE_QUERY_REQ, "route_query_req_resource", wire_sample_route_query_req_resource),
    VARIANT(ROUTE_QUERY_REQ, "route_query_req_opaque", wire_sample_route_query_req_opaque),
    PLAIN(ROUTE_QUERY_ANS, "route_query_ans", wire_sample_route_query_ans),
    PLAIN(PING_REQ, "ping_req", wire_sample_ping_req),
    VARIANT(PING_REQ, "ping_req_padded", wire_sample_ping_req_padded),
    ENVELOPE(PING_REQ, "ping_req_opaque", wire_sample_to_opaque),
    ENVELOPE(PING_REQ, "ping_req_wildcard", wire_sample_to_wildcard),
    ENVELOPE(PING_REQ, "ping_req_options", wire_sample_with_options),
    ENVELOPE(PING_REQ, "ping_req_direct", wire_sample_with_direct_response),
    ENVELOPE(PING_REQ, "ping_req_critical", wire_sample_with_critical_extension),
    ENVELOPE(PING_REQ, "ping_req_certificates", wire_sample_with_certificates),
    PLAIN(PING_ANS, "ping_ans", wire_sample_ping_ans),
    ENVELOPE(PING_ANS, "ping_ans_option", wire_sample_with_copied_option),
    {
	.name = "ping_ans_several",
	.code = RELOAD_PING_ANS,
	.variant = true,
	.write_body = wire_sample_ping_ans,
	.signer = WIRE_SAMPLE_SIGNER_SEVERAL,
    },
    PLAIN(STAT_REQ, "stat_req", wire_sample_fetch_req),
    VARIANT(STAT_REQ, "stat_req_models", wire_sample_fetch_req_models),
    PLAIN(STAT_ANS, "stat_ans", wire_sample_stat_ans),
    VARIANT(STAT_ANS, "stat_ans_models", wire_sample_stat_ans_models),
    VARIANT(STAT_ANS, "stat_ans_removed", wire_sample_stat_ans_removed),
    PLAIN(APP_ATTACH_REQ, "app_attach_req", wire_sample_app_attach_req),
    VARIANT(APP_ATTACH_REQ, "app_attach_req_sips", wire_sample_app_attach_req_sips),
    PLAIN(APP_ATTACH_ANS, "app_attach_ans", wire_sample_app_attach_ans),
    PLAIN(CONFIG_UPDATE_REQ, "config_update_req", wire_sample_config_update_req),
    VARIANT(CONFIG_UPDATE_REQ, "config_update_req_kind", wire_sample_config_update_req_kind),
    PLAIN(CONFIG_UPDATE_ANS, "config_update_ans", NULL),
    TRIAL(EXP_A_REQ, "exp_a_req"),
    TRIAL(EXP_A_ANS, "exp_a_ans"),
    TRIAL(EXP_B_REQ, "exp_b_req"),
    TRIAL(EXP_B_ANS, "exp_b_ans"),
    PLAIN(ERROR, "error", wire_sample_error),
    VARIANT(ERROR, "error_unknown_kind", wire_sample_error_unknown_kind),
    VARIANT(ERROR, "error_generation", wire_sample_error_generation),
    ERROR(FORBIDDEN, "forbidden"),
    ERROR(REQUEST_TIMEOUT, "request_timeout"),
    ERROR(INCOMPATIBLE_WITH_OVERLAY, "incompatible_with_overlay"),
    ERROR(UNSUPPORTED_FORWARDING_OPTION, "unsupported_forwarding_option"),
    ERROR(DATA_TOO_LARGE, "data_too_large"),
    ERROR(DATA_TOO_OLD, "data_too_old"),
    ERROR(TTL_EXCEEDED, "ttl_exceeded"),
    ERROR(MESSAGE_TOO_LARGE, "message_too_large"),
    ERROR(UNKNOWN_EXTENSION, "unknown_extension"),
    ERROR(RESPONSE_TOO_LARGE, "response_too_large"),
    ERROR(CONFIG_TOO_OLD, "config_too_old"),
    ERROR(CONFIG_TOO_NEW, "config_too_new"),
    ERROR(IN_PROGRESS, "in_progress"),
    ERROR(EXP_A, "exp_a"),
    ERROR(EXP_B, "exp_b"),
    ERROR(INVALID_MESSAGE, "invalid_message"),
    ERROR(UNDERLAY_DESTINATION_UNREACHABLE, "underlay_destination_unreachable"),
    ERROR(UNDERLAY_TIME_EXCEEDED, "underlay_time_exceeded"),
    ERROR(MESSAGE_EXPIRED, "message_expired"),
    ERROR(UPSTREAM_MISROUTING, "upstream_misrouting"),
    ERROR(LOOP_DETECTED, "loop_detected"),
    ERROR(TTL_HOPS_EXCEEDED, "ttl_hops_exceeded"),
    {.name = NULL},
};
