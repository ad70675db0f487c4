/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts that a document is put together from. Not for other rooms. */
#ifndef RELOAD_CONFIG_DOCUMENT_PRIVATE_H
#define RELOAD_CONFIG_DOCUMENT_PRIVATE_H

#include "reload_core/config/document.h"
#include "reload_core/config/xml.h"

typedef struct ReloadDomains ReloadDomains;

/* Reads what is inside of a configuration element into document, which has its defaults already.
 * kind_blocks gets the kind-block elements (xmlNode *) for reload_kinds_read. */
ReloadStatus reload_configuration_read(const ReloadXml *xml, const xmlNode *configuration,
				       ReloadDocument *document, GPtrArray *kind_blocks,
				       GError **error);

/* Reads one kind-block, without its signature. */
ReloadStatus reload_kind_block_read(const ReloadXml *xml, const xmlNode *block,
				    ReloadDocument *document, GError **error);

/* Fills document->kinds with the built-in Kinds. */
void reload_kinds_add_builtin(ReloadDocument *document);

/* Reads a domain-restriction(s) element (RFC 7904, 3.4). NULL with error set: a pattern that is no
 * expression. */
ReloadDomains *reload_domains_read(const ReloadXml *xml, const xmlNode *node, GError **error);
bool reload_domains_is(const xmlNode *node);
void reload_domains_free(ReloadDomains *domains);

/* Verifies the decoded SecurityBlock over data: signed at now (ms) by a certificate that trust
 * accepts, with one of the Node-IDs in signers. */
ReloadStatus reload_block_verify(ReloadTrust *trust, GBytes *block, ReloadSpan data,
				 const GArray *signers, int64_t now);

/* Takes the configuration's bytes and the signatures behind it into document; nothing is verified. */
ReloadStatus reload_document_collect(const ReloadXml *xml, const xmlNode *configuration,
				     ReloadDocument *document, GError **error);

/* Checks the signature of the configuration and of each kind-block, as far as signers are listed.
 */
ReloadStatus reload_document_verify(const ReloadXml *xml, const xmlNode *configuration,
				    const GPtrArray *kind_blocks, ReloadDocument *document,
				    int64_t now, GError **error);

#endif
