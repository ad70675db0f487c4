/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts sample messages together around the bodies of wire_sample_*.c. */
#include "tests/unit/wire_samples.h"

#include "tests/unit/wire_sample_bodies.h"

static const char document[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			       "<overlay xmlns=\"urn:ietf:params:xml:ns:p2p:config-base\"/>\n";
static const char kind_block[] = "<kind-block><kind id=\"4026531841\"/></kind-block>";

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

static bool write_security_filler(const WireSampleContext *context, uint64_t transaction_id,
				  ReloadSpan contents, GByteArray *out)
{
	g_autoptr(GByteArray) certificates = g_byte_array_new();
	ReloadSignature signature = filler_signature();

	(void)context;
	(void)transaction_id;
	(void)contents;
	signature.identity.type = RELOAD_SIGNER_CERT_HASH_NODE_ID;
	return reload_write_generic_certificate(certificates, RELOAD_CERTIFICATE_X509,
						reload_span(filler, 50)) &&
	       reload_write_generic_certificate(certificates, RELOAD_CERTIFICATE_X509,
						reload_span(filler, 20)) &&
	       reload_write_security_block(out, reload_span(certificates->data, certificates->len),
					   &signature);
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

	if (sample->write_body != NULL)
		sample->write_body(context, body);
	return body;
}

/* Lists and options as they would be after some hops. */
static void write_lists(const WireSampleContext *context, const WireSample *sample, GByteArray *via,
			GByteArray *destination, GByteArray *options)
{
	bool by_resource = sample->code == RELOAD_STORE_REQ || sample->code == RELOAD_FETCH_REQ ||
			   sample->code == RELOAD_STAT_REQ || sample->code == RELOAD_FIND_REQ ||
			   sample->code == RELOAD_ATTACH_REQ;
	ReloadForwardingOption option = {RELOAD_FORWARD_EXP, 0, reload_span_text("trial")};
	ReloadDestination opaque = reload_destination_opaque(reload_span_text("state"));

	if (!reload_code_is_request(sample->code)) {
		reload_write_destination_node(destination, &context->nodes[2]);
		reload_write_destination_node(destination, &context->nodes[1]);
		return;
	}
	if (sample->variant) {
		reload_write_destination(via, &opaque);
		opaque.bare = true;
		opaque.opaque = reload_span("\x81\x23", 2);
		reload_write_destination(via, &opaque);
		option.flags = RELOAD_FLAG_RESPONSE_COPY;
		reload_write_forwarding_option(options, &option);
	}
	reload_write_destination_node(via, &context->nodes[1]);
	if (!by_resource || sample->variant)
		reload_write_destination_node(destination, &context->nodes[3]);
	if (by_resource)
		reload_write_destination_resource(destination, &context->resource);
}

static void write_header(const WireSampleContext *context, const WireSample *sample,
			 uint64_t transaction_id, GByteArray *out)
{
	g_autoptr(GByteArray) via = g_byte_array_new();
	g_autoptr(GByteArray) destination = g_byte_array_new();
	g_autoptr(GByteArray) options = g_byte_array_new();
	ReloadHeader header = {
	    .overlay = reload_overlay_hash(context->overlay),
	    .config_sequence = 1,
	    .version = RELOAD_VERSION_1_0,
	    .ttl = RELOAD_TTL_DEFAULT - 1,
	    .last_fragment = true,
	    .transaction_id = transaction_id,
	};

	write_lists(context, sample, via, destination, options);
	header.via_list = reload_span(via->data, via->len);
	header.destination_list = reload_span(destination->data, destination->len);
	header.options = reload_span(options->data, options->len);
	if (reload_code_is_request(sample->code))
		header.max_response_length = RELOAD_MAX_MESSAGE_SIZE_DEFAULT;
	reload_write_header(out, &header);
}

static void write_extensions(const WireSample *sample, GByteArray *extensions)
{
	ReloadExtension extension = {RELOAD_EXTENSION_EXP, false, reload_span_text("trial")};

	if (sample->variant)
		reload_write_extension(extensions, &extension);
}

GByteArray *wire_sample_message(const WireSampleContext *context, const WireSample *sample)
{
	GByteArray *out = g_byte_array_new();
	g_autoptr(GByteArray) body = wire_sample_body(context, sample);
	g_autoptr(GByteArray) extensions = g_byte_array_new();
	/* A variant is a message of its own; request and answer share the number. */
	uint64_t pair = sample->code == RELOAD_ERROR ? RELOAD_FETCH_REQ : (sample->code - 1U) | 1U;
	uint64_t transaction_id = 0x0123456789000000u + pair * 0x10000u;
	g_autoptr(GBytes) contents = NULL;
	size_t start;
	bool ok;

	if (sample->variant)
		transaction_id += g_str_hash(sample->name) & 0xffff;
	write_header(context, sample, transaction_id, out);
	write_extensions(sample, extensions);
	start = out->len;
	ok = reload_write_contents(out, sample->code, reload_span(body->data, body->len),
				   reload_span(extensions->data, extensions->len));
	contents = g_bytes_new(out->data + start, out->len - start);
	ok = ok &&
	     context->write_security(
		 context, transaction_id,
		 reload_span(g_bytes_get_data(contents, NULL), g_bytes_get_size(contents)), out);
	if (!ok) {
		g_byte_array_unref(out);
		return NULL;
	}
	reload_finish_length(out, 0);
	return out;
}

const WireSample wire_samples[] = {
    {"probe_req", RELOAD_PROBE_REQ, false, wire_sample_probe_req},
    {"probe_ans", RELOAD_PROBE_ANS, false, wire_sample_probe_ans},
    {"attach_req", RELOAD_ATTACH_REQ, false, wire_sample_attach_req},
    {"attach_req_ice", RELOAD_ATTACH_REQ, true, wire_sample_attach_req_ice},
    {"attach_ans", RELOAD_ATTACH_ANS, false, wire_sample_attach_ans},
    {"store_req", RELOAD_STORE_REQ, false, wire_sample_store_req},
    {"store_req_models", RELOAD_STORE_REQ, true, wire_sample_store_req_models},
    {"store_ans", RELOAD_STORE_ANS, false, wire_sample_store_ans},
    {"fetch_req", RELOAD_FETCH_REQ, false, wire_sample_fetch_req},
    {"fetch_req_models", RELOAD_FETCH_REQ, true, wire_sample_fetch_req_models},
    {"fetch_ans", RELOAD_FETCH_ANS, false, wire_sample_fetch_ans},
    {"fetch_ans_models", RELOAD_FETCH_ANS, true, wire_sample_fetch_ans_models},
    {"fetch_ans_synthesized", RELOAD_FETCH_ANS, true, wire_sample_fetch_ans_synthesized},
    {"find_req", RELOAD_FIND_REQ, false, wire_sample_find_req},
    {"find_ans", RELOAD_FIND_ANS, false, wire_sample_find_ans},
    {"join_req", RELOAD_JOIN_REQ, false, wire_sample_join_req},
    {"join_ans", RELOAD_JOIN_ANS, false, wire_sample_join_ans},
    {"leave_req", RELOAD_LEAVE_REQ, false, wire_sample_leave_req},
    {"leave_req_pred", RELOAD_LEAVE_REQ, true, wire_sample_leave_req_pred},
    {"leave_ans", RELOAD_LEAVE_ANS, false, NULL},
    {"update_req", RELOAD_UPDATE_REQ, false, wire_sample_update_req},
    {"update_req_ready", RELOAD_UPDATE_REQ, true, wire_sample_update_req_ready},
    {"update_req_full", RELOAD_UPDATE_REQ, true, wire_sample_update_req_full},
    {"update_ans", RELOAD_UPDATE_ANS, false, NULL},
    {"route_query_req", RELOAD_ROUTE_QUERY_REQ, false, wire_sample_route_query_req},
    {"route_query_req_resource", RELOAD_ROUTE_QUERY_REQ, true,
     wire_sample_route_query_req_resource},
    {"route_query_ans", RELOAD_ROUTE_QUERY_ANS, false, wire_sample_route_query_ans},
    {"ping_req", RELOAD_PING_REQ, false, wire_sample_ping_req},
    {"ping_req_padded", RELOAD_PING_REQ, true, wire_sample_ping_req_padded},
    {"ping_ans", RELOAD_PING_ANS, false, wire_sample_ping_ans},
    {"stat_req", RELOAD_STAT_REQ, false, wire_sample_fetch_req},
    {"stat_ans", RELOAD_STAT_ANS, false, wire_sample_stat_ans},
    {"app_attach_req", RELOAD_APP_ATTACH_REQ, false, wire_sample_app_attach_req},
    {"app_attach_ans", RELOAD_APP_ATTACH_ANS, false, wire_sample_app_attach_ans},
    {"config_update_req", RELOAD_CONFIG_UPDATE_REQ, false, wire_sample_config_update_req},
    {"config_update_req_kind", RELOAD_CONFIG_UPDATE_REQ, true, wire_sample_config_update_req_kind},
    {"config_update_ans", RELOAD_CONFIG_UPDATE_ANS, false, NULL},
    {"error", RELOAD_ERROR, false, wire_sample_error},
    {"error_unknown_kind", RELOAD_ERROR, true, wire_sample_error_unknown_kind},
    {"error_generation", RELOAD_ERROR, true, wire_sample_error_generation},
    {NULL, 0, false, NULL},
};
