/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Issuing certificates from the CA's directory. */
#include "tools/ca/authority.h"

#include "reload_core/security/certificate_private.h"
#include "reload_core/security/error.h"
#include "reload_core/security/user_identities.h"
#include "reload_core/usages/sip/aor.h"
#include "tools/ca/files.h"

#include <openssl/rand.h>

/* Clocks differ: a certificate is good a little before it was made. */
#define BACKDATE_MS (CA_DAY_MS / 24)

char *ca_path(const char *directory, const char *name)
{
	return g_build_filename(directory, name, NULL);
}

static bool load_key_and_certificate(CaAuthority *authority, GError **error)
{
	char *certificate = ca_path(authority->directory, "ca.crt");
	char *key = ca_path(authority->directory, "ca.key");
	bool good = false;
	gsize length;

	authority->certificate = ca_read_certificate(certificate, error);
	authority->key = authority->certificate ? reload_key_load(key, error) : NULL;
	if (authority->key) {
		const unsigned char *position = g_bytes_get_data(authority->certificate, &length);
		X509 *x509 = d2i_X509(NULL, &position, (long)length);

		good =
		    x509 && reload_asn1_time_to_ms(X509_get0_notAfter(x509), &authority->not_after);
		if (good && X509_check_private_key(x509, authority->key) != 1) {
			reload_fail(
			    error, RELOAD_E_CONFIG,
			    "%s: private key is not the one of %s: restore the CA's directory", key,
			    certificate);
			good = false;
		}
		X509_free(x509);
	}
	g_free(certificate);
	g_free(key);
	return good;
}

CaAuthority *ca_authority_load(const char *directory, GError **error)
{
	CaAuthority *authority = g_new0(CaAuthority, 1);
	char *document = ca_path(directory, "overlay.xml");

	authority->directory = g_strdup(directory);
	authority->not_after = INT64_MAX;
	authority->document = reload_document_load_file(document, NULL, ca_now(), error);
	g_free(document);
	if (authority->document && (authority->document->self_signed_permitted ||
				    load_key_and_certificate(authority, error)))
		return authority;
	ca_authority_free(authority);
	return NULL;
}

void ca_authority_free(CaAuthority *authority)
{
	if (!authority)
		return;
	reload_document_unref(authority->document);
	if (authority->certificate)
		g_bytes_unref(authority->certificate);
	EVP_PKEY_free(authority->key);
	g_free(authority->directory);
	g_free(authority);
}

GBytes *ca_issue(const CaAuthority *authority, EVP_PKEY *key, const ReloadNodeId *node_id,
		 const char *user_name, int days, GError **error)
{
	int64_t now = ca_now();
	ReloadCertificateRequest request = {
	    .overlay = authority->document->overlay,
	    .node_ids = node_id,
	    .node_id_count = 1,
	    .user_name = user_name,
	    .not_before = now - BACKDATE_MS,
	    .not_after = MIN(now + days * CA_DAY_MS, authority->not_after),
	};

	if (!authority->certificate)
		return reload_issue_self_signed(key, authority->document->self_signed_digest,
						authority->document->node_id_length, &request,
						error);
	if (authority->not_after < now + CA_DAY_MS) {
		reload_fail(error, RELOAD_E_EXPIRED,
			    "%s/ca.crt: certificate ends within a day: make a new CA",
			    authority->directory);
		return NULL;
	}
	return reload_issue_certificate(authority->certificate, authority->key, key, &request,
					error);
}

/* RFC 6940, 11.3: Node-IDs are cryptographically random and the CA's to choose. */
static bool random_node_id(const CaAuthority *authority, ReloadNodeId *out, GError **error)
{
	memset(out, 0, sizeof(*out));
	out->len = authority->document->node_id_length;
	if (RAND_bytes(out->id, out->len) == 1)
		return true;
	reload_fail(error, RELOAD_E_INTERNAL, "OpenSSL has no random bytes");
	return false;
}

/* What an earlier certificate in the directory said, to be kept when it is renewed; expired or not.
 */
static bool read_earlier(const CaAuthority *authority, const char *path, CaNode *node,
			 GError **error)
{
	GBytes *der = ca_read_certificate(path, error);
	ReloadCertificate *certificate = NULL;
	ReloadSpan span;
	bool good;

	if (!der)
		return false;
	span.data = g_bytes_get_data(der, &span.len);
	good = reload_certificate_parse(span, authority->document->overlay,
					authority->document->node_id_length, &certificate,
					error) == RELOAD_OK;
	if (good && X509_check_private_key(reload_certificate_x509(certificate), node->key) != 1) {
		reload_fail(error, RELOAD_E_CONFIG,
			    "certificate is for another key than " CA_NODE_KEY
			    " beside it: restore the key, or choose another directory");
		good = false;
	}
	if (good) {
		node->node_id = *reload_certificate_node_id(certificate);
		node->user_name = g_strdup(reload_certificate_user_name(certificate));
	} else {
		reload_error_prefix(error, path);
	}
	reload_certificate_unref(certificate);
	g_bytes_unref(der);
	return good;
}

void ca_node_free(CaNode *node)
{
	if (!node)
		return;
	EVP_PKEY_free(node->key);
	g_free(node->directory);
	g_free(node->user_name);
	g_free(node);
}

CaNode *ca_node_load(const CaAuthority *authority, const char *node_directory, GError **error)
{
	CaNode *node = g_new0(CaNode, 1);
	char *key = ca_path(node_directory, CA_NODE_KEY);
	char *certificate = ca_path(node_directory, CA_NODE_CERTIFICATE);

	node->directory = g_strdup(node_directory);
	node->key = reload_key_load(key, error);
	if (!node->key || !read_earlier(authority, certificate, node, error)) {
		ca_node_free(node);
		node = NULL;
	}
	g_free(key);
	g_free(certificate);
	return node;
}

/* A new Node-ID, in memory, with the key that is there already or a new one. */
static CaNode *node_new(const CaAuthority *authority, const char *directory, ReloadKeyType type,
			GError **error)
{
	CaNode *node = g_new0(CaNode, 1);
	char *key = ca_path(directory, CA_NODE_KEY);
	bool good;

	node->directory = g_strdup(directory);
	node->key = ca_exists(key) ? reload_key_load(key, error) : reload_key_generate(type, error);
	g_free(key);
	good = node->key != NULL;
	if (good && authority->certificate)
		good = random_node_id(authority, &node->node_id, error);
	else if (good)
		good = reload_node_id_from_key(node->key, authority->document->self_signed_digest,
					       0, authority->document->node_id_length,
					       &node->node_id) == RELOAD_OK;
	if (good)
		return node;
	ca_node_free(node);
	return NULL;
}

static char *default_name(const CaAuthority *authority, const CaNode *node)
{
	char hex[RELOAD_NODE_ID_TEXT];

	return g_strdup_printf("node-%.8s@%s", reload_node_id_to_text(&node->node_id, hex),
			       authority->document->overlay);
}

bool ca_make_node(const CaAuthority *authority, const char *node_directory, const char *user_name,
		  ReloadKeyType type, int days, ReloadNodeId *node_id, GError **error)
{
	char *key = ca_path(node_directory, CA_NODE_KEY);
	char *certificate = ca_path(node_directory, CA_NODE_CERTIFICATE);
	bool has_key = ca_exists(key), good = false;
	CaNode *node;
	GBytes *der = NULL;

	node = has_key && ca_exists(certificate) ? ca_node_load(authority, node_directory, error)
						 : node_new(authority, node_directory, type, error);
	if (node && user_name) {
		g_free(node->user_name);
		node->user_name = g_strdup(user_name);
	} else if (node && !node->user_name) {
		node->user_name = default_name(authority, node);
	}
	if (node)
		der = ca_issue(authority, node->key, &node->node_id, node->user_name, days, error);
	if (der) {
		good = (has_key || (ca_make_directory(node_directory, error) &&
				    ca_write_key(key, node->key, error))) &&
		       ca_write_certificate(certificate, der, error);
		g_bytes_unref(der);
		if (node_id)
			*node_id = node->node_id;
	}
	ca_node_free(node);
	g_free(key);
	g_free(certificate);
	return good;
}

/* Is there a certificate of that user for that key, with some life left? */
static bool has_good_one(const CaAuthority *authority, const CaNode *node, const char *users,
			 const char *aor)
{
	ReloadUserIdentities *store = reload_user_identities_new(
	    users, node->key, authority->document->overlay, authority->document->node_id_length, 1);
	ReloadIdentity *identity = NULL;
	bool good =
	    reload_user_identities_find(store, aor, ca_now(), &identity, NULL) == RELOAD_OK &&
	    reload_certificate_not_after(reload_identity_certificate(identity)) >=
		ca_now() + CA_WARN_DAYS * CA_DAY_MS &&
	    reload_node_id_equal(reload_identity_node_id(identity), &node->node_id);

	reload_identity_unref(identity);
	reload_user_identities_free(store);
	return good;
}

static bool canonicalize(const CaAuthority *authority, const char *text, ReloadAor *aor,
			 GError **error)
{
	bool is_uri =
	    g_ascii_strncasecmp(text, "sip:", 4) == 0 || g_ascii_strncasecmp(text, "sips:", 5) == 0;
	ReloadStatus status = is_uri ? reload_aor_from_uri(text, strlen(text), aor)
				     : reload_aor_from_name(text, strlen(text), aor);

	if (status != RELOAD_OK)
		reload_fail(error, status,
			    "user \"%.300s\": is no AOR like alice@%s (%s): correct it", text,
			    authority->document->overlay, reload_strerror(status));
	else if (!reload_document_admits_user(authority->document, aor->text))
		status =
		    reload_fail(error, RELOAD_E_FORBIDDEN,
				"user \"%s\": the overlay's document does not admit that domain: "
				"correct one of them",
				aor->text);
	return status == RELOAD_OK;
}

CaUserResult ca_make_user(const CaAuthority *authority, const CaNode *node, const char *text,
			  int days, bool renew, GError **error)
{
	CaUserResult result = CA_USER_REFUSED;
	char *users, *file, *path;
	ReloadAor aor;
	GBytes *der;

	if (!canonicalize(authority, text, &aor, error))
		return result;
	users = ca_path(node->directory, RELOAD_USERS_DIRECTORY);
	file = reload_user_certificate_file(aor.text);
	path = ca_path(users, file);
	if (!renew && ca_exists(path) && has_good_one(authority, node, users, aor.text)) {
		result = CA_USER_KEPT;
	} else {
		der = ca_issue(authority, node->key, &node->node_id, aor.text, days, error);
		if (der && ca_make_directory(users, error) &&
		    ca_write_certificate(path, der, error))
			result = CA_USER_MADE;
		if (der)
			g_bytes_unref(der);
	}
	g_free(users);
	g_free(file);
	g_free(path);
	return result;
}
