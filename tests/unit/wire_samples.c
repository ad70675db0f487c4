/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts sample messages together around the bodies of wire_sample_*.c. */
#include "tests/unit/wire_samples.h"

#include "tests/unit/wire_sample_bodies.h"

static const char document[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			       "<overlay xmlns=\"urn:ietf:params:xml:ns:p2p:config-base\"/>\n";
static const char kind_block[] = "<kind-block><kind id=\"4026531841\"/></kind-block>";

static ReloadSpan view(const GByteArray *bytes)
{
	return reload_span(bytes->data, bytes->len);
}

/* Bytes that stand for a hash, a certificate or a signature. */
static const uint8_t filler[64] = {0x5a, 0xa5, 0x01, 0xfe};

static ReloadSignature filler_signature(void)
{
	return (ReloadSignature){
	    .hash_alg = RELOAD_HASH_SHA256,
	    .signature_alg = RELOAD_SIGNATURE_ECDSA,
	    .identity = {.type = RELOAD_SIGNER_CERT_HASH,
			 .hash_alg = RELOAD_HASH_SHA256,
			 .hash = {filler, 32}},
	    .value = {filler, 64},
	};
}

static bool write_stored_filler(const WireSampleContext *context, uint32_t kind,
				const ReloadStoredData *data, GByteArray *out)
{
	ReloadStoredData copy = *data;

	(void)context;
	(void)kind;
	copy.signature = filler_signature();
	return reload_write_stored_data(out, &copy);
}

static bool write_security_filler(const WireSampleContext *context, WireSampleSigner signer,
				  uint64_t transaction_id, ReloadSpan contents,
				  ReloadSpan certificates, GByteArray *out)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadSignature signature = filler_signature();

	(void)context;
	(void)transaction_id;
	(void)contents;
	if (signer == WIRE_SAMPLE_SIGNER_SEVERAL)
		signature.identity.type = RELOAD_SIGNER_CERT_HASH_NODE_ID;
	reload_write_bytes(list, certificates);
	return reload_write_generic_certificate(list, RELOAD_CERTIFICATE_X509,
						reload_span(filler, 50)) &&
	       reload_write_generic_certificate(list, RELOAD_CERTIFICATE_X509,
						reload_span(filler, 20)) &&
	       reload_write_security_block(out, view(list), &signature);
}

void wire_sample_context_init(WireSampleContext *context)
{
	memset(context, 0, sizeof(*context));
	context->overlay = "overlay.example.org";
	for (unsigned i = 0; i < WIRE_SAMPLE_NODES; i++) {
		context->nodes[i].len = RELOAD_NODE_ID_MIN;
		memset(context->nodes[i].id, (int)(0x10 * (i + 1) + i), RELOAD_NODE_ID_MIN);
	}
	context->resource.len = 16;
	memset(context->resource.id, 0xab, 16);
	context->time = 1760000000000;
	context->document = reload_span_text(document);
	context->kind_block = reload_span_text(kind_block);
	context->certificate = reload_span(filler, 50);
	context->write_stored = write_stored_filler;
	context->write_security = write_security_filler;
}

GByteArray *wire_sample_body(const WireSampleContext *context, const WireSample *sample)
{
	GByteArray *body = g_byte_array_new();

	if (sample->error_code != 0)
		wire_sample_error_text(sample->error_code, body);
	else if (sample->write_body != NULL)
		sample->write_body(context, body);
	return body;
}

/* Lists, options and extensions as they would be after some hops. */
static void write_usual(const WireSampleContext *context, const WireSample *sample,
			WireSampleEnvelope *envelope)
{
	bool by_resource = sample->code == RELOAD_STORE_REQ || sample->code == RELOAD_FETCH_REQ ||
			   sample->code == RELOAD_STAT_REQ || sample->code == RELOAD_FIND_REQ ||
			   sample->code == RELOAD_ATTACH_REQ;
	ReloadForwardingOption option = {RELOAD_FORWARD_EXP, RELOAD_FLAG_RESPONSE_COPY,
					 reload_span_text("trial")};
	ReloadExtension extension = {RELOAD_EXTENSION_EXP, false, reload_span_text("trial")};
	ReloadDestination opaque = reload_destination_opaque(reload_span_text("state"));

	if (sample->variant)
		reload_write_extension(envelope->extensions, &extension);
	if (!reload_code_is_request(sample->code)) {
		reload_write_destination_node(envelope->destination, &context->nodes[2]);
		reload_write_destination_node(envelope->destination, &context->nodes[1]);
		return;
	}
	if (sample->variant) {
		reload_write_destination(envelope->via, &opaque);
		opaque.bare = true;
		opaque.opaque = reload_span("\x81\x23", 2);
		reload_write_destination(envelope->via, &opaque);
		reload_write_forwarding_option(envelope->options, &option);
	}
	reload_write_destination_node(envelope->via, &context->nodes[1]);
	if (!by_resource || sample->variant)
		reload_write_destination_node(envelope->destination, &context->nodes[3]);
	if (by_resource)
		reload_write_destination_resource(envelope->destination, &context->resource);
}

static void write_header(const WireSampleContext *context, const WireSample *sample,
			 uint64_t transaction_id, const WireSampleEnvelope *envelope,
			 GByteArray *out)
{
	ReloadHeader header = {
	    .overlay = reload_overlay_hash(context->overlay),
	    .config_sequence = 1,
	    .version = RELOAD_VERSION_1_0,
	    .ttl = RELOAD_TTL_DEFAULT - 1,
	    .last_fragment = true,
	    .transaction_id = transaction_id,
	    .via_list = view(envelope->via),
	    .destination_list = view(envelope->destination),
	    .options = view(envelope->options),
	};

	if (reload_code_is_request(sample->code))
		header.max_response_length = RELOAD_MAX_MESSAGE_SIZE_DEFAULT;
	reload_write_header(out, &header);
}

/* Appends contents and security block; false if something does not fit its length. */
static bool write_rest(const WireSampleContext *context, const WireSample *sample,
		       uint64_t transaction_id, const WireSampleEnvelope *envelope, GByteArray *out)
{
	g_autoptr(GByteArray) body = wire_sample_body(context, sample);
	g_autoptr(GByteArray) contents = g_byte_array_new();

	if (!reload_write_contents(contents, sample->code, view(body), view(envelope->extensions)))
		return false;
	reload_write_bytes(out, view(contents));
	return context->write_security(context, sample->signer, transaction_id, view(contents),
				       view(envelope->certificates), out);
}

GByteArray *wire_sample_message(const WireSampleContext *context, const WireSample *sample)
{
	GByteArray *out = g_byte_array_new();
	WireSampleEnvelope envelope = {g_byte_array_new(), g_byte_array_new(), g_byte_array_new(),
				       g_byte_array_new(), g_byte_array_new()};
	/* A variant is a message of its own; request and answer share the number. */
	uint64_t pair = sample->code == RELOAD_ERROR ? RELOAD_FETCH_REQ : (sample->code - 1U) | 1U;
	uint64_t transaction_id = 0x0123456789000000u + pair * 0x10000u;
	bool ok;

	if (sample->variant)
		transaction_id += g_str_hash(sample->name) & 0xffff;
	if (sample->write_envelope != NULL)
		sample->write_envelope(context, &envelope);
	else
		write_usual(context, sample, &envelope);
	write_header(context, sample, transaction_id, &envelope, out);
	ok = write_rest(context, sample, transaction_id, &envelope, out);
	g_byte_array_unref(envelope.via);
	g_byte_array_unref(envelope.destination);
	g_byte_array_unref(envelope.options);
	g_byte_array_unref(envelope.extensions);
	g_byte_array_unref(envelope.certificates);
	if (!ok) {
		g_byte_array_unref(out);
		return NULL;
	}
	reload_finish_length(out, 0);
	return out;
}
