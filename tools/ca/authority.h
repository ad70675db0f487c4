/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The overlay's CA in a directory: ca.crt, ca.key, signer.crt, signer.key and overlay.xml. In
 * self-signed mode there is no CA; nodes sign for themselves and the directory holds the signer and
 * the document only. */
#ifndef TOOLS_CA_AUTHORITY_H
#define TOOLS_CA_AUTHORITY_H

#include "reload_core/config/document.h"
#include "reload_core/security/identity.h"
#include "reload_core/security/issue.h"

#define CA_DAY_MS INT64_C(86400000)
#define CA_NODE_CERTIFICATE "node.crt"
#define CA_NODE_KEY "node.key"
/* What still lives this long is not renewed by default, and not warned of. */
#define CA_WARN_DAYS 30

typedef struct {
	char *directory;
	ReloadDocument *document;
	GBytes *certificate; /* DER; NULL in self-signed mode */
	EVP_PKEY *key;	     /* NULL in self-signed mode */
	int64_t not_after;   /* of certificate */
} CaAuthority;

/* A node's directory: its key, and what its certificate says. */
typedef struct {
	char *directory;
	EVP_PKEY *key;
	ReloadNodeId node_id;
	char *user_name;
} CaNode;

/* DIR/name; free with g_free. */
char *ca_path(const char *directory, const char *name);

CaAuthority *ca_authority_load(const char *directory, GError **error);
void ca_authority_free(CaAuthority *authority);

/* Makes a certificate for key: of the CA, or self-signed (then node_id is ignored: it follows from
 * the key). days: its life, which never exceeds the CA's. */
GBytes *ca_issue(const CaAuthority *authority, EVP_PKEY *key, const ReloadNodeId *node_id,
		 const char *user_name, int days, GError **error);

/* Makes a node's directory, or renews the certificate in one that has key and certificate already:
 * key, Node-ID and name stay, unless user_name (NULL: as it was, or node-XXXXXXXX@overlay) says
 * otherwise. A key without a certificate, of a making that was interrupted, is used as a new one
 * (type does not matter then). *node_id may be NULL. */
bool ca_make_node(const CaAuthority *authority, const char *node_directory, const char *user_name,
		  ReloadKeyType type, int days, ReloadNodeId *node_id, GError **error);

CaNode *ca_node_load(const CaAuthority *authority, const char *node_directory, GError **error);
void ca_node_free(CaNode *node);

typedef enum {
	CA_USER_MADE,
	CA_USER_KEPT, /* the one that is there lives on for CA_WARN_DAYS at least */
	CA_USER_REFUSED,
} CaUserResult;

/* Makes the certificate of one AOR for the edge node, in its users directory. renew: even if there
 * is a good one. */
CaUserResult ca_make_user(const CaAuthority *authority, const CaNode *node, const char *aor,
			  int days, bool renew, GError **error);

#endif
