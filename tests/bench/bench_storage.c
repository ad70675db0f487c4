/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one storing peer takes for signed stores and lookups, against the bare signatures that they
 * need, and its memory for each registration. One line for each figure: name, value, unit, compared
 * with; separated by tabs. */
#include "reload_core/security/sign.h"
#include "reload_core/usages/sip/aor.h"
#include "reload_core/wire/fetch.h"
#include "reload_core/wire/sip_registration.h"
#include "tests/unit/storage_kit.h"

#include <malloc.h>
#include <stdio.h>

#define ROUNDS 4000
#define USERS 6000 /* the second half is measured: the trust's cache is full by then */
#define LIFETIME 3600

static StorageKit kit;

static double seconds_since(gint64 start)
{
	return (double)(g_get_monotonic_time() - start) / 1e6;
}

/* Seconds for one signature and one verification over as many bytes as a registration has. */
static void measure_floor(EVP_PKEY *key, double *sign, double *verify)
{
	static const uint8_t input[160];
	uint8_t signature[128];
	size_t len = sizeof(signature);
	gint64 start = g_get_monotonic_time();

	for (unsigned i = 0; i < ROUNDS; i++) {
		EVP_MD_CTX *context = EVP_MD_CTX_new();

		len = sizeof(signature);
		g_assert_cmpint(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key), ==, 1);
		g_assert_cmpint(EVP_DigestSign(context, signature, &len, input, sizeof(input)), ==,
				1);
		EVP_MD_CTX_free(context);
	}
	*sign = seconds_since(start) / ROUNDS;
	start = g_get_monotonic_time();
	for (unsigned i = 0; i < ROUNDS; i++) {
		EVP_MD_CTX *context = EVP_MD_CTX_new();

		g_assert_cmpint(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key), ==,
				1);
		g_assert_cmpint(EVP_DigestVerify(context, signature, len, input, sizeof(input)), ==,
				1);
		EVP_MD_CTX_free(context);
	}
	*verify = seconds_since(start) / ROUNDS;
}

static void figure(const char *name, double rate, const char *what, double floor)
{
	printf("%s\t%.0f\t1/s\t%.0f/s of %s alone: %.0f%%\n", name, rate, 1 / floor, what,
	       100 * rate * floor);
}

/* The value of a registration: one route to a Node-ID. */
static GByteArray *route_value(const ReloadNodeId *id)
{
	GByteArray *list = g_byte_array_new();
	GByteArray *value = g_byte_array_new();
	ReloadSipRegistration registration = {.type = RELOAD_SIP_REGISTRATION_ROUTE};

	reload_write_destination_node(list, id);
	registration.destination_list = reload_span(list->data, list->len);
	g_assert_true(reload_write_sip_registration(value, &registration));
	g_byte_array_unref(list);
	return value;
}

static void store_registration(ReloadIdentity *user, const char *name, uint64_t storage_time)
{
	const ReloadNodeId *id = reload_identity_node_id(user);
	GByteArray *bytes = route_value(id);
	ReloadResourceId at = kit_user_resource(&kit, name);
	ReloadStoredValue value = kit_entry(id, "");

	value.value = reload_span(bytes->data, bytes->len);
	g_assert_cmpint(kit_store_one(&kit, user, &at, RELOAD_KIND_SIP_REGISTRATION, storage_time,
				      LIFETIME, value),
			==, RELOAD_OK);
	g_byte_array_unref(bytes);
}

static ReloadDataModel model_of(uint32_t kind, void *unused)
{
	return reload_iana_data_model(kind, unused);
}

/* Fetches the registration and verifies what comes, as who asks does. */
static void look_up(const ReloadResourceId *at)
{
	GByteArray *list = g_byte_array_new();
	ReloadCertificateSet *set = reload_certificate_set_new(kit.ca->trust);
	ReloadFetchKindResponse response;
	ReloadMessage message;
	ReloadStoredData data;
	ReloadFetchAns ans;

	g_assert_cmpint(kit_fetch(&kit, at, RELOAD_KIND_SIP_REGISTRATION, 0, NULL), ==, RELOAD_OK);
	for (guint i = 0; i < kit.answer.certificates->len; i++)
		kit_add_certificate(list, g_ptr_array_index(kit.answer.certificates, i));
	message = kit_message(list);
	reload_certificate_set_add_block(set, &message.security);
	g_assert_cmpint(
	    reload_fetch_ans_decode(reload_span(kit.answer.body->data, kit.answer.body->len),
				    model_of, NULL, &ans),
	    ==, RELOAD_OK);
	g_assert_true(reload_fetch_kind_response_next(&ans.kind_responses, &response));
	g_assert_true(reload_stored_data_next(&response.values, RELOAD_MODEL_DICTIONARY, &data));
	g_assert_cmpint(reload_verify_stored_data(set, at, RELOAD_KIND_SIP_REGISTRATION, &data,
						  kit.now, NULL, &(ReloadNodeId){0}),
			==, RELOAD_OK);
	reload_certificate_set_free(set);
	g_byte_array_unref(list);
}

static void measure_speed(void)
{
	ReloadIdentity *alice = ca_fixture_identity(kit.ca, "alice@example.org", NULL);
	ReloadResourceId at = kit_user_resource(&kit, "alice@example.org");
	double sign, verify, rate;
	gint64 start;

	measure_floor(reload_identity_key(alice), &sign, &verify);
	start = g_get_monotonic_time();
	for (unsigned i = 1; i <= ROUNDS; i++)
		store_registration(alice, "alice@example.org", i);
	rate = ROUNDS / seconds_since(start);
	figure("stored values, signed and verified", rate, "a signature and a verification",
	       sign + verify);
	start = g_get_monotonic_time();
	for (unsigned i = 0; i < ROUNDS; i++)
		look_up(&at);
	rate = ROUNDS / seconds_since(start);
	figure("fetched values, verified", rate, "a verification", verify);
}

static void measure_memory(void)
{
	ReloadStorageUsage usage;
	size_t before = 0, after, counted = 0;

	for (unsigned i = 0; i < USERS; i++) {
		char name[40];

		if (i == USERS / 2) {
			reload_storage_usage(kit.storage, &usage);
			counted = usage.bytes;
			before = mallinfo2().uordblks;
		}
		g_snprintf(name, sizeof(name), "user%u@example.org", i);
		store_registration(ca_fixture_identity(kit.ca, name, NULL), name, 1);
		g_ptr_array_set_size(kit.ca->identities, 0);
	}
	after = mallinfo2().uordblks;
	reload_storage_usage(kit.storage, &usage);
	printf("memory of a registration at a storing peer\t%.0f\tbytes\t%.0f counted for quotas; "
	       "with its certificate\n",
	       (double)(after - before) / (USERS - USERS / 2),
	       (double)(usage.bytes - counted) / (USERS - USERS / 2));
}

int main(void)
{
	kit_setup(&kit, NULL);
	measure_speed();
	measure_memory();
	kit_teardown(&kit);
	return 0;
}
