/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sample values, for the samples of Store and Fetch. */
#ifndef TESTS_UNIT_WIRE_SAMPLE_VALUES_H
#define TESTS_UNIT_WIRE_SAMPLE_VALUES_H

#include "tests/unit/wire_samples.h"

/* Seconds. */
#define WIRE_SAMPLE_LIFETIME 3600

/* A Kind with what writes its values, a list of StoredData. */
typedef struct {
	uint32_t kind; /* 0 ends a list */
	void (*write_values)(const WireSampleContext *context, GByteArray *out);
} WireSampleKind;

extern const WireSampleKind wire_sample_kinds_models[];	      /* one of each data model */
extern const WireSampleKind wire_sample_kinds_appended[];     /* at the end of an array */
extern const WireSampleKind wire_sample_kinds_removed[];      /* one of each model, removed */
extern const WireSampleKind wire_sample_kinds_registration[]; /* a route */
extern const WireSampleKind wire_sample_kinds_uri[];	      /* another AOR */
extern const WireSampleKind wire_sample_kinds_users[];	      /* the Kinds that are left, IPv6 */

/* Appends the value of a SIP-REGISTRATION of the signer: a route to itself. */
void wire_sample_registration(const WireSampleContext *context, GByteArray *out);

#endif
