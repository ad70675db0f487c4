/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cuts a stream of bytes into whole SIP messages (RFC 3261, 7.5 and 18.3; RFC 5626, 4.4.1). It is
 * strict about line ends: who reads the message next may take a lone LF for the end of a line, and
 * would then see other headers than we did. */
#include "reload_core/link/sip_stream.h"

struct ReloadSipStream {
	GByteArray *bytes;
	size_t start;	/* of the message that is being gathered */
	size_t scanned; /* no end of header begins before; from start */
	size_t taken;	/* length of the message that was handed out last, still in bytes */
	size_t header;	/* length of the header, 0: not complete yet */
	size_t body;	/* then: length of the body */
	bool half_ping; /* one CRLF of a keep-alive has come */
	unsigned pings;
	ReloadStatus failed;
};

ReloadSipStream *reload_sip_stream_new(void)
{
	ReloadSipStream *stream = g_new0(ReloadSipStream, 1);

	stream->bytes = g_byte_array_new();
	return stream;
}

void reload_sip_stream_free(ReloadSipStream *stream)
{
	if (stream == NULL)
		return;
	g_byte_array_unref(stream->bytes);
	g_free(stream);
}

static void drop_taken(ReloadSipStream *stream)
{
	stream->start += stream->taken;
	stream->taken = 0;
}

ReloadStatus reload_sip_stream_feed(ReloadSipStream *stream, ReloadSpan bytes)
{
	if (stream->failed != RELOAD_OK)
		return RELOAD_E_STATE;
	drop_taken(stream);
	if (stream->start == stream->bytes->len)
		g_byte_array_set_size(stream->bytes, 0);
	else if (stream->start > 0)
		g_byte_array_remove_range(stream->bytes, 0, (guint)stream->start);
	stream->start = 0;
	g_byte_array_append(stream->bytes, bytes.data, (guint)bytes.len);
	return RELOAD_OK;
}

unsigned reload_sip_stream_take_pings(ReloadSipStream *stream)
{
	unsigned pings = stream->pings;

	stream->pings = 0;
	return pings;
}

/* ---- the header ---- */

static bool is_token(uint8_t c)
{
	return g_ascii_isalnum(c) || (c != '\0' && strchr("-.!%*_+`'~", c) != NULL);
}

/* Length of the line at text, without its CRLF; false: a CR or LF that is no line end, or a NUL. */
static bool line_length(const uint8_t *text, size_t length, size_t *out)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\0' || text[i] == '\n')
			return false;
		if (text[i] != '\r')
			continue;
		*out = i;
		return i + 1 < length && text[i + 1] == '\n';
	}
	return false;
}

/* Request-Line: Method SP Request-URI SP SIP/2.0; Status-Line: SIP/2.0 SP 3DIGIT SP Reason-Phrase.
 */
static bool start_line_valid(const uint8_t *line, size_t length)
{
	static const char version[] = "SIP/2.0";
	const size_t version_length = sizeof(version) - 1;
	const uint8_t *end = line + length, *space;

	if (length > version_length &&
	    g_ascii_strncasecmp((const char *)line, version, version_length) == 0)
		return length >= version_length + 5 && line[7] == ' ' && g_ascii_isdigit(line[8]) &&
		       g_ascii_isdigit(line[9]) && g_ascii_isdigit(line[10]) && line[11] == ' ';
	space = memchr(line, ' ', length);
	if (space == NULL || space == line)
		return false;
	for (const uint8_t *c = line; c < space; c++)
		if (!is_token(*c))
			return false;
	line = space + 1;
	space = memchr(line, ' ', (size_t)(end - line));
	return space != NULL && space != line && (size_t)(end - space - 1) == version_length &&
	       g_ascii_strncasecmp((const char *)space + 1, version, version_length) == 0;
}

static bool is_content_length(const uint8_t *name, size_t length)
{
	static const char full[] = "Content-Length";

	return (length == 1 && (*name == 'l' || *name == 'L')) ||
	       (length == sizeof(full) - 1 &&
		g_ascii_strncasecmp((const char *)name, full, length) == 0);
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A value with white space around it. Larger than any message: as if one byte too large. */
static bool parse_length(const uint8_t *text, size_t length, size_t *out)
{
	size_t value = 0;

	while (length > 0 && is_space(*text))
		text++, length--;
	while (length > 0 && is_space(text[length - 1]))
		length--;
	if (length == 0)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!g_ascii_isdigit(text[i]))
			return false;
		value = MIN(value * 10 + (size_t)(text[i] - '0'), RELOAD_SIP_MESSAGE_MAX + 1);
	}
	*out = value;
	return true;
}

/* One header field, without its last CRLF, which may be folded over several lines. */
static bool read_field(const uint8_t *field, size_t length, bool *found, size_t *body)
{
	size_t name = 0, colon, value;

	while (name < length && is_token(field[name]))
		name++;
	colon = name;
	while (colon < length && (field[colon] == ' ' || field[colon] == '\t'))
		colon++;
	if (name == 0 || colon == length || field[colon] != ':')
		return false;
	if (!is_content_length(field, name))
		return true;
	if (!parse_length(field + colon + 1, length - colon - 1, &value) ||
	    (*found && value != *body))
		return false;
	*found = true;
	*body = value;
	return true;
}

/* header: all of it, with the empty line. */
static ReloadStatus read_header(const uint8_t *header, size_t length, size_t *body)
{
	const uint8_t *p = header, *end = header + length - 2;
	bool found = false;
	size_t line;

	if (!line_length(p, length, &line) || !start_line_valid(p, line))
		return RELOAD_E_MALFORMED;
	p += line + 2;
	while (p < end) {
		size_t field = 0;

		do { /* a line that begins with white space goes on with the field before */
			if (!line_length(p + field, (size_t)(end - p) - field, &line))
				return RELOAD_E_MALFORMED;
			field += line + 2;
		} while (p + field < end && (p[field] == ' ' || p[field] == '\t'));
		if (!read_field(p, field - 2, &found, body))
			return RELOAD_E_MALFORMED;
		p += field;
	}
	return found ? RELOAD_OK : RELOAD_E_MALFORMED;
}

/* ---- the stream ---- */

/* Takes CRLFs off the beginning. */
static ReloadStatus skip_keepalives(ReloadSipStream *stream)
{
	for (;;) {
		const uint8_t *p = stream->bytes->data + stream->start;
		size_t left = stream->bytes->len - stream->start;

		if (left == 0 || (left == 1 && *p == '\r'))
			return RELOAD_E_NOT_FOUND;
		if (p[0] != '\r') {
			stream->half_ping = false;
			return RELOAD_OK;
		}
		if (p[1] != '\n')
			return RELOAD_E_MALFORMED;
		stream->start += 2;
		if (stream->half_ping)
			stream->pings++;
		stream->half_ping = !stream->half_ping;
	}
}

static ReloadStatus find_header(ReloadSipStream *stream)
{
	const uint8_t *p = stream->bytes->data + stream->start;
	size_t left = stream->bytes->len - stream->start;
	const uint8_t *end = memmem(p + stream->scanned, left - stream->scanned, "\r\n\r\n", 4);
	ReloadStatus status;

	/* not even a method: do not gather 48 KiB of something else first */
	if (!is_token(*p))
		return RELOAD_E_MALFORMED;
	if (end == NULL) {
		stream->scanned = left > 3 ? left - 3 : 0;
		return left > RELOAD_SIP_HEADER_MAX ? RELOAD_E_TOO_LARGE : RELOAD_E_NOT_FOUND;
	}
	stream->header = (size_t)(end - p) + 4;
	if (stream->header > RELOAD_SIP_HEADER_MAX)
		return RELOAD_E_TOO_LARGE;
	status = read_header(p, stream->header, &stream->body);
	if (status == RELOAD_OK && stream->header + stream->body > RELOAD_SIP_MESSAGE_MAX)
		status = RELOAD_E_TOO_LARGE;
	return status;
}

static ReloadStatus gather(ReloadSipStream *stream, ReloadSpan *message)
{
	ReloadStatus status;

	if (stream->header == 0) {
		status = skip_keepalives(stream);
		if (status == RELOAD_OK)
			status = find_header(stream);
		if (status != RELOAD_OK)
			return status;
	}
	if (stream->bytes->len - stream->start < stream->header + stream->body)
		return RELOAD_E_NOT_FOUND;
	stream->taken = stream->header + stream->body;
	*message = (ReloadSpan){stream->bytes->data + stream->start, stream->taken};
	stream->header = stream->body = stream->scanned = 0;
	return RELOAD_OK;
}

ReloadStatus reload_sip_stream_next(ReloadSipStream *stream, ReloadSpan *message)
{
	ReloadStatus status;

	if (stream->failed != RELOAD_OK)
		return stream->failed;
	drop_taken(stream);
	status = gather(stream, message);
	if (status != RELOAD_OK && status != RELOAD_E_NOT_FOUND)
		stream->failed = status;
	return status;
}
