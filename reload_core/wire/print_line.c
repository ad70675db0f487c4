/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single lines of a printed message. */
#include "reload_core/wire/print_internal.h"

/* Bytes of one field that are shown. */
#define SHOWN_MAX 128

static void indent(ReloadPrinter *p)
{
	for (unsigned i = 0; i < p->depth; i++)
		g_string_append(p->out, "  ");
}

void reload_print_line(ReloadPrinter *p, const char *format, ...)
{
	va_list args;

	indent(p);
	va_start(args, format);
	g_string_append_vprintf(p->out, format, args);
	va_end(args);
	g_string_append_c(p->out, '\n');
}

static void append_hex(GString *out, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		g_string_append_printf(out, "%02x", bytes[i]);
}

/* Ends a line whose field was cut off if it had more bytes than are shown. */
static void end_line(ReloadPrinter *p, size_t len)
{
	if (len > SHOWN_MAX)
		g_string_append_printf(p->out, "... (%zu bytes)", len);
	g_string_append_c(p->out, '\n');
}

void reload_print_hex(ReloadPrinter *p, const char *name, ReloadSpan bytes)
{
	indent(p);
	g_string_append_printf(p->out, "%s: ", name);
	append_hex(p->out, bytes.data, MIN(bytes.len, SHOWN_MAX));
	end_line(p, bytes.len);
}

void reload_print_text(ReloadPrinter *p, const char *name, ReloadSpan text)
{
	indent(p);
	g_string_append_printf(p->out, "%s: \"", name);
	for (size_t i = 0; i < MIN(text.len, SHOWN_MAX); i++) {
		char c = (char)text.data[i];

		if (c == '"' || c == '\\')
			g_string_append_printf(p->out, "\\%c", c);
		else if (g_ascii_isprint(c))
			g_string_append_c(p->out, c);
		else
			g_string_append_printf(p->out, "\\x%02x", text.data[i]);
	}
	g_string_append_c(p->out, '"');
	end_line(p, text.len);
}

void reload_print_node_id(ReloadPrinter *p, const char *name, const ReloadNodeId *id)
{
	reload_print_hex(p, name, reload_node_id_span(id));
}

void reload_print_resource_id(ReloadPrinter *p, const char *name, const ReloadResourceId *id)
{
	reload_print_hex(p, name, reload_resource_id_span(id));
}

void reload_print_node_ids(ReloadPrinter *p, const char *name, ReloadSpan list)
{
	ReloadNodeId id;

	reload_print_line(p, "%s: %zu", name, list.len / p->node_id_len);
	p->depth++;
	while (reload_node_id_next(&list, p->node_id_len, &id))
		reload_print_node_id(p, "node_id", &id);
	p->depth--;
}

void reload_print_destination(ReloadPrinter *p, const ReloadDestination *d)
{
	switch (d->type) {
	case RELOAD_DESTINATION_NODE:
		reload_print_node_id(p, "node", &d->node_id);
		break;
	case RELOAD_DESTINATION_RESOURCE:
		reload_print_resource_id(p, "resource", &d->resource_id);
		break;
	case RELOAD_DESTINATION_OPAQUE:
		reload_print_hex(p, d->bare ? "opaque (16 bits)" : "opaque", d->opaque);
		break;
	default:
		reload_print_hex(p, "destination of an unknown type", d->raw);
	}
}

void reload_print_destinations(ReloadPrinter *p, const char *name, ReloadSpan list)
{
	ReloadDestination d;

	reload_print_line(p, "%s: %zu", name, reload_destination_list_count(list));
	p->depth++;
	while (reload_destination_next(&list, &d))
		reload_print_destination(p, &d);
	p->depth--;
}

void reload_print_address(ReloadPrinter *p, const char *name, const ReloadAddress *address)
{
	char text[RELOAD_ADDRESS_TEXT];

	reload_print_line(p, "%s: %s", name, reload_address_to_text(address, text));
}

void reload_print_kind(ReloadPrinter *p, uint32_t kind)
{
	reload_print_line(p, "kind: 0x%x (%s)", kind, reload_kind_name(kind));
}

void reload_print_time(ReloadPrinter *p, const char *name, uint64_t time)
{
	g_autoptr(GDateTime) date = NULL;
	g_autofree char *text = NULL;

	if (time / 1000 <= G_MAXINT64)
		date = g_date_time_new_from_unix_utc((gint64)(time / 1000));
	if (date != NULL)
		text = g_date_time_format(date, "%Y-%m-%d %H:%M:%S");
	if (text != NULL)
		reload_print_line(p, "%s: %" G_GUINT64_FORMAT " (%s.%03u UTC)", name, time, text,
				  (unsigned)(time % 1000));
	else
		reload_print_line(p, "%s: %" G_GUINT64_FORMAT, name, time);
}

void reload_print_signature(ReloadPrinter *p, const ReloadSignature *signature)
{
	const ReloadSignerIdentity *identity = &signature->identity;

	reload_print_line(p, "signature: %s with %s, %zu bytes",
			  reload_signature_algorithm_name(signature->signature_alg),
			  reload_hash_name(signature->hash_alg), signature->value.len);
	p->depth++;
	switch (identity->type) {
	case RELOAD_SIGNER_CERT_HASH:
	case RELOAD_SIGNER_CERT_HASH_NODE_ID:
		reload_print_line(p, "identity: %s, %s",
				  identity->type == RELOAD_SIGNER_CERT_HASH ? "cert_hash"
									    : "cert_hash_node_id",
				  reload_hash_name(identity->hash_alg));
		reload_print_hex(p, "hash", identity->hash);
		break;
	case RELOAD_SIGNER_NONE:
		reload_print_line(p, "identity: none");
		break;
	default:
		reload_print_hex(p, "identity of an unknown type", identity->raw);
	}
	p->depth--;
}

void reload_print_malformed(ReloadPrinter *p, ReloadSpan bytes, ReloadStatus status)
{
	reload_print_line(p, "not decoded: %s", reload_strerror(status));
	reload_print_hex(p, "bytes", bytes);
	if (p->status == RELOAD_OK)
		p->status = status;
}
