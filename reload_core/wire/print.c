/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A message as readable text: header, contents and security block; the bodies are printed
 * elsewhere. */
#include "reload_core/wire/print.h"

#include "reload_core/wire/print_internal.h"

static void print_options(ReloadPrinter *p, ReloadSpan options)
{
	ReloadForwardingOption option;

	while (reload_forwarding_option_next(&options, &option)) {
		reload_print_line(p, "forwarding_option %u flags 0x%02x", option.type,
				  option.flags);
		p->depth++;
		reload_print_hex(p, "value", option.value);
		p->depth--;
	}
}

static void print_header(ReloadPrinter *p, const ReloadHeader *h)
{
	reload_print_line(p, "ForwardingHeader");
	p->depth++;
	reload_print_line(p, "overlay: 0x%08x", h->overlay);
	reload_print_line(p, "configuration_sequence: %u", h->config_sequence);
	reload_print_line(p, "ttl: %u", h->ttl);
	if (!reload_header_is_whole(h))
		reload_print_line(p, "fragment: offset %u%s", h->fragment_offset,
				  h->last_fragment ? ", last" : "");
	reload_print_line(p, "length: %u", h->length);
	reload_print_line(p, "transaction_id: 0x%016" G_GINT64_MODIFIER "x", h->transaction_id);
	reload_print_line(p, "max_response_length: %u", h->max_response_length);
	reload_print_destinations(p, "via_list", h->via_list);
	reload_print_destinations(p, "destination_list", h->destination_list);
	print_options(p, h->options);
	p->depth--;
}

static void print_extensions(ReloadPrinter *p, ReloadSpan extensions)
{
	ReloadExtension extension;

	while (reload_extension_next(&extensions, &extension)) {
		reload_print_line(p, "extension %u%s", extension.type,
				  extension.critical ? " critical" : "");
		p->depth++;
		reload_print_hex(p, "contents", extension.contents);
		p->depth--;
	}
}

static void print_security_block(ReloadPrinter *p, const ReloadSecurityBlock *block)
{
	ReloadSpan list = block->certificates;
	ReloadGenericCertificate certificate;

	reload_print_line(p, "SecurityBlock");
	p->depth++;
	while (reload_generic_certificate_next(&list, &certificate)) {
		g_autofree char *sha256 = g_compute_checksum_for_data(
		    G_CHECKSUM_SHA256, certificate.certificate.data, certificate.certificate.len);

		reload_print_line(p, "certificate type %u, %zu bytes, sha256 %s", certificate.type,
				  certificate.certificate.len, sha256);
	}
	reload_print_signature(p, &block->signature);
	p->depth--;
}

/* Prints a body by its code, or that it cannot be. */
static void print_body(ReloadPrinter *p, uint16_t code, ReloadSpan body)
{
	ReloadStatus status = reload_print_storage_body(p, code, body);

	if (status == RELOAD_E_UNSUPPORTED)
		status = reload_print_overlay_body(p, code, body);
	if (status == RELOAD_E_UNSUPPORTED)
		reload_print_hex(p, "message_body", body);
	else if (status != RELOAD_OK)
		reload_print_malformed(p, body, status);
}

static ReloadPrinter make_printer(GString *out, unsigned node_id_len, reload_data_model_fn model_of,
				  void *user_data)
{
	return (ReloadPrinter){
	    .out = out,
	    .node_id_len = node_id_len != 0 ? node_id_len : RELOAD_NODE_ID_MIN,
	    .model_of = model_of != NULL ? model_of : reload_iana_data_model,
	    .user_data = user_data,
	};
}

ReloadStatus reload_print_message(GString *out, ReloadSpan message, unsigned node_id_len,
				  reload_data_model_fn model_of, void *user_data)
{
	ReloadPrinter p = make_printer(out, node_id_len, model_of, user_data);
	ReloadMessage decoded = {0};
	ReloadSpan rest;
	ReloadStatus status = reload_header_decode(message, node_id_len, &decoded.header, &rest);

	if (status != RELOAD_OK) {
		reload_print_malformed(&p, message, status);
		return status;
	}
	print_header(&p, &decoded.header);
	if (!reload_header_is_whole(&decoded.header)) {
		reload_print_hex(&p, "part of the message", rest);
		return RELOAD_OK;
	}
	status = reload_message_decode_rest(rest, &decoded);
	if (status != RELOAD_OK) {
		reload_print_malformed(&p, rest, status);
		return status;
	}
	reload_print_line(&p, "MessageContents: %s (0x%x)", reload_message_code_name(decoded.code),
			  decoded.code);
	p.depth++;
	print_body(&p, decoded.code, decoded.body);
	print_extensions(&p, decoded.extensions);
	p.depth--;
	print_security_block(&p, &decoded.security);
	return p.status;
}

ReloadStatus reload_print_body(GString *out, uint16_t code, ReloadSpan body, unsigned node_id_len,
			       reload_data_model_fn model_of, void *user_data)
{
	ReloadPrinter p = make_printer(out, node_id_len, model_of, user_data);

	print_body(&p, code, body);
	return p.status;
}
