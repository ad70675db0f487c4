/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registering AORs and looking them up, against one storing peer. */
#include "reload_core/usages/data_request.h"
#include "reload_core/usages/sip/gruu.h"
#include "reload_core/usages/sip/lookup.h"
#include "reload_core/usages/sip/registration.h"
#include "reload_core/wire/sip_registration.h"
#include "tests/unit/fake/node.c"

static ReloadNode *node;
static int64_t now;

/* What the last callbacks said. */
static struct {
	unsigned calls;
	ReloadStatus status;
	uint16_t error_code;
	char *text; /* routes: "node-id-tail[prefs]aor/lifetime", then external AORs; '?' if partial
		     */
} last;

static ReloadAor aor(const char *text)
{
	ReloadAor out;

	g_assert_cmpint(reload_aor_from_uri(text, strlen(text), &out), ==, 0);
	return out;
}

static void on_stored(void *data, ReloadStatus status, uint16_t error_code, int64_t at)
{
	g_assert_true(data == &last);
	g_assert_cmpint(at, ==, now);
	last.calls++;
	last.status = status;
	last.error_code = error_code;
}

static void on_found(void *data, ReloadStatus status, const ReloadSipFound *found, int64_t at)
{
	GString *text = g_string_new("");

	g_assert_true(data == &last);
	g_assert_cmpint(at, ==, now);
	last.calls++;
	last.status = status;
	for (unsigned i = 0; found && i < found->route_count; i++) {
		const ReloadSipRoute *route = &found->routes[i];

		g_string_append_printf(text, "%s%02x[%s]%s/%u", text->len ? " " : "",
				       route->node_id.id[15], route->contact_prefs, route->aor.text,
				       route->lifetime);
	}
	for (unsigned i = 0; found && i < found->external_count; i++)
		g_string_append_printf(text, "%s%s", text->len ? " " : "", found->external[i].text);
	if (found && found->partial)
		g_string_append_c(text, '?');
	g_free(last.text);
	last.text = g_string_free(text, FALSE);
}

static void setup(const char *extra)
{
	node = fake_node_new(extra);
	now = fake_node_ca(node)->now;
	last.calls = 0;
}

static void teardown(void)
{
	g_assert_cmpuint(fake_node_pending(node), ==, 0);
	fake_node_free(node);
	g_clear_pointer(&last.text, g_free);
}

static ReloadIdentity *user(const char *name)
{
	return ca_fixture_identity(fake_node_ca(node), name, NULL);
}

static ReloadStatus put(ReloadIdentity *identity, const char *name, const ReloadSipRegister *what)
{
	ReloadAor at = aor(name);
	unsigned calls = last.calls;
	ReloadStatus status =
	    reload_sip_register(node, identity, &at, what, on_stored, &last, now, NULL);

	g_assert_cmpuint(last.calls, ==, calls);
	if (status)
		return status;
	fake_node_run(node, now);
	g_assert_cmpuint(last.calls, ==, calls + 1);
	return last.status;
}

/* Registers a route to the Node-ID that ends in tail. */
static ReloadStatus put_route(ReloadIdentity *identity, const char *name, uint8_t tail,
			      const char *prefs)
{
	ReloadNodeId id = {.len = 16};
	GByteArray *list = g_byte_array_new();
	ReloadSipRegister what = {.lifetime = 600, .contact_prefs = prefs};
	ReloadStatus status;

	id.id[15] = tail;
	reload_write_destination_node(list, &id);
	what.destination_list = reload_span(list->data, list->len);
	status = put(identity, name, &what);
	g_byte_array_unref(list);
	return status;
}

static ReloadStatus put_forward(ReloadIdentity *identity, const char *name, const char *to)
{
	ReloadAor target = aor(to);
	ReloadSipRegister what = {.lifetime = 300, .forward_to = &target};

	return put(identity, name, &what);
}

static void assert_lookup(const char *name, ReloadStatus status, const char *expected)
{
	ReloadAor at = aor(name);
	unsigned calls = last.calls;

	g_assert_cmpint(reload_sip_lookup(node, &at, 0, on_found, &last, now, NULL), ==, 0);
	g_assert_cmpuint(last.calls, ==, calls);
	fake_node_run(node, now);
	g_assert_cmpuint(last.calls, ==, calls + 1);
	g_assert_cmpint(last.status, ==, status);
	g_assert_cmpstr(last.text, ==, expected);
}

static void test_register(void)
{
	ReloadSipRegister what = {.lifetime = 600, .contact_prefs = "(sip.schemes=SIP)"};
	ReloadIdentity *alice, *alice2;
	ReloadAor at = aor("alice@example.org");
	char *expected;

	setup(NULL);
	alice = user("alice@example.org");
	alice2 = user("alice@example.org");
	assert_lookup("alice@example.org", RELOAD_E_NOT_FOUND, "");
	g_assert_cmpint(put(alice, "sip:alice@EXAMPLE.org;x=y", &what), ==, 0);
	now += 10000;
	expected = g_strdup_printf("%02x[(sip.schemes=SIP)]alice@example.org/590",
				   reload_node_id(node)->id[15]);
	assert_lookup("sips:%61lice@example.org", RELOAD_OK, expected); /* own Node-ID by default */
	g_free(expected);
	/* a second edge: two entries, both found */
	g_assert_cmpint(put_route(alice, "alice@example.org", 0x11, NULL), ==, 0);
	g_assert_cmpint(put_route(alice2, "alice@example.org", 0x22, "x"), ==, 0);
	assert_lookup("alice@example.org", RELOAD_OK,
		      "11[]alice@example.org/600 22[x]alice@example.org/600");
	/* one is withdrawn, the other expires */
	now += 1000;
	g_assert_cmpint(reload_sip_withdraw(node, alice, &at, 600, on_stored, &last, now, NULL), ==,
			0);
	fake_node_run(node, now);
	g_assert_cmpint(last.status, ==, 0);
	assert_lookup("alice@example.org", RELOAD_OK, "22[x]alice@example.org/599");
	now += 599000;
	assert_lookup("alice@example.org", RELOAD_E_NOT_FOUND, "");
	teardown();
}

static void test_refused(void)
{
	ReloadSipRegister what = {.lifetime = 600};
	ReloadIdentity *alice;
	char *long_prefs = g_strnfill(RELOAD_SIP_PREFS_MAX + 1, 'x');

	setup("<sip:domain-restriction enable=\"true\"><sip:pattern>example\\.org</sip:pattern>"
	      "</sip:domain-restriction>");
	alice = user("alice@example.org");
	g_assert_cmpint(put(alice, "bob@example.org", &what), ==, RELOAD_E_FORBIDDEN);
	g_assert_cmpint(put(user("alice@example.net"), "alice@example.net", &what), ==,
			RELOAD_E_FORBIDDEN);
	what.contact_prefs = long_prefs;
	g_assert_cmpint(put(alice, "alice@example.org", &what), ==, RELOAD_E_TOO_LARGE);
	what.contact_prefs = NULL;
	what.destination_list = reload_span("\x01\x02", 2);
	g_assert_cmpint(put(alice, "alice@example.org", &what), ==, RELOAD_E_MALFORMED);
	what.destination_list = (ReloadSpan){0};
	fake_node_faults(node)->refuse = true;
	g_assert_cmpint(put(alice, "alice@example.org", &what), ==, RELOAD_E_STATE);
	fake_node_faults(node)->refuse = false;
	fake_node_faults(node)->fail = RELOAD_E_TIMEOUT;
	g_assert_cmpint(put(alice, "alice@example.org", &what), ==, RELOAD_E_TIMEOUT);
	g_assert_cmpuint(last.error_code, ==, 0);
	assert_lookup("alice@example.org", RELOAD_E_TIMEOUT, "");
	g_free(long_prefs);
	teardown();
}

/* Our clock was set back: the storing peer has a later time; the Store goes out once more. */
static void test_clock_back(void)
{
	ReloadIdentity *alice;

	setup(NULL);
	alice = user("alice@example.org");
	now += 3600 * 1000;
	fake_node_faults(node)->clock = 3600 * 1000;
	g_assert_cmpint(put_route(alice, "alice@example.org", 0x11, NULL), ==, 0);
	now -= 3600 * 1000;
	fake_node_faults(node)->clock = 0;
	g_assert_cmpint(put_route(alice, "alice@example.org", 0x22, NULL), ==, 0);
	assert_lookup("alice@example.org", RELOAD_OK, "22[]alice@example.org/600");
	teardown();
}

/* A withdrawal that overtakes its registration is not undone by it. */
static void test_overtaken(void)
{
	ReloadSipRegister what = {.lifetime = 600};
	ReloadAor at = aor("alice@example.org");
	ReloadIdentity *alice;
	ReloadSipTask *task;

	setup(NULL);
	alice = user("alice@example.org");
	now += 5;
	g_assert_cmpint(reload_sip_withdraw(node, alice, &at, 600, on_stored, &last, now, NULL), ==,
			0);
	fake_node_run(node, now);
	g_assert_cmpint(
	    reload_sip_register(node, alice, &at, &what, on_stored, &last, now - 5, NULL), ==,
	    0); /* sent before, arrives now */
	fake_node_run(node, now);
	g_assert_cmpint(last.status, ==, RELOAD_E_TOO_OLD);
	assert_lookup("alice@example.org", RELOAD_E_NOT_FOUND, "");
	/* the same Store twice (its answer was lost) is no failure */
	now += 10;
	g_assert_cmpint(put(alice, "alice@example.org", &what), ==, 0);
	g_assert_cmpint(put(alice, "alice@example.org", &what), ==, 0);
	/* cancelled: no callback, nothing left */
	last.calls = 0;
	g_assert_cmpint(reload_sip_register(node, alice, &at, &what, on_stored, &last, now, &task),
			==, 0);
	reload_sip_cancel(task);
	g_assert_cmpuint(fake_node_run(node, now), ==, 0);
	g_assert_cmpuint(last.calls, ==, 0);
	teardown();
}

static void test_forward(void)
{
	ReloadIdentity *alice, *sam, *bob;
	ReloadSipLookup *lookup;
	ReloadAor at = aor("alice@example.org");

	setup("<sip:domain-restriction enable=\"true\"><sip:pattern>example\\.org</sip:pattern>"
	      "</sip:domain-restriction>");
	alice = user("alice@example.org");
	sam = user("sam@example.org");
	bob = user("bob@example.org");
	g_assert_cmpint(put_forward(alice, "alice@example.org", "sam@example.org"), ==, 0);
	assert_lookup("alice@example.org", RELOAD_E_NOT_FOUND, "");
	g_assert_cmpint(put_route(sam, "sam@example.org", 0x33, NULL), ==, 0);
	assert_lookup("alice@example.org", RELOAD_OK, "33[]sam@example.org/300");
	/* a loop, and another edge of alice's that forwards to bob, who is the same route and
	 * elsewhere */
	g_assert_cmpint(
	    put_forward(user("sam@example.org"), "sam@example.org", "alice@example.org"), ==, 0);
	g_assert_cmpint(
	    put_forward(user("alice@example.org"), "alice@example.org", "bob@example.org"), ==, 0);
	g_assert_cmpint(
	    put_forward(user("alice@example.org"), "alice@example.org", "alice@elsewhere.example"),
	    ==, 0);
	g_assert_cmpint(put_route(bob, "bob@example.org", 0x33, NULL), ==, 0);
	assert_lookup("alice@example.org", RELOAD_OK,
		      "33[]sam@example.org/300 alice@elsewhere.example");
	/* the second Fetch fails: what there is, and the word that it is not all */
	fake_node_faults(node)->fail = RELOAD_E_TIMEOUT;
	fake_node_faults(node)->fail_after = 0;
	assert_lookup("alice@example.org", RELOAD_E_TIMEOUT, "");
	fake_node_faults(node)->fail = RELOAD_OK;
	/* cancelled in the middle */
	last.calls = 0;
	g_assert_cmpint(reload_sip_lookup(node, &at, 0, on_found, &last, now, &lookup), ==, 0);
	reload_sip_lookup_cancel(lookup);
	g_assert_cmpuint(fake_node_run(node, now), ==, 0);
	g_assert_cmpuint(last.calls, ==, 0);
	at = aor("x@elsewhere.example");
	g_assert_cmpint(reload_sip_lookup(node, &at, 0, on_found, &last, now, NULL), ==,
			RELOAD_E_FORBIDDEN);
	teardown();
}

static void on_put(void *data, ReloadStatus status, const ReloadMessage *answer, const ReloadNodeId *from,
		   int64_t at)
{
	(void)answer;
	(void)from;
	(void)at;
	g_assert_cmpint(status, ==, RELOAD_OK);
	*(bool *)data = true;
}

/* Stores a URI as others may write it. */
static void put_uri(ReloadIdentity *identity, const char *name, const char *uri)
{
	ReloadSipRegistration registration = {.type = RELOAD_SIP_REGISTRATION_URI,
					      .uri = reload_span_text(uri)};
	ReloadNodeId key = *reload_identity_node_id(identity);
	GByteArray *value = g_byte_array_new();
	ReloadStoredData data = {.storage_time = (uint64_t)now,
				 .lifetime = 600,
				 .value = {.model = RELOAD_MODEL_DICTIONARY,
					   .key = reload_node_id_span(&key),
					   .exists = true}};
	ReloadAor at = aor(name);
	ReloadResourceId place;
	ReloadRequestId request;
	bool stored = false;

	g_assert_true(reload_write_sip_registration(value, &registration));
	data.value.value = reload_span(value->data, value->len);
	reload_aor_resource_id(reload_node_document(node), &at, &place);
	g_assert_cmpint(reload_usage_store(node, identity, &place, RELOAD_KIND_SIP_REGISTRATION, &data,
					   on_put, &stored, now, &request),
			==, 0);
	fake_node_run(node, now);
	g_assert_true(stored);
	g_byte_array_unref(value);
}

/* The destination list of a GRUU is a route where the GRUU is of this overlay (RFC 7904, 6). */
static void test_gruus(void)
{
	ReloadNodeId id = {.len = 16};
	GByteArray *list = g_byte_array_new();
	char *gr, *uri;

	setup("<sip:domain-restriction enable=\"true\"><sip:pattern>example\\.org</sip:pattern>"
	      "</sip:domain-restriction>");
	id.id[15] = 0x44;
	reload_write_destination_node(list, &id);
	gr = reload_gruu_encode(reload_span(list->data, list->len));
	uri = g_strdup_printf("sip:bob@elsewhere.example;gr=%s", gr);
	put_uri(user("alice@example.org"), "alice@example.org", uri);
	assert_lookup("alice@example.org", RELOAD_OK, "bob@elsewhere.example");
	g_free(uri);
	uri = g_strdup_printf("bob@example.org;gr=%s", gr);
	put_uri(user("alice@example.org"), "alice@example.org", uri);
	put_uri(user("carol@example.org"), "carol@example.org", "bob@example.org;gr=none");
	assert_lookup("alice@example.org", RELOAD_OK, "44[]alice@example.org/600 bob@elsewhere.example");
	assert_lookup("carol@example.org", RELOAD_E_NOT_FOUND, "?");
	g_free(uri);
	g_free(gr);
	g_byte_array_unref(list);
	teardown();
}

/* A chain that is too long, and one that spreads too far: bounded, and said to be partial. */
static void test_bounds(void)
{
	char from[40], to[40];
	unsigned fetches;
	ReloadAor at = aor("c0@example.org");

	setup(NULL);
	for (unsigned i = 0; i < 10; i++) {
		g_snprintf(from, sizeof(from), "c%u@example.org", i);
		g_snprintf(to, sizeof(to), "c%u@example.org", i + 1);
		g_assert_cmpint(put_forward(user(from), from, to), ==, 0);
	}
	g_assert_cmpint(reload_sip_lookup(node, &at, 0, on_found, &last, now, NULL), ==, 0);
	fetches = fake_node_run(node, now);
	g_assert_cmpuint(fetches, ==, 1 + RELOAD_SIP_DEPTH_MAX);
	g_assert_cmpint(last.status, ==, RELOAD_E_NOT_FOUND);
	g_assert_cmpstr(last.text, ==, "?");
	at = aor("w@example.org");
	for (unsigned i = 0; i < 40; i++) {
		g_snprintf(to, sizeof(to), "w%u@example.org", i);
		g_assert_cmpint(put_forward(user("w@example.org"), "w@example.org", to), ==, 0);
	}
	g_assert_cmpint(reload_sip_lookup(node, &at, 0, on_found, &last, now, NULL), ==, 0);
	fetches = fake_node_run(node, now);
	g_assert_cmpuint(fetches, ==, RELOAD_SIP_FETCHES_MAX);
	g_assert_cmpstr(last.text, ==, "?");
	teardown();
}

/* Changes the route's Node-ID in the first value. */
static void forge_value(GByteArray *body)
{
	static const uint8_t route[] = {0x01, 0x10, 0, 0, 0, 0};

	for (guint i = 0; i + sizeof(route) < body->len; i++) {
		if (!memcmp(body->data + i, route, sizeof(route))) {
			body->data[i + 17] ^= 0x01;
			return;
		}
	}
	g_assert_not_reached();
}

/* Empties the list of Kinds. */
static void forge_empty(GByteArray *body)
{
	g_byte_array_set_size(body, 4);
	memset(body->data, 0, 4);
}

static void forge_cut(GByteArray *body)
{
	g_byte_array_set_size(body, body->len - 1);
}

/* A storing peer that lies: forged entries are left out. */
static void test_forged(void)
{
	setup(NULL);
	g_assert_cmpint(put_route(user("alice@example.org"), "alice@example.org", 0x10, NULL), ==,
			0);
	g_assert_cmpint(put_route(user("alice@example.org"), "alice@example.org", 0x20, NULL), ==,
			0);
	fake_node_faults(node)->forge = forge_value;
	assert_lookup("alice@example.org", RELOAD_OK, "20[]alice@example.org/600?");
	fake_node_faults(node)->forge = forge_empty;
	assert_lookup("alice@example.org", RELOAD_E_MALFORMED, "");
	fake_node_faults(node)->forge = forge_cut;
	assert_lookup("alice@example.org", RELOAD_E_MALFORMED, "");
	teardown();
}

/* More entries than one answer may hold: fetched in pieces, and all of them found. */
static void test_pieces(void)
{
	ReloadAor at = aor("alice@example.org");
	ReloadSipLookup *lookup;

	setup(NULL);
	for (uint8_t i = 1; i <= 20; i++)
		g_assert_cmpint(put_route(user("alice@example.org"), "alice@example.org", i, NULL),
				==, 0);
	for (size_t room = 50000; room >= 1000; room /= 2) {
		fake_node_faults(node)->room = MAX(room, 2500); /* the Stat has to fit */
		g_assert_cmpint(reload_sip_lookup(node, &at, 0, on_found, &last, now, NULL), ==, 0);
		fake_node_run(node, now);
		g_assert_cmpint(last.status, ==, RELOAD_OK);
		g_assert_true(strstr(last.text, "01[]") && strstr(last.text, "14[]"));
		g_assert_null(strchr(last.text, '?'));
		g_assert_cmpuint(strlen(last.text), ==,
				 20 * strlen("01[]alice@example.org/600 ") - 1);
	}
	/* not even the Stat fits; cancelled while the pieces come */
	fake_node_faults(node)->room = 100;
	assert_lookup("alice@example.org", RELOAD_E_REMOTE, "");
	last.calls = 0;
	g_assert_cmpint(reload_sip_lookup(node, &at, 0, on_found, &last, now, &lookup), ==, 0);
	reload_sip_lookup_cancel(lookup);
	g_assert_cmpuint(fake_node_run(node, now) + last.calls, ==, 0);
	teardown();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/usages/sip/register", test_register);
	g_test_add_func("/usages/sip/refused", test_refused);
	g_test_add_func("/usages/sip/clock-back", test_clock_back);
	g_test_add_func("/usages/sip/overtaken", test_overtaken);
	g_test_add_func("/usages/sip/forward", test_forward);
	g_test_add_func("/usages/sip/gruus", test_gruus);
	g_test_add_func("/usages/sip/bounds", test_bounds);
	g_test_add_func("/usages/sip/forged", test_forged);
	g_test_add_func("/usages/sip/pieces", test_pieces);
	return g_test_run();
}
