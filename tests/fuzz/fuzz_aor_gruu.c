/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AORs and GRUUs out of URIs that strangers wrote: what is canonical stays as it is, the library
 * and the module write the same AOR, and a destination list survives its way through a GRUU. */
#include "modules/p2psip/proto/names.h"
#include "reload_core/usages/sip/aor.h"
#include "reload_core/usages/sip/gruu.h"
#include "tests/fuzz/fuzz.h"

static void check_canonical(const ReloadAor *aor)
{
	char *uri = reload_aor_to_uri(aor);
	ReloadAor again;

	FUZZ_CHECK(aor->len == strlen(aor->text) && aor->user_len < aor->len);
	FUZZ_CHECK(aor->text[aor->user_len] == '@');
	FUZZ_CHECK(reload_aor_from_uri(uri, strlen(uri), &again) == RELOAD_OK);
	FUZZ_CHECK(reload_aor_equal(aor, &again));
	FUZZ_CHECK(reload_aor_from_name(aor->text, aor->len, &again) == RELOAD_OK);
	FUZZ_CHECK(reload_aor_equal(aor, &again));
	g_free(uri);
}

/* The same parts for the library and for the module. */
static void check_module(const char *text, size_t size)
{
	const char *at = memchr(text, '@', size);
	char written[P2PSIP_AOR_MAX];
	size_t user_len;
	ReloadAor aor;

	if (at == NULL)
		return;
	user_len = (size_t)(at - text);
	if (memchr(text, ':', user_len) != NULL) /* Kamailio hands over no password */
		return;
	if (reload_aor_from_parts(text, user_len, at + 1, size - user_len - 1, &aor) != RELOAD_OK)
		return;
	check_canonical(&aor);
	if (p2psip_aor_write(written, sizeof(written), text, user_len, 1, at + 1,
			     size - user_len - 1) >= 0)
		FUZZ_CHECK(strcmp(written, aor.text) == 0);
}

static void gruu(const char *text, size_t size)
{
	GByteArray *list = g_byte_array_new();
	ReloadSpan value;

	if (!reload_gruu_find(text, size, &value))
		value = reload_span(text, size);
	if (reload_gruu_decode((const char *)value.data, value.len, 16, list) == RELOAD_OK) {
		GByteArray *again = g_byte_array_new();
		char *encoded = reload_gruu_encode(reload_span(list->data, list->len));

		FUZZ_CHECK(list->len <= RELOAD_GRUU_LIST_MAX);
		FUZZ_CHECK(reload_gruu_decode(encoded, strlen(encoded), 16, again) == RELOAD_OK);
		FUZZ_CHECK(again->len == list->len &&
			   memcmp(again->data, list->data, list->len) == 0);
		g_free(encoded);
		g_byte_array_unref(again);
	}
	g_byte_array_unref(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	ReloadAor aor;

	if (reload_aor_from_uri(text, size, &aor) == RELOAD_OK)
		check_canonical(&aor);
	if (reload_aor_from_name(text, size, &aor) == RELOAD_OK)
		check_canonical(&aor);
	check_module(text, size);
	gruu(text, size);
	return 0;
}
