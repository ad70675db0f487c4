/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making an overlay. */
#include "tools/ca/overlay.h"

#include "reload_core/config/document.h"
#include "reload_core/config/document_sign.h"
#include "reload_core/config/kind_update.h"
#include "reload_core/security/error.h"
#include "tools/ca/authority.h"
#include "tools/ca/files.h"

#include <openssl/rand.h>

/* The keys of a new overlay, in memory. */
typedef struct {
	EVP_PKEY *ca_key, *signer_key;
	GBytes *ca, *signer; /* DER; ca NULL in self-signed mode */
	ReloadNodeId signer_id;
} Keys;

static void keys_clear(Keys *keys)
{
	EVP_PKEY_free(keys->ca_key);
	EVP_PKEY_free(keys->signer_key);
	if (keys->ca)
		g_bytes_unref(keys->ca);
	if (keys->signer)
		g_bytes_unref(keys->signer);
}

static bool make_keys(const CaOverlayOptions *options, Keys *keys, GError **error)
{
	int64_t now = ca_now();
	char *ca_name = g_strdup_printf("CA of %.40s", options->name);
	char *signer_name = g_strdup_printf("signer@%s", options->name);
	ReloadCertificateRequest request = {
	    .overlay = options->name,
	    .node_ids = &keys->signer_id,
	    .node_id_count = 1,
	    .user_name = signer_name,
	    .not_before = now - CA_DAY_MS,
	    .not_after = now + options->days * CA_DAY_MS,
	};

	keys->signer_key = reload_key_generate(options->key_type, error);
	if (options->self_signed && keys->signer_key) {
		reload_node_id_from_key(keys->signer_key, options->digest, 0, 16, &keys->signer_id);
		keys->signer = reload_issue_self_signed(keys->signer_key, options->digest, 16,
							&request, error);
	} else if (keys->signer_key) {
		keys->signer_id.len = 16;
		keys->ca_key = RAND_bytes(keys->signer_id.id, 16) == 1
				   ? reload_key_generate(options->key_type, error)
				   : NULL;
		if (keys->ca_key)
			keys->ca = reload_issue_ca(keys->ca_key, ca_name, now - CA_DAY_MS,
						   now + options->ca_days * CA_DAY_MS, error);
		if (keys->ca)
			keys->signer = reload_issue_certificate(keys->ca, keys->ca_key,
								keys->signer_key, &request, error);
	}
	g_free(ca_name);
	g_free(signer_name);
	return keys->signer != NULL;
}

static void add_number(GString *text, const char *element, int value)
{
	if (value > 0)
		g_string_append_printf(text, "    <%s>%d</%s>\n", element, value, element);
}

static bool add_bootstrap(GString *text, const char *where, GError **error)
{
	char host[RELOAD_ADDRESS_TEXT];
	const char *colon = strrchr(where, ':'), *port = NULL;
	size_t length = strlen(where);
	ReloadAddress address;
	int number = RELOAD_PORT_DEFAULT;

	if (*where == '[') {
		const char *end = strchr(where, ']');

		length = end ? (size_t)(end - ++where) : 0;
		port = end && end[1] == ':' ? end + 2 : NULL;
		length = end && end[1] != ':' && end[1] != 0 ? 0 : length;
	} else if (colon && strchr(where, ':') == colon) {
		length = (size_t)(colon - where);
		port = colon + 1;
	}
	g_strlcpy(host, where, MIN(sizeof(host), length + 1));
	if (port)
		number = (int)g_ascii_strtoll(port, NULL, 10);
	if (length == 0 || length >= sizeof(host) || number < 1 || number > 65535 ||
	    !reload_address_from_text(host, (uint16_t)number, &address)) {
		reload_fail(
		    error, RELOAD_E_CONFIG,
		    "--bootstrap %s: is no numeric ADDRESS:PORT or [IPV6-ADDRESS]:PORT: correct it",
		    where);
		return false;
	}
	g_string_append_printf(text, "    <bootstrap-node address=\"%s\" port=\"%d\"/>\n", host,
			       number);
	return true;
}

static void add_root(GString *text, GBytes *der)
{
	gsize length;
	const uint8_t *data = g_bytes_get_data(der, &length);
	char *base64 = g_base64_encode(data, length);

	g_string_append_printf(text, "    <root-cert>%s</root-cert>\n", base64);
	g_free(base64);
}

static void add_escaped(GString *text, const char *element, const char *value)
{
	char *escaped = g_markup_escape_text(value, -1);

	g_string_append_printf(text, "    <%s>%s</%s>\n", element, escaped, element);
	g_free(escaped);
}

/* RFC 6940, 11.1: "Each kind-block consists of a single kind element and a kind-signature"; RFC
 * 7904, 3.4. */
static void add_kinds(GString *text, char **domains)
{
	const ReloadKind *kind;

	g_string_append(text, "    <required-kinds>\n");
	for (size_t i = 0; (kind = reload_kind_builtin_at(i)) != NULL; i++) {
		g_string_append_printf(text,
				       "      <kind-block><kind name=\"%s\">\n"
				       "        <data-model>%s</data-model>\n"
				       "        <access-control>%s</access-control>\n"
				       "        <max-count>%u</max-count>\n"
				       "        <max-size>%u</max-size>\n",
				       kind->name, reload_data_model_name(kind->model),
				       reload_access_name(kind->access), kind->max_count,
				       kind->max_size);
		if (kind->max_node_multiple > 0)
			g_string_append_printf(
			    text, "        <max-node-multiple>%u</max-node-multiple>\n",
			    kind->max_node_multiple);
		if (kind->id == RELOAD_KIND_SIP_REGISTRATION && domains && *domains) {
			g_string_append(text, "        <sip:domain-restriction enable=\"true\">\n");
			for (char **domain = domains; *domain; domain++)
				add_escaped(text, "sip:pattern", *domain);
			g_string_append(text, "        </sip:domain-restriction>\n");
		}
		g_string_append(text, "      </kind></kind-block>\n");
	}
	g_string_append(text, "    </required-kinds>\n");
}

static void add_parameters(GString *text, const CaOverlayOptions *options)
{
	for (char **url = options->enrollment_servers; url && *url; url++)
		add_escaped(text, "enrollment-server", *url);
	add_number(text, "max-message-size", options->max_message_size);
	add_number(text, "initial-ttl", options->initial_ttl);
	add_number(text, "overlay-reliability-timer", options->reliability_timer);
	add_number(text, "chord:chord-update-interval", options->update_interval);
	add_number(text, "chord:chord-ping-interval", options->ping_interval);
	if (options->turn_density >= 0)
		g_string_append_printf(text, "    <turn-density>%d</turn-density>\n",
				       options->turn_density);
	if (options->periodic)
		g_string_append(text, "    <chord:chord-reactive>false</chord:chord-reactive>\n");
	if (options->no_clients)
		g_string_append(text, "    <clients-permitted>false</clients-permitted>\n");
}

#define SECRET_BYTES 32

/* RFC 6940, 13.4: "a single symmetric key". Nobody has to remember it, so it is no password. */
static bool add_secret(GString *text, GError **error)
{
	uint8_t bytes[SECRET_BYTES];
	char *base64;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
		reload_fail(error, RELOAD_E_INTERNAL, "OpenSSL has no random bytes");
		return false;
	}
	base64 = g_base64_encode(bytes, sizeof(bytes));
	g_string_append_printf(text, "    <shared-secret>%s</shared-secret>\n", base64);
	OPENSSL_cleanse(base64, strlen(base64));
	OPENSSL_cleanse(bytes, sizeof(bytes));
	g_free(base64);
	return true;
}

static GBytes *make_text(const CaOverlayOptions *options, const Keys *keys, GError **error)
{
	GString *text = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	char hex[RELOAD_NODE_ID_TEXT], *name = g_markup_escape_text(options->name, -1);
	bool good = true;

	g_string_append_printf(text,
			       "<overlay xmlns=\"urn:ietf:params:xml:ns:p2p:config-base\"\n"
			       "  xmlns:chord=\"urn:ietf:params:xml:ns:p2p:config-chord\"\n"
			       "  xmlns:sip=\"urn:ietf:params:xml:ns:p2p:config-base:sip\">\n"
			       "  <configuration instance-name=\"%s\">\n"
			       "    <topology-plugin>CHORD-RELOAD</topology-plugin>\n"
			       "    <node-id-length>16</node-id-length>\n",
			       name);
	if (keys->ca)
		add_root(text, keys->ca);
	if (options->self_signed)
		g_string_append_printf(
		    text, "    <self-signed-permitted digest=\"%s\">true</self-signed-permitted>\n",
		    options->digest == RELOAD_DIGEST_SHA1 ? "sha1" : "sha256");
	if (options->shared_secret)
		good = add_secret(text, error);
	for (char **where = options->bootstrap; good && where && *where; where++)
		good = add_bootstrap(text, *where, error);
	g_string_append(text, "    <no-ice>true</no-ice>\n");
	add_parameters(text, options);
	reload_node_id_to_text(&keys->signer_id, hex);
	g_string_append_printf(text,
			       "    <configuration-signer>%s</configuration-signer>\n"
			       "    <kind-signer>%s</kind-signer>\n",
			       hex, hex);
	add_kinds(text, options->domains);
	g_string_append(text, "  </configuration>\n</overlay>\n");
	g_free(name);
	if (good)
		return g_string_free_to_bytes(text);
	g_string_free(text, TRUE);
	return NULL;
}

static ReloadIdentity *make_signer(const Keys *keys, const char *overlay, GError **error)
{
	ReloadCertificate *certificate = NULL;
	ReloadIdentity *signer = NULL;
	ReloadSpan der;

	der.data = g_bytes_get_data(keys->signer, &der.len);
	if (reload_certificate_parse(der, overlay, 16, &certificate, error) == RELOAD_OK)
		signer = reload_identity_new(certificate, NULL, keys->signer_key, NULL, error);
	reload_certificate_unref(certificate);
	return signer;
}

/* Signs, and reads the result as every peer will, before it is written anywhere. */
static GBytes *sign_and_check(GBytes *text, const char *name, const Keys *keys, const char *overlay,
			      int sequence, int days, GError **error)
{
	ReloadIdentity *signer = make_signer(keys, overlay, error);
	ReloadDocument *document;
	GBytes *done = NULL;

	if (signer)
		done = reload_document_sign(text, name, overlay, signer, sequence,
					    ca_now() + days * CA_DAY_MS, error);
	reload_identity_unref(signer);
	if (!done)
		return NULL;
	document = reload_document_parse(done, name, overlay, ca_now(), error);
	if (!document) {
		g_bytes_unref(done);
		return NULL;
	}
	reload_document_unref(document);
	return done;
}

/* RFC 6940, 14.16: one with a shared secret is kept confidential. */
static bool write_document(const char *path, GBytes *bytes, bool secret, GError **error)
{
	gsize length;
	const char *data = g_bytes_get_data(bytes, &length);

	return ca_write_file(path, data, length, secret ? 0600 : 0644, error);
}

static bool write_pair(const char *directory, const char *name, EVP_PKEY *key, GBytes *der,
		       GError **error)
{
	char *key_path = g_strdup_printf("%s/%s.key", directory, name);
	char *path = g_strdup_printf("%s/%s.crt", directory, name);
	bool good = ca_write_key(key_path, key, error) && ca_write_certificate(path, der, error);

	g_free(key_path);
	g_free(path);
	return good;
}

/* The CA's key is an overlay's life: nothing here writes over one. */
static bool is_free(const char *directory, GError **error)
{
	static const char *const names[] = {"ca.key", "signer.key", "overlay.xml"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		char *path = ca_path(directory, names[i]);
		bool there = ca_exists(path);

		if (there)
			reload_fail(error, RELOAD_E_CONFIG,
				    "%s: exists already: an overlay is there, choose another --dir",
				    path);
		g_free(path);
		if (there)
			return false;
	}
	return true;
}

bool ca_create_overlay(const CaOverlayOptions *options, GError **error)
{
	Keys keys = {.ca_key = NULL};
	GBytes *text = NULL, *done = NULL;
	char *path = ca_path(options->directory, "overlay.xml");
	bool good = false;

	if (is_free(options->directory, error) && make_keys(options, &keys, error))
		text = make_text(options, &keys, error);
	if (text)
		done = sign_and_check(text, "overlay.xml", &keys, options->name, 1, options->days,
				      error);
	if (done && ca_make_directory(options->directory, error))
		good =
		    (!keys.ca ||
		     write_pair(options->directory, "ca", keys.ca_key, keys.ca, error)) &&
		    write_pair(options->directory, "signer", keys.signer_key, keys.signer, error) &&
		    write_document(path, done, options->shared_secret, error);
	keys_clear(&keys);
	g_free(path);
	if (text)
		g_bytes_unref(text);
	if (done)
		g_bytes_unref(done);
	return good;
}

/* The document before its new signature, however old or changed: read by ourselves, for the
 * operator at the CA. */
static bool load_signer(const char *directory, const char *overlay, int days, Keys *keys,
			ReloadDocument *document, GError **error)
{
	char *key = ca_path(directory, "signer.key"),
	     *certificate = ca_path(directory, "signer.crt");
	CaAuthority authority = {
	    .directory = (char *)directory, .document = document, .not_after = INT64_MAX};
	char *ca_key = ca_path(directory, "ca.key"), *ca_certificate = ca_path(directory, "ca.crt");
	char *name = g_strdup_printf("signer@%s", overlay);
	ReloadCertificate *old = NULL;
	GBytes *der = ca_read_certificate(certificate, error);
	ReloadSpan span;

	keys->signer_key = der ? reload_key_load(key, error) : NULL;
	if (keys->signer_key) {
		span.data = g_bytes_get_data(der, &span.len);
		if (reload_certificate_parse(span, overlay, 16, &old, error) == RELOAD_OK)
			keys->signer_id = *reload_certificate_node_id(old);
		else
			reload_error_prefix(error, certificate);
	}
	if (old && !document->self_signed_permitted) {
		authority.certificate = ca_read_certificate(ca_certificate, error);
		authority.key = authority.certificate ? reload_key_load(ca_key, error) : NULL;
	}
	if (old && (document->self_signed_permitted || authority.key))
		keys->signer =
		    ca_issue(&authority, keys->signer_key, &keys->signer_id, name, days, error);
	if (keys->signer && !ca_write_certificate(certificate, keys->signer, error)) {
		g_bytes_unref(keys->signer);
		keys->signer = NULL;
	}
	if (authority.certificate)
		g_bytes_unref(authority.certificate);
	EVP_PKEY_free(authority.key);
	reload_certificate_unref(old);
	if (der)
		g_bytes_unref(der);
	g_free(key);
	g_free(certificate);
	g_free(ca_key);
	g_free(ca_certificate);
	g_free(name);
	return keys->signer != NULL;
}

/* Would a peer with that document take the Kinds? */
static bool check_kinds(ReloadDocument *document, GBytes *blocks, const char *name, GError **error)
{
	ReloadTrust *trust = reload_document_trust(document, error);
	ReloadDocument *more = NULL;
	ReloadSpan text;
	bool good;

	text.data = g_bytes_get_data(blocks, &text.len);
	good = trust && reload_document_learn(document, trust, &text, 1, name, ca_now(), &more,
					      error) == RELOAD_OK;
	reload_document_unref(more);
	reload_trust_unref(trust);
	return good;
}

bool ca_sign_kinds(const char *directory, const char *path, int days, GError **error)
{
	char *overlay = ca_path(directory, "overlay.xml"), *text = NULL;
	ReloadDocument *document = reload_document_load_file(overlay, NULL, ca_now(), error);
	Keys keys = {.ca_key = NULL};
	ReloadIdentity *signer = NULL;
	GBytes *blocks = NULL, *done = NULL;
	bool good = false;
	gsize length;

	if (document && g_file_get_contents(path, &text, &length, error))
		blocks = g_bytes_new_take(text, length);
	if (blocks && load_signer(directory, document->overlay, days, &keys, document, error))
		signer = make_signer(&keys, document->overlay, error);
	if (signer)
		done = reload_kind_blocks_sign(blocks, path, signer, error);
	if (done && check_kinds(document, done, path, error)) {
		const char *data = g_bytes_get_data(done, &length);

		good = ca_write_file(path, data, length, 0644, error);
	}
	g_bytes_unref(done);
	g_bytes_unref(blocks);
	reload_identity_unref(signer);
	keys_clear(&keys);
	reload_document_unref(document);
	g_free(overlay);
	return good;
}

bool ca_sign_document(const char *directory, const char *path, int sequence, int days,
		      GError **error)
{
	char *own = path ? g_strdup(path) : ca_path(directory, "overlay.xml");
	ReloadDocument *document = reload_document_load_unverified(own, error);
	Keys keys = {.ca_key = NULL};
	GBytes *done = NULL;
	bool good = false;

	if (document && load_signer(directory, document->overlay, days, &keys, document, error))
		done = sign_and_check(document->bytes, own, &keys, document->overlay,
				      sequence >= 0 ? sequence : (document->sequence + 1) % 65535,
				      days, error);
	if (done) {
		good = write_document(own, done, document->shared_secret != NULL, error);
		g_bytes_unref(done);
	}
	keys_clear(&keys);
	reload_document_unref(document);
	g_free(own);
	return good;
}
