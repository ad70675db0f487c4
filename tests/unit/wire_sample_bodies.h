/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bodies of the sample messages; each function appends one to body. */
#ifndef TESTS_UNIT_WIRE_SAMPLE_BODIES_H
#define TESTS_UNIT_WIRE_SAMPLE_BODIES_H

#include "tests/unit/wire_samples.h"

void wire_sample_probe_req(const WireSampleContext *context, GByteArray *body);
void wire_sample_probe_ans(const WireSampleContext *context, GByteArray *body);
void wire_sample_attach_req(const WireSampleContext *context, GByteArray *body);
void wire_sample_attach_req_ice(const WireSampleContext *context, GByteArray *body);
void wire_sample_attach_ans(const WireSampleContext *context, GByteArray *body);
void wire_sample_app_attach_req(const WireSampleContext *context, GByteArray *body);
void wire_sample_app_attach_ans(const WireSampleContext *context, GByteArray *body);
void wire_sample_ping_req(const WireSampleContext *context, GByteArray *body);
void wire_sample_ping_req_padded(const WireSampleContext *context, GByteArray *body);
void wire_sample_ping_ans(const WireSampleContext *context, GByteArray *body);
void wire_sample_config_update_req(const WireSampleContext *context, GByteArray *body);
void wire_sample_config_update_req_kind(const WireSampleContext *context, GByteArray *body);
void wire_sample_route_query_req(const WireSampleContext *context, GByteArray *body);
void wire_sample_route_query_req_resource(const WireSampleContext *context, GByteArray *body);
void wire_sample_route_query_ans(const WireSampleContext *context, GByteArray *body);
void wire_sample_join_req(const WireSampleContext *context, GByteArray *body);
void wire_sample_join_ans(const WireSampleContext *context, GByteArray *body);
void wire_sample_leave_req(const WireSampleContext *context, GByteArray *body);
void wire_sample_leave_req_pred(const WireSampleContext *context, GByteArray *body);
void wire_sample_update_req(const WireSampleContext *context, GByteArray *body);
void wire_sample_update_req_ready(const WireSampleContext *context, GByteArray *body);
void wire_sample_update_req_full(const WireSampleContext *context, GByteArray *body);

/* Those of the storage methods and errors: wire_sample_storage.c. */
void wire_sample_store_req(const WireSampleContext *context, GByteArray *body);
void wire_sample_store_req_models(const WireSampleContext *context, GByteArray *body);
void wire_sample_store_ans(const WireSampleContext *context, GByteArray *body);
void wire_sample_fetch_req(const WireSampleContext *context, GByteArray *body);
void wire_sample_fetch_req_models(const WireSampleContext *context, GByteArray *body);
void wire_sample_fetch_ans(const WireSampleContext *context, GByteArray *body);
void wire_sample_fetch_ans_models(const WireSampleContext *context, GByteArray *body);
/* A value that the storing peer knows nothing of: unsigned (RFC 6940, 7.4.2.2). */
void wire_sample_fetch_ans_synthesized(const WireSampleContext *context, GByteArray *body);
void wire_sample_stat_ans(const WireSampleContext *context, GByteArray *body);
void wire_sample_find_req(const WireSampleContext *context, GByteArray *body);
void wire_sample_find_ans(const WireSampleContext *context, GByteArray *body);
void wire_sample_error(const WireSampleContext *context, GByteArray *body);
void wire_sample_error_unknown_kind(const WireSampleContext *context, GByteArray *body);
void wire_sample_error_generation(const WireSampleContext *context, GByteArray *body);

#endif
