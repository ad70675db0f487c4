/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kinds defined by signed kind-blocks beside the document (RFC 6940, 6.5.4 and 11.1). */
#include "reload_core/config/kind_update.h"

#include "reload_core/config/document_private.h"

/* kind-blocks are read inside of this element, which gives them their default namespace. Text that
 * would end it is not well-formed. */
#define WRAPPER_START "<kinds xmlns=\"" RELOAD_XML_NS_BASE "\">"
#define WRAPPER_END "</kinds>"

const ReloadKindBlock *reload_document_kind_block(const ReloadDocument *document, uint32_t kind_id)
{
	return g_hash_table_lookup(document->kind_blocks, GUINT_TO_POINTER(kind_id));
}

GBytes *reload_kind_blocks_wrap(ReloadSpan text)
{
	GByteArray *all = g_byte_array_sized_new((guint)(text.len + 128));

	g_byte_array_append(all, (const guint8 *)WRAPPER_START, (guint)strlen(WRAPPER_START));
	g_byte_array_append(all, text.data, (guint)text.len);
	g_byte_array_append(all, (const guint8 *)WRAPPER_END, (guint)strlen(WRAPPER_END));
	return g_byte_array_free_to_bytes(all);
}

GBytes *reload_kind_blocks_unwrap(GBytes *wrapped)
{
	size_t start = strlen(WRAPPER_START), end = strlen(WRAPPER_END);

	return g_bytes_new_from_bytes(wrapped, start, g_bytes_get_size(wrapped) - start - end);
}

/* Is it a repetition of what was verified before? Then it costs no signature check. */
static bool is_repetition(const ReloadDocument *document, const ReloadXml *xml,
			  const ReloadKindElement *element)
{
	uint8_t digest[RELOAD_DIGEST_MAX];
	GHashTableIter each;
	gpointer block;

	if (!reload_kind_block_digest(xml, element, digest))
		return false;
	g_hash_table_iter_init(&each, document->kind_blocks);
	while (g_hash_table_iter_next(&each, NULL, &block)) {
		if (memcmp(((ReloadKindBlock *)block)->digest, digest, sizeof(digest)) == 0)
			return true;
	}
	return false;
}

static bool has_room(const ReloadDocument *document, size_t more)
{
	GHashTableIter each;
	gpointer value;
	unsigned count = 0;
	size_t bytes = 0;

	g_hash_table_iter_init(&each, document->kind_blocks);
	while (g_hash_table_iter_next(&each, NULL, &value)) {
		const ReloadKindBlock *block = value;

		if (!block->learned)
			continue;
		count++;
		bytes += g_bytes_get_size(block->text);
	}
	return more <= RELOAD_KIND_BLOCK_MAX && count < RELOAD_LEARNED_KINDS_MAX &&
	       bytes + more <= RELOAD_LEARNED_BYTES_MAX;
}

static bool same_definition(const ReloadKind *a, const ReloadKind *b)
{
	return a->model == b->model && a->access == b->access && a->max_count == b->max_count &&
	       a->max_size == b->max_size && a->max_node_multiple == b->max_node_multiple;
}

/* RFC 6940, 6.5.4.2: "if the Kind update conflicts with an existing known Kind (i.e., it is signed
 * by a different signer), then it should be rejected". */
static bool conflicts(const ReloadDocument *document, const ReloadKind *kind,
		      const ReloadKindBlock *block)
{
	const ReloadKindBlock *known = reload_document_kind_block(document, kind->id);

	return !same_definition(reload_document_kind(document, kind->id), kind) ||
	       (known && !reload_node_id_equal(&known->signer, &block->signer));
}

/* Takes over block where it tells something new. */
static ReloadStatus add(const ReloadXml *xml, const ReloadKindElement *element,
			ReloadDocument *document, ReloadKindBlock *block, GError **error)
{
	gpointer id = GUINT_TO_POINTER(element->kind.id);

	if (reload_document_kind(document, element->kind.id)) {
		if (!conflicts(document, &element->kind, block))
			return RELOAD_OK;
		reload_xml_fail(xml, element->element, error,
				"defines a Kind that is known by another definition or signer: "
				"change it by a newer document");
		return RELOAD_E_FORBIDDEN;
	}
	if (!has_room(document, g_bytes_get_size(block->text))) {
		reload_xml_fail(xml, element->block, error,
				"is one too many, or too long: put these Kinds into the document");
		return RELOAD_E_LIMIT;
	}
	block->learned = true;
	g_hash_table_insert(document->kinds, id, g_memdup2(&element->kind, sizeof(element->kind)));
	g_hash_table_insert(document->kind_blocks, id, g_atomic_rc_box_acquire(block));
	return RELOAD_OK;
}

/* One kind-block: nothing of what it says is read before its signature has been verified. */
static ReloadStatus learn_block(const ReloadXml *xml, const xmlNode *node, ReloadDocument *document,
				ReloadTrust *trust, int64_t now, GError **error)
{
	/* Domains are SIP-REGISTRATION's (RFC 7904, 3.4): that Kind is known, and its restrictions
	 * are the document's. */
	ReloadDomains *domains = NULL;
	ReloadKindElement element;
	ReloadKindBlock *block;
	ReloadStatus status = reload_kind_block_find(xml, node, &element, error);

	if (status != RELOAD_OK || is_repetition(document, xml, &element))
		return status;
	status = reload_kind_block_verify(xml, &element, document, trust, now, &block, error);
	if (status != RELOAD_OK)
		return status;
	status = reload_kind_block_parse(xml, &element, &domains, error);
	if (status == RELOAD_OK)
		status = add(xml, &element, document, block, error);
	reload_domains_free(domains);
	reload_kind_block_unref(block);
	return status;
}

static ReloadStatus learn_text(ReloadSpan text, const char *name, ReloadDocument *document,
			       ReloadTrust *trust, int64_t now, GError **error)
{
	const xmlNode *node;
	ReloadStatus status;
	GBytes *wrapped;
	ReloadSpan all;
	ReloadXml *xml;

	if (text.len > RELOAD_DOCUMENT_MAX_BYTES)
		return reload_fail(error, RELOAD_E_CONFIG, "%s: is larger than %d bytes: divide it",
				   name, RELOAD_DOCUMENT_MAX_BYTES);
	wrapped = reload_kind_blocks_wrap(text);
	all.data = g_bytes_get_data(wrapped, &all.len);
	xml = reload_xml_parse(all, name, error);
	node = xml ? reload_xml_first(reload_xml_root(xml)) : NULL;
	if (xml && !node)
		reload_fail(error, RELOAD_E_CONFIG, "%s: holds no <kind-block>: add one", name);
	for (status = node ? RELOAD_OK : RELOAD_E_CONFIG; status == RELOAD_OK && node;
	     node = reload_xml_next(node)) {
		if (reload_xml_is(node, RELOAD_XML_NS_BASE, "kind-block"))
			status = learn_block(xml, node, document, trust, now, error);
		else
			status = reload_xml_fail(xml, node, error,
						 "is no <kind-block>: only these belong here");
	}
	reload_xml_free(xml);
	g_bytes_unref(wrapped);
	return status;
}

ReloadStatus reload_document_learn(ReloadDocument *document, ReloadTrust *trust,
				   const ReloadSpan *texts, size_t count, const char *name,
				   int64_t now, ReloadDocument **out, GError **error)
{
	ReloadDocument *copy;
	ReloadStatus status = RELOAD_OK;

	if (document->kind_signers->len == 0)
		return reload_fail(error, RELOAD_E_FORBIDDEN,
				   "%s: the document of %s names no kind-signer: nobody may define "
				   "Kinds beside it",
				   name, document->overlay);
	copy = reload_document_copy(document);
	for (size_t i = 0; status == RELOAD_OK && i < count; i++)
		status = learn_text(texts[i], name, copy, trust, now, error);
	if (status == RELOAD_OK) {
		bool news = g_hash_table_size(copy->kinds) > g_hash_table_size(document->kinds);

		*out = reload_document_ref(news ? copy : document);
	}
	reload_document_unref(copy);
	return status;
}

ReloadDocument *reload_document_inherit_kinds(ReloadDocument *next, ReloadTrust *trust,
					      const ReloadDocument *current)
{
	ReloadDocument *copy = reload_document_copy(next);
	GHashTableIter each;
	gpointer value;

	/* Those that next has learned itself (from the operator's file) stand before ours. */
	g_hash_table_iter_init(&each, current->kind_blocks);
	while (g_hash_table_iter_next(&each, NULL, &value)) {
		const ReloadKindBlock *block = value;
		ReloadSpan text;

		if (!block->learned)
			continue;
		text.data = g_bytes_get_data(block->text, &text.len);
		/* Refused for whatever reason: it goes. */
		(void)learn_text(text, "", copy, trust, block->verified, NULL);
	}
	return copy;
}
