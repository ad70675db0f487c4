/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages as text: every sample, and what is no message. */
#include "reload_core/wire/config_update.h"
#include "reload_core/wire/print.h"
#include "tests/unit/wire_samples.h"

static WireSampleContext context;

static void test_sample(gconstpointer data)
{
	const WireSample *sample = data;
	g_autoptr(GByteArray) message = wire_sample_message(&context, sample);
	g_autoptr(GString) text = g_string_new(NULL);
	const char *name = reload_message_code_name(sample->code);

	g_assert_cmpint(
	    reload_print_message(text, reload_span(message->data, message->len), 16, NULL, NULL),
	    ==, RELOAD_OK);
	g_assert_nonnull(strstr(text->str, name));
	g_assert_nonnull(strstr(text->str, "SecurityBlock\n"));
	g_assert_null(strstr(text->str, "not decoded"));
	g_assert_true(g_str_is_ascii(text->str));
	/* Damaged anywhere, it must still come out as text. */
	for (size_t at = 0; at < message->len; at++) {
		g_autoptr(GString) damaged = g_string_new(NULL);
		uint8_t saved = message->data[at];

		message->data[at] ^= 0xff;
		reload_print_message(damaged, reload_span(message->data, message->len), 16, NULL,
				     NULL);
		g_assert_true(g_str_is_ascii(damaged->str));
		message->data[at] = saved;
	}
}

/* Returns the printed body of the sample of that name. */
static GString *print_sample_body(const char *name)
{
	GString *text = g_string_new(NULL);

	for (const WireSample *sample = wire_samples; sample->name != NULL; sample++) {
		g_autoptr(GByteArray) body = NULL;

		if (strcmp(sample->name, name) != 0)
			continue;
		body = wire_sample_body(&context, sample);
		g_assert_cmpint(reload_print_body(text, sample->code,
						  reload_span(body->data, body->len), 16, NULL,
						  NULL),
				==, RELOAD_OK);
	}
	return text;
}

static void test_texts(void)
{
	g_autoptr(GString) store = print_sample_body("store_req");
	g_autoptr(GString) attach = print_sample_body("attach_req_ice");
	g_autoptr(GString) error = print_sample_body("error_generation");

	g_assert_nonnull(strstr(store->str, "kind: 0x1 (SIP-REGISTRATION)\n"));
	g_assert_nonnull(strstr(store->str, "contact_prefs: \"(sip.schemes=SIP)\"\n"));
	g_assert_nonnull(strstr(store->str, "node: 10101010101010101010101010101010\n"));
	g_assert_nonnull(strstr(store->str, "1760000000000 (2025-10-09 08:53:20.000 UTC)\n"));
	g_assert_nonnull(strstr(attach->str, "candidate: relay over DTLS-UDP-SR\n"));
	g_assert_nonnull(strstr(attach->str, "rel_addr_port: 10.0.0.4:6084\n"));
	g_assert_nonnull(
	    strstr(error->str, "error_code: Error_Generation_Counter_Too_Low (0x5)\n"));
	g_assert_nonnull(strstr(error->str, "generation_counter: 7\n"));
}

static void test_garbage(void)
{
	g_autoptr(GString) text = g_string_new(NULL);

	g_assert_cmpint(reload_print_message(text, reload_span_text("no message"), 16, NULL, NULL),
			==, RELOAD_E_MALFORMED);
	g_assert_cmpstr(text->str, ==, "not decoded: malformed\nbytes: 6e6f206d657373616765\n");
}

/* A document with a secret is not shown (RFC 6940, 14.16); another is. */
static void test_shared_secret(void)
{
	static const char *const texts[] = {"<shared-secret>hush</shared-secret>",
					    "<o:shared-secret\n>hush</o:shared-secret>",
					    "<no-ice>hush</no-ice>"};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GByteArray) body = g_byte_array_new();
		g_autoptr(GString) text = g_string_new(NULL);
		ReloadConfigUpdateReq request = {
		    .type = RELOAD_CONFIG_UPDATE_CONFIG,
		    .data = reload_span((const uint8_t *)texts[i], strlen(texts[i])),
		};

		g_assert_true(reload_write_config_update_req(body, &request));
		reload_print_body(text, RELOAD_CONFIG_UPDATE_REQ,
				  reload_span(body->data, body->len), 16, NULL, NULL);
		g_assert_true((strstr(text->str, "hush") != NULL) == (i == 2));
		g_assert_true((strstr(text->str, "not shown") != NULL) == (i != 2));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	wire_sample_context_init(&context);
	for (const WireSample *sample = wire_samples; sample->name != NULL; sample++) {
		g_autofree char *path = g_strdup_printf("/wire/print/%s", sample->name);

		g_test_add_data_func(path, sample, test_sample);
	}
	g_test_add_func("/wire/print/shared-secret", test_shared_secret);
	g_test_add_func("/wire/print/texts", test_texts);
	g_test_add_func("/wire/print/garbage", test_garbage);
	return g_test_run();
}
