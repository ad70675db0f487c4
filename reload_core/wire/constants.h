/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The code points of RELOAD (RFC 6940, 14 and the RFCs that add to it) and their IANA names. */
#ifndef RELOAD_WIRE_CONSTANTS_H
#define RELOAD_WIRE_CONSTANTS_H

#include <stdbool.h>
#include <stdint.h>

/* RFC 6940, 6.3.2. */
#define RELOAD_TOKEN 0xd2454c4fU
#define RELOAD_VERSION_1_0 0x0a
#define RELOAD_TTL_DEFAULT 100
#define RELOAD_CONFIG_SEQUENCE_ANY 65535 /* 6.3.2.1: accepted in a ConfigUpdate by everybody */

/* RFC 6940, 11.1: the default of max-message-size, in bytes. */
#define RELOAD_MAX_MESSAGE_SIZE_DEFAULT 5000

/* RFC 6940, 14.2: the port of overlay links and enrollment. */
#define RELOAD_PORT_DEFAULT 6084

/* RFC 6940, 14.8; path_track is RFC 7851. A request is odd, its answer is the next code. */
typedef enum {
	RELOAD_PROBE_REQ = 0x01,
	RELOAD_PROBE_ANS = 0x02,
	RELOAD_ATTACH_REQ = 0x03,
	RELOAD_ATTACH_ANS = 0x04,
	RELOAD_STORE_REQ = 0x07,
	RELOAD_STORE_ANS = 0x08,
	RELOAD_FETCH_REQ = 0x09,
	RELOAD_FETCH_ANS = 0x0a,
	RELOAD_FIND_REQ = 0x0d,
	RELOAD_FIND_ANS = 0x0e,
	RELOAD_JOIN_REQ = 0x0f,
	RELOAD_JOIN_ANS = 0x10,
	RELOAD_LEAVE_REQ = 0x11,
	RELOAD_LEAVE_ANS = 0x12,
	RELOAD_UPDATE_REQ = 0x13,
	RELOAD_UPDATE_ANS = 0x14,
	RELOAD_ROUTE_QUERY_REQ = 0x15,
	RELOAD_ROUTE_QUERY_ANS = 0x16,
	RELOAD_PING_REQ = 0x17,
	RELOAD_PING_ANS = 0x18,
	RELOAD_STAT_REQ = 0x19,
	RELOAD_STAT_ANS = 0x1a,
	RELOAD_APP_ATTACH_REQ = 0x1d,
	RELOAD_APP_ATTACH_ANS = 0x1e,
	RELOAD_CONFIG_UPDATE_REQ = 0x21,
	RELOAD_CONFIG_UPDATE_ANS = 0x22,
	RELOAD_EXP_A_REQ = 0x23,
	RELOAD_EXP_A_ANS = 0x24,
	RELOAD_EXP_B_REQ = 0x25,
	RELOAD_EXP_B_ANS = 0x26,
	RELOAD_PATH_TRACK_REQ = 0x27,
	RELOAD_PATH_TRACK_ANS = 0x28,
	RELOAD_ERROR = 0xffff,
} ReloadMessageCode;

/* Tells whether code is one of a request; RFC 6940, 6.3.3: requests are odd, below 0x8000. */
static inline bool reload_code_is_request(uint16_t code)
{
	return code < 0x8000 && (code & 1) == 1;
}

/* Tells whether code is one of a successful answer or the error. */
static inline bool reload_code_is_response(uint16_t code)
{
	return code == RELOAD_ERROR || (code != 0 && code < 0x8000 && (code & 1) == 0);
}

/* RFC 6940, 14.9; 0x15 to 0x1a are RFC 7851. What they mean: 6.3.3.1. */
typedef enum {
	RELOAD_ERROR_FORBIDDEN = 0x02,
	RELOAD_ERROR_NOT_FOUND = 0x03,
	RELOAD_ERROR_REQUEST_TIMEOUT = 0x04,
	RELOAD_ERROR_GENERATION_COUNTER_TOO_LOW = 0x05,
	RELOAD_ERROR_INCOMPATIBLE_WITH_OVERLAY = 0x06,
	RELOAD_ERROR_UNSUPPORTED_FORWARDING_OPTION = 0x07,
	RELOAD_ERROR_DATA_TOO_LARGE = 0x08,
	RELOAD_ERROR_DATA_TOO_OLD = 0x09,
	RELOAD_ERROR_TTL_EXCEEDED = 0x0a,
	RELOAD_ERROR_MESSAGE_TOO_LARGE = 0x0b,
	RELOAD_ERROR_UNKNOWN_KIND = 0x0c,
	RELOAD_ERROR_UNKNOWN_EXTENSION = 0x0d,
	RELOAD_ERROR_RESPONSE_TOO_LARGE = 0x0e,
	RELOAD_ERROR_CONFIG_TOO_OLD = 0x0f,
	RELOAD_ERROR_CONFIG_TOO_NEW = 0x10,
	RELOAD_ERROR_IN_PROGRESS = 0x11,
	RELOAD_ERROR_EXP_A = 0x12,
	RELOAD_ERROR_EXP_B = 0x13,
	RELOAD_ERROR_INVALID_MESSAGE = 0x14,
	RELOAD_ERROR_UNDERLAY_DESTINATION_UNREACHABLE = 0x15,
	RELOAD_ERROR_UNDERLAY_TIME_EXCEEDED = 0x16,
	RELOAD_ERROR_MESSAGE_EXPIRED = 0x17,
	RELOAD_ERROR_UPSTREAM_MISROUTING = 0x18,
	RELOAD_ERROR_LOOP_DETECTED = 0x19,
	RELOAD_ERROR_TTL_HOPS_EXCEEDED = 0x1a,
} ReloadErrorCode;

/* RFC 6940, 14.6; SIP-REGISTRATION: RFC 7904, 7.1; REDIR: RFC 7374. */
typedef enum {
	RELOAD_KIND_SIP_REGISTRATION = 0x1,
	RELOAD_KIND_TURN_SERVICE = 0x2,
	RELOAD_KIND_CERTIFICATE_BY_NODE = 0x3,
	RELOAD_KIND_CERTIFICATE_BY_USER = 0x10,
	RELOAD_KIND_REDIR = 0x104,
} ReloadKindId;

/* The Kind-IDs for private use, first and last (RFC 6940, 14.6). */
#define RELOAD_KIND_PRIVATE_FIRST 0xf0000001U
#define RELOAD_KIND_PRIVATE_LAST 0xfffffffdU

/* RFC 6940, 7.2. Not transmitted: it comes from the Kind's definition. */
typedef enum {
	RELOAD_MODEL_UNKNOWN = 0, /* of a Kind that nobody defined here */
	RELOAD_MODEL_SINGLE,
	RELOAD_MODEL_ARRAY,
	RELOAD_MODEL_DICTIONARY,
} ReloadDataModel;

/*
 * Tells the data model of a Kind, as the configuration defines it; RELOAD_MODEL_UNKNOWN for a Kind
 * that it does not. user_data is what was passed along with the function.
 */
typedef ReloadDataModel (*reload_data_model_fn)(uint32_t kind, void *user_data);

/* RFC 6940, 14.10. */
typedef enum {
	RELOAD_LINK_DTLS_UDP_SR = 1,
	RELOAD_LINK_DTLS_UDP_SR_NO_ICE = 3,
	RELOAD_LINK_TLS_TCP_FH_NO_ICE = 4,
	RELOAD_LINK_EXP = 5,
} ReloadOverlayLinkType;

/* RFC 6940, 6.5.1.1: ICE candidate types. */
typedef enum {
	RELOAD_CAND_HOST = 1,
	RELOAD_CAND_SRFLX = 2,
	RELOAD_CAND_PRFLX = 3, /* reserved; tolerated when read */
	RELOAD_CAND_RELAY = 4,
} ReloadCandType;

/* RFC 6940, 14.5. */
typedef enum {
	RELOAD_APPLICATION_SIP = 5060,
	RELOAD_APPLICATION_SIPS = 5061,
} ReloadApplicationId;

/* RFC 6940, 14.13. */
typedef enum {
	RELOAD_PROBE_RESPONSIBLE_SET = 1,
	RELOAD_PROBE_NUM_RESOURCES = 2,
	RELOAD_PROBE_UPTIME = 3,
	RELOAD_PROBE_EXP = 4,
} ReloadProbeType;

/* RFC 6940, 14.12; 2 is RFC 7263. */
typedef enum {
	RELOAD_FORWARD_EXP = 1,
	RELOAD_FORWARD_EXTENSIVE_ROUTING_MODE = 2,
} ReloadForwardingOptionType;

/* RFC 6940, 6.3.2.3; the last one is RFC 7263. */
#define RELOAD_FLAG_FORWARD_CRITICAL 0x01
#define RELOAD_FLAG_DESTINATION_CRITICAL 0x02
#define RELOAD_FLAG_RESPONSE_COPY 0x04
#define RELOAD_FLAG_IGNORE_STATE_KEEPING 0x08

/* RFC 6940, 14.14; Diagnostic_Ping: RFC 7851; self_tuning_data: RFC 7363. */
typedef enum {
	RELOAD_EXTENSION_EXP = 1,
	RELOAD_EXTENSION_DIAGNOSTIC_PING = 2,
	RELOAD_EXTENSION_SELF_TUNING_DATA = 3,
} ReloadMessageExtensionType;

/* RFC 6091: certificate types. */
typedef enum {
	RELOAD_CERTIFICATE_X509 = 0,
	RELOAD_CERTIFICATE_OPENPGP = 1,
} ReloadCertificateType;

/* The TLS HashAlgorithm registry. */
typedef enum {
	RELOAD_HASH_NONE = 0,
	RELOAD_HASH_SHA1 = 2,
	RELOAD_HASH_SHA224 = 3,
	RELOAD_HASH_SHA256 = 4,
	RELOAD_HASH_SHA384 = 5,
	RELOAD_HASH_SHA512 = 6,
} ReloadHashAlgorithm;

/* The TLS SignatureAlgorithm registry. */
typedef enum {
	RELOAD_SIGNATURE_ANONYMOUS = 0,
	RELOAD_SIGNATURE_RSA = 1,
	RELOAD_SIGNATURE_ECDSA = 3,
} ReloadSignatureAlgorithm;

/* RFC 6940, 6.3.4. */
typedef enum {
	RELOAD_SIGNER_CERT_HASH = 1,
	RELOAD_SIGNER_CERT_HASH_NODE_ID = 2,
	RELOAD_SIGNER_NONE = 3,
} ReloadSignerIdentityType;

/* Each returns the IANA name of a code point, static, never NULL: "unknown" for one that is in no
 * registry. */
const char *reload_message_code_name(uint16_t code);
const char *reload_error_code_name(uint16_t code);
const char *reload_kind_name(uint32_t kind);
const char *reload_link_type_name(uint8_t type);
const char *reload_hash_name(uint8_t hash);
const char *reload_signature_algorithm_name(uint8_t algorithm);

/*
 * A reload_data_model_fn that knows the Kinds in IANA's registry only (SIP-REGISTRATION:
 * dictionary; TURN-SERVICE: single; CERTIFICATE_BY_*: array; REDIR: dictionary); for tools that run
 * without a configuration. user_data is unused.
 */
ReloadDataModel reload_iana_data_model(uint32_t kind, void *user_data);

#endif
