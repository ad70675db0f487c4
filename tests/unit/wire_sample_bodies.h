/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the sample messages: each function appends a body, or fills an envelope. */
#ifndef TESTS_UNIT_WIRE_SAMPLE_BODIES_H
#define TESTS_UNIT_WIRE_SAMPLE_BODIES_H

#include "tests/unit/wire_samples.h"

void wire_sample_probe_req(const WireSampleContext *context, GByteArray *body);
void wire_sample_probe_ans(const WireSampleContext *context, GByteArray *body);
void wire_sample_probe_req_exp(const WireSampleContext *context, GByteArray *body);
void wire_sample_probe_ans_exp(const WireSampleContext *context, GByteArray *body);
void wire_sample_attach_req(const WireSampleContext *context, GByteArray *body);
void wire_sample_attach_req_ice(const WireSampleContext *context, GByteArray *body);
void wire_sample_attach_req_links(const WireSampleContext *context, GByteArray *body);
void wire_sample_attach_ans(const WireSampleContext *context, GByteArray *body);
void wire_sample_app_attach_req(const WireSampleContext *context, GByteArray *body);
void wire_sample_app_attach_req_sips(const WireSampleContext *context, GByteArray *body);
void wire_sample_app_attach_ans(const WireSampleContext *context, GByteArray *body);
void wire_sample_ping_req(const WireSampleContext *context, GByteArray *body);
void wire_sample_ping_req_padded(const WireSampleContext *context, GByteArray *body);
void wire_sample_ping_ans(const WireSampleContext *context, GByteArray *body);
void wire_sample_config_update_req(const WireSampleContext *context, GByteArray *body);
void wire_sample_config_update_req_kind(const WireSampleContext *context, GByteArray *body);
void wire_sample_route_query_req(const WireSampleContext *context, GByteArray *body);
void wire_sample_route_query_req_resource(const WireSampleContext *context, GByteArray *body);
void wire_sample_route_query_req_opaque(const WireSampleContext *context, GByteArray *body);
void wire_sample_route_query_ans(const WireSampleContext *context, GByteArray *body);
void wire_sample_join_req(const WireSampleContext *context, GByteArray *body);
void wire_sample_join_req_data(const WireSampleContext *context, GByteArray *body);
void wire_sample_join_ans(const WireSampleContext *context, GByteArray *body);
void wire_sample_join_ans_data(const WireSampleContext *context, GByteArray *body);
void wire_sample_leave_req(const WireSampleContext *context, GByteArray *body);
void wire_sample_leave_req_pred(const WireSampleContext *context, GByteArray *body);
void wire_sample_update_req(const WireSampleContext *context, GByteArray *body);
void wire_sample_update_req_ready(const WireSampleContext *context, GByteArray *body);
void wire_sample_update_req_full(const WireSampleContext *context, GByteArray *body);
void wire_sample_trial(const WireSampleContext *context, GByteArray *body);

/* Those of the storage methods and errors: wire_sample_storage.c. */
void wire_sample_store_req(const WireSampleContext *context, GByteArray *body);
void wire_sample_store_req_models(const WireSampleContext *context, GByteArray *body);
void wire_sample_store_req_append(const WireSampleContext *context, GByteArray *body);
void wire_sample_store_req_removed(const WireSampleContext *context, GByteArray *body);
void wire_sample_store_req_uri(const WireSampleContext *context, GByteArray *body);
void wire_sample_store_req_users(const WireSampleContext *context, GByteArray *body);
void wire_sample_store_ans(const WireSampleContext *context, GByteArray *body);
void wire_sample_fetch_req(const WireSampleContext *context, GByteArray *body);
void wire_sample_fetch_req_models(const WireSampleContext *context, GByteArray *body);
void wire_sample_fetch_req_keys(const WireSampleContext *context, GByteArray *body);
void wire_sample_fetch_ans(const WireSampleContext *context, GByteArray *body);
void wire_sample_fetch_ans_models(const WireSampleContext *context, GByteArray *body);
void wire_sample_fetch_ans_removed(const WireSampleContext *context, GByteArray *body);
/* A value that the storing peer knows nothing of: unsigned (RFC 6940, 7.4.2.2). */
void wire_sample_fetch_ans_synthesized(const WireSampleContext *context, GByteArray *body);
void wire_sample_stat_ans(const WireSampleContext *context, GByteArray *body);
void wire_sample_stat_ans_models(const WireSampleContext *context, GByteArray *body);
void wire_sample_stat_ans_removed(const WireSampleContext *context, GByteArray *body);
void wire_sample_find_req(const WireSampleContext *context, GByteArray *body);
void wire_sample_find_ans(const WireSampleContext *context, GByteArray *body);
void wire_sample_error(const WireSampleContext *context, GByteArray *body);
void wire_sample_error_unknown_kind(const WireSampleContext *context, GByteArray *body);
void wire_sample_error_generation(const WireSampleContext *context, GByteArray *body);
/* An error of that code with a text. */
void wire_sample_error_text(uint16_t error_code, GByteArray *body);

/* Envelopes: wire_sample_envelopes.c. */
void wire_sample_to_opaque(const WireSampleContext *context, WireSampleEnvelope *envelope);
void wire_sample_to_wildcard(const WireSampleContext *context, WireSampleEnvelope *envelope);
void wire_sample_with_options(const WireSampleContext *context, WireSampleEnvelope *envelope);
void wire_sample_with_direct_response(const WireSampleContext *context,
				      WireSampleEnvelope *envelope);
void wire_sample_with_copied_option(const WireSampleContext *context, WireSampleEnvelope *envelope);
void wire_sample_with_critical_extension(const WireSampleContext *context,
					 WireSampleEnvelope *envelope);
void wire_sample_with_certificates(const WireSampleContext *context, WireSampleEnvelope *envelope);

#endif
