/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replicas and resynchronization between two storing peers; Stat and Find. */
#include "reload_core/security/certificate_private.h" /* the chain of a certificate */
#include "reload_core/security/digest.h"
#include "reload_core/security/sign.h"
#include "reload_core/wire/fetch.h"
#include "reload_core/wire/find.h"
#include "reload_core/wire/stat.h"
#include "reload_core/wire/store.h"
#include "tests/unit/storage_kit.h"

#include <time.h>

static StorageKit kit;	       /* the responsible peer */
static ReloadStorage *replica; /* its successor */
static ReloadIdentity *alice, *peer;
static ReloadResourceId at;

static void setup(void)
{
	kit_setup(&kit, NULL);
	replica = reload_storage_new(kit.ca->document, kit.ca->trust, NULL);
	alice = ca_fixture_identity(kit.ca, "alice@example.org", NULL);
	peer = ca_fixture_identity(kit.ca, "peer@example.org", NULL);
	at = kit_user_resource(&kit, "alice@example.org");
}

static void teardown(void)
{
	reload_storage_free(replica);
	kit_teardown(&kit);
}

static void swap(void)
{
	ReloadStorage *other = kit.storage;

	kit.storage = replica;
	replica = other;
}

/* Takes the next replica request of one storage to the other; false: there was none. */
static bool copy_piece(ReloadStorage *from, ReloadStorage *to, size_t max_bytes,
		       ReloadReplicaCursor *cursor, ReloadStatus *status, bool *changed)
{
	GByteArray *body = g_byte_array_new();
	GByteArray *list = g_byte_array_new();
	GPtrArray *certificates =
	    g_ptr_array_new_with_free_func((GDestroyNotify)reload_certificate_unref);
	ReloadStoreContext context = {
	    .sender = reload_identity_node_id(peer),
	    .sender_certificate = reload_identity_certificate(peer),
	    .plausible_replica = true,
	};
	ReloadMessage message;
	ReloadStorageAnswer answer;
	bool any = reload_storage_replica_request(from, &at, 1, max_bytes, cursor, kit.now, body,
						  certificates);

	if (any) {
		for (guint i = 0; i < certificates->len; i++)
			kit_add_certificate(list, g_ptr_array_index(certificates, i));
		message = kit_message(list);
		context.message = &message;
		*status = reload_storage_store(to, &context, reload_span(body->data, body->len),
					       kit.now, &answer, changed);
		reload_storage_answer_clear(&answer);
	} else {
		g_assert_cmpuint(body->len, ==, 0);
	}
	g_ptr_array_unref(certificates);
	g_byte_array_unref(list);
	g_byte_array_unref(body);
	return any;
}

/* Takes the replica requests of one storage to the other; returns the status of the last, *requests
 * how many. */
static ReloadStatus copy(ReloadStorage *from, ReloadStorage *to, size_t max_bytes,
			 unsigned *requests, bool *changed)
{
	ReloadReplicaCursor cursor = {0};
	ReloadStatus status = RELOAD_OK;

	*requests = 0;
	*changed = false;
	while (!cursor.done && !status) {
		bool once = false;

		*requests += copy_piece(from, to, max_bytes, &cursor, &status, &once);
		*changed |= once;
	}
	reload_replica_cursor_clear(&cursor);
	return status;
}

static void assert_dump(uint32_t kind, const char *expected)
{
	char *text = kit_dump(&kit, &at, kind);

	g_assert_cmpstr(text, ==, expected);
	g_free(text);
}

static void test_copy(void)
{
	unsigned requests;
	uint64_t generation;
	bool changed;

	setup();
	g_assert_cmpint(copy(kit.storage, replica, 5000, &requests, &changed), ==, 0);
	g_assert_cmpuint(requests, ==, 0);
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_SINGLE, 10, 60, kit_single("one")), ==,
			0);
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_SINGLE, 11, 60, kit_single("two")), ==,
			0);
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_DICT, 11, 60,
				      kit_entry(reload_identity_node_id(alice), "three")),
			==, 0);
	assert_dump(KIT_SINGLE, "two");
	generation = kit_answer_generation(&kit);
	kit.now += 20500;
	g_assert_cmpint(copy(kit.storage, replica, 5000, &requests, &changed), ==, 0);
	g_assert_cmpuint(requests, ==, 1);
	g_assert_true(changed);
	/* a second time: succeeds, changes nothing */
	g_assert_cmpint(copy(kit.storage, replica, 5000, &requests, &changed), ==, 0);
	g_assert_false(changed);
	swap();
	assert_dump(KIT_DICT, "three");
	assert_dump(KIT_SINGLE, "two");
	g_assert_cmpuint(kit_answer_generation(&kit), ==, generation); /* taken over */
	/* the lifetime was lowered by the time held: 60 - 20.5 s, rounded down */
	g_assert_cmpint(reload_storage_expire(kit.storage, kit.now), ==, kit.now + 39000);
	teardown();
}

/* RFC 6940, 7.4.1.1: the counter of a replica store is set, never compared. */
static void test_generation(void)
{
	GByteArray *signed_once = g_byte_array_new();

	setup();
	for (uint64_t generation = 9; generation >= 7; generation--) {
		kit_begin(&kit, &at, 1);
		kit_kind(&kit, KIT_SINGLE, generation);
		if (generation == 9) {
			kit_value(&kit, alice, 10, 60, kit_single("one"));
			g_byte_array_append(signed_once, kit.values->data, kit.values->len);
		} else {
			g_byte_array_append(kit.values, signed_once->data, signed_once->len);
		}
		g_assert_cmpint(kit_store(&kit, peer), ==, RELOAD_OK);
		g_assert_true(kit.changed == (generation == 9)); /* else it is held already */
		assert_dump(KIT_SINGLE, "one");
		g_assert_cmpuint(kit_answer_generation(&kit), ==, generation);
	}
	kit_begin(&kit, &at, 1);
	kit_kind(&kit, KIT_SINGLE, 0);
	kit_value(&kit, alice, 11, 60, kit_single("two"));
	g_assert_cmpint(kit_store(&kit, peer), ==, RELOAD_E_MALFORMED);
	assert_dump(KIT_SINGLE, "one");
	g_byte_array_unref(signed_once);
	/* the largest one wraps with the next change, and not to 0 */
	kit_begin(&kit, &at, 1);
	kit_kind(&kit, KIT_SINGLE, UINT64_MAX);
	kit_value(&kit, alice, 12, 60, kit_single("three"));
	g_assert_cmpint(kit_store(&kit, peer), ==, RELOAD_OK);
	kit_begin(&kit, &at, 0);
	kit_kind(&kit, KIT_SINGLE, 0);
	kit_value(&kit, alice, 13, 60, kit_single("four"));
	g_assert_cmpint(kit_store(&kit, alice), ==, RELOAD_OK);
	assert_dump(KIT_SINGLE, "four");
	g_assert_cmpuint(kit_answer_generation(&kit), ==, 1);
	teardown();
}

/* Stores a single value as a stranger brings it: a replica from no plausible source. signer NULL: that of `again`. */
static ReloadStatus bring(ReloadIdentity *signer, uint64_t generation, uint64_t storage_time, const char *text,
			  const GByteArray *again)
{
	kit_begin(&kit, &at, 1);
	kit_kind(&kit, KIT_SINGLE, generation);
	if (signer != NULL)
		kit_value(&kit, signer, storage_time, 60, kit_single(text));
	else
		g_byte_array_append(kit.values, again->data, again->len);
	kit_add_certificate(kit.certificates, reload_identity_certificate(alice));
	kit.plausible = false;
	return kit_store(&kit, peer);
}

/* RFC 6940, 6.4.2.3: whoever held what is ours now brings it; it counts as any Store would (7.4.1.1). */
static void test_stranger(void)
{
	GByteArray *one = g_byte_array_new();
	uint64_t first, base;

	setup();
	base = (uint64_t)kit.now;
	kit_begin(&kit, &at, 1);
	kit_kind(&kit, KIT_SINGLE, 1);
	kit_value(&kit, alice, base + 10, 60, kit_single("one"));
	g_byte_array_append(one, kit.values->data, kit.values->len);
	g_assert_cmpint(bring(NULL, 4000, 0, NULL, one), ==, RELOAD_OK);
	g_assert_true(kit.changed);
	assert_dump(KIT_SINGLE, "one");
	first = kit_answer_generation(&kit);
	g_assert_cmpuint(first, !=, 4000);
	/* What is held already changes nothing, nor does the lifetime begin anew. */
	kit.now += 10000;
	g_assert_cmpint(bring(NULL, 7, 0, NULL, one), ==, RELOAD_OK);
	g_assert_false(kit.changed);
	g_assert_cmpint(reload_storage_expire(kit.storage, kit.now), ==, kit.now + 50000);
	assert_dump(KIT_SINGLE, "one");
	g_assert_cmpuint(kit_answer_generation(&kit), ==, first);
	/* Newer: the counter goes up by one, whatever the request says. */
	g_assert_cmpint(bring(alice, UINT64_MAX, base + 20, "two", NULL), ==, RELOAD_OK);
	assert_dump(KIT_SINGLE, "two");
	g_assert_cmpuint(kit_answer_generation(&kit), ==, first + 1);
	/* Older, or another of the same time: refused. */
	g_assert_cmpint(bring(alice, 1, base + 19, "older", NULL), ==, RELOAD_E_TOO_OLD);
	g_assert_cmpint(bring(alice, 1, base + 20, "other", NULL), ==, RELOAD_E_TOO_OLD);
	/* By somebody who may not write there. */
	g_assert_cmpint(bring(peer, 1, base + 30, "evil", NULL), ==, RELOAD_E_FORBIDDEN);
	assert_dump(KIT_SINGLE, "two");
	g_assert_cmpuint(kit_answer_generation(&kit), ==, first + 1);
	/* Once it has expired, or been removed and that has expired, it comes back only while it was signed lately, and
	 * not for long: no signature covers its lifetime. */
	kit.now = (int64_t)base + 23 * 3600 * INT64_C(1000);
	kit_begin(&kit, &at, 1);
	kit_kind(&kit, KIT_SINGLE, 1);
	kit_value(&kit, alice, base, 1000000, kit_single("back"));
	kit.plausible = false;
	g_assert_cmpint(kit_store(&kit, peer), ==, RELOAD_OK);
	assert_dump(KIT_SINGLE, "back");
	g_assert_cmpint(reload_storage_expire(kit.storage, kit.now), ==, (int64_t)base + 24 * 3600 * INT64_C(1000));
	kit.now = (int64_t)base + 24 * 3600 * INT64_C(1000) + 10;
	g_assert_cmpint(bring(NULL, 7, 0, NULL, one), ==, RELOAD_E_TOO_OLD);
	assert_dump(KIT_SINGLE, "-");
	g_byte_array_unref(one);
	teardown();
}

static void test_removed_replicates(void)
{
	unsigned requests;
	bool changed;

	setup();
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_SINGLE, 10, 60, kit_single("one")), ==,
			0);
	g_assert_cmpint(copy(kit.storage, replica, 5000, &requests, &changed), ==, 0);
	g_assert_cmpint(
	    kit_store_one(&kit, alice, &at, KIT_SINGLE, 11, 60, kit_removed(kit_single(""))), ==,
	    0);
	g_assert_cmpint(copy(kit.storage, replica, 5000, &requests, &changed), ==, 0);
	g_assert_true(changed);
	swap();
	assert_dump(KIT_SINGLE, "-");
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_SINGLE, 10, 60, kit_single("one")), ==,
			RELOAD_E_TOO_OLD);
	teardown();
}

/* A large resource goes in several requests; array elements keep their indices. */
static void test_pieces(void)
{
	unsigned requests;
	bool changed;

	setup();
	at = kit_node_resource(reload_identity_node_id(alice));
	for (unsigned i = 0; i < 4; i++)
		g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_ARRAY, 10 + i, 60,
					      kit_element(RELOAD_ARRAY_END, "element")),
				==, 0);
	g_assert_cmpint(copy(kit.storage, replica, 700, &requests, &changed), ==, 0);
	g_assert_cmpuint(requests, >, 1);
	swap();
	assert_dump(KIT_ARRAY, "0:element 1:element 2:element 3:element");
	swap();
	reload_storage_drop(replica, &at);
	g_assert_cmpint(copy(kit.storage, replica, 1, &requests, &changed), ==, 0);
	g_assert_cmpuint(requests, ==, 4); /* at least one value in each */
	swap();
	assert_dump(KIT_ARRAY, "0:element 1:element 2:element 3:element");
	teardown();
}

/* Copies all in pieces of one value each; after the first one has been sent its like expires. */
static void copy_while_expiring(void)
{
	ReloadReplicaCursor cursor = {0};
	ReloadStatus status = RELOAD_OK;
	bool changed;

	g_assert_true(copy_piece(kit.storage, replica, 1, &cursor, &status, &changed));
	kit.now += 1500;
	reload_storage_expire(kit.storage, kit.now);
	for (unsigned i = 0; !status && !cursor.done; i++) {
		g_assert_cmpuint(i, <, 4);
		copy_piece(kit.storage, replica, 1, &cursor, &status, &changed);
	}
	g_assert_cmpint(status, ==, 0);
	reload_replica_cursor_clear(&cursor);
	swap();
}

/* A value that expires between two pieces makes none of the others be left out: of an array, of a
 * dictionary, and when nothing is left of its Kind. */
static void test_pieces_expire(void)
{
	ReloadIdentity *node;

	setup();
	at = kit_node_resource(reload_identity_node_id(alice));
	for (unsigned i = 0; i < 4; i++)
		g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_ARRAY, 10 + i, i ? 600 : 1,
					      kit_element(i, "e")),
				==, 0);
	copy_while_expiring();
	assert_dump(KIT_ARRAY, "0:- 1:e 2:e 3:e");
	teardown();

	setup();
	for (unsigned i = 0; i < 3; i++) {
		node = ca_fixture_identity(kit.ca, "alice@example.org", NULL);
		g_assert_cmpint(kit_store_one(&kit, node, &at, KIT_DICT, 10, i ? 600 : 1,
					      kit_entry(reload_identity_node_id(node), "d")),
				==, 0);
	}
	copy_while_expiring();
	assert_dump(KIT_DICT, "d d");
	teardown();

	setup();
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_LIST, 10, 600, kit_element(0, "l")), ==,
			0);
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_DICT, 10, 600,
				      kit_entry(reload_identity_node_id(alice), "d")),
			==, 0);
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_SINGLE, 10, 1, kit_single("s")), ==, 0);
	copy_while_expiring();
	assert_dump(KIT_DICT, "d");
	assert_dump(KIT_LIST, "0:l");
	teardown();
}

/* A value that was to be the next has expired, and its Kind with it: on with what follows. */
static void test_next_expires(void)
{
	ReloadReplicaCursor cursor = {0};
	ReloadStatus status;
	bool changed;

	setup();
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_SINGLE, 10, 600, kit_single("s")), ==,
			0);
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_DICT, 10, 1,
				      kit_entry(reload_identity_node_id(alice), "d")),
			==, 0);
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_LIST, 10, 600, kit_element(0, "l")), ==,
			0);
	g_assert_true(copy_piece(kit.storage, replica, 1, &cursor, &status, &changed));
	g_assert_cmpuint(cursor.kind, ==, KIT_DICT);
	kit.now += 1500;
	reload_storage_expire(kit.storage, kit.now);
	g_assert_true(copy_piece(kit.storage, replica, 1, &cursor, &status, &changed));
	g_assert_true(cursor.done);
	swap();
	assert_dump(KIT_SINGLE, "s");
	assert_dump(KIT_DICT, "");
	assert_dump(KIT_LIST, "0:l");
	teardown();
}

/* Gives the node's certificate, as the trust knows it, an intermediate CA's of size bytes. */
static void give_chain(const ReloadIdentity *node, uint8_t fill, gsize size)
{
	GPtrArray *chain = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	ReloadCertificate *certificate = reload_trust_lookup(
	    kit.ca->trust, reload_certificate_sha256(reload_identity_certificate(node)), kit.now);
	guint8 *der = g_malloc(size);

	memset(der, fill, size);
	g_ptr_array_add(chain, g_bytes_new_take(der, size));
	reload_certificate_take_chain(certificate, chain);
	reload_certificate_unref(certificate);
}

/* How many values the first replica request for max_bytes holds; *size: the bytes of its body and of
 * the certificates in its security block besides the sender's. */
static unsigned first_piece(size_t max_bytes, size_t *size)
{
	GByteArray *body = g_byte_array_new(), *signature = g_byte_array_new();
	GPtrArray *certificates =
	    g_ptr_array_new_with_free_func((GDestroyNotify)reload_certificate_unref);
	ReloadReplicaCursor cursor = {0};
	ReloadSecurityBlock block;
	unsigned values;

	g_assert_true(reload_storage_replica_request(kit.storage, &at, 1, max_bytes, &cursor,
						     kit.now, body, certificates));
	g_assert_cmpint(reload_sign_message(peer, 1, 1, reload_span(body->data, body->len),
					    certificates, signature),
			==, 0);
	g_assert_cmpint(
	    reload_security_block_decode(reload_span(signature->data, signature->len), &block), ==,
	    0);
	*size = body->len + block.certificates.len -
		(reload_certificate_der(reload_identity_certificate(peer)).len + 3);
	values = certificates->len;
	reload_replica_cursor_clear(&cursor);
	g_ptr_array_unref(certificates);
	g_byte_array_unref(signature);
	g_byte_array_unref(body);
	return values;
}

/* The certificates of intermediate CAs go along, each once; a piece holds what fits with them. */
static void test_chain(void)
{
	ReloadIdentity *node;
	size_t all, size;

	setup();
	for (unsigned i = 0; i < 3; i++) {
		node = ca_fixture_identity(kit.ca, "alice@example.org", NULL);
		g_assert_cmpint(kit_store_one(&kit, node, &at, KIT_DICT, 10, 600,
					      kit_entry(reload_identity_node_id(node), "v")),
				==, 0);
		give_chain(node, i == 2, 700);
	}
	g_assert_cmpuint(first_piece(10000, &all), ==, 3);
	g_assert_cmpuint(all, >, 2 * 700);
	g_assert_cmpuint(all, <, 3 * 700 + 3 * 400);
	g_assert_cmpuint(first_piece(all, &size), ==, 3);
	g_assert_cmpuint(first_piece(all - 1, &size), ==, 2);
	for (size_t max_bytes = 1; max_bytes < all; max_bytes += 20)
		g_assert_true(first_piece(max_bytes, &size) == 1 || size <= max_bytes);
	teardown();
}

/* What the two peers hold after a partition: each has one entry newer than the other's. */
static void diverge(void)
{
	ReloadIdentity *cell;

	setup();
	cell = ca_fixture_identity(kit.ca, "alice@example.org", NULL);
	swap();
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_DICT, 20, 60,
				      kit_entry(reload_identity_node_id(alice), "newer")),
			==, 0);
	g_assert_cmpint(kit_store_one(&kit, cell, &at, KIT_DICT, 5, 60,
				      kit_entry(reload_identity_node_id(cell), "older")),
			==, 0);
	swap();
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_DICT, 10, 60,
				      kit_entry(reload_identity_node_id(alice), "old")),
			==, 0);
	g_assert_cmpint(kit_store_one(&kit, cell, &at, KIT_DICT, 6, 60,
				      kit_entry(reload_identity_node_id(cell), "mine")),
			==, 0);
	assert_dump(KIT_DICT, "old mine");
}

/* Merges the replica's answer into kit.storage. */
static void merge(const ReloadStorageAnswer *answer, bool *changed)
{
	GByteArray *list = g_byte_array_new();
	ReloadMessage message;

	for (guint i = 0; i < answer->certificates->len; i++)
		kit_add_certificate(list, g_ptr_array_index(answer->certificates, i));
	message = kit_message(list);
	g_assert_cmpint(reload_storage_merge(kit.storage, &at,
					     reload_span(answer->body->data, answer->body->len),
					     &message, kit.now, changed),
			==, 0);
	g_byte_array_unref(list);
}

/* Alice's nodes that fill KIT_DICT at kit.storage: nodes[0] with the lowest Node-ID, then the
 * others in their order. Only the last three have stored. */
static void fill(ReloadIdentity *nodes[4])
{
	for (unsigned i = 0; i < 4; i++)
		nodes[i] = ca_fixture_identity(kit.ca, "alice@example.org", NULL);
	for (unsigned i = 1; i < 4; i++) {
		g_assert_cmpint(memcmp(reload_identity_node_id(nodes[i - 1])->id,
				       reload_identity_node_id(nodes[i])->id, 16),
				<, 0);
		g_assert_cmpint(kit_store_one(&kit, nodes[i], &at, KIT_DICT, 10, 600,
					      kit_entry(reload_identity_node_id(nodes[i]), "old")),
				==, 0);
	}
}

/* Removes the value of gone and stores one of node. */
static void exchange(ReloadIdentity *gone, ReloadIdentity *node)
{
	g_assert_cmpint(kit_store_one(&kit, gone, &at, KIT_DICT, 20, 600,
				      kit_removed(kit_entry(reload_identity_node_id(gone), ""))),
			==, 0);
	g_assert_cmpint(kit_store_one(&kit, node, &at, KIT_DICT, 21, 600,
				      kit_entry(reload_identity_node_id(node), "new")),
			==, 0);
}

/* A replica of a Kind with max-count values has missed a removal. The next copy brings the value that
 * came in its place before it, and in a request of its own: it is taken all the same. */
static void test_missed_removal(void)
{
	const size_t sizes[] = {5000, 1};
	ReloadIdentity *nodes[4];
	unsigned requests;
	bool changed;

	for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
		setup();
		fill(nodes);
		g_assert_cmpint(copy(kit.storage, replica, 5000, &requests, &changed), ==, 0);
		exchange(nodes[3], nodes[0]);
		g_assert_cmpint(copy(kit.storage, replica, sizes[i], &requests, &changed), ==, 0);
		swap();
		assert_dump(KIT_DICT, "new old old -");
		/* it may be the responsible peer by now: then it does look at max-count */
		peer = ca_fixture_identity(kit.ca, "alice@example.org", NULL);
		g_assert_cmpint(kit_store_one(&kit, peer, &at, KIT_DICT, 22, 600,
					      kit_entry(reload_identity_node_id(peer), "more")),
				==, RELOAD_E_LIMIT);
		teardown();
	}
}

/* What is merged into a Kind whose counter is the largest one: it wraps as with any change. */
static void test_merge_wraps(void)
{
	ReloadStorageAnswer answer;
	GByteArray *body = g_byte_array_new();
	bool changed;

	diverge();
	kit_begin(&kit, &at, 1);
	kit_kind(&kit, KIT_DICT, UINT64_MAX);
	kit_value(&kit, alice, 11, 60, kit_entry(reload_identity_node_id(alice), "old"));
	g_assert_cmpint(kit_store(&kit, peer), ==, RELOAD_OK);
	g_assert_true(reload_storage_fetch_request(kit.storage, &at, body));
	g_assert_cmpint(
	    reload_storage_fetch(replica, reload_span(body->data, body->len), 0, kit.now, &answer),
	    ==, 0);
	merge(&answer, &changed);
	g_assert_true(changed);
	assert_dump(KIT_DICT, "newer mine");
	g_assert_cmpuint(kit_answer_generation(&kit), ==, 1);
	reload_storage_answer_clear(&answer);
	g_byte_array_unref(body);
	teardown();
}

/* 7.4.1.1: a partition heals. The replica store is refused as too old, the newer value comes back
 * by a Fetch. */
static void test_merge(void)
{
	GByteArray *body = g_byte_array_new();
	ReloadStorageAnswer answer;
	unsigned requests;
	uint64_t generation;
	bool changed;

	diverge();
	generation = kit_answer_generation(&kit);
	g_assert_cmpint(copy(kit.storage, replica, 5000, &requests, &changed), ==,
			RELOAD_E_TOO_OLD);
	g_assert_true(reload_storage_fetch_request(kit.storage, &at, body));
	g_assert_cmpint(
	    reload_storage_fetch(replica, reload_span(body->data, body->len), 0, kit.now, &answer),
	    ==, 0);
	merge(&answer, &changed);
	g_assert_true(changed);
	assert_dump(KIT_DICT, "newer mine");
	g_assert_cmpuint(kit_answer_generation(&kit), >, generation);
	/* now the replica takes ours */
	g_assert_cmpint(copy(kit.storage, replica, 5000, &requests, &changed), ==, 0);
	swap();
	assert_dump(KIT_DICT, "newer mine");
	/* a second merge changes nothing; of a forged answer only the good value is taken */
	merge(&answer, &changed);
	g_assert_false(changed);
	reload_storage_drop(kit.storage, &at);
	answer.body->data[answer.body->len - 5] ^= 1;
	merge(&answer, &changed);
	assert_dump(KIT_DICT, "newer"); /* the second of the two was hit */
	reload_storage_answer_clear(&answer);
	g_byte_array_unref(body);
	teardown();
}

/* The same the other way: the responsible peer has missed a removal and fetches. */
static void test_merge_missed_removal(void)
{
	GByteArray *body = g_byte_array_new();
	ReloadStorageAnswer answer;
	ReloadIdentity *nodes[4];
	unsigned requests;
	bool changed;

	setup();
	fill(nodes);
	g_assert_cmpint(copy(kit.storage, replica, 5000, &requests, &changed), ==, 0);
	swap();
	exchange(nodes[3], nodes[0]);
	swap();
	g_assert_true(reload_storage_fetch_request(kit.storage, &at, body));
	g_assert_cmpint(
	    reload_storage_fetch(replica, reload_span(body->data, body->len), 0, kit.now, &answer),
	    ==, 0);
	merge(&answer, &changed);
	assert_dump(KIT_DICT, "new old old -");
	reload_storage_answer_clear(&answer);
	g_byte_array_unref(body);
	teardown();
}

/* Another certificate of alice's node. */
static ReloadIdentity *another(char first, unsigned length)
{
	g_autofree char *pad = g_strnfill(length, first);
	g_autofree char *name = g_strdup_printf("%s@ab.org", pad);

	return ca_fixture_identity(kit.ca, name, reload_identity_node_id(alice));
}

/* Begins anew with so many bytes for each node. */
static void set_quota(size_t bytes)
{
	ReloadStorageLimits limits = {.max_bytes_per_node = bytes};

	reload_storage_free(kit.storage);
	kit.storage = reload_storage_new(kit.ca->document, kit.ca->trust, &limits);
}

/* A value that there is no room for does not take away the room of one behind it, whose certificate it would have
 * replaced. */
static void test_merge_refused(void)
{
	GByteArray *body = g_byte_array_new();
	ReloadIdentity *large, *other;
	ReloadStorageAnswer answer;
	ReloadStorageUsage usage;
	bool changed;

	setup();
	large = another('l', 240);
	other = another('o', 10);
	at = kit_node_resource(reload_identity_node_id(alice));
	for (unsigned round = 0; round < 2; round++) { /* to measure, and in that much room */
		reload_storage_usage(kit.storage, &usage);
		if (round)
			set_quota(usage.bytes + 30);
		for (unsigned i = 0; i < 3; i++)
			g_assert_cmpint(
			    kit_store_one(&kit, i ? other : alice, &at, KIT_ARRAY, 10, 60, kit_element(i, "old")),
			    ==, 0);
	}
	swap();
	g_assert_cmpint(kit_store_one(&kit, large, &at, KIT_ARRAY, 20, 60, kit_element(0, "new")), ==, 0);
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_ARRAY, 20, 60, kit_element(1, "new")), ==, 0);
	swap();
	g_assert_true(reload_storage_fetch_request(kit.storage, &at, body));
	g_assert_cmpint(
	    reload_storage_fetch(replica, reload_span(body->data, body->len), 0, kit.now, &answer),
	    ==, 0);
	merge(&answer, &changed);
	assert_dump(KIT_ARRAY, "0:old 1:new 2:old");
	reload_storage_answer_clear(&answer);
	g_byte_array_unref(body);
	teardown();
}

/* What to ask for to be told of all that is held: keys, or indices and all behind them. */
static void test_items(void)
{
	GPtrArray *items = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	GArray *kinds = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	ReloadArrayRange range, expected[] = {{2, 2}, {7, 7}, {8, RELOAD_ARRAY_END}};
	ReloadSpan item, key;

	setup();
	at = kit_node_resource(reload_identity_node_id(alice));
	for (unsigned i = 0; i < 2; i++)
		g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_ARRAY, 10, 60,
					      kit_element(expected[i].first, "element")),
				==, 0);
	reload_storage_items(kit.storage, &at, KIT_ARRAY, items);
	g_assert_cmpuint(items->len, ==, G_N_ELEMENTS(expected));
	for (unsigned i = 0; i < items->len; i++) {
		item.data = g_bytes_get_data(items->pdata[i], &item.len);
		g_assert_true(reload_array_range_next(&item, &range));
		g_assert_cmpuint(item.len, ==, 0);
		g_assert_cmpuint(range.first, ==, expected[i].first);
		g_assert_cmpuint(range.last, ==, expected[i].last);
	}
	reload_storage_kinds(kit.storage, &at, kinds);
	g_assert_cmpuint(kinds->len, ==, 1);
	g_assert_cmpuint(g_array_index(kinds, uint32_t, 0), ==, KIT_ARRAY);
	g_ptr_array_set_size(items, 0);
	teardown();
	setup();
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_DICT, 10, 60,
				      kit_entry(reload_identity_node_id(alice), "value")),
			==, 0);
	reload_storage_items(kit.storage, &at, KIT_DICT, items);
	g_assert_cmpuint(items->len, ==, 1);
	item.data = g_bytes_get_data(items->pdata[0], &item.len);
	g_assert_true(reload_dictionary_key_next(&item, &key));
	g_assert_true(reload_span_equal(key, reload_node_id_span(reload_identity_node_id(alice))));
	g_array_unref(kinds);
	g_ptr_array_unref(items);
	teardown();
}

/* Values of bad nodes, and of Kinds that are gone, go with the document. */
static void test_new_document(void)
{
	CaFixture *other, *third;
	ReloadStorageUsage usage;

	setup();
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_SINGLE, 10, 60, kit_single("one")), ==,
			0);
	g_assert_cmpint(kit_store_one(&kit, alice, &at, RELOAD_KIND_SIP_REGISTRATION, 10, 60,
				      kit_entry(reload_identity_node_id(alice), "two")),
			==, 0);
	other = ca_fixture_new(NULL, NULL);
	reload_storage_set_document(kit.storage, other->document, other->trust, kit.now);
	reload_storage_usage(kit.storage, &usage);
	g_assert_cmpuint(usage.values, ==, 1); /* the private Kind is gone */
	third = ca_fixture_new(NULL, "<bad-node>5a5a5a5a5a5a5a5a5a5a5a5a00000001</bad-node>");
	reload_storage_set_document(kit.storage, third->document, third->trust, kit.now);
	ca_fixture_free(other);
	reload_storage_usage(kit.storage, &usage);
	g_assert_cmpuint(usage.values, ==, 0);
	reload_storage_set_document(kit.storage, kit.ca->document, kit.ca->trust, kit.now);
	ca_fixture_free(third);
	teardown();
}

/* What a newer document makes too large does not keep the rest of its resource from being replicated.
 */
static void test_smaller(void)
{
	static const char kinds[] =
	    "<kind-block><kind id=\"4026531841\"><data-model>SINGLE</data-model>"
	    "<access-control>USER-MATCH</access-control><max-count>1</max-count>"
	    "<max-size>8</max-size></kind></kind-block>"
	    "<kind-block><kind id=\"4026531843\"><data-model>DICTIONARY</data-model>"
	    "<access-control>USER-NODE-MATCH</access-control><max-count>3</max-count>"
	    "<max-size>64</max-size></kind></kind-block>";
	CaFixture *next = ca_fixture_new(kinds, NULL);
	unsigned requests;
	bool changed;

	setup();
	g_assert_cmpint(
	    kit_store_one(&kit, alice, &at, KIT_SINGLE, 10, 60, kit_single("of 11 bytes")), ==, 0);
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_DICT, 10, 60,
				      kit_entry(reload_identity_node_id(alice), "v")),
			==, 0);
	reload_storage_set_document(kit.storage, next->document, kit.ca->trust, kit.now);
	reload_storage_set_document(replica, next->document, kit.ca->trust, kit.now);
	g_assert_cmpint(copy(kit.storage, replica, 5000, &requests, &changed), ==, 0);
	swap();
	assert_dump(KIT_DICT, "v");
	assert_dump(KIT_SINGLE, "-");
	reload_storage_set_document(kit.storage, kit.ca->document, kit.ca->trust, kit.now);
	reload_storage_set_document(replica, kit.ca->document, kit.ca->trust, kit.now);
	ca_fixture_free(next);
	teardown();
}

static ReloadDataModel model_of(uint32_t kind, void *unused)
{
	(void)unused;
	return kind == KIT_ARRAY ? RELOAD_MODEL_ARRAY : RELOAD_MODEL_UNKNOWN;
}

static void test_stat(void)
{
	static const uint8_t content[] = {0, 0, 0, 3, 'a', 'b', 'c'};
	ReloadSpan part = reload_span(content, sizeof(content));
	uint8_t digest[RELOAD_DIGEST_MAX];
	GByteArray *items = g_byte_array_new();
	GByteArray *body = g_byte_array_new();
	ReloadStoredDataSpecifier specifier = {.kind = KIT_ARRAY, .model = RELOAD_MODEL_ARRAY};
	ReloadFetchReq req;
	ReloadStatKindResponse response;
	ReloadStoredMetaData meta;
	ReloadStorageAnswer answer;
	ReloadStatAns ans;
	GByteArray *specifiers = g_byte_array_new();

	setup();
	at = kit_node_resource(reload_identity_node_id(alice));
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_ARRAY, 77, 60, kit_element(1, "abc")),
			==, 0);
	kit.now += 10000;
	reload_write_array_range(items, (ReloadArrayRange){0, RELOAD_ARRAY_END});
	specifier.items = reload_span(items->data, items->len);
	reload_write_specifier(specifiers, &specifier);
	req = (ReloadFetchReq){at, reload_span(specifiers->data, specifiers->len)};
	reload_write_fetch_req(body, &req);
	g_assert_cmpint(reload_storage_stat(kit.storage, reload_span(body->data, body->len), 0,
					    kit.now, &answer),
			==, 0);
	g_assert_cmpint(reload_stat_ans_decode(reload_span(answer.body->data, answer.body->len),
					       model_of, NULL, &ans),
			==, 0);
	g_assert_true(reload_stat_kind_response_next(&ans.kind_responses, &response));
	g_assert_true(reload_stored_metadata_next(&response.values, RELOAD_MODEL_ARRAY, &meta));
	g_assert_cmpuint(meta.index, ==, 0);
	g_assert_false(meta.exists);
	g_assert_true(reload_stored_metadata_next(&response.values, RELOAD_MODEL_ARRAY, &meta));
	g_assert_cmpuint(meta.index, ==, 1);
	g_assert_true(meta.exists);
	g_assert_cmpuint(meta.value_length, ==, 3);
	g_assert_cmpuint(meta.storage_time, ==, 77);
	g_assert_cmpuint(meta.lifetime, ==, 50);
	g_assert_cmpuint(meta.hash_algorithm, ==, RELOAD_HASH_SHA256);
	g_assert_cmpuint(reload_digest(RELOAD_DIGEST_SHA256, &part, 1, digest), ==, 32);
	g_assert_cmpmem(digest, 32, meta.hash_value.data, meta.hash_value.len);
	reload_storage_answer_clear(&answer);
	g_byte_array_unref(items);
	g_byte_array_unref(specifiers);
	g_byte_array_unref(body);
	teardown();
}

static ReloadStatus find(const ReloadResourceId *from, uint32_t kind, bool responsible,
			 ReloadResourceId *closest)
{
	GByteArray *body = g_byte_array_new();
	ReloadFindReq req = {.resource = *from};
	uint8_t kinds[4] = {kind >> 24, kind >> 16, kind >> 8, kind};
	ReloadFindKindData data;
	ReloadStorageAnswer answer;
	ReloadFindAns ans;
	ReloadStatus status;

	req.kinds = reload_span(kinds, 4);
	g_assert_true(reload_write_find_req(body, &req));
	status = reload_storage_find(kit.storage, reload_span(body->data, body->len), responsible,
				     kit.now, &answer);
	if (!status) {
		g_assert_cmpint(
		    reload_find_ans_decode(reload_span(answer.body->data, answer.body->len), &ans),
		    ==, 0);
		g_assert_true(reload_find_kind_data_next(&ans.results, &data));
		g_assert_cmpuint(data.kind, ==, kind);
		*closest = data.closest;
	}
	reload_storage_answer_clear(&answer);
	g_byte_array_unref(body);
	return status;
}

/* The walk R_n+1 = nearest(1 + R_n) of 7.4.4 sees everything once. */
static void test_find(void)
{
	ReloadResourceId from = {.len = 16}, found, first = {0};
	unsigned steps = 0;

	setup();
	g_assert_cmpint(find(&from, KIT_SINGLE, false, &found), ==, RELOAD_E_NOT_FOUND);
	g_assert_cmpint(find(&from, KIT_SINGLE, true, &found), ==, 0);
	g_assert_true(reload_resource_id_equal(&found, &from)); /* 0: none */
	for (unsigned i = 0; i < 9; i++) {
		char name[32];

		g_snprintf(name, sizeof(name), "u%u@example.org", i);
		at = kit_user_resource(&kit, name);
		peer = ca_fixture_identity(kit.ca, name, NULL);
		g_assert_cmpint(kit_store_one(&kit, peer, &at, KIT_SINGLE, 1, 60, kit_single("x")),
				==, 0);
	}
	do {
		g_assert_cmpint(find(&from, KIT_SINGLE, true, &found), ==, 0);
		if (!steps)
			first = found;
		else if (reload_resource_id_equal(&found, &first))
			break;
		from = found;
		for (int i = 15; i >= 0 && ++from.id[i] == 0; i--)
			;
	} while (++steps < 20);
	g_assert_cmpuint(steps, ==, 9);
	g_assert_cmpint(find(&from, KIT_DICT, true, &found), ==, 0);
	memset(from.id, 0, 16);
	g_assert_true(reload_resource_id_equal(&found, &from));
	teardown();
}

/* A Kind among others: the next Resource-ID that has it, around the ring, and not what has expired. */
static void test_find_among_others(void)
{
	ReloadResourceId from, found, rare[2];

	setup();
	for (unsigned i = 0; i < 40; i++) {
		uint32_t kind = i == 20 || i == 21 ? KIT_LIST : KIT_SINGLE;
		ReloadStoredValue value = kind == KIT_LIST ? kit_element(0, "x") : kit_single("x");
		char name[32];

		g_snprintf(name, sizeof(name), "u%u@example.org", i);
		at = kit_user_resource(&kit, name);
		peer = ca_fixture_identity(kit.ca, name, NULL);
		if (kind == KIT_LIST)
			rare[i - 20] = at;
		g_assert_cmpint(
		    kit_store_one(&kit, peer, &at, kind, 1, i == 21 ? 60 : 600, value), ==, 0);
	}
	for (unsigned i = 0; i < 2; i++) {
		g_assert_cmpint(find(&rare[i], KIT_LIST, true, &found), ==, 0);
		g_assert_true(reload_resource_id_equal(&found, &rare[i]));
		from = rare[i];
		for (int j = 15; j >= 0 && ++from.id[j] == 0; j--)
			;
		g_assert_cmpint(find(&from, KIT_LIST, true, &found), ==, 0);
		g_assert_true(reload_resource_id_equal(&found, &rare[1 - i]));
	}
	kit.now += 60000; /* nobody has called expire */
	g_assert_cmpint(find(&rare[1], KIT_LIST, true, &found), ==, 0);
	g_assert_true(reload_resource_id_equal(&found, &rare[0]));
	reload_storage_drop(kit.storage, &rare[0]);
	g_assert_cmpint(find(&rare[1], KIT_LIST, true, &found), ==, 0);
	memset(from.id, 0, 16);
	g_assert_true(reload_resource_id_equal(&found, &from));
	teardown();
}

/* CPU seconds that 5000 Finds of the Kind behind id take. */
static double find_seconds(const ReloadResourceId *id, uint32_t kind)
{
	ReloadResourceId from = *id, found;
	clock_t start;

	for (int i = 15; i >= 0 && ++from.id[i] == 0; i--)
		;
	start = clock();
	for (unsigned i = 0; i < 5000; i++)
		g_assert_cmpint(find(&from, kind, true, &found), ==, 0);
	return (double)(clock() - start) / CLOCKS_PER_SEC;
}

/* A Find for a Kind that is rare takes no longer than one for what everybody has: by a walk over the
 * resources it would be dozens of times as long. */
static void test_find_rare(void)
{
	static const char kinds[] =
	    "<kind-block><kind id=\"4026531845\"><data-model>SINGLE</data-model>"
	    "<access-control>NODE-MULTIPLE</access-control><max-count>1</max-count>"
	    "<max-size>64</max-size><max-node-multiple>255</max-node-multiple></kind></kind-block>"
	    "<kind-block><kind id=\"4026531841\"><data-model>SINGLE</data-model>"
	    "<access-control>USER-MATCH</access-control><max-count>1</max-count>"
	    "<max-size>64</max-size></kind></kind-block>";
	CaFixture *plain;
	double common;

	setup();
	plain = kit.ca;
	kit.ca = ca_fixture_new(kinds, NULL);
	reload_storage_set_document(kit.storage, kit.ca->document, kit.ca->trust, kit.now);
	alice = ca_fixture_identity(kit.ca, "alice@example.org", NULL);
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_SINGLE, 10, 600, kit_single("x")), ==,
			0);
	for (unsigned i = 0; i < 2550; i++) {
		ReloadResourceId place;
		uint8_t name[17];

		if (i % 255 == 0)
			peer = ca_fixture_identity(kit.ca, "peer@example.org", NULL);
		memcpy(name, reload_identity_node_id(peer)->id, 16);
		name[16] = (uint8_t)(i % 255 + 1);
		reload_hash_resource_name(reload_span(name, sizeof(name)), &place);
		g_assert_cmpint(
		    kit_store_one(&kit, peer, &place, KIT_NODES, 10, 600, kit_single("x")), ==, 0);
	}
	common = find_seconds(&at, KIT_NODES);
	g_assert_cmpfloat(find_seconds(&at, KIT_SINGLE), <, 10 * common);
	reload_storage_set_document(replica, kit.ca->document, kit.ca->trust, kit.now);
	ca_fixture_free(plain);
	teardown();
}

/* An answer that is too large is refused, and a sparse array cannot make it grow without end. */
static void test_too_large(void)
{
	GByteArray *body = g_byte_array_new();
	ReloadStorageAnswer answer;

	setup();
	at = kit_node_resource(reload_identity_node_id(alice));
	g_assert_cmpint(
	    kit_store_one(&kit, alice, &at, KIT_ARRAY, 10, 60, kit_element(0xfffffffe, "far")), ==,
	    0);
	g_assert_true(reload_storage_fetch_request(kit.storage, &at, body));
	body->data[body->len - 1] = 0xfe; /* not "up to the end", but each index */
	g_assert_cmpint(reload_storage_fetch(kit.storage, reload_span(body->data, body->len),
					     100000, kit.now, &answer),
			==, RELOAD_E_TOO_LARGE);
	g_assert_cmpuint(answer.error_code, ==, RELOAD_ERROR_RESPONSE_TOO_LARGE);
	g_assert_cmpuint(answer.certificates->len, ==, 0);
	reload_storage_answer_clear(&answer);
	/* no index is left behind it */
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_ARRAY, 11, 60,
				      kit_element(RELOAD_ARRAY_END, "end")),
			==, RELOAD_E_LIMIT);
	g_byte_array_unref(body);
	teardown();
}

/* A link that has used up its share of bad certificates does not keep it from what is stored here, nor others. */
static void test_account(void)
{
	setup();
	g_assert_cmpint(kit_store_one(&kit, alice, &at, KIT_SINGLE, 10, 600, kit_single("s")), ==, 0);
	for (unsigned round = 0; round < 2; round++) {
		ReloadTrust *trust = reload_document_trust(kit.ca->document, NULL); /* its cache is empty */
		unsigned requests;
		bool changed;

		g_assert_nonnull(trust);
		reload_storage_set_document(kit.storage, kit.ca->document, trust, kit.now);
		reload_trust_set_account(trust, reload_identity_node_id(peer));
		while (reload_trust_take(trust, kit.now))
			continue;
		if (round == 0) {
			assert_dump(KIT_SINGLE, "s");
		} else {
			g_assert_cmpint(copy(kit.storage, replica, 5000, &requests, &changed), ==, 0);
			g_assert_true(changed);
		}
		reload_storage_set_document(kit.storage, kit.ca->document, kit.ca->trust, kit.now);
		reload_trust_unref(trust);
	}
	teardown();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/storage/replica/copy", test_copy);
	g_test_add_func("/storage/replica/generation", test_generation);
	g_test_add_func("/storage/replica/stranger", test_stranger);
	g_test_add_func("/storage/replica/removed", test_removed_replicates);
	g_test_add_func("/storage/replica/missed-removal", test_missed_removal);
	g_test_add_func("/storage/replica/merge-missed-removal", test_merge_missed_removal);
	g_test_add_func("/storage/replica/pieces", test_pieces);
	g_test_add_func("/storage/replica/pieces-expire", test_pieces_expire);
	g_test_add_func("/storage/replica/next-expires", test_next_expires);
	g_test_add_func("/storage/replica/chain", test_chain);
	g_test_add_func("/storage/replica/merge", test_merge);
	g_test_add_func("/storage/replica/merge-refused", test_merge_refused);
	g_test_add_func("/storage/replica/items", test_items);
	g_test_add_func("/storage/replica/merge-wraps", test_merge_wraps);
	g_test_add_func("/storage/replica/new-document", test_new_document);
	g_test_add_func("/storage/replica/smaller", test_smaller);
	g_test_add_func("/storage/stat", test_stat);
	g_test_add_func("/storage/find", test_find);
	g_test_add_func("/storage/find-among-others", test_find_among_others);
	g_test_add_func("/storage/find-rare", test_find_rare);
	g_test_add_func("/storage/too-large", test_too_large);
	g_test_add_func("/storage/account", test_account);
	return g_test_run();
}
