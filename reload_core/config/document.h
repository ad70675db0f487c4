/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The overlay configuration document (RFC 6940, 11.1; RFC 7904, 3.4): one overlay's configuration,
 * read, checked and complete with the RFC's defaults. Reference-counted; nobody changes it after it
 * was made. */
#ifndef RELOAD_CONFIG_DOCUMENT_H
#define RELOAD_CONFIG_DOCUMENT_H

#include "reload_core/config/kind.h"
#include "reload_core/security/certificate.h"
#include "reload_core/security/trust.h"
#include "reload_core/wire/address.h"
#include "reload_core/wire/header.h"
#include "reload_core/wire/status.h"
#include "reload_core/wire/types.h"

/* Bytes of a shared-secret. Each guess at one costs a handshake, and a node carries out some hundred
 * a second: a password of eight letters would not last. */
#define RELOAD_SHARED_SECRET_MIN 16
#define RELOAD_SHARED_SECRET_MAX 1024

/* A larger file is refused unread. */
#define RELOAD_DOCUMENT_MAX_BYTES (1024 * 1024)
/* Signatures of one configuration: while signers change there are two. Each is one more look at all of
 * it, before anything says that it is no stranger's. */
#define RELOAD_DOCUMENT_SIGNATURES_MAX 8
/* A signature comes with certificates, which it does not cover, and is handed on with them. */
#define RELOAD_DOCUMENT_SIGNATURE_MAX_BYTES 16384

/* All members are to be read only. */
typedef struct ReloadDocument {
	char *overlay;	       /* instance-name */
	uint32_t overlay_hash; /* reload_overlay_hash(overlay) */
	uint16_t sequence;     /* 0..65534 */
	int64_t expiration;    /* ms since the Unix epoch; INT64_MAX: none given */

	char *topology_plugin;	/* "CHORD-RELOAD" */
	uint8_t node_id_length; /* bytes; 16 */
	GPtrArray *root_certs;	/* GBytes, DER */
	bool self_signed_permitted;
	ReloadDigest self_signed_digest;
	GArray *bad_nodes;		 /* ReloadNodeId */
	GArray *configuration_signers;	 /* ReloadNodeId */
	GArray *kind_signers;		 /* ReloadNodeId */
	GArray *bootstrap_nodes;	 /* ReloadAddress */
	GPtrArray *enrollment_servers;	 /* char *, https: URLs */
	char *shared_secret;		 /* never to be shown to anyone; NULL: none (13.4) */
	GPtrArray *mandatory_extensions; /* char *, all of them known to us */

	uint32_t max_message_size;	    /* bytes; 5000 */
	uint8_t initial_ttl;		    /* 100 */
	uint32_t overlay_reliability_timer; /* ms; 3000 */
	uint8_t turn_density;		    /* 1; 0: no TURN servers */
	bool clients_permitted;		    /* true */
	bool no_ice;			    /* false in the RFC; only true is accepted for now */
	bool chord_reactive;		    /* true */
	uint32_t chord_update_interval;	    /* s; 600 */
	uint32_t chord_ping_interval;	    /* s; 3600 */

	GHashTable *kinds; /* Kind-ID (GUINT_TO_POINTER) -> ReloadKind *; the built-in ones too */
	GHashTable *kind_blocks; /* Kind-ID -> ReloadKindBlock *, of those that a kind-signer signed */
	struct ReloadDomains *domains; /* use reload_document_admits_domain */

	bool is_signed;	       /* a configuration-signer's signature was found and is good */
	GBytes *bytes;	       /* the whole document as it was read */
	GBytes *configuration; /* the signed bytes: the configuration element */
	GBytes *handed_on;     /* what others are sent in a ConfigUpdate: this configuration and its
				* signatures, and nothing else that stood around them */
	GPtrArray *signatures; /* GBytes: SecurityBlocks of the signature elements behind it */

	struct ReloadDocument *base; /* a copy with more Kinds: whose all else is; NULL: no copy */
} ReloadDocument;

/* Reads the document of `overlay` (NULL: the only one in there) out of bytes. name says in error
 * texts where they are from. Refused with one line that names name, the element and the remedy: not
 * well-formed, a DOCTYPE, a value out of range, an extension or mode that we lack (node-id-length
 * other than 16, no-ice not true ...; these, and only these, as RELOAD_E_UNSUPPORTED), expired at now (ms), signature missing or
 * wrong where the document lists a configuration-signer, a kind-block that no kind-signer signed.
 * Returns a new reference or NULL. */
ReloadDocument *reload_document_parse(GBytes *bytes, const char *name, const char *overlay,
				      int64_t now, GError **error);
/* The same from a file. One with a shared-secret is refused if others may read it (14.16). */
ReloadDocument *reload_document_load_file(const char *path, const char *overlay, int64_t now,
					  GError **error);

/* The same without looking at expiration and signatures: for who is about to sign it anew. Never
 * for a peer. */
ReloadDocument *reload_document_load_unverified(const char *path, GError **error);

/* May next take the place of current at now: same overlay, a newer sequence (modulo 2^16), signed
 * by a configuration-signer of current (11.1)? RELOAD_OK, or an error with its line. */
ReloadStatus reload_document_check_successor(const ReloadDocument *current,
					     const ReloadDocument *next, int64_t now,
					     GError **error);

/* What a document off the network is to the current one. */
typedef enum {
	RELOAD_DOCUMENT_NEWER,	  /* and signed by a configuration-signer of the current one */
	RELOAD_DOCUMENT_SAME,	  /* its configuration is the current one's */
	RELOAD_DOCUMENT_CONFLICT, /* the same sequence for another configuration, signed as well */
	RELOAD_DOCUMENT_OLDER,
	RELOAD_DOCUMENT_UNSIGNED, /* not signed by any of these */
	RELOAD_DOCUMENT_UNREADABLE, /* no document of this overlay, or expired at now (ms) */
} ReloadDocumentRank;

/* Says so by attributes and signatures alone (11.1): what is in it may yet be more than this release
 * supports, but nothing of it has been looked at before it is known who signed it. */
ReloadDocumentRank reload_document_rank(const ReloadDocument *current, GBytes *bytes, int64_t now);

/* Have both the same shared-secret, or none? A node goes on with another only by a restart: whom the
 * operator did not hand it must not get it through the overlay. */
bool reload_document_same_secret(const ReloadDocument *a, const ReloadDocument *b);

/* Is the sequence number next newer than current? They grow modulo 65535 (6.3.2.1). */
bool reload_document_sequence_is_newer(uint16_t next, uint16_t current);

ReloadDocument *reload_document_ref(ReloadDocument *document);
void reload_document_unref(ReloadDocument *document);

/* What the overlay says of a Kind; NULL: unknown here. Lives as long as the document. */
const ReloadKind *reload_document_kind(const ReloadDocument *document, uint32_t kind_id);

/* A reload_data_model_fn for the decoders of wire/; document is a ReloadDocument *. */
ReloadDataModel reload_document_data_model(uint32_t kind, void *document);

/* May AORs of that domain (without port, any case) be stored (RFC 7904, 3.4)? */
bool reload_document_admits_domain(const ReloadDocument *document, const char *domain,
				   size_t length);
/* The same for the part of a user name behind its last '@'; a name without one is not admitted. */
bool reload_document_admits_user(const ReloadDocument *document, const char *user_name);

/* The Resource-ID of a Resource Name by the overlay's hash (RFC 6940, 10.2). */
void reload_resource_id_from_name(const ReloadDocument *document, const void *name, size_t length,
				  ReloadResourceId *out);

/* Makes the trust that the document asks for. NULL with error set: a root-cert that is no CA
 * certificate. */
ReloadTrust *reload_document_trust(const ReloadDocument *document, GError **error);

#endif
