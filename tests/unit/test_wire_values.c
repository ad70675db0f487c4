/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exact bytes of single structures, and rules that go beyond their form. */
#include "reload_core/wire/address.h"
#include "reload_core/wire/attach.h"
#include "reload_core/wire/config_update.h"
#include "reload_core/wire/error.h"
#include "reload_core/wire/fetch.h"
#include "reload_core/wire/find.h"
#include "reload_core/wire/security_block.h"
#include "reload_core/wire/sip_registration.h"
#include "reload_core/wire/store.h"
#include "reload_core/wire/turn_server.h"

static ReloadSpan view(const GByteArray *bytes)
{
	return reload_span(bytes->data, bytes->len);
}

#define LITERAL(text) reload_span(text, sizeof(text) - 1)

static void test_address(void)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	ReloadAddress address;
	char text[RELOAD_ADDRESS_TEXT];

	/* The example of RFC 6940, 6.3.1.1. */
	g_assert_true(reload_address_from_text("192.0.2.1", 6084, &address));
	g_assert_true(reload_write_address(out, &address));
	g_assert_cmpmem(out->data, out->len, "\x01\x06\xc0\x00\x02\x01\x17\xc4", 8);
	g_assert_cmpstr(reload_address_to_text(&address, text), ==, "192.0.2.1:6084");
	g_assert_true(reload_address_from_text("2001:db8::1", 6084, &address));
	g_assert_cmpstr(reload_address_to_text(&address, text), ==, "[2001:db8::1]:6084");
	g_assert_false(reload_address_from_text("example.org", 6084, &address));
}

static void test_address_forms(void)
{
	ReloadReader r = reload_reader(LITERAL("\x07\x03xyz"));
	ReloadAddress address;

	/* An unknown type is skipped over; a known one must have its own length. */
	g_assert_true(reload_read_address(&r, &address));
	g_assert_true(reload_span_equal(address.raw, LITERAL("xyz")));
	r = reload_reader(LITERAL("\x01\x05\xc0\x00\x02\x01\x17"));
	g_assert_false(reload_read_address(&r, &address));
	r = reload_reader(LITERAL("\x00\x00"));
	g_assert_false(reload_read_address(&r, &address));
}

static void test_sip_registration(void)
{
	static const uint8_t uri[] = "\x01\x00\x07\x00\x05"
				     "s@d.e";
	static const uint8_t route[] = "\x02\x00\x19\x00\x03"
				       "abc\x00\x12\x01\x10NNNNNNNNNNNNNNNN";
	g_autoptr(GByteArray) out = g_byte_array_new();
	ReloadSipRegistration registration;

	g_assert_cmpint(reload_sip_registration_decode(reload_span(uri, 10), 16, &registration), ==,
			RELOAD_OK);
	g_assert_true(reload_span_equal(registration.uri, LITERAL("s@d.e")));
	g_assert_true(reload_write_sip_registration(out, &registration));
	g_assert_cmpmem(out->data, out->len, uri, 10);
	g_byte_array_set_size(out, 0);
	g_assert_cmpint(reload_sip_registration_decode(reload_span(route, sizeof(route) - 1), 16,
						       &registration),
			==, RELOAD_OK);
	g_assert_true(reload_span_equal(registration.contact_prefs, LITERAL("abc")));
	g_assert_cmpuint(reload_destination_list_count(registration.destination_list), ==, 1);
	g_assert_true(reload_write_sip_registration(out, &registration));
	g_assert_cmpmem(out->data, out->len, route, sizeof(route) - 1);
	for (size_t len = 0; len < sizeof(route) - 1; len++)
		g_assert_cmpint(
		    reload_sip_registration_decode(reload_span(route, len), 16, &registration), ==,
		    RELOAD_E_MALFORMED);
	/* A route to nowhere: the list has to have an entry. */
	g_assert_cmpint(reload_sip_registration_decode(LITERAL("\x02\x00\x04\x00\x00\x00\x00"), 16,
						       &registration),
			==, RELOAD_E_MALFORMED);
	g_assert_cmpint(reload_sip_registration_decode(LITERAL("\x09\x00\x01x"), 16, &registration),
			==, RELOAD_OK);
}

static void test_turn_server(void)
{
	static const uint8_t value[] = "\x03\x01\x06\xc0\x00\x02\x09\x0d\x96";
	g_autoptr(GByteArray) out = g_byte_array_new();
	ReloadTurnServer server;

	g_assert_cmpint(reload_turn_server_decode(reload_span(value, 9), &server), ==, RELOAD_OK);
	g_assert_cmpuint(server.iteration, ==, 3);
	g_assert_cmpuint(server.server_address.port, ==, 3478);
	g_assert_true(reload_write_turn_server(out, &server));
	g_assert_cmpmem(out->data, out->len, value, 9);
	for (size_t len = 0; len < 9; len++)
		g_assert_cmpint(reload_turn_server_decode(reload_span(value, len), &server), ==,
				RELOAD_E_MALFORMED);
	/* A byte too many; lengths of the address that are not its type's, or more than there is. */
	g_assert_cmpint(reload_turn_server_decode(reload_span(value, 10), &server), ==,
			RELOAD_E_MALFORMED);
	g_assert_cmpint(
	    reload_turn_server_decode(LITERAL("\x01\x01\x05\xc0\x00\x02\x09\x0d"), &server), ==,
	    RELOAD_E_MALFORMED);
	g_assert_cmpint(
	    reload_turn_server_decode(LITERAL("\x01\x02\x06\xc0\x00\x02\x09\x0d\x96"), &server), ==,
	    RELOAD_E_MALFORMED);
	g_assert_cmpint(
	    reload_turn_server_decode(LITERAL("\x01\x01\xff\xc0\x00\x02\x09\x0d\x96"), &server), ==,
	    RELOAD_E_MALFORMED);
}

/* RFC 6940, 7.4.2.2: an array's index is signed as 0, everything else as it is. */
static void test_signed_value(void)
{
	g_autoptr(GByteArray) plain = g_byte_array_new();
	g_autoptr(GByteArray) to_sign = g_byte_array_new();
	ReloadStoredValue value = {
	    .model = RELOAD_MODEL_ARRAY,
	    .index = 5,
	    .exists = true,
	    .value = LITERAL("foo"),
	};

	g_assert_true(reload_write_stored_value(plain, &value));
	g_assert_cmpmem(plain->data, plain->len,
			"\x00\x00\x00\x05\x01\x00\x00\x00\x03"
			"foo",
			12);
	g_assert_true(reload_write_signed_value(to_sign, &value));
	g_assert_cmpmem(to_sign->data, to_sign->len,
			"\x00\x00\x00\x00\x01\x00\x00\x00\x03"
			"foo",
			12);
	value.model = RELOAD_MODEL_UNKNOWN;
	g_assert_false(reload_write_stored_value(plain, &value));
	g_assert_cmpuint(plain->len, ==, 12);
}

/* A Boolean other than 0 and 1 is malformed. */
static void test_boolean(void)
{
	ReloadStoredValue value;

	g_assert_cmpint(reload_stored_value_decode(LITERAL("\x02\x00\x00\x00\x00"),
						   RELOAD_MODEL_SINGLE, &value),
			==, RELOAD_E_MALFORMED);
	g_assert_cmpint(reload_stored_value_decode(LITERAL("\x00\x00\x00\x00\x00"),
						   RELOAD_MODEL_SINGLE, &value),
			==, RELOAD_OK);
	g_assert_false(value.exists);
}

/* Appends Kinds without values, kind by kind, and decodes the StoreReq that they make. */
static ReloadStatus decode_store(const uint32_t *kinds, size_t count)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	g_autoptr(GByteArray) body = g_byte_array_new();
	ReloadStoreReq req = {.resource = {.len = 16}};

	for (size_t i = 0; i < count; i++) {
		ReloadStoreKindData data = {.kind = kinds[i]};

		g_assert_true(reload_write_store_kind_data(list, &data));
	}
	req.kind_data = view(list);
	g_assert_true(reload_write_store_req(body, &req));
	return reload_store_req_decode(view(body), reload_iana_data_model, NULL, &req);
}

static void test_store_kinds(void)
{
	uint32_t kinds[RELOAD_KINDS_MAX + 1];

	for (uint32_t i = 0; i <= RELOAD_KINDS_MAX; i++)
		kinds[i] = i + 1;
	g_assert_cmpint(decode_store(kinds, RELOAD_KINDS_MAX), ==, RELOAD_OK);
	g_assert_cmpint(decode_store(kinds, RELOAD_KINDS_MAX + 1), ==, RELOAD_E_LIMIT);
	kinds[7] = kinds[3];
	g_assert_cmpint(decode_store(kinds, 8), ==, RELOAD_E_MALFORMED);
}

/* Values of a Kind that is not known are left for Error_Unknown_Kind, not refused as malformed. */
static void test_store_unknown_kind(void)
{
	g_autoptr(GByteArray) list = g_byte_array_new();
	g_autoptr(GByteArray) body = g_byte_array_new();
	ReloadStoreReq req = {.resource = {.len = 16}};
	ReloadStoreKindData kind = {
	    .kind = 0xf0000001,
	    .values = LITERAL("\x00\x00\x00\x0d"
			      "TTTTTTTTLLLL?"),
	};
	ReloadStoredData data;

	g_assert_true(reload_write_store_kind_data(list, &kind));
	req.kind_data = view(list);
	g_assert_true(reload_write_store_req(body, &req));
	g_assert_cmpint(reload_store_req_decode(view(body), reload_iana_data_model, NULL, &req), ==,
			RELOAD_OK);
	g_assert_true(reload_store_kind_data_next(&req.kind_data, &kind));
	g_assert_true(reload_stored_data_next(&kind.values, RELOAD_MODEL_UNKNOWN, &data));
	g_assert_cmpint(data.value.model, ==, RELOAD_MODEL_UNKNOWN);
	g_assert_cmpuint(data.raw.len, ==, 17);
	/* The same bytes as a dictionary make no sense. */
	kind.values = LITERAL("\x00\x00\x00\x0d"
			      "TTTTTTTTLLLL?");
	g_assert_false(reload_stored_data_list_valid(kind.values, RELOAD_MODEL_DICTIONARY));
}

static void test_ranges(void)
{
	ReloadSpan apart = LITERAL("\x00\x00\x00\x00\x00\x00\x00\x01"
				   "\x00\x00\x00\x02\xff\xff\xff\xff");
	ReloadSpan touching = LITERAL("\x00\x00\x00\x00\x00\x00\x00\x02"
				      "\x00\x00\x00\x02\xff\xff\xff\xff");
	g_autoptr(GByteArray) specifier = g_byte_array_new();
	ReloadStoredDataSpecifier s = {.kind = RELOAD_KIND_CERTIFICATE_BY_NODE,
				       .model = RELOAD_MODEL_ARRAY};
	ReloadSpan list;

	g_assert_false(reload_array_ranges_overlap(apart));
	g_assert_true(reload_array_ranges_overlap(touching));
	s.items = LITERAL("\x00\x00\x00\x02\x00\x00\x00\x01"); /* backwards */
	g_assert_true(reload_write_specifier(specifier, &s));
	list = view(specifier);
	g_assert_false(reload_specifier_next(&list, reload_iana_data_model, NULL, &s));
}

static void test_find_kinds(void)
{
	ReloadFindReq req;

	g_assert_cmpint(
	    reload_find_req_decode(LITERAL("\x01x\x08\x00\x00\x00\x01\x00\x00\x00\x02"), &req), ==,
	    RELOAD_OK);
	g_assert_cmpint(
	    reload_find_req_decode(LITERAL("\x01x\x08\x00\x00\x00\x01\x00\x00\x00\x01"), &req), ==,
	    RELOAD_E_MALFORMED);
	g_assert_cmpint(reload_find_req_decode(LITERAL("\x01x\x03\x00\x00\x00"), &req), ==,
			RELOAD_E_MALFORMED);
}

static void test_signature_none(void)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	ReloadSignature none = reload_signature_none(), again;
	ReloadReader r;

	g_assert_true(reload_write_signature(out, &none));
	g_assert_cmpmem(out->data, out->len, "\x00\x00\x03\x00\x00\x00\x00", 7);
	r = reload_reader(view(out));
	g_assert_true(reload_read_signature(&r, &again));
	g_assert_true(reload_signature_is_none(&again));
	out->data[2] = 9; /* an identity type of the future is kept as it is */
	r = reload_reader(view(out));
	g_assert_true(reload_read_signature(&r, &again));
	g_assert_false(reload_signature_is_none(&again));
	g_assert_true(reload_span_equal(again.identity.raw, LITERAL("\x09\x00\x00")));
	out->data[2] = 1; /* a hash without a hash */
	r = reload_reader(view(out));
	g_assert_false(reload_read_signature(&r, &again));
}

static void test_error_text(void)
{
	ReloadErrorResponse error = {RELOAD_ERROR_FORBIDDEN, LITERAL("a\nb\x1b[2J\xff")};
	g_autofree char *text = reload_error_text(&error);
	g_autofree char *unknown = NULL, *structured = NULL;
	uint8_t many[1000];

	g_assert_cmpstr(text, ==, "Error_Forbidden: a?b?[2J?");
	memset(many, 'x', sizeof(many));
	error = (ReloadErrorResponse){0x7777, {many, sizeof(many)}};
	unknown = reload_error_text(&error);
	g_assert_true(g_str_has_prefix(unknown, "error 0x7777: xxx"));
	g_assert_cmpuint(strlen(unknown), <=, 200);
	error.error_code = RELOAD_ERROR_UNKNOWN_KIND;
	structured = reload_error_text(&error);
	g_assert_cmpstr(structured, ==, "Error_Unknown_Kind");
}

static void test_unknown_kinds(void)
{
	static const uint32_t kinds[] = {1, 0xf0000001};
	uint32_t many[64] = {0}, kind;
	g_autoptr(GByteArray) out = g_byte_array_new();
	ReloadSpan list;

	g_assert_true(reload_write_unknown_kinds(out, kinds, 2));
	g_assert_cmpmem(out->data, out->len, "\x08\x00\x00\x00\x01\xf0\x00\x00\x01", 9);
	g_assert_cmpint(reload_unknown_kinds_decode(view(out), &list), ==, RELOAD_OK);
	g_assert_true(reload_kind_next(&list, &kind));
	g_assert_true(reload_kind_next(&list, &kind));
	g_assert_cmphex(kind, ==, 0xf0000001);
	g_assert_false(reload_write_unknown_kinds(out, many, 64));
	g_assert_cmpint(reload_unknown_kinds_decode(LITERAL("\x03xyz"), &list), ==,
			RELOAD_E_MALFORMED);
}

static void test_candidate_type(void)
{
	/* A candidate of type 7: what would follow is not known. */
	static const uint8_t body[] = "\x00\x00\x00\x00\x11\x01\x06\xc0\x00\x02\x01\x17\xc4\x04\x00"
				      "\x00\x00\x00\x00\x07\x00\x00\x00";
	ReloadAttach attach;
	uint8_t *copy = g_memdup2(body, sizeof(body) - 1);

	g_assert_cmpint(reload_attach_decode(reload_span(copy, sizeof(body) - 1), &attach), ==,
			RELOAD_E_UNSUPPORTED);
	copy[19] = RELOAD_CAND_HOST;
	g_assert_cmpint(reload_attach_decode(reload_span(copy, sizeof(body) - 1), &attach), ==,
			RELOAD_OK);
	g_free(copy);
}

static void test_vectors_too_long(void)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	g_autofree uint8_t *bytes = g_malloc0(0x10000);
	ReloadAttach attach = {.ufrag = {bytes, 256}};
	size_t mark;

	g_assert_false(reload_write_vector8(out, reload_span(bytes, 256)));
	g_assert_false(reload_write_vector16(out, reload_span(bytes, 0x10000)));
	g_assert_false(reload_write_attach(out, &attach));
	g_assert_cmpuint(out->len, ==, 0);
	reload_write_u8(out, 1);
	mark = reload_begin_vector16(out);
	reload_write_bytes(out, reload_span(bytes, 0x10000));
	g_assert_false(reload_end_vector16(out, mark));
	g_assert_cmpuint(out->len, ==, 1);
}

static void test_config_update(void)
{
	static const uint8_t unknown[] = "\x09\x00\x00\x00\x02xy";
	g_autoptr(GByteArray) out = g_byte_array_new();
	ReloadConfigUpdateReq req;

	/* "This structure allows for unknown content types." */
	g_assert_cmpint(reload_config_update_req_decode(reload_span(unknown, 7), &req), ==,
			RELOAD_OK);
	g_assert_true(reload_write_config_update_req(out, &req));
	g_assert_cmpmem(out->data, out->len, unknown, 7);
	g_assert_cmpint(
	    reload_config_update_req_decode(LITERAL("\x01\x00\x00\x00\x04\x00\x00\x02x"), &req), ==,
	    RELOAD_E_MALFORMED);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/wire/values/address", test_address);
	g_test_add_func("/wire/values/address-forms", test_address_forms);
	g_test_add_func("/wire/values/sip-registration", test_sip_registration);
	g_test_add_func("/wire/values/turn-server", test_turn_server);
	g_test_add_func("/wire/values/signed-value", test_signed_value);
	g_test_add_func("/wire/values/boolean", test_boolean);
	g_test_add_func("/wire/values/store-kinds", test_store_kinds);
	g_test_add_func("/wire/values/store-unknown-kind", test_store_unknown_kind);
	g_test_add_func("/wire/values/ranges", test_ranges);
	g_test_add_func("/wire/values/find-kinds", test_find_kinds);
	g_test_add_func("/wire/values/signature-none", test_signature_none);
	g_test_add_func("/wire/values/error-text", test_error_text);
	g_test_add_func("/wire/values/unknown-kinds", test_unknown_kinds);
	g_test_add_func("/wire/values/candidate-type", test_candidate_type);
	g_test_add_func("/wire/values/vectors-too-long", test_vectors_too_long);
	g_test_add_func("/wire/values/config-update", test_config_update);
	return g_test_run();
}
