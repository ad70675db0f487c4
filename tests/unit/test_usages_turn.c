/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of TURN servers: their places, their addresses, and records that lie. */
#include "reload_core/usages/turn/record.h"
#include "reload_core/wire/turn_server.h"
#include "tests/unit/pki.h"

static Pki pki;

static ReloadDocument *document_with(const char *elements)
{
	return pki_document(&pki, elements);
}

static void test_density(void)
{
	static const struct {
		const char *elements;
		unsigned density;
	} cases[] = {
	    {"", 1}, /* what 11.1 says where nothing is said */
	    {"<turn-density>0</turn-density>", 0},
	    {"<turn-density>3</turn-density>", 3},
	    {"<turn-density>20</turn-density>", 20},
	    {"<turn-density>200</turn-density>", 20}, /* nobody would store the others */
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		ReloadDocument *document = document_with(cases[i].elements);

		g_assert_cmpuint(reload_turn_density(document), ==, cases[i].density);
		reload_document_unref(document);
	}
}

/* SHA-1(Node-ID || d), its first 16 bytes, as another tool computes it:
 * printf '\x11%.0s' $(seq 16) | cat - <(printf '\x02') | sha1sum */
static void test_place(void)
{
	static const uint8_t wanted[] = {0x46, 0xe8, 0x25, 0xb5, 0x98, 0x6f, 0x41, 0x42, 0x31, 0xcb, 0x46, 0xdc, 0xe1, 0xd4, 0x6c, 0x24};
	ReloadDocument *document = document_with("");
	ReloadNodeId id = pki_node_id(0x11);
	ReloadResourceId place;

	reload_turn_place(document, &id, 2, &place);
	g_assert_cmpmem(place.id, place.len, wanted, sizeof(wanted));
	reload_document_unref(document);
}

static void test_address(void)
{
	static const char *const fit[] = {"192.0.2.1",	 "8.8.8.8",	"172.15.0.1",  "172.32.0.1",
					  "192.167.0.1", "192.169.0.1", "2001:db8::1", "223.255.255.255",
					  "9.255.255.255", "11.0.0.1",	"100.64.0.1",  "2a00::1"};
	static const char *const unfit[] = {"10.0.0.1",	 "10.255.255.255", "172.16.0.1", "172.31.255.255",
					    "192.168.1.1", "127.0.0.1",	   "0.0.0.0",	 "169.254.1.1",
					    "224.0.0.1", "255.255.255.255", "::",	 "::1",
					    "::ffff:10.0.0.1", "fe80::1",  "febf::1",	 "fc00::1",
					    "fd12::1",	 "ff02::1"};
	ReloadAddress address;

	for (size_t i = 0; i < G_N_ELEMENTS(fit); i++) {
		g_assert_true(reload_address_from_text(fit[i], 3478, &address));
		g_test_message("%s", fit[i]);
		g_assert_true(reload_turn_address_fits(&address));
		address.port = 0;
		g_assert_false(reload_turn_address_fits(&address));
	}
	for (size_t i = 0; i < G_N_ELEMENTS(unfit); i++) {
		g_assert_true(reload_address_from_text(unfit[i], 3478, &address));
		g_test_message("%s", unfit[i]);
		g_assert_false(reload_turn_address_fits(&address));
	}
	address = (ReloadAddress){.type = 9, .port = 3478};
	g_assert_false(reload_turn_address_fits(&address));
}

static bool reads(const ReloadDocument *document, const ReloadResourceId *place,
		  const ReloadNodeId *signer, uint8_t iteration, const char *ip)
{
	GByteArray *value = g_byte_array_new();
	ReloadTurnServer server = {.iteration = iteration};
	ReloadAddress address;
	bool good;

	g_assert_true(reload_address_from_text(ip, 3478, &server.server_address));
	g_assert_true(reload_write_turn_server(value, &server));
	good = reload_turn_record_read(document, place, signer, reload_span(value->data, value->len),
				       &address);
	if (good)
		g_assert_true(reload_address_equal(&address, &server.server_address));
	/* Cut anywhere it is none. */
	for (guint len = 0; len < value->len; len++)
		g_assert_false(reload_turn_record_read(document, place, signer,
						       reload_span(value->data, len), &address));
	g_byte_array_unref(value);
	return good;
}

static void test_record(void)
{
	ReloadDocument *document = document_with("<turn-density>3</turn-density>");
	ReloadNodeId id = pki_node_id(1), other = pki_node_id(2);
	ReloadResourceId place;

	reload_turn_place(document, &id, 2, &place);
	g_assert_true(reads(document, &place, &id, 2, "192.0.2.1"));
	g_assert_true(reads(document, &place, &id, 2, "2001:db8::1"));
	g_assert_false(reads(document, &place, &id, 1, "192.0.2.1"));
	g_assert_false(reads(document, &place, &other, 2, "192.0.2.1"));
	g_assert_false(reads(document, &place, &id, 2, "192.168.0.1"));
	reload_document_unref(document);
}

int main(int argc, char **argv)
{
	int result;

	g_test_init(&argc, &argv, NULL);
	pki_init(&pki);
	g_test_add_func("/usages/turn/density", test_density);
	g_test_add_func("/usages/turn/place", test_place);
	g_test_add_func("/usages/turn/address", test_address);
	g_test_add_func("/usages/turn/record", test_record);
	result = g_test_run();
	pki_clear(&pki);
	return result;
}
