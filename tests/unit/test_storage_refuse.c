/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stores that are to be refused, each with the error of the RFC: every access policy, signatures,
 * times, limits. */
#include "reload_core/security/digest.h"
#include "reload_core/wire/error.h"
#include "reload_core/wire/find.h"
#include "reload_core/wire/store.h"
#include "tests/unit/storage_kit.h"

static StorageKit kit;
static ReloadIdentity *alice, *bob;
static ReloadResourceId alice_at;

static void setup(void)
{
	kit_setup(&kit, NULL);
	alice = ca_fixture_identity(kit.ca, "alice@example.org", NULL);
	bob = ca_fixture_identity(kit.ca, "bob@example.org", NULL);
	alice_at = kit_user_resource(&kit, "alice@example.org");
}

/* Ends a test that must have left the store empty. */
static void teardown_empty(void)
{
	ReloadStorageUsage usage;

	reload_storage_usage(kit.storage, &usage);
	g_assert_cmpuint(usage.values + usage.resources + usage.bytes + usage.certificates, ==, 0);
	kit_teardown(&kit);
}

static void assert_refused(ReloadStatus status, ReloadStatus expected, uint16_t error_code)
{
	g_assert_cmpint(status, ==, expected);
	g_assert_cmpuint(kit.answer.error_code, ==, error_code);
	g_assert_false(kit.changed);
}

/* Stores with the value signed by one and the request by another. */
static ReloadStatus store_by(ReloadIdentity *signer, ReloadIdentity *sender,
			     const ReloadResourceId *at, uint32_t kind, ReloadStoredValue value)
{
	kit_begin(&kit, at, 0);
	kit_kind(&kit, kind, 0);
	kit_value(&kit, signer, 10, 60, value);
	return kit_store(&kit, sender);
}

static void test_user_match(void)
{
	setup();
	assert_refused(store_by(bob, bob, &alice_at, KIT_SINGLE, kit_single("x")),
		       RELOAD_E_FORBIDDEN, RELOAD_ERROR_FORBIDDEN);
	assert_refused(store_by(alice, bob, &alice_at, KIT_SINGLE, kit_single("x")),
		       RELOAD_E_FORBIDDEN, RELOAD_ERROR_FORBIDDEN);
	assert_refused(store_by(bob, alice, &alice_at, KIT_SINGLE, kit_single("x")),
		       RELOAD_E_FORBIDDEN, RELOAD_ERROR_FORBIDDEN);
	teardown_empty();
}

static void test_node_match(void)
{
	ReloadResourceId at;

	setup();
	at = kit_node_resource(reload_identity_node_id(alice));
	assert_refused(store_by(bob, bob, &at, KIT_ARRAY, kit_element(0, "x")), RELOAD_E_FORBIDDEN,
		       RELOAD_ERROR_FORBIDDEN);
	assert_refused(store_by(alice, bob, &at, KIT_ARRAY, kit_element(0, "x")),
		       RELOAD_E_FORBIDDEN, RELOAD_ERROR_FORBIDDEN);
	/* the user's name does not help */
	assert_refused(store_by(alice, alice, &alice_at, KIT_ARRAY, kit_element(0, "x")),
		       RELOAD_E_FORBIDDEN, RELOAD_ERROR_FORBIDDEN);
	teardown_empty();
}

static void test_user_node_match(void)
{
	ReloadIdentity *other;

	setup();
	other = ca_fixture_identity(kit.ca, "alice@example.org", NULL);
	/* wrong user, right key; right user, wrong key; a request from the user's other node */
	assert_refused(
	    store_by(bob, bob, &alice_at, KIT_DICT, kit_entry(reload_identity_node_id(bob), "x")),
	    RELOAD_E_FORBIDDEN, RELOAD_ERROR_FORBIDDEN);
	assert_refused(store_by(alice, alice, &alice_at, KIT_DICT,
				kit_entry(reload_identity_node_id(other), "x")),
		       RELOAD_E_FORBIDDEN, RELOAD_ERROR_FORBIDDEN);
	assert_refused(store_by(alice, other, &alice_at, KIT_DICT,
				kit_entry(reload_identity_node_id(alice), "x")),
		       RELOAD_E_FORBIDDEN, RELOAD_ERROR_FORBIDDEN);
	teardown_empty();
}

static void test_node_multiple(void)
{
	ReloadResourceId at;
	uint8_t name[17];

	setup();
	memcpy(name, reload_identity_node_id(alice)->id, 16);
	for (uint8_t i = 0; i <= 5; i++) {
		bool good = i >= 1 && i <= 3; /* the Kind's max-node-multiple */

		name[16] = i;
		reload_hash_resource_name(reload_span(name, 17), &at);
		g_assert_cmpint(store_by(alice, alice, &at, KIT_NODES, kit_single("x")), ==,
				good ? RELOAD_OK : RELOAD_E_FORBIDDEN);
		assert_refused(store_by(bob, bob, &at, KIT_NODES, kit_single("x")),
			       RELOAD_E_FORBIDDEN +
				   (good ? RELOAD_E_TOO_OLD - RELOAD_E_FORBIDDEN : 0),
			       good ? RELOAD_ERROR_DATA_TOO_OLD : RELOAD_ERROR_FORBIDDEN);
		reload_storage_drop(kit.storage, &at);
	}
	teardown_empty();
}

/* RFC 7904, 3.3 and 3.4: no <domain-restriction>: any AOR; with one: the overlay's name or its
 * patterns. */
static void test_domains(void)
{
	ReloadResourceId at;
	ReloadIdentity *evil;
	CaFixture *plain;

	kit_setup(&kit, NULL);
	plain = kit.ca;
	kit.ca = ca_fixture_new(NULL, "<sip:domain-restriction enable=\"true\">"
				      "<sip:pattern>dht\\.example\\.com</sip:pattern>"
				      "</sip:domain-restriction>");
	reload_storage_set_document(kit.storage, kit.ca->document, kit.ca->trust, kit.now);
	alice = ca_fixture_identity(kit.ca, "alice@dht.example.com", NULL);
	evil = ca_fixture_identity(kit.ca, "alice@dht.example.com.evil.org", NULL);
	at = kit_user_resource(&kit, "alice@dht.example.com");
	g_assert_cmpint(store_by(alice, alice, &at, RELOAD_KIND_SIP_REGISTRATION,
				 kit_entry(reload_identity_node_id(alice), "x")),
			==, RELOAD_OK);
	at = kit_user_resource(&kit, "alice@dht.example.com.evil.org");
	assert_refused(store_by(evil, evil, &at, RELOAD_KIND_SIP_REGISTRATION,
				kit_entry(reload_identity_node_id(evil), "x")),
		       RELOAD_E_FORBIDDEN, RELOAD_ERROR_FORBIDDEN);
	ca_fixture_free(plain);
	kit_teardown(&kit);
}

static void test_signatures(void)
{
	ReloadIdentity *unseen, *stranger, *expired;

	setup();
	/* unsigned */
	assert_refused(store_by(NULL, alice, &alice_at, KIT_SINGLE, kit_single("x")),
		       RELOAD_E_SIGNATURE, RELOAD_ERROR_FORBIDDEN);
	/* a byte of the value, and one of the signature, changed on the way */
	for (unsigned back = 1; back <= 150; back += 149) {
		kit_begin(&kit, &alice_at, 0);
		kit_kind(&kit, KIT_SINGLE, 0);
		kit_value(&kit, alice, 10, 60, kit_single("a value long enough to hit"));
		kit.values->data[back == 1 ? kit.values->len - 1 : 30] ^= 1;
		assert_refused(kit_store(&kit, alice), RELOAD_E_SIGNATURE, RELOAD_ERROR_FORBIDDEN);
	}
	/* signed for another Resource-ID */
	kit_begin(&kit, &alice_at, 0);
	kit_kind(&kit, KIT_SINGLE, 0);
	kit.resource.id[0] ^= 1;
	kit_value(&kit, alice, 10, 60, kit_single("x"));
	kit.resource.id[0] ^= 1;
	assert_refused(kit_store(&kit, alice), RELOAD_E_SIGNATURE, RELOAD_ERROR_FORBIDDEN);
	/* no certificate along (of one who was never seen), another CA's, an expired one */
	unseen = ca_fixture_identity(kit.ca, "alice@example.org", NULL);
	kit_begin(&kit, &alice_at, 0);
	kit_kind(&kit, KIT_SINGLE, 0);
	kit_value(&kit, unseen, 10, 60, kit_single("x"));
	g_byte_array_set_size(kit.certificates, 0);
	assert_refused(kit_store(&kit, alice), RELOAD_E_CERTIFICATE, RELOAD_ERROR_FORBIDDEN);
	stranger = ca_fixture_stranger(kit.ca, "alice@example.org", NULL);
	assert_refused(store_by(stranger, stranger, &alice_at, KIT_SINGLE, kit_single("x")),
		       RELOAD_E_CERTIFICATE, RELOAD_ERROR_FORBIDDEN);
	expired = ca_fixture_identity_dated(kit.ca, "alice@example.org", NULL, kit.now - 90000,
					    kit.now - 30000);
	assert_refused(store_by(expired, expired, &alice_at, KIT_SINGLE, kit_single("x")),
		       RELOAD_E_EXPIRED, RELOAD_ERROR_FORBIDDEN);
	teardown_empty();
}

static void test_times(void)
{
	char *text;

	setup();
	g_assert_cmpint(
	    kit_store_one(&kit, alice, &alice_at, KIT_SINGLE, 100, 60, kit_single("new")), ==, 0);
	assert_refused(kit_store_one(&kit, alice, &alice_at, KIT_SINGLE, 99, 60, kit_single("old")),
		       RELOAD_E_TOO_OLD, RELOAD_ERROR_DATA_TOO_OLD);
	/* "smaller than or equal to" (13.5.3) */
	assert_refused(
	    kit_store_one(&kit, alice, &alice_at, KIT_SINGLE, 100, 60, kit_single("new")),
	    RELOAD_E_TOO_OLD, RELOAD_ERROR_DATA_TOO_OLD);
	/* twice in one request: in turn */
	kit_begin(&kit, &alice_at, 0);
	kit_kind(&kit, KIT_SINGLE, 0);
	kit_value(&kit, alice, 120, 60, kit_single("b"));
	kit_value(&kit, alice, 110, 60, kit_single("a"));
	assert_refused(kit_store(&kit, alice), RELOAD_E_TOO_OLD, RELOAD_ERROR_DATA_TOO_OLD);
	text = kit_dump(&kit, &alice_at, KIT_SINGLE);
	g_assert_cmpstr(text, ==, "new");
	g_free(text);
	kit_teardown(&kit);
}

static void test_place(void)
{
	setup();
	kit_begin(&kit, &alice_at, 0);
	kit_kind(&kit, KIT_SINGLE, 0);
	kit_value(&kit, alice, 10, 60, kit_single("x"));
	kit.responsible = false;
	assert_refused(kit_store(&kit, alice), RELOAD_E_NOT_FOUND, RELOAD_ERROR_NOT_FOUND);
	/* a replica from a node that has no business here */
	kit_begin(&kit, &alice_at, 1);
	kit_kind(&kit, KIT_SINGLE, 5);
	kit_value(&kit, alice, 10, 60, kit_single("x"));
	kit.plausible = kit.responsible = false;
	assert_refused(kit_store(&kit, bob), RELOAD_E_FORBIDDEN, RELOAD_ERROR_FORBIDDEN);
	/* a replica without a generation counter */
	kit_begin(&kit, &alice_at, 1);
	kit_kind(&kit, KIT_SINGLE, 0);
	kit_value(&kit, alice, 10, 60, kit_single("x"));
	assert_refused(kit_store(&kit, bob), RELOAD_E_MALFORMED, RELOAD_ERROR_INVALID_MESSAGE);
	/* a replica whose value is not by whom it has to be */
	kit_begin(&kit, &alice_at, 1);
	kit_kind(&kit, KIT_SINGLE, 5);
	kit_value(&kit, bob, 10, 60, kit_single("x"));
	assert_refused(kit_store(&kit, bob), RELOAD_E_FORBIDDEN, RELOAD_ERROR_FORBIDDEN);
	teardown_empty();
}

static void test_unknown_kind(void)
{
	ReloadSpan kinds;
	uint32_t kind;

	setup();
	kit_begin(&kit, &alice_at, 0);
	kit_kind(&kit, KIT_SINGLE, 0);
	kit_value(&kit, alice, 10, 60, kit_single("x"));
	kit_kind(&kit, KIT_UNKNOWN, 0);
	kit_kind(&kit, KIT_UNKNOWN - 1, 0);
	assert_refused(kit_store(&kit, alice), RELOAD_E_UNKNOWN_KIND, RELOAD_ERROR_UNKNOWN_KIND);
	g_assert_cmpint(reload_unknown_kinds_decode(
			    reload_span(kit.answer.body->data, kit.answer.body->len), &kinds),
			==, 0);
	g_assert_true(reload_kind_next(&kinds, &kind) && kind == KIT_UNKNOWN);
	g_assert_true(reload_kind_next(&kinds, &kind) && kind == KIT_UNKNOWN - 1);
	g_assert_false(reload_kind_next(&kinds, &kind));
	g_assert_cmpint(kit_fetch(&kit, &alice_at, KIT_UNKNOWN, 0, NULL), ==,
			RELOAD_E_UNKNOWN_KIND);
	g_assert_cmpuint(kit.answer.error_code, ==, RELOAD_ERROR_UNKNOWN_KIND);
	teardown_empty();
}

static void test_limits(void)
{
	char big[66];
	ReloadResourceId at;
	ReloadStatus status = RELOAD_OK;
	unsigned count;

	setup();
	memset(big, 'x', 65);
	big[65] = '\0';
	assert_refused(kit_store_one(&kit, alice, &alice_at, KIT_SINGLE, 10, 60, kit_single(big)),
		       RELOAD_E_TOO_LARGE, RELOAD_ERROR_DATA_TOO_LARGE);
	g_assert_cmpint(
	    kit_store_one(&kit, alice, &alice_at, KIT_SINGLE, 10, 60, kit_single(big + 1)), ==, 0);
	/* max-count 4, removed values do not count ... */
	at = kit_node_resource(reload_identity_node_id(alice));
	for (unsigned i = 0; i < 4; i++)
		g_assert_cmpint(
		    kit_store_one(&kit, alice, &at, KIT_ARRAY, 10, 60, kit_element(i, "x")), ==, 0);
	assert_refused(kit_store_one(&kit, alice, &at, KIT_ARRAY, 10, 60, kit_element(4, "x")),
		       RELOAD_E_LIMIT, RELOAD_ERROR_DATA_TOO_LARGE);
	g_assert_cmpint(
	    kit_store_one(&kit, alice, &at, KIT_ARRAY, 11, 60, kit_removed(kit_element(0, ""))), ==,
	    0);
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_ARRAY, 10, 60, kit_element(4, "x")), ==,
			0);
	/* ... but there is no filling a peer with them either */
	for (count = 0; count < 100 && !status; count++)
		status = kit_store_one(&kit, alice, &at, KIT_ARRAY, 10, 60,
				       kit_removed(kit_element(10 + count, "")));
	assert_refused(status, RELOAD_E_LIMIT, RELOAD_ERROR_DATA_TOO_LARGE);
	g_assert_cmpuint(count, <, 40);
	kit_teardown(&kit);
}

static void test_quotas(void)
{
	ReloadStorageLimits limits = {.max_bytes_per_node = 1500, .max_resources = 3};
	ReloadIdentity *carol, *dora;
	ReloadResourceId at, bob_at, carol_at, dora_at;
	ReloadStatus status = RELOAD_OK;
	unsigned stored;

	kit_setup(&kit, &limits);
	alice = ca_fixture_identity(kit.ca, "alice@example.org", NULL);
	bob = ca_fixture_identity(kit.ca, "bob@example.org", NULL);
	carol = ca_fixture_identity(kit.ca, "carol@example.org", NULL);
	dora = ca_fixture_identity(kit.ca, "dora@example.org", NULL);
	at = kit_node_resource(reload_identity_node_id(alice));
	bob_at = kit_user_resource(&kit, "bob@example.org");
	carol_at = kit_user_resource(&kit, "carol@example.org");
	dora_at = kit_user_resource(&kit, "dora@example.org");
	for (stored = 0; stored < 4 && !status; stored++)
		status =
		    kit_store_one(&kit, alice, &at, KIT_ARRAY, 10, 60, kit_element(stored, "x"));
	g_assert_cmpint(status, ==, RELOAD_E_LIMIT); /* her quota, before the Kind's max-count */
	/* others still may, she may still remove */
	g_assert_cmpint(kit_store_one(&kit, bob, &bob_at, KIT_SINGLE, 10, 60, kit_single("x")), ==,
			0);
	g_assert_cmpint(
	    kit_store_one(&kit, alice, &at, KIT_ARRAY, 11, 60, kit_removed(kit_element(0, ""))), ==,
	    0);
	g_assert_cmpint(kit_store_one(&kit, carol, &carol_at, KIT_SINGLE, 10, 60, kit_single("x")),
			==, 0);
	assert_refused(kit_store_one(&kit, dora, &dora_at, KIT_SINGLE, 10, 60, kit_single("x")),
		       RELOAD_E_LIMIT, RELOAD_ERROR_DATA_TOO_LARGE);
	kit_teardown(&kit);
}

static void test_total(void)
{
	ReloadStorageLimits limits = {.max_bytes = 3000, .max_bytes_per_node = 3000};
	ReloadStorageUsage usage;
	ReloadStatus status = RELOAD_OK;

	kit_setup(&kit, &limits);
	for (unsigned i = 0; i < 20 && !status; i++) {
		char name[32];
		ReloadResourceId at;

		g_snprintf(name, sizeof(name), "u%u@example.org", i);
		at = kit_user_resource(&kit, name);
		status = kit_store_one(&kit, ca_fixture_identity(kit.ca, name, NULL), &at,
				       KIT_SINGLE, 10, 60, kit_single("x"));
	}
	assert_refused(status, RELOAD_E_LIMIT, RELOAD_ERROR_DATA_TOO_LARGE);
	reload_storage_usage(kit.storage, &usage);
	g_assert_cmpuint(usage.bytes, <=, 3000);
	g_assert_cmpuint(usage.values, >=, 2);
	kit_teardown(&kit);
}

/* A certificate of the node with a user name of its own, of 8 and so many more characters. */
static ReloadIdentity *another(const ReloadNodeId *node_id, char first, unsigned more)
{
	char *pad = g_strnfill(more, first);
	char *name = g_strdup_printf("%c%s@ab.org", first, pad);
	ReloadIdentity *identity = ca_fixture_identity(kit.ca, name, node_id);

	g_free(name);
	g_free(pad);
	return identity;
}

static size_t bytes_held(void)
{
	ReloadStorageUsage usage;

	reload_storage_usage(kit.storage, &usage);
	return usage.bytes;
}

/* Begins anew with so many bytes for each node. */
static void set_quota(size_t bytes)
{
	ReloadStorageLimits limits = {.max_bytes_per_node = bytes};

	reload_storage_free(kit.storage);
	kit.storage = reload_storage_new(kit.ca->document, kit.ca->trust, &limits);
}

/* Certificates count in the quota of their node, each once: it may have any number of them. */
static void test_certificates(void)
{
	ReloadNodeId id;
	ReloadIdentity *nodes[10];
	ReloadResourceId at;

	setup();
	id = *reload_identity_node_id(alice);
	for (unsigned i = 0; i < G_N_ELEMENTS(nodes); i++)
		nodes[i] = another(&id, (char)('a' + i), 200);
	set_quota(5000);
	for (unsigned round = 0; round < 2; round++) { /* when the values go, so do they */
		ReloadStatus status = RELOAD_OK;
		unsigned i;

		for (i = 0; i < G_N_ELEMENTS(nodes) && !status; i++) {
			at = kit_user_resource(&kit, reload_identity_user_name(nodes[i]));
			status = kit_store_one(&kit, nodes[i], &at, KIT_SINGLE, 10, 60,
					       kit_single("x"));
		}
		assert_refused(status, RELOAD_E_LIMIT, RELOAD_ERROR_DATA_TOO_LARGE);
		g_assert_cmpuint(i, >, 2);
		g_assert_cmpuint(bytes_held(), <=, 5000);
		/* what it has may be replaced; others are not concerned */
		at = kit_user_resource(&kit, reload_identity_user_name(nodes[0]));
		g_assert_cmpint(kit_store_one(&kit, nodes[0], &at, KIT_SINGLE, 11, 60,
					      kit_removed(kit_single(""))),
				==, 0);
		at = kit_user_resource(&kit, "bob@example.org");
		g_assert_cmpint(kit_store_one(&kit, bob, &at, KIT_SINGLE, 10, 60, kit_single("x")),
				==, 0);
		kit.now += 60000;
		reload_storage_expire(kit.storage, kit.now);
		g_assert_cmpuint(bytes_held(), ==, 0);
	}
	teardown_empty();
}

/* A renewed certificate in the place of the old one takes no more room; one that was said to go, and
 * is used in the same request again, does. */
static void test_certificates_replaced(void)
{
	ReloadIdentity *small, *large, *other;
	ReloadNodeId id;
	ReloadResourceId at;

	setup();
	id = *reload_identity_node_id(alice);
	small = another(&id, 's', 0);
	large = another(&id, 'l', 200);
	other = another(&id, 'o', 180);
	at = kit_node_resource(&id);
	for (unsigned round = 0; round < 2; round++) { /* to measure, and in just that much room */
		if (round)
			set_quota(bytes_held() + 20); /* signatures differ by some bytes */
		g_assert_cmpint(
		    kit_store_one(&kit, large, &at, KIT_ARRAY, 10, 60, kit_element(0, "x")), ==, 0);
		g_assert_cmpint(
		    kit_store_one(&kit, small, &at, KIT_ARRAY, 10, 60, kit_element(1, "x")), ==, 0);
	}
	kit_begin(&kit, &at, 0);
	kit_kind(&kit, KIT_ARRAY, 0);
	kit_value(&kit, other, 11, 60, kit_element(0, "x"));
	kit_value(&kit, large, 11, 60, kit_element(1, "x"));
	assert_refused(kit_store(&kit, other), RELOAD_E_LIMIT, RELOAD_ERROR_DATA_TOO_LARGE);
	g_assert_cmpint(kit_store_one(&kit, other, &at, KIT_ARRAY, 12, 60, kit_element(0, "x")), ==,
			0);
	reload_storage_drop(kit.storage, &at);
	teardown_empty();
}

/* One that goes with a value and comes back with two others is counted once. */
static void test_certificates_back(void)
{
	ReloadIdentity *small, *large;
	ReloadNodeId id;
	ReloadResourceId at;

	setup();
	id = *reload_identity_node_id(alice);
	small = another(&id, 's', 0);
	large = another(&id, 'l', 200);
	at = kit_node_resource(&id);
	for (unsigned round = 0; round < 2; round++) {
		if (round)
			set_quota(bytes_held() + 30);
		for (unsigned i = 0; i < 4; i++)
			g_assert_cmpint(kit_store_one(&kit, i ? small : large, &at, KIT_ARRAY, 10, 60, kit_element(i, "x")),
					==, 0);
	}
	kit_begin(&kit, &at, 0);
	kit_kind(&kit, KIT_ARRAY, 0);
	for (unsigned i = 0; i < 3; i++)
		kit_value(&kit, i ? large : small, 11, 60, kit_element(i, "x"));
	g_assert_cmpint(kit_store(&kit, small), ==, 0);
	reload_storage_drop(kit.storage, &at);
	teardown_empty();
}

/* Stores three values under one certificate, in not much more than the room that is there, among removed ones. */
static void fill(ReloadIdentity *identity, const ReloadResourceId *place)
{
	for (unsigned round = 0; round < 2; round++) { /* to measure, and in that much room */
		if (round)
			set_quota(bytes_held() + 30);
		for (unsigned i = 0; i < 23; i++) {
			ReloadStoredValue value = i < 3 ? kit_element(i, "x") : kit_removed(kit_element(i, ""));

			g_assert_cmpint(kit_store_one(&kit, identity, place, KIT_ARRAY, 10, 60, value), ==, 0);
		}
	}
}

/* Who has renewed the certificate can remove what was stored under the old one in a full store; but not without
 * end, each under a certificate of its own. */
static void test_renewed_removal(void)
{
	ReloadIdentity *old, *renewed, *large;
	ReloadNodeId id;
	ReloadResourceId at;

	setup();
	id = *reload_identity_node_id(alice);
	old = another(&id, 's', 0);
	renewed = another(&id, 't', 0);
	large = another(&id, 'l', 240);
	at = kit_node_resource(&id);
	fill(old, &at);
	assert_refused(kit_store_one(&kit, renewed, &at, KIT_ARRAY, 11, 60, kit_element(0, "y")), RELOAD_E_LIMIT,
		       RELOAD_ERROR_DATA_TOO_LARGE);
	for (unsigned i = 0; i < 2; i++)
		g_assert_cmpint(kit_store_one(&kit, renewed, &at, KIT_ARRAY, 11, 60,
					      kit_removed(kit_element(i, ""))),
				==, 0);
	assert_refused(
	    kit_store_one(&kit, large, &at, KIT_ARRAY, 11, 60, kit_removed(kit_element(2, ""))),
	    RELOAD_E_LIMIT, RELOAD_ERROR_DATA_TOO_LARGE);
	reload_storage_drop(kit.storage, &at);
	teardown_empty();
}

/* All values stored anew under another certificate in one request take no more room. */
static void test_renewed_all(void)
{
	ReloadIdentity *old, *renewed, *large;
	ReloadNodeId id;
	ReloadResourceId at;

	setup();
	id = *reload_identity_node_id(alice);
	old = another(&id, 's', 0);
	renewed = another(&id, 't', 0);
	large = another(&id, 'l', 240);
	at = kit_node_resource(&id);
	for (unsigned round = 0; round < 2; round++) {
		if (round)
			set_quota(bytes_held() + 30);
		for (unsigned i = 0; i < 3; i++)
			g_assert_cmpint(kit_store_one(&kit, old, &at, KIT_ARRAY, 10, 60, kit_element(i, "x")), ==, 0);
	}
	for (unsigned round = 0; round < 3; round++) { /* too large; one is left under the old one; all */
		kit_begin(&kit, &at, 0);
		kit_kind(&kit, KIT_ARRAY, 0);
		for (unsigned i = round == 1; i < 3; i++)
			kit_value(&kit, round == 0 ? large : renewed, 12, 60, kit_element(i, "x"));
		if (round < 2)
			assert_refused(kit_store(&kit, round == 0 ? large : renewed), RELOAD_E_LIMIT,
				       RELOAD_ERROR_DATA_TOO_LARGE);
		else
			g_assert_cmpint(kit_store(&kit, renewed), ==, 0);
	}
	reload_storage_drop(kit.storage, &at);
	teardown_empty();
}

/* Every prefix of a good body, and every one with a byte changed: no crash, and nothing stored that
 * does not verify. */
static void test_malformed(void)
{
	GByteArray *body;
	ReloadMessage message;
	ReloadStoreContext context = {.responsible = true, .plausible_replica = true};
	ReloadStoreReq req = {0};
	ReloadStoreKindData data = {.kind = KIT_DICT};

	setup();
	context.sender = reload_identity_node_id(alice);
	context.sender_certificate = reload_identity_certificate(alice);
	kit_begin(&kit, &alice_at, 0);
	kit.kind = KIT_DICT;
	kit_value(&kit, alice, 10, 60, kit_entry(reload_identity_node_id(alice), "value"));
	data.values = reload_span(kit.values->data, kit.values->len);
	g_assert_true(reload_write_store_kind_data(kit.kinds, &data));
	req.resource = alice_at;
	req.kind_data = reload_span(kit.kinds->data, kit.kinds->len);
	body = g_byte_array_new();
	g_assert_true(reload_write_store_req(body, &req));
	message = kit_message(kit.certificates);
	context.message = &message;
	for (guint i = 0; i < 2 * body->len; i++) {
		bool cut = i < body->len;
		guint8 *copy = g_memdup2(body->data, cut ? MAX(i, 1) : body->len); /* for ASan */
		ReloadStorageAnswer answer;
		ReloadStatus status;
		bool changed;

		if (!cut)
			copy[i - body->len] ^= 0x11;
		status = reload_storage_store(kit.storage, &context,
					      reload_span(copy, cut ? i : body->len), kit.now,
					      &answer, &changed);
		if (!status) /* its lifetime, replica number or counter was hit: those are not
				signed */
			reload_storage_drop(kit.storage, &alice_at);
		g_assert_true(!cut || status);
		g_assert_cmpint(status == RELOAD_OK, ==, answer.error_code == 0);
		reload_storage_answer_clear(&answer);
		g_free(copy);
	}
	g_byte_array_unref(body);
	teardown_empty();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/storage/refuse/user-match", test_user_match);
	g_test_add_func("/storage/refuse/node-match", test_node_match);
	g_test_add_func("/storage/refuse/user-node-match", test_user_node_match);
	g_test_add_func("/storage/refuse/node-multiple", test_node_multiple);
	g_test_add_func("/storage/refuse/domains", test_domains);
	g_test_add_func("/storage/refuse/signatures", test_signatures);
	g_test_add_func("/storage/refuse/times", test_times);
	g_test_add_func("/storage/refuse/place", test_place);
	g_test_add_func("/storage/refuse/unknown-kind", test_unknown_kind);
	g_test_add_func("/storage/refuse/limits", test_limits);
	g_test_add_func("/storage/refuse/quotas", test_quotas);
	g_test_add_func("/storage/refuse/certificates", test_certificates);
	g_test_add_func("/storage/refuse/certificates-replaced", test_certificates_replaced);
	g_test_add_func("/storage/refuse/certificates-back", test_certificates_back);
	g_test_add_func("/storage/refuse/renewed-removal", test_renewed_removal);
	g_test_add_func("/storage/refuse/renewed-all", test_renewed_all);
	g_test_add_func("/storage/refuse/total", test_total);
	g_test_add_func("/storage/refuse/malformed", test_malformed);
	return g_test_run();
}
