/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole SIP messages out of a stream: however it is cut, whatever is in it. */
#include "reload_core/link/sip_stream.h"
#include "reload_core/wire/buffer.h"

#define OPTIONS(length)                                                                            \
	"OPTIONS sip:a@example.org SIP/2.0\r\nVia: x\r\nContent-Length: " length "\r\n\r\n"

static ReloadSipStream *fed(const char *text)
{
	ReloadSipStream *stream = reload_sip_stream_new();

	g_assert_cmpint(reload_sip_stream_feed(stream, reload_span_text(text)), ==, RELOAD_OK);
	return stream;
}

static void assert_next(ReloadSipStream *stream, const char *expected)
{
	ReloadSpan message;

	g_assert_cmpint(reload_sip_stream_next(stream, &message), ==, RELOAD_OK);
	g_assert_cmpmem(message.data, message.len, expected, strlen(expected));
}

static void assert_none(ReloadSipStream *stream)
{
	ReloadSpan message;

	g_assert_cmpint(reload_sip_stream_next(stream, &message), ==, RELOAD_E_NOT_FOUND);
}

static void test_several_in_one_piece(void)
{
	ReloadSipStream *stream =
	    fed(OPTIONS("3") "abc"
			     "SIP/2.0 200 OK\r\nl : 0\r\n\r\n" OPTIONS("0") OPTIONS("2") "x");

	assert_next(stream, OPTIONS("3") "abc");
	assert_next(stream, "SIP/2.0 200 OK\r\nl : 0\r\n\r\n");
	assert_next(stream, OPTIONS("0"));
	assert_none(stream);
	g_assert_cmpint(reload_sip_stream_feed(stream, reload_span_text("y" OPTIONS("0"))), ==,
			RELOAD_OK);
	assert_next(stream, OPTIONS("2") "xy");
	assert_next(stream, OPTIONS("0"));
	assert_none(stream);
	reload_sip_stream_free(stream);
}

/* Each way to cut two messages and keep-alives into two pieces, and into single bytes. */
static void test_cut_anywhere(void)
{
	const char *last =
	    "SIP/2.0 183 Session Progress\r\nSubject: folded\r\n over two\r\nL:\r\n 2\r\n\r\nhi";
	char *text = g_strconcat("\r\n\r\n", OPTIONS("4") "\r\n\r\n", "\r\n\r\n", last, NULL);
	size_t length = strlen(text);

	for (size_t step = 0; step <= length; step++) {
		ReloadSipStream *stream = reload_sip_stream_new();
		unsigned found = 0, pings = 0;
		ReloadSpan message;

		for (size_t at = 0; at < length;) {
			/* step 0: byte by byte; else cut once, at step */
			size_t piece = step == 0 ? 1 : (at < step ? step - at : length - at);

			g_assert_cmpint(
			    reload_sip_stream_feed(stream, reload_span(text + at, piece)), ==,
			    RELOAD_OK);
			at += piece;
			while (reload_sip_stream_next(stream, &message) == RELOAD_OK)
				if (++found == 2)
					g_assert_cmpmem(message.data, message.len, last,
							strlen(last));
			pings += reload_sip_stream_take_pings(stream);
		}
		g_assert_cmpuint(found, ==, 2);
		g_assert_cmpuint(pings, ==, 2);
		reload_sip_stream_free(stream);
	}
	g_free(text);
}

static void test_body_may_hold_anything(void)
{
	ReloadSipStream *stream = reload_sip_stream_new();
	static const char text[] =
	    "MESSAGE sip:b@example.org SIP/2.0\r\nCONTENT-LENGTH: 6\r\n\r\n\0\n\r\n\r\n";
	ReloadSpan message;

	g_assert_cmpint(reload_sip_stream_feed(stream, reload_span(text, sizeof(text) - 1)), ==,
			RELOAD_OK);
	g_assert_cmpint(reload_sip_stream_next(stream, &message), ==, RELOAD_OK);
	g_assert_cmpuint(message.len, ==, sizeof(text) - 1);
	assert_none(stream);
	reload_sip_stream_free(stream);
}

static void assert_refused(const char *bytes, size_t length, ReloadStatus why)
{
	ReloadSipStream *stream = reload_sip_stream_new();
	ReloadSpan message;

	g_assert_cmpint(reload_sip_stream_feed(stream, reload_span(bytes, length)), ==, RELOAD_OK);
	g_assert_cmpint(reload_sip_stream_next(stream, &message), ==, why);
	/* and stays so */
	g_assert_cmpint(reload_sip_stream_next(stream, &message), ==, why);
	g_assert_cmpint(reload_sip_stream_feed(stream, reload_span_text(OPTIONS("0"))), ==,
			RELOAD_E_STATE);
	reload_sip_stream_free(stream);
}

static void test_malformed(void)
{
	static const struct {
		const char *text;
		size_t length;
	} cases[] = {
#define CASE(text) {text, sizeof(text) - 1}
	    CASE("GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
	    CASE("OPTIONS sip:a SIP/2.0\r\nVia: x\r\n\r\n"), /* no length */
	    CASE("OPTIONS sip:a SIP/2.0\r\n\r\n"),
	    CASE("OPTIONS sip:a SIP/2.0\r\nContent-Length: 0\r\nl: 1\r\n\r\n"), /* two */
	    CASE("OPTIONS sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\n"),
	    CASE("OPTIONS sip:a SIP/2.0\r\nContent-Length: 1 2\r\n\r\n"),
	    CASE("OPTIONS sip:a SIP/2.0\r\nContent-Length: 0x10\r\n\r\n"),
	    CASE("OPTIONS sip:a SIP/2.0\r\nContent-Length:\r\n\r\n"),
	    CASE("OPTIONS sip:a SIP/2.0\r\nno colon\r\nContent-Length: 0\r\n\r\n"),
	    CASE("OPTIONS sip:a SIP/2.0\r\n: no name\r\nContent-Length: 0\r\n\r\n"),
	    CASE(
		"OPTIONS sip:a SIP/2.0\r\nVia: x\nl: 7\r\nContent-Length: 0\r\n\r\n"), /* bare LF */
	    CASE(
		"OPTIONS sip:a SIP/2.0\r\nVia: x\rl: 7\r\nContent-Length: 0\r\n\r\n"), /* bare CR */
	    CASE("OPTIONS sip:a SIP/2.0\r\nVia: x\n\nl: 7\r\nContent-Length: 0\r\n\r\n"),
	    CASE("OPTIONS sip:a SIP/2.0\r\nVia: \0\r\nContent-Length: 0\r\n\r\n"), /* NUL */
	    CASE("OPTIONS  SIP/2.0\r\nContent-Length: 0\r\n\r\n"),
	    CASE("OPTIONS sip:a SIP/2.0 \r\nContent-Length: 0\r\n\r\n"),
	    CASE("OPT\x80IONS sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n"),
	    CASE("SIP/2.0 20 OK\r\nContent-Length: 0\r\n\r\n"),
	    CASE("SIP/2.0 2000 OK\r\nContent-Length: 0\r\n\r\n"),
	    CASE("SIP/2.0\r\nContent-Length: 0\r\n\r\n"),
	    CASE(" OPTIONS sip:a SIP/2.0"),
	    CASE("\r\rOPTIONS"),
	    CASE("\nOPTIONS"),
	    CASE("\x16\x03\x01"),
#undef CASE
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		assert_refused(cases[i].text, cases[i].length, RELOAD_E_MALFORMED);
}

static void test_equal_lengths_are_tolerated(void)
{
	ReloadSipStream *stream = fed("BYE sip:a SIP/2.0\r\nl: 1\r\nContent-Length:  1 \r\n\r\nx");

	assert_next(stream, "BYE sip:a SIP/2.0\r\nl: 1\r\nContent-Length:  1 \r\n\r\nx");
	reload_sip_stream_free(stream);
}

static void test_too_large(void)
{
	char *name = g_strnfill(RELOAD_SIP_HEADER_MAX, 'x');
	char *endless = g_strconcat("OPTIONS sip:", name, NULL);
	char *complete = g_strconcat(endless, " SIP/2.0\r\nl: 0\r\n\r\n", NULL);
	const char *body = "OPTIONS sip:a SIP/2.0\r\nContent-Length: 65507\r\n\r\n";
	const char *huge =
	    "OPTIONS sip:a SIP/2.0\r\nl: 99999999999999999999999999999999999999\r\n\r\n";

	assert_refused(endless, strlen(endless), RELOAD_E_TOO_LARGE);
	assert_refused(complete, strlen(complete), RELOAD_E_TOO_LARGE);
	assert_refused(body, strlen(body), RELOAD_E_TOO_LARGE);
	assert_refused(huge, strlen(huge), RELOAD_E_TOO_LARGE);
	g_free(complete);
	g_free(endless);
	g_free(name);
}

static void test_largest(void)
{
	const char *start = "OPTIONS sip:a SIP/2.0\r\nContent-Length: 65000\r\n\r\n";
	char *body = g_strnfill(65000, '\n');
	char *text = g_strconcat(start, body, OPTIONS("0"), NULL);
	char *expected = g_strconcat(start, body, NULL);
	ReloadSipStream *stream = fed(text);

	assert_next(stream, expected);
	assert_next(stream, OPTIONS("0"));
	reload_sip_stream_free(stream);
	g_free(expected);
	g_free(text);
	g_free(body);
}

/* Damaged copies of good streams, from a fixed seed: never more out than went in, never a fault. */
static void test_damaged(void)
{
	static const char good[] = OPTIONS("3") "abc\r\n\r\n" OPTIONS(
	    "0") "SIP/2.0 200 OK\r\nl : 4\r\n\r\n\r\n\r\n" OPTIONS("12") "hello, world";
	GRand *rand = g_rand_new_with_seed(6940);

	for (int round = 0; round < 20000; round++) {
		ReloadSipStream *stream = reload_sip_stream_new();
		char copy[sizeof(good)];
		size_t out = 0, at = 0;
		ReloadSpan message;

		memcpy(copy, good, sizeof(good));
		for (int i = g_rand_int_range(rand, 1, 6); i > 0; i--)
			copy[g_rand_int_range(rand, 0, sizeof(good) - 1)] =
			    "\r\n :l0\0Z9\xff"[g_rand_int_range(rand, 0, 10)];
		while (at < sizeof(good) - 1) {
			size_t piece = (size_t)g_rand_int_range(rand, 1, (int)(sizeof(good) - at));

			if (reload_sip_stream_feed(stream, reload_span(copy + at, piece)) !=
			    RELOAD_OK)
				break;
			at += piece;
			while (reload_sip_stream_next(stream, &message) == RELOAD_OK)
				out += message.len;
		}
		g_assert_cmpuint(out, <=, sizeof(good) - 1);
		reload_sip_stream_free(stream);
	}
	g_rand_free(rand);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/link/sip_stream/several_in_one_piece", test_several_in_one_piece);
	g_test_add_func("/link/sip_stream/cut_anywhere", test_cut_anywhere);
	g_test_add_func("/link/sip_stream/body_may_hold_anything", test_body_may_hold_anything);
	g_test_add_func("/link/sip_stream/malformed", test_malformed);
	g_test_add_func("/link/sip_stream/equal_lengths_are_tolerated",
			test_equal_lengths_are_tolerated);
	g_test_add_func("/link/sip_stream/too_large", test_too_large);
	g_test_add_func("/link/sip_stream/largest", test_largest);
	g_test_add_func("/link/sip_stream/damaged", test_damaged);
	return g_test_run();
}
