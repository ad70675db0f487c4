/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys, serial numbers and nonces that are the same in every process, so that one input does the
 * same everywhere and a kept certificate goes on chaining to the root of the world it was made in.
 * The keys are computed from their names: they protect nothing. */
#define OPENSSL_SUPPRESS_DEPRECATED /* RAND_METHOD: OpenSSL has no other way that fits here */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "reload_core/security/issue.h"
#include "tests/fuzz/fuzz.h"

#define POINT_MAX 65

static uint32_t random_state = 1;
static unsigned keys_made;
static GHashTable *parsed; /* GBytes -> X509 */

/* Known to the linker only. */
EVP_PKEY *__wrap_reload_key_generate(ReloadKeyType type, GError **error);
X509 *__wrap_d2i_X509(X509 **out, const unsigned char **position, long length);
X509 *__real_d2i_X509(X509 **out, const unsigned char **position, long length);

static int fixed_bytes(unsigned char *out, int len)
{
	for (int i = 0; i < len; i++) {
		random_state = random_state * 1103515245u + 12345u;
		out[i] = (uint8_t)(random_state >> 16);
	}
	return 1;
}

static int fixed_status(void)
{
	return 1;
}

void fuzz_fix_world(void)
{
	static const RAND_METHOD fixed = {
	    .bytes = fixed_bytes, .pseudorand = fixed_bytes, .status = fixed_status};

	FUZZ_CHECK(RAND_set_rand_method(&fixed) == 1);
}

/* The point of P-256 that belongs to the scalar, uncompressed; its length. */
static size_t public_point(const BIGNUM *scalar, uint8_t out[POINT_MAX])
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *point = EC_POINT_new(group);
	size_t len = 0;

	if (EC_POINT_mul(group, point, scalar, NULL, NULL, NULL) == 1)
		len = EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, out,
					 POINT_MAX, NULL);
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return len;
}

EVP_PKEY *fuzz_key(const char *name)
{
	ReloadSpan text = reload_span_text(name);
	uint8_t hash[RELOAD_DIGEST_MAX], point[POINT_MAX];
	size_t hash_len = reload_digest(RELOAD_DIGEST_SHA256, &text, 1, hash);
	BIGNUM *scalar = BN_bin2bn(hash, (int)hash_len, NULL);
	size_t point_len = public_point(scalar, point);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM *parameters;
	EVP_PKEY *key = NULL;

	OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, scalar);
	OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, point_len);
	parameters = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_fromdata_init(context);
	EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, parameters);
	FUZZ_CHECK(key != NULL);
	OSSL_PARAM_free(parameters);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(context);
	BN_free(scalar);
	return key;
}

EVP_PKEY *__wrap_reload_key_generate(ReloadKeyType type, GError **error)
{
	char name[32];

	(void)error;
	FUZZ_CHECK(type == RELOAD_KEY_P256);
	g_snprintf(name, sizeof(name), "key %u", ++keys_made);
	return fuzz_key(name);
}

void fuzz_keep_parsed(ReloadSpan der)
{
	const unsigned char *position = der.data;
	X509 *x509 = __real_d2i_X509(NULL, &position, (long)der.len);

	FUZZ_CHECK(x509 != NULL);
	if (parsed == NULL)
		parsed = g_hash_table_new(g_bytes_hash, g_bytes_equal);
	/* What OpenSSL works out of the extensions when it is first asked is kept in the X509 too.
	 */
	X509_check_purpose(x509, -1, 0);
	g_hash_table_insert(parsed, g_bytes_new(der.data, der.len), x509);
}

X509 *__wrap_d2i_X509(X509 **out, const unsigned char **position, long length)
{
	GBytes *der;
	X509 *x509 = NULL;

	if (parsed == NULL || out != NULL || length <= 0)
		return __real_d2i_X509(out, position, length);
	der = g_bytes_new_static(*position, (gsize)length);
	x509 = g_hash_table_lookup(parsed, der);
	g_bytes_unref(der);
	if (x509 == NULL)
		return __real_d2i_X509(out, position, length);
	FUZZ_CHECK(X509_up_ref(x509) == 1);
	*position += length;
	return x509;
}
