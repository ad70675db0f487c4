/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parsing XML with libxml2 so that nothing but what stands in the bytes is read. */
#include "reload_core/config/xml.h"

#include <libxml/SAX2.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <stdarg.h>

/* Of one tag (= signs up to the next tag), and of all: more than any document needs, with 1024 Kinds. */
#define ATTRIBUTES_MAX 256
#define NAMESPACES_MAX 2048

typedef struct {
	size_t start;
	size_t end;
} Range;

struct ReloadXml {
	xmlDoc *doc;
	char *name;
	ReloadSpan bytes;
	GHashTable *ranges; /* xmlNode * -> Range * */
	bool has_doctype;
};

/* Where the parser stands in our bytes: true only while it reads them unconverted (UTF-8). */
static size_t position(xmlParserCtxt *context, const ReloadXml *xml)
{
	long consumed = xmlByteConsumed(context);

	return consumed < 0 ? 0 : MIN((size_t)consumed, xml->bytes.len);
}

static void on_start(void *data, const xmlChar *local_name, const xmlChar *prefix,
		     const xmlChar *uri, int namespace_count, const xmlChar **namespaces,
		     int attribute_count, int defaulted_count, const xmlChar **attributes)
{
	xmlParserCtxt *context = data;
	ReloadXml *xml = context->_private;
	size_t start = position(context, xml);
	Range *range;

	xmlSAX2StartElementNs(data, local_name, prefix, uri, namespace_count, namespaces,
			      attribute_count, defaulted_count, attributes);
	if (!uri || strcmp((const char *)uri, RELOAD_XML_NS_BASE) != 0 || !context->node)
		return;
	/* The parser stands behind the attributes; no < is allowed inside of a tag. */
	while (start > 0 && xml->bytes.data[start - 1] != '<')
		start--;
	range = g_new(Range, 1);
	range->start = range->end = start > 0 ? start - 1 : 0;
	g_hash_table_insert(xml->ranges, context->node, range);
}

static void on_end(void *data, const xmlChar *local_name, const xmlChar *prefix, const xmlChar *uri)
{
	xmlParserCtxt *context = data;
	ReloadXml *xml = context->_private;
	Range *range = g_hash_table_lookup(xml->ranges, context->node);

	/* The parser stands behind the > of the end tag. */
	if (range)
		range->end = position(context, xml);
	xmlSAX2EndElementNs(data, local_name, prefix, uri);
}

/* A DOCTYPE is where entities, and files to fetch, would come from. */
static void on_doctype(void *data, const xmlChar *name, const xmlChar *external,
		       const xmlChar *system)
{
	xmlParserCtxt *context = data;
	ReloadXml *xml = context->_private;

	(void)name, (void)external, (void)system;
	xml->has_doctype = true;
	xmlStopParser(context);
}

static void fail_parse(const ReloadXml *xml, xmlParserCtxt *context, GError **error)
{
	const xmlError *last = xmlCtxtGetLastError(context);
	char *text;

	if (xml->has_doctype) {
		reload_fail(error, RELOAD_E_CONFIG,
			    "%s: has a DOCTYPE: remove it, entities are not read", xml->name);
		return;
	}
	text = g_strstrip(g_strdup(last && last->message ? last->message : "no reason given"));
	g_strdelimit(text, "\r\n", ' '); /* out of an attribute that it quotes */
	reload_fail(error, RELOAD_E_CONFIG,
		    "%s:%d: not well-formed XML (%s): correct or fetch it again", xml->name,
		    last ? last->line : 0, text);
	g_free(text);
}

static bool run_parser(ReloadXml *xml, GError **error)
{
	xmlParserCtxt *context =
	    xmlCreateMemoryParserCtxt((const char *)xml->bytes.data, (int)xml->bytes.len);
	bool good;

	if (!context) {
		reload_fail(error, RELOAD_E_INTERNAL, "%s: libxml2 cannot make a parser",
			    xml->name);
		return false;
	}
	xmlCtxtUseOptions(context, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	context->_private = xml;
	context->sax->startElementNs = on_start;
	context->sax->endElementNs = on_end;
	context->sax->internalSubset = on_doctype;
	good = xmlParseDocument(context) == 0 && context->wellFormed && context->nsWellFormed &&
	       !xml->has_doctype;
	if (!good)
		fail_parse(xml, context, error);
	xml->doc = context->myDoc;
	context->myDoc = NULL;
	xmlFreeParserCtxt(context);
	return good;
}

static bool is_utf8_name(const char *text)
{
	text += strspn(text, " \t\r\n");
	if (*text++ != '=')
		return false;
	text += strspn(text, " \t\r\n");
	return g_str_has_prefix(text, "\"utf-8\"") || g_str_has_prefix(text, "'utf-8'");
}

/* Does the XML declaration, if there is one, name UTF-8 or no encoding? For any other, libxml2 would
 * hand to iconv, which loads its tables at will, what a stranger sent, and complain on stderr. No <
 * can stand in a declaration. */
static bool declares_utf8(ReloadSpan bytes)
{
	static const char encoding[] = "encoding";
	const char *text = (const char *)bytes.data, *end, *named;
	char *declaration;
	bool good;

	if (bytes.len < 6 || memcmp(text, "<?xml", 5) != 0)
		return true;
	end = memchr(text + 1, '<', bytes.len - 1);
	declaration = g_ascii_strdown(text, end ? end - text : (gssize)bytes.len);
	named = strstr(declaration, encoding);
	good = !named || (is_utf8_name(named + strlen(encoding)) && !strstr(named + 1, encoding));
	g_free(declaration);
	return good;
}

/* libxml2 compares each attribute of a tag with all others of it, and looks for each name's namespace among all
 * that are declared around it, before it asks anybody: seconds for a quarter of a megabyte made for it. No attribute
 * holds a <, so that those of one tag stand before the next. */
static bool is_affordable(ReloadSpan bytes)
{
	static const char declaration[] = "xmlns";
	size_t attributes = 0, namespaces = 0;

	for (size_t i = 0; i < bytes.len; i++) {
		if (bytes.data[i] == '<')
			attributes = 0;
		else if (bytes.data[i] == '=' && i > 0 && bytes.data[i - 1] != '=' && ++attributes > ATTRIBUTES_MAX)
			return false; /* rulers in comments are no attributes */
		else if (bytes.data[i] == 'x' && bytes.len - i >= strlen(declaration) &&
			 memcmp(bytes.data + i, declaration, strlen(declaration)) == 0 &&
			 ++namespaces > NAMESPACES_MAX)
			return false;
	}
	return true;
}

ReloadXml *reload_xml_parse(ReloadSpan bytes, const char *name, GError **error)
{
	ReloadXml *xml;

	/* UTF-8 without a mark; a NUL or a mark means UTF-16 or worse (RFC 6940, 11.1: UTF-8). */
	if (bytes.len == 0 || bytes.len > G_MAXINT || memchr(bytes.data, 0, bytes.len) ||
	    !g_utf8_validate((const char *)bytes.data, (gssize)bytes.len, NULL)) {
		reload_fail(error, RELOAD_E_CONFIG,
			    "%s: is empty or not UTF-8 text: fetch or make it again", name);
		return NULL;
	}
	if (!declares_utf8(bytes)) {
		reload_fail(error, RELOAD_E_CONFIG,
			    "%s: declares an encoding that is not UTF-8: use UTF-8", name);
		return NULL;
	}
	if (!is_affordable(bytes)) {
		reload_fail(error, RELOAD_E_CONFIG,
			    "%s: has a tag of more than %d attributes, or declares more than %d namespaces: "
			    "this is no overlay configuration document",
			    name, ATTRIBUTES_MAX, NAMESPACES_MAX);
		return NULL;
	}
	xml = g_new0(ReloadXml, 1);
	xml->bytes = bytes;
	xml->name = g_strdup(name);
	xml->ranges = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	if (run_parser(xml, error))
		return xml;
	reload_xml_free(xml);
	return NULL;
}

void reload_xml_free(ReloadXml *xml)
{
	if (!xml)
		return;
	g_hash_table_destroy(xml->ranges);
	if (xml->doc)
		xmlFreeDoc(xml->doc);
	g_free(xml->name);
	g_free(xml);
}

xmlNode *reload_xml_root(const ReloadXml *xml)
{
	return xmlDocGetRootElement(xml->doc);
}

const char *reload_xml_name(const ReloadXml *xml)
{
	return xml->name;
}

ReloadSpan reload_xml_range(const ReloadXml *xml, const xmlNode *node)
{
	const Range *range = g_hash_table_lookup(xml->ranges, node);

	if (!range || range->end <= range->start)
		return (ReloadSpan){xml->bytes.data, 0};
	return (ReloadSpan){xml->bytes.data + range->start, range->end - range->start};
}

bool reload_xml_is(const xmlNode *node, const char *namespace, const char *local_name)
{
	return node && node->type == XML_ELEMENT_NODE && node->ns && node->ns->href &&
	       strcmp((const char *)node->ns->href, namespace) == 0 &&
	       strcmp((const char *)node->name, local_name) == 0;
}

static xmlNode *skip_to_element(xmlNode *node)
{
	while (node && node->type != XML_ELEMENT_NODE)
		node = node->next;
	return node;
}

xmlNode *reload_xml_first(const xmlNode *parent)
{
	return skip_to_element(parent->children);
}

xmlNode *reload_xml_next(const xmlNode *node)
{
	return skip_to_element(node->next);
}

bool reload_xml_is_named(const xmlNode *node, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp((const char *)node->name, names[i]) == 0)
			return true;
	}
	return false;
}

static ReloadStatus fail_at(const ReloadXml *xml, const xmlNode *node, ReloadStatus status,
			    GError **error, const char *format, va_list arguments)
{
	char *text = g_strdup_vprintf(format, arguments);

	reload_fail(error, status, "%s:%ld: <%s>: %s", xml->name, xmlGetLineNo(node), node->name, text);
	g_free(text);
	return status;
}

ReloadStatus reload_xml_fail(const ReloadXml *xml, const xmlNode *node, GError **error,
			     const char *format, ...)
{
	va_list arguments;
	ReloadStatus status;

	va_start(arguments, format);
	status = fail_at(xml, node, RELOAD_E_CONFIG, error, format, arguments);
	va_end(arguments);
	return status;
}

ReloadStatus reload_xml_unsupported(const ReloadXml *xml, const xmlNode *node, GError **error,
				    const char *format, ...)
{
	va_list arguments;
	ReloadStatus status;

	va_start(arguments, format);
	status = fail_at(xml, node, RELOAD_E_UNSUPPORTED, error, format, arguments);
	va_end(arguments);
	return status;
}

static bool is_used(const xmlNs *namespace, ReloadSpan inside)
{
	char *text = g_strdup_printf("%s:", (const char *)namespace->prefix);
	bool used = memmem(inside.data, inside.len, text, strlen(text)) != NULL;

	g_free(text);
	return used;
}

void reload_xml_write_namespaces(GString *out, const xmlNode *node, ReloadSpan inside)
{
	xmlNs **all = xmlGetNsList(node->doc, node);
	bool has_default = false;

	for (xmlNs **each = all; each && *each; each++) {
		bool own = node->ns && xmlStrEqual(node->ns->prefix, (*each)->prefix);
		GString *uri;

		if ((*each)->prefix && !own && !is_used(*each, inside))
			continue;
		/* libxml2 keeps an & in it as a character reference. */
		uri = g_string_new((const char *)(*each)->href);
		g_string_replace(uri, "<", "&lt;", 0);
		g_string_replace(uri, "\"", "&quot;", 0);
		has_default = has_default || !(*each)->prefix;
		g_string_append_printf(out, " xmlns%s%s=\"%s\"", (*each)->prefix ? ":" : "",
				       (*each)->prefix ? (const char *)(*each)->prefix : "",
				       uri->str);
		g_string_free(uri, TRUE);
	}
	/* Else names without a prefix would fall into whatever namespace it is put into. */
	if (!has_default)
		g_string_append(out, " xmlns=\"\"");
	xmlFree(all);
}
