/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a newer document leaves of what is stored (RFC 6940, 11.1; RFC 7904, 3.3). */
#include "tests/unit/kind_blocks.h"
#include "tests/unit/storage_kit.h"

#define SIGNER 0x77
#define NODE 0x55

static StorageKit kit;

static size_t values_held(void)
{
	ReloadStorageUsage usage;

	reload_storage_usage(kit.storage, &usage);
	return usage.values;
}

/* How many values are left when the next document says that of the kit's Kinds. The kit goes on with
 * its own. */
static size_t left_by(const char *kinds, const char *extra)
{
	CaFixture *next = ca_fixture_new(kinds, extra);
	size_t left;

	reload_storage_set_document(kit.storage, next->document, kit.ca->trust, kit.now);
	left = values_held();
	reload_storage_set_document(kit.storage, kit.ca->document, kit.ca->trust, kit.now);
	ca_fixture_free(next);
	return left;
}

#define KIND(id, model, access, count, size, more)                                                 \
	"<kind-block><kind id=\"" id "\"><data-model>" model                                       \
	"</data-model><access-control>" access "</access-control><max-count>" count                \
	"</max-count><max-size>" size "</max-size>" more "</kind></kind-block>"
#define SINGLE(model, access, count, size) KIND("4026531841", model, access, count, size, "")
#define NODES(multiple)                                                                            \
	KIND("4026531845", "SINGLE", "NODE-MULTIPLE", "1", "64",                                   \
	     "<max-node-multiple>" multiple "</max-node-multiple>")

/* A Kind that is defined otherwise. */
static void test_definition(void)
{
	static const struct {
		const char *kinds;
		size_t left;
	} cases[] = {
	    {SINGLE("SINGLE", "USER-MATCH", "1", "64"), 1},
	    {SINGLE("SINGLE", "USER-MATCH", "3", "20"), 1},
	    {SINGLE("SINGLE", "USER-MATCH", "1", "19"), 0},
	    {SINGLE("SINGLE", "NODE-MATCH", "1", "64"), 0},
	    {SINGLE("DICTIONARY", "USER-MATCH", "1", "64"), 0},
	    {NULL, 0},
	};
	ReloadIdentity *alice;
	ReloadResourceId at;

	kit_setup(&kit, NULL);
	alice = ca_fixture_identity(kit.ca, "alice@example.org", NULL);
	at = kit_user_resource(&kit, "alice@example.org");
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_SINGLE, 10 + i, 60,
					      kit_single("a value of 20 bytes.")),
				==, 0);
		g_assert_cmpuint(left_by(cases[i].kinds, NULL), ==, cases[i].left);
	}
	kit_teardown(&kit);
}

/* NODE-MULTIPLE: more places for a node take nothing away, fewer may. */
static void test_node_multiple(void)
{
	ReloadIdentity *alice;
	ReloadResourceId at;
	uint8_t name[17];

	kit_setup(&kit, NULL);
	alice = ca_fixture_identity(kit.ca, "alice@example.org", NULL);
	memcpy(name, reload_identity_node_id(alice)->id, 16);
	name[16] = 3;
	reload_hash_resource_name(reload_span(name, 17), &at);
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_NODES, 10, 60, kit_single("x")), ==, 0);
	g_assert_cmpuint(left_by(NODES("4"), NULL), ==, 1);
	g_assert_cmpuint(left_by(NODES("2"), NULL), ==, 0);
	kit_teardown(&kit);
}

/* Registrations of AORs whose domain is shut out. */
static void test_domains(void)
{
	static const char *const users[] = {"alice@example.org", "bob@dht.example.com"};

	kit_setup(&kit, NULL);
	for (unsigned i = 0; i < G_N_ELEMENTS(users); i++) {
		ReloadIdentity *user = ca_fixture_identity(kit.ca, users[i], NULL);
		ReloadResourceId at = kit_user_resource(&kit, users[i]);

		g_assert_cmpint(kit_store_one(&kit, user, &at, RELOAD_KIND_SIP_REGISTRATION, 10, 60,
					      kit_entry(reload_identity_node_id(user), "x")),
				==, 0);
	}
	g_assert_cmpuint(left_by(NULL, NULL), ==, 2);
	g_assert_cmpuint(left_by(NULL, "<sip:domain-restriction enable=\"true\">"
				       "<sip:pattern>dht\\.example\\.com</sip:pattern>"
				       "</sip:domain-restriction>"),
			 ==, 1);
	g_assert_cmpuint(left_by(NULL, "<sip:domain-restriction enable=\"true\">"
				       "<sip:pattern>elsewhere</sip:pattern>"
				       "</sip:domain-restriction>"),
			 ==, 0);
	kit_teardown(&kit);
}

/* ---- who signs Kinds ---- */

static Pki pki;

/* The next document, of that sequence: by whom its Kind is defined (NULL: it has none), who may sign
 * Kinds, and what else it says. */
static ReloadDocument *signed_document(int sequence, const ReloadIdentity *signer,
				       const char *const *names, const char *more)
{
	GBytes *block = signer ? kind_block(signer, KIND_BLOCKS_ID, 64, "") : g_bytes_new("", 0);
	gsize len;
	const char *text = g_bytes_get_data(block, &len);
	char *all = g_strdup_printf("%s<required-kinds>%.*s</required-kinds>", more, (int)len, text);
	ReloadDocument *document = kind_document(&pki, sequence, names, all);

	g_free(all);
	g_bytes_unref(block);
	return document;
}

/* What is left of a value when the next document takes the place of first. */
static void assert_left(const ReloadDocument *first, ReloadDocument *next, size_t left)
{
	ReloadTrust *trust = pki_trust(&pki);
	ReloadIdentity *node = pki_identity(&pki, RELOAD_KEY_P256, NODE, "node@example.org");
	ReloadResourceId at = kit_node_resource(reload_identity_node_id(node));
	ReloadStorage *own = kit.storage;

	kit.storage = reload_storage_new(first, trust, NULL);
	kit.now = PKI_NOW;
	g_assert_cmpint(kit_store_one(&kit, node, &at, KIND_BLOCKS_ID, 10, 60, kit_single("x")), ==,
			0);
	reload_storage_set_document(kit.storage, next, trust, kit.now);
	g_assert_cmpuint(values_held(), ==, left);
	reload_storage_free(kit.storage);
	kit.storage = own;
	reload_identity_unref(node);
	reload_trust_unref(trust);
	reload_document_unref(next);
}

/* "If any Kind data was signed by a node that is no longer allowed to sign Kinds, that Kind MUST be
 * discarded along with any stored information of that Kind", even if another defines it anew. */
static void test_kind_signer(void)
{
	static const char *const both[] = {"77", "78", NULL}, *const second_only[] = {"78", NULL};
	static const char bad[] = "<bad-node>77777777777777777777777777777777</bad-node>";
	ReloadIdentity *signer, *second;
	ReloadDocument *first;

	kit_setup(&kit, NULL);
	pki_init(&pki);
	signer = pki_identity(&pki, RELOAD_KEY_P256, SIGNER, "signer@example.org");
	second = pki_identity(&pki, RELOAD_KEY_P256, SIGNER + 1, "second@example.org");
	first = signed_document(1, signer, both, "");
	assert_left(first, signed_document(2, signer, both, ""), 1);
	/* both may: a Kind goes over from one to the other without losing what is stored */
	assert_left(first, signed_document(2, second, both, ""), 1);
	assert_left(first, signed_document(2, second, second_only, ""), 0);
	assert_left(first, signed_document(2, second, both, bad), 0);
	assert_left(first, signed_document(2, NULL, both, ""), 0);
	reload_document_unref(first);
	reload_identity_unref(second);
	reload_identity_unref(signer);
	pki_clear(&pki);
	kit_teardown(&kit);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/storage/document/definition", test_definition);
	g_test_add_func("/storage/document/node-multiple", test_node_multiple);
	g_test_add_func("/storage/document/domains", test_domains);
	g_test_add_func("/storage/document/kind-signer", test_kind_signer);
	return g_test_run();
}
