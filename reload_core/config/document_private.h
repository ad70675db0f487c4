/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts that a document is put together from. Not for other rooms. */
#ifndef RELOAD_CONFIG_DOCUMENT_PRIVATE_H
#define RELOAD_CONFIG_DOCUMENT_PRIVATE_H

#include "reload_core/config/document.h"
#include "reload_core/config/kind_update.h"
#include "reload_core/config/xml.h"

typedef struct ReloadDomains ReloadDomains;

/* Reads what is inside of a configuration element into document, which has its defaults already.
 * kind_elements gets a ReloadKindElement * of each kind-block, for reload_document_verify. */
ReloadStatus reload_configuration_read(const ReloadXml *xml, const xmlNode *configuration,
				       ReloadDocument *document, GPtrArray *kind_elements,
				       GError **error);

/* A kind-block element as it was read. */
typedef struct {
	ReloadKind kind;
	const xmlNode *block, *element; /* kind-block and the kind in it */
	const xmlNode *signature;	/* kind-signature; NULL: it has none */
} ReloadKindElement;

/* Finds what is in a kind-block; out->kind stays empty. Errors of this and the next two: RELOAD_E_CONFIG, and of these
 * RELOAD_E_UNSUPPORTED where the definition is right but more than this release can do. */
ReloadStatus reload_kind_block_find(const ReloadXml *xml, const xmlNode *block,
				    ReloadKindElement *out, GError **error);
/* Reads the kind in it; its signature is not verified. *domains, which may be NULL: replaced by the
 * domain-restrictions in it, if there are some; owned by the caller on failure too. */
ReloadStatus reload_kind_block_parse(const ReloadXml *xml, ReloadKindElement *element,
				     ReloadDomains **domains, GError **error);
/* Both, for a Kind of the document itself, which gets it. */
ReloadStatus reload_kind_block_read(const ReloadXml *xml, const xmlNode *block,
				    ReloadDocument *document, ReloadKindElement *out,
				    GError **error);

/* Verifies a kind-signature by a kind-signer of document at now (ms), and makes what the Kind is
 * handed on as. *out is a new reference; its text may be too long to be handed on.
 * RELOAD_E_CONFIG: it is no base64; RELOAD_E_FORBIDDEN: it is missing, wrong or not by one of
 * these. */
ReloadStatus reload_kind_block_verify(const ReloadXml *xml, const ReloadKindElement *element,
				      const ReloadDocument *document, ReloadTrust *trust,
				      int64_t now, ReloadKindBlock **out, GError **error);
void reload_kind_block_unref(ReloadKindBlock *block);
/* A digest of what is signed and of the signature; false: it is no base64. */
bool reload_kind_block_digest(const ReloadXml *xml, const ReloadKindElement *element,
			      uint8_t out[RELOAD_DIGEST_MAX]);

/* kind-blocks without anything around them, inside of an element that gives them the base
 * namespace; and the text inside of that again. */
GBytes *reload_kind_blocks_wrap(ReloadSpan text);
GBytes *reload_kind_blocks_unwrap(GBytes *wrapped);

/* A copy that may get other Kinds: it shares all else with document. */
ReloadDocument *reload_document_copy(ReloadDocument *document);

/* Why a signature was not accepted, for an error line; static. */
const char *reload_signature_reason(ReloadStatus status);

/* Fills document->kinds with the built-in Kinds. */
void reload_kinds_add_builtin(ReloadDocument *document);

/* Reads a domain-restriction(s) element (RFC 7904, 3.4). NULL with error set: a pattern that is no
 * expression. */
ReloadDomains *reload_domains_read(const ReloadXml *xml, const xmlNode *node, GError **error);
bool reload_domains_is(const xmlNode *node);
/* The same whatever its namespace. */
bool reload_domains_is_named(const xmlNode *node);
void reload_domains_free(ReloadDomains *domains);

/* Verifies the decoded SecurityBlock over data: signed at now (ms) by a certificate that trust
 * accepts, with one of the Node-IDs in signers; *signer (NULL allowed) is which. */
ReloadStatus reload_block_verify(ReloadTrust *trust, GBytes *block, ReloadSpan data,
				 const GArray *signers, int64_t now, ReloadNodeId *signer);

/* Is next signed at now (ms) by a configuration-signer of current, whom current's own trust accepts? */
ReloadStatus reload_document_verify_by(const ReloadDocument *next, const ReloadDocument *current,
				       int64_t now);

/* Takes the configuration's bytes and the signatures behind it into document; nothing is verified. */
ReloadStatus reload_document_collect(const ReloadXml *xml, const xmlNode *configuration,
				     ReloadDocument *document, GError **error);

/* Checks the signature of the configuration and of each kind-block, as far as signers are listed.
 */
ReloadStatus reload_document_verify(const ReloadXml *xml, const xmlNode *configuration,
				    const GPtrArray *kind_elements, ReloadDocument *document,
				    int64_t now, GError **error);

#endif
