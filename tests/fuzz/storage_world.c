/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Senders and documents for a storing peer. */
#include "tests/fuzz/storage_world.h"

#include "tests/fuzz/fuzz.h"

static void make_other_document(StorageWorld *world)
{
	const CaFixture *ca = world->kit.ca;
	char hex[RELOAD_NODE_ID_TEXT];
	char *bad = g_strdup_printf(
	    "<bad-node>%s</bad-node><required-kinds>",
	    reload_node_id_to_text(reload_identity_node_id(world->senders[3]), hex));
	gsize len;
	const char *bytes = g_bytes_get_data(ca->document->bytes, &len);
	GString *text = g_string_new_len(bytes, (gssize)len);
	GBytes *all;
	GError *error = NULL;

	FUZZ_CHECK(g_string_replace(text, "sequence=\"7\"", "sequence=\"8\"", 0) == 1);
	FUZZ_CHECK(g_string_replace(text, "\"4026531841\"", "\"4026531850\"", 0) == 1);
	FUZZ_CHECK(g_string_replace(text, "<max-count>4<", "<max-count>2<", 0) == 1);
	FUZZ_CHECK(g_string_replace(text, "<required-kinds>", bad, 0) == 1);
	all = g_string_free_to_bytes(text);
	world->other_document = reload_document_parse(all, "other", NULL, ca->now, &error);
	g_assert_no_error(error);
	world->other_trust = reload_document_trust(world->other_document, &error);
	g_assert_no_error(error);
	g_bytes_unref(all);
	g_free(bad);
}

void storage_world_init(StorageWorld *world)
{
	fuzz_fix_world();
	fuzz_stub_chains();
	kit_setup(&world->kit, NULL);
	for (unsigned i = 0; i < STORAGE_WORLD_SENDERS; i++) {
		char *user = g_strdup_printf("user%u@" CA_FIXTURE_OVERLAY, i);

		world->senders[i] = ca_fixture_identity(world->kit.ca, user, NULL);
		world->certificates[i] = reload_identity_certificate(world->senders[i]);
		fuzz_keep_parsed(reload_certificate_der(world->certificates[i]));
		g_free(user);
	}
	fuzz_set_signers(world->certificates, world->senders, STORAGE_WORLD_SENDERS);
	make_other_document(world);
}
