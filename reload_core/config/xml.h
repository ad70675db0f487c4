/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the document's XML from hostile hands: bounded, in UTF-8, without DTD, entities or
 * network; and the raw bytes of the elements that are signed (RFC 6940, 11.1). Not for other rooms.
 */
#ifndef RELOAD_CONFIG_XML_H
#define RELOAD_CONFIG_XML_H

#include "reload_core/security/error.h"
#include "reload_core/wire/types.h"

#include <libxml/tree.h>

#define RELOAD_XML_NS_BASE "urn:ietf:params:xml:ns:p2p:config-base"
#define RELOAD_XML_NS_CHORD "urn:ietf:params:xml:ns:p2p:config-chord"
#define RELOAD_XML_NS_SIP "urn:ietf:params:xml:ns:p2p:config-base:sip"

typedef struct ReloadXml ReloadXml;

/* Parses bytes, which must outlive the result. NULL with error set (one line that begins with
 * name). */
ReloadXml *reload_xml_parse(ReloadSpan bytes, const char *name, GError **error);
void reload_xml_free(ReloadXml *xml);

xmlNode *reload_xml_root(const ReloadXml *xml);
const char *reload_xml_name(const ReloadXml *xml);

/* The bytes of an element of the base namespace, from its < to its last >. */
ReloadSpan reload_xml_range(const ReloadXml *xml, const xmlNode *node);

/* Is node an element with that name and namespace? */
bool reload_xml_is(const xmlNode *node, const char *namespace, const char *local_name);
/* The first, or next, child or sibling that is an element; NULL if there is none. */
xmlNode *reload_xml_first(const xmlNode *parent);
xmlNode *reload_xml_next(const xmlNode *node);

/* Has it one of these local names? Elements that we do not know are not looked at, but the signed
 * bytes do not say what a prefix declared around them stands for: whoever hands a document on could
 * make an element of ours a stranger's by another declaration. So none may have a name of ours. */
bool reload_xml_is_named(const xmlNode *node, const char *const *names, size_t count);

/* Sets error to "name:line: <element>: text"; RELOAD_E_CONFIG. */
ReloadStatus reload_xml_fail(const ReloadXml *xml, const xmlNode *node, GError **error,
			     const char *format, ...) G_GNUC_PRINTF(4, 5);
/* The same of what is right, but more than this release can do; RELOAD_E_UNSUPPORTED. */
ReloadStatus reload_xml_unsupported(const ReloadXml *xml, const xmlNode *node, GError **error,
				    const char *format, ...) G_GNUC_PRINTF(4, 5);
/* Appends to out, as attributes, what the prefixes in inside, the bytes of a child of node, stand for there; and node's
 * own prefix and the default. */
void reload_xml_write_namespaces(GString *out, const xmlNode *node, ReloadSpan inside);

/* The value readers return false with error set where the text is no such value. */
/* The text without white space around it; free with g_free. NULL: it has child elements. */
char *reload_xml_text(const ReloadXml *xml, const xmlNode *node, GError **error);
bool reload_xml_number(const ReloadXml *xml, const xmlNode *node, uint32_t min, uint32_t max,
		       uint32_t *out, GError **error);
bool reload_xml_boolean(const ReloadXml *xml, const xmlNode *node, bool *out, GError **error);
bool reload_xml_node_id(const ReloadXml *xml, const xmlNode *node, uint8_t length,
			ReloadNodeId *out, GError **error);
GBytes *reload_xml_base64(const ReloadXml *xml, const xmlNode *node, GError **error);
/* An attribute without a namespace; NULL if it is not there. Free with g_free. */
char *reload_xml_attribute(const xmlNode *node, const char *local_name);
/* Decimal digits only, whole text. */
bool reload_xml_parse_number(const char *text, uint32_t min, uint32_t max, uint32_t *out);

#endif
