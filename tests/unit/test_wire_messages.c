/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every sample message: decoded and written again; cut off, lengthened and damaged at every byte.
 */
#include "reload_core/wire/print.h"
#include "tests/unit/wire_rewrite.h"
#include "tests/unit/wire_samples.h"

/* Where the length and the lists of a header stand. */
#define OFFSET_FRAGMENT 12
#define OFFSET_LENGTH 16

static WireSampleContext context;

/* Decodes and rewrites a copy that ends where its memory ends, so that ASan sees over-reads. */
static ReloadStatus rewrite_copy(ReloadSpan bytes, uint16_t code, bool whole, GByteArray *out)
{
	uint8_t *copy = g_malloc(MAX(bytes.len, 1));
	ReloadSpan span = reload_span(copy, bytes.len);
	ReloadStatus status;

	if (bytes.len > 0)
		memcpy(copy, bytes.data, bytes.len);
	else
		span.data = NULL;
	status = whole ? wire_rewrite_message(span, out, NULL)
		       : wire_rewrite_body(code, span, out, NULL);
	g_free(copy);
	return status;
}

static void set_length(uint8_t *message, uint32_t length)
{
	uint32_t big_endian = GUINT32_TO_BE(length);

	memcpy(message + OFFSET_LENGTH, &big_endian, sizeof(big_endian));
}

static void test_round_trip(gconstpointer data)
{
	const WireSample *sample = data;
	g_autoptr(GByteArray) message = wire_sample_message(&context, sample);
	g_autoptr(GByteArray) again = g_byte_array_new();
	ReloadMessage decoded;

	g_assert_nonnull(message);
	g_assert_cmpint(reload_message_decode(reload_span(message->data, message->len),
					      RELOAD_NODE_ID_MIN, &decoded),
			==, RELOAD_OK);
	g_assert_cmpint(decoded.code, ==, sample->code);
	g_assert_cmpint(decoded.header.length, ==, message->len);
	g_assert_true(g_str_has_prefix(sample->name, reload_message_code_name(sample->code)));
	g_assert_cmpint(rewrite_copy(reload_span(message->data, message->len), 0, true, again), ==,
			RELOAD_OK);
	g_assert_cmpmem(again->data, again->len, message->data, message->len);
}

/* Every beginning of a body is refused, and so is a body with a byte more. */
static void test_body_lengths(gconstpointer data)
{
	const WireSample *sample = data;
	g_autoptr(GByteArray) body = wire_sample_body(&context, sample);
	g_autoptr(GByteArray) out = g_byte_array_new();
	size_t whole = body->len;

	for (size_t len = 0; len < whole; len++)
		g_assert_cmpint(
		    rewrite_copy(reload_span(body->data, len), sample->code, false, out), ==,
		    RELOAD_E_MALFORMED);
	reload_write_u8(body, 0);
	g_assert_cmpint(rewrite_copy(reload_span(body->data, body->len), sample->code, false, out),
			==, RELOAD_E_MALFORMED);
}

/* The same for the message, its length field made to agree. */
static void test_message_lengths(gconstpointer data)
{
	g_autoptr(GByteArray) message = wire_sample_message(&context, data);
	g_autoptr(GByteArray) out = g_byte_array_new();

	reload_write_u8(message, 0);
	for (uint32_t len = 0; len <= message->len; len++) {
		if (len == message->len - 1)
			continue;
		set_length(message->data, len);
		g_assert_cmpint(rewrite_copy(reload_span(message->data, len), 0, true, out), ==,
				RELOAD_E_MALFORMED);
	}
}

/* A damaged byte is refused, or decodes to something that is written exactly like that. */
static void check_damaged(uint8_t *bytes, size_t len, size_t at, uint16_t code, bool whole)
{
	static const uint8_t damages[] = {0x01, 0x02, 0x80, 0xff, 0x10};
	uint8_t saved = bytes[at];

	for (size_t i = 0; i < G_N_ELEMENTS(damages); i++) {
		g_autoptr(GByteArray) out = g_byte_array_new();

		bytes[at] = saved ^ damages[i];
		if (rewrite_copy(reload_span(bytes, len), code, whole, out) == RELOAD_OK)
			g_assert_cmpmem(out->data, out->len, bytes, len);
	}
	bytes[at] = saved;
}

static void test_damaged(gconstpointer data)
{
	const WireSample *sample = data;
	g_autoptr(GByteArray) body = wire_sample_body(&context, sample);
	g_autoptr(GByteArray) message = wire_sample_message(&context, sample);

	for (size_t at = 0; at < body->len; at++)
		check_damaged(body->data, body->len, at, sample->code, false);
	for (size_t at = 0; at < message->len; at++) {
		/* The reserved bits of `fragment` are ignored, not kept. */
		if (at != OFFSET_FRAGMENT)
			check_damaged(message->data, message->len, at, 0, true);
	}
}

/* Four bytes of 0xff or 0x7f anywhere: lengths far beyond what is there. */
static void test_hostile_lengths(gconstpointer data)
{
	const WireSample *sample = data;
	g_autoptr(GByteArray) body = wire_sample_body(&context, sample);

	for (size_t at = 0; at + 4 <= body->len; at++) {
		g_autoptr(GByteArray) out = g_byte_array_new();
		uint8_t saved[4];

		memcpy(saved, body->data + at, sizeof(saved));
		memset(body->data + at, at % 2 == 0 ? 0xff : 0x7f, sizeof(saved));
		if (rewrite_copy(reload_span(body->data, body->len), sample->code, false, out) ==
		    RELOAD_OK)
			g_assert_cmpmem(out->data, out->len, body->data, body->len);
		memcpy(body->data + at, saved, sizeof(saved));
	}
}

/* Changes some bytes at random, and takes some out or doubles some. Seeded by GLib, which prints
 * the seed. */
static void scramble(GByteArray *message)
{
	for (int i = g_test_rand_int_range(1, 6); i > 0; i--)
		message->data[g_test_rand_int_range(0, (gint32)message->len)] =
		    (uint8_t)g_test_rand_int_range(0, 256);
	if (g_test_rand_bit()) {
		guint at = (guint)g_test_rand_int_range(0, (gint32)message->len);
		guint len = (guint)g_test_rand_int_range(0, (gint32)(message->len - at)) % 20;

		g_byte_array_remove_range(message, at, len);
	} else if (g_test_rand_bit()) {
		guint len = (guint)g_test_rand_int_range(1, (gint32)message->len);
		g_autofree uint8_t *copy = g_memdup2(message->data, len);

		g_byte_array_append(message, copy, len);
	}
	if (message->len > OFFSET_LENGTH + 4 && g_test_rand_bit())
		set_length(message->data, message->len);
}

static void test_random(gconstpointer data)
{
	for (unsigned i = 0; i < 500; i++) {
		g_autoptr(GByteArray) message = wire_sample_message(&context, data);
		g_autoptr(GByteArray) out = g_byte_array_new();
		g_autoptr(GString) text = g_string_new(NULL);

		scramble(message);
		if (rewrite_copy(reload_span(message->data, message->len), 0, true, out) ==
		    RELOAD_OK) {
			/* The reserved bits of `fragment` are ignored, not kept. */
			message->data[OFFSET_FRAGMENT] &= 0xc0;
			g_assert_cmpmem(out->data, out->len, message->data, message->len);
		}
		reload_print_message(text, reload_span(message->data, message->len), 0, NULL, NULL);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		GTestDataFunc run;
	} tests[] = {
	    {"round-trip", test_round_trip},	       {"body-lengths", test_body_lengths},
	    {"message-lengths", test_message_lengths}, {"damaged", test_damaged},
	    {"hostile-lengths", test_hostile_lengths}, {"random", test_random},
	};

	g_test_init(&argc, &argv, NULL);
	wire_sample_context_init(&context);
	for (const WireSample *sample = wire_samples; sample->name != NULL; sample++) {
		for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
			g_autofree char *path =
			    g_strdup_printf("/wire/%s/%s", sample->name, tests[i].name);

			if (!sample->free_form || tests[i].run != test_body_lengths)
				g_test_add_data_func(path, sample, tests[i].run);
		}
	}
	return g_test_run();
}
