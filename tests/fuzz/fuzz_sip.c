/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIP over a flow: the stream is cut into messages, the same ones whatever its pieces are; each is
 * taken apart, and what the edge writes from it can be taken apart again. First byte: how the
 * stream is cut. */
#include "modules/p2psip/peer/sip_view.h"
#include "reload_core/link/sip_stream.h"
#include "tests/fuzz/fuzz.h"

static ReloadSpan span_of(GBytes *bytes)
{
	ReloadSpan span;

	span.data = g_bytes_get_data(bytes, &span.len);
	return span;
}

static void check_written(GBytes *bytes)
{
	SipView view;

	if (bytes == NULL)
		return;
	FUZZ_CHECK(sip_view_parse(span_of(bytes), &view));
	g_bytes_unref(bytes);
}

static void look(ReloadSpan message)
{
	SipView view;

	if (!sip_view_parse(message, &view))
		return;
	sip_view_is(&view, "INVITE");
	check_written(sip_view_with_transport(&view, "UDP", true));
	check_written(sip_view_with_transport(&view, "TLS", false));
	if (view.request) {
		check_written(sip_view_reply(&view, 480, "Temporarily Unavailable"));
		check_written(sip_view_cancel(&view));
	}
}

static uint32_t stream(ReloadSpan input, size_t piece, bool deep)
{
	ReloadSipStream *sip = reload_sip_stream_new();
	ReloadStatus status = RELOAD_E_NOT_FOUND;
	uint32_t hash = 0;
	ReloadSpan message;

	while (input.len > 0 && status == RELOAD_E_NOT_FOUND) {
		size_t len = MIN(piece, input.len);

		FUZZ_CHECK(reload_sip_stream_feed(sip, reload_span(input.data, len)) == RELOAD_OK);
		input = reload_span(input.data + len, input.len - len);
		while ((status = reload_sip_stream_next(sip, &message)) == RELOAD_OK) {
			FUZZ_CHECK(message.len <= RELOAD_SIP_MESSAGE_MAX);
			hash = hash * 31 + fuzz_hash(message.data, message.len);
			if (deep)
				look(message);
		}
	}
	hash += reload_sip_stream_take_pings(sip);
	reload_sip_stream_free(sip);
	return status == RELOAD_E_NOT_FOUND ? hash : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ReloadSpan input;
	uint32_t whole, pieces;

	if (size < 2)
		return 0;
	input = reload_span(data + 1, size - 1);
	look(input);
	whole = stream(input, input.len, true);
	pieces = stream(input, 1 + data[0] % 64, false);
	FUZZ_CHECK(whole == pieces);
	return 0;
}
