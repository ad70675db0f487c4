/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changing DER so that it stays DER. */
#include "tests/fuzz/der.h"

#define CONSTRUCTED 0x20
#define TAG_OCTET_STRING 0x04
#define TAG_NUMBER 0x1f
#define DEPTH_MAX 16
/* A content may grow by so much at once. */
#define GROWTH_MAX 64

typedef struct {
	uint32_t random;
	unsigned target, at; /* elements, in the order of a walk */
	Der other;	     /* some element of the same tree */
	DerMutate mutate;
} Edit;

bool der_next(ReloadSpan *list, Der *out)
{
	ReloadReader reader = reload_reader(*list);
	uint8_t tag = reload_read_u8(&reader), first = reload_read_u8(&reader);
	size_t len = first;

	if (reader.failed || (tag & TAG_NUMBER) == TAG_NUMBER)
		return false;
	if (first > 0x80 && first <= 0x83) {
		len = 0;
		for (unsigned i = 0; i < first - 0x80u; i++)
			len = len << 8 | reload_read_u8(&reader);
	} else if (first >= 0x80) {
		return false;
	}
	if (!reload_read_span(&reader, len, &out->content))
		return false;
	out->tag = tag;
	out->whole = reload_span(list->data, (size_t)(out->content.data + len - list->data));
	*list = reload_span(list->data + out->whole.len, list->len - out->whole.len);
	return true;
}

void der_write(GByteArray *out, uint8_t tag, ReloadSpan content)
{
	reload_write_u8(out, tag);
	if (content.len < 0x80) {
		reload_write_u8(out, (uint8_t)content.len);
	} else {
		unsigned bytes = content.len > 0xffff ? 3 : content.len > 0xff ? 2 : 1;

		reload_write_u8(out, (uint8_t)(0x80 + bytes));
		while (bytes-- > 0)
			reload_write_u8(out, (uint8_t)(content.len >> 8 * bytes));
	}
	reload_write_bytes(out, content);
}

/* Are there elements inside? OCTET STRINGs hold extensions. */
static bool has_children(const Der *der, unsigned depth)
{
	ReloadSpan rest = der->content;
	unsigned count = 0;
	Der child;

	if (depth >= DEPTH_MAX || (!(der->tag & CONSTRUCTED) && der->tag != TAG_OCTET_STRING))
		return false;
	while (der_next(&rest, &child))
		count++;
	return count > 0 && rest.len == 0;
}

static unsigned count(ReloadSpan list, unsigned depth)
{
	unsigned all = 0;
	Der der;

	while (der_next(&list, &der))
		all += 1 + (has_children(&der, depth) ? count(der.content, depth + 1) : 0);
	return all;
}

/* The element of that number; false when there are fewer (*number is then what is missing). */
static bool find(ReloadSpan list, unsigned *number, unsigned depth, Der *out)
{
	while (der_next(&list, out)) {
		Der self = *out;

		if ((*number)-- == 0)
			return true;
		if (has_children(&self, depth) && find(self.content, number, depth + 1, out))
			return true;
	}
	return false;
}

static void mutate_content(GByteArray *out, const Edit *edit, const Der *der)
{
	size_t max = der->content.len + GROWTH_MAX, len = der->content.len;
	uint8_t *copy = g_malloc0(max);

	if (len > 0)
		memcpy(copy, der->content.data, len);
	len = edit->mutate(copy, len, max);
	der_write(out, der->tag, reload_span(copy, len));
	g_free(copy);
}

static void apply(GByteArray *out, const Edit *edit, const Der *der)
{
	switch (edit->random % 16) {
	case 0: /* gone */
		break;
	case 1:
		reload_write_bytes(out, der->whole);
		reload_write_bytes(out, der->whole);
		break;
	case 2:
		der_write(out, (uint8_t)(der->tag ^ 1u << edit->random / 16 % 8), der->content);
		break;
	case 3:
		reload_write_bytes(out, edit->other.whole);
		break;
	case 4:
		reload_write_bytes(out, edit->other.whole);
		reload_write_bytes(out, der->whole);
		break;
	case 5:
		der_write(out, der->tag, edit->other.content);
		break;
	default:
		mutate_content(out, edit, der);
		break;
	}
}

static void rewrite(GByteArray *out, ReloadSpan list, Edit *edit, unsigned depth)
{
	Der der;

	while (der_next(&list, &der)) {
		if (edit->at++ == edit->target) {
			apply(out, edit, &der);
		} else if (has_children(&der, depth)) {
			GByteArray *inside = g_byte_array_new();

			rewrite(inside, der.content, edit, depth + 1);
			der_write(out, der.tag, reload_span(inside->data, inside->len));
			g_byte_array_unref(inside);
		} else {
			reload_write_bytes(out, der.whole);
		}
	}
	reload_write_bytes(out, list); /* what is no DER */
}

void der_edit(GByteArray *out, ReloadSpan list, uint32_t random, DerMutate mutate)
{
	unsigned all = count(list, 0), other;
	Edit edit = {.random = random >> 20, .mutate = mutate};

	if (all == 0)
		return;
	edit.target = random % all;
	other = (random >> 10) % all;
	find(list, &other, 0, &edit.other);
	rewrite(out, list, &edit, 0);
}
