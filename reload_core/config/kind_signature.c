/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The signature of a kind-block (RFC 6940, 11.1), and the text that the Kind is handed on as. */
#include "reload_core/config/document_private.h"

/* Bytes that a Kind is handed on with besides itself and its signature: what prefixes stand for. */
#define AROUND_MAX 4096

static void clear(gpointer data)
{
	g_bytes_unref(((ReloadKindBlock *)data)->text);
}

void reload_kind_block_unref(ReloadKindBlock *block)
{
	if (block)
		g_atomic_rc_box_release_full(block, clear);
}

/* RFC 6940, 6.5.4.1: a kind-block production; the kind element in it byte for byte, as it is
 * signed. */
static GBytes *make_text(const ReloadXml *xml, const xmlNode *kind, GBytes *signature)
{
	const char *prefix = kind->ns->prefix ? (const char *)kind->ns->prefix : "";
	const char *colon = *prefix ? ":" : "";
	ReloadSpan range = reload_xml_range(xml, kind);
	gsize length;
	const guchar *data = g_bytes_get_data(signature, &length);
	char *base64 = g_base64_encode(data, length);
	GString *out = g_string_sized_new(range.len + strlen(base64) + 256);

	g_string_append_printf(out, "<%s%skind-block", prefix, colon);
	reload_xml_write_namespaces(out, kind->parent, range);
	g_string_append_c(out, '>');
	g_string_append_len(out, (const char *)range.data, (gssize)range.len);
	g_string_append_printf(out, "<%s%skind-signature>%s</%s%skind-signature></%s%skind-block>",
			       prefix, colon, base64, prefix, colon, prefix, colon);
	g_free(base64);
	return g_string_free_to_bytes(out);
}

static void make_digest(ReloadSpan range, GBytes *signature, uint8_t out[RELOAD_DIGEST_MAX])
{
	ReloadSpan parts[2] = {range};

	parts[1].data = g_bytes_get_data(signature, &parts[1].len);
	memset(out, 0, RELOAD_DIGEST_MAX);
	reload_digest(RELOAD_DIGEST_SHA256, parts, 2, out);
}

bool reload_kind_block_digest(const ReloadXml *xml, const ReloadKindElement *element,
			      uint8_t out[RELOAD_DIGEST_MAX])
{
	GBytes *signature =
	    element->signature ? reload_xml_base64(xml, element->signature, NULL) : NULL;

	if (!signature)
		return false;
	make_digest(reload_xml_range(xml, element->element), signature, out);
	g_bytes_unref(signature);
	return true;
}

ReloadStatus reload_kind_block_verify(const ReloadXml *xml, const ReloadKindElement *element,
				      const ReloadDocument *document, ReloadTrust *trust,
				      int64_t now, ReloadKindBlock **out, GError **error)
{
	ReloadSpan range = reload_xml_range(xml, element->element);
	ReloadKindBlock *block;
	ReloadNodeId signer;
	ReloadStatus status;
	size_t signature;
	GBytes *bytes;

	if (!element->signature) {
		reload_xml_fail(xml, element->block, error,
				"lacks <kind-signature>: sign it with `reloadctl document sign` "
				"or `reloadctl kind sign`");
		return RELOAD_E_FORBIDDEN;
	}
	bytes = reload_xml_base64(xml, element->signature, error);
	if (!bytes)
		return RELOAD_E_CONFIG;
	status = reload_block_verify(trust, bytes, range, document->kind_signers, now, &signer);
	if (status != RELOAD_OK) {
		reload_xml_fail(xml, element->signature, error,
				"cannot be accepted (%s): sign it with `reloadctl document sign` "
				"or `reloadctl kind sign`",
				reload_signature_reason(status));
		g_bytes_unref(bytes);
		return RELOAD_E_FORBIDDEN;
	}
	block = g_atomic_rc_box_new0(ReloadKindBlock);
	block->signer = signer;
	block->verified = now;
	block->text = make_text(xml, element->element, bytes);
	make_digest(range, bytes, block->digest);
	signature = g_bytes_get_size(bytes);
	g_bytes_unref(bytes);
	/* What stands around a signed Kind, certificates included, is anybody's, and would be handed on with it. */
	if (signature > RELOAD_DOCUMENT_SIGNATURE_MAX_BYTES ||
	    g_bytes_get_size(block->text) > range.len + signature * 4 / 3 + AROUND_MAX) {
		reload_kind_block_unref(block);
		reload_xml_fail(xml, element->block, error,
				"has a large signature, or declares large namespaces: remove what is not "
				"needed");
		return RELOAD_E_FORBIDDEN;
	}
	*out = block;
	return RELOAD_OK;
}
