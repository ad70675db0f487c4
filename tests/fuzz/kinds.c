/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kind-blocks whose signatures hold. */
#include "tests/fuzz/kinds.h"

#include "reload_core/security/sign.h"
#include "tests/fuzz/fuzz.h"

/* What one input may become. */
#define TEXT_MAX (64 * 1024)

char *kinds_signature(const Pki *pki)
{
	ReloadIdentity *signer =
	    pki_identity(pki, RELOAD_KEY_P256, KINDS_SIGNER, "user1@" PKI_OVERLAY);
	GByteArray *out = g_byte_array_new();
	char *text;

	FUZZ_CHECK(reload_sign_block(signer, NULL, 0, NULL, out) == RELOAD_OK);
	text = g_base64_encode(out->data, out->len);
	fuzz_keep_parsed(reload_certificate_der(reload_identity_certificate(signer)));
	g_byte_array_unref(out);
	reload_identity_unref(signer);
	return text;
}

GString *kinds_written_out(ReloadSpan text, const char *signature)
{
	GString *out = g_string_new(NULL);

	for (size_t i = 0; i < text.len && text.data[i] != 0 && out->len < TEXT_MAX; i++) {
		if (text.data[i] == '$')
			g_string_append_printf(out, "<kind-signature>%s</kind-signature>",
					       signature);
		else
			g_string_append_c(out, (char)text.data[i]);
	}
	return out;
}
