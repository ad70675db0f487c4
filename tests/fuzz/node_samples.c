/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a well-behaved neighbor would say: a body of every request and answer, as each of the
 * signers would write it, so that the input need not spell it. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/kinds.h"
#include "tests/fuzz/node_world_private.h"
#include "tests/unit/wire_samples.h"

typedef struct {
	uint16_t code;
	GByteArray *body;
} Sample;

static GArray *samples[NODE_WORLD_OTHERS + 1]; /* Sample; by signer */

/* Signed by the context's first node (signatures.c). */
static bool write_stored(const WireSampleContext *context, uint32_t kind,
			 const ReloadStoredData *data, GByteArray *out)
{
	const uint8_t value[2] = {(uint8_t)GPOINTER_TO_UINT(context->user_data), 1};
	const uint8_t hash[32] = {1};
	ReloadStoredData copy = *data;

	(void)kind;
	copy.signature = (ReloadSignature){
	    .hash_alg = RELOAD_HASH_SHA256,
	    .signature_alg = RELOAD_SIGNATURE_ECDSA,
	    .identity = {.type = RELOAD_SIGNER_CERT_HASH,
			 .hash_alg = RELOAD_HASH_SHA256,
			 .hash = reload_span(hash, sizeof(hash))},
	    .value = reload_span(value, sizeof(value)),
	};
	return reload_write_stored_data(out, &copy);
}

void node_world_init_samples(ReloadDocument *document, GBytes *newer, const char *signature,
			     ReloadIdentity *const *identities)
{
	static const char kind[] =
	    "<kind-block><kind id=\"4026531850\"><data-model>SINGLE</data-model>"
	    "<access-control>USER-MATCH</access-control><max-count>3</max-count>"
	    "<max-size>90</max-size></kind>$</kind-block>";
	GString *kind_block = kinds_written_out(reload_span_text(kind), signature);
	WireSampleContext context;

	wire_sample_context_init(&context);
	context.overlay = PKI_OVERLAY;
	context.time = PKI_NOW;
	context.document = pki_span(newer);
	context.kind_block = reload_span_text(kind_block->str);
	context.write_stored = write_stored;
	for (unsigned i = 0; i <= NODE_WORLD_OTHERS; i++) {
		const char *user = reload_identity_user_name(identities[i]);

		context.user_data = GUINT_TO_POINTER(i);
		context.certificate =
		    reload_certificate_der(reload_identity_certificate(identities[i]));
		reload_resource_id_from_name(document, user, strlen(user), &context.resource);
		for (unsigned n = 0; n < WIRE_SAMPLE_NODES; n++)
			context.nodes[n] =
			    *reload_identity_node_id(identities[(i + n) % (NODE_WORLD_OTHERS + 1)]);
		samples[i] = g_array_new(FALSE, FALSE, sizeof(Sample));
		for (const WireSample *each = wire_samples; each->name != NULL; each++) {
			Sample sample = {each->code, wire_sample_body(&context, each)};

			g_array_append_val(samples[i], sample);
		}
	}
	g_string_free(kind_block, TRUE);
}

ReloadSpan node_world_sample(uint16_t code, unsigned signer, unsigned number)
{
	const GArray *all = samples[signer % (NODE_WORLD_OTHERS + 1)];
	ReloadSpan found = {0};

	for (guint i = 0; i < all->len; i++) {
		const Sample *sample = &g_array_index(all, Sample, i);

		if (sample->code != code)
			continue;
		found = reload_span(sample->body->data, sample->body->len);
		if (number-- == 0)
			break;
	}
	return found;
}
