/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/kind_blocks.h"

#include "reload_core/config/document_sign.h"

GBytes *kind_block(const ReloadIdentity *signer, uint32_t id, unsigned max_size, const char *more)
{
	char *text = g_strdup_printf("<kind-block><kind id=\"%u\"><data-model>SINGLE</data-model>"
				     "<access-control>NODE-MATCH</access-control>"
				     "<max-count>1</max-count><max-size>%u</max-size>%s"
				     "</kind></kind-block>",
				     id, max_size, more);
	GBytes *bytes = g_bytes_new_take(text, strlen(text)), *done;
	GError *error = NULL;

	if (signer == NULL)
		return bytes;
	done = reload_kind_blocks_sign(bytes, "test", signer, &error);
	g_assert_no_error(error);
	g_bytes_unref(bytes);
	return done;
}

ReloadDocument *kind_document(const Pki *pki, int sequence, const char *const *names,
			      const char *more)
{
	char *attributes =
	    g_strdup_printf("instance-name=\"" PKI_OVERLAY "\" sequence=\"%d\"", sequence);
	GString *inside = g_string_new("<no-ice>true</no-ice>");
	ReloadDocument *document;
	GError *error = NULL;
	GBytes *bytes;
	char *text;

	for (; *names != NULL; names++) {
		g_string_append(inside, "<kind-signer>");
		for (unsigned i = 0; i < 16; i++)
			g_string_append(inside, *names);
		g_string_append(inside, "</kind-signer>");
	}
	g_string_append(inside, more);
	text = pki_document_text(pki->ca, attributes, inside->str);
	bytes = g_bytes_new_take(text, strlen(text));
	document = reload_document_parse(bytes, "test", NULL, PKI_NOW, &error);
	g_assert_no_error(error);
	g_bytes_unref(bytes);
	g_string_free(inside, TRUE);
	g_free(attributes);
	return document;
}
