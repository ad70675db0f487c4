/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The canonical form of AORs, with what RFC 4475 tortures parsers with, and GRUUs. */
#include "reload_core/usages/sip/aor.h"
#include "reload_core/usages/sip/gruu.h"

typedef struct {
	const char *uri;
	const char *aor; /* NULL: refused */
} Case;

static const Case cases[] = {
    {"sip:alice@example.org", "alice@example.org"},
    {"sips:alice@example.org", "alice@example.org"},
    {"SIP:alice@example.org", "alice@example.org"},
    {"alice@example.org", "alice@example.org"},
    {"sip:Alice@EXAMPLE.Org", "Alice@example.org"},
    {"sip:alice:secret@example.org:5070;transport=tcp?Subject=x%20y", "alice@example.org"},
    {"sip:%61lice@example.org;user=phone", "alice@example.org"},
    {"sip:alice@example.org.", "alice@example.org"},
    {"sip:alice@192.0.2.1", "alice@192.0.2.1"},
    {"sip:alice@[2001:DB8::1]:5060", "alice@[2001:db8::1]"},
    {"sip:*100#@example.org", "*100#@example.org"},
    {"sip:*100%23@example.org", "*100#@example.org"},
    {"sip:+1-212-555;ext=5@example.org;user=phone", "+1-212-555;ext=5@example.org"},
    /* RFC 4475, 3.1.1.3: escapes that hold a whole URI; it stays a user part */
    {"sip:sips%3Auser%40example.com@example.net", "sips:user@example.com@example.net"},
    /* 3.1.1.5: an unusual user part */
    {"sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com",
     "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com"},
    /* 3.1.1.9: semicolons in the user part */
    {"sip:user;par=u%40example.net@example.com", "user;par=u@example.net@example.com"},
    /* 3.1.1.4: escaped NULs are characters of SIP, but in no certificate */
    {"sip:null-%00-null@example.com", NULL},
    {"sip:%00@host5.example.com", NULL},
    {"sip:a%0d%0ab@example.com", NULL},
    {"sip:a%7fb@example.com", NULL},
    {"sip:a%zzb@example.com", NULL},
    {"sip:a%4@example.com", NULL},
    {"sip:a%", NULL},
    {"sip:", NULL},
    {"", NULL},
    {"@", NULL},
    {"sip:@example.org", NULL},
    {"sip:example.org", NULL},
    {"sip:alice@", NULL},
    {"sip:alice@.", NULL},
    {"sip:alice@a..b", NULL},
    {"sip:alice@.b", NULL},
    {"sip:alice@ex ample.org", NULL},
    {"sip:alice@example.org:", NULL},
    {"sip:alice@example.org:50x60", NULL},
    {"sip:alice@example.org:123456", NULL},
    {"sip:alice@[::1", NULL},
    {"sip:alice@[]", NULL},
    {"sip:alice@[::1]x", NULL},
    {"sip:alice@example.org;x=<y>", NULL},
    {"sip:ali ce@example.org", NULL},
    {"sip:a<b@example.org", NULL},
    {"sip:a@b@example.org", NULL},
    {"sip::secret@example.org", NULL},
    {"<sip:alice@example.org>", NULL},
    {"tel:+15551234", NULL},
    {"mailto:alice@example.org", NULL},
};

static void test_uris(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		size_t len = strlen(cases[i].uri);
		char *exact =
		    g_memdup2(cases[i].uri, MAX(len, 1)); /* no NUL: ASan sees who reads on */
		ReloadAor aor, again;
		ReloadStatus status = reload_aor_from_uri(exact, len, &aor);

		g_free(exact);
		g_test_message("%s", cases[i].uri);
		g_assert_cmpint(status == RELOAD_OK, ==, cases[i].aor != NULL);
		if (!cases[i].aor)
			continue;
		g_assert_cmpstr(aor.text, ==, cases[i].aor);
		g_assert_cmpuint(aor.len, ==, strlen(aor.text));
		g_assert_cmpint(aor.text[aor.user_len], ==, '@');
		/* the canonical form is its own canonical form, and the URI made of it leads back
		 * to it */
		g_assert_cmpint(reload_aor_from_name(aor.text, aor.len, &again), ==, 0);
		g_assert_true(reload_aor_equal(&aor, &again));
		if (strchr(aor.text, '[') == NULL) {
			char *uri = reload_aor_to_uri(&aor);

			g_assert_cmpint(reload_aor_from_uri(uri, strlen(uri), &again), ==, 0);
			g_assert_true(reload_aor_equal(&aor, &again));
			g_free(uri);
		}
	}
	g_assert_cmpint(reload_aor_from_uri("tel:1", 5, &(ReloadAor){0}), ==, RELOAD_E_UNSUPPORTED);
}

static void test_bounds(void)
{
	char uri[600] = "sip:";
	ReloadAor aor = {.len = 3};

	/* 255 characters fit, 256 do not; out is left alone */
	memset(uri + 4, 'a', 243);
	strcpy(uri + 4 + 243, "@example.org");
	g_assert_cmpint(reload_aor_from_uri(uri, strlen(uri), &aor), ==, 0);
	g_assert_cmpuint(aor.len, ==, 255);
	aor.len = 3;
	memset(uri + 4, 'a', 244);
	strcpy(uri + 4 + 244, "@example.org");
	g_assert_cmpint(reload_aor_from_uri(uri, strlen(uri), &aor), ==, RELOAD_E_TOO_LARGE);
	g_assert_cmpuint(aor.len, ==, 3);
	g_assert_cmpint(reload_aor_from_name(uri, strlen(uri), &aor), ==, RELOAD_E_TOO_LARGE);
	/* a label of 64 */
	strcpy(uri, "sip:a@");
	memset(uri + 6, 'b', 64);
	strcpy(uri + 70, ".org");
	g_assert_cmpint(reload_aor_from_uri(uri, strlen(uri), &aor), ==, RELOAD_E_MALFORMED);
	g_assert_cmpint(reload_aor_from_uri(uri, strlen(uri) - 5, &aor), ==, 0);
	g_assert_cmpint(reload_aor_from_parts("al%69ce", 7, "EX.org", 6, &aor), ==, 0);
	g_assert_cmpstr(aor.text, ==, "alice@ex.org");
	g_assert_cmpint(reload_aor_from_name("noat", 4, &aor), ==, RELOAD_E_MALFORMED);
	g_assert_cmpint(reload_aor_from_name("@x.org", 6, &aor), ==, RELOAD_E_MALFORMED);
	/* no escapes in a name: '%' is '%' */
	g_assert_cmpint(reload_aor_from_name("a%61@x.org", 10, &aor), ==, 0);
	g_assert_cmpstr(aor.text, ==, "a%61@x.org");
}

static void test_gruu(void)
{
	ReloadNodeId id = {.len = 16, .id = "0123456789012345"};
	GByteArray *list = g_byte_array_new();
	GByteArray *back = g_byte_array_new();
	char *text, *uri;
	ReloadSpan value;
	static const char *const bad[] = {
	    "",		 "~~~~",     "A",  "AAAA", "MDEyMzQ1Njc4OTAxMjM0NTY3ODk~",
	    "AR AwMTIz", "\xc3\xa4", "%4", "AA~A"};

	reload_write_destination_node(list, &id);
	text = reload_gruu_encode(reload_span(list->data, list->len));
	g_assert_null(strchr(text, '='));
	g_assert_cmpstr(text, ==, "ARAwMTIzNDU2Nzg5MDEyMzQ1"); /* 18 bytes: nothing to fill up */
	uri = g_strdup_printf("sip:a;gr=no@example.com;x;GR=%s;lr?gr=no", text);
	g_assert_true(reload_gruu_find(uri, strlen(uri), &value));
	g_assert_cmpmem(value.data, value.len, text, strlen(text));
	g_assert_cmpint(reload_gruu_decode((const char *)value.data, value.len, 16, back), ==, 0);
	g_assert_cmpmem(back->data, back->len, list->data, list->len);
	g_assert_cmpint(reload_gruu_decode(text, strlen(text), 20, back), ==, RELOAD_E_MALFORMED);
	g_free(text);
	g_free(uri);
	/* two entries and '~' */
	reload_write_destination_node(list, &id);
	g_byte_array_append(list, (const guint8 *)"\x80\x01", 2);
	text = reload_gruu_encode(reload_span(list->data, list->len));
	g_assert_nonnull(strchr(text, '~'));
	g_byte_array_set_size(back, 0);
	g_assert_cmpint(reload_gruu_decode(text, strlen(text), 16, back), ==, 0);
	g_assert_cmpmem(back->data, back->len, list->data, list->len);
	g_free(text);
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
		g_assert_cmpint(reload_gruu_decode(bad[i], strlen(bad[i]), 16, back), ==,
				RELOAD_E_MALFORMED);
	g_assert_false(reload_gruu_find("sip:a@b;gr", 10, &value));
	g_assert_false(reload_gruu_find("sip:a@b;gr=", 11, &value));
	g_assert_false(reload_gruu_find("sip:a;gr=x", 10, &value));
	g_assert_false(reload_gruu_find("", 0, &value));
	text = g_strnfill(5000, 'A');
	g_assert_cmpint(reload_gruu_decode(text, 5000, 16, back), ==, RELOAD_E_TOO_LARGE);
	g_assert_cmpint(reload_gruu_decode(text, 1500, 16, back), <, 0);
	g_free(text);
	g_byte_array_unref(list);
	g_byte_array_unref(back);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/usages/aor/uris", test_uris);
	g_test_add_func("/usages/aor/bounds", test_bounds);
	g_test_add_func("/usages/gruu", test_gruu);
	return g_test_run();
}
