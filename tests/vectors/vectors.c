/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes samples of RELOAD messages: vectors DIR
 *
 * DIR/<iana_name>.bin             one sample of every request, answer and error, signed (ECDSA
 * P-256) DIR/variants/<name>.bin         further forms of some of them, signed with RSA
 * DIR/overlay.xml                 the overlay's signed document
 * DIR/certs/{ca,operator,alice,alice-rsa}.pem   the certificates
 * DIR/certs/{alice,alice-rsa}.key               the keys that signed
 */
#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>

#include "reload_core/security/error.h"
#include "reload_core/security/sign.h"
#include "tests/unit/wire_samples.h"
#include "tests/vectors/vector_overlay.h"

static bool write_stored(const WireSampleContext *context, uint32_t kind,
			 const ReloadStoredData *data, GByteArray *out)
{
	return reload_sign_stored_data(context->user_data, &context->resource, kind, data, out) ==
	       RELOAD_OK;
}

static bool write_security(const WireSampleContext *context, uint64_t transaction_id,
			   ReloadSpan contents, GByteArray *out)
{
	return reload_sign_message(context->user_data, reload_overlay_hash(context->overlay),
				   transaction_id, contents, NULL, out) == RELOAD_OK;
}

static ReloadSpan bytes_span(GBytes *bytes)
{
	return reload_span(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

/* Writes data to DIR/name; false with error set. */
static bool write_file(const char *dir, const char *name, const void *data, size_t len,
		       GError **error)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	return g_file_set_contents(path, data, (gssize)len, error);
}

static bool write_certificate(const char *dir, const char *name, GBytes *der, GError **error)
{
	g_autofree char *pem = reload_certificate_to_pem(der);

	return write_file(dir, name, pem, strlen(pem), error);
}

/* Writes the certificate and the key of an identity into dir. */
static bool write_identity(const char *dir, const char *name, const ReloadIdentity *identity,
			   GError **error)
{
	g_autofree char *certificate_name = g_strdup_printf("%s.pem", name);
	g_autofree char *key_name = g_strdup_printf("%s.key", name);
	g_autofree char *key = reload_key_to_pem(reload_identity_key(identity));
	ReloadSpan der = reload_certificate_der(reload_identity_certificate(identity));
	g_autoptr(GBytes) bytes = g_bytes_new(der.data, der.len);

	return write_certificate(dir, certificate_name, bytes, error) &&
	       write_file(dir, key_name, key, strlen(key), error);
}

/* Fills the context of samples that identity signs. */
static void fill_context(WireSampleContext *context, const VectorOverlay *overlay,
			 ReloadIdentity *identity)
{
	wire_sample_context_init(context);
	context->overlay = VECTOR_OVERLAY;
	context->nodes[0] = *reload_identity_node_id(identity);
	reload_hash_resource_name(reload_span_text(VECTOR_USER), &context->resource);
	context->time = (uint64_t)overlay->now;
	context->document = bytes_span(overlay->document);
	context->kind_block = bytes_span(overlay->kind_block);
	context->certificate = reload_certificate_der(reload_identity_certificate(identity));
	context->write_stored = write_stored;
	context->write_security = write_security;
	context->user_data = identity;
}

/* Writes all samples that are variants, or all that are none. */
static bool write_samples(const char *dir, const WireSampleContext *context, bool variants,
			  GError **error)
{
	for (const WireSample *sample = wire_samples; sample->name != NULL; sample++) {
		g_autofree char *name = g_strdup_printf("%s.bin", sample->name);
		GByteArray *message;
		bool ok;

		if (sample->variant != variants)
			continue;
		message = wire_sample_message(context, sample);
		if (message == NULL) {
			reload_fail(error, RELOAD_E_INTERNAL, "cannot make %s", sample->name);
			return false;
		}
		ok = write_file(dir, name, message->data, message->len, error);
		g_byte_array_unref(message);
		if (!ok)
			return false;
	}
	return true;
}

static bool make_dir(const char *path, GError **error)
{
	if (g_mkdir_with_parents(path, 0755) == 0)
		return true;
	reload_fail(error, RELOAD_E_INTERNAL, "%s: %s", path, g_strerror(errno));
	return false;
}

/* Writes everything into dir; false with error set. */
static bool write_all(const char *dir, const VectorOverlay *overlay, ReloadIdentity *alice,
		      ReloadIdentity *alice_rsa, GError **error)
{
	g_autofree char *certs = g_build_filename(dir, "certs", NULL);
	g_autofree char *variants = g_build_filename(dir, "variants", NULL);
	ReloadSpan operator_der =
	    reload_certificate_der(reload_identity_certificate(overlay->operator_identity));
	g_autoptr(GBytes) operator_bytes = g_bytes_new(operator_der.data, operator_der.len);
	ReloadSpan document = bytes_span(overlay->document);
	WireSampleContext context, rsa_context;

	fill_context(&context, overlay, alice);
	fill_context(&rsa_context, overlay, alice_rsa);
	return make_dir(certs, error) && make_dir(variants, error) &&
	       write_certificate(certs, "ca.pem", overlay->ca_certificate, error) &&
	       write_certificate(certs, "operator.pem", operator_bytes, error) &&
	       write_identity(certs, "alice", alice, error) &&
	       write_identity(certs, "alice-rsa", alice_rsa, error) &&
	       write_file(dir, "overlay.xml", document.data, document.len, error) &&
	       write_samples(dir, &context, false, error) &&
	       write_samples(variants, &rsa_context, true, error);
}

int main(int argc, char **argv)
{
	GError *error = NULL;
	ReloadNodeId id = {.len = RELOAD_NODE_ID_MIN}, rsa_id = {.len = RELOAD_NODE_ID_MIN};
	VectorOverlay *overlay;
	ReloadIdentity *alice = NULL, *alice_rsa = NULL;
	bool ok = false;

	if (argc != 2) {
		fprintf(stderr, "usage: %s DIR\n", argv[0]);
		return 2;
	}
	memset(id.id, 0x0a, id.len);
	memset(rsa_id.id, 0x0b, rsa_id.len);
	overlay = vector_overlay_new(g_get_real_time() / 1000, &error);
	if (overlay != NULL)
		alice = vector_overlay_issue(overlay, RELOAD_KEY_P256, &id, VECTOR_USER, &error);
	if (alice != NULL)
		alice_rsa =
		    vector_overlay_issue(overlay, RELOAD_KEY_RSA2048, &rsa_id, VECTOR_USER, &error);
	if (alice_rsa != NULL)
		ok = write_all(argv[1], overlay, alice, alice_rsa, &error);
	if (!ok)
		fprintf(stderr, "%s: %s\n", argv[0], error != NULL ? error->message : "failed");
	g_clear_error(&error);
	g_clear_pointer(&alice, reload_identity_unref);
	g_clear_pointer(&alice_rsa, reload_identity_unref);
	vector_overlay_free(overlay);
	return ok ? 0 : 1;
}
