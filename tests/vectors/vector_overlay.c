/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes the overlay of the vectors: CA, operator, signed document. */
#include "tests/vectors/vector_overlay.h"

#include "reload_core/config/document.h"
#include "reload_core/security/error.h"
#include "reload_core/security/sign.h"
#include "reload_core/wire/buffer.h"

#define DAY (24 * 3600 * INT64_C(1000))
#define VALIDITY (3650 * DAY)

/* A Kind of this overlay's own, as RFC 6940, 11.1 shows it. */
static const char private_kind[] = "<kind id=\"4026531841\">\n"
				   "<data-model>ARRAY</data-model>\n"
				   "<access-control>NODE-MULTIPLE</access-control>\n"
				   "<max-count>22</max-count>\n"
				   "<max-size>4</max-size>\n"
				   "<max-node-multiple>3</max-node-multiple>\n"
				   "</kind>";

static const char sip_kind[] = "<kind name=\"SIP-REGISTRATION\">\n"
			       "<data-model>DICTIONARY</data-model>\n"
			       "<access-control>USER-NODE-MATCH</access-control>\n"
			       "<max-count>8</max-count>\n"
			       "<max-size>1000</max-size>\n"
			       "</kind>";

/* root-cert, configuration-signer, kind-signer, kind-block */
static const char configuration_format[] =
    "<configuration instance-name=\"" VECTOR_OVERLAY "\" sequence=\"1\">\n"
    "<topology-plugin>CHORD-RELOAD</topology-plugin>\n"
    "<node-id-length>16</node-id-length>\n"
    "<root-cert>%s</root-cert>\n"
    "<bootstrap-node address=\"192.0.2.1\" port=\"6084\"/>\n"
    "<no-ice>true</no-ice>\n"
    "<configuration-signer>%s</configuration-signer>\n"
    "<kind-signer>%s</kind-signer>\n"
    "<required-kinds>\n%s\n</required-kinds>\n"
    "</configuration>";

/* Signs text, an element from its first to its last character; base64 of the SecurityBlock. */
static char *sign_element(const VectorOverlay *overlay, const char *text)
{
	g_autoptr(GByteArray) block = g_byte_array_new();
	ReloadSpan part = reload_span_text(text);

	if (reload_sign_block(overlay->operator_identity, &part, 1, NULL, block) != RELOAD_OK)
		return NULL;
	return g_base64_encode(block->data, block->len);
}

/* A kind-block around a kind element; NULL if it cannot be signed. */
static char *make_kind_block(const VectorOverlay *overlay, const char *kind)
{
	g_autofree char *signature = sign_element(overlay, kind);

	if (signature == NULL)
		return NULL;
	return g_strdup_printf(
	    "<kind-block>\n%s\n<kind-signature>%s</kind-signature>\n</kind-block>", kind,
	    signature);
}

static bool make_document(VectorOverlay *overlay, GError **error)
{
	char id[RELOAD_NODE_ID_TEXT];
	g_autofree char *root = NULL, *configuration = NULL, *signature = NULL;
	g_autofree char *sip_block = make_kind_block(overlay, sip_kind);
	char *text, *block = make_kind_block(overlay, private_kind);

	reload_node_id_to_text(reload_identity_node_id(overlay->operator_identity), id);
	root = g_base64_encode(g_bytes_get_data(overlay->ca_certificate, NULL),
			       g_bytes_get_size(overlay->ca_certificate));
	configuration = g_strdup_printf(configuration_format, root, id, id, sip_block);
	signature = sign_element(overlay, configuration);
	if (signature == NULL || block == NULL || sip_block == NULL) {
		g_free(block);
		reload_fail(error, RELOAD_E_INTERNAL, "cannot sign the overlay document");
		return false;
	}
	text = g_strdup_printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			       "<overlay xmlns=\"urn:ietf:params:xml:ns:p2p:config-base\">\n%s\n"
			       "<signature>%s</signature>\n</overlay>\n",
			       configuration, signature);
	overlay->document = g_bytes_new_take(text, strlen(text));
	overlay->kind_block = g_bytes_new_take(block, strlen(block));
	return true;
}

/* Nobody shall get samples with a document that our own parser would refuse. */
static bool check_document(const VectorOverlay *overlay, GError **error)
{
	ReloadDocument *document = reload_document_parse(overlay->document, "overlay.xml",
							 VECTOR_OVERLAY, overlay->now, error);
	bool is_signed = document != NULL && document->is_signed;

	if (document != NULL && !is_signed)
		reload_fail(error, RELOAD_E_SIGNATURE, "overlay.xml: its signature was not found");
	reload_document_unref(document);
	return is_signed;
}

VectorOverlay *vector_overlay_new(int64_t now, GError **error)
{
	VectorOverlay *overlay = g_new0(VectorOverlay, 1);
	ReloadNodeId operator_id = {.len = RELOAD_NODE_ID_MIN};

	memset(operator_id.id, 0xee, RELOAD_NODE_ID_MIN);
	overlay->now = now;
	overlay->ca_key = reload_key_generate(RELOAD_KEY_P256, error);
	if (overlay->ca_key != NULL)
		overlay->ca_certificate = reload_issue_ca(overlay->ca_key, VECTOR_OVERLAY " CA",
							  now - DAY, now + VALIDITY, error);
	if (overlay->ca_certificate != NULL)
		overlay->operator_identity = vector_overlay_issue(
		    overlay, RELOAD_KEY_P256, &operator_id, 1, "operator@" VECTOR_OVERLAY, error);
	if (overlay->operator_identity == NULL || !make_document(overlay, error) ||
	    !check_document(overlay, error)) {
		vector_overlay_free(overlay);
		return NULL;
	}
	return overlay;
}

void vector_overlay_free(VectorOverlay *overlay)
{
	if (overlay == NULL)
		return;
	EVP_PKEY_free(overlay->ca_key);
	g_clear_pointer(&overlay->ca_certificate, g_bytes_unref);
	g_clear_pointer(&overlay->operator_identity, reload_identity_unref);
	g_clear_pointer(&overlay->document, g_bytes_unref);
	g_clear_pointer(&overlay->kind_block, g_bytes_unref);
	g_free(overlay);
}

ReloadIdentity *vector_overlay_issue(const VectorOverlay *overlay, ReloadKeyType type,
				     const ReloadNodeId *ids, size_t count, const char *user,
				     GError **error)
{
	ReloadCertificateRequest request = {
	    .overlay = VECTOR_OVERLAY,
	    .node_ids = ids,
	    .node_id_count = count,
	    .user_name = user,
	    .not_before = overlay->now - DAY,
	    .not_after = overlay->now + VALIDITY,
	};
	EVP_PKEY *key = reload_key_generate(type, error);
	ReloadCertificate *certificate = NULL;
	ReloadIdentity *identity = NULL;
	g_autoptr(GBytes) der = NULL;

	if (key != NULL)
		der = reload_issue_certificate(overlay->ca_certificate, overlay->ca_key, key,
					       &request, error);
	if (der != NULL)
		reload_certificate_parse(
		    reload_span(g_bytes_get_data(der, NULL), g_bytes_get_size(der)), VECTOR_OVERLAY,
		    RELOAD_NODE_ID_MIN, &certificate, error);
	if (certificate != NULL)
		identity = reload_identity_new(certificate, NULL, key, NULL, error);
	reload_certificate_unref(certificate);
	EVP_PKEY_free(key);
	return identity;
}
