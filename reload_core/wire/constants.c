/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IANA names of code points (RFC 6940, 14). */
#include "reload_core/wire/constants.h"

#include <glib.h>

typedef struct {
	uint32_t code;
	const char *name;
} Name;

static const Name message_codes[] = {
    {RELOAD_PROBE_REQ, "probe_req"},
    {RELOAD_PROBE_ANS, "probe_ans"},
    {RELOAD_ATTACH_REQ, "attach_req"},
    {RELOAD_ATTACH_ANS, "attach_ans"},
    {RELOAD_STORE_REQ, "store_req"},
    {RELOAD_STORE_ANS, "store_ans"},
    {RELOAD_FETCH_REQ, "fetch_req"},
    {RELOAD_FETCH_ANS, "fetch_ans"},
    {RELOAD_FIND_REQ, "find_req"},
    {RELOAD_FIND_ANS, "find_ans"},
    {RELOAD_JOIN_REQ, "join_req"},
    {RELOAD_JOIN_ANS, "join_ans"},
    {RELOAD_LEAVE_REQ, "leave_req"},
    {RELOAD_LEAVE_ANS, "leave_ans"},
    {RELOAD_UPDATE_REQ, "update_req"},
    {RELOAD_UPDATE_ANS, "update_ans"},
    {RELOAD_ROUTE_QUERY_REQ, "route_query_req"},
    {RELOAD_ROUTE_QUERY_ANS, "route_query_ans"},
    {RELOAD_PING_REQ, "ping_req"},
    {RELOAD_PING_ANS, "ping_ans"},
    {RELOAD_STAT_REQ, "stat_req"},
    {RELOAD_STAT_ANS, "stat_ans"},
    {RELOAD_APP_ATTACH_REQ, "app_attach_req"},
    {RELOAD_APP_ATTACH_ANS, "app_attach_ans"},
    {RELOAD_CONFIG_UPDATE_REQ, "config_update_req"},
    {RELOAD_CONFIG_UPDATE_ANS, "config_update_ans"},
    {RELOAD_EXP_A_REQ, "exp_a_req"},
    {RELOAD_EXP_A_ANS, "exp_a_ans"},
    {RELOAD_EXP_B_REQ, "exp_b_req"},
    {RELOAD_EXP_B_ANS, "exp_b_ans"},
    {RELOAD_PATH_TRACK_REQ, "path_track_req"},
    {RELOAD_PATH_TRACK_ANS, "path_track_ans"},
    {RELOAD_ERROR, "error"},
};

static const Name error_codes[] = {
    {RELOAD_ERROR_FORBIDDEN, "Error_Forbidden"},
    {RELOAD_ERROR_NOT_FOUND, "Error_Not_Found"},
    {RELOAD_ERROR_REQUEST_TIMEOUT, "Error_Request_Timeout"},
    {RELOAD_ERROR_GENERATION_COUNTER_TOO_LOW, "Error_Generation_Counter_Too_Low"},
    {RELOAD_ERROR_INCOMPATIBLE_WITH_OVERLAY, "Error_Incompatible_with_Overlay"},
    {RELOAD_ERROR_UNSUPPORTED_FORWARDING_OPTION, "Error_Unsupported_Forwarding_Option"},
    {RELOAD_ERROR_DATA_TOO_LARGE, "Error_Data_Too_Large"},
    {RELOAD_ERROR_DATA_TOO_OLD, "Error_Data_Too_Old"},
    {RELOAD_ERROR_TTL_EXCEEDED, "Error_TTL_Exceeded"},
    {RELOAD_ERROR_MESSAGE_TOO_LARGE, "Error_Message_Too_Large"},
    {RELOAD_ERROR_UNKNOWN_KIND, "Error_Unknown_Kind"},
    {RELOAD_ERROR_UNKNOWN_EXTENSION, "Error_Unknown_Extension"},
    {RELOAD_ERROR_RESPONSE_TOO_LARGE, "Error_Response_Too_Large"},
    {RELOAD_ERROR_CONFIG_TOO_OLD, "Error_Config_Too_Old"},
    {RELOAD_ERROR_CONFIG_TOO_NEW, "Error_Config_Too_New"},
    {RELOAD_ERROR_IN_PROGRESS, "Error_In_Progress"},
    {RELOAD_ERROR_EXP_A, "Error_Exp_A"},
    {RELOAD_ERROR_EXP_B, "Error_Exp_B"},
    {RELOAD_ERROR_INVALID_MESSAGE, "Error_Invalid_Message"},
    {RELOAD_ERROR_UNDERLAY_DESTINATION_UNREACHABLE, "Error_Underlay_Destination_Unreachable"},
    {RELOAD_ERROR_UNDERLAY_TIME_EXCEEDED, "Error_Underlay_Time_Exceeded"},
    {RELOAD_ERROR_MESSAGE_EXPIRED, "Error_Message_Expired"},
    {RELOAD_ERROR_UPSTREAM_MISROUTING, "Error_Upstream_Misrouting"},
    {RELOAD_ERROR_LOOP_DETECTED, "Error_Loop_Detected"},
    {RELOAD_ERROR_TTL_HOPS_EXCEEDED, "Error_TTL_Hops_Exceeded"},
};

static const Name kinds[] = {
    {RELOAD_KIND_SIP_REGISTRATION, "SIP-REGISTRATION"},
    {RELOAD_KIND_TURN_SERVICE, "TURN-SERVICE"},
    {RELOAD_KIND_CERTIFICATE_BY_NODE, "CERTIFICATE_BY_NODE"},
    {RELOAD_KIND_CERTIFICATE_BY_USER, "CERTIFICATE_BY_USER"},
    {RELOAD_KIND_REDIR, "REDIR"},
};

static const Name link_types[] = {
    {RELOAD_LINK_DTLS_UDP_SR, "DTLS-UDP-SR"},
    {RELOAD_LINK_DTLS_UDP_SR_NO_ICE, "DTLS-UDP-SR-NO-ICE"},
    {RELOAD_LINK_TLS_TCP_FH_NO_ICE, "TLS-TCP-FH-NO-ICE"},
    {RELOAD_LINK_EXP, "EXP-LINK"},
};

static const Name hashes[] = {
    {RELOAD_HASH_NONE, "none"},	    {RELOAD_HASH_SHA1, "sha1"},	    {RELOAD_HASH_SHA224, "sha224"},
    {RELOAD_HASH_SHA256, "sha256"}, {RELOAD_HASH_SHA384, "sha384"}, {RELOAD_HASH_SHA512, "sha512"},
};

static const Name signature_algorithms[] = {
    {RELOAD_SIGNATURE_ANONYMOUS, "anonymous"},
    {RELOAD_SIGNATURE_RSA, "rsa"},
    {RELOAD_SIGNATURE_ECDSA, "ecdsa"},
};

static const char *find_name(const Name *names, size_t count, uint32_t code)
{
	for (size_t i = 0; i < count; i++) {
		if (names[i].code == code)
			return names[i].name;
	}
	return "unknown";
}

const char *reload_message_code_name(uint16_t code)
{
	return find_name(message_codes, G_N_ELEMENTS(message_codes), code);
}

const char *reload_error_code_name(uint16_t code)
{
	return find_name(error_codes, G_N_ELEMENTS(error_codes), code);
}

const char *reload_kind_name(uint32_t kind)
{
	return find_name(kinds, G_N_ELEMENTS(kinds), kind);
}

const char *reload_link_type_name(uint8_t type)
{
	return find_name(link_types, G_N_ELEMENTS(link_types), type);
}

const char *reload_hash_name(uint8_t hash)
{
	return find_name(hashes, G_N_ELEMENTS(hashes), hash);
}

const char *reload_signature_algorithm_name(uint8_t algorithm)
{
	return find_name(signature_algorithms, G_N_ELEMENTS(signature_algorithms), algorithm);
}

ReloadDataModel reload_iana_data_model(uint32_t kind, void *user_data)
{
	(void)user_data;
	switch (kind) {
	case RELOAD_KIND_TURN_SERVICE:
		return RELOAD_MODEL_SINGLE;
	case RELOAD_KIND_CERTIFICATE_BY_NODE:
	case RELOAD_KIND_CERTIFICATE_BY_USER:
		return RELOAD_MODEL_ARRAY;
	case RELOAD_KIND_SIP_REGISTRATION:
	case RELOAD_KIND_REDIR:
		return RELOAD_MODEL_DICTIONARY;
	default:
		return RELOAD_MODEL_UNKNOWN;
	}
}
