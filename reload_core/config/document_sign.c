/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signing a document by changing its text only where it must. */
#include "reload_core/config/document_sign.h"

#include "reload_core/config/document_private.h"
#include "reload_core/security/sign.h"

/* Replaces [start, end) of a text by another. */
typedef struct {
	size_t start, end;
	char *text;
} Edit;

static void edit_clear(gpointer data)
{
	g_free(((Edit *)data)->text);
}

static void add_edit(GArray *edits, size_t start, size_t end, char *text)
{
	Edit edit = {start, end, text};

	g_array_append_val(edits, edit);
}

static gint compare_edits(gconstpointer a, gconstpointer b)
{
	const Edit *left = a, *right = b;

	return left->start < right->start ? -1 : left->start > right->start;
}

static GBytes *apply(GBytes *bytes, GArray *edits)
{
	gsize length;
	const char *data = g_bytes_get_data(bytes, &length);
	GString *out = g_string_sized_new(length + 1024);
	size_t done = 0;

	g_array_sort(edits, compare_edits);
	for (guint i = 0; i < edits->len; i++) {
		const Edit *edit = &g_array_index(edits, Edit, i);

		g_string_append_len(out, data + done, (gssize)(edit->start - done));
		g_string_append(out, edit->text);
		done = edit->end;
	}
	g_string_append_len(out, data + done, (gssize)(length - done));
	return g_string_free_to_bytes(out);
}

/* An element of the base namespace, with the prefix that like uses for it, around a base64
 * SecurityBlock over data. */
static char *make_signature(const xmlNode *like, const char *element, const ReloadIdentity *signer,
			    ReloadSpan data, GError **error)
{
	const char *prefix = like->ns->prefix ? (const char *)like->ns->prefix : "";
	const char *colon = *prefix ? ":" : "";
	GByteArray *block = g_byte_array_new();
	char *base64, *text = NULL;

	if (reload_sign_block(signer, &data, 1, NULL, block) == RELOAD_OK) {
		base64 = g_base64_encode(block->data, block->len);
		text = g_strdup_printf("<%s%s%s>%s</%s%s%s>", prefix, colon, element, base64,
				       prefix, colon, element);
		g_free(base64);
	} else {
		reload_fail(error, RELOAD_E_INTERNAL, "<%s>: cannot be computed", element);
	}
	g_byte_array_unref(block);
	return text;
}

static xmlNode *find_configuration(const ReloadXml *xml, const char *overlay, GError **error)
{
	xmlNode *root = reload_xml_root(xml);

	for (xmlNode *node = reload_xml_first(root); node; node = reload_xml_next(node)) {
		char *name;
		bool same;

		if (!reload_xml_is(node, RELOAD_XML_NS_BASE, "configuration"))
			continue;
		name = reload_xml_attribute(node, "instance-name");
		same = !overlay || (name && strcmp(name, overlay) == 0);
		g_free(name);
		if (same)
			return node;
	}
	reload_xml_fail(xml, root, error, "holds no <configuration> of that overlay");
	return NULL;
}

static size_t offset_of(GBytes *bytes, ReloadSpan range)
{
	return (size_t)(range.data - (const uint8_t *)g_bytes_get_data(bytes, NULL));
}

/* Finds the value, without its quotes, of an attribute in a well-formed start tag; false: it is not
 * there, *start is where it may be inserted. */
static bool find_attribute(ReloadSpan element, const char *name, size_t *start, size_t *end)
{
	const char *text = (const char *)element.data;
	size_t at = 1;

	while (at < element.len && !g_ascii_isspace(text[at]) && text[at] != '>' && text[at] != '/')
		at++;
	*start = *end = at;
	for (;;) {
		size_t name_start, name_end, value;

		while (at < element.len && g_ascii_isspace(text[at]))
			at++;
		if (at >= element.len || text[at] == '>' || text[at] == '/')
			return false;
		name_start = at;
		while (at < element.len && text[at] != '=' && !g_ascii_isspace(text[at]))
			at++;
		name_end = at;
		while (at < element.len && text[at] != '"' && text[at] != '\'')
			at++;
		value = at + 1;
		for (at++; at < element.len && text[at] != text[value - 1];)
			at++;
		if (name_end - name_start == strlen(name) &&
		    strncmp(text + name_start, name, name_end - name_start) == 0) {
			*start = value;
			*end = at;
			return true;
		}
		at++;
	}
}

static void set_attribute(GBytes *bytes, ReloadSpan element, const char *name, const char *value,
			  GArray *edits)
{
	size_t base = offset_of(bytes, element), start, end;

	if (find_attribute(element, name, &start, &end))
		add_edit(edits, base + start, base + end, g_strdup(value));
	else
		add_edit(edits, base + start, base + start,
			 g_strdup_printf(" %s=\"%s\"", name, value));
}

static void set_attributes(GBytes *bytes, ReloadSpan configuration, int sequence,
			   int64_t expiration, GArray *edits)
{
	if (sequence >= 0) {
		char *text = g_strdup_printf("%d", sequence);

		set_attribute(bytes, configuration, "sequence", text, edits);
		g_free(text);
	}
	if (expiration >= 0) {
		GDateTime *time = g_date_time_new_from_unix_utc(expiration / 1000);
		char *text = g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");

		set_attribute(bytes, configuration, "expiration", text, edits);
		g_free(text);
		g_date_time_unref(time);
	}
}

static bool sign_kind(const ReloadXml *xml, GBytes *bytes, const xmlNode *block,
		      const ReloadIdentity *signer, GArray *edits, GError **error)
{
	const xmlNode *kind = NULL, *old = NULL;
	ReloadSpan range;
	size_t behind;
	char *text;

	for (const xmlNode *child = reload_xml_first(block); child;
	     child = reload_xml_next(child)) {
		if (reload_xml_is(child, RELOAD_XML_NS_BASE, "kind"))
			kind = child;
		else if (reload_xml_is(child, RELOAD_XML_NS_BASE, "kind-signature"))
			old = child;
	}
	if (!kind) {
		reload_xml_fail(xml, block, error,
				"lacks <kind>: add it, or remove the kind-block");
		return false;
	}
	range = reload_xml_range(xml, kind);
	text = make_signature(kind, "kind-signature", signer, range, error);
	if (!text)
		return false;
	behind = offset_of(bytes, range) + range.len;
	if (old) {
		range = reload_xml_range(xml, old);
		add_edit(edits, offset_of(bytes, range), offset_of(bytes, range) + range.len, text);
	} else {
		add_edit(edits, behind, behind, text);
	}
	return true;
}

/* Signs each kind-block in parent. */
static bool sign_blocks(const ReloadXml *xml, GBytes *bytes, const xmlNode *parent,
			const ReloadIdentity *signer, GArray *edits, GError **error)
{
	for (xmlNode *block = reload_xml_first(parent); block; block = reload_xml_next(block)) {
		if (!sign_kind(xml, bytes, block, signer, edits, error))
			return false;
	}
	return true;
}

static bool sign_kinds(const ReloadXml *xml, GBytes *bytes, const xmlNode *configuration,
		       const ReloadIdentity *signer, GArray *edits, GError **error)
{
	for (xmlNode *node = reload_xml_first(configuration); node; node = reload_xml_next(node)) {
		if (reload_xml_is(node, RELOAD_XML_NS_BASE, "required-kinds") &&
		    !sign_blocks(xml, bytes, node, signer, edits, error))
			return false;
	}
	return true;
}

static bool sign_configuration(const ReloadXml *xml, GBytes *bytes, const xmlNode *configuration,
			       const ReloadIdentity *signer, GArray *edits, GError **error)
{
	ReloadSpan range = reload_xml_range(xml, configuration);
	char *text = make_signature(configuration, "signature", signer, range, error);
	size_t behind = offset_of(bytes, range) + range.len;

	if (!text)
		return false;
	add_edit(edits, behind, behind, g_strdup_printf("\n  %s", text));
	g_free(text);
	/* The old ones, with the white space before them. */
	for (xmlNode *node = reload_xml_next(configuration);
	     reload_xml_is(node, RELOAD_XML_NS_BASE, "signature"); node = reload_xml_next(node)) {
		const char *data = g_bytes_get_data(bytes, NULL);
		ReloadSpan old = reload_xml_range(xml, node);
		size_t start = offset_of(bytes, old), end = start + old.len;

		while (start > behind && g_ascii_isspace(data[start - 1]))
			start--;
		add_edit(edits, start, end, g_strdup(""));
		behind = end;
	}
	return true;
}

typedef bool (*Step)(const ReloadXml *xml, GBytes *bytes, const xmlNode *configuration,
		     const ReloadIdentity *signer, GArray *edits, GError **error);

/* One pass over the text: collects edits by step, and applies them. Takes over bytes. */
static GBytes *pass(GBytes *bytes, const char *name, const char *overlay,
		    const ReloadIdentity *signer, int sequence, int64_t expiration, Step step,
		    GError **error)
{
	GArray *edits = g_array_new(FALSE, FALSE, sizeof(Edit));
	ReloadSpan span;
	ReloadXml *xml;
	xmlNode *configuration;
	GBytes *result = NULL;

	g_array_set_clear_func(edits, edit_clear);
	span.data = g_bytes_get_data(bytes, &span.len);
	xml = reload_xml_parse(span, name, error);
	configuration = xml ? find_configuration(xml, overlay, error) : NULL;
	if (configuration && step(xml, bytes, configuration, signer, edits, error)) {
		set_attributes(bytes, reload_xml_range(xml, configuration), sequence, expiration,
			       edits);
		result = apply(bytes, edits);
	}
	reload_xml_free(xml);
	g_array_unref(edits);
	g_bytes_unref(bytes);
	return result;
}

GBytes *reload_document_sign(GBytes *document, const char *name, const char *overlay,
			     const ReloadIdentity *signer, int sequence, int64_t expiration,
			     GError **error)
{
	/* The Kinds' signatures and the attributes are inside of what the configuration's covers.
	 */
	GBytes *bytes = pass(g_bytes_ref(document), name, overlay, signer, sequence, expiration,
			     sign_kinds, error);

	if (!bytes)
		return NULL;
	return pass(bytes, name, overlay, signer, -1, -1, sign_configuration, error);
}

GBytes *reload_kind_blocks_sign(GBytes *blocks, const char *name, const ReloadIdentity *signer,
				GError **error)
{
	GArray *edits = g_array_new(FALSE, FALSE, sizeof(Edit));
	GBytes *wrapped, *signed_blocks, *result = NULL;
	ReloadSpan span;
	ReloadXml *xml;

	g_array_set_clear_func(edits, edit_clear);
	span.data = g_bytes_get_data(blocks, &span.len);
	wrapped = reload_kind_blocks_wrap(span);
	span.data = g_bytes_get_data(wrapped, &span.len);
	xml = reload_xml_parse(span, name, error);
	if (xml && sign_blocks(xml, wrapped, reload_xml_root(xml), signer, edits, error)) {
		signed_blocks = apply(wrapped, edits);
		result = reload_kind_blocks_unwrap(signed_blocks);
		g_bytes_unref(signed_blocks);
	}
	reload_xml_free(xml);
	g_bytes_unref(wrapped);
	g_array_unref(edits);
	return result;
}
