/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sample of every message and of its variants, for the tests of wire/ and for the vectors
 * program. */
#ifndef TESTS_UNIT_WIRE_SAMPLES_H
#define TESTS_UNIT_WIRE_SAMPLES_H

#include "reload_core/wire/message.h"
#include "reload_core/wire/stored_data.h"

/* Node-IDs in a context: the signer's and some others. */
#define WIRE_SAMPLE_NODES 7

/* Who signs a sample, where the context has the choice. */
typedef enum {
	WIRE_SAMPLE_SIGNER_USUAL,
	WIRE_SAMPLE_SIGNER_SEVERAL, /* whose certificate has several Node-IDs (RFC 6940, 6.3.4) */
} WireSampleSigner;

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
	/* Appends the security block over the contents of a message: certificates (a list of
	 * GenericCertificates), those of the signer, its signature. */
	bool (*write_security)(const WireSampleContext *context, WireSampleSigner signer,
			       uint64_t transaction_id, ReloadSpan contents,
			       ReloadSpan certificates, GByteArray *out);
	void *user_data;
};

/* The lists around a body, each empty at first; the caller frees what was put into them. */
typedef struct {
	GByteArray *via;
	GByteArray *destination;
	GByteArray *options;
	GByteArray *extensions;
	GByteArray *certificates; /* go before those of the signer */
} WireSampleEnvelope;

typedef struct {
	const char *name; /* IANA's name of the message, for a variant "_what" behind it */
	uint16_t code;
	bool variant;
	void (*write_body)(const WireSampleContext *context, GByteArray *body); /* NULL: empty */
	/* NULL: lists as after some hops. */
	void (*write_envelope)(const WireSampleContext *context, WireSampleEnvelope *envelope);
	uint16_t error_code; /* not 0: an ErrorResponse of it with a text, instead of write_body */
	WireSampleSigner signer;
	bool free_form; /* the codec takes any bytes for the body */
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
