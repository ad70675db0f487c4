/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A document: its defaults, its attributes, its life. */
#include "reload_core/config/document.h"

#include "reload_core/config/document_private.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <sys/stat.h>

static ReloadDocument *document_new(GBytes *bytes)
{
	ReloadDocument *document = g_atomic_rc_box_new0(ReloadDocument);

	document->expiration = INT64_MAX;
	document->topology_plugin = g_strdup("CHORD-RELOAD");
	document->node_id_length = 16;
	document->root_certs = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	document->self_signed_digest = RELOAD_DIGEST_SHA1;
	document->bad_nodes = g_array_new(FALSE, FALSE, sizeof(ReloadNodeId));
	document->configuration_signers = g_array_new(FALSE, FALSE, sizeof(ReloadNodeId));
	document->kind_signers = g_array_new(FALSE, FALSE, sizeof(ReloadNodeId));
	document->bootstrap_nodes = g_array_new(FALSE, FALSE, sizeof(ReloadAddress));
	document->enrollment_servers = g_ptr_array_new_with_free_func(g_free);
	document->mandatory_extensions = g_ptr_array_new_with_free_func(g_free);
	document->max_message_size = RELOAD_MAX_MESSAGE_SIZE_DEFAULT;
	document->initial_ttl = RELOAD_TTL_DEFAULT;
	document->overlay_reliability_timer = 3000;
	document->turn_density = 1;
	document->clients_permitted = true;
	document->chord_reactive = true;
	document->chord_update_interval = 600; /* RFC 6940, 10.7.4.1: about every ten minutes */
	document->chord_ping_interval = 3600;  /* 10.7.4.2 names no default */
	document->kinds = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	document->kind_blocks =
	    g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)reload_kind_block_unref);
	document->signatures = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	document->bytes = g_bytes_ref(bytes);
	reload_kinds_add_builtin(document);
	return document;
}

static void document_clear(gpointer data)
{
	ReloadDocument *document = data;

	g_hash_table_destroy(document->kinds);
	g_hash_table_destroy(document->kind_blocks);
	if (document->base) {
		reload_document_unref(document->base);
		return;
	}
	g_free(document->overlay);
	g_free(document->topology_plugin);
	g_ptr_array_unref(document->root_certs);
	g_array_unref(document->bad_nodes);
	g_array_unref(document->configuration_signers);
	g_array_unref(document->kind_signers);
	g_array_unref(document->bootstrap_nodes);
	g_ptr_array_unref(document->enrollment_servers);
	if (document->shared_secret)
		OPENSSL_cleanse(document->shared_secret, strlen(document->shared_secret));
	g_free(document->shared_secret);
	g_ptr_array_unref(document->mandatory_extensions);
	reload_domains_free(document->domains);
	g_ptr_array_unref(document->signatures);
	g_clear_pointer(&document->configuration, g_bytes_unref);
	g_clear_pointer(&document->handed_on, g_bytes_unref);
	g_bytes_unref(document->bytes);
}

ReloadDocument *reload_document_copy(ReloadDocument *document)
{
	ReloadDocument *copy = g_atomic_rc_box_new0(ReloadDocument);
	GHashTableIter each;
	gpointer id, value;

	*copy = *document;
	copy->base = reload_document_ref(document->base ? document->base : document);
	copy->kinds = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	copy->kind_blocks =
	    g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)reload_kind_block_unref);
	g_hash_table_iter_init(&each, document->kinds);
	while (g_hash_table_iter_next(&each, &id, &value))
		g_hash_table_insert(copy->kinds, id, g_memdup2(value, sizeof(ReloadKind)));
	g_hash_table_iter_init(&each, document->kind_blocks);
	while (g_hash_table_iter_next(&each, &id, &value))
		g_hash_table_insert(copy->kind_blocks, id, g_atomic_rc_box_acquire(value));
	return copy;
}

ReloadDocument *reload_document_ref(ReloadDocument *document)
{
	return g_atomic_rc_box_acquire(document);
}

void reload_document_unref(ReloadDocument *document)
{
	if (document)
		g_atomic_rc_box_release_full(document, document_clear);
}

/* The name goes into reload URIs, where it is a reg-name (RFC 3986), and into file names of tools.
 */
static bool is_overlay_name(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > 255 || *name == '.' || *name == '-')
		return false;
	for (; *name; name++) {
		if (!g_ascii_isalnum(*name) && !strchr(".-_~", *name))
			return false;
	}
	return true;
}

static ReloadStatus read_expiration(const ReloadXml *xml, const xmlNode *node, const char *text,
				    int64_t now, ReloadDocument *document, GError **error)
{
	GDateTime *time = g_date_time_new_from_iso8601(text, NULL);

	if (!time)
		return reload_xml_fail(
		    xml, node, error,
		    "attribute expiration \"%.40s\" is no time like 2030-01-31T12:00:00Z: "
		    "correct it",
		    text);
	document->expiration = g_date_time_to_unix(time) * 1000;
	g_date_time_unref(time);
	if (now > document->expiration)
		return reload_xml_fail(
		    xml, node, error,
		    "attribute expiration: the document has expired on %.40s: get a newer one, or "
		    "renew it with `reloadctl document sign`",
		    text);
	return RELOAD_OK;
}

static ReloadStatus read_attributes(const ReloadXml *xml, const xmlNode *node, int64_t now,
				    ReloadDocument *document, GError **error)
{
	char *name = reload_xml_attribute(node, "instance-name");
	char *sequence = reload_xml_attribute(node, "sequence");
	char *expiration = reload_xml_attribute(node, "expiration");
	ReloadStatus status = RELOAD_OK;
	uint32_t number = 0;

	if (!name || !is_overlay_name(name))
		status =
		    reload_xml_fail(xml, node, error,
				    "attribute instance-name is missing or no overlay name (like "
				    "overlay.example.org): correct it");
	else if (sequence && !reload_xml_parse_number(sequence, 0, 65534, &number))
		status =
		    reload_xml_fail(xml, node, error,
				    "attribute sequence is no number from 0 to 65534: correct it");
	else if (expiration)
		status = read_expiration(xml, node, expiration, now, document, error);
	if (status == RELOAD_OK) {
		document->overlay = name;
		name = NULL;
		document->overlay_hash = reload_overlay_hash(document->overlay);
		document->sequence = (uint16_t)number;
	}
	g_free(name);
	g_free(sequence);
	g_free(expiration);
	return status;
}

/* The configuration of that overlay, or, without a name, the only one there is. */
static xmlNode *find_configuration(const ReloadXml *xml, const char *overlay, GError **error)
{
	xmlNode *root = reload_xml_root(xml), *found = NULL;
	bool several = false;

	if (!reload_xml_is(root, RELOAD_XML_NS_BASE, "overlay")) {
		reload_xml_fail(xml, root, error,
				"is no overlay element of namespace " RELOAD_XML_NS_BASE
				": this is no overlay configuration document");
		return NULL;
	}
	for (xmlNode *node = reload_xml_first(root); node; node = reload_xml_next(node)) {
		char *name;

		if (!reload_xml_is(node, RELOAD_XML_NS_BASE, "configuration"))
			continue;
		name = reload_xml_attribute(node, "instance-name");
		if (!overlay || (name && strcmp(name, overlay) == 0)) {
			several = found != NULL;
			found = found ? found : node;
		}
		g_free(name);
	}
	if (!found && overlay)
		reload_xml_fail(
		    xml, root, error,
		    "holds no configuration of overlay \"%s\": this is another overlay's document",
		    overlay);
	else if (!found)
		reload_xml_fail(xml, root, error, "holds no <configuration>: add it");
	else if (several)
		reload_xml_fail(xml, root, error,
				"holds several configurations: say which overlay is meant");
	return several ? NULL : found;
}

/* A document is handed on whole, and its file guarded for the sake of our own secret only: another
 * overlay's has no business in it (RFC 6940, 14.16). */
static bool holds_foreign_secret(const ReloadXml *xml, const xmlNode *own, GError **error)
{
	xmlNode *root = reload_xml_root(xml);

	for (xmlNode *node = reload_xml_first(root); node; node = reload_xml_next(node)) {
		if (node == own || !reload_xml_is(node, RELOAD_XML_NS_BASE, "configuration"))
			continue;
		for (xmlNode *child = reload_xml_first(node); child;
		     child = reload_xml_next(child)) {
			if (!reload_xml_is(child, RELOAD_XML_NS_BASE, "shared-secret"))
				continue;
			reload_xml_fail(xml, child, error,
					"belongs to another overlay of this document: give each "
					"overlay with one a document of its own");
			return true;
		}
	}
	return false;
}

static ReloadDocument *parse(GBytes *bytes, const char *name, const char *overlay, int64_t now,
			     bool verify, GError **error)
{
	ReloadDocument *document = NULL;
	GPtrArray *kind_elements;
	xmlNode *configuration;
	ReloadStatus status;
	ReloadSpan span;
	ReloadXml *xml;

	span.data = g_bytes_get_data(bytes, &span.len);
	if (span.len > RELOAD_DOCUMENT_MAX_BYTES) {
		reload_fail(error, RELOAD_E_TOO_LARGE,
			    "%s: document is larger than %d bytes: this is no "
			    "overlay configuration document",
			    name, RELOAD_DOCUMENT_MAX_BYTES);
		return NULL;
	}
	xml = reload_xml_parse(span, name, error);
	configuration = xml ? find_configuration(xml, overlay, error) : NULL;
	if (configuration && !holds_foreign_secret(xml, configuration, error)) {
		document = document_new(bytes);
		kind_elements = g_ptr_array_new_with_free_func(g_free);
		status = read_attributes(xml, configuration, now, document, error);
		if (status == RELOAD_OK)
			status = reload_configuration_read(xml, configuration, document,
							   kind_elements, error);
		if (status == RELOAD_OK && verify)
			status = reload_document_verify(xml, configuration, kind_elements, document,
							now, error);
		g_ptr_array_unref(kind_elements);
		if (status != RELOAD_OK) {
			reload_document_unref(document);
			document = NULL;
		}
	}
	reload_xml_free(xml);
	return document;
}

ReloadDocument *reload_document_parse(GBytes *bytes, const char *name, const char *overlay,
				      int64_t now, GError **error)
{
	return parse(bytes, name, overlay, now, true, error);
}

/* Reads attributes and signatures only; NULL: there is no such configuration, or it has expired. */
static ReloadDocument *read_outside(GBytes *bytes, const char *overlay, int64_t now)
{
	ReloadDocument *document = NULL;
	xmlNode *configuration;
	ReloadSpan span;
	ReloadXml *xml;

	span.data = g_bytes_get_data(bytes, &span.len);
	xml = span.len <= RELOAD_DOCUMENT_MAX_BYTES ? reload_xml_parse(span, "", NULL) : NULL;
	configuration = xml ? find_configuration(xml, overlay, NULL) : NULL;
	if (configuration) {
		document = document_new(bytes);
		if (read_attributes(xml, configuration, now, document, NULL) != RELOAD_OK ||
		    reload_document_collect(xml, configuration, document, NULL) != RELOAD_OK)
			g_clear_pointer(&document, reload_document_unref);
	}
	reload_xml_free(xml);
	return document;
}

ReloadDocumentRank reload_document_rank(const ReloadDocument *current, GBytes *bytes, int64_t now)
{
	ReloadDocument *next = read_outside(bytes, current->overlay, now);
	ReloadDocumentRank rank = RELOAD_DOCUMENT_UNREADABLE;

	if (!next)
		return rank;
	if (next->sequence != current->sequence)
		rank = reload_document_sequence_is_newer(next->sequence, current->sequence)
			   ? RELOAD_DOCUMENT_NEWER
			   : RELOAD_DOCUMENT_OLDER;
	else if (g_bytes_equal(next->configuration, current->configuration))
		rank = RELOAD_DOCUMENT_SAME;
	else
		rank = RELOAD_DOCUMENT_CONFLICT;
	if ((rank == RELOAD_DOCUMENT_NEWER || rank == RELOAD_DOCUMENT_CONFLICT) &&
	    reload_document_verify_by(next, current, now) != RELOAD_OK)
		rank = RELOAD_DOCUMENT_UNSIGNED;
	reload_document_unref(next);
	return rank;
}

static GBytes *read_file(const char *path, mode_t *mode, GError **error)
{
	FILE *file = fopen(path, "re");
	struct stat status;
	char *data;
	size_t length;

	if (!file || fstat(fileno(file), &status) != 0 || !S_ISREG(status.st_mode)) {
		reload_fail(
		    error, RELOAD_E_CONFIG,
		    "%s: overlay document cannot be read (%s): correct the path, or make one with "
		    "`reloadctl overlay create`",
		    path, file ? "not a regular file" : g_strerror(errno));
		if (file)
			fclose(file);
		return NULL;
	}
	*mode = status.st_mode;
	data = g_malloc(RELOAD_DOCUMENT_MAX_BYTES + 1);
	length = fread(data, 1, RELOAD_DOCUMENT_MAX_BYTES + 1, file);
	fclose(file);
	return g_bytes_new_take(g_realloc(data, MAX(length, 1)), length);
}

static ReloadDocument *load(const char *path, const char *overlay, int64_t now, bool verify,
			    GError **error)
{
	mode_t mode = 0;
	GBytes *bytes = read_file(path, &mode, error);
	ReloadDocument *document;

	if (!bytes)
		return NULL;
	document = parse(bytes, path, overlay, now, verify, error);
	g_bytes_unref(bytes);
	/* RFC 6940, 14.16: "the contents of the file MUST be kept confidential" */
	if (document && document->shared_secret && (mode & (S_IRWXG | S_IRWXO))) {
		reload_fail(error, RELOAD_E_CONFIG,
			    "%s: document with a <shared-secret> has mode %04o, others may read it: "
			    "chmod 0600 it (and renew the secret if others had access)",
			    path, mode & 07777);
		reload_document_unref(document);
		return NULL;
	}
	return document;
}

ReloadDocument *reload_document_load_file(const char *path, const char *overlay, int64_t now,
					  GError **error)
{
	return load(path, overlay, now, true, error);
}

ReloadDocument *reload_document_load_unverified(const char *path, GError **error)
{
	return load(path, NULL, INT64_MIN, false, error);
}

bool reload_document_same_secret(const ReloadDocument *a, const ReloadDocument *b)
{
	return g_strcmp0(a->shared_secret, b->shared_secret) == 0;
}

const ReloadKind *reload_document_kind(const ReloadDocument *document, uint32_t kind_id)
{
	return g_hash_table_lookup(document->kinds, GUINT_TO_POINTER(kind_id));
}

ReloadDataModel reload_document_data_model(uint32_t kind, void *document)
{
	const ReloadKind *known = reload_document_kind(document, kind);

	return known ? known->model : RELOAD_MODEL_UNKNOWN;
}

void reload_resource_id_from_name(const ReloadDocument *document, const void *name, size_t length,
				  ReloadResourceId *out)
{
	(void)document; /* CHORD-RELOAD's is the only hash there is */
	reload_hash_resource_name((ReloadSpan){name, length}, out);
}

ReloadTrust *reload_document_trust(const ReloadDocument *document, GError **error)
{
	ReloadTrustOptions options = {
	    .overlay = document->overlay,
	    .node_id_length = document->node_id_length,
	    .root_certs = document->root_certs,
	    .self_signed_permitted = document->self_signed_permitted,
	    .self_signed_digest = document->self_signed_digest,
	    .bad_nodes = (const ReloadNodeId *)(const void *)document->bad_nodes->data,
	    .bad_node_count = document->bad_nodes->len,
	};

	return reload_trust_new(&options, error);
}
