/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Message contents (RFC 6940, 6.3.3), and the parts of a message together. */
#include "reload_core/wire/message.h"

#include "reload_core/wire/list.h"

/* Tells whether list is made of whole extensions. */
static bool extensions_valid(ReloadSpan list)
{
	ReloadExtension extension;

	while (list.len > 0) {
		if (!reload_extension_next(&list, &extension) || extension.type == 0)
			return false;
	}
	return true;
}

ReloadStatus reload_message_decode_rest(ReloadSpan rest, ReloadMessage *out)
{
	ReloadReader r = reload_reader(rest);

	out->code = reload_read_u16(&r);
	reload_read_vector32(&r, &out->body);
	reload_read_vector32(&r, &out->extensions);
	if (r.failed || !extensions_valid(out->extensions))
		return RELOAD_E_MALFORMED;
	if (!reload_code_is_request(out->code) && !reload_code_is_response(out->code))
		return RELOAD_E_MALFORMED;
	out->contents = reload_span(rest.data, (size_t)(r.p - rest.data));
	reload_read_security_block(&r, &out->security);
	return reload_reader_finish(&r);
}

ReloadStatus reload_message_decode(ReloadSpan message, unsigned node_id_len, ReloadMessage *out)
{
	ReloadSpan rest;
	ReloadStatus status;

	memset(out, 0, sizeof(*out));
	status = reload_header_decode(message, node_id_len, &out->header, &rest);
	if (status != RELOAD_OK)
		return status;
	if (!reload_header_is_whole(&out->header))
		return RELOAD_E_MALFORMED;
	return reload_message_decode_rest(rest, out);
}

bool reload_extension_next(ReloadSpan *extensions, ReloadExtension *out)
{
	ReloadReader r = reload_reader(*extensions);

	out->type = reload_read_u16(&r);
	out->critical = reload_read_bool(&r);
	reload_read_vector32(&r, &out->contents);
	return reload_list_advance(extensions, &r);
}

bool reload_write_extension(GByteArray *buf, const ReloadExtension *extension)
{
	size_t start = buf->len;

	reload_write_u16(buf, extension->type);
	reload_write_u8(buf, extension->critical);
	return reload_write_commit(buf, start, reload_write_vector32(buf, extension->contents));
}

size_t reload_begin_contents(GByteArray *buf, uint16_t code)
{
	reload_write_u16(buf, code);
	return reload_begin_vector32(buf);
}

bool reload_end_contents(GByteArray *buf, size_t mark, ReloadSpan extensions)
{
	return reload_end_vector32(buf, mark) && reload_write_vector32(buf, extensions);
}

bool reload_write_contents(GByteArray *buf, uint16_t code, ReloadSpan body, ReloadSpan extensions)
{
	size_t start = buf->len, mark = reload_begin_contents(buf, code);

	reload_write_bytes(buf, body);
	return reload_write_commit(buf, start, reload_end_contents(buf, mark, extensions));
}
