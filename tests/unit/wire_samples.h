/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sample of every message and of its variants, for the tests of wire/ and for the vectors
 * program. */
#ifndef TESTS_UNIT_WIRE_SAMPLES_H
#define TESTS_UNIT_WIRE_SAMPLES_H

#include "reload_core/wire/message.h"
#include "reload_core/wire/stored_data.h"

/* Node-IDs in a context: the signer's and some others. */
#define WIRE_SAMPLE_NODES 7

/* Where the samples take their names, identities and signatures from. */
typedef struct WireSampleContext WireSampleContext;
struct WireSampleContext {
	const char *overlay;
	ReloadNodeId nodes[WIRE_SAMPLE_NODES]; /* the first one signs */
	ReloadResourceId resource;	       /* of the AOR, whose user the signer is */
	uint64_t time;			       /* milliseconds since the Unix epoch */
	ReloadSpan document;		       /* overlay configuration */
	ReloadSpan kind_block;		       /* a kind-block element */
	ReloadSpan certificate;		       /* DER, as stored in CERTIFICATE_BY_NODE */
	/* Appends data as signed StoredData, under Resource-ID resource and that Kind. */
	bool (*write_stored)(const WireSampleContext *context, uint32_t kind,
			     const ReloadStoredData *data, GByteArray *out);
	/* Appends the security block over the contents of a message. */
	bool (*write_security)(const WireSampleContext *context, uint64_t transaction_id,
			       ReloadSpan contents, GByteArray *out);
	void *user_data;
};

typedef struct {
	const char *name; /* IANA's name of the message, for a variant "_what" behind it */
	uint16_t code;
	bool variant;
	void (*write_body)(const WireSampleContext *context, GByteArray *body);
} WireSample;

/* All samples; the last one has no name. */
extern const WireSample wire_samples[];

/* Fills a context with fixed names and with signatures that have the form of ones but verify
 * nothing. */
void wire_sample_context_init(WireSampleContext *context);

/* Returns the whole message as bytes that the caller frees; NULL if it does not fit its lengths. */
GByteArray *wire_sample_message(const WireSampleContext *context, const WireSample *sample);

/* Returns its body alone. */
GByteArray *wire_sample_body(const WireSampleContext *context, const WireSample *sample);

#endif
