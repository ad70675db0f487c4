/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes a SIP message apart as far as carrying it needs, and writes replies and CANCELs for it. */
#include "modules/p2psip/peer/sip_view.h"

static ReloadSpan span_of(const char *from, const char *to)
{
	return (ReloadSpan){(const uint8_t *)from, (size_t)(to - from)};
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static ReloadSpan trimmed(const char *from, const char *to)
{
	while (from < to && blank(*from))
		from++;
	while (to > from && blank(to[-1]))
		to--;
	return span_of(from, to);
}

static bool span_is(ReloadSpan span, const char *text)
{
	return span.len == strlen(text) && memcmp(span.data, text, span.len) == 0;
}

static bool span_is_nocase(ReloadSpan span, const char *text)
{
	return span.len == strlen(text) && g_ascii_strncasecmp((const char *)span.data, text, span.len) == 0;
}

/* The end of the header line at p, folded lines included (RFC 3261, 7.3.1); NULL if no line ends. */
static const char *line_end(const char *p, const char *end)
{
	const char *nl;

	while ((nl = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		if (nl + 1 >= end || (nl[1] != ' ' && nl[1] != '\t'))
			return nl + 1;
		p = nl + 1;
	}
	return NULL;
}

static bool parse_status(ReloadSpan code, unsigned *status)
{
	if (code.len != 3)
		return false;
	*status = 0;
	for (size_t i = 0; i < 3; i++) {
		if (!g_ascii_isdigit(code.data[i]))
			return false;
		*status = *status * 10 + (code.data[i] - '0');
	}
	return *status >= 100 && *status <= 699;
}

/* "METHOD uri SIP/2.0" or "SIP/2.0 code reason". */
static bool parse_first_line(const char *p, const char *end, SipView *out)
{
	ReloadSpan line = trimmed(p, end);
	const char *from = (const char *)line.data, *to = from + line.len;
	const char *first = memchr(from, ' ', line.len), *second;

	if (first == NULL)
		return false;
	second = memchr(first + 1, ' ', (size_t)(to - first - 1));
	if (span_is_nocase(span_of(from, first), "SIP/2.0")) {
		out->request = false;
		return parse_status(span_of(first + 1, second ? second : to), &out->status);
	}
	if (second == NULL || !span_is_nocase(span_of(second + 1, to), "SIP/2.0"))
		return false;
	out->request = true;
	out->method = span_of(from, first);
	out->uri = span_of(first + 1, second);
	return out->method.len > 0 && out->method.len < 32 && out->uri.len > 0;
}

/* Finds the parameter name in a header value, outside of quotes and angle brackets; with value the part
 * behind "=". Returns the whole parameter with its ";", or an empty span. */
static ReloadSpan find_parameter(ReloadSpan header, const char *name, ReloadSpan *value)
{
	const char *p = (const char *)header.data, *end = p == NULL ? p : p + header.len;
	bool quoted = false, angle = false;

	while (p < end) {
		const char *start = p, *stop, *equals;
		ReloadSpan key;

		if (*p == '\\' && quoted && p + 1 < end) {
			p += 2;
			continue;
		}
		if (*p == '"')
			quoted = !quoted;
		else if (!quoted && (*p == '<' || *p == '>'))
			angle = *p == '<';
		if (quoted || angle || *p++ != ';') {
			p += quoted || angle ? 1 : 0;
			continue;
		}
		for (stop = p; stop < end && *stop != ';' && *stop != '"'; stop++)
			;
		equals = memchr(p, '=', (size_t)(stop - p));
		key = trimmed(p, equals ? equals : stop);
		if (!span_is_nocase(key, name))
			continue;
		*value = equals ? trimmed(equals + 1, stop) : span_of(stop, stop);
		return span_of(start, stop);
	}
	return (ReloadSpan){NULL, 0};
}

/* "SIP/2.0/UDP host;branch=..., SIP/2.0/..." : keeps the first value. */
static bool parse_via(ReloadSpan value, SipView *out)
{
	const char *p = (const char *)value.data, *end = p + value.len, *q;
	const char *comma = NULL;
	bool quoted = false;
	int slashes = 0;

	for (q = p; q < end && comma == NULL; q++) {
		if (*q == '"')
			quoted = !quoted;
		else if (*q == ',' && !quoted)
			comma = q;
	}
	out->via = trimmed(p, comma ? comma : end);
	end = p + out->via.len;
	for (q = p; q < end && slashes < 2; q++)
		slashes += *q == '/';
	while (q < end && blank(*q))
		q++;
	for (p = q; q < end && !blank(*q) && *q != ';'; q++)
		;
	out->transport = span_of(p, q);
	find_parameter(out->via, "branch", &out->branch);
	return slashes == 2 && out->transport.len > 0 && out->branch.len > 0;
}

static bool parse_cseq(ReloadSpan value, SipView *out)
{
	const char *p = (const char *)value.data, *end = p + value.len, *q = p;
	ReloadSpan method;

	while (q < end && g_ascii_isdigit(*q))
		q++;
	out->cseq_number = span_of(p, q);
	method = trimmed(q, end);
	if (out->cseq_number.len == 0 || out->cseq_number.len > 10 || method.len == 0 || method.len > 31)
		return false;
	if (!out->request)
		out->method = method;
	return !out->request || (method.len == out->method.len &&
				 memcmp(method.data, out->method.data, method.len) == 0);
}

static bool parse_once(ReloadSpan *slot, ReloadSpan value)
{
	if (slot->data != NULL || value.len == 0)
		return false;
	*slot = value;
	return true;
}

static bool parse_header(ReloadSpan name, ReloadSpan value, SipView *out)
{
	ReloadSpan ignored;

	if (span_is_nocase(name, "Via") || span_is_nocase(name, "v"))
		return out->via.data != NULL || parse_via(value, out);
	if (span_is_nocase(name, "From") || span_is_nocase(name, "f"))
		return parse_once(&out->from, value);
	if (span_is_nocase(name, "To") || span_is_nocase(name, "t")) {
		out->to_tag = find_parameter(value, "tag", &ignored).len > 0;
		return parse_once(&out->to, value);
	}
	if (span_is_nocase(name, "Call-ID") || span_is_nocase(name, "i"))
		return parse_once(&out->call_id, value);
	if (span_is_nocase(name, "CSeq"))
		return out->cseq_number.data == NULL && parse_cseq(value, out);
	return true;
}

bool sip_view_parse(ReloadSpan message, SipView *out)
{
	const char *p = (const char *)message.data, *end = p + message.len, *next, *colon;

	memset(out, 0, sizeof(*out));
	out->message = message;
	if (message.len == 0 || (next = memchr(p, '\n', message.len)) == NULL ||
	    !parse_first_line(p, next, out))
		return false;
	for (p = next + 1; p < end && *p != '\r' && *p != '\n'; p = next) {
		next = line_end(p, end);
		if (next == NULL || (colon = memchr(p, ':', (size_t)(next - p))) == NULL)
			return false;
		if (!parse_header(trimmed(p, colon), trimmed(colon + 1, next), out))
			return false;
	}
	return p < end && out->via.len > 0 && out->from.len > 0 && out->to.len > 0 &&
	       out->call_id.len > 0 && out->cseq_number.len > 0;
}

bool sip_view_is(const SipView *view, const char *method)
{
	return span_is(view->method, method);
}

/* Appends the Via value without the parameter whose place in it is cut. */
static void append_without(GByteArray *out, ReloadSpan from, ReloadSpan cut)
{
	if (cut.len == 0) {
		g_byte_array_append(out, from.data, (guint)from.len);
		return;
	}
	g_byte_array_append(out, from.data, (guint)(cut.data - from.data));
	g_byte_array_append(out, cut.data + cut.len,
			    (guint)(from.data + from.len - cut.data - cut.len));
}

static void append_stripped(GByteArray *out, ReloadSpan rest)
{
	g_autoptr(GByteArray) once = g_byte_array_new();
	ReloadSpan value;

	append_without(once, rest, find_parameter(rest, "received", &value));
	rest = (ReloadSpan){once->data, once->len};
	append_without(out, rest, find_parameter(rest, "rport", &value));
}

GBytes *sip_view_with_transport(const SipView *view, const char *transport, bool strip)
{
	const uint8_t *rest = view->transport.data + view->transport.len;
	const uint8_t *via_end = view->via.data + view->via.len;
	const uint8_t *end = view->message.data + view->message.len;
	GByteArray *out = g_byte_array_sized_new((guint)view->message.len + 8);

	g_byte_array_append(out, view->message.data, (guint)(view->transport.data - view->message.data));
	g_byte_array_append(out, (const uint8_t *)transport, (guint)strlen(transport));
	if (strip)
		append_stripped(out, (ReloadSpan){rest, (size_t)(via_end - rest)});
	else
		g_byte_array_append(out, rest, (guint)(via_end - rest));
	g_byte_array_append(out, via_end, (guint)(end - via_end));
	return g_byte_array_free_to_bytes(out);
}

static void append_text(GByteArray *out, const char *text)
{
	g_byte_array_append(out, (const uint8_t *)text, (guint)strlen(text));
}

static void append_header(GByteArray *out, const char *name, ReloadSpan value, const char *tail)
{
	append_text(out, name);
	g_byte_array_append(out, value.data, (guint)value.len);
	append_text(out, tail);
}

/* All Via lines of the request, as they are: a reply carries them in the same order. */
static void append_vias(GByteArray *out, const SipView *view)
{
	const char *p = (const char *)view->message.data, *end = p + view->message.len, *next, *colon;

	p = memchr(p, '\n', view->message.len);
	for (p = p + 1; p < end && *p != '\r' && *p != '\n'; p = next) {
		ReloadSpan name;

		next = line_end(p, end);
		colon = memchr(p, ':', (size_t)(next - p));
		name = trimmed(p, colon);
		if (span_is_nocase(name, "Via") || span_is_nocase(name, "v"))
			append_header(out, "Via: ", trimmed(colon + 1, next), "\r\n");
	}
}

GBytes *sip_view_reply(const SipView *view, unsigned status, const char *reason)
{
	g_autoptr(GBytes) branch = g_bytes_new_static(view->branch.data, view->branch.len);
	GByteArray *out = g_byte_array_new();
	char line[128], tag[48];

	g_snprintf(line, sizeof(line), "SIP/2.0 %u %s\r\n", status, reason);
	append_text(out, line);
	append_vias(out, view);
	append_header(out, "From: ", view->from, "\r\n");
	/* A To tag that stays the same for the same transaction (RFC 3261, 8.2.6.2). */
	g_snprintf(tag, sizeof(tag), ";tag=p2psip-%08x\r\n", g_bytes_hash(branch));
	append_header(out, "To: ", view->to, view->to_tag || status == 100 ? "\r\n" : tag);
	append_header(out, "Call-ID: ", view->call_id, "\r\n");
	append_header(out, "CSeq: ", view->cseq_number, " ");
	append_header(out, "", view->method, "\r\n");
	append_text(out, "Content-Length: 0\r\n\r\n");
	return g_byte_array_free_to_bytes(out);
}

GBytes *sip_view_cancel(const SipView *view)
{
	GByteArray *out = g_byte_array_new();

	append_header(out, "CANCEL ", view->uri, " SIP/2.0\r\n");
	append_header(out, "Via: ", view->via, "\r\n");
	append_header(out, "From: ", view->from, "\r\n");
	append_header(out, "To: ", view->to, "\r\n");
	append_header(out, "Call-ID: ", view->call_id, "\r\n");
	append_header(out, "CSeq: ", view->cseq_number, " CANCEL\r\n");
	append_text(out, "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n");
	return g_byte_array_free_to_bytes(out);
}
