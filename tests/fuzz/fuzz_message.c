/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any RELOAD message: decoded down to its last element without any allocation; every eighth one is
 * also encoded anew, which must give the same bytes, and printed. */
#include "reload_core/wire/print.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/walk.h"
#include "tests/unit/wire_rewrite.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_count_allocations();
	return 0;
}

/* Where the 6 bits of the fragment field are that a receiver has to ignore (RFC 6940, 6.3.2). */
#define IGNORED_AT 12
#define IGNORED 0x3f

static void check_rewritten(ReloadSpan input)
{
	GByteArray *again = g_byte_array_new();

	if (wire_rewrite_message(input, again, NULL) == RELOAD_OK) {
		again->data[IGNORED_AT] |= input.data[IGNORED_AT] & IGNORED;
		FUZZ_CHECK(reload_span_equal(input, reload_span(again->data, again->len)));
	}
	g_byte_array_unref(again);
}

static void print(ReloadSpan input, unsigned node_id_len)
{
	GString *text = g_string_new(NULL);

	reload_print_message(text, input, node_id_len, NULL, NULL);
	/* Bytes as hex, names and indents: not more than a fixed multiple of the message. */
	FUZZ_CHECK(text->len < 4096 + 256 * input.len);
	g_string_free(text, TRUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ReloadSpan input = reload_span(data, size);
	uint32_t hash = fuzz_hash(data, size);
	size_t before = fuzz_allocated();
	ReloadMessage message;

	if (reload_message_decode(input, 16, &message) == RELOAD_OK)
		walk_message(&message, 16);
	FUZZ_CHECK(fuzz_allocated() == before);
	if (hash % 8 == 0)
		check_rewritten(input);
	if (hash % 16 == 1)
		print(input, hash % 32 == 1 ? 16 : 0);
	return 0;
}
