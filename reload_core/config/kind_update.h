/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kinds that are defined beside the document, each by a kind-block that a kind-signer of the
 * document signed (RFC 6940, 6.5.4 and 11.1): taking them, and handing them on.
 *
 * They live in a copy of the document, which shares all else with it. A kind-block has no sequence
 * number: who keeps an old one could bring it back. So a Kind that is known is never changed by a
 * kind-block, only by a newer document. */
#ifndef RELOAD_CONFIG_KIND_UPDATE_H
#define RELOAD_CONFIG_KIND_UPDATE_H

#include "reload_core/config/document.h"

/* What a kind-block may be long, to be handed on: KindDescription<0..2^16-1>. */
#define RELOAD_KIND_BLOCK_MAX 65535
/* Kinds beside the document that are kept, and the bytes of their kind-blocks. */
#define RELOAD_LEARNED_KINDS_MAX 256
#define RELOAD_LEARNED_BYTES_MAX (256 * 1024)

/* The kind-block of a Kind, with its signature. Reference-counted by its documents. */
typedef struct {
	ReloadNodeId signer; /* a kind-signer */
	GBytes *text;	     /* the kind-block, XML that needs nothing around it */
	int64_t verified;    /* ms since the Unix epoch: the time its signature was found good at */
	bool learned;	     /* not of the document itself */
	uint8_t
	    digest[RELOAD_DIGEST_MAX]; /* of what is signed and the signature: tells a repetition */
} ReloadKindBlock;

/* NULL: the Kind is not known, or nobody's signature defines it. Lives as long as the document. */
const ReloadKindBlock *reload_document_kind_block(const ReloadDocument *document, uint32_t kind_id);

/* Adds the Kinds of texts, each of which holds one or more kind-blocks (XML in UTF-8 that assumes
 * RELOAD_XML_NS_BASE as default namespace), to a copy of document. trust is document's; name says
 * in error texts where they are from; now in ms. All are taken or none. *out is a new reference; to
 * document itself where nothing is new. RELOAD_E_CONFIG: not well-formed, or no right
 * definition; RELOAD_E_UNSUPPORTED: of a Kind that this release does not support; RELOAD_E_FORBIDDEN: not signed by a kind-signer of the document, or
 * the Kind is known by another definition or another signer's (6.5.4.2); RELOAD_E_LIMIT: more than
 * are kept. */
ReloadStatus reload_document_learn(ReloadDocument *document, ReloadTrust *trust,
				   const ReloadSpan *texts, size_t count, const char *name,
				   int64_t now, ReloadDocument **out, GError **error);

/* For a newer document: a new reference to next with the Kinds that current learned beside its own,
 * but for those that next defines itself ("the new information in the configuration files
 * overrides any previously learned information", 11.1) and those whose signer is no kind-signer of
 * next, or not one whose certificate next's trust accepts for the time when the Kind was learned:
 * "If any Kind data was signed by a node that is no longer allowed to sign Kinds, that Kind MUST be
 * discarded". All others stay, with what is stored of them: that their signer's certificate has
 * run out meanwhile is no reason to lose data. */
ReloadDocument *reload_document_inherit_kinds(ReloadDocument *next, ReloadTrust *trust,
					      const ReloadDocument *current);

#endif
