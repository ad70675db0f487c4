/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a flow reads in SIP messages, and the messages that it writes in somebody's place. */
#include "modules/p2psip/peer/sip_view.h"

static ReloadSpan text_span(const char *text)
{
	return (ReloadSpan){(const uint8_t *)text, strlen(text)};
}

#define INVITE                                                                                     \
	"INVITE sip:alice@dht.example.org SIP/2.0\r\n"                                             \
	"v: SIP/2.0/UDP 0a.dht.example.org;branch=z9hG4bK1;received=127.64.0.9;rport=5070,\r\n"    \
	" SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKphone\r\n"                                           \
	"Via: SIP/2.0/TCP far.example\r\n"                                                         \
	"Max-Forwards: 69\r\n"                                                                     \
	"f: \"Bob; \\\"the\\\" tag=no\" <sip:bob@dht.example.org;tag=inner>;tag=b1\r\n"            \
	"To: <sip:alice@dht.example.org>\r\n"                                                      \
	"Call-ID: abc@192.0.2.9\r\n"                                                               \
	"CSeq: 7 INVITE\r\n"                                                                       \
	"Content-Length: 4\r\n\r\nbody"

static void assert_span(ReloadSpan span, const char *text)
{
	g_assert_cmpmem(span.data, span.len, text, strlen(text));
}

static void test_request(void)
{
	SipView view;

	g_assert_true(sip_view_parse(text_span(INVITE), &view));
	g_assert_true(view.request);
	g_assert_true(sip_view_is(&view, "INVITE"));
	g_assert_false(sip_view_is(&view, "INVITES"));
	assert_span(view.uri, "sip:alice@dht.example.org");
	assert_span(view.transport, "UDP");
	assert_span(view.branch, "z9hG4bK1");
	assert_span(view.call_id, "abc@192.0.2.9");
	assert_span(view.cseq_number, "7");
	g_assert_false(view.to_tag);
}

static void test_transport(void)
{
	g_autoptr(GBytes) kept = NULL, stripped = NULL;
	SipView view, again;
	ReloadSpan bytes;

	g_assert_true(sip_view_parse(text_span(INVITE), &view));
	kept = sip_view_with_transport(&view, "TLS", false);
	g_assert_cmpuint(g_bytes_get_size(kept), ==, strlen(INVITE));
	stripped = sip_view_with_transport(&view, "TLS", true);
	bytes.data = g_bytes_get_data(stripped, &bytes.len);
	g_assert_true(sip_view_parse(bytes, &again));
	assert_span(again.via, "SIP/2.0/TLS 0a.dht.example.org;branch=z9hG4bK1");
	g_assert_nonnull(g_strstr_len((const char *)bytes.data, (gssize)bytes.len,
				      "branch=z9hG4bK1,\r\n SIP/2.0/UDP 192.0.2.9"));
	g_assert_cmpmem(bytes.data + bytes.len - 8, 8, "\r\n\r\nbody", 8);
}

static void test_reply(void)
{
	g_autoptr(GBytes) reply = NULL, again = NULL;
	SipView view, answer;
	ReloadSpan bytes;

	g_assert_true(sip_view_parse(text_span(INVITE), &view));
	reply = sip_view_reply(&view, 480, "Temporarily Unavailable");
	again = sip_view_reply(&view, 480, "Temporarily Unavailable");
	g_assert_true(g_bytes_equal(reply, again));
	bytes.data = g_bytes_get_data(reply, &bytes.len);
	g_assert_true(sip_view_parse(bytes, &answer));
	g_assert_false(answer.request);
	g_assert_cmpuint(answer.status, ==, 480);
	g_assert_true(sip_view_is(&answer, "INVITE"));
	assert_span(answer.branch, "z9hG4bK1");
	g_assert_true(answer.to_tag);
	assert_span(answer.call_id, "abc@192.0.2.9");
	g_assert_nonnull(g_strstr_len((const char *)bytes.data, (gssize)bytes.len, "far.example"));
}

static void test_cancel(void)
{
	g_autoptr(GBytes) cancel = NULL;
	SipView view, answer;
	ReloadSpan bytes;

	g_assert_true(sip_view_parse(text_span(INVITE), &view));
	cancel = sip_view_cancel(&view);
	bytes.data = g_bytes_get_data(cancel, &bytes.len);
	g_assert_true(sip_view_parse(bytes, &answer));
	g_assert_true(sip_view_is(&answer, "CANCEL"));
	assert_span(answer.cseq_number, "7");
	assert_span(answer.uri, "sip:alice@dht.example.org");
	assert_span(answer.branch, "z9hG4bK1");
	/* one Via only: that of the hop (RFC 3261, 9.1) */
	g_assert_null(g_strstr_len((const char *)bytes.data, (gssize)bytes.len, "192.0.2.9;branch"));
}

#define REST                                                                                       \
	"From: <sip:b@x>;tag=1\r\nTo: <sip:a@x>;tag=2\r\nCall-ID: c\r\nCSeq: 1 BYE\r\n\r\n"
#define VIA "Via: SIP/2.0/TLS h;branch=z9hG4bK2\r\n"

static void test_refused(void)
{
	static const char *const bad[] = {
		"",
		"\r\n\r\n",
		"BYE sip:a@x SIP/2.0\r\n" REST,			       /* no Via */
		"BYE sip:a@x SIP/3.0\r\n" VIA REST,		       /* version */
		"BYE  SIP/2.0\r\n" VIA REST,			       /* no URI */
		"INVITE sip:a@x SIP/2.0\r\n" VIA REST,		       /* CSeq of another method */
		"SIP/2.0 99 Low\r\n" VIA REST,
		"SIP/2.0 700 High\r\n" VIA REST,
		"SIP/2.0 2000 Long\r\n" VIA REST,
		"BYE sip:a@x SIP/2.0\r\nVia: SIP/2.0/TLS h\r\n" REST,  /* no branch */
		"BYE sip:a@x SIP/2.0\r\nVia: SIP/2.0 h;branch=1\r\n" REST,
		"BYE sip:a@x SIP/2.0\r\n" VIA "Call-ID: d\r\n" REST,   /* two Call-IDs */
		"BYE sip:a@x SIP/2.0\r\n" VIA "Call-ID\r\n" REST,      /* no colon */
		"BYE sip:a@x SIP/2.0\r\n" VIA "CSeq: 1 BYE\r\n",       /* no end */
	};
	SipView view;

	g_assert_true(sip_view_parse(text_span("BYE sip:a@x SIP/2.0\r\n" VIA REST), &view));
	g_assert_true(view.to_tag);
	g_assert_true(sip_view_parse(text_span("SIP/2.0 200 OK\r\n" VIA REST), &view));
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
		g_assert_false(sip_view_parse(text_span(bad[i]), &view));
}

/* No prefix of a message makes the parser read past its end (run under ASan). */
static void test_truncated(void)
{
	SipView view;

	for (gsize len = 0; len < strlen(INVITE) - 4; len++) {
		g_autofree uint8_t *copy = g_memdup2(INVITE, len + !len);

		if (sip_view_parse((ReloadSpan){copy, len}, &view))
			g_assert_cmpuint(len, >=, strlen(INVITE) - 6);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/edge/sip-view/request", test_request);
	g_test_add_func("/edge/sip-view/transport", test_transport);
	g_test_add_func("/edge/sip-view/reply", test_reply);
	g_test_add_func("/edge/sip-view/cancel", test_cancel);
	g_test_add_func("/edge/sip-view/refused", test_refused);
	g_test_add_func("/edge/sip-view/truncated", test_truncated);
	return g_test_run();
}
