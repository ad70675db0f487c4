/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes samples of RELOAD messages: vectors DIR
 *
 * DIR/<iana_name>.bin            one sample of every request, answer and error, signed by alice
 *                                (ECDSA P-256)
 * DIR/variants/<name>.bin        further forms of some of them, signed by alice-rsa, or, where the
 *                                signer's certificate has several Node-IDs, by alice-two
 * DIR/fragments/<name>.<n>.bin   one of them in pieces
 * DIR/frames/{data,ack}.bin      a message in its frame, and the ACK of it
 * DIR/manifest.txt               a line for each of these files: its name, and what it shows
 * DIR/overlay.xml                the overlay's signed document
 * DIR/certs/{ca,operator,alice,alice-rsa,alice-two}.pem   the certificates
 * DIR/certs/{alice,alice-rsa,alice-two}.key               the keys that signed
 *
 * Each file is decoded and encoded anew before it is written, which must give the same bytes; what
 * the manifest says is what the decoder met (tests/vectors/checklist.txt explains the words).
 */
#include <stdio.h>

#include "reload_core/routing/fragment.h"
#include "reload_core/security/error.h"
#include "reload_core/security/sign.h"
#include "reload_core/wire/framing.h"
#include "tests/unit/wire_samples.h"
#include "tests/vectors/vector_files.h"
#include "tests/vectors/vector_overlay.h"

/* What is sent in pieces: it is long, for it has the overlay's document in it. */
#define IN_PIECES "config_update_req"
/* The most bytes of a piece: as of a datagram. */
#define PIECE_MAX 1280

/* Whom messages are signed by. */
typedef struct {
	ReloadIdentity *usual;
	ReloadIdentity *several; /* whose certificate has several Node-IDs */
} Signers;

static bool write_stored(const WireSampleContext *context, uint32_t kind,
			 const ReloadStoredData *data, GByteArray *out)
{
	const Signers *signers = context->user_data;

	return reload_sign_stored_data(signers->usual, &context->resource, kind, data, out) ==
	       RELOAD_OK;
}

static ReloadSpan view(const GByteArray *bytes)
{
	return reload_span(bytes->data, bytes->len);
}

static bool write_security(const WireSampleContext *context, WireSampleSigner signer,
			   uint64_t transaction_id, ReloadSpan contents, ReloadSpan certificates,
			   GByteArray *out)
{
	const Signers *signers = context->user_data;
	g_autoptr(GByteArray) signed_block = g_byte_array_new();
	g_autoptr(GByteArray) list = g_byte_array_new();
	ReloadSecurityBlock block;

	if (reload_sign_message(signer == WIRE_SAMPLE_SIGNER_SEVERAL ? signers->several
								     : signers->usual,
				reload_overlay_hash(context->overlay), transaction_id, contents,
				NULL, signed_block) != RELOAD_OK ||
	    reload_security_block_decode(view(signed_block), &block) != RELOAD_OK)
		return false;
	reload_write_bytes(list, certificates); /* the signature does not cover them */
	reload_write_bytes(list, block.certificates);
	return reload_write_security_block(out, view(list), &block.signature);
}

static ReloadSpan bytes_span(GBytes *bytes)
{
	return reload_span(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

static bool write_certificate(const VectorFiles *files, const char *name, GBytes *der,
			      GError **error)
{
	g_autofree char *pem = reload_certificate_to_pem(der);
	g_autofree char *file = g_strdup_printf("certs/%s.pem", name);

	return vector_files_write(files, file, reload_span_text(pem), error);
}

static bool write_identity_certificate(const VectorFiles *files, const char *name,
				       const ReloadIdentity *identity, GError **error)
{
	ReloadSpan der = reload_certificate_der(reload_identity_certificate(identity));
	g_autoptr(GBytes) bytes = g_bytes_new(der.data, der.len);

	return write_certificate(files, name, bytes, error);
}

/* Writes the certificate and the key of an identity. */
static bool write_identity(const VectorFiles *files, const char *name,
			   const ReloadIdentity *identity, GError **error)
{
	g_autofree char *file = g_strdup_printf("certs/%s.key", name);
	g_autofree char *key = reload_key_to_pem(reload_identity_key(identity));

	return write_identity_certificate(files, name, identity, error) &&
	       vector_files_write(files, file, reload_span_text(key), error);
}

/* Fills the context of samples that those signers sign. */
static void fill_context(WireSampleContext *context, const VectorOverlay *overlay, Signers *signers)
{
	wire_sample_context_init(context);
	context->overlay = VECTOR_OVERLAY;
	context->nodes[0] = *reload_identity_node_id(signers->usual);
	reload_hash_resource_name(reload_span_text(VECTOR_USER), &context->resource);
	context->time = (uint64_t)overlay->now;
	context->document = bytes_span(overlay->document);
	context->kind_block = bytes_span(overlay->kind_block);
	context->certificate = reload_certificate_der(reload_identity_certificate(signers->usual));
	context->write_stored = write_stored;
	context->write_security = write_security;
	context->user_data = signers;
}

/* Writes all samples that are variants, or all that are none. */
static bool write_samples(VectorFiles *files, const WireSampleContext *context, bool variants,
			  GError **error)
{
	for (const WireSample *sample = wire_samples; sample->name != NULL; sample++) {
		g_autofree char *name =
		    g_strdup_printf("%s%s.bin", variants ? "variants/" : "", sample->name);
		g_autoptr(GByteArray) message = NULL;

		if (sample->variant != variants)
			continue;
		message = wire_sample_message(context, sample);
		if (message == NULL) {
			reload_fail(error, RELOAD_E_INTERNAL, "cannot make %s", sample->name);
			return false;
		}
		if (!vector_files_write_sample(files, name, VECTOR_MESSAGE, view(message), error))
			return false;
	}
	return true;
}

/* Makes the message of the plain sample of that name; never NULL. */
static GByteArray *make_message(const WireSampleContext *context, const char *name)
{
	const WireSample *sample = wire_samples;

	while (strcmp(sample->name, name) != 0)
		sample++;
	return wire_sample_message(context, sample);
}

typedef struct {
	VectorFiles *files;
	unsigned count;
	GError **error;
} Pieces;

static ReloadStatus write_piece(void *data, ReloadSpan fragment)
{
	Pieces *pieces = data;
	g_autofree char *name = g_strdup_printf("fragments/" IN_PIECES ".%u.bin", ++pieces->count);

	return vector_files_write_sample(pieces->files, name, VECTOR_FRAGMENT, fragment,
					 pieces->error)
		   ? RELOAD_OK
		   : RELOAD_E_INTERNAL;
}

static bool write_fragments(VectorFiles *files, const WireSampleContext *context, GError **error)
{
	g_autoptr(GByteArray) message = make_message(context, IN_PIECES);
	Pieces pieces = {files, 0, error};
	ReloadHeader header;

	return reload_header_decode(view(message), RELOAD_NODE_ID_MIN, &header, NULL) ==
		   RELOAD_OK &&
	       reload_fragment(view(message), &header, PIECE_MAX, write_piece, &pieces) ==
		   RELOAD_OK;
}

static bool write_frames(VectorFiles *files, const WireSampleContext *context, GError **error)
{
	g_autoptr(GByteArray) message = make_message(context, "ping_req");
	g_autoptr(GByteArray) data = g_byte_array_new();
	g_autoptr(GByteArray) ack = g_byte_array_new();

	reload_write_data_frame(data, 1, view(message));
	reload_write_ack_frame(ack, 1, 1); /* and number 0, just before it, came too */
	return vector_files_write_sample(files, "frames/data.bin", VECTOR_FRAME, view(data),
					 error) &&
	       vector_files_write_sample(files, "frames/ack.bin", VECTOR_FRAME, view(ack), error);
}

/* The Node-ID whose bytes are all the same. */
static ReloadNodeId node_id(int byte)
{
	ReloadNodeId id = {.len = RELOAD_NODE_ID_MIN};

	memset(id.id, byte, id.len);
	return id;
}

/* The three who sign. */
typedef struct {
	ReloadIdentity *alice;
	ReloadIdentity *rsa;
	ReloadIdentity *two;
} Alices;

static bool issue_all(const VectorOverlay *overlay, Alices *out, GError **error)
{
	const ReloadNodeId ids[] = {node_id(0x0a), node_id(0x0b), node_id(0x0c), node_id(0x0d)};

	out->alice = vector_overlay_issue(overlay, RELOAD_KEY_P256, &ids[0], 1, VECTOR_USER, error);
	if (out->alice != NULL)
		out->rsa = vector_overlay_issue(overlay, RELOAD_KEY_RSA2048, &ids[1], 1,
						VECTOR_USER, error);
	if (out->rsa != NULL)
		out->two =
		    vector_overlay_issue(overlay, RELOAD_KEY_P256, &ids[2], 2, VECTOR_USER, error);
	return out->two != NULL;
}

/* Writes everything; false with error set. */
static bool write_all(VectorFiles *files, const VectorOverlay *overlay, const Alices *by,
		      GError **error)
{
	Signers signers = {by->alice, by->two}, rsa_signers = {by->rsa, by->two};
	WireSampleContext context, rsa_context;

	fill_context(&context, overlay, &signers);
	fill_context(&rsa_context, overlay, &rsa_signers);
	return write_certificate(files, "ca", overlay->ca_certificate, error) &&
	       write_identity_certificate(files, "operator", overlay->operator_identity, error) &&
	       write_identity(files, "alice", by->alice, error) &&
	       write_identity(files, "alice-rsa", by->rsa, error) &&
	       write_identity(files, "alice-two", by->two, error) &&
	       vector_files_write(files, "overlay.xml", bytes_span(overlay->document), error) &&
	       write_samples(files, &context, false, error) &&
	       write_samples(files, &rsa_context, true, error) &&
	       write_fragments(files, &context, error) && write_frames(files, &context, error) &&
	       vector_files_finish(files, error);
}

int main(int argc, char **argv)
{
	GError *error = NULL;
	VectorFiles files = {argv[1], NULL};
	VectorOverlay *overlay;
	Alices by = {NULL, NULL, NULL};
	bool ok = false;

	if (argc != 2) {
		fprintf(stderr, "usage: %s DIR\n", argv[0]);
		return 2;
	}
	files.manifest = g_string_new(NULL);
	overlay = vector_overlay_new(g_get_real_time() / 1000, &error);
	if (overlay != NULL)
		ok = issue_all(overlay, &by, &error) && write_all(&files, overlay, &by, &error);
	if (!ok)
		fprintf(stderr, "%s: %s\n", argv[0], error != NULL ? error->message : "failed");
	g_clear_error(&error);
	g_clear_pointer(&by.alice, reload_identity_unref);
	g_clear_pointer(&by.rsa, reload_identity_unref);
	g_clear_pointer(&by.two, reload_identity_unref);
	g_string_free(files.manifest, TRUE);
	vector_overlay_free(overlay);
	return ok ? 0 : 1;
}
