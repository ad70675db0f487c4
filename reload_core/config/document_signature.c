/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The signatures of a configuration and of its Kinds (RFC 6940, 11.1): a base64 SecurityBlock over
 * the element's raw bytes || SignerIdentity. */
#include "reload_core/config/document_private.h"

#include "reload_core/security/certificate_set.h"
#include "reload_core/security/sign.h"
#include "reload_core/wire/security_block.h"

/* The start tag of what is handed on, with the namespaces declared in it. */
#define ROOT_MAX_BYTES 4096

ReloadStatus reload_block_verify(ReloadTrust *trust, GBytes *bytes, ReloadSpan data,
				 const GArray *signers, int64_t now, ReloadNodeId *signer)
{
	ReloadCertificateSet *set;
	ReloadSecurityBlock block;
	ReloadNodeId id;
	ReloadStatus status;
	ReloadSpan span;

	span.data = g_bytes_get_data(bytes, &span.len);
	status = reload_security_block_decode(span, &block);
	if (status != RELOAD_OK)
		return status;
	set = reload_certificate_set_new(trust);
	reload_certificate_set_add_block(set, &block);
	status = reload_verify_parts(set, &data, 1, &block.signature, now, NULL, &id);
	reload_certificate_set_free(set);
	if (status != RELOAD_OK)
		return status;
	for (guint i = 0; i < signers->len; i++) {
		if (!reload_node_id_equal(&g_array_index(signers, ReloadNodeId, i), &id))
			continue;
		if (signer)
			*signer = id;
		return RELOAD_OK;
	}
	return RELOAD_E_FORBIDDEN;
}

const char *reload_signature_reason(ReloadStatus status)
{
	switch (status) {
	case RELOAD_E_FORBIDDEN:
		return "its signer is not listed as one, or is a bad-node";
	case RELOAD_E_EXPIRED:
		return "its signer's certificate is outside of its dates";
	case RELOAD_E_CERTIFICATE:
	case RELOAD_E_OVERLAY:
		return "its signer's certificate is missing or not of this overlay";
	case RELOAD_E_MALFORMED:
		return "it is no SecurityBlock";
	default:
		return "it does not fit: something was changed afterwards";
	}
}

/* RFC 6940, 11.1: "Receivers MUST verify the signature prior to accepting a kind-block". Only where
 * the document names no kind-signer at all may a Kind be without one: then the signature of the
 * whole stands for it. */
static ReloadStatus verify_kind(const ReloadXml *xml, const ReloadKindElement *element,
				ReloadDocument *document, ReloadTrust *trust, int64_t now,
				GError **error)
{
	ReloadKindBlock *block;
	ReloadStatus status;

	if (!element->signature && document->kind_signers->len == 0)
		return RELOAD_OK;
	status = reload_kind_block_verify(xml, element, document, trust, now, &block, error);
	if (status == RELOAD_OK)
		g_hash_table_insert(document->kind_blocks, GUINT_TO_POINTER(element->kind.id),
				    block);
	return status;
}

/* Collects the signature elements behind configuration, up to the next configuration. */
static ReloadStatus collect_signatures(const ReloadXml *xml, const xmlNode *configuration,
				       ReloadDocument *document, GError **error)
{
	for (const xmlNode *node = reload_xml_next(configuration);
	     reload_xml_is(node, RELOAD_XML_NS_BASE, "signature"); node = reload_xml_next(node)) {
		GBytes *bytes;

		if (document->signatures->len == RELOAD_DOCUMENT_SIGNATURES_MAX)
			return reload_xml_fail(xml, node, error, "is one of more than %d: remove some",
					       RELOAD_DOCUMENT_SIGNATURES_MAX);
		bytes = reload_xml_base64(xml, node, error);
		if (!bytes)
			return RELOAD_E_CONFIG;
		if (g_bytes_get_size(bytes) > RELOAD_DOCUMENT_SIGNATURE_MAX_BYTES) {
			g_bytes_unref(bytes);
			return reload_xml_fail(xml, node, error, "is larger than %d bytes: sign anew",
					       RELOAD_DOCUMENT_SIGNATURE_MAX_BYTES);
		}
		g_ptr_array_add(document->signatures, bytes);
	}
	return RELOAD_OK;
}

static ReloadStatus verify_any(ReloadTrust *trust, const ReloadDocument *document,
			       const GArray *signers, int64_t now)
{
	ReloadStatus status = RELOAD_E_SIGNATURE;
	ReloadSpan data;

	data.data = g_bytes_get_data(document->configuration, &data.len);
	for (guint i = 0; i < document->signatures->len; i++) {
		status =
		    reload_block_verify(trust, document->signatures->pdata[i], data, signers, now,
					NULL);
		if (status == RELOAD_OK)
			break;
	}
	return status;
}

ReloadStatus reload_document_collect(const ReloadXml *xml, const xmlNode *configuration,
				     ReloadDocument *document, GError **error)
{
	ReloadSpan range = reload_xml_range(xml, configuration);

	document->configuration = g_bytes_new(range.data, range.len);
	return collect_signatures(xml, configuration, document, error);
}

/* What is handed on. A stranger may have put anything around the configuration. The root element, with
 * what it declares, is a part of what the configuration says. */
static ReloadStatus make_handed_on(const ReloadXml *xml, ReloadDocument *document, GError **error)
{
	const xmlNode *root = reload_xml_root(xml);
	const char *prefix = root->ns->prefix ? (const char *)root->ns->prefix : "";
	const char *colon = *prefix ? ":" : "";
	GString *out = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	gsize length;
	const char *data = g_bytes_get_data(document->configuration, &length);

	g_string_append_printf(out, "<%s%soverlay", prefix, colon);
	reload_xml_write_namespaces(out, root, reload_span((const uint8_t *)data, length));
	if (out->len > ROOT_MAX_BYTES) {
		g_string_free(out, TRUE);
		return reload_xml_fail(xml, root, error, "declares large namespaces: remove what is not needed");
	}
	g_string_append(out, ">\n");
	g_string_append_len(out, data, (gssize)length);
	for (guint i = 0; i < document->signatures->len; i++) {
		const guchar *block = g_bytes_get_data(document->signatures->pdata[i], &length);
		char *base64 = g_base64_encode(block, length);

		g_string_append_printf(out, "\n<%s%ssignature>%s</%s%ssignature>", prefix, colon, base64,
				       prefix, colon);
		g_free(base64);
	}
	g_string_append_printf(out, "\n</%s%soverlay>\n", prefix, colon);
	document->handed_on = g_string_free_to_bytes(out);
	return RELOAD_OK;
}

ReloadStatus reload_document_verify(const ReloadXml *xml, const xmlNode *configuration,
				    const GPtrArray *kind_elements, ReloadDocument *document,
				    int64_t now, GError **error)
{
	ReloadTrust *trust = reload_document_trust(document, error);
	ReloadStatus status;

	if (!trust) {
		reload_error_prefix(error, reload_xml_name(xml));
		return RELOAD_E_CONFIG;
	}
	status = reload_document_collect(xml, configuration, document, error);
	if (status == RELOAD_OK)
		status = make_handed_on(xml, document, error);
	if (status == RELOAD_OK && document->configuration_signers->len > 0) {
		status = verify_any(trust, document, document->configuration_signers, now);
		if (status == RELOAD_OK)
			document->is_signed = true;
		else if (document->signatures->len == 0)
			reload_xml_fail(
			    xml, configuration, error,
			    "lacks <signature>, but lists a configuration-signer: sign it with "
			    "`reloadctl document sign`");
		else
			reload_xml_fail(
			    xml, reload_xml_next(configuration), error,
			    "cannot be accepted (%s): sign it with `reloadctl document sign`",
			    reload_signature_reason(status));
	}
	for (guint i = 0; status == RELOAD_OK && i < kind_elements->len; i++)
		status = verify_kind(xml, kind_elements->pdata[i], document, trust, now, error);
	reload_trust_unref(trust);
	return status == RELOAD_OK ? RELOAD_OK : RELOAD_E_CONFIG;
}

/* RFC 6940, 6.3.2.1: monotonically increasing modulo 65535, compared as TCP does. */
bool reload_document_sequence_is_newer(uint16_t next, uint16_t current)
{
	uint32_t distance = ((uint32_t)next + 65535 - current) % 65535;

	return distance >= 1 && distance <= 32767;
}

ReloadStatus reload_document_verify_by(const ReloadDocument *next, const ReloadDocument *current,
				       int64_t now)
{
	ReloadTrust *trust = reload_document_trust(current, NULL);
	ReloadStatus status;

	if (!trust)
		return RELOAD_E_CONFIG;
	status = verify_any(trust, next, current->configuration_signers, now);
	reload_trust_unref(trust);
	return status;
}

ReloadStatus reload_document_check_successor(const ReloadDocument *current,
					     const ReloadDocument *next, int64_t now,
					     GError **error)
{
	ReloadStatus status;

	if (strcmp(current->overlay, next->overlay) != 0)
		return reload_fail(error, RELOAD_E_OVERLAY,
				   "the new document is of overlay \"%s\", not of \"%s\"",
				   next->overlay, current->overlay);
	if (!reload_document_sequence_is_newer(next->sequence, current->sequence))
		return reload_fail(
		    error, RELOAD_E_CONFIG,
		    "the new document's sequence %u is not above the current %u: raise it",
		    next->sequence, current->sequence);
	if (now > next->expiration)
		return reload_fail(error, RELOAD_E_EXPIRED, "the new document has expired");
	/* Who lists no configuration-signer lets whoever has the file at hand change it. */
	if (current->configuration_signers->len == 0)
		return RELOAD_OK;
	status = reload_document_verify_by(next, current, now);
	if (status != RELOAD_OK)
		reload_fail(error, status,
			    "the new document is not signed by a configuration-signer of the "
			    "current one (%s)",
			    reload_signature_reason(status));
	return status;
}
