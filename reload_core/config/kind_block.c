/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a kind-block (RFC 6940, 11.1). */
#include "reload_core/config/document_private.h"

/* The Kinds of one document; each costs a peer memory for ever. */
#define KINDS_MAX 1024
#define VALUE_MAX_BYTES (16u * 1024 * 1024)

/* Which of a Kind's elements were there. */
typedef struct {
	bool count, size, model, access, multiple;
} Seen;

void reload_kinds_add_builtin(ReloadDocument *document)
{
	const ReloadKind *kind;

	for (size_t i = 0; (kind = reload_kind_builtin_at(i)) != NULL; i++)
		g_hash_table_insert(document->kinds, GUINT_TO_POINTER(kind->id),
				    g_memdup2(kind, sizeof(*kind)));
}

static ReloadStatus read_model(const ReloadXml *xml, const xmlNode *node, ReloadDataModel *out,
			       GError **error)
{
	char *text = reload_xml_text(xml, node, error);
	ReloadStatus status = text ? RELOAD_OK : RELOAD_E_CONFIG;
	ReloadDataModel model = RELOAD_MODEL_UNKNOWN;

	for (int m = RELOAD_MODEL_SINGLE; text && m <= RELOAD_MODEL_DICTIONARY; m++) {
		if (strcmp(text, reload_data_model_name((ReloadDataModel)m)) == 0)
			model = (ReloadDataModel)m;
	}
	if (text && model == RELOAD_MODEL_UNKNOWN)
		status = reload_xml_unsupported(
		    xml, node, error, "\"%.40s\" is not supported: use SINGLE, ARRAY or DICTIONARY",
		    text);
	*out = model;
	g_free(text);
	return status;
}

static ReloadStatus read_access(const ReloadXml *xml, const xmlNode *node, ReloadAccess *out,
				GError **error)
{
	char *text = reload_xml_text(xml, node, error);
	ReloadStatus status = RELOAD_E_CONFIG;

	for (int a = RELOAD_ACCESS_USER_MATCH; text && a <= RELOAD_ACCESS_NODE_MULTIPLE; a++) {
		if (strcmp(text, reload_access_name((ReloadAccess)a)) == 0) {
			*out = (ReloadAccess)a;
			status = RELOAD_OK;
		}
	}
	if (text && status != RELOAD_OK)
		status = reload_xml_unsupported(
		    xml, node, error,
		    "\"%.40s\" is not supported: use USER-MATCH, NODE-MATCH, USER-NODE-MATCH or "
		    "NODE-MULTIPLE",
		    text);
	g_free(text);
	return status;
}

/* The elements of a kind, besides domain-restrictions. */
static const char *const parameters[] = {"max-count", "max-size", "data-model", "access-control",
					 "max-node-multiple"};

/* Which of them node is, where it notes that it was there, and what its text says; RELOAD_E_NOT_FOUND:
 * none of them. */
static ReloadStatus read_value(const ReloadXml *xml, const xmlNode *node, ReloadKind *kind,
			       Seen *seen, bool **which, GError **error)
{
	bool good = true;

	if (reload_xml_is(node, RELOAD_XML_NS_BASE, "max-count")) {
		*which = &seen->count;
		good = reload_xml_number(xml, node, 1, INT32_MAX, &kind->max_count, error);
	} else if (reload_xml_is(node, RELOAD_XML_NS_BASE, "max-size")) {
		*which = &seen->size;
		good = reload_xml_number(xml, node, 0, VALUE_MAX_BYTES, &kind->max_size, error);
	} else if (reload_xml_is(node, RELOAD_XML_NS_BASE, "max-node-multiple")) {
		*which = &seen->multiple;
		good = reload_xml_number(xml, node, 1, 255, &kind->max_node_multiple, error);
	} else if (reload_xml_is(node, RELOAD_XML_NS_BASE, "data-model")) {
		*which = &seen->model;
		return read_model(xml, node, &kind->model, error);
	} else if (reload_xml_is(node, RELOAD_XML_NS_BASE, "access-control")) {
		*which = &seen->access;
		return read_access(xml, node, &kind->access, error);
	} else {
		return RELOAD_E_NOT_FOUND;
	}
	return good ? RELOAD_OK : RELOAD_E_CONFIG;
}

static ReloadStatus read_parameter(const ReloadXml *xml, const xmlNode *node, ReloadKind *kind,
				   Seen *seen, ReloadDomains **domains, GError **error)
{
	bool *which = NULL;
	ReloadStatus status;

	if (reload_domains_is(node)) {
		reload_domains_free(*domains);
		*domains = reload_domains_read(xml, node, error);
		return *domains ? RELOAD_OK : RELOAD_E_CONFIG;
	}
	status = read_value(xml, node, kind, seen, &which, error);
	if (status == RELOAD_OK && *which)
		return reload_xml_fail(xml, node, error, "stands twice in a kind: remove one");
	if (which)
		*which = true;
	if (status != RELOAD_E_NOT_FOUND)
		return status;
	if (node->ns && strcmp((const char *)node->ns->href, RELOAD_XML_NS_BASE) == 0)
		return reload_xml_fail(xml, node, error, "is unknown in a kind: correct its name");
	if (reload_domains_is_named(node) ||
	    reload_xml_is_named(node, parameters, G_N_ELEMENTS(parameters)))
		return reload_xml_fail(
		    xml, node, error,
		    "has a name of RELOAD's in another namespace: correct either");
	return RELOAD_OK; /* an extension that is not mandatory */
}

/* What a Kind that IANA does not know must say of itself, and still make sense. */
static ReloadStatus check_kind(const ReloadXml *xml, const xmlNode *node, const ReloadKind *kind,
			       const Seen *seen, GError **error)
{
	const char *missing = !seen->count    ? "max-count"
			      : !seen->size   ? "max-size"
			      : !seen->model  ? "data-model"
			      : !seen->access ? "access-control"
					      : NULL;

	if (missing)
		return reload_xml_fail(xml, node, error, "lacks <%s>: add it", missing);
	if (kind->access == RELOAD_ACCESS_NODE_MULTIPLE && kind->max_node_multiple == 0)
		return reload_xml_fail(
		    xml, node, error,
		    "has access-control NODE-MULTIPLE but lacks <max-node-multiple>: add it");
	if (kind->access == RELOAD_ACCESS_USER_NODE_MATCH && kind->model != RELOAD_MODEL_DICTIONARY)
		return reload_xml_fail(
		    xml, node, error,
		    "has access-control USER-NODE-MATCH, which needs data-model DICTIONARY");
	return RELOAD_OK;
}

/* The kind element's id or name attribute; *iana is its registered definition, if it has one. */
static ReloadStatus read_kind_id(const ReloadXml *xml, const xmlNode *node, uint32_t *id,
				 const ReloadKind **iana, GError **error)
{
	char *id_text = reload_xml_attribute(node, "id");
	char *name = reload_xml_attribute(node, "name");
	ReloadStatus status = RELOAD_OK;

	*iana = NULL;
	if ((id_text != NULL) == (name != NULL))
		status = reload_xml_fail(xml, node, error,
					 "must have either a name or an id attribute: correct it");
	else if (name && !(*iana = reload_kind_builtin_by_name(name)))
		status = reload_xml_unsupported(
		    xml, node, error,
		    "\"%.40s\" is a Kind that this release does not support: remove it", name);
	else if (id_text &&
		 (!reload_xml_parse_number(id_text, 1, UINT32_MAX - 2, id) || *id == 0x7fffffff))
		status = reload_xml_fail(xml, node, error, "\"%.40s\" is no Kind-ID: correct it",
					 id_text);
	else if (id_text)
		*iana = reload_kind_builtin(*id);
	if (*iana)
		*id = (*iana)->id;
	g_free(id_text);
	g_free(name);
	return status;
}

ReloadStatus reload_kind_block_find(const ReloadXml *xml, const xmlNode *block,
				    ReloadKindElement *out, GError **error)
{
	*out = (ReloadKindElement){.block = block};
	for (const xmlNode *child = reload_xml_first(block); child;
	     child = reload_xml_next(child)) {
		const xmlNode **which =
		    reload_xml_is(child, RELOAD_XML_NS_BASE, "kind") ? &out->element
		    : reload_xml_is(child, RELOAD_XML_NS_BASE, "kind-signature") ? &out->signature
										 : NULL;

		if (!which)
			return reload_xml_fail(xml, child, error,
					       "is unknown in a kind-block: remove it");
		if (*which)
			return reload_xml_fail(xml, child, error,
					       "stands twice in a kind-block: remove one");
		*which = child;
	}
	if (!out->element)
		return reload_xml_fail(xml, block, error,
				       "lacks <kind>: add it, or remove the kind-block");
	return RELOAD_OK;
}

ReloadStatus reload_kind_block_parse(const ReloadXml *xml, ReloadKindElement *element,
				     ReloadDomains **domains, GError **error)
{
	const ReloadKind *iana;
	ReloadKind *kind = &element->kind;
	Seen seen = {false};
	ReloadStatus status = read_kind_id(xml, element->element, &kind->id, &iana, error);

	for (xmlNode *child = reload_xml_first(element->element); status == RELOAD_OK && child;
	     child = reload_xml_next(child))
		status = read_parameter(xml, child, kind, &seen, domains, error);
	if (status == RELOAD_OK && iana) {
		/* RFC 6940, 11.1: IANA's data model and access control win over the document's. */
		kind->name = iana->name;
		kind->model = iana->model;
		kind->access = iana->access;
		kind->max_node_multiple = iana->max_node_multiple;
	}
	return status == RELOAD_OK ? check_kind(xml, element->element, kind, &seen, error) : status;
}

ReloadStatus reload_kind_block_read(const ReloadXml *xml, const xmlNode *block,
				    ReloadDocument *document, ReloadKindElement *out,
				    GError **error)
{
	const ReloadKind *known;
	ReloadStatus status = reload_kind_block_find(xml, block, out, error);

	if (status == RELOAD_OK)
		status = reload_kind_block_parse(xml, out, &document->domains, error);
	if (status != RELOAD_OK)
		return status;
	known = reload_document_kind(document, out->kind.id);
	if (known && known->required)
		return reload_xml_fail(xml, out->element, error,
				       "defines a Kind a second time: remove one");
	if (g_hash_table_size(document->kinds) >= KINDS_MAX)
		return reload_xml_fail(xml, out->element, error,
				       "is one of more than %d Kinds: remove some", KINDS_MAX);
	out->kind.required = true;
	g_hash_table_insert(document->kinds, GUINT_TO_POINTER(out->kind.id),
			    g_memdup2(&out->kind, sizeof(out->kind)));
	return RELOAD_OK;
}
