/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of elements and attributes, with errors that name the element. */
#include "reload_core/config/xml.h"

char *reload_xml_text(const ReloadXml *xml, const xmlNode *node, GError **error)
{
	xmlChar *content;
	char *text;

	if (reload_xml_first(node)) {
		reload_xml_fail(xml, node, error,
				"holds elements where text is expected: remove them");
		return NULL;
	}
	content = xmlNodeGetContent(node);
	text = g_strstrip(g_strdup(content ? (const char *)content : ""));
	xmlFree(content);
	return text;
}

bool reload_xml_parse_number(const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
	uint64_t value = 0;

	if (*text == 0)
		return false;
	for (; *text; text++) {
		if (!g_ascii_isdigit(*text))
			return false;
		value = value * 10 + (uint64_t)(*text - '0');
		if (value > max)
			return false;
	}
	*out = (uint32_t)value;
	return value >= min;
}

bool reload_xml_number(const ReloadXml *xml, const xmlNode *node, uint32_t min, uint32_t max,
		       uint32_t *out, GError **error)
{
	char *text = reload_xml_text(xml, node, error);
	bool good;

	if (!text)
		return false;
	good = reload_xml_parse_number(text, min, max, out);
	if (!good)
		reload_xml_fail(xml, node, error,
				"\"%.40s\" is no number from %u to %u: correct it", text, min, max);
	g_free(text);
	return good;
}

/* xsd:boolean has these four forms (RFC 6940, 11.1). */
bool reload_xml_boolean(const ReloadXml *xml, const xmlNode *node, bool *out, GError **error)
{
	char *text = reload_xml_text(xml, node, error);
	bool good = true;

	if (!text)
		return false;
	if (strcmp(text, "true") == 0 || strcmp(text, "1") == 0)
		*out = true;
	else if (strcmp(text, "false") == 0 || strcmp(text, "0") == 0)
		*out = false;
	else
		good = false;
	if (!good)
		reload_xml_fail(xml, node, error, "\"%.40s\" is neither true nor false: correct it",
				text);
	g_free(text);
	return good;
}

bool reload_xml_node_id(const ReloadXml *xml, const xmlNode *node, uint8_t length,
			ReloadNodeId *out, GError **error)
{
	char *text = reload_xml_text(xml, node, error);
	bool good;

	if (!text)
		return false;
	good = reload_node_id_from_text(text, out) && out->len == length;
	if (!good)
		reload_xml_fail(
		    xml, node, error,
		    "\"%.48s\" is no Node-ID of this overlay: write %u hexadecimal digits", text,
		    2 * length);
	g_free(text);
	return good;
}

/* g_base64_decode skips over what is no base64; a damaged certificate should rather be an error
 * here. */
static bool is_base64(const char *text)
{
	size_t digits = 0, padding = 0;

	for (; *text; text++) {
		if (g_ascii_isspace(*text))
			continue;
		if (*text == '=')
			padding++;
		else if (padding > 0 || !(g_ascii_isalnum(*text) || *text == '+' || *text == '/'))
			return false;
		else
			digits++;
	}
	return digits > 0 && padding <= 2 && (digits + padding) % 4 == 0;
}

GBytes *reload_xml_base64(const ReloadXml *xml, const xmlNode *node, GError **error)
{
	char *text = reload_xml_text(xml, node, error);
	GBytes *bytes = NULL;

	if (!text)
		return NULL;
	if (is_base64(text)) {
		gsize length;
		guchar *data = g_base64_decode(text, &length);

		bytes = g_bytes_new_take(data, length);
	} else {
		reload_xml_fail(xml, node, error,
				"is not base64: put the DER form there, in base64");
	}
	g_free(text);
	return bytes;
}

char *reload_xml_attribute(const xmlNode *node, const char *local_name)
{
	xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)local_name);
	char *text = value ? g_strstrip(g_strdup((const char *)value)) : NULL;

	xmlFree(value);
	return text;
}
